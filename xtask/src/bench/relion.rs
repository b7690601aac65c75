//! Beside RELION (Debian's package `relion`), on the same particles and the same two cores.

use super::Place;
use super::measure::{self, Usage};
use super::nilas::{Nilas, Project, short};
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The real beta-galactosidase particles: reconstruction with the published poses beside RELION's and beside the
/// reference map; refinement from that map at 30 Å and from nothing.
pub fn betagal(place: &Place) -> Result<Value> {
    let nilas = Nilas::build(place)?;
    let folder = place.fresh("betagal")?;
    let data = place.test_data()?.join("03_betagal_EMPIAR10204");
    let star = data.join("derived/joined_dev.star");
    let reference = data.join("betaGal_ngl_map.mrc");
    let path = |p: &Path| p.display().to_string();
    let published = nilas.workflow(
        "betagal_published",
        &subfolder(&folder, "published")?,
        &[
            ("particles.path", path(&star)),
            ("reference.path", path(&reference)),
        ],
    )?;
    let map = published.file("published", "volume_map.mrc")?;

    let theirs = folder.join("relion_reconstruct.mrc");
    let mut command = Command::new("relion_reconstruct");
    command
        .args(["--i", "joined_dev.star", "--ctf", "--sym", "D2", "--o"])
        .arg(&theirs);
    command.current_dir(data.join("derived"));
    let relion = measure::run(&mut command, &folder.join("relion_reconstruct.log"))?;

    let nothing = nilas.workflow(
        "betagal",
        &subfolder(&folder, "nothing")?,
        &[("particles.path", path(&star))],
    )?;
    let against = |project: &Project, id: &str, align: bool| -> Result<Value> {
        Ok(short(&nilas.fsc(
            &reference,
            &project.file(id, "volume_map.mrc")?,
            align,
        )?))
    };
    let side_by_side = nilas.fsc(&theirs, &map, false)?;
    let in_mask = nilas.fsc_in_mask(
        &theirs,
        &map,
        &published.file("published", "volume_mask_fsc.mrc")?,
    )?;
    Ok(json!({
        "reconstruct": published.summary("published")?,
        "relion_reconstruct": relion,
        "reconstruct_against_relion": {
            "least_fsc_to_8_angstrom": least_to(&side_by_side, 8.0),
            "least_fsc_to_8_angstrom_in_mask": least_to(&in_mask, 8.0),
            "at_0_5": short(&side_by_side),
        },
        "reconstruct_against_reference": against(&published, "published", false)?,
        "relion_against_reference": short(&nilas.fsc(&reference, &theirs, false)?),
        "refined_from_reference": published.summary("refined")?,
        "refined_from_reference_against_reference": against(&published, "refined", true)?,
        "ab_initio": nothing.summary("initial")?,
        "ab_initio_against_reference": against(&nothing, "initial", true)?,
        "refined_from_ab_initio": nothing.summary("refined")?,
        "refined_from_ab_initio_against_reference": against(&nothing, "refined", true)?,
    }))
}

/// Smallest FSC of any shell down to `angstrom`.
fn least_to(report: &Value, angstrom: f64) -> Option<f64> {
    let curve = report["fsc"]
        .as_array()?
        .iter()
        .zip(report["frequency_per_angstrom"].as_array()?)
        .skip(1);
    curve
        .filter_map(|(f, s)| Some((f.as_f64()?, s.as_f64()?)))
        .filter(|(_, s)| *s <= 1.0 / angstrom)
        .map(|(f, _)| f)
        .min_by(f64::total_cmp)
}

fn subfolder(folder: &Path, name: &str) -> Result<PathBuf> {
    let path = folder.join(name);
    std::fs::create_dir_all(&path)?;
    Ok(path)
}

/// A truth set to compare on.
pub struct TruthSet {
    /// Particles.
    pub particles: u64,
    /// Box, px.
    pub box_size: u64,
    /// Pixel size, Å.
    pub pixel_size: f64,
    /// Signal-to-noise ratio in the particle's disc.
    pub snr: f64,
}

/// One truth set, refined by both from the true map low-passed to 30 Å.
pub fn beside(place: &Place, set: &TruthSet, minutes: u64) -> Result<Value> {
    let nilas = Nilas::build(place)?;
    let folder = place.fresh("relion")?;
    let sets = [
        ("simulated.source_path", place.structure()?),
        ("simulated.number_of_particles", set.particles.to_string()),
        ("simulated.box_size", set.box_size.to_string()),
        ("simulated.pixel_size_angstrom", set.pixel_size.to_string()),
        ("simulated.snr", set.snr.to_string()),
    ];
    let project = nilas.workflow("truth", &folder, &sets)?;
    let true_map = project.file("simulated", "truth_volume_map.mrc")?;
    let diameter = project.result("simulated")?["statistics"]["specimen_diameter_angstrom"]
        .as_f64()
        .context("simulate_particles states no diameter")?;
    write_star(&project)?;
    let (relion, finished) = refine(&project, &true_map, diameter, minutes, &folder.join("relion.log"))?;
    let their_map = latest_map(&project.folder().join("relion"), finished)?;
    let ours = project.summary("refined")?;
    // Processes that `timeout` ended take their processor time with them.
    let ratio = finished.then(|| relion.cpu_s / ours["cpu_s"].as_f64().unwrap_or(f64::NAN));
    Ok(json!({
        "particles": set.particles,
        "box_px": set.box_size,
        "pixel_size_angstrom": set.pixel_size,
        "snr": set.snr,
        "diameter_angstrom": diameter,
        "nilas": ours,
        "nilas_against_truth": short(&nilas.fsc(&true_map, &project.file("refined", "volume_map.mrc")?, true)?),
        "relion": relion,
        "relion_finished": finished,
        "relion_against_truth": short(&nilas.fsc(&true_map, &their_map, true)?),
        "true_poses_against_truth": short(&nilas.fsc(&true_map, &project.file("possible", "volume_map.mrc")?, false)?),
        "relion_cpu_over_nilas_cpu": ratio,
    }))
}

/// The simulated particles as RELION reads them, beside their stack.
fn write_star(project: &Project) -> Result<()> {
    let particles = project.file("simulated", "particles.cs")?;
    let table = nilas_formats::cs::read(&particles)?;
    nilas_formats::relion::write_particles(project.folder().join("particles.star"), &table)?;
    Ok(())
}

/// RELION's auto-refine; `false` when the time was up before it finished.
fn refine(
    project: &Project,
    reference: &Path,
    diameter: f64,
    minutes: u64,
    log: &Path,
) -> Result<(Usage, bool)> {
    std::fs::create_dir_all(project.folder().join("relion"))?;
    let mut command = Command::new("timeout");
    command.arg(format!("{minutes}m"));
    // One leader, which only waits, and a worker for each half set.
    command.args([
        "mpirun",
        "--allow-run-as-root",
        "--oversubscribe",
        "--mca",
        "mpi_yield_when_idle",
        "1",
        "-n",
        "3",
    ]);
    command.args([
        "relion_refine_mpi",
        "--o",
        "relion/run",
        "--auto_refine",
        "--split_random_halves",
    ]);
    command.args([
        "--i",
        "particles.star",
        "--ini_high",
        "30",
        "--firstiter_cc",
        "--ctf",
        "--flatten_solvent",
        "--zero_mask",
    ]);
    command.args([
        "--oversampling",
        "1",
        "--healpix_order",
        "2",
        "--auto_local_healpix_order",
        "4",
    ]);
    command.args([
        "--offset_range",
        "5",
        "--offset_step",
        "2",
        "--sym",
        "C1",
        "--norm",
        "--scale",
        "--j",
        "1",
    ]);
    command.args([
        "--dont_check_norm",
        "--pool",
        "3",
        "--dont_combine_weights_via_disc",
        "--random_seed",
        "1",
    ]);
    command
        .arg("--particle_diameter")
        .arg(format!("{:.0}", diameter * 1.1));
    command.arg("--ref").arg(reference).current_dir(project.folder());
    let (usage, status) = measure::run_to_end(&mut command, log)?;
    // 124: `timeout` ended it.
    if !status.success() && status.code() != Some(124) {
        bail!("relion_refine_mpi ended with {status}; see {}", log.display());
    }
    Ok((usage, status.success()))
}

/// RELION's final map, or half map 1 of its last iteration.
fn latest_map(folder: &Path, finished: bool) -> Result<PathBuf> {
    if finished {
        return Ok(folder.join("run_class001.mrc"));
    }
    let mut halves: Vec<PathBuf> = std::fs::read_dir(folder)?
        .flatten()
        .map(|entry| entry.path())
        .filter(|p| p.to_string_lossy().ends_with("_half1_class001.mrc"))
        .collect();
    halves.sort();
    halves.pop().context("RELION wrote no map")
}
