//! The exhaustive part of the search: defocus (and phase shift) on the rotational average, then astigmatism on sectors.

use super::model::{LEAST_POWER, Smooth, ring_factors};
use super::phase::Phases;
use super::settings::{CtfSettings, Defocus};
use crate::MicrographError;
use crate::spectrum::PowerSpectrum;
use rayon::prelude::*;

/// Step of the defocus in Å.
const DEFOCUS_STEP: f64 = 50.0;
/// The same when a phase shift is looked for as well.
const DEFOCUS_STEP_WITH_PHASE: f64 = 100.0;
/// Step of the phase shift in radians.
const PHASE_STEP: f64 = 0.2;
/// A smooth misfit of this share of the background counts like noise: no bin may decide alone.
const MISFIT: f64 = 0.01;
/// Local maxima that are followed.
const FOLLOWED: usize = 5;
/// Maxima nearer than this (Å) are one.
const APART: f64 = 250.0;
/// Angular sectors over 180°.
const SECTORS: usize = 18;
/// Steps of the astigmatism vector to each side.
const VECTOR_STEPS: i32 = 10;
/// The mean defocus is looked for anew this far (Å) around its radial maximum.
const AROUND: f64 = 300.0;

/// A candidate of the search.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Where it is.
    pub defocus: Defocus,
    /// Smooth parts of the model there.
    pub smooth: Smooth,
    /// Gain over a model without rings (weighted sum of squares).
    pub gain: f64,
}

/// The best maxima of the gain over defocus and phase shift, best first; at least one.
///
/// # Errors
/// A request to stop.
pub fn radial_search(
    spectrum: &PowerSpectrum,
    phases: &Phases,
    settings: &CtfSettings,
    cancelled: &(dyn Fn() -> bool + Sync),
) -> Result<Vec<Candidate>, MicrographError> {
    let profile = spectrum.relative_radial();
    let weight: Vec<f64> = spectrum
        .grid
        .bin_count
        .iter()
        .map(|n| {
            if *n == 0 {
                return 0.0;
            }
            // Variance of a bin's mean for a handful of tiles, plus the misfit of the smooth parts.
            1.0 / (0.02 / f64::from(*n) + MISFIT * MISFIT)
        })
        .collect();
    let flat = Smooth::flat(&spectrum.grid);
    let without = flat
        .clone()
        .fit_profile(&profile, &weight, &vec![0.0; profile.len()])
        .unwrap_or(f64::INFINITY);
    let (step, phase_shifts) = match settings.phase_shift_range_rad {
        None => (DEFOCUS_STEP, vec![settings.phase_shift_rad]),
        Some([low, high]) => {
            let count = ((high - low) / PHASE_STEP).ceil().max(1.0) as usize;
            let shifts = (0..=count).map(|i| low + (high - low) * i as f64 / count as f64);
            (DEFOCUS_STEP_WITH_PHASE, shifts.collect())
        }
    };
    let range = settings.greatest_defocus_angstrom - settings.least_defocus_angstrom;
    let count = (range / step).ceil() as usize;
    // Best phase shift per defocus.
    let found: Vec<Candidate> = (0..=count)
        .into_par_iter()
        .map(|i| {
            if cancelled() {
                return Err(MicrographError::Cancelled);
            }
            let mean =
                (settings.least_defocus_angstrom + i as f64 * step).min(settings.greatest_defocus_angstrom);
            let mut best: Option<Candidate> = None;
            for &phase_shift_rad in &phase_shifts {
                let ring = ring_factors(phases, mean, phase_shift_rad);
                let mut smooth = flat.clone();
                let Some(left) = smooth.fit_profile(&profile, &weight, &ring) else {
                    continue;
                };
                let gain = without - left;
                if best.as_ref().is_none_or(|b| gain > b.gain) {
                    let defocus = Defocus {
                        mean_angstrom: mean,
                        astigmatism_angstrom: [0.0; 2],
                        phase_shift_rad,
                    };
                    best = Some(Candidate {
                        defocus,
                        smooth,
                        gain,
                    });
                }
            }
            Ok(best)
        })
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .flatten()
        .collect();
    Ok(maxima(found))
}

/// The local maxima, best first, at least [`APART`] from each other.
fn maxima(found: Vec<Candidate>) -> Vec<Candidate> {
    let gains: Vec<f64> = found.iter().map(|c| c.gain).collect();
    let mut order: Vec<usize> = (0..gains.len())
        .filter(|&i| {
            (i == 0 || gains[i] >= gains[i - 1]) && (i + 1 == gains.len() || gains[i] >= gains[i + 1])
        })
        .collect();
    order.sort_by(|a, b| gains[*b].total_cmp(&gains[*a]));
    let mut out: Vec<Candidate> = Vec::new();
    for i in order {
        let here = &found[i];
        let near = |c: &Candidate| (c.defocus.mean_angstrom - here.defocus.mean_angstrom).abs() < APART;
        if out.len() < FOLLOWED && !out.iter().any(near) {
            out.push(here.clone());
        }
    }
    out
}

/// Finds the astigmatism of a candidate: every vector of a grid is tried against the sectors' profiles, with the mean
/// defocus free around its radial maximum.
pub fn sector_search(
    spectrum: &PowerSpectrum,
    phases: &Phases,
    settings: &CtfSettings,
    from: &Candidate,
) -> Defocus {
    let grid = &spectrum.grid;
    let bins = grid.bins();
    let mut sums = vec![[0.0f64; 2]; SECTORS * bins];
    for pixel in 0..grid.len() {
        let theta = 0.5 * f64::from(phases.sine[pixel]).atan2(f64::from(phases.cosine[pixel]));
        let turn = theta.rem_euclid(std::f64::consts::PI) / std::f64::consts::PI;
        let sector = ((turn * SECTORS as f64) as usize).min(SECTORS - 1);
        let s = &mut sums[sector * bins + usize::from(grid.bin[pixel])];
        let w = f64::from(spectrum.weight[pixel]);
        s[0] += w * f64::from(spectrum.relative[pixel]);
        s[1] += w;
    }
    let (background, strength) = (from.smooth.background(), from.smooth.strength());
    let reach = 0.5 * settings.greatest_astigmatism_angstrom;
    let step = DEFOCUS_STEP;
    let half = ((reach * std::f64::consts::SQRT_2 + AROUND) / step).ceil() as i32;
    let centre = from.defocus.mean_angstrom;
    // Likelihood of each defocus in each sector.
    let curves: Vec<Vec<f64>> = (-half..=half)
        .into_par_iter()
        .map(|i| {
            let ring = ring_factors(phases, centre + f64::from(i) * step, from.defocus.phase_shift_rad);
            (0..SECTORS)
                .map(|sector| {
                    (0..bins)
                        .map(|bin| {
                            let [sum, count] = sums[sector * bins + bin];
                            let signal = strength[bin] * ring[bin];
                            let power = background[bin].max(LEAST_POWER);
                            let residual = sum - count * background[bin];
                            (residual * signal - 0.5 * count * signal * signal) / (power * power)
                        })
                        .sum()
                })
                .collect()
        })
        .collect();
    let angles: Vec<(f64, f64)> = (0..SECTORS)
        .map(|s| {
            let two_theta = std::f64::consts::TAU * (s as f64 + 0.5) / SECTORS as f64;
            (two_theta.cos(), two_theta.sin())
        })
        .collect();
    let at = |sector: usize, offset: f64| {
        let u = (offset / step + f64::from(half)).clamp(0.0, f64::from(2 * half) - 1e-6);
        let (i, t) = (u as usize, u - u.floor());
        curves[i][sector] * (1.0 - t) + curves[i + 1][sector] * t
    };
    let vector_step = reach / f64::from(VECTOR_STEPS);
    let mut best = (f64::NEG_INFINITY, from.defocus);
    let around = (AROUND / step) as i32;
    for mean in -around..=around {
        let mean = f64::from(mean) * step;
        for ia in -VECTOR_STEPS..=VECTOR_STEPS {
            for ib in -VECTOR_STEPS..=VECTOR_STEPS {
                let (a, b) = (f64::from(ia) * vector_step, f64::from(ib) * vector_step);
                if a.hypot(b) > reach {
                    continue;
                }
                let total: f64 = (0..SECTORS)
                    .map(|s| at(s, mean + a * angles[s].0 + b * angles[s].1))
                    .sum();
                if total > best.0 {
                    let defocus = Defocus {
                        mean_angstrom: centre + mean,
                        astigmatism_angstrom: [a, b],
                        phase_shift_rad: from.defocus.phase_shift_rad,
                    };
                    best = (total, defocus);
                }
            }
        }
    }
    best.1
}
