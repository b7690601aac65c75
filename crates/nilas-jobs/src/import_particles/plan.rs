//! Checks of `import_particles`.

use super::Params;
use crate::files::{named_file, named_folder};
use crate::job::Request;
use crate::params::also;
use nilas_model::Problem;
use std::path::PathBuf;

/// What the run needs to know.
#[derive(Debug)]
pub struct Plan {
    /// Checked parameters.
    pub params: Params,
    /// The particle file, absolute.
    pub path: PathBuf,
    /// Where relative image paths start, absolute.
    pub image_root: Option<PathBuf>,
}

pub(super) fn plan(request: &Request) -> Result<Plan, Vec<Problem>> {
    let path = named_file(request, "path").transpose();
    let image_root = named_folder(request, "image_root").transpose();
    let missing = [path.as_ref().err(), image_root.as_ref().err()]
        .into_iter()
        .flatten()
        .cloned();
    let params = also(Params::parse(&request.params), missing)?;
    match (path, image_root) {
        (Ok(Some(path)), Ok(image_root)) => Ok(Plan {
            params,
            path,
            image_root,
        }),
        // The parameters' own check has found these already.
        (path, image_root) => Err(path.err().into_iter().chain(image_root.err()).collect()),
    }
}
