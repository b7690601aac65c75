//! Writing.

use super::decode::encode;
use super::header::{ByteOrder, HEADER_BYTES, MrcHeader, MrcMode};
use crate::Result;
use crate::atomic::AtomicFile;
use crate::error::FormatError;
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Longest array edge that the header can say.
const MAX_EDGE: usize = i32::MAX as usize;

/// What was written, over all finite values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MrcSummary {
    /// Slices written.
    pub slices: usize,
    /// Smallest value.
    pub minimum: f32,
    /// Largest value.
    pub maximum: f32,
    /// Mean.
    pub mean: f64,
    /// Standard deviation.
    pub rms: f64,
    /// Values that are NaN or infinite (possible in modes 2 and 12).
    pub not_finite: u64,
}

/// Running statistics (Welford's update on blocks, so that a large mean costs no digits).
#[derive(Debug, Clone, Copy)]
struct Statistics {
    count: f64,
    mean: f64,
    sum_squares: f64,
    minimum: f32,
    maximum: f32,
    not_finite: u64,
}

impl Statistics {
    fn new() -> Self {
        Self {
            count: 0.0,
            mean: 0.0,
            sum_squares: 0.0,
            minimum: f32::INFINITY,
            maximum: f32::NEG_INFINITY,
            not_finite: 0,
        }
    }

    fn add(&mut self, values: &[f32]) {
        // Eight lanes side by side, so that the compiler can use vector registers.
        let (chunks, rest) = values.as_chunks::<8>();
        let mut sum = [0f64; 8];
        let mut count = [0u32; 8];
        let mut low = [f32::INFINITY; 8];
        let mut high = [f32::NEG_INFINITY; 8];
        let mut take = |lane: usize, v: f32| {
            let good = v.is_finite();
            sum[lane] += f64::from(if good { v } else { 0.0 });
            count[lane] += u32::from(good);
            low[lane] = low[lane].min(if good { v } else { f32::INFINITY });
            high[lane] = high[lane].max(if good { v } else { f32::NEG_INFINITY });
        };
        for chunk in chunks {
            for (lane, &v) in chunk.iter().enumerate() {
                take(lane, v);
            }
        }
        rest.iter().for_each(|&v| take(0, v));
        let n: u64 = count.iter().map(|&c| u64::from(c)).sum();
        self.not_finite += values.len() as u64 - n;
        if n == 0 {
            return;
        }
        self.minimum = low.iter().fold(self.minimum, |a, &b| a.min(b));
        self.maximum = high.iter().fold(self.maximum, |a, &b| a.max(b));
        let n = n as f64;
        let mean = sum.iter().sum::<f64>() / n;
        let mut squares = [0f64; 8];
        let mut spread = |lane: usize, v: f32| {
            let d = if v.is_finite() { f64::from(v) - mean } else { 0.0 };
            squares[lane] += d * d;
        };
        for chunk in chunks {
            for (lane, &v) in chunk.iter().enumerate() {
                spread(lane, v);
            }
        }
        rest.iter().for_each(|&v| spread(0, v));
        let delta = mean - self.mean;
        let total = self.count + n;
        self.sum_squares += squares.iter().sum::<f64>() + delta * delta * self.count * n / total;
        self.mean += delta * n / total;
        self.count = total;
    }

    fn summary(&self, slices: usize) -> MrcSummary {
        let some = self.count > 0.0;
        MrcSummary {
            slices,
            minimum: if some { self.minimum } else { 0.0 },
            maximum: if some { self.maximum } else { 0.0 },
            mean: self.mean,
            rms: if some {
                (self.sum_squares / self.count).sqrt()
            } else {
                0.0
            },
            not_finite: self.not_finite,
        }
    }
}

/// Writes a stack of images slice by slice. The file appears under its name only with [`MrcStackWriter::finish`], complete
/// and with its statistics; dropped before, it leaves nothing.
pub struct MrcStackWriter {
    out: AtomicFile,
    nx: usize,
    ny: usize,
    mode: MrcMode,
    pixel_size_angstrom: f64,
    slices: usize,
    statistics: Statistics,
    buffer: Vec<u8>,
}

impl MrcStackWriter {
    /// Starts a stack of `[ny, nx]` images.
    ///
    /// # Errors
    /// The directory cannot be written, a size is 0 or too large, the pixel size is not positive, or the mode is read-only.
    pub fn create(
        path: impl AsRef<Path>,
        [ny, nx]: [usize; 2],
        pixel_size_angstrom: f64,
        mode: MrcMode,
    ) -> Result<Self> {
        let path = path.as_ref();
        check(path, [nx, ny, 1], pixel_size_angstrom, mode)?;
        let out = AtomicFile::create(path)?;
        let mut file = out.file()?;
        file.seek(SeekFrom::Start(HEADER_BYTES as u64))
            .map_err(|e| FormatError::io(path, e))?;
        Ok(Self {
            out,
            nx,
            ny,
            mode,
            pixel_size_angstrom,
            slices: 0,
            statistics: Statistics::new(),
            buffer: Vec::new(),
        })
    }

    /// Slices written so far; the next one gets this number.
    pub fn slices(&self) -> usize {
        self.slices
    }

    /// Appends one image (`[y][x]`).
    ///
    /// # Errors
    /// Wrong number of values, a value that the mode cannot hold, or the disk refuses.
    pub fn push(&mut self, image: &[f32]) -> Result<()> {
        let path = self.out.target();
        let cannot = |message: String| FormatError::CannotWrite {
            path: path.into(),
            message,
        };
        if image.len() != self.nx * self.ny {
            return Err(cannot(format!(
                "an image of {} values in a stack of {} x {}",
                image.len(),
                self.ny,
                self.nx
            )));
        }
        if self.slices == MAX_EDGE {
            return Err(cannot("the stack is full".into()));
        }
        self.buffer.clear();
        encode(self.mode, image, &mut self.buffer).map_err(|(i, v)| {
            let (y, x) = (i / self.nx, i % self.nx);
            cannot(format!(
                "value {v} at slice {} y {y} x {x} does not fit {}",
                self.slices,
                self.mode.name()
            ))
        })?;
        let mut file = self.out.file()?;
        file.write_all(&self.buffer)
            .map_err(|e| FormatError::io(path, e))?;
        self.statistics.add(image);
        self.slices += 1;
        Ok(())
    }

    /// Writes the header, syncs and puts the file under its name.
    ///
    /// # Errors
    /// Nothing was pushed (MRC has no empty stack), or the disk refuses.
    pub fn finish(self) -> Result<MrcSummary> {
        let path = self.out.target().to_path_buf();
        if self.slices == 0 {
            return Err(FormatError::CannotWrite {
                path,
                message: "a stack without images".into(),
            });
        }
        let summary = self.statistics.summary(self.slices);
        let header = header(
            [self.nx, self.ny, self.slices],
            self.mode,
            self.pixel_size_angstrom,
            false,
            [0.0; 3],
            &summary,
        );
        self.out
            .file()?
            .write_all_at(&header.to_bytes(), 0)
            .map_err(|e| FormatError::io(&path, e))?;
        self.out.commit()?;
        Ok(summary)
    }
}

/// Writes a map of shape `[nz, ny, nx]` (x fastest) with cubic voxels.
///
/// # Errors
/// Wrong number of values, a value that the mode cannot hold, a size or voxel size that makes no sense, or the disk refuses.
pub fn write_volume(
    path: impl AsRef<Path>,
    [nz, ny, nx]: [usize; 3],
    voxel_size_angstrom: f64,
    data: &[f32],
    mode: MrcMode,
) -> Result<MrcSummary> {
    let path = path.as_ref();
    check(path, [nx, ny, nz], voxel_size_angstrom, mode)?;
    let cannot = |message: String| FormatError::CannotWrite {
        path: path.into(),
        message,
    };
    if nx.checked_mul(ny).and_then(|v| v.checked_mul(nz)) != Some(data.len()) {
        return Err(cannot(format!(
            "{} values for {nz} x {ny} x {nx} voxels",
            data.len()
        )));
    }
    let mut statistics = Statistics::new();
    let out = AtomicFile::create(path)?;
    let mut file = out.file()?;
    let io = |e| FormatError::io(path, e);
    file.seek(SeekFrom::Start(HEADER_BYTES as u64)).map_err(io)?;
    let mut buffer = Vec::new();
    for (z, slice) in data.chunks_exact(nx * ny).enumerate() {
        buffer.clear();
        encode(mode, slice, &mut buffer).map_err(|(i, v)| {
            cannot(format!(
                "value {v} at z {z} y {} x {} does not fit {}",
                i / nx,
                i % nx,
                mode.name()
            ))
        })?;
        file.write_all(&buffer).map_err(io)?;
        statistics.add(slice);
    }
    let summary = statistics.summary(nz);
    let header = header([nx, ny, nz], mode, voxel_size_angstrom, true, [0.0; 3], &summary);
    file.write_all_at(&header.to_bytes(), 0).map_err(io)?;
    out.commit()?;
    Ok(summary)
}

fn check(path: &Path, n: [usize; 3], pixel_size_angstrom: f64, mode: MrcMode) -> Result<()> {
    let cannot = |message: String| {
        Err(FormatError::CannotWrite {
            path: path.into(),
            message,
        })
    };
    if n.iter().any(|&v| v == 0 || v > MAX_EDGE) {
        return cannot(format!("size {} x {} x {}", n[0], n[1], n[2]));
    }
    if !(pixel_size_angstrom.is_finite() && pixel_size_angstrom > 0.0) {
        return cannot(format!("pixel size {pixel_size_angstrom} A"));
    }
    if matches!(mode, MrcMode::U4 | MrcMode::U8) {
        return cannot(format!(
            "{} has no mode of its own in MRC2014; use int8, int16, uint16, float16 or float32",
            mode.name()
        ));
    }
    Ok(())
}

fn header(
    n: [usize; 3],
    mode: MrcMode,
    pixel: f64,
    volume: bool,
    origin_angstrom: [f32; 3],
    summary: &MrcSummary,
) -> MrcHeader {
    let m = [n[0] as i32, n[1] as i32, if volume { n[2] as i32 } else { 1 }];
    MrcHeader {
        n,
        mode,
        n_start: [0; 3],
        m,
        cell_angstrom: m.map(|v| (f64::from(v) * pixel) as f32),
        cell_angles_deg: [90.0; 3],
        map_axes: [1, 2, 3],
        minimum: summary.minimum,
        maximum: summary.maximum,
        mean: summary.mean as f32,
        space_group: i32::from(volume),
        extended_bytes: 0,
        extended_type: String::new(),
        version: 20141,
        origin_angstrom,
        rms: summary.rms as f32,
        labels: vec!["Nilas".into()],
        byte_order: ByteOrder::Little,
    }
}
