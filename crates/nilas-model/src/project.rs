//! Projects and workspaces, as stored in `project.json` of a project directory.

use crate::ids::{ProjectId, WorkspaceId};
use serde::{Deserialize, Serialize};

/// `project.json`: what a project directory says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ProjectRecord {
    /// Version of the directory layout; this program writes 1.
    pub layout_version: u32,
    /// Id in the instance that wrote it; another instance may give it another one on attach.
    pub id: ProjectId,
    /// Random 128-bit identity in hex that stays with the directory.
    pub identity: String,
    /// Title.
    pub title: String,
    /// Free text.
    #[serde(default)]
    pub description: String,
    /// Milliseconds since the Unix epoch.
    pub created_ms: u64,
    /// E-mail of the owner.
    #[serde(default)]
    pub owner: String,
    /// Workspaces in the order of their creation.
    pub workspaces: Vec<WorkspaceRecord>,
    /// The number that the next job gets.
    pub next_job: u64,
}

/// A workspace: a named view on some of a project's jobs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct WorkspaceRecord {
    /// Id within the project.
    pub id: WorkspaceId,
    /// Title.
    pub title: String,
    /// Free text.
    #[serde(default)]
    pub description: String,
    /// Milliseconds since the Unix epoch.
    pub created_ms: u64,
}
