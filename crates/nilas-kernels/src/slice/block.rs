//! Positions and interpolation weights of 16 coefficients at a time, shared by the gather and the scatter, so that
//! both are the same discrete operator.

use super::volume::Grid;
use crate::Matrix3;
use crate::simd::fma;

/// Coefficients per block.
pub(crate) const B: usize = 16;

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
pub(crate) struct Block {
    /// First tap's index into the grid, or `usize::MAX` for a sample outside of the stored radius.
    pub base: [usize; B],
    /// -1 where the mate was taken.
    pub sign: [f32; B],
    pub wx: [[f32; 4]; B],
    pub dx: [[f32; 4]; B],
    pub wy: [[f32; 4]; B],
    pub dy: [[f32; 4]; B],
    pub wz: [[f32; 4]; B],
    pub dz: [[f32; 4]; B],
}

impl Block {
    #[inline(always)]
    pub fn new() -> Self {
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
    pub fn place<const FUSED: bool>(&mut self, grid: Grid, m: &[[f32; 2]; 3], kx: &[f32; B], ky: &[f32; B]) {
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

/// `A^T` scaled to the padded grid, first two columns.
#[inline(always)]
pub(crate) fn scaled_columns(padding: f64, a: &Matrix3) -> [[f32; 2]; 3] {
    [0, 1, 2].map(|i| [(a[0][i] * padding) as f32, (a[1][i] * padding) as f32])
}

#[inline(always)]
pub(crate) fn block_of(k: &[f32], start: usize) -> [f32; B] {
    let mut out = [0.0; B];
    let n = B.min(k.len() - start);
    out[..n].copy_from_slice(&k[start..start + n]);
    out
}
