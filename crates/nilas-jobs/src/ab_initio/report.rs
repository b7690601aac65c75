//! Figures and statistics of a finished search.

use crate::context::JobContext;
use crate::figures;
use nilas_model::Failure;
use nilas_refine::ab_initio::AbInitioResult;

pub(super) fn report(context: &mut JobContext, result: &AbInitioResult) -> Result<(), Failure> {
    let number = |v: f64| format!("{v:.3}");
    let rows = result
        .starts
        .iter()
        .map(|s| {
            vec![
                format!(
                    "{}{}",
                    s.start + 1,
                    if s.start == result.chosen_start {
                        " (chosen)"
                    } else {
                        ""
                    }
                ),
                format!(
                    "{} ± {}",
                    number(s.held_out_log_evidence),
                    number(s.standard_error)
                ),
                number(s.sphere_log_evidence),
                number(s.entropy),
                s.agreement_angstrom
                    .map_or_else(|| "-".to_owned(), |a| format!("{a:.1}")),
            ]
        })
        .collect();
    let columns = [
        "start",
        "log evidence per held-out image (nats)",
        "same of a sphere",
        "entropy (nats)",
        "agrees with the chosen to (Å)",
    ];
    let table = figures::table("starts", "Random starts", &columns, rows);
    context.figure(
        &figures::with_note(
            table,
            "The start with the highest evidence on particles that none has seen is continued.",
        ),
        None,
    )?;
    let agreeing = result
        .starts
        .iter()
        .filter(|s| s.agreement_angstrom.is_some_and(|a| a <= 20.0))
        .count();
    let halves = &result.halves;
    context.statistic("half_set_resolution_angstrom", halves.resolution_angstrom)?;
    let edge = result
        .classes
        .first()
        .map_or(1.0, |c| c.n as f64 * c.voxel_size_angstrom);
    let frequency: Vec<f64> = (0..halves.correlation.len()).map(|r| r as f64 / edge).collect();
    let curve = figures::fourier_shell_correlation(
        "half_sets",
        "Agreement of two halves refined apart",
        &frequency,
        &[("halves", &halves.correlation, false)],
        None,
    );
    let note = format!(
        "Both halves began with the finished map at {:.0} Å: only what they agree on beyond that is evidence. A map \
         of noise agrees on nothing more; a right one does, well beyond.",
        halves.shared_angstrom
    );
    context.figure(&figures::with_note(curve, note), None)?;
    context.statistic("agreeing_starts", agreeing as f64)?;
    context.statistic("starts", result.starts.len() as f64)?;
    context.statistic("compared_resolution_angstrom", result.resolution_angstrom)?;
    if let Some(chosen) = result.starts.iter().find(|s| s.start == result.chosen_start) {
        context.statistic("held_out_log_evidence", chosen.held_out_log_evidence)?;
    }
    let rotations: Vec<_> = result.particles.iter().map(|p| p.rotation).collect();
    context.figure(
        &figures::orientations("orientations", "Viewing directions", &rotations),
        None,
    )?;
    let evidence: Vec<f64> = result
        .particles
        .iter()
        .map(|p| f64::from(p.log_evidence))
        .collect();
    context.figure(
        &figures::histogram(
            "evidence_histogram",
            "How well each image is explained",
            "log evidence (nats)",
            &evidence,
            50,
            &[],
        ),
        None,
    )?;
    if result.classes.len() > 1 {
        let best: Vec<f64> = result
            .particles
            .iter()
            .map(|p| p.class_posterior.iter().copied().fold(0.0f32, f32::max).into())
            .collect();
        let title = "How sure the particles are of their class";
        context.figure(
            &figures::histogram(
                "class_posterior",
                title,
                "probability of the best class",
                &best,
                40,
                &[],
            ),
            None,
        )?;
        let share_rows = result
            .classes
            .iter()
            .enumerate()
            .map(|(k, c)| vec![k.to_string(), format!("{:.1}", 100.0 * c.share)]);
        context.figure(
            &figures::table(
                "class_shares",
                "Classes",
                &["class", "share (%)"],
                share_rows.collect(),
            ),
            None,
        )?;
        context.figure(&similarity(result), None)?;
    }
    for (k, class) in result.classes.iter().enumerate() {
        let (n, voxel) = (class.n, class.voxel_size_angstrom);
        context.figure(
            &figures::orthogonal_slices(
                &format!("slices_{k}"),
                &format!("Map {k}: central slices"),
                &class.map,
                n,
                voxel,
            ),
            None,
        )?;
        context.figure(
            &figures::projections(
                &format!("projections_{k}"),
                &format!("Map {k}: projections"),
                &class.map,
                n,
                voxel,
            ),
            None,
        )?;
        let frequency: Vec<f64> = (0..class.half_fsc.len())
            .map(|r| r as f64 / (n as f64 * voxel))
            .collect();
        let curve = figures::fourier_shell_correlation(
            &format!("half_fsc_{k}"),
            &format!("Map {k}: agreement of interleaved halves"),
            &frequency,
            &[("halves of the last iterations", &class.half_fsc, false)],
            None,
        );
        let note = "Both halves share their reference: a sign of convergence, not of resolution.";
        context.figure(&figures::with_note(curve, note), None)?;
        context.statistic(&format!("share_{k}"), class.share)?;
    }
    Ok(())
}

/// Correlation of the class maps with each other.
fn similarity(result: &AbInitioResult) -> nilas_model::Figure {
    let count = result.classes.len();
    let centred: Vec<(Vec<f64>, f64)> = result
        .classes
        .iter()
        .map(|c| {
            let mean = c.map.iter().map(|v| f64::from(*v)).sum::<f64>() / c.map.len() as f64;
            let values: Vec<f64> = c.map.iter().map(|v| f64::from(*v) - mean).collect();
            let norm = values.iter().map(|v| v * v).sum::<f64>().sqrt();
            (values, norm)
        })
        .collect();
    let mut values = Vec::with_capacity(count * count);
    for (a, norm_a) in &centred {
        for (b, norm_b) in &centred {
            let dot: f64 = a.iter().zip(b).map(|(x, y)| x * y).sum();
            values.push(if norm_a * norm_b > 0.0 {
                dot / (norm_a * norm_b)
            } else {
                0.0
            });
        }
    }
    let axis = || nilas_model::figure::Axis {
        label: "class".to_owned(),
        min: Some(-0.5),
        max: Some(count as f64 - 0.5),
        ..Default::default()
    };
    let data = nilas_model::FigureData::HeatMap {
        x: axis(),
        y: axis(),
        value_label: "correlation".to_owned(),
        columns: count as u32,
        values,
    };
    figures::figure("class_similarity", "Similarity of the maps, as they lie", data)
}
