//! `nilas data`: what is inside of files.

use nilas_formats::inspect;
use std::path::PathBuf;

/// What is inside of files.
#[derive(Debug, clap::Subcommand)]
pub enum DataCommand {
    /// Tell what a file of any known format holds.
    Info(InfoArgs),
}

/// Which file.
#[derive(Debug, clap::Args)]
pub struct InfoArgs {
    /// The file: MRC, STAR, .cs, .csg, PDB or mmCIF.
    pub file: PathBuf,
    /// Read all values: minimum, maximum, mean, and how many are not finite.
    #[arg(long)]
    pub values: bool,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// Runs a subcommand.
///
/// # Errors
/// A file that can't be read or is of no known kind.
pub fn run(command: &DataCommand) -> anyhow::Result<()> {
    let DataCommand::Info(args) = command;
    let report = inspect::inspect(&args.file, args.values)?;
    if args.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        print!("{report}");
    }
    Ok(())
}
