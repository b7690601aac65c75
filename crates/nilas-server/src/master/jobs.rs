//! Building, queueing, killing, clearing, cloning and deleting jobs.

use super::{Inner, LOCAL, Master, Shared, key, status_word};
use crate::error::{conflict, not_found, store};
use nilas_api::{ApiError, CloneJob, ErrorKind, JobInfo, NewJob, PatchJob, RestartJob, ServerEvent};
use nilas_model::{InputRef, JobId, JobRecord, JobStatus, Problem, ProjectId, WorkspaceId};
use nilas_scheduler::Event;
use nilas_store::now_ms;
use std::collections::BTreeSet;
use std::path::PathBuf;

impl Master {
    /// The jobs of a project by number.
    pub fn jobs(&self, project: ProjectId) -> Result<Vec<JobInfo>, ApiError> {
        let inner = self.shared.lock();
        self.shared.project_info(&inner, project)?;
        let jobs = self.shared.index.jobs(project).map_err(store)?;
        Ok(jobs
            .into_iter()
            .map(|job| self.shared.info(&inner, job))
            .collect())
    }

    /// One job.
    pub fn job(&self, project: ProjectId, job: JobId) -> Result<JobInfo, ApiError> {
        let inner = self.shared.lock();
        Ok(self.shared.info(&inner, self.shared.record(key(project, job))?))
    }

    /// The directory of a job that exists.
    pub fn job_directory(&self, project: ProjectId, job: JobId) -> Result<PathBuf, ApiError> {
        self.shared.record(key(project, job))?;
        self.shared.job_dir(&self.shared.lock(), key(project, job))
    }

    /// Make a job in the state `building`.
    pub fn create_job(&self, project: ProjectId, request: &NewJob, by: &str) -> Result<JobInfo, ApiError> {
        let shared = &self.shared;
        if shared.spec(&request.job_type).is_none() {
            let problem = nilas_jobs::check::unknown_type(&request.job_type);
            let mut error = ApiError::new(ErrorKind::Invalid, problem.message.clone(), problem.hint.clone());
            error.problems.push(problem);
            return Err(error);
        }
        let inner = shared.lock();
        let workspace = shared.workspace(&inner, project, request.workspace)?;
        let id = shared.next_id(&inner, project)?;
        let record = JobRecord {
            id,
            project,
            workspace,
            job_type: request.job_type.clone(),
            title: request.title.clone(),
            description: request.description.clone(),
            params: request.params.clone(),
            inputs: request.inputs.clone(),
            status: JobStatus::Building,
            failure: None,
            lane: None,
            attempt: 0,
            created_ms: now_ms(),
            queued_ms: None,
            started_ms: None,
            finished_ms: None,
            created_by: by.to_owned(),
            result: None,
        };
        shared.save(&inner, &record)?;
        Ok(shared.info(&inner, record))
    }

    /// Change a job.
    pub fn patch_job(&self, project: ProjectId, job: JobId, request: &PatchJob) -> Result<JobInfo, ApiError> {
        let shared = &self.shared;
        let inner = shared.lock();
        let mut record = shared.record(key(project, job))?;
        if (request.params.is_some() || request.inputs.is_some()) && record.status != JobStatus::Building {
            return Err(conflict(
                format!(
                    "{job} is {}: parameters and inputs only change while it is building",
                    status_word(record.status)
                ),
                "clone it, or clear it first",
            ));
        }
        if let Some(workspace) = request.workspace {
            record.workspace = shared.workspace(&inner, project, Some(workspace))?;
        }
        if let Some(title) = &request.title {
            record.title.clone_from(title);
        }
        if let Some(description) = &request.description {
            record.description.clone_from(description);
        }
        if let Some(params) = &request.params {
            record.params.clone_from(params);
        }
        if let Some(inputs) = &request.inputs {
            record.inputs.clone_from(inputs);
        }
        shared.save(&inner, &record)?;
        Ok(shared.info(&inner, record))
    }

    /// Delete a job with its directory.
    pub fn delete_job(&self, project: ProjectId, job: JobId) -> Result<(), ApiError> {
        let shared = &self.shared;
        let inner = shared.lock();
        let record = shared.record(key(project, job))?;
        idle(&record, "deleted")?;
        let users = shared.users_of(project, job)?;
        if !users.is_empty() {
            return Err(conflict(
                format!("{job} can't be deleted: {} use its outputs", ids(&users)),
                "delete those first",
            ));
        }
        inner.project(project)?.dir.remove_job(job).map_err(store)?;
        shared.index.remove_job(project, job).map_err(store)?;
        shared.tell(ServerEvent::JobGone { project, job });
        Ok(())
    }

    /// All problems of a job's parameters and inputs.
    pub fn check_job(&self, project: ProjectId, job: JobId) -> Result<Vec<Problem>, ApiError> {
        let shared = &self.shared;
        let record = shared.record(key(project, job))?;
        let directory = shared.lock().project(project)?.dir.path().to_owned();
        // Looking at files may take a while: not under the lock.
        let lookup = |id: JobId| shared.index.job(project, id).ok().flatten();
        let mut problems = nilas_jobs::check(&record, &directory, &lookup);
        problems.extend(circle(&record, &lookup));
        Ok(problems)
    }

    /// Queue a job that is building, has failed or was killed.
    pub fn queue_job(&self, project: ProjectId, job: JobId, lane: Option<&str>) -> Result<JobInfo, ApiError> {
        let problems = self.check_job(project, job)?;
        let shared = &self.shared;
        let mut inner = shared.lock();
        let mut record = shared.record(key(project, job))?;
        if !matches!(
            record.status,
            JobStatus::Building | JobStatus::Failed | JobStatus::Killed
        ) {
            let hint = if record.status == JobStatus::Completed {
                "clear it first, or clone it"
            } else {
                ""
            };
            return Err(conflict(format!("{job} is {}", status_word(record.status)), hint));
        }
        let lane = lane.or(record.lane.as_deref()).unwrap_or(LOCAL).to_owned();
        let mut problems = problems;
        if !inner.scheduler.lanes().any(|(name, _)| name == lane) {
            let known: Vec<&str> = inner.scheduler.lanes().map(|(name, _)| name).collect();
            let hint = format!("there is: {}", known.join(", "));
            problems.push(Problem {
                field: "lane".to_owned(),
                message: format!("There is no lane '{lane}'."),
                hint,
            });
        }
        if !problems.is_empty() {
            let count = problems.len();
            let message = format!(
                "{job} can't be queued: {count} problem{}",
                if count == 1 { "" } else { "s" }
            );
            return Err(ApiError {
                kind: ErrorKind::Invalid,
                message,
                hint: String::new(),
                problems,
            });
        }
        record.status = JobStatus::Queued;
        record.queued_ms = Some(now_ms());
        record.finished_ms = None;
        record.failure = None;
        record.lane = Some(lane);
        shared.save(&inner, &record)?;
        shared.submit(&mut inner, &record)?;
        Ok(shared.info(&inner, shared.record(key(project, job))?))
    }

    /// Stop a queued or running job.
    pub fn kill_job(&self, project: ProjectId, job: JobId) -> Result<JobInfo, ApiError> {
        let shared = &self.shared;
        let mut inner = shared.lock();
        let record = shared.record(key(project, job))?;
        if record.status != JobStatus::Queued && !record.status.is_active() {
            return Err(conflict(
                format!(
                    "{job} is {}: there is nothing to kill",
                    status_word(record.status)
                ),
                "",
            ));
        }
        let actions = inner.scheduler.step(
            Event::Kill {
                key: key(project, job),
            },
            now_ms(),
        );
        shared.perform(&mut inner, actions, None);
        Ok(shared.info(&inner, shared.record(key(project, job))?))
    }

    /// Remove what a job made; it is building again.
    pub fn clear_job(&self, project: ProjectId, job: JobId) -> Result<JobInfo, ApiError> {
        let shared = &self.shared;
        let mut inner = shared.lock();
        let mut record = shared.record(key(project, job))?;
        idle(&record, "cleared")?;
        let users = shared.users_of(project, job)?;
        let busy: Vec<&JobRecord> = users
            .iter()
            .filter(|user| user.status == JobStatus::Queued || user.status.is_active())
            .collect();
        if !busy.is_empty() {
            let names: Vec<JobRecord> = busy.into_iter().cloned().collect();
            return Err(conflict(
                format!(
                    "{job} can't be cleared: {} wait for its outputs or read them",
                    ids(&names)
                ),
                "kill them or wait for their end",
            ));
        }
        // The record says `building` before anything goes: cut short, it is cleared again, never half complete.
        record.status = JobStatus::Building;
        record.failure = None;
        record.result = None;
        record.queued_ms = None;
        record.started_ms = None;
        record.finished_ms = None;
        inner.live.remove(&key(project, job));
        inner.project(project)?.dir.clear_job(job).map_err(store)?;
        shared.save(&inner, &record)?;
        Ok(shared.info(&inner, record))
    }

    /// Make a new job with the same parameters and inputs.
    pub fn clone_job(
        &self,
        project: ProjectId,
        job: JobId,
        request: &CloneJob,
        by: &str,
    ) -> Result<JobInfo, ApiError> {
        let original = self.shared.record(key(project, job))?;
        let new = NewJob {
            job_type: original.job_type,
            workspace: request.workspace.or(Some(original.workspace)),
            title: request.title.clone().unwrap_or(original.title),
            description: original.description,
            params: original.params,
            inputs: original.inputs,
        };
        self.create_job(project, &new, by)
    }

    /// Queue a failed or killed job again.
    pub fn restart_job(
        &self,
        project: ProjectId,
        job: JobId,
        request: &RestartJob,
    ) -> Result<JobInfo, ApiError> {
        if request.from_scratch {
            let inner = self.shared.lock();
            let record = self.shared.record(key(project, job))?;
            if matches!(record.status, JobStatus::Failed | JobStatus::Killed) {
                inner.project(project)?.dir.drop_checkpoint(job).map_err(store)?;
            }
        }
        self.queue_job(project, job, request.lane.as_deref())
    }
}

impl Shared {
    fn workspace(
        &self,
        inner: &Inner,
        project: ProjectId,
        wanted: Option<WorkspaceId>,
    ) -> Result<WorkspaceId, ApiError> {
        let record = self.project_info(inner, project)?.record;
        let found = match wanted {
            Some(id) => record.workspaces.iter().find(|workspace| workspace.id == id),
            None => record.workspaces.first(),
        };
        let missing = || match wanted {
            Some(id) => not_found(format!("there is no workspace {id} in {project}")),
            None => conflict(format!("{project} has no workspace"), "make one first"),
        };
        found.map(|workspace| workspace.id).ok_or_else(missing)
    }

    /// Take the next job number; it is written down before the job is made, so that no number is used twice.
    fn next_id(&self, inner: &Inner, project: ProjectId) -> Result<JobId, ApiError> {
        let mut id = 0;
        self.change_project(inner, project, |record| {
            id = record.next_job.max(1);
            record.next_job = id + 1;
        })?;
        Ok(JobId(id))
    }

    /// The jobs that have an output of this one as input.
    fn users_of(&self, project: ProjectId, job: JobId) -> Result<Vec<JobRecord>, ApiError> {
        let jobs = self.index.jobs(project).map_err(store)?;
        let uses = |other: &JobRecord| other.inputs.values().flatten().any(|input| input.job == job);
        Ok(jobs.into_iter().filter(uses).collect())
    }
}

fn ids(jobs: &[JobRecord]) -> String {
    jobs.iter()
        .map(|job| job.id.to_string())
        .collect::<Vec<_>>()
        .join(", ")
}

fn idle(record: &JobRecord, what: &str) -> Result<(), ApiError> {
    if record.status == JobStatus::Queued || record.status.is_active() {
        let message = format!(
            "{} is {} and can't be {what}",
            record.id,
            status_word(record.status)
        );
        return Err(conflict(message, "kill it first"));
    }
    Ok(())
}

/// A job that waits for itself through others.
fn circle(record: &JobRecord, lookup: &dyn Fn(JobId) -> Option<JobRecord>) -> Option<Problem> {
    let mut seen = BTreeSet::new();
    for (name, sources) in &record.inputs {
        let mut open: Vec<InputRef> = sources.clone();
        while let Some(source) = open.pop() {
            if source.job == record.id {
                return Some(Problem {
                    field: format!("inputs.{name}"),
                    message: format!("{} would wait for itself: its inputs lead back to it.", record.id),
                    hint: "Connect another job.".to_owned(),
                });
            }
            if seen.insert(source.job) {
                open.extend(
                    lookup(source.job)
                        .into_iter()
                        .flat_map(|job| job.inputs.into_values().flatten()),
                );
            }
        }
    }
    None
}
