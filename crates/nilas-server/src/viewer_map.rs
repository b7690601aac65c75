//! Maps made small enough for the browser.

use nilas_api::ApiError;
use std::path::Path;

/// A map as MRC (mode 2) with no edge longer than `max_box`.
pub fn load(path: &Path, max_box: usize) -> Result<Vec<u8>, ApiError> {
    let _ = (path, max_box);
    Err(crate::error::internal("not built yet"))
}
