//! Homogeneous refinement with gold-standard half-sets (algorithms.md 8).

mod expectation;
mod finish;
mod known;
mod params;
mod posterior;
mod run;
mod saved;
mod state;
mod step;
mod support;

pub use finish::{RefineOutcome, Resolution};
pub use params::RefineParams;
pub use run::run;
pub use state::RefineState;

pub(crate) use known::reconstruct_known;
