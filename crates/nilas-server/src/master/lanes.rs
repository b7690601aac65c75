//! Lanes and the workers behind them.

use super::{LOCAL, Master, Worker, explain};
use crate::error::{conflict, not_found};
use nilas_api::{
    ApiError, ErrorKind, JobOrder, JobState, LaneInfo, LaneJob, LaneKind, ServerEvent, StopOrder,
    WorkerHello, WorkerSync, WorkerSyncReply, WorkerWelcome,
};
use nilas_launch::Exit;
use nilas_model::{Failure, JobStatus};
use nilas_scheduler::{Event, JobKey, Lane, Outcome};
use nilas_store::now_ms;

/// Seconds between exchanges with a worker.
const SYNC_EVERY_S: f64 = 1.0;

impl Master {
    /// The lanes with what runs on them.
    pub fn lanes(&self) -> Vec<LaneInfo> {
        let inner = self.shared.lock();
        let scheduler = &inner.scheduler;
        scheduler
            .lanes()
            .map(|(name, lane)| {
                let on_it = scheduler.running().filter(|(_, on, _, _)| *on == name);
                LaneInfo {
                    name: name.to_owned(),
                    kind: if name == LOCAL {
                        LaneKind::Local
                    } else {
                        LaneKind::Worker
                    },
                    host: inner
                        .workers
                        .get(name)
                        .map_or(&self.shared.host, |worker| &worker.hello.host)
                        .clone(),
                    cores: lane.cores,
                    memory_bytes: lane.memory_bytes,
                    connected: lane.connected,
                    last_seen_ms: lane.seen_ms.unwrap_or_else(now_ms),
                    running: on_it
                        .map(|(key, ..)| LaneJob {
                            project: key.project,
                            job: key.job,
                        })
                        .collect(),
                    queued: scheduler.waiting_on(name) as u64,
                }
            })
            .collect()
    }

    /// A worker says hello.
    pub fn worker_hello(&self, hello: &WorkerHello) -> Result<WorkerWelcome, ApiError> {
        let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if hello.name.is_empty() || hello.name.len() > 64 || !hello.name.chars().all(good) {
            let hint = "letters, digits, '-', '_' and '.', at most 64";
            return Err(ApiError::new(
                ErrorKind::BadRequest,
                format!("'{}' is not a lane name", hello.name),
                hint,
            ));
        }
        if hello.cores == 0 {
            return Err(ApiError::new(
                ErrorKind::BadRequest,
                "a worker needs at least one core",
                "",
            ));
        }
        let mut inner = self.shared.lock();
        let taken = hello.name == LOCAL
            || inner.workers.get(&hello.name).is_some_and(|worker| {
                let connected = inner
                    .scheduler
                    .lanes()
                    .any(|(name, lane)| name == hello.name && lane.connected);
                worker.hello.host != hello.host && connected
            });
        if taken {
            return Err(conflict(
                format!("the lane name {} is taken", hello.name),
                "give the worker another one with --name",
            ));
        }
        inner
            .workers
            .insert(hello.name.clone(), Worker { hello: hello.clone() });
        let lane = Lane {
            cores: hello.cores,
            memory_bytes: hello.memory_bytes,
            light: 4,
            seen_ms: Some(now_ms()),
            connected: true,
        };
        let actions = inner.scheduler.step(
            Event::LaneUp {
                name: hello.name.clone(),
                lane,
            },
            now_ms(),
        );
        self.shared.perform(&mut inner, actions, None);
        self.shared.tell(ServerEvent::Lanes);
        let adopt = self.orders(&inner, &hello.name);
        Ok(WorkerWelcome {
            sync_every_s: SYNC_EVERY_S,
            adopt,
        })
    }

    /// A worker says what it has and hears what it should have.
    pub fn worker_sync(&self, name: &str, sync: &WorkerSync) -> Result<WorkerSyncReply, ApiError> {
        let mut inner = self.shared.lock();
        if !inner.workers.contains_key(name) {
            return Err(not_found(format!(
                "no worker {name} has said hello since this server started"
            )));
        }
        let actions = inner.scheduler.step(
            Event::LaneSeen {
                name: name.to_owned(),
            },
            now_ms(),
        );
        self.shared.perform(&mut inner, actions, None);
        for state in &sync.jobs {
            let key = JobKey {
                project: state.project,
                job: state.job,
            };
            let current = inner.scheduler.running().any(|(running, lane, attempt, _)| {
                running == key && lane == name && attempt == state.attempt
            });
            if !current {
                continue;
            }
            match &state.exit {
                Some(_) => self.worker_job_ended(&mut inner, key, state),
                None => {
                    inner.scheduler.step(Event::Beat { key }, now_ms());
                }
            }
        }
        let run = self.orders(&inner, name);
        let mine = inner.scheduler.running().filter(|(_, lane, _, _)| *lane == name);
        let stop = mine
            .filter(|(key, ..)| inner.scheduler.is_stopping(*key))
            .map(|(key, ..)| StopOrder {
                project: key.project,
                job: key.job,
            })
            .collect();
        Ok(WorkerSyncReply { run, stop })
    }

    fn worker_job_ended(&self, inner: &mut super::Inner, key: JobKey, state: &JobState) {
        let Some(exit) = &state.exit else { return };
        if let Some(why) = &exit.not_started {
            let failure: Failure = explain::not_started(why);
            let outcome = Outcome::Failed(failure.kind);
            let event = Event::Ended {
                key,
                attempt: state.attempt,
                outcome,
            };
            let actions = inner.scheduler.step(event, now_ms());
            self.shared
                .perform(inner, actions, Some((key, super::drive::End::Failure(failure))));
            return;
        }
        let exit = Exit {
            code: exit.code,
            signal: exit.signal,
            out_of_memory: exit.out_of_memory,
            peak_memory_bytes: 0,
            log_tail: exit.log_tail.clone(),
        };
        self.shared.settle(inner, key, state.attempt, Some(&exit));
    }

    /// What a worker should run.
    fn orders(&self, inner: &super::Inner, name: &str) -> Vec<JobOrder> {
        let mine = inner.scheduler.running().filter(|(_, lane, _, _)| *lane == name);
        mine.filter_map(|(key, _, attempt, cores)| {
            let directory = inner.project(key.project).ok()?.dir.path().display().to_string();
            let known = self.shared.record(key).ok()?;
            (known.status != JobStatus::Queued).then_some(JobOrder {
                project: key.project,
                directory,
                job: key.job,
                attempt,
                cores,
            })
        })
        .collect()
    }
}
