//! Checks of `simulate_particles`.

use super::Params;
use crate::files::named_file;
use crate::job::Request;
use crate::params::also;
use nilas_model::Problem;
use std::path::PathBuf;

/// What the run needs to know.
#[derive(Debug)]
pub struct Plan {
    /// Checked parameters.
    pub params: Params,
    /// The file of the specimen, absolute.
    pub source: Option<PathBuf>,
}

pub(super) fn plan(request: &Request) -> Result<Plan, Vec<Problem>> {
    let source = named_file(request, "source_path").transpose();
    let mut more: Vec<Problem> = source.as_ref().err().cloned().into_iter().collect();
    let parsed = Params::parse(&request.params);
    if let Ok(params) = &parsed {
        more.extend(contradictions(params));
    }
    let params = also(parsed, more)?;
    source
        .map(|source| Plan { params, source })
        .map_err(|problem| vec![problem])
}

/// Values that are right each by itself but not together.
fn contradictions(params: &Params) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut add = |name: &str, message: String, hint: &str| {
        problems.push(Problem {
            field: format!("params.{name}"),
            message,
            hint: hint.to_owned(),
        });
    };
    if !params.box_size.is_multiple_of(2) {
        add(
            "box_size",
            format!("{} is odd.", params.box_size),
            "Take an even box size.",
        );
    }
    if params.defocus_min_angstrom > params.defocus_max_angstrom {
        add(
            "defocus_min_angstrom",
            format!(
                "The least defocus ({} Å) is above the greatest ({} Å).",
                params.defocus_min_angstrom, params.defocus_max_angstrom
            ),
            "Exchange the two values.",
        );
    }
    problems
}
