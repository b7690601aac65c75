//! Radial filters and resampling of maps. Resolutions in Å.

use crate::{Spectrum, Volume, VolumeError};

/// Half the width in shells of a filter's cosine edge.
const EDGE_SHELLS: f64 = 1.0;

/// A low-pass weight at `r` Fourier pixels: 1 up to one shell below `cutoff`, 0 from one shell above, cosine between.
pub fn low_pass_weight(r: f64, cutoff: f64) -> f64 {
    if r <= cutoff - EDGE_SHELLS {
        1.0
    } else if r >= cutoff + EDGE_SHELLS {
        0.0
    } else {
        let t = (r - cutoff + EDGE_SHELLS) / (2.0 * EDGE_SHELLS);
        0.5 + 0.5 * (std::f64::consts::PI * t).cos()
    }
}

/// The map with frequencies above `1/resolution_angstrom` removed (cosine edge of two shells).
///
/// # Errors
/// An impossible map, or a resolution that isn't positive.
pub fn low_pass(volume: &Volume, resolution_angstrom: f64) -> Result<Volume, VolumeError> {
    band_pass(volume, f64::INFINITY, resolution_angstrom)
}

/// The map with frequencies below `1/resolution_angstrom` removed. Errors as [`low_pass`].
pub fn high_pass(volume: &Volume, resolution_angstrom: f64) -> Result<Volume, VolumeError> {
    positive("resolution (Å)", resolution_angstrom)?;
    let cutoff = volume.box_angstrom() / resolution_angstrom;
    filtered(volume, |r| 1.0 - low_pass_weight(r, cutoff))
}

/// The map between two resolutions: `low_angstrom` (the larger number; infinity for none) and `high_angstrom`.
/// Errors as [`low_pass`].
pub fn band_pass(volume: &Volume, low_angstrom: f64, high_angstrom: f64) -> Result<Volume, VolumeError> {
    positive("low resolution limit (Å)", low_angstrom)?;
    positive("high resolution limit (Å)", high_angstrom)?;
    let (from, to) = (
        volume.box_angstrom() / low_angstrom,
        volume.box_angstrom() / high_angstrom,
    );
    let everything = low_angstrom.is_infinite();
    filtered(volume, |r| {
        low_pass_weight(r, to)
            * if everything {
                1.0
            } else {
                1.0 - low_pass_weight(r, from)
            }
    })
}

/// The map times `exp(-B k²/4)` in Fourier space, B in Å²: positive blurs, negative sharpens.
/// Errors for an impossible map or a B that isn't finite.
pub fn apply_b_factor(volume: &Volume, b_factor_angstrom2: f64) -> Result<Volume, VolumeError> {
    if !b_factor_angstrom2.is_finite() {
        return Err(VolumeError::Parameter {
            name: "B-factor (Å²)",
            value: b_factor_angstrom2,
            allowed: "a finite number".to_owned(),
        });
    }
    let step = 1.0 / volume.box_angstrom();
    filtered(volume, |r| {
        (-0.25 * b_factor_angstrom2 * (r * step).powi(2)).exp()
    })
}

/// The map with each Fourier shell multiplied by `curve[shell]`, linear between shells. Errors for an impossible map.
pub fn weight_by_shell(volume: &Volume, curve: &[f64]) -> Result<Volume, VolumeError> {
    let mut spectrum = Spectrum::of(volume)?;
    spectrum.scale_by_shell(curve);
    spectrum.into_volume()
}

/// The map multiplied in Fourier space by a real function of the frequency in Fourier pixels.
/// Errors for an impossible map.
pub fn filtered(volume: &Volume, weight: impl Fn(f64) -> f64 + Sync) -> Result<Volume, VolumeError> {
    let mut spectrum = Spectrum::of(volume)?;
    spectrum.scale_radially(weight);
    spectrum.into_volume()
}

/// The same density on `new_n` voxels over the same box side: Fourier cropping or padding, the voxel size follows.
/// Errors for an impossible map or an odd or tiny `new_n`.
pub fn resample(volume: &Volume, new_n: usize) -> Result<Volume, VolumeError> {
    if new_n == volume.n {
        volume.check()?;
        return Ok(volume.clone());
    }
    Spectrum::of(volume)?.resampled(new_n)?.into_volume()
}

/// The map in a larger or smaller box of the same voxel size: padded with `fill` or cut around the centre.
/// Errors for an impossible map or an odd or tiny `new_n`.
pub fn with_box(volume: &Volume, new_n: usize, fill: f32) -> Result<Volume, VolumeError> {
    volume.check()?;
    let mut out = Volume::zeros(new_n, volume.voxel_size_angstrom)?;
    out.data.fill(fill);
    let common = volume.n.min(new_n);
    let (from, to) = (volume.n / 2 - common / 2, new_n / 2 - common / 2);
    for z in 0..common {
        for y in 0..common {
            let source = volume.index(from, from + y, from + z);
            let target = out.index(to, to + y, to + z);
            out.data[target..target + common].copy_from_slice(&volume.data[source..source + common]);
        }
    }
    Ok(out)
}

pub(crate) fn positive(name: &'static str, value: f64) -> Result<(), VolumeError> {
    if value > 0.0 {
        Ok(())
    } else {
        Err(VolumeError::Parameter {
            name,
            value,
            allowed: "positive".to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn wave(n: usize, k: f64) -> Volume {
        Volume::from_fn(n, 2.0, |[x, _, _]| {
            (2.0 * std::f64::consts::PI * k * x / n as f64).cos() as f32
        })
        .unwrap()
    }

    fn largest_difference(a: &Volume, b: &Volume) -> f32 {
        a.data
            .iter()
            .zip(&b.data)
            .map(|(x, y)| (x - y).abs())
            .fold(0.0, f32::max)
    }

    #[test]
    fn waves_pass_or_stop() {
        let n = 32;
        // k = 4 of a 64 Å box is 16 Å.
        let v = wave(n, 4.0);
        let zero = Volume::zeros(n, 2.0).unwrap();
        assert!(largest_difference(&low_pass(&v, 10.0).unwrap(), &v) < 1e-5);
        assert!(largest_difference(&low_pass(&v, 30.0).unwrap(), &zero) < 1e-5);
        assert!(largest_difference(&high_pass(&v, 30.0).unwrap(), &v) < 1e-5);
        assert!(largest_difference(&band_pass(&v, 30.0, 10.0).unwrap(), &v) < 1e-5);
        let half = low_pass(&v, 16.0).unwrap();
        assert!(
            (half.range().1 - 0.5).abs() < 1e-5,
            "the edge passes one half at the cutoff"
        );
        let b = apply_b_factor(&v, 100.0).unwrap();
        assert!((f64::from(b.range().1) - (-25.0 / 256.0f64).exp()).abs() < 1e-5);
        assert!(
            low_pass(&v, 0.0).is_err()
                && low_pass(&v, f64::NAN).is_err()
                && apply_b_factor(&v, f64::NAN).is_err()
        );
    }

    // algorithms.md 0.10, vector 6 (in 3D).
    #[test]
    fn cropping_and_padding_a_band_limited_map_loses_nothing() {
        let fine = Volume::from_fn(64, 1.5, |[x, y, z]| {
            (-((x - 3.0).powi(2) + (y + 5.0).powi(2) + (z - 1.5).powi(2)) / (2.0 * 16.0)).exp() as f32
        })
        .unwrap();
        let coarse = resample(&fine, 32).unwrap();
        assert_eq!((coarse.n, coarse.voxel_size_angstrom), (32, 3.0));
        assert!(largest_difference(&resample(&coarse, 64).unwrap(), &fine) < 1e-5);
        // Densities keep their values: the coarse voxel at the centre is the fine one there.
        let (c, f) = (
            coarse.data[coarse.index(16, 16, 16)],
            fine.data[fine.index(32, 32, 32)],
        );
        assert!((c - f).abs() < 1e-5, "{c} {f}");
        assert!(resample(&fine, 31).is_err());
    }

    #[test]
    fn boxes_grow_and_shrink_around_the_centre() {
        let v = Volume::from_fn(8, 1.0, |[x, y, z]| (x + 10.0 * y + 100.0 * z) as f32).unwrap();
        let big = with_box(&v, 12, -7.0).unwrap();
        assert_eq!(big.data[big.index(6, 6, 6)], 0.0);
        assert_eq!(big.data[big.index(7, 6, 5)], 1.0 - 100.0);
        assert_eq!(big.data[0], -7.0);
        assert_eq!(with_box(&big, 8, 0.0).unwrap(), v);
    }
}
