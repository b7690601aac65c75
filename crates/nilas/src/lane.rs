//! `nilas lane`: lanes of a running server.

use crate::installation::Connection;
use anyhow::Result;
use clap::Subcommand;

/// What to do, and with which server.
#[derive(Debug, clap::Args)]
pub struct LaneArgs {
    #[command(subcommand)]
    command: LaneCommand,
    #[command(flatten)]
    connection: Connection,
    /// Print JSON.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum LaneCommand {
    /// List the lanes with what runs on them.
    List,
}

/// Runs the subcommand.
///
/// # Errors
/// With what is wrong and what to do.
pub fn run(args: &LaneArgs) -> Result<()> {
    let LaneCommand::List = args.command;
    let lanes = args.connection.client()?.lanes()?;
    if args.json {
        return crate::print_json(&lanes);
    }
    let lines: Vec<String> = lanes
        .iter()
        .map(|lane| {
            let state = if lane.connected { "connected" } else { "silent" };
            let running: Vec<String> = lane
                .running
                .iter()
                .map(|job| format!("{}/{}", job.project, job.job))
                .collect();
            format!(
                "{:<16} {:<16} {:>4} cores {:>6.0} GiB  {state:<10} {} queued  {}",
                lane.name,
                lane.host,
                lane.cores,
                lane.memory_bytes as f64 / f64::from(1 << 30),
                lane.queued,
                running.join(" ")
            )
        })
        .collect();
    crate::print_lines(
        &lines,
        "there are no lanes: the server runs no jobs itself and no worker has dialled in",
    );
    Ok(())
}
