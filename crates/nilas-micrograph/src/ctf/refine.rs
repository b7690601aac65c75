//! The fit to all Fourier pixels: Fisher scoring of a χ²-distributed periodogram, background and ring strength included.
//!
//! The averaged power of many tiles scatters around the model P by P/√tiles, so the fit minimises the deviance
//! `Σ (S/P - 1 - ln S/P)`. Its Hessian is `Σ J Jᵀ / P²`. The model is linear in the smooth coefficients and the pixels of a
//! radial bin share their splines: a pass over the pixels only sums a handful of moments per bin.

use super::basis::System;
use super::model::{LEAST_POWER, Smooth};
use super::phase::{Phases, sin_cos};
use super::settings::Defocus;
use crate::spectrum::PowerSpectrum;
use rayon::prelude::*;

/// Parameters that are not linear: mean defocus, astigmatism vector, phase shift.
const SHAPES: usize = 4;
/// Most iterations.
const ITERATIONS: usize = 25;
/// A step below this (Å of defocus) is the end.
const SMALL_STEP: f64 = 0.2;
/// Pixels per task.
const CHUNK: usize = 8192;

/// A converged fit.
#[derive(Debug, Clone)]
pub struct Refined {
    /// Defocus, astigmatism, phase shift.
    pub defocus: Defocus,
    /// Background and ring strength.
    pub smooth: Smooth,
    /// Sum over pixels of `S/P - 1 - ln(S/P)`.
    pub deviance: f64,
    /// Inverse of the Fisher information of (mean, a, b, phase shift) for independent pixels with a relative variance of
    /// 1; times the true variance and correlation it is their covariance. Zero for what was held.
    pub unit_covariance: [[f64; SHAPES]; SHAPES],
}

/// What may change and how far.
#[derive(Debug, Clone, Copy)]
pub struct Freedom {
    /// The phase shift is fitted.
    pub phase_shift: bool,
    /// Standard deviation of the half difference `(U - V)/2` before anything was measured, Å.
    pub astigmatism_sigma_angstrom: f64,
    /// Relative variance of a pixel times the number of correlated ones: the weight of the prior.
    pub noise: f64,
}

/// Sums over the pixels of a bin.
#[derive(Debug, Clone, Copy, Default)]
struct Moments {
    /// Weight; times residual.
    w: f64,
    wr: f64,
    /// Ring factor m with them.
    wm: f64,
    wmm: f64,
    wmr: f64,
    /// Derivatives by the shapes, without the ring strength.
    wg: [f64; SHAPES],
    wgm: [f64; SHAPES],
    wgr: [f64; SHAPES],
    wgg: [[f64; SHAPES]; SHAPES],
}

struct Pass {
    moments: Vec<Moments>,
    deviance: f64,
}

/// One look at all pixels. `with_moments` false gives the deviance only.
fn pass(
    spectrum: &PowerSpectrum,
    phases: &Phases,
    defocus: &Defocus,
    smooth: &Smooth,
    with_moments: bool,
) -> Pass {
    let grid = &spectrum.grid;
    let damping = phases.damping(defocus.mean_angstrom);
    let background: Vec<f32> = smooth.background().iter().map(|v| *v as f32).collect();
    let strength: Vec<f32> = smooth
        .strength()
        .iter()
        .zip(&damping)
        .map(|(e, d)| (e.max(0.0) * d) as f32)
        .collect();
    let damping: Vec<f32> = damping.iter().map(|d| *d as f32).collect();
    let (mean, a, b, phase) = (
        defocus.mean_angstrom as f32,
        defocus.astigmatism_angstrom[0] as f32,
        defocus.astigmatism_angstrom[1] as f32,
        (2.0 * defocus.phase_shift_rad) as f32,
    );
    let chunks = grid.len().div_ceil(CHUNK);
    let parts: Vec<Pass> = (0..chunks)
        .into_par_iter()
        .map(|chunk| {
            let range = chunk * CHUNK..((chunk + 1) * CHUNK).min(grid.len());
            let mut moments = vec![Moments::default(); if with_moments { grid.bins() } else { 0 }];
            let mut deviance = 0.0f64;
            let n = range.len();
            let (constant, slope) = (&phases.constant[range.clone()], &phases.slope[range.clone()]);
            let (cosine, sine) = (&phases.cosine[range.clone()], &phases.sine[range.clone()]);
            let (bin, value) = (&grid.bin[range.clone()], &spectrum.relative[range.clone()]);
            let weight = &spectrum.weight[range];
            // The transcendental part first, in a loop that becomes SIMD.
            let mut waves = vec![(0.0f32, 0.0f32); n];
            for i in 0..n {
                let df = mean + a * cosine[i] + b * sine[i];
                waves[i] = sin_cos(2.0 * (constant[i] + slope[i] * df) + phase);
            }
            for i in 0..n {
                if weight[i] == 0.0 {
                    continue;
                }
                let k = usize::from(bin[i]);
                let (s, c) = waves[i];
                let power = (background[k] - strength[k] * c).max(LEAST_POWER as f32);
                let ratio = value[i] / power;
                deviance += f64::from(ratio - 1.0 - ratio.max(1e-6).ln());
                if !with_moments {
                    continue;
                }
                let m = &mut moments[k];
                let w = f64::from(1.0 / (power * power));
                let r = f64::from(value[i] - power);
                let ring = f64::from(-c * damping[k]);
                let turn = f64::from(2.0 * s * damping[k]);
                let lean = f64::from(slope[i]) * turn;
                let g = [lean, lean * f64::from(cosine[i]), lean * f64::from(sine[i]), turn];
                m.w += w;
                m.wr += w * r;
                m.wm += w * ring;
                m.wmm += w * ring * ring;
                m.wmr += w * ring * r;
                for p in 0..SHAPES {
                    let wg = w * g[p];
                    m.wg[p] += wg;
                    m.wgm[p] += wg * ring;
                    m.wgr[p] += wg * r;
                    for q in p..SHAPES {
                        m.wgg[p][q] += wg * g[q];
                    }
                }
            }
            Pass { moments, deviance }
        })
        .collect();
    let mut all = Pass {
        moments: vec![Moments::default(); if with_moments { grid.bins() } else { 0 }],
        deviance: 0.0,
    };
    // In the order of the chunks, so that the result does not depend on the number of threads.
    for part in parts {
        all.deviance += part.deviance;
        for (m, p) in all.moments.iter_mut().zip(&part.moments) {
            m.add(p);
        }
    }
    all
}

impl Moments {
    fn add(&mut self, o: &Moments) {
        self.w += o.w;
        self.wr += o.wr;
        self.wm += o.wm;
        self.wmm += o.wmm;
        self.wmr += o.wmr;
        for p in 0..SHAPES {
            self.wg[p] += o.wg[p];
            self.wgm[p] += o.wgm[p];
            self.wgr[p] += o.wgr[p];
            for q in p..SHAPES {
                self.wgg[p][q] += o.wgg[p][q];
            }
        }
    }
}

/// Gauss-Newton equations for a step of (background, ring strength, shapes).
fn equations(moments: &[Moments], smooth: &Smooth) -> System {
    let backgrounds = smooth.backgrounds();
    let shapes = smooth.len();
    let mut system = System::new(shapes + SHAPES);
    let strength = smooth.strength();
    for (bin, m) in moments.iter().enumerate() {
        if m.w == 0.0 {
            continue;
        }
        let (fb, b) = (
            smooth.background_basis.first[bin],
            smooth.background_basis.value[bin],
        );
        let (fe, e) = (
            backgrounds + smooth.strength_basis.first[bin],
            smooth.strength_basis.value[bin],
        );
        let height = strength[bin].max(0.0);
        for i in 0..4 {
            system.rhs[fb + i] += b[i] * m.wr;
            system.rhs[fe + i] += e[i] * m.wmr;
            for j in i..4 {
                system.add(fb + i, fb + j, b[i] * b[j] * m.w);
                system.add(fe + i, fe + j, e[i] * e[j] * m.wmm);
            }
            for j in 0..4 {
                system.add(fb + i, fe + j, b[i] * e[j] * m.wm);
            }
            for p in 0..SHAPES {
                system.add(fb + i, shapes + p, height * b[i] * m.wg[p]);
                system.add(fe + i, shapes + p, height * e[i] * m.wgm[p]);
            }
        }
        for p in 0..SHAPES {
            system.rhs[shapes + p] += height * m.wgr[p];
            for q in p..SHAPES {
                system.add(shapes + p, shapes + q, height * height * m.wgg[p][q]);
            }
        }
    }
    let scale = system.mean_diagonal(0, backgrounds);
    let strengths = shapes - backgrounds;
    system.smooth(
        0,
        backgrounds,
        1e-6 * scale,
        Some(&smooth.coefficients[..backgrounds]),
    );
    system.smooth(
        backgrounds,
        strengths,
        1e-4 * scale,
        Some(&smooth.coefficients[backgrounds..]),
    );
    system
}

/// Cost of a fit: deviance plus prior.
fn cost(deviance: f64, defocus: &Defocus, freedom: &Freedom) -> f64 {
    let half = defocus.half_difference_angstrom() / freedom.astigmatism_sigma_angstrom;
    deviance + 0.5 * freedom.noise * half * half
}

fn moved(defocus: &Defocus, smooth: &Smooth, step: &[f64]) -> (Defocus, Smooth) {
    let shapes = smooth.len();
    let mut smooth = smooth.clone();
    for (c, s) in smooth.coefficients.iter_mut().zip(step) {
        *c += s;
    }
    let defocus = Defocus {
        mean_angstrom: defocus.mean_angstrom + step[shapes],
        astigmatism_angstrom: [
            defocus.astigmatism_angstrom[0] + step[shapes + 1],
            defocus.astigmatism_angstrom[1] + step[shapes + 2],
        ],
        phase_shift_rad: defocus.phase_shift_rad + step[shapes + 3],
    };
    (defocus, smooth)
}

/// Follows a start to its minimum.
pub fn refine(
    spectrum: &PowerSpectrum,
    phases: &Phases,
    start: &Defocus,
    smooth: &Smooth,
    freedom: &Freedom,
) -> Refined {
    let (mut defocus, mut smooth) = (*start, smooth.clone());
    let shapes = smooth.len();
    let backgrounds = smooth.backgrounds();
    let mut fixed = vec![None; shapes + SHAPES];
    if !freedom.phase_shift {
        fixed[shapes + 3] = Some(0.0);
    }
    let mut lambda = 1e-3;
    let mut now = pass(spectrum, phases, &defocus, &smooth, true);
    let mut information = None;
    for _ in 0..ITERATIONS {
        let mut system = equations(&now.moments, &smooth);
        let prior = freedom.noise / freedom.astigmatism_sigma_angstrom.powi(2);
        for i in 0..2 {
            system.add(shapes + 1 + i, shapes + 1 + i, prior);
            system.rhs[shapes + 1 + i] -= prior * defocus.astigmatism_angstrom[i];
        }
        information = Some(system.clone());
        let here = cost(now.deviance, &defocus, freedom);
        let mut accepted = None;
        for _ in 0..8 {
            let mut damped = system.clone();
            for i in shapes..shapes + SHAPES {
                let d = damped.matrix[i * damped.n + i];
                damped.add(i, i, lambda * d + 1e-30);
            }
            let Some(step) = solve_step(&damped, &fixed, backgrounds, &smooth) else {
                lambda = lambda.max(1e-6) * 10.0;
                continue;
            };
            let (d, s) = moved(&defocus, &smooth, &step);
            let there = pass(spectrum, phases, &d, &s, true);
            if cost(there.deviance, &d, freedom) <= here {
                accepted = Some((d, s, there, step));
                lambda = (lambda * 0.1f64).max(1e-9);
                break;
            }
            lambda = lambda.max(1e-6) * 10.0;
        }
        let Some((d, s, there, step)) = accepted else {
            break;
        };
        let gained = here - cost(there.deviance, &d, freedom);
        (defocus, smooth, now) = (d, s, there);
        let shape_step = step[shapes..shapes + 3]
            .iter()
            .fold(0.0f64, |a, v| a.max(v.abs()));
        if shape_step < SMALL_STEP
            && step[shapes + 3].abs() < 1e-3
            && gained < 1e-3 * freedom.noise.max(1e-6) + 1e-9 * here
        {
            break;
        }
    }
    let unit_covariance = information
        .and_then(|i| {
            let columns: Vec<usize> = (shapes..shapes + SHAPES).collect();
            let inverse = i.inverse_columns(&columns, &fixed)?;
            let mut out = [[0.0; SHAPES]; SHAPES];
            for (p, column) in inverse.iter().enumerate() {
                out[p][..SHAPES].copy_from_slice(&column[shapes..shapes + SHAPES]);
            }
            Some(out)
        })
        .unwrap_or([[f64::INFINITY; SHAPES]; SHAPES]);
    Refined {
        deviance: now.deviance,
        defocus,
        smooth,
        unit_covariance,
    }
}

/// A step that leaves no ring strength negative.
fn solve_step(
    system: &System,
    fixed: &[Option<f64>],
    backgrounds: usize,
    smooth: &Smooth,
) -> Option<Vec<f64>> {
    let mut fixed = fixed.to_vec();
    loop {
        let step = system.solve(&fixed)?;
        let mut again = false;
        for i in backgrounds..smooth.len() {
            let least = -smooth.coefficients[i];
            if fixed[i].is_none() && step[i] < least - 1e-12 {
                fixed[i] = Some(least);
                again = true;
            }
        }
        if !again {
            return Some(step);
        }
    }
}

/// The model on every pixel, and relative residuals `S/P - 1` (0 where the weight is 0).
pub fn model_and_residual(spectrum: &PowerSpectrum, phases: &Phases, fit: &Refined) -> (Vec<f32>, Vec<f32>) {
    let grid = &spectrum.grid;
    let damping = phases.damping(fit.defocus.mean_angstrom);
    let (background, strength) = (fit.smooth.background(), fit.smooth.strength());
    let d = &fit.defocus;
    let mut model = Vec::with_capacity(grid.len());
    let mut residual = Vec::with_capacity(grid.len());
    for i in 0..grid.len() {
        let k = usize::from(grid.bin[i]);
        let df = d.mean_angstrom
            + d.astigmatism_angstrom[0] * f64::from(phases.cosine[i])
            + d.astigmatism_angstrom[1] * f64::from(phases.sine[i]);
        let chi = f64::from(phases.constant[i]) + f64::from(phases.slope[i]) * df + d.phase_shift_rad;
        let power = (background[k] - strength[k].max(0.0) * damping[k] * (2.0 * chi).cos()).max(LEAST_POWER);
        model.push(power as f32);
        residual.push(spectrum.weight[i] * (spectrum.relative[i] / power as f32 - 1.0));
    }
    (model, residual)
}

/// The deviance of a model as it stands.
pub fn deviance(spectrum: &PowerSpectrum, phases: &Phases, defocus: &Defocus, smooth: &Smooth) -> f64 {
    pass(spectrum, phases, defocus, smooth, false).deviance
}
