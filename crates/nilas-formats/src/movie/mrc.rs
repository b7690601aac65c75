//! Movies in MRC stacks, plain or packed.

use super::{Frame, PixelType, Pixels, swap_bytes};
use crate::Result;
use crate::bz2::ParallelReader;
use crate::error::FormatError;
use crate::mrc::decode::decode;
use crate::mrc::header::HEADER_BYTES;
use crate::mrc::read::{read_up_to, short, total_bytes};
use crate::mrc::{ByteOrder, MrcHeader, MrcMode};
use crate::tiff::ifd::Positioned;
use rayon::prelude::*;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// A plain file is read in pieces of this size, several at once.
const PIECE: usize = 4 << 20;

/// How the file is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    None,
    Gzip,
    Bzip2,
}

impl Packing {
    /// By the file's first bytes.
    pub(crate) fn of(start: &[u8]) -> Self {
        match start {
            [0x1f, 0x8b, ..] => Packing::Gzip,
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Packing::Bzip2,
            _ => Packing::None,
        }
    }
}

/// An open MRC movie: the header was read, and of a plain file the length was checked.
#[derive(Debug)]
pub(crate) struct MrcMovie {
    file: Positioned,
    header: MrcHeader,
    packing: Packing,
    notes: Vec<String>,
}

impl MrcMovie {
    pub(crate) fn open(path: &Path, packing: Packing) -> Result<Self> {
        let file = Positioned::open(path)?;
        let mut bytes = [0u8; HEADER_BYTES];
        match packing {
            Packing::None => file.read(0, &mut bytes, || "the MRC header".into())?,
            _ => {
                let got = read_up_to(&mut unpacker(path, packing)?, &mut bytes)
                    .map_err(|e| unpacking(path, "the MRC header", &e))?;
                if got < HEADER_BYTES {
                    return Err(short(
                        path,
                        "the MRC header (unpacked)",
                        HEADER_BYTES as u64,
                        got as u64,
                    ));
                }
            }
        }
        let (header, mut notes) =
            MrcHeader::parse(&bytes).map_err(|(at, message)| FormatError::byte(path, at, message))?;
        let expected = total_bytes(path, &header)?;
        if header.axes() != [0, 1, 2] {
            return Err(FormatError::Unsupported {
                path: path.into(),
                message: format!("a movie with axes in the order {:?}", header.map_axes),
            });
        }
        if packing == Packing::None {
            let [nx, ny, nz] = header.n;
            if file.len < expected {
                let what = format!("a movie of {nz} frames of {ny} x {nx} {}", header.mode.name());
                return Err(short(path, &what, expected, file.len));
            }
            if file.len > expected {
                notes.push(format!(
                    "{} bytes after the data are not used",
                    file.len - expected
                ));
            }
        }
        Ok(Self {
            file,
            header,
            packing,
            notes,
        })
    }

    pub(crate) fn header(&self) -> &MrcHeader {
        &self.header
    }

    pub(crate) fn packing(&self) -> Packing {
        self.packing
    }

    pub(crate) fn path(&self) -> &Path {
        &self.file.path
    }

    pub(crate) fn notes(&self) -> &[String] {
        &self.notes
    }

    pub(crate) fn pixel_type(&self) -> PixelType {
        match self.header.mode {
            MrcMode::I8 => PixelType::I8,
            MrcMode::U8 | MrcMode::U4 => PixelType::U8,
            MrcMode::I16 => PixelType::I16,
            MrcMode::U16 => PixelType::U16,
            MrcMode::F32 | MrcMode::F16 => PixelType::F32,
        }
    }

    /// Bytes of a frame in the file.
    fn stored_bytes(&self) -> usize {
        self.header.mode.row_bytes(self.header.n[0]) * self.header.n[1]
    }

    fn data_offset(&self) -> u64 {
        (HEADER_BYTES + self.header.extended_bytes) as u64
    }

    /// Frame `index` of a plain file, which exists.
    pub(crate) fn read_into(&self, index: usize, pixels: &mut Pixels) -> Result<()> {
        let [nx, ny, _] = self.header.n;
        let at = self.data_offset() + self.stored_bytes() as u64 * index as u64;
        let buffer = std::mem::replace(pixels, Pixels::U8(Vec::new()));
        *pixels = buffer.fitted(self.pixel_type(), nx * ny);
        let get = |(i, piece): (usize, &mut [u8])| {
            self.file
                .read(at + (i * PIECE) as u64, piece, || format!("frame {index}"))
        };
        if self.is_native() {
            let bytes = pixels.bytes_mut();
            bytes.par_chunks_mut(PIECE).enumerate().try_for_each(get)?;
            self.swap(bytes);
        } else {
            let mut stored = vec![0u8; self.stored_bytes()];
            stored.par_chunks_mut(PIECE).enumerate().try_for_each(get)?;
            self.convert(&stored, pixels);
        }
        Ok(())
    }

    /// Whether a stored frame is the pixels' bytes but for their order.
    fn is_native(&self) -> bool {
        !matches!(self.header.mode, MrcMode::F16 | MrcMode::U4)
    }

    fn swap(&self, bytes: &mut [u8]) {
        if (self.header.byte_order == ByteOrder::Big) == cfg!(target_endian = "big") {
            return;
        }
        match self.pixel_type().bytes() {
            1 => {}
            2 => swap_bytes::<u16>(bytes),
            _ => swap_bytes::<u32>(bytes),
        }
    }

    /// Stored bytes of a frame to pixels; both have their full length.
    fn convert(&self, stored: &[u8], pixels: &mut Pixels) {
        let nx = self.header.n[0];
        match pixels {
            Pixels::U8(out) if self.header.mode == MrcMode::U4 => {
                for (row, bytes) in out.chunks_exact_mut(nx).zip(stored.chunks_exact(nx.div_ceil(2))) {
                    for (pair, b) in row.chunks_mut(2).zip(bytes) {
                        for (o, v) in pair.iter_mut().zip([b & 15, b >> 4]) {
                            *o = v;
                        }
                    }
                }
            }
            Pixels::F32(out) if self.header.mode == MrcMode::F16 => {
                decode(self.header.mode, self.header.byte_order, nx, stored, out);
            }
            _ => {
                let bytes = pixels.bytes_mut();
                bytes.copy_from_slice(stored);
                self.swap(bytes);
            }
        }
    }

    /// Starts to unpack a packed file from its beginning.
    pub(crate) fn stream(&self) -> Result<Stream<'_>> {
        Ok(Stream {
            movie: self,
            reader: unpacker(self.path(), self.packing)?,
            next: 0,
            stored: Vec::new(),
            at_data: false,
        })
    }
}

/// A packed movie that is being unpacked: frames come in order only.
pub(crate) struct Stream<'a> {
    movie: &'a MrcMovie,
    reader: Box<dyn Read + Send>,
    /// The frame that comes next.
    next: usize,
    stored: Vec<u8>,
    at_data: bool,
}

impl Stream<'_> {
    /// The next frame's number.
    pub(crate) fn next(&self) -> usize {
        self.next
    }

    /// Steps over `count` frames.
    pub(crate) fn skip(&mut self, count: usize) -> Result<()> {
        for _ in 0..count {
            self.bytes()?;
        }
        Ok(())
    }

    /// Unpacks the next frame into `self.stored`, which grows with what is really there.
    fn bytes(&mut self) -> Result<()> {
        let path = self.movie.path();
        let io = |what: &str, e: &std::io::Error| unpacking(path, what, e);
        if !self.at_data {
            let head = self.movie.data_offset();
            let got = std::io::copy(&mut (&mut self.reader).take(head), &mut std::io::sink())
                .map_err(|e| io("the MRC header", &e))?;
            if got < head {
                return Err(short(path, "the extended header (unpacked)", head, got));
            }
            self.at_data = true;
        }
        let want = self.movie.stored_bytes();
        self.stored.clear();
        let got = (&mut self.reader)
            .take(want as u64)
            .read_to_end(&mut self.stored)
            .map_err(|e| io(&format!("frame {}", self.next), &e))?;
        if got < want {
            let before = self.movie.data_offset() + (want * self.next) as u64;
            let what = format!("frame {} (unpacked)", self.next);
            return Err(short(path, &what, before + want as u64, before + got as u64));
        }
        self.next += 1;
        Ok(())
    }

    /// Unpacks the next frame.
    pub(crate) fn read(&mut self, pixels: Pixels) -> Result<Frame> {
        let index = self.next;
        self.bytes()?;
        let [nx, ny, _] = self.movie.header.n;
        let mut pixels = pixels.fitted(self.movie.pixel_type(), nx * ny);
        self.movie.convert(&self.stored, &mut pixels);
        Ok(Frame {
            index,
            shape: [ny, nx],
            pixels,
            electrons: None,
            left_out: 0,
        })
    }
}

fn unpacker(path: &Path, packing: Packing) -> Result<Box<dyn Read + Send>> {
    let file = File::open(path).map_err(|e| FormatError::io(path, e))?;
    Ok(match packing {
        Packing::None => Box::new(file),
        Packing::Gzip => Box::new(flate2::read::MultiGzDecoder::new(
            std::io::BufReader::with_capacity(1 << 18, file),
        )),
        Packing::Bzip2 => Box::new(ParallelReader::new(file)),
    })
}

fn unpacking(path: &Path, what: &str, e: &std::io::Error) -> FormatError {
    FormatError::Damaged {
        path: path.into(),
        message: format!("{what}: unpacking failed: {e}"),
    }
}
