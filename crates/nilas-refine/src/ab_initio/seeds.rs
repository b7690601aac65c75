//! The whole run: several random starts, the choice of the best, its completion, poses of all particles.

use super::cache::{ParticleCache, measure_noise};
use super::halves::compare_halves;
use super::images::PolarPlan;
use super::params::{AbInitioParams, Resolved};
use super::poses::{Comparison, Match};
use super::report::{ClassResult, HalfSets, ParticleResult, SeedReport};
use super::run::{Context, Stream, generator};
use super::schedule::{self, START_SHARE, Settings};
use super::state::{AbInitioState, StartState};
use super::{AbInitioError, Observer, ParticleInput, check_cancelled};
use crate::source::ImageSource;
use nilas_geometry::Rotation;
use nilas_volume::Volume;
use rand::seq::SliceRandom;

/// Everything that a run gives.
#[derive(Debug, Clone)]
pub struct AbInitioResult {
    /// One map per class.
    pub classes: Vec<ClassResult>,
    /// One entry per particle, in the order given.
    pub particles: Vec<ParticleResult>,
    /// How the random starts did.
    pub starts: Vec<SeedReport>,
    /// Which of them the maps come from.
    pub chosen_start: usize,
    /// How far two halves of the particles agree.
    pub halves: HalfSets,
    /// What looks wrong, in words.
    pub warnings: Vec<String>,
    /// Resolution that was compared at the start, Å.
    pub initial_resolution_angstrom: f64,
    /// Resolution that was compared at the end, Å.
    pub resolution_angstrom: f64,
}

/// Makes maps and poses from particles alone.
///
/// `resume` is a state saved by an earlier run with the same particles and parameters. The result is the same for the
/// same seed, whatever the number of threads.
///
/// # Errors
/// Parameters out of range, unreadable images, NaN pixels, too few particles, or [`AbInitioError::Cancelled`].
pub fn run(
    source: &dyn ImageSource,
    particles: &[ParticleInput],
    params: &AbInitioParams,
    resume: Option<AbInitioState>,
    observer: &mut dyn Observer,
) -> Result<AbInitioResult, AbInitioError> {
    let resolved = params.resolve(source, particles)?;
    let mut plan = PolarPlan::new(
        source.box_size(),
        params.pixel_size_angstrom,
        resolved.rings,
        resolved.angles,
    )?;
    measure_noise(source, particles, &mut plan, observer)?;
    let mut chosen: Vec<usize> = (0..particles.len()).collect();
    chosen.shuffle(&mut generator(params.seed, Stream::Choice, 0, 0));
    chosen.truncate(params.max_particles);
    let cache = ParticleCache::load(source, particles, &chosen, &plan, observer)?;
    let (mean_transfer, mean_power) = cache.mean_powers();
    for (excess, power) in plan.excess.iter_mut().zip(&mean_power) {
        *excess = (f64::from(*power) / plan.coverage - 1.0).max(0.0) as f32;
    }
    let usable = |row: &usize| cache.transfer_power(*row).iter().any(|v| *v > 0.0);
    let mut training: Vec<usize> = (0..cache.len()).filter(usable).collect();
    if training.len() < 2 {
        return Err(AbInitioError::NoInformation("almost all images are constant"));
    }
    let apart = params.held_out.min(training.len() / 5);
    let held_out = training.split_off(training.len() - apart);
    let context = Context {
        params,
        resolved: &resolved,
        plan: &plan,
        cache: &cache,
        training,
        held_out,
        mean_transfer,
    };
    let fingerprint = fingerprint(params, particles);
    let mut state = match resume {
        Some(state) if state.fingerprint != fingerprint => {
            return Err(AbInitioError::State(
                "it belongs to other particles or parameters".into(),
            ));
        }
        Some(state) => state,
        None => AbInitioState {
            fingerprint,
            ..Default::default()
        },
    };
    if !state.chosen {
        run_starts(&context, &mut state, observer)?;
    }
    finish_best(&context, &mut state, observer)?;
    let best = state
        .current
        .take()
        .ok_or(AbInitioError::State("no start was chosen".into()))?;
    let reports = agreements(&context, &state, best.start, observer)?;
    conclude(&context, source, particles, best, reports, observer)
}

fn fingerprint(params: &AbInitioParams, particles: &[ParticleInput]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    let mut feed = |bytes: &[u8]| {
        for byte in bytes {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    };
    feed(format!("{params:?}").as_bytes());
    for particle in particles {
        feed(&(particle.image as u64).to_le_bytes());
        feed(&particle.ctf.defocus_u_angstrom.to_le_bytes());
    }
    hash
}

/// Runs every random start to the comparison and picks the best.
fn run_starts(
    context: &Context<'_>,
    state: &mut AbInitioState,
    observer: &mut dyn Observer,
) -> Result<(), AbInitioError> {
    let params = context.params;
    let until = (params.iterations as f64 * START_SHARE).round() as usize;
    let total = params.starts * until + (params.iterations - until);
    while state.scored.len() < params.starts {
        let start = state.scored.len();
        let mut current = match state.current.take() {
            Some(current) => current,
            None => context.begin(start)?,
        };
        while current.iteration < until {
            let report = context.iterate(&mut current, observer)?;
            observer.iteration(&report);
            observer.progress("ab-initio iterations", start * until + current.iteration, total);
            state.current = Some(current.clone());
            observer.checkpoint(state);
        }
        let report = context.score(&current, observer)?;
        state.current = None;
        state.scored.push((current, report));
        observer.checkpoint(state);
    }
    let best = (0..state.scored.len())
        .max_by(|a, b| {
            let score = |i: usize| state.scored[i].1.held_out_log_evidence;
            score(*a).total_cmp(&score(*b))
        })
        .unwrap_or(0);
    state.current = Some(state.scored[best].0.clone());
    state.chosen = true;
    observer.checkpoint(state);
    Ok(())
}

/// The starts' reports, with how far each one's map agrees with the chosen one's, as they were at the comparison.
fn agreements(
    context: &Context<'_>,
    state: &AbInitioState,
    chosen: usize,
    observer: &dyn Observer,
) -> Result<Vec<SeedReport>, AbInitioError> {
    let edge = context.resolved.edge;
    let largest = |state: &StartState| -> Result<Volume, AbInitioError> {
        let classes = &state.model.classes;
        let class = classes.iter().max_by(|a, b| a.share.total_cmp(&b.share));
        let data = class.map(|c| c.volume.clone()).unwrap_or_default();
        Volume::new(state.model.crop, edge / state.model.crop as f64, data).map_err(volume_error)
    };
    let mut reports = Vec::with_capacity(state.scored.len());
    let reference = state
        .scored
        .iter()
        .find(|(s, _)| s.start == chosen)
        .map(|(s, _)| largest(s))
        .transpose()?;
    for (start, report) in &state.scored {
        check_cancelled(observer)?;
        let mut report = report.clone();
        if let Some(reference) = reference.as_ref().filter(|_| start.start != chosen) {
            // A map without contrast cannot be laid onto another: no agreement then.
            report.agreement_angstrom = agreement(&largest(start)?, reference).ok().flatten();
        }
        reports.push(report);
    }
    Ok(reports)
}

/// Resolution at which `map`, laid onto `reference`, has an FSC of 0.5 with it.
fn agreement(map: &Volume, reference: &Volume) -> Result<Option<f64>, nilas_volume::VolumeError> {
    let found = nilas_volume::align::align(map, reference, &Default::default())?;
    let curve = nilas_volume::fsc::fsc(&found.apply(map, reference)?, reference)?;
    let shell = curve
        .correlation
        .iter()
        .skip(1)
        .position(|v| *v < 0.5)
        .unwrap_or(curve.correlation.len() - 1);
    let edge = reference.n as f64 * reference.voxel_size_angstrom;
    Ok((shell > 0).then(|| edge / shell as f64))
}

fn finish_best(
    context: &Context<'_>,
    state: &mut AbInitioState,
    observer: &mut dyn Observer,
) -> Result<(), AbInitioError> {
    let params = context.params;
    let until = (params.iterations as f64 * START_SHARE).round() as usize;
    let before = params.starts * until;
    let total = before + (params.iterations - until);
    let Some(mut current) = state.current.take() else {
        return Err(AbInitioError::State("no start was chosen".into()));
    };
    while current.iteration < params.iterations {
        let report = context.iterate(&mut current, observer)?;
        observer.iteration(&report);
        observer.progress("ab-initio iterations", before + current.iteration - until, total);
        state.current = Some(current.clone());
        observer.checkpoint(state);
    }
    state.current = Some(current);
    Ok(())
}

/// A full pass over the cached particles, then poses of all and maps on the images' grid.
fn conclude(
    context: &Context<'_>,
    source: &dyn ImageSource,
    particles: &[ParticleInput],
    mut best: StartState,
    starts: Vec<SeedReport>,
    observer: &mut dyn Observer,
) -> Result<AbInitioResult, AbInitioError> {
    let (params, resolved) = (context.params, context.resolved);
    let settings = Settings {
        step: 1.0,
        heat: 0.0,
        ..schedule::settings(params, resolved, params.iterations)
    };
    let rows: Vec<usize> = context
        .training
        .iter()
        .chain(&context.held_out)
        .copied()
        .collect();
    let halves = compare_halves(context, &best, observer)?;
    observer.progress("polishing with all particles in memory", 0, 1);
    let turn = Rotation::random(&mut generator(
        params.seed,
        Stream::Grid,
        best.start,
        params.iterations,
    ));
    let before = best.model.clone();
    let found = context.maximise(&mut best, &settings, &rows, &turn, observer)?;
    let mut results: Vec<Option<ParticleResult>> = vec![None; particles.len()];
    for (row, found) in rows.iter().zip(found) {
        results[context.cache.particle[*row]] = Some(particle_result(found));
    }
    let others: Vec<usize> = (0..particles.len()).filter(|p| results[*p].is_none()).collect();
    if !others.is_empty() {
        // Images that were left out see the same map as those that were not.
        let projections = before.project(context.plan, resolved, &settings, &turn)?;
        let look = context.first_look(&before, &settings, &turn)?;
        let look = look.as_ref().map(|(s, p)| (s, p));
        let comparison = Comparison::new(context.plan, &settings, &projections, look, resolved.max_shift);
        let mut finished = rows.len();
        for chosen in others.chunks(2048) {
            check_cancelled(observer)?;
            let more = ParticleCache::load(source, particles, chosen, context.plan, &mut Quiet(observer))?;
            let rows: Vec<usize> = (0..more.len()).collect();
            for (row, found) in rows
                .iter()
                .zip(comparison.score(&more, &rows, &|_| None, observer)?)
            {
                results[more.particle[*row]] = Some(particle_result(found));
            }
            finished += rows.len();
            observer.progress("poses of all particles", finished, particles.len());
        }
    }
    let mut particles: Vec<ParticleResult> = results.into_iter().flatten().collect();
    let mut classes = Vec::with_capacity(best.model.classes.len());
    for (k, class) in best.model.classes.iter().enumerate() {
        let (map, centre) = finished_map(&class.volume, best.model.crop, context)?;
        for particle in particles.iter_mut().filter(|p| p.class == k) {
            let moved = particle.rotation.apply(centre);
            particle.shift_angstrom[0] -= moved[0];
            particle.shift_angstrom[1] -= moved[1];
        }
        let share = particles
            .iter()
            .map(|p| f64::from(p.class_posterior[k]))
            .sum::<f64>()
            / particles.len() as f64;
        classes.push(ClassResult {
            n: context.plan.box_size,
            voxel_size_angstrom: params.pixel_size_angstrom,
            map,
            share,
            half_fsc: class.fsc.clone(),
        });
    }
    let warnings = super::report::warnings(&starts, best.start, &particles, &classes, &halves);
    Ok(AbInitioResult {
        classes,
        particles,
        starts,
        chosen_start: best.start,
        halves,
        warnings,
        initial_resolution_angstrom: resolved.initial_resolution,
        resolution_angstrom: resolved.edge / settings.rings as f64,
    })
}

/// Passes cancelling on, but not the progress of a part of a part.
struct Quiet<'a>(&'a mut dyn Observer);

impl Observer for Quiet<'_> {
    fn cancelled(&self) -> bool {
        self.0.cancelled()
    }
}

fn particle_result(found: Match) -> ParticleResult {
    ParticleResult {
        rotation: found.rotation,
        shift_angstrom: found.shift,
        class: found.posterior.best.class,
        class_posterior: found.posterior.class_weights,
        log_evidence: found.evidence as f32,
        entropy: found.posterior.entropy,
    }
}

/// The map on the images' grid, moved so that its density is centred (not off a symmetry axis), and the move: the
/// place in the old frame, Å, that is now the centre.
fn finished_map(
    volume: &[f32],
    crop: usize,
    context: &Context<'_>,
) -> Result<(Vec<f32>, [f64; 3]), AbInitioError> {
    let (n, pixel) = (context.plan.box_size, context.params.pixel_size_angstrom);
    let small =
        Volume::new(crop, context.resolved.edge / crop as f64, volume.to_vec()).map_err(volume_error)?;
    let large = nilas_volume::filter::resample(&small, n).map_err(volume_error)?;
    let ratio = n as f64 / crop as f64;
    // One 2D unitary coefficient of the image is the same sum on both grids.
    let scale = (1.0 / (ratio * ratio)) as f32;
    let data: Vec<f32> = large.data.iter().map(|v| v * scale).collect();
    let centre = free_centre(&data, n, context.resolved);
    let voxels = centre.map(|c| c.round() as i64);
    let mut moved = vec![0.0f32; data.len()];
    let inside = |v: i64| (0..n as i64).contains(&v);
    for (i, out) in moved.iter_mut().enumerate() {
        let from = [i % n, i / n % n, i / (n * n)];
        let [x, y, z] = [0, 1, 2].map(|a| from[a] as i64 + voxels[a]);
        if inside(x) && inside(y) && inside(z) {
            *out = data[(z as usize * n + y as usize) * n + x as usize];
        }
    }
    Ok((moved, voxels.map(|v| v as f64 * pixel)))
}

pub(super) fn volume_error(error: nilas_volume::VolumeError) -> AbInitioError {
    AbInitioError::State(format!("the map cannot be finished: {error}"))
}

/// Centre of the clearly positive density in voxels from the box centre, along the directions that the point group
/// leaves free: all in C1, z in Cn, none otherwise.
fn free_centre(data: &[f32], n: usize, resolved: &Resolved) -> [f64; 3] {
    let strongest = data.iter().copied().fold(0.0f32, f32::max);
    let half = (n / 2) as f64;
    let (mut sum, mut total) = ([0.0f64; 3], 0.0f64);
    for (i, v) in data.iter().enumerate().filter(|(_, v)| **v > 0.25 * strongest) {
        let place = [i % n, i / n % n, i / (n * n)];
        total += f64::from(*v);
        for (s, p) in sum.iter_mut().zip(place) {
            *s += f64::from(*v) * (p as f64 - half);
        }
    }
    if total <= 0.0 {
        return [0.0; 3];
    }
    let centre = sum.map(|s| s / total);
    match (resolved.group.order(), resolved.group.name().starts_with('C')) {
        (1, _) => centre,
        (_, true) => [0.0, 0.0, centre[2]],
        _ => [0.0; 3],
    }
}
