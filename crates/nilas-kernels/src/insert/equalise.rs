//! Sampling-density compensation on the grid (Pipe & Menon 1999, Magn. Reson. Med. 41:179): weights w such that `w D`,
//! smoothed over about two Fourier pixels, is 1 everywhere. Dividing by the density alone lets a fast change of it
//! (near the origin, near zeros of the CTF) shift the value of its neighbours into a grid point.

use super::FoldedGrid;
use crate::Complex32;
use crate::error::{KernelError, check_length};
use crate::fft::{Fft3, unsigned};
use crate::slice::padded_size;
use rayon::prelude::*;

/// Radius of the smoothing kernel (Kaiser-Bessel of order 0), Fourier pixels of the box, and its taper.
const RADIUS: f64 = 1.9;
const TAPER: f64 = 15.0;

/// The kernel's real-space window at `x` padded box sides from the centre, 1 at 0.
fn window(x: f64, radius: f64) -> f64 {
    let at = |s: f64| (s.cosh() - s.sinh() / s) / (s * s);
    let inside = TAPER * TAPER - (std::f64::consts::TAU * radius * x).powi(2);
    if inside > 1e-6 {
        (at(inside.sqrt()) / at(TAPER)).max(0.0)
    } else {
        0.0
    }
}

impl FoldedGrid {
    /// Weights for a (regularised, positive) `density` on this grid, up to `limit` Fourier pixels, after `iterations`
    /// corrections of `1/density`. Zero beyond the limit. Errors: wrong length.
    pub fn equalising_weights(
        &self,
        density: &[f32],
        limit: f64,
        iterations: usize,
    ) -> Result<Vec<f32>, KernelError> {
        check_length("density", density.len(), self.weight.len())?;
        let pad = padded_size(self.box_size());
        let plan = Fft3::cube(pad)?;
        let (nx, ny) = self.shape();
        let (o, w, nyquist) = ((ny / 2) as i64, pad / 2 + 1, (pad / 2) as i64);
        let place = |i: usize| {
            let (x, y) = ((i % nx) as i64, (i / nx % ny) as i64 - o);
            let z = (i / (nx * ny)) as i64 - o;
            let inside = x < nyquist && y.abs() < nyquist && z.abs() < nyquist && self.distance(i) <= limit;
            inside.then(|| (unsigned(z, pad) * pad + unsigned(y, pad)) * w + x as usize)
        };
        let mut weights: Vec<f32> = density
            .par_iter()
            .enumerate()
            .map(|(i, d)| {
                if *d > 0.0 && place(i).is_some() {
                    1.0 / d
                } else {
                    0.0
                }
            })
            .collect();
        let radius = RADIUS * pad as f64 / self.box_size() as f64;
        let table: Vec<f64> = (0..=4 * pad)
            .map(|i| window(i as f64 / (4 * pad) as f64, radius))
            .collect();
        let mut half = vec![Complex32::default(); plan.half_len()];
        let mut real = vec![0.0f32; plan.real_len()];
        for _ in 0..iterations {
            half.fill(Complex32::default());
            for (i, v) in weights.iter().enumerate().filter(|(_, v)| **v > 0.0) {
                if let Some(j) = place(i) {
                    half[j] = Complex32::new(v * density[i], 0.0);
                }
            }
            plan.inverse(&mut half, &mut real)?;
            real.par_chunks_exact_mut(pad * pad)
                .enumerate()
                .for_each(|(z, plane)| {
                    let c = |i: usize| (i.min(pad - i) as f64 / pad as f64).powi(2);
                    for (j, v) in plane.iter_mut().enumerate() {
                        let r = (c(z) + c(j / pad) + c(j % pad)).sqrt();
                        *v *= table[(r * (4 * pad) as f64) as usize] as f32;
                    }
                });
            plan.forward(&real, &mut half)?;
            weights
                .par_iter_mut()
                .enumerate()
                .filter(|(_, v)| **v > 0.0)
                .for_each(|(i, v)| {
                    if let Some(j) = place(i) {
                        *v /= half[j].norm().max(1e-3);
                    }
                });
        }
        Ok(weights)
    }
}
