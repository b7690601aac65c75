//! Reading.

use super::decode::decode;
use super::header::{HEADER_BYTES, MrcHeader, MrcKind};
use crate::Result;
use crate::error::FormatError;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Where the bytes come from.
enum Source {
    /// Read on demand. Positioned reads, not a memory map: a file that shrinks on a network disk is then an error, not a signal.
    Disk(File),
    /// The unpacked content of a `.gz` or `.bz2`.
    Memory(Vec<u8>),
}

/// An open MRC file whose header was read and checked against the length of the file.
pub struct MrcFile {
    path: PathBuf,
    header: MrcHeader,
    notes: Vec<String>,
    source: Source,
    data_offset: u64,
    kind: MrcKind,
}

/// A map with its axes in the order X, Y, Z.
#[derive(Debug, Clone, PartialEq)]
pub struct MrcVolume {
    /// `[nz, ny, nx]`.
    pub shape: [usize; 3],
    /// Voxel size along X, Y, Z in angstrom; none where the header does not tell.
    pub voxel_size_angstrom: [Option<f64>; 3],
    /// Origin X, Y, Z in angstrom as the header gives it.
    pub origin_angstrom: [f32; 3],
    /// First grid index along X, Y, Z.
    pub n_start: [i32; 3],
    /// Values, `[z][y][x]`, x fastest.
    pub data: Vec<f32>,
}

/// Words in a file name that say "stack of images".
fn has_stack_name(path: &Path) -> bool {
    let name = path
        .file_name()
        .map(|n| n.to_string_lossy().to_lowercase())
        .unwrap_or_default();
    let name = name.trim_end_matches(".gz").trim_end_matches(".bz2");
    [".mrcs", ".st", ".stk"].iter().any(|e| name.ends_with(e))
}

impl MrcFile {
    /// Opens a file: reads the header, and the data only of a compressed one.
    ///
    /// # Errors
    /// The file cannot be read, is not MRC, has a mode that is not read, or is shorter than its header says.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let io = |e| FormatError::io(path, e);
        let mut file = File::open(path).map_err(io)?;
        let meta = file.metadata().map_err(io)?;
        if !meta.is_file() {
            return Err(FormatError::Unsupported {
                path: path.into(),
                message: "not a regular file".into(),
            });
        }
        let mut start = [0u8; 4];
        let got = read_up_to(&mut file, &mut start).map_err(io)?;
        let compressed: Option<Box<dyn Read>> = if got >= 2 && start[..2] == [0x1f, 0x8b] {
            let again = File::open(path).map_err(io)?;
            Some(Box::new(flate2::read::MultiGzDecoder::new(
                std::io::BufReader::new(again),
            )))
        } else if got == 4 && start[..3] == *b"BZh" && start[3].is_ascii_digit() {
            let again = File::open(path).map_err(io)?;
            Some(Box::new(crate::bz2::ParallelReader::new(again)))
        } else {
            None
        };
        match compressed {
            Some(reader) => Self::from_compressed(path, reader),
            None => {
                let found = meta.len();
                let mut bytes = [0u8; HEADER_BYTES];
                if found < HEADER_BYTES as u64 {
                    return Err(short(path, "the MRC header", HEADER_BYTES as u64, found));
                }
                file.read_exact_at(&mut bytes, 0).map_err(io)?;
                let (header, notes) =
                    MrcHeader::parse(&bytes).map_err(|(at, message)| FormatError::byte(path, at, message))?;
                Self::checked(path, header, notes, Source::Disk(file), found)
            }
        }
    }

    /// Unpacks no more than the header promises, growing with what is really there.
    fn from_compressed(path: &Path, mut reader: Box<dyn Read>) -> Result<Self> {
        let io = |e: std::io::Error| FormatError::byte(path, 0, format!("unpacking failed: {e}"));
        let mut bytes = [0u8; HEADER_BYTES];
        let got = read_up_to(&mut reader, &mut bytes).map_err(io)?;
        if got < HEADER_BYTES {
            return Err(short(
                path,
                "the MRC header (unpacked)",
                HEADER_BYTES as u64,
                got as u64,
            ));
        }
        let (header, mut notes) =
            MrcHeader::parse(&bytes).map_err(|(at, message)| FormatError::byte(path, at, message))?;
        let needed = total_bytes(path, &header)?;
        let mut all = bytes.to_vec();
        reader
            .take(needed - HEADER_BYTES as u64)
            .read_to_end(&mut all)
            .map_err(io)?;
        let found = all.len() as u64;
        notes.push("compressed: the whole array is held in memory".into());
        Self::checked(path, header, notes, Source::Memory(all), found)
    }

    fn checked(
        path: &Path,
        header: MrcHeader,
        mut notes: Vec<String>,
        source: Source,
        found: u64,
    ) -> Result<Self> {
        let expected = total_bytes(path, &header)?;
        if found < expected {
            let [nx, ny, nz] = header.n;
            let what = format!("a {nx} x {ny} x {nz} {} array", header.mode.name());
            return Err(short(path, &what, expected, found));
        }
        if found > expected {
            notes.push(format!("{} bytes after the data are not used", found - expected));
        }
        let voxel = header.voxel_size_angstrom();
        if voxel[0].is_none() || voxel[1].is_none() {
            notes.push(format!(
                "no pixel size: cell {:?} A over {:?} samples",
                header.cell_angstrom, header.m
            ));
        } else if header.pixel_size_angstrom().is_none() {
            notes.push("pixel size differs between x and y".into());
        }
        if header
            .cell_angles_deg
            .iter()
            .any(|&a| a != 0.0 && (a - 90.0).abs() > 0.01)
        {
            notes.push(format!(
                "the cell is not orthogonal: angles {:?} deg",
                header.cell_angles_deg
            ));
        }
        if header.axes() != header.map_axes.map(|a| (a - 1).max(0) as usize) || header.map_axes.contains(&0) {
            notes.push(format!(
                "axis order {:?} is none; taken as 1, 2, 3",
                header.map_axes
            ));
        }
        let kind = header.kind(has_stack_name(path));
        if kind == MrcKind::ImageStack && header.space_group >= 1 {
            notes.push("the header says volume, the file's name says image stack".into());
        }
        if kind == MrcKind::Volume && header.space_group == 0 {
            notes.push("the header says images (space group 0), size and voxel size say volume".into());
        }
        let data_offset = (HEADER_BYTES + header.extended_bytes) as u64;
        Ok(Self {
            path: path.into(),
            header,
            notes,
            source,
            data_offset,
            kind,
        })
    }

    /// The file's path as it was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The header.
    pub fn header(&self) -> &MrcHeader {
        &self.header
    }

    /// What is odd about the file but did not stop it from being read.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// What the array is, from header and name.
    pub fn kind(&self) -> MrcKind {
        self.kind
    }

    /// Number of slices (sections).
    pub fn slices(&self) -> usize {
        self.header.n[2]
    }

    /// `[ny, nx]` of a slice.
    pub fn slice_shape(&self) -> [usize; 2] {
        [self.header.n[1], self.header.n[0]]
    }

    /// Values in a slice.
    pub fn slice_len(&self) -> usize {
        self.header.n[0] * self.header.n[1]
    }

    /// Pixel size in the image plane in angstrom; none where the header does not tell.
    pub fn pixel_size_angstrom(&self) -> Option<f64> {
        self.header.pixel_size_angstrom()
    }

    /// Reads slice `index` (0-based) into `out` (`[y][x]`, `slice_len` values), and nothing else. May be called from several
    /// threads at once.
    ///
    /// # Errors
    /// No such slice, `out` has another length, or the file cannot be read any more.
    pub fn read_slice(&self, index: usize, out: &mut [f32]) -> Result<()> {
        if out.len() != self.slice_len() {
            return Err(self.no_such(format!(
                "a slice has {} values, the buffer {}",
                self.slice_len(),
                out.len()
            )));
        }
        self.read_slices(index, out)
    }

    /// Reads as many whole slices as fit into `out`, from slice `first` on.
    ///
    /// # Errors
    /// `out` is not a whole number of slices, the slices are not there, or the file cannot be read any more.
    pub fn read_slices(&self, first: usize, out: &mut [f32]) -> Result<()> {
        let [nx, ny, nz] = self.header.n;
        let count = out.len() / (nx * ny);
        if count * nx * ny != out.len() {
            return Err(self.no_such(format!(
                "{} values are no whole number of {ny} x {nx} slices",
                out.len()
            )));
        }
        if first.checked_add(count).is_none_or(|end| end > nz) {
            return Err(self.no_such(format!(
                "slice {} was asked for, there are {nz} (0 to {})",
                first.saturating_add(count) - 1,
                nz - 1
            )));
        }
        let row = self.header.mode.row_bytes(nx);
        let slice = (row * ny) as u64;
        let mut buffer = Vec::new();
        for (i, image) in out.chunks_exact_mut(nx * ny).enumerate() {
            let at = self.data_offset + slice * (first + i) as u64;
            let stored: &[u8] = match &self.source {
                // Both ends were checked against the length when the file was opened.
                Source::Memory(all) => &all[at as usize..(at + slice) as usize],
                Source::Disk(file) => {
                    buffer.resize(slice as usize, 0);
                    file.read_exact_at(&mut buffer, at)
                        .map_err(|e| FormatError::io(&self.path, e))?;
                    &buffer
                }
            };
            decode(self.header.mode, self.header.byte_order, nx, stored, image);
        }
        Ok(())
    }

    /// Reads the whole array in the file's own order: `[section][row][column]`.
    ///
    /// # Errors
    /// The file cannot be read any more.
    pub fn read_all(&self) -> Result<Vec<f32>> {
        let mut out = vec![0.0; self.slice_len() * self.slices()];
        self.read_slices(0, &mut out)?;
        Ok(out)
    }

    /// Reads a map with its axes put in the order X, Y, Z, whatever order the file stores them in.
    ///
    /// # Errors
    /// The file cannot be read any more.
    pub fn read_volume(&self) -> Result<MrcVolume> {
        let stored = self.read_all()?;
        let n = self.header.n;
        let axes = self.header.axes();
        let mut size = [0; 3];
        let mut n_start = [0; 3];
        for i in 0..3 {
            size[axes[i]] = n[i];
            n_start[axes[i]] = self.header.n_start[i];
        }
        let data = if axes == [0, 1, 2] {
            stored
        } else {
            let strides = [1, size[0], size[0] * size[1]];
            let mut data = vec![0.0; stored.len()];
            for (r, line) in stored.chunks_exact(n[0]).enumerate() {
                let base = (r % n[1]) * strides[axes[1]] + (r / n[1]) * strides[axes[2]];
                for (c, v) in line.iter().enumerate() {
                    data[base + c * strides[axes[0]]] = *v;
                }
            }
            data
        };
        Ok(MrcVolume {
            shape: [size[2], size[1], size[0]],
            voxel_size_angstrom: self.header.voxel_size_angstrom(),
            origin_angstrom: self.header.origin_angstrom,
            n_start,
            data,
        })
    }

    fn no_such(&self, message: String) -> FormatError {
        FormatError::NoSuch {
            path: self.path.clone(),
            message,
        }
    }
}

pub(crate) fn short(path: &Path, what: &str, expected: u64, found: u64) -> FormatError {
    FormatError::Truncated {
        path: path.into(),
        what: what.into(),
        expected,
        found,
    }
}

/// Header, extended header and data; an error where the product does not fit 63 bits.
pub(crate) fn total_bytes(path: &Path, header: &MrcHeader) -> Result<u64> {
    let [nx, ny, nz] = header.n.map(|v| v as u64);
    let row = header.mode.row_bytes(header.n[0]) as u64;
    row.checked_mul(ny)
        .and_then(|v| v.checked_mul(nz))
        .and_then(|v| v.checked_add((HEADER_BYTES + header.extended_bytes) as u64))
        .filter(|v| i64::try_from(*v).is_ok())
        .ok_or_else(|| FormatError::byte(path, 0, format!("impossible size {nx} x {ny} x {nz}")))
}

/// Fills as much of `out` as the reader has.
pub(crate) fn read_up_to(reader: &mut impl Read, out: &mut [u8]) -> std::io::Result<usize> {
    let mut got = 0;
    while got < out.len() {
        match reader.read(&mut out[got..]) {
            Ok(0) => break,
            Ok(n) => got += n,
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(got)
}
