//! Starting job processes: submit, status, cancel. Each kind of place is one file; so far [`local`].

pub mod local;
mod process;

pub use local::LocalLauncher;
pub use process::host_name;

use nilas_model::{JobId, ProjectId};
use std::path::PathBuf;

/// Which job, across all projects.
pub type Key = (ProjectId, JobId);

/// A try of a job that should run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The project.
    pub project: ProjectId,
    /// The project's directory.
    pub directory: PathBuf,
    /// The job.
    pub job: JobId,
    /// Which try, from 1.
    pub attempt: u32,
    /// Cores that it may use.
    pub cores: u32,
}

impl Order {
    /// Which job.
    pub fn key(&self) -> Key {
        (self.project, self.job)
    }

    /// The job's directory.
    pub fn job_dir(&self) -> PathBuf {
        self.directory.join(self.job.to_string())
    }
}

/// How a job process ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exit {
    /// Exit code, if it is known and the process ended by itself.
    pub code: Option<i32>,
    /// Signal that ended it, if known.
    pub signal: Option<i32>,
    /// The kernel ended it because memory ran out.
    pub out_of_memory: bool,
    /// Largest resident memory that was seen, bytes; 0 if it was never looked at.
    pub peak_memory_bytes: u64,
    /// Last lines of its output.
    pub log_tail: String,
}

/// State of a job process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// It lives.
    Running,
    /// It has ended.
    Ended(Exit),
}

/// A job could not be started.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// A process of an earlier try still lives.
    #[error("a process of {job} is still running (its lock {} is held)", lock.display())]
    StillRunning {
        /// The job.
        job: JobId,
        /// The lock that it holds.
        lock: PathBuf,
    },
    /// The system refused.
    #[error("{action} {}: {source}", path.display())]
    Io {
        /// What was being done.
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// A place where job processes can be started.
pub trait Launcher {
    /// Start a try. A second process of the same job is refused.
    fn submit(&mut self, order: &Order) -> Result<(), LaunchError>;

    /// How the job's process is; `None` if this launcher knows no such job. An ended one is forgotten once told.
    fn status(&mut self, key: Key) -> Option<Status>;

    /// Ask the job's process to end; it is killed with all its children if it takes too long.
    fn cancel(&mut self, key: Key);
}
