//! From accumulated sums to maps: symmetry, gridding solution, Wiener weights (algorithms.md 8.5).

use crate::error::RefineError;
use nilas_geometry::{PointGroup, Rotation};
use nilas_kernels::Complex32;
use nilas_kernels::insert::{Accumulator, FoldedGrid, SignedPermutation};
use nilas_volume::Volume;
use rayon::prelude::*;

/// Corrections of the sampling density in maps without regularisation.
const CORRECTIONS: usize = 10;

/// A point group split into operators that map the grid onto itself (applied once per iteration, exactly) and
/// representatives of the rest (inserted particle by particle, exactly): no operator is ever interpolated.
#[derive(Debug, Clone)]
pub struct SymmetryPlan {
    exact: Vec<SignedPermutation>,
    representatives: Vec<Rotation>,
}

impl SymmetryPlan {
    /// The cheapest exact plan for a group.
    pub fn new(group: &PointGroup) -> Self {
        let on_grid: Vec<(Rotation, SignedPermutation)> = group
            .operators()
            .iter()
            .filter_map(|o| SignedPermutation::from_matrix(&o.m).map(|s| (*o, s)))
            .collect();
        let mut representatives: Vec<Rotation> = Vec::new();
        for g in group.operators() {
            let covered = representatives
                .iter()
                .any(|r| on_grid.iter().any(|(h, _)| r.mul(h).angle_to(g) < 1e-4));
            if !covered {
                representatives.push(*g);
            }
        }
        Self {
            exact: on_grid.into_iter().map(|(_, s)| s).collect(),
            representatives,
        }
    }

    /// Every slice is to be inserted at `A R` for each of these R.
    pub fn representatives(&self) -> &[Rotation] {
        &self.representatives
    }
}

/// Symmetrised Hermitian sums of one half-set (or both), with the mean density of every shell.
#[derive(Debug, Clone)]
pub struct Sums {
    grid: FoldedGrid,
    voxel_size_angstrom: f64,
    shell_density: Vec<f64>,
}

impl Sums {
    /// Folds and symmetrises an accumulator.
    pub fn new(accumulator: &Accumulator, symmetry: &SymmetryPlan, voxel_size_angstrom: f64) -> Self {
        let mut grid = accumulator.fold();
        if symmetry.exact.len() > 1 {
            grid = grid.symmetrised(&symmetry.exact);
        }
        let shell_density = shell_density(&grid);
        Self {
            grid,
            voxel_size_angstrom,
            shell_density,
        }
    }

    /// The sums of two half-sets together.
    pub fn merged(a: &Self, b: &Self) -> Self {
        let mut grid = a.grid.clone();
        grid.numerator
            .par_iter_mut()
            .zip(&b.grid.numerator)
            .for_each(|(x, y)| *x += y);
        grid.weight
            .par_iter_mut()
            .zip(&b.grid.weight)
            .for_each(|(x, y)| *x += y);
        let shell_density = shell_density(&grid);
        Self {
            grid,
            voxel_size_angstrom: a.voxel_size_angstrom,
            shell_density,
        }
    }

    /// For sums of residuals against slices of `reference`: puts the reference's own share back, so that they read like
    /// sums of the images. Where the density changes fast, a grid point averages its neighbours one-sidedly; done on
    /// residuals, only the small remaining difference suffers that, not the map.
    ///
    /// # Errors
    /// A reference of another box.
    pub fn with_reference(mut self, reference: &Volume) -> Result<Self, RefineError> {
        let own = self.grid.smoothed_spectrum(&reference.data)?;
        (self
            .grid
            .numerator
            .par_iter_mut()
            .zip(&self.grid.weight)
            .zip(&own))
        .for_each(|((b, d), v)| *b += v * *d);
        Ok(self)
    }

    /// Largest shell that was inserted.
    pub fn radius(&self) -> usize {
        self.grid.radius()
    }

    /// The map on which half-map FSCs are measured, up to `radius` Fourier pixels: `2 B / (D + D_shell)`. No weight
    /// between shells, but inside a shell places that few views have seen count less, as they do in every map that is
    /// made from these sums; with `B / D` the noisiest places would dominate the curve.
    ///
    /// # Errors
    /// A box that cannot be transformed.
    pub fn balanced_map(&self, radius: usize) -> Result<Volume, RefineError> {
        self.solve(radius, &self.shell_density, &vec![2.0; radius + 1], 0)
    }

    /// The half map of a shell's expected reliability `f`: `(1 + c) B / (D + c D_shell)` with `c = (1 - f) / f`, as
    /// [`Sums::weighted_map`] weighs the places inside of a shell, but without its weight between shells. A curve measured
    /// on such half maps predicts the merged weighted map; with other weights it would be that of a noisier map.
    ///
    /// # Errors
    /// A box that cannot be transformed.
    pub fn matched_map(&self, radius: usize, reliability: &[f64]) -> Result<Volume, RefineError> {
        let ratio = |r: usize| {
            let f = reliability.get(r).copied().unwrap_or(0.0).clamp(0.05, 0.95);
            (1.0 - f) / f
        };
        let extra: Vec<f64> = (0..=radius.min(self.radius()))
            .map(|r| self.shell_density[r] * ratio(r))
            .collect();
        let gain: Vec<f64> = (0..=radius).map(|r| 1.0 + ratio(r)).collect();
        self.solve(radius, &extra, &gain, 0)
    }

    /// The map without any regularisation, `B / D`, up to `radius` Fourier pixels.
    ///
    /// # Errors
    /// A box that cannot be transformed.
    pub fn plain_map(&self, radius: usize) -> Result<Volume, RefineError> {
        self.solve(radius, &[], &[], CORRECTIONS)
    }

    /// The Wiener-weighted map: `B / (D + 1/tau^2)` with `1/tau^2 = D_shell (1 - f) / f` for the shell's expected
    /// `f = SSNR/(1+SSNR)` (from 0; shells beyond the list, or without signal, are left out).
    ///
    /// # Errors
    /// A box that cannot be transformed.
    pub fn weighted_map(&self, reliability: &[f64]) -> Result<Volume, RefineError> {
        let radius = reliability.len().saturating_sub(1).min(self.radius());
        let inverse_tau2: Vec<f64> = (0..=radius)
            .map(|r| {
                let f = reliability[r].clamp(1e-3, 0.999);
                self.shell_density[r] * (1.0 - f) / f
            })
            .collect();
        self.solve(radius, &inverse_tau2, &[], 0)
    }

    /// `gain(r) B / (D + inverse_tau2(r))`; an empty `gain` is 1.
    fn solve(
        &self,
        radius: usize,
        inverse_tau2: &[f64],
        gain: &[f64],
        corrections: usize,
    ) -> Result<Volume, RefineError> {
        let density = &self.shell_density;
        let at = |table: &[f64], r: f64| {
            let i = r.floor() as usize;
            let f = r - i as f64;
            match (table.get(i), table.get(i + 1)) {
                (Some(a), Some(b)) => a * (1.0 - f) + b * f,
                (Some(a), None) => *a,
                _ => table.last().copied().unwrap_or(0.0),
            }
        };
        let limit = radius as f64 + 0.5;
        let regularised: Vec<f32> = (0..self.grid.weight.len())
            .into_par_iter()
            .map(|i| {
                let r = self.grid.distance(i);
                if r > limit {
                    return 0.0;
                }
                let floor = 1e-3 * at(density, r);
                (f64::from(self.grid.weight[i]) + at(inverse_tau2, r)).max(floor) as f32
            })
            .collect();
        let weights = self.grid.equalising_weights(&regularised, limit, corrections)?;
        let spectrum: Vec<Complex32> = self
            .grid
            .numerator
            .par_iter()
            .zip(&weights)
            .enumerate()
            .map(|(i, (b, w))| match gain {
                [] => b * *w,
                _ => b * (*w * at(gain, self.grid.distance(i)) as f32),
            })
            .collect();
        let mut data = self.grid.to_real_within(&spectrum, limit)?;
        level_solvent(&mut data, self.grid.box_size());
        Ok(Volume::new(self.grid.box_size(), self.voxel_size_angstrom, data)?)
    }
}

/// Gives the solvent the value 0 and leaves nothing outside of the inscribed sphere. The images' mean is unknown (their
/// background was set to 0), and with it one number of the map: its constant. What surrounds the particle tells it.
fn level_solvent(data: &mut [f32], n: usize) {
    let half = n as f64 / 2.0;
    let c = |i: usize| (i as f64 - half).powi(2);
    let r2 = |i: usize| c(i % n) + c(i / n % n) + c(i / (n * n));
    let (inner, outer) = ((0.42 * n as f64).powi(2), half * half);
    let (mut sum, mut count) = (0.0, 0.0);
    for (i, v) in data.iter().enumerate() {
        if (inner..outer).contains(&r2(i)) {
            sum += f64::from(*v);
            count += 1.0;
        }
    }
    let level = if count > 0.0 { (sum / count) as f32 } else { 0.0 };
    data.par_iter_mut()
        .enumerate()
        .for_each(|(i, v)| *v = if r2(i) < outer { *v - level } else { 0.0 });
}

/// Mean density over the grid points of every shell, from 0 to the radius.
fn shell_density(grid: &FoldedGrid) -> Vec<f64> {
    let (nx, ny) = grid.shape();
    let planes: Vec<Vec<[f64; 2]>> = grid
        .weight
        .par_chunks_exact(nx * ny)
        .enumerate()
        .map(|(z, plane)| {
            let mut sums = vec![[0.0; 2]; grid.radius() + 1];
            for (j, w) in plane.iter().enumerate() {
                let r = (grid.distance(z * nx * ny + j) + 0.5) as usize;
                if let Some(s) = sums.get_mut(r) {
                    s[0] += f64::from(*w);
                    s[1] += 1.0;
                }
            }
            sums
        })
        .collect();
    (0..=grid.radius())
        .map(|r| {
            let (sum, count) = planes
                .iter()
                .fold((0.0, 0.0), |a, p| (a.0 + p[r][0], a.1 + p[r][1]));
            if count > 0.0 { sum / count } else { 0.0 }
        })
        .collect()
}
