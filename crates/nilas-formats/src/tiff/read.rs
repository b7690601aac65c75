//! An open TIFF file.

use super::decode::Image;
use super::ifd::Directories;
use super::layout::{self, Layout, Predictor};
use super::{Compression, FourBit, RowOrder};
use crate::Result;
use crate::error::FormatError;
use crate::movie::{Frame, PixelType, Pixels};
use crate::mrc::ByteOrder;
use std::path::Path;

/// Longest text of a tag in a report.
const MAX_TEXT: u64 = 4096;

/// An open TIFF file: all its directories were read and checked.
#[derive(Debug)]
pub struct TiffFile {
    dirs: Directories,
    /// Directory and layout of each frame.
    frames: Vec<(usize, Layout)>,
    notes: Vec<String>,
}

impl TiffFile {
    /// Opens a file; packed 4-bit images are told by their size.
    ///
    /// # Errors
    /// The file cannot be read, is not TIFF, has images of a kind that is not read or of different sizes.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_with(path, FourBit::Automatic)
    }

    /// Opens a file, saying whether its 8-bit images are packed 4-bit ones.
    ///
    /// # Errors
    /// As [`TiffFile::open`].
    pub fn open_with(path: impl AsRef<Path>, four_bit: FourBit) -> Result<Self> {
        Self::from_directories(Directories::open(path.as_ref())?, four_bit)
    }

    pub(crate) fn from_directories(dirs: Directories, four_bit: FourBit) -> Result<Self> {
        let mut frames: Vec<(usize, Layout)> = Vec::new();
        let mut notes = Vec::new();
        let mut thumbnails = 0;
        for index in 0..dirs.all.len() {
            if dirs.all.len() > 1 && layout::is_thumbnail(&dirs.file, &dirs.all[index])? {
                thumbnails += 1;
                continue;
            }
            let layout = layout::layout(&dirs, index, four_bit)?;
            if let Some((first, expected)) = frames.first()
                && !layout.same_pixels(expected)
            {
                let say = |l: &Layout| format!("{} x {} {}", l.shape[0], l.shape[1], l.kind.name());
                return Err(FormatError::Unsupported {
                    path: dirs.file.path.clone(),
                    message: format!(
                        "images of different kinds: {} (image {first}) and {} (image {index})",
                        say(expected),
                        say(&layout)
                    ),
                });
            }
            frames.push((index, layout));
        }
        if frames.is_empty() {
            return Err(FormatError::Unsupported {
                path: dirs.file.path.clone(),
                message: "all images are thumbnails".into(),
            });
        }
        if thumbnails > 0 {
            notes.push(format!("{thumbnails} reduced images are not frames"));
        }
        if let Some(cut) = &dirs.cut {
            notes.push(format!(
                "the list of images breaks off after {}: {cut}",
                dirs.all.len()
            ));
        }
        if frames[0].1.bits == 4 {
            notes.push("4-bit pixels, unpacked to 8 bits".into());
        }
        Ok(Self { dirs, frames, notes })
    }

    /// The file's path as it was opened.
    pub fn path(&self) -> &Path {
        &self.dirs.file.path
    }

    /// Number of images, without thumbnails.
    pub fn frames(&self) -> usize {
        self.frames.len()
    }

    /// `[ny, nx]` of a frame, px.
    pub fn shape(&self) -> [usize; 2] {
        self.frames[0].1.shape
    }

    /// Type of a pixel in memory.
    pub fn pixel_type(&self) -> PixelType {
        self.frames[0].1.kind
    }

    /// Bits of a pixel in the file, before compression.
    pub fn bits(&self) -> u64 {
        self.frames[0].1.bits
    }

    /// How the first frame is compressed; others may differ.
    pub fn compression(&self) -> Compression {
        self.frames[0].1.compression
    }

    /// Strips or tiles of a frame: pieces that are decoded side by side.
    pub(crate) fn pieces(&self) -> usize {
        let [ny, _] = self.shape();
        ny.div_ceil(self.frames[0].1.band_rows())
    }

    /// Bytes that a core needs to decode a piece of the first frame.
    pub(crate) fn working_bytes(&self) -> u64 {
        let l = &self.frames[0].1;
        let nx = match l.chunks {
            layout::Chunks::Strips { .. } => l.shape[1],
            layout::Chunks::Tiles { width, .. } => width,
        };
        // Compressed and decoded, and the decoder's own tables and window.
        2 * (l.stored_row(nx) * l.band_rows()) as u64 + (1 << 20)
    }

    /// Whether the list of images breaks off: the file was cut.
    pub fn is_cut(&self) -> bool {
        self.dirs.cut.is_some()
    }

    /// What is odd about the file but did not stop it from being read.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Pixel size in angstrom, from the resolution tags; none where they give no size that an electron microscope has.
    pub fn pixel_size_angstrom(&self) -> Option<f64> {
        let directory = &self.dirs.all[self.frames[0].0];
        let per_unit = directory.fraction(&self.dirs.file, 282).ok()??;
        let unit_angstrom = match directory.number(&self.dirs.file, 296).ok()? {
            Some(3) => 1e8,
            Some(2) | None => 2.54e8,
            Some(_) => return None,
        };
        Some(unit_angstrom / per_unit).filter(|size| (0.01..1000.0).contains(size))
    }

    /// Facts for people: name and value.
    pub fn facts(&self) -> Vec<(String, String)> {
        let (index, l) = &self.frames[0];
        let file = &self.dirs.file;
        let mut facts = vec![
            (
                "container".to_owned(),
                format!(
                    "{}, {} endian, {} images",
                    if self.dirs.big { "BigTIFF" } else { "TIFF" },
                    if file.order == ByteOrder::Little {
                        "little"
                    } else {
                        "big"
                    },
                    self.dirs.all.len()
                ),
            ),
            ("pixels".into(), format!("{} bits, {}", l.bits, l.kind.name())),
            (
                "compression".into(),
                format!(
                    "{}{}",
                    l.compression.name(),
                    match l.predictor {
                        Predictor::None => "",
                        Predictor::Horizontal => ", horizontal differences",
                        Predictor::Float => ", floating-point differences",
                    }
                ),
            ),
            (
                "pieces".into(),
                match l.chunks {
                    layout::Chunks::Strips { rows } => {
                        format!("{} strips of {rows} rows a frame", l.chunk_count())
                    }
                    layout::Chunks::Tiles { width, height } => {
                        format!("{} tiles of {width} x {height} a frame", l.chunk_count())
                    }
                },
            ),
        ];
        for (tag, name) in [(270, "description"), (305, "software"), (306, "date")] {
            if let Ok(Some(text)) = self.dirs.all[*index].text(file, tag, MAX_TEXT) {
                let short: String = text.chars().filter(|c| !c.is_control()).take(200).collect();
                if !short.is_empty() {
                    facts.push((name.into(), short));
                }
            }
        }
        facts
    }

    /// Decodes a frame.
    ///
    /// # Errors
    /// No such frame, or a strip that is missing, cut or corrupt: then the message names frame, strip and byte.
    pub fn read(&self, index: usize, rows: RowOrder) -> Result<Frame> {
        let mut pixels = Pixels::U8(Vec::new());
        self.read_into(index, rows, &mut pixels)?;
        Ok(Frame {
            index,
            shape: self.shape(),
            pixels,
            electrons: None,
            left_out: 0,
        })
    }

    /// Decodes a frame into a buffer, which is taken anew only where type or size differ.
    ///
    /// # Errors
    /// As [`TiffFile::read`]; the buffer's content is then undefined, its size not.
    pub fn read_into(&self, index: usize, rows: RowOrder, pixels: &mut Pixels) -> Result<()> {
        let Some((directory, layout)) = self.frames.get(index) else {
            return Err(FormatError::NoSuch {
                path: self.path().into(),
                message: format!("frame {index} was asked for, there are {}", self.frames.len()),
            });
        };
        let image = Image::new(&self.dirs, *directory, index, *layout)?;
        let [ny, nx] = layout.shape;
        let buffer = std::mem::replace(pixels, Pixels::U8(Vec::new()));
        *pixels = buffer.fitted(layout.kind, ny * nx);
        image.decode(pixels, rows == RowOrder::BottomFirst)
    }
}
