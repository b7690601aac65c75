//! Figures and statistics of `ctf_estimation`.

use super::Plan;
use super::estimate::{Fitted, Store};
use crate::context::{JobContext, read_failure};
use crate::exposures::Exposure;
use crate::figures::{self, axis, figure, with_note};
use nilas_formats::mrc::MrcFile;
use nilas_model::figure::{Axis, Curve, Guide};
use nilas_model::{Failure, Figure, FigureData};

/// Margins below this could be a miscounted ring.
const UNSURE: f64 = 10.0;
/// Fits that end before this resolution (Å) are conspicuous whatever the others do.
const COARSE: f64 = 12.0;
/// Distance from the median in MAD-sigma that is conspicuous.
const FAR: f64 = 5.0;
/// Conspicuous micrographs in the table.
const LISTED: usize = 60;

/// A micrograph to look at, and why.
struct Conspicuous {
    row: usize,
    why: Vec<String>,
}

pub(super) fn report(
    context: &mut JobContext,
    plan: &Plan,
    list: &[Exposure],
    good: &[(usize, Fitted)],
    set_aside: usize,
    store: &Store,
) -> Result<(), Failure> {
    let strange = conspicuous(good);
    let shown = chosen(good, &strange, plan.params.shown_micrographs);
    let mut pictures = Vec::new();
    for index in &shown {
        let (row, f) = &good[*index];
        let file = MrcFile::open(store.picture(list[*row].uid)).map_err(|e| read_failure(e, ""))?;
        let image = file.read_all().map_err(|e| read_failure(e, ""))?;
        let label = format!("{} ({:.0} Å)", list[*row].name(), mean(f));
        pictures.push(figures::grey_image(&image, f.row.spectrum_side as usize, &label));
        context.figure(&rings(*row, &list[*row], f), None)?;
    }
    let note =
        "Left half: measured, over its background. Right half: the fit. The edge is the end of the fit.";
    context.figure(
        &with_note(
            figures::montage("spectra", "Power spectra beside their fits", pictures, None),
            note,
        ),
        None,
    )?;
    overview(context, good)?;
    let mut rows = Vec::new();
    for c in strange.iter().take(LISTED) {
        let (row, f) = &good[c.row];
        rows.push(vec![
            list[*row].name(),
            format!("{:.0}", mean(f)),
            format!("{:.0}", f.row.defocus_u_angstrom - f.row.defocus_v_angstrom),
            resolution_text(f),
            c.why.join("; "),
        ]);
    }
    if !rows.is_empty() {
        let columns = [
            "micrograph",
            "defocus (Å)",
            "astigmatism (Å)",
            "rings to (Å)",
            "conspicuous",
        ];
        let made = figures::table("conspicuous", "Micrographs to look at", &columns, rows);
        let note = "Micrographs that differ from the others, or whose fit is not sure, the worst first.";
        context.figure(&with_note(made, note), None)?;
    }
    for c in strange.iter().take(LISTED) {
        let (row, _) = &good[c.row];
        context.warn(format!("{}: {}.", list[*row].name(), c.why.join("; ")))?;
    }
    statistics(context, good, set_aside, strange.len())
}

fn mean(f: &Fitted) -> f64 {
    0.5 * (f.row.defocus_u_angstrom + f.row.defocus_v_angstrom)
}

fn resolution_text(f: &Fitted) -> String {
    if f.row.fit_resolution_angstrom > 0.0 {
        format!("{:.2}", f.row.fit_resolution_angstrom)
    } else {
        "no rings".to_owned()
    }
}

/// Median and MAD-sigma.
fn middle(values: &[f64]) -> (f64, f64) {
    let median = |values: &mut Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or(0.0)
    };
    let centre = median(&mut values.to_vec());
    let sigma = 1.4826 * median(&mut values.iter().map(|v| (v - centre).abs()).collect());
    (centre, sigma)
}

/// Micrographs that differ from the others or whose fit is not sure, worst first.
fn conspicuous(good: &[(usize, Fitted)]) -> Vec<Conspicuous> {
    // Frequencies, not resolutions: a fit to nowhere is 0 then, and differences compare.
    let reach: Vec<f64> = good
        .iter()
        .map(|(_, f)| {
            let r = f.row.fit_resolution_angstrom;
            if r > 0.0 { 1.0 / r } else { 0.0 }
        })
        .collect();
    let (usual_reach, spread_reach) = middle(&reach);
    let astigmatism: Vec<f64> = good
        .iter()
        .map(|(_, f)| f.row.defocus_u_angstrom - f.row.defocus_v_angstrom)
        .collect();
    let (usual_astigmatism, spread_astigmatism) = middle(&astigmatism);
    let ice: Vec<f64> = good.iter().map(|(_, f)| f.row.ice_ring_excess).collect();
    let (usual_ice, spread_ice) = middle(&ice);
    let many = good.len() >= 5;
    let mut found: Vec<(f64, Conspicuous)> = Vec::new();
    for (index, (_, f)) in good.iter().enumerate() {
        let mut why = Vec::new();
        let r = f.row.fit_resolution_angstrom;
        if r == 0.0 {
            why.push("no certain rings".to_owned());
        } else if r > COARSE {
            why.push(format!("rings end at {r:.1} Å"));
        } else if many && usual_reach - reach[index] > (FAR * spread_reach).max(0.25 * usual_reach) {
            why.push(format!(
                "rings end at {r:.1} Å, usual are {:.1} Å",
                1.0 / usual_reach
            ));
        }
        if f.row.margin < UNSURE {
            let other = f.second_defocus_angstrom.unwrap_or(0.0);
            why.push(format!(
                "a defocus of {other:.0} Å fits almost as well (margin {:.1})",
                f.row.margin
            ));
        }
        if many && astigmatism[index] - usual_astigmatism > (FAR * spread_astigmatism).max(500.0) {
            why.push(format!(
                "astigmatism {:.0} Å, usual are {usual_astigmatism:.0} Å",
                astigmatism[index]
            ));
        }
        if many && ice[index] - usual_ice > (FAR * spread_ice).max(0.3) {
            why.push(format!("ring of ice {:.2} above its surroundings", ice[index]));
        }
        if !why.is_empty() {
            found.push((reach[index], Conspicuous { row: index, why }));
        }
    }
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    found.into_iter().map(|f| f.1).collect()
}

/// Micrographs for the figures: an even choice, and up to as many conspicuous ones.
fn chosen(good: &[(usize, Fitted)], strange: &[Conspicuous], most: usize) -> Vec<usize> {
    let even = most.min(good.len());
    let mut out: Vec<usize> = (0..even).map(|i| i * good.len() / even.max(1)).collect();
    out.extend(strange.iter().take(most.div_ceil(2)).map(|c| c.row));
    out.sort_unstable();
    out.dedup();
    out
}

/// Equi-phase average, fit and agreement of one micrograph.
fn rings(row: usize, exposure: &Exposure, f: &Fitted) -> Figure {
    let wide = |values: &[f32]| -> Vec<f64> { values.iter().map(|v| f64::from(*v)).collect() };
    let [frequency, average, fitted, agreement] = &f.curves;
    let x = wide(frequency);
    // Ring strengths differ by orders of magnitude between low and high frequency: each part is drawn on its own scale.
    let scale: Vec<f64> = local_scale(fitted, average);
    let scaled = |values: &[f32]| -> Vec<f64> {
        wide(values)
            .iter()
            .zip(&scale)
            .map(|(v, s)| 0.5 + 0.5 * (v / s).clamp(-1.5, 1.5))
            .collect()
    };
    let curve = |name: &str, y: Vec<f64>, dashed| Curve {
        name: name.to_owned(),
        x: x.clone(),
        y,
        dashed,
    };
    let mut guides = vec![Guide {
        axis: 'y',
        at: 0.5,
        label: "0.5".to_owned(),
    }];
    if f.row.fit_resolution_angstrom > 0.0 {
        guides.push(Guide {
            axis: 'x',
            at: 1.0 / f.row.fit_resolution_angstrom,
            label: format!("{:.2} Å", f.row.fit_resolution_angstrom),
        });
    }
    let data = FigureData::Curves {
        x: Axis {
            label: "spatial frequency (1/Å)".to_owned(),
            reciprocal_angstrom: true,
            ..Axis::default()
        },
        y: Axis {
            label: "scaled power, agreement".to_owned(),
            min: Some(-0.3),
            max: Some(1.3),
            ..Axis::default()
        },
        curves: vec![
            curve("average of equal phase", scaled(average), false),
            curve("fit", scaled(fitted), true),
            curve("agreement", wide(agreement), false),
        ],
        guides,
    };
    let r = &f.row;
    let title = format!("Rings of {}", exposure.name());
    let note = format!(
        "Defocus {:.0} / {:.0} Å at {:.1}°, phase shift {:.1}°, error {:.0} Å; {} of {} tiles of {:.0} Å; {} over the field, \
         {:.0} to {:.0} Å, tilt {:.1}°.",
        r.defocus_u_angstrom,
        r.defocus_v_angstrom,
        r.defocus_angle_rad.to_degrees(),
        r.phase_shift_rad.to_degrees(),
        r.defocus_sigma_angstrom,
        f.tiles[1],
        f.tiles[0],
        f.tile_angstrom,
        r.surface_shape,
        r.defocus_range_angstrom[0],
        r.defocus_range_angstrom[1],
        f.tilt_deg
    );
    with_note(figure(&format!("rings_{:05}", row + 1), &title, data), note)
}

/// Greatest ring around each frequency, of the fit where it has rings, else of the average.
fn local_scale(fitted: &[f32], average: &[f32]) -> Vec<f64> {
    let n = fitted.len();
    let half = (n / 16).max(4);
    let around = |values: &[f32], i: usize| {
        let range = i.saturating_sub(half)..(i + half + 1).min(n);
        values[range].iter().fold(0.0f32, |a, v| a.max(v.abs()))
    };
    (0..n)
        .map(|i| f64::from(around(fitted, i).max(0.5 * around(average, i)).max(1e-6)))
        .collect()
}

/// Figures over all exposures.
fn overview(context: &JobContext, good: &[(usize, Fitted)]) -> Result<(), Failure> {
    let of = |value: fn(&Fitted) -> f64| -> Vec<f64> { good.iter().map(|(_, f)| value(f)).collect() };
    let number: Vec<f64> = good.iter().map(|(row, _)| (*row + 1) as f64).collect();
    let defocus = of(mean);
    let resolution: Vec<f64> = of(|f| f.row.fit_resolution_angstrom)
        .iter()
        .map(|r| if *r > 0.0 { *r } else { f64::NAN })
        .collect();
    let astigmatism = of(|f| f.row.defocus_u_angstrom - f.row.defocus_v_angstrom);
    let histograms = [
        (
            "defocus",
            "Defocus",
            "mean defocus (Å)",
            &defocus,
            "Mean of the two defoci of each micrograph. A spread fills the zeros of one contrast transfer with the maxima of others.",
        ),
        (
            "astigmatism",
            "Astigmatism",
            "U - V (Å)",
            &astigmatism,
            "Difference of the greater and the lesser defocus of each micrograph; in a stable microscope it stays the same.",
        ),
        (
            "fit_resolution",
            "Resolution of the fits",
            "rings agree to (Å)",
            &resolution,
            "How far the rings agree with the fit, for micrographs that have rings: smaller is better.",
        ),
    ];
    for (id, title, label, values, note) in histograms {
        let made = with_note(figures::histogram(id, title, label, values, 30, &[]), note);
        context.figure(&made, None)?;
    }
    let scatter = |id: &str, title: &str, labels: [&str; 2], xs: &[f64], ys: &[f64], note: &str| {
        let [xl, yl] = labels;
        let (xs, ys) = xs
            .iter()
            .zip(ys)
            .filter(|(x, y)| x.is_finite() && y.is_finite())
            .map(|(x, y)| (*x, *y))
            .unzip();
        let data = FigureData::Scatter {
            x: axis(xl),
            y: axis(yl),
            xs,
            ys,
        };
        context.figure(&with_note(figure(id, title, data), note), None)
    };
    scatter(
        "defocus_by_exposure",
        "Defocus by exposure",
        ["exposure", "mean defocus (Å)"],
        &number,
        &defocus,
        "The steps of the defocus that were set, and how well they were reached.",
    )?;
    scatter(
        "resolution_by_exposure",
        "Resolution of the fits by exposure",
        ["exposure", "rings agree to (Å)"],
        &number,
        &resolution,
        "Stretches with coarse fits are bad regions of the specimen or a drifting stage.",
    )?;
    scatter(
        "resolution_by_defocus",
        "Resolution of the fits by defocus",
        ["mean defocus (Å)", "rings agree to (Å)"],
        &defocus,
        &resolution,
        "Rings of a high defocus are finer and end earlier; points far above the others are bad micrographs.",
    )?;
    let vectors: Vec<(f64, f64)> = good
        .iter()
        .map(|(_, f)| {
            let half = 0.5 * (f.row.defocus_u_angstrom - f.row.defocus_v_angstrom);
            let two = 2.0 * f.row.defocus_angle_rad;
            (half * two.cos(), half * two.sin())
        })
        .collect();
    let (a, b): (Vec<f64>, Vec<f64>) = vectors.into_iter().unzip();
    scatter(
        "astigmatism_vectors",
        "Astigmatism as a vector",
        ["along x (Å)", "at 45° (Å)"],
        &a,
        &b,
        "Length (U - V)/2, direction twice the azimuth of U. One cluster away from the middle: the microscope was not stigmated.",
    )?;
    let ice: Vec<f64> = of(|f| {
        if f.row.ice_thickness_relative > 0.0 {
            f.row.ice_ring_excess
        } else {
            f64::NAN
        }
    });
    if ice.iter().any(|v| v.is_finite()) {
        let made = figures::histogram(
            "ice",
            "Ring of ice",
            "power at 3.7 Å over its surroundings, minus 1",
            &ice,
            30,
            &[],
        );
        let note =
            "Vitreous ice gives a little, more where it is thicker; crystals of ice stand far to the right.";
        context.figure(&with_note(made, note), None)?;
    }
    let tilt = of(|f| f.tilt_deg);
    if tilt.iter().any(|t| *t > 0.0) {
        let made = figures::histogram("tilt", "Tilt of the defocus", "tilt (°)", &tilt, 30, &[]);
        let note =
            "Slope of the defocus over the field; 0 where a constant defocus explains a micrograph as well.";
        context.figure(&with_note(made, note), None)?;
    }
    Ok(())
}

fn statistics(
    context: &mut JobContext,
    good: &[(usize, Fitted)],
    set_aside: usize,
    strange: usize,
) -> Result<(), Failure> {
    let of = |value: fn(&Fitted) -> f64| -> Vec<f64> { good.iter().map(|(_, f)| value(f)).collect() };
    let fitted: Vec<f64> = of(|f| f.row.fit_resolution_angstrom)
        .into_iter()
        .filter(|r| *r > 0.0)
        .collect();
    context.statistic("micrographs", good.len() as f64)?;
    context.statistic("micrographs_set_aside", set_aside as f64)?;
    context.statistic("micrographs_conspicuous", strange as f64)?;
    context.statistic("median_defocus_angstrom", middle(&of(mean)).0)?;
    context.statistic(
        "median_astigmatism_angstrom",
        middle(&of(|f| f.row.defocus_u_angstrom - f.row.defocus_v_angstrom)).0,
    )?;
    context.statistic(
        "median_defocus_sigma_angstrom",
        middle(&of(|f| f.row.defocus_sigma_angstrom)).0,
    )?;
    if !fitted.is_empty() {
        context.statistic("median_fit_resolution_angstrom", middle(&fitted).0)?;
    }
    Ok(())
}
