//! Gain references: what a camera's pixels have to be multiplied with so that even light gives even counts.
//!
//! Values here multiply; a value of 0 marks a defect, as do values that are no number, infinite or negative. Rows are in
//! the order of [`crate::movie`]: a TIFF reference is turned upside down as it is read, an MRC reference and a Falcon
//! `.gain` (a TIFF whose values divide) are not. Rotation and flip come after that, rotation first, as in RELION.

mod read;

use crate::Result;
use crate::error::FormatError;
use crate::movie::Pixels;
use rayon::prelude::*;
use std::path::Path;

/// Pixels that one core multiplies at a time.
const PIECE: usize = 1 << 18;

/// Mirroring, after rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Flip {
    /// None.
    #[default]
    None,
    /// Rows in the opposite order (RELION's 1).
    UpDown,
    /// Columns in the opposite order (RELION's 2).
    LeftRight,
}

/// How a reference is turned before it is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Orientation {
    /// Quarter turns: row y, column x of an image of `ny` rows goes to row x, column `ny - 1 - y` (RELION's and MotionCor's
    /// rotation; clockwise where row 0 is drawn on top). Taken modulo 4.
    pub quarter_turns: u8,
    /// Mirroring after the turns.
    pub flip: Flip,
}

impl Orientation {
    /// The eight ways to lay a sheet down, without repetition.
    pub fn all() -> [Orientation; 8] {
        std::array::from_fn(|i| Orientation {
            quarter_turns: (i % 4) as u8,
            flip: if i < 4 { Flip::None } else { Flip::UpDown },
        })
    }

    /// `[ny, nx]` of an image of `shape` after this.
    pub fn shape(self, [ny, nx]: [usize; 2]) -> [usize; 2] {
        if self.quarter_turns % 2 == 1 {
            [nx, ny]
        } else {
            [ny, nx]
        }
    }

    /// Turns an image (`[y][x]`); the result has [`Orientation::shape`].
    pub fn apply<T: Copy + Send + Sync>(self, image: &[T], [ny, nx]: [usize; 2]) -> Vec<T> {
        let [my, mx] = self.shape([ny, nx]);
        let source = |y: usize, x: usize| {
            let (y, x) = match self.flip {
                Flip::None => (y, x),
                Flip::UpDown => (my - 1 - y, x),
                Flip::LeftRight => (y, mx - 1 - x),
            };
            // Where the turned image takes its pixel from.
            match self.quarter_turns % 4 {
                0 => (y, x),
                1 => (ny - 1 - x, y),
                2 => (ny - 1 - y, nx - 1 - x),
                _ => (x, nx - 1 - y),
            }
        };
        (0..my * mx)
            .into_par_iter()
            .with_min_len(PIECE)
            .filter_map(|i| {
                let (y, x) = source(i / mx, i % mx);
                image.get(y * nx + x).copied()
            })
            .collect()
    }
}

/// A gain reference: values that multiply, 0 for defects.
#[derive(Debug, Clone, PartialEq)]
pub struct GainReference {
    shape: [usize; 2],
    values: Vec<f32>,
}

impl GainReference {
    /// Takes values that multiply. What is no positive finite number becomes 0, a defect.
    ///
    /// # Errors
    /// The number of values is not that of the shape, or none is usable. `path` is for the message.
    pub fn new(shape: [usize; 2], mut values: Vec<f32>, path: &Path) -> Result<Self> {
        let no = |message: String| FormatError::Unsupported {
            path: path.into(),
            message,
        };
        if shape[0].checked_mul(shape[1]) != Some(values.len()) {
            return Err(no(format!(
                "{} values for a gain reference of {} x {}",
                values.len(),
                shape[0],
                shape[1]
            )));
        }
        for v in &mut values {
            if !(v.is_finite() && *v > 0.0) {
                *v = 0.0;
            }
        }
        if values.iter().all(|&v| v == 0.0) {
            return Err(no(
                "a gain reference without a usable value (all are 0, negative or no number)".into(),
            ));
        }
        Ok(Self { shape, values })
    }

    /// Reads a reference: MRC, TIFF, or a Falcon's `.gain`, whose values divide (their mean becomes 1, then the reciprocal
    /// is taken).
    ///
    /// # Errors
    /// The file cannot be read, holds more than one image, or has no usable value.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        read::read(path.as_ref())
    }

    /// `[ny, nx]`.
    pub fn shape(&self) -> [usize; 2] {
        self.shape
    }

    /// Values, `[y][x]`.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Number of defects.
    pub fn defects(&self) -> usize {
        self.values.iter().filter(|&&v| v == 0.0).count()
    }

    /// Mean over what is no defect.
    pub fn mean(&self) -> f64 {
        let good = self.values.len() - self.defects();
        self.values.iter().map(|&v| f64::from(v)).sum::<f64>() / good.max(1) as f64
    }

    /// Scaled so that the mean over what is no defect is 1.
    #[must_use]
    pub fn normalised(mut self) -> Self {
        let scale = 1.0 / self.mean();
        for v in &mut self.values {
            *v = (f64::from(*v) * scale) as f32;
        }
        self
    }

    /// Turned and mirrored.
    #[must_use]
    pub fn oriented(&self, orientation: Orientation) -> Self {
        Self {
            shape: orientation.shape(self.shape),
            values: orientation.apply(&self.values, self.shape),
        }
    }

    /// For frames of another sampling of the same camera: finer ones repeat a value, coarser ones get the value that
    /// corrects the sum of the counts (the harmonic mean; a defect spoils the whole pixel). Unchanged where the shapes
    /// agree.
    ///
    /// # Errors
    /// The shapes are not multiples of each other; the message says which rotation would make them fit.
    pub fn resampled(&self, frame: [usize; 2], path: &Path) -> Result<Self> {
        let [ny, nx] = self.shape;
        let [my, mx] = frame;
        let multiple = |small: [usize; 2], large: [usize; 2]| {
            (small[0] > 0
                && small[1] > 0
                && large[0].is_multiple_of(small[0])
                && large[1].is_multiple_of(small[1]))
            .then(|| large[0] / small[0])
            .filter(|f| large[1] / small[1] == *f)
        };
        if self.shape == frame {
            return Ok(self.clone());
        }
        let values = if let Some(f) = multiple(self.shape, frame) {
            (0..my * mx)
                .map(|i| self.values[i / mx / f * nx + i % mx / f])
                .collect()
        } else if let Some(f) = multiple(frame, self.shape) {
            (0..my * mx)
                .map(|i| {
                    let (y, x) = (i / mx * f, i % mx * f);
                    let all = (0..f * f).map(|j| self.values[(y + j / f) * nx + x + j % f]);
                    let sum: f64 = all.map(|v| 1.0 / f64::from(v)).sum();
                    ((f * f) as f64 / sum) as f32
                })
                .collect()
        } else {
            return Err(self.misfit([ny, nx], frame, path));
        };
        Ok(Self { shape: frame, values })
    }

    /// Checks that the reference fits frames of this shape as it is.
    ///
    /// # Errors
    /// It does not; the message says which rotation or sampling would make it fit.
    pub fn check(&self, frame: [usize; 2], path: &Path) -> Result<()> {
        if self.shape == frame {
            return Ok(());
        }
        Err(self.misfit(self.shape, frame, path))
    }

    fn misfit(&self, [ny, nx]: [usize; 2], [my, mx]: [usize; 2], path: &Path) -> FormatError {
        let scaled = |[y, x]: [usize; 2]| {
            [2, 4].into_iter().find_map(|f| {
                if [y * f, x * f] == [my, mx] {
                    Some(format!("on a grid {f} times as fine"))
                } else if [y, x] == [my * f, mx * f] {
                    Some(format!("on a grid {f} times as coarse"))
                } else {
                    None
                }
            })
        };
        let hint = if [nx, ny] == [my, mx] {
            "it would fit turned by a quarter (rotation 1 or 3, with or without a flip)".to_owned()
        } else if let Some(how) = scaled([ny, nx]) {
            format!("it would fit as it lies {how}, or with rotation 2 or a flip")
        } else if let Some(how) = scaled([nx, ny]) {
            format!("it would fit turned by a quarter (rotation 1 or 3) {how}")
        } else {
            "no rotation or flip makes it fit: it is of another camera or mode".to_owned()
        };
        FormatError::Unsupported {
            path: path.into(),
            message: format!(
                "the gain reference is {ny} x {nx} (rows x columns), the frames are {my} x {mx}; {hint}"
            ),
        }
    }

    /// Multiplies a frame of the same number of pixels; defects become 0. Others are left alone.
    pub fn apply(&self, frame: &mut [f32]) {
        frame
            .par_chunks_mut(PIECE)
            .zip(self.values.par_chunks(PIECE))
            .for_each(|(f, g)| f.iter_mut().zip(g).for_each(|(v, g)| *v *= g));
    }

    /// Writes a frame times the reference into `out`, as many pixels as all three have: conversion and gain in one pass.
    pub fn correct(&self, frame: &Pixels, out: &mut [f32]) {
        fn all<T: Copy + Sync>(frame: &[T], gain: &[f32], out: &mut [f32], float: impl Fn(T) -> f32 + Sync) {
            out.par_chunks_mut(PIECE)
                .zip(frame.par_chunks(PIECE))
                .zip(gain.par_chunks(PIECE))
                .for_each(|((out, frame), gain)| {
                    for ((o, &v), g) in out.iter_mut().zip(frame).zip(gain) {
                        *o = float(v) * g;
                    }
                });
        }
        let g = &self.values;
        match frame {
            Pixels::U8(v) => all(v, g, out, f32::from),
            Pixels::I8(v) => all(v, g, out, f32::from),
            Pixels::U16(v) => all(v, g, out, f32::from),
            Pixels::I16(v) => all(v, g, out, f32::from),
            Pixels::U32(v) => all(v, g, out, |v| v as f32),
            Pixels::I32(v) => all(v, g, out, |v| v as f32),
            Pixels::F32(v) => all(v, g, out, |v| v),
        }
    }
}
