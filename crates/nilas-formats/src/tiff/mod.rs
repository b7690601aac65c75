//! TIFF and BigTIFF images and movies (TIFF 6.0), both byte orders: strips or tiles; not compressed, LZW or deflate;
//! predictors 2 and 3; 4, 8, 16 and 32-bit integers, 16, 32 and 64-bit floats; one value a pixel.
//!
//! Strips are decoded on all cores with a decoder of our own. TIFF's first row is the upper edge; frames are handed out
//! turned upside down ([`RowOrder::BottomFirst`]) unless asked otherwise, as IMOD, SerialEM and RELION do, so that a TIFF
//! and an MRC file of one image agree.
//!
//! ```no_run
//! use nilas_formats::tiff::{RowOrder, TiffFile};
//! let movie = TiffFile::open("movie.tif")?;
//! let first = movie.read(0, RowOrder::BottomFirst)?; // pixels in the file's own type
//! # Ok::<(), nilas_formats::FormatError>(())
//! ```

mod decode;
pub(crate) mod ifd;
pub(crate) mod layout;
mod lzw;
mod read;
pub(crate) mod write;

pub use read::TiffFile;
pub use write::{TiffOptions, TiffWriter};

/// How strips and tiles are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// LZW, as SerialEM, EPU and RELION write it.
    Lzw,
    /// Deflate (zlib).
    Deflate,
}

impl Compression {
    /// A word for people.
    pub fn name(self) -> &'static str {
        match self {
            Compression::None => "none",
            Compression::Lzw => "LZW",
            Compression::Deflate => "deflate",
        }
    }
}

/// Which row of the file comes first in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowOrder {
    /// The file's first row: TIFF's upper edge.
    AsStored,
    /// The file's last row, so that row 0 is the lower edge as in MRC files.
    BottomFirst,
}

/// Whether 8-bit images are two 4-bit pixels a byte, which SerialEM's packed files do not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FourBit {
    /// Packed where the size is that of a K2 or K3 super-resolution frame of half the width.
    #[default]
    Automatic,
    /// Packed, low half first; the image is twice as wide as the file says.
    Packed,
    /// As the file says.
    AsStored,
}
