//! Repository chores in Rust: `cargo xtask <chore>`.

mod bench;
mod generate;
mod gpu_check;
mod kernel_races;
mod licences;
mod metadata;
mod spdx;
mod tidy;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Repository chores.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Check the house rules: dependency table, file sizes, names, where `unsafe` and printing may stand
    Tidy,
    /// Check licences, sources and banned packages of everything that is built, against deny.toml
    Licences,
    /// Write the files that are made from the code (OpenAPI document, manual pages)
    Generate {
        /// Only say whether they are current
        #[arg(long)]
        check: bool,
    },
    /// Run the GPU tests on a simulated device that sees data races (oclgrind)
    KernelRaces,
    /// Measure something on a quiet machine; prints one JSON object
    Bench {
        #[command(subcommand)]
        bench: bench::Bench,
        /// Where it works (default: target/bench)
        #[arg(long, global = true)]
        folder: Option<std::path::PathBuf>,
    },
    /// Hold every GPU kernel to the CPU's oracle on a card, then time them
    GpuCheck {
        /// Device, as the program names it
        #[arg(default_value = "cuda:0")]
        device: String,
    },
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().chore {
        Chore::Tidy => tidy::run(),
        Chore::Licences => licences::run(),
        Chore::Generate { check } => generate::run(check),
        Chore::KernelRaces => kernel_races::run(),
        Chore::Bench { bench, folder } => bench::run(&bench, folder),
        Chore::GpuCheck { device } => gpu_check::run(&device),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
