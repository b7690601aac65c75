//! The gather on the CPU, in blocks of 16 coefficients: positions and weights as vector code over the block, then one
//! coefficient at a time with the four x-taps (8 floats) as the vector.

use super::block::{B, Block, block_of, scaled_columns};
use super::volume::SplineVolume;
use crate::Matrix3;
use crate::simd::{dispatch, fma};

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

/// Sums of `v * w` over the even and the odd places: the x-pass on an interleaved complex row.
#[inline(always)]
fn x_sum(v: &[f32; 8], w: &[f32; 4]) -> (f32, f32) {
    let a = (v[0] * w[0] + v[4] * w[2], v[1] * w[0] + v[5] * w[2]);
    let b = (v[2] * w[1] + v[6] * w[3], v[3] * w[1] + v[7] * w[3]);
    (a.0 + b.0, a.1 + b.1)
}

#[inline(always)]
fn value_body<const FUSED: bool>(
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
        block.place::<FUSED>(volume.grid, &m, &block_of(kx, start), &block_of(ky, start));
        let n = B.min(kx.len() - start);
        for l in 0..n {
            let first = block.base[l];
            let taps = first.checked_mul(2).and_then(|f| volume.data.get(f..f + span));
            let Some(taps) = taps else {
                re[start + l] = 0.0;
                im[start + l] = 0.0;
                continue;
            };
            let (wy, wz) = (&block.wy[l], &block.wz[l]);
            let mut acc = [0.0f32; 8];
            for z in 0..4 {
                let mut plane = [0.0f32; 8];
                for y in 0..4 {
                    let row = &taps[z * sz + y * sy..][..8];
                    for (p, r) in plane.iter_mut().zip(row) {
                        *p = fma::<FUSED>(*r, wy[y], *p);
                    }
                }
                for (a, p) in acc.iter_mut().zip(&plane) {
                    *a = fma::<FUSED>(*p, wz[z], *a);
                }
            }
            let (r, i) = x_sum(&acc, &block.wx[l]);
            re[start + l] = r;
            im[start + l] = i * block.sign[l];
        }
    }
}

#[inline(always)]
fn gradient_body<const FUSED: bool>(
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
        block.place::<FUSED>(volume.grid, &m, &block_of(kx, start), &block_of(ky, start));
        let n = B.min(kx.len() - start);
        for l in 0..n {
            let taps = block.base[l]
                .checked_mul(2)
                .and_then(|f| volume.data.get(f..f + span));
            let Some(taps) = taps else {
                g.iter_mut().for_each(|p| p[l] = 0.0);
                continue;
            };
            let (wy, dy) = (&block.wy[l], &block.dy[l]);
            let (wz, dz) = (&block.wz[l], &block.dz[l]);
            let (mut v, mut gy, mut gz) = ([0.0f32; 8], [0.0f32; 8], [0.0f32; 8]);
            for z in 0..4 {
                let (mut p, mut q) = ([0.0f32; 8], [0.0f32; 8]);
                for y in 0..4 {
                    let row = &taps[z * sz + y * sy..][..8];
                    for i in 0..8 {
                        p[i] = fma::<FUSED>(row[i], wy[y], p[i]);
                        q[i] = fma::<FUSED>(row[i], dy[y], q[i]);
                    }
                }
                for i in 0..8 {
                    v[i] = fma::<FUSED>(p[i], wz[z], v[i]);
                    gy[i] = fma::<FUSED>(q[i], wz[z], gy[i]);
                    gz[i] = fma::<FUSED>(p[i], dz[z], gz[i]);
                }
            }
            (g[0][l], g[1][l]) = x_sum(&v, &block.wx[l]);
            (g[2][l], g[3][l]) = x_sum(&v, &block.dx[l]);
            (g[4][l], g[5][l]) = x_sum(&gy, &block.wx[l]);
            (g[6][l], g[7][l]) = x_sum(&gz, &block.wx[l]);
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

dispatch! {
    /// The slice's values; lengths are checked by the caller.
    pub(super) fn value => value_body(
        volume: &SplineVolume, rotation: &Matrix3, kx: &[f32], ky: &[f32], re: &mut [f32], im: &mut [f32],
    )
}

dispatch! {
    /// The slice and its gradient; lengths are checked by the caller.
    pub(super) fn gradient => gradient_body(
        volume: &SplineVolume, rotation: &Matrix3, kx: &[f32], ky: &[f32], out: &mut SliceGradient,
    )
}
