//! The iterations of one random start.

use super::align;
use super::cache::ParticleCache;
use super::images::PolarPlan;
use super::model::{Model, Projections};
use super::params::{AbInitioParams, Resolved};
use super::poses::{Comparison, Match};
use super::report::{IterationReport, SeedReport};
use super::schedule::{self, Settings};
use super::state::StartState;
use super::{AbInitioError, Observer};
use nilas_geometry::Rotation;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// What all starts share.
pub(super) struct Context<'a> {
    pub params: &'a AbInitioParams,
    pub resolved: &'a Resolved,
    pub plan: &'a PolarPlan,
    pub cache: &'a ParticleCache,
    /// Rows of the cache that are learnt from, and those that are only scored.
    pub training: Vec<usize>,
    pub held_out: Vec<usize>,
    /// Mean transfer power per ring over the cache.
    pub mean_transfer: Vec<f32>,
}

/// Independent sources of randomness.
pub(super) enum Stream {
    Start = 1,
    Epoch = 2,
    Grid = 3,
    Choice = 4,
}

pub(super) fn generator(seed: u64, stream: Stream, start: usize, index: usize) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(((stream as u64) << 56) | ((start as u64) << 40) | index as u64);
    rng
}

impl Context<'_> {
    /// A fresh random start.
    pub fn begin(&self, start: usize) -> Result<StartState, AbInitioError> {
        let mut rng = generator(self.params.seed, Stream::Start, start, 0);
        let mut model = Model::random(self.plan, self.resolved, self.params.classes, &mut rng)?;
        let settings = schedule::settings(self.params, self.resolved, 0);
        model.match_power(self.plan, self.resolved, &settings, &self.mean_transfer)?;
        if self.resolved.group.order() > 1 {
            // In the frame in which it is the most symmetric, a random map keeps its shape. Elsewhere its copies would
            // add up to a ball, which is the hardest to leave.
            for class in &mut model.classes {
                let (crop, group) = (model.crop, &self.resolved.group);
                let (frame, _) = align::symmetry_frame(&class.volume, crop, group);
                class.volume = align::symmetrised(&class.volume, crop, &frame, group);
            }
        }
        Ok(StartState {
            start,
            iteration: 0,
            position: 0,
            model,
            shifts: vec![None; self.cache.len()],
        })
    }

    /// The next rows of the endless shuffled training list.
    fn next_rows(&self, state: &mut StartState, count: usize) -> Vec<usize> {
        let searching = (state.iteration as f64) < schedule::START_SHARE * self.params.iterations as f64;
        let pool = if searching {
            (schedule::START_PARTICLES * self.params.classes).max(count)
        } else {
            usize::MAX
        };
        let training = &self.training[..pool.min(self.training.len())];
        let total = training.len();
        let mut rows = Vec::with_capacity(count.min(total));
        while rows.len() < count.min(total) {
            let (epoch, within) = (state.position / total, state.position % total);
            let mut order = training.to_vec();
            order.shuffle(&mut generator(
                self.params.seed,
                Stream::Epoch,
                state.start,
                epoch,
            ));
            let take = (count.min(total) - rows.len()).min(total - within);
            rows.extend_from_slice(&order[within..within + take]);
            state.position += take;
        }
        // A batch across two epochs may meet a particle twice.
        rows.sort_unstable();
        rows.dedup();
        rows
    }

    /// One iteration: compare a batch, back-project, reconstruct.
    pub fn iterate(
        &self,
        state: &mut StartState,
        observer: &mut dyn Observer,
    ) -> Result<IterationReport, AbInitioError> {
        let settings = schedule::settings(self.params, self.resolved, state.iteration);
        let rows = self.next_rows(state, settings.batch);
        let turn = Rotation::random(&mut generator(
            self.params.seed,
            Stream::Grid,
            state.start,
            state.iteration,
        ));
        let matches = self.maximise(state, &settings, &rows, &turn, observer)?;
        let report = self.report(state, &settings, &rows, &matches);
        state.iteration += 1;
        Ok(report)
    }

    /// Expectation and maximisation on `rows`.
    pub fn maximise(
        &self,
        state: &mut StartState,
        settings: &Settings,
        rows: &[usize],
        turn: &Rotation,
        observer: &dyn Observer,
    ) -> Result<Vec<Match>, AbInitioError> {
        let projections = state.model.project(self.plan, self.resolved, settings, turn)?;
        let look = self.first_look(&state.model, settings, turn)?;
        let look = look.as_ref().map(|(s, p)| (s, p));
        let comparison = Comparison::new(self.plan, settings, &projections, look, self.resolved.max_shift);
        let shifts = &state.shifts;
        let (matches, gradients) = comparison.batch(self.cache, rows, &|row| shifts[row], observer)?;
        for (row, found) in rows.iter().zip(&matches) {
            state.shifts[*row] = Some(found.shift.map(|v| v as f32));
        }
        let mut mean_power = vec![0.0f64; settings.rings];
        for row in rows {
            let power = self.cache.power(*row);
            mean_power
                .iter_mut()
                .zip(power)
                .for_each(|(m, p)| *m += f64::from(*p) / rows.len() as f64);
        }
        let mean_power: Vec<f32> = mean_power.iter().map(|v| *v as f32).collect();
        let images = rows.len();
        state
            .model
            .absorb(&projections, &gradients, images, settings, self.resolved)?;
        if settings.learns_noise {
            state.model.update_noise(
                &projections,
                &gradients,
                &mean_power,
                images,
                settings,
                self.plan.coverage,
            )?;
        }
        state.model.reconstruct(self.resolved, settings)?;
        for (k, class) in state.model.classes.iter_mut().enumerate() {
            let share = matches
                .iter()
                .map(|m| f64::from(m.posterior.class_weights[k]))
                .sum::<f64>()
                / images as f64;
            class.share += f64::from(settings.step) * (share - class.share);
        }
        Ok(matches)
    }

    /// Settings and projections of the first look, where there is one.
    pub fn first_look(
        &self,
        model: &Model,
        settings: &Settings,
        turn: &Rotation,
    ) -> Result<Option<(Settings, Projections)>, AbInitioError> {
        let Some(coarse) = schedule::first_look(settings, self.resolved) else {
            return Ok(None);
        };
        let projections = model.project(self.plan, self.resolved, &coarse, turn)?;
        Ok(Some((coarse, projections)))
    }

    fn report(
        &self,
        state: &StartState,
        settings: &Settings,
        rows: &[usize],
        matches: &[Match],
    ) -> IterationReport {
        let mean = |value: &dyn Fn(&Match) -> f64| {
            matches.iter().map(value).sum::<f64>() / matches.len().max(1) as f64
        };
        IterationReport {
            start: state.start,
            iteration: state.iteration,
            iterations: self.params.iterations,
            resolution_angstrom: self.resolved.edge / settings.rings as f64,
            images: rows.len(),
            log_evidence: mean(&|m| m.evidence),
            entropy: mean(&|m| f64::from(m.posterior.entropy)),
            class_shares: state.model.classes.iter().map(|c| c.share).collect(),
            half_fsc: state.model.classes.iter().map(|c| c.fsc.clone()).collect(),
            noise: state.model.noise.clone(),
            map_size: state.model.crop,
            map_voxel_size_angstrom: self.resolved.edge / state.model.crop as f64,
            maps: state.model.classes.iter().map(|c| c.volume.clone()).collect(),
            poses: matches.iter().map(|m| m.rotation).collect(),
        }
    }

    /// How well a start explains particles that it has not seen.
    pub fn score(&self, state: &StartState, observer: &dyn Observer) -> Result<SeedReport, AbInitioError> {
        let settings = Settings {
            heat: 0.0,
            ..schedule::settings(self.params, self.resolved, state.iteration)
        };
        let mut model = state.model.clone();
        // One noise for all starts, or their likelihoods could not be compared.
        model.noise.fill(1.0);
        let (evidence, deviation, entropy) = self.evidence(&model, &settings, observer)?;
        for class in &mut model.classes {
            spherical_average(&mut class.volume, model.crop);
        }
        let (sphere, _, _) = self.evidence(&model, &settings, observer)?;
        Ok(SeedReport {
            start: state.start,
            held_out_log_evidence: evidence,
            standard_error: deviation,
            sphere_log_evidence: sphere,
            entropy,
            agreement_angstrom: None,
        })
    }

    fn evidence(
        &self,
        model: &Model,
        settings: &Settings,
        observer: &dyn Observer,
    ) -> Result<(f64, f64, f64), AbInitioError> {
        let turn = Rotation::random(&mut generator(self.params.seed, Stream::Choice, 0, 1));
        let projections = model.project(self.plan, self.resolved, settings, &turn)?;
        let look = self.first_look(model, settings, &turn)?;
        let look = look.as_ref().map(|(s, p)| (s, p));
        let comparison = Comparison::new(self.plan, settings, &projections, look, self.resolved.max_shift);
        let found = comparison.score(self.cache, &self.held_out, &|_| None, observer)?;
        let n = found.len().max(1) as f64;
        let mean = found.iter().map(|m| m.evidence).sum::<f64>() / n;
        let variance = found.iter().map(|m| (m.evidence - mean).powi(2)).sum::<f64>() / n;
        let entropy = found.iter().map(|m| f64::from(m.posterior.entropy)).sum::<f64>() / n;
        Ok((mean, (variance / n).sqrt(), entropy))
    }
}

/// Replaces a centred cube by its mean at each distance from the centre.
fn spherical_average(volume: &mut [f32], n: usize) {
    let half = (n / 2) as f64;
    let shell = |i: usize| -> usize {
        let r2: f64 = [i % n, i / n % n, i / (n * n)]
            .iter()
            .map(|v| (*v as f64 - half).powi(2))
            .sum();
        r2.sqrt().round() as usize
    };
    let mut sums = vec![(0.0f64, 0.0f64); 2 * n];
    for (i, v) in volume.iter().enumerate() {
        let entry = &mut sums[shell(i)];
        entry.0 += f64::from(*v);
        entry.1 += 1.0;
    }
    for (i, v) in volume.iter_mut().enumerate() {
        let (sum, count) = sums[shell(i)];
        *v = (sum / count.max(1.0)) as f32;
    }
}
