//! Checks of `ab_initio`.

use super::Params;
use crate::job::Request;
use crate::params::also;
use crate::particles::too_few;
use nilas_model::Problem;

/// Resolution of the finished map when none is asked for, Å.
const FINAL_ANGSTROM: f64 = 12.0;

/// What the run needs to know.
#[derive(Debug)]
pub struct Plan {
    /// Checked parameters.
    pub params: Params,
    /// Resolution of the finished map, Å.
    pub final_angstrom: f64,
    /// Resolution of the first steps, Å; none for what the diameter says.
    pub initial_angstrom: Option<f64>,
}

pub(super) fn plan(request: &Request) -> Result<Plan, Vec<Problem>> {
    let parsed = Params::parse(&request.params);
    let resolutions = parsed.as_ref().ok().map(resolutions);
    let reversed = resolutions
        .and_then(|(initial, finished)| initial.filter(|i| *i < finished).map(|i| (i, finished)))
        .map(|(initial, finished)| Problem {
            field: "params.initial_resolution_angstrom".to_owned(),
            message: format!(
                "The first steps ({initial} Å) would be finer than the last ones ({finished} Å)."
            ),
            hint: "Give a larger number of Å for the first steps than for the last.".to_owned(),
        });
    let params = also(parsed, too_few(request, "particles").into_iter().chain(reversed))?;
    let (initial_angstrom, final_angstrom) = self::resolutions(&params);
    Ok(Plan {
        params,
        final_angstrom,
        initial_angstrom,
    })
}

/// Resolution of the first steps and of the finished map, Å.
fn resolutions(params: &Params) -> (Option<f64>, f64) {
    (
        params.initial_resolution_angstrom,
        params.maximum_resolution_angstrom.unwrap_or(FINAL_ANGSTROM),
    )
}
