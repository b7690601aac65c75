//! Files of a job, its log, and the server-side file picker.

use serde::{Deserialize, Serialize};

/// A file below a job directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FileEntry {
    /// Path relative to the job directory, with `/`.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// Milliseconds since the Unix epoch.
    pub modified_ms: u64,
}

/// `GET .../files`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FileList {
    /// The files, sorted by path.
    pub files: Vec<FileEntry>,
    /// There were more than the listing holds.
    pub truncated: bool,
}

/// `GET .../log`: a piece of the output of the job process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LogPage {
    /// The text; bytes that are not UTF-8 are replaced.
    pub text: String,
    /// Byte offset of the text in the log.
    pub offset: u64,
    /// Bytes of the whole log.
    pub size: u64,
}

/// `GET /browse`: a directory of the server's machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct BrowsePage {
    /// Absolute path of the directory; empty for the list of roots.
    pub path: String,
    /// The directory above; absent at a root.
    pub parent: Option<String>,
    /// The directories below which browsing is allowed.
    pub roots: Vec<String>,
    /// Directories first, then files, each sorted by name. Hidden files are left out.
    pub entries: Vec<BrowseEntry>,
    /// There were more than the listing holds.
    pub truncated: bool,
}

/// One entry of a directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct BrowseEntry {
    /// Name.
    pub name: String,
    /// Absolute path.
    pub path: String,
    /// It is a directory.
    pub directory: bool,
    /// Bytes; 0 for a directory.
    pub size: u64,
    /// Milliseconds since the Unix epoch.
    pub modified_ms: u64,
}
