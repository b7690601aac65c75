//! Jobs.

use nilas_model::{Event, InputRef, JobRecord, Problem, Progress, WorkspaceId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A job with what the server knows beyond its record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct JobInfo {
    /// The record, as in `job.json`.
    #[serde(flatten)]
    pub record: JobRecord,
    /// Why a queued job has not started, for the reader.
    #[serde(default)]
    pub waiting_for: Option<String>,
    /// Latest progress of a running job.
    #[serde(default)]
    pub progress: Option<Progress>,
    /// Title to show: the record's, or that of the type.
    pub display_title: String,
    /// The job has state from which a restart would go on.
    #[serde(default)]
    pub has_checkpoint: bool,
}

/// `POST /projects/{p}/jobs`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
pub struct NewJob {
    /// Type name, for example `refine_homogeneous`.
    pub job_type: String,
    /// Workspace; the project's first if absent.
    #[serde(default)]
    pub workspace: Option<WorkspaceId>,
    /// Title; the type's is shown if empty.
    #[serde(default)]
    pub title: String,
    /// Free text.
    #[serde(default)]
    pub description: String,
    /// Parameters that differ from their defaults. A draft may hold wrong ones; queueing checks them.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub params: Map<String, Value>,
    /// Connections by input name.
    #[serde(default)]
    pub inputs: BTreeMap<String, Vec<InputRef>>,
}

/// `PATCH /projects/{p}/jobs/{j}`: absent fields stay. Parameters and inputs only change while the job is building.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PatchJob {
    /// New title.
    #[serde(default)]
    pub title: Option<String>,
    /// New description.
    #[serde(default)]
    pub description: Option<String>,
    /// Workspace to move to.
    #[serde(default)]
    pub workspace: Option<WorkspaceId>,
    /// All parameters that differ from their defaults (replaces the old set).
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub params: Option<Map<String, Value>>,
    /// All connections (replaces the old set).
    #[serde(default)]
    pub inputs: Option<BTreeMap<String, Vec<InputRef>>>,
}

/// `POST .../queue`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
pub struct QueueJob {
    /// Lane; the server's own machine (`local`) if absent.
    #[serde(default)]
    pub lane: Option<String>,
}

/// `POST .../clone`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CloneJob {
    /// Workspace of the copy; that of the original if absent.
    #[serde(default)]
    pub workspace: Option<WorkspaceId>,
    /// Title of the copy; that of the original if absent.
    #[serde(default)]
    pub title: Option<String>,
}

/// `POST .../restart`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RestartJob {
    /// Throw the checkpoint away and begin anew.
    #[serde(default)]
    pub from_scratch: bool,
    /// Lane; that of the last time if absent.
    #[serde(default)]
    pub lane: Option<String>,
}

/// `GET .../events?after=SEQ`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct EventsPage {
    /// Events with a number above `after`, oldest first.
    pub events: Vec<Event>,
    /// There are more: ask again with `after` = the last number of this page.
    pub more: bool,
}

/// Answer of `POST .../check`: all problems that queueing would report.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CheckReport {
    /// The problems; none when the job can be queued.
    pub problems: Vec<Problem>,
}
