//! Power spectra: tiles, averages, flattening.

mod grid;
mod tiles;

pub use grid::FourierGrid;
pub use tiles::{TileSpectra, tile_side};

use crate::MicrographError;
use crate::ctf::basis::{Basis, fit_smooth};
use std::f64::consts::FRAC_PI_4;

/// Fourier pixels this many standard deviations above their ring are taken for spots or lines and left out.
const SPOT: f64 = 6.0;

/// A power spectrum on a grid, flattened by a smooth radial background.
#[derive(Debug, Clone)]
pub struct PowerSpectrum {
    /// Where its pixels are.
    pub grid: FourierGrid,
    /// Power over `background` of its ring; near 1. One value per grid pixel.
    pub relative: Vec<f32>,
    /// 1, or 0 for pixels that are left out (spots, lines).
    pub weight: Vec<f32>,
    /// The smooth radial background per bin, in squared grey values (unitary transform).
    pub background: Vec<f64>,
    /// Mean power per bin in the same unit.
    pub radial: Vec<f64>,
}

impl PowerSpectrum {
    /// The spectrum of mean amplitudes (their square times 4/π is the power of Gaussian noise).
    ///
    /// # Errors
    /// A spectrum without power in its band.
    pub fn from_amplitudes(grid: FourierGrid, amplitude: &[f32]) -> Result<Self, MicrographError> {
        let power: Vec<f32> = amplitude
            .iter()
            .map(|a| a * a * (1.0 / FRAC_PI_4) as f32)
            .collect();
        Self::from_power(grid, &power)
    }

    /// The spectrum of a centred image of amplitudes, `(n, n)` with the origin at `n/2`, such as other programs write.
    /// `pixel_size_angstrom` is that of the images whose transform it is: the edge is at twice that.
    ///
    /// # Errors
    /// An odd or wrong size, a band with too few pixels, an empty spectrum.
    pub fn from_centred_image(
        n: usize,
        pixel_size_angstrom: f64,
        amplitude: &[f32],
        low_angstrom: f64,
        high_angstrom: f64,
    ) -> Result<Self, MicrographError> {
        if n.checked_mul(n) != Some(amplitude.len()) || !n.is_multiple_of(2) || n == 0 {
            return Err(MicrographError::Shape {
                width: n,
                height: n,
                len: amplitude.len(),
            });
        }
        if !(pixel_size_angstrom > 0.0 && pixel_size_angstrom.is_finite()) {
            return Err(MicrographError::PixelSize(pixel_size_angstrom));
        }
        let grid = FourierGrid::new(
            n as f64 * pixel_size_angstrom,
            low_angstrom,
            high_angstrom,
            2.0 * pixel_size_angstrom,
        )?;
        let half = (n / 2) as i32;
        let amplitudes: Vec<f32> = (grid.kx.iter().zip(&grid.ky))
            .map(|(kx, ky)| {
                let (x, y) = (half + i32::from(*kx), half + i32::from(*ky));
                amplitude[y as usize * n + x as usize]
            })
            .collect();
        Self::from_amplitudes(grid, &amplitudes)
    }

    fn from_power(grid: FourierGrid, power: &[f32]) -> Result<Self, MicrographError> {
        let radial = grid.radial_mean(power);
        let greatest = radial.iter().copied().fold(0.0, f64::max);
        if let Some(bin) = radial
            .iter()
            .position(|r| !(*r > 1e-6 * greatest && r.is_finite()))
        {
            return Err(MicrographError::EmptySpectrum(1.0 / grid.bin_frequency[bin]));
        }
        let basis = Basis::new(&grid.bin_frequency, grid.least, grid.greatest, 0.045);
        let logarithm: Vec<f64> = radial.iter().map(|r| r.ln()).collect();
        let weights: Vec<f64> = grid.bin_count.iter().map(|n| f64::from(*n).sqrt()).collect();
        let background: Vec<f64> = fit_smooth(&basis, &logarithm, &weights)
            .iter()
            .map(|v| v.exp())
            .collect();
        let inverse: Vec<f32> = background.iter().map(|b| (1.0 / b) as f32).collect();
        let relative: Vec<f32> = power
            .iter()
            .zip(&grid.bin)
            .map(|(p, b)| p * inverse[usize::from(*b)])
            .collect();
        let weight = without_spots(&grid, &relative);
        Ok(PowerSpectrum {
            grid,
            relative,
            weight,
            background,
            radial,
        })
    }

    /// Flattened power per radial bin, spots left out.
    pub fn relative_radial(&self) -> Vec<f64> {
        let mut sums = vec![[0.0f64; 2]; self.grid.bins()];
        for ((b, v), w) in self.grid.bin.iter().zip(&self.relative).zip(&self.weight) {
            let s = &mut sums[usize::from(*b)];
            s[0] += f64::from(w * v);
            s[1] += f64::from(*w);
        }
        let mut last = 1.0;
        sums.iter()
            .map(|s| {
                if s[1] > 0.0 {
                    last = s[0] / s[1];
                }
                last
            })
            .collect()
    }
}

/// Weight 0 for pixels far above the others of their ring (two bins together), by mean and deviation without the top.
fn without_spots(grid: &FourierGrid, relative: &[f32]) -> Vec<f32> {
    let mut rings: Vec<Vec<f32>> = vec![Vec::new(); grid.bins() / 4 + 1];
    for (b, v) in grid.bin.iter().zip(relative) {
        rings[usize::from(*b) / 4].push(*v);
    }
    let limits: Vec<f32> = rings
        .iter_mut()
        .map(|ring| {
            if ring.len() < 8 {
                return f32::INFINITY;
            }
            ring.sort_by(f32::total_cmp);
            let at = |share: f64| f64::from(ring[((ring.len() - 1) as f64 * share) as usize]);
            let middle = at(0.5);
            // Thon rings themselves spread a ring's values: the upper quartile counts, not a spot.
            let sigma = ((at(0.84) - at(0.16)) / 2.0).max(1e-6 * middle.abs());
            (middle + SPOT * sigma) as f32
        })
        .collect();
    grid.bin
        .iter()
        .zip(relative)
        .map(|(b, v)| f32::from(u8::from(*v <= limits[usize::from(*b) / 4])))
        .collect()
}
