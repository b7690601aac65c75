//! MRC2014 images, stacks and volumes (<https://www.ccpem.ac.uk/mrc-format/mrc2014/>).
//!
//! Arrays are `[z][y][x]` with x fastest; row 0 is the first row of the file. Modes 0, 1, 2, 6 and 12 are read and written,
//! mode 101 (4-bit) is read; both byte orders are read, little endian is written; `.gz` and `.bz2` are read.
//! The reader lives with the field's known quirks (no `MAP ` word, no machine stamp, zero cell, `ispg` and `mz` that
//! contradict each other, bytes after the data) and lists them in [`MrcFile::notes`]; it refuses a file that is shorter than
//! its header says.
//!
//! ```no_run
//! use nilas_formats::mrc::MrcFile;
//! let stack = MrcFile::open("particles.mrcs")?;
//! let mut image = vec![0.0f32; stack.slice_len()];
//! stack.read_slice(7, &mut image)?; // reads this slice only
//! # Ok::<(), nilas_formats::FormatError>(())
//! ```

pub(crate) mod decode;
pub(crate) mod header;
pub(crate) mod read;
mod write;

pub use header::{ByteOrder, MrcHeader, MrcKind, MrcMode};
pub use read::{MrcFile, MrcVolume};
pub use write::{MrcStackWriter, MrcSummary, write_volume};
