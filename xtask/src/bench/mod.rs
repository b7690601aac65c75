//! Benchmarks: `cargo xtask bench <name>` runs one and prints one JSON object. Quiet machine, release build.

mod decoders;
mod measure;
mod nilas;
mod program;
mod relion;
mod science;
mod speed;

use crate::metadata::root;
use anyhow::{Context, Result};
use clap::Subcommand;
use serde_json::{Value, json};
use std::path::PathBuf;

/// What to measure. Sizes have defaults that suit docs/measurements.md.
#[derive(Debug, Clone, Subcommand)]
pub enum Bench {
    /// FFT, slices, back-projection and pose search on the processor
    Kernels,
    /// The GPU operations on every device at hand
    Devices,
    /// Movie decoders beside tifffile and imagecodecs, libtiff, lbzip2
    Decoders {
        /// Frames of 4096 x 4096 in each file
        #[arg(long, default_value_t = 4)]
        frames: u64,
    },
    /// `--help`, an idle server, the database of a project with 200 jobs
    Program,
    /// Ab-initio from many seeds on one truth set: how many find the map
    AbInitio {
        /// Seeds
        #[arg(long, default_value_t = 10)]
        seeds: u64,
        /// Particles
        #[arg(long, default_value_t = 5000)]
        particles: u64,
    },
    /// Refinement of a truth set against what its true poses give
    Truth {
        /// Particles
        #[arg(long, default_value_t = 5000)]
        particles: u64,
        /// Signal-to-noise ratio
        #[arg(long, default_value_t = 0.1)]
        snr: f64,
    },
    /// First map and refinement of a truth set, from nothing
    Whole {
        /// Particles
        #[arg(long, default_value_t = 5000)]
        particles: u64,
    },
    /// The real beta-galactosidase particles: published poses, refinement, RELION's reconstruction
    Betagal,
    /// Refinement beside RELION's auto-refine on one truth set, both on two cores
    Relion {
        /// Particles
        #[arg(long, default_value_t = 500)]
        particles: u64,
        /// Box, px
        #[arg(long, default_value_t = 64)]
        box_size: u64,
        /// Pixel size, Å
        #[arg(long, default_value_t = 4.0)]
        pixel_size: f64,
        /// Signal-to-noise ratio
        #[arg(long, default_value_t = 0.1)]
        snr: f64,
        /// RELION is ended after this many minutes
        #[arg(long, default_value_t = 120)]
        minutes: u64,
    },
    /// Peak memory of refinement: many small particles, or few large ones
    Memory {
        /// Particles
        #[arg(long, default_value_t = 20_000)]
        particles: u64,
        /// Box, px
        #[arg(long, default_value_t = 128)]
        box_size: u64,
    },
    /// Processes killed at random moments
    Recovery {
        /// How many times
        #[arg(long, default_value_t = 50)]
        kills: u32,
    },
    /// The demo's workflow, after the build
    Demo,
}

/// Runs one and prints its JSON object. `folder` is emptied of what the benchmark made there before.
pub fn run(bench: &Bench, folder: Option<PathBuf>) -> Result<()> {
    let folder = match folder {
        Some(folder) => folder,
        None => root()?.join("target/bench"),
    };
    std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let place = Place {
        root: root()?,
        folder,
    };
    let result = match bench {
        Bench::Kernels => speed::kernels(&place)?,
        Bench::Devices => speed::devices(&place)?,
        Bench::Decoders { frames } => decoders::run(&place, *frames)?,
        Bench::Program => program::footprint(&place)?,
        Bench::Recovery { kills } => program::recovery(&place, *kills)?,
        Bench::AbInitio { seeds, particles } => science::ab_initio(&place, *seeds, *particles)?,
        Bench::Truth { particles, snr } => science::truth(&place, *particles, *snr)?,
        Bench::Whole { particles } => science::whole(&place, *particles)?,
        Bench::Betagal => relion::betagal(&place)?,
        Bench::Relion {
            particles,
            box_size,
            pixel_size,
            snr,
            minutes,
        } => relion::beside(
            &place,
            &relion::TruthSet {
                particles: *particles,
                box_size: *box_size,
                pixel_size: *pixel_size,
                snr: *snr,
            },
            *minutes,
        )?,
        Bench::Memory { particles, box_size } => science::memory(&place, *particles, *box_size)?,
        Bench::Demo => science::demo(&place)?,
    };
    let machine = json!({ "cores": std::thread::available_parallelism()?.get(), "processor": processor() });
    let line = std::env::args().skip(1).collect::<Vec<_>>().join(" ");
    let object = json!({ "command": format!("cargo xtask {line}"), "machine": machine, "result": result });
    println!("{}", serde_json::to_string_pretty(&object)?);
    Ok(())
}

/// Where a benchmark works.
struct Place {
    root: PathBuf,
    folder: PathBuf,
}

impl Place {
    /// A folder of this name, new and empty.
    fn fresh(&self, name: &str) -> Result<PathBuf> {
        let folder = self.folder.join(name);
        if folder.exists() {
            std::fs::remove_dir_all(&folder).with_context(|| folder.display().to_string())?;
        }
        std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        Ok(folder)
    }

    /// The folder with test data: `NILAS_TEST_DATA`, else `../shared/data`.
    fn test_data(&self) -> Result<PathBuf> {
        let folder = std::env::var_os("NILAS_TEST_DATA")
            .map_or_else(|| self.root.join("../shared/data"), PathBuf::from);
        folder.canonicalize().with_context(|| {
            format!(
                "{}: set NILAS_TEST_DATA to the folder with the test data",
                folder.display()
            )
        })
    }

    /// The atomic structure of the truth sets: 1u6g, C1, about 200 kDa.
    fn structure(&self) -> Result<String> {
        let path = self.test_data()?.join("07_maps_models/pdb/1u6g.pdb");
        Ok(path.display().to_string())
    }
}

fn processor() -> Value {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = text.lines().find_map(|l| {
        l.strip_prefix("model name")?
            .split_once(':')
            .map(|(_, n)| n.trim().to_owned())
    });
    name.map_or(Value::Null, Value::String)
}
