//! The search of one image over all directions, in-plane angles and candidate shifts.

use super::lanes::{self, ImageHarmonics, LANES, Lane, Product, SHIFTS, Transform, Twiddles};
use super::templates::fill_circle;
use super::{PolarGrid, PolarTemplates};
use crate::Complex32;
use crate::error::{KernelError, check_length};
use crate::simd::{self, SimdLevel};
use rustfft::{Fft, FftPlanner};
use std::sync::Arc;

/// One image on the rings: whitened values and the real factor (scale x CTF over noise), `(radius, angles/2)`.
#[derive(Debug, Clone, Copy)]
pub struct PolarImage<'a> {
    /// Real part.
    pub re: &'a [f32],
    /// Imaginary part.
    pub im: &'a [f32],
    /// What the template is multiplied with.
    pub factor: &'a [f32],
}

/// What is maximised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScoreRule {
    /// Log-likelihood gain `2 cross - power` at the given scale.
    Likelihood,
    /// The same at each pose's own best positive scale: `cross^2 / power`. For references of unknown scale.
    FreeScale,
}

/// How much of the result to keep.
#[derive(Debug, Clone, Copy)]
pub struct SearchOptions {
    /// Keep poses within this many nats of the best.
    pub window: f32,
    /// Keep at most this many poses (the best ones).
    pub max_hits: usize,
    /// What is maximised.
    pub rule: ScoreRule,
}

/// One pose of the search: rotation `Z(psi) A_direction`, shift by index.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PolarHit {
    /// Gain in nats by the chosen rule.
    pub gain: f32,
    /// Index of the direction.
    pub direction: u32,
    /// In-plane angle index; the angle is `psi * grid.psi_step()`, added to the direction's own.
    pub psi: u16,
    /// Index of the shift.
    pub shift: u16,
}

/// The best poses of one image, best first.
#[derive(Debug, Clone, Default)]
pub struct SearchResult {
    /// Poses within the window.
    pub hits: Vec<PolarHit>,
    /// Number of poses that were scored.
    pub evaluated: usize,
}

impl SearchResult {
    /// `log sum exp(gain)` over the kept poses.
    pub fn log_sum_exp(&self) -> f64 {
        let Some(best) = self.hits.first() else {
            return f64::NEG_INFINITY;
        };
        let b = best.gain as f64;
        b + self
            .hits
            .iter()
            .map(|h| (h.gain as f64 - b).exp())
            .sum::<f64>()
            .ln()
    }

    /// Entropy (nats) of the posterior over the kept poses.
    pub fn entropy(&self) -> f64 {
        let lse = self.log_sum_exp();
        self.hits
            .iter()
            .map(|h| {
                let l = h.gain as f64 - lse;
                -l * l.exp()
            })
            .sum()
    }

    /// The best hit of each direction, at most `count`, best first.
    pub fn best_directions(&self, count: usize) -> Vec<PolarHit> {
        let mut out: Vec<PolarHit> = Vec::new();
        for h in &self.hits {
            if out.len() == count {
                break;
            }
            if out.iter().all(|o| o.direction != h.direction) {
                out.push(*h);
            }
        }
        out
    }
}

/// Plans and buffers of one thread for one polar grid.
pub struct SearchScratch {
    angles: usize,
    plan: Arc<dyn Fft<f32>>,
    twiddles: Twiddles,
    fft: Vec<Complex32>,
    circle: Vec<Complex32>,
    moved: [Vec<f32>; 2],
    harmonics: [Vec<f32>; 2],
    spectra: Vec<[Lane; 2]>,
    work: [Vec<[Lane; 2]>; 2],
    ring_factor: Vec<f32>,
}

impl SearchScratch {
    /// Buffers for searches on `grid`.
    pub fn new(grid: &PolarGrid) -> Self {
        let angles = grid.angles();
        let plan = FftPlanner::new().plan_fft_forward(angles);
        let zero = [[0.0; LANES]; 2];
        Self {
            angles,
            twiddles: Twiddles::new(angles),
            fft: vec![Complex32::default(); plan.get_inplace_scratch_len()],
            plan,
            circle: vec![Complex32::default(); angles],
            moved: [Vec::new(), Vec::new()],
            harmonics: [Vec::new(), Vec::new()],
            spectra: vec![zero; SHIFTS * (angles / 2 + 1)],
            work: [vec![zero; angles / 2], vec![zero; angles / 2]],
            ring_factor: Vec::new(),
        }
    }
}

impl PolarTemplates {
    /// Scores every direction, in-plane angle and shift (pixels, applied to the image) of one image and keeps the
    /// best. `blocks`, where given, says which blocks of 16 directions to look at.
    /// Errors: buffers that do not fit the grid, no shifts.
    pub fn search(
        &self,
        image: &PolarImage,
        shifts: &[[f32; 2]],
        blocks: Option<&[bool]>,
        options: &SearchOptions,
        scratch: &mut SearchScratch,
    ) -> Result<SearchResult, KernelError> {
        self.search_at(simd::level(), image, shifts, blocks, options, scratch)
    }

    /// [`PolarTemplates::search`] on a stated instruction set.
    pub fn search_at(
        &self,
        level: SimdLevel,
        image: &PolarImage,
        shifts: &[[f32; 2]],
        blocks: Option<&[bool]>,
        options: &SearchOptions,
        scratch: &mut SearchScratch,
    ) -> Result<SearchResult, KernelError> {
        let grid = &self.grid;
        check_length("image rings", image.re.len(), grid.len())?;
        check_length("image rings", image.im.len(), grid.len())?;
        check_length("factor rings", image.factor.len(), grid.len())?;
        check_length("search scratch", scratch.angles, grid.angles())?;
        if let Some(b) = blocks {
            check_length("direction blocks", b.len(), self.blocks.len())?;
        }
        if shifts.is_empty() {
            return Err(KernelError::Empty("shifts"));
        }
        let stride = shifts.len().next_multiple_of(SHIFTS);
        self.image_harmonics(image, shifts, stride, scratch);
        let mut out = Collector::new(options);
        let m_count = grid.harmonics() + 1;
        for (b, block) in self.blocks.iter().enumerate() {
            if blocks.is_some_and(|keep| !keep[b]) {
                continue;
            }
            let lanes_used = LANES.min(self.directions - b * LANES);
            let mut norm: Lane = [0.0; LANES];
            for (f, p) in scratch.ring_factor.iter().zip(self.power[b].chunks_exact(LANES)) {
                for l in 0..LANES {
                    norm[l] += f * p[l];
                }
            }
            let (slope, offset) = linear_rule(options.rule, &norm, lanes_used);
            for first_shift in (0..shifts.len()).step_by(SHIFTS) {
                let mut p = Product {
                    image: ImageHarmonics {
                        re: &scratch.harmonics[0],
                        im: &scratch.harmonics[1],
                        stride,
                    },
                    block,
                    starts: &self.starts,
                    first_shift,
                    out: &mut scratch.spectra,
                    m_stride: m_count,
                };
                lanes::product(level, &mut p);
                for t in 0..SHIFTS.min(shifts.len() - first_shift) {
                    let mut f = Transform {
                        spectrum: &scratch.spectra[t * m_count..][..m_count],
                        twiddles: &scratch.twiddles,
                        work: &mut scratch.work,
                        result: 0,
                        largest: [0.0; LANES],
                    };
                    lanes::transform(level, &mut f);
                    let (largest, result) = (f.largest, f.result);
                    out.take(
                        &scratch.work[result],
                        &largest,
                        (&slope, &offset),
                        b * LANES,
                        first_shift + t,
                    );
                }
            }
            out.evaluated += lanes_used * shifts.len() * grid.angles();
        }
        Ok(out.finish())
    }

    /// Fills the harmonics `[m][q][shift]` of the moved image, conjugated and weighted, and the ring factors.
    fn image_harmonics(&self, image: &PolarImage, shifts: &[[f32; 2]], stride: usize, s: &mut SearchScratch) {
        let grid = &self.grid;
        let half = grid.angles() / 2;
        let per_shift = self.starts[self.starts.len() - 1] / (2 * LANES);
        for h in &mut s.harmonics {
            h.clear();
            h.resize(per_shift * stride, 0.0);
        }
        for m in &mut s.moved {
            m.resize(grid.len(), 0.0);
        }
        s.ring_factor.clear();
        for f in image.factor.chunks_exact(half) {
            s.ring_factor
                .push(f.iter().map(|v| v * v).sum::<f32>() / half as f32);
        }
        let n = grid.box_size() as f32;
        for (t, shift) in shifts.iter().enumerate() {
            let [re, im] = &mut s.moved;
            for i in 0..grid.len() {
                let turns = (grid.kx[i] * shift[0] + grid.ky[i] * shift[1]) / n;
                let (sin, cos) = simd::sin_cos_turns::<false>(turns);
                re[i] = image.factor[i] * (image.re[i] * cos + image.im[i] * sin);
                im[i] = image.factor[i] * (image.im[i] * cos - image.re[i] * sin);
            }
            for q in 0..grid.radius() {
                fill_circle(&re[q * half..], &im[q * half..], &mut s.circle);
                self.scatter_ring(
                    q,
                    t,
                    stride,
                    &mut s.circle,
                    &mut s.fft,
                    &*s.plan,
                    &mut s.harmonics,
                );
            }
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn scatter_ring(
        &self,
        q: usize,
        t: usize,
        stride: usize,
        circle: &mut [Complex32],
        fft: &mut [Complex32],
        plan: &dyn Fft<f32>,
        harmonics: &mut [Vec<f32>; 2],
    ) {
        let grid = &self.grid;
        plan.process_with_scratch(circle, fft);
        // Z_m carries 1/M from the expansion and M from Parseval's sum over angles; conjugated here.
        let w = grid.weight(q) as f32;
        for (m, v) in circle.iter().enumerate().take(grid.m_max[q] + 1) {
            let at = (self.starts[m] / (2 * LANES) + q - grid.first_ring(m)) * stride + t;
            harmonics[0][at] = v.re * w;
            harmonics[1][at] = -v.im * w;
        }
    }
}

/// Score = slope x cross + offset per lane; unused lanes can never win.
fn linear_rule(rule: ScoreRule, norm: &Lane, used: usize) -> (Lane, Lane) {
    let (mut slope, mut offset) = ([0.0; LANES], [f32::NEG_INFINITY; LANES]);
    for l in 0..used {
        match rule {
            ScoreRule::Likelihood => {
                slope[l] = 2.0;
                offset[l] = -norm[l];
            }
            ScoreRule::FreeScale => {
                slope[l] = if norm[l] > 0.0 { 1.0 / norm[l].sqrt() } else { 0.0 };
                offset[l] = 0.0;
            }
        }
    }
    (slope, offset)
}

/// Keeps the poses within the window of the running best.
struct Collector<'a> {
    options: &'a SearchOptions,
    /// Best score so far and the score that a pose must reach (in the rule's linear units).
    best: f32,
    floor: f32,
    hits: Vec<PolarHit>,
    evaluated: usize,
}

impl<'a> Collector<'a> {
    fn new(options: &'a SearchOptions) -> Self {
        let lowest = f32::NEG_INFINITY;
        Self {
            options,
            best: lowest,
            floor: lowest,
            hits: Vec::new(),
            evaluated: 0,
        }
    }

    /// The linear score that is `window` nats below the best.
    fn floor_below(&self, best: f32) -> f32 {
        match self.options.rule {
            ScoreRule::Likelihood => best - self.options.window,
            // The gain is the square of the linear score; negative correlations never count.
            ScoreRule::FreeScale => (best * best.max(0.0) - self.options.window).max(0.0).sqrt(),
        }
    }

    fn take(
        &mut self,
        angles: &[[Lane; 2]],
        largest: &Lane,
        (slope, offset): (&Lane, &Lane),
        first_direction: usize,
        shift: usize,
    ) {
        for l in 0..LANES {
            let top = slope[l] * largest[l] + offset[l];
            if top > self.best {
                self.best = top;
                self.floor = self.floor.max(self.floor_below(top));
            }
            if top.is_nan() || top < self.floor || top == f32::NEG_INFINITY {
                continue;
            }
            for (j, pair) in angles.iter().enumerate() {
                for (c, v) in pair.iter().enumerate() {
                    let gain = slope[l] * v[l] + offset[l];
                    if gain >= self.floor {
                        self.hits.push(PolarHit {
                            gain,
                            direction: (first_direction + l) as u32,
                            psi: (2 * j + c) as u16,
                            shift: shift as u16,
                        });
                    }
                }
            }
        }
        if self.hits.len() > self.options.max_hits.max(256).saturating_mul(4) {
            self.prune();
        }
    }

    fn prune(&mut self) {
        let floor = self.floor;
        self.hits.retain(|h| h.gain >= floor);
        let keep = self.options.max_hits.max(1);
        if self.hits.len() > keep {
            self.hits.select_nth_unstable_by(keep - 1, order);
            self.hits.truncate(keep);
            if let Some(last) = self.hits.last() {
                self.floor = self.floor.max(last.gain);
            }
        }
    }

    fn finish(mut self) -> SearchResult {
        self.prune();
        self.hits.sort_unstable_by(order);
        if self.options.rule == ScoreRule::FreeScale {
            self.hits.iter_mut().for_each(|h| h.gain *= h.gain.max(0.0));
        }
        SearchResult {
            hits: self.hits,
            evaluated: self.evaluated,
        }
    }
}

/// Best first; ties by place, so that results do not depend on the order of work.
fn order(a: &PolarHit, b: &PolarHit) -> std::cmp::Ordering {
    b.gain
        .total_cmp(&a.gain)
        .then(a.direction.cmp(&b.direction))
        .then(a.shift.cmp(&b.shift))
        .then(a.psi.cmp(&b.psi))
}
