//! An open movie.

use super::frames::Frames;
use super::mrc::{MrcMovie, Packing};
use super::{Frame, PixelType, Pixels};
use crate::Result;
use crate::eer::{EerFile, EerOptions};
use crate::error::FormatError;
use crate::tiff::ifd::Directories;
use crate::tiff::{FourBit, RowOrder, TiffFile};
use std::io::Read;
use std::ops::Range;
use std::path::Path;

/// What a movie file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MovieFormat {
    /// A plain MRC stack.
    Mrc,
    /// An MRC stack in a gzip file: frames come in order only, on one core.
    MrcGzip,
    /// An MRC stack in a bzip2 file: frames come in order only.
    MrcBzip2,
    /// TIFF or BigTIFF.
    Tiff,
    /// Electron events.
    Eer,
}

impl MovieFormat {
    /// A word for people.
    pub fn name(self) -> &'static str {
        match self {
            MovieFormat::Mrc => "MRC",
            MovieFormat::MrcGzip => "MRC, gzip",
            MovieFormat::MrcBzip2 => "MRC, bzip2",
            MovieFormat::Tiff => "TIFF",
            MovieFormat::Eer => "EER",
        }
    }
}

/// How a movie is read where the file leaves a choice.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct MovieOptions {
    /// Whether 8-bit TIFF images are packed 4-bit ones.
    pub four_bit: FourBit,
    /// How electrons of an EER file become frames.
    pub eer: EerOptions,
}

pub(crate) enum Source {
    Mrc(MrcMovie),
    Tiff(TiffFile),
    Eer(EerFile),
}

/// An open movie whose headers were read and checked.
pub struct MovieReader {
    pub(crate) source: Source,
}

impl MovieReader {
    /// Opens a movie with the default options.
    ///
    /// # Errors
    /// The file cannot be read, is of no kind that is read, or is shorter than its header says.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_with(path, &MovieOptions::default())
    }

    /// Opens a movie.
    ///
    /// # Errors
    /// As [`MovieReader::open`], and an EER file that has too few raw frames for the grouping.
    pub fn open_with(path: impl AsRef<Path>, options: &MovieOptions) -> Result<Self> {
        let path = path.as_ref();
        let mut start = Vec::new();
        std::fs::File::open(path)
            .and_then(|f| f.take(4).read_to_end(&mut start))
            .map_err(|e| FormatError::io(path, e))?;
        if start.is_empty() {
            return Err(FormatError::Unsupported {
                path: path.into(),
                message: "the file is empty".into(),
            });
        }
        let source = if is_tiff(&start) {
            let dirs = Directories::open(path)?;
            if EerFile::is_eer(&dirs) {
                Source::Eer(EerFile::from_directories(dirs, options.eer)?)
            } else {
                Source::Tiff(TiffFile::from_directories(dirs, options.four_bit)?)
            }
        } else {
            Source::Mrc(MrcMovie::open(path, Packing::of(&start))?)
        };
        Ok(Self { source })
    }

    /// The file's path as it was opened.
    pub fn path(&self) -> &Path {
        match &self.source {
            Source::Mrc(m) => m.path(),
            Source::Tiff(t) => t.path(),
            Source::Eer(e) => e.path(),
        }
    }

    /// What the file is.
    pub fn format(&self) -> MovieFormat {
        match &self.source {
            Source::Mrc(m) => match m.packing() {
                Packing::None => MovieFormat::Mrc,
                Packing::Gzip => MovieFormat::MrcGzip,
                Packing::Bzip2 => MovieFormat::MrcBzip2,
            },
            Source::Tiff(_) => MovieFormat::Tiff,
            Source::Eer(_) => MovieFormat::Eer,
        }
    }

    /// Number of frames; of a packed MRC file as its header says, since nothing else is known before it is unpacked.
    pub fn frame_count(&self) -> usize {
        match &self.source {
            Source::Mrc(m) => m.header().n[2],
            Source::Tiff(t) => t.frames(),
            Source::Eer(e) => e.frames(),
        }
    }

    /// `[ny, nx]` of a frame, px.
    pub fn shape(&self) -> [usize; 2] {
        match &self.source {
            Source::Mrc(m) => [m.header().n[1], m.header().n[0]],
            Source::Tiff(t) => t.shape(),
            Source::Eer(e) => e.shape(),
        }
    }

    /// Type of a pixel in memory.
    pub fn pixel_type(&self) -> PixelType {
        match &self.source {
            Source::Mrc(m) => m.pixel_type(),
            Source::Tiff(t) => t.pixel_type(),
            Source::Eer(e) => e.pixel_type(),
        }
    }

    /// Pixel size of a frame in angstrom; none where the file does not tell. An EER file's record gives the detector's.
    pub fn pixel_size_angstrom(&self) -> Option<f64> {
        match &self.source {
            Source::Mrc(m) => m.header().pixel_size_angstrom(),
            Source::Tiff(t) => t.pixel_size_angstrom(),
            Source::Eer(e) => {
                let metres: f64 = e.metadata_value("sensorPixelSize.width").ok()??.parse().ok()?;
                let finer = e.shape()[1] as f64 / e.detector_shape()[1] as f64;
                Some(metres * 1e10 / finer).filter(|size| (0.01..1000.0).contains(size))
            }
        }
    }

    /// Whether the file ends before all of its frames were listed: a copy that was cut short.
    pub fn is_cut(&self) -> bool {
        match &self.source {
            Source::Mrc(_) => false,
            Source::Tiff(t) => t.is_cut(),
            Source::Eer(e) => e.is_cut(),
        }
    }

    /// What is odd about the file but did not stop it from being read.
    pub fn notes(&self) -> &[String] {
        match &self.source {
            Source::Mrc(m) => m.notes(),
            Source::Tiff(t) => t.notes(),
            Source::Eer(e) => e.notes(),
        }
    }

    /// The EER file behind the movie, for its electrons; none for other formats.
    pub fn eer(&self) -> Option<&EerFile> {
        match &self.source {
            Source::Eer(e) => Some(e),
            _ => None,
        }
    }

    /// The TIFF file behind the movie.
    pub(crate) fn tiff(&self) -> Option<&TiffFile> {
        match &self.source {
            Source::Tiff(t) => Some(t),
            _ => None,
        }
    }

    /// Bytes of a decoded frame.
    pub fn frame_bytes(&self) -> u64 {
        let [ny, nx] = self.shape();
        ny as u64 * nx as u64 * self.pixel_type().bytes() as u64
    }

    /// Bytes that [`Frames`] takes with `at_once` frames in memory: the frames, and what decoding them needs beside them
    /// (of an EER file a bound from its largest raw frame).
    pub fn memory_bytes(&self, at_once: usize) -> u64 {
        let threads = rayon::current_num_threads() as u64;
        let beside = match &self.source {
            Source::Mrc(m) => match m.packing() {
                Packing::None => 0,
                Packing::Gzip => self.frame_bytes() + (1 << 20),
                // Blocks in and out for each core, and one.
                Packing::Bzip2 => self.frame_bytes() + (threads + 1) * (3 << 20),
            },
            Source::Tiff(t) => threads * t.working_bytes(),
            Source::Eer(e) => e.working_bytes(),
        };
        self.frame_bytes() * at_once as u64 + beside
    }

    /// Reads one frame. Of a packed MRC file everything before it is unpacked, too: use [`MovieReader::frames`] there.
    ///
    /// # Errors
    /// No such frame, or it is cut or corrupt: the message names file, frame and place.
    pub fn read(&self, index: usize) -> Result<Frame> {
        self.read_with(index, Pixels::U8(Vec::new()))
    }

    /// Reads one frame into the memory of another.
    ///
    /// # Errors
    /// As [`MovieReader::read`].
    pub fn read_with(&self, index: usize, mut pixels: Pixels) -> Result<Frame> {
        self.check(&(index..index.saturating_add(1)))?;
        let (mut electrons, mut left_out) = (None, 0);
        match &self.source {
            Source::Mrc(m) if m.packing() != Packing::None => {
                let mut stream = m.stream()?;
                stream.skip(index)?;
                return stream.read(pixels);
            }
            Source::Mrc(m) => m.read_into(index, &mut pixels)?,
            Source::Tiff(t) => t.read_into(index, RowOrder::BottomFirst, &mut pixels)?,
            Source::Eer(e) => {
                let (count, left) = e.read_into(index, &mut pixels)?;
                (electrons, left_out) = (Some(count), left);
            }
        }
        Ok(Frame {
            index,
            shape: self.shape(),
            pixels,
            electrons,
            left_out,
        })
    }

    /// The frames of a range, in order.
    ///
    /// # Errors
    /// The range is not within the movie, or a packed file cannot be opened again.
    pub fn frames(&self, range: Range<usize>) -> Result<Frames<'_>> {
        self.check(&range)?;
        Frames::new(self, range)
    }

    /// As many frames at once as keep all cores busy: one where a frame's pieces do that.
    pub(crate) fn natural_at_once(&self) -> usize {
        let threads = rayon::current_num_threads().max(1);
        match &self.source {
            Source::Tiff(t) if t.pieces() < 4 * threads => threads.min(16),
            _ => 1,
        }
    }

    fn check(&self, range: &Range<usize>) -> Result<()> {
        let count = self.frame_count();
        if range.end <= count && range.start <= range.end {
            return Ok(());
        }
        Err(FormatError::NoSuch {
            path: self.path().into(),
            message: format!(
                "frames {} to {} were asked for, there are {count} (0 to {})",
                range.start,
                range.end.saturating_sub(1),
                count.saturating_sub(1)
            ),
        })
    }
}

/// By the first four bytes: TIFF or BigTIFF of either byte order.
pub(crate) fn is_tiff(start: &[u8]) -> bool {
    matches!(start, [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..])
}
