//! Checks of `refine_homogeneous`.

use super::Params;
use crate::job::Request;
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
    let params = Params::parse(&request.params)?;
    let group = point_group(&params.symmetry)?;
    let mut problems: Vec<Problem> = too_few(request, "particles").into_iter().collect();
    let without_poses = request.connections("particles").iter().find(|c| {
        params.use_input_poses
            && c.output
                .as_ref()
                .is_some_and(|o| o.slots.iter().all(|s| s.name != "alignments3D"))
    });
    if let Some(connection) = without_poses {
        problems.push(Problem {
            field: "params.use_input_poses".to_owned(),
            message: format!(
                "{}.{} has no poses.",
                connection.source.job, connection.source.output
            ),
            hint: "Switch it off, or connect particles with poses.".to_owned(),
        });
    }
    if problems.is_empty() {
        Ok(Plan { params, group })
    } else {
        Err(problems)
    }
}
