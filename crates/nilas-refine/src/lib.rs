//! Alignment and reconstruction: ab-initio, homogeneous refinement, reconstruction from known poses.

mod error;
mod global;
mod local;
mod maps;
mod noise;
mod observer;
mod particle;
pub mod reconstruct;
pub mod refine;
pub mod ab_initio;
pub mod source;
mod store;
mod view;

pub use error::RefineError;
pub use observer::{IterationReport, Observer, SearchKind, Silent, Timings};
pub use particle::{Particle, ParticleResult, Pose};
pub use source::{ImageSource, SourceError};
