//! The index of projects and jobs: what the directories say, quick to list.

use crate::{Database, StoreError};
use nilas_model::{JobId, JobRecord, JobStatus, ProjectId, ProjectRecord};
use rusqlite::{OptionalExtension, params};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A project as the index knows it.
#[derive(Debug, Clone, PartialEq)]
pub struct IndexedProject {
    /// Its directory.
    pub path: PathBuf,
    /// Its record.
    pub record: ProjectRecord,
}

/// Projects and jobs of one database.
#[derive(Debug, Clone)]
pub struct Index {
    database: Database,
}

fn parse<T: DeserializeOwned>(text: &str) -> rusqlite::Result<T> {
    serde_json::from_str(text)
        .map_err(|e| rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(e)))
}

fn text<T: serde::Serialize>(value: &T) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))
}

/// A status as it is written into the table.
fn word(status: JobStatus) -> rusqlite::Result<String> {
    Ok(text(&status)?.trim_matches('"').to_owned())
}

impl Index {
    pub(crate) fn new(database: Database) -> Self {
        Index { database }
    }

    /// Take a project in, or find it by its directory. Its id on this server is written into the record.
    pub fn add_project(&self, path: &Path, record: &mut ProjectRecord) -> Result<ProjectId, StoreError> {
        let place = path.display().to_string();
        let wanted = record.id;
        let id = self.database.run(|db| {
            let known: Option<u64> = db
                .query_row("SELECT id FROM project WHERE path = ?1", [&place], |row| {
                    row.get(0)
                })
                .optional()?;
            let free = |id: u64| -> rusqlite::Result<bool> {
                let taken: bool = db.query_row(
                    "SELECT EXISTS (SELECT 1 FROM project WHERE id = ?1)",
                    [id],
                    |row| row.get(0),
                )?;
                Ok(id > 0 && !taken)
            };
            let id = match known {
                Some(id) => Some(id),
                // The id that the directory had before keeps links alive, if nobody else has it here.
                None if free(wanted.0)? => Some(wanted.0),
                None => None,
            };
            db.execute(
                "INSERT INTO project (id, path, identity, record) VALUES (?1, ?2, ?3, '{}')
                 ON CONFLICT (path) DO UPDATE SET identity = excluded.identity",
                params![id, place, record.identity],
            )?;
            match id {
                Some(id) => Ok(id),
                None => db.query_row("SELECT id FROM project WHERE path = ?1", [&place], |row| {
                    row.get(0)
                }),
            }
        })?;
        record.id = ProjectId(id);
        self.put_project(record)?;
        Ok(record.id)
    }

    /// The project, at another directory, that has this identity.
    pub fn other_with_identity(
        &self,
        identity: &str,
        path: &Path,
    ) -> Result<Option<(ProjectId, PathBuf)>, StoreError> {
        let place = path.display().to_string();
        self.database.run(|db| {
            db.query_row(
                "SELECT id, path FROM project WHERE identity = ?1 AND path != ?2",
                [identity, &place],
                |row| Ok((ProjectId(row.get(0)?), PathBuf::from(row.get::<_, String>(1)?))),
            )
            .optional()
        })
    }

    /// Write a project's record.
    pub fn put_project(&self, record: &ProjectRecord) -> Result<(), StoreError> {
        self.database.run(|db| {
            db.execute(
                "UPDATE project SET record = ?1 WHERE id = ?2",
                params![text(record)?, record.id.0],
            )
        })?;
        Ok(())
    }

    /// All projects by number.
    pub fn projects(&self) -> Result<Vec<IndexedProject>, StoreError> {
        self.database.run(|db| {
            let mut query = db.prepare("SELECT path, record FROM project ORDER BY id")?;
            let rows = query.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
            rows.map(|row| {
                let (path, record) = row?;
                Ok(IndexedProject {
                    path: path.into(),
                    record: parse(&record)?,
                })
            })
            .collect()
        })
    }

    /// One project.
    pub fn project(&self, id: ProjectId) -> Result<Option<IndexedProject>, StoreError> {
        self.database.run(|db| {
            let row: Option<(String, String)> = db
                .query_row("SELECT path, record FROM project WHERE id = ?1", [id.0], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })
                .optional()?;
            row.map(|(path, record)| {
                Ok(IndexedProject {
                    path: path.into(),
                    record: parse(&record)?,
                })
            })
            .transpose()
        })
    }

    /// Forget a project and its jobs.
    pub fn remove_project(&self, id: ProjectId) -> Result<(), StoreError> {
        self.database
            .run(|db| db.execute("DELETE FROM project WHERE id = ?1", [id.0]))?;
        Ok(())
    }

    /// Number of jobs by status, and the latest change.
    pub fn counts(&self, id: ProjectId) -> Result<(BTreeMap<JobStatus, u64>, u64), StoreError> {
        self.database.run(|db| {
            let mut query = db.prepare(
                "SELECT status, count(*), max(updated_ms) FROM job WHERE project = ?1 GROUP BY status",
            )?;
            let mut counts = BTreeMap::new();
            let mut latest = 0;
            let mut rows = query.query([id.0])?;
            while let Some(row) = rows.next()? {
                let status: String = row.get(0)?;
                counts.insert(parse(&format!("\"{status}\""))?, row.get(1)?);
                latest = latest.max(row.get(2)?);
            }
            Ok((counts, latest))
        })
    }

    /// Write a job's record.
    pub fn put_job(&self, record: &JobRecord) -> Result<(), StoreError> {
        self.database.run(|db| put_job(db, record))
    }

    /// Replace all jobs of a project by these.
    pub fn replace_jobs(&self, project: ProjectId, jobs: &[JobRecord]) -> Result<(), StoreError> {
        self.database.run(|db| {
            let transaction = db.unchecked_transaction()?;
            transaction.execute("DELETE FROM job WHERE project = ?1", [project.0])?;
            for job in jobs {
                put_job(&transaction, job)?;
            }
            transaction.commit()
        })
    }

    /// One job.
    pub fn job(&self, project: ProjectId, id: JobId) -> Result<Option<JobRecord>, StoreError> {
        self.database.run(|db| {
            let record: Option<String> = db
                .query_row(
                    "SELECT record FROM job WHERE project = ?1 AND id = ?2",
                    [project.0, id.0],
                    |row| row.get(0),
                )
                .optional()?;
            record.map(|text| parse(&text)).transpose()
        })
    }

    /// The jobs of a project by number.
    pub fn jobs(&self, project: ProjectId) -> Result<Vec<JobRecord>, StoreError> {
        self.database.run(|db| {
            let mut query = db.prepare("SELECT record FROM job WHERE project = ?1 ORDER BY id")?;
            let rows = query.query_map([project.0], |row| row.get::<_, String>(0))?;
            rows.map(|row| parse(&row?)).collect()
        })
    }

    /// Forget a job.
    pub fn remove_job(&self, project: ProjectId, id: JobId) -> Result<(), StoreError> {
        self.database.run(|db| {
            db.execute(
                "DELETE FROM job WHERE project = ?1 AND id = ?2",
                [project.0, id.0],
            )
        })?;
        Ok(())
    }
}

fn put_job(db: &rusqlite::Connection, record: &JobRecord) -> rusqlite::Result<()> {
    let times = [record.queued_ms, record.started_ms, record.finished_ms];
    let updated_ms = times.into_iter().flatten().fold(record.created_ms, u64::max);
    db.execute(
        "INSERT INTO job (project, id, status, updated_ms, record) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (project, id) DO UPDATE SET status = excluded.status, updated_ms = excluded.updated_ms,
         record = excluded.record",
        params![
            record.project.0,
            record.id.0,
            word(record.status)?,
            updated_ms,
            text(record)?
        ],
    )?;
    Ok(())
}
