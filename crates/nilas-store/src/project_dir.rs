//! A project directory: `project.json` and one folder per job. The truth of everything but accounts.

use crate::{StoreError, atomic, now_ms, secret};
use nilas_model::{JobId, JobRecord, ProjectId, ProjectRecord, WorkspaceId, WorkspaceRecord};
use std::fs;
use std::path::{Path, PathBuf};

/// Version of the directory layout that this program writes.
pub const LAYOUT: u32 = 1;

/// A project directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectDir {
    path: PathBuf,
}

impl ProjectDir {
    /// Make a project in a directory that doesn't exist or is empty.
    pub fn create(
        path: &Path,
        title: &str,
        description: &str,
        owner: &str,
    ) -> Result<(Self, ProjectRecord), StoreError> {
        fs::create_dir_all(path).map_err(StoreError::io("making", path))?;
        let path = path.canonicalize().map_err(StoreError::io("looking at", path))?;
        let dir = ProjectDir { path };
        if dir.path.join("project.json").exists() {
            return Err(StoreError::Refused {
                message: format!("{} already holds a project", dir.path.display()),
                hint: "attach it, or choose another directory".to_owned(),
            });
        }
        let mut entries = fs::read_dir(&dir.path).map_err(StoreError::io("reading", &dir.path))?;
        if entries.any(|entry| entry.is_ok_and(|e| !e.file_name().to_string_lossy().starts_with('.'))) {
            return Err(StoreError::Refused {
                message: format!("{} is not empty", dir.path.display()),
                hint: "a new project needs a directory of its own".to_owned(),
            });
        }
        let created_ms = now_ms();
        let record = ProjectRecord {
            layout_version: LAYOUT,
            id: ProjectId(0),
            identity: secret::identity(),
            title: title.to_owned(),
            description: description.to_owned(),
            created_ms,
            owner: owner.to_owned(),
            workspaces: vec![WorkspaceRecord {
                id: WorkspaceId(1),
                title: "Workspace 1".to_owned(),
                description: String::new(),
                created_ms,
            }],
            next_job: 1,
        };
        dir.write_record(&record)?;
        Ok((dir, record))
    }

    /// An existing project.
    ///
    /// # Errors
    /// [`StoreError::NotAProject`] without `project.json`; [`StoreError::Damaged`] if it can't be read.
    pub fn open(path: &Path) -> Result<(Self, ProjectRecord), StoreError> {
        let not = |message: &str| StoreError::NotAProject {
            path: path.to_owned(),
            message: message.to_owned(),
        };
        let real = path.canonicalize().map_err(StoreError::io("looking at", path))?;
        if !real.is_dir() {
            return Err(not("it is a file"));
        }
        let dir = ProjectDir { path: real };
        let record = dir
            .read_record()?
            .ok_or_else(|| not("it holds no project.json"))?;
        if record.layout_version > LAYOUT {
            return Err(not(&format!(
                "its layout has version {}, this program knows up to {LAYOUT}; update it",
                record.layout_version
            )));
        }
        Ok((dir, record))
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The directory of a job.
    pub fn job_dir(&self, job: JobId) -> PathBuf {
        self.path.join(job.to_string())
    }

    /// `project.json`.
    pub fn read_record(&self) -> Result<Option<ProjectRecord>, StoreError> {
        atomic::read_json(&self.path.join("project.json"))
    }

    /// Write `project.json`.
    pub fn write_record(&self, record: &ProjectRecord) -> Result<(), StoreError> {
        atomic::write_json(&self.path.join("project.json"), record)
    }

    /// `job.json` of a job.
    pub fn read_job(&self, job: JobId) -> Result<Option<JobRecord>, StoreError> {
        atomic::read_json(&self.job_dir(job).join("job.json"))
    }

    /// Write `job.json` of a job, making its directory if needed.
    pub fn write_job(&self, record: &JobRecord) -> Result<(), StoreError> {
        let folder = self.job_dir(record.id);
        if !folder.is_dir() {
            fs::create_dir_all(&folder).map_err(StoreError::io("making", &folder))?;
            atomic::sync_folder(&self.path).map_err(StoreError::io("writing", &self.path))?;
        }
        atomic::write_json(&folder.join("job.json"), record)
    }

    /// All jobs by number, and what could not be read.
    pub fn read_jobs(&self) -> Result<(Vec<JobRecord>, Vec<String>), StoreError> {
        let mut jobs = Vec::new();
        let mut warnings = Vec::new();
        for entry in fs::read_dir(&self.path).map_err(StoreError::io("reading", &self.path))? {
            let entry = entry.map_err(StoreError::io("reading", &self.path))?;
            let Ok(id) = entry.file_name().to_string_lossy().parse::<JobId>() else {
                continue;
            };
            match self.read_job(id) {
                Ok(Some(record)) if record.id == id => jobs.push(record),
                Ok(Some(record)) => {
                    warnings.push(format!("{id}: its job.json says that it is {}", record.id))
                }
                Ok(None) if entry.path().is_dir() => {
                    warnings.push(format!("{id}: the directory holds no job.json"))
                }
                Ok(None) => {}
                Err(error) => warnings.push(format!("{id}: {error}")),
            }
        }
        jobs.sort_by_key(|job| job.id);
        warnings.sort();
        Ok((jobs, warnings))
    }

    /// Remove everything that the job's process made: results, events, figures, checkpoint, log.
    pub fn clear_job(&self, job: JobId) -> Result<(), StoreError> {
        self.remove_but(job, &["job.json"])
    }

    /// Remove what an earlier try left and the next must not see: its failure, sign of life and half results.
    pub fn prepare_attempt(&self, job: JobId) -> Result<(), StoreError> {
        let folder = self.job_dir(job);
        for name in ["failure.json", "process.json"] {
            remove_file(&folder.join(name))?;
        }
        for entry in fs::read_dir(&folder)
            .map_err(StoreError::io("reading", &folder))?
            .flatten()
        {
            if entry.file_name().to_string_lossy().starts_with("staging-") {
                fs::remove_dir_all(entry.path()).map_err(StoreError::io("removing", &entry.path()))?;
            }
        }
        Ok(())
    }

    /// Remove the state from which a restart would go on.
    pub fn drop_checkpoint(&self, job: JobId) -> Result<(), StoreError> {
        remove_tree(&self.job_dir(job).join("checkpoint"))
    }

    /// Whether a restart would go on from saved state. The file comes by a rename: it is whole if it is there.
    pub fn has_checkpoint(&self, job: JobId) -> bool {
        self.job_dir(job).join("checkpoint").join("state").exists()
    }

    /// Remove a job with its directory.
    pub fn remove_job(&self, job: JobId) -> Result<(), StoreError> {
        // The record goes last: a removal that is cut short leaves a job that can be removed again.
        self.remove_but(job, &["job.json"])?;
        remove_tree(&self.job_dir(job))
    }

    fn remove_but(&self, job: JobId, keep: &[&str]) -> Result<(), StoreError> {
        let folder = self.job_dir(job);
        // `output` first: it is what says that the job is complete.
        remove_tree(&folder.join("output"))?;
        for entry in fs::read_dir(&folder).map_err(StoreError::io("reading", &folder))? {
            let entry = entry.map_err(StoreError::io("reading", &folder))?;
            if keep.iter().any(|name| entry.file_name() == *name) {
                continue;
            }
            let path = entry.path();
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                remove_tree(&path)?;
            } else {
                remove_file(&path)?;
            }
        }
        Ok(())
    }
}

fn remove_file(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(StoreError::io("removing", path)(error))
        }
        _ => Ok(()),
    }
}

/// Moved out of the way in one step first, so that no half of it is ever taken for the whole.
fn remove_tree(path: &Path) -> Result<(), StoreError> {
    let aside = path.with_file_name(format!(".removed-{}", secret::identity()));
    match fs::rename(path, &aside) {
        Ok(()) => fs::remove_dir_all(&aside).map_err(StoreError::io("removing", path)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(StoreError::io("removing", path)(error)),
    }
}
