//! Defocus over the field: a smooth surface that the likelihoods of all tiles agree on.
//!
//! Astigmatism and phase shift are those of the whole micrograph. Every tile gives a curve of its likelihood over its own
//! defocus; the surface (constant, plane, quadratic, bicubic) that maximises their sum is chosen by the Bayesian information
//! criterion. No tile has to be fitted by itself, so weak tiles help as far as they can.

mod likelihood;
mod shape;

pub use shape::Shape;

use crate::ctf::phase::Phases;
use crate::ctf::{Defocus, Smooth};
use crate::spectrum::{PowerSpectrum, TileSpectra};
use crate::{Micrograph, MicrographError};
use likelihood::{Profiles, TileCurves};

/// Rounds of surface and ring strength: rings that a tilt had washed out come back once tiles are aligned.
const ROUNDS: usize = 3;
/// Fewest tiles for anything but a constant.
const FEWEST_TILES: usize = 9;

/// Defocus over the field, relative to the micrograph's.
#[derive(Debug, Clone, PartialEq)]
pub struct DefocusSurface {
    /// What kind of surface the data ask for.
    pub shape: Shape,
    /// Its coefficients in Å, see [`Shape::terms`].
    pub coefficients: Vec<f64>,
    /// Columns and rows of the micrograph.
    pub size: [usize; 2],
    /// Å per pixel.
    pub pixel_size_angstrom: f64,
    /// Log-likelihood over a constant defocus.
    pub gain: f64,
    /// Standard error of the surface, root mean square over the field, Å.
    pub sigma_angstrom: f64,
    /// Slope of the best plane, Å of defocus per Å along x and y.
    pub gradient: [f64; 2],
    /// Least and greatest offset over the field in Å.
    pub range_angstrom: [f64; 2],
}

impl DefocusSurface {
    /// Offset in Å from the micrograph's mean defocus at a pixel.
    pub fn offset_angstrom(&self, x: f64, y: f64) -> f64 {
        self.shape
            .terms(self.normalised(x, y))
            .iter()
            .zip(&self.coefficients)
            .map(|(t, c)| t * c)
            .sum()
    }

    /// Takes the mean offset over the field out of the surface and gives it, so that it can go into the micrograph's
    /// defocus. A constant surface gives 0: the fit to the whole micrograph knows better.
    pub(crate) fn recentre(&mut self) -> f64 {
        if self.shape == Shape::Constant {
            self.coefficients = vec![0.0];
            self.range_angstrom = [0.0; 2];
            return 0.0;
        }
        let mean = self.shape.mean(&self.coefficients);
        self.shape.lower(&mut self.coefficients, mean);
        self.range_angstrom = self.range_angstrom.map(|r| r - mean);
        mean
    }

    fn normalised(&self, x: f64, y: f64) -> [f64; 2] {
        [
            2.0 * x / self.size[0] as f64 - 1.0,
            2.0 * y / self.size[1] as f64 - 1.0,
        ]
    }

    /// Tilt of the specimen in degrees: the arc tangent of the slope.
    pub fn tilt_deg(&self) -> f64 {
        self.gradient[0].hypot(self.gradient[1]).atan().to_degrees()
    }

    /// Azimuth of the tilt axis in degrees (0 to 180), across the slope.
    pub fn tilt_axis_deg(&self) -> f64 {
        (self.gradient[1].atan2(self.gradient[0]).to_degrees() + 90.0).rem_euclid(180.0)
    }
}

/// Fits the surface; `None` where there are too few tiles for one.
///
/// # Errors
/// A request to stop.
pub(crate) fn fit(
    micrograph: &Micrograph,
    tiles: &TileSpectra,
    spectrum: &PowerSpectrum,
    phases: &Phases,
    defocus: &Defocus,
    smooth: &Smooth,
    fit_resolution_angstrom: Option<f64>,
    cancelled: &(dyn Fn() -> bool + Sync),
) -> Result<Option<DefocusSurface>, MicrographError> {
    if tiles.kept_count() < FEWEST_TILES {
        return Ok(None);
    }
    let to = 1.2 / fit_resolution_angstrom.unwrap_or(1.0);
    let profiles = Profiles::new(tiles, spectrum, phases, defocus, to);
    let places: Vec<[f64; 2]> = profiles
        .centre
        .iter()
        .map(|c| {
            [
                2.0 * c[0] / micrograph.width as f64 - 1.0,
                2.0 * c[1] / micrograph.height as f64 - 1.0,
            ]
        })
        .collect();
    let mut smooth = smooth.clone();
    let mut best: Option<shape::Fitted> = None;
    for round in 0..ROUNDS {
        if cancelled() {
            return Err(MicrographError::Cancelled);
        }
        let curves = TileCurves::new(&profiles, phases, defocus, &smooth);
        let found = shape::choose(&curves, &places, best.as_ref());
        let offsets: Vec<f64> = places.iter().map(|p| found.offset(*p)).collect();
        best = Some(found);
        if round + 1 < ROUNDS {
            profiles.refit(phases, defocus, &offsets, &mut smooth);
        }
    }
    Ok(best.map(|found| found.describe(micrograph)))
}
