//! Slices and scores on a card: one block a rotation, the image's shifted copies in groups of 16.

use super::SplineVolume;
use super::score::ScoreImage;
use crate::device::{Argument, Buffer, DeviceError, Gpu, Module};
use crate::{Complex32, Matrix3};
use std::sync::Arc;

const TEXT: &str = concat!(include_str!("spline.cl"), include_str!("gpu.cl"));
const THREADS: usize = 128;
const SHIFTS: usize = 16;

/// A volume in a card's memory.
pub struct GpuVolume {
    gpu: Arc<Gpu>,
    module: Arc<Module>,
    grid: Buffer,
    padding: f64,
}

/// The first two columns of `A^T`, scaled to a padded grid: six numbers a rotation.
pub(crate) fn columns_for_gpu(rotations: &[Matrix3], padding: f64) -> Vec<f32> {
    let six = |a: &Matrix3| {
        let at = |i: usize, j: usize| (a[j][i] * padding) as f32;
        [at(0, 0), at(0, 1), at(1, 0), at(1, 1), at(2, 0), at(2, 1)]
    };
    rotations.iter().flat_map(six).collect()
}

impl GpuVolume {
    /// Copies the volume's grid to the card and compiles for its sides.
    ///
    /// # Errors
    /// The card's memory or compiler; a grid of more than 2^31 values.
    pub fn new(gpu: Arc<Gpu>, volume: &SplineVolume) -> Result<Self, DeviceError> {
        let grid = volume.grid;
        if i32::try_from(grid.len()).is_err() {
            return Err(DeviceError::Unsupported(format!(
                "a grid of {} values is too large for a GPU",
                grid.len()
            )));
        }
        let defines = [
            ("NX", grid.nx.to_string()),
            ("NY", grid.ny.to_string()),
            ("ORIGIN", grid.origin.to_string()),
            ("SHIFTS", SHIFTS.to_string()),
            ("BLOCK_THREADS", THREADS.to_string()),
        ];
        Ok(Self {
            module: gpu.module("slice", TEXT, &defines)?,
            grid: gpu.upload(&volume.data)?,
            padding: volume.padding(),
            gpu,
        })
    }

    /// See [`super::DeviceVolume::scores`].
    ///
    /// # Errors
    /// As there.
    pub fn scores(
        &self,
        image: &ScoreImage<'_>,
        rotations: &[Matrix3],
        scores: &mut [f32],
    ) -> Result<(), DeviceError> {
        image.check(rotations.len(), scores.len())?;
        let (count, copies) = (image.kx.len(), image.shifts.len());
        for (what, n) in [
            ("shifted coefficients", count * copies),
            ("scores", scores.len()),
            ("rotations", 6 * rotations.len()),
        ] {
            if i32::try_from(n).is_err() {
                return Err(DeviceError::Unsupported(format!(
                    "{n} {what} are more than one call takes"
                )));
            }
        }
        let gpu = &self.gpu;
        let (kx, ky, ctf) = (
            gpu.upload(image.kx)?,
            gpu.upload(image.ky)?,
            gpu.upload(image.ctf)?,
        );
        let (unshifted, shifts) = (gpu.upload(image.image)?, gpu.upload(image.shifts)?);
        let shifted = gpu.zeros::<Complex32>(count * copies)?;
        let six = gpu.upload(&columns_for_gpu(rotations, self.padding))?;
        let result = gpu.zeros::<f32>(scores.len())?;
        let (count_i, copies_i) = (count as i32, copies as i32);
        // SAFETY: the kernels' signatures; all lengths were compared with each other above.
        unsafe {
            gpu.launch(
                &self.module,
                "shifted_copies",
                [(count * copies).div_ceil(THREADS), 1],
                THREADS,
                &[
                    Argument::Buffer(&unshifted),
                    Argument::Buffer(&kx),
                    Argument::Buffer(&ky),
                    Argument::Buffer(&shifts),
                    Argument::Buffer(&shifted),
                    Argument::Int(count_i),
                    Argument::Int(copies_i),
                    Argument::Float(image.box_size as f32),
                ],
            )?;
            gpu.launch(
                &self.module,
                "slice_scores",
                [rotations.len(), copies.div_ceil(SHIFTS)],
                THREADS,
                &[
                    Argument::Buffer(&self.grid),
                    Argument::Buffer(&six),
                    Argument::Buffer(&kx),
                    Argument::Buffer(&ky),
                    Argument::Buffer(&ctf),
                    Argument::Buffer(&shifted),
                    Argument::Buffer(&result),
                    Argument::Int(count_i),
                    Argument::Int(copies_i),
                ],
            )?;
        }
        gpu.read(&result, scores)
    }
}
