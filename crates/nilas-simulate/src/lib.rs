//! Particle images with known truth, made from an atomic model or a map.
//!
//! The simulator shares no convention code with the solver: it has its own scattering data, rotations,
//! contrast transfer function, projector and noise, so that an error in one of the solver's formulas cannot
//! cancel against itself. Points (atoms, or voxels of a map) are rotated in real space, spread with sub-pixel
//! accuracy on a grid twice finer than the image and on a field twice wider than the box, transformed, and
//! multiplied by their analytic form factor; the contrast transfer function acts on the wide field, so that
//! signal delocalised out of the box is really lost. Conventions are those of `docs/conventions.md`.
//!
//! ```
//! use nilas_simulate::{demo_molecule, Simulation, SimulationParams, Specimen};
//! let molecule = demo_molecule(40.0, 1);
//! let params = SimulationParams { box_size: 32, pixel_size_angstrom: 6.0, count: 4, ..Default::default() };
//! let simulation = Simulation::new(vec![Specimen::molecule(molecule)], params)?;
//! let mut image = vec![0.0; 32 * 32];
//! let truth = simulation.image(0, &mut image)?;
//! assert_eq!(truth.class, Some(0));
//! # Ok::<(), nilas_simulate::SimulateError>(())
//! ```

mod demo;
mod density;
mod error;
mod molecule;
mod noise;
mod optics;
mod orientation;
mod params;
mod particles;
mod points;
mod project;
mod rotation;
mod scattering;
mod scattering_table;
mod spread;
#[cfg(test)]
mod tests;

pub use demo::demo_molecule;
pub use density::TruthMap;
pub use error::SimulateError;
pub use molecule::{Atom, Molecule};
pub use noise::NoiseSpectrum;
pub use optics::Optics;
pub use orientation::Orientations;
pub use params::{SimulationParams, SnrRegion, Specimen};
pub use particles::{ParticleTruth, Simulation};
pub use points::ScatteringModel;
pub use rotation::{euler_zyz_deg, rotation_from_euler_zyz_deg};
pub use scattering::{Element, electron_scattering_factor_angstrom};
