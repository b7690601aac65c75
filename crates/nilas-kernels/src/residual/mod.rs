//! Residuals of a predicted slice against an image, and the normal equations of local refinement.
//!
//! With the whitened image W, the real factor c (scale times whitened CTF), the slice V with its image-frame
//! gradient g, and the shift t (pixels, applied to the image): `p = c V`, `r = W exp(-2 pi i k.t/n) - p`,
//! log-likelihood `-sum |r|^2` (unit noise power per coefficient, half disc). Parameters: the rotation vector d of
//! `A <- exp(-[d]x) A` and t. Cost: about 100 FLOP per coefficient, all of it vector code.

mod cpu;
pub mod reference;
#[cfg(test)]
mod tests;

pub use cpu::{ContributionOut, contribution, normal_equations, score, shift_equations};

/// One image's data for a prefix of the coefficient list; all slices have the same length.
#[derive(Debug, Clone, Copy)]
pub struct Observation<'a> {
    /// Real part of the whitened image.
    pub re: &'a [f32],
    /// Imaginary part of the whitened image.
    pub im: &'a [f32],
    /// Scale times CTF over the noise's standard deviation.
    pub factor: &'a [f32],
    /// Horizontal frequency, Fourier pixels.
    pub kx: &'a [f32],
    /// Vertical frequency, Fourier pixels.
    pub ky: &'a [f32],
    /// Side of the image, pixels.
    pub box_size: usize,
}

/// Inner products of one image and one prediction.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Score {
    /// `sum Re(conj(p) W exp(-2 pi i k.t/n))`.
    pub cross: f64,
    /// `sum |p|^2`.
    pub power: f64,
    /// `sum |W|^2`.
    pub data: f64,
}

impl Score {
    /// `-sum |W - p|^2`.
    pub fn log_likelihood(&self) -> f64 {
        2.0 * self.cross - self.power - self.data
    }

    /// The log-likelihood without its pose-free part: `2 cross - power`.
    pub fn gain(&self) -> f64 {
        2.0 * self.cross - self.power
    }
}

/// Gauss-Newton equations `H step = g` for `P` parameters; the log-likelihood's own curvature is `2 H`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NormalEquations<const P: usize> {
    /// Inner products at the current point.
    pub score: Score,
    /// `g_j = sum Re(conj(J_j) r)`.
    pub gradient: [f64; P],
    /// `H_ij = sum Re(conj(J_i) J_j)`, full symmetric.
    pub hessian: [[f64; P]; P],
}
