//! The recipe of `import_micrographs`: look at headers, look at some pixels, link, report.

use super::Plan;
use super::look::{Bad, Header, headers, pixels};
use crate::context::JobContext;
use crate::failure;
use crate::figures;
use crate::job::Finished;
use nilas_dataset::{Dataset, DatasetError, fresh_uids};
use nilas_model::{Failure, OutputRecord};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

/// Reasons told one by one in the log and in messages.
const NAMED: usize = 20;
/// Pixel sizes further apart than this share are not the same.
const SAME_PIXEL: f64 = 0.005;

pub(super) fn run(context: &mut JobContext, plan: Plan) -> Result<Finished, Failure> {
    let params = &plan.params;
    context.info(format!("{} files.", plan.files.len()))?;
    for place in &plan.unreadable {
        context.warn(format!("{place}: passed over."))?;
    }
    let (mut good, mut bad) = headers(context, &plan)?;
    tell_notes(context, &good)?;
    let sample = if params.check_all_pixels {
        good.len()
    } else {
        params.sampled_micrographs
    };
    let seen = pixels(context, &good, sample)?;
    let blamed: HashSet<PathBuf> = seen.bad.iter().map(|b| b.path.clone()).collect();
    good.retain(|h| !blamed.contains(&h.path));
    bad.extend(seen.bad);
    if good.is_empty() || (params.stop_at_bad_files && !bad.is_empty()) {
        return Err(all_problems(&bad, plan.files.len()));
    }
    for b in bad.iter().take(NAMED) {
        context.warn(format!("Set aside: {}", b.reason))?;
    }
    if bad.len() > NAMED {
        context.warn(format!("Set aside: {} further files.", bad.len() - NAMED))?;
    }
    let mut warnings = oddities(&good, params.pixel_size_angstrom);
    warnings.extend(repeated(&good));
    for warning in &warnings {
        context.warn(warning.clone())?;
    }

    let mut rng = ChaCha8Rng::seed_from_u64(params.seed);
    let uids = fresh_uids(good.len() + bad.len(), &[], &mut rng);
    let (good_uids, bad_uids) = uids.split_at(good.len());
    let folder = context.staging_dir().join("imported");
    std::fs::create_dir_all(&folder).map_err(|e| failure::io(&e, "making", &folder))?;
    let mut paths = Vec::with_capacity(good.len());
    for (header, uid) in good.iter().zip(good_uids) {
        paths.push(link(context, &header.path, *uid)?);
    }
    let table = exposure_table(good_uids, &paths, &good, &plan).map_err(failure::bug)?;
    let summary = summary(&good);
    let mut outputs: Vec<OutputRecord> =
        vec![context.write_exposures("exposures", "Micrographs", &summary, &table, None, Vec::new())?];
    if !bad.is_empty() {
        outputs.push(set_aside(context, &bad, bad_uids, &plan)?);
    }

    let mut rows = vec![
        vec!["files".to_owned(), plan.files.len().to_string()],
        vec!["micrographs taken".to_owned(), good.len().to_string()],
        vec!["files set aside".to_owned(), bad.len().to_string()],
        vec!["micrographs read whole".to_owned(), seen.looked_at.to_string()],
        vec!["shape, pixel size".to_owned(), summary.clone()],
    ];
    rows.extend(warnings.iter().map(|w| vec!["warning".to_owned(), w.clone()]));
    rows.extend(
        bad.iter()
            .take(NAMED)
            .map(|b| vec!["set aside".to_owned(), b.reason.clone()]),
    );
    context.figure(
        &figures::table("checks", "Checks", &["what", "found"], rows),
        None,
    )?;
    if !seen.shown.is_empty() {
        let made = figures::montage("sample_micrographs", "Some of the micrographs", seen.shown, None);
        let note = "Averaged down, grey values from 0.5 to 99.5 %; row 0 of the file is at the bottom.";
        context.figure(&figures::with_note(made, note), None)?;
    }
    context.statistic("micrographs", good.len() as f64)?;
    context.statistic("files_set_aside", bad.len() as f64)?;
    context.statistic("pixel_size_angstrom", good[0].pixel_size_angstrom)?;
    context.statistic("warnings", warnings.len() as f64)?;
    let mut resolved_params = params.to_map();
    resolved_params.insert(
        "pixel_size_angstrom".to_owned(),
        good[0].pixel_size_angstrom.into(),
    );
    Ok(Finished {
        outputs,
        resolved_params,
    })
}

fn all_problems(bad: &[Bad], files: usize) -> Failure {
    let reasons: Vec<&str> = bad.iter().take(NAMED).map(|b| b.reason.as_str()).collect();
    let more = if bad.len() > NAMED {
        format!("; and {} more", bad.len() - NAMED)
    } else {
        String::new()
    };
    let only_pixel = bad.iter().all(|b| b.reason.contains("give pixel_size_angstrom"));
    failure::input(
        if only_pixel {
            "params.pixel_size_angstrom"
        } else {
            "params.path"
        },
        format!(
            "{} of {files} files can't be used: {}{more}",
            bad.len(),
            reasons.join("; ")
        ),
        if only_pixel {
            "Give pixel_size_angstrom."
        } else {
            "Repair or leave out these files, or switch off stop_at_bad_files to set them aside."
        },
    )
}

fn tell_notes(context: &JobContext, good: &[Header]) -> Result<(), Failure> {
    let mut notes: BTreeMap<&str, usize> = BTreeMap::new();
    for note in good.iter().flat_map(|h| &h.notes) {
        *notes.entry(note).or_default() += 1;
    }
    for (note, count) in notes {
        context.info(format!("{count} of {} files: {note}", good.len()))?;
    }
    Ok(())
}

/// What does not agree between the files.
fn oddities(good: &[Header], given: Option<f64>) -> Vec<String> {
    let mut warnings = Vec::new();
    let shapes = counts(good.iter().map(|h| format!("{} x {}", h.shape[1], h.shape[0])));
    if shapes.len() > 1 {
        warnings.push(format!("Several shapes: {}.", listed(&shapes)));
    }
    let modes = counts(good.iter().map(|h| h.mode.name().to_owned()));
    if modes.len() > 1 {
        warnings.push(format!("Several kinds of numbers: {}.", listed(&modes)));
    }
    let first = good.first().map_or(1.0, |h| h.pixel_size_angstrom);
    if given.is_none()
        && good
            .iter()
            .any(|h| (h.pixel_size_angstrom / first - 1.0).abs() > SAME_PIXEL)
    {
        let sizes = counts(good.iter().map(|h| format!("{:.4} Å/px", h.pixel_size_angstrom)));
        warnings.push(format!(
            "The headers say several pixel sizes: {}. Give pixel_size_angstrom if one of them is wrong.",
            listed(&sizes)
        ));
    }
    if given.is_none() && (first - 1.0).abs() < 1e-6 {
        warnings.push(
            "The headers say 1 Å/px, which programs write when they do not know. Give pixel_size_angstrom if it is not so."
                .to_owned(),
        );
    }
    warnings
}

/// Files that are one file under several names.
fn repeated(good: &[Header]) -> Option<String> {
    let mut seen: BTreeMap<PathBuf, &Path> = BTreeMap::new();
    let mut twice = Vec::new();
    for header in good {
        let real = std::fs::canonicalize(&header.path).unwrap_or_else(|_| header.path.clone());
        if let Some(first) = seen.insert(real, &header.path) {
            twice.push(format!("{} = {}", header.path.display(), first.display()));
        }
    }
    let example = twice.first()?;
    Some(format!(
        "{} files occur more than once under other names, for example {example}: their particles would be counted twice.",
        twice.len()
    ))
}

fn counts(values: impl Iterator<Item = String>) -> BTreeMap<String, usize> {
    let mut map = BTreeMap::new();
    for value in values {
        *map.entry(value).or_default() += 1;
    }
    map
}

fn listed(counts: &BTreeMap<String, usize>) -> String {
    let mut all: Vec<(&String, &usize)> = counts.iter().collect();
    all.sort_by_key(|(_, n)| std::cmp::Reverse(**n));
    let named: Vec<String> = all
        .iter()
        .take(5)
        .map(|(what, n)| format!("{what} ({n})"))
        .collect();
    named.join(", ") + if all.len() > 5 { ", ..." } else { "" }
}

fn summary(good: &[Header]) -> String {
    let shapes = counts(good.iter().map(|h| format!("{} x {} px", h.shape[1], h.shape[0])));
    let pixel = good.first().map_or(0.0, |h| h.pixel_size_angstrom);
    let shape = match shapes.len() {
        1 => shapes.keys().next().cloned().unwrap_or_default(),
        n => format!("{n} shapes"),
    };
    format!("{} micrographs, {shape}, {pixel:.4} Å/px", good.len())
}

/// Links a micrograph into the job's directory; where links can't be made the absolute path is kept.
fn link(context: &JobContext, target: &Path, uid: u64) -> Result<String, Failure> {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let (here, relative) = context.output_path(&format!("imported/{uid:021}_{name}"));
    match std::os::unix::fs::symlink(target, &here) {
        Ok(()) => Ok(relative),
        Err(e) if failure::classify(&e) == failure::IoCause::DiskFull => {
            Err(failure::io(&e, "linking", &here))
        }
        Err(_) => Ok(target.to_string_lossy().into_owned()),
    }
}

fn microscope(table: &mut Dataset, plan: &Plan) -> Result<(), DatasetError> {
    let p = &plan.params;
    table.set_all("mscope_params/accel_kv", p.voltage_kv as f32)?;
    table.set_all("mscope_params/cs_mm", p.cs_mm as f32)?;
    table.set_all("mscope_params/amp_contrast", p.amplitude_contrast as f32)?;
    table.set_all("mscope_params/total_dose_e_per_A2", p.total_dose as f32)?;
    table.set_all("mscope_params/phase_plate", u32::from(p.phase_plate))?;
    table.set_all("mscope_params/neg_stain", u32::from(p.negative_stain))?;
    table.set_all("mscope_params/exp_group_id", p.exposure_group)
}

fn exposure_table(
    uids: &[u64],
    paths: &[String],
    good: &[Header],
    plan: &Plan,
) -> Result<Dataset, DatasetError> {
    let mut table = Dataset::from_uids(uids.to_vec());
    let n = good.len();
    table.set_texts("micrograph_blob/path", paths)?;
    table.set("micrograph_blob/idx", vec![0u32; n])?;
    let shapes = good.iter().flat_map(|h| h.shape).map(|s| s as u32).collect();
    table.set_array("micrograph_blob/shape", &[2], shapes)?;
    let pixels: Vec<f32> = good.iter().map(|h| h.pixel_size_angstrom as f32).collect();
    table.set("micrograph_blob/psize_A", pixels)?;
    table.set_texts(
        "micrograph_blob/format",
        good.iter().map(|h| format!("MRC/{}", h.mode.number())),
    )?;
    table.set_all("micrograph_blob/is_background_subtracted", 0u32)?;
    microscope(&mut table, plan)?;
    Ok(table)
}

/// Files that can't be used, under their own paths: nothing but their names can be trusted.
fn set_aside(context: &JobContext, bad: &[Bad], uids: &[u64], plan: &Plan) -> Result<OutputRecord, Failure> {
    let mut table = Dataset::from_uids(uids.to_vec());
    let n = bad.len();
    let mut fill = || -> Result<(), DatasetError> {
        table.set_texts(
            "micrograph_blob/path",
            bad.iter().map(|b| b.path.to_string_lossy()),
        )?;
        table.set("micrograph_blob/idx", vec![0u32; n])?;
        table.set_array("micrograph_blob/shape", &[2], vec![0u32; 2 * n])?;
        table.set("micrograph_blob/psize_A", vec![0.0f32; n])?;
        microscope(&mut table, plan)
    };
    fill().map_err(failure::bug)?;
    let summary = format!("{n} files that can't be used");
    context.write_exposures(
        "incomplete",
        "Files set aside",
        &summary,
        &table,
        None,
        Vec::new(),
    )
}
