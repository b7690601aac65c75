//! Projects and workspaces.

use nilas_model::{JobStatus, ProjectRecord};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A project with what the server knows beyond its record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ProjectInfo {
    /// The record, as in `project.json`.
    #[serde(flatten)]
    pub record: ProjectRecord,
    /// The project directory.
    pub path: String,
    /// Why the project can't be used now (directory not mounted, in use by another server); absent when all is well.
    #[serde(default)]
    pub unavailable: Option<String>,
    /// Number of jobs by status.
    #[schema(value_type = BTreeMap<String, u64>)]
    pub jobs: BTreeMap<JobStatus, u64>,
    /// Latest change of any of its jobs, milliseconds since the Unix epoch.
    pub updated_ms: u64,
}

/// `POST /projects`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
pub struct NewProject {
    /// Title.
    pub title: String,
    /// Free text.
    #[serde(default)]
    pub description: String,
    /// Project directory to make (must not exist, or be empty); below the server's own folder for projects if absent.
    #[serde(default)]
    pub path: Option<String>,
}

/// `PATCH /projects/{p}`: absent values stay.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PatchProject {
    /// Title; not empty.
    #[serde(default)]
    pub title: Option<String>,
    /// Free text.
    #[serde(default)]
    pub description: Option<String>,
}

/// `POST /projects/attach`.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AttachProject {
    /// An existing project directory.
    pub path: String,
}

/// Answer to `POST /projects/attach`.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AttachReport {
    /// The project, with the id that it has on this server.
    pub project: ProjectInfo,
    /// Jobs that were read.
    pub jobs: u64,
    /// Directories that look like jobs but could not be read, with the reason.
    pub warnings: Vec<String>,
}

/// `POST /projects/{p}/workspaces`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
pub struct NewWorkspace {
    /// Title.
    pub title: String,
    /// Free text.
    #[serde(default)]
    pub description: String,
}
