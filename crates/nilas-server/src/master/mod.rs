//! The master: owns project directories, decides what runs, and writes down what happened.
//!
//! All changes go through one lock and are written to the project directory first, then to the index,
//! then told to listeners. A thread of its own looks at running jobs several times a second.

mod drive;
mod explain;
mod jobs;
mod lanes;
mod projects;
mod recover;

use crate::error::store;
use nilas_api::{ApiError, ErrorKind, JobInfo, ProjectInfo, ServerEvent};
use nilas_launch::LocalLauncher;
use nilas_model::{JobId, JobRecord, JobSpec, JobStatus, Progress, ProjectId};
use nilas_scheduler::{JobKey, Lane, Need, State};
use nilas_store::events::EventReader;
use nilas_store::{Accounts, Database, DirectoryLock, Index, ProjectDir, now_ms};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::broadcast;

/// Name of the lane of the master's own machine.
pub const LOCAL: &str = "local";
/// How often running jobs are looked at.
const LOOK: Duration = Duration::from_millis(150);

/// How a master works.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The `nilas` program, started for each job.
    pub program: PathBuf,
    /// What other instances are told about this one, for example `nilas server at http://127.0.0.1:8080`.
    pub what: String,
    /// Folder for new projects without a path of their own.
    pub projects_folder: PathBuf,
    /// Cores of this machine for jobs; 0 for a master that runs none itself.
    pub cores: u32,
    /// Cores of one heavy job; all if absent.
    pub job_cores: Option<u32>,
}

impl Settings {
    /// All cores of this machine, and this very program for the jobs.
    pub fn new(what: &str, projects_folder: PathBuf) -> std::io::Result<Self> {
        let cores = std::thread::available_parallelism().map_or(1, |n| u32::try_from(n.get()).unwrap_or(1));
        Ok(Settings {
            program: std::env::current_exe()?,
            what: what.to_owned(),
            projects_folder,
            cores,
            job_cores: None,
        })
    }
}

struct OpenProject {
    dir: ProjectDir,
    lock: DirectoryLock,
}

/// What is followed of a job while it runs.
struct Live {
    reader: EventReader,
    progress: Option<Progress>,
    beat_ms: u64,
    told: Instant,
}

struct Worker {
    hello: nilas_api::WorkerHello,
}

#[derive(Default)]
struct Inner {
    scheduler: State,
    open: HashMap<ProjectId, OpenProject>,
    unavailable: BTreeMap<ProjectId, String>,
    live: HashMap<JobKey, Live>,
    reasons: HashMap<JobKey, String>,
    workers: HashMap<String, Worker>,
    complaints: BTreeMap<String, String>,
}

pub(crate) struct Shared {
    settings: Settings,
    host: String,
    accounts: Accounts,
    index: Index,
    specs: Vec<JobSpec>,
    inner: Mutex<Inner>,
    launcher: Mutex<LocalLauncher>,
    listeners: broadcast::Sender<ServerEvent>,
    stop: AtomicBool,
}

/// The master. Dropping it leaves running jobs alone; the next master adopts them.
pub struct Master {
    shared: Arc<Shared>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Master {
    /// Start a master: open all projects of the database, adopt what still runs, go on with what was queued.
    pub fn start(database: &Database, settings: Settings) -> Result<Self, ApiError> {
        let shared = Arc::new(Shared {
            host: nilas_launch::host_name(),
            accounts: database.accounts(),
            index: database.index(),
            specs: nilas_jobs::registry()
                .iter()
                .map(|job_type| (job_type.spec)())
                .collect(),
            inner: Mutex::new(Inner::default()),
            launcher: Mutex::new(LocalLauncher::new(settings.program.clone())),
            listeners: broadcast::channel(4096).0,
            stop: AtomicBool::new(false),
            settings,
        });
        shared.add_local_lane();
        for project in shared.index.projects().map_err(store)? {
            if let Err(error) = shared.take_in(&project.path) {
                tracing::warn!(project = %project.record.id, "{error}");
                shared.lock().unavailable.insert(project.record.id, error.message);
            }
        }
        let driver = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("master".to_owned())
            .spawn(move || {
                while !driver.stop.load(Ordering::Relaxed) {
                    driver.tick();
                    std::thread::park_timeout(LOOK);
                }
            });
        let thread = thread.map_err(|e| crate::error::internal(format!("no thread for the master: {e}")))?;
        Ok(Master {
            shared,
            thread: Some(thread),
        })
    }

    /// Accounts, sessions and tokens.
    pub fn accounts(&self) -> &Accounts {
        &self.shared.accounts
    }

    /// The job types.
    pub fn job_types(&self) -> &[JobSpec] {
        &self.shared.specs
    }

    /// Hear of changes from now on.
    pub fn listen(&self) -> broadcast::Receiver<ServerEvent> {
        self.shared.listeners.subscribe()
    }

    /// What is wrong with the server at large; empty when all is well.
    pub fn complaints(&self) -> Vec<String> {
        let inner = self.shared.lock();
        let projects = inner.unavailable.iter().map(|(id, why)| format!("{id}: {why}"));
        inner.complaints.values().cloned().chain(projects).collect()
    }
}

impl Drop for Master {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let _ = thread.join();
        }
    }
}

impl Inner {
    fn project(&self, id: ProjectId) -> Result<&OpenProject, ApiError> {
        if let Some(project) = self.open.get(&id) {
            return Ok(project);
        }
        Err(match self.unavailable.get(&id) {
            Some(why) => ApiError::new(
                ErrorKind::Unavailable,
                format!("{id} can't be used now: {why}"),
                "when the cause is gone, attach its directory again",
            ),
            None => crate::error::not_found(format!("there is no project {id}")),
        })
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn launcher(&self) -> MutexGuard<'_, LocalLauncher> {
        self.launcher.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, event: ServerEvent) {
        // Nobody listening is fine.
        let _ = self.listeners.send(event);
    }

    fn spec(&self, job_type: &str) -> Option<&JobSpec> {
        self.specs.iter().find(|spec| spec.name == job_type)
    }

    fn need(&self, job_type: &str) -> Need {
        match self.spec(job_type) {
            Some(spec) if spec.category == "import" => Need::Light,
            _ => Need::Heavy {
                cores: self.settings.job_cores,
                memory_bytes: 0,
            },
        }
    }

    fn add_local_lane(&self) {
        if self.settings.cores > 0 {
            let memory_bytes = machine_memory();
            let lane = Lane {
                cores: self.settings.cores,
                memory_bytes,
                light: 4,
                seen_ms: None,
                connected: true,
            };
            let event = nilas_scheduler::Event::LaneUp {
                name: LOCAL.to_owned(),
                lane,
            };
            self.lock().scheduler.step(event, now_ms());
        }
    }

    /// A record by id.
    fn record(&self, key: JobKey) -> Result<JobRecord, ApiError> {
        let found = self.index.job(key.project, key.job).map_err(store)?;
        found
            .ok_or_else(|| crate::error::not_found(format!("there is no job {} in {}", key.job, key.project)))
    }

    /// Write a record: directory first, then index, then listeners.
    fn save(&self, inner: &Inner, record: &JobRecord) -> Result<(), ApiError> {
        if let Ok(Some(before)) = self.index.job(record.project, record.id)
            && before.status != record.status
            && !before.status.may_become(record.status)
        {
            let (from, to) = (status_word(before.status), status_word(record.status));
            tracing::error!(job = %record.id, project = %record.project, "a job that is {from} can't become {to}");
        }
        inner
            .project(record.project)?
            .dir
            .write_job(record)
            .map_err(store)?;
        self.index.put_job(record).map_err(store)?;
        self.tell(ServerEvent::Job {
            job: Box::new(self.info(inner, record.clone())),
        });
        Ok(())
    }

    /// A record with what is known beyond it.
    fn info(&self, inner: &Inner, record: JobRecord) -> JobInfo {
        let key = JobKey {
            project: record.project,
            job: record.id,
        };
        let waiting_for = match record.status {
            JobStatus::Queued => inner
                .scheduler
                .why(key, now_ms(), |other| match self.record(other) {
                    Ok(other) => format!("{} ({})", other.id, status_word(other.status)),
                    Err(_) => format!("{}, which is gone", other.job),
                }),
            _ => None,
        };
        let progress = if record.status.is_active() {
            inner.live.get(&key).and_then(|live| live.progress.clone())
        } else {
            None
        };
        let display_title = match (record.title.as_str(), self.spec(&record.job_type)) {
            ("", Some(spec)) => spec.title.clone(),
            ("", None) => record.job_type.clone(),
            (title, _) => title.to_owned(),
        };
        let has_checkpoint = matches!(record.status, JobStatus::Failed | JobStatus::Killed)
            && inner
                .open
                .get(&record.project)
                .is_some_and(|project| project.dir.has_checkpoint(record.id));
        JobInfo {
            record,
            waiting_for,
            progress,
            display_title,
            has_checkpoint,
        }
    }

    fn project_info(&self, inner: &Inner, id: ProjectId) -> Result<ProjectInfo, ApiError> {
        let found = self.index.project(id).map_err(store)?;
        let found = found.ok_or_else(|| crate::error::not_found(format!("there is no project {id}")))?;
        let (jobs, updated_ms) = self.index.counts(id).map_err(store)?;
        Ok(ProjectInfo {
            updated_ms: updated_ms.max(found.record.created_ms),
            record: found.record,
            path: found.path.display().to_string(),
            unavailable: inner.unavailable.get(&id).cloned(),
            jobs,
        })
    }

    fn job_dir(&self, inner: &Inner, key: JobKey) -> Result<PathBuf, ApiError> {
        Ok(inner.project(key.project)?.dir.job_dir(key.job))
    }
}

/// A status as it is written in sentences.
pub fn status_word(status: JobStatus) -> &'static str {
    match status {
        JobStatus::Building => "building",
        JobStatus::Queued => "queued",
        JobStatus::Launched => "launched",
        JobStatus::Started => "started",
        JobStatus::Running => "running",
        JobStatus::Waiting => "waiting",
        JobStatus::Completed => "completed",
        JobStatus::Failed => "failed",
        JobStatus::Killed => "killed",
    }
}

/// Memory of this machine, bytes; 0 if unknown.
pub fn machine_memory() -> u64 {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

fn key(project: ProjectId, job: JobId) -> JobKey {
    JobKey { project, job }
}

fn events_file(job_dir: &Path) -> PathBuf {
    job_dir.join("events.jsonl")
}
