//! Phases of the contrast transfer, split into what a fit changes and what it doesn't. The formula itself is that of
//! `nilas-optics`: it is linear in the defocus, so two of its values say all.

use super::settings::{Defocus, Microscope};
use crate::MicrographError;
use crate::spectrum::FourierGrid;
use std::f64::consts::FRAC_1_PI;

/// χ = `constant + slope Δf(θ) + phase shift` on the pixels and the radial bins of a grid.
#[derive(Debug, Clone)]
pub struct Phases {
    /// Per pixel: phase at zero defocus, radians.
    pub constant: Vec<f32>,
    /// Per pixel: radians per Å of defocus.
    pub slope: Vec<f32>,
    /// Per pixel: cos 2θ.
    pub cosine: Vec<f32>,
    /// Per pixel: sin 2θ.
    pub sine: Vec<f32>,
    /// Per bin: phase at zero defocus.
    pub bin_constant: Vec<f64>,
    /// Per bin: radians per Å of defocus.
    pub bin_slope: Vec<f64>,
    /// Per bin: change of the phase with frequency at zero defocus, rad Å, over 2π: a length in Å.
    bin_lag_constant: Vec<f64>,
    /// Per bin: the same per Å of defocus.
    bin_lag_slope: Vec<f64>,
    /// Side of the tile in Å.
    side_angstrom: f64,
}

/// Phase at zero defocus and its slope by defocus at a frequency.
fn split(scope: &Microscope, k: f64) -> [f64; 2] {
    let zero = scope.ctf(&Defocus::default()).chi(k, 0.0);
    let unit = Defocus {
        mean_angstrom: 1e4,
        ..Defocus::default()
    };
    [zero, (scope.ctf(&unit).chi(k, 0.0) - zero) * 1e-4]
}

impl Phases {
    /// Tabulates the phases.
    ///
    /// # Errors
    /// Microscope settings that can't be.
    pub fn new(grid: &FourierGrid, scope: &Microscope) -> Result<Self, MicrographError> {
        scope.ctf(&Defocus::default()).validate()?;
        let mut phases = Phases {
            constant: Vec::with_capacity(grid.len()),
            slope: Vec::with_capacity(grid.len()),
            cosine: Vec::with_capacity(grid.len()),
            sine: Vec::with_capacity(grid.len()),
            bin_constant: Vec::with_capacity(grid.bins()),
            bin_slope: Vec::with_capacity(grid.bins()),
            bin_lag_constant: Vec::with_capacity(grid.bins()),
            bin_lag_slope: Vec::with_capacity(grid.bins()),
            side_angstrom: grid.side_angstrom,
        };
        for pixel in 0..grid.len() {
            let [x, y] = grid.frequency(pixel);
            let k2 = x * x + y * y;
            let [constant, slope] = split(scope, k2.sqrt());
            phases.constant.push(constant as f32);
            phases.slope.push(slope as f32);
            phases.cosine.push(((x * x - y * y) / k2) as f32);
            phases.sine.push((2.0 * x * y / k2) as f32);
        }
        for k in &grid.bin_frequency {
            let [constant, slope] = split(scope, *k);
            phases.bin_constant.push(constant);
            phases.bin_slope.push(slope);
            let h = 1e-4 * k;
            let (above, below) = (split(scope, k + h), split(scope, k - h));
            // cos 2χ changes twice as fast as χ.
            let lag = |i: usize| (above[i] - below[i]) / (2.0 * h) * FRAC_1_PI;
            phases.bin_lag_constant.push(lag(0));
            phases.bin_lag_slope.push(lag(1));
        }
        Ok(phases)
    }

    /// By how much the window of the tiles damps the rings of a defocus, per bin: the autocorrelation of a Hann window
    /// at the lag `|d 2χ/dk| / 2π`. It falls to nothing where rings are too fine for the tile.
    pub fn damping(&self, mean_angstrom: f64) -> Vec<f64> {
        self.bin_lag_constant
            .iter()
            .zip(&self.bin_lag_slope)
            .map(|(c, s)| hann_autocorrelation((c + s * mean_angstrom).abs() / self.side_angstrom))
            .collect()
    }

    /// Lag of the rings at bin `bin` as a share of the tile's side.
    pub fn lag_share(&self, bin: usize, mean_angstrom: f64) -> f64 {
        (self.bin_lag_constant[bin] + self.bin_lag_slope[bin] * mean_angstrom).abs() / self.side_angstrom
    }

    /// χ in the middle of a bin for a round defocus.
    pub fn bin_chi(&self, bin: usize, mean_angstrom: f64, phase_shift_rad: f64) -> f64 {
        self.bin_constant[bin] + self.bin_slope[bin] * mean_angstrom + phase_shift_rad
    }
}

/// Autocorrelation of a Hann window at a lag given as a share of its length; 1 at 0, 0 from 1 on.
fn hann_autocorrelation(lag: f64) -> f64 {
    if lag >= 1.0 {
        return 0.0;
    }
    let turn = std::f64::consts::TAU * lag;
    // ∫ w(x) w(x + l) dx over the overlap, for w = (1 - cos 2πx)/2, over its value at l = 0 (3/8).
    let integral = 0.25 * ((1.0 - lag) * (1.0 + 0.5 * turn.cos()) + 0.75 * turn.sin() * FRAC_1_PI);
    integral / 0.375
}

/// `(sin x, cos x)` for |x| < 1e5 within 2e-7 plus the rounding of x; no branches, so that loops over it become SIMD.
#[inline(always)]
#[allow(clippy::excessive_precision)]
pub(crate) fn sin_cos(x: f32) -> (f32, f32) {
    const ROUND: f32 = 12_582_912.0;
    let turns = x * std::f32::consts::FRAC_2_PI + ROUND;
    let quadrant = turns.to_bits();
    let nearest = turns - ROUND;
    // π/2 in three parts that multiply exactly with small integers.
    let r = x - nearest * 1.570_312_5;
    let r = r - nearest * 4.837_512_969e-4;
    let r = r - nearest * 7.549_789_948e-8;
    let r2 = r * r;
    let s = r + r * r2 * (-1.666_666_5e-1 + r2 * (8.332_161e-3 + r2 * -1.951_529_6e-4));
    let c = 1.0 - 0.5 * r2 + r2 * r2 * (4.166_664_6e-2 + r2 * (-1.388_731_6e-3 + r2 * 2.443_315_7e-5));
    let odd = quadrant & 1 == 1;
    let (a, b) = (if odd { c } else { s }, if odd { s } else { c });
    let flip_sine = (quadrant & 2) << 30;
    let flip_cosine = ((quadrant + 1) & 2) << 30;
    (
        f32::from_bits(a.to_bits() ^ flip_sine),
        f32::from_bits(b.to_bits() ^ flip_cosine),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fast_sine_and_cosine() {
        let mut worst = 0.0f64;
        for i in -20_000..20_000 {
            let x = i as f32 * 0.0317;
            let (s, c) = sin_cos(x);
            let exact = f64::from(x).sin_cos();
            worst = worst
                .max((f64::from(s) - exact.0).abs())
                .max((f64::from(c) - exact.1).abs());
        }
        assert!(worst < 1e-6, "{worst}");
    }

    #[test]
    fn the_window_damps_as_its_autocorrelation() {
        for lag in [0.0, 0.1, 0.37, 0.8] {
            let n = 4000;
            let w = |x: f64| {
                if (0.0..1.0).contains(&x) {
                    0.5 * (1.0 - (std::f64::consts::TAU * x).cos())
                } else {
                    0.0
                }
            };
            let sum: f64 = (0..n)
                .map(|i| {
                    let x = (f64::from(i) + 0.5) / f64::from(n);
                    w(x) * w(x + lag)
                })
                .sum();
            let direct = sum / f64::from(n) / 0.375;
            assert!(
                (direct - hann_autocorrelation(lag)).abs() < 1e-3,
                "{lag}: {direct}"
            );
        }
    }
}
