//! The inner loops of the search: matrix product, inverse transform and scan, 16 directions as vector lanes.

use crate::simd::{dispatch, fma};

/// Directions side by side.
pub(super) const LANES: usize = 16;
/// Shifts whose spectra are held at once.
pub(super) const SHIFTS: usize = 8;

/// One vector of 16 lanes.
pub(super) type Lane = [f32; LANES];

/// Twiddle factors of the inverse transform of `angles` points.
pub(super) struct Twiddles {
    /// `exp(2 pi i k/angles)`, k < angles.
    table: Vec<(f32, f32)>,
}

impl Twiddles {
    pub fn new(angles: usize) -> Self {
        let table = (0..angles)
            .map(|k| {
                let (s, c) = (std::f64::consts::TAU * k as f64 / angles as f64).sin_cos();
                (c as f32, s as f32)
            })
            .collect();
        Self { table }
    }
}

/// One image's harmonics for all shifts: `[m][q][shift]`, already conjugated and weighted.
pub(super) struct ImageHarmonics<'a> {
    pub re: &'a [f32],
    pub im: &'a [f32],
    /// Number of shifts, rounded up to a whole group of [`SHIFTS`].
    pub stride: usize,
}

/// What one group of shifts against one block of directions needs.
pub(super) struct Product<'a> {
    pub image: ImageHarmonics<'a>,
    pub block: &'a [f32],
    pub starts: &'a [usize],
    pub first_shift: usize,
    /// `[shift][m][re, im]`.
    pub out: &'a mut [[Lane; 2]],
    pub m_stride: usize,
}

#[inline(always)]
fn product_body<const FUSED: bool>(p: &mut Product) {
    let m_count = p.starts.len() - 1;
    for m in 0..m_count {
        let rings = (p.starts[m + 1] - p.starts[m]) / (2 * LANES);
        let y = &p.block[p.starts[m]..p.starts[m + 1]];
        // Image harmonics are stored with the same ring ranges, one value per shift instead of 2*LANES.
        let z0 = p.starts[m] / (2 * LANES) * p.image.stride + p.first_shift;
        for quad in (0..SHIFTS).step_by(4) {
            let mut acc = [[[0.0f32; LANES]; 2]; 4];
            for q in 0..rings {
                let row = &y[q * 2 * LANES..][..2 * LANES];
                let z = z0 + q * p.image.stride + quad;
                let (zr, zi) = (&p.image.re[z..z + 4], &p.image.im[z..z + 4]);
                for t in 0..4 {
                    let (a, b) = (zr[t], zi[t]);
                    let [re, im] = &mut acc[t];
                    for l in 0..LANES {
                        re[l] = fma::<FUSED>(a, row[l], fma::<FUSED>(-b, row[LANES + l], re[l]));
                        im[l] = fma::<FUSED>(a, row[LANES + l], fma::<FUSED>(b, row[l], im[l]));
                    }
                }
            }
            for t in 0..4 {
                p.out[(quad + t) * p.m_stride + m] = acc[t];
            }
        }
    }
}

dispatch! {
    /// `G_m = sum_q Z_qm Y_qm` for one group of shifts and one block (Z comes conjugated).
    pub(super) fn product => product_body(p: &mut Product)
}

#[inline(always)]
fn butterfly4<const FUSED: bool>(
    x: &[[Lane; 2]],
    y: &mut [[Lane; 2]],
    (n, s): (usize, usize),
    table: &[(f32, f32)],
) {
    let (n1, step) = (n / 4, table.len() / n);
    for p in 0..n1 {
        let w1 = table[p * step];
        let w2 = table[2 * p * step];
        let w3 = table[3 * p * step];
        for q in 0..s {
            let [a, b, c, d] = [0, 1, 2, 3].map(|i| &x[q + s * (p + i * n1)]);
            let out = q + 4 * s * p;
            let mut r = [[[0.0f32; LANES]; 2]; 4];
            for l in 0..LANES {
                let (sr, si) = (a[0][l] + c[0][l], a[1][l] + c[1][l]);
                let (dr, di) = (a[0][l] - c[0][l], a[1][l] - c[1][l]);
                let (tr, ti) = (b[0][l] + d[0][l], b[1][l] + d[1][l]);
                // i (b - d)
                let (ur, ui) = (d[1][l] - b[1][l], b[0][l] - d[0][l]);
                r[0][0][l] = sr + tr;
                r[0][1][l] = si + ti;
                let (er, ei) = (dr + ur, di + ui);
                r[1][0][l] = fma::<FUSED>(w1.0, er, -(w1.1 * ei));
                r[1][1][l] = fma::<FUSED>(w1.0, ei, w1.1 * er);
                let (er, ei) = (sr - tr, si - ti);
                r[2][0][l] = fma::<FUSED>(w2.0, er, -(w2.1 * ei));
                r[2][1][l] = fma::<FUSED>(w2.0, ei, w2.1 * er);
                let (er, ei) = (dr - ur, di - ui);
                r[3][0][l] = fma::<FUSED>(w3.0, er, -(w3.1 * ei));
                r[3][1][l] = fma::<FUSED>(w3.0, ei, w3.1 * er);
            }
            for (i, v) in r.into_iter().enumerate() {
                y[out + i * s] = v;
            }
        }
    }
}

/// In-plane transform of one shift's spectrum: input `g[m]`, m < count; output `angles` real values per lane in
/// `work` (as pairs: element j holds angles 2j and 2j+1), and the largest value per lane.
pub(super) struct Transform<'a> {
    pub spectrum: &'a [[Lane; 2]],
    pub twiddles: &'a Twiddles,
    pub work: &'a mut [Vec<[Lane; 2]>; 2],
    /// Which of the two work buffers holds the result.
    pub result: usize,
    pub largest: Lane,
}

#[inline(always)]
fn transform_body<const FUSED: bool>(t: &mut Transform) {
    let table = &t.twiddles.table;
    let h = table.len() / 2;
    let count = t.spectrum.len();
    let zero = [[0.0f32; LANES]; 2];
    {
        let z = &mut t.work[0];
        // x_j = G_0 + 2 Re sum_m G_m e^(i m psi_j), packed as h complex points.
        for k in 0..h {
            let a = if k < count { &t.spectrum[k] } else { &zero };
            let b = if h - k < count { &t.spectrum[h - k] } else { &zero };
            let w = table[k];
            let out = &mut z[k];
            for l in 0..LANES {
                let (sr, si) = (a[0][l] + b[0][l], a[1][l] - b[1][l]);
                let (dr, di) = (a[0][l] - b[0][l], a[1][l] + b[1][l]);
                let er = fma::<FUSED>(w.0, dr, -(w.1 * di));
                let ei = fma::<FUSED>(w.0, di, w.1 * dr);
                out[0][l] = sr - ei;
                out[1][l] = si + er;
            }
        }
    }
    let [first, second] = t.work;
    let (mut n, mut s, mut from_first) = (h, 1, true);
    while n > 1 {
        let (x, y) = if from_first {
            (first.as_slice(), second.as_mut_slice())
        } else {
            (second.as_slice(), first.as_mut_slice())
        };
        if n >= 4 {
            butterfly4::<FUSED>(x, y, (n, s), table);
            n /= 4;
            s *= 4;
        } else {
            for q in 0..s {
                let (a, b) = (&x[q], &x[q + s]);
                let (mut u, mut v) = (zero, zero);
                for c in 0..2 {
                    for l in 0..LANES {
                        u[c][l] = a[c][l] + b[c][l];
                        v[c][l] = a[c][l] - b[c][l];
                    }
                }
                y[q] = u;
                y[q + s] = v;
            }
            n = 1;
        }
        from_first = !from_first;
    }
    t.result = usize::from(!from_first);
    let mut top = [f32::NEG_INFINITY; LANES];
    for v in &t.work[t.result][..h] {
        for l in 0..LANES {
            let m = if v[0][l] > v[1][l] { v[0][l] } else { v[1][l] };
            top[l] = if m > top[l] { m } else { top[l] };
        }
    }
    t.largest = top;
}

dispatch! {
    /// All in-plane angles of one shift against one block.
    pub(super) fn transform => transform_body(t: &mut Transform)
}
