//! Batched 2D real transforms on a device, behind the same calls as [`Fft2`].
//!
//! One kernel a pass: rows (real <-> half complex by the half-length trick), then columns in tiles of up to 16, each
//! line in shared memory. Traffic: 3 reads and 3 writes of the batch in all, whatever the size. Lines of factors 2, 3, 5
//! and 7 up to what shared memory holds (3072 on a card with 48 KiB).

use super::Fft2;
use crate::device::{Argument, Buffer, Device, DeviceError, Gpu, Module};
use crate::error::{check_box, check_length};
use num_complex::Complex32;
use std::f64::consts::TAU;
use std::fmt::Write;
use std::sync::Arc;

const TEXT: &str = include_str!("gpu.cl");
const THREADS: usize = 128;

/// A planned 2D transform on whatever device was asked for.
pub enum DeviceFft2 {
    /// On the processor.
    Cpu(Arc<Fft2>),
    /// On a card.
    Gpu(Box<GpuFft2>),
}

impl DeviceFft2 {
    /// Plans `(ny, nx)` images on `device`; `nx` even.
    ///
    /// # Errors
    /// Odd or zero sides; on a card also prime factors above 7 or lines too long for its shared memory.
    pub fn new(device: &Device, nx: usize, ny: usize) -> Result<Self, DeviceError> {
        Ok(match device {
            Device::Cpu => DeviceFft2::Cpu(Fft2::new(nx, ny)?),
            Device::Gpu(gpu) => DeviceFft2::Gpu(Box::new(GpuFft2::new(gpu.clone(), nx, ny)?)),
        })
    }

    /// `(n, ny, nx)` real to `(n, ny, nx/2+1)`, unitary.
    ///
    /// # Errors
    /// Lengths that do not fit; the device's own.
    pub fn forward(&self, real: &[f32], half: &mut [Complex32]) -> Result<(), DeviceError> {
        match self {
            DeviceFft2::Cpu(plan) => Ok(plan.forward(real, half)?),
            DeviceFft2::Gpu(plan) => plan.forward(real, half),
        }
    }

    /// The inverse of [`DeviceFft2::forward`].
    ///
    /// # Errors
    /// As there.
    pub fn inverse(&self, half: &[Complex32], real: &mut [f32]) -> Result<(), DeviceError> {
        match self {
            DeviceFft2::Cpu(plan) => Ok(plan.inverse(half, real)?),
            DeviceFft2::Gpu(plan) => plan.inverse(half, real),
        }
    }
}

/// Lines of one length, compiled for both directions, with their table of roots.
struct Lines {
    lines: usize,
    forward: Arc<Module>,
    inverse: Arc<Module>,
    roots: Buffer,
}

/// A planned 2D transform on a card.
pub struct GpuFft2 {
    gpu: Arc<Gpu>,
    nx: usize,
    ny: usize,
    rows: Lines,
    columns: Lines,
    turns: Buffer,
    scale: f32,
}

/// `exp(-2 pi i k / n)` for `k < count`.
fn roots(n: usize, count: usize) -> Vec<Complex32> {
    let root = |k: usize| {
        let angle = -TAU * k as f64 / n as f64;
        Complex32::new(angle.cos() as f32, angle.sin() as f32)
    };
    (0..count).map(root).collect()
}

/// The radices of a line, large first; `None` for a prime factor above 7.
fn radices(mut n: usize) -> Option<Vec<usize>> {
    let mut list = Vec::new();
    for radix in [7, 5, 3, 4, 2] {
        while n.is_multiple_of(radix) {
            list.push(radix);
            n /= radix;
        }
    }
    (n == 1).then_some(list)
}

impl Lines {
    fn new(gpu: &Gpu, n: usize) -> Result<Lines, DeviceError> {
        let Some(radices) = radices(n) else {
            return Err(DeviceError::Unsupported(format!(
                "transform of {n} samples on a GPU: it has a prime factor above 7; crop or pad the box"
            )));
        };
        // Two arrays of complex f32 for every line.
        let fit = gpu.shared_bytes() / (16 * n);
        if fit == 0 {
            return Err(DeviceError::Unsupported(format!(
                "transform of {n} samples on a GPU: at most {} fit into its shared memory",
                gpu.shared_bytes() / 16
            )));
        }
        let lines = fit.min((2048 / n).max(1)).min(16);
        let (mut stages, mut length, mut from, mut to) = (String::new(), 1, "a", "b");
        for radix in radices {
            // Writing to a String cannot fail.
            let _ = write!(stages, "STAGE({radix}, {length}, {from}, {to}) ");
            length *= radix;
            (from, to) = (to, from);
        }
        let module = |inverse: usize| {
            let defines = [
                ("N", n.to_string()),
                ("LINES", lines.to_string()),
                ("INVERSE", inverse.to_string()),
                ("STAGES", stages.clone()),
                ("RESULT", from.to_owned()),
            ];
            gpu.module("fft", TEXT, &defines)
        };
        Ok(Lines {
            lines,
            forward: module(0)?,
            inverse: module(1)?,
            roots: gpu.upload(&roots(n, n))?,
        })
    }
}

impl GpuFft2 {
    /// See [`DeviceFft2::new`].
    ///
    /// # Errors
    /// As there.
    pub fn new(gpu: Arc<Gpu>, nx: usize, ny: usize) -> Result<Self, DeviceError> {
        check_box("2D transform", nx, 2)?;
        check_box("2D transform height", ny, 2)?;
        Ok(Self {
            rows: Lines::new(&gpu, nx / 2)?,
            columns: Lines::new(&gpu, ny)?,
            turns: gpu.upload(&roots(nx, nx / 2 + 1))?,
            scale: 1.0 / ((nx * ny) as f32).sqrt(),
            gpu,
            nx,
            ny,
        })
    }

    fn images(&self, real: usize, half: usize) -> Result<usize, DeviceError> {
        let images = real / (self.nx * self.ny);
        check_length("real images", real, images * self.nx * self.ny)?;
        check_length("transforms", half, images * (self.nx / 2 + 1) * self.ny)?;
        if i32::try_from(images * (self.nx + 2) * self.ny).is_err() {
            return Err(DeviceError::Unsupported(format!(
                "{images} images of {} x {} are more than one batch holds",
                self.nx, self.ny
            )));
        }
        Ok(images)
    }

    fn run_rows(
        &self,
        module: &Module,
        forward: bool,
        from: &Buffer,
        to: &Buffer,
        images: usize,
    ) -> Result<(), DeviceError> {
        let rows = images * self.ny;
        // Half of the inverse's factor lies in taking the row's spectrum apart.
        let scale = if forward { self.scale } else { 2.0 * self.scale };
        let arguments = [
            Argument::Buffer(from),
            Argument::Buffer(to),
            Argument::Buffer(&self.rows.roots),
            Argument::Buffer(&self.turns),
            Argument::Int(rows as i32),
            Argument::Float(scale),
        ];
        let kernel = if forward { "rows_forward" } else { "rows_inverse" };
        // SAFETY: the signature of both kernels; `images` has compared the lengths.
        unsafe {
            self.gpu.launch(
                module,
                kernel,
                [rows.div_ceil(self.rows.lines), 1],
                THREADS,
                &arguments,
            )
        }
    }

    fn run_columns(&self, module: &Module, half: &Buffer, images: usize) -> Result<(), DeviceError> {
        let width = self.nx / 2 + 1;
        let arguments = [
            Argument::Buffer(half),
            Argument::Buffer(&self.columns.roots),
            Argument::Int(width as i32),
        ];
        let blocks = images * width.div_ceil(self.columns.lines);
        // SAFETY: the kernel's signature; one block a tile of columns of one image.
        unsafe {
            self.gpu
                .launch(module, "columns", [blocks, 1], THREADS, &arguments)
        }
    }

    /// Between buffers on the device: `(n, ny, nx)` f32 to `(n, ny, nx/2+1)` complex.
    ///
    /// # Errors
    /// Buffers whose lengths do not fit; the device's own.
    pub fn forward_on_device(&self, real: &Buffer, half: &mut Buffer) -> Result<(), DeviceError> {
        let images = self.images(real.bytes() / 4, half.bytes() / 8)?;
        self.run_rows(&self.rows.forward, true, real, half, images)?;
        self.run_columns(&self.columns.forward, half, images)
    }

    /// The inverse of [`GpuFft2::forward_on_device`]; `half` is used as working memory and left changed.
    ///
    /// # Errors
    /// As there.
    pub fn inverse_on_device(&self, half: &mut Buffer, real: &mut Buffer) -> Result<(), DeviceError> {
        let images = self.images(real.bytes() / 4, half.bytes() / 8)?;
        self.run_columns(&self.columns.inverse, half, images)?;
        self.run_rows(&self.rows.inverse, false, half, real, images)
    }

    fn forward(&self, real: &[f32], half: &mut [Complex32]) -> Result<(), DeviceError> {
        self.images(real.len(), half.len())?;
        let from = self.gpu.upload(real)?;
        let mut to = self.gpu.zeros::<Complex32>(half.len())?;
        self.forward_on_device(&from, &mut to)?;
        self.gpu.read(&to, half)
    }

    fn inverse(&self, half: &[Complex32], real: &mut [f32]) -> Result<(), DeviceError> {
        self.images(real.len(), half.len())?;
        let mut from = self.gpu.upload(half)?;
        let mut to = self.gpu.zeros::<f32>(real.len())?;
        self.inverse_on_device(&mut from, &mut to)?;
        self.gpu.read(&to, real)
    }
}
