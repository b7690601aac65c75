//! The `nilas` program: one file per subcommand, no logic.

mod api;
mod job;
mod job_process;
mod run;

use clap::{Parser, Subcommand};
use std::io::Write;
use std::process::ExitCode;

#[derive(Debug, Parser)]
#[command(name = "nilas", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::RunArgs),
    /// Job types, and the jobs of a running server.
    #[command(subcommand)]
    Job(job::JobCommand),
    /// The HTTP API's own description.
    #[command(subcommand)]
    Api(api::ApiCommand),
    #[command(hide = true)]
    JobProcess(job_process::JobProcessArgs),
}

fn main() -> ExitCode {
    let done = |()| ExitCode::SUCCESS;
    let outcome = match Cli::parse().command {
        Command::Run(args) => run::run(&args),
        Command::Job(command) => job::run(&command).map(done),
        Command::JobProcess(args) => job_process::run(&args),
        Command::Api(command) => api::run(&command).map(done),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

/// Print text and a line end on stdout. A reader that has gone (`nilas ... | head`) is no failure.
pub(crate) fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out
        .write_all(text.as_bytes())
        .and_then(|()| out.write_all(b"\n"))
        .and_then(|()| out.flush());
}
