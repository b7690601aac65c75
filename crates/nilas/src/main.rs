//! The `nilas` program: one file per subcommand, no logic.

mod api;
mod data;
mod doctor;
mod installation;
mod job;
mod job_process;
mod lane;
mod project;
mod run;
mod server;
mod signals;
mod token;
mod user;
mod volume;
mod worker;

use clap::{Parser, Subcommand};
use serde::Serialize;
use std::io::Write;
use std::process::ExitCode;

/// Single-particle cryo-EM from particles to a map.
///
/// Exit codes: 0 done, 1 failed (the reason and what to do are printed), 2 wrong usage.
#[derive(Debug, Parser)]
#[command(name = "nilas", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Server(server::ServerArgs),
    Worker(worker::WorkerArgs),
    Run(run::RunArgs),
    /// Job types, and the jobs of a running server.
    Job(job::JobArgs),
    /// Projects of a running server.
    Project(project::ProjectArgs),
    /// Lanes of a running server: where jobs run.
    Lane(lane::LaneArgs),
    /// Accounts of the server on this machine.
    User(user::UserArgs),
    /// API tokens of the server on this machine.
    Token(token::TokenArgs),
    /// What is inside of files.
    #[command(subcommand)]
    Data(data::DataCommand),
    /// Maps: compare and measure.
    #[command(subcommand)]
    Volume(volume::VolumeCommand),
    Doctor(doctor::DoctorArgs),
    /// The HTTP API's own description.
    #[command(subcommand)]
    Api(api::ApiCommand),
    #[command(hide = true)]
    JobProcess(job_process::JobProcessArgs),
}

fn main() -> ExitCode {
    let done = |()| ExitCode::SUCCESS;
    let outcome = match Cli::parse().command {
        Command::Server(args) => server::run(&args).map(done),
        Command::Worker(args) => worker::run(&args).map(done),
        Command::Run(args) => run::run(&args),
        Command::Job(args) => job::run(&args).map(done),
        Command::Project(args) => project::run(&args).map(done),
        Command::Lane(args) => lane::run(&args).map(done),
        Command::User(args) => user::run(&args).map(done),
        Command::Token(args) => token::run(&args).map(done),
        Command::Data(command) => data::run(&command).map(done),
        Command::Volume(command) => volume::run(&command).map(done),
        Command::Doctor(args) => doctor::run(&args),
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

/// Print a value as JSON.
pub(crate) fn print_json<T: Serialize>(value: &T) -> anyhow::Result<()> {
    print(&serde_json::to_string_pretty(value)?);
    Ok(())
}

/// Print lines; when there are none, say so on stderr.
pub(crate) fn print_lines(lines: &[String], none: &str) {
    if lines.is_empty() {
        eprintln!("{none}");
    } else {
        print(&lines.join("\n"));
    }
}

/// An error of the store with its hint.
pub(crate) fn with_hint(error: nilas_store::StoreError) -> anyhow::Error {
    let hint = error.hint();
    if hint.is_empty() {
        error.into()
    } else {
        anyhow::anyhow!("{error}\n{hint}")
    }
}
