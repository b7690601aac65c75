//! Projection of point clouds: rotate, spread on a fine grid, transform, multiply by the form factor.

use crate::error::SimulateError;
use crate::points::PointCloud;
use crate::rotation::Matrix;
use crate::spread::{SpreadKernel, TAPS};
use num_complex::Complex32;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use rustfft::{Fft, FftPlanner};
use std::sync::Arc;

/// The fine grid is this many times finer than the image.
pub(crate) const OVERSAMPLING: usize = 2;
/// Rows are padded so that columns of a power-of-two grid don't fall on the same cache lines.
const PAD: usize = 8;

/// Plans for a field of `n` × `n` pixels.
pub(crate) struct Field {
    pub(crate) n: usize,
    pub(crate) pixel_size: f64,
    fine: usize,
    kernel: SpreadKernel,
    deconvolution: Vec<f64>,
    fine_rows: Arc<dyn RealToComplex<f32>>,
    fine_columns: Arc<dyn Fft<f32>>,
    rows: Arc<dyn ComplexToReal<f32>>,
    columns: Arc<dyn Fft<f32>>,
}

/// Scratch memory of one thread.
pub(crate) struct Workspace {
    /// (fine, fine)
    grid: Vec<f32>,
    /// (n/2, fine + PAD): columns kx of the fine transform, or (n/2 + 1, n + PAD) on the way back.
    column: Vec<Complex32>,
    row: Vec<Complex32>,
    scratch: Vec<Complex32>,
    /// (n, n/2 + 1): the field's half transform.
    pub(crate) spectrum: Vec<Complex32>,
}

impl Field {
    pub(crate) fn new(n: usize, pixel_size: f64) -> Field {
        let fine = OVERSAMPLING * n;
        let mut real = RealFftPlanner::<f32>::new();
        let mut complex = FftPlanner::<f32>::new();
        Field {
            n,
            pixel_size,
            fine,
            kernel: SpreadKernel::new(),
            deconvolution: SpreadKernel::deconvolution(fine, n / 2),
            fine_rows: real.plan_fft_forward(fine),
            fine_columns: complex.plan_fft_forward(fine),
            rows: real.plan_fft_inverse(n),
            columns: complex.plan_fft_inverse(n),
        }
    }

    pub(crate) fn workspace(&self) -> Workspace {
        let (n, fine) = (self.n, self.fine);
        let scratch = [
            self.fine_rows.get_scratch_len(),
            self.fine_columns.get_inplace_scratch_len(),
            self.rows.get_scratch_len(),
            self.columns.get_inplace_scratch_len(),
        ];
        Workspace {
            grid: vec![0.0; fine * fine],
            column: vec![Complex32::default(); (n / 2 + 1) * (fine + PAD)],
            row: vec![Complex32::default(); fine / 2 + 1],
            scratch: vec![Complex32::default(); scratch.into_iter().max().unwrap_or(0)],
            spectrum: vec![Complex32::default(); n * (n / 2 + 1)],
        }
    }

    /// Form factors of each class of `cloud` on the field's half plane, with the spreading undone: (n, n/2 + 1) each.
    pub(crate) fn transfers(&self, cloud: &PointCloud) -> Vec<Vec<f32>> {
        let (n, half) = (self.n, self.n / 2 + 1);
        let per_cycle = 1.0 / (n as f64 * self.pixel_size);
        let mut all = Vec::with_capacity(cloud.classes.len());
        for class in &cloud.classes {
            let mut table = vec![0.0f32; n * half];
            for y in 0..n {
                let ky = if y <= n / 2 { y } else { n - y };
                for kx in 0..half {
                    // The Nyquist row and column have no well-defined sign: never used.
                    if kx == n / 2 || ky == n / 2 {
                        continue;
                    }
                    let k = ((kx * kx + ky * ky) as f64).sqrt() * per_cycle;
                    table[y * half + kx] =
                        (class.form.at(k) * self.deconvolution[kx] * self.deconvolution[ky]) as f32;
                }
            }
            all.push(table);
        }
        all
    }

    /// Projected potential of `cloud` seen under `rotation` (image from volume) with its centre displaced by
    /// `displacement` Å from the field's centre: half transform φ̂(k) in V·Å³ into `workspace.spectrum`, phase
    /// origin at the field's first pixel.
    pub(crate) fn project(
        &self,
        cloud: &PointCloud,
        transfers: &[Vec<f32>],
        rotation: &Matrix,
        displacement: [f64; 2],
        workspace: &mut Workspace,
    ) -> Result<(), SimulateError> {
        workspace.spectrum.fill(Complex32::default());
        for (class, transfer) in cloud.classes.iter().zip(transfers) {
            let used = self.spread(
                &class.positions,
                &class.weights,
                rotation,
                displacement,
                workspace,
            );
            self.add_transform(used, transfer, workspace)?;
        }
        Ok(())
    }

    /// Spreads points on the fine grid; returns the rows touched.
    fn spread(
        &self,
        positions: &[[f64; 3]],
        weights: &[f32],
        rotation: &Matrix,
        displacement: [f64; 2],
        workspace: &mut Workspace,
    ) -> std::ops::Range<usize> {
        let fine = self.fine;
        let to_grid = OVERSAMPLING as f64 / self.pixel_size;
        let centre = (fine / 2) as f64;
        let limit = (fine - TAPS) as i64;
        let (mut first, mut last) = (fine, 0);
        let [r0, r1, _] = *rotation;
        workspace.grid.fill(0.0);
        for (p, &weight) in positions.iter().zip(weights) {
            let x = r0[0] * p[0] + r0[1] * p[1] + r0[2] * p[2] + displacement[0];
            let y = r1[0] * p[0] + r1[1] * p[1] + r1[2] * p[2] + displacement[1];
            let (x0, wx) = self.kernel.weights(x * to_grid + centre);
            let (y0, wy) = self.kernel.weights(y * to_grid + centre);
            // Only a shift far beyond the box leaves the field: such a point is out of the picture.
            if x0 < 0 || y0 < 0 || x0 > limit || y0 > limit {
                continue;
            }
            let (x0, y0) = (x0 as usize, y0 as usize);
            first = first.min(y0);
            last = last.max(y0 + TAPS);
            for (tap, wy) in wy.iter().enumerate() {
                let start = (y0 + tap) * fine + x0;
                let w = weight * wy;
                for (cell, wx) in workspace.grid[start..start + TAPS].iter_mut().zip(&wx) {
                    *cell += w * wx;
                }
            }
        }
        first.min(last)..last
    }

    fn add_transform(
        &self,
        used: std::ops::Range<usize>,
        transfer: &[f32],
        workspace: &mut Workspace,
    ) -> Result<(), SimulateError> {
        let (n, fine) = (self.n, self.fine);
        let (half, stride) = (n / 2 + 1, fine + PAD);
        let Workspace {
            grid,
            column,
            row,
            scratch,
            spectrum,
        } = workspace;
        column.fill(Complex32::default());
        for y in used {
            self.fine_rows
                .process_with_scratch(&mut grid[y * fine..(y + 1) * fine], row, scratch)
                .map_err(|e| SimulateError::Transform(e.to_string()))?;
            for kx in 0..n / 2 {
                column[kx * stride + y] = row[kx];
            }
        }
        for kx in 0..n / 2 {
            let line = &mut column[kx * stride..kx * stride + fine];
            self.fine_columns.process_with_scratch(line, scratch);
            for y in 0..n {
                let source = if y <= n / 2 { y } else { y + fine - n };
                spectrum[y * half + kx] += line[source] * transfer[y * half + kx];
            }
        }
        Ok(())
    }

    /// Unscaled inverse transform of `workspace.spectrum`; writes the central `size` × `size` pixels.
    pub(crate) fn invert_centre(
        &self,
        workspace: &mut Workspace,
        size: usize,
        out: &mut [f32],
    ) -> Result<(), SimulateError> {
        let n = self.n;
        let (half, stride) = (n / 2 + 1, n + PAD);
        let Workspace {
            grid,
            column,
            row,
            scratch,
            spectrum,
        } = workspace;
        for kx in 0..half {
            let line = &mut column[kx * stride..kx * stride + n];
            for (y, value) in line.iter_mut().enumerate() {
                *value = spectrum[y * half + kx];
            }
            self.columns.process_with_scratch(line, scratch);
        }
        let start = (n - size) / 2;
        for (y, out) in (start..).zip(out.chunks_exact_mut(size)) {
            let row = &mut row[..half];
            for (kx, value) in row.iter_mut().enumerate() {
                *value = column[kx * stride + y];
            }
            row[0].im = 0.0;
            row[half - 1].im = 0.0;
            let line = &mut grid[..n];
            self.rows
                .process_with_scratch(row, line, scratch)
                .map_err(|e| SimulateError::Transform(e.to_string()))?;
            out.copy_from_slice(&line[start..start + size]);
        }
        Ok(())
    }
}
