//! The true map on the particles' grid.

use crate::error::SimulateError;
use crate::points::{PointClass, PointCloud};
use crate::project::OVERSAMPLING;
use crate::spread::{SpreadKernel, TAPS};
use num_complex::Complex32;
use rayon::prelude::*;
use rustfft::FftPlanner;

/// The map that made the particles, on their grid: box centre at voxel n/2, band-limited to the grid's Nyquist.
#[derive(Debug, Clone, PartialEq)]
pub struct TruthMap {
    /// Voxels along each edge.
    pub n: usize,
    /// Voxel size, Å; equals the particles' pixel size.
    pub voxel_size_angstrom: f64,
    /// Values of shape `[z][y][x]`, in image units: the sum along the beam is the image before the contrast transfer
    /// function, for a particle of scale 1.
    pub data: Vec<f32>,
}

/// Samples the cloud's potential (V) on an (n, n, n) grid. Fine z slabs are transformed one by one and cropped at
/// once, so that the memory needed is about 16 n³ bytes.
pub(crate) fn sample(cloud: &PointCloud, n: usize, voxel_size: f64) -> Result<Vec<f32>, SimulateError> {
    let kernel = SpreadKernel::new();
    let fine = OVERSAMPLING * n;
    let deconvolution = SpreadKernel::deconvolution(fine, n / 2);
    let half = n / 2;
    let per_cycle = 1.0 / (n as f64 * voxel_size);
    // (n ky, n/2 kx, n kz): z fastest for the transforms along z; kx = n/2 is Nyquist and stays out.
    let mut spectrum = vec![Complex32::default(); n * half * n];
    for class in &cloud.classes {
        let slabs = slab_transforms(class, &kernel, fine, n, voxel_size);
        let along_z = FftPlanner::<f32>::new().plan_fft_forward(fine);
        spectrum
            .par_chunks_mut(half * n)
            .enumerate()
            .for_each(|(y, plane)| {
                let mut line = vec![Complex32::default(); fine];
                let mut scratch = vec![Complex32::default(); along_z.get_inplace_scratch_len()];
                let ky = if y <= half { y } else { n - y };
                if ky == half {
                    return;
                }
                for kx in 0..half {
                    for (value, slab) in line.iter_mut().zip(&slabs) {
                        *value = slab
                            .as_ref()
                            .map_or(Complex32::default(), |slab| slab[y * half + kx]);
                    }
                    along_z.process_with_scratch(&mut line, &mut scratch);
                    for z in 0..n {
                        let kz = if z <= half { z } else { n - z };
                        if kz == half {
                            continue;
                        }
                        let k = ((kx * kx + ky * ky + kz * kz) as f64).sqrt() * per_cycle;
                        let factor =
                            class.form.at(k) * deconvolution[kx] * deconvolution[ky] * deconvolution[kz];
                        let source = if z <= half { z } else { z + fine - n };
                        plane[kx * n + z] += line[source] * factor as f32;
                    }
                }
            });
    }
    invert(spectrum, n, voxel_size)
}

/// For each fine z slab that holds anything: its transform in the plane, cropped to (n, n/2).
fn slab_transforms(
    class: &PointClass,
    kernel: &SpreadKernel,
    fine: usize,
    n: usize,
    voxel_size: f64,
) -> Vec<Option<Vec<Complex32>>> {
    let half = n / 2;
    let to_grid = OVERSAMPLING as f64 / voxel_size;
    let centre = (fine / 2) as f64;
    let limit = (fine - TAPS) as i64;
    let mut by_slab: Vec<Vec<u32>> = vec![Vec::new(); fine];
    for (index, p) in class.positions.iter().enumerate() {
        let (z0, _) = kernel.weights(p[2] * to_grid + centre);
        if (0..=limit).contains(&z0) {
            by_slab[z0 as usize].push(index as u32);
        }
    }
    let plan = FftPlanner::<f32>::new().plan_fft_forward(fine);
    (0..fine)
        .into_par_iter()
        .map(|z| {
            let contributing = z.saturating_sub(TAPS - 1)..=z;
            if by_slab[contributing.clone()].iter().all(Vec::is_empty) {
                return None;
            }
            let mut grid = vec![Complex32::default(); fine * fine];
            for first in contributing {
                for &index in &by_slab[first] {
                    let p = class.positions[index as usize];
                    let (_, wz) = kernel.weights(p[2] * to_grid + centre);
                    let (x0, wx) = kernel.weights(p[0] * to_grid + centre);
                    let (y0, wy) = kernel.weights(p[1] * to_grid + centre);
                    if x0 < 0 || y0 < 0 || x0 > limit || y0 > limit {
                        continue;
                    }
                    let weight = class.weights[index as usize] * wz[z - first];
                    for (tap, wy) in wy.iter().enumerate() {
                        let start = (y0 as usize + tap) * fine + x0 as usize;
                        for (cell, wx) in grid[start..start + TAPS].iter_mut().zip(&wx) {
                            cell.re += weight * wy * wx;
                        }
                    }
                }
            }
            let mut scratch = vec![Complex32::default(); plan.get_inplace_scratch_len()];
            plan.process_with_scratch(&mut grid, &mut scratch);
            let mut line = vec![Complex32::default(); fine];
            let mut cropped = vec![Complex32::default(); n * half];
            for kx in 0..half {
                for (y, value) in line.iter_mut().enumerate() {
                    *value = grid[y * fine + kx];
                }
                plan.process_with_scratch(&mut line, &mut scratch);
                for y in 0..n {
                    cropped[y * half + kx] = line[if y <= half { y } else { y + fine - n }];
                }
            }
            Some(cropped)
        })
        .collect()
}

/// Inverse of the (ky, kx, kz) half spectrum to `[z][y][x]`, as a density.
fn invert(mut spectrum: Vec<Complex32>, n: usize, voxel_size: f64) -> Result<Vec<f32>, SimulateError> {
    let half = n / 2;
    let plan = FftPlanner::<f32>::new().plan_fft_inverse(n);
    spectrum.par_chunks_mut(n).for_each(|line| {
        plan.process(line);
    });
    let rows = realfft::RealFftPlanner::<f32>::new().plan_fft_inverse(n);
    let scale = (1.0 / (n as f64 * voxel_size).powi(3)) as f32;
    let mut data = vec![0.0f32; n * n * n];
    data.par_chunks_mut(n * n)
        .enumerate()
        .try_for_each(|(z, plane)| {
            let mut columns = vec![Complex32::default(); half * n];
            for kx in 0..half {
                let line = &mut columns[kx * n..(kx + 1) * n];
                for (y, value) in line.iter_mut().enumerate() {
                    *value = spectrum[(y * half + kx) * n + z];
                }
                plan.process(line);
            }
            let mut row = vec![Complex32::default(); half + 1];
            for (y, out) in plane.chunks_exact_mut(n).enumerate() {
                for (kx, value) in row[..half].iter_mut().enumerate() {
                    *value = columns[kx * n + y] * scale;
                }
                row[0].im = 0.0;
                row[half] = Complex32::default();
                rows.process(&mut row, out)
                    .map_err(|e| SimulateError::Transform(e.to_string()))?;
            }
            Ok(())
        })?;
    Ok(data)
}
