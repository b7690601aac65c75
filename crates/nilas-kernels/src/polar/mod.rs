//! Exhaustive search over orientation and shift as dense algebra on angular harmonics.
//!
//! Images and templates are sampled on rings `q = 1..=R` at `M` angles. With `Z = c W` (image times factor, moved by a
//! candidate shift) and `Y` (template at in-plane angle 0), both expanded in `exp(i m phi)`, the inner product for
//! every in-plane angle is one inverse transform of `G_m = sum_q a_q conj(Z_qm) Y_qm`: a small complex matrix product
//! for each m. Templates are stored 16 directions side by side, so that product, transform and scan run with the
//! direction as the vector lane and scores never leave the cache.
//! Cost per shift and direction: `8 sum_q (m_max(q)+1)` FLOP for the product, about `5 M log2 M` for the transform.

mod lanes;
pub mod reference;
mod sampler;
mod search;
mod templates;
#[cfg(test)]
mod tests;

pub use sampler::{PolarSampler, SamplerScratch};
pub use search::{PolarHit, PolarImage, ScoreRule, SearchOptions, SearchResult, SearchScratch};
pub use templates::PolarTemplates;

use crate::error::{KernelError, check_box};

/// Rings, angles and angular band limits of a search.
#[derive(Debug, Clone, PartialEq)]
pub struct PolarGrid {
    box_size: usize,
    radius: usize,
    angles: usize,
    /// Highest kept harmonic of ring `q` (index `q - 1`).
    m_max: Vec<usize>,
    kx: Vec<f32>,
    ky: Vec<f32>,
}

impl PolarGrid {
    /// Rings 1..=`radius` (Fourier pixels of a box of side `box_size`) for a particle of radius
    /// `particle_radius` pixels; the number of angles is the power of two that its harmonics need.
    /// Errors: odd box, radius of 0 or beyond Nyquist.
    pub fn new(box_size: usize, radius: usize, particle_radius: f64) -> Result<Self, KernelError> {
        check_box("polar grid", box_size, 8)?;
        let maximum = box_size / 2 - 1;
        if radius == 0 || radius > maximum {
            return Err(KernelError::Radius {
                what: "polar grid",
                found: radius,
                maximum,
            });
        }
        let reach = particle_radius.clamp(1.0, box_size as f64 / 2.0) / box_size as f64;
        let limit = |q: usize| (std::f64::consts::TAU * q as f64 * reach).ceil() as usize + 6;
        let angles = (2 * (limit(radius) + 1)).next_power_of_two().max(32);
        let m_max = (1..=radius).map(limit).collect();
        let (mut kx, mut ky) = (Vec::new(), Vec::new());
        for q in 1..=radius {
            for j in 0..angles / 2 {
                // From -pi/2 on, so that kx >= 0 like everywhere else.
                let (s, c) = Self::angle_of(j, angles).sin_cos();
                kx.push((q as f64 * c) as f32);
                ky.push((q as f64 * s) as f32);
            }
        }
        Ok(Self {
            box_size,
            radius,
            angles,
            m_max,
            kx,
            ky,
        })
    }

    fn angle_of(j: usize, angles: usize) -> f64 {
        std::f64::consts::TAU * j as f64 / angles as f64 - std::f64::consts::FRAC_PI_2
    }

    /// Side of the box, pixels.
    pub fn box_size(&self) -> usize {
        self.box_size
    }

    /// Number of rings, which is the largest ring's radius in Fourier pixels.
    pub fn radius(&self) -> usize {
        self.radius
    }

    /// Number of angles on the full circle, and of in-plane angles that are searched.
    pub fn angles(&self) -> usize {
        self.angles
    }

    /// In-plane angle step, radians.
    pub fn psi_step(&self) -> f64 {
        std::f64::consts::TAU / self.angles as f64
    }

    /// Samples on half circles, `(radius, angles/2)`: what an image or a CTF must be evaluated at.
    pub fn len(&self) -> usize {
        self.kx.len()
    }

    /// Never true for a grid that could be made.
    pub fn is_empty(&self) -> bool {
        self.kx.is_empty()
    }

    /// Horizontal frequency of the samples, Fourier pixels.
    pub fn kx(&self) -> &[f32] {
        &self.kx
    }

    /// Vertical frequency of the samples, Fourier pixels.
    pub fn ky(&self) -> &[f32] {
        &self.ky
    }

    /// Highest harmonic of any ring.
    pub fn harmonics(&self) -> usize {
        self.m_max[self.radius - 1]
    }

    /// First ring (as index `q - 1`) whose band holds the harmonic `m`.
    fn first_ring(&self, m: usize) -> usize {
        self.m_max.iter().position(|top| *top >= m).unwrap_or(self.radius)
    }

    /// Quadrature weight of one sample of ring index `i`, so that the sum over the full circles equals the sum over
    /// the half disc of Cartesian coefficients: half of the ring's area over its samples.
    fn weight(&self, i: usize) -> f64 {
        std::f64::consts::PI * (i + 1) as f64 / self.angles as f64
    }
}
