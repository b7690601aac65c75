//! Maps, masks, Fourier shell correlation, sharpening, alignment of maps.
//!
//! A [`Volume`] is an even cube of f32, `[z][y][x]` with x fastest, centred on voxel `n/2` of each axis. Its transform,
//! a [`Spectrum`], is half-Hermitian, unitary and has its phase origin at that centre. Shell `r` holds the Fourier voxels
//! with `round(|k|) = r`; the Nyquist planes are never read. Conventions: `docs/conventions.md`.

pub mod align;
pub mod directional;
pub mod filter;
pub mod fsc;
pub mod mask;
mod morphology;
pub mod picture;
pub mod sharpen;
mod spectrum;
#[cfg(test)]
mod test_maps;
pub mod transform;
mod volume;

pub use align::{AlignOptions, Alignment, align};
pub use fsc::{CorrectedFsc, Crossing, FscCurve};
pub use spectrum::Spectrum;
pub use volume::Volume;

/// What can be wrong with maps and masks given to this crate.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum VolumeError {
    /// The box isn't an even cube of at least 4 voxels, or the data are not as many.
    #[error("a map must be a cube with an even side of at least 4 voxels: side {n}, {len} voxels of data")]
    Shape {
        /// The side that was given.
        n: usize,
        /// How many voxels were given.
        len: usize,
    },
    /// The voxel size is zero, negative or not a number.
    #[error("voxel size {0} Å: it must be a positive number")]
    VoxelSize(f64),
    /// Two maps (or a map and a mask) don't lie on the same grid.
    #[error(
        "{what}: {n_a} voxels of {voxel_a:.4} Å against {n_b} voxels of {voxel_b:.4} Å; resample one of them first"
    )]
    Mismatch {
        /// Which two.
        what: &'static str,
        /// Side of the first.
        n_a: usize,
        /// Voxel size of the first, Å.
        voxel_a: f64,
        /// Side of the second.
        n_b: usize,
        /// Voxel size of the second, Å.
        voxel_b: f64,
    },
    /// A voxel isn't a finite number.
    #[error("{what}: the value at x {x}, y {y}, z {z} is {value}")]
    NotFinite {
        /// Which map.
        what: &'static str,
        /// Column.
        x: usize,
        /// Row.
        y: usize,
        /// Section.
        z: usize,
        /// The value.
        value: f32,
    },
    /// The map has no contrast (or the mask no voxels), so that nothing can be measured.
    #[error("{what} is flat: there is nothing in it to work with")]
    Flat {
        /// Which map or mask.
        what: &'static str,
    },
    /// A parameter is outside of what is possible.
    #[error("{name} is {value}; it must be {allowed}")]
    Parameter {
        /// The parameter with its unit.
        name: &'static str,
        /// What was given.
        value: f64,
        /// What would be allowed, in words.
        allowed: String,
    },
    /// A transform refused its input.
    #[error(transparent)]
    Kernel(#[from] nilas_kernels::KernelError),
}
