//! Checks of `import_volumes`.

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
    /// The file, absolute.
    pub path: PathBuf,
}

pub(super) fn plan(request: &Request) -> Result<Plan, Vec<Problem>> {
    let params = Params::parse(&request.params)?;
    let mut problems = Vec::new();
    if params.kind == "mask" && params.lowpass_angstrom.is_some() {
        problems.push(Problem {
            field: "params.lowpass_angstrom".to_owned(),
            message: "A mask is not low-passed.".to_owned(),
            hint: "Leave the low-pass out, or import the file as a map.".to_owned(),
        });
    }
    match existing_file(&request.project_dir, "path", &params.path) {
        Ok(path) if problems.is_empty() => Ok(Plan { params, path }),
        Ok(_) => Err(problems),
        Err(problem) => {
            problems.insert(0, problem);
            Err(problems)
        }
    }
}
