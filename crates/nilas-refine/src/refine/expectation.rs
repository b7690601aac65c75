//! Poses of one particle, and what it then adds to the map and to the noise model.

use super::posterior::{Draw, draw};
use crate::error::RefineError;
use crate::global::{GlobalQuery, GlobalScratch, GlobalSearch, Seed, shift_lattice};
use crate::local::{Fit, LocalOptions, climb};
use crate::noise::NoiseModel;
use crate::particle::Particle;
use crate::store::ParticleStore;
use crate::view::View;
use nilas_geometry::{PointGroup, Rotation};
use nilas_kernels::polar::ScoreRule;
use nilas_kernels::residual::{ContributionOut, contribution, score};
use nilas_kernels::slice::{SliceGradient, SplineVolume};

/// Nats below the best basin at which a basin is given up.
const GIVE_UP: f64 = 12.0;
/// Spread of contrast that is expected between particles: the prior of the scale.
const SCALE_SIGMA: f64 = 0.3;
/// Basins that get part of a particle, at most.
const BASINS: usize = 4;
/// The same while poses are vague.
const VAGUE_BASINS: usize = 12;
/// Phase error, radians, of the outermost shell at the particle's edge from which on a pose counts as vague.
const VAGUE_PHASE: f64 = 1.0;

/// Everything that is the same for all particles of an iteration.
pub(crate) struct Context<'a> {
    pub store: &'a ParticleStore,
    /// Of each half-set.
    pub noise: &'a [NoiseModel; 2],
    pub volumes: &'a [SplineVolume],
    pub search: Option<&'a GlobalSearch>,
    pub group: &'a PointGroup,
    /// See [`NoiseModel::insertion_weights`], of each half-set, for every coefficient that is inserted.
    pub insertion_weights: &'a [Vec<f32>; 2],
    /// Shells that poses are compared at.
    pub radius: usize,
    /// Shells that are inserted and that residuals are measured on.
    pub insert_radius: usize,
    /// Shells that scales are measured on.
    pub scale_radius: usize,
    /// Range and step of the shift search, pixels.
    pub shift_range: f64,
    pub shift_step: f64,
    pub shift_precision: f64,
    pub estimate_scale: bool,
    /// Distance of the particle's farthest density from the centre, pixels.
    pub reach: f64,
    /// Of what is drawn for particles of uncertain pose.
    pub seed: u64,
}

impl Context<'_> {
    /// Whether a pose of this uncertainty (radians) blurs the shells that poses are compared at.
    fn vague(&self, rotation_sigma: f64) -> bool {
        let turn = rotation_sigma * self.reach / self.store.disc().box_size() as f64;
        // A basin without curvature says nothing at all of its pose.
        let phase = turn * self.radius as f64 * std::f64::consts::TAU;
        phase.is_nan() || phase >= VAGUE_PHASE
    }

    /// How many basins of a particle are followed: more until its pose has been narrowed down once.
    fn basins(&self, before: &Before) -> usize {
        let open = before.global && (!before.has_pose || self.vague(before.rotation_sigma));
        if open { VAGUE_BASINS } else { BASINS }
    }
}

/// A particle's state before, in pixels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Before {
    pub rotation: Rotation,
    pub shift: [f64; 2],
    pub scale: f64,
    pub half: u8,
    pub has_pose: bool,
    pub rotation_sigma: f64,
    /// Search over everything.
    pub global: bool,
}

/// A slice to insert.
pub(crate) struct Contribution {
    pub rotation: Rotation,
    pub re: Vec<f32>,
    pub im: Vec<f32>,
    pub weight: Vec<f32>,
    /// Numerator and weight at the origin.
    pub origin: [f32; 2],
}

/// What an expectation step found.
pub(crate) struct After {
    pub rotation: Rotation,
    pub shift: [f64; 2],
    pub scale: f64,
    pub gain: f64,
    pub posterior: f64,
    pub rotation_sigma: f64,
    pub shift_sigma: f64,
    /// Whether the global search found a better basin than climbing from the old pose.
    pub audit_better: bool,
    pub residual: Vec<f64>,
    pub residual_count: Vec<f64>,
    pub contributions: Vec<Contribution>,
}

/// Buffers of one thread.
pub(crate) struct Worker {
    view: View,
    slice: SliceGradient,
    residual: Vec<f32>,
    global: Option<GlobalScratch>,
}

impl Worker {
    pub fn new(context: &Context) -> Self {
        Self {
            view: View::default(),
            slice: SliceGradient::default(),
            residual: Vec::new(),
            global: context.search.map(GlobalSearch::scratch),
        }
    }

    /// The whole step of one particle.
    pub fn run(
        &mut self,
        c: &Context,
        particle: &Particle,
        index: usize,
        before: &Before,
    ) -> Result<After, RefineError> {
        let half = usize::from(before.half);
        // The search may want a few shells more than are inserted.
        let mut radius = c.insert_radius;
        if before.global
            && let Some(search) = c.search
        {
            while c.store.disc().count(radius) < search.coefficients() {
                radius += 1;
            }
        }
        self.view
            .load(c.store, &c.noise[half], particle, index, radius, before.scale)?;
        let mut audit_better = false;
        let mut fits = Vec::new();
        if before.has_pose {
            let seed = Seed {
                rotation: before.rotation,
                shift: before.shift,
            };
            fits = self.refine(c, half, &[seed], before.global, BASINS)?;
        }
        if before.global
            && let (Some(search), Some(scratch)) = (c.search, self.global.as_mut())
        {
            let centre = before.shift.map(f64::round);
            let shifts = shift_lattice(centre, c.shift_range, c.shift_step);
            let query = GlobalQuery {
                shifts: &shifts,
                rule: ScoreRule::Likelihood,
                rings: None,
                window: 15.0,
                max_seeds: if c.basins(before) > BASINS {
                    2 * VAGUE_BASINS
                } else {
                    6
                },
            };
            let mut seeds =
                search.seeds(c.store, &self.view, particle, before.scale, half, &query, scratch)?;
            // Climbing again into the basin where the old pose already ended would find the same.
            seeds.retain(|s| {
                !fits.iter().any(|f: &Fit| {
                    c.group.distance(&f.rotation, &s.rotation) < search.step_rad()
                        && (f.shift[0] - s.shift[0]).hypot(f.shift[1] - s.shift[1]) < 2.0 * c.shift_step
                })
            });
            let found = self.refine(c, half, &seeds, true, c.basins(before))?;
            audit_better = match (fits.first(), found.first()) {
                (Some(a), Some(b)) => {
                    b.gain > a.gain + 1.0 && c.group.distance(&a.rotation, &b.rotation) > search.step_rad()
                }
                _ => false,
            };
            fits.extend(found);
        }
        if fits.is_empty() {
            let seed = Seed {
                rotation: before.rotation,
                shift: before.shift,
            };
            fits = self.refine(c, half, &[seed], false, BASINS)?;
        }
        let fits = distinct(fits, c.group, c.basins(before));
        self.finish(c, half, before, index, fits, audit_better)
    }

    /// Climbs from every seed through growing radii, dropping hopeless basins on the way.
    fn refine(
        &mut self,
        c: &Context,
        half: usize,
        seeds: &[Seed],
        coarse: bool,
        basins: usize,
    ) -> Result<Vec<Fit>, RefineError> {
        let mut radii = Vec::new();
        let mut r = if coarse { 14 } else { 24 };
        while r * 4 < c.radius * 3 {
            radii.push(r);
            r = r * 7 / 4;
        }
        radii.push(c.radius);
        let mut fits: Vec<Fit> = Vec::new();
        for (i, radius) in radii.iter().enumerate() {
            let options = LocalOptions {
                steps: if i + 1 == radii.len() { 6 } else { 4 },
                shift_steps: if i == 0 && coarse { 2 } else { 0 },
                step_angle: if coarse { 0.09 } else { 0.05 },
                step_shift: 1.5,
                reach_angle: 0.35,
                shift_precision: c.shift_precision,
            };
            let starts: Vec<Seed> = if i == 0 {
                seeds.to_vec()
            } else {
                fits.iter()
                    .map(|f| Seed {
                        rotation: f.rotation,
                        shift: f.shift,
                    })
                    .collect()
            };
            let data = self.view.observation(c.store, *radius);
            fits = starts
                .iter()
                .map(|s| {
                    climb(
                        &c.volumes[half],
                        &data,
                        &options,
                        s.rotation,
                        s.shift,
                        &mut self.slice,
                    )
                })
                .collect::<Result<_, _>>()?;
            fits.sort_by(|a, b| b.gain.total_cmp(&a.gain));
            if let Some(best) = fits.first().map(|f| f.gain) {
                fits.retain(|f| f.gain >= best - GIVE_UP);
                fits.truncate(basins);
            }
        }
        Ok(fits)
    }

    /// Weighs the basins, measures scale and residuals, prepares the slices to insert.
    fn finish(
        &mut self,
        c: &Context,
        half: usize,
        before: &Before,
        index: usize,
        fits: Vec<Fit>,
        audit_better: bool,
    ) -> Result<After, RefineError> {
        let weights = laplace_weights(&fits);
        let best = fits[0];
        let n = c.store.disc().count(c.insert_radius);
        let volume = &c.volumes[half];
        let mut scale = 1.0;
        let (mut re, mut im) = (vec![0.0; n], vec![0.0; n]);
        volume.slice(
            &best.rotation.m,
            &c.store.disc().kx()[..n],
            &c.store.disc().ky()[..n],
            &mut re,
            &mut im,
        )?;
        if c.estimate_scale {
            let data = self.view.observation(c.store, c.scale_radius);
            let m = data.re.len();
            let s = score(&data, &re[..m], &im[..m], best.shift)?;
            // The factor already holds the old scale, so this is relative to it.
            let prior = 1.0 / (2.0 * SCALE_SIGMA * SCALE_SIGMA);
            let old = before.scale;
            scale = (s.cross + prior * old) / (s.power + prior * old * old);
            scale = (scale * old).clamp(0.1, 4.0) / old;
        }
        let insertion_weights = &c.insertion_weights[half];
        let shells = c.insert_radius + 1;
        let (mut residual, mut count) = (vec![0.0; shells], vec![0.0; shells]);
        let mut contributions = Vec::new();
        self.residual.resize(n, 0.0);
        let (rotation_sigma, shift_sigma) = best.sigmas();
        let vague = before.global && c.vague(rotation_sigma);
        let poses: Vec<Draw> = if vague {
            let data = self.view.observation(c.store, c.radius.min(c.insert_radius));
            let seed = c.seed ^ index as u64;
            draw(volume, &data, c.shift_precision, &fits, &weights, seed)?
        } else {
            (fits.iter().zip(&weights).enumerate())
                .filter(|(i, (_, weight))| *i == 0 || **weight >= 0.05)
                .map(|(_, (fit, weight))| Draw {
                    rotation: fit.rotation,
                    shift: fit.shift,
                    weight: *weight,
                })
                .collect()
        };
        for (i, pose) in poses.iter().enumerate() {
            let data = self.view.observation(c.store, c.insert_radius);
            if vague {
                volume.slice(&pose.rotation.m, data.kx, data.ky, &mut re, &mut im)?;
            }
            let (mut dr, mut di, mut dw) = (vec![0.0f32; n], vec![0.0f32; n], vec![0.0f32; n]);
            let mut out = ContributionOut {
                re: &mut dr,
                im: &mut di,
                weight: &mut dw,
                residual: &mut self.residual,
            };
            contribution(&data, (&re, &im), pose.shift, scale, pose.weight, &mut out)?;
            for (k, w) in insertion_weights[..n].iter().enumerate() {
                dr[k] *= w;
                di[k] *= w;
                dw[k] *= w;
            }
            // What the best pose leaves is less than the noise while any pose fits some of it.
            let share = if vague { pose.weight } else { 1.0 };
            if vague || i == 0 {
                for (e, shell) in self.residual.iter().zip(c.store.disc().shell()) {
                    residual[*shell as usize] += share * f64::from(*e);
                    count[*shell as usize] += share;
                }
            }
            contributions.push(Contribution {
                rotation: pose.rotation,
                re: dr,
                im: di,
                weight: dw,
                origin: self
                    .view
                    .origin_contribution(scale, pose.weight * f64::from(insertion_weights[0])),
            });
        }
        Ok(After {
            rotation: c.group.reduce(&best.rotation),
            shift: best.shift,
            scale: before.scale * scale,
            gain: best.gain,
            posterior: weights[0],
            rotation_sigma,
            shift_sigma,
            audit_better,
            residual,
            residual_count: count,
            contributions,
        })
    }
}

/// One fit per basin, best first; never empty for a non-empty list.
fn distinct(mut fits: Vec<Fit>, group: &PointGroup, basins: usize) -> Vec<Fit> {
    fits.sort_by(|a, b| b.gain.total_cmp(&a.gain));
    let mut out: Vec<Fit> = Vec::new();
    for f in fits {
        let near = |o: &Fit| {
            group.distance(&o.rotation, &f.rotation) < 0.03
                && (o.shift[0] - f.shift[0]).hypot(o.shift[1] - f.shift[1]) < 1.0
        };
        if out.len() < basins && !out.iter().any(near) {
            out.push(f);
        }
    }
    out
}

/// Posterior of each basin: `exp(gain) sqrt(det Sigma)`, normalised.
fn laplace_weights(fits: &[Fit]) -> Vec<f64> {
    let log: Vec<f64> = fits.iter().map(|f| f.gain + 0.5 * f.log_volume()).collect();
    let top = log.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let w: Vec<f64> = log.iter().map(|l| (l - top).exp()).collect();
    let total: f64 = w.iter().sum();
    // The list is sorted by gain; the first keeps at least an equal share so that it always counts.
    w.iter()
        .map(|v| {
            if total > 0.0 {
                v / total
            } else {
                1.0 / fits.len() as f64
            }
        })
        .collect()
}
