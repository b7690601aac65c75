//! A job process: from a job directory to `output/` or `failure.json`.

use crate::check::{resolve, unknown_type};
use crate::context::{
    JobContext, Pulse, cpu_seconds, host_name, now_ms, peak_memory_bytes, read_json, write_atomically,
    write_json,
};
use crate::failure;
use crate::job::{Finished, JobType};
use nilas_model::{EventKind, Failure, FailureKind, JobId, JobRecord, JobResult, Level};
use std::cell::RefCell;
use std::fs::{self, File, TryLockError};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Exit code of a process whose job has failed; `failure.json` says why.
pub const EXIT_FAILED: i32 = 1;
/// Exit code of a process whose job was stopped by a person.
pub const EXIT_CANCELLED: i32 = 3;

/// What to run.
#[derive(Debug, Clone)]
pub struct Order {
    /// The project directory.
    pub project_dir: PathBuf,
    /// Which job.
    pub job: JobId,
    /// Which try, from 1.
    pub attempt: u32,
}

/// Runs a job to its end in this process. `cancel` is set from outside (a signal handler) to stop it;
/// `on_stuck` is called when the job does not stop within its time after that, with everything already
/// said in `failure.json`: a process of its own exits there.
///
/// # Errors
/// Why the job did not complete; the same is in `failure.json` unless the directory can't be written.
pub fn run(
    order: &Order,
    cancel: Arc<AtomicBool>,
    on_stuck: impl Fn() + Send + 'static,
) -> Result<(), Failure> {
    let job_dir = order.project_dir.join(order.job.to_string());
    if !job_dir.is_dir() {
        return Err(failure::input(
            "",
            format!("{} does not exist.", job_dir.display()),
            "Check the project directory and the job's number.",
        ));
    }
    let _lock = lock(&job_dir)?;
    // A job that was killed between its last rename and its exit is complete.
    if job_dir.join("output/result.json").exists() {
        return Ok(());
    }
    let outcome = run_locked(order, &job_dir, cancel, on_stuck);
    let _ = fs::remove_dir_all(job_dir.join("scratch"));
    if let Err(reason) = &outcome {
        let _ = fs::remove_dir_all(job_dir.join(format!("staging-{}", order.attempt)));
        write_json(&job_dir.join("failure.json"), reason)?;
    }
    outcome
}

/// Holds `process.lock` of the job directory: two processes must never write to one job.
fn lock(job_dir: &Path) -> Result<File, Failure> {
    let path = job_dir.join("process.lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(|e| failure::io(&e, "opening", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Failure {
            kind: FailureKind::Host,
            message: format!(
                "Another process is already running the job in {}.",
                job_dir.display()
            ),
            hint: "Wait for it or kill it, then queue the job again.".to_owned(),
            field: None,
        }),
        // A file system without locks (some NFS mounts): the scheduler's own care has to do.
        Err(TryLockError::Error(_)) => Ok(file),
    }
}

fn run_locked(
    order: &Order,
    job_dir: &Path,
    cancel: Arc<AtomicBool>,
    on_stuck: impl Fn() + Send + 'static,
) -> Result<(), Failure> {
    let failure_path = job_dir.join("failure.json");
    match fs::remove_file(&failure_path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            return Err(failure::io(
                &e,
                "removing the failure of the last attempt",
                &failure_path,
            ));
        }
        _ => {}
    }
    let pulse = Pulse::start(job_dir, order.attempt, Arc::clone(&cancel), move || {
        // Threads of the science code may still write into staging; it never becomes a result.
        let _ = write_json(&failure_path, &failure::cancelled());
        on_stuck();
    })?;
    let record: JobRecord = read_json(&job_dir.join("job.json"))?;
    let job_type = crate::find(&record.job_type)
        .ok_or_else(|| failure::from_problems(vec![unknown_type(&record.job_type)]))?;
    let project_dir = order.project_dir.clone();
    let resolved = resolve(job_type, &record, &order.project_dir, &|id| {
        upstream(&project_dir, id)
    });
    let mut context = JobContext::open(
        &order.project_dir,
        record,
        resolved.request,
        order.attempt,
        Arc::clone(&cancel),
    )?;
    context.events().write(EventKind::Started {
        attempt: order.attempt,
        host: host_name(),
        pid: std::process::id(),
        resumed: context.has_checkpoint(),
    })?;
    let mut problems = resolved.problems;
    let outcome = if problems.is_empty() {
        let outcome = run_caught(job_type, &mut context, job_dir);
        // An error after the request to stop is most likely its echo.
        if cancel.load(Ordering::Relaxed) && outcome.is_err() {
            Err(failure::cancelled())
        } else {
            outcome
        }
    } else {
        problems.extend((job_type.problems)(context.request()));
        Err(failure::from_problems(problems))
    };
    let outcome = outcome.and_then(|finished| {
        let result = JobResult {
            outputs: finished.outputs,
            statistics: context.statistics().clone(),
            wall_s: pulse.wall_seconds(),
            cpu_s: cpu_seconds(),
            peak_memory_bytes: peak_memory_bytes(),
            resolved_params: finished.resolved_params,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        context.commit(&result)
    });
    match &outcome {
        Ok(()) => {
            // What a completed job would resume from is of no use any more.
            let _ = fs::remove_dir_all(job_dir.join("checkpoint"));
        }
        Err(reason) => {
            let level = if reason.kind == FailureKind::Cancelled {
                Level::Warning
            } else {
                Level::Error
            };
            let _ = context.events().write(EventKind::Text {
                level,
                message: format!("{} {}", reason.message, reason.hint),
            });
        }
    }
    outcome
}

/// The record of another job of the project, its result read from where it is final.
fn upstream(project_dir: &Path, id: JobId) -> Option<JobRecord> {
    let dir = project_dir.join(id.to_string());
    let mut record: JobRecord = read_json(&dir.join("job.json")).ok()?;
    record.result = read_json(&dir.join("output/result.json")).ok();
    Some(record)
}

thread_local! {
    static PANIC_PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs the job type; a panic becomes a `bug` failure with a report file.
fn run_caught(job_type: &JobType, context: &mut JobContext, job_dir: &Path) -> Result<Finished, Failure> {
    let previous = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let backtrace = std::backtrace::Backtrace::force_capture();
        PANIC_PLACE.with(|place| *place.borrow_mut() = Some(format!("{info}\n\n{backtrace}")));
        previous(info);
    }));
    let outcome = catch_unwind(AssertUnwindSafe(|| (job_type.run)(context)));
    drop(std::panic::take_hook());
    outcome.unwrap_or_else(|payload| {
        let text = payload
            .downcast_ref::<&str>()
            .map(|s| (*s).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "unknown".to_owned());
        if let Some(shortage) = failure::shortage_behind(&text) {
            return Err(shortage);
        }
        let place = PANIC_PLACE
            .with(|place| place.borrow_mut().take())
            .unwrap_or_else(|| text.clone());
        let report = job_dir.join(format!("bug-report-{}.txt", now_ms()));
        let _ = write_atomically(&report, |w| {
            writeln!(
                w,
                "nilas {}\njob type {}\n\n{place}",
                env!("CARGO_PKG_VERSION"),
                job_type.name
            )
        });
        Err(Failure {
            kind: FailureKind::Bug,
            message: format!("The program met a state that should not exist: {text}"),
            hint: format!(
                "This is a defect of Nilas. Please report it with the file {}.",
                report.display()
            ),
            field: None,
        })
    })
}
