//! The model of a flattened spectrum, `P = B(k) - E(k) d(k) cos 2χ`: background B and ring strength E >= 0 are smooth
//! functions of the frequency, d is the damping by the tiles' window. With sin²χ = (1 - cos 2χ)/2 that is background
//! plus envelope times |CTF|², but it stays well conditioned where the background is not known.

use super::basis::{Basis, System};
use super::phase::Phases;
use crate::spectrum::FourierGrid;

/// Spacing of the knots of the background in 1/Å.
const BACKGROUND_SPACING: f64 = 0.028;
/// Spacing of the knots of the ring strength in 1/Å.
const STRENGTH_SPACING: f64 = 0.045;
/// Least model value, so that its inverse stays finite.
pub(crate) const LEAST_POWER: f64 = 0.05;

/// The smooth parts of the model.
#[derive(Debug, Clone)]
pub struct Smooth {
    /// Splines of the background.
    pub background_basis: Basis,
    /// Splines of the ring strength.
    pub strength_basis: Basis,
    /// Coefficients: background first, then ring strength.
    pub coefficients: Vec<f64>,
}

impl Smooth {
    /// Background 1, no rings.
    pub fn flat(grid: &FourierGrid) -> Self {
        let new = |spacing| Basis::new(&grid.bin_frequency, grid.least, grid.greatest, spacing);
        let (background_basis, strength_basis) = (new(BACKGROUND_SPACING), new(STRENGTH_SPACING));
        let mut coefficients = vec![1.0; background_basis.count];
        coefficients.resize(background_basis.count + strength_basis.count, 0.0);
        Smooth {
            background_basis,
            strength_basis,
            coefficients,
        }
    }

    /// Number of background coefficients.
    pub fn backgrounds(&self) -> usize {
        self.background_basis.count
    }

    /// Number of coefficients.
    pub fn len(&self) -> usize {
        self.coefficients.len()
    }

    /// Background per bin.
    pub fn background(&self) -> Vec<f64> {
        self.background_basis
            .evaluate(&self.coefficients[..self.backgrounds()])
    }

    /// Ring strength per bin, without the damping.
    pub fn strength(&self) -> Vec<f64> {
        self.strength_basis
            .evaluate(&self.coefficients[self.backgrounds()..])
    }

    /// Adds an observation of the radial profile to a system: value, weight, ring factor `-d cos 2χ` of a bin.
    fn observe(&self, system: &mut System, bin: usize, value: f64, weight: f64, ring: f64) {
        let (fb, b) = (self.background_basis.first[bin], self.background_basis.value[bin]);
        let (fe, e) = (
            self.backgrounds() + self.strength_basis.first[bin],
            self.strength_basis.value[bin],
        );
        for i in 0..4 {
            system.rhs[fb + i] += weight * b[i] * value;
            system.rhs[fe + i] += weight * ring * e[i] * value;
            for j in i..4 {
                system.add(fb + i, fb + j, weight * b[i] * b[j]);
                system.add(fe + i, fe + j, weight * ring * ring * e[i] * e[j]);
            }
            for j in 0..4 {
                system.add(fb + i, fe + j, weight * ring * b[i] * e[j]);
            }
        }
    }

    /// Fits the smooth parts to a radial profile whose rings have the factors `ring` per bin. Gives the weighted sum of
    /// squares that is left, `None` where the equations have no solution.
    pub fn fit_profile(&mut self, profile: &[f64], weight: &[f64], ring: &[f64]) -> Option<f64> {
        let mut system = System::new(self.len());
        let mut square = 0.0;
        for bin in 0..profile.len() {
            self.observe(&mut system, bin, profile[bin], weight[bin], ring[bin]);
            square += weight[bin] * profile[bin] * profile[bin];
        }
        let backgrounds = self.backgrounds();
        let strengths = self.len() - backgrounds;
        let scale = system.mean_diagonal(0, backgrounds);
        system.smooth(0, backgrounds, 1e-5 * scale, None);
        system.smooth(backgrounds, strengths, 1e-2 * scale, None);
        for i in backgrounds..self.len() {
            system.add(i, i, 1e-4 * scale);
        }
        self.coefficients = system.solve_bounded(backgrounds, &vec![0.0; strengths])?;
        let x = &self.coefficients;
        let mut left = square;
        for i in 0..self.len() {
            left -= 2.0 * x[i] * system.rhs[i];
            for j in 0..self.len() {
                left += x[i] * system.matrix[i * self.len() + j] * x[j];
            }
        }
        Some(left)
    }
}

/// The ring factor `-d cos 2χ` per bin for a round defocus.
pub fn ring_factors(phases: &Phases, mean_angstrom: f64, phase_shift_rad: f64) -> Vec<f64> {
    let damping = phases.damping(mean_angstrom);
    damping
        .iter()
        .enumerate()
        .map(|(bin, d)| {
            if *d <= 0.0 {
                return 0.0;
            }
            -d * (2.0 * phases.bin_chi(bin, mean_angstrom, phase_shift_rad)).cos()
        })
        .collect()
}
