//! `nilas worker`: the agent on a compute node.

use anyhow::{Result, bail};
use nilas_client::Client;
use nilas_worker::{Worker, WorkerSettings};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Run jobs of a server on this machine. It needs the same project directories at the same paths as the server.
///
/// Jobs that run when the worker stops go on and are found again by its next start.
#[derive(Debug, clap::Args)]
pub struct WorkerArgs {
    /// Address of the server, for example http://master:8080.
    #[arg(long, env = "NILAS_SERVER", value_name = "URL")]
    server: String,
    /// API token of an administrator.
    #[arg(long, env = "NILAS_TOKEN", hide_env_values = true)]
    token: String,
    /// Name of the lane [default: the host name].
    #[arg(long)]
    name: Option<String>,
    /// Cores for jobs [default: all].
    #[arg(long)]
    cores: Option<u32>,
}

/// Works until it is told to stop (Ctrl-C, SIGTERM).
///
/// # Errors
/// When the server refuses the worker.
pub fn run(args: &WorkerArgs) -> Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_from_env("NILAS_LOG").unwrap_or_else(|_| "info".into());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    if args.server.starts_with("https://") {
        bail!("a worker speaks plain HTTP: give the address inside the cluster's network, http://...");
    }
    let all = std::thread::available_parallelism().map_or(1, |n| u32::try_from(n.get()).unwrap_or(1));
    let settings = WorkerSettings {
        name: args.name.clone().unwrap_or_else(nilas_launch::host_name),
        cores: args.cores.unwrap_or(all).max(1),
        memory_bytes: nilas_server::master::machine_memory(),
        program: std::env::current_exe()?,
    };
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    crate::signals::on_stop(move |_| flag.store(true, Ordering::Relaxed))?;
    Worker::new(Client::new(&args.server, &args.token), settings).run(&stop)?;
    Ok(())
}
