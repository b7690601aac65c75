//! Pure scheduling: [`State::step`] takes an event and the time and says what to do. No I/O, no clock.
//!
//! The rules: jobs start in the order in which they were queued, lane by lane, once all their inputs are
//! complete; a lane never runs more than it has room for; a failure is tried again or not by its kind.

mod place;
mod why;

#[cfg(test)]
mod stories;

use nilas_model::{FailureKind, JobId, ProjectId};
use std::collections::{BTreeMap, BTreeSet};

/// Tries after a failure of host or node, beyond the first try.
pub const HOST_RETRIES: u32 = 3;
/// Tries after a shortage of memory or disk, beyond the first try.
pub const RESOURCE_RETRIES: u32 = 1;
/// A lane that has not been heard of for so long takes no jobs.
pub const LANE_SILENT_MS: u64 = 20_000;
/// A job on a silent lane that has shown no sign of life for so long is lost.
pub const JOB_LOST_MS: u64 = 60_000;
/// Wait before the first retry after a host failure; doubles each time.
pub const RETRY_WAIT_MS: u64 = 1_000;

/// A job of one of the server's projects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobKey {
    /// The project.
    pub project: ProjectId,
    /// The job.
    pub job: JobId,
}

/// What a job needs of its lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Little: reads metadata and runs beside others.
    Light,
    /// Processor cores and memory.
    Heavy {
        /// Cores; `None` for all of the lane.
        cores: Option<u32>,
        /// Memory in bytes; 0 when unknown.
        memory_bytes: u64,
    },
}

/// A lane: a place where jobs run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lane {
    /// Cores for heavy jobs.
    pub cores: u32,
    /// Memory for jobs, bytes.
    pub memory_bytes: u64,
    /// Light jobs that may run beside the heavy ones.
    pub light: u32,
    /// When it was heard of last; `None` for the master's own machine, which is always there.
    pub seen_ms: Option<u64>,
    /// It takes jobs.
    pub connected: bool,
}

/// A job that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Waiting {
    key: JobKey,
    order: u64,
    lane: String,
    need: Need,
    after: BTreeSet<JobKey>,
    attempt: u32,
    retries: Retries,
    not_before_ms: u64,
}

/// A job that runs or is being started.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Running {
    order: u64,
    lane: String,
    need: Need,
    cores: u32,
    attempt: u32,
    retries: Retries,
    beat_ms: u64,
    stopping: bool,
}

/// Retries that were used up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Retries {
    host: u32,
    resource: u32,
}

/// How a try ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The results are there.
    Completed,
    /// It failed.
    Failed(FailureKind),
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A lane is there, or its size changed.
    LaneUp {
        /// Its name.
        name: String,
        /// Its size.
        lane: Lane,
    },
    /// A lane was heard of.
    LaneSeen {
        /// Its name.
        name: String,
    },
    /// A person queued a job.
    Submit {
        /// The job.
        key: JobKey,
        /// Where it should run.
        lane: String,
        /// What it needs.
        need: Need,
        /// Inputs that are not complete yet.
        after: BTreeSet<JobKey>,
        /// Number of its last try; 0 before the first.
        attempt: u32,
    },
    /// A job was found running when the master started.
    Adopt {
        /// The job.
        key: JobKey,
        /// Where it runs.
        lane: String,
        /// What it needs.
        need: Need,
        /// Number of this try.
        attempt: u32,
    },
    /// A running job showed a sign of life.
    Beat {
        /// The job.
        key: JobKey,
    },
    /// A try ended. Ignored if another try is current.
    Ended {
        /// The job.
        key: JobKey,
        /// Which try.
        attempt: u32,
        /// How.
        outcome: Outcome,
    },
    /// A person wants the job stopped.
    Kill {
        /// The job.
        key: JobKey,
    },
    /// A person took a waiting job out of the queue.
    Withdraw {
        /// The job.
        key: JobKey,
    },
    /// Time passed.
    Tick,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Start a try.
    Start {
        /// The job.
        key: JobKey,
        /// Where.
        lane: String,
        /// Which try.
        attempt: u32,
        /// Cores that it may use.
        cores: u32,
    },
    /// Stop a running job.
    Stop {
        /// The job.
        key: JobKey,
    },
    /// The try ended and the job waits for another one.
    Retry {
        /// The job.
        key: JobKey,
        /// Why the try failed.
        kind: FailureKind,
        /// It was given up because nothing was heard of it.
        lost: bool,
    },
    /// The job is at its end.
    Finish {
        /// The job.
        key: JobKey,
        /// How; `None` when a person stopped it.
        outcome: Option<Outcome>,
        /// It was given up because nothing was heard of it.
        lost: bool,
    },
}

/// Everything that the scheduler knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    lanes: BTreeMap<String, Lane>,
    waiting: Vec<Waiting>,
    running: BTreeMap<JobKey, Running>,
    next_order: u64,
}

impl State {
    /// Take an event in and say what to do about it.
    pub fn step(&mut self, event: Event, now_ms: u64) -> Vec<Action> {
        let mut actions = Vec::new();
        match event {
            Event::LaneUp { name, lane } => {
                // Jobs that were adopted before their lane was known take their room now.
                for job in self
                    .running
                    .values_mut()
                    .filter(|job| job.lane == name && job.cores == 0)
                {
                    job.cores = place::cores_of(job.need, &lane);
                }
                self.lanes.insert(name, lane);
            }
            Event::LaneSeen { name } => {
                if let Some(lane) = self.lanes.get_mut(&name)
                    && lane.seen_ms.is_some()
                {
                    lane.seen_ms = Some(now_ms);
                    lane.connected = true;
                }
            }
            Event::Submit {
                key,
                lane,
                need,
                after,
                attempt,
            } => {
                // Asking twice is no reason to run twice.
                if !self.is_waiting(key) && !self.is_running(key) {
                    let order = self.order();
                    let retries = Retries::default();
                    self.waiting.push(Waiting {
                        key,
                        order,
                        lane,
                        need,
                        after,
                        attempt,
                        retries,
                        not_before_ms: 0,
                    });
                }
            }
            Event::Adopt {
                key,
                lane,
                need,
                attempt,
            } => {
                if !self.is_waiting(key) && !self.is_running(key) {
                    let order = self.order();
                    let cores = self
                        .lanes
                        .get(&lane)
                        .map_or(0, |lane| place::cores_of(need, lane));
                    let retries = Retries::default();
                    let running = Running {
                        order,
                        lane,
                        need,
                        cores,
                        attempt,
                        retries,
                        beat_ms: now_ms,
                        stopping: false,
                    };
                    self.running.insert(key, running);
                }
            }
            Event::Beat { key } => {
                if let Some(job) = self.running.get_mut(&key) {
                    job.beat_ms = now_ms;
                }
            }
            Event::Ended {
                key,
                attempt,
                outcome,
            } => {
                if self.running.get(&key).is_some_and(|job| job.attempt == attempt) {
                    actions.extend(self.end(key, outcome, false, now_ms));
                }
            }
            Event::Kill { key } => {
                if let Some(job) = self.running.get_mut(&key) {
                    job.stopping = true;
                    actions.push(Action::Stop { key });
                } else if self.remove_waiting(key) {
                    actions.push(Action::Finish {
                        key,
                        outcome: None,
                        lost: false,
                    });
                }
            }
            Event::Withdraw { key } => {
                self.remove_waiting(key);
            }
            Event::Tick => actions.extend(self.look_for_lost(now_ms)),
        }
        actions.extend(self.place(now_ms));
        actions
    }

    /// Whether the job waits.
    pub fn is_waiting(&self, key: JobKey) -> bool {
        self.waiting.iter().any(|job| job.key == key)
    }

    /// Whether the job runs, or is being started or stopped.
    pub fn is_running(&self, key: JobKey) -> bool {
        self.running.contains_key(&key)
    }

    /// Whether a person asked the running job to stop.
    pub fn is_stopping(&self, key: JobKey) -> bool {
        self.running.get(&key).is_some_and(|job| job.stopping)
    }

    /// The running jobs: job, lane, try, cores.
    pub fn running(&self) -> impl Iterator<Item = (JobKey, &str, u32, u32)> {
        self.running
            .iter()
            .map(|(key, job)| (*key, job.lane.as_str(), job.attempt, job.cores))
    }

    /// The lanes.
    pub fn lanes(&self) -> impl Iterator<Item = (&str, &Lane)> {
        self.lanes.iter().map(|(name, lane)| (name.as_str(), lane))
    }

    /// Jobs that wait for a lane.
    pub fn waiting_on(&self, lane: &str) -> usize {
        self.waiting.iter().filter(|job| job.lane == lane).count()
    }

    /// The jobs that wait, in order.
    pub fn waiting(&self) -> impl Iterator<Item = JobKey> {
        self.waiting.iter().map(|job| job.key)
    }

    fn order(&mut self) -> u64 {
        self.next_order += 1;
        self.next_order
    }

    fn remove_waiting(&mut self, key: JobKey) -> bool {
        let before = self.waiting.len();
        self.waiting.retain(|job| job.key != key);
        self.waiting.len() < before
    }

    /// A try is over: finish the job, or line it up again at its old place in the queue.
    fn end(&mut self, key: JobKey, outcome: Outcome, lost: bool, now_ms: u64) -> Vec<Action> {
        let Some(job) = self.running.remove(&key) else {
            return Vec::new();
        };
        if outcome == Outcome::Completed {
            for other in &mut self.waiting {
                other.after.remove(&key);
            }
            return vec![Action::Finish {
                key,
                outcome: Some(outcome),
                lost,
            }];
        }
        if job.stopping {
            return vec![Action::Finish {
                key,
                outcome: None,
                lost,
            }];
        }
        let mut retries = job.retries;
        let (kind, wait_ms) = match outcome {
            Outcome::Failed(FailureKind::Host) if retries.host < HOST_RETRIES => {
                let wait_ms = RETRY_WAIT_MS << retries.host;
                retries.host += 1;
                (FailureKind::Host, wait_ms)
            }
            Outcome::Failed(FailureKind::Resource) if retries.resource < RESOURCE_RETRIES => {
                retries.resource += 1;
                (FailureKind::Resource, 0)
            }
            _ => {
                return vec![Action::Finish {
                    key,
                    outcome: Some(outcome),
                    lost,
                }];
            }
        };
        let again = Waiting {
            key,
            order: job.order,
            lane: job.lane,
            need: job.need,
            after: BTreeSet::new(),
            attempt: job.attempt,
            retries,
            not_before_ms: now_ms.saturating_add(wait_ms),
        };
        let place = self.waiting.partition_point(|other| other.order < again.order);
        self.waiting.insert(place, again);
        vec![Action::Retry { key, kind, lost }]
    }

    fn look_for_lost(&mut self, now_ms: u64) -> Vec<Action> {
        for lane in self.lanes.values_mut() {
            if lane
                .seen_ms
                .is_some_and(|seen| now_ms.saturating_sub(seen) > LANE_SILENT_MS)
            {
                lane.connected = false;
            }
        }
        let lost: Vec<JobKey> = self
            .running
            .iter()
            .filter(|(_, job)| {
                let lane = self.lanes.get(&job.lane);
                let heard = lane.and_then(|lane| lane.seen_ms).unwrap_or(0).max(job.beat_ms);
                !lane.is_some_and(|lane| lane.connected) && now_ms.saturating_sub(heard) > JOB_LOST_MS
            })
            .map(|(key, _)| *key)
            .collect();
        let failed = Outcome::Failed(FailureKind::Host);
        lost.into_iter()
            .flat_map(|key| self.end(key, failed, true, now_ms))
            .collect()
    }
}
