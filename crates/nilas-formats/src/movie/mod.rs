//! Movies.

mod frame;

pub use frame::{Frame, PixelType, Pixels};
pub(crate) use frame::{reverse_rows, swap_bytes};
