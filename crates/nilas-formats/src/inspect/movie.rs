//! Reports on TIFF and EER files.

use super::{FileReport, ValueReport};
use crate::Result;
use crate::eer::{EerFile, EerOptions, Fractions};
use crate::movie::{MovieFormat, MovieOptions, MovieReader};
use rayon::prelude::*;
use std::path::Path;

/// Raw EER frames whose electrons are counted between two looks at memory.
const RAW_AT_ONCE: usize = 64;

/// Headers, and statistics (of an EER file: its electrons) if asked.
pub(super) fn movie(path: &Path, mut report: FileReport, values: bool) -> Result<FileReport> {
    let options = MovieOptions {
        eer: EerOptions {
            upsampling: 1,
            fractions: Fractions::RawFrames(1),
            leave_out_broken: false,
        },
        ..MovieOptions::default()
    };
    let movie = MovieReader::open_with(path, &options)?;
    let [ny, nx] = movie.shape();
    let frames = movie.frame_count();
    report.format = movie.format().name().into();
    report.shape = vec![frames as u64, ny as u64, nx as u64];
    let pixel = movie.pixel_size_angstrom();
    report.pixel_size_angstrom = [pixel, pixel, None];
    report.content = match (movie.format(), frames) {
        (MovieFormat::Eer, _) => format!("electrons of {frames} raw frames"),
        (_, 1) => "image".into(),
        _ => format!("movie of {frames} frames"),
    };
    if let Some(eer) = movie.eer() {
        eer_facts(eer, &mut report)?;
    } else if let Some(tiff) = movie.tiff() {
        report.facts.extend(tiff.facts());
    }
    report.facts.push((
        "decoded".into(),
        format!(
            "{} bytes a frame, {}",
            movie.frame_bytes(),
            movie.pixel_type().name()
        ),
    ));
    report.notes.extend(movie.notes().iter().cloned());
    if movie.is_cut() {
        report.notes.push("the file is not whole".into());
    }
    if values {
        match movie.eer() {
            Some(eer) => count_electrons(eer, &mut report),
            None => report.values = Some(statistics(&movie, &mut report.notes)),
        }
    }
    Ok(report)
}

fn eer_facts(eer: &EerFile, report: &mut FileReport) -> Result<()> {
    let form = match eer.compression() {
        65000 => "65000 (8 + 4 bits)",
        65001 => "65001 (7 + 4 bits)",
        _ => "65002 (sizes in the file)",
    };
    report.facts.push(("compression".into(), form.into()));
    match eer.metadata()? {
        None => report.notes.push("no record of the acquisition".into()),
        Some(_) => {
            for name in [
                "serialNumber",
                "exposureTime",
                "numberOfFrames",
                "meanDoseRate",
                "totalDose",
                "eerGainReference",
            ] {
                if let Some(value) = eer.metadata_value(name)? {
                    report.facts.push((name.into(), value));
                }
            }
        }
    }
    Ok(())
}

/// Counts electrons; broken raw frames are noted, not fatal: the report is about what is there.
fn count_electrons(eer: &EerFile, report: &mut FileReport) {
    let raw = eer.raw_frames();
    let (mut total, mut low, mut high, mut broken) = (0u64, u64::MAX, 0u64, Vec::new());
    for start in (0..raw).step_by(RAW_AT_ONCE) {
        let counts: Vec<Result<u64>> = (start..raw.min(start + RAW_AT_ONCE))
            .into_par_iter()
            .map(|i| eer.electron_count(i))
            .collect();
        for count in counts {
            match count {
                Ok(n) => {
                    total += n;
                    (low, high) = (low.min(n), high.max(n));
                }
                Err(e) => broken.push(e.to_string()),
            }
        }
    }
    let good = raw - broken.len();
    let [ny, nx] = eer.detector_shape();
    let per_pixel = total as f64 / (ny * nx) as f64;
    report.facts.push((
        "electrons".into(),
        format!(
            "{total} electrons, {per_pixel:.4} a pixel, {:.5} a pixel and raw frame ({} to {high} a raw frame)",
            per_pixel / good.max(1) as f64,
            low.min(high)
        ),
    ));
    if let Some(first) = broken.first() {
        report.notes.push(format!(
            "{} of {raw} raw frames are broken; the first: {first}",
            broken.len()
        ));
    }
    report.values = Some(ValueReport {
        count: ny as u64 * nx as u64 * good as u64,
        minimum: 0.0,
        maximum: if high > 0 { 1.0 } else { 0.0 },
        mean: per_pixel / good.max(1) as f64,
        standard_deviation: {
            // A pixel of a raw frame was hit or not.
            let p = per_pixel / good.max(1) as f64;
            (p * (1.0 - p)).max(0.0).sqrt()
        },
        nan: 0,
        infinite: 0,
        constant_slices: if low == 0 { 1 } else { 0 },
    });
}

/// Statistics over all frames that can be decoded; others are noted.
fn statistics(movie: &MovieReader, notes: &mut Vec<String>) -> ValueReport {
    let mut r = ValueReport {
        count: 0,
        minimum: f64::INFINITY,
        maximum: f64::NEG_INFINITY,
        mean: 0.0,
        standard_deviation: 0.0,
        nan: 0,
        infinite: 0,
        constant_slices: 0,
    };
    let (mut finite, mut squares, mut broken) = (0f64, 0f64, Vec::new());
    let mut add = |image: &[f32]| {
        r.count += image.len() as u64;
        r.constant_slices += u64::from(image.len() > 1 && image.iter().all(|v| *v == image[0]));
        let (mut sum, mut n) = (0f64, 0f64);
        for &v in image {
            if v.is_finite() {
                (sum, n) = (sum + f64::from(v), n + 1.0);
                r.minimum = r.minimum.min(f64::from(v));
                r.maximum = r.maximum.max(f64::from(v));
            } else if v.is_nan() {
                r.nan += 1;
            } else {
                r.infinite += 1;
            }
        }
        if n == 0.0 {
            return;
        }
        // Means and squares of frames are put together so that a large mean costs no digits.
        let mean = sum / n;
        let own: f64 = image
            .iter()
            .filter(|v| v.is_finite())
            .map(|&v| (f64::from(v) - mean).powi(2))
            .sum();
        let delta = mean - r.mean;
        squares += own + delta * delta * finite * n / (finite + n);
        r.mean += delta * n / (finite + n);
        finite += n;
    };
    if let Ok(mut frames) = movie.frames(0..movie.frame_count()) {
        let mut buffer = Vec::new();
        while let Some(frame) = frames.next() {
            match frame {
                Ok(frame) => {
                    buffer.resize(frame.pixels.len(), 0.0);
                    frame.pixels.write_f32(&mut buffer);
                    add(&buffer);
                    frames.recycle(frame);
                }
                Err(e) => broken.push(e.to_string()),
            }
        }
    }
    if finite == 0.0 {
        (r.minimum, r.maximum) = (0.0, 0.0);
    } else {
        r.standard_deviation = (squares / finite).sqrt();
    }
    if let Some(first) = broken.first() {
        notes.push(format!(
            "{} of {} frames are broken; the first: {first}",
            broken.len(),
            movie.frame_count()
        ));
    }
    if r.nan + r.infinite > 0 {
        notes.push(format!("{} NaN and {} infinite values", r.nan, r.infinite));
    }
    if r.constant_slices > 0 {
        notes.push(format!("{} frames hold one value only", r.constant_slices));
    }
    r
}
