//! `nilas.lock`: a project directory belongs to one running instance.
//!
//! On one machine (and on file systems that pass locks on between machines) a lock of the operating
//! system decides, which ends with the process, however that dies. Between machines that don't see each
//! other's locks, the file's own words decide: who, where, and when it was last alive.

use crate::{StoreError, now_ms};
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

/// An owner on another machine that has not refreshed the file for so long is taken for dead.
pub const STALE_MS: u64 = 120_000;

/// What the file says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// What runs: `nilas server at http://127.0.0.1:8080` or `nilas run`.
    pub what: String,
    /// Host name.
    pub host: String,
    /// Process id.
    pub pid: u32,
    /// When it was last alive, milliseconds since the Unix epoch.
    pub time_ms: u64,
}

/// A held lock; dropping it gives the directory free.
#[derive(Debug)]
pub struct DirectoryLock {
    path: PathBuf,
    file: File,
    owner: Owner,
}

impl DirectoryLock {
    /// Take the lock of a project directory.
    ///
    /// # Errors
    /// [`StoreError::InUse`] naming the owner.
    pub fn take(directory: &Path, what: &str, host: &str) -> Result<Self, StoreError> {
        let path = directory.join("nilas.lock");
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(StoreError::io("opening", &path))?;
        let locked = match file.try_lock() {
            Ok(()) => true,
            Err(TryLockError::WouldBlock) => false,
            // A file system without locks: the file's words decide.
            Err(TryLockError::Error(_)) => true,
        };
        let mut text = String::new();
        let _ = file.read_to_string(&mut text);
        let before: Option<Owner> = serde_json::from_str(&text).ok();
        let elsewhere = before
            .as_ref()
            .is_some_and(|o| o.host != host && now_ms().saturating_sub(o.time_ms) < STALE_MS);
        if !locked || elsewhere {
            let by = before.map_or_else(
                || "another instance of Nilas".to_owned(),
                |o| format!("{} (process {} on {})", o.what, o.pid, o.host),
            );
            return Err(StoreError::InUse {
                path: directory.to_owned(),
                by,
            });
        }
        let owner = Owner {
            what: what.to_owned(),
            host: host.to_owned(),
            pid: std::process::id(),
            time_ms: now_ms(),
        };
        let mut lock = DirectoryLock { path, file, owner };
        lock.refresh()?;
        Ok(lock)
    }

    /// Milliseconds since the owner was last said to be alive.
    pub fn age_ms(&self) -> u64 {
        now_ms().saturating_sub(self.owner.time_ms)
    }

    /// Say that the owner is alive; to be called well within [`STALE_MS`].
    pub fn refresh(&mut self) -> Result<(), StoreError> {
        self.owner.time_ms = now_ms();
        let text = serde_json::to_string(&self.owner).unwrap_or_default();
        // In place: replacing the file would leave the lock on the old one.
        self.file
            .rewind()
            .and_then(|()| self.file.write_all(text.as_bytes()))
            .and_then(|()| self.file.set_len(text.len() as u64))
            .map_err(StoreError::io("writing", &self.path))
    }
}

impl Drop for DirectoryLock {
    fn drop(&mut self) {
        // Emptied, not removed: a removed file could be locked by one instance while the next makes a new one.
        let _ = self.file.set_len(0);
        let _ = self.file.unlock();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_directory_has_one_owner() {
        let dir = tempfile::tempdir().unwrap();
        let first = DirectoryLock::take(dir.path(), "first", "here").unwrap();
        let refused = DirectoryLock::take(dir.path(), "second", "here").unwrap_err();
        assert!(refused.to_string().contains("in use by first"), "{refused}");
        drop(first);
        let second = DirectoryLock::take(dir.path(), "second", "here").unwrap();
        drop(second);
    }

    #[test]
    fn an_owner_elsewhere_counts_until_it_is_stale() {
        let dir = tempfile::tempdir().unwrap();
        let write = |time_ms| {
            let owner = Owner {
                what: "far".to_owned(),
                host: "there".to_owned(),
                pid: 1,
                time_ms,
            };
            std::fs::write(
                dir.path().join("nilas.lock"),
                serde_json::to_string(&owner).unwrap(),
            )
            .unwrap();
        };
        write(now_ms() - 5_000);
        let refused = DirectoryLock::take(dir.path(), "near", "here").unwrap_err();
        assert!(
            refused.to_string().contains("far (process 1 on there)"),
            "{refused}"
        );
        write(now_ms() - STALE_MS - 5_000);
        DirectoryLock::take(dir.path(), "near", "here").unwrap();
        std::fs::write(dir.path().join("nilas.lock"), "torn {").unwrap();
        DirectoryLock::take(dir.path(), "near", "here").unwrap();
    }
}
