//! Bringing the records of a project up to what its files say, after whatever happened.

use super::{Inner, LOCAL, Shared, key};
use crate::error::store;
use nilas_api::ApiError;
use nilas_launch::Order;
use nilas_model::{Failure, FailureKind, JobRecord, JobStatus, ProjectId};
use nilas_scheduler::{Event, JobKey};
use nilas_store::{Observation, now_ms};
use std::collections::BTreeSet;

impl Shared {
    /// Index the jobs of a project that was just opened; adopt what runs, settle what ended, queue what waited.
    pub(super) fn recover(
        &self,
        inner: &mut Inner,
        project: ProjectId,
        mut jobs: Vec<JobRecord>,
        warnings: &mut Vec<String>,
    ) -> Result<(), ApiError> {
        let dir = inner.project(project)?.dir.clone();
        for job in &mut jobs {
            let before = job.clone();
            job.project = project;
            match Observation::of(&dir.job_dir(job.id)) {
                Ok(seen) => bring_up_to_date(job, seen),
                Err(error) => warnings.push(format!("{}: {error}", job.id)),
            }
            if *job != before {
                dir.write_job(job).map_err(store)?;
            }
        }
        self.index.replace_jobs(project, &jobs).map_err(store)?;
        let mut ended = Vec::new();
        for job in jobs.iter().filter(|job| job.status.is_active()) {
            let key = key(project, job.id);
            let lane = job.lane.clone().unwrap_or_else(|| LOCAL.to_owned());
            let need = self.need(&job.job_type);
            let actions = inner.scheduler.step(
                Event::Adopt {
                    key,
                    lane: lane.clone(),
                    need,
                    attempt: job.attempt,
                },
                now_ms(),
            );
            self.perform(inner, actions, None);
            self.follow(inner, key, true);
            if lane == LOCAL {
                let order = Order {
                    project,
                    directory: dir.path().to_owned(),
                    job: job.id,
                    attempt: job.attempt,
                    cores: 0,
                };
                if !self.launcher().adopt(&order) {
                    ended.push((key, job.attempt));
                }
            }
        }
        for (key, attempt) in ended {
            self.settle(inner, key, attempt, None);
        }
        let mut queued: Vec<&JobRecord> = jobs
            .iter()
            .filter(|job| job.status == JobStatus::Queued)
            .collect();
        queued.sort_by_key(|job| (job.queued_ms, job.id));
        for job in queued {
            self.submit(inner, job)?;
        }
        Ok(())
    }

    /// Give a queued job to the scheduler.
    pub(super) fn submit(&self, inner: &mut Inner, job: &JobRecord) -> Result<(), ApiError> {
        let after = self.unfinished_inputs(job)?;
        let event = Event::Submit {
            key: key(job.project, job.id),
            lane: job.lane.clone().unwrap_or_else(|| LOCAL.to_owned()),
            need: self.need(&job.job_type),
            after,
            attempt: job.attempt,
        };
        let actions = inner.scheduler.step(event, now_ms());
        self.perform(inner, actions, None);
        Ok(())
    }

    fn unfinished_inputs(&self, job: &JobRecord) -> Result<BTreeSet<JobKey>, ApiError> {
        let mut after = BTreeSet::new();
        for input in job.inputs.values().flatten() {
            let done = self.index.job(job.project, input.job).map_err(store)?;
            if done.is_none_or(|input| input.status != JobStatus::Completed) {
                after.insert(key(job.project, input.job));
            }
        }
        Ok(after)
    }
}

/// What the files say wins over what the record says.
fn bring_up_to_date(job: &mut JobRecord, seen: Observation) {
    match (seen.result, job.status) {
        (Some(result), JobStatus::Building) => {
            // Cleared, but the removal was cut short: the rename of `output` comes first, so this is a record
            // that was copied by hand. Its results are real.
            job.status = JobStatus::Completed;
            job.result = Some(result);
        }
        (Some(result), status) => {
            if status != JobStatus::Completed {
                job.finished_ms = Some(now_ms());
            }
            job.status = JobStatus::Completed;
            job.failure = None;
            job.result = Some(result);
        }
        (None, JobStatus::Completed) => {
            job.status = JobStatus::Failed;
            job.result = None;
            job.failure = Some(Failure {
                kind: FailureKind::Host,
                message: format!(
                    "the results of {} are gone: there is no {}/output/result.json",
                    job.id, job.id
                ),
                hint: "bring the folder back and attach the project again, or restart the job".to_owned(),
                field: None,
            });
        }
        (None, _) => job.result = None,
    }
}
