//! CUDA through `cudarc`, loaded at run time; kernels are compiled by NVRTC for the card at hand.

use super::{Argument, DeviceError, Memory};
use cudarc::driver::{
    CudaContext, CudaModule, CudaSlice, CudaStream, DriverError, LaunchConfig, PushKernelArg,
};
use cudarc::nvrtc::{Ptx, result as nvrtc, sys as nvrtc_sys};
use std::ffi::CString;
use std::sync::Arc;

/// Device memory.
pub struct Bytes(CudaSlice<u8>);

/// A loaded module.
pub struct Module(Arc<CudaModule>);

/// One card with its stream.
pub struct Cuda {
    stream: Arc<CudaStream>,
    name: String,
    architecture: String,
}

/// How many cards there are; none without a driver.
pub fn count() -> usize {
    // SAFETY: only looks for the library. Asked first because cudarc panics where libcuda is missing.
    if !unsafe { cudarc::driver::sys::is_culib_present() } {
        return 0;
    }
    CudaContext::device_count().map_or(0, |n| usize::try_from(n).unwrap_or(0))
}

impl Cuda {
    /// Opens the card of this number.
    pub fn open(number: usize) -> Result<Cuda, DeviceError> {
        let found = count();
        if number >= found {
            return Err(DeviceError::Missing(format!(
                "cuda:{number}: this machine has {found} CUDA cards (is the NVIDIA driver installed?)"
            )));
        }
        let fail = |action| move |e: DriverError| driver_error("CUDA", action, e);
        let context = CudaContext::new(number).map_err(fail("opening the card"))?;
        let name = context.name().map_err(fail("asking for its name"))?;
        let (major, minor) = context
            .compute_capability()
            .map_err(fail("asking for its kind"))?;
        let stream = context.new_stream().map_err(fail("making a stream"))?;
        Ok(Cuda {
            stream,
            name,
            architecture: format!("sm_{major}{minor}"),
        })
    }

    /// The maker's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Compiles for this card and loads the result.
    pub fn module(&self, name: &str, source: &str) -> Result<Module, DeviceError> {
        let image = compile(name, source, &self.architecture)?;
        let module = self
            .stream
            .context()
            .load_module(Ptx::from_binary(image))
            .map_err(|e| self.error("loading a kernel", e))?;
        Ok(Module(module))
    }

    /// Zeroed memory.
    pub fn zeros(&self, bytes: usize) -> Result<Bytes, DeviceError> {
        self.stream
            .alloc_zeros(bytes.max(1))
            .map(Bytes)
            .map_err(|e| self.memory(bytes, e))
    }

    /// A copy of `bytes`.
    pub fn upload(&self, bytes: &[u8]) -> Result<Bytes, DeviceError> {
        if bytes.is_empty() {
            return self.zeros(0);
        }
        self.stream
            .clone_htod(bytes)
            .map(Bytes)
            .map_err(|e| self.memory(bytes.len(), e))
    }

    /// Copies back; waits for the stream.
    pub fn read(&self, memory: &Bytes, bytes: &mut [u8]) -> Result<(), DeviceError> {
        if !bytes.is_empty() {
            self.stream
                .memcpy_dtoh(&memory.0, bytes)
                .map_err(|e| self.error("copying from the card", e))?;
        }
        self.wait()
    }

    /// Queues a kernel.
    ///
    /// # Safety
    /// As [`super::Gpu::launch`].
    pub unsafe fn launch(
        &self,
        module: &Module,
        kernel: &str,
        blocks: [usize; 2],
        threads: usize,
        arguments: &[Argument<'_>],
    ) -> Result<(), DeviceError> {
        let function = module
            .0
            .load_function(kernel)
            .map_err(|e| self.error("finding the kernel", e))?;
        let mut run = self.stream.launch_builder(&function);
        for argument in arguments {
            match argument {
                Argument::Int(v) => run.arg(v),
                Argument::Float(v) => run.arg(v),
                Argument::Buffer(b) => match &b.memory {
                    Memory::Cuda(m) => run.arg(&m.0),
                    Memory::OpenCl(_) => {
                        return Err(DeviceError::Missing("an OpenCL buffer given to CUDA".to_owned()));
                    }
                },
            };
        }
        let small = |n: usize| {
            u32::try_from(n)
                .map_err(|_| DeviceError::Unsupported(format!("{n} blocks are more than a card takes")))
        };
        let config = LaunchConfig {
            grid_dim: (small(blocks[0])?, small(blocks[1])?, 1),
            block_dim: (small(threads)?, 1, 1),
            shared_mem_bytes: 0,
        };
        // SAFETY: the caller's promise.
        unsafe { run.launch(config) }.map_err(|e| self.error("launching a kernel", e))?;
        Ok(())
    }

    /// Waits for the stream.
    pub fn wait(&self) -> Result<(), DeviceError> {
        self.stream.synchronize().map_err(|e| self.error("waiting", e))
    }

    fn error(&self, action: &'static str, error: DriverError) -> DeviceError {
        driver_error(&self.name, action, error)
    }

    fn memory(&self, bytes: usize, error: DriverError) -> DeviceError {
        DeviceError::Memory {
            device: self.name.clone(),
            bytes,
            message: format!("{error:?}"),
        }
    }
}

fn driver_error(device: &str, action: &'static str, error: DriverError) -> DeviceError {
    DeviceError::Driver {
        device: device.to_owned(),
        action,
        message: format!("{error:?}"),
    }
}

/// Compiles a full text (see [`super::source`]) for an architecture such as `sm_90` to a loadable image.
///
/// Machine code, not PTX: PTX of a newer NVRTC is refused by an older driver. Needs no card.
///
/// # Errors
/// [`DeviceError::Missing`] without NVRTC, [`DeviceError::Compile`] with its log.
pub fn compile(name: &str, source: &str, architecture: &str) -> Result<Vec<u8>, DeviceError> {
    // SAFETY: only looks for the library; cudarc panics where it is missing.
    if !unsafe { nvrtc_sys::is_culib_present() } {
        return Err(DeviceError::Missing(
            "NVRTC (libnvrtc.so) was not found: install the CUDA toolkit or the nvidia-cuda-nvrtc package, and name its \
             folder in LD_LIBRARY_PATH"
                .to_owned(),
        ));
    }
    let refused = |log: String| DeviceError::Compile {
        kernel: name.to_owned(),
        log,
    };
    let text = CString::new(source).map_err(|e| refused(e.to_string()))?;
    let program = nvrtc::create_program(&text, None).map_err(|e| refused(format!("{e:?}")))?;
    let options = [
        format!("--gpu-architecture={architecture}"),
        "--std=c++17".to_owned(),
    ];
    // SAFETY: `program` was made above and is destroyed once, below; the image has the length that NVRTC says.
    unsafe {
        let image = match nvrtc::compile_program(program, &options) {
            Ok(()) => cubin(program).map_err(|e| refused(format!("{e:?}"))),
            Err(error) => {
                let log = nvrtc::get_program_log(program).unwrap_or_default();
                let log: String = log
                    .iter()
                    .map(|c| *c as u8 as char)
                    .filter(|c| *c != '\0')
                    .collect();
                Err(refused(format!("{error:?}: {log}")))
            }
        };
        let _ = nvrtc::destroy_program(program);
        image
    }
}

/// # Safety
/// `program` must have been compiled for a real architecture.
unsafe fn cubin(program: nvrtc_sys::nvrtcProgram) -> Result<Vec<u8>, nvrtc::NvrtcError> {
    let mut size = 0usize;
    // SAFETY: the caller's promise; the buffer has the size that was asked for.
    unsafe {
        nvrtc_sys::nvrtcGetCUBINSize(program, &mut size).result()?;
        let mut image = vec![0u8; size];
        nvrtc_sys::nvrtcGetCUBIN(program, image.as_mut_ptr().cast()).result()?;
        Ok(image)
    }
}
