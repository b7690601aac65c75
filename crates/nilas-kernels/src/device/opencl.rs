//! OpenCL through `opencl3`, loaded at run time: AMD, Intel and NVIDIA cards, and PoCL on the processor.

use super::{Argument, DeviceError, Memory};
use opencl3::command_queue::CommandQueue;
use opencl3::context::Context;
use opencl3::device::{CL_DEVICE_TYPE_ALL, Device, get_all_devices};
use opencl3::error_codes::ClError;
use opencl3::kernel::{ExecuteKernel, Kernel};
use opencl3::memory::{Buffer, CL_MEM_READ_WRITE};
use opencl3::program::Program;
use opencl3::types::{CL_BLOCKING, cl_device_id};
use std::ptr;
use std::sync::{Mutex, PoisonError};

/// PoCL 3.1 crashes when two threads start it up at once, so discovery and compilation (which PoCL does at a kernel's
/// first launch, too) are one at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// Device memory.
pub struct Bytes(Buffer<u8>);

/// A built program.
pub struct Module(Program);

/// One device with its queue.
pub struct OpenCl {
    context: Context,
    queue: CommandQueue,
    name: String,
    shared_bytes: usize,
}

/// Devices of all platforms, cards before processors; empty without an OpenCL library.
fn devices() -> Vec<cl_device_id> {
    let mut all = get_all_devices(CL_DEVICE_TYPE_ALL).unwrap_or_default();
    all.sort_by_key(|id| Device::new(*id).dev_type().is_ok_and(|t| t & 2 != 0));
    all
}

/// How many devices there are.
pub fn count() -> usize {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    devices().len()
}

impl OpenCl {
    /// Opens the device of this number.
    pub fn open(number: usize) -> Result<OpenCl, DeviceError> {
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let all = devices();
        let Some(id) = all.get(number) else {
            return Err(DeviceError::Missing(format!(
                "opencl:{number}: this machine has {} OpenCL devices (is a driver such as pocl-opencl-icd installed?)",
                all.len()
            )));
        };
        let device = Device::new(*id);
        let name = device.name().unwrap_or_else(|_| format!("opencl:{number}"));
        let fail = |action| move |e: ClError| driver_error("OpenCL", action, e);
        let shared_bytes = device.local_mem_size().map_err(fail("asking for its memory"))? as usize;
        let context = Context::from_device(&device).map_err(fail("making a context"))?;
        // SAFETY: the device belongs to the context made from it just before.
        let queue = unsafe { CommandQueue::create(&context, *id, 0) }.map_err(fail("making a queue"))?;
        Ok(OpenCl {
            context,
            queue,
            name,
            shared_bytes,
        })
    }

    /// The maker's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Local memory of a work group.
    pub fn shared_bytes(&self) -> usize {
        self.shared_bytes
    }

    /// Builds a text.
    pub fn module(&self, name: &str, source: &str) -> Result<Module, DeviceError> {
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        Program::create_and_build_from_source(&self.context, source, "-cl-std=CL1.2")
            .map(Module)
            .map_err(|log| DeviceError::Compile {
                kernel: name.to_owned(),
                log,
            })
    }

    fn allocate(&self, bytes: usize) -> Result<Buffer<u8>, DeviceError> {
        // OpenCL refuses empty buffers.
        // SAFETY: no host pointer is passed.
        unsafe { Buffer::create(&self.context, CL_MEM_READ_WRITE, bytes.max(1), ptr::null_mut()) }.map_err(
            |e| DeviceError::Memory {
                device: self.name.clone(),
                bytes,
                message: e.to_string(),
            },
        )
    }

    /// Zeroed memory.
    pub fn zeros(&self, bytes: usize) -> Result<Bytes, DeviceError> {
        let mut buffer = self.allocate(bytes)?;
        // SAFETY: the pattern is one byte, and the range is the whole buffer.
        unsafe {
            self.queue
                .enqueue_fill_buffer(&mut buffer, &[0u8], 0, bytes.max(1), &[])
        }
        .map_err(|e| self.error("clearing memory", e))?;
        Ok(Bytes(buffer))
    }

    /// A copy of `bytes`.
    pub fn upload(&self, bytes: &[u8]) -> Result<Bytes, DeviceError> {
        let mut buffer = self.allocate(bytes.len())?;
        if !bytes.is_empty() {
            // SAFETY: the write blocks, so `bytes` outlives it; the lengths are equal.
            unsafe {
                self.queue
                    .enqueue_write_buffer(&mut buffer, CL_BLOCKING, 0, bytes, &[])
            }
            .map_err(|e| self.error("copying to the device", e))?;
        }
        Ok(Bytes(buffer))
    }

    /// Copies back; waits for the queue.
    pub fn read(&self, memory: &Bytes, bytes: &mut [u8]) -> Result<(), DeviceError> {
        if bytes.is_empty() {
            return self.wait();
        }
        // SAFETY: the read blocks; the caller has compared the lengths.
        unsafe {
            self.queue
                .enqueue_read_buffer(&memory.0, CL_BLOCKING, 0, bytes, &[])
        }
        .map_err(|e| self.error("copying from the device", e))?;
        Ok(())
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
        // One kernel object a launch: setting arguments of a shared one is not safe between threads.
        let object = Kernel::create(&module.0, kernel).map_err(|e| self.error("finding the kernel", e))?;
        let count = object
            .num_args()
            .map_err(|e| self.error("finding the kernel", e))? as usize;
        crate::error::check_length("kernel arguments", arguments.len(), count)?;
        let mut run = ExecuteKernel::new(&object);
        for argument in arguments {
            // SAFETY: the number was compared above; types are the caller's promise.
            unsafe {
                match argument {
                    Argument::Int(v) => run.set_arg(v),
                    Argument::Float(v) => run.set_arg(v),
                    Argument::Buffer(b) => match &b.memory {
                        Memory::OpenCl(m) => run.set_arg(&m.0),
                        Memory::Cuda(_) => {
                            return Err(DeviceError::Missing("a CUDA buffer given to OpenCL".to_owned()));
                        }
                    },
                };
            }
        }
        run.set_global_work_sizes(&[blocks[0] * threads, blocks[1]])
            .set_local_work_sizes(&[threads, 1]);
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: the caller's promise.
        unsafe { run.enqueue_nd_range(&self.queue) }.map_err(|e| self.error("launching a kernel", e))?;
        Ok(())
    }

    /// Waits for the queue.
    pub fn wait(&self) -> Result<(), DeviceError> {
        self.queue.finish().map_err(|e| self.error("waiting", e))
    }

    fn error(&self, action: &'static str, error: ClError) -> DeviceError {
        driver_error(&self.name, action, error)
    }
}

fn driver_error(device: &str, action: &'static str, error: ClError) -> DeviceError {
    DeviceError::Driver {
        device: device.to_owned(),
        action,
        message: error.to_string(),
    }
}
