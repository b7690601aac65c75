//! Micrographs: power spectra, contrast transfer estimation, defocus over the field, ice.
//!
//! Everything works on slices; nothing here reads files, prints or knows a clock. Images are `[y][x]`, x fastest, row 0
//! first in the file. Spatial frequencies are in 1/Å, lengths in Å, angles in radians unless a name says otherwise. The
//! contrast transfer function itself is that of `nilas-optics`: defocus positive underfocus, U along the azimuth measured
//! from +x towards +y (row index).

pub mod ctf;
mod error;
pub mod ice;
pub mod spectrum;
pub mod surface;

pub use ctf::{CtfEstimate, CtfSettings, Defocus, Microscope, estimate, estimate_from_spectrum};
pub use error::MicrographError;

/// A micrograph: `height * width` values `[y][x]`.
#[derive(Debug, Clone, Copy)]
pub struct Micrograph<'a> {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Å per pixel.
    pub pixel_size_angstrom: f64,
    /// The values.
    pub data: &'a [f32],
}

impl Micrograph<'_> {
    /// Checks shape, pixel size and values.
    ///
    /// # Errors
    /// What is wrong: a length that does not fit, a pixel size that can't be, NaN or infinite pixels, one value only.
    pub fn check(&self) -> Result<(), MicrographError> {
        if self.width.checked_mul(self.height) != Some(self.data.len()) || self.data.is_empty() {
            return Err(MicrographError::Shape {
                width: self.width,
                height: self.height,
                len: self.data.len(),
            });
        }
        if !(self.pixel_size_angstrom > 0.0 && self.pixel_size_angstrom.is_finite()) {
            return Err(MicrographError::PixelSize(self.pixel_size_angstrom));
        }
        let count = self.data.iter().filter(|v| !v.is_finite()).count();
        if count > 0 {
            let first = self.data.iter().position(|v| !v.is_finite()).unwrap_or(0);
            return Err(MicrographError::NotFinite {
                count,
                total: self.data.len(),
                column: first % self.width,
                row: first / self.width,
            });
        }
        if self.data.iter().all(|v| *v == self.data[0]) {
            return Err(MicrographError::Constant(self.data[0]));
        }
        Ok(())
    }
}
