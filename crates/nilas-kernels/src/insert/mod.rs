//! Back-projection: the exact adjoint of [`crate::slice`], with its sampling density.
//!
//! Each coefficient is added to the same 64 taps, with the same weights, that a slice would read; a second channel
//! takes the weight (`c^2`). Grid points hold `[re, im, weight, 0]`, so that four x-taps are one 64-byte vector.
//! Work is divided into slabs of z: a slab goes through the items in order, and so every sum has one order
//! whatever the number of threads: results are bit-identical. Cost per coefficient: 16 load-fma-store of 64 bytes.

mod cpu;
mod equalise;
mod fold;
pub mod gpu;
pub mod reference;
#[cfg(test)]
mod tests;

pub use cpu::{Accumulator, InsertItem};
pub use fold::{FoldedGrid, SignedPermutation};
pub use gpu::DeviceAccumulator;
