//! A project directory for tests: job records written as the master writes them, jobs run in this process.
#![allow(dead_code, clippy::unwrap_used)]

pub mod contract;

use nilas_jobs::context::{read_json, write_json};
use nilas_jobs::process::{Order, run};
use nilas_model::{
    Event, EventKind, Failure, InputRef, JobId, JobRecord, JobResult, JobStatus, ProjectId, WorkspaceId,
};
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;

pub struct Project {
    _temporary: tempfile::TempDir,
    pub dir: PathBuf,
    next: AtomicU64,
}

impl Project {
    pub fn new() -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let dir = temporary.path().join("project");
        std::fs::create_dir(&dir).unwrap();
        Project {
            dir,
            _temporary: temporary,
            next: AtomicU64::new(1),
        }
    }

    /// Folder beside the project for files to import.
    pub fn outside(&self) -> PathBuf {
        self.dir.parent().unwrap().to_owned()
    }

    /// Writes the record of a job; `inputs` are input name, job, output.
    pub fn add(&self, job_type: &str, params: Value, inputs: &[(&str, JobId, &str)]) -> JobId {
        let id = JobId(self.next.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        let record = record(id, job_type, params, inputs);
        let dir = self.job_dir(id);
        std::fs::create_dir(&dir).unwrap();
        write_json(&dir.join("job.json"), &record).unwrap();
        id
    }

    pub fn job_dir(&self, id: JobId) -> PathBuf {
        self.dir.join(id.to_string())
    }

    pub fn order(&self, id: JobId, attempt: u32) -> Order {
        Order {
            project_dir: self.dir.clone(),
            job: id,
            attempt,
        }
    }

    /// Runs a job to its end in this process.
    pub fn run(&self, id: JobId) -> Result<JobResult, Failure> {
        run(&self.order(id, 1), Arc::new(AtomicBool::new(false)), || {})?;
        read_json(&self.job_dir(id).join("output/result.json"))
    }

    /// Adds and runs a job that must complete.
    pub fn complete(
        &self,
        job_type: &str,
        params: Value,
        inputs: &[(&str, JobId, &str)],
    ) -> (JobId, JobResult) {
        let id = self.add(job_type, params, inputs);
        let result = self
            .run(id)
            .unwrap_or_else(|f| panic!("{job_type} failed: {f:?}"));
        (id, result)
    }

    /// Adds and runs a job that must fail.
    pub fn fail(&self, job_type: &str, params: Value, inputs: &[(&str, JobId, &str)]) -> Failure {
        let id = self.add(job_type, params, inputs);
        let failure = self
            .run(id)
            .err()
            .unwrap_or_else(|| panic!("{job_type} should have failed"));
        assert!(
            !self.job_dir(id).join("output").exists(),
            "a failed job must leave no output"
        );
        let leftovers = std::fs::read_dir(self.job_dir(id))
            .unwrap()
            .filter(|e| {
                e.as_ref()
                    .unwrap()
                    .file_name()
                    .to_string_lossy()
                    .starts_with("staging")
            })
            .count();
        assert_eq!(leftovers, 0, "a failed job must leave no staging directory");
        let written: Failure = read_json(&self.job_dir(id).join("failure.json")).unwrap();
        assert_eq!(written, failure);
        assert!(!failure.message.is_empty() && !failure.hint.is_empty());
        failure
    }

    pub fn events(&self, id: JobId) -> Vec<Event> {
        std::fs::read_to_string(self.job_dir(id).join("events.jsonl"))
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    pub fn figures(&self, id: JobId) -> Vec<String> {
        let ids = self.events(id).into_iter().filter_map(|e| match e.kind {
            EventKind::Figure { id, .. } => Some(id),
            _ => None,
        });
        ids.collect()
    }
}

pub fn record(id: JobId, job_type: &str, params: Value, inputs: &[(&str, JobId, &str)]) -> JobRecord {
    let mut connections = std::collections::BTreeMap::<String, Vec<InputRef>>::new();
    for (name, job, output) in inputs {
        let reference = InputRef {
            job: *job,
            output: (*output).to_owned(),
        };
        connections.entry((*name).to_owned()).or_default().push(reference);
    }
    JobRecord {
        id,
        project: ProjectId(1),
        workspace: WorkspaceId(1),
        job_type: job_type.to_owned(),
        title: String::new(),
        description: String::new(),
        params: params.as_object().cloned().unwrap_or_else(Map::new),
        inputs: connections,
        status: JobStatus::Queued,
        failure: None,
        lane: None,
        attempt: 1,
        created_ms: 0,
        queued_ms: None,
        started_ms: None,
        finished_ms: None,
        created_by: String::new(),
        result: None,
    }
}

/// The folder of real data, or `None` after saying so.
pub fn test_data() -> Option<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let dir = std::env::var_os("NILAS_TEST_DATA").map_or(default, PathBuf::from);
    if dir.is_dir() {
        return Some(dir);
    }
    eprintln!("skipped: no real data at {} (set NILAS_TEST_DATA)", dir.display());
    None
}
