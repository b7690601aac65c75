//! The posterior as vector code over blocks of 16 directions.

use super::{GradientSet, LANES, PolarImage, TemplateSet};
use crate::error::{KernelError, check_length};
use crate::simd::{SimdLevel, dispatch, fma};

type Lanes = [f32; LANES];

/// Weights below exp(-`CUT`) of the best pose's are left out.
const CUT: f32 = 14.0;

/// Where the best pose lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BestPose {
    /// Class.
    pub class: usize,
    /// Direction within the class.
    pub direction: usize,
    /// Index of the in-plane angle.
    pub angle: usize,
    /// Index of the trial shift.
    pub shift: usize,
}

/// What the posterior of one image says.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Posterior {
    /// Best pose.
    pub best: BestPose,
    /// Its score.
    pub best_score: f32,
    /// Log of the sum over all poses of exp(score): the evidence, up to the number of poses.
    pub log_sum: f32,
    /// Shannon entropy of the posterior, nats.
    pub entropy: f32,
    /// Posterior of each class.
    pub class_weights: Vec<f32>,
    /// Posterior mean of the index-weighted shifts is left to the caller: weight of each trial shift.
    pub shift_weights: Vec<f32>,
}

/// Memory of one thread: the scores of the image last evaluated.
#[derive(Debug, Clone, Default)]
pub struct Scratch {
    /// `[shift][block][angle][LANES]`
    scores: Vec<f32>,
    /// `[shift][block]`
    maxima: Vec<f32>,
    /// `[block][LANES]`: log prior minus the norm term.
    bias: Vec<f32>,
    best_score: f32,
    total: f32,
    /// `[2][order][LANES]` for four shifts.
    line: Vec<f32>,
}

impl Scratch {
    /// For each block of directions, whether its best score in the last evaluation lies within `margin` of the best of
    /// all: what a finer evaluation over the same directions still has to look at. False where nothing was evaluated.
    pub fn blocks_within(&self, margin: f32, blocks: usize, out: &mut Vec<bool>) {
        out.clear();
        out.resize(blocks, false);
        for shift in self.maxima.chunks_exact(blocks.max(1)) {
            for (keep, maximum) in out.iter_mut().zip(shift) {
                *keep |= *maximum >= self.best_score - margin;
            }
        }
    }
}

impl TemplateSet {
    /// Scores every pose of one image and reduces them. The scores stay in `scratch` for
    /// [`TemplateSet::accumulate`]. Errors: an image of another layout, no finite score at all.
    pub fn evaluate(&self, image: &PolarImage, scratch: &mut Scratch) -> Result<Posterior, KernelError> {
        self.evaluate_at(crate::simd::level(), image, None, scratch)
    }

    /// [`TemplateSet::evaluate`] on the blocks of directions marked in `active` only (one flag per block, see
    /// [`TemplateSet::blocks`]); the others get no weight. Errors: as there, or another number of flags.
    pub fn evaluate_blocks(
        &self,
        image: &PolarImage,
        active: &[bool],
        scratch: &mut Scratch,
    ) -> Result<Posterior, KernelError> {
        self.evaluate_at(crate::simd::level(), image, Some(active), scratch)
    }

    /// [`TemplateSet::evaluate`] on a stated instruction set.
    pub fn evaluate_at(
        &self,
        level: SimdLevel,
        image: &PolarImage,
        active: Option<&[bool]>,
        scratch: &mut Scratch,
    ) -> Result<Posterior, KernelError> {
        image.check(&self.layout)?;
        if let Some(active) = active {
            check_length("active blocks", active.len(), self.blocks())?;
        }
        let (shifts, blocks) = (image.shift_log_prior.len(), self.blocks());
        scratch
            .scores
            .resize(shifts * blocks * self.layout.angles * LANES, 0.0);
        scratch.maxima.resize(shifts * blocks, 0.0);
        scratch.bias.resize(blocks * LANES, 0.0);
        scratch.line.resize(4 * 2 * self.layout.orders * LANES, 0.0);
        score_all(level, self, image, active, scratch);
        scratch.best_score = scratch.maxima.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        if !scratch.best_score.is_finite() {
            return Err(KernelError::Empty("finite scores"));
        }
        let mut posterior = Posterior {
            best_score: scratch.best_score,
            class_weights: vec![0.0; self.classes],
            shift_weights: vec![0.0; shifts],
            ..Default::default()
        };
        exponentiate(level, self, scratch, &mut posterior);
        Ok(posterior)
    }

    /// Adds `weight` times the image under its posterior to `into`: `scratch` must be as left by
    /// [`TemplateSet::evaluate`] of the same image. Errors: other shapes.
    pub fn accumulate(
        &self,
        image: &PolarImage,
        weight: f32,
        scratch: &mut Scratch,
        into: &mut GradientSet,
    ) -> Result<(), KernelError> {
        self.accumulate_at(crate::simd::level(), image, weight, scratch, into)
    }

    /// [`TemplateSet::accumulate`] on a stated instruction set.
    pub fn accumulate_at(
        &self,
        level: SimdLevel,
        image: &PolarImage,
        weight: f32,
        scratch: &mut Scratch,
        into: &mut GradientSet,
    ) -> Result<(), KernelError> {
        image.check(&self.layout)?;
        check_length("gradient", into.values.len(), self.values.len())?;
        check_length(
            "scores",
            scratch.maxima.len(),
            image.shift_log_prior.len() * self.blocks(),
        )?;
        accumulate_all(level, self, image, weight / scratch.total, scratch, into);
        Ok(())
    }
}

#[inline(always)]
fn lanes(values: &[f32], at: usize) -> Lanes {
    let mut out = [0.0; LANES];
    out.copy_from_slice(&values[at..at + LANES]);
    out
}

#[inline(always)]
fn axpy<const FUSED: bool>(acc: &mut Lanes, a: &Lanes, s: f32) {
    for l in 0..LANES {
        acc[l] = fma::<FUSED>(a[l], s, acc[l]);
    }
}

/// exp of values at most 0, relative error 2e-7; below -87 the result is 0 or denormal-free garbage under 1e-37.
#[inline(always)]
fn exp<const FUSED: bool>(x: f32) -> f32 {
    let t = (x * std::f32::consts::LOG2_E).max(-126.0);
    let whole = (t + 0.5).floor();
    let f = (t - whole) * std::f32::consts::LN_2;
    let mut p = fma::<FUSED>(f, 1.0 / 5040.0, 1.0 / 720.0);
    p = fma::<FUSED>(p, f, 1.0 / 120.0);
    p = fma::<FUSED>(p, f, 1.0 / 24.0);
    p = fma::<FUSED>(p, f, 1.0 / 6.0);
    p = fma::<FUSED>(p, f, 0.5);
    p = fma::<FUSED>(p, f, 1.0);
    p = fma::<FUSED>(p, f, 1.0);
    p * f32::from_bits(((whole as i32 + 127) << 23) as u32)
}

dispatch! {
    fn score_all => score_all_body(
        set: &TemplateSet, image: &PolarImage, active: Option<&[bool]>, scratch: &mut Scratch,
    )
}

#[inline(always)]
fn score_all_body<const FUSED: bool>(
    set: &TemplateSet,
    image: &PolarImage,
    active: Option<&[bool]>,
    scratch: &mut Scratch,
) {
    let layout = &set.layout;
    let (pairs, rings, blocks, angles) = (layout.pairs(), layout.rings, set.blocks(), layout.angles);
    let shifts = image.shift_log_prior.len();
    for block in 0..blocks {
        if active.is_some_and(|active| !active[block]) {
            (0..shifts).for_each(|t| scratch.maxima[t * blocks + block] = f32::NEG_INFINITY);
            continue;
        }
        let mut bias = lanes(&set.log_prior, block * LANES);
        for q in 0..rings {
            axpy::<FUSED>(
                &mut bias,
                &lanes(&set.power, (block * rings + q) * LANES),
                -image.transfer_power[q],
            );
        }
        scratch.bias[block * LANES..(block + 1) * LANES].copy_from_slice(&bias);
        let templates = &set.values[block * pairs * 2 * LANES..][..pairs * 2 * LANES];
        for first in (0..shifts).step_by(4) {
            // The last group repeats its last shift instead of running a shorter loop.
            let shift = [0, 1, 2, 3].map(|i| (first + i).min(shifts - 1));
            products::<FUSED>(set, templates, image, shift, &mut scratch.line);
            for (i, &t) in shift.iter().enumerate().take((shifts - first).min(4)) {
                let line = &scratch.line[i * 2 * layout.orders * LANES..][..2 * layout.orders * LANES];
                let out = &mut scratch.scores[(t * blocks + block) * angles * LANES..][..angles * LANES];
                let mut offset = bias;
                offset.iter_mut().for_each(|v| *v += image.shift_log_prior[t]);
                let best = to_angles::<FUSED>(set, line, &offset, out);
                scratch.maxima[t * blocks + block] = best.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            }
        }
    }
}

/// `Y conj(Z)` summed over rings, for each order and four shifts: `[shift][re, im][order][LANES]`.
#[inline(always)]
fn products<const FUSED: bool>(
    set: &TemplateSet,
    templates: &[f32],
    image: &PolarImage,
    shift: [usize; 4],
    line: &mut [f32],
) {
    let layout = &set.layout;
    let (pairs, orders) = (layout.pairs(), layout.orders);
    let spectra = shift.map(|t| &image.spectra[t * pairs..(t + 1) * pairs]);
    for m in 0..orders {
        let mut re = [[0.0f32; LANES]; 4];
        let mut im = [[0.0f32; LANES]; 4];
        for p in layout.pair[m]..layout.pair[m + 1] {
            let y_re = lanes(templates, p * 2 * LANES);
            let y_im = lanes(templates, p * 2 * LANES + LANES);
            for i in 0..4 {
                let z = spectra[i][p];
                axpy::<FUSED>(&mut re[i], &y_re, z.re);
                axpy::<FUSED>(&mut re[i], &y_im, z.im);
                axpy::<FUSED>(&mut im[i], &y_im, z.re);
                axpy::<FUSED>(&mut im[i], &y_re, -z.im);
            }
        }
        for i in 0..4 {
            let at = (i * 2 * orders + m) * LANES;
            line[at..at + LANES].copy_from_slice(&re[i]);
            line[at + orders * LANES..at + orders * LANES + LANES].copy_from_slice(&im[i]);
        }
    }
}

/// Scores at all angles from the orders' products. The four angles psi, -psi, pi - psi, pi + psi share the same
/// four sums: cosine and sine parts of even and of odd orders.
#[inline(always)]
fn to_angles<const FUSED: bool>(set: &TemplateSet, line: &[f32], offset: &Lanes, out: &mut [f32]) -> Lanes {
    let layout = &set.layout;
    let (orders, quarter, angles) = (layout.orders, layout.quarter, layout.angles);
    let mut best = [f32::NEG_INFINITY; LANES];
    for start in (0..quarter).step_by(4) {
        // [parity][angle]
        let mut c = [[[0.0f32; LANES]; 4]; 2];
        let mut s = [[[0.0f32; LANES]; 4]; 2];
        for parity in 0..2 {
            let mut m = parity;
            while m < orders {
                let re = lanes(line, m * LANES);
                let im = lanes(line, (orders + m) * LANES);
                for j in 0..4 {
                    axpy::<FUSED>(&mut c[parity][j], &re, layout.cos[m * quarter + start + j]);
                    axpy::<FUSED>(&mut s[parity][j], &im, layout.sin[m * quarter + start + j]);
                }
                m += 2;
            }
        }
        for j in 0..4 {
            let angle = start + j;
            if angle > angles / 4 {
                break;
            }
            let mirrored = (angles - angle) % angles;
            let places = [angle, mirrored, angles / 2 - angle, (angles / 2 + angle) % angles];
            for l in 0..LANES {
                let (ce, co, se, so) = (c[0][j][l] + offset[l], c[1][j][l], s[0][j][l], s[1][j][l]);
                let four = [
                    ce + co - se - so,
                    ce + co + se + so,
                    ce - co + se - so,
                    ce - co - se + so,
                ];
                for (place, v) in places.iter().zip(four) {
                    out[place * LANES + l] = v;
                    best[l] = best[l].max(v);
                }
            }
        }
    }
    best
}

dispatch! {
    fn exponentiate => exponentiate_body(set: &TemplateSet, scratch: &mut Scratch, posterior: &mut Posterior)
}

#[inline(always)]
fn exponentiate_body<const FUSED: bool>(set: &TemplateSet, scratch: &mut Scratch, posterior: &mut Posterior) {
    let (blocks, angles) = (set.blocks(), set.layout.angles);
    let best = scratch.best_score;
    let (mut total, mut first_moment) = (0.0f64, 0.0f64);
    for (index, maximum) in scratch.maxima.iter().enumerate() {
        if *maximum < best - CUT {
            continue;
        }
        let (shift, block) = (index / blocks, index % blocks);
        let scores = &mut scratch.scores[index * angles * LANES..][..angles * LANES];
        if *maximum == best
            && let Some(at) = scores.iter().position(|s| *s == best)
        {
            posterior.best = BestPose {
                class: block / set.blocks_per_class,
                direction: (block % set.blocks_per_class) * LANES + at % LANES,
                angle: at / LANES,
                shift,
            };
        }
        let mut sum = [0.0f32; LANES];
        let mut moment = [0.0f32; LANES];
        for row in scores.chunks_exact_mut(LANES) {
            for l in 0..LANES {
                let d = row[l] - best;
                let w = if d > -CUT { exp::<FUSED>(d) } else { 0.0 };
                row[l] = w;
                sum[l] += w;
                moment[l] += if w > 0.0 { w * d } else { 0.0 };
            }
        }
        let block_sum = sum.iter().map(|v| f64::from(*v)).sum::<f64>();
        total += block_sum;
        first_moment += moment.iter().map(|v| f64::from(*v)).sum::<f64>();
        posterior.class_weights[block / set.blocks_per_class] += block_sum as f32;
        posterior.shift_weights[shift] += block_sum as f32;
    }
    scratch.total = total as f32;
    posterior.log_sum = best + total.ln() as f32;
    posterior.entropy = (total.ln() - first_moment / total) as f32;
    let inverse = 1.0 / total as f32;
    posterior.class_weights.iter_mut().for_each(|w| *w *= inverse);
    posterior.shift_weights.iter_mut().for_each(|w| *w *= inverse);
}

dispatch! {
    fn accumulate_all => accumulate_body(
        set: &TemplateSet, image: &PolarImage, scale: f32, scratch: &mut Scratch, into: &mut GradientSet,
    )
}

#[inline(always)]
fn accumulate_body<const FUSED: bool>(
    set: &TemplateSet,
    image: &PolarImage,
    scale: f32,
    scratch: &mut Scratch,
    into: &mut GradientSet,
) {
    let layout = &set.layout;
    let (pairs, rings, blocks, angles, orders) = (
        layout.pairs(),
        layout.rings,
        set.blocks(),
        layout.angles,
        layout.orders,
    );
    let Scratch {
        scores,
        maxima,
        best_score,
        line,
        ..
    } = scratch;
    for block in 0..blocks {
        let mut received = [0.0f32; LANES];
        let mut any = false;
        for t in 0..image.shift_log_prior.len() {
            if maxima[t * blocks + block] < *best_score - CUT {
                continue;
            }
            any = true;
            let weights = &scores[(t * blocks + block) * angles * LANES..][..angles * LANES];
            from_angles::<FUSED>(set, weights, scale, line, &mut received);
            let spectrum = &image.spectra[t * pairs..(t + 1) * pairs];
            let values = &mut into.values[block * pairs * 2 * LANES..][..pairs * 2 * LANES];
            for m in 0..orders {
                let w_re = lanes(line, m * LANES);
                let w_im = lanes(line, (orders + m) * LANES);
                let range = layout.pair[m]..layout.pair[m + 1];
                let sums = values[range.start * 2 * LANES..range.end * 2 * LANES].chunks_exact_mut(2 * LANES);
                for (sum, z) in sums.zip(&spectrum[range]) {
                    let (re, im) = sum.split_at_mut(LANES);
                    for l in 0..LANES {
                        re[l] = fma::<FUSED>(w_re[l], z.re, fma::<FUSED>(-w_im[l], z.im, re[l]));
                        im[l] = fma::<FUSED>(w_re[l], z.im, fma::<FUSED>(w_im[l], z.re, im[l]));
                    }
                }
            }
        }
        if any {
            into.touched[block] = true;
            for l in 0..LANES {
                into.weight[block * LANES + l] += received[l];
            }
            for q in 0..rings {
                let power = &mut into.power[(block * rings + q) * LANES..][..LANES];
                for l in 0..LANES {
                    power[l] = fma::<FUSED>(received[l], image.transfer_power[q], power[l]);
                }
            }
        }
    }
}

/// Transform of the weights over the in-plane angle, `sum_j w_j exp(-i m psi_j)`, into `line` as `[re, im][order][LANES]`.
#[inline(always)]
fn from_angles<const FUSED: bool>(
    set: &TemplateSet,
    weights: &[f32],
    scale: f32,
    line: &mut [f32],
    received: &mut Lanes,
) {
    let layout = &set.layout;
    let (orders, quarter, angles) = (layout.orders, layout.quarter, layout.angles);
    line[..2 * orders * LANES].fill(0.0);
    let zero = [0.0f32; LANES];
    for angle in 0..=angles / 4 {
        let at = |j: usize| lanes(weights, (j % angles) * LANES);
        // Angles that coincide with another of the four are counted once.
        let (on_axis, at_quarter) = (angle == 0, angle == angles / 4);
        let p = at(angle);
        let q = if on_axis { zero } else { at(angles - angle) };
        let r = if at_quarter { zero } else { at(angles / 2 - angle) };
        let s = if on_axis || at_quarter {
            zero
        } else {
            at(angles / 2 + angle)
        };
        let mut sums = [[0.0f32; LANES]; 4];
        let mut any = 0.0f32;
        for l in 0..LANES {
            let (a, b, c, d) = (p[l] * scale, q[l] * scale, r[l] * scale, s[l] * scale);
            sums[0][l] = a + b + c + d;
            sums[1][l] = a + b - c - d;
            sums[2][l] = a - b - c + d;
            sums[3][l] = a - b + c - d;
            any += sums[0][l];
            received[l] += sums[0][l];
        }
        if any == 0.0 {
            continue;
        }
        for m in 0..orders {
            let (even, odd) = (&sums[m % 2], &sums[2 + m % 2]);
            let (c, s) = (layout.cos[m * quarter + angle], layout.sin[m * quarter + angle]);
            let (re, im) = line.split_at_mut(orders * LANES);
            for l in 0..LANES {
                re[m * LANES + l] = fma::<FUSED>(even[l], c, re[m * LANES + l]);
                im[m * LANES + l] = fma::<FUSED>(odd[l], -s, im[m * LANES + l]);
            }
        }
    }
}
