//! What a directory says about its image, checked.

use super::ifd::{Directories, Directory, Positioned};
use super::{Compression, FourBit};
use crate::Result;
use crate::error::FormatError;
use crate::movie::PixelType;

/// Largest piece of compressed data once decoded, bytes: positions in the decoder are 32 bits.
const MAX_CHUNK_BYTES: u64 = 1 << 31;
/// Largest edge of a frame, px.
const MAX_EDGE: u64 = 1 << 20;

/// How pixels lie in a decoded strip or tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stored {
    /// As in memory, but for the byte order.
    Native,
    /// Two pixels a byte, the left one in the high half (TIFF's own 4 bits).
    FourHighFirst,
    /// Two pixels a byte, the left one in the low half (SerialEM: an 8-bit image of half the width).
    FourLowFirst,
    /// 16-bit float.
    F16,
    /// 64-bit float.
    F64,
}

/// What was done to the rows before they were compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Predictor {
    None,
    /// Differences to the left neighbour.
    Horizontal,
    /// Bytes of the floats by significance, then differences.
    Float,
}

/// Pieces of an image that are compressed one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Chunks {
    /// Whole rows.
    Strips { rows: usize },
    /// Rectangles, padded at the right and lower edge.
    Tiles { width: usize, height: usize },
}

/// An image's layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layout {
    /// `[ny, nx]` in pixels, 4-bit data unpacked.
    pub(crate) shape: [usize; 2],
    pub(crate) kind: PixelType,
    pub(crate) stored: Stored,
    pub(crate) bits: u64,
    pub(crate) compression: Compression,
    pub(crate) predictor: Predictor,
    pub(crate) chunks: Chunks,
}

impl Layout {
    /// Bytes that `nx` pixels take in a decoded strip or tile.
    pub(crate) fn stored_row(&self, nx: usize) -> usize {
        match self.stored {
            Stored::Native => nx * self.kind.bytes(),
            Stored::FourHighFirst | Stored::FourLowFirst => nx.div_ceil(2),
            Stored::F16 => nx * 2,
            Stored::F64 => nx * 8,
        }
    }

    /// Rows of pixels that stand and fall together: a strip, or a row of tiles.
    pub(crate) fn band_rows(&self) -> usize {
        match self.chunks {
            Chunks::Strips { rows } => rows,
            Chunks::Tiles { height, .. } => height,
        }
    }

    /// Strips or tiles of the image.
    pub(crate) fn chunk_count(&self) -> usize {
        let [ny, nx] = self.shape;
        match self.chunks {
            Chunks::Strips { rows } => ny.div_ceil(rows),
            Chunks::Tiles { width, height } => ny.div_ceil(height) * nx.div_ceil(width),
        }
    }

    /// The tags of offsets and byte counts.
    pub(crate) fn chunk_tags(&self) -> (u16, u16) {
        match self.chunks {
            Chunks::Strips { .. } => (273, 279),
            Chunks::Tiles { .. } => (324, 325),
        }
    }

    /// Same pixels: frames of one movie may differ in how they are cut and packed, not in this.
    pub(crate) fn same_pixels(&self, other: &Layout) -> bool {
        self.shape == other.shape && self.kind == other.kind && self.stored == other.stored
    }
}

/// A reduced picture of another image, not a frame.
pub(crate) fn is_thumbnail(file: &Positioned, directory: &Directory) -> Result<bool> {
    let new = directory.number(file, 254)?.unwrap_or(0);
    let old = directory.number(file, 255)?.unwrap_or(1);
    Ok(new & 1 == 1 || old == 2)
}

/// Width, height, and the compression's number.
pub(crate) fn essentials(file: &Positioned, directory: &Directory) -> Result<([usize; 2], u64)> {
    let edge = |tag: u16, name: &str| -> Result<usize> {
        match directory.number(file, tag)? {
            Some(v @ 1..=MAX_EDGE) => Ok(v as usize),
            Some(v) => Err(FormatError::byte(
                &file.path,
                directory.offset,
                format!("{name} {v}"),
            )),
            None => Err(FormatError::byte(
                &file.path,
                directory.offset,
                format!("no {name}"),
            )),
        }
    };
    let shape = [edge(257, "image height")?, edge(256, "image width")?];
    Ok((shape, directory.number(file, 259)?.unwrap_or(1)))
}

/// Reads the layout of image `index`.
pub(crate) fn layout(dirs: &Directories, index: usize, four_bit: FourBit) -> Result<Layout> {
    let (file, directory) = (&dirs.file, &dirs.all[index]);
    let tag = |t: u16, default: u64| -> Result<u64> { Ok(directory.number(file, t)?.unwrap_or(default)) };
    let unsupported = |message: String| FormatError::Unsupported {
        path: file.path.clone(),
        message: format!("TIFF image {index}: {message}"),
    };
    let bad = |message: String| {
        FormatError::byte(
            &file.path,
            directory.offset,
            format!("TIFF image {index}: {message}"),
        )
    };
    let ([ny, nx], compression) = essentials(file, directory)?;
    let compression = match compression {
        1 => Compression::None,
        5 => Compression::Lzw,
        8 | 32946 => Compression::Deflate,
        65000..=65002 => {
            return Err(unsupported("EER events, to be read as EER".into()));
        }
        other => {
            return Err(unsupported(format!(
                "compression {other}{} is not read (none, LZW and deflate are)",
                compression_name(other)
            )));
        }
    };
    if tag(277, 1)? != 1 {
        return Err(unsupported(format!(
            "{} values a pixel (a colour image?); one is read",
            tag(277, 1)?
        )));
    }
    if tag(266, 1)? != 1 {
        return Err(unsupported(
            "the bits of each byte are reversed (fill order 2)".into(),
        ));
    }
    let bits = tag(258, 1)?;
    let format = tag(339, 1)?;
    let (kind, mut stored) = match (bits, format) {
        (4, 1 | 4) => (PixelType::U8, Stored::FourHighFirst),
        (8, 1 | 4) => (PixelType::U8, Stored::Native),
        (8, 2) => (PixelType::I8, Stored::Native),
        (16, 1 | 4) => (PixelType::U16, Stored::Native),
        (16, 2) => (PixelType::I16, Stored::Native),
        (16, 3) => (PixelType::F32, Stored::F16),
        (32, 1 | 4) => (PixelType::U32, Stored::Native),
        (32, 2) => (PixelType::I32, Stored::Native),
        (32, 3) => (PixelType::F32, Stored::Native),
        (64, 3) => (PixelType::F32, Stored::F64),
        _ => {
            return Err(unsupported(format!(
                "{bits} bits of sample format {format} are not read"
            )));
        }
    };
    let mut shape = [ny, nx];
    let packed = match four_bit {
        FourBit::Packed => kind == PixelType::U8 && stored == Stored::Native,
        FourBit::AsStored => false,
        FourBit::Automatic => {
            kind == PixelType::U8 && stored == Stored::Native && is_half_a_super_resolution_sensor(shape)
        }
    };
    if packed {
        stored = Stored::FourLowFirst;
        shape[1] *= 2;
    }
    let predictor = match tag(317, 1)? {
        1 => Predictor::None,
        // A predictor belongs to LZW and deflate; libtiff does not look at the tag elsewhere.
        _ if compression == Compression::None => Predictor::None,
        2 if matches!(stored, Stored::Native | Stored::FourLowFirst) => Predictor::Horizontal,
        3 if kind == PixelType::F32 && stored == Stored::Native => Predictor::Float,
        other => {
            return Err(unsupported(format!(
                "predictor {other} of {bits}-bit values is not read"
            )));
        }
    };
    let chunks = if directory.count(322).is_some() {
        let (width, height) = (tag(322, 0)?, tag(323, 0)?);
        if width == 0 || height == 0 || width > MAX_EDGE || height > MAX_EDGE {
            return Err(bad(format!("tiles of {width} x {height}")));
        }
        if packed || bits == 4 {
            return Err(unsupported("4-bit values in tiles".into()));
        }
        Chunks::Tiles {
            width: width as usize,
            height: height as usize,
        }
    } else {
        let rows = tag(278, u64::MAX)?.min(ny as u64);
        if rows == 0 {
            return Err(bad("strips without rows".into()));
        }
        Chunks::Strips { rows: rows as usize }
    };
    let layout = Layout {
        shape,
        kind,
        stored,
        bits: if packed { 4 } else { bits },
        compression,
        predictor,
        chunks,
    };
    let chunk_bytes = match chunks {
        Chunks::Strips { rows } => layout.stored_row(shape[1]) as u64 * rows as u64,
        Chunks::Tiles { width, height } => layout.stored_row(width) as u64 * height as u64,
    };
    if chunk_bytes > MAX_CHUNK_BYTES {
        return Err(unsupported(format!("strips or tiles of {chunk_bytes} bytes")));
    }
    let (offsets, counts) = layout.chunk_tags();
    let want = layout.chunk_count() as u64;
    for (t, name) in [(offsets, "offsets"), (counts, "byte counts")] {
        match directory.count(t) {
            Some(have) if have >= want => {}
            // One uncompressed strip needs no byte count.
            None if t == counts && want == 1 && compression == Compression::None => {}
            have => {
                return Err(bad(format!(
                    "{} {name} for {want} strips or tiles",
                    have.unwrap_or(0)
                )));
            }
        }
    }
    Ok(layout)
}

/// SerialEM packs super-resolution counts two a byte and says nothing: the width is half of a sensor's.
fn is_half_a_super_resolution_sensor([ny, nx]: [usize; 2]) -> bool {
    [(8184, 5760), (11520, 4092), (7676, 3710), (7420, 3838)].contains(&(ny, nx))
}

fn compression_name(number: u64) -> &'static str {
    match number {
        2..=4 => " (fax)",
        6 | 7 => " (JPEG)",
        32773 => " (PackBits)",
        34712 => " (JPEG 2000)",
        34887 => " (LERC)",
        34925 => " (LZMA)",
        50000 => " (zstd)",
        50001 => " (WebP)",
        48124 => " (Jetraw)",
        _ => "",
    }
}
