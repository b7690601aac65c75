//! Positions and interpolation weights of 16 coefficients at a time, shared by the gather and the scatter, so that
//! both are the same discrete operator.

use super::volume::Grid;
use crate::Matrix3;
use crate::simd::fma;
use crate::simd::vector::{Isa, Vector};

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

/// [`spline_weights`] of 16 fractions at once, stored tap by tap.
#[inline(always)]
fn block_weights<I: Isa>(f: I::V16, w: &mut Taps, d: &mut Taps) {
    let (one, half, sixth) = (I::V16::splat(1.0), I::V16::splat(0.5), I::V16::splat(1.0 / 6.0));
    let (two_thirds, three_halves) = (I::V16::splat(2.0 / 3.0), I::V16::splat(1.5));
    let (minus_one, minus_two) = (I::V16::splat(-1.0), I::V16::splat(-2.0));
    let g = one.sub(f);
    let (f2, g2) = (f.mul(f), g.mul(g));
    g2.mul(g).mul(sixth).store(&mut w[0]);
    f2.fma(half.fma(f, minus_one), two_thirds).store(&mut w[1]);
    g2.fma(half.fma(g, minus_one), two_thirds).store(&mut w[2]);
    f2.mul(f).mul(sixth).store(&mut w[3]);
    g2.mul(I::V16::splat(-0.5)).store(&mut d[0]);
    f.mul(three_halves.fma(f, minus_two)).store(&mut d[1]);
    g.mul(I::V16::splat(-1.5).fma(g, I::V16::splat(2.0)))
        .store(&mut d[2]);
    f2.mul(half).store(&mut d[3]);
}

/// Four taps of 16 coefficients.
pub(crate) type Taps = [[f32; B]; 4];

/// Positions and weights of a block of coefficients; weights `[tap][coefficient]`, derivatives likewise.
pub(crate) struct Block {
    /// First tap's index into the grid, or `usize::MAX` for a sample outside of the stored radius.
    pub base: [usize; B],
    /// -1 where the mate was taken.
    pub sign: [f32; B],
    pub wx: Taps,
    pub dx: Taps,
    pub wy: Taps,
    pub dy: Taps,
    pub wz: Taps,
    pub dz: Taps,
}

impl Block {
    #[inline(always)]
    pub fn new() -> Self {
        let w = [[0.0; B]; 4];
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
    pub fn place<I: Isa>(&mut self, grid: Grid, m: &[[f32; 2]; 3], kx: &[f32; B], ky: &[f32; B]) {
        let o = I::V16::splat(grid.origin as f32 - 1.0);
        let (kx, ky) = (I::V16::load(kx), I::V16::load(ky));
        // Spelled out: vectors that pass through closures are not kept in registers.
        let x = I::V16::splat(m[0][0]).fma(kx, I::V16::splat(m[0][1]).mul(ky));
        let y = I::V16::splat(m[1][0]).fma(kx, I::V16::splat(m[1][1]).mul(ky));
        let z = I::V16::splat(m[2][0]).fma(kx, I::V16::splat(m[2][1]).mul(ky));
        let sign = x.sign();
        sign.store(&mut self.sign);
        let at = [x.mul(sign), y.mul(sign), z.mul(sign)];
        let floor = [at[0].floor(), at[1].floor(), at[2].floor()];
        block_weights::<I>(at[0].sub(floor[0]), &mut self.wx, &mut self.dx);
        block_weights::<I>(at[1].sub(floor[1]), &mut self.wy, &mut self.dy);
        block_weights::<I>(at[2].sub(floor[2]), &mut self.wz, &mut self.dz);
        // First tap: floor - 1, and the grid's x starts at -1.
        let mut first = [[0.0f32; B]; 3];
        floor[0].store(&mut first[0]);
        floor[1].add(o).store(&mut first[1]);
        floor[2].add(o).store(&mut first[2]);
        for l in 0..B {
            let (ix, iy, iz) = (
                first[0][l] as i32 as u32 as usize,
                first[1][l] as i32 as u32 as usize,
                first[2][l] as i32 as u32 as usize,
            );
            // NaN becomes 0 on every axis, which is inside: it must be caught by the sign of a comparison.
            let inside = ix + 4 <= grid.nx
                && iy + 4 <= grid.ny
                && iz + 4 <= grid.ny
                && first[0][l] >= 0.0
                && first[1][l] >= 0.0
                && first[2][l] >= 0.0;
            self.base[l] = if inside {
                (iz * grid.ny + iy) * grid.nx + ix
            } else {
                usize::MAX
            };
        }
    }

    /// The four taps of one coefficient, each in all lanes of a vector.
    #[inline(always)]
    pub fn spread<V: Vector>(taps: &Taps, l: usize) -> [V; 4] {
        [
            V::splat(taps[0][l]),
            V::splat(taps[1][l]),
            V::splat(taps[2][l]),
            V::splat(taps[3][l]),
        ]
    }

    /// The four taps of one coefficient.
    #[inline(always)]
    pub fn of(taps: &Taps, l: usize) -> [f32; 4] {
        [taps[0][l], taps[1][l], taps[2][l], taps[3][l]]
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
