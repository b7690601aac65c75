//! Defect maps from files.

use super::{DefectMap, misfit};
use crate::Result;
use crate::error::FormatError;
use crate::movie::{MovieOptions, MovieReader};
use crate::tiff::FourBit;
use std::io::Read;
use std::path::Path;

/// A list of rectangles is not longer.
const MAX_TEXT: u64 = 16 << 20;
/// Words that begin lines of SerialEM's own defect lists.
const SERIALEM: [&str; 6] = [
    "CameraSizeX",
    "BadColumns",
    "BadRows",
    "PartialBadColumn",
    "BadPixels",
    "UsableArea",
];

pub(super) fn read(path: &Path, shape: [usize; 2]) -> Result<DefectMap> {
    let mut start = Vec::new();
    let mut file = std::fs::File::open(path).map_err(|e| FormatError::io(path, e))?;
    (&mut file)
        .take(256)
        .read_to_end(&mut start)
        .map_err(|e| FormatError::io(path, e))?;
    let printable = |b: &u8| (32..127).contains(b) || b.is_ascii_whitespace();
    if !start.iter().all(printable) {
        return image(path, shape);
    }
    let mut text = String::from_utf8_lossy(&start).into_owned();
    file.take(MAX_TEXT)
        .read_to_string(&mut text)
        .map_err(|e| FormatError::io(path, e))?;
    rectangles(path, &text, shape)
}

fn image(path: &Path, shape: [usize; 2]) -> Result<DefectMap> {
    let options = MovieOptions {
        four_bit: FourBit::AsStored,
        ..MovieOptions::default()
    };
    let movie = MovieReader::open_with(path, &options)?;
    if movie.frame_count() != 1 {
        return Err(FormatError::Unsupported {
            path: path.into(),
            message: format!("a defect map is one image, this file has {}", movie.frame_count()),
        });
    }
    if movie.shape() != shape {
        return Err(misfit(path, movie.shape(), shape));
    }
    let bad = movie.read(0)?.pixels.to_f32().iter().map(|&v| v != 0.0).collect();
    Ok(DefectMap { shape, bad })
}

fn rectangles(path: &Path, text: &str, shape: [usize; 2]) -> Result<DefectMap> {
    let [ny, nx] = shape;
    let mut map = DefectMap::none(shape);
    for (i, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default();
        let words: Vec<&str> = line.split_whitespace().collect();
        if words.is_empty() {
            continue;
        }
        if SERIALEM.contains(&words[0]) {
            return Err(FormatError::Unsupported {
                path: path.into(),
                message: "SerialEM's own list of defects, which counts from the upper edge and depends on how the frames \
                          were turned; make a map of it with IMOD: clip defect -D LIST -f tif MOVIE MAP.tif"
                    .into(),
            });
        }
        let numbers: Vec<u64> = words.iter().filter_map(|w| w.parse().ok()).collect();
        let (&[x, y, width, height], 4) = (numbers.as_slice(), words.len()) else {
            return Err(FormatError::line(
                path,
                i + 1,
                format!("'{}' is not x y width height", line.trim()),
            ));
        };
        let end = (x.saturating_add(width), y.saturating_add(height));
        if end.0 > nx as u64 || end.1 > ny as u64 {
            return Err(FormatError::line(
                path,
                i + 1,
                format!(
                    "a rectangle up to column {} and row {} of a frame of {nx} columns and {ny} rows",
                    end.0, end.1
                ),
            ));
        }
        for row in y as usize..end.1 as usize {
            map.bad[row * nx + x as usize..row * nx + end.0 as usize].fill(true);
        }
    }
    Ok(map)
}
