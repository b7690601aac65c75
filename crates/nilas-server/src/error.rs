//! Making [`ApiError`]s out of what went wrong below.

use nilas_api::{ApiError, ErrorKind};
use nilas_store::StoreError;
use std::path::Path;

/// A failure of the store, in the words of the API.
pub fn store(error: StoreError) -> ApiError {
    let kind = match &error {
        StoreError::Taken { .. } | StoreError::InUse { .. } | StoreError::LastAdmin { .. } => {
            ErrorKind::Conflict
        }
        StoreError::Io { source, .. } => match source.kind() {
            // The disk's state, not the server's: it can be mended and the request repeated.
            std::io::ErrorKind::StorageFull
            | std::io::ErrorKind::QuotaExceeded
            | std::io::ErrorKind::ReadOnlyFilesystem
            | std::io::ErrorKind::PermissionDenied => ErrorKind::Unavailable,
            std::io::ErrorKind::NotFound => ErrorKind::NotFound,
            _ => ErrorKind::Internal,
        },
        StoreError::Missing { .. } => ErrorKind::NotFound,
        StoreError::Refused { .. } | StoreError::NotAProject { .. } => ErrorKind::BadRequest,
        _ => ErrorKind::Internal,
    };
    ApiError::new(kind, error.to_string(), error.hint())
}

/// A failure of the file system at a path.
pub fn io(path: &Path, error: &std::io::Error) -> ApiError {
    let kind = match error.kind() {
        std::io::ErrorKind::NotFound => ErrorKind::NotFound,
        std::io::ErrorKind::PermissionDenied => ErrorKind::Forbidden,
        _ => ErrorKind::Internal,
    };
    ApiError::new(kind, format!("{}: {error}", path.display()), "")
}

/// There is no such thing.
pub fn not_found(message: impl Into<String>) -> ApiError {
    ApiError::new(ErrorKind::NotFound, message, "")
}

/// The state of the thing doesn't allow it.
pub fn conflict(message: impl Into<String>, hint: impl Into<String>) -> ApiError {
    ApiError::new(ErrorKind::Conflict, message, hint)
}

/// Something that should not happen.
pub fn internal(message: impl Into<String>) -> ApiError {
    ApiError::new(ErrorKind::Internal, message, "the server's log may say more")
}
