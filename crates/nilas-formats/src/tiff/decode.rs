//! Strips and tiles to pixels, on all cores.

use super::Compression;
use super::ifd::Directories;
use super::layout::{Chunks, Layout, Predictor, Stored};
use super::lzw::LzwDecoder;
use crate::Result;
use crate::error::FormatError;
use crate::movie::{Pixels, reverse_rows, swap_bytes};
use crate::mrc::ByteOrder;
use rayon::prelude::*;
use std::cell::RefCell;

/// Most bytes that a byte of compressed data can become: LZW's longest string for its shortest code, deflate's longest
/// match for two bits. A frame that would need more cannot be in the file.
const LZW_EXPANSION: u64 = 2732;
const DEFLATE_EXPANSION: u64 = 1040;
/// Inflated bytes are handed on in pieces of this size.
const PIECE: usize = 64 << 10;

/// Buffers of a thread, kept from strip to strip.
struct Scratch {
    compressed: Vec<u8>,
    decoded: Vec<u8>,
    piece: Vec<u8>,
    lzw: LzwDecoder,
    inflate: flate2::Decompress,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::new(Scratch {
        compressed: Vec::new(),
        decoded: Vec::new(),
        piece: Vec::new(),
        lzw: LzwDecoder::new(),
        inflate: flate2::Decompress::new(true),
    });
}

/// Where a strip or tile lies in the file.
#[derive(Debug, Clone, Copy)]
struct Place {
    offset: u64,
    bytes: u64,
}

/// An image that is about to be decoded: its strips are known to be in the file.
pub(crate) struct Image<'a> {
    dirs: &'a Directories,
    layout: Layout,
    /// For messages.
    frame: usize,
    places: Vec<Place>,
}

impl<'a> Image<'a> {
    /// Reads where the strips are and checks that they can hold the image, before anything of its size is allocated.
    pub(crate) fn new(dirs: &'a Directories, directory: usize, frame: usize, layout: Layout) -> Result<Self> {
        let (file, dir) = (&dirs.file, &dirs.all[directory]);
        let (offset_tag, count_tag) = layout.chunk_tags();
        let (mut offsets, mut counts) = (Vec::new(), Vec::new());
        dir.numbers(file, offset_tag, &mut offsets)?;
        dir.numbers(file, count_tag, &mut counts)?;
        let [ny, nx] = layout.shape;
        let total = layout.stored_row(nx) as u64 * ny as u64;
        if counts.is_empty() {
            counts.push(total);
        }
        let chunks = layout.chunk_count();
        let places: Vec<Place> = offsets
            .iter()
            .zip(&counts)
            .take(chunks)
            .map(|(&offset, &bytes)| Place { offset, bytes })
            .collect();
        let image = Self {
            dirs,
            layout,
            frame,
            places,
        };
        if image.places.len() < chunks {
            return Err(FormatError::byte(
                &file.path,
                dir.offset,
                format!(
                    "frame {frame}: {} of {chunks} strips or tiles are listed",
                    image.places.len()
                ),
            ));
        }
        let most = match layout.compression {
            Compression::None => 1,
            Compression::Lzw => LZW_EXPANSION,
            Compression::Deflate => DEFLATE_EXPANSION,
        };
        // Strips may share bytes or lie beyond the end; what the file has bounds what they can become.
        let have = image
            .places
            .iter()
            .fold(0u64, |sum, p| sum.saturating_add(p.bytes.min(file.len)));
        if have.saturating_mul(most) < total {
            return Err(FormatError::byte(
                &file.path,
                dir.offset,
                format!("frame {frame}: {have} bytes of data cannot hold {total} bytes of pixels"),
            ));
        }
        Ok(image)
    }

    /// Decodes into `pixels` (type and length as the layout says). With `flip` the last row of the file comes first.
    pub(crate) fn decode(&self, pixels: &mut Pixels, flip: bool) -> Result<()> {
        let row = self.layout.shape[1] * self.layout.kind.bytes();
        let band = row * self.layout.band_rows();
        let bytes = pixels.bytes_mut();
        let one = |(index, out): (usize, &mut [u8])| {
            SCRATCH.with_borrow_mut(|scratch| self.band(index, out, flip, scratch))
        };
        // The first strip is the file's upper edge: the end of the array when the image is turned.
        if flip {
            bytes.par_rchunks_mut(band).enumerate().try_for_each(one)
        } else {
            bytes.par_chunks_mut(band).enumerate().try_for_each(one)
        }
    }

    /// Decodes band `index`, whose rows are `out`.
    fn band(&self, index: usize, out: &mut [u8], flip: bool, scratch: &mut Scratch) -> Result<()> {
        let nx = self.layout.shape[1];
        let row = nx * self.layout.kind.bytes();
        let rows = out.len() / row;
        match self.layout.chunks {
            Chunks::Strips { .. } if self.layout.stored == Stored::Native => {
                self.strip_in_place(index, out, flip, scratch)?;
                if self.layout.predictor == Predictor::Float {
                    let Scratch { piece, .. } = scratch;
                    out.chunks_exact_mut(row).for_each(|r| undo_float(r, piece));
                } else {
                    self.in_memory_order(out, row);
                }
                Ok(())
            }
            Chunks::Strips { .. } => {
                let stored_row = self.layout.stored_row(nx);
                self.chunk_to_scratch(index, rows * stored_row, scratch)?;
                let Scratch { decoded, .. } = scratch;
                if self.layout.predictor == Predictor::Horizontal {
                    decoded.chunks_exact_mut(stored_row).for_each(undo_u8);
                }
                for (y, stored) in decoded.chunks_exact(stored_row).enumerate() {
                    let y = if flip { rows - 1 - y } else { y };
                    self.unpack(stored, &mut out[y * row..(y + 1) * row]);
                }
                Ok(())
            }
            Chunks::Tiles { width, height } => {
                let across = nx.div_ceil(width);
                let stored_row = self.layout.stored_row(width);
                let pixel = self.layout.kind.bytes();
                let mut line = vec![0u8; width * pixel];
                for column in 0..across {
                    self.chunk_to_scratch(index * across + column, height * stored_row, scratch)?;
                    let Scratch { decoded, piece, .. } = scratch;
                    let here = width.min(nx - column * width) * pixel;
                    for (y, stored) in decoded.chunks_exact(stored_row).take(rows).enumerate() {
                        let y = if flip { rows - 1 - y } else { y };
                        if self.layout.stored == Stored::Native {
                            line.copy_from_slice(stored);
                            if self.layout.predictor == Predictor::Float {
                                undo_float(&mut line, piece);
                            } else {
                                self.in_memory_order(&mut line, width * pixel);
                            }
                        } else {
                            self.unpack(stored, &mut line);
                        }
                        let at = y * row + column * width * pixel;
                        out[at..at + here].copy_from_slice(&line[..here]);
                    }
                }
                Ok(())
            }
        }
    }

    /// Byte order, then the predictor, in place on whole rows of `row` bytes.
    fn in_memory_order(&self, out: &mut [u8], row: usize) {
        let foreign = self.dirs.file.order != native();
        let differences = self.layout.predictor == Predictor::Horizontal;
        match self.layout.kind.bytes() {
            1 => {
                if differences {
                    out.chunks_exact_mut(row).for_each(undo_u8);
                }
            }
            2 => {
                if foreign {
                    swap_bytes::<u16>(out);
                }
                if differences {
                    out.chunks_exact_mut(row).for_each(undo_u16);
                }
            }
            _ => {
                if foreign {
                    swap_bytes::<u32>(out);
                }
                if differences {
                    out.chunks_exact_mut(row).for_each(undo_u32);
                }
            }
        }
    }

    /// A strip whose bytes are pixels as they are, straight to its place.
    fn strip_in_place(&self, index: usize, out: &mut [u8], flip: bool, scratch: &mut Scratch) -> Result<()> {
        let row = self.layout.shape[1] * self.layout.kind.bytes();
        if self.layout.compression == Compression::None {
            let place = self.places[index];
            self.enough(index, place, out.len())?;
            self.dirs.file.read(place.offset, out, || self.name(index))?;
            if flip {
                reverse_rows(out, row);
            }
            return Ok(());
        }
        let expected = out.len();
        let rows = expected / row;
        let mut at = 0;
        self.decompress(index, expected, scratch, |mut piece: &[u8]| {
            while !piece.is_empty() {
                let (y, x) = (at / row, at % row);
                let y = if flip { rows - 1 - y } else { y };
                let count = piece.len().min(row - x);
                out[y * row + x..y * row + x + count].copy_from_slice(&piece[..count]);
                piece = &piece[count..];
                at += count;
            }
        })
    }

    /// A strip or tile into the scratch buffer: exactly `expected` bytes.
    fn chunk_to_scratch(&self, index: usize, expected: usize, scratch: &mut Scratch) -> Result<()> {
        let mut decoded = std::mem::take(&mut scratch.decoded);
        decoded.clear();
        let done = if self.layout.compression == Compression::None {
            let place = self.places[index];
            self.enough(index, place, expected).and_then(|()| {
                decoded.resize(expected, 0);
                self.dirs
                    .file
                    .read(place.offset, &mut decoded, || self.name(index))
            })
        } else {
            self.decompress(index, expected, scratch, |piece| decoded.extend_from_slice(piece))
        };
        scratch.decoded = decoded;
        done
    }

    fn decompress(
        &self,
        index: usize,
        expected: usize,
        scratch: &mut Scratch,
        mut sink: impl FnMut(&[u8]),
    ) -> Result<()> {
        let place = self.places[index];
        let file = &self.dirs.file;
        file.check(place.offset, place.bytes, &|| self.name(index))?;
        scratch.compressed.resize(place.bytes as usize, 0);
        file.read(place.offset, &mut scratch.compressed, || self.name(index))?;
        let wrong = |at: usize, message: &str| {
            FormatError::byte(
                &file.path,
                place.offset + at as u64,
                format!("{}: {message}", self.name(index)),
            )
        };
        if self.layout.compression == Compression::Lzw {
            return scratch
                .lzw
                .decode(&scratch.compressed, expected, &mut sink)
                .map_err(|e| wrong(e.at, &e.message));
        }
        let inflate = &mut scratch.inflate;
        inflate.reset(true);
        scratch.piece.resize(PIECE, 0);
        let mut left = expected;
        while left > 0 {
            let (read, written) = (inflate.total_in() as usize, inflate.total_out());
            let room = left.min(PIECE);
            let status = inflate
                .decompress(
                    &scratch.compressed[read..],
                    &mut scratch.piece[..room],
                    flate2::FlushDecompress::None,
                )
                .map_err(|e| wrong(read, &format!("deflate: {e}")))?;
            let got = (inflate.total_out() - written) as usize;
            sink(&scratch.piece[..got]);
            left -= got;
            let stuck = got == 0 && inflate.total_in() as usize == read;
            if left > 0 && (status == flate2::Status::StreamEnd || stuck) {
                return Err(wrong(
                    inflate.total_in() as usize,
                    &format!("the data end after {} of {expected} bytes", expected - left),
                ));
            }
        }
        Ok(())
    }

    /// Pixels that are not stored as they are in memory.
    fn unpack(&self, stored: &[u8], out: &mut [u8]) {
        let order = self.dirs.file.order;
        match self.layout.stored {
            Stored::Native => out.copy_from_slice(stored),
            Stored::FourLowFirst => {
                for (pair, b) in out.chunks_mut(2).zip(stored) {
                    for (o, v) in pair.iter_mut().zip([b & 15, b >> 4]) {
                        *o = v;
                    }
                }
            }
            Stored::FourHighFirst => {
                for (pair, b) in out.chunks_mut(2).zip(stored) {
                    for (o, v) in pair.iter_mut().zip([b >> 4, b & 15]) {
                        *o = v;
                    }
                }
            }
            Stored::F16 => {
                for (o, b) in out
                    .as_chunks_mut::<4>()
                    .0
                    .iter_mut()
                    .zip(stored.as_chunks::<2>().0)
                {
                    let bits = match order {
                        ByteOrder::Little => u16::from_le_bytes(*b),
                        ByteOrder::Big => u16::from_be_bytes(*b),
                    };
                    *o = half::f16::from_bits(bits).to_f32().to_ne_bytes();
                }
            }
            Stored::F64 => {
                for (o, b) in out
                    .as_chunks_mut::<4>()
                    .0
                    .iter_mut()
                    .zip(stored.as_chunks::<8>().0)
                {
                    let value = match order {
                        ByteOrder::Little => f64::from_le_bytes(*b),
                        ByteOrder::Big => f64::from_be_bytes(*b),
                    };
                    *o = (value as f32).to_ne_bytes();
                }
            }
        }
    }

    fn enough(&self, index: usize, place: Place, expected: usize) -> Result<()> {
        if place.bytes < expected as u64 {
            return Err(FormatError::byte(
                &self.dirs.file.path,
                place.offset,
                format!(
                    "{}: {} bytes where {expected} are needed",
                    self.name(index),
                    place.bytes
                ),
            ));
        }
        Ok(())
    }

    fn name(&self, index: usize) -> String {
        let what = match self.layout.chunks {
            Chunks::Strips { .. } => "strip",
            Chunks::Tiles { .. } => "tile",
        };
        format!("frame {}, {what} {index}", self.frame)
    }
}

fn native() -> ByteOrder {
    if cfg!(target_endian = "big") {
        ByteOrder::Big
    } else {
        ByteOrder::Little
    }
}

fn undo_u8(row: &mut [u8]) {
    let mut sum = 0u8;
    for v in row {
        sum = sum.wrapping_add(*v);
        *v = sum;
    }
}

fn undo_u16(row: &mut [u8]) {
    let mut sum = 0u16;
    for v in row.as_chunks_mut::<2>().0 {
        sum = sum.wrapping_add(u16::from_ne_bytes(*v));
        *v = sum.to_ne_bytes();
    }
}

fn undo_u32(row: &mut [u8]) {
    let mut sum = 0u32;
    for v in row.as_chunks_mut::<4>().0 {
        sum = sum.wrapping_add(u32::from_ne_bytes(*v));
        *v = sum.to_ne_bytes();
    }
}

/// TIFF technote 3: a row's bytes stand by significance, highest first, whatever the file's byte order, as differences.
fn undo_float(row: &mut [u8], buffer: &mut Vec<u8>) {
    undo_u8(row);
    buffer.clear();
    buffer.extend_from_slice(row);
    let count = row.len() / 4;
    for (i, v) in row.as_chunks_mut::<4>().0.iter_mut().enumerate() {
        let bytes = [0, 1, 2, 3].map(|plane| buffer[plane * count + i]);
        *v = u32::from_be_bytes(bytes).to_ne_bytes();
    }
}
