//! The oracle in f64: every sample spread over every grid point by the spline's formula.

use super::Accumulator;
use crate::Matrix3;

fn spline(t: f64) -> f64 {
    let t = t.abs();
    if t < 1.0 {
        2.0 / 3.0 - t * t + 0.5 * t * t * t
    } else if t < 2.0 {
        (2.0 - t).powi(3) / 6.0
    } else {
        0.0
    }
}

/// What one sample adds to `[re, im, weight]` at the signed grid point `p`, itself only (not its mate).
pub fn contribution(
    accumulator: &Accumulator,
    rotation: &Matrix3,
    k: [f64; 2],
    value: [f64; 3],
    p: [i64; 3],
) -> [f64; 3] {
    let s = accumulator.padding();
    let mut at: [f64; 3] = [0, 1, 2].map(|i| s * (rotation[0][i] * k[0] + rotation[1][i] * k[1]));
    let mut v = value;
    if at[0] < 0.0 {
        at = at.map(|x| -x);
        v[1] = -v[1];
    }
    let w: f64 = (0..3).map(|i| spline(at[i] - p[i] as f64)).product();
    v.map(|x| x * w)
}
