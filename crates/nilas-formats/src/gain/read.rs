//! Gain references from files.

use super::GainReference;
use crate::Result;
use crate::error::FormatError;
use crate::movie::{MovieFormat, MovieReader, PixelType};
use crate::tiff::{FourBit, RowOrder, TiffFile};
use std::path::Path;

pub(super) fn read(path: &Path) -> Result<GainReference> {
    // A Falcon's `.gain` is a TIFF whose rows are those of its EER files, and whose values are sensitivities.
    let falcon = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("gain"));
    let one = |count: usize| {
        if count == 1 {
            return Ok(());
        }
        Err(FormatError::Unsupported {
            path: path.into(),
            message: format!("a gain reference is one image, this file has {count}"),
        })
    };
    let options = crate::movie::MovieOptions {
        four_bit: FourBit::AsStored,
        ..Default::default()
    };
    if falcon {
        let file = TiffFile::open_with(path, FourBit::AsStored)?;
        // Some hold pictures of the same reference for people behind it; the first image counts.
        let frame = file.read(0, RowOrder::AsStored)?;
        return divided(frame.shape, frame.pixels.to_f32(), path);
    }
    let movie = MovieReader::open_with(path, &options)?;
    if movie.format() == MovieFormat::Eer {
        return Err(FormatError::Unsupported {
            path: path.into(),
            message: "an EER movie, not a gain reference".into(),
        });
    }
    one(movie.frame_count())?;
    if !matches!(
        movie.pixel_type(),
        PixelType::F32 | PixelType::U16 | PixelType::I16 | PixelType::U32 | PixelType::I32
    ) {
        return Err(FormatError::Unsupported {
            path: path.into(),
            message: format!(
                "{} pixels hold a mask or a picture, not gains",
                movie.pixel_type().name()
            ),
        });
    }
    let frame = movie.read(0)?;
    GainReference::new(frame.shape, frame.pixels.to_f32(), path)
}

/// Values that divide to values that multiply: mean over all pixels divided by the value, as RELION takes it.
fn divided(shape: [usize; 2], mut values: Vec<f32>, path: &Path) -> Result<GainReference> {
    let usable = |v: f32| v.is_finite() && v > 0.0;
    let (sum, count) = values
        .iter()
        .filter(|v| usable(**v))
        .fold((0f64, 0u64), |(s, n), &v| (s + f64::from(v), n + 1));
    let mean = sum / count.max(1) as f64;
    for v in &mut values {
        *v = if usable(*v) {
            (mean / f64::from(*v)) as f32
        } else {
            0.0
        };
    }
    GainReference::new(shape, values, path)
}
