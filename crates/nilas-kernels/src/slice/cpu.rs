//! The gather on the CPU, in blocks of 16 coefficients: positions and weights as vector code over the block, then one
//! coefficient at a time with the four x-taps (8 floats) as the vector.

use super::volume::SplineVolume;
use crate::Matrix3;
use crate::simd::{dispatch, fma};

/// Coefficients per block.
const B: usize = 16;

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

/// Cubic B-spline weights of the taps at `floor-1 .. floor+2` for the fraction `f`, and their derivatives.
#[inline(always)]
pub(crate) fn spline_weights<const FUSED: bool>(f: f32) -> ([f32; 4], [f32; 4]) {
    let g = 1.0 - f;
    let (f2, g2) = (f * f, g * g);
    let w0 = g2 * g * (1.0 / 6.0);
    let w3 = f2 * f * (1.0 / 6.0);
    let w1 = fma::<FUSED>(f2, fma::<FUSED>(0.5, f, -1.0), 2.0 / 3.0);
    let w2 = fma::<FUSED>(g2, fma::<FUSED>(0.5, g, -1.0), 2.0 / 3.0);
    let d1 = f * fma::<FUSED>(1.5, f, -2.0);
    let d2 = -g * fma::<FUSED>(1.5, g, -2.0);
    ([w0, w1, w2, w3], [-0.5 * g2, d1, d2, 0.5 * f2])
}

/// Positions and weights of a block of coefficients.
struct Block {
    /// First tap's index into the grid, or `usize::MAX` for a sample outside of the stored radius.
    base: [usize; B],
    /// -1 where the mate was taken.
    sign: [f32; B],
    wx: [[f32; 4]; B],
    dx: [[f32; 4]; B],
    wy: [[f32; 4]; B],
    dy: [[f32; 4]; B],
    wz: [[f32; 4]; B],
    dz: [[f32; 4]; B],
}

impl Block {
    #[inline(always)]
    fn new() -> Self {
        let w = [[0.0; 4]; B];
        Self {
            base: [0; B],
            sign: [1.0; B],
            wx: w,
            dx: w,
            wy: w,
            dy: w,
            wz: w,
            dz: w,
        }
    }

    /// Places a block; `m` is `A^T` scaled to the padded grid, first two columns.
    #[inline(always)]
    fn place<const FUSED: bool>(
        &mut self,
        volume: &SplineVolume,
        m: &[[f32; 2]; 3],
        kx: &[f32; B],
        ky: &[f32; B],
    ) {
        let grid = volume.grid;
        let o = grid.origin as f32;
        let (mut fx, mut fy, mut fz) = ([0.0f32; B], [0.0f32; B], [0.0f32; B]);
        let (mut ix, mut iy, mut iz) = ([0i32; B], [0i32; B], [0i32; B]);
        for l in 0..B {
            let x = fma::<FUSED>(m[0][0], kx[l], m[0][1] * ky[l]);
            let y = fma::<FUSED>(m[1][0], kx[l], m[1][1] * ky[l]);
            let z = fma::<FUSED>(m[2][0], kx[l], m[2][1] * ky[l]);
            let s = if x < 0.0 { -1.0 } else { 1.0f32 };
            self.sign[l] = s;
            let (x, y, z) = (x * s, y * s, z * s);
            let (rx, ry, rz) = (x.floor(), y.floor(), z.floor());
            fx[l] = x - rx;
            fy[l] = y - ry;
            fz[l] = z - rz;
            // Row of the first tap: floor - 1, and the grid's x starts at -1.
            ix[l] = rx as i32;
            iy[l] = (ry + o) as i32 - 1;
            iz[l] = (rz + o) as i32 - 1;
        }
        for l in 0..B {
            (self.wx[l], self.dx[l]) = spline_weights::<FUSED>(fx[l]);
            (self.wy[l], self.dy[l]) = spline_weights::<FUSED>(fy[l]);
            (self.wz[l], self.dz[l]) = spline_weights::<FUSED>(fz[l]);
            let inside = ix[l] as u32 as usize + 4 <= grid.nx
                && iy[l] as u32 as usize + 4 <= grid.ny
                && iz[l] as u32 as usize + 4 <= grid.ny;
            self.base[l] = if inside {
                (iz[l] as usize * grid.ny + iy[l] as usize) * grid.nx + ix[l] as usize
            } else {
                usize::MAX
            };
        }
    }
}

#[inline(always)]
fn scaled_columns(volume: &SplineVolume, a: &Matrix3) -> [[f32; 2]; 3] {
    let s = volume.padding();
    [0, 1, 2].map(|i| [(a[0][i] * s) as f32, (a[1][i] * s) as f32])
}

#[inline(always)]
fn block_of(k: &[f32], start: usize) -> [f32; B] {
    let mut out = [0.0; B];
    let n = B.min(k.len() - start);
    out[..n].copy_from_slice(&k[start..start + n]);
    out
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
    let m = scaled_columns(volume, rotation);
    let (sy, sz) = (2 * volume.grid.nx, 2 * volume.grid.nx * volume.grid.ny);
    let span = 3 * sz + 3 * sy + 8;
    let mut block = Block::new();
    for start in (0..kx.len()).step_by(B) {
        block.place::<FUSED>(volume, &m, &block_of(kx, start), &block_of(ky, start));
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
    let m = scaled_columns(volume, rotation);
    let ratio = volume.padding();
    let a = rotation.map(|row| row.map(|v| (v * ratio) as f32));
    let (sy, sz) = (2 * volume.grid.nx, 2 * volume.grid.nx * volume.grid.ny);
    let span = 3 * sz + 3 * sy + 8;
    let mut block = Block::new();
    // v, then the derivative by grid x, y, z; each re, im.
    let mut g = [[0.0f32; B]; 8];
    for start in (0..kx.len()).step_by(B) {
        block.place::<FUSED>(volume, &m, &block_of(kx, start), &block_of(ky, start));
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
