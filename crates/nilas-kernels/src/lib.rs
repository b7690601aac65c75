//! The compute device: FFT, projection, back-projection, correlation; reference, CPU and GPU versions.
//!
//! One folder per operation. Each has a plain `reference` in f64, a CPU version that picks AVX-512, AVX2 or
//! portable code at run time, and tests that hold the second to the first. Nothing here knows files, jobs or
//! threads other than rayon's. Frequencies are in Fourier pixels of the box unless a name says otherwise.

pub mod device;
pub mod disc;
mod error;
pub mod fft;
pub mod insert;
pub mod linear;
pub mod polar;
pub mod posterior;
pub mod resample;
pub mod residual;
pub mod simd;
pub mod slice;

pub use error::KernelError;
pub use num_complex::Complex32;

/// A rotation as rows: `x_image = A x_volume`; row 2 is the viewing direction in the volume frame.
pub type Matrix3 = [[f64; 3]; 3];
