//! Looking at running jobs, settling those that ended, and doing what the scheduler says.

use super::{Inner, LOCAL, Live, Shared, events_file, explain};
use nilas_api::ServerEvent;
use nilas_launch::{Exit, Launcher, Order};
use nilas_model::{EventKind, Failure, FailureKind, JobResult, JobStatus};
use nilas_scheduler::{Action, Event, JobKey, Outcome};
use nilas_store::events::EventReader;
use nilas_store::{Observation, now_ms, observe};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How often listeners hear of a job's progress.
const TELL: Duration = Duration::from_millis(500);
/// How often the locks of project directories are refreshed.
const REFRESH_MS: u64 = 20_000;
/// Most events that are read from one job at a time.
const PIECE: usize = 500;

impl Shared {
    /// One look at everything that runs.
    pub(super) fn tick(&self) {
        let ended = self.launcher().poll();
        let mut inner = self.lock();
        for (order, exit) in ended {
            let key = JobKey {
                project: order.project,
                job: order.job,
            };
            self.settle(&mut inner, key, order.attempt, Some(&exit));
        }
        let running: Vec<(JobKey, u32)> = inner
            .scheduler
            .running()
            .map(|(key, _, attempt, _)| (key, attempt))
            .collect();
        for (key, attempt) in running {
            self.look(&mut inner, key, attempt);
        }
        let actions = inner.scheduler.step(Event::Tick, now_ms());
        self.perform(&mut inner, actions, None);
        self.refresh_locks(&mut inner);
    }

    fn refresh_locks(&self, inner: &mut Inner) {
        let Inner { open, complaints, .. } = inner;
        for (id, project) in open {
            if project.lock.age_ms() < REFRESH_MS {
                continue;
            }
            let name = format!("lock {id}");
            match project.lock.refresh() {
                Ok(()) => complaints.remove(&name),
                Err(error) => complaints.insert(name, error.to_string()),
            };
        }
    }

    /// Begin to follow a job's event log; what is already in it has been told before if `from_end`.
    pub(super) fn follow(&self, inner: &mut Inner, key: JobKey, from_end: bool) {
        let Ok(job_dir) = self.job_dir(inner, key) else {
            return;
        };
        let mut reader = EventReader::open(&events_file(&job_dir));
        let mut progress = None;
        if from_end {
            while let Ok(events) = reader.read_new(PIECE)
                && !events.is_empty()
            {
                for event in events {
                    if let EventKind::Progress(latest) = event.kind {
                        progress = Some(latest);
                    }
                }
            }
        }
        inner.live.insert(
            key,
            Live {
                reader,
                progress,
                beat_ms: 0,
                told: Instant::now(),
            },
        );
    }

    /// New events and signs of life of a running job.
    fn look(&self, inner: &mut Inner, key: JobKey, attempt: u32) {
        let Ok(job_dir) = self.job_dir(inner, key) else {
            return;
        };
        self.read_events(inner, key);
        let beat = observe::heartbeat(&job_dir).filter(|beat| beat.attempt == attempt);
        let Some(live) = inner.live.get_mut(&key) else {
            return;
        };
        let Some(beat) = beat.filter(|beat| beat.time_ms != live.beat_ms) else {
            return;
        };
        let first = live.beat_ms == 0;
        live.beat_ms = beat.time_ms;
        let actions = inner.scheduler.step(Event::Beat { key }, now_ms());
        self.perform(inner, actions, None);
        if first
            && let Ok(mut record) = self.record(key)
            && matches!(record.status, JobStatus::Launched | JobStatus::Started)
        {
            record.status = JobStatus::Running;
            self.save_or_log(inner, &record);
        }
    }

    fn read_events(&self, inner: &mut Inner, key: JobKey) {
        let Some(live) = inner.live.get_mut(&key) else {
            return;
        };
        let Ok(events) = live.reader.read_new(PIECE) else {
            return;
        };
        let mut moved = false;
        for event in &events {
            if let EventKind::Progress(progress) = &event.kind {
                live.progress = Some(progress.clone());
                moved = true;
            }
        }
        let tell = moved && live.told.elapsed() >= TELL;
        if tell {
            live.told = Instant::now();
        }
        if !events.is_empty() {
            self.tell(ServerEvent::Log {
                project: key.project,
                job: key.job,
                events,
            });
        }
        if tell && let Ok(record) = self.record(key) {
            self.tell(ServerEvent::Job {
                job: Box::new(self.info(inner, record)),
            });
        }
    }

    /// A process ended (`exit`), or is known to be gone (`None`): find out from the job's files what became of it.
    pub(super) fn settle(&self, inner: &mut Inner, key: JobKey, attempt: u32, exit: Option<&Exit>) {
        let Ok(project) = inner.project(key.project) else {
            return;
        };
        let has_checkpoint = project.dir.has_checkpoint(key.job);
        let job_dir = project.dir.job_dir(key.job);
        for _ in 0..1000 {
            let before = inner.live.get(&key).map(|live| live.reader.clone());
            self.read_events(inner, key);
            let after = inner.live.get(&key).map(|live| live.reader.clone());
            if before == after {
                break;
            }
        }
        let (outcome, end) = match Observation::of(&job_dir) {
            Ok(Observation {
                result: Some(result), ..
            }) => (Outcome::Completed, End::Result(Box::new(result))),
            Ok(Observation {
                failure: Some(failure),
                ..
            }) => (Outcome::Failed(failure.kind), End::Failure(failure)),
            Ok(_) => {
                let failure = explain::explain(exit, has_checkpoint);
                (Outcome::Failed(failure.kind), End::Failure(failure))
            }
            Err(error) => {
                let failure = Failure {
                    kind: FailureKind::Bug,
                    message: error.to_string(),
                    hint: error.hint(),
                    field: None,
                };
                (Outcome::Failed(failure.kind), End::Failure(failure))
            }
        };
        let actions = inner.scheduler.step(
            Event::Ended {
                key,
                attempt,
                outcome,
            },
            now_ms(),
        );
        self.perform(inner, actions, Some((key, end)));
    }

    /// Do what the scheduler says. `cause` is how the job ended whose end led to these actions.
    pub(super) fn perform(&self, inner: &mut Inner, actions: Vec<Action>, cause: Option<(JobKey, End)>) {
        let mut todo: VecDeque<(Action, Option<End>)> = VecDeque::new();
        let mut cause = cause;
        let changed = !actions.is_empty();
        for action in actions {
            let own = match &action {
                Action::Retry { key, .. } | Action::Finish { key, .. }
                    if cause.as_ref().is_some_and(|c| c.0 == *key) =>
                {
                    cause.take().map(|(_, end)| end)
                }
                _ => None,
            };
            todo.push_back((action, own));
        }
        while let Some((action, end)) = todo.pop_front() {
            match action {
                Action::Start {
                    key,
                    lane,
                    attempt,
                    cores,
                } => {
                    if let Err(why) = self.begin(inner, key, &lane, attempt, cores) {
                        let failure = explain::not_started(&why);
                        let outcome = Outcome::Failed(failure.kind);
                        let more = inner.scheduler.step(
                            Event::Ended {
                                key,
                                attempt,
                                outcome,
                            },
                            now_ms(),
                        );
                        let mut end = Some(End::Failure(failure));
                        for action in more {
                            let own = matches!(&action, Action::Retry { key: k, .. } | Action::Finish { key: k, .. } if *k == key);
                            todo.push_back((action, if own { end.take() } else { None }));
                        }
                    }
                }
                Action::Stop { key } => self.launcher().cancel((key.project, key.job)),
                Action::Retry { key, lost, .. } => {
                    inner.live.remove(&key);
                    self.change(inner, key, |record| {
                        record.status = JobStatus::Queued;
                        record.failure = failure_of(end, lost, record.lane.as_deref());
                    });
                }
                Action::Finish { key, outcome, lost } => {
                    inner.live.remove(&key);
                    self.change(inner, key, |record| {
                        record.finished_ms = Some(now_ms());
                        match (outcome, end) {
                            (Some(Outcome::Completed), Some(End::Result(result))) => {
                                record.status = JobStatus::Completed;
                                record.failure = None;
                                record.result = Some(*result);
                            }
                            (None, _) => {
                                record.status = JobStatus::Killed;
                                record.failure = None;
                            }
                            (_, end) => {
                                record.status = JobStatus::Failed;
                                record.failure = failure_of(end, lost, record.lane.as_deref());
                            }
                        }
                    });
                }
            }
        }
        if changed {
            self.tell(ServerEvent::Lanes);
            self.tell_waiting(inner);
        }
    }

    /// Start a try: the record first, then the process.
    fn begin(
        &self,
        inner: &mut Inner,
        key: JobKey,
        lane: &str,
        attempt: u32,
        cores: u32,
    ) -> Result<(), String> {
        let dir = inner.project(key.project).map_err(|e| e.message)?.dir.clone();
        let mut record = self.record(key).map_err(|e| e.message)?;
        dir.prepare_attempt(key.job).map_err(|e| e.to_string())?;
        record.status = JobStatus::Launched;
        record.attempt = attempt;
        record.lane = Some(lane.to_owned());
        record.started_ms = Some(now_ms());
        record.finished_ms = None;
        self.follow(inner, key, true);
        if let Some(live) = inner.live.get_mut(&key) {
            live.progress = None;
        }
        self.save(inner, &record).map_err(|e| e.message)?;
        // Another lane's worker asks for its orders by itself.
        if lane == LOCAL {
            let directory = dir.path().to_owned();
            let order = Order {
                project: key.project,
                directory,
                job: key.job,
                attempt,
                cores,
            };
            self.launcher().submit(&order).map_err(|e| e.to_string())?;
            record.status = JobStatus::Started;
            self.save_or_log(inner, &record);
        }
        Ok(())
    }

    /// Change a record and write it down.
    fn change(&self, inner: &mut Inner, key: JobKey, change: impl FnOnce(&mut nilas_model::JobRecord)) {
        match self.record(key) {
            Ok(mut record) => {
                change(&mut record);
                self.save_or_log(inner, &record);
            }
            Err(error) => tracing::error!(job = %key.job, project = %key.project, "{error}"),
        }
    }

    /// A record that can't be written now (disk full) is still right in the index; the files that the job itself
    /// wrote say the same when the project is opened next.
    fn save_or_log(&self, inner: &mut Inner, record: &nilas_model::JobRecord) {
        let name = format!("record {} {}", record.project, record.id);
        match self.save(inner, record) {
            Ok(()) => {
                inner.complaints.remove(&name);
            }
            Err(error) => {
                tracing::error!(job = %record.id, project = %record.project, "{error}");
                inner.complaints.insert(name, error.message);
                if self.index.put_job(record).is_ok() {
                    self.tell(ServerEvent::Job {
                        job: Box::new(self.info(inner, record.clone())),
                    });
                }
            }
        }
    }

    /// Tell listeners of queued jobs whose reason to wait has changed.
    fn tell_waiting(&self, inner: &mut Inner) {
        let waiting: Vec<JobKey> = inner.scheduler.waiting().collect();
        inner.reasons.retain(|key, _| waiting.contains(key));
        for key in waiting {
            let Ok(record) = self.record(key) else { continue };
            let info = self.info(inner, record);
            let reason = info.waiting_for.clone().unwrap_or_default();
            if inner.reasons.get(&key) != Some(&reason) {
                inner.reasons.insert(key, reason);
                self.tell(ServerEvent::Job { job: Box::new(info) });
            }
        }
    }
}

/// What a job left behind.
pub(super) enum End {
    Result(Box<JobResult>),
    Failure(Failure),
}

fn failure_of(end: Option<End>, lost: bool, lane: Option<&str>) -> Option<Failure> {
    match end {
        Some(End::Failure(failure)) => Some(failure),
        _ if lost => Some(explain::lost(lane.unwrap_or(LOCAL))),
        _ => None,
    }
}
