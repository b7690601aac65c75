//! Where kernels run: the processor, an OpenCL device, a CUDA card.
//!
//! [`Device`] is what a caller holds; operations take it and give the same answer on each. [`Gpu`] is the thin layer
//! under the operations: buffers, a compiled text, launches. The kernel texts are written once, in the dialect of
//! `dialect.cl` (docs/adr/0003-kernel-dialect.md). Driver libraries are loaded at run time; without them the lists are
//! empty and nothing fails.

mod cuda;
mod opencl;

pub use cuda::compile as compile_for_cuda;

use bytemuck::Pod;
use std::collections::HashMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};

/// Macros, complex arithmetic and float atomics that every kernel text begins with.
pub const DIALECT: &str = include_str!("dialect.cl");

/// What can go wrong on a device.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum DeviceError {
    /// No such device, or its driver library is not installed.
    #[error("{0}")]
    Missing(String),
    /// A kernel text was refused by the driver's compiler: a defect of Nilas or of the driver.
    #[error("kernel {kernel} was not compiled: {log}")]
    Compile {
        /// Which text.
        kernel: String,
        /// What the compiler said.
        log: String,
    },
    /// The device has too little memory.
    #[error("{device}: {bytes} bytes could not be allocated ({message})")]
    Memory {
        /// Its name.
        device: String,
        /// How many were asked for.
        bytes: usize,
        /// The driver's word.
        message: String,
    },
    /// The driver reported an error.
    #[error("{device}: {action} failed ({message})")]
    Driver {
        /// Its name.
        device: String,
        /// What was tried.
        action: &'static str,
        /// The driver's word.
        message: String,
    },
    /// The caller's shapes do not fit.
    #[error(transparent)]
    Shape(#[from] crate::KernelError),
    /// The operation has no version for this size on a GPU.
    #[error("{0}")]
    Unsupported(String),
}

/// Where an operation runs.
#[derive(Clone)]
pub enum Device {
    /// This machine's processor, all cores: SIMD code, no kernel text.
    Cpu,
    /// A card (or PoCL, which plays one on the processor).
    Gpu(Arc<Gpu>),
}

impl Device {
    /// Opens a device by name: `cpu`, `cuda:0`, `opencl:0`; the number may be left out.
    ///
    /// # Errors
    /// An unknown name, a missing driver library or a number beyond what there is.
    pub fn open(name: &str) -> Result<Device, DeviceError> {
        let (kind, number) = name.split_once(':').unwrap_or((name, "0"));
        let number: usize = number
            .parse()
            .map_err(|_| DeviceError::Missing(format!("device \"{name}\": \"{number}\" is not a number")))?;
        match kind {
            "cpu" => Ok(Device::Cpu),
            "cuda" => Ok(Device::Gpu(Arc::new(Gpu::new(Driver::Cuda(cuda::Cuda::open(
                number,
            )?))))),
            "opencl" => Ok(Device::Gpu(Arc::new(Gpu::new(Driver::OpenCl(
                opencl::OpenCl::open(number)?,
            ))))),
            _ => Err(DeviceError::Missing(format!(
                "device \"{name}\": known are cpu, cuda:N and opencl:N"
            ))),
        }
    }

    /// Every device that this machine has, as [`Device::open`] names; `cpu` is always there.
    pub fn list() -> Vec<String> {
        let mut names = vec!["cpu".to_owned()];
        names.extend((0..cuda::count()).map(|i| format!("cuda:{i}")));
        names.extend((0..opencl::count()).map(|i| format!("opencl:{i}")));
        names
    }

    /// The maker's name for it.
    pub fn name(&self) -> String {
        match self {
            Device::Cpu => "cpu".to_owned(),
            Device::Gpu(gpu) => gpu.name(),
        }
    }
}

/// One kernel argument, in the order of the kernel's signature.
pub enum Argument<'a> {
    /// A pointer to device memory.
    Buffer(&'a Buffer),
    /// `int`.
    Int(i32),
    /// `float`.
    Float(f32),
}

/// Memory on a device. Freed when dropped.
pub struct Buffer {
    memory: Memory,
    bytes: usize,
}

enum Memory {
    Cuda(cuda::Bytes),
    OpenCl(opencl::Bytes),
}

impl Buffer {
    /// Its size in bytes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

enum Driver {
    Cuda(cuda::Cuda),
    OpenCl(opencl::OpenCl),
}

enum Compiled {
    Cuda(cuda::Module),
    OpenCl(opencl::Module),
}

/// A compiled kernel text.
pub struct Module(Compiled);

/// A device that runs kernel texts.
pub struct Gpu {
    driver: Driver,
    modules: Mutex<HashMap<(&'static str, String), Arc<Module>>>,
}

impl Gpu {
    fn new(driver: Driver) -> Gpu {
        Gpu {
            driver,
            modules: Mutex::default(),
        }
    }

    /// The maker's name for it.
    pub fn name(&self) -> String {
        match &self.driver {
            Driver::Cuda(d) => d.name().to_owned(),
            Driver::OpenCl(d) => d.name().to_owned(),
        }
    }

    /// Shared memory of one block, bytes.
    pub fn shared_bytes(&self) -> usize {
        match &self.driver {
            // What every card since 2016 gives without asking.
            Driver::Cuda(_) => 48 * 1024,
            Driver::OpenCl(d) => d.shared_bytes(),
        }
    }

    /// Compiles `text` (named `name`) behind the dialect and `defines`; the second time from memory.
    ///
    /// # Errors
    /// [`DeviceError::Compile`] with the compiler's log.
    pub fn module(
        &self,
        name: &'static str,
        text: &str,
        defines: &[(&str, String)],
    ) -> Result<Arc<Module>, DeviceError> {
        let source = source(text, defines);
        let key = (
            name,
            defines
                .iter()
                .fold(String::new(), |s, (k, v)| s + k + "=" + v + ";"),
        );
        // A thread that panicked while it held the lock left the map whole: every change is one insertion.
        let mut modules = self.modules.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = modules.get(&key) {
            return Ok(found.clone());
        }
        let compiled = match &self.driver {
            Driver::Cuda(d) => Compiled::Cuda(d.module(name, &source)?),
            Driver::OpenCl(d) => Compiled::OpenCl(d.module(name, &source)?),
        };
        let module = Arc::new(Module(compiled));
        modules.insert(key, module.clone());
        Ok(module)
    }

    /// Memory for `count` values, set to zero.
    ///
    /// # Errors
    /// [`DeviceError::Memory`].
    pub fn zeros<T: Pod>(&self, count: usize) -> Result<Buffer, DeviceError> {
        let bytes = count * size_of::<T>();
        let memory = match &self.driver {
            Driver::Cuda(d) => Memory::Cuda(d.zeros(bytes)?),
            Driver::OpenCl(d) => Memory::OpenCl(d.zeros(bytes)?),
        };
        Ok(Buffer { memory, bytes })
    }

    /// A copy of `values` on the device.
    ///
    /// # Errors
    /// [`DeviceError::Memory`] or [`DeviceError::Driver`].
    pub fn upload<T: Pod>(&self, values: &[T]) -> Result<Buffer, DeviceError> {
        let bytes: &[u8] = bytemuck::cast_slice(values);
        let memory = match &self.driver {
            Driver::Cuda(d) => Memory::Cuda(d.upload(bytes)?),
            Driver::OpenCl(d) => Memory::OpenCl(d.upload(bytes)?),
        };
        Ok(Buffer {
            memory,
            bytes: bytes.len(),
        })
    }

    /// Waits for what was launched and copies the buffer back.
    ///
    /// # Errors
    /// A length that differs from the buffer's, or [`DeviceError::Driver`].
    pub fn read<T: Pod>(&self, buffer: &Buffer, values: &mut [T]) -> Result<(), DeviceError> {
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(values);
        crate::error::check_length("device buffer", bytes.len(), buffer.bytes)?;
        match (&self.driver, &buffer.memory) {
            (Driver::Cuda(d), Memory::Cuda(m)) => d.read(m, bytes),
            (Driver::OpenCl(d), Memory::OpenCl(m)) => d.read(m, bytes),
            _ => Err(DeviceError::Missing(
                "the buffer belongs to another kind of device".to_owned(),
            )),
        }
    }

    /// Runs `kernel` on `blocks` (x, y) blocks of `threads` threads. Returns before it ends; [`Gpu::read`] waits.
    ///
    /// # Safety
    /// The arguments must be those of the kernel's signature, and its accesses must stay inside of the buffers.
    ///
    /// # Errors
    /// [`DeviceError::Driver`], or a buffer of another kind of device.
    pub unsafe fn launch(
        &self,
        module: &Module,
        kernel: &'static str,
        blocks: [usize; 2],
        threads: usize,
        arguments: &[Argument<'_>],
    ) -> Result<(), DeviceError> {
        if blocks.contains(&0) {
            return Ok(());
        }
        // SAFETY: the caller's promise is the same.
        unsafe {
            match (&self.driver, &module.0) {
                (Driver::Cuda(d), Compiled::Cuda(m)) => d.launch(m, kernel, blocks, threads, arguments),
                (Driver::OpenCl(d), Compiled::OpenCl(m)) => d.launch(m, kernel, blocks, threads, arguments),
                _ => Err(DeviceError::Missing(
                    "the kernel belongs to another kind of device".to_owned(),
                )),
            }
        }
    }

    /// Waits until everything launched so far has ended.
    ///
    /// # Errors
    /// [`DeviceError::Driver`]: also the error of a launch before.
    pub fn wait(&self) -> Result<(), DeviceError> {
        match &self.driver {
            Driver::Cuda(d) => d.wait(),
            Driver::OpenCl(d) => d.wait(),
        }
    }
}

/// The full text that a compiler gets: defines, dialect, kernel.
pub fn source(text: &str, defines: &[(&str, String)]) -> String {
    let mut out = String::with_capacity(DIALECT.len() + text.len() + 256);
    for (name, value) in defines {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "#define {name} {value}");
    }
    out + DIALECT + text
}
