//! Likelihood curves of tiles.

use crate::ctf::basis::{Basis, fit_smooth};
use crate::ctf::phase::Phases;
use crate::ctf::{Defocus, OUTSIDE, Smooth, equiphase_bins, ring_factors};
use crate::spectrum::{PowerSpectrum, TileSpectra};
use rayon::prelude::*;

/// Offsets of a tile from the micrograph reach this far, Å.
const REACH: f64 = 3500.0;
/// Step of the offsets, Å.
const STEP: f64 = 50.0;
/// Pixels of a Hann-windowed tile that say the same, times what half-overlapping tiles share (1.944² and 1.11).
const CORRELATED: f64 = 4.2;
/// Spacing of the knots (1/Å) of a tile's own background: coarse, so that it can't follow rings.
const OWN_BACKGROUND: f64 = 0.09;

/// Equi-phase radial profiles of the kept tiles.
pub struct Profiles {
    /// Middle of each tile in pixels.
    pub centre: Vec<[f64; 2]>,
    /// Mean power of each tile per bin over the spectrum's background, `(tiles, bins)`.
    power: Vec<f64>,
    /// Pixels per bin; 0 beyond the resolution that is used.
    count: Vec<f64>,
    bins: usize,
}

impl Profiles {
    /// Averages every kept tile over pixels of equal phase, up to the frequency `to`.
    pub fn new(
        tiles: &TileSpectra,
        spectrum: &PowerSpectrum,
        phases: &Phases,
        defocus: &Defocus,
        to: f64,
    ) -> Self {
        let grid = &spectrum.grid;
        let bins = grid.bins();
        let target = equiphase_bins(grid, phases, defocus);
        let scale: Vec<f32> = (0..grid.len())
            .map(|i| spectrum.weight[i] / spectrum.background[usize::from(grid.bin[i])] as f32)
            .collect();
        let mut count = vec![0.0; bins];
        for (t, w) in target.iter().zip(&spectrum.weight) {
            if *t != OUTSIDE {
                count[usize::from(*t)] += f64::from(*w);
            }
        }
        let kept: Vec<usize> = (0..tiles.len()).filter(|t| tiles.kept[*t]).collect();
        let mut power = vec![0.0; kept.len() * bins];
        power
            .par_chunks_exact_mut(bins)
            .zip(&kept)
            .for_each(|(out, tile)| {
                for ((a, t), s) in tiles.tile(*tile).iter().zip(&target).zip(&scale) {
                    if *t != OUTSIDE {
                        out[usize::from(*t)] += f64::from(a * a * s);
                    }
                }
                for (o, n) in out.iter_mut().zip(&count) {
                    if *n > 0.0 {
                        *o /= n;
                    }
                }
            });
        for (n, k) in count.iter_mut().zip(&grid.bin_frequency) {
            if *k > to {
                *n = 0.0;
            }
        }
        let mut profiles = Profiles {
            centre: kept.iter().map(|t| tiles.centre[*t]).collect(),
            power,
            count,
            bins,
        };
        profiles.level(&grid.bin_frequency);
        profiles
    }

    /// Divides every tile by its own smooth level, so that thick and thin tiles compare.
    fn level(&mut self, frequency: &[f64]) {
        let (Some(first), Some(last)) = (frequency.first(), frequency.last()) else {
            return;
        };
        let basis = Basis::new(frequency, *first, *last, OWN_BACKGROUND);
        let count = &self.count;
        self.power.par_chunks_exact_mut(self.bins).for_each(|tile| {
            let level = fit_smooth(&basis, tile, count);
            for (v, l) in tile.iter_mut().zip(&level) {
                *v /= l.max(0.05);
            }
        });
    }

    fn tile(&self, index: usize) -> &[f64] {
        &self.power[index * self.bins..(index + 1) * self.bins]
    }

    /// Averages the tiles, each moved to the phase of the whole micrograph, and fits the smooth parts anew.
    pub fn refit(&self, phases: &Phases, defocus: &Defocus, offsets: &[f64], smooth: &mut Smooth) {
        let mean = defocus.mean_angstrom;
        let mut sums = vec![[0.0f64; 2]; self.bins];
        for (index, offset) in offsets.iter().enumerate() {
            let tile = self.tile(index);
            for bin in 0..self.bins {
                if self.count[bin] == 0.0 {
                    continue;
                }
                let target = phases.bin_chi(bin, mean + offset, 0.0);
                if let Some(at) = bin_of_phase(phases, mean, target, bin, self.bins) {
                    sums[at][0] += self.count[bin] * tile[bin];
                    sums[at][1] += self.count[bin];
                }
            }
        }
        let mut last = 1.0;
        let profile: Vec<f64> = sums
            .iter()
            .map(|s| {
                if s[1] > 0.0 {
                    last = s[0] / s[1];
                }
                last
            })
            .collect();
        let weight: Vec<f64> = sums.iter().map(|s| s[1]).collect();
        let ring = ring_factors(phases, mean, defocus.phase_shift_rad);
        // Where the equations have no solution the smooth parts stay as they are.
        let _ = smooth.fit_profile(&profile, &weight, &ring);
    }
}

/// The bin where the profile of `mean` has the phase `target`, searched outwards from `home`.
fn bin_of_phase(phases: &Phases, mean: f64, target: f64, home: usize, bins: usize) -> Option<usize> {
    let chi = |b: usize| phases.bin_chi(b, mean, 0.0) - target;
    let mut at = home;
    loop {
        let here = chi(at).abs();
        let below = at.checked_sub(1).map(|b| chi(b).abs());
        let above = (at + 1 < bins).then(|| chi(at + 1).abs());
        match (below, above) {
            (Some(b), _) if b < here => at -= 1,
            (_, Some(a)) if a < here => at += 1,
            // At the end of the band and still not there: the phase lies outside.
            (None, _) | (_, None) => return None,
            _ => return Some(at),
        }
    }
}

/// Log-likelihood of every tile over its offset in defocus.
pub struct TileCurves {
    /// `(tiles, steps)`.
    value: Vec<f64>,
    steps: usize,
    /// Expected information of a tile about its offset, 1/Å².
    pub information: f64,
}

impl TileCurves {
    /// Exponential likelihood of each tile's profile under the model at every offset.
    pub fn new(profiles: &Profiles, phases: &Phases, defocus: &Defocus, smooth: &Smooth) -> Self {
        let (background, strength) = (smooth.background(), smooth.strength());
        let half = (REACH / STEP) as i32;
        let offsets: Vec<f64> = (-half..=half).map(|i| f64::from(i) * STEP).collect();
        let models: Vec<Vec<f64>> = offsets
            .par_iter()
            .map(|offset| {
                let ring = ring_factors(phases, defocus.mean_angstrom + offset, defocus.phase_shift_rad);
                (0..profiles.bins)
                    .map(|b| (background[b] + strength[b].max(0.0) * ring[b]).max(0.05))
                    .collect()
            })
            .collect();
        let tiles = profiles.centre.len();
        let steps = offsets.len();
        let mut value = vec![0.0; tiles * steps];
        value
            .par_chunks_exact_mut(steps)
            .enumerate()
            .for_each(|(tile, out)| {
                let data = profiles.tile(tile);
                for (o, model) in out.iter_mut().zip(&models) {
                    let sum: f64 = (0..profiles.bins)
                        .map(|b| profiles.count[b] * (model[b].ln() + data[b] / model[b]))
                        .sum();
                    *o = -sum / CORRELATED;
                }
            });
        let middle = half as usize;
        let information = (0..profiles.bins)
            .map(|b| {
                let slope = (models[middle + 1][b] - models[middle - 1][b]) / (2.0 * STEP);
                profiles.count[b] * (slope / models[middle][b]).powi(2)
            })
            .sum::<f64>()
            / CORRELATED;
        TileCurves {
            value,
            steps,
            information,
        }
    }

    /// Number of tiles.
    pub fn tiles(&self) -> usize {
        self.value.len() / self.steps
    }

    /// Log-likelihood of a tile at an offset and its derivative; beyond the reach it falls off.
    pub fn at(&self, tile: usize, offset: f64) -> [f64; 2] {
        let curve = &self.value[tile * self.steps..(tile + 1) * self.steps];
        let last = self.steps - 1;
        let u = offset / STEP + (last / 2) as f64;
        if u < 1.0 || u >= (last - 1) as f64 {
            let (edge, beyond) = if u < 1.0 {
                (1, 1.0 - u)
            } else {
                (last - 1, u - (last - 1) as f64)
            };
            let sign = if u < 1.0 { 1.0 } else { -1.0 };
            return [curve[edge] - 0.1 * beyond, sign * 0.1 / STEP];
        }
        let (i, t) = (u as usize, u - u.floor());
        // Cubic through the four neighbours (Catmull and Rom).
        let (p0, p1, p2, p3) = (curve[i - 1], curve[i], curve[i + 1], curve[i + 2]);
        let a = 0.5 * (-p0 + 3.0 * p1 - 3.0 * p2 + p3);
        let b = 0.5 * (2.0 * p0 - 5.0 * p1 + 4.0 * p2 - p3);
        let c = 0.5 * (p2 - p0);
        [
            p1 + t * (c + t * (b + t * a)),
            (c + t * (2.0 * b + 3.0 * t * a)) / STEP,
        ]
    }
}
