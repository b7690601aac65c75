//! `heartbeat.json`: the sign of life of a job process.

use serde::{Deserialize, Serialize};

/// Content of `heartbeat.json` in a job directory, written aside and renamed at least every 5 s.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Heartbeat {
    /// Process id on `host`.
    pub pid: u32,
    /// Host name.
    pub host: String,
    /// The try that this process is, from 1.
    pub attempt: u32,
    /// Milliseconds since the Unix epoch.
    pub time_ms: u64,
}
