//! Making, attaching and detaching projects.

use super::{Inner, Master, OpenProject, Shared};
use crate::error::{conflict, store};
use nilas_api::{
    ApiError, AttachReport, ErrorKind, NewProject, NewWorkspace, PatchProject, ProjectInfo, ServerEvent,
};
use nilas_model::{ProjectId, ProjectRecord, WorkspaceId, WorkspaceRecord};
use nilas_scheduler::JobKey;
use nilas_store::{DirectoryLock, ProjectDir, now_ms};
use std::path::{Path, PathBuf};

impl Master {
    /// All projects.
    pub fn projects(&self) -> Result<Vec<ProjectInfo>, ApiError> {
        let inner = self.shared.lock();
        let projects = self.shared.index.projects().map_err(store)?;
        projects
            .iter()
            .map(|project| self.shared.project_info(&inner, project.record.id))
            .collect()
    }

    /// One project.
    pub fn project(&self, id: ProjectId) -> Result<ProjectInfo, ApiError> {
        self.shared.project_info(&self.shared.lock(), id)
    }

    /// Make a project.
    pub fn create_project(&self, request: &NewProject, owner: &str) -> Result<ProjectInfo, ApiError> {
        if request.title.trim().is_empty() {
            return Err(untitled());
        }
        let path = match &request.path {
            Some(path) if Path::new(path).is_absolute() => PathBuf::from(path),
            Some(path) => {
                let hint = "give the full path of the new directory";
                return Err(ApiError::new(
                    ErrorKind::BadRequest,
                    format!("{path} is not an absolute path"),
                    hint,
                ));
            }
            None => free_name(&self.shared.settings.projects_folder, &request.title),
        };
        let (dir, _) =
            ProjectDir::create(&path, request.title.trim(), &request.description, owner).map_err(store)?;
        Ok(self.shared.take_in(dir.path())?.project)
    }

    /// Change title or description of a project.
    pub fn patch_project(&self, id: ProjectId, request: &PatchProject) -> Result<ProjectInfo, ApiError> {
        let title = request.title.as_deref().map(str::trim);
        if title == Some("") {
            return Err(untitled());
        }
        let inner = self.shared.lock();
        self.shared.project_info(&inner, id)?;
        self.shared.change_project(&inner, id, |record| {
            if let Some(title) = title {
                title.clone_into(&mut record.title);
            }
            if let Some(description) = &request.description {
                record.description.clone_from(description);
            }
        })?;
        self.shared.project_info(&inner, id)
    }

    /// Take in an existing project directory and rebuild everything from its files.
    pub fn attach_project(&self, path: &Path) -> Result<AttachReport, ApiError> {
        self.shared.take_in(path)
    }

    /// Forget a project; its directory stays.
    pub fn detach_project(&self, id: ProjectId) -> Result<(), ApiError> {
        let mut inner = self.shared.lock();
        self.shared.project_info(&inner, id)?;
        let busy = self.shared.index.jobs(id).map_err(store)?;
        let busy: Vec<String> = busy
            .iter()
            .filter(|job| job.status.is_active())
            .map(|job| job.id.to_string())
            .collect();
        if !busy.is_empty() && inner.open.contains_key(&id) {
            return Err(conflict(
                format!(
                    "{} of {id} still running: {}",
                    if busy.len() == 1 { "a job is" } else { "jobs are" },
                    busy.join(", ")
                ),
                "kill them or wait for their end",
            ));
        }
        let waiting: Vec<JobKey> = inner
            .scheduler
            .waiting()
            .filter(|key| key.project == id)
            .collect();
        for key in waiting {
            inner
                .scheduler
                .step(nilas_scheduler::Event::Withdraw { key }, now_ms());
        }
        inner.open.remove(&id);
        inner.unavailable.remove(&id);
        self.shared.index.remove_project(id).map_err(store)?;
        self.shared.tell(ServerEvent::ProjectGone { project: id });
        Ok(())
    }

    /// Make a workspace.
    pub fn create_workspace(
        &self,
        id: ProjectId,
        request: &NewWorkspace,
    ) -> Result<WorkspaceRecord, ApiError> {
        let inner = self.shared.lock();
        let mut made = None;
        self.shared.change_project(&inner, id, |record| {
            let last = record
                .workspaces
                .iter()
                .map(|workspace| workspace.id.0)
                .max()
                .unwrap_or(0);
            let title = match request.title.trim() {
                "" => format!("Workspace {}", last + 1),
                title => title.to_owned(),
            };
            let workspace = WorkspaceRecord {
                id: WorkspaceId(last + 1),
                title,
                description: request.description.clone(),
                created_ms: now_ms(),
            };
            record.workspaces.push(workspace.clone());
            made = Some(workspace);
        })?;
        made.ok_or_else(|| crate::error::internal("the workspace was not made"))
    }
}

impl Shared {
    /// Change a project's record: directory first, then index, then listeners.
    pub(super) fn change_project(
        &self,
        inner: &Inner,
        id: ProjectId,
        change: impl FnOnce(&mut ProjectRecord),
    ) -> Result<ProjectRecord, ApiError> {
        let dir = &inner.project(id)?.dir;
        let missing =
            || crate::error::internal(format!("{} has lost its project.json", dir.path().display()));
        let mut record = dir.read_record().map_err(store)?.ok_or_else(missing)?;
        record.id = id;
        change(&mut record);
        dir.write_record(&record).map_err(store)?;
        self.index.put_project(&record).map_err(store)?;
        self.tell(ServerEvent::Project {
            project: self.project_info(inner, id)?,
        });
        Ok(record)
    }

    /// Take a directory in: lock it, read its jobs, bring the index up to date, go on where it stopped.
    pub(super) fn take_in(&self, path: &Path) -> Result<AttachReport, ApiError> {
        let (dir, mut record) = ProjectDir::open(path).map_err(store)?;
        let mut inner = self.lock();
        let already = inner
            .open
            .iter()
            .find(|(_, open)| open.dir == dir)
            .map(|(id, _)| *id);
        if let Some(id) = already {
            let jobs = self.index.jobs(id).map_err(store)?.len() as u64;
            return Ok(AttachReport {
                project: self.project_info(&inner, id)?,
                jobs,
                warnings: Vec::new(),
            });
        }
        let lock = DirectoryLock::take(dir.path(), &self.settings.what, &self.host).map_err(store)?;
        let mut warnings = Vec::new();
        if let Some((id, other)) = self
            .index
            .other_with_identity(&record.identity, dir.path())
            .map_err(store)?
        {
            // A directory that was moved keeps its place in the index; a copy would fight with its original.
            if other.join("project.json").exists() {
                return Err(conflict(
                    format!(
                        "{} is a copy of {id} in {}",
                        dir.path().display(),
                        other.display()
                    ),
                    "detach the original first; two copies of one project can't be told apart",
                ));
            }
            self.index.remove_project(id).map_err(store)?;
            inner.unavailable.remove(&id);
            warnings.push(format!("{id} was moved here from {}", other.display()));
        }
        let before = record.id;
        let id = self.index.add_project(dir.path(), &mut record).map_err(store)?;
        let (jobs, unreadable) = dir.read_jobs().map_err(store)?;
        warnings.extend(unreadable);
        let highest = jobs.iter().map(|job| job.id.0).max().unwrap_or(0);
        if before != id || record.next_job <= highest {
            record.next_job = record.next_job.max(highest + 1);
            dir.write_record(&record).map_err(store)?;
            self.index.put_project(&record).map_err(store)?;
        }
        inner.unavailable.remove(&id);
        inner.open.insert(id, OpenProject { dir, lock });
        let count = jobs.len() as u64;
        self.recover(&mut inner, id, jobs, &mut warnings)?;
        let project = self.project_info(&inner, id)?;
        self.tell(ServerEvent::Project {
            project: project.clone(),
        });
        Ok(AttachReport {
            project,
            jobs: count,
            warnings,
        })
    }
}

fn untitled() -> ApiError {
    ApiError::new(
        ErrorKind::BadRequest,
        "a project needs a title",
        "say what it holds in a few words",
    )
}

/// A directory name that is not taken, made of a title.
fn free_name(folder: &Path, title: &str) -> PathBuf {
    let words: String = title
        .trim()
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '-'
            }
        })
        .collect();
    let words: Vec<&str> = words.split('-').filter(|word| !word.is_empty()).collect();
    let stem: String = if words.is_empty() {
        "project".to_owned()
    } else {
        words.join("-")
    };
    let stem: String = stem.chars().take(60).collect();
    let mut path = folder.join(&stem);
    let mut number = 2;
    while path.exists() {
        path = folder.join(format!("{stem}-{number}"));
        number += 1;
    }
    path
}
