//! Continuous refinement of one pose by damped Gauss-Newton steps (algorithms.md 8.2, tier L).

use crate::error::RefineError;
use nilas_geometry::Rotation;
use nilas_kernels::linear;
use nilas_kernels::residual::{Observation, normal_equations, shift_equations};
use nilas_kernels::slice::{SliceGradient, SplineVolume};

/// Limits of a local refinement.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LocalOptions {
    /// Accepted or rejected steps at most.
    pub steps: usize,
    /// Shift-only steps before the joint ones.
    pub shift_steps: usize,
    /// Longest rotation of one step, radians.
    pub step_angle: f64,
    /// Longest shift of one step, pixels.
    pub step_shift: f64,
    /// Farthest from the start, radians.
    pub reach_angle: f64,
    /// Precision `1/sigma^2` (1/px^2) of the shift prior about the box centre.
    pub shift_precision: f64,
}

/// A pose with its score and curvature. Shifts in pixels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fit {
    pub rotation: Rotation,
    pub shift: [f64; 2],
    /// Log-posterior gain over an empty image: likelihood plus prior.
    pub gain: f64,
    /// Curvature `2H + prior` of the negative log-posterior.
    pub curvature: [[f64; 5]; 5],
}

impl Fit {
    /// `log det` of the posterior covariance under Laplace's approximation.
    pub fn log_volume(&self) -> f64 {
        linear::log_determinant(&self.curvature).map_or(0.0, |d| -d)
    }

    /// Standard deviations (rotation in radians, shift in pixels), mean over axes.
    pub fn sigmas(&self) -> (f64, f64) {
        linear::inverse(&self.curvature).map_or((f64::NAN, f64::NAN), |c| {
            (
                ((c[0][0] + c[1][1] + c[2][2]) / 3.0).sqrt(),
                ((c[3][3] + c[4][4]) / 2.0).sqrt(),
            )
        })
    }
}

fn prior(o: &LocalOptions, t: [f64; 2]) -> f64 {
    -0.5 * o.shift_precision * (t[0] * t[0] + t[1] * t[1])
}

fn evaluate(
    volume: &SplineVolume,
    data: &Observation,
    o: &LocalOptions,
    rotation: Rotation,
    shift: [f64; 2],
    slice: &mut SliceGradient,
) -> Result<(Fit, [f64; 5]), RefineError> {
    volume.slice_gradient(&rotation.m, data.kx, data.ky, slice)?;
    let e = normal_equations(data, slice, shift)?;
    let mut curvature = e.hessian.map(|row| row.map(|v| 2.0 * v));
    let mut slope = e.gradient.map(|v| 2.0 * v);
    for j in 0..2 {
        curvature[3 + j][3 + j] += o.shift_precision;
        slope[3 + j] -= o.shift_precision * shift[j];
    }
    let gain = e.score.gain() + prior(o, shift);
    Ok((
        Fit {
            rotation,
            shift,
            gain,
            curvature,
        },
        slope,
    ))
}

/// Climbs from a pose to the top of its basin; never ends below where it began.
pub(crate) fn climb(
    volume: &SplineVolume,
    data: &Observation,
    o: &LocalOptions,
    rotation: Rotation,
    mut shift: [f64; 2],
    slice: &mut SliceGradient,
) -> Result<Fit, RefineError> {
    if o.shift_steps > 0 {
        let mut re = vec![0.0; data.re.len()];
        let mut im = vec![0.0; data.re.len()];
        volume.slice(&rotation.m, data.kx, data.ky, &mut re, &mut im)?;
        shift = climb_shift(data, o, (&re, &im), shift)?;
    }
    let start = rotation;
    let (mut best, mut slope) = evaluate(volume, data, o, rotation, shift, slice)?;
    let mut damping = 1e-3;
    for _ in 0..o.steps {
        let mut h = best.curvature;
        (0..5).for_each(|j| h[j][j] += damping * h[j][j] + 1e-9);
        let Some(mut step) = linear::solve(&h, &slope) else {
            break;
        };
        let expected: f64 = 0.5 * step.iter().zip(&slope).map(|(a, b)| a * b).sum::<f64>();
        if expected < 0.01 {
            break;
        }
        let angle = (step[0].powi(2) + step[1].powi(2) + step[2].powi(2)).sqrt();
        let moved = step[3].hypot(step[4]);
        let shorten = (o.step_angle / angle).min(o.step_shift / moved).min(1.0);
        step.iter_mut().for_each(|v| *v *= shorten);
        let to = best.rotation.perturbed([step[0], step[1], step[2]]);
        if to.angle_to(&start) > o.reach_angle {
            break;
        }
        let at = [best.shift[0] + step[3], best.shift[1] + step[4]];
        let (next, next_slope) = evaluate(volume, data, o, to, at, slice)?;
        if next.gain > best.gain {
            best = next;
            slope = next_slope;
            damping = (damping * 0.2).max(1e-6);
        } else {
            damping *= 20.0;
            if damping > 50.0 {
                break;
            }
        }
    }
    Ok(best)
}

/// Newton steps of the shift alone, the slice fixed.
fn climb_shift(
    data: &Observation,
    o: &LocalOptions,
    (re, im): (&[f32], &[f32]),
    start: [f64; 2],
) -> Result<[f64; 2], RefineError> {
    let mut best = (start, f64::NEG_INFINITY);
    let mut at = start;
    for _ in 0..=o.shift_steps {
        let e = shift_equations(data, re, im, at)?;
        let gain = e.score.gain() + prior(o, at);
        if gain <= best.1 {
            break;
        }
        best = (at, gain);
        let mut h = e.hessian.map(|row| row.map(|v| 2.0 * v));
        let mut g = e.gradient.map(|v| 2.0 * v);
        for j in 0..2 {
            h[j][j] = h[j][j] * 1.001 + o.shift_precision + 1e-9;
            g[j] -= o.shift_precision * at[j];
        }
        let Some(step) = linear::solve(&h, &g) else { break };
        let shorten = (o.step_shift / step[0].hypot(step[1])).min(1.0);
        at = [at[0] + step[0] * shorten, at[1] + step[1] * shorten];
    }
    Ok(best.0)
}
