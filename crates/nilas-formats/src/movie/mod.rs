//! Movies of any kind: TIFF, EER, MRC, and MRC packed with gzip or bzip2, told apart by their content.
//!
//! Frames come one after the other, decoded on all cores, never more of them in memory than asked for:
//!
//! ```no_run
//! use nilas_formats::movie::MovieReader;
//! let movie = MovieReader::open("movie.tif")?;
//! let mut sum = vec![0.0f32; movie.shape().iter().product()];
//! let mut frames = movie.frames(0..movie.frame_count())?;
//! while let Some(frame) = frames.next() {
//!     let frame = frame?; // a broken frame is an error of its own; the next ones still come
//!     for (s, v) in sum.iter_mut().zip(frame.pixels.to_f32()) {
//!         *s += v;
//!     }
//!     frames.recycle(frame); // its memory is used for the frames to come
//! }
//! # Ok::<(), nilas_formats::FormatError>(())
//! ```
//!
//! Row 0 is the lower edge: TIFF is turned upside down as it is read, MRC and EER are not, which is how IMOD, SerialEM and
//! RELION do it. A gain reference is brought into the same frame ([`crate::gain`]) before anything else is done to it.

mod frame;
mod frames;
mod mrc;
mod reader;

pub use frame::{Frame, PixelType, Pixels};
pub(crate) use frame::{reverse_rows, swap_bytes};
pub use frames::Frames;
pub(crate) use reader::is_tiff;
pub use reader::{MovieFormat, MovieOptions, MovieReader};
