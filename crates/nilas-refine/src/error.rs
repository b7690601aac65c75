use crate::source::SourceError;
use nilas_kernels::KernelError;
use nilas_volume::VolumeError;

/// Why a refinement or reconstruction could not be done.
#[derive(Debug, thiserror::Error)]
pub enum RefineError {
    /// The image source failed.
    #[error("reading images: {0}")]
    Source(#[source] SourceError),
    /// An image holds NaN or infinite values.
    #[error(
        "image {image} holds values that are not numbers (NaN or infinite); remove it or extract it again"
    )]
    NotFinite {
        /// Number of the image in the source, from 0.
        image: usize,
    },
    /// Not enough particles to do anything with.
    #[error("{found} usable particles are too few: at least {needed} are needed for two half-sets")]
    TooFew {
        /// Particles with content.
        found: usize,
        /// The least that works.
        needed: usize,
    },
    /// The images are copies of each other.
    #[error(
        "{duplicates} of {total} images are exact copies of another one: the half-sets would not be independent"
    )]
    Duplicates {
        /// Images that equal an earlier one.
        duplicates: usize,
        /// All images.
        total: usize,
    },
    /// A particle names an image that is not there.
    #[error("particle {particle} wants image {image}, but the source holds {count}")]
    NoSuchImage {
        /// Index of the particle.
        particle: usize,
        /// The image it wants.
        image: usize,
        /// How many there are.
        count: usize,
    },
    /// A particle has no pose where one is needed.
    #[error("particle {0} has no pose: reconstruction from known poses needs one for every particle")]
    NoPose(usize),
    /// A parameter is out of range.
    #[error("{name}: {message}")]
    Parameter {
        /// The field.
        name: &'static str,
        /// What is wrong and what would be right.
        message: String,
    },
    /// A particle's CTF cannot be evaluated.
    #[error("particle {particle}: {message}")]
    Ctf {
        /// Index of the particle.
        particle: usize,
        /// What is wrong with it.
        message: String,
    },
    /// The scratch file could not be written or read.
    #[error("scratch file in {directory}: {source}")]
    Scratch {
        /// Where it was to lie.
        directory: String,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// A saved state does not belong to these inputs or is damaged.
    #[error("saved state: {0}")]
    State(String),
    /// The observer asked to stop.
    #[error("cancelled")]
    Cancelled,
    /// A kernel refused its input.
    #[error(transparent)]
    Kernel(#[from] KernelError),
    /// A volume operation refused its input.
    #[error(transparent)]
    Volume(#[from] VolumeError),
}
