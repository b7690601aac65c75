//! What the master keeps: project directories (the truth), and a small SQLite database that indexes
//! them and holds accounts, sessions and tokens.
//!
//! Losing the database loses accounts, never results: a project directory holds every record that is
//! needed to bring its part of the index back. All SQL of the program is in this crate.

pub mod accounts;
pub mod atomic;
mod database;
pub mod directory_lock;
mod error;
pub mod events;
pub mod index;
pub mod observe;
mod password;
pub mod project_dir;
mod secret;

pub use accounts::Accounts;
pub use database::Database;
pub use directory_lock::DirectoryLock;
pub use error::StoreError;
pub use index::{Index, IndexedProject};
pub use observe::Observation;
pub use project_dir::ProjectDir;

/// Milliseconds since the Unix epoch.
pub fn now_ms() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}
