//! Writing TIFF movies, little endian, strips compressed on all cores.

use super::{Compression, lzw};
use crate::Result;
use crate::atomic::AtomicFile;
use crate::error::FormatError;
use crate::movie::{PixelType, Pixels};
use rayon::prelude::*;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Where the first directory stands is written here.
const FIRST_AT: [u64; 2] = [4, 8];
/// A classic TIFF's offsets end here.
const CLASSIC_END: u64 = u32::MAX as u64;

/// How a TIFF movie is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TiffOptions {
    /// Compression of the strips.
    pub compression: Compression,
    /// Rows of a strip; 16 is what many writers use, `usize::MAX` gives one strip a frame.
    pub rows_per_strip: usize,
    /// BigTIFF, for files above 4 GiB.
    pub big: bool,
    /// Differences to the left neighbour before compression (of compressed integers only).
    pub predictor: bool,
    /// Pixel size in angstrom for the resolution tags.
    pub pixel_size_angstrom: Option<f64>,
}

impl Default for TiffOptions {
    fn default() -> Self {
        Self {
            compression: Compression::Lzw,
            rows_per_strip: 16,
            big: false,
            predictor: false,
            pixel_size_angstrom: None,
        }
    }
}

/// A file under construction: frames are appended, each with its directory.
pub(crate) struct Container {
    out: AtomicFile,
    big: bool,
    at: u64,
    /// Where the offset of the next directory is to be written.
    link_at: u64,
}

/// A tag to be written: number, type, values.
pub(crate) enum Tag<'a> {
    Short(u16, u16),
    Long(u16, u32),
    /// LONG in a classic file, LONG8 in a BigTIFF.
    Offsets(u16, &'a [u64]),
    Rational(u16, f64),
    Text(u16, &'a [u8]),
    /// Bytes of no stated meaning.
    Opaque(u16, &'a [u8]),
}

impl Container {
    pub(crate) fn create(path: &Path, big: bool) -> Result<Self> {
        let out = AtomicFile::create(path)?;
        let header: &[u8] = if big {
            b"II\x2b\0\x08\0\0\0\0\0\0\0\0\0\0\0"
        } else {
            b"II\x2a\0\0\0\0\0"
        };
        out.file()?
            .write_all(header)
            .map_err(|e| FormatError::io(path, e))?;
        Ok(Self {
            at: header.len() as u64,
            link_at: FIRST_AT[usize::from(big)],
            out,
            big,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        self.out.target()
    }

    /// Appends bytes and says where they stand.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> Result<u64> {
        let at = self.at;
        let end = at + bytes.len() as u64;
        if !self.big && end > CLASSIC_END {
            return Err(FormatError::CannotWrite {
                path: self.path().into(),
                message: "more than 4 GiB need a BigTIFF".into(),
            });
        }
        let mut file = self.out.file()?;
        file.write_all(bytes)
            .map_err(|e| FormatError::io(self.out.target(), e))?;
        self.at = end;
        Ok(at)
    }

    /// Appends a directory and links it to the one before. `tags` ascend.
    pub(crate) fn directory(&mut self, tags: &[Tag<'_>]) -> Result<()> {
        let (count_bytes, room) = if self.big { (8, 8) } else { (2, 4) };
        let number = |v: u64, n: usize| v.to_le_bytes()[..n].to_vec();
        let mut table = number(tags.len() as u64, count_bytes);
        for tag in tags {
            let (id, kind, count, value) = self.encode(tag);
            table.extend(number(id.into(), 2));
            table.extend(number(kind, 2));
            table.extend(number(count, room));
            if value.len() <= room {
                table.extend(&value);
                table.resize(table.len() + room - value.len(), 0);
            } else {
                if self.at % 2 == 1 {
                    self.append(&[0])?;
                }
                let at = self.append(&value)?;
                table.extend(number(at, room));
            }
        }
        let link = table.len() as u64;
        table.resize(table.len() + room, 0);
        if self.at % 2 == 1 {
            self.append(&[0])?;
        }
        let at = self.append(&table)?;
        let bytes = number(at, room);
        self.out
            .file()?
            .write_all_at(&bytes, self.link_at)
            .map_err(|e| FormatError::io(self.out.target(), e))?;
        self.link_at = at + link;
        Ok(())
    }

    fn encode(&self, tag: &Tag<'_>) -> (u16, u64, u64, Vec<u8>) {
        match *tag {
            Tag::Short(id, v) => (id, 3, 1, v.to_le_bytes().into()),
            Tag::Long(id, v) => (id, 4, 1, v.to_le_bytes().into()),
            Tag::Offsets(id, v) if self.big => (
                id,
                16,
                v.len() as u64,
                v.iter().flat_map(|o| o.to_le_bytes()).collect(),
            ),
            Tag::Offsets(id, v) => (
                id,
                4,
                v.len() as u64,
                v.iter().flat_map(|&o| (o as u32).to_le_bytes()).collect(),
            ),
            Tag::Rational(id, v) => {
                // The larger the number, the fewer digits after the point fit.
                let scale = (f64::from(u32::MAX) / v.max(1.0)).clamp(1.0, 1000.0).floor();
                let top = (v * scale).round().clamp(0.0, f64::from(u32::MAX)) as u32;
                let value = [top.to_le_bytes(), (scale as u32).to_le_bytes()].concat();
                (id, 5, 1, value)
            }
            Tag::Opaque(id, v) => (id, 7, v.len() as u64, v.to_vec()),
            Tag::Text(id, v) => {
                let mut value = v.to_vec();
                value.push(0);
                (id, 2, value.len() as u64, value)
            }
        }
    }

    /// Syncs and puts the file under its name.
    pub(crate) fn finish(self) -> Result<()> {
        self.out.commit()
    }
}

/// Writes a movie frame by frame. The file appears under its name only with [`TiffWriter::finish`].
pub struct TiffWriter {
    container: Container,
    shape: [usize; 2],
    kind: PixelType,
    options: TiffOptions,
    frames: usize,
}

impl TiffWriter {
    /// Starts a movie of `[ny, nx]` frames.
    ///
    /// # Errors
    /// The directory cannot be written, a size is 0 or too large, or the options do not fit the type.
    pub fn create(
        path: impl AsRef<Path>,
        shape: [usize; 2],
        kind: PixelType,
        options: TiffOptions,
    ) -> Result<Self> {
        let path = path.as_ref();
        let cannot = |message: &str| {
            Err(FormatError::CannotWrite {
                path: path.into(),
                message: message.into(),
            })
        };
        if shape.iter().any(|&v| v == 0 || v > 1 << 20) || options.rows_per_strip == 0 {
            return cannot(&format!(
                "size {} x {}, strips of {} rows",
                shape[0], shape[1], options.rows_per_strip
            ));
        }
        if options.predictor && (kind == PixelType::F32 || options.compression == Compression::None) {
            return cannot("differences are for compressed integers");
        }
        if options
            .pixel_size_angstrom
            .is_some_and(|p| !(p.is_finite() && p > 0.0))
        {
            return cannot("the pixel size is not positive");
        }
        Ok(Self {
            container: Container::create(path, options.big)?,
            shape,
            kind,
            options,
            frames: 0,
        })
    }

    /// Appends a frame whose row 0 is the lower edge, as everywhere in Nilas: the file gets the last row first.
    ///
    /// # Errors
    /// Wrong type or number of pixels, more than 4 GiB without [`TiffOptions::big`], or the disk refuses.
    pub fn push(&mut self, pixels: &Pixels) -> Result<()> {
        let [ny, nx] = self.shape;
        if pixels.kind() != self.kind || pixels.len() != ny * nx {
            return Err(FormatError::CannotWrite {
                path: self.container.path().into(),
                message: format!(
                    "{} {} values in a movie of {ny} x {nx} {}",
                    pixels.len(),
                    pixels.kind().name(),
                    self.kind.name()
                ),
            });
        }
        let row = nx * self.kind.bytes();
        let strip = self.options.rows_per_strip.min(ny) * row;
        let strips: Vec<Vec<u8>> = pixels
            .bytes()
            .par_rchunks(strip)
            .map(|rows| self.strip(rows, row))
            .collect();
        let mut offsets = Vec::with_capacity(strips.len());
        let mut counts = Vec::with_capacity(strips.len());
        for strip in &strips {
            offsets.push(self.container.append(strip)?);
            counts.push(strip.len() as u64);
        }
        let format = match self.kind {
            PixelType::U8 | PixelType::U16 | PixelType::U32 => 1,
            PixelType::I8 | PixelType::I16 | PixelType::I32 => 2,
            PixelType::F32 => 3,
        };
        let compression = match self.options.compression {
            Compression::None => 1,
            Compression::Lzw => 5,
            Compression::Deflate => 8,
        };
        let mut tags = vec![
            Tag::Long(254, 0),
            Tag::Long(256, nx as u32),
            Tag::Long(257, ny as u32),
            Tag::Short(258, self.kind.bytes() as u16 * 8),
            Tag::Short(259, compression),
            Tag::Short(262, 1),
            Tag::Offsets(273, &offsets),
            Tag::Short(277, 1),
            Tag::Long(278, self.options.rows_per_strip.min(ny) as u32),
            Tag::Offsets(279, &counts),
        ];
        if let Some(size) = self.options.pixel_size_angstrom {
            tags.push(Tag::Rational(282, 1e8 / size));
            tags.push(Tag::Rational(283, 1e8 / size));
            tags.push(Tag::Short(296, 3));
        }
        tags.push(Tag::Text(305, b"Nilas"));
        if self.options.predictor {
            tags.push(Tag::Short(317, 2));
        }
        tags.push(Tag::Short(339, format));
        self.container.directory(&tags)?;
        self.frames += 1;
        Ok(())
    }

    /// Rows in memory order to a strip of the file: last row first, little endian, compressed.
    fn strip(&self, rows: &[u8], row: usize) -> Vec<u8> {
        let mut plain = Vec::with_capacity(rows.len());
        for r in rows.chunks_exact(row).rev() {
            plain.extend_from_slice(r);
        }
        if cfg!(target_endian = "big") {
            for v in plain.chunks_exact_mut(self.kind.bytes()) {
                v.reverse();
            }
        }
        if self.options.predictor {
            for r in plain.chunks_exact_mut(row) {
                differences(r, self.kind.bytes());
            }
        }
        match self.options.compression {
            Compression::None => plain,
            Compression::Lzw => {
                let mut out = Vec::new();
                lzw::encode(&plain, &mut out);
                out
            }
            Compression::Deflate => {
                let mut out = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
                // Writing into memory has no way to fail.
                let _ = out.write_all(&plain);
                out.finish().unwrap_or_default()
            }
        }
    }

    /// Syncs the data to disk and puts the file under its name.
    ///
    /// # Errors
    /// Nothing was pushed, or the disk refuses.
    pub fn finish(self) -> Result<()> {
        if self.frames == 0 {
            return Err(FormatError::CannotWrite {
                path: self.container.path().into(),
                message: "a movie without frames".into(),
            });
        }
        self.container.finish()
    }
}

/// Each little-endian value minus its left neighbour, in place, from the right.
fn differences(row: &mut [u8], size: usize) {
    let read = |row: &[u8], i: usize| -> u32 {
        let mut v = [0u8; 4];
        v[..size].copy_from_slice(&row[i * size..(i + 1) * size]);
        u32::from_le_bytes(v)
    };
    for i in (1..row.len() / size).rev() {
        let v = read(row, i).wrapping_sub(read(row, i - 1));
        row[i * size..(i + 1) * size].copy_from_slice(&v.to_le_bytes()[..size]);
    }
}
