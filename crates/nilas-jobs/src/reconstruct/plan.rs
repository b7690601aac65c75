//! Checks of `reconstruct`.

use super::Params;
use crate::job::Request;
use crate::params::also;
use crate::particles::point_group;
use nilas_geometry::PointGroup;
use nilas_model::Problem;

/// What the run needs to know.
#[derive(Debug)]
pub struct Plan {
    /// Checked parameters.
    pub params: Params,
    /// The symmetry.
    pub group: PointGroup,
}

pub(super) fn plan(request: &Request) -> Result<Plan, Vec<Problem>> {
    let few = request
        .count("particles")
        .filter(|count| request.has("particles") && *count < 2)
        .map(|count| Problem {
            field: "inputs.particles".to_owned(),
            message: format!("{count} particle is too few for two half maps."),
            hint: "Connect at least 2 particles.".to_owned(),
        });
    let params = also(Params::parse(&request.params), few)?;
    let group = point_group(&params.symmetry)?;
    Ok(Plan { params, group })
}
