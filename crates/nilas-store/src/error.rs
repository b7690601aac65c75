//! What can go wrong in the store.

use nilas_model::UserId;
use std::path::{Path, PathBuf};

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file system refused.
    #[error("{action} {}: {source}", path.display())]
    Io {
        /// What was being done, for example `writing`.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file's content is not what it should be.
    #[error("{} is damaged: {message}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// The directory is not a project.
    #[error("{} is not a Nilas project: {message}", path.display())]
    NotAProject {
        /// The directory.
        path: PathBuf,
        /// What is missing.
        message: String,
    },
    /// Another running instance uses the project directory.
    #[error("the directory {} is in use by {by}", path.display())]
    InUse {
        /// The directory.
        path: PathBuf,
        /// Who.
        by: String,
    },
    /// The database failed.
    #[error("database {}: {source}", path.display())]
    Sql {
        /// The database file.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// The database was written by a newer program.
    #[error("the database {} has version {found}, this program knows up to {known}", path.display())]
    TooNew {
        /// The database file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest version that this program knows.
        known: i64,
    },
    /// The name is taken.
    #[error("there is already an account for {email}")]
    Taken {
        /// The e-mail address.
        email: String,
    },
    /// There is no such account.
    #[error("there is no account {id}")]
    Missing {
        /// Its id.
        id: UserId,
    },
    /// Nobody would be left to administrate.
    #[error("{email} is the last administrator who can sign in")]
    LastAdmin {
        /// The account that was to go.
        email: String,
    },
    /// The request doesn't fit.
    #[error("{message}")]
    Refused {
        /// What is wrong.
        message: String,
        /// What to do.
        hint: String,
    },
}

impl StoreError {
    /// What to do next; empty when there is nothing to say.
    pub fn hint(&self) -> String {
        match self {
            StoreError::Io { source, path, .. } => match source.kind() {
                std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                    format!("free some space on the disk of {} and try again", path.display())
                }
                std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
                    format!("make {} writable for the user that runs Nilas", path.display())
                }
                std::io::ErrorKind::NotFound => "check the path, and that its disk is mounted".to_owned(),
                _ => String::new(),
            },
            StoreError::Damaged { .. } => "restore the file from a backup, or remove it if it can be made again".to_owned(),
            StoreError::NotAProject { .. } => {
                "give a directory made by Nilas (it holds project.json), or make a new project".to_owned()
            }
            StoreError::InUse { .. } => {
                "stop the other one or detach the project there; each directory belongs to one running instance".to_owned()
            }
            StoreError::Sql { .. } => {
                "if the file is damaged, move it away: projects come back with `nilas project attach`, only accounts are lost"
                    .to_owned()
            }
            StoreError::TooNew { .. } => "update this program".to_owned(),
            StoreError::Taken { .. } => "use another address, or `nilas user passwd` to set a new password".to_owned(),
            StoreError::Missing { .. } => "`nilas user list` shows all".to_owned(),
            StoreError::LastAdmin { .. } => "make another account an administrator first".to_owned(),
            StoreError::Refused { hint, .. } => hint.clone(),
        }
    }

    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> StoreError {
        let path = path.to_owned();
        move |source| StoreError::Io { action, path, source }
    }
}
