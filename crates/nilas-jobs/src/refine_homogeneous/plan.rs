//! Checks of `refine_homogeneous`.

use super::Params;
use crate::job::Request;
use crate::params::also;
use crate::particles::{point_group, too_few};
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
    let parsed = Params::parse(&request.params);
    let with_poses = parsed.as_ref().is_ok_and(|params| params.use_input_poses);
    let more = too_few(request, "particles")
        .into_iter()
        .chain(missing_poses(request, with_poses));
    let params = also(parsed, more)?;
    let group = point_group(&params.symmetry)?;
    Ok(Plan { params, group })
}

fn missing_poses(request: &Request, wanted: bool) -> Option<Problem> {
    let without = request.connections("particles").iter().find(|c| {
        wanted
            && c.output
                .as_ref()
                .is_some_and(|o| o.slots.iter().all(|s| s.name != "alignments3D"))
    })?;
    Some(Problem {
        field: "params.use_input_poses".to_owned(),
        message: format!("{}.{} has no poses.", without.source.job, without.source.output),
        hint: "Switch it off, or connect particles with poses.".to_owned(),
    })
}
