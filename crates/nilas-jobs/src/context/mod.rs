//! What a running job has in its hands: its directory, its event log, its checkpoint, its outputs.

mod checkpoint;
mod events;
mod heartbeat;
mod inputs;
mod output;
mod progress;
mod staging;
mod usage;

pub use checkpoint::Fingerprint;
pub use events::EventLog;
pub use heartbeat::{Beat, PATIENCE, Pulse};
pub use inputs::{LoadedMap, read_cube};
pub use output::MapToWrite;
pub(crate) use output::{read_failure, write_failure};
pub use progress::ProgressMeter;
pub use staging::{read_json, sync_tree, write_atomically, write_json};
pub use usage::{cpu_seconds, host_name, now_ms, peak_memory_bytes, resident_memory_bytes};

use crate::failure;
use crate::figures;
use crate::job::Request;
use nilas_model::{EventKind, Failure, Figure, JobRecord, Level, Progress};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The running job's view of the world.
#[derive(Debug)]
pub struct JobContext {
    project_dir: PathBuf,
    job_dir: PathBuf,
    record: JobRecord,
    attempt: u32,
    request: Request,
    events: EventLog,
    cancel: Arc<AtomicBool>,
    statistics: BTreeMap<String, f64>,
    fingerprint: Fingerprint,
}

impl JobContext {
    /// A context for `attempt` of the job whose record and checked request are given. Makes the staging
    /// directory (empty) and opens the event log.
    ///
    /// # Errors
    /// When the job directory can't be written.
    pub fn open(
        project_dir: &Path,
        record: JobRecord,
        request: Request,
        attempt: u32,
        cancel: Arc<AtomicBool>,
    ) -> Result<Self, Failure> {
        let job_dir = project_dir.join(record.id.to_string());
        let fingerprint = Fingerprint::of(&record);
        let events = EventLog::open(&job_dir.join("events.jsonl"))?;
        let context = JobContext {
            project_dir: project_dir.to_owned(),
            job_dir,
            record,
            attempt,
            request,
            events,
            cancel,
            statistics: BTreeMap::new(),
            fingerprint,
        };
        context.clear_staging()?;
        Ok(context)
    }

    /// The project directory.
    pub fn project_dir(&self) -> &Path {
        &self.project_dir
    }

    /// The job directory `<project>/J<n>`.
    pub fn job_dir(&self) -> &Path {
        &self.job_dir
    }

    /// The record that was asked for.
    pub fn record(&self) -> &JobRecord {
        &self.record
    }

    /// Number of this try, from 1.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Parameters and connections.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// Whether somebody asked the job to stop. Science code gets this as a closure.
    pub fn is_cancelled(&self) -> bool {
        self.cancel.load(Ordering::Relaxed)
    }

    /// The flag behind [`JobContext::is_cancelled`], for closures that outlive a borrow.
    pub fn cancel_flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.cancel)
    }

    /// # Errors
    /// The `cancelled` failure when somebody asked the job to stop.
    pub fn check_cancelled(&self) -> Result<(), Failure> {
        if self.is_cancelled() {
            Err(failure::cancelled())
        } else {
            Ok(())
        }
    }

    /// The event log, for closures that report from inside the science code.
    pub fn events(&self) -> &EventLog {
        &self.events
    }

    /// A line for the reader.
    ///
    /// # Errors
    /// When the log can't be written.
    pub fn info(&self, message: impl Into<String>) -> Result<(), Failure> {
        self.events.write(EventKind::Text {
            level: Level::Info,
            message: message.into(),
        })
    }

    /// A line that the reader should not miss.
    ///
    /// # Errors
    /// When the log can't be written.
    pub fn warn(&self, message: impl Into<String>) -> Result<(), Failure> {
        self.events.write(EventKind::Text {
            level: Level::Warning,
            message: message.into(),
        })
    }

    /// Counts a step of `total` items and reports it with rate and time left.
    pub fn progress(&self, what: impl Into<String>, total: u64) -> ProgressMeter<'_> {
        ProgressMeter::new(&self.events, what.into(), total)
    }

    /// Reports progress that the science code counted itself.
    ///
    /// # Errors
    /// When the log can't be written.
    pub fn report_progress(&self, progress: Progress) -> Result<(), Failure> {
        self.events.write(EventKind::Progress(progress))
    }

    /// Writes a figure, with a sentence that explains it, and announces it. A figure with the same id replaces the
    /// earlier one.
    ///
    /// # Errors
    /// When the job directory can't be written.
    pub fn figure(&self, figure: &Figure, step: Option<u64>) -> Result<(), Failure> {
        let path = self.job_dir.join("figures").join(format!("{}.json", figure.id));
        staging::write_json(&path, &figures::explained(figure.clone()))?;
        self.events.write(EventKind::Figure {
            id: figure.id.clone(),
            title: figure.title.clone(),
            step,
        })
    }

    /// Announces a named number of one step without making it a result. Not-a-number is left out: JSON can't
    /// say it.
    ///
    /// # Errors
    /// When the log can't be written.
    pub fn trace(&self, name: &str, value: f64, step: u64) -> Result<(), Failure> {
        self.events.write(EventKind::Statistic {
            name: name.to_owned(),
            value,
            step: Some(step),
        })
    }

    /// Sets a named number of the result (unit as suffix) and announces it. Not-a-number is left out:
    /// JSON can't say it.
    ///
    /// # Errors
    /// When the log can't be written.
    pub fn statistic(&mut self, name: &str, value: f64) -> Result<(), Failure> {
        if !value.is_finite() {
            return Ok(());
        }
        self.statistics.insert(name.to_owned(), value);
        self.events.write(EventKind::Statistic {
            name: name.to_owned(),
            value,
            step: None,
        })
    }

    /// The named numbers so far.
    pub fn statistics(&self) -> &BTreeMap<String, f64> {
        &self.statistics
    }

    /// Name of this job, `J3`: prefix of every file it writes.
    pub fn job_name(&self) -> String {
        self.record.id.to_string()
    }
}
