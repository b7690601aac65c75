//! Poses scored against one image: slices of a volume, times the CTF, compared with shifted copies of the image.
//!
//! `score(A, t) = sum_k 2 Re(conj(c V(A^T k)) W(k) e^{-2 pi i k t / n}) - |c V(A^T k)|^2`, which is the log likelihood up
//! to a constant when `W` and `c` are whitened to unit noise power per coefficient. `t` moves the image.
//! Cost per pose: one slice (100 FLOP a coefficient) and 4 FLOP a coefficient and shift.

use super::SplineVolume;
use super::gpu::GpuVolume;
use crate::device::{Device, DeviceError};
use crate::error::check_length;
use crate::{Complex32, KernelError, Matrix3};
use rayon::prelude::*;
use std::f64::consts::TAU;

/// One image's side of the comparison: lists over its Fourier coefficients, each counted once (half disc).
#[derive(Debug, Clone, Copy)]
pub struct ScoreImage<'a> {
    /// Side of its box in pixels.
    pub box_size: usize,
    /// Horizontal frequencies, Fourier pixels.
    pub kx: &'a [f32],
    /// Vertical frequencies, Fourier pixels.
    pub ky: &'a [f32],
    /// Whitened coefficients.
    pub image: &'a [Complex32],
    /// CTF over the noise's standard deviation.
    pub ctf: &'a [f32],
    /// Shifts to apply to the image, pixels `(x, y)`.
    pub shifts: &'a [[f32; 2]],
}

impl ScoreImage<'_> {
    /// Checks the lists against each other and against the table of results `(rotations, shifts)`.
    pub(super) fn check(&self, rotations: usize, scores: usize) -> Result<(), KernelError> {
        check_length("ky", self.ky.len(), self.kx.len())?;
        check_length("image coefficients", self.image.len(), self.kx.len())?;
        check_length("CTF values", self.ctf.len(), self.kx.len())?;
        check_length("scores", scores, rotations * self.shifts.len())
    }
}

/// A volume on whatever device was asked for.
pub enum DeviceVolume<'a> {
    /// On the processor.
    Cpu(&'a SplineVolume),
    /// On a card.
    Gpu(GpuVolume),
}

impl<'a> DeviceVolume<'a> {
    /// Brings a volume to `device`.
    ///
    /// # Errors
    /// The device's own, above all its memory.
    pub fn new(device: &Device, volume: &'a SplineVolume) -> Result<Self, DeviceError> {
        Ok(match device {
            Device::Cpu => DeviceVolume::Cpu(volume),
            Device::Gpu(gpu) => DeviceVolume::Gpu(GpuVolume::new(gpu.clone(), volume)?),
        })
    }

    /// Scores of all `rotations` x `image.shifts`, into `scores[rotation][shift]`.
    ///
    /// # Errors
    /// Lists of different length; the device's own.
    pub fn scores(
        &self,
        image: &ScoreImage<'_>,
        rotations: &[Matrix3],
        scores: &mut [f32],
    ) -> Result<(), DeviceError> {
        image.check(rotations.len(), scores.len())?;
        if scores.is_empty() {
            return Ok(());
        }
        match self {
            DeviceVolume::Cpu(volume) => on_cpu(volume, image, rotations, scores),
            DeviceVolume::Gpu(volume) => volume.scores(image, rotations, scores),
        }
    }
}

/// Real and imaginary planes of the shifted copies.
fn shifted_copies(image: &ScoreImage<'_>) -> Vec<(Vec<f32>, Vec<f32>)> {
    let copy = |shift: &[f32; 2]| {
        let n = image.box_size as f64;
        let turned = image
            .image
            .iter()
            .zip(image.kx.iter().zip(image.ky))
            .map(|(w, (kx, ky))| {
                let turns = (*kx as f64 * shift[0] as f64 + *ky as f64 * shift[1] as f64) / n;
                let (s, c) = (-TAU * turns).sin_cos();
                let v = *w * Complex32::new(c as f32, s as f32);
                (v.re, v.im)
            });
        turned.unzip()
    };
    image.shifts.iter().map(copy).collect()
}

fn on_cpu(
    volume: &SplineVolume,
    image: &ScoreImage<'_>,
    rotations: &[Matrix3],
    scores: &mut [f32],
) -> Result<(), DeviceError> {
    let copies = shifted_copies(image);
    let count = image.kx.len();
    scores
        .par_chunks_exact_mut(image.shifts.len())
        .zip(rotations)
        .try_for_each_init(
            || (vec![0.0f32; count], vec![0.0f32; count]),
            |(re, im), (row, rotation)| {
                volume.slice(rotation, image.kx, image.ky, re, im)?;
                let mut power = 0.0f32;
                for ((r, i), c) in re.iter_mut().zip(im.iter_mut()).zip(image.ctf) {
                    *r *= c;
                    *i *= c;
                    power += *r * *r + *i * *i;
                }
                for (score, (wr, wi)) in row.iter_mut().zip(&copies) {
                    *score = 2.0 * (dot(re, wr) + dot(im, wi)) - power;
                }
                Ok(())
            },
        )
}

/// In 16 partial sums, which the compiler turns into vector code and which lose less to rounding.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0f32; 16];
    let (ac, bc) = (a.chunks_exact(16), b.chunks_exact(16));
    let rest: f32 = ac
        .remainder()
        .iter()
        .zip(bc.remainder())
        .map(|(x, y)| x * y)
        .sum();
    for (x, y) in ac.zip(bc) {
        for (s, (x, y)) in sums.iter_mut().zip(x.iter().zip(y)) {
            *s += x * y;
        }
    }
    sums.iter().sum::<f32>() + rest
}
