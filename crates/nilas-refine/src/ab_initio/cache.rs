//! The chosen particles, reduced to rings, in memory.

use super::images::{PolarPlan, PolarScratch};
use super::{AbInitioError, Observer, ParticleInput};
use crate::source::ImageSource;
use nilas_kernels::Complex32;
use rayon::prelude::*;

/// Reduced particles, one after the other.
pub(super) struct ParticleCache {
    /// Which of the run's particles each row is.
    pub particle: Vec<usize>,
    /// `[row][ring][angles / 2]`
    samples: Vec<Complex32>,
    /// `[row][ring]`
    transfer_power: Vec<f32>,
    /// `[row][ring]`
    power: Vec<f32>,
    rings: usize,
    per_particle: usize,
}

/// Images read at a time.
const BATCH: usize = 128;
/// Images that the noise spectrum is measured on.
const NOISE_IMAGES: usize = 600;

/// Measures the background's power spectrum on a spread of the particles and puts it into the plan.
pub(super) fn measure_noise(
    source: &dyn ImageSource,
    particles: &[ParticleInput],
    plan: &mut PolarPlan,
    observer: &mut dyn Observer,
) -> Result<(), AbInitioError> {
    let count = particles.len().min(NOISE_IMAGES);
    let chosen: Vec<usize> = (0..count).map(|i| i * particles.len() / count).collect();
    let pixels = plan.box_size * plan.box_size;
    let mut sums = vec![0.0f64; plan.rings];
    let mut used = 0usize;
    for batch in chosen.chunks(BATCH) {
        super::check_cancelled(observer)?;
        let images = read(source, particles, batch, pixels)?;
        let parts: Vec<(Vec<f64>, bool)> = images
            .par_chunks_exact(pixels)
            .map_init(PolarScratch::default, |scratch, image| {
                let mut sums = vec![0.0; plan.rings];
                let good = plan.add_noise_power(image, &mut sums, scratch)?;
                Ok((sums, good))
            })
            .collect::<Result<_, AbInitioError>>()?;
        for (part, good) in parts {
            used += usize::from(good);
            sums.iter_mut().zip(part).for_each(|(s, p)| *s += p);
        }
    }
    if used == 0 {
        return Err(AbInitioError::NoInformation(
            "no image has any contrast outside of the particle's circle",
        ));
    }
    // The corners are a small window: their spectrum is blurred anyway, and smoothing keeps single rings honest.
    let raw: Vec<f64> = sums.iter().map(|s| s / used as f64).collect();
    for (ring, noise) in plan.noise.iter_mut().enumerate() {
        let from = ring.saturating_sub(1);
        let to = (ring + 2).min(raw.len());
        let mean = raw[from..to].iter().sum::<f64>() / (to - from) as f64;
        *noise = mean.max(1e-6) as f32;
    }
    Ok(())
}

fn read(
    source: &dyn ImageSource,
    particles: &[ParticleInput],
    chosen: &[usize],
    pixels: usize,
) -> Result<Vec<f32>, AbInitioError> {
    let indices: Vec<usize> = chosen.iter().map(|i| particles[*i].image).collect();
    let mut images = vec![0.0f32; chosen.len() * pixels];
    source
        .read(&indices, &mut images)
        .map_err(AbInitioError::Source)?;
    for (image, index) in images.chunks_exact(pixels).zip(&indices) {
        if let Some(at) = image.iter().position(|v| !v.is_finite()) {
            return Err(AbInitioError::NotFinite {
                image: *index,
                pixel: at,
                value: image[at],
            });
        }
    }
    Ok(images)
}

impl ParticleCache {
    /// Reads and reduces the chosen particles.
    pub fn load(
        source: &dyn ImageSource,
        particles: &[ParticleInput],
        chosen: &[usize],
        plan: &PolarPlan,
        observer: &mut dyn Observer,
    ) -> Result<Self, AbInitioError> {
        let (rings, per_particle) = (plan.rings, plan.samples());
        let pixels = plan.box_size * plan.box_size;
        let mut cache = Self {
            particle: Vec::with_capacity(chosen.len()),
            samples: vec![Complex32::default(); chosen.len() * per_particle],
            transfer_power: vec![0.0; chosen.len() * rings],
            power: vec![0.0; chosen.len() * rings],
            rings,
            per_particle,
        };
        for batch in chosen.chunks(BATCH) {
            super::check_cancelled(observer)?;
            let first = cache.particle.len();
            let images = read(source, particles, batch, pixels)?;
            let good = cache.samples[first * per_particle..(first + batch.len()) * per_particle]
                .par_chunks_exact_mut(per_particle)
                .zip(
                    cache.transfer_power[first * rings..(first + batch.len()) * rings]
                        .par_chunks_exact_mut(rings),
                )
                .zip(cache.power[first * rings..(first + batch.len()) * rings].par_chunks_exact_mut(rings))
                .zip(images.par_chunks_exact(pixels))
                .zip(batch.par_iter())
                .map_init(
                    PolarScratch::default,
                    |scratch, ((((samples, c2), power), image), particle)| {
                        plan.reduce(image, &particles[*particle].ctf, samples, c2, power, scratch)
                    },
                )
                .collect::<Result<Vec<bool>, AbInitioError>>()?;
            // Images without contrast stay in the list with no weight, so that rows and particles keep their places.
            drop(good);
            cache.particle.extend_from_slice(batch);
            observer.progress("reading particles", cache.particle.len(), chosen.len());
        }
        Ok(cache)
    }

    pub fn len(&self) -> usize {
        self.particle.len()
    }

    pub fn samples(&self, row: usize) -> &[Complex32] {
        &self.samples[row * self.per_particle..(row + 1) * self.per_particle]
    }

    pub fn transfer_power(&self, row: usize) -> &[f32] {
        &self.transfer_power[row * self.rings..(row + 1) * self.rings]
    }

    pub fn power(&self, row: usize) -> &[f32] {
        &self.power[row * self.rings..(row + 1) * self.rings]
    }

    /// Mean over all rows of the transfer power and of the image power, per ring.
    pub fn mean_powers(&self) -> (Vec<f32>, Vec<f32>) {
        let mean = |values: &[f32]| -> Vec<f32> {
            let mut sums = vec![0.0f64; self.rings];
            for row in values.chunks_exact(self.rings) {
                sums.iter_mut().zip(row).for_each(|(s, v)| *s += f64::from(*v));
            }
            sums.iter()
                .map(|s| (s / self.len().max(1) as f64) as f32)
                .collect()
        };
        (mean(&self.transfer_power), mean(&self.power))
    }
}
