//! Moving a map: rotation, shift and mirror by cubic B-spline interpolation in real space.

use crate::filter::{resample, with_box};
use crate::{Volume, VolumeError};
use nilas_geometry::Rotation;
use rayon::prelude::*;

/// Up to this side a map is doubled by Fourier padding before it is interpolated, which makes the interpolation error
/// vanish at all frequencies; larger maps would need too much memory for it.
const OVERSAMPLE_UP_TO: usize = 200;

/// Cubic B-spline coefficients of a map, to be sampled at any point.
#[derive(Debug, Clone)]
pub struct SplinedVolume {
    n: usize,
    coefficients: Vec<f32>,
}

impl SplinedVolume {
    /// Prefilters a map (recursive filter along each axis, mirror boundary). Errors for an impossible map.
    pub fn new(volume: &Volume) -> Result<Self, VolumeError> {
        volume.check()?;
        let n = volume.n;
        let mut c = volume.data.clone();
        c.par_chunks_mut(n * n).for_each(|plane| {
            let mut line = vec![0.0; n];
            plane
                .chunks_exact_mut(n)
                .for_each(|row| prefilter(row, 0, 1, &mut line));
            (0..n).for_each(|x| prefilter(plane, x, n, &mut line));
        });
        let mut lines = vec![0.0f32; c.len()];
        lines.par_chunks_mut(n).enumerate().for_each_init(
            || vec![0.0; n],
            |work, (yx, line)| {
                line.iter_mut()
                    .enumerate()
                    .for_each(|(z, v)| *v = c[z * n * n + yx]);
                prefilter(line, 0, 1, work);
            },
        );
        c.par_chunks_mut(n * n).enumerate().for_each(|(z, plane)| {
            plane
                .iter_mut()
                .enumerate()
                .for_each(|(yx, v)| *v = lines[yx * n + z]);
        });
        Ok(Self { n, coefficients: c })
    }

    /// The density at voxel coordinates `(x, y, z)`; 0 outside of the box.
    #[inline]
    pub fn at(&self, p: [f64; 3]) -> f32 {
        let n = self.n as i64;
        let limit = (n - 1) as f64;
        if p.iter().any(|c| !(*c >= 0.0 && *c <= limit)) {
            return 0.0;
        }
        let base = p.map(|c| c as i64);
        let [wx, wy, wz] = [0, 1, 2].map(|i| weights((p[i] - base[i] as f64) as f32));
        // Mirror at the faces; only the outermost voxels need it.
        let reflect = |i: i64| if i < 0 { -i } else if i >= n { 2 * n - 2 - i } else { i } as usize;
        let [ix, iy, iz] = base.map(|b| [reflect(b - 1), reflect(b), reflect(b + 1), reflect(b + 2)]);
        let mut sum = 0.0;
        for (z, wz) in iz.iter().zip(wz) {
            for (y, wy) in iy.iter().zip(wy) {
                let row = &self.coefficients[(z * self.n + y) * self.n..][..self.n];
                let line = wx[0] * row[ix[0]] + wx[1] * row[ix[1]] + wx[2] * row[ix[2]] + wx[3] * row[ix[3]];
                sum += wz * wy * line;
            }
        }
        sum
    }
}

/// Cubic B-spline weights of the four neighbours at a fraction in [0, 1).
#[inline]
fn weights(t: f32) -> [f32; 4] {
    let u = 1.0 - t;
    let (t2, u2) = (t * t, u * u);
    [
        u2 * u / 6.0,
        2.0 / 3.0 - 0.5 * t2 * (2.0 - t),
        2.0 / 3.0 - 0.5 * u2 * (2.0 - u),
        t2 * t / 6.0,
    ]
}

/// The recursive prefilter of Unser 1999 along one strided line, mirrored at its ends.
fn prefilter(data: &mut [f32], offset: usize, stride: usize, line: &mut [f32]) {
    let n = line.len();
    let pole = 3f32.sqrt() - 2.0;
    for (i, v) in line.iter_mut().enumerate() {
        *v = 6.0 * data[offset + i * stride];
    }
    // pole^12 is 1.4e-7: enough terms for the start of the causal filter.
    let mut first = line[0];
    let mut power = pole;
    for v in line.iter().take(n.min(13)).skip(1) {
        first += power * v;
        power *= pole;
    }
    line[0] = first;
    for i in 1..n {
        line[i] += pole * line[i - 1];
    }
    line[n - 1] = pole / (pole * pole - 1.0) * (line[n - 1] + pole * line[n - 2]);
    for i in (0..n - 1).rev() {
        line[i] = pole * (line[i + 1] - line[i]);
    }
    for (i, v) in line.iter().enumerate() {
        data[offset + i * stride] = *v;
    }
}

/// A rigid motion of a map's content: mirror first (x to -x about the centre), then rotate, then shift.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Motion {
    /// Content at `x` (from the box centre) goes to `rotation * x`.
    pub rotation: Rotation,
    /// Then by this, in Å.
    pub shift_angstrom: [f64; 3],
    /// Whether the content is mirrored first.
    pub mirrored: bool,
}

/// The map with its content moved, on its own grid. Errors for an impossible map.
pub fn moved(volume: &Volume, motion: &Motion) -> Result<Volume, VolumeError> {
    moved_onto(volume, motion, volume.n, volume.voxel_size_angstrom)
}

/// The map with its content moved, sampled on a grid of `n` voxels of `voxel_size_angstrom` around the same centre. A map
/// that is finer than the grid is low-passed to the grid's Nyquist first.
///
/// # Errors
/// An impossible map or grid.
pub fn moved_onto(
    volume: &Volume,
    motion: &Motion,
    n: usize,
    voxel_size_angstrom: f64,
) -> Result<Volume, VolumeError> {
    let target = Volume::zeros(n, voxel_size_angstrom)?;
    let finer = volume.voxel_size_angstrom < 0.99 * voxel_size_angstrom;
    let mut source = if finer {
        crate::filter::low_pass(volume, 2.0 * voxel_size_angstrom)?
    } else {
        volume.clone()
    };
    if source.n <= OVERSAMPLE_UP_TO {
        source = resample(&source, 2 * source.n)?;
    }
    let spline = SplinedVolume::new(&source)?;
    let half = (source.n / 2) as f64;
    let scale = 1.0 / source.voxel_size_angstrom;
    let back = motion.rotation.transpose();
    Ok(target.mapped(|p, _| {
        let at = [0, 1, 2].map(|i| p[i] * voxel_size_angstrom - motion.shift_angstrom[i]);
        let mut x = back.apply(at);
        if motion.mirrored {
            x[0] = -x[0];
        }
        spline.at(x.map(|c| c * scale + half))
    }))
}

/// The mirror image: x to -x about the box centre, voxel by voxel. The x = 0 section, which has no mate, stays.
/// Errors for an impossible map.
pub fn flip_hand(volume: &Volume) -> Result<Volume, VolumeError> {
    volume.check()?;
    let n = volume.n;
    let mut out = volume.clone();
    out.data
        .par_chunks_exact_mut(n)
        .for_each(|row| row[1..].reverse());
    Ok(out)
}

/// The map shifted by Fourier phases, voxels (may be fractional), periodic. Errors for an impossible map.
pub fn shifted(volume: &Volume, shift_voxels: [f64; 3]) -> Result<Volume, VolumeError> {
    let mut spectrum = crate::Spectrum::of(volume)?;
    spectrum.shift(shift_voxels);
    spectrum.into_volume()
}

/// The map averaged over all operators of a point group whose axes pass through the box centre.
/// Errors for an impossible map.
pub fn symmetrised(volume: &Volume, group: &nilas_geometry::PointGroup) -> Result<Volume, VolumeError> {
    volume.check()?;
    if group.order() == 1 {
        return Ok(volume.clone());
    }
    let n = volume.n;
    let source = if n <= OVERSAMPLE_UP_TO {
        resample(volume, 2 * n)?
    } else {
        volume.clone()
    };
    let ratio = source.n as f64 / n as f64;
    let spline = SplinedVolume::new(&source)?;
    let half = (source.n / 2) as f64;
    let weight = 1.0 / group.order() as f32;
    // Corners turn out of the box: outside of the inscribed sphere no average over all operators exists.
    let limit2 = ((n / 2) as f64 - 1.0).powi(2);
    Ok(volume.mapped(|p, _| {
        if p.iter().map(|c| c * c).sum::<f64>() > limit2 {
            return 0.0;
        }
        group
            .operators()
            .iter()
            .map(|s| spline.at(s.apply(p).map(|c| c * ratio + half)))
            .sum::<f32>()
            * weight
    }))
}

/// The map cut to, or padded to, a cube that holds a sphere of `diameter_angstrom`, voxel size unchanged.
/// Errors for an impossible map or diameter.
pub fn cut_to_diameter(volume: &Volume, diameter_angstrom: f64) -> Result<Volume, VolumeError> {
    crate::filter::positive("diameter (Å)", diameter_angstrom)?;
    let n = (diameter_angstrom / volume.voxel_size_angstrom)
        .ceil()
        .clamp(4.0, 8192.0) as usize;
    with_box(volume, nilas_kernels::fft::good_even_size(n), 0.0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::fsc::fsc;
    use crate::test_maps::{blobs, render};
    use nilas_geometry::PointGroup;

    fn moved_blobs(particle: &[([f64; 3], f64)], m: &Motion) -> Vec<([f64; 3], f64)> {
        particle
            .iter()
            .map(|(c, s)| {
                let c = if m.mirrored { [-c[0], c[1], c[2]] } else { *c };
                let r = m.rotation.apply(c);
                ([0, 1, 2].map(|i| r[i] + m.shift_angstrom[i]), *s)
            })
            .collect()
    }

    #[test]
    fn moving_the_map_is_moving_the_particle() {
        let particle = blobs(40, 30.0, 4.0, 2);
        let motion = Motion {
            rotation: Rotation::from_euler_deg(40.0, 70.0, 110.0),
            shift_angstrom: [5.3, -7.1, 2.2],
            mirrored: true,
        };
        let before = render(&particle, 64, 2.0);
        let expected = render(&moved_blobs(&particle, &motion), 64, 2.0);
        let after = moved(&before, &motion).unwrap();
        let scale = expected.range().1;
        let worst = after
            .data
            .iter()
            .zip(&expected.data)
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f32::max);
        assert!(worst < 1e-3 * scale, "{}", worst / scale);
        // The same onto a coarser and larger grid.
        let expected = render(&moved_blobs(&particle, &motion), 60, 3.0);
        let after = moved_onto(&before, &motion, 60, 3.0).unwrap();
        let curve = fsc(&after, &expected).unwrap();
        assert!(
            curve.correlation[1..25].iter().all(|c| *c > 0.999),
            "{:?}",
            curve.correlation
        );
    }

    #[test]
    fn mirror_and_shift_are_exact() {
        let v = render(&blobs(20, 20.0, 3.0, 3), 32, 2.0);
        let flipped = flip_hand(&v).unwrap();
        assert_eq!(flip_hand(&flipped).unwrap(), v);
        assert_eq!(flipped.data[v.index(16 - 5, 7, 9)], v.data[v.index(16 + 5, 7, 9)]);
        let s = shifted(&v, [3.0, -2.0, 1.0]).unwrap();
        let (a, b) = (s.data[v.index(20, 12, 17)], v.data[v.index(17, 14, 16)]);
        assert!((a - b).abs() < 1e-4 * v.range().1);
    }

    #[test]
    fn symmetrised_maps_are_symmetric() {
        let group = PointGroup::parse("D2").unwrap();
        let v = render(&blobs(20, 25.0, 4.0, 4), 48, 2.0);
        let d2 = symmetrised(&v, &group).unwrap();
        let turned = moved(
            &d2,
            &Motion {
                rotation: group.operators()[3],
                shift_angstrom: [0.0; 3],
                mirrored: false,
            },
        )
        .unwrap();
        let curve = fsc(&turned, &d2).unwrap();
        assert!(
            curve.correlation[1..20].iter().all(|c| *c > 0.999),
            "{:?}",
            curve.correlation
        );
        assert!((d2.mean() / v.mean() - 1.0).abs() < 1e-3);
        assert_eq!(symmetrised(&v, &PointGroup::c1()).unwrap(), v);
    }
}
