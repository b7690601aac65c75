//! An open EER file.

use super::decode::{self, Electron, EventCode};
use super::{COMPRESSIONS, render};
use crate::Result;
use crate::error::FormatError;
use crate::movie::{Frame, PixelType, Pixels};
use crate::tiff::ifd::Directories;
use crate::tiff::layout::essentials;
use rayon::prelude::*;
use std::ops::Range;
use std::path::Path;

/// Longest acquisition record that is read, bytes.
const MAX_METADATA: u64 = 1 << 20;
/// Tag of the acquisition record (XML).
const METADATA: u16 = 65001;

/// How raw frames become frames of a movie.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fractions {
    /// This many raw frames make a frame; what is left over at the end is not used.
    RawFrames(usize),
    /// As many raw frames as bring this dose, rounded; at least one.
    Dose {
        /// Wanted exposure of a frame, e/Å².
        per_fraction: f64,
        /// Exposure of the whole file, e/Å².
        total: f64,
    },
    /// This many frames, each of equally many raw frames.
    Count(usize),
}

/// How an EER file is read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EerOptions {
    /// Pixels of the frame along a pixel of the detector: 1, 2 or 4.
    pub upsampling: usize,
    /// Grouping of raw frames.
    pub fractions: Fractions,
    /// Leave broken raw frames out and count them ([`Frame::left_out`]) instead of refusing the frame they belong to.
    pub leave_out_broken: bool,
}

impl Default for EerOptions {
    fn default() -> Self {
        Self {
            upsampling: 2,
            fractions: Fractions::RawFrames(40),
            leave_out_broken: false,
        }
    }
}

/// A raw frame: its directory and how its events are written.
#[derive(Debug, Clone, Copy)]
struct Raw {
    directory: usize,
    code: EventCode,
}

/// An open EER file: all directories were read, no events.
#[derive(Debug)]
pub struct EerFile {
    dirs: Directories,
    raw: Vec<Raw>,
    /// Detector `[ny, nx]`.
    detector: [usize; 2],
    options: EerOptions,
    per_frame: usize,
    frames: usize,
    compression: u64,
    notes: Vec<String>,
}

impl EerFile {
    /// Opens a file.
    ///
    /// # Errors
    /// The file cannot be read, is not EER, is too large for an electron's number, or has fewer raw frames than a frame
    /// of the movie needs.
    pub fn open(path: impl AsRef<Path>, options: EerOptions) -> Result<Self> {
        Self::from_directories(Directories::open(path.as_ref())?, options)
    }

    /// Whether a TIFF file's first images are EER.
    pub(crate) fn is_eer(dirs: &Directories) -> bool {
        // Some programs put a sum before the events.
        (0..dirs.all.len().min(3)).any(|i| {
            dirs.all[i]
                .number(&dirs.file, 259)
                .is_ok_and(|c| c.is_some_and(|c| COMPRESSIONS.contains(&c)))
        })
    }

    pub(crate) fn from_directories(dirs: Directories, options: EerOptions) -> Result<Self> {
        let path = dirs.file.path.clone();
        let unsupported = |message: String| FormatError::Unsupported {
            path: path.clone(),
            message,
        };
        let mut raw = Vec::with_capacity(dirs.all.len());
        let mut detector = [0; 2];
        let mut others = 0;
        let mut first_compression = 0;
        for (index, directory) in dirs.all.iter().enumerate() {
            let (shape, compression) = essentials(&dirs.file, directory)?;
            if !COMPRESSIONS.contains(&compression) {
                others += 1;
                continue;
            }
            let code = match compression {
                65000 => EventCode::OLD,
                65001 => EventCode::SEVEN,
                _ => {
                    let bits = |tag: u16, default: u32| -> Result<u32> {
                        Ok(directory
                            .number(&dirs.file, tag)?
                            .map_or(default, |v| v.min(255) as u32))
                    };
                    EventCode {
                        run_bits: bits(65007, 7)?,
                        horizontal_bits: bits(65008, 2)?,
                        vertical_bits: bits(65009, 2)?,
                        always_position: false,
                    }
                }
            };
            if !code.is_sane() {
                return Err(FormatError::byte(
                    &path,
                    directory.offset,
                    format!(
                        "raw frame {}: events of {} + {} + {} bits",
                        raw.len(),
                        code.run_bits,
                        code.horizontal_bits,
                        code.vertical_bits
                    ),
                ));
            }
            if raw.is_empty() {
                (detector, first_compression) = (shape, compression);
            } else if shape != detector {
                return Err(unsupported(format!(
                    "raw frames of {} x {} and (image {index}) {} x {}",
                    detector[0], detector[1], shape[0], shape[1]
                )));
            }
            raw.push(Raw {
                directory: index,
                code,
            });
        }
        let [ny, nx] = detector;
        if raw.is_empty() {
            return Err(unsupported("a TIFF file without EER frames".into()));
        }
        if ny as u64 * nx as u64 > Electron::MAX_PIXELS {
            return Err(unsupported(format!("a detector of {ny} x {nx}")));
        }
        let mut notes = Vec::new();
        if others > 0 {
            notes.push(format!("{others} images that are not EER are left out"));
        }
        if let Some(cut) = &dirs.cut {
            notes.push(format!(
                "the list of frames breaks off after {}: {cut}",
                dirs.all.len()
            ));
        }
        let mut file = Self {
            dirs,
            raw,
            detector,
            options,
            per_frame: 1,
            frames: 0,
            compression: first_compression,
            notes,
        };
        file.group()?;
        Ok(file)
    }

    /// Settles how many raw frames make a frame.
    fn group(&mut self) -> Result<()> {
        let count = self.raw.len();
        let no = |message: String| FormatError::NoSuch {
            path: self.path().into(),
            message,
        };
        if ![1, 2, 4].contains(&self.options.upsampling) {
            return Err(no(format!(
                "upsampling {}; 1, 2 or 4 can be had",
                self.options.upsampling
            )));
        }
        let per_frame = match self.options.fractions {
            Fractions::RawFrames(n) => n,
            Fractions::Count(n) => count.checked_div(n).unwrap_or(0),
            Fractions::Dose { per_fraction, total } => {
                let raw = total / count as f64;
                if !(per_fraction > 0.0 && per_fraction.is_finite() && raw > 0.0 && raw.is_finite()) {
                    return Err(no(format!(
                        "fractions of {per_fraction} e/A^2 of a total of {total} e/A^2"
                    )));
                }
                ((per_fraction / raw).round() as usize).max(1)
            }
        };
        if per_frame == 0 || per_frame > count {
            return Err(no(format!(
                "{:?} of {count} raw frames leaves no frame",
                self.options.fractions
            )));
        }
        self.per_frame = per_frame;
        self.frames = match self.options.fractions {
            Fractions::Count(n) => n,
            _ => count / per_frame,
        };
        let unused = count - self.frames * per_frame;
        if unused > 0 {
            self.notes
                .push(format!("the last {unused} of {count} raw frames are not used"));
        }
        Ok(())
    }

    /// The file's path as it was opened.
    pub fn path(&self) -> &Path {
        &self.dirs.file.path
    }

    /// Frames of the movie.
    pub fn frames(&self) -> usize {
        self.frames
    }

    /// `[ny, nx]` of a frame, px, upsampled.
    pub fn shape(&self) -> [usize; 2] {
        self.detector.map(|v| v * self.options.upsampling)
    }

    /// `[ny, nx]` of the detector, px.
    pub fn detector_shape(&self) -> [usize; 2] {
        self.detector
    }

    /// Detector frames in the file.
    pub fn raw_frames(&self) -> usize {
        self.raw.len()
    }

    /// Raw frames that make a frame of the movie.
    pub fn raw_per_frame(&self) -> usize {
        self.per_frame
    }

    /// Compression number of the first raw frame.
    pub fn compression(&self) -> u64 {
        self.compression
    }

    /// Type of a pixel: wide enough that no count can overflow.
    pub fn pixel_type(&self) -> PixelType {
        // A raw frame has one electron a pixel at most.
        match self.per_frame {
            0..=255 => PixelType::U8,
            256..=65535 => PixelType::U16,
            _ => PixelType::U32,
        }
    }

    /// Whether the list of frames breaks off: the file was cut.
    pub fn is_cut(&self) -> bool {
        self.dirs.cut.is_some()
    }

    /// What is odd about the file but did not stop it from being read.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The camera's record of the acquisition (XML text); none where the file has none.
    ///
    /// # Errors
    /// The file cannot be read any more, or the record lies outside of it.
    pub fn metadata(&self) -> Result<Option<String>> {
        self.dirs.all[self.raw[0].directory].text(&self.dirs.file, METADATA, MAX_METADATA)
    }

    /// A number of the acquisition record, by the name of its `item`: `exposureTime`, `meanDoseRate`, `sensorPixelSize.width`.
    ///
    /// # Errors
    /// As [`EerFile::metadata`].
    pub fn metadata_value(&self, name: &str) -> Result<Option<String>> {
        let Some(xml) = self.metadata()? else {
            return Ok(None);
        };
        let key = format!("name=\"{name}\"");
        Ok(xml.split("<item").find_map(|item| {
            let (head, rest) = item.split_once('>')?;
            let (value, _) = rest.split_once("</item>")?;
            head.contains(&key).then(|| value.trim().to_owned())
        }))
    }

    /// Appends the electrons of raw frame `index` to `out`, in the order of their pixels.
    ///
    /// # Errors
    /// No such frame, or its events are cut or corrupt; the message names frame and byte.
    pub fn electrons(&self, index: usize, out: &mut Vec<Electron>) -> Result<()> {
        let Some(raw) = self.raw.get(index) else {
            return Err(FormatError::NoSuch {
                path: self.path().into(),
                message: format!("raw frame {index} was asked for, there are {}", self.raw.len()),
            });
        };
        let (file, directory) = (&self.dirs.file, &self.dirs.all[raw.directory]);
        let (mut offsets, mut counts) = (Vec::new(), Vec::new());
        directory.numbers(file, 273, &mut offsets)?;
        directory.numbers(file, 279, &mut counts)?;
        let name = || format!("raw frame {index}");
        if offsets.is_empty() || offsets.len() != counts.len() {
            return Err(FormatError::byte(
                self.path(),
                directory.offset,
                format!("{}: {} strips, {} lengths", name(), offsets.len(), counts.len()),
            ));
        }
        let [ny, nx] = self.detector;
        let pixels = ny as u64 * nx as u64;
        let mut data = Vec::new();
        for (&offset, &count) in offsets.iter().zip(&counts) {
            file.check(offset, count, &name)?;
            // Strips that overlap could make more of the file than it has.
            if data.len() as u64 + count > file.len {
                return Err(FormatError::byte(
                    self.path(),
                    offset,
                    format!("{}: strips overlap", name()),
                ));
            }
            let start = data.len();
            data.resize(start + count as usize, 0);
            file.read(offset, &mut data[start..], name)?;
        }
        let before = out.len();
        decode::decode(&data, raw.code, pixels, out).map_err(|(at, message)| {
            let mut rest = at as u64;
            let mut place = offsets[0];
            for (&offset, &count) in offsets.iter().zip(&counts) {
                place = offset + rest.min(count);
                if rest < count {
                    break;
                }
                rest -= count;
            }
            FormatError::byte(self.path(), place, format!("{}: {message}", name()))
        })?;
        debug_assert!(out.len() - before <= pixels as usize);
        Ok(())
    }

    /// Electrons of raw frame `index`.
    ///
    /// # Errors
    /// As [`EerFile::electrons`].
    pub fn electron_count(&self, index: usize) -> Result<u64> {
        let mut list = Vec::new();
        self.electrons(index, &mut list)?;
        Ok(list.len() as u64)
    }

    /// Renders frame `index` of the movie.
    ///
    /// # Errors
    /// No such frame, or one of its raw frames is broken and broken ones are not left out, or all of them are.
    pub fn read(&self, index: usize) -> Result<Frame> {
        let mut pixels = Pixels::U8(Vec::new());
        let (electrons, left_out) = self.read_into(index, &mut pixels)?;
        Ok(Frame {
            index,
            shape: self.shape(),
            pixels,
            electrons: Some(electrons),
            left_out,
        })
    }

    /// Renders a frame into a buffer, which is taken anew only where type or size differ. Returns the electrons and the
    /// number of raw frames that were left out.
    ///
    /// # Errors
    /// As [`EerFile::read`].
    pub fn read_into(&self, index: usize, pixels: &mut Pixels) -> Result<(u64, usize)> {
        if index >= self.frames {
            return Err(FormatError::NoSuch {
                path: self.path().into(),
                message: format!("frame {index} was asked for, there are {}", self.frames),
            });
        }
        let raw = index * self.per_frame..(index + 1) * self.per_frame;
        self.check_size(raw.clone())?;
        let [ny, nx] = self.shape();
        let buffer = std::mem::replace(pixels, Pixels::U8(Vec::new()));
        *pixels = buffer.fitted(self.pixel_type(), ny * nx);
        pixels.bytes_mut().fill(0);
        // Electrons of a few raw frames at a time: 4 bytes each, decoded side by side, then drawn side by side by rows.
        let at_once = raw_at_once();
        let (mut electrons, mut left_out) = (0, 0);
        let all: Vec<usize> = raw.collect();
        let mut first_problem = None;
        for some in all.chunks(at_once) {
            let lists: Vec<Result<Vec<Electron>>> = some
                .par_iter()
                .map(|&i| {
                    let mut list = Vec::new();
                    self.electrons(i, &mut list).map(|()| list)
                })
                .collect();
            let mut good = Vec::with_capacity(lists.len());
            for list in lists {
                match list {
                    Ok(list) => {
                        electrons += list.len() as u64;
                        good.push(list);
                    }
                    Err(e) if self.options.leave_out_broken => {
                        left_out += 1;
                        first_problem.get_or_insert(e);
                    }
                    Err(e) => return Err(e),
                }
            }
            render::add(&good, self.detector, self.options.upsampling, pixels);
        }
        match first_problem {
            Some(e) if left_out == all.len() => Err(e),
            _ => Ok((electrons, left_out)),
        }
    }

    /// Bytes that rendering a frame needs beside it: the largest raw frames' events and electrons.
    pub(crate) fn working_bytes(&self) -> u64 {
        let mut largest = 0;
        for raw in &self.raw {
            let mut counts = Vec::new();
            let known = self.dirs.all[raw.directory].numbers(&self.dirs.file, 279, &mut counts);
            let bytes = counts
                .iter()
                .fold(0u64, |a, &b| a.saturating_add(b))
                .min(self.dirs.file.len);
            if known.is_ok() {
                largest = largest.max(bytes);
            }
        }
        // An event of 11 bits becomes 4 bytes, in a vector that may have twice the room.
        raw_at_once() as u64 * largest * 7
    }

    /// A header can promise any size; events that could pass so many pixels must be there before a frame is allocated.
    fn check_size(&self, raw: Range<usize>) -> Result<()> {
        let [ny, nx] = self.detector;
        let pixels = ny as u64 * nx as u64;
        let mut most = 0;
        for i in raw {
            let Raw { directory, code } = self.raw[i];
            let mut counts = Vec::new();
            self.dirs.all[directory].numbers(&self.dirs.file, 279, &mut counts)?;
            let bytes = counts
                .iter()
                .fold(0u64, |a, &b| a.saturating_add(b))
                .min(self.dirs.file.len);
            most = most.max(code.most_pixels(bytes));
        }
        if most < pixels {
            return Err(FormatError::byte(
                self.path(),
                self.dirs.all[self.raw[0].directory].offset,
                format!("the events of no raw frame can fill {ny} x {nx} pixels"),
            ));
        }
        Ok(())
    }
}

/// Raw frames whose electrons are held at once.
fn raw_at_once() -> usize {
    (2 * rayon::current_num_threads()).clamp(4, 32)
}
