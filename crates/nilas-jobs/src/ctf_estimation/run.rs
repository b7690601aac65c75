//! The recipe of `ctf_estimation`: every micrograph by itself, then the report over all of them.

use super::Plan;
use super::estimate::{Fitted, Kept, Outcome, Store, move_file, work};
use super::report;
use crate::context::{JobContext, write_failure};
use crate::exposures::contrast::{ContrastRow, set_contrast};
use crate::exposures::{Exposure, exposures};
use crate::failure;
use crate::job::Finished;
use nilas_dataset::{Dataset, DatasetError};
use nilas_formats::cs;
use nilas_model::{EventKind, Failure};
use rayon::prelude::*;
use std::time::{Duration, Instant};

/// Micrographs in work at a time at most; each uses all cores where it can.
const TOGETHER: usize = 4;
/// The log tells of saved work this often at most.
const TOLD_EVERY: Duration = Duration::from_secs(20);
/// Reasons told one by one.
const NAMED: usize = 50;

pub(super) fn run(context: &mut JobContext, plan: Plan) -> Result<Finished, Failure> {
    let table = context.load_exposures("exposures")?;
    let list = exposures(&table, context.project_dir(), "inputs.exposures")?;
    let go_on = context.load_checkpoint()?.is_some();
    let store = Store::open(context, go_on)?;
    let kept = fit_all(context, &plan, &store, &list, go_on)?;

    let mut good: Vec<(usize, Fitted)> = Vec::new();
    let mut bad: Vec<(usize, String)> = Vec::new();
    for (row, k) in kept.into_iter().enumerate() {
        match k.outcome {
            Outcome::Fitted(f) => good.push((row, *f)),
            Outcome::SetAside(reason) => bad.push((row, reason)),
        }
    }
    if good.is_empty() {
        let reasons: Vec<&str> = bad.iter().take(5).map(|b| b.1.as_str()).collect();
        return Err(failure::input(
            "inputs.exposures",
            format!(
                "None of {} micrographs could be fitted: {}",
                bad.len(),
                reasons.join("; ")
            ),
            "Check the files and the parameters of the microscope that were given at their import.",
        ));
    }
    for (_, reason) in bad.iter().take(NAMED) {
        context.warn(format!("Set aside: {reason}"))?;
    }
    if bad.len() > NAMED {
        context.warn(format!("Set aside: {} further micrographs.", bad.len() - NAMED))?;
    }
    report::report(context, &plan, &list, &good, bad.len(), &store)?;
    let mut outputs = vec![write_good(context, &table, &list, &mut good, &store)?];
    if !bad.is_empty() {
        let rows: Vec<usize> = bad.iter().map(|b| b.0).collect();
        let rest = table.subset(&rows).map_err(failure::bug)?;
        let own = Dataset::from_uids(rest.uids().to_vec());
        let summary = format!("{} micrographs without a fit", bad.len());
        outputs.push(context.write_exposures(
            "incomplete",
            "Micrographs set aside",
            &summary,
            &own,
            Some(&rest),
            Vec::new(),
        )?);
    }
    let mut resolved_params = plan.params.to_map();
    resolved_params.insert(
        "amplitude_contrast".to_owned(),
        good.first().map_or(0.1, |g| g.1.row.amplitude_contrast).into(),
    );
    Ok(Finished {
        outputs,
        resolved_params,
    })
}

/// Fits every micrograph that is not fitted yet, some together, each on all cores.
fn fit_all(
    context: &JobContext,
    plan: &Plan,
    store: &Store,
    list: &[Exposure],
    go_on: bool,
) -> Result<Vec<Kept>, Failure> {
    let mut kept: Vec<Option<Kept>> = list
        .iter()
        .map(|e| if go_on { store.load(e.uid) } else { None })
        .collect();
    let missing: Vec<usize> = (0..list.len()).filter(|i| kept[*i].is_none()).collect();
    if go_on {
        context.info(format!(
            "Going on from the checkpoint: {} of {} micrographs are done.",
            list.len() - missing.len(),
            list.len()
        ))?;
    }
    let settings = plan.settings();
    let mut progress = context.progress("micrographs fitted", list.len() as u64);
    progress.at((list.len() - missing.len()) as u64)?;
    let mut told: Option<Instant> = None;
    let together = rayon::current_num_threads().clamp(1, TOGETHER);
    let mut done = list.len() - missing.len();
    for group in missing.chunks(together) {
        context.check_cancelled()?;
        let fitted: Vec<Result<Kept, Failure>> = group
            .par_iter()
            .map(|i| {
                work(
                    context,
                    store,
                    &list[*i],
                    &settings,
                    plan.params.amplitude_contrast,
                )
            })
            .collect();
        for (i, result) in group.iter().zip(fitted) {
            let k = result?;
            if let Outcome::Fitted(f) = &k.outcome {
                tell(context, &list[*i], f, i + 1)?;
            }
            kept[*i] = Some(k);
            done += 1;
        }
        progress.at(done as u64)?;
        if told.is_none_or(|t| t.elapsed() > TOLD_EVERY) {
            // The state itself lies in one file a micrograph; this one says whom it belongs to.
            context.save_checkpoint(format!("micrograph {} of {}", done + 1, list.len()), |_| Ok(()))?;
            told = Some(Instant::now());
        }
    }
    Ok(kept.into_iter().flatten().collect())
}

fn tell(context: &JobContext, exposure: &Exposure, f: &Fitted, number: usize) -> Result<(), Failure> {
    let r = &f.row;
    let resolution = if r.fit_resolution_angstrom > 0.0 {
        format!("rings to {:.2} Å", r.fit_resolution_angstrom)
    } else {
        "no certain rings".to_owned()
    };
    context.events().write(EventKind::Text {
        level: nilas_model::Level::Info,
        message: format!(
            "{number}: {}: defocus {:.0} / {:.0} Å at {:.1}°, error {:.0} Å, {resolution}.",
            exposure.name(),
            r.defocus_u_angstrom,
            r.defocus_v_angstrom,
            r.defocus_angle_rad.to_degrees(),
            r.defocus_sigma_angstrom
        ),
    })
}

/// Writes pictures, curves and the dataset of the micrographs that were fitted.
fn write_good(
    context: &JobContext,
    table: &Dataset,
    list: &[Exposure],
    good: &mut [(usize, Fitted)],
    store: &Store,
) -> Result<nilas_model::OutputRecord, Failure> {
    let folder = context.staging_dir().join("ctfestimated");
    std::fs::create_dir_all(&folder).map_err(|e| failure::io(&e, "making", &folder))?;
    for (row, f) in good.iter_mut() {
        let uid = list[*row].uid;
        let stem = format!("{uid:021}_{}", stem(&list[*row].name()));
        let (here, relative) = context.output_path(&format!("ctfestimated/{stem}_spectrum.mrc"));
        move_file(&store.picture(uid), &here)?;
        f.row.spectrum_path = relative;
        let (here, relative) = context.output_path(&format!("ctfestimated/{stem}_rings.cs"));
        let curves = curve_table(f).map_err(failure::bug)?;
        cs::write(&here, &curves).map_err(write_failure)?;
        f.row.curves_path = relative;
    }
    let rows: Vec<usize> = good.iter().map(|g| g.0).collect();
    let through =
        table
            .subset(&rows)
            .map_err(failure::bug)?
            .without_slots(&["ctf", "ctf_stats", "defocus_surface"]);
    let mut own = Dataset::from_uids(through.uids().to_vec());
    let contrast: Vec<ContrastRow> = good.iter().map(|g| g.1.row.clone()).collect();
    set_contrast(&mut own, &contrast).map_err(failure::bug)?;
    let (least, greatest) = contrast.iter().fold((f64::INFINITY, 0.0f64), |r, c| {
        let mean = 0.5 * (c.defocus_u_angstrom + c.defocus_v_angstrom);
        (r.0.min(mean), r.1.max(mean))
    });
    let summary = format!(
        "{} micrographs, defocus {:.2} to {:.2} µm",
        good.len(),
        least * 1e-4,
        greatest * 1e-4
    );
    context.write_exposures(
        "exposures",
        "Micrographs with CTF",
        &summary,
        &own,
        Some(&through),
        Vec::new(),
    )
}

/// The file's name without its endings.
fn stem(name: &str) -> &str {
    name.split(".mrc")
        .next()
        .filter(|s| !s.is_empty())
        .unwrap_or(name)
}

/// The curves of a fit as columns, a row per frequency.
fn curve_table(f: &Fitted) -> Result<Dataset, DatasetError> {
    let [frequency, average, fitted, agreement] = &f.curves;
    let mut table = Dataset::from_uids((1..=frequency.len() as u64).collect());
    table.set("rings/frequency_per_A", frequency.clone())?;
    table.set("rings/average", average.clone())?;
    table.set("rings/fitted", fitted.clone())?;
    table.set("rings/agreement", agreement.clone())?;
    Ok(table)
}
