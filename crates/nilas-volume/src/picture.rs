//! Pictures and profiles of a map for figures: sections, projections, radial profile, centre of mass.

use crate::{Volume, VolumeError};
use rayon::prelude::*;

/// One of the three axes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Axis {
    /// Columns.
    X,
    /// Rows.
    Y,
    /// Sections.
    Z,
}

/// A grey image, `[row][column]`; row 0 is the bottom one.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// `height * width` values.
    pub data: Vec<f32>,
}

/// The section across `axis` at voxel `at` (clamped to the box). Columns and rows are the other two axes in the order x, y, z.
/// Errors for an impossible map.
pub fn section(volume: &Volume, axis: Axis, at: usize) -> Result<Picture, VolumeError> {
    volume.check()?;
    let n = volume.n;
    let at = at.min(n - 1);
    let value = |column: usize, row: usize| match axis {
        Axis::X => volume.data[volume.index(at, column, row)],
        Axis::Y => volume.data[volume.index(column, at, row)],
        Axis::Z => volume.data[volume.index(column, row, at)],
    };
    let data = (0..n * n).map(|i| value(i % n, i / n)).collect();
    Ok(Picture {
        width: n,
        height: n,
        data,
    })
}

/// The three sections through the centre, across x, y and z. Errors for an impossible map.
pub fn central_sections(volume: &Volume) -> Result<[Picture; 3], VolumeError> {
    let at = volume.n / 2;
    Ok([
        section(volume, Axis::X, at)?,
        section(volume, Axis::Y, at)?,
        section(volume, Axis::Z, at)?,
    ])
}

/// The sum of densities along an axis times the voxel size (density Å), columns and rows as in [`section`].
/// Errors for an impossible map.
pub fn projection(volume: &Volume, axis: Axis) -> Result<Picture, VolumeError> {
    volume.check()?;
    let n = volume.n;
    let mut data = vec![0.0f32; n * n];
    data.par_chunks_mut(n).enumerate().for_each(|(row, line)| {
        for (column, v) in line.iter_mut().enumerate() {
            let (start, step) = match axis {
                Axis::X => (volume.index(0, column, row), 1),
                Axis::Y => (volume.index(column, 0, row), n),
                Axis::Z => (volume.index(column, row, 0), n * n),
            };
            let sum: f64 = (0..n).map(|i| f64::from(volume.data[start + i * step])).sum();
            *v = (sum * volume.voxel_size_angstrom) as f32;
        }
    });
    Ok(Picture {
        width: n,
        height: n,
        data,
    })
}

/// Mean density by distance from the centre, one value per voxel of distance, `0 ..= n/2`. Errors for an impossible map.
pub fn radial_profile(volume: &Volume) -> Result<Vec<f64>, VolumeError> {
    volume.check()?;
    let (n, half) = (volume.n, (volume.n / 2) as f64);
    let bins = volume.n / 2 + 1;
    let sections: Vec<Vec<[f64; 2]>> = volume
        .data
        .par_chunks(n * n)
        .enumerate()
        .map(|(z, plane)| {
            let mut sums = vec![[0.0; 2]; bins];
            for (i, v) in plane.iter().enumerate() {
                let d = [(i % n) as f64 - half, (i / n) as f64 - half, z as f64 - half];
                let r = (d.iter().map(|c| c * c).sum::<f64>().sqrt() + 0.5) as usize;
                if let Some(bin) = sums.get_mut(r) {
                    bin[0] += f64::from(*v);
                    bin[1] += 1.0;
                }
            }
            sums
        })
        .collect();
    Ok((0..bins)
        .map(|r| {
            let (sum, count) = sections
                .iter()
                .fold((0.0, 0.0), |(s, c), part| (s + part[r][0], c + part[r][1]));
            if count > 0.0 { sum / count } else { 0.0 }
        })
        .collect())
}

/// Centre of mass of the density above `level`, voxels from the box centre `(x, y, z)`.
///
/// # Errors
/// An impossible map; [`VolumeError::Flat`] when nothing lies above the level.
pub fn centre_of_mass(volume: &Volume, level: f32) -> Result<[f64; 3], VolumeError> {
    volume.check_finite("the map")?;
    let (n, half) = (volume.n, (volume.n / 2) as f64);
    let sections: Vec<[f64; 4]> = volume
        .data
        .par_chunks(n * n)
        .enumerate()
        .map(|(z, plane)| {
            let mut sum = [0.0; 4];
            for (i, v) in plane.iter().enumerate().filter(|(_, v)| **v > level) {
                let mass = f64::from(*v - level);
                for (s, c) in sum.iter_mut().zip([(i % n) as f64, (i / n) as f64, z as f64]) {
                    *s += mass * (c - half);
                }
                sum[3] += mass;
            }
            sum
        })
        .collect();
    let total = sections
        .iter()
        .fold([0.0; 4], |t, s| [0, 1, 2, 3].map(|i| t[i] + s[i]));
    if total[3] > 0.0 {
        Ok([0, 1, 2].map(|i| total[i] / total[3]))
    } else {
        Err(VolumeError::Flat {
            what: "the map above the level",
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::test_maps::render;

    #[test]
    fn sections_and_projections_look_along_their_axis() {
        let mut v = Volume::zeros(8, 2.0).unwrap();
        let at = v.index(1, 2, 3);
        v.data[at] = 5.0;
        for (axis, place, column, row) in [(Axis::X, 1, 2, 3), (Axis::Y, 2, 1, 3), (Axis::Z, 3, 1, 2)] {
            let s = section(&v, axis, place).unwrap();
            assert_eq!(s.data[row * 8 + column], 5.0);
            let p = projection(&v, axis).unwrap();
            assert_eq!(p.data[row * 8 + column], 10.0);
            assert_eq!(p.data.iter().filter(|v| **v != 0.0).count(), 1);
        }
        assert_eq!(central_sections(&v).unwrap()[0].data.iter().sum::<f32>(), 0.0);
    }

    #[test]
    fn profile_and_centre_of_a_ball() {
        let v = Volume::from_fn(32, 1.5, |p| {
            f32::from(u8::from(p.iter().map(|c| c * c).sum::<f64>() < 64.0))
        })
        .unwrap();
        let profile = radial_profile(&v).unwrap();
        assert_eq!((profile.len(), profile[4], profile[12]), (17, 1.0, 0.0));
        let blob = render(&[([6.0, -9.0, 3.0], 4.0)], 48, 1.5);
        let c = centre_of_mass(&blob, 0.0).unwrap();
        assert!(
            c.iter().zip([4.0, -6.0, 2.0]).all(|(a, b)| (a - b).abs() < 1e-2),
            "{c:?}"
        );
        assert!(centre_of_mass(&blob, 1e9).is_err());
    }
}
