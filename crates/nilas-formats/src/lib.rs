//! Readers and writers for MRC, TIFF, EER, STAR, .cs, .csg, PDB and mmCIF.
//!
//! Every reader trusts nothing that a file says about itself: sizes are checked against the bytes that are there before
//! anything is allocated, and a refusal names the file and the place. Writers write beside the target and rename, so that a
//! dead process leaves no half file.

mod atomic;
mod bz2;
pub mod cs;
pub mod csg;
pub mod defects;
pub mod eer;
mod error;
pub mod gain;
pub mod inspect;
pub mod movie;
pub mod mrc;
pub mod pdb;
pub mod relion;
pub mod star;
pub mod tiff;

pub use error::FormatError;

/// Result of this crate.
pub type Result<T> = std::result::Result<T, FormatError>;
