//! Templates, images and gradients as the kernel reads them.

use super::{LANES, PolarLayout};
use crate::error::{KernelError, check_length};
use num_complex::Complex32;
use std::f32::consts::PI;

/// Templates at in-plane angle 0, for all classes and directions, in blocks of [`LANES`].
#[derive(Clone)]
pub struct TemplateSet {
    pub(super) layout: PolarLayout,
    pub(super) directions: usize,
    pub(super) blocks_per_class: usize,
    pub(super) classes: usize,
    /// `[block][pair][2][LANES]`, with ring weights and the two signs of each order worked in.
    pub(super) values: Vec<f32>,
    /// `[block][ring][LANES]`: ring weight times mean power.
    pub(super) power: Vec<f32>,
    /// `[block][LANES]`: log prior; minus infinity for lanes that hold no direction.
    pub(super) log_prior: Vec<f32>,
}

impl TemplateSet {
    /// Room for `classes` times `directions` templates, all zero. Errors: none of either.
    pub fn new(layout: &PolarLayout, classes: usize, directions: usize) -> Result<Self, KernelError> {
        if classes == 0 || directions == 0 {
            return Err(KernelError::Empty("templates"));
        }
        let blocks_per_class = directions.div_ceil(LANES);
        let blocks = classes * blocks_per_class;
        let mut log_prior = vec![f32::NEG_INFINITY; blocks * LANES];
        for class in log_prior.chunks_exact_mut(blocks_per_class * LANES) {
            class[..directions].fill(0.0);
        }
        Ok(Self {
            layout: layout.clone(),
            directions,
            blocks_per_class,
            classes,
            values: vec![0.0; blocks * layout.pairs() * 2 * LANES],
            power: vec![0.0; blocks * layout.rings() * LANES],
            log_prior,
        })
    }

    /// Number of directions of each class.
    pub fn directions(&self) -> usize {
        self.directions
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// The layout of rings and angles.
    pub fn layout(&self) -> &PolarLayout {
        &self.layout
    }

    /// Number of blocks of directions: those of one class follow one another, 16 directions each.
    pub fn blocks(&self) -> usize {
        self.classes * self.blocks_per_class
    }

    /// Writes one template from its spectrum. `ring_weights` multiply the log likelihood ring by ring (for instance one
    /// over the noise in units of the images' whitening); `log_prior` is added to every score.
    /// Errors: wrong lengths, or no such template.
    pub fn set(
        &mut self,
        class: usize,
        direction: usize,
        spectrum: &[Complex32],
        ring_weights: &[f32],
        log_prior: f32,
    ) -> Result<(), KernelError> {
        let layout = &self.layout;
        check_length("template spectrum", spectrum.len(), layout.pairs())?;
        check_length("ring weights", ring_weights.len(), layout.rings())?;
        if class >= self.classes || direction >= self.directions {
            check_length(
                "template",
                class * self.directions + direction,
                self.classes * self.directions,
            )?;
        }
        let block = class * self.blocks_per_class + direction / LANES;
        let lane = direction % LANES;
        let values = &mut self.values[block * layout.pairs() * 2 * LANES..][..layout.pairs() * 2 * LANES];
        let power = &mut self.power[block * layout.rings() * LANES..][..layout.rings() * LANES];
        for q in 0..layout.rings() {
            power[q * LANES + lane] = 0.0;
        }
        for m in 0..layout.orders {
            let sides = if m == 0 { 1.0 } else { 2.0 };
            for (i, v) in spectrum[layout.pair[m]..layout.pair[m + 1]].iter().enumerate() {
                let q = layout.first_ring[m] + i;
                let weight = PI * (q + 1) as f32 * ring_weights[q] * sides;
                let at = (layout.pair[m] + i) * 2 * LANES + lane;
                values[at] = 2.0 * weight * v.re;
                values[at + LANES] = 2.0 * weight * v.im;
                power[q * LANES + lane] += weight * v.norm_sqr();
            }
        }
        self.log_prior[block * LANES + lane] = log_prior;
        Ok(())
    }
}

/// One image: a spectrum for each trial shift, and its transfer power.
#[derive(Debug, Clone, Default)]
pub struct PolarImage {
    /// `[shift][pair]`: spectra of `c X / v`, moved by each trial shift.
    pub spectra: Vec<Complex32>,
    /// Log prior of each trial shift.
    pub shift_log_prior: Vec<f32>,
    /// Mean of `c^2 / v` over each ring.
    pub transfer_power: Vec<f32>,
}

impl PolarImage {
    pub(super) fn check(&self, layout: &PolarLayout) -> Result<(), KernelError> {
        check_length(
            "image spectra",
            self.spectra.len(),
            self.shift_log_prior.len() * layout.pairs(),
        )?;
        check_length("transfer power", self.transfer_power.len(), layout.rings())?;
        if self.shift_log_prior.is_empty() {
            Err(KernelError::Empty("trial shifts"))
        } else {
            Ok(())
        }
    }
}

/// Weighted sums of images and transfer powers in the templates' frames: the numerator and denominator of a
/// reconstruction, before they are put into the volume.
#[derive(Clone)]
pub struct GradientSet {
    pub(super) layout: PolarLayout,
    pub(super) blocks_per_class: usize,
    /// `[block][pair][2][LANES]`
    pub(super) values: Vec<f32>,
    /// `[block][ring][LANES]`
    pub(super) power: Vec<f32>,
    /// `[block][LANES]`
    pub(super) weight: Vec<f32>,
    /// Blocks that received anything.
    pub(super) touched: Vec<bool>,
}

impl GradientSet {
    /// Zeros of the shape of `templates`.
    pub fn new(templates: &TemplateSet) -> Self {
        Self {
            layout: templates.layout.clone(),
            blocks_per_class: templates.blocks_per_class,
            values: vec![0.0; templates.values.len()],
            power: vec![0.0; templates.power.len()],
            weight: vec![0.0; templates.blocks() * LANES],
            touched: vec![false; templates.blocks()],
        }
    }

    /// Adds another set of the same shape. Errors: another shape.
    pub fn add(&mut self, other: &GradientSet) -> Result<(), KernelError> {
        check_length("gradient", other.values.len(), self.values.len())?;
        check_length("gradient", other.power.len(), self.power.len())?;
        let (values, power) = (self.layout.pairs() * 2 * LANES, self.layout.rings() * LANES);
        for block in 0..self.touched.len() {
            if other.touched[block] {
                self.touched[block] = true;
                add_to(
                    &mut self.values[block * values..][..values],
                    &other.values[block * values..][..values],
                );
                add_to(
                    &mut self.power[block * power..][..power],
                    &other.power[block * power..][..power],
                );
                let lanes = block * LANES..(block + 1) * LANES;
                add_to(&mut self.weight[lanes.clone()], &other.weight[lanes]);
            }
        }
        Ok(())
    }

    /// Sum of posterior weights that one template received.
    pub fn weight(&self, class: usize, direction: usize) -> f32 {
        let block = class * self.blocks_per_class + direction / LANES;
        self.weight
            .get(block * LANES + direction % LANES)
            .copied()
            .unwrap_or(0.0)
    }

    /// Reads one template's sums: spectrum of the weighted images, and per ring the weighted transfer power.
    /// Errors: wrong lengths, or no such template.
    pub fn get(
        &self,
        class: usize,
        direction: usize,
        spectrum: &mut [Complex32],
        power: &mut [f32],
    ) -> Result<(), KernelError> {
        let (pairs, rings) = (self.layout.pairs(), self.layout.rings());
        check_length("gradient spectrum", spectrum.len(), pairs)?;
        check_length("gradient power", power.len(), rings)?;
        let (block, lane) = (
            class * self.blocks_per_class + direction / LANES,
            direction % LANES,
        );
        if block >= self.touched.len() {
            check_length("template", block, self.touched.len())?;
        }
        let values = &self.values[block * pairs * 2 * LANES..][..pairs * 2 * LANES];
        for (v, lanes) in spectrum.iter_mut().zip(values.chunks_exact(2 * LANES)) {
            *v = Complex32::new(lanes[lane], lanes[lane + LANES]);
        }
        let all = &self.power[block * rings * LANES..][..rings * LANES];
        for (v, lanes) in power.iter_mut().zip(all.chunks_exact(LANES)) {
            *v = lanes[lane];
        }
        Ok(())
    }
}

fn add_to(a: &mut [f32], b: &[f32]) {
    a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
}
