//! What can be wrong with a file.

use std::path::{Path, PathBuf};

/// Why a file could not be read or written. Every variant names the file.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// The operating system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is shorter than it says.
    #[error("{}: {what} needs {expected} bytes, the file has {found}", path.display())]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Which part is cut off.
        what: String,
        /// Bytes that the header promises, from the start of the file.
        expected: u64,
        /// Bytes that are there.
        found: u64,
    },
    /// Something in a binary file makes no sense.
    #[error("{}: at byte {offset}: {message}", path.display())]
    BadByte {
        /// The file.
        path: PathBuf,
        /// Where, from the start of the file.
        offset: u64,
        /// What is wrong.
        message: String,
    },
    /// Packed data that cannot be unpacked; the message has the place.
    #[error("{}: {message}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was being unpacked, and what is wrong where.
        message: String,
    },
    /// Something in a text file makes no sense.
    #[error("{}: line {line}: {message}", path.display())]
    BadLine {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// A valid file of a kind that is not read here.
    #[error("{}: {message}", path.display())]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// What it is and what to do instead.
        message: String,
    },
    /// Data that the format cannot hold.
    #[error("{}: cannot write: {message}", path.display())]
    CannotWrite {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        message: String,
    },
    /// The caller asked for something that the file does not have, for example a slice beyond the end.
    #[error("{}: {message}", path.display())]
    NoSuch {
        /// The file.
        path: PathBuf,
        /// What was asked for and what is there.
        message: String,
    },
    /// The table made from a file is not a valid one.
    #[error("{}: {source}", path.display())]
    Table {
        /// The file.
        path: PathBuf,
        /// Why.
        source: nilas_dataset::DatasetError,
    },
}

impl FormatError {
    /// The file that the error is about.
    pub fn path(&self) -> &Path {
        match self {
            FormatError::Io { path, .. }
            | FormatError::Truncated { path, .. }
            | FormatError::BadByte { path, .. }
            | FormatError::Damaged { path, .. }
            | FormatError::BadLine { path, .. }
            | FormatError::Unsupported { path, .. }
            | FormatError::CannotWrite { path, .. }
            | FormatError::NoSuch { path, .. }
            | FormatError::Table { path, .. } => path,
        }
    }

    pub(crate) fn io(path: &Path, source: std::io::Error) -> Self {
        FormatError::Io {
            path: path.into(),
            source,
        }
    }

    pub(crate) fn byte(path: &Path, offset: u64, message: impl Into<String>) -> Self {
        FormatError::BadByte {
            path: path.into(),
            offset,
            message: message.into(),
        }
    }

    pub(crate) fn line(path: &Path, line: usize, message: impl Into<String>) -> Self {
        FormatError::BadLine {
            path: path.into(),
            line,
            message: message.into(),
        }
    }

    pub(crate) fn table(path: &Path, source: nilas_dataset::DatasetError) -> Self {
        FormatError::Table {
            path: path.into(),
            source,
        }
    }
}
