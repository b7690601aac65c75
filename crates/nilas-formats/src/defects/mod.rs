//! Pixels that do not tell the truth: known ones from a file, others found in the data, and what is put in their place.
//!
//! Everything is a function on one frame or on the sum of all frames; rows are in the order of [`crate::movie`].

mod find;
mod read;
mod replace;

pub use find::{HotPixelLimits, HotPixels, counting_limit, find_hot_pixels, mark_outliers};
pub use replace::replace;

use crate::Result;
use crate::error::FormatError;
use crate::gain::GainReference;
use std::path::Path;

/// Which pixels of a camera are bad.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefectMap {
    shape: [usize; 2],
    bad: Vec<bool>,
}

impl DefectMap {
    /// A map of a `[ny, nx]` camera without defects.
    pub fn none(shape: [usize; 2]) -> Self {
        Self {
            shape,
            bad: vec![false; shape[0] * shape[1]],
        }
    }

    /// Reads a map for frames of `shape`: an image (MRC or TIFF) whose values other than 0 are bad, or a text of rectangles,
    /// one a line: `x y width height`, from 0, the corner of lowest x and y.
    ///
    /// # Errors
    /// The file cannot be read, the image has another shape, a line is no rectangle or reaches beyond the frame, or the text
    /// is SerialEM's own list with keywords.
    pub fn read(path: impl AsRef<Path>, shape: [usize; 2]) -> Result<Self> {
        read::read(path.as_ref(), shape)
    }

    /// The defects of a gain reference (values of 0), and values outside of `range` around its mean: a pixel that needs a
    /// tenth or the tenfold counts nothing.
    pub fn of_gain(gain: &GainReference, range: std::ops::RangeInclusive<f32>) -> Self {
        let mean = gain.mean() as f32;
        Self {
            shape: gain.shape(),
            bad: gain
                .values()
                .iter()
                .map(|&v| v == 0.0 || !range.contains(&(v / mean)))
                .collect(),
        }
    }

    /// `[ny, nx]`.
    pub fn shape(&self) -> [usize; 2] {
        self.shape
    }

    /// `[y][x]`: true for a bad pixel.
    pub fn bad(&self) -> &[bool] {
        &self.bad
    }

    /// Number of bad pixels.
    pub fn count(&self) -> usize {
        self.bad.iter().filter(|b| **b).count()
    }

    /// Numbers of the bad pixels, `y * nx + x`, ascending.
    pub fn pixels(&self) -> impl Iterator<Item = usize> + '_ {
        self.bad.iter().enumerate().filter(|(_, b)| **b).map(|(i, _)| i)
    }

    /// Marks a pixel; numbers beyond the camera are left out.
    pub fn mark(&mut self, pixel: usize) {
        if let Some(b) = self.bad.get_mut(pixel) {
            *b = true;
        }
    }

    /// Marks what `other` marks.
    ///
    /// # Errors
    /// The maps have different shapes.
    pub fn merge(&mut self, other: &DefectMap, path: &Path) -> Result<()> {
        if self.shape != other.shape {
            return Err(misfit(path, other.shape, self.shape));
        }
        self.bad.iter_mut().zip(&other.bad).for_each(|(a, b)| *a |= b);
        Ok(())
    }
}

fn misfit(path: &Path, [ny, nx]: [usize; 2], [my, mx]: [usize; 2]) -> FormatError {
    let hint = if [nx, ny] == [my, mx] {
        "; it is turned by a quarter"
    } else {
        ""
    };
    FormatError::Unsupported {
        path: path.into(),
        message: format!("the defect map is {ny} x {nx} (rows x columns), the frames are {my} x {mx}{hint}"),
    }
}
