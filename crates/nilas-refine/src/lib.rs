//! Alignment and reconstruction: ab-initio, homogeneous refinement, reconstruction from known poses.

pub mod ab_initio;
mod error;
mod global;
mod local;
mod maps;
mod noise;
mod observer;
mod particle;
pub mod reconstruct;
pub mod refine;
pub mod source;
mod store;
mod view;

pub use error::RefineError;
pub use observer::{IterationReport, Observer, SearchKind, Silent, Timings};
pub use particle::{Particle, ParticleResult, Pose};
pub use source::{ImageSource, MemorySource, SourceError};
