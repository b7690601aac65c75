//! Typed columns keyed by a 64-bit uid, joins, slots and passthrough.
//!
//! A [`Dataset`] is a table with the column `uid` first. Every other column has a name like `blob/path`: the part before the
//! slash is the *slot* (`blob`), the rest the *field*. Row order carries no meaning between files: tables are joined on uid.
//! The element types are those of CryoSPARC's `.cs` files (`f4 f8 c8 c16 i1 i2 i4 i8 u1 u2 u4 u8` and strings), a column may
//! have up to three extra dimensions (`alignments3D/pose` has one, of length 3).
//!
//! ```
//! use nilas_dataset::Dataset;
//! let mut particles = Dataset::from_uids(vec![11, 12, 13]);
//! particles.set("blob/idx", vec![0u32, 1, 2])?;
//! particles.set_array("alignments3D/shift", &[2], vec![0.0f32; 6])?;
//! assert_eq!(particles.get::<u32>("blob/idx")?, &[0, 1, 2]);
//! assert_eq!(particles.slots(), ["blob", "alignments3D"]);
//! # Ok::<(), nilas_dataset::DatasetError>(())
//! ```

mod column;
mod convert;
mod dataset;
mod dtype;
mod error;
mod rows;
mod slots;
mod uid;

pub use column::{Column, Values};
pub use dataset::Dataset;
pub use dtype::{DType, Element, Text};
pub use error::DatasetError;
pub use uid::fresh_uids;

/// Result of this crate.
pub type Result<T> = std::result::Result<T, DatasetError>;
