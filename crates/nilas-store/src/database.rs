//! The SQLite file and its migrations.

use crate::{Accounts, Index, StoreError};
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Each entry brings the database from its place in the list to the next; entries are never changed.
pub(crate) const MIGRATIONS: &[&str] = &[
    "
    CREATE TABLE user (
        id INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
        password TEXT NOT NULL, admin INTEGER NOT NULL, created_ms INTEGER NOT NULL) STRICT;
    CREATE TABLE session (
        secret TEXT PRIMARY KEY, user INTEGER NOT NULL REFERENCES user(id) ON DELETE CASCADE,
        created_ms INTEGER NOT NULL, used_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE token (
        id INTEGER PRIMARY KEY AUTOINCREMENT, secret TEXT NOT NULL UNIQUE,
        user INTEGER NOT NULL REFERENCES user(id) ON DELETE CASCADE, name TEXT NOT NULL,
        created_ms INTEGER NOT NULL, used_ms INTEGER, expires_ms INTEGER) STRICT;
    CREATE TABLE project (
        id INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT NOT NULL UNIQUE, identity TEXT NOT NULL,
        record TEXT NOT NULL) STRICT;
    CREATE TABLE job (
        project INTEGER NOT NULL REFERENCES project(id) ON DELETE CASCADE, id INTEGER NOT NULL,
        status TEXT NOT NULL, updated_ms INTEGER NOT NULL, record TEXT NOT NULL,
        PRIMARY KEY (project, id)) STRICT, WITHOUT ROWID;
    CREATE INDEX job_status ON job(status);
",
    "ALTER TABLE user ADD COLUMN disabled INTEGER NOT NULL DEFAULT 0",
];

/// The database. Cheap to clone; one connection, used by one caller at a time.
#[derive(Debug, Clone)]
pub struct Database {
    path: PathBuf,
    connection: Arc<Mutex<Connection>>,
}

impl Database {
    /// Open the file, or make it, and bring it to this program's version.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        if let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(StoreError::io("making", folder))?;
        }
        Self::prepare(path, Connection::open(path))
    }

    /// A database that lives in memory, for `nilas run`, which has no accounts.
    pub fn in_memory() -> Result<Self, StoreError> {
        Self::prepare(Path::new(":memory:"), Connection::open_in_memory())
    }

    fn prepare(path: &Path, connection: rusqlite::Result<Connection>) -> Result<Self, StoreError> {
        let sql = |source| StoreError::Sql {
            path: path.to_owned(),
            source,
        };
        let mut connection = connection.map_err(sql)?;
        connection
            .busy_timeout(std::time::Duration::from_secs(10))
            .map_err(sql)?;
        // The database is an index that can be built anew: WAL with fewer syncs is safe against crashes of
        // the program, and a power cut loses at most what the project directories still know.
        connection
            .pragma_update(None, "journal_mode", "WAL")
            .map_err(sql)?;
        connection
            .pragma_update(None, "synchronous", "NORMAL")
            .map_err(sql)?;
        connection
            .pragma_update(None, "foreign_keys", "ON")
            .map_err(sql)?;
        let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
        let transaction = connection
            .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
            .map_err(sql)?;
        let found: i64 = transaction
            .query_row("PRAGMA user_version", [], |row| row.get(0))
            .map_err(sql)?;
        if found > known {
            return Err(StoreError::TooNew {
                path: path.to_owned(),
                found,
                known,
            });
        }
        for migration in MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or(0)) {
            transaction.execute_batch(migration).map_err(sql)?;
        }
        transaction
            .pragma_update(None, "user_version", known)
            .map_err(sql)?;
        transaction.commit().map_err(sql)?;
        Ok(Database {
            path: path.to_owned(),
            connection: Arc::new(Mutex::new(connection)),
        })
    }

    /// Users, sessions and tokens.
    pub fn accounts(&self) -> Accounts {
        Accounts::new(self.clone())
    }

    /// Projects and jobs.
    pub fn index(&self) -> Index {
        Index::new(self.clone())
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn run<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        work(&self.lock()).map_err(|source| StoreError::Sql {
            path: self.path.clone(),
            source,
        })
    }
}
