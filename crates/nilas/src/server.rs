//! `nilas server`: the master.

use crate::installation::Installation;
use anyhow::{Context, Result};
use nilas_server::{Server, ServerSettings};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

/// Run the server: web app, HTTP API, scheduler and the jobs of this machine.
///
/// The first start makes an administrator and prints its password once. Jobs that run when the server stops go on
/// and are found again by the next start.
#[derive(Debug, clap::Args)]
pub struct ServerArgs {
    /// Port; 0 takes a free one.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Address to listen at. The default is reachable from this machine only; 0.0.0.0 is reachable from everywhere
    /// and should stand behind a proxy with HTTPS.
    #[arg(long, default_value = "127.0.0.1")]
    bind: IpAddr,
    #[command(flatten)]
    installation: Installation,
    /// Folder for new projects [default: projects in the data folder].
    #[arg(long, value_name = "DIR")]
    projects: Option<PathBuf>,
    /// A further folder that the file picker may show; may be repeated. The home folder and the projects are shown anyway.
    #[arg(long = "root", value_name = "DIR")]
    roots: Vec<PathBuf>,
    /// Attach this project directory at the start; may be repeated.
    #[arg(long, value_name = "DIR")]
    attach: Vec<PathBuf>,
    /// Cores of this machine for jobs; 0 to run jobs on workers only [default: all].
    #[arg(long)]
    cores: Option<u32>,
    /// Cores of one heavy job, so that several run at once [default: all].
    #[arg(long)]
    job_cores: Option<u32>,
}

/// Runs the server until it is told to stop (Ctrl-C, SIGTERM).
///
/// # Errors
/// When the port or the data folder is in use, or a file can't be read or written.
pub fn run(args: &ServerArgs) -> Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_from_env("NILAS_LOG").unwrap_or_else(|_| "info".into());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    let data = args.installation.data()?;
    let settings = ServerSettings {
        listen: SocketAddr::new(args.bind, args.port),
        projects: args.projects.clone().unwrap_or_else(|| data.join("projects")),
        data,
        roots: args.roots.clone(),
        attach: args.attach.clone(),
        cores: args.cores,
        job_cores: args.job_cores,
    };
    // Requests wait for files and the database, not for processors: few threads keep the server small.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(16)
        .enable_all()
        .build()
        .context("starting the server's threads")?;
    runtime.block_on(async {
        let server = Server::open(settings).await?;
        let address = server.address();
        crate::print(&format!("Nilas is at http://{address}"));
        if let Some((email, password)) = server.first_admin() {
            crate::print(&format!(
                "First start. Sign in as {email} with the password {password} (shown this once)."
            ));
        }
        if !address.ip().is_loopback() {
            tracing::warn!(
                "listening at {address}: anyone who reaches this address can try to sign in, unencrypted"
            );
        }
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        let stop = async move {
            tokio::select! { _ = tokio::signal::ctrl_c() => {}, _ = terminate.recv() => {} }
        };
        server.run(stop).await?;
        Ok(())
    })
}
