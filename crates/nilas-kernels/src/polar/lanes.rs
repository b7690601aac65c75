//! The inner loops of the search: matrix product, inverse transform and scan, 16 directions as vector lanes.

use crate::simd::dispatch_isa;
use crate::simd::vector::{Isa, Vector};

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
fn product_body<I: Isa>(p: &mut Product) {
    let m_count = p.starts.len() - 1;
    for m in 0..m_count {
        let rings = (p.starts[m + 1] - p.starts[m]) / (2 * LANES);
        let y = &p.block[p.starts[m]..p.starts[m + 1]];
        // Image harmonics are stored with the same ring ranges, one value per shift instead of 2*LANES.
        let z0 = p.starts[m] / (2 * LANES) * p.image.stride + p.first_shift;
        for quad in (0..SHIFTS).step_by(4) {
            let zero = I::V16::splat(0.0);
            let mut acc = [[zero; 2]; 4];
            for q in 0..rings {
                let row = &y[q * 2 * LANES..][..2 * LANES];
                let z = z0 + q * p.image.stride + quad;
                let (zr, zi) = (&p.image.re[z..z + 4], &p.image.im[z..z + 4]);
                let (yr, yi) = (I::V16::load(row), I::V16::load(&row[LANES..]));
                for t in 0..4 {
                    let (a, b) = (I::V16::splat(zr[t]), I::V16::splat(zi[t]));
                    let minus = I::V16::splat(-zi[t]);
                    acc[t][0] = a.fma(yr, minus.fma(yi, acc[t][0]));
                    acc[t][1] = a.fma(yi, b.fma(yr, acc[t][1]));
                }
            }
            for t in 0..4 {
                let [re, im] = &mut p.out[(quad + t) * p.m_stride + m];
                acc[t][0].store(re);
                acc[t][1].store(im);
            }
        }
    }
}

dispatch_isa! {
    /// `G_m = sum_q Z_qm Y_qm` for one group of shifts and one block (Z comes conjugated).
    pub(super) fn product => product_body(p: &mut Product)
}

#[inline(always)]
fn butterfly4<I: Isa>(x: &[[Lane; 2]], y: &mut [[Lane; 2]], (n, s): (usize, usize), table: &[(f32, f32)]) {
    let (n1, step) = (n / 4, table.len() / n);
    for p in 0..n1 {
        let w1 = table[p * step];
        let w2 = table[2 * p * step];
        let w3 = table[3 * p * step];
        for q in 0..s {
            // Spelled out: vectors that pass through closures are not kept in registers.
            let at = q + s * p;
            let (a, b) = (load::<I>(&x[at]), load::<I>(&x[at + s * n1]));
            let (c, d) = (load::<I>(&x[at + 2 * s * n1]), load::<I>(&x[at + 3 * s * n1]));
            let out = q + 4 * s * p;
            let (s0, d0) = (sum(a, c), difference(a, c));
            let (t0, u0) = (sum(b, d), difference(b, d));
            store::<I>(sum(s0, t0), &mut y[out]);
            // d0 + i u0 and d0 - i u0.
            let e1 = [d0[0].sub(u0[1]), d0[1].add(u0[0])];
            let e3 = [d0[0].add(u0[1]), d0[1].sub(u0[0])];
            store::<I>(turned::<I>(e1, w1), &mut y[out + s]);
            store::<I>(turned::<I>(difference(s0, t0), w2), &mut y[out + 2 * s]);
            store::<I>(turned::<I>(e3, w3), &mut y[out + 3 * s]);
        }
    }
}

#[inline(always)]
fn load<I: Isa>(v: &[Lane; 2]) -> [I::V16; 2] {
    [I::V16::load(&v[0]), I::V16::load(&v[1])]
}

#[inline(always)]
fn store<I: Isa>(v: [I::V16; 2], to: &mut [Lane; 2]) {
    v[0].store(&mut to[0]);
    v[1].store(&mut to[1]);
}

#[inline(always)]
fn sum<V: Vector>(a: [V; 2], b: [V; 2]) -> [V; 2] {
    [a[0].add(b[0]), a[1].add(b[1])]
}

#[inline(always)]
fn difference<V: Vector>(a: [V; 2], b: [V; 2]) -> [V; 2] {
    [a[0].sub(b[0]), a[1].sub(b[1])]
}

/// Times the complex number `w`.
#[inline(always)]
fn turned<I: Isa>(v: [I::V16; 2], w: (f32, f32)) -> [I::V16; 2] {
    let (c, s, minus) = (I::V16::splat(w.0), I::V16::splat(w.1), I::V16::splat(-w.1));
    [c.fma(v[0], minus.mul(v[1])), c.fma(v[1], s.mul(v[0]))]
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
fn transform_body<I: Isa>(t: &mut Transform) {
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
            let (a, b) = (load::<I>(a), load::<I>(b));
            let e = turned::<I>([a[0].sub(b[0]), a[1].add(b[1])], w);
            store::<I>([a[0].add(b[0]).sub(e[1]), a[1].sub(b[1]).add(e[0])], &mut z[k]);
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
            butterfly4::<I>(x, y, (n, s), table);
            n /= 4;
            s *= 4;
        } else {
            for q in 0..s {
                let (a, b) = (load::<I>(&x[q]), load::<I>(&x[q + s]));
                store::<I>(sum(a, b), &mut y[q]);
                store::<I>(difference(a, b), &mut y[q + s]);
            }
            n = 1;
        }
        from_first = !from_first;
    }
    t.result = usize::from(!from_first);
    let mut top = I::V16::splat(f32::NEG_INFINITY);
    for v in &t.work[t.result][..h] {
        let [x, y] = load::<I>(v);
        top = x.max(y).max(top);
    }
    top.store(&mut t.largest);
}

dispatch_isa! {
    /// All in-plane angles of one shift against one block.
    pub(super) fn transform => transform_body(t: &mut Transform)
}
