//! Poses drawn from a particle's posterior, for images that do not say which one it is.
//!
//! One pose per image, the best, fits the image's noise: the map that is put together from such poses repeats its own
//! errors, and the next poses follow them. While an image leaves its pose open, it is put in at several poses that are
//! drawn as probable as they are.

use crate::error::RefineError;
use crate::local::Fit;
use nilas_geometry::Rotation;
use nilas_kernels::residual::{Observation, score};
use nilas_kernels::slice::SplineVolume;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Poses per image.
const DRAWS: usize = 12;
/// An importance is cut here: one lucky draw must not stand for all.
const LARGEST_RATIO: f64 = 8.0;
/// Widest standard deviation that is drawn from, radians.
const WIDEST: f64 = 0.5;

/// A pose with its share of the image. Shift in pixels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Draw {
    pub rotation: Rotation,
    pub shift: [f64; 2],
    pub weight: f64,
}

/// Draws poses from the mixture of the basins' Laplace approximations (probabilities `weights`) and weighs each by its true
/// posterior over the approximation (self-normalised importance sampling). Weights add up to 1.
pub(crate) fn draw(
    volume: &SplineVolume,
    data: &Observation,
    shift_precision: f64,
    fits: &[Fit],
    weights: &[f64],
    seed: u64,
) -> Result<Vec<Draw>, RefineError> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let shares = shares(weights);
    let n = data.re.len();
    let (mut re, mut im) = (vec![0.0; n], vec![0.0; n]);
    let mut draws = Vec::with_capacity(DRAWS);
    for ((fit, weight), count) in fits.iter().zip(weights).zip(shares) {
        let Some(factor) = (count > 0).then(|| factor(fit)).flatten() else {
            continue;
        };
        for _ in 0..count {
            let z: [f64; 5] = std::array::from_fn(|_| normal(&mut rng));
            let d = solve_transposed(&factor, &z);
            let rotation = fit.rotation.perturbed([d[0], d[1], d[2]]);
            let shift = [fit.shift[0] + d[3], fit.shift[1] + d[4]];
            volume.slice(&rotation.m, data.kx, data.ky, &mut re, &mut im)?;
            let far = shift[0] * shift[0] + shift[1] * shift[1];
            let gain = score(data, &re, &im, shift)?.gain() - 0.5 * shift_precision * far;
            let log_ratio = gain - fit.gain + 0.5 * z.iter().map(|v| v * v).sum::<f64>();
            let ratio = log_ratio.exp().min(LARGEST_RATIO);
            draws.push(Draw {
                rotation,
                shift,
                weight: weight / count as f64 * ratio,
            });
        }
    }
    let total: f64 = draws.iter().map(|d| d.weight).sum();
    if total > 0.0 && total.is_finite() {
        draws.iter_mut().for_each(|d| d.weight /= total);
        draws.retain(|d| d.weight > 1e-3);
        return Ok(draws);
    }
    let best = &fits[0];
    Ok(vec![Draw {
        rotation: best.rotation,
        shift: best.shift,
        weight: 1.0,
    }])
}

/// How many of the draws each basin gets: systematic, so that a basin's number never strays by more than one.
fn shares(weights: &[f64]) -> Vec<usize> {
    let total: f64 = weights.iter().sum();
    let mut sum = 0.0;
    let mut given = 0;
    weights
        .iter()
        .map(|w| {
            sum += w / total.max(f64::MIN_POSITIVE);
            let until = (sum * DRAWS as f64 + 0.5) as usize;
            let count = until.saturating_sub(given);
            given += count;
            count
        })
        .collect()
}

/// Lower Cholesky factor of a basin's curvature, no flatter than what is drawn from at most.
fn factor(fit: &Fit) -> Option<[[f64; 5]; 5]> {
    let mut a = fit.curvature;
    for (j, row) in a.iter_mut().enumerate() {
        row[j] += if j < 3 { 1.0 / (WIDEST * WIDEST) } else { 1e-3 };
    }
    let mut l = [[0.0; 5]; 5];
    for i in 0..5 {
        for j in 0..=i {
            let inner: f64 = (0..j).map(|k| l[i][k] * l[j][k]).sum();
            let v = a[i][j] - inner;
            if i == j {
                if v <= 0.0 || !v.is_finite() {
                    return None;
                }
                l[i][i] = v.sqrt();
            } else {
                l[i][j] = v / l[j][j];
            }
        }
    }
    Some(l)
}

/// `x` with `L^T x = z`: covariance of `x` is the inverse of `L L^T`.
fn solve_transposed(l: &[[f64; 5]; 5], z: &[f64; 5]) -> [f64; 5] {
    let mut x = [0.0; 5];
    for i in (0..5).rev() {
        let inner: f64 = (i + 1..5).map(|k| l[k][i] * x[k]).sum();
        x[i] = (z[i] - inner) / l[i][i];
    }
    x
}

fn normal(rng: &mut ChaCha8Rng) -> f64 {
    let (u, v): (f64, f64) = (1.0 - rng.random::<f64>(), rng.random());
    (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn draws_have_the_curvature_of_the_basin() {
        let mut curvature = [[0.0; 5]; 5];
        (0..5).for_each(|j| curvature[j][j] = 400.0 * (j + 1) as f64);
        curvature[0][1] = 150.0;
        curvature[1][0] = 150.0;
        let fit = Fit {
            rotation: Rotation::identity(),
            shift: [0.0; 2],
            gain: 0.0,
            curvature,
        };
        let l = factor(&fit).unwrap();
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut sum = [[0.0; 5]; 5];
        for _ in 0..20_000 {
            let x = solve_transposed(&l, &std::array::from_fn(|_| normal(&mut rng)));
            (0..5).for_each(|i| (0..5).for_each(|j| sum[i][j] += x[i] * x[j] / 20_000.0));
        }
        let wanted = nilas_kernels::linear::inverse(&curvature).unwrap();
        for i in 0..5 {
            for j in 0..5 {
                let scale = (wanted[i][i] * wanted[j][j]).sqrt();
                assert!((sum[i][j] - wanted[i][j]).abs() < 0.05 * scale, "{i} {j}");
            }
        }
    }

    #[test]
    fn every_basin_gets_its_share() {
        assert_eq!(shares(&[1.0]), [DRAWS]);
        assert_eq!(shares(&[0.5, 0.25, 0.25]), [6, 3, 3]);
        assert_eq!(shares(&[0.9, 0.05, 0.05]).iter().sum::<usize>(), DRAWS);
    }
}
