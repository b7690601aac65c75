//! Oracles in f64: the exact transform of a real volume at any frequency, and the same 64-tap sum as the CPU's.

use super::SplineVolume;
use crate::Matrix3;
use num_complex::Complex64;
use std::f64::consts::TAU;

/// The exact slice value at image frequency `(kx, ky)` of a centred volume `[z][y][x]`: a direct sum over all voxels
/// inside the inscribed sphere. `O(n^3)` per value.
pub fn exact(volume: &[f32], n: usize, rotation: &Matrix3, kx: f64, ky: f64) -> Complex64 {
    let k: [f64; 3] = [0, 1, 2].map(|i| rotation[0][i] * kx + rotation[1][i] * ky);
    let half = n as f64 / 2.0;
    let mut sum = Complex64::default();
    for (i, v) in volume.iter().enumerate() {
        if *v == 0.0 {
            continue;
        }
        let (x, y, z) = (
            (i % n) as f64 - half,
            (i / n % n) as f64 - half,
            (i / (n * n)) as f64 - half,
        );
        if x * x + y * y + z * z < half * half {
            let turns = (k[0] * x + k[1] * y + k[2] * z) / n as f64;
            sum += Complex64::from_polar(*v as f64, -TAU * turns);
        }
    }
    sum / n as f64
}

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

/// The interpolated slice value at `(kx, ky)`, written as the plain sum over grid points.
pub fn interpolated(volume: &SplineVolume, rotation: &Matrix3, kx: f64, ky: f64) -> Complex64 {
    let s = volume.padding();
    let mut p: [f64; 3] = [0, 1, 2].map(|i| s * (rotation[0][i] * kx + rotation[1][i] * ky));
    let mate = p[0] < 0.0;
    if mate {
        p = p.map(|v| -v);
    }
    let mut sum = Complex64::default();
    let f = p.map(|v| v.floor() as i64);
    for z in f[2] - 1..=f[2] + 2 {
        for y in f[1] - 1..=f[1] + 2 {
            for x in f[0] - 1..=f[0] + 2 {
                let w = spline(p[0] - x as f64) * spline(p[1] - y as f64) * spline(p[2] - z as f64);
                let i = 2 * volume.grid.index(x, y, z);
                sum += Complex64::new(volume.data[i] as f64, volume.data[i + 1] as f64) * w;
            }
        }
    }
    if mate { sum.conj() } else { sum }
}
