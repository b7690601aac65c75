//! Checks of `ctf_estimation`.

use super::Params;
use crate::job::Request;
use crate::params::also;
use nilas_micrograph::CtfSettings;
use nilas_model::Problem;

/// What the run needs to know.
#[derive(Debug)]
pub struct Plan {
    /// Checked parameters.
    pub params: Params,
}

impl Plan {
    /// The settings of the fit.
    pub fn settings(&self) -> CtfSettings {
        let p = &self.params;
        CtfSettings {
            low_resolution_angstrom: p.low_resolution_angstrom,
            high_resolution_angstrom: p.high_resolution_angstrom,
            least_defocus_angstrom: p.least_defocus_angstrom,
            greatest_defocus_angstrom: p.greatest_defocus_angstrom,
            greatest_astigmatism_angstrom: p.greatest_astigmatism_angstrom,
            phase_shift_range_rad: p.find_phase_shift.then(|| {
                [
                    p.least_phase_shift_deg.to_radians(),
                    p.greatest_phase_shift_deg.to_radians(),
                ]
            }),
            phase_shift_rad: 0.0,
            tile_angstrom: p.tile_side_angstrom,
            local: p.local_defocus,
        }
    }
}

pub(super) fn plan(request: &Request) -> Result<Plan, Vec<Problem>> {
    let params = also(Params::parse(&request.params), None)?;
    let mut problems = Vec::new();
    let mut wrong = |field: &str, message: String, hint: &str| {
        problems.push(Problem {
            field: format!("params.{field}"),
            message,
            hint: hint.to_owned(),
        });
    };
    if params.greatest_defocus_angstrom <= params.least_defocus_angstrom {
        wrong(
            "greatest_defocus_angstrom",
            format!(
                "The greatest defocus ({} Å) is not above the least ({} Å).",
                params.greatest_defocus_angstrom, params.least_defocus_angstrom
            ),
            "Give a range, for example 5000 to 30000.",
        );
    }
    if params.high_resolution_angstrom >= params.low_resolution_angstrom {
        wrong(
            "high_resolution_angstrom",
            format!(
                "The high-resolution end ({} Å) is not below the low-resolution end ({} Å).",
                params.high_resolution_angstrom, params.low_resolution_angstrom
            ),
            "Give a range, for example 30 to 3.",
        );
    }
    let range = params.greatest_phase_shift_deg - params.least_phase_shift_deg;
    if params.find_phase_shift && !(range > 0.0 && range <= 180.0) {
        wrong(
            "greatest_phase_shift_deg",
            format!("The phase shift ranges over {range}°."),
            "Give a range above 0° and of at most 180°: rings repeat after that.",
        );
    }
    if problems.is_empty() {
        Ok(Plan { params })
    } else {
        Err(problems)
    }
}
