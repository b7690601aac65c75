//! EER: the electrons that a Falcon camera counted, one TIFF directory a detector frame (compression 65000, 65001, 65002).
//!
//! A file is a list of electrons, not of images. How many raw frames make a frame of the movie, and how fine its pixels
//! are, is the reader's choice ([`EerOptions`]). Rows are in the file's order, as RELION renders them: row 0 of the file is
//! row 0 of the frame, unlike a TIFF's.

mod decode;
mod read;
mod render;
mod write;

pub use decode::Electron;
pub use read::{EerFile, EerOptions, Fractions};
pub use write::EerWriter;

/// Compression numbers of EER in a TIFF directory.
pub(crate) const COMPRESSIONS: std::ops::RangeInclusive<u64> = 65000..=65002;
