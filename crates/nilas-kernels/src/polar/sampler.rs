//! From Cartesian coefficients to ring samples, by a 2D B-spline on a padded transform of the (small) box.

use super::PolarGrid;
use crate::Complex32;
use crate::disc::HalfDisc;
use crate::error::{KernelError, check_length};
use crate::fft::{Fft2, centre_2d, good_even_size, unsigned};
use crate::slice::{deapodisation, spline_weights};
use std::sync::Arc;

/// Resamples ring-ordered coefficients of one box size onto a polar grid.
pub struct PolarSampler {
    /// Side of the Fourier-cropped box; its field of view is the whole image's.
    small: usize,
    pad: usize,
    count: usize,
    envelope: Vec<f32>,
    forward: Arc<Fft2>,
    inverse: Arc<Fft2>,
    /// First tap and the weights along x and y of every sample.
    taps: Vec<(u32, [f32; 4], [f32; 4])>,
    width: usize,
    origin: usize,
}

/// Working memory for [`PolarSampler::sample`].
#[derive(Default)]
pub struct SamplerScratch {
    half: Vec<Complex32>,
    real: Vec<f32>,
    padded: Vec<f32>,
    big: Vec<Complex32>,
    grid: Vec<Complex32>,
}

impl PolarSampler {
    /// How many rings beyond the search radius sharpen the outermost samples.
    pub const MARGIN: usize = 3;

    /// For images whose coefficients are listed by `disc`. Errors: the disc is of another box.
    pub fn new(grid: &PolarGrid, disc: &HalfDisc) -> Result<Self, KernelError> {
        check_length("box of the disc", disc.box_size(), grid.box_size())?;
        let used = (grid.radius() + Self::MARGIN).min(disc.radius());
        let small = good_even_size(2 * used + 4)
            .min(disc.box_size())
            .max(2 * used + 2);
        let pad = good_even_size(small + small / 2);
        let ratio = pad as f32 / small as f32;
        let reach = (grid.radius() as f32 * ratio).ceil() as usize;
        let origin = reach + 2;
        let width = reach + 4;
        let taps = grid
            .kx()
            .iter()
            .zip(grid.ky())
            .map(|(kx, ky)| {
                // -1e-8 would floor to -1: on the axis the sample is exactly at 0.
                let (x, y) = ((kx * ratio).max(0.0), ky * ratio);
                let (fx, fy) = (x.floor(), y.floor());
                let first = (fy as i64 - 1 + origin as i64) as usize * width + fx as usize;
                let (wx, _) = spline_weights::<false>(x - fx);
                let (wy, _) = spline_weights::<false>(y - fy);
                (first as u32, wx, wy)
            })
            .collect();
        Ok(Self {
            small,
            pad,
            count: disc.count(used),
            envelope: deapodisation(small, pad)
                .iter()
                .map(|v| (1.0 / v) as f32)
                .collect(),
            forward: Fft2::square(pad)?,
            inverse: Fft2::square(small)?,
            taps,
            width,
            origin,
        })
    }

    /// How many coefficients of the ring-ordered list are read.
    pub fn coefficients(&self) -> usize {
        self.count
    }

    /// Samples `values` (a prefix of the disc's list, at least [`PolarSampler::coefficients`] long) at the grid's
    /// points into `re`, `im`. Errors: wrong lengths.
    pub fn sample(
        &self,
        disc: &HalfDisc,
        values: &[Complex32],
        re: &mut [f32],
        im: &mut [f32],
        scratch: &mut SamplerScratch,
    ) -> Result<(), KernelError> {
        check_length("ring samples", re.len(), self.taps.len())?;
        check_length("ring samples", im.len(), self.taps.len())?;
        if values.len() < self.count {
            check_length("coefficients", values.len(), self.count)?;
        }
        let (n, p) = (self.small, self.pad);
        scratch.half.resize(self.inverse.half_len(), Complex32::default());
        scratch.real.resize(n * n, 0.0);
        disc.scatter(&values[..self.count], &mut scratch.half, n)?;
        centre_2d(&mut scratch.half, n);
        self.inverse.inverse(&scratch.half, &mut scratch.real)?;
        scratch.padded.clear();
        scratch.padded.resize(p * p, 0.0);
        let offset = p / 2 - n / 2;
        let scale = p as f32 / n as f32;
        for y in 0..n {
            let e = self.envelope[y] * scale;
            let src = &scratch.real[y * n..][..n];
            let dst = &mut scratch.padded[(y + offset) * p + offset..][..n];
            for x in 0..n {
                dst[x] = src[x] * e * self.envelope[x];
            }
        }
        scratch.big.resize(self.forward.half_len(), Complex32::default());
        self.forward.forward(&scratch.padded, &mut scratch.big)?;
        centre_2d(&mut scratch.big, p);
        self.extend(&scratch.big, &mut scratch.grid);
        for (i, (first, wx, wy)) in self.taps.iter().enumerate() {
            let mut sum = Complex32::default();
            for (y, w) in wy.iter().enumerate() {
                let row = &scratch.grid[*first as usize + y * self.width..][..4];
                let r = row[0] * wx[0] + row[1] * wx[1] + row[2] * wx[2] + row[3] * wx[3];
                sum += r * *w;
            }
            re[i] = sum.re;
            im[i] = sum.im;
        }
        Ok(())
    }

    /// The padded transform with a margin of mates on the left, rows from `-origin`.
    fn extend(&self, half: &[Complex32], grid: &mut Vec<Complex32>) {
        let w = self.pad / 2 + 1;
        let rows = 2 * self.origin + 1;
        grid.resize(rows * self.width, Complex32::default());
        for (r, row) in grid.chunks_exact_mut(self.width).enumerate() {
            let y = r as i64 - self.origin as i64;
            let (up, down) = (unsigned(y, self.pad) * w, unsigned(-y, self.pad) * w);
            row[0] = half[down + 1].conj();
            for (x, v) in row[1..].iter_mut().enumerate() {
                *v = if x < w { half[up + x] } else { Complex32::default() };
            }
        }
    }
}
