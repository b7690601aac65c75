//! Amplitude spectra of overlapping tiles.

use super::FourierGrid;
use crate::{Micrograph, MicrographError};
use nilas_kernels::Complex32;
use nilas_kernels::fft::{Fft2, good_even_size};
use rayon::prelude::*;

/// Tiles further from the median than this many MAD-sigma in mean or variance are left out.
const OUTLIER: f64 = 4.0;
/// Share of the tiles that stays whatever their statistics say.
const LEAST_KEPT: f64 = 0.4;
/// Most tiles per micrograph; more overlap would add nothing.
const MOST_TILES: usize = 600;
/// Least tile in pixels.
const LEAST_TILE: usize = 32;

/// Side of the tiles in pixels for a wished side in Å: a good transform size that fits the micrograph.
///
/// # Errors
/// A micrograph that is smaller than the smallest tile.
pub fn tile_side(micrograph: &Micrograph, wished_angstrom: f64) -> Result<usize, MicrographError> {
    let room = micrograph.width.min(micrograph.height);
    let too_small = MicrographError::TooSmall {
        width: micrograph.width,
        height: micrograph.height,
        pixel_size_angstrom: micrograph.pixel_size_angstrom,
        needed: LEAST_TILE,
    };
    if room < LEAST_TILE {
        return Err(too_small);
    }
    let wished = (wished_angstrom / micrograph.pixel_size_angstrom)
        .round()
        .max(LEAST_TILE as f64);
    let mut side = good_even_size((wished as usize).min(room));
    while side > room {
        side = good_even_size_below(side);
    }
    Ok(side)
}

fn good_even_size_below(n: usize) -> usize {
    (2..n).rev().find(|m| good_even_size(*m) == *m).unwrap_or(2)
}

/// Amplitude spectra of the tiles of one micrograph on a grid.
#[derive(Debug, Clone)]
pub struct TileSpectra {
    /// Amplitudes, `(tiles, grid.len())`, of unitary transforms of Hann-windowed tiles (window of mean square 1).
    pub amplitude: Vec<f32>,
    /// Middle of each tile in pixels (x, y).
    pub centre: Vec<[f64; 2]>,
    /// Tiles that are like most others.
    pub kept: Vec<bool>,
    /// Side of the tiles in pixels.
    pub side: usize,
}

impl TileSpectra {
    /// Cuts tiles of `side` pixels with 50 % overlap (less where there would be too many), subtracts their mean, applies
    /// a Hann window and transforms them on all cores.
    ///
    /// # Errors
    /// A side that does not fit, or a request to stop.
    pub fn measure(
        micrograph: &Micrograph,
        side: usize,
        grid: &FourierGrid,
        cancelled: &(dyn Fn() -> bool + Sync),
    ) -> Result<Self, MicrographError> {
        let fft = Fft2::square(side)?;
        let (mut nx, mut ny) = (places(micrograph.width, side), places(micrograph.height, side));
        while nx * ny > MOST_TILES {
            (nx, ny) = ((nx * 9 / 10).max(1), (ny * 9 / 10).max(1));
        }
        let corners: Vec<[usize; 2]> = (0..ny)
            .flat_map(|j| (0..nx).map(move |i| (i, j)))
            .map(|(i, j)| {
                [
                    corner(i, nx, micrograph.width, side),
                    corner(j, ny, micrograph.height, side),
                ]
            })
            .collect();
        let window = hann(side);
        // Where each grid pixel lies in the transform.
        let row = side / 2 + 1;
        let place: Vec<u32> = (grid.ky.iter().zip(&grid.kx))
            .map(|(ky, kx)| {
                let y = i32::from(*ky).rem_euclid(side as i32) as usize;
                (y * row + *kx as usize) as u32
            })
            .collect();
        let mut amplitude = vec![0.0f32; corners.len() * grid.len()];
        let moments: Vec<[f64; 2]> = amplitude
            .par_chunks_exact_mut(grid.len())
            .zip(&corners)
            .map_init(
                || {
                    (
                        vec![0.0f32; side * side],
                        vec![Complex32::default(); fft.half_len()],
                    )
                },
                |(real, half), (out, corner)| {
                    if cancelled() {
                        return Err(MicrographError::Cancelled);
                    }
                    let moments = cut(micrograph, *corner, side, &window, real);
                    fft.forward(real, half)?;
                    for (a, p) in out.iter_mut().zip(&place) {
                        let f = half[*p as usize];
                        *a = (f.re * f.re + f.im * f.im).sqrt();
                    }
                    Ok(moments)
                },
            )
            .collect::<Result<_, _>>()?;
        let half = (side / 2) as f64;
        Ok(TileSpectra {
            amplitude,
            centre: corners
                .iter()
                .map(|c| [c[0] as f64 + half, c[1] as f64 + half])
                .collect(),
            kept: keep(&moments),
            side,
        })
    }

    /// Number of tiles.
    pub fn len(&self) -> usize {
        self.centre.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.centre.is_empty()
    }

    /// Amplitudes of one tile.
    pub fn tile(&self, index: usize) -> &[f32] {
        let pixels = self.amplitude.len() / self.len().max(1);
        &self.amplitude[index * pixels..(index + 1) * pixels]
    }

    /// Number of tiles that are like most others.
    pub fn kept_count(&self) -> usize {
        self.kept.iter().filter(|k| **k).count()
    }

    /// Mean amplitude over the kept tiles, one value per grid pixel.
    pub fn mean_amplitude(&self) -> Vec<f32> {
        let pixels = self.amplitude.len() / self.len().max(1);
        let mut mean = vec![0.0f32; pixels];
        for (index, _) in self.kept.iter().enumerate().filter(|(_, k)| **k) {
            for (m, a) in mean.iter_mut().zip(self.tile(index)) {
                *m += *a;
            }
        }
        let scale = 1.0 / self.kept_count().max(1) as f32;
        mean.iter_mut().for_each(|m| *m *= scale);
        mean
    }
}

/// Tiles along an axis at (about) half overlap.
fn places(length: usize, side: usize) -> usize {
    1 + (2 * (length - side)).div_ceil(side)
}

fn corner(index: usize, count: usize, length: usize, side: usize) -> usize {
    if count < 2 {
        return (length - side) / 2;
    }
    index * (length - side) / (count - 1)
}

/// A Hann window whose square has mean 1 over two dimensions.
fn hann(side: usize) -> Vec<f32> {
    let step = std::f64::consts::TAU / side as f64;
    let scale = (8.0f64 / 3.0).sqrt();
    (0..side)
        .map(|i| (scale * 0.5 * (1.0 - ((i as f64 + 0.5) * step).cos())) as f32)
        .collect()
}

/// Copies a tile, mean off, window on; gives its mean and the logarithm of its variance.
fn cut(m: &Micrograph, corner: [usize; 2], side: usize, window: &[f32], out: &mut [f32]) -> [f64; 2] {
    let mut sum = 0.0f64;
    for (y, row) in out.chunks_exact_mut(side).enumerate() {
        let start = (corner[1] + y) * m.width + corner[0];
        row.copy_from_slice(&m.data[start..start + side]);
        sum += f64::from(row.iter().sum::<f32>());
    }
    let mean = sum / (side * side) as f64;
    let shift = mean as f32;
    let mut variance = 0.0f64;
    for (row, wy) in out.chunks_exact_mut(side).zip(window) {
        let mut squares = 0.0f32;
        for (v, wx) in row.iter_mut().zip(window) {
            let centred = *v - shift;
            squares += centred * centred;
            *v = centred * wy * wx;
        }
        variance += f64::from(squares);
    }
    [mean, (variance / (side * side) as f64).max(1e-30).ln()]
}

/// Which tiles are like most others in mean and variance; the strangest go first.
fn keep(moments: &[[f64; 2]]) -> Vec<bool> {
    let mut strangeness = vec![0.0f64; moments.len()];
    for which in 0..2 {
        let values: Vec<f64> = moments.iter().map(|m| m[which]).collect();
        let middle = median(&values);
        let deviations: Vec<f64> = values.iter().map(|v| (v - middle).abs()).collect();
        let sigma = 1.4826 * median(&deviations);
        if sigma > 0.0 {
            for (s, d) in strangeness.iter_mut().zip(&deviations) {
                *s = s.max(d / sigma);
            }
        }
    }
    let mut sorted = strangeness.clone();
    sorted.sort_by(f64::total_cmp);
    let least = ((moments.len() as f64 * LEAST_KEPT).ceil() as usize).clamp(1, moments.len().max(1));
    let limit = sorted.get(least - 1).copied().unwrap_or(0.0).max(OUTLIER);
    strangeness.iter().map(|s| *s <= limit).collect()
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => 0.0,
        n if n % 2 == 1 => sorted[n / 2],
        n => 0.5 * (sorted[n / 2 - 1] + sorted[n / 2]),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn tiles_reach_both_borders_and_fit() {
        for (length, side) in [(100, 32), (1240, 480), (512, 512), (4096, 512)] {
            let n = places(length, side);
            assert_eq!(
                corner(0, n, length, side),
                if n == 1 { (length - side) / 2 } else { 0 }
            );
            assert_eq!(corner(n - 1, n, length, side), length - side);
            for i in 1..n {
                assert!(corner(i, n, length, side) - corner(i - 1, n, length, side) <= side / 2);
            }
        }
    }

    #[test]
    fn white_noise_has_its_variance_as_power_and_a_bright_tile_is_left_out() {
        use rand::{RngExt, SeedableRng};
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
        let (width, height) = (640, 512);
        let mut data: Vec<f32> = (0..width * height)
            .map(|_| (0..12).map(|_| rng.random::<f32>()).sum::<f32>() * 3.0)
            .collect();
        // A corner of ten times the contrast.
        for y in 0..100 {
            for x in 0..100 {
                data[y * width + x] *= 10.0;
            }
        }
        let micrograph = Micrograph {
            width,
            height,
            pixel_size_angstrom: 1.0,
            data: &data,
        };
        let side = tile_side(&micrograph, 128.0).unwrap();
        assert_eq!(side, 128);
        let grid = FourierGrid::new(128.0, 30.0, 2.0, 2.0).unwrap();
        let tiles = TileSpectra::measure(&micrograph, side, &grid, &|| false).unwrap();
        assert!(!tiles.kept[0] && tiles.kept_count() > tiles.len() * 8 / 10);
        let mean = tiles.mean_amplitude();
        let power: f64 = mean.iter().map(|a| f64::from(*a).powi(2)).sum::<f64>() / mean.len() as f64;
        // The mean amplitude of exponential power is sqrt(π/4) of its root; variance of the noise: 9.
        let expected = 9.0 * std::f64::consts::FRAC_PI_4;
        assert!(
            (power / expected - 1.0).abs() < 0.03,
            "{power} against {expected}"
        );
        assert!(matches!(
            TileSpectra::measure(&micrograph, side, &grid, &|| true),
            Err(MicrographError::Cancelled)
        ));
    }
}
