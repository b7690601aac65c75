//! Writing EER (compression 65001, BigTIFF, one strip a raw frame).

use super::decode::{self, Electron};
use crate::Result;
use crate::error::FormatError;
use crate::tiff::write::{Container, Tag};
use std::path::Path;

/// Writes the electrons of a movie raw frame by raw frame. The file appears under its name only with
/// [`EerWriter::finish`].
pub struct EerWriter {
    container: Container,
    detector: [usize; 2],
    metadata: Option<String>,
    frames: usize,
}

impl EerWriter {
    /// Starts a movie of a `[ny, nx]` detector; `metadata` (XML) goes into the first directory.
    ///
    /// # Errors
    /// The directory cannot be written, or the detector has no pixels or too many.
    pub fn create(path: impl AsRef<Path>, detector: [usize; 2], metadata: Option<&str>) -> Result<Self> {
        let path = path.as_ref();
        let [ny, nx] = detector.map(|v| v as u64);
        if ny == 0 || nx == 0 || ny > 1 << 20 || nx > 1 << 20 || ny * nx > Electron::MAX_PIXELS {
            return Err(FormatError::CannotWrite {
                path: path.into(),
                message: format!("a detector of {ny} x {nx}"),
            });
        }
        Ok(Self {
            container: Container::create(path, true)?,
            detector,
            metadata: metadata.map(str::to_owned),
            frames: 0,
        })
    }

    /// Appends a raw frame: electrons in ascending order of their pixels, one a pixel at most.
    ///
    /// # Errors
    /// Electrons out of order, twice in a pixel or outside of the detector, or the disk refuses.
    pub fn push(&mut self, electrons: &[Electron]) -> Result<()> {
        let [ny, nx] = self.detector;
        let mut data = Vec::new();
        decode::encode(electrons, ny as u64 * nx as u64, &mut data).map_err(|message| {
            FormatError::CannotWrite {
                path: self.container.path().into(),
                message: format!("raw frame {}: {message}", self.frames),
            }
        })?;
        let offset = [self.container.append(&data)?];
        let count = [data.len() as u64];
        let mut tags = vec![
            Tag::Long(256, nx as u32),
            Tag::Long(257, ny as u32),
            Tag::Short(258, 1),
            Tag::Short(259, 65001),
            Tag::Short(262, 1),
            Tag::Offsets(273, &offset),
            Tag::Short(277, 1),
            Tag::Long(278, ny as u32),
            Tag::Offsets(279, &count),
        ];
        let metadata = self.metadata.take();
        if let Some(xml) = &metadata {
            tags.push(Tag::Opaque(65001, xml.as_bytes()));
        }
        self.container.directory(&tags)?;
        self.frames += 1;
        Ok(())
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
