//! Checks of `ab_initio`.

use super::Params;
use crate::job::Request;
use crate::particles::too_few;
use nilas_model::Problem;

/// Resolution of the finished map when none is asked for, Å.
const FINAL_ANGSTROM: f64 = 12.0;
/// Resolution of the first steps when none is asked for, Å.
const INITIAL_ANGSTROM: f64 = 35.0;

/// What the run needs to know.
#[derive(Debug)]
pub struct Plan {
    /// Checked parameters.
    pub params: Params,
    /// Resolution of the finished map, Å.
    pub final_angstrom: f64,
    /// Resolution of the first steps, Å.
    pub initial_angstrom: f64,
}

pub(super) fn plan(request: &Request) -> Result<Plan, Vec<Problem>> {
    let params = Params::parse(&request.params)?;
    let final_angstrom = params.maximum_resolution_angstrom.unwrap_or(FINAL_ANGSTROM);
    let initial_angstrom = params.initial_resolution_angstrom.unwrap_or(INITIAL_ANGSTROM.max(final_angstrom));
    let mut problems: Vec<Problem> = too_few(request, "particles").into_iter().collect();
    if initial_angstrom < final_angstrom {
        problems.push(Problem {
            field: "params.initial_resolution_angstrom".to_owned(),
            message: format!("The first steps ({initial_angstrom} Å) would be finer than the last ones ({final_angstrom} Å)."),
            hint: "Give a larger number of Å for the first steps than for the last.".to_owned(),
        });
    }
    if problems.is_empty() { Ok(Plan { params, final_angstrom, initial_angstrom }) } else { Err(problems) }
}
