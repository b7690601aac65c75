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
