//! Checks of `simulate_particles`.

use super::Params;
use crate::files::existing_file;
use crate::job::Request;
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
    let params = Params::parse(&request.params)?;
    let mut problems = Vec::new();
    let source = match &params.source_path {
        None => None,
        Some(path) => match existing_file(&request.project_dir, "source_path", path) {
            Ok(found) => Some(found),
            Err(problem) => {
                problems.push(problem);
                None
            }
        },
    };
    let mut add = |name: &str, message: String, hint: &str| {
        problems.push(Problem {
            field: format!("params.{name}"),
            message,
            hint: hint.to_owned(),
        });
    };
    if params.box_size % 2 != 0 {
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
    if problems.is_empty() {
        Ok(Plan { params, source })
    } else {
        Err(problems)
    }
}
