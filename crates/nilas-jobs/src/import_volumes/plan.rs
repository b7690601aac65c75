//! Checks of `import_volumes`.

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
    /// The file, absolute.
    pub path: PathBuf,
}

pub(super) fn plan(request: &Request) -> Result<Plan, Vec<Problem>> {
    let path = named_file(request, "path").transpose();
    let mut more: Vec<Problem> = path.as_ref().err().cloned().into_iter().collect();
    let is_mask = request.params.get("kind").is_some_and(|kind| kind == "mask");
    if is_mask
        && request
            .params
            .get("lowpass_angstrom")
            .is_some_and(|value| !value.is_null())
    {
        more.push(Problem {
            field: "params.lowpass_angstrom".to_owned(),
            message: "A mask is not low-passed.".to_owned(),
            hint: "Leave the low-pass out, or import the file as a map.".to_owned(),
        });
    }
    let params = also(Params::parse(&request.params), more)?;
    match path {
        Ok(Some(path)) => Ok(Plan { params, path }),
        // The parameters' own check has found this already.
        path => Err(path.err().into_iter().collect()),
    }
}
