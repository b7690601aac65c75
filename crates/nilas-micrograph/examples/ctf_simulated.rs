//! Many simulated micrographs against their truth: the acceptance figures of CTF estimation.
//!
//! `cargo run --release -p nilas-micrograph --example ctf_simulated -- 60 [side_px] [first_seed]`: micrographs of
//! 40 e/Å² at 300 kV, 1.5 Å/px; one third flat, one third tilted by 30°, one third with a phase plate.
#![allow(clippy::unwrap_used)]

#[path = "../tests/simulated/mod.rs"]
mod simulated;

use nilas_micrograph::{CtfSettings, Micrograph, Microscope, estimate};
use rand::{RngExt, SeedableRng};
use simulated::Truth;

const PIXEL: f64 = 1.5;

fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
        .get(((sorted.len() as f64 - 1.0) * share).round() as usize)
        .copied()
        .unwrap_or(f64::NAN)
}

#[derive(Default)]
struct Found {
    defocus: Vec<f64>,
    astigmatism: Vec<f64>,
    angle: Vec<f64>,
    surface: Vec<f64>,
    phase: Vec<f64>,
    scaled: Vec<f64>,
    shapes: Vec<&'static str>,
    failures: usize,
    unsure: usize,
    seconds: f64,
}

fn main() {
    let argument = |i: usize, default: usize| std::env::args().nth(i).map_or(default, |a| a.parse().unwrap());
    let (count, side, first) = (argument(1, 12), argument(2, 2048), argument(3, 1));
    let half = 0.5 * side as f64 * PIXEL;
    let mut all: [Found; 3] = Default::default();
    for i in 0..count {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64((first + i) as u64);
        let mut uniform = |low: f64, high: f64| low + (high - low) * rng.random::<f64>();
        let kind = i % 3;
        let (mean, astigmatism) = (uniform(5_000.0, 30_000.0), uniform(0.0, 500.0));
        let direction = uniform(0.0, std::f64::consts::TAU);
        let tilt = if kind == 1 { 30f64.to_radians().tan() } else { 0.0 };
        let truth = Truth {
            u: mean + 0.5 * astigmatism,
            v: mean - 0.5 * astigmatism,
            angle_deg: uniform(0.0, 180.0),
            phase_shift_deg: if kind == 2 { uniform(20.0, 160.0) } else { 0.0 },
            slope: [tilt * direction.cos(), tilt * direction.sin()],
            b_factor: uniform(60.0, 160.0),
            ..Truth::default()
        };
        let data = simulated::micrograph(&truth, side, PIXEL, (1000 + first + i) as u64);
        let micrograph = Micrograph {
            width: side,
            height: side,
            pixel_size_angstrom: PIXEL,
            data: &data,
        };
        let scope = Microscope {
            voltage_kv: truth.voltage_kv,
            cs_mm: truth.cs_mm,
            amplitude_contrast: truth.amplitude_contrast,
        };
        let settings = CtfSettings {
            phase_shift_range_rad: (kind == 2).then_some([0.0, std::f64::consts::PI]),
            ..CtfSettings::default()
        };
        let began = std::time::Instant::now();
        let found = estimate(&micrograph, &scope, &settings, &|| false).unwrap();
        let into = &mut all[kind];
        into.seconds += began.elapsed().as_secs_f64();
        let off = found.defocus.mean_angstrom - mean;
        if off.abs() > 500.0 {
            into.failures += 1;
            // A wrong ring must not pass in silence.
            into.unsure += usize::from(found.margin < 10.0 || found.fit_resolution_angstrom.is_none());
            println!(
                "failure: {truth:?} found {:?} margin {:.1}",
                found.defocus, found.margin
            );
            continue;
        }
        into.defocus.push(off.abs());
        into.astigmatism
            .push((2.0 * found.defocus.half_difference_angstrom() - astigmatism).abs());
        if astigmatism > 100.0 {
            let turn =
                (found.defocus.angle_rad().to_degrees() - truth.angle_deg + 90.0).rem_euclid(180.0) - 90.0;
            into.angle.push(turn.abs());
        }
        into.scaled.push(off / found.defocus_sigma_angstrom);
        into.phase
            .push((found.defocus.phase_shift_rad.to_degrees() - truth.phase_shift_deg).abs());
        if let Some(surface) = &found.surface {
            into.shapes.push(surface.shape.name());
            let square: f64 = (0..100)
                .map(|p| {
                    let at = |j: i32| (f64::from(j) + 0.5) / 10.0 * side as f64;
                    let (x, y) = (at(p % 10), at(p / 10));
                    let here = found.defocus.mean_angstrom + surface.offset_angstrom(x, y);
                    (here - mean - truth.extra(x * PIXEL - half, y * PIXEL - half, half)).powi(2)
                })
                .sum();
            into.surface.push((square / 100.0).sqrt());
        }
    }
    for (name, f) in ["flat", "tilted by 30 deg", "phase plate"].iter().zip(&all) {
        let n = f.defocus.len() as f64;
        let spread = (f.scaled.iter().map(|s| s * s).sum::<f64>() / n).sqrt();
        let shapes: Vec<String> = ["constant", "plane", "quadratic", "cubic"]
            .iter()
            .map(|s| format!("{s} {}", f.shapes.iter().filter(|x| *x == s).count()))
            .collect();
        println!(
            "{name}: {} of {} failed ({} of them marked); defocus median {:.1} A, 95 % {:.1} A; astigmatism median {:.1} A; angle median \
             {:.1}, 95 % {:.1} deg; error/sigma {spread:.2}; surface rms median {:.1}, worst {:.1} A ({}); phase shift median {:.2}, worst \
             {:.2} deg; {:.2} s each",
            f.failures,
            f.failures + f.defocus.len(),
            f.unsure,
            quantile(&f.defocus, 0.5),
            quantile(&f.defocus, 0.95),
            quantile(&f.astigmatism, 0.5),
            quantile(&f.angle, 0.5),
            quantile(&f.angle, 0.95),
            quantile(&f.surface, 0.5),
            quantile(&f.surface, 1.0),
            shapes.join(", "),
            quantile(&f.phase, 0.5),
            quantile(&f.phase, 1.0),
            f.seconds / (n + f.failures as f64)
        );
    }
}
