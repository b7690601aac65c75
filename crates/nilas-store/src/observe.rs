//! What a job's directory says about its process.

use crate::{StoreError, atomic};
use nilas_model::{Failure, Heartbeat, JobResult};
use std::path::Path;

/// What the job process has left behind so far.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Observation {
    /// `output/result.json`: the job is complete.
    pub result: Option<JobResult>,
    /// `failure.json`: the job said why it stopped.
    pub failure: Option<Failure>,
    /// `heartbeat.json`.
    pub heartbeat: Option<Heartbeat>,
}

impl Observation {
    /// Look at a job directory.
    pub fn of(job_dir: &Path) -> Result<Self, StoreError> {
        Ok(Observation {
            result: atomic::read_json(&job_dir.join("output").join("result.json"))?,
            failure: atomic::read_json(&job_dir.join("failure.json"))?,
            heartbeat: heartbeat(job_dir),
        })
    }
}

/// The latest sign of life; one that can't be read is none.
pub fn heartbeat(job_dir: &Path) -> Option<Heartbeat> {
    atomic::read_json(&job_dir.join("heartbeat.json")).ok().flatten()
}
