//! `nilas job-process`: the process of one job, started by a launcher and by nobody else.

use anyhow::Context;
use nilas_jobs::process::{EXIT_CANCELLED, EXIT_FAILED, Order};
use nilas_model::{FailureKind, JobId};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Run one job in this process (launchers call this).
#[derive(Debug, clap::Args)]
pub struct JobProcessArgs {
    /// Project directory.
    #[arg(long)]
    pub project: PathBuf,
    /// Job id, for example J3.
    #[arg(long)]
    pub job: JobId,
    /// Number of this try, from 1.
    #[arg(long, default_value_t = 1)]
    pub attempt: u32,
}

/// Runs the job; the exit code says how it ended, `failure.json` in the job directory says why.
///
/// # Errors
/// When the signal handler can't be set up.
pub fn run(args: &JobProcessArgs) -> anyhow::Result<ExitCode> {
    let cancel = Arc::new(AtomicBool::new(false));
    watch_signals(Arc::clone(&cancel)).context("setting up the handler for SIGTERM")?;
    let project_dir = std::path::absolute(&args.project)?;
    let order = Order {
        project_dir,
        job: args.job,
        attempt: args.attempt,
    };
    match nilas_jobs::process::run(&order, cancel, || std::process::exit(EXIT_CANCELLED)) {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(failure) => {
            eprintln!("{} failed: {}\n{}", args.job, failure.message, failure.hint);
            let code = if failure.kind == FailureKind::Cancelled {
                EXIT_CANCELLED
            } else {
                EXIT_FAILED
            };
            Ok(ExitCode::from(code as u8))
        }
    }
}

/// Sets the flag on SIGTERM and SIGINT, from a thread of its own.
fn watch_signals(cancel: Arc<AtomicBool>) -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    let guard = runtime.enter();
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    drop(guard);
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            runtime.block_on(async {
                tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
            });
            cancel.store(true, Ordering::Relaxed);
        })?;
    Ok(())
}
