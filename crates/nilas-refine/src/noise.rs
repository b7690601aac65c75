//! The noise model of one half-set: a radial power spectrum per optics group, from images first, from residuals then.
//! Each half-set has its own, so that neither learns from the other's images.

use crate::store::ParticleStore;

/// Noise power per coefficient by optics group and shell (from 0).
#[derive(Debug, Clone, PartialEq)]
pub struct NoiseModel {
    /// `power[group][shell]`, always positive.
    pub power: Vec<Vec<f64>>,
}

/// Residual power, summed over particles, by optics group and shell.
#[derive(Debug, Clone, PartialEq)]
pub struct ResidualSums {
    sum: Vec<Vec<f64>>,
    count: Vec<Vec<f64>>,
}

impl NoiseModel {
    /// The images' own mean power: an upper bound that treats the signal as noise. Safe to start with.
    pub fn from_images(store: &ParticleStore) -> Self {
        let mut model = Self {
            power: store.mean_power().to_vec(),
        };
        model.make_positive();
        model
    }

    /// Standard deviation by shell of one group, f32.
    pub fn sigma(&self, group: usize) -> Vec<f32> {
        self.power[group].iter().map(|p| p.sqrt() as f32).collect()
    }

    /// Mean power over the groups for each listed shell: the weight that undoes whitening when slices are inserted. Whitened
    /// densities would change quickly from shell to shell, and a grid point would lean towards its quieter
    /// neighbours; between groups the noise still weighs as it must.
    pub fn insertion_weights(&self, shells: &[u16]) -> Vec<f32> {
        let groups = self.power.len().max(1) as f64;
        let count = self.power.first().map_or(0, Vec::len);
        let mean: Vec<f32> = (0..count)
            .map(|r| (self.power.iter().map(|p| p[r]).sum::<f64>() / groups) as f32)
            .collect();
        shells
            .iter()
            .map(|s| mean.get(usize::from(*s)).copied().unwrap_or(1.0))
            .collect()
    }

    /// Takes new residuals: images were whitened with this model, and so their residual power is relative to it.
    /// Shells that were not measured keep their ratio to the last measured one.
    pub fn update(&mut self, residuals: &ResidualSums) {
        for (g, power) in self.power.iter_mut().enumerate() {
            let mut last = 1.0;
            for (r, p) in power.iter_mut().enumerate().skip(1) {
                // A group of a few particles must not fit its own noise.
                if residuals.count[g][r] >= 30.0 {
                    last = (residuals.sum[g][r] / residuals.count[g][r]).clamp(0.05, 20.0);
                }
                *p *= last;
            }
        }
        self.make_positive();
    }

    /// Mean of two models, group by group and shell by shell: for reports.
    pub fn mean(models: &[NoiseModel; 2]) -> Vec<Vec<f64>> {
        let [a, b] = models;
        (a.power.iter().zip(&b.power))
            .map(|(a, b)| a.iter().zip(b).map(|(x, y)| 0.5 * (x + y)).collect())
            .collect()
    }

    fn make_positive(&mut self) {
        for power in &mut self.power {
            let top = power.iter().copied().fold(0.0, f64::max);
            let floor = if top > 0.0 { 1e-6 * top } else { 1.0 };
            power.iter_mut().for_each(|p| *p = p.max(floor));
            // Shell 0 is never used; a neighbour's value keeps figures readable.
            if power.len() > 1 {
                power[0] = power[1];
            }
        }
    }
}

impl ResidualSums {
    /// Nothing measured yet.
    pub fn new(groups: usize, shells: usize) -> Self {
        Self {
            sum: vec![vec![0.0; shells]; groups],
            count: vec![vec![0.0; shells]; groups],
        }
    }

    /// Adds one particle's residual power and number of coefficients by shell.
    pub fn add(&mut self, group: usize, sum: &[f64], count: &[f64]) {
        self.sum[group].iter_mut().zip(sum).for_each(|(a, b)| *a += b);
        self.count[group].iter_mut().zip(count).for_each(|(a, b)| *a += b);
    }
}
