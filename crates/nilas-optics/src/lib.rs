//! The contrast transfer function, aberrations and dose weighting.
//!
//! This crate owns every formula of the microscope's optics; no other crate writes a CTF formula. Spatial frequencies
//! are in 1/Å, lengths in Å, angles in radians unless a name says otherwise.

pub mod ctf;
pub mod dose;
mod fast_sine;
pub mod zernike;

pub use ctf::{Ctf, wavelength_angstrom};

/// What can be wrong with optics parameters.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum OpticsError {
    /// A parameter isn't a finite number.
    #[error("{name} is {value}, not a finite number")]
    NotFinite {
        /// The parameter with its unit.
        name: &'static str,
        /// Its value.
        value: f64,
    },
    /// A parameter lies outside of what can be.
    #[error("{name} is {value}; it must be {allowed}")]
    OutOfRange {
        /// The parameter with its unit.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What would be allowed, in words.
        allowed: &'static str,
    },
}
