//! Full posterior of an image over classes, viewing directions, in-plane angles and shifts, and its back-projection.
//!
//! What expectation-maximisation at low resolution needs: every pose's weight, not only the best ones. Images and
//! templates are angular spectra on rings of the polar Fourier plane, so that one small product per angular order
//! and one short transform give the scores of all in-plane angles; the adjoint of the same two steps accumulates
//! the weighted images in each template's own frame.
//!
//! Conventions: rings are 1..=`rings` Fourier pixels; angles `2 pi j / angles`; a prediction at in-plane angle psi is
//! `Y(q, phi + psi)`, which is `A = Z(psi) A_0` for the template's `A_0`. For an image with Fourier coefficients X,
//! transfer c and noise power v, the caller gives `Z = c X / v` and `c2 = <c^2 / v>` per ring; scores are then the log
//! likelihood (up to the image's own power) times the template's ring weights:
//! `sum_q g_q [ 2 Re <Y, Z>_q - c2_q <|Y|^2>_q ]`, `<.>_q` the mean over the ring, `g_q = pi q` for weights of 1
//! (a ring holds `pi q` independent coefficients).
//!
//! Cost per image, direction and shift: `4 * pairs` FMA for the product (`pairs` = number of (order, ring) pairs within
//! the band limit), `angles * orders / 2` for the transform, `angles` exponentials for active blocks. Lanes of a vector
//! are 16 neighbouring directions. Shapes: templates `[block][pair][re, im][16]`, scores `[shift][block][angle][16]`.

mod cpu;
mod layout;
#[cfg(test)]
pub mod reference;
mod sets;
#[cfg(test)]
mod tests;

pub use cpu::{BestPose, Posterior, Scratch};
pub use layout::PolarLayout;
pub use sets::{GradientSet, PolarImage, TemplateSet};

/// Directions per block: the lanes of one vector.
pub const LANES: usize = 16;
