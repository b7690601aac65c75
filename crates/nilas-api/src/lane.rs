//! Lanes: where jobs run.

use nilas_model::{JobId, ProjectId};
use serde::{Deserialize, Serialize};

/// How a lane reaches its machines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LaneKind {
    /// Processes on the server's own machine.
    Local,
    /// A worker that dialled in.
    Worker,
}

/// A lane with what runs on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LaneInfo {
    /// Name to queue on.
    pub name: String,
    /// How it is reached.
    pub kind: LaneKind,
    /// Host name.
    pub host: String,
    /// Processor cores for jobs.
    pub cores: u32,
    /// Memory for jobs, bytes.
    pub memory_bytes: u64,
    /// It takes jobs now.
    pub connected: bool,
    /// When it was last heard of, milliseconds since the Unix epoch.
    pub last_seen_ms: u64,
    /// Jobs that run or are being started on it.
    pub running: Vec<LaneJob>,
    /// Jobs that wait for it.
    pub queued: u64,
}

/// A job on a lane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LaneJob {
    /// Project.
    pub project: ProjectId,
    /// Job.
    pub job: JobId,
}
