//! One iteration: poses, sums, maps, and what follows from them for the next one.

use super::expectation::{After, Before, Context, Worker};
use super::params::RefineParams;
use super::state::RefineState;
use crate::error::RefineError;
use crate::global::GlobalSearch;
use crate::maps::{Sums, SymmetryPlan};
use crate::noise::{NoiseModel, ResidualSums};
use crate::observer::{IterationReport, Observer, SearchKind, Timings};
use crate::particle::Particle;
use crate::store::ParticleStore;
use nilas_geometry::{Rotation, so3};
use nilas_kernels::insert::{Accumulator, InsertItem};
use nilas_kernels::slice::SplineVolume;
use nilas_volume::Volume;
use nilas_volume::fsc::{CorrectedFsc, HALF_MAP_THRESHOLD, independent_cells, masked_corrected_fsc};
use nilas_volume::mask::{AutoMask, auto, sphere};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use std::time::Instant;

/// HEALPix order of the exhaustive search: 7.5 degrees.
const ORDER: u32 = 3;
/// Shells of the exhaustive search at most: what a 7.5-degree grid resolves.
const SEARCH_RADIUS: usize = 16;
/// Share of the particles that a local iteration searches over everything.
const AUDIT: f64 = 0.04;

/// Share of particles with a better pose elsewhere below which another search over everything finds nothing.
const SETTLED_AUDIT: f64 = 0.005;

/// What belongs to the run and does not change.
pub(crate) struct Inputs<'a> {
    pub store: &'a ParticleStore,
    pub particles: &'a [Particle],
    pub params: &'a RefineParams,
    pub symmetry: &'a SymmetryPlan,
    /// A mask that was given; the automatic one without it.
    pub given_mask: Option<&'a Volume>,
}

impl Inputs<'_> {
    /// Largest shell that may be used.
    pub fn last_shell(&self) -> usize {
        let nyquist = self.store.disc().radius();
        let wanted = self
            .params
            .max_resolution_angstrom
            .map_or(nyquist, |d| self.shell_at(d));
        nyquist.min(wanted.max(4))
    }

    /// The shell of a resolution in Å.
    pub fn shell_at(&self, angstrom: f64) -> usize {
        let length = self.store.disc().box_size() as f64 * self.store.pixel_size_angstrom();
        (length / angstrom).round() as usize
    }

    /// The resolution of a shell in Å.
    pub fn resolution_of(&self, shell: f64) -> f64 {
        self.store.disc().box_size() as f64 * self.store.pixel_size_angstrom() / shell.max(1e-9)
    }
}

/// Standard errors above zero that agreement beyond the start must reach to be claimed.
const SIGNIFICANCE: f64 = 3.0;

impl Inputs<'_> {
    /// The shell (with fraction) up to which the half maps agree: the first crossing of 0.143 by the corrected curve, or the last
    /// shell whose agreement chance cannot explain, whichever comes first; at most `last`.
    pub fn claimed_shell(&self, fsc: &CorrectedFsc, mask: &Volume, last: usize) -> f64 {
        let copies = self.params.group.order();
        let cells = independent_cells(&fsc.corrected, mask, copies);
        let c = fsc
            .corrected
            .significant_crossing(HALF_MAP_THRESHOLD, &cells, SIGNIFICANCE);
        if c.crossed {
            c.shell.min(last as f64)
        } else {
            last as f64
        }
    }
}

/// How poses moved in a pass, of particles that had one. Radians and pixels.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    rotation: Vec<f64>,
    shift: Vec<f64>,
    audited: usize,
    audit_better: usize,
}

/// What an expectation pass over all particles leaves.
pub(crate) struct Pass {
    pub sums: [Sums; 2],
    pub changes: Changes,
    pub timings: Timings,
}

/// Runs one iteration on the state.
pub(crate) fn step(
    inputs: &Inputs,
    state: &mut RefineState,
    observer: &mut dyn Observer,
) -> Result<IterationReport, RefineError> {
    let insert_radius = (state.radius * 3 / 2 + 8).min(inputs.last_shell());
    let pass = pass(inputs, state, insert_radius, observer)?;
    let start = Instant::now();
    let half_maps = [
        pass.sums[0].balanced_map(insert_radius)?,
        pass.sums[1].balanced_map(insert_radius)?,
    ];
    let mask = either(&state.masks);
    let fsc = masked_corrected_fsc(&half_maps[0], &half_maps[1], &mask, state.seed)?;
    let resolution = inputs.claimed_shell(&fsc, &mask, insert_radius);
    let reliability = reliability(&fsc.corrected.correlation, insert_radius);
    for half in 0..2 {
        let map = pass.sums[half].weighted_map(&reliability)?;
        if inputs.given_mask.is_none() {
            state.masks[half] = automatic_mask(&map, inputs.params, inputs.resolution_of(resolution))?;
        }
        state.references[half] = map.times(&state.masks[half])?;
    }
    let mut timings = pass.timings;
    timings.maps_seconds = start.elapsed().as_secs_f64();
    let search = if state.global {
        SearchKind::Global
    } else {
        SearchKind::Local
    };
    let aligned_at = state.radius;
    let rotation_change = median(&pass.changes.rotation);
    let shift_change = median(&pass.changes.shift) * inputs.params.pixel_size_angstrom;
    let audit = pass.changes.audit_better as f64 / pass.changes.audited.max(1) as f64;
    plan_next(inputs, state, resolution, &fsc, rotation_change, audit);
    state.iteration += 1;
    observer.progress("maps", state.iteration, inputs.params.max_iterations);
    let n = state.particles.len().max(1) as f64;
    Ok(IterationReport {
        iteration: state.iteration,
        search,
        alignment_resolution_angstrom: inputs.resolution_of(aligned_at as f64),
        resolution_angstrom: inputs.resolution_of(resolution),
        fsc,
        half_maps,
        mask: either(&state.masks),
        noise: NoiseModel::mean(&state.noise),
        median_rotation_change_rad: rotation_change,
        median_shift_change_angstrom: shift_change,
        mean_log_likelihood: state.particles.iter().map(|p| p.log_likelihood).sum::<f64>() / n,
        audit_better_share: audit,
        particles: state.results(inputs.params.pixel_size_angstrom),
        timings,
    })
}

/// Poses of all particles, their sums up to `insert_radius`, noise and scales.
pub(crate) fn pass(
    inputs: &Inputs,
    state: &mut RefineState,
    insert_radius: usize,
    observer: &mut dyn Observer,
) -> Result<Pass, RefineError> {
    let store = inputs.store;
    let n = store.disc().box_size();
    let radius = state.radius.min(insert_radius);
    let volumes = state
        .references
        .iter()
        .map(|v| SplineVolume::from_real(&v.data, n, insert_radius))
        .collect::<Result<Vec<_>, _>>()?;
    let mut rng = ChaCha8Rng::seed_from_u64(state.seed ^ ((state.iteration as u64) << 32) ^ 0x7365_6172);
    let search_radius = radius.clamp(4, SEARCH_RADIUS);
    let turn: Rotation = so3::random_perturbation(ORDER, &mut rng);
    let reach = mask_radius(&state.masks[0]).max(mask_radius(&state.masks[1]));
    let search = if state.global || !inputs.params.local_only {
        Some(GlobalSearch::new(
            &volumes,
            store,
            search_radius,
            ORDER,
            &inputs.params.group,
            &turn,
            reach,
        )?)
    } else {
        None
    };
    let audit: Vec<bool> = (0..store.len()).map(|_| rng.random::<f64>() < AUDIT).collect();
    let range = inputs
        .params
        .shift_range_angstrom
        .map_or(0.1 * n as f64, |r| r / store.pixel_size_angstrom());
    // Particles that have been placed once need only what a wrong basin may hide.
    let shift_range = if state.global_done == 0 {
        range
    } else {
        range.min(4.0)
    };
    let inserted = &store.disc().shell()[..store.disc().count(insert_radius)];
    let insertion_weights = [0, 1].map(|half: usize| state.noise[half].insertion_weights(inserted));
    let context = Context {
        insertion_weights: &insertion_weights,
        store,
        noise: &state.noise,
        volumes: &volumes,
        search: search.as_ref(),
        group: &inputs.params.group,
        radius,
        insert_radius,
        scale_radius: state.scale_radius.min(radius),
        shift_range,
        shift_step: (n as f64 / (5.0 * search_radius as f64)).max(1.0),
        shift_precision: 1.0 / range.max(2.0).powi(2),
        estimate_scale: inputs.params.per_particle_scale && state.iteration > 0,
        reach,
        seed: state.seed ^ ((state.iteration as u64) << 40),
    };
    let befores: Vec<Before> = state
        .particles
        .iter()
        .enumerate()
        .map(|(i, p)| Before {
            rotation: p.rotation,
            shift: p.shift,
            scale: p.scale,
            half: p.half,
            has_pose: p.has_pose,
            rotation_sigma: p.rotation_sigma,
            global: search.is_some() && (state.global || audit[i] || !p.has_pose),
        })
        .collect();
    let mut accumulators = [
        Accumulator::new(n, insert_radius)?,
        Accumulator::new(n, insert_radius)?,
    ];
    let shells = store.disc().radius() + 1;
    let mut residuals = [0, 1].map(|half: usize| ResidualSums::new(state.noise[half].power.len(), shells));
    let mut changes = Changes::default();
    let mut timings = Timings::default();
    let batch = ((64 << 20) / (16 * store.disc().count(insert_radius))).clamp(8, 96);
    let usable: Vec<usize> = (0..store.len()).filter(|i| !store.is_blank(*i)).collect();
    let mut done = 0;
    for chunk in usable.chunks(batch) {
        if observer.cancelled() {
            return Err(RefineError::Cancelled);
        }
        let start = Instant::now();
        let results: Vec<After> = chunk
            .par_iter()
            .map_init(
                || Worker::new(&context),
                |worker, i| worker.run(&context, &inputs.particles[*i], *i, &befores[*i]),
            )
            .collect::<Result<_, _>>()?;
        timings.expectation_seconds += start.elapsed().as_secs_f64();
        let start = Instant::now();
        insert(inputs, &befores, chunk, &results, &mut accumulators)?;
        timings.insertion_seconds += start.elapsed().as_secs_f64();
        for (i, r) in chunk.iter().zip(results) {
            let (b, p) = (&befores[*i], &mut state.particles[*i]);
            if b.has_pose {
                changes
                    .rotation
                    .push(inputs.params.group.distance(&b.rotation, &r.rotation));
                changes
                    .shift
                    .push((b.shift[0] - r.shift[0]).hypot(b.shift[1] - r.shift[1]));
                if b.global {
                    changes.audited += 1;
                    changes.audit_better += usize::from(r.audit_better);
                }
            }
            residuals[usize::from(b.half)].add(store.group(*i), &r.residual, &r.residual_count);
            p.rotation = r.rotation;
            p.shift = r.shift;
            p.scale = r.scale;
            p.has_pose = true;
            p.log_likelihood = r.gain;
            p.posterior = r.posterior;
            p.rotation_sigma = r.rotation_sigma;
            p.shift_sigma = r.shift_sigma;
        }
        done += chunk.len();
        observer.progress("particles", done, usable.len());
    }
    for (model, residuals) in state.noise.iter_mut().zip(&residuals) {
        model.update(residuals);
    }
    normalise_scales(state, &usable);
    let a = store.pixel_size_angstrom();
    let sums = [
        Sums::new(&accumulators[0], inputs.symmetry, a),
        Sums::new(&accumulators[1], inputs.symmetry, a),
    ];
    Ok(Pass {
        sums,
        changes,
        timings,
    })
}

/// Adds a batch to the accumulators of its half-sets, in the particles' order.
fn insert(
    inputs: &Inputs,
    befores: &[Before],
    chunk: &[usize],
    results: &[After],
    accumulators: &mut [Accumulator; 2],
) -> Result<(), RefineError> {
    let disc = inputs.store.disc();
    for (half, accumulator) in accumulators.iter_mut().enumerate() {
        let items: Vec<InsertItem> = chunk
            .iter()
            .zip(results)
            .filter(|(i, _)| usize::from(befores[**i].half) == half)
            .flat_map(|(_, r)| &r.contributions)
            .flat_map(|c| {
                inputs.symmetry.representatives().iter().map(move |g| InsertItem {
                    rotation: c.rotation.mul(g).m,
                    re: &c.re,
                    im: &c.im,
                    weight: &c.weight,
                })
            })
            .collect();
        accumulator.insert(&items, disc.kx(), disc.ky())?;
        let origins = chunk
            .iter()
            .zip(results)
            .filter(|(i, _)| usize::from(befores[**i].half) == half)
            .flat_map(|(_, r)| r.contributions.iter().map(|c| c.origin));
        insert_origins(accumulator, origins, inputs.symmetry)?;
    }
    Ok(())
}

/// Adds the coefficients at the origin, numerators and weights, which the ring-ordered list leaves out.
pub(crate) fn insert_origins(
    accumulator: &mut Accumulator,
    origins: impl Iterator<Item = [f32; 2]>,
    symmetry: &SymmetryPlan,
) -> Result<(), RefineError> {
    // All fall on the same grid point, whatever the pose: one sum does.
    let sum = origins.fold([0.0f64; 2], |a, o| {
        [a[0] + f64::from(o[0]), a[1] + f64::from(o[1])]
    });
    let copies = symmetry.representatives().len() as f64;
    let (re, weight) = ([(sum[0] * copies) as f32], [(sum[1] * copies) as f32]);
    let item = InsertItem {
        rotation: Rotation::identity().m,
        re: &re,
        im: &[0.0],
        weight: &weight,
    };
    Ok(accumulator.insert(&[item], &[0.0], &[0.0])?)
}

/// Scales are relative: their mean is 1, so that the map keeps its units.
fn normalise_scales(state: &mut RefineState, usable: &[usize]) {
    let mean = usable.iter().map(|i| state.particles[*i].scale).sum::<f64>() / usable.len().max(1) as f64;
    if mean > 0.0 {
        state.particles.iter_mut().for_each(|p| p.scale /= mean);
    }
}

/// The curve that regularises the references: as measured while it stays above 0.05, then nothing.
pub(crate) fn reliability(correlation: &[f64], last: usize) -> Vec<f64> {
    let end = (3..=last).find(|r| correlation[*r] < 0.05).unwrap_or(last + 1);
    correlation[..end].iter().map(|v| v.clamp(0.05, 0.999)).collect()
}

/// What either half-set's mask holds: the mask that both half maps are compared in. Each half chose its part alone, so that no
/// place is in it because both maps happen to be bright there; that would correlate noise.
pub(crate) fn either(masks: &[Volume; 2]) -> Volume {
    let mut mask = masks[0].clone();
    mask.data
        .iter_mut()
        .zip(&masks[1].data)
        .for_each(|(a, b)| *a = a.max(*b));
    mask
}

/// The soft mask of a map known to `resolution` Å; a sphere where the map has no contrast.
pub(crate) fn automatic_mask(
    map: &Volume,
    params: &RefineParams,
    resolution: f64,
) -> Result<Volume, RefineError> {
    let mut settings = AutoMask::for_resolution(resolution.clamp(2.0, 40.0));
    settings.radius_angstrom = params.particle_diameter_angstrom.map(|d| 0.5 * d);
    match auto(map, &settings) {
        Ok(mask) if mask.data.iter().map(|v| f64::from(*v)).sum::<f64>() > 100.0 => Ok(mask),
        _ => {
            let radius = settings.radius_angstrom.unwrap_or(0.42 * map.box_angstrom());
            Ok(sphere(
                map.n,
                map.voxel_size_angstrom,
                radius.min(0.42 * map.box_angstrom()),
                6.0,
            )?)
        }
    }
}

/// Distance in pixels of the farthest voxel that belongs to the mask.
pub(crate) fn mask_radius(mask: &Volume) -> f64 {
    let n = mask.n;
    let c = |i: usize| (i as f64 - n as f64 / 2.0).powi(2);
    mask.data
        .iter()
        .enumerate()
        .filter(|(_, v)| **v > 0.3)
        .map(|(i, _)| (c(i % n) + c(i / n % n) + c(i / (n * n))).sqrt())
        .fold(4.0, f64::max)
}

/// Decides radius, kind of search and end from what the iteration brought.
fn plan_next(
    inputs: &Inputs,
    state: &mut RefineState,
    resolution: f64,
    fsc: &CorrectedFsc,
    rotation_change: f64,
    audit: f64,
) {
    let was = state.radius;
    let reached = resolution.floor() as usize;
    // A first map may be trusted a little beyond what it was aligned at, not arbitrarily far.
    state.radius = reached.clamp(
        state.initial_radius.min(6),
        (was * 7 / 4 + 4).min(inputs.last_shell()),
    );
    let c = &fsc.corrected.correlation;
    state.scale_radius = (1..=state.radius)
        .take_while(|r| c[*r] > 0.5)
        .last()
        .unwrap_or(3)
        .max(3);
    if state.global {
        state.global_done += 1;
    }
    let unchanged = state.radius <= was + 1;
    // Half of the rotation that moves the outermost shell's detail by its own length.
    let small = rotation_change < 0.25 / state.radius as f64;
    let early = state.global_done < 2;
    let wrong_basins = audit > 0.02 && state.global_done < 6;
    let was_global = state.global;
    state.global = !inputs.params.local_only
        && (early
            || wrong_basins
            || (was_global && audit > SETTLED_AUDIT && !small && state.global_done < 4));
    state.settled = if unchanged && !early { state.settled + 1 } else { 0 };
    // A fifth of that in one iteration leaves nothing for another.
    let still = rotation_change < 0.05 / state.radius as f64;
    let quiet = (state.settled >= 2 && small || state.settled >= 1 && still) && !wrong_basins;
    state.converged = quiet || state.settled >= 4 || state.iteration + 1 >= inputs.params.max_iterations;
}

/// Median; NaN of nothing.
pub(crate) fn median(values: &[f64]) -> f64 {
    if values.is_empty() {
        return f64::NAN;
    }
    let mut v = values.to_vec();
    let middle = v.len() / 2;
    *v.select_nth_unstable_by(middle, f64::total_cmp).1
}
