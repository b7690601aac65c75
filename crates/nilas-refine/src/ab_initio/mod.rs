//! Ab-initio reconstruction: maps and poses from particles alone.
//!
//! Expectation-maximisation on small random batches ("online EM"): each batch's images are compared with every pose of a
//! grid (directions, in-plane angles, shifts, classes), and enter the reconstruction under their whole posterior, not
//! their best pose. Numerator and denominator are trailing averages, so that a step is the exact maximisation for the
//! particles seen lately: the natural-gradient form of stochastic gradient descent (algorithms.md 7). Resolution
//! and batch grow. At first a multiple of the images' power beyond the background counts as noise, which keeps poses
//! open; it is taken away step by step, and once maps have structure the noise follows the residuals. Several random
//! starts are run at low resolution and scored on particles that no start has seen; the best continues. In the end two
//! halves of the particles are refined apart from its map at low resolution: what they share beyond that is not noise.
//!
//! Images are read once, in batches, and kept as polar rings up to the final resolution (about 10 kB each).

mod align;
mod cache;
mod halves;
mod images;
mod model;
mod params;
mod poses;
mod report;
mod run;
mod schedule;
mod seeds;
mod state;
#[cfg(test)]
mod tests;

pub use params::AbInitioParams;
pub use report::{ClassResult, HalfSets, IterationReport, ParticleResult, SeedReport};
pub use seeds::{AbInitioResult, run};
pub use state::AbInitioState;

use crate::source::SourceError;
use nilas_kernels::KernelError;
use nilas_optics::Ctf;

/// One particle as ab-initio takes it.
#[derive(Debug, Clone, PartialEq)]
pub struct ParticleInput {
    /// Index into the image source.
    pub image: usize,
    /// Its contrast transfer.
    pub ctf: Ctf,
}

/// Who watches a run. All calls come from the thread that called [`run`].
pub trait Observer {
    /// `done` of `total` steps of `what` are finished.
    fn progress(&mut self, _what: &str, _done: usize, _total: usize) {}
    /// True when the run should stop; asked several times a second.
    fn cancelled(&self) -> bool {
        false
    }
    /// An iteration has ended.
    fn iteration(&mut self, _report: &IterationReport) {}
    /// The state may be saved now (after every iteration; saving every minute is enough).
    fn checkpoint(&mut self, _state: &AbInitioState) {}
}

/// An observer that sees nothing.
pub struct Silent;

impl Observer for Silent {}

/// Why an ab-initio reconstruction could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AbInitioError {
    /// The observer asked to stop.
    #[error("cancelled")]
    Cancelled,
    /// A parameter out of its range.
    #[error("{name} = {value}: {expected}")]
    Parameter {
        /// The parameter's name.
        name: &'static str,
        /// The value given.
        value: String,
        /// What is allowed.
        expected: String,
    },
    /// Too few particles.
    #[error("{count} particles are too few for an ab-initio reconstruction: at least {needed} are needed")]
    TooFew {
        /// How many there are.
        count: usize,
        /// How many there must be.
        needed: usize,
    },
    /// A pixel that is not a number.
    #[error("image {image} has the value {value} at pixel {pixel}: exclude the image or extract it again")]
    NotFinite {
        /// Index in the source.
        image: usize,
        /// Index in the image.
        pixel: usize,
        /// The value.
        value: f32,
    },
    /// A particle that points outside of the source.
    #[error("particle {particle} points to image {image} of {count}")]
    NoSuchImage {
        /// Position in the list.
        particle: usize,
        /// The image asked for.
        image: usize,
        /// How many images there are.
        count: usize,
    },
    /// Nothing to align.
    #[error("nothing to reconstruct: {0}")]
    NoInformation(&'static str),
    /// A state of another run or version.
    #[error("the saved state does not fit: {0}")]
    State(String),
    /// The source's own error.
    #[error("images could not be read: {0}")]
    Source(#[source] SourceError),
    /// The optics of a particle make no sense.
    #[error("particle {particle}: {message}")]
    Optics {
        /// Position in the list.
        particle: usize,
        /// What is wrong.
        message: String,
    },
    /// A kernel refused its input: a defect of this crate.
    #[error("computation failed: {0}")]
    Kernel(#[from] KernelError),
}

fn check_cancelled(observer: &dyn Observer) -> Result<(), AbInitioError> {
    if observer.cancelled() {
        Err(AbInitioError::Cancelled)
    } else {
        Ok(())
    }
}
