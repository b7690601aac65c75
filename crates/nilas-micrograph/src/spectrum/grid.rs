//! The Fourier pixels that a fit looks at: a band of half the plane, without the axes.

use crate::MicrographError;

/// Radial bins per Fourier pixel.
const BINS_PER_PIXEL: f64 = 2.0;
/// Fourier pixels beside the axes that are left out: a windowed line of a detector is three pixels wide.
const AXIS: i32 = 1;
/// Fewest Fourier pixels that a fit can do with.
const FEWEST: usize = 400;

/// Fourier pixels of square tiles with side `side_angstrom` (Å) between two frequencies, of the half plane kx > 0.
///
/// Order: rows ky from the most negative to the most positive, kx rising within a row.
#[derive(Debug, Clone)]
pub struct FourierGrid {
    /// Side of the tile in Å; the frequency step is its inverse.
    pub side_angstrom: f64,
    /// Least frequency in 1/Å.
    pub least: f64,
    /// Greatest frequency in 1/Å.
    pub greatest: f64,
    /// Column of each pixel, in steps of `1 / side_angstrom`.
    pub kx: Vec<i16>,
    /// Row of each pixel, likewise, signed.
    pub ky: Vec<i16>,
    /// Radial bin of each pixel.
    pub bin: Vec<u16>,
    /// Frequency of the middle of each radial bin in 1/Å.
    pub bin_frequency: Vec<f64>,
    /// Pixels per radial bin.
    pub bin_count: Vec<u32>,
}

impl FourierGrid {
    /// The grid from `1 / low_angstrom` to `1 / high_angstrom` (the latter at most 0.95 of Nyquist).
    ///
    /// # Errors
    /// A band with too few pixels.
    pub fn new(
        side_angstrom: f64,
        low_angstrom: f64,
        high_angstrom: f64,
        nyquist_angstrom: f64,
    ) -> Result<Self, MicrographError> {
        let least = 1.0 / low_angstrom;
        let greatest = (1.0 / high_angstrom).min(0.95 / nyquist_angstrom);
        let mut grid = FourierGrid {
            side_angstrom,
            least,
            greatest,
            kx: Vec::new(),
            ky: Vec::new(),
            bin: Vec::new(),
            bin_frequency: Vec::new(),
            bin_count: Vec::new(),
        };
        let bad = |pixels| MicrographError::Band {
            low_angstrom,
            high_angstrom,
            nyquist_angstrom,
            pixels,
        };
        let usable = side_angstrom.is_finite() && least > 0.0 && greatest > least;
        let most = greatest * side_angstrom;
        if !usable || most > 16_000.0 {
            return Err(bad(0));
        }
        let bins = ((greatest - least) * side_angstrom * BINS_PER_PIXEL).ceil() as usize;
        let width = (greatest - least) / bins.max(1) as f64;
        let reach = most as i32;
        for ky in -reach..=reach {
            if ky.abs() <= AXIS {
                continue;
            }
            for kx in AXIS + 1..=reach {
                let k = f64::from(kx * kx + ky * ky).sqrt() / side_angstrom;
                if k >= least && k < greatest {
                    grid.kx.push(kx as i16);
                    grid.ky.push(ky as i16);
                    grid.bin
                        .push((((k - least) / width) as usize).min(bins - 1) as u16);
                }
            }
        }
        if grid.kx.len() < FEWEST {
            return Err(bad(grid.kx.len()));
        }
        grid.bin_frequency = (0..bins).map(|i| least + (i as f64 + 0.5) * width).collect();
        grid.bin_count = vec![0; bins];
        for b in &grid.bin {
            grid.bin_count[usize::from(*b)] += 1;
        }
        Ok(grid)
    }

    /// Number of Fourier pixels.
    pub fn len(&self) -> usize {
        self.kx.len()
    }

    /// Whether there is none; a grid that was made holds many.
    pub fn is_empty(&self) -> bool {
        self.kx.is_empty()
    }

    /// Number of radial bins.
    pub fn bins(&self) -> usize {
        self.bin_frequency.len()
    }

    /// Frequency vector of a pixel in 1/Å.
    pub fn frequency(&self, pixel: usize) -> [f64; 2] {
        [
            f64::from(self.kx[pixel]) / self.side_angstrom,
            f64::from(self.ky[pixel]) / self.side_angstrom,
        ]
    }

    /// Mean of one value per pixel over each radial bin; empty bins take the nearest filled one below (else above).
    pub fn radial_mean(&self, values: &[f32]) -> Vec<f64> {
        let mut sums = vec![0.0f64; self.bins()];
        for (b, v) in self.bin.iter().zip(values) {
            sums[usize::from(*b)] += f64::from(*v);
        }
        for (s, n) in sums.iter_mut().zip(&self.bin_count) {
            *s = if *n > 0 { *s / f64::from(*n) } else { f64::NAN };
        }
        let mut last = sums.iter().copied().find(|v| v.is_finite()).unwrap_or(0.0);
        for s in &mut sums {
            if s.is_finite() {
                last = *s;
            } else {
                *s = last;
            }
        }
        sums
    }
}
