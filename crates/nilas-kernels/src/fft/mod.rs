//! Real 2D and 3D Fourier transforms, half-Hermitian, unitary (`1/sqrt(n)` each way).
//!
//! Layout: real data `[z][y][x]`, x fastest; transforms `[z][y][kx]` with `kx = 0..=nx/2` and `ky`, `kz` in FFT
//! order (`0..n/2, -n/2..-1`). Unitary scaling keeps white noise of variance v at `E|F|^2 = v` whatever the box.
//! Cost: `2.5 n log2 n` FLOP, two (2D) or three (3D) passes over memory. Rows go through `realfft`; the other
//! axes are gathered in blocks of 16 columns (one or two cache lines), transformed, and scattered back.

mod cpu;
pub mod gpu;
pub mod reference;
#[cfg(test)]
mod tests;

pub use cpu::{Fft2, Fft3};
pub use gpu::DeviceFft2;

use num_complex::Complex32;

/// Signed frequency of FFT index `i` on an axis of `n` samples: `i` or `i - n`.
#[inline(always)]
pub fn signed(i: usize, n: usize) -> i64 {
    if i * 2 < n { i as i64 } else { i as i64 - n as i64 }
}

/// FFT index of the signed frequency `k` on an axis of `n` samples.
#[inline(always)]
pub fn unsigned(k: i64, n: usize) -> usize {
    k.rem_euclid(n as i64) as usize
}

/// Moves the phase origin between voxel 0 and the box centre `n/2` of an even 2D box (its own inverse).
pub fn centre_2d(half: &mut [Complex32], nx: usize) {
    let w = nx / 2 + 1;
    for (y, row) in half.chunks_exact_mut(w).enumerate() {
        for v in row.iter_mut().skip((y + 1) % 2).step_by(2) {
            *v = -*v;
        }
    }
}

/// Moves the phase origin between voxel 0 and the box centre of an even 3D box (its own inverse).
pub fn centre_3d(half: &mut [Complex32], nx: usize, ny: usize) {
    let w = nx / 2 + 1;
    for (i, row) in half.chunks_exact_mut(w).enumerate() {
        let parity = (i / ny + i % ny + 1) % 2;
        for v in row.iter_mut().skip(parity).step_by(2) {
            *v = -*v;
        }
    }
}

/// The smallest even box of at least `n` whose only prime factors are 2, 3 and 5.
pub fn good_even_size(n: usize) -> usize {
    let mut m = n.max(2).next_multiple_of(2);
    loop {
        let mut r = m;
        for p in [2usize, 3, 5] {
            while r.is_multiple_of(p) {
                r /= p;
            }
        }
        if r == 1 {
            return m;
        }
        m += 2;
    }
}
