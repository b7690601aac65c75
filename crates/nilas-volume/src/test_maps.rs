//! Maps for this crate's tests.
#![allow(clippy::unwrap_used)]

use crate::Volume;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// White Gaussian noise of unit variance.
pub(crate) fn noise(n: usize, voxel: f64, seed: u64) -> Volume {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let data = (0..n * n * n).map(|_| StandardNormal.sample(&mut rng)).collect();
    Volume::new(n, voxel, data).unwrap()
}

/// `a + factor * b`.
pub(crate) fn sum(a: &Volume, b: &Volume, factor: f32) -> Volume {
    let mut out = a.clone();
    out.data
        .iter_mut()
        .zip(&b.data)
        .for_each(|(v, w)| *v += factor * w);
    out
}

/// An asymmetric particle: blobs (centre and sigma in Å) along a random walk of `count` steps inside `radius` Å.
pub(crate) fn blobs(count: usize, radius: f64, sigma: f64, seed: u64) -> Vec<([f64; 3], f64)> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut at = [0.0f64; 3];
    let mut out = Vec::new();
    while out.len() < count {
        let next = at.map(|c| c + step(&mut rng) * 2.5 * sigma);
        if next.iter().map(|c| c * c).sum::<f64>().sqrt() < radius {
            at = next;
            out.push((at, sigma * rng.random_range(0.8..1.2)));
        }
    }
    let mean = [0, 1, 2].map(|i| out.iter().map(|b| b.0[i]).sum::<f64>() / count as f64);
    for blob in &mut out {
        for i in 0..3 {
            blob.0[i] -= mean[i];
        }
    }
    out
}

fn step(rng: &mut impl Rng) -> f64 {
    rng.random_range(-1.0..1.0)
}

/// The density of blobs, each of unit integral per Å³ times 1000.
pub(crate) fn render(blobs: &[([f64; 3], f64)], n: usize, voxel: f64) -> Volume {
    let mut v = Volume::zeros(n, voxel).unwrap();
    let half = (n / 2) as f64;
    for (c, sigma) in blobs {
        let height = 1000.0 / ((2.0 * std::f64::consts::PI).powf(1.5) * sigma.powi(3));
        let reach = (4.5 * sigma / voxel).ceil() as i64;
        let at = c.map(|x| x / voxel + half);
        let range = |i: usize| {
            (at[i] as i64 - reach).max(0) as usize..((at[i] as i64 + reach + 1).clamp(0, n as i64)) as usize
        };
        for z in range(2) {
            for y in range(1) {
                for x in range(0) {
                    let d2: f64 = [x, y, z]
                        .iter()
                        .zip(at)
                        .map(|(p, a)| ((*p as f64 - a) * voxel).powi(2))
                        .sum();
                    let i = v.index(x, y, z);
                    v.data[i] += (height * (-0.5 * d2 / (sigma * sigma)).exp()) as f32;
                }
            }
        }
    }
    v
}
