//! Alignment and reconstruction: ab-initio, homogeneous refinement, reconstruction from known poses.

pub mod source;

pub use source::{ImageSource, SourceError};
