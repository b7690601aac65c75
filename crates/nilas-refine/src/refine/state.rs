//! The state that iterations hand on, complete enough to continue after a crash.

use super::params::RefineParams;
use crate::error::RefineError;
use crate::noise::NoiseModel;
use crate::particle::{Particle, ParticleResult, Pose};
use crate::store::ParticleStore;
use nilas_geometry::Rotation;
use nilas_volume::Volume;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Fewest particles with content that a refinement starts with.
pub(crate) const MINIMUM: usize = 16;

/// What is known of one particle between iterations. Shifts in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ParticleState {
    pub rotation: Rotation,
    pub shift: [f64; 2],
    pub scale: f64,
    pub half: u8,
    pub has_pose: bool,
    pub log_likelihood: f64,
    pub posterior: f64,
    pub rotation_sigma: f64,
    pub shift_sigma: f64,
}

/// A refinement between two iterations. Save it with [`RefineState::save`], continue with [`super::run`].
#[derive(Debug, Clone, PartialEq)]
pub struct RefineState {
    /// Iterations done.
    pub iteration: usize,
    /// Box side of the particles, pixels.
    pub box_size: usize,
    /// Seed that the run was started with.
    pub seed: u64,
    pub(crate) particles: Vec<ParticleState>,
    /// Noise of each half-set.
    pub(crate) noise: [NoiseModel; 2],
    /// Wiener-weighted, masked references of the half-sets.
    pub(crate) references: [Volume; 2],
    /// What each half-set's reference is multiplied with: made from that half-set alone, unless it was given.
    pub(crate) masks: [Volume; 2],
    /// Shells for the next alignment.
    pub(crate) radius: usize,
    /// Shells of the initial low-pass.
    pub(crate) initial_radius: usize,
    /// Shells that scales are measured on.
    pub(crate) scale_radius: usize,
    /// Next iteration searches all orientations.
    pub(crate) global: bool,
    /// Iterations in a row without progress.
    pub(crate) settled: usize,
    pub(crate) converged: bool,
    /// Iterations with a search over all orientations so far.
    pub(crate) global_done: usize,
    /// Standard scores of the tests of the reference against shells that were not aligned on: initial, latest.
    pub(crate) support: [f64; 2],
}

impl RefineState {
    /// Every particle as it is now.
    pub fn results(&self, pixel_size_angstrom: f64) -> Vec<ParticleResult> {
        let a = pixel_size_angstrom;
        self.particles
            .iter()
            .map(|p| ParticleResult {
                pose: Pose {
                    rotation: p.rotation,
                    shift_angstrom: p.shift.map(|v| v * a),
                },
                half: p.half,
                scale: p.scale,
                log_likelihood: p.log_likelihood,
                posterior: p.posterior,
                rotation_sigma_rad: p.rotation_sigma,
                shift_sigma_angstrom: p.shift_sigma * a,
            })
            .collect()
    }

    /// True when the iterations have ended and only the final reconstruction is left.
    pub fn converged(&self) -> bool {
        self.converged
    }

    pub(crate) fn new(
        store: &ParticleStore,
        particles: &[Particle],
        params: &RefineParams,
        reference: Volume,
        mask: Volume,
        initial_radius: usize,
    ) -> Result<Self, RefineError> {
        check_content(store)?;
        let halves = split_halves(store, particles, params.seed);
        let a = params.pixel_size_angstrom;
        let states = particles
            .iter()
            .zip(halves)
            .map(|(p, half)| {
                let pose = p.pose.unwrap_or(Pose {
                    rotation: Rotation::identity(),
                    shift_angstrom: [0.0; 2],
                });
                ParticleState {
                    rotation: pose.rotation,
                    shift: pose.shift_angstrom.map(|v| v / a),
                    scale: if p.scale > 0.0 && p.scale.is_finite() {
                        p.scale
                    } else {
                        1.0
                    },
                    half,
                    has_pose: params.local_only && p.pose.is_some(),
                    log_likelihood: 0.0,
                    posterior: 0.0,
                    rotation_sigma: f64::NAN,
                    shift_sigma: f64::NAN,
                }
            })
            .collect();
        Ok(Self {
            iteration: 0,
            box_size: store.disc().box_size(),
            seed: params.seed,
            particles: states,
            noise: [NoiseModel::from_images(store), NoiseModel::from_images(store)],
            references: [reference.clone(), reference],
            masks: [mask.clone(), mask],
            radius: initial_radius,
            initial_radius,
            scale_radius: initial_radius,
            global: !params.local_only,
            settled: 0,
            converged: false,
            global_done: 0,
            support: [f64::NAN; 2],
        })
    }
}

/// Refuses sets that cannot be split into two halves of different images.
pub(crate) fn check_content(store: &ParticleStore) -> Result<(), RefineError> {
    let with_content = (0..store.len()).filter(|i| !store.is_blank(*i)).count();
    if with_content < MINIMUM {
        return Err(RefineError::TooFew {
            found: with_content,
            needed: MINIMUM,
        });
    }
    let duplicates = (0..store.len()).filter(|i| store.copy_of(*i).is_some()).count();
    if with_content - duplicates < MINIMUM || 2 * duplicates > with_content {
        return Err(RefineError::Duplicates {
            duplicates,
            total: with_content,
        });
    }
    Ok(())
}

/// Half-sets: as given where every particle has one and both occur, else at random; copies follow their original.
pub(crate) fn split_halves(store: &ParticleStore, particles: &[Particle], seed: u64) -> Vec<u8> {
    let given: Option<Vec<u8>> = particles.iter().map(|p| p.half.filter(|h| *h < 2)).collect();
    let mut halves = match given {
        Some(h) if h.contains(&0) && h.contains(&1) => h,
        _ => {
            // A shuffled alternation: the halves differ by one particle at most.
            let mut order: Vec<usize> = (0..particles.len()).collect();
            let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0x6861_6c76_6573);
            for i in (1..order.len()).rev() {
                order.swap(i, rng.random_range(0..=i));
            }
            let mut h = vec![0u8; particles.len()];
            order.iter().enumerate().for_each(|(i, p)| h[*p] = (i % 2) as u8);
            h
        }
    };
    for i in 0..halves.len() {
        if let Some(original) = store.copy_of(i) {
            halves[i] = halves[original];
        }
    }
    halves
}
