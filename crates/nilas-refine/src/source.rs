//! Where images come from.

/// What an image source says when it cannot deliver; shown to the user as it is.
pub type SourceError = Box<dyn std::error::Error + Send + Sync + 'static>;

/// A stack of square images that is read in pieces.
pub trait ImageSource: Sync {
    /// Number of images.
    fn len(&self) -> usize;

    /// True when there is no image at all.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Side of the images in pixels.
    fn box_size(&self) -> usize;

    /// Reads the images of `indices` into `out`, shape `[index][y][x]`.
    ///
    /// # Errors
    /// Whatever keeps an image from being read; the message should name file and image.
    fn read(&self, indices: &[usize], out: &mut [f32]) -> Result<(), SourceError>;
}

/// Images that lie in memory, for simulations and tests.
#[derive(Debug, Clone, PartialEq)]
pub struct MemorySource {
    box_size: usize,
    pixels: Vec<f32>,
}

impl MemorySource {
    /// Images of `box_size` x `box_size` pixels from `pixels` of shape `[image][y][x]`.
    ///
    /// # Errors
    /// No box size, or pixels that are not whole images.
    pub fn new(box_size: usize, pixels: Vec<f32>) -> Result<Self, SourceError> {
        let per_image = box_size * box_size;
        if per_image == 0 || !pixels.len().is_multiple_of(per_image) {
            return Err(format!(
                "{} pixels are not whole images of {box_size} x {box_size}",
                pixels.len()
            )
            .into());
        }
        Ok(Self { box_size, pixels })
    }

    /// All pixels, shape `[image][y][x]`.
    pub fn pixels(&self) -> &[f32] {
        &self.pixels
    }

    /// All pixels, to be changed in place.
    pub fn pixels_mut(&mut self) -> &mut [f32] {
        &mut self.pixels
    }
}

impl ImageSource for MemorySource {
    fn len(&self) -> usize {
        self.pixels.len() / (self.box_size * self.box_size)
    }

    fn box_size(&self) -> usize {
        self.box_size
    }

    fn read(&self, indices: &[usize], out: &mut [f32]) -> Result<(), SourceError> {
        let per_image = self.box_size * self.box_size;
        for (out, index) in out.chunks_exact_mut(per_image).zip(indices) {
            let image = self
                .pixels
                .chunks_exact(per_image)
                .nth(*index)
                .ok_or_else(|| format!("there is no image {index} among {}", self.len()))?;
            out.copy_from_slice(image);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn images_come_by_index_and_others_are_refused() {
        let source = MemorySource::new(2, (0..12).map(|v| v as f32).collect()).unwrap();
        let mut out = [0.0; 8];
        source.read(&[2, 0], &mut out).unwrap();
        assert_eq!(out, [8.0, 9.0, 10.0, 11.0, 0.0, 1.0, 2.0, 3.0]);
        let error = source.read(&[3], &mut out).unwrap_err().to_string();
        assert!(error.contains("image 3 among 3"), "{error}");
        assert!(MemorySource::new(2, vec![0.0; 5]).is_err());
        assert!(MemorySource::new(0, Vec::new()).is_err());
    }
}
