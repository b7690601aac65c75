//! Health and version.

use serde::{Deserialize, Serialize};

/// `GET /health`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Health {
    /// `ok`, or `degraded` with the reasons below.
    pub status: String,
    /// What is wrong, one sentence each.
    pub problems: Vec<String>,
}

/// `GET /version`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct VersionInfo {
    /// Version of the server.
    pub version: String,
    /// Version of the API.
    pub api: u32,
}
