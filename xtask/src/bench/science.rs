//! Truth tests at full size: simulated particles, solved, compared with what was imaged.

use super::nilas::{Nilas, short};
use super::{Place, speed};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::path::Path;

/// Ab-initio from many seeds: the example beside the algorithm makes the data, solves and aligns.
pub fn ab_initio(place: &Place, seeds: u64, particles: u64) -> Result<Value> {
    let arguments = [
        format!("model={}", place.structure()?),
        format!("seeds={seeds}"),
        format!("particles={particles}"),
    ];
    speed::example(place, "nilas-refine", "ab_initio_seeds", &arguments)
}

/// Refinement from 30 Å against a reconstruction with the true poses, both compared with the true map.
pub fn truth(place: &Place, particles: u64, snr: f64) -> Result<Value> {
    let nilas = Nilas::build(place)?;
    let folder = place.fresh("truth")?;
    let sets = [
        ("simulated.source_path", place.structure()?),
        ("simulated.number_of_particles", particles.to_string()),
        ("simulated.snr", snr.to_string()),
    ];
    let project = nilas.workflow("truth", &folder, &sets)?;
    let true_map = project.file("simulated", "truth_volume_map.mrc")?;
    let possible = nilas.fsc(&true_map, &project.file("possible", "volume_map.mrc")?, false)?;
    let map = project.file("refined", "volume_map.mrc")?;
    let refined = nilas.fsc(&true_map, &map, true)?;
    let halves = nilas.fsc(
        &project.file("refined", "volume_map_half_A.mrc")?,
        &project.file("refined", "volume_map_half_B.mrc")?,
        false,
    )?;
    let claimed = project.result("refined")?["statistics"]["resolution_angstrom"].as_f64();
    Ok(json!({
        "particles": particles,
        "snr": snr,
        "simulate": project.summary("simulated")?,
        "reconstruct": project.summary("possible")?,
        "refine": project.summary("refined")?,
        "true_poses_against_truth": short(&possible),
        "refined_against_truth": short(&refined),
        "honesty": honesty(&halves, &refined, claimed),
    }))
}

/// Largest |predicted Cref - FSC against the truth| up to the claimed resolution, with the shell where it lies.
/// `Cref = sqrt(2 FSC / (1 + FSC))` of the unmasked half maps, both curves unmasked.
fn honesty(halves: &Value, truth: &Value, claimed_angstrom: Option<f64>) -> Value {
    let list = |v: &Value| -> Vec<f64> {
        v.as_array()
            .map(|a| a.iter().filter_map(Value::as_f64).collect())
            .unwrap_or_default()
    };
    let (half, found) = (list(&halves["fsc"]), list(&truth["fsc"]));
    let frequency = list(&halves["frequency_per_angstrom"]);
    let Some(claimed) = claimed_angstrom else {
        return Value::Null;
    };
    let mut worst = (0.0, 0.0);
    for ((f, t), s) in half.iter().zip(&found).zip(&frequency).skip(1) {
        if *s > 1.0 / claimed {
            break;
        }
        let predicted = (2.0 * f / (1.0 + f)).max(0.0).sqrt();
        let off: f64 = predicted - t;
        if off.abs() > f64::abs(worst.0) {
            worst = (off, 1.0 / s);
        }
    }
    json!({ "claimed_angstrom": claimed, "worst_cref_minus_truth": worst.0, "at_angstrom": worst.1 })
}

/// From nothing: ab-initio, then refinement, against the truth.
pub fn whole(place: &Place, particles: u64) -> Result<Value> {
    let nilas = Nilas::build(place)?;
    let folder = place.fresh("whole")?;
    let sets = [
        ("simulated.source_path", place.structure()?),
        ("simulated.number_of_particles", particles.to_string()),
    ];
    let project = nilas.workflow("from_nothing", &folder, &sets)?;
    let true_map = project.file("simulated", "truth_volume_map.mrc")?;
    let against = |id: &str| -> Result<Value> {
        Ok(short(&nilas.fsc(
            &true_map,
            &project.file(id, "volume_map.mrc")?,
            true,
        )?))
    };
    Ok(json!({
        "particles": particles,
        "total": project.usage,
        "ab_initio": project.summary("initial")?,
        "refine": project.summary("refined")?,
        "ab_initio_against_truth": against("initial")?,
        "refined_against_truth": against("refined")?,
    }))
}

/// Peak memory of a refinement whose particles would not fit if the stack were held.
pub fn memory(place: &Place, particles: u64, box_size: u64) -> Result<Value> {
    let nilas = Nilas::build(place)?;
    let folder = place.fresh("memory")?;
    let sets = [
        ("simulated.source_path", place.structure()?),
        ("simulated.number_of_particles", particles.to_string()),
        ("simulated.box_size", box_size.to_string()),
        // The same field of view whatever the box.
        (
            "simulated.pixel_size_angstrom",
            (256.0 / box_size as f64).to_string(),
        ),
        ("simulated.float16", "true".to_owned()),
    ];
    let project = nilas.workflow("truth", &folder, &sets)?;
    Ok(json!({
        "particles": particles,
        "box_px": box_size,
        "stack_as_f32_mib": particles * box_size * box_size * 4 / (1 << 20),
        "simulate": project.summary("simulated")?,
        "reconstruct": project.summary("possible")?,
        "refine": project.summary("refined")?,
    }))
}

/// The demo's workflow, without the build.
pub fn demo(place: &Place) -> Result<Value> {
    let nilas = Nilas::build(place)?;
    let folder = place.fresh("demo")?;
    let project = nilas.workflow("demo", &folder, &[])?;
    let true_map = project.file("simulated", "truth_volume_map.mrc")?;
    let refined = nilas.fsc(&true_map, &project.file("refined", "volume_map.mrc")?, true)?;
    let possible = nilas.fsc(&true_map, &project.file("possible", "volume_map.mrc")?, false)?;
    Ok(json!({
        "total": project.usage,
        "refined_against_truth": short(&refined),
        "true_poses_against_truth": short(&possible),
        "project_mib": folder_mib(project.folder()).context("the demo's project")?,
    }))
}

fn folder_mib(folder: &Path) -> Result<u64> {
    fn bytes(folder: &Path) -> std::io::Result<u64> {
        let mut sum = 0;
        for entry in std::fs::read_dir(folder)? {
            let (entry, kind) = entry.and_then(|e| e.file_type().map(|k| (e, k)))?;
            sum += if kind.is_dir() {
                bytes(&entry.path())?
            } else {
                entry.metadata()?.len()
            };
        }
        Ok(sum)
    }
    Ok(bytes(folder)? >> 20)
}
