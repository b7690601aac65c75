//! The stored volume: B-spline coefficients of a padded transform, cut to the radius that is needed.

use super::cpu::{self, SliceGradient};
use crate::error::{KernelError, check_box, check_length};
use crate::fft::{Fft3, centre_3d, good_even_size, unsigned};
use crate::simd::{self, SimdLevel};
use crate::{Complex32, Matrix3};
use rayon::prelude::*;

/// Side of the padded box: the next even 5-smooth size from 1.25 times `box_size`.
pub fn padded_size(box_size: usize) -> usize {
    good_even_size((box_size * 5).div_ceil(4))
}

/// `sinc^4(x / pad)` for the voxels of one axis of a centred box: the transform of the cubic B-spline kernel.
/// A volume divided by the product over three axes interpolates exactly at its centre.
pub fn deapodisation(box_size: usize, pad_size: usize) -> Vec<f64> {
    (0..box_size)
        .map(|i| {
            let t = std::f64::consts::PI * (i as f64 - box_size as f64 / 2.0) / pad_size as f64;
            if t == 0.0 { 1.0 } else { (t.sin() / t).powi(4) }
        })
        .collect()
}

/// Layout of a Hermitian half grid `[z][y][x]` with margins for 4-tap kernels: x from -1, y and z from `-origin`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Grid {
    pub nx: usize,
    pub ny: usize,
    pub origin: usize,
}

impl Grid {
    /// The grid that holds every tap of samples up to `radius` (Fourier pixels of the box) at padding `ratio`.
    pub fn new(radius: usize, ratio: f64) -> Self {
        let reach = (radius as f64 + 0.5) * ratio;
        let origin = reach.ceil() as usize + 2;
        Self {
            nx: reach.floor() as usize + 4,
            ny: 2 * origin + 1,
            origin,
        }
    }

    /// Number of grid points.
    pub fn len(&self) -> usize {
        self.nx * self.ny * self.ny
    }

    /// Index of the signed position.
    #[inline(always)]
    pub fn index(&self, x: i64, y: i64, z: i64) -> usize {
        let o = self.origin as i64;
        (((z + o) as usize * self.ny) + (y + o) as usize) * self.nx + (x + 1) as usize
    }
}

/// A volume ready for slicing up to a radius; see the module's words for scaling and cost.
#[derive(Debug, Clone)]
pub struct SplineVolume {
    pub(crate) box_size: usize,
    pub(crate) pad_size: usize,
    pub(crate) radius: usize,
    pub(crate) grid: Grid,
    /// Interleaved re, im.
    pub(crate) data: Vec<f32>,
}

impl SplineVolume {
    /// From a centred real volume `[z][y][x]` of even side `box_size`, for slices up to `radius` Fourier pixels.
    /// Voxels outside of the inscribed sphere are ignored. Errors: odd box, wrong length, radius beyond Nyquist.
    pub fn from_real(volume: &[f32], box_size: usize, radius: usize) -> Result<Self, KernelError> {
        check_box("volume", box_size, 8)?;
        check_length("volume", volume.len(), box_size.pow(3))?;
        let maximum = box_size / 2 - 1;
        if radius == 0 || radius > maximum {
            return Err(KernelError::Radius {
                what: "slice volume",
                found: radius,
                maximum,
            });
        }
        let pad_size = padded_size(box_size);
        let mut padded = vec![0.0f32; pad_size.pow(3)];
        let inverse: Vec<f64> = deapodisation(box_size, pad_size)
            .iter()
            .map(|v| 1.0 / v)
            .collect();
        let offset = pad_size / 2 - box_size / 2;
        let half = box_size as f64 / 2.0;
        padded
            .par_chunks_exact_mut(pad_size * pad_size)
            .enumerate()
            .for_each(|(pz, plane)| {
                let Some(z) = pz.checked_sub(offset).filter(|z| *z < box_size) else {
                    return;
                };
                for y in 0..box_size {
                    let zy2 = (z as f64 - half).powi(2) + (y as f64 - half).powi(2);
                    let wzy = inverse[z] * inverse[y];
                    let src = &volume[(z * box_size + y) * box_size..][..box_size];
                    let dst = &mut plane[(y + offset) * pad_size + offset..][..box_size];
                    for x in 0..box_size {
                        if zy2 + (x as f64 - half).powi(2) < half * half {
                            dst[x] = (src[x] as f64 * wzy * inverse[x]) as f32;
                        }
                    }
                }
            });
        let plan = Fft3::cube(pad_size)?;
        let mut transform = vec![Complex32::default(); plan.half_len()];
        plan.forward(&padded, &mut transform)?;
        drop(padded);
        centre_3d(&mut transform, pad_size, pad_size);
        let scale = ((pad_size as f64).powf(1.5) / box_size as f64) as f32;
        Ok(Self::from_padded_transform(
            &transform, box_size, pad_size, radius, scale,
        ))
    }

    /// Copies the needed part of a centred padded half transform, times `scale`, with its margins.
    fn from_padded_transform(
        transform: &[Complex32],
        box_size: usize,
        pad_size: usize,
        radius: usize,
        scale: f32,
    ) -> Self {
        let grid = Grid::new(radius, pad_size as f64 / box_size as f64);
        let mut data = vec![0.0f32; 2 * grid.len()];
        let w = pad_size / 2 + 1;
        let o = grid.origin as i64;
        data.par_chunks_exact_mut(2 * grid.nx * grid.ny)
            .enumerate()
            .for_each(|(iz, plane)| {
                let z = iz as i64 - o;
                for (iy, row) in plane.chunks_exact_mut(2 * grid.nx).enumerate() {
                    let y = iy as i64 - o;
                    for (ix, v) in row.chunks_exact_mut(2).enumerate() {
                        let x = ix as i64 - 1;
                        // Periodic beyond Nyquist; the left half is the conjugate of the right.
                        let px = unsigned(x, pad_size);
                        let (px, py, pz, mate) = if px < w {
                            (px, y, z, false)
                        } else {
                            (pad_size - px, -y, -z, true)
                        };
                        let i = (unsigned(pz, pad_size) * pad_size + unsigned(py, pad_size)) * w + px;
                        let c = transform[i];
                        v[0] = c.re * scale;
                        v[1] = if mate { -c.im } else { c.im } * scale;
                    }
                }
            });
        Self {
            box_size,
            pad_size,
            radius,
            grid,
            data,
        }
    }

    /// Side of the box that slices belong to.
    pub fn box_size(&self) -> usize {
        self.box_size
    }

    /// Largest radius (Fourier pixels of the box) that slices may reach.
    pub fn radius(&self) -> usize {
        self.radius
    }

    /// Padded over plain box side.
    pub fn padding(&self) -> f64 {
        self.pad_size as f64 / self.box_size as f64
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.data.len() * 4
    }

    /// The slice at `k_vol = A^T (kx, ky, 0)` into `re`, `im`. Samples beyond the stored radius give 0.
    /// Errors: lists of different length.
    pub fn slice(
        &self,
        rotation: &Matrix3,
        kx: &[f32],
        ky: &[f32],
        re: &mut [f32],
        im: &mut [f32],
    ) -> Result<(), KernelError> {
        self.slice_at(simd::level(), rotation, kx, ky, re, im)
    }

    /// [`SplineVolume::slice`] on a stated instruction set.
    pub fn slice_at(
        &self,
        level: SimdLevel,
        rotation: &Matrix3,
        kx: &[f32],
        ky: &[f32],
        re: &mut [f32],
        im: &mut [f32],
    ) -> Result<(), KernelError> {
        check_length("ky", ky.len(), kx.len())?;
        check_length("slice", re.len(), kx.len())?;
        check_length("slice", im.len(), kx.len())?;
        cpu::value(level, self, rotation, kx, ky, re, im);
        Ok(())
    }

    /// The slice and its derivative by the image-frame frequency `(kx, ky, kz)`, in 1/Fourier pixel.
    /// Errors: lists of different length.
    pub fn slice_gradient(
        &self,
        rotation: &Matrix3,
        kx: &[f32],
        ky: &[f32],
        out: &mut SliceGradient,
    ) -> Result<(), KernelError> {
        self.slice_gradient_at(simd::level(), rotation, kx, ky, out)
    }

    /// [`SplineVolume::slice_gradient`] on a stated instruction set.
    pub fn slice_gradient_at(
        &self,
        level: SimdLevel,
        rotation: &Matrix3,
        kx: &[f32],
        ky: &[f32],
        out: &mut SliceGradient,
    ) -> Result<(), KernelError> {
        check_length("ky", ky.len(), kx.len())?;
        out.resize(kx.len());
        cpu::gradient(level, self, rotation, kx, ky, out);
        Ok(())
    }
}
