//! The `nilas` program: one file per subcommand, no logic.

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
    #[command(hide = true)]
    JobProcess(job_process::JobProcessArgs),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::JobProcess(args) => job_process::run(&args),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
