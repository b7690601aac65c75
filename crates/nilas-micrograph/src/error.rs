use nilas_kernels::KernelError;
use nilas_optics::OpticsError;

/// Why nothing could be measured on a micrograph.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum MicrographError {
    /// The array is not as long as width times height.
    #[error("{width} x {height} pixels were announced, {len} are there")]
    Shape {
        /// Columns.
        width: usize,
        /// Rows.
        height: usize,
        /// Values given.
        len: usize,
    },
    /// The pixel size is zero, negative or not a number.
    #[error("pixel size {0} Å: it must be a positive number")]
    PixelSize(f64),
    /// The micrograph is too small for a tile.
    #[error(
        "{width} x {height} pixels of {pixel_size_angstrom:.3} Å are too few: a side needs at least {needed} pixels"
    )]
    TooSmall {
        /// Columns.
        width: usize,
        /// Rows.
        height: usize,
        /// Pixel size in Å.
        pixel_size_angstrom: f64,
        /// Least side in pixels.
        needed: usize,
    },
    /// Pixels that are NaN or infinite.
    #[error("{count} of {total} pixels are NaN or infinite, the first at column {column}, row {row}")]
    NotFinite {
        /// How many.
        count: usize,
        /// Of how many.
        total: usize,
        /// Column of the first, from 0.
        column: usize,
        /// Row of the first, from 0.
        row: usize,
    },
    /// All pixels have one value.
    #[error("all pixels have the value {0}: there is no image")]
    Constant(f32),
    /// The band of resolution to fit is empty or holds too few Fourier pixels.
    #[error(
        "the fit from {low_angstrom:.1} to {high_angstrom:.2} Å holds {pixels} Fourier pixels, too few; Nyquist is \
         {nyquist_angstrom:.2} Å"
    )]
    Band {
        /// Low-resolution end in Å.
        low_angstrom: f64,
        /// High-resolution end in Å.
        high_angstrom: f64,
        /// Two pixels in Å.
        nyquist_angstrom: f64,
        /// Fourier pixels in the band.
        pixels: usize,
    },
    /// A setting that can't be.
    #[error("{name} is {value}; it must be {allowed}")]
    Setting {
        /// The setting with its unit.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What would be allowed, in words.
        allowed: &'static str,
    },
    /// The spectrum has no positive background, as that of a padded or blank image.
    #[error("the power spectrum falls to zero at {0:.1} Å: the image was filtered, padded or is blank there")]
    EmptySpectrum(f64),
    /// A person stopped it.
    #[error("stopped on request")]
    Cancelled,
    /// Optics that can't be.
    #[error(transparent)]
    Optics(#[from] OpticsError),
    /// A transform refused its arguments.
    #[error(transparent)]
    Kernel(#[from] KernelError),
}
