//! Checks of `import_particles`.

use super::Params;
use crate::files::{existing_file, existing_folder};
use crate::job::Request;
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
    let params = Params::parse(&request.params)?;
    let path = existing_file(&request.project_dir, "path", &params.path);
    let image_root = params
        .image_root
        .as_ref()
        .map(|root| existing_folder(&request.project_dir, "image_root", root))
        .transpose();
    match (path, image_root) {
        (Ok(path), Ok(image_root)) => Ok(Plan {
            params,
            path,
            image_root,
        }),
        (path, image_root) => Err(path.err().into_iter().chain(image_root.err()).collect()),
    }
}
