//! Comparing images with the templates: one batch, one image, a scoring pass.

use super::cache::ParticleCache;
use super::images::PolarPlan;
use super::model::Projections;
use super::schedule::{Settings, shift_grid};
use super::{AbInitioError, Observer};
use nilas_geometry::Rotation;
use nilas_kernels::Complex32;
use nilas_kernels::posterior::{GradientSet, PolarImage, Posterior, Scratch};
use rayon::prelude::*;

/// Trial shifts with the phases that they mean at the samples of an iteration.
struct Trials {
    shifts: Vec<[f64; 2]>,
    /// `[shift][sample]`
    phases: Vec<Complex32>,
}

/// One fineness of comparing: projections with the trial shifts' phases at their samples.
struct Level<'a> {
    projections: &'a Projections,
    rings: usize,
    angles: usize,
    /// About the last known shift.
    near: Trials,
    /// For particles not seen yet.
    wide: Trials,
}

/// All that comparing needs, for one iteration.
pub(super) struct Comparison<'a> {
    plan: &'a PolarPlan,
    fine: Level<'a>,
    /// Looked at first, where given: only blocks of directions that do well here are looked at finely.
    coarse: Option<Level<'a>>,
    /// Standard deviation of the shifts' prior, Å.
    prior: f64,
    max_shift: f64,
}

/// Log likelihood by which a block of directions may lag at the coarse level and still be looked at (algorithms.md 8.2
/// found gaps of at most 4.4 to the true neighbourhood and calls 15 a wide margin).
const MARGIN: f32 = 18.0;

/// Result for one image.
#[derive(Debug, Clone)]
pub(super) struct Match {
    pub posterior: Posterior,
    pub rotation: Rotation,
    /// Posterior mean.
    pub shift: [f64; 2],
    /// Log evidence over an empty map, nats.
    pub evidence: f64,
}

/// Pieces that a batch's sums are made in; fixed, so that they don't depend on the number of threads.
const PIECES: usize = 8;

#[derive(Default)]
pub(super) struct Worker {
    scratch: Scratch,
    active: Vec<bool>,
    image: PolarImage,
    samples: Vec<Complex32>,
    moved: Vec<Complex32>,
}

impl Trials {
    fn new(plan: &PolarPlan, kx: &[f32], ky: &[f32], step: f64, radius: f64) -> Self {
        let shifts = shift_grid(step, radius);
        let phases = shifts.iter().flat_map(|t| phases(plan, kx, ky, *t)).collect();
        Self { shifts, phases }
    }
}

/// exp(−2πi k·t / L) at each sample: what brings an image's particle back by `shift` Å.
fn phases(plan: &PolarPlan, kx: &[f32], ky: &[f32], shift: [f64; 2]) -> impl Iterator<Item = Complex32> {
    let per_angstrom = -std::f64::consts::TAU / plan.edge_angstrom();
    let (tx, ty) = ((shift[0] * per_angstrom) as f32, (shift[1] * per_angstrom) as f32);
    let angles: Vec<f32> = kx.iter().zip(ky).map(|(x, y)| x * tx + y * ty).collect();
    angles.into_iter().map(|a| Complex32::new(a.cos(), a.sin()))
}

impl<'a> Level<'a> {
    /// `near` is the reach of the trial shifts about a known one, in steps.
    fn new(
        plan: &PolarPlan,
        settings: &Settings,
        projections: &'a Projections,
        near: f64,
        max_shift: f64,
    ) -> Self {
        let (kx, ky) = projections.places();
        let trials = |radius: f64| Trials::new(plan, kx, ky, settings.shift_step, radius);
        let (near, wide) = (trials(near * settings.shift_step), trials(max_shift.max(1e-6)));
        Self {
            projections,
            rings: settings.rings,
            angles: settings.angles,
            near,
            wide,
        }
    }
}

impl<'a> Comparison<'a> {
    pub fn new(
        plan: &'a PolarPlan,
        settings: &Settings,
        projections: &'a Projections,
        coarse: Option<(&Settings, &'a Projections)>,
        max_shift: f64,
    ) -> Self {
        // With a first look, the fine level never sees a particle whose shift is unknown.
        let reach = if coarse.is_some() { 0.0 } else { max_shift };
        let fine = Level::new(plan, settings, projections, 1.5, reach);
        let coarse =
            coarse.map(|(settings, projections)| Level::new(plan, settings, projections, 0.8, max_shift));
        Self {
            plan,
            fine,
            coarse,
            prior: 0.5 * max_shift.max(1.0),
            max_shift,
        }
    }

    /// The image at one level: its rings about the known shift, moved by every trial shift.
    fn image_at(
        &self,
        level: &Level<'_>,
        cache: &ParticleCache,
        row: usize,
        known: Option<[f32; 2]>,
        worker: &mut Worker,
    ) -> Result<f64, AbInitioError> {
        let (fine, stride) = (self.plan.angles / 2, self.plan.angles / level.angles);
        let half = level.angles / 2;
        let layout = &level.projections.layout;
        let trials = if known.is_some() { &level.near } else { &level.wide };
        let centre = known.unwrap_or_default().map(f64::from);
        let all = cache.samples(row);
        worker.samples.clear();
        for q in 0..level.rings {
            worker
                .samples
                .extend((0..half).map(|j| all[q * fine + j * stride]));
        }
        if centre != [0.0; 2] {
            let (kx, ky) = level.projections.places();
            let turn = phases(self.plan, kx, ky, centre);
            worker.samples.iter_mut().zip(turn).for_each(|(v, p)| *v *= p);
        }
        let image = &mut worker.image;
        image.transfer_power.clear();
        image
            .transfer_power
            .extend_from_slice(&cache.transfer_power(row)[..level.rings]);
        image.shift_log_prior.clear();
        image
            .spectra
            .resize(trials.shifts.len() * layout.pairs(), Complex32::default());
        let mut prior_sum = 0.0;
        let samples = worker.samples.len();
        for (t, shift) in trials.shifts.iter().enumerate() {
            let total = [centre[0] + shift[0], centre[1] + shift[1]];
            let distance = total[0].hypot(total[1]);
            // Beyond the largest shift the prior falls steeply rather than being cut.
            let excess = (distance - self.max_shift).max(0.0) / (0.1 * self.max_shift + 1.0);
            let log_prior = -0.5 * (distance / self.prior).powi(2) - excess * excess;
            prior_sum += log_prior.exp();
            image.shift_log_prior.push(log_prior as f32);
            worker.moved.clear();
            let turn = &trials.phases[t * samples..(t + 1) * samples];
            worker
                .moved
                .extend(worker.samples.iter().zip(turn).map(|(v, p)| v * p));
            layout.spectrum(
                &worker.moved,
                &mut image.spectra[t * layout.pairs()..(t + 1) * layout.pairs()],
            )?;
        }
        Ok(prior_sum)
    }

    /// Compares one cached image about a known shift, or about none.
    pub fn compare(
        &self,
        cache: &ParticleCache,
        row: usize,
        known: Option<[f32; 2]>,
        worker: &mut Worker,
    ) -> Result<Match, AbInitioError> {
        let templates = &self.fine.projections.templates;
        let mut known = known;
        if let Some(coarse) = &self.coarse {
            self.image_at(coarse, cache, row, known, worker)?;
            let templates = &coarse.projections.templates;
            let look = templates.evaluate(&worker.image, &mut worker.scratch)?;
            worker
                .scratch
                .blocks_within(MARGIN, templates.blocks(), &mut worker.active);
            // An unknown shift is found here; a known one is left to the fine level.
            known = known.or_else(|| {
                coarse
                    .wide
                    .shifts
                    .get(look.best.shift)
                    .map(|s| s.map(|v| v as f32))
            });
        }
        let prior_sum = self.image_at(&self.fine, cache, row, known, worker)?;
        let Worker {
            image,
            scratch,
            active,
            ..
        } = worker;
        let posterior = match self.coarse {
            Some(_) => templates.evaluate_blocks(image, active, scratch)?,
            None => templates.evaluate(image, scratch)?,
        };
        let layout = &self.fine.projections.layout;
        let trials = if known.is_some() {
            &self.fine.near
        } else {
            &self.fine.wide
        };
        let poses = templates.classes() * templates.directions() * layout.angles();
        let mut shift = known.unwrap_or_default().map(f64::from);
        for (w, t) in posterior.shift_weights.iter().zip(&trials.shifts) {
            shift[0] += f64::from(*w) * t[0];
            shift[1] += f64::from(*w) * t[1];
        }
        let psi = std::f64::consts::TAU * posterior.best.angle as f64 / layout.angles() as f64;
        let in_plane = Rotation::from_euler_rad(0.0, 0.0, psi);
        let rotation = in_plane.mul(&self.fine.projections.rotations[posterior.best.direction]);
        let evidence = f64::from(posterior.log_sum) - (poses as f64).ln() - f64::ln(prior_sum);
        Ok(Match {
            posterior,
            rotation,
            shift,
            evidence,
        })
    }

    /// Compares a batch and back-projects it, each image under its posterior, into the half that its row belongs to
    /// (even and odd). Matches come in the order of `rows`.
    pub fn batch(
        &self,
        cache: &ParticleCache,
        rows: &[usize],
        known: &(dyn Fn(usize) -> Option<[f32; 2]> + Sync),
        observer: &dyn Observer,
    ) -> Result<(Vec<Match>, [GradientSet; 2]), AbInitioError> {
        let templates = &self.fine.projections.templates;
        let mut gradients = [GradientSet::new(templates), GradientSet::new(templates)];
        let mut matches: Vec<Option<Match>> = vec![None; rows.len()];
        // A round is small enough that a cancel is heard in time.
        const ROUND: usize = 512;
        for first in (0..rows.len()).step_by(ROUND) {
            super::check_cancelled(observer)?;
            let places: Vec<usize> = (first..rows.len().min(first + ROUND)).collect();
            let mut pieces: Vec<Vec<usize>> = vec![Vec::new(); PIECES];
            let mut filled = [0usize; 2];
            for place in places {
                let half = rows[place] % 2;
                pieces[half + 2 * (filled[half] % (PIECES / 2))].push(place);
                filled[half] += 1;
            }
            let done: Vec<(Vec<(usize, Match)>, GradientSet)> = pieces
                .into_par_iter()
                .map(|piece| {
                    let mut worker = Worker::default();
                    let mut sums = GradientSet::new(templates);
                    let mut out = Vec::with_capacity(piece.len());
                    for place in piece {
                        let found = self.compare(cache, rows[place], known(rows[place]), &mut worker)?;
                        templates.accumulate(&worker.image, 1.0, &mut worker.scratch, &mut sums)?;
                        out.push((place, found));
                    }
                    Ok((out, sums))
                })
                .collect::<Result<_, AbInitioError>>()?;
            for (piece, (found, sums)) in done.into_iter().enumerate() {
                gradients[piece % 2].add(&sums)?;
                for (place, found) in found {
                    matches[place] = Some(found);
                }
            }
        }
        Ok((matches.into_iter().flatten().collect(), gradients))
    }

    /// Compares images without using them.
    pub fn score(
        &self,
        cache: &ParticleCache,
        rows: &[usize],
        known: &(dyn Fn(usize) -> Option<[f32; 2]> + Sync),
        observer: &dyn Observer,
    ) -> Result<Vec<Match>, AbInitioError> {
        let mut all = Vec::with_capacity(rows.len());
        for round in rows.chunks(256) {
            super::check_cancelled(observer)?;
            let found: Vec<Match> = round
                .par_iter()
                .map_init(Worker::default, |worker, row| {
                    self.compare(cache, *row, known(*row), worker)
                })
                .collect::<Result<_, AbInitioError>>()?;
            all.extend(found);
        }
        Ok(all)
    }
}
