//! One particle in memory: whitened coefficients and the factor that a slice is multiplied with.

use crate::error::RefineError;
use crate::noise::NoiseModel;
use crate::particle::Particle;
use crate::store::ParticleStore;
use nilas_kernels::residual::Observation;

/// Buffers of one particle, reused from particle to particle.
#[derive(Debug, Default)]
pub(crate) struct View {
    pub re: Vec<f32>,
    pub im: Vec<f32>,
    /// Scale x CTF / noise.
    pub factor: Vec<f32>,
    /// Noise standard deviation by shell.
    pub sigma: Vec<f32>,
    /// Value and factor of the coefficient at the origin, whitened like the others.
    pub origin: [f32; 2],
}

impl View {
    /// What the coefficient at the origin adds to a reconstruction with a weight: numerator and density. Half of it:
    /// the origin is its own mate, and folding counts mates.
    pub fn origin_contribution(&self, scale: f64, weight: f64) -> [f32; 2] {
        let [value, factor] = self.origin;
        let (f, w) = (factor * scale as f32, 0.5 * weight as f32);
        [w * f * value, w * f * f]
    }
}

impl View {
    /// Loads particle `index` up to shell `radius`, whitened with `noise`, for contrast `scale`.
    pub fn load(
        &mut self,
        store: &ParticleStore,
        noise: &NoiseModel,
        particle: &Particle,
        index: usize,
        radius: usize,
        scale: f64,
    ) -> Result<(), RefineError> {
        let count = store.disc().count(radius);
        store.read(index, count, &mut self.re, &mut self.im)?;
        self.sigma = noise.sigma(store.group(index));
        self.factor.clear();
        self.factor.resize(count, 0.0);
        particle.ctf.fill(&store.frequencies()[..count], &mut self.factor);
        let (value, variance) = store.origin(index);
        let deviation = self.sigma.get(1).copied().unwrap_or(1.0) * variance.sqrt() as f32;
        self.origin = [
            value / deviation,
            (particle.ctf.value(0.0, 0.0) * scale) as f32 / deviation,
        ];
        let inverse: Vec<f32> = self.sigma.iter().map(|s| 1.0 / s).collect();
        for (i, shell) in store.disc().shell()[..count].iter().enumerate() {
            let s = inverse[*shell as usize];
            self.re[i] *= s;
            self.im[i] *= s;
            self.factor[i] *= s * scale as f32;
        }
        Ok(())
    }

    /// The particle up to `radius`, for the residual kernels.
    pub fn observation<'a>(&'a self, store: &'a ParticleStore, radius: usize) -> Observation<'a> {
        let n = store.disc().count(radius).min(self.re.len());
        Observation {
            re: &self.re[..n],
            im: &self.im[..n],
            factor: &self.factor[..n],
            kx: &store.disc().kx()[..n],
            ky: &store.disc().ky()[..n],
            box_size: store.disc().box_size(),
        }
    }
}
