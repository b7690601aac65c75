//! Exhaustive search of one particle (algorithms.md 8.2, tier G), on the polar kernel.

use crate::error::RefineError;
use crate::particle::Particle;
use crate::store::ParticleStore;
use crate::view::View;
use nilas_geometry::{PointGroup, Rotation, healpix};
use nilas_kernels::Complex32;
use nilas_kernels::polar::{
    PolarGrid, PolarImage, PolarSampler, PolarTemplates, SamplerScratch, ScoreRule, SearchOptions,
    SearchScratch,
};
use nilas_kernels::slice::SplineVolume;

/// Templates of both half-sets' references and everything that is the same for all particles.
pub(crate) struct GlobalSearch {
    grid: PolarGrid,
    directions: Vec<Rotation>,
    templates: Vec<PolarTemplates>,
    sampler: PolarSampler,
    frequencies: Vec<[f32; 2]>,
    step_rad: f64,
    group: PointGroup,
}

/// Buffers of one thread.
pub(crate) struct GlobalScratch {
    values: Vec<Complex32>,
    re: Vec<f32>,
    im: Vec<f32>,
    factor: Vec<f32>,
    sampler: SamplerScratch,
    search: SearchScratch,
}

/// A pose that the search proposes. Shift in pixels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seed {
    pub rotation: Rotation,
    pub shift: [f64; 2],
}

/// What to look for.
pub(crate) struct GlobalQuery<'a> {
    /// Whole shifts to try, pixels, as they are applied to the image.
    pub shifts: &'a [[f32; 2]],
    pub rule: ScoreRule,
    /// Rings to leave out (index `q - 1`), as a mask of those to use.
    pub rings: Option<&'a [bool]>,
    /// Nats below the best that still count.
    pub window: f32,
    pub max_seeds: usize,
}

impl GlobalSearch {
    /// Templates on the HEALPix grid of `order`, turned as a whole by `turn` (against grid bias), restricted to the
    /// group's asymmetric unit, rings up to `radius`, for a particle of `particle_radius` pixels.
    pub fn new(
        volumes: &[SplineVolume],
        store: &ParticleStore,
        radius: usize,
        order: u32,
        group: &PointGroup,
        turn: &Rotation,
        particle_radius: f64,
    ) -> Result<Self, RefineError> {
        let grid = PolarGrid::new(store.disc().box_size(), radius, particle_radius)?;
        let directions: Vec<Rotation> = healpix::directions(order)
            .into_iter()
            .map(|[rot, tilt]| Rotation::from_euler_rad(rot, tilt, 0.0).mul(turn))
            .filter(|a| group.in_asymmetric_unit(a.view_direction()))
            .collect();
        let matrices: Vec<_> = directions.iter().map(|d| d.m).collect();
        let templates = volumes
            .iter()
            .map(|v| PolarTemplates::new(v, &matrices, &grid))
            .collect::<Result<_, _>>()?;
        let scale = 1.0 / (grid.box_size() as f64 * store.pixel_size_angstrom());
        let frequencies = (grid.kx().iter().zip(grid.ky()))
            .map(|(x, y)| [(*x as f64 * scale) as f32, (*y as f64 * scale) as f32])
            .collect();
        Ok(Self {
            sampler: PolarSampler::new(&grid, store.disc())?,
            frequencies,
            templates,
            directions,
            step_rad: healpix::step_deg(order).to_radians(),
            group: group.clone(),
            grid,
        })
    }

    pub fn scratch(&self) -> GlobalScratch {
        let n = self.grid.len();
        GlobalScratch {
            values: Vec::new(),
            re: vec![0.0; n],
            im: vec![0.0; n],
            factor: vec![0.0; n],
            sampler: SamplerScratch::default(),
            search: SearchScratch::new(&self.grid),
        }
    }

    /// Spacing of the directions, radians.
    pub fn step_rad(&self) -> f64 {
        self.step_rad
    }

    /// How many coefficients a view must hold.
    pub fn coefficients(&self) -> usize {
        self.sampler.coefficients()
    }

    /// The best poses of a particle against reference `which`, one per basin, best first.
    pub fn seeds(
        &self,
        store: &ParticleStore,
        view: &View,
        particle: &Particle,
        scale: f64,
        which: usize,
        query: &GlobalQuery,
        s: &mut GlobalScratch,
    ) -> Result<Vec<Seed>, RefineError> {
        let used = |q: usize| query.rings.is_none_or(|r| r.get(q - 1).copied().unwrap_or(false));
        s.values.clear();
        let count = self.sampler.coefficients();
        for (i, shell) in store.disc().shell()[..count].iter().enumerate() {
            // Coefficients of left-out shells must not leak in through the interpolation.
            let keep = query.rings.is_none() || used(*shell as usize);
            s.values.push(if keep {
                Complex32::new(view.re[i], view.im[i])
            } else {
                Complex32::default()
            });
        }
        self.sampler
            .sample(store.disc(), &s.values, &mut s.re, &mut s.im, &mut s.sampler)?;
        particle.ctf.fill(&self.frequencies, &mut s.factor);
        let half = self.grid.angles() / 2;
        for (i, ring) in s.factor.chunks_exact_mut(half).enumerate() {
            let f = if used(i + 1) {
                scale as f32 / view.sigma[i + 1]
            } else {
                0.0
            };
            ring.iter_mut().for_each(|v| *v *= f);
        }
        let image = PolarImage {
            re: &s.re,
            im: &s.im,
            factor: &s.factor,
        };
        let options = SearchOptions {
            window: query.window,
            max_hits: 512,
            rule: query.rule,
        };
        let found = self.templates[which].search(&image, query.shifts, None, &options, &mut s.search)?;
        let mut seeds: Vec<Seed> = Vec::new();
        for hit in &found.hits {
            if seeds.len() == query.max_seeds {
                break;
            }
            let psi = hit.psi as f64 * self.grid.psi_step();
            let rotation =
                Rotation::from_euler_rad(0.0, 0.0, psi).mul(&self.directions[hit.direction as usize]);
            // One seed per basin: the climb covers what lies within about one and a half grid steps.
            if seeds
                .iter()
                .all(|o| self.group.distance(&o.rotation, &rotation) > 1.5 * self.step_rad)
            {
                let t = query.shifts[hit.shift as usize];
                seeds.push(Seed {
                    rotation,
                    shift: [t[0] as f64, t[1] as f64],
                });
            }
        }
        Ok(seeds)
    }
}

/// All shifts of a square lattice of `step` pixels within `range` pixels of `centre`.
pub(crate) fn shift_lattice(centre: [f64; 2], range: f64, step: f64) -> Vec<[f32; 2]> {
    let m = (range / step).floor() as i64;
    let mut out = Vec::new();
    for y in -m..=m {
        for x in -m..=m {
            let (dx, dy) = (x as f64 * step, y as f64 * step);
            if dx * dx + dy * dy <= range * range + 1e-9 {
                out.push([(centre[0] + dx) as f32, (centre[1] + dy) as f32]);
            }
        }
    }
    out
}
