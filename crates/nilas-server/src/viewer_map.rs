//! Maps made small enough for the browser.

use nilas_api::{ApiError, ErrorKind};
use nilas_formats::mrc::{MrcFile, MrcKind};
use std::path::Path;

const HEADER_BYTES: usize = 1024;
/// Bytes of one slice that the viewer still gets; larger ones are no maps for a browser.
const MOST_SLICE_VALUES: usize = 1 << 26;

/// A map as MRC (mode 2) with no edge longer than `max_box`, averaged over cubes of voxels. Only one slice of
/// the file is in memory at a time.
///
/// # Errors
/// `invalid` for a file that is no map.
pub fn load(path: &Path, max_box: usize) -> Result<Vec<u8>, ApiError> {
    let no_map = |message: String| ApiError::new(ErrorKind::Invalid, message, "the viewer shows MRC maps");
    let file = MrcFile::open(path).map_err(|e| no_map(e.to_string()))?;
    let (header, [rows, columns]) = (file.header(), file.slice_shape());
    let sections = file.slices();
    if file.kind() == MrcKind::ImageStack {
        return Err(no_map(format!("{} is a stack of images", path.display())));
    }
    if header.axes() != [0, 1, 2] {
        return Err(no_map(format!(
            "{}: its axes are not in the order X, Y, Z",
            path.display()
        )));
    }
    if columns == 0 || rows == 0 || sections == 0 || columns.saturating_mul(rows) > MOST_SLICE_VALUES {
        return Err(no_map(format!(
            "{}: {columns} x {rows} x {sections} voxels can't be shown",
            path.display()
        )));
    }
    let step = columns.max(rows).max(sections).div_ceil(max_box.max(1)).max(1);
    // An incomplete cube at the far end is left out: a border of up to step - 1 voxels.
    let small = [columns / step, rows / step, sections / step].map(|n| n.max(1));
    let mut slice = vec![0f32; columns * rows];
    let mut values = vec![0f32; small[0] * small[1] * small[2]];
    let weight = 1.0 / (step.min(columns) * step.min(rows) * step.min(sections)) as f32;
    for z in 0..(small[2] * step).min(sections) {
        file.read_slice(z, &mut slice)
            .map_err(|e| no_map(e.to_string()))?;
        let plane = &mut values[(z / step) * small[0] * small[1]..][..small[0] * small[1]];
        for (y, row) in slice.chunks_exact(columns).take(small[1] * step).enumerate() {
            let target = &mut plane[(y / step) * small[0]..][..small[0]];
            for (sum, block) in target.iter_mut().zip(row.chunks(step)) {
                *sum += weight * block.iter().sum::<f32>();
            }
        }
    }
    let voxel = header
        .voxel_size_angstrom()
        .map(|size| size.unwrap_or(1.0) * step as f64);
    Ok(encode(&values, small, voxel))
}

/// A little-endian MRC2014 file. `n` and `voxel` in the order X, Y, Z.
fn encode(values: &[f32], n: [usize; 3], voxel: [f64; 3]) -> Vec<u8> {
    let mut bytes = vec![0u8; HEADER_BYTES];
    let mut word = |number: usize, raw: [u8; 4]| bytes[(number - 1) * 4..number * 4].copy_from_slice(&raw);
    for axis in 0..3 {
        let size = i32::try_from(n[axis]).unwrap_or(i32::MAX).to_le_bytes();
        word(1 + axis, size);
        word(8 + axis, size);
        word(11 + axis, ((n[axis] as f64 * voxel[axis]) as f32).to_le_bytes());
        word(14 + axis, 90f32.to_le_bytes());
        word(17 + axis, (axis as i32 + 1).to_le_bytes());
    }
    let count = values.len().max(1) as f64;
    let mean = values.iter().map(|v| f64::from(*v)).sum::<f64>() / count;
    let variance = values.iter().map(|v| (f64::from(*v) - mean).powi(2)).sum::<f64>() / count;
    word(4, 2i32.to_le_bytes());
    word(
        20,
        values.iter().copied().fold(f32::INFINITY, f32::min).to_le_bytes(),
    );
    word(
        21,
        values
            .iter()
            .copied()
            .fold(f32::NEG_INFINITY, f32::max)
            .to_le_bytes(),
    );
    word(22, (mean as f32).to_le_bytes());
    word(23, 1i32.to_le_bytes());
    word(28, 20140i32.to_le_bytes());
    word(53, *b"MAP ");
    word(54, [0x44, 0x44, 0, 0]);
    word(55, (variance.sqrt() as f32).to_le_bytes());
    bytes.extend(values.iter().flat_map(|v| v.to_le_bytes()));
    bytes
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_map_is_averaged_over_cubes_and_keeps_its_size_in_angstrom() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("map.mrc");
        let n = 9;
        let values: Vec<f32> = (0..n * n * n).map(|i| ((i % n) / 4) as f32).collect();
        std::fs::write(&path, encode(&values, [n, n, n], [1.5; 3])).unwrap();
        let small = load(&path, 3).unwrap();
        let again = dir.path().join("small.mrc");
        std::fs::write(&again, &small).unwrap();
        let file = MrcFile::open(&again).unwrap();
        assert_eq!((file.slices(), file.slice_shape()), (3, [3, 3]));
        assert_eq!(file.pixel_size_angstrom(), Some(4.5));
        // Columns 0-2, 3-5 and 6-8 of 0 0 0 0 1 1 1 1 2.
        let expected = [0.0, 2.0 / 3.0, 4.0 / 3.0];
        for row in file.read_all().unwrap().chunks(3) {
            for (value, expected) in row.iter().zip(expected) {
                assert!((value - expected).abs() < 1e-5, "{row:?}");
            }
        }
        let whole = load(&path, 64).unwrap();
        assert_eq!(whole.len(), HEADER_BYTES + 4 * n * n * n);
    }

    #[test]
    fn other_files_are_refused_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("text.mrc");
        std::fs::write(&path, "no map").unwrap();
        let refused = load(&path, 64).unwrap_err();
        assert!(
            refused.kind == ErrorKind::Invalid && refused.message.contains("text.mrc"),
            "{refused}"
        );
    }
}
