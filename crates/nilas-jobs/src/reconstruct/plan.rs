//! Checks of `reconstruct`.

use super::Params;
use crate::job::Request;
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
    let params = Params::parse(&request.params)?;
    let group = point_group(&params.symmetry)?;
    match request.count("particles").filter(|_| request.has("particles")) {
        Some(count) if count < 2 => Err(vec![Problem {
            field: "inputs.particles".to_owned(),
            message: format!("{count} particle is too few for two half maps."),
            hint: "Connect at least 2 particles.".to_owned(),
        }]),
        _ => Ok(Plan { params, group }),
    }
}
