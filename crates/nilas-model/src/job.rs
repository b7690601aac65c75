//! Jobs: record, connections, results and the state machine.
//!
//! Who writes what in a job directory `<project>/J<n>/`:
//!
//! | file | writer | content |
//! |---|---|---|
//! | `job.json` | the master (or `nilas run`) | [`JobRecord`]: what was asked for and the state as the master knows it |
//! | `events.jsonl`, `figures/`, `checkpoint/` | the job process | [`crate::Event`], [`crate::Figure`], state to go on from |
//! | `heartbeat.json` | the job process | [`crate::Heartbeat`]: pid, host, attempt, time; rewritten at least every 5 s |
//! | `staging-<attempt>/` -> `output/` | the job process | results, renamed in one step; `output/result.json` is a [`JobResult`] |
//! | `failure.json` | the job process | [`Failure`], written before a non-zero exit |
//! | `job.log` | the launcher | stdout and stderr of the process |

use crate::ids::{JobId, ProjectId, WorkspaceId};
use crate::spec::DataKind;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Where a job is in its life.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum JobStatus {
    /// Parameters and inputs can be changed.
    Building,
    /// Waits for its inputs or for resources.
    Queued,
    /// Given to a launcher.
    Launched,
    /// The process exists.
    Started,
    /// The process does its work.
    Running,
    /// Waits for a person.
    Waiting,
    /// Results are there.
    Completed,
    /// Stopped with a reason.
    Failed,
    /// Stopped by a person.
    Killed,
}

impl JobStatus {
    /// Nothing more will happen unless a person asks.
    pub fn is_final(self) -> bool {
        matches!(self, JobStatus::Completed | JobStatus::Failed | JobStatus::Killed)
    }

    /// A process exists or is about to.
    pub fn is_active(self) -> bool {
        matches!(
            self,
            JobStatus::Launched | JobStatus::Started | JobStatus::Running | JobStatus::Waiting
        )
    }

    /// Whether the state machine allows this step.
    pub fn may_become(self, next: JobStatus) -> bool {
        use JobStatus::*;
        matches!(
            (self, next),
            (Building, Queued)
                | (Queued, Building | Launched | Killed | Failed)
                | (Launched, Started | Running | Queued | Completed | Failed | Killed)
                | (Started, Running | Queued | Completed | Failed | Killed)
                | (Running, Waiting | Queued | Completed | Failed | Killed)
                | (Waiting, Running | Queued | Completed | Failed | Killed)
                | (Completed | Failed | Killed, Building | Queued)
        )
    }
}

/// Whose fault a failure is; decides whether it is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// The user's input; never retried.
    Input,
    /// Memory, disk or GPU memory was short; retried once with smaller batches.
    Resource,
    /// Node or GPU sick; retried elsewhere.
    Host,
    /// A person stopped it.
    Cancelled,
    /// A defect of Nilas.
    Bug,
}

/// Why a job failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Failure {
    /// Whose fault it is.
    pub kind: FailureKind,
    /// What happened, with file, place and numbers.
    pub message: String,
    /// What to do next.
    pub hint: String,
    /// `params.x` or `inputs.y` when one of them is to blame.
    #[serde(default)]
    pub field: Option<String>,
}

/// A connection: an output of another job of the same project.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
pub struct InputRef {
    /// The job that makes it.
    pub job: JobId,
    /// Name of its output.
    pub output: String,
}

/// One slot (column group) of an output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SlotRecord {
    /// Slot name = column prefix (`blob`, `ctf`, `alignments3D`, `map`, `map_half_A`).
    pub name: String,
    /// Slot type, for example `particle.blob` or `volume.blob`.
    pub dtype: String,
    /// `.cs` file with its columns, relative to the project directory.
    pub metafile: String,
    /// Taken over unchanged from an input.
    #[serde(default)]
    pub passthrough: bool,
}

/// One output of a finished job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OutputRecord {
    /// Name, for example `particles` or `volume_0`.
    pub name: String,
    /// What it holds.
    pub kind: DataKind,
    /// Heading.
    pub title: String,
    /// Rows.
    pub count: u64,
    /// Slots.
    pub slots: Vec<SlotRecord>,
    /// Data files that belong to it (maps, stacks written by this job), relative to the project directory.
    #[serde(default)]
    pub files: Vec<String>,
    /// One-line description, for example `128 px, 2.2 Å/px`.
    #[serde(default)]
    pub summary: String,
}

/// `output/result.json`: written by the job process as part of the atomic step that makes it completed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct JobResult {
    /// Outputs.
    pub outputs: Vec<OutputRecord>,
    /// Named numbers with the unit as suffix, for example `resolution_angstrom`.
    pub statistics: BTreeMap<String, f64>,
    /// Wall-clock seconds, all attempts together.
    pub wall_s: f64,
    /// Processor seconds of the last attempt.
    pub cpu_s: f64,
    /// Peak resident memory of the last attempt, bytes.
    pub peak_memory_bytes: u64,
    /// Parameters with everything automatic resolved.
    #[schema(value_type = Object)]
    pub resolved_params: Map<String, Value>,
    /// Version of the program that wrote it.
    pub version: String,
}

/// `job.json`: what was asked for, and the state as the master knows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct JobRecord {
    /// Id within the project.
    pub id: JobId,
    /// The project.
    pub project: ProjectId,
    /// Workspace that shows it.
    pub workspace: WorkspaceId,
    /// Type name, for example `refine_homogeneous`.
    pub job_type: String,
    /// Title; empty shows the type's.
    #[serde(default)]
    pub title: String,
    /// Free text.
    #[serde(default)]
    pub description: String,
    /// The parameters that a person set; all others are the defaults.
    #[schema(value_type = Object)]
    pub params: Map<String, Value>,
    /// Connections by input name.
    pub inputs: BTreeMap<String, Vec<InputRef>>,
    /// Where it is in its life.
    pub status: JobStatus,
    /// Why it failed.
    #[serde(default)]
    pub failure: Option<Failure>,
    /// Lane that it was queued on.
    #[serde(default)]
    pub lane: Option<String>,
    /// Number of the current or last try, from 1; 0 before the first.
    #[serde(default)]
    pub attempt: u32,
    /// Milliseconds since the Unix epoch.
    pub created_ms: u64,
    /// When it was queued last.
    #[serde(default)]
    pub queued_ms: Option<u64>,
    /// When its process began last.
    #[serde(default)]
    pub started_ms: Option<u64>,
    /// When it ended last.
    #[serde(default)]
    pub finished_ms: Option<u64>,
    /// Who made it (e-mail).
    #[serde(default)]
    pub created_by: String,
    /// Result, once completed (copied from `output/result.json`).
    #[serde(default)]
    pub result: Option<JobResult>,
}
