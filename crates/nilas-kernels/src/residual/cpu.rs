//! The sums in vector code: 16 coefficients at a time, partial sums per lane, reduced at the end.

use super::{NormalEquations, Observation, Score};
use crate::error::{KernelError, check_length};
use crate::simd::{self, SimdLevel, dispatch, fma, sin_cos_turns};
use crate::slice::SliceGradient;

const L: usize = 16;

fn check(o: &Observation, slice: usize) -> Result<(), KernelError> {
    check_length("imaginary parts", o.im.len(), o.re.len())?;
    check_length("factors", o.factor.len(), o.re.len())?;
    check_length("kx", o.kx.len(), o.re.len())?;
    check_length("ky", o.ky.len(), o.re.len())?;
    check_length("slice", slice, o.re.len())
}

#[inline(always)]
fn lane(v: &[f32], start: usize) -> [f32; L] {
    match v[start..].first_chunk::<L>() {
        Some(c) => *c,
        None => {
            let mut out = [0.0; L];
            out[..v.len() - start].copy_from_slice(&v[start..]);
            out
        }
    }
}

#[inline(always)]
fn total(v: &[f32; L]) -> f64 {
    v.iter().map(|x| *x as f64).sum()
}

/// The shifted image of a block: `W exp(-2 pi i k.t/n)`. Padding lanes have W = 0.
#[inline(always)]
fn shifted<const FUSED: bool>(
    o: &Observation,
    start: usize,
    tx: f32,
    ty: f32,
) -> ([f32; L], [f32; L], [f32; L], [f32; L]) {
    let (wr, wi) = (lane(o.re, start), lane(o.im, start));
    let (kx, ky) = (lane(o.kx, start), lane(o.ky, start));
    let (mut re, mut im) = ([0.0; L], [0.0; L]);
    for l in 0..L {
        let (s, c) = sin_cos_turns::<FUSED>(fma::<FUSED>(kx[l], tx, ky[l] * ty));
        re[l] = fma::<FUSED>(wr[l], c, wi[l] * s);
        im[l] = fma::<FUSED>(wi[l], c, -wr[l] * s);
    }
    (re, im, kx, ky)
}

#[inline(always)]
fn score_body<const FUSED: bool>(o: &Observation, (vr, vi): (&[f32], &[f32]), t: [f32; 2], out: &mut Score) {
    let (tx, ty) = (t[0] / o.box_size as f32, t[1] / o.box_size as f32);
    let (mut cross, mut power, mut data) = ([0.0f32; L], [0.0f32; L], [0.0f32; L]);
    for start in (0..o.re.len()).step_by(L) {
        let (re, im, _, _) = shifted::<FUSED>(o, start, tx, ty);
        let (c, vr, vi) = (lane(o.factor, start), lane(vr, start), lane(vi, start));
        for l in 0..L {
            let (pr, pi) = (c[l] * vr[l], c[l] * vi[l]);
            cross[l] = fma::<FUSED>(pr, re[l], fma::<FUSED>(pi, im[l], cross[l]));
            power[l] = fma::<FUSED>(pr, pr, fma::<FUSED>(pi, pi, power[l]));
            data[l] = fma::<FUSED>(re[l], re[l], fma::<FUSED>(im[l], im[l], data[l]));
        }
    }
    *out = Score {
        cross: total(&cross),
        power: total(&power),
        data: total(&data),
    };
}

#[inline(always)]
fn shift_body<const FUSED: bool>(
    o: &Observation,
    (vr, vi): (&[f32], &[f32]),
    t: [f32; 2],
    out: &mut NormalEquations<2>,
) {
    let n = o.box_size as f32;
    let (tx, ty) = (t[0] / n, t[1] / n);
    let k = std::f32::consts::TAU / n;
    let (mut cross, mut power, mut data) = ([0.0f32; L], [0.0f32; L], [0.0f32; L]);
    let (mut g, mut h) = ([[0.0f32; L]; 2], [[0.0f32; L]; 3]);
    for start in (0..o.re.len()).step_by(L) {
        let (re, im, kx, ky) = shifted::<FUSED>(o, start, tx, ty);
        let (c, vr, vi) = (lane(o.factor, start), lane(vr, start), lane(vi, start));
        for l in 0..L {
            let (pr, pi) = (c[l] * vr[l], c[l] * vi[l]);
            let pp = fma::<FUSED>(pr, pr, pi * pi);
            cross[l] = fma::<FUSED>(pr, re[l], fma::<FUSED>(pi, im[l], cross[l]));
            power[l] += pp;
            data[l] = fma::<FUSED>(re[l], re[l], fma::<FUSED>(im[l], im[l], data[l]));
            // J_t = i (2 pi k/n) p, so Re(conj(J) r) = (2 pi k/n) Im(conj(p) r).
            let imag = fma::<FUSED>(pr, im[l], -pi * re[l]);
            let (qx, qy) = (k * kx[l], k * ky[l]);
            g[0][l] = fma::<FUSED>(qx, imag, g[0][l]);
            g[1][l] = fma::<FUSED>(qy, imag, g[1][l]);
            h[0][l] = fma::<FUSED>(qx * qx, pp, h[0][l]);
            h[1][l] = fma::<FUSED>(qx * qy, pp, h[1][l]);
            h[2][l] = fma::<FUSED>(qy * qy, pp, h[2][l]);
        }
    }
    let (xx, xy, yy) = (total(&h[0]), total(&h[1]), total(&h[2]));
    *out = NormalEquations {
        score: Score {
            cross: total(&cross),
            power: total(&power),
            data: total(&data),
        },
        gradient: [total(&g[0]), total(&g[1])],
        hessian: [[xx, xy], [xy, yy]],
    };
}

#[inline(always)]
fn joint_body<const FUSED: bool>(
    o: &Observation,
    v: &SliceGradient,
    t: [f32; 2],
    out: &mut NormalEquations<5>,
) {
    let n = o.box_size as f32;
    let (tx, ty) = (t[0] / n, t[1] / n);
    let k = std::f32::consts::TAU / n;
    let (mut cross, mut power, mut data) = ([0.0f32; L], [0.0f32; L], [0.0f32; L]);
    let mut g = [[0.0f32; L]; 5];
    let mut h = [[0.0f32; L]; 15];
    for start in (0..o.re.len()).step_by(L) {
        let (re, im, kx, ky) = shifted::<FUSED>(o, start, tx, ty);
        let c = lane(o.factor, start);
        let (vr, vi) = (lane(&v.re, start), lane(&v.im, start));
        let d: [[[f32; L]; 2]; 3] =
            [0, 1, 2].map(|j| [lane(&v.gradient[j][0], start), lane(&v.gradient[j][1], start)]);
        let mut j = [[[0.0f32; L]; 2]; 5];
        let (mut rr, mut ri) = ([0.0f32; L], [0.0f32; L]);
        for l in 0..L {
            let (pr, pi) = (c[l] * vr[l], c[l] * vi[l]);
            cross[l] = fma::<FUSED>(pr, re[l], fma::<FUSED>(pi, im[l], cross[l]));
            power[l] = fma::<FUSED>(pr, pr, fma::<FUSED>(pi, pi, power[l]));
            data[l] = fma::<FUSED>(re[l], re[l], fma::<FUSED>(im[l], im[l], data[l]));
            rr[l] = re[l] - pr;
            ri[l] = im[l] - pi;
            let (cx, cy) = (c[l] * kx[l], c[l] * ky[l]);
            for p in 0..2 {
                j[0][p][l] = cy * d[2][p][l];
                j[1][p][l] = -cx * d[2][p][l];
                j[2][p][l] = fma::<FUSED>(cx, d[1][p][l], -cy * d[0][p][l]);
            }
            let (qx, qy) = (k * kx[l], k * ky[l]);
            j[3][0][l] = -qx * pi;
            j[3][1][l] = qx * pr;
            j[4][0][l] = -qy * pi;
            j[4][1][l] = qy * pr;
        }
        let mut at = 0;
        for a in 0..5 {
            for l in 0..L {
                g[a][l] = fma::<FUSED>(j[a][0][l], rr[l], fma::<FUSED>(j[a][1][l], ri[l], g[a][l]));
            }
            for b in a..5 {
                for l in 0..L {
                    h[at][l] = fma::<FUSED>(
                        j[a][0][l],
                        j[b][0][l],
                        fma::<FUSED>(j[a][1][l], j[b][1][l], h[at][l]),
                    );
                }
                at += 1;
            }
        }
    }
    let mut hessian = [[0.0; 5]; 5];
    let mut at = 0;
    for a in 0..5 {
        for b in a..5 {
            hessian[a][b] = total(&h[at]);
            hessian[b][a] = hessian[a][b];
            at += 1;
        }
    }
    *out = NormalEquations {
        score: Score {
            cross: total(&cross),
            power: total(&power),
            data: total(&data),
        },
        gradient: [0, 1, 2, 3, 4].map(|a| total(&g[a])),
        hessian,
    };
}

/// Where [`contribution`] puts its results.
pub struct ContributionOut<'a> {
    /// Real part of the numerator `w f W'`.
    pub re: &'a mut [f32],
    /// Imaginary part of the numerator.
    pub im: &'a mut [f32],
    /// Weight `w f^2`.
    pub weight: &'a mut [f32],
    /// `|W' - f V|^2` per coefficient.
    pub residual: &'a mut [f32],
}

#[inline(always)]
fn contribution_body<const FUSED: bool>(
    o: &Observation,
    (vr, vi): (&[f32], &[f32]),
    (t, scale, weight): ([f32; 2], f32, f32),
    out: &mut ContributionOut,
) {
    let (tx, ty) = (t[0] / o.box_size as f32, t[1] / o.box_size as f32);
    for start in (0..o.re.len()).step_by(L) {
        let (re, im, _, _) = shifted::<FUSED>(o, start, tx, ty);
        let (c, vr, vi) = (lane(o.factor, start), lane(vr, start), lane(vi, start));
        let (mut nr, mut ni, mut d, mut e) = ([0.0f32; L], [0.0f32; L], [0.0f32; L], [0.0f32; L]);
        for l in 0..L {
            let f = c[l] * scale;
            let (x, y) = (re[l] - f * vr[l], im[l] - f * vi[l]);
            nr[l] = weight * f * re[l];
            ni[l] = weight * f * im[l];
            d[l] = weight * f * f;
            e[l] = x * x + y * y;
        }
        let n = L.min(o.re.len() - start);
        out.re[start..start + n].copy_from_slice(&nr[..n]);
        out.im[start..start + n].copy_from_slice(&ni[..n]);
        out.weight[start..start + n].copy_from_slice(&d[..n]);
        out.residual[start..start + n].copy_from_slice(&e[..n]);
    }
}

dispatch! { fn contribution_simd => contribution_body(o: &Observation, v: (&[f32], &[f32]), p: ([f32; 2], f32, f32), out: &mut ContributionOut) }

/// What an image at shift `t` (pixels) adds to a reconstruction with `weight`, its factor times `scale`, and its
/// residual power per coefficient against the slice `(re, im)`. Errors: lengths differ.
pub fn contribution(
    o: &Observation,
    (re, im): (&[f32], &[f32]),
    t: [f64; 2],
    scale: f64,
    weight: f64,
    out: &mut ContributionOut,
) -> Result<(), KernelError> {
    check(o, re.len())?;
    check_length("slice", im.len(), re.len())?;
    for n in [out.re.len(), out.im.len(), out.weight.len(), out.residual.len()] {
        check_length("contribution", n, o.re.len())?;
    }
    contribution_simd(
        simd::level(),
        o,
        (re, im),
        (t.map(|v| v as f32), scale as f32, weight as f32),
        out,
    );
    Ok(())
}

dispatch! { fn score_simd => score_body(o: &Observation, v: (&[f32], &[f32]), t: [f32; 2], out: &mut Score) }
dispatch! { fn shift_simd => shift_body(o: &Observation, v: (&[f32], &[f32]), t: [f32; 2], out: &mut NormalEquations<2>) }
dispatch! { fn joint_simd => joint_body(o: &Observation, v: &SliceGradient, t: [f32; 2], out: &mut NormalEquations<5>) }

/// Inner products of an image and the slice `(re, im)` at shift `t` pixels. Errors: lengths differ.
pub fn score(o: &Observation, re: &[f32], im: &[f32], t: [f64; 2]) -> Result<Score, KernelError> {
    check(o, re.len())?;
    check_length("slice", im.len(), re.len())?;
    let mut out = Score::default();
    score_simd(simd::level(), o, (re, im), t.map(|v| v as f32), &mut out);
    Ok(out)
}

/// Normal equations of the shift alone (pixels), the slice `(re, im)` fixed. Errors: lengths differ.
pub fn shift_equations(
    o: &Observation,
    re: &[f32],
    im: &[f32],
    t: [f64; 2],
) -> Result<NormalEquations<2>, KernelError> {
    check(o, re.len())?;
    check_length("slice", im.len(), re.len())?;
    let mut out = NormalEquations {
        score: Score::default(),
        gradient: [0.0; 2],
        hessian: [[0.0; 2]; 2],
    };
    shift_simd(simd::level(), o, (re, im), t.map(|v| v as f32), &mut out);
    Ok(out)
}

/// Normal equations of rotation (3, radians) and shift (2, pixels). Errors: lengths differ.
pub fn normal_equations(
    o: &Observation,
    slice: &SliceGradient,
    t: [f64; 2],
) -> Result<NormalEquations<5>, KernelError> {
    normal_equations_at(simd::level(), o, slice, t)
}

pub(super) fn normal_equations_at(
    level: SimdLevel,
    o: &Observation,
    slice: &SliceGradient,
    t: [f64; 2],
) -> Result<NormalEquations<5>, KernelError> {
    check(o, slice.len())?;
    let mut out = NormalEquations {
        score: Score::default(),
        gradient: [0.0; 5],
        hessian: [[0.0; 5]; 5],
    };
    joint_simd(level, o, slice, t.map(|v| v as f32), &mut out);
    Ok(out)
}
