//! Reports on MRC files.

use super::{FileReport, ValueReport};
use crate::Result;
use crate::mrc::{ByteOrder, MrcFile, MrcKind};
use std::path::Path;

/// Values are read in blocks of about this many bytes.
const BLOCK_BYTES: usize = 16 << 20;

/// Header, and statistics if asked.
pub(super) fn mrc(path: &Path, mut report: FileReport, values: bool) -> Result<FileReport> {
    let file = MrcFile::open(path)?;
    let h = file.header();
    let [nx, ny, nz] = h.n;
    report.format = "MRC".into();
    report.content = match file.kind() {
        MrcKind::Image => "image".into(),
        MrcKind::ImageStack => format!("stack of {nz} images"),
        MrcKind::Volume => "volume".into(),
        MrcKind::VolumeStack => "stack of volumes".into(),
    };
    report.shape = vec![nz as u64, ny as u64, nx as u64];
    report.pixel_size_angstrom = h.voxel_size_angstrom();
    let mut fact = |name: &str, value: String| report.facts.push((name.into(), value));
    fact("mode", format!("{} ({})", h.mode.number(), h.mode.name()));
    let order = if h.byte_order == ByteOrder::Little {
        "little endian"
    } else {
        "big endian"
    };
    fact("byte order", order.into());
    fact("space group", h.space_group.to_string());
    if h.extended_bytes > 0 {
        fact(
            "extended header",
            format!("{} bytes, type '{}'", h.extended_bytes, h.extended_type),
        );
    }
    if h.n_start != [0; 3] {
        fact("start", format!("{:?}", h.n_start));
    }
    if h.origin_angstrom != [0.0; 3] {
        fact("origin (A)", format!("{:?}", h.origin_angstrom));
    }
    if h.axes() != [0, 1, 2] {
        fact("axis order", format!("{:?}", h.map_axes));
    }
    fact(
        "header's range",
        format!("{} to {}, mean {}, rms {}", h.minimum, h.maximum, h.mean, h.rms),
    );
    for label in &h.labels {
        fact("label", label.clone());
    }
    report.notes.extend(file.notes().iter().cloned());
    if values {
        let found = statistics(&file)?;
        if found.nan + found.infinite > 0 {
            report.notes.push(format!(
                "{} NaN and {} infinite values",
                found.nan, found.infinite
            ));
        }
        if found.constant_slices > 0 {
            report
                .notes
                .push(format!("{} slices hold one value only", found.constant_slices));
        }
        let known = h.maximum >= h.minimum && h.minimum.is_finite() && h.maximum.is_finite();
        let scale = 1e-3 * (found.maximum - found.minimum).abs() + 1e-6;
        let off = (f64::from(h.minimum) - found.minimum)
            .abs()
            .max((f64::from(h.maximum) - found.maximum).abs());
        if known && off > scale {
            report
                .notes
                .push("the header's range is not that of the values".into());
        }
        report.values = Some(found);
    }
    Ok(report)
}

/// One pass for the mean, one for the spread, so that large means cost no digits.
fn statistics(file: &MrcFile) -> Result<ValueReport> {
    let slice = file.slice_len();
    let per_block = (BLOCK_BYTES / 4 / slice.max(1)).clamp(1, file.slices());
    let mut buffer = vec![0f32; per_block * slice];
    let (mut sum, mut finite) = (0f64, 0u64);
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
    each_block(file, per_block, &mut buffer, &mut |image| {
        for &v in image {
            if v.is_finite() {
                finite += 1;
                sum += f64::from(v);
                r.minimum = r.minimum.min(f64::from(v));
                r.maximum = r.maximum.max(f64::from(v));
            } else if v.is_nan() {
                r.nan += 1;
            } else {
                r.infinite += 1;
            }
        }
        r.count += image.len() as u64;
        r.constant_slices += u64::from(image.len() > 1 && image.iter().all(|v| *v == image[0]));
    })?;
    if finite == 0 {
        (r.minimum, r.maximum) = (0.0, 0.0);
        return Ok(r);
    }
    r.mean = sum / finite as f64;
    let mut squares = 0f64;
    each_block(file, per_block, &mut buffer, &mut |image| {
        squares += image
            .iter()
            .filter(|v| v.is_finite())
            .map(|&v| (f64::from(v) - r.mean).powi(2))
            .sum::<f64>();
    })?;
    r.standard_deviation = (squares / finite as f64).sqrt();
    Ok(r)
}

fn each_block(
    file: &MrcFile,
    per_block: usize,
    buffer: &mut [f32],
    take: &mut dyn FnMut(&[f32]),
) -> Result<()> {
    let slice = file.slice_len();
    let mut first = 0;
    while first < file.slices() {
        let count = per_block.min(file.slices() - first);
        let block = &mut buffer[..count * slice];
        file.read_slices(first, block)?;
        block.chunks_exact(slice).for_each(&mut *take);
        first += count;
    }
    Ok(())
}
