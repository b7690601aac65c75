//! The `nilas` program: one file per subcommand, no logic.

mod api;
mod job_process;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Debug, Parser)]
#[command(name = "nilas", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The HTTP API's own description.
    #[command(subcommand)]
    Api(api::ApiCommand),
    #[command(hide = true)]
    JobProcess(job_process::JobProcessArgs),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::JobProcess(args) => job_process::run(&args),
        Command::Api(command) => api::run(&command).map(|()| ExitCode::SUCCESS),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
