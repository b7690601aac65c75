//! What a worker and the master tell each other. The worker always asks; the master never dials.
//!
//! The exchange is about states, not about messages: each time the worker says which job processes it
//! has and the master answers which it should have, so that a lost request is repaired by the next one.

use nilas_model::{JobId, ProjectId};
use serde::{Deserialize, Serialize};

/// `POST /workers`: a worker says hello.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct WorkerHello {
    /// Lane name; letters, digits, `-`, `_` and `.`.
    pub name: String,
    /// Host name.
    pub host: String,
    /// Processor cores that jobs may use.
    pub cores: u32,
    /// Memory that jobs may use, bytes.
    pub memory_bytes: u64,
    /// Version of the worker's program.
    pub version: String,
}

/// Answer to a hello.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct WorkerWelcome {
    /// Seconds between exchanges.
    pub sync_every_s: f64,
    /// Jobs that the master believes to run on this lane; the worker adopts those whose process lives.
    pub adopt: Vec<JobOrder>,
}

/// A job that a worker should run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct JobOrder {
    /// Project id on the master.
    pub project: ProjectId,
    /// Project directory on the shared file system.
    pub directory: String,
    /// Job.
    pub job: JobId,
    /// The try, from 1.
    pub attempt: u32,
    /// Processor cores that it may use.
    pub cores: u32,
}

/// A process of a worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct JobState {
    /// Project id on the master.
    pub project: ProjectId,
    /// Job.
    pub job: JobId,
    /// The try.
    pub attempt: u32,
    /// How it ended; absent while it runs. Repeated until the master no longer expects the job.
    #[serde(default)]
    pub exit: Option<ExitReport>,
}

/// How a job process ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ExitReport {
    /// Exit code, if it ended by itself and the worker was its parent.
    #[serde(default)]
    pub code: Option<i32>,
    /// Signal that ended it.
    #[serde(default)]
    pub signal: Option<i32>,
    /// The kernel ended it because memory ran out.
    #[serde(default)]
    pub out_of_memory: bool,
    /// It could not be started: why.
    #[serde(default)]
    pub not_started: Option<String>,
    /// The job's own last words (from `job.log`), for a process that died without a word in `failure.json`.
    #[serde(default)]
    pub log_tail: String,
}

/// `POST /workers/{name}/sync`: what the worker has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct WorkerSync {
    /// Its processes, running and ended.
    pub jobs: Vec<JobState>,
}

/// Answer to a sync: what the worker should have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct WorkerSyncReply {
    /// Jobs that should run; those that it doesn't have are started.
    pub run: Vec<JobOrder>,
    /// Jobs that should be stopped.
    pub stop: Vec<StopOrder>,
}

/// A job process that should end: asked first, killed with all its children 8 s later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct StopOrder {
    /// Project id on the master.
    pub project: ProjectId,
    /// Job.
    pub job: JobId,
}
