//! The gather on the CPU, in blocks of 16 coefficients: positions and weights as vector code over the block, then one
//! coefficient at a time with the four x-taps (8 floats) as the vector.

use super::block::{B, Block, block_of, scaled_columns};
use super::volume::SplineVolume;
use crate::Matrix3;
use crate::simd::dispatch_isa;
use crate::simd::vector::{Isa, Row, Vector};

/// A slice and its gradient as planes of equal length. `g[j]` is `dV/dk_j` in the image frame, `[re, im]`.
#[derive(Debug, Clone, Default)]
pub struct SliceGradient {
    /// Real part of the slice.
    pub re: Vec<f32>,
    /// Imaginary part of the slice.
    pub im: Vec<f32>,
    /// Real and imaginary part of the derivative by image kx, ky, kz.
    pub gradient: [[Vec<f32>; 2]; 3],
}

impl SliceGradient {
    /// Makes room for `n` coefficients (multiples of the block are cheap).
    pub(crate) fn resize(&mut self, n: usize) {
        self.re.resize(n, 0.0);
        self.im.resize(n, 0.0);
        self.gradient.iter_mut().flatten().for_each(|p| p.resize(n, 0.0));
    }

    /// Number of coefficients.
    pub fn len(&self) -> usize {
        self.re.len()
    }

    /// True before the first use.
    pub fn is_empty(&self) -> bool {
        self.re.is_empty()
    }
}

/// The floats from the first tap to the last one, or `None` for a sample outside of the grid.
#[inline(always)]
fn taps_at(data: &[f32], base: usize, span: usize) -> Option<&[f32]> {
    if base == usize::MAX {
        None
    } else {
        data.get(2 * base..2 * base + span)
    }
}

#[inline(always)]
fn value_body<I: Isa>(
    volume: &SplineVolume,
    rotation: &Matrix3,
    kx: &[f32],
    ky: &[f32],
    re: &mut [f32],
    im: &mut [f32],
) {
    let m = scaled_columns(volume.padding(), rotation);
    let (sy, sz) = (2 * volume.grid.nx, 2 * volume.grid.nx * volume.grid.ny);
    let span = 3 * sz + 3 * sy + 8;
    let mut block = Block::new();
    for start in (0..kx.len()).step_by(B) {
        block.place::<I>(volume.grid, &m, &block_of(kx, start), &block_of(ky, start));
        let n = B.min(kx.len() - start);
        for l in 0..n {
            let first = block.base[l];
            let taps = first.checked_mul(2).and_then(|f| volume.data.get(f..f + span));
            let Some(taps) = taps else {
                re[start + l] = 0.0;
                im[start + l] = 0.0;
                continue;
            };
            let wy = Block::spread::<I::V8>(&block.wy, l);
            let mut acc = I::V8::splat(0.0);
            for z in 0..4 {
                let mut plane = I::V8::splat(0.0);
                for y in 0..4 {
                    plane = I::V8::load(&taps[z * sz + y * sy..]).fma(wy[y], plane);
                }
                acc = plane.fma(I::V8::splat(block.wz[z][l]), acc);
            }
            let [r, i] = acc.mul(I::V8::pairs(Block::of(&block.wx, l))).pair_sum();
            re[start + l] = r;
            im[start + l] = i * block.sign[l];
        }
    }
}

#[inline(always)]
fn gradient_body<I: Isa>(
    volume: &SplineVolume,
    rotation: &Matrix3,
    kx: &[f32],
    ky: &[f32],
    out: &mut SliceGradient,
) {
    let m = scaled_columns(volume.padding(), rotation);
    let ratio = volume.padding();
    let a = rotation.map(|row| row.map(|v| (v * ratio) as f32));
    let (sy, sz) = (2 * volume.grid.nx, 2 * volume.grid.nx * volume.grid.ny);
    let span = 3 * sz + 3 * sy + 8;
    let mut block = Block::new();
    // v, then the derivative by grid x, y, z; each re, im.
    let mut g = [[0.0f32; B]; 8];
    for start in (0..kx.len()).step_by(B) {
        block.place::<I>(volume.grid, &m, &block_of(kx, start), &block_of(ky, start));
        let n = B.min(kx.len() - start);
        for l in 0..n {
            let Some(taps) = taps_at(&volume.data, block.base[l], span) else {
                g.iter_mut().for_each(|p| p[l] = 0.0);
                continue;
            };
            let wy = Block::spread::<I::V8>(&block.wy, l);
            let dy = Block::spread::<I::V8>(&block.dy, l);
            let zero = I::V8::splat(0.0);
            let (mut v, mut gy, mut gz) = (zero, zero, zero);
            for z in 0..4 {
                let (mut p, mut q) = (zero, zero);
                for y in 0..4 {
                    let row = I::V8::load(&taps[z * sz + y * sy..]);
                    p = row.fma(wy[y], p);
                    q = row.fma(dy[y], q);
                }
                let w = I::V8::splat(block.wz[z][l]);
                v = p.fma(w, v);
                gy = q.fma(w, gy);
                gz = p.fma(I::V8::splat(block.dz[z][l]), gz);
            }
            let wx = I::V8::pairs(Block::of(&block.wx, l));
            [g[0][l], g[1][l]] = v.mul(wx).pair_sum();
            [g[2][l], g[3][l]] = v.mul(I::V8::pairs(Block::of(&block.dx, l))).pair_sum();
            [g[4][l], g[5][l]] = gy.mul(wx).pair_sum();
            [g[6][l], g[7][l]] = gz.mul(wx).pair_sum();
        }
        // Mates: V(k) = conj V(-k), and so dV(k) = -conj dV(-k). Then into the image frame.
        for l in 0..n {
            let s = block.sign[l];
            out.re[start + l] = g[0][l];
            out.im[start + l] = g[1][l] * s;
            g[2][l] *= s;
            g[4][l] *= s;
            g[6][l] *= s;
        }
        for j in 0..3 {
            let [gr, gi] = &mut out.gradient[j];
            for l in 0..n {
                gr[start + l] = a[j][0] * g[2][l] + a[j][1] * g[4][l] + a[j][2] * g[6][l];
                gi[start + l] = a[j][0] * g[3][l] + a[j][1] * g[5][l] + a[j][2] * g[7][l];
            }
        }
    }
}

dispatch_isa! {
    /// The slice's values; lengths are checked by the caller.
    pub(super) fn value => value_body(
        volume: &SplineVolume, rotation: &Matrix3, kx: &[f32], ky: &[f32], re: &mut [f32], im: &mut [f32],
    )
}

dispatch_isa! {
    /// The slice and its gradient; lengths are checked by the caller.
    pub(super) fn gradient => gradient_body(
        volume: &SplineVolume, rotation: &Matrix3, kx: &[f32], ky: &[f32], out: &mut SliceGradient,
    )
}
