//! The agent on a compute node: says hello, hears which jobs it should run, runs them, tells how they end.
//!
//! It dials the master; nobody needs to reach it. When the master is away, its jobs go on; when the agent
//! itself is restarted, it adopts the job processes that still live.

use nilas_api::{ExitReport, JobOrder, JobState, WorkerHello, WorkerSync, WorkerSyncReply};
use nilas_client::{Client, ClientError};
use nilas_launch::{Exit, Key, LaunchError, Launcher, LocalLauncher, Order};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Wait before the next try when the master does not answer.
const AWAY: Duration = Duration::from_secs(3);
/// How often ended processes are looked for between exchanges.
const LOOK: Duration = Duration::from_millis(100);

/// What a worker offers.
#[derive(Debug, Clone)]
pub struct WorkerSettings {
    /// Lane name.
    pub name: String,
    /// Cores for jobs.
    pub cores: u32,
    /// Memory for jobs, bytes.
    pub memory_bytes: u64,
    /// The `nilas` program, started for each job.
    pub program: PathBuf,
}

/// Why a worker gave up.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// The master refused it.
    #[error("the master refused this worker: {0}")]
    Refused(ClientError),
}

/// A running agent.
pub struct Worker {
    client: Client,
    settings: WorkerSettings,
    launcher: LocalLauncher,
    /// Tries that ended, kept until the master no longer expects them.
    ended: HashMap<Key, (u32, ExitReport)>,
}

impl Worker {
    /// An agent that has not said hello yet.
    pub fn new(client: Client, settings: WorkerSettings) -> Self {
        let launcher = LocalLauncher::new(settings.program.clone());
        Worker {
            client,
            settings,
            launcher,
            ended: HashMap::new(),
        }
    }

    /// Work until `stop` is set. Running jobs go on without the agent.
    ///
    /// # Errors
    /// When the master refuses the worker (wrong token, taken name); a master that is away is waited for.
    pub fn run(mut self, stop: &AtomicBool) -> Result<(), WorkerError> {
        while !stop.load(Ordering::Relaxed) {
            let hello = WorkerHello {
                name: self.settings.name.clone(),
                host: nilas_launch::host_name(),
                cores: self.settings.cores,
                memory_bytes: self.settings.memory_bytes,
                version: env!("CARGO_PKG_VERSION").to_owned(),
            };
            match self.client.worker_hello(&hello) {
                Ok(welcome) => {
                    tracing::info!("connected as lane {}", self.settings.name);
                    for order in &welcome.adopt {
                        self.adopt(order);
                    }
                    let pause = Duration::from_secs_f64(welcome.sync_every_s.clamp(0.1, 30.0));
                    self.exchange(pause, stop);
                }
                Err(refused @ ClientError::Refused(_))
                    if refused.kind().is_some_and(|kind| kind.status() < 500) =>
                {
                    return Err(WorkerError::Refused(refused));
                }
                Err(error) => {
                    tracing::warn!("{error}");
                    sleep(AWAY, stop);
                }
            }
        }
        Ok(())
    }

    /// Exchange with the master until it forgets us (it was restarted) or we should stop.
    fn exchange(&mut self, pause: Duration, stop: &AtomicBool) {
        while !stop.load(Ordering::Relaxed) {
            let began = Instant::now();
            self.collect();
            match self.client.worker_sync(&self.settings.name, &self.state()) {
                Ok(reply) => self.follow(&reply),
                Err(error @ ClientError::Refused(_)) => {
                    tracing::warn!("{error}");
                    sleep(Duration::from_secs(1), stop);
                    return;
                }
                Err(error) => {
                    tracing::warn!("{error}");
                    sleep(AWAY, stop);
                }
            }
            // An end is told at once, not only at the next round.
            while began.elapsed() < pause && !stop.load(Ordering::Relaxed) && !self.collect() {
                std::thread::sleep(LOOK);
            }
        }
    }

    /// Look for ended processes; true if there were any.
    fn collect(&mut self) -> bool {
        let ended = self.launcher.poll();
        let any = !ended.is_empty();
        for (order, exit) in ended {
            tracing::info!("{} of {}: the process has ended", order.job, order.project);
            self.ended.insert(order.key(), (order.attempt, report(exit)));
        }
        any
    }

    fn state(&self) -> WorkerSync {
        let running = self.launcher.running().map(|order| JobState {
            project: order.project,
            job: order.job,
            attempt: order.attempt,
            exit: None,
        });
        let ended = self
            .ended
            .iter()
            .map(|((project, job), (attempt, exit))| JobState {
                project: *project,
                job: *job,
                attempt: *attempt,
                exit: Some(exit.clone()),
            });
        WorkerSync {
            jobs: running.chain(ended).collect(),
        }
    }

    fn follow(&mut self, reply: &WorkerSyncReply) {
        let wanted = |key: Key, attempt: u32| {
            reply
                .run
                .iter()
                .any(|order| (order.project, order.job) == key && order.attempt == attempt)
        };
        self.ended.retain(|key, (attempt, _)| wanted(*key, *attempt));
        let have: HashMap<Key, u32> = self
            .launcher
            .running()
            .map(|order| (order.key(), order.attempt))
            .collect();
        for (key, attempt) in &have {
            // The master has given this try up: it must end before another one may begin.
            if !wanted(*key, *attempt) {
                self.launcher.cancel(*key);
            }
        }
        for stop in &reply.stop {
            self.launcher.cancel((stop.project, stop.job));
        }
        for order in &reply.run {
            let key = (order.project, order.job);
            if !have.contains_key(&key) && !self.ended.contains_key(&key) {
                self.start(order);
            }
        }
    }

    fn start(&mut self, order: &JobOrder) {
        let order = to_order(order);
        match self.launcher.submit(&order) {
            Ok(()) => tracing::info!(
                "{} of {}: started try {}",
                order.job,
                order.project,
                order.attempt
            ),
            Err(LaunchError::StillRunning { .. }) if self.launcher.adopt(&order) => {
                tracing::info!("{} of {}: found running", order.job, order.project);
                // An older try, of an earlier life of this agent, must end before this one may begin.
                if !began_try(&order) {
                    self.launcher.cancel(order.key());
                }
            }
            Err(error) => {
                tracing::error!("{} of {}: {error}", order.job, order.project);
                let exit = ExitReport {
                    not_started: Some(error.to_string()),
                    ..ExitReport::default()
                };
                self.ended.insert(order.key(), (order.attempt, exit));
            }
        }
    }

    /// Take over a job of an earlier life of this agent; one that is gone is told as ended.
    fn adopt(&mut self, order: &JobOrder) {
        let order = to_order(order);
        let key = order.key();
        let known = self.ended.contains_key(&key) || self.launcher.running().any(|known| known.key() == key);
        let begun =
            order.job_dir().join("process.json").exists() || order.job_dir().join("heartbeat.json").exists();
        if !known && !self.launcher.adopt(&order) && begun && began_try(&order) {
            self.ended.insert(key, (order.attempt, ExitReport::default()));
        }
    }
}

/// Whether a process of this very try has existed.
fn began_try(order: &Order) -> bool {
    ["process.json", "heartbeat.json"].iter().any(|name| {
        let text = std::fs::read(order.job_dir().join(name)).unwrap_or_default();
        let value: Option<serde_json::Value> = serde_json::from_slice(&text).ok();
        value.is_some_and(|value| value["attempt"].as_u64() == Some(u64::from(order.attempt)))
    })
}

fn to_order(order: &JobOrder) -> Order {
    Order {
        project: order.project,
        directory: PathBuf::from(&order.directory),
        job: order.job,
        attempt: order.attempt,
        cores: order.cores.max(1),
    }
}

fn report(exit: Exit) -> ExitReport {
    ExitReport {
        code: exit.code,
        signal: exit.signal,
        out_of_memory: exit.out_of_memory,
        not_started: None,
        log_tail: exit.log_tail,
    }
}

fn sleep(time: Duration, stop: &AtomicBool) {
    let until = Instant::now() + time;
    while Instant::now() < until && !stop.load(Ordering::Relaxed) {
        std::thread::sleep(LOOK);
    }
}
