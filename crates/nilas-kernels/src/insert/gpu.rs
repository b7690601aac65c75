//! Back-projection on a device, behind the same call as [`Accumulator::insert`].
//!
//! One thread a coefficient, 192 float atomics each, into a grid that stays on the card between batches. The order of
//! the sums is the hardware's: results differ from run to run in the last digits, unlike the processor's.

use super::{Accumulator, InsertItem};
use crate::device::{Argument, Buffer, Device, DeviceError, Gpu, Module};
use crate::error::check_length;
use crate::slice::columns_for_gpu;
use std::sync::Arc;

const TEXT: &str = concat!(include_str!("../slice/spline.cl"), include_str!("gpu.cl"));
const THREADS: usize = 128;
/// Coefficients copied to the card at a time: 3 lists of 64 MiB.
const BATCH: usize = 1 << 24;

/// An accumulator on whatever device was asked for.
pub enum DeviceAccumulator {
    /// On the processor.
    Cpu(Accumulator),
    /// On a card.
    Gpu(Box<GpuAccumulator>),
}

impl DeviceAccumulator {
    /// Goes on from `start` (empty or not) on `device`.
    ///
    /// # Errors
    /// The device's own, above all its memory.
    pub fn new(device: &Device, start: Accumulator) -> Result<Self, DeviceError> {
        Ok(match device {
            Device::Cpu => DeviceAccumulator::Cpu(start),
            Device::Gpu(gpu) => DeviceAccumulator::Gpu(Box::new(GpuAccumulator::new(gpu.clone(), start)?)),
        })
    }

    /// Adds slices; see [`Accumulator::insert`].
    ///
    /// # Errors
    /// Lists that do not match; the device's own.
    pub fn insert(&mut self, items: &[InsertItem], kx: &[f32], ky: &[f32]) -> Result<(), DeviceError> {
        match self {
            DeviceAccumulator::Cpu(sums) => Ok(sums.insert(items, kx, ky)?),
            DeviceAccumulator::Gpu(sums) => sums.insert(items, kx, ky),
        }
    }

    /// The sums, back on the processor.
    ///
    /// # Errors
    /// The device's own.
    pub fn finish(self) -> Result<Accumulator, DeviceError> {
        match self {
            DeviceAccumulator::Cpu(sums) => Ok(sums),
            DeviceAccumulator::Gpu(sums) => sums.finish(),
        }
    }
}

impl Accumulator {
    /// Sides of the grid that [`Accumulator::raw`] gives: x (from -1) and y = z (from `-(ny - 1) / 2`).
    pub fn grid_shape(&self) -> (usize, usize) {
        (self.grid.nx, self.grid.ny)
    }
}

/// Sums in a card's memory.
pub struct GpuAccumulator {
    gpu: Arc<Gpu>,
    module: Arc<Module>,
    sums: Buffer,
    host: Accumulator,
}

impl GpuAccumulator {
    fn new(gpu: Arc<Gpu>, host: Accumulator) -> Result<Self, DeviceError> {
        let grid = host.grid;
        if i32::try_from(4 * grid.len()).is_err() {
            return Err(DeviceError::Unsupported(format!(
                "a grid of {} points is too large for a GPU",
                grid.len()
            )));
        }
        let defines = [
            ("NX", grid.nx.to_string()),
            ("NY", grid.ny.to_string()),
            ("ORIGIN", grid.origin.to_string()),
        ];
        Ok(Self {
            module: gpu.module("insert", TEXT, &defines)?,
            sums: gpu.upload(&host.data)?,
            gpu,
            host,
        })
    }

    fn insert(&mut self, items: &[InsertItem], kx: &[f32], ky: &[f32]) -> Result<(), DeviceError> {
        check_length("ky", ky.len(), kx.len())?;
        for item in items {
            check_length("imaginary parts", item.im.len(), item.re.len())?;
            check_length("weights", item.weight.len(), item.re.len())?;
            if item.re.len() > kx.len() {
                check_length("slice", item.re.len(), kx.len())?;
            }
        }
        let stride = items.iter().map(|item| item.re.len()).max().unwrap_or(0);
        if stride == 0 {
            return Ok(());
        }
        let (kx, ky) = (self.gpu.upload(kx)?, self.gpu.upload(ky)?);
        for batch in items.chunks((BATCH / stride).max(1)) {
            self.insert_batch(batch, &kx, &ky, stride)?;
        }
        Ok(())
    }

    fn insert_batch(
        &mut self,
        items: &[InsertItem],
        kx: &Buffer,
        ky: &Buffer,
        stride: usize,
    ) -> Result<(), DeviceError> {
        let packed = |list: fn(&InsertItem) -> Vec<f32>| {
            let mut all = Vec::with_capacity(items.len() * stride);
            for (i, item) in items.iter().enumerate() {
                all.extend(list(item));
                all.resize((i + 1) * stride, 0.0);
            }
            self.gpu.upload(&all)
        };
        let re = packed(|item| item.re.to_vec())?;
        let im = packed(|item| item.im.to_vec())?;
        let weight = packed(|item| item.weight.to_vec())?;
        let rotations: Vec<_> = items.iter().map(|item| item.rotation).collect();
        let rotations = self
            .gpu
            .upload(&columns_for_gpu(&rotations, self.host.padding()))?;
        let lengths: Vec<i32> = items.iter().map(|item| item.re.len() as i32).collect();
        let lengths = self.gpu.upload(&lengths)?;
        let arguments = [
            Argument::Buffer(&self.sums),
            Argument::Buffer(&rotations),
            Argument::Buffer(kx),
            Argument::Buffer(ky),
            Argument::Buffer(&re),
            Argument::Buffer(&im),
            Argument::Buffer(&weight),
            Argument::Buffer(&lengths),
            Argument::Int(stride as i32),
        ];
        // SAFETY: the kernel's signature; lists were packed to `stride` above and `place` keeps taps in the grid.
        unsafe {
            let blocks = [items.len(), stride.div_ceil(THREADS)];
            self.gpu
                .launch(&self.module, "back_project", blocks, THREADS, &arguments)?;
        }
        // The lists above are freed when this returns.
        self.gpu.wait()
    }

    fn finish(mut self) -> Result<Accumulator, DeviceError> {
        self.gpu.read(&self.sums, &mut self.host.data)?;
        Ok(self.host)
    }
}
