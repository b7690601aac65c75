//! Rotations, Euler angles and axis-angle, point groups, grids on the sphere and on SO(3).
//!
//! This crate owns every formula that turns one description of an orientation into another; no other crate
//! writes a rotation formula. The conventions are those of `docs/conventions.md`:
//! a pose is the matrix `A` with `x_image = A x_volume`, so that the rows of `A` are the image x axis, the
//! image y axis and the beam direction, written in the volume's frame.

pub mod healpix;
pub mod rotation;
pub mod so3;
pub mod sphere;
pub mod symmetry;

pub use rotation::Rotation;
pub use symmetry::PointGroup;

/// What can be wrong with a request to this crate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GeometryError {
    /// The symmetry name is not one of the known ones.
    #[error(
        "`{0}` is no known symmetry: use C1, C2, ... Cn (n-fold axis along z), D1, D2, ... Dn (n-fold along z, 2-fold along x), \
         T, O, I (the same as I2), I1, I2, I3 or I4 (n up to {max})",
        max = symmetry::MAX_FOLD
    )]
    UnknownSymmetry(String),
}
