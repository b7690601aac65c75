//! Central slices of a volume's Fourier transform, with their gradient.
//!
//! The volume is cut to the sphere inside its box, divided by the transform of the interpolation kernel
//! (`sinc^4`, so that a later interpolation is exact in the middle of the box), zero-padded by 1.25 and transformed.
//! A slice at `k_vol = A^T k` is a 64-tap cubic B-spline sum; the same taps give the derivative.
//! Scaling: the slice equals the unitary 2D transform of the real-space projection `sum_z V` of the same box.
//! Cost per coefficient: 64 complex loads, about 100 (value) or 250 (with gradient) FLOP.

mod block;
mod cpu;
pub mod gpu;
pub mod reference;
mod score;
#[cfg(test)]
pub(crate) mod tests;
mod volume;

pub use cpu::SliceGradient;
pub(crate) use gpu::columns_for_gpu;
pub use score::{DeviceVolume, ScoreImage};
pub use volume::{SplineVolume, deapodisation, padded_size};

pub(crate) use block::{B, Block, block_of, scaled_columns, spline_weights};
pub(crate) use volume::Grid;
