//! Masks: spheres, thresholds with a soft margin, and the mask that follows from a map (algorithms.md 8.7, 11.3).
//! A mask is a [`Volume`] with values in [0, 1].

use crate::filter::{low_pass, positive};
use crate::morphology::{components, squared_distance};
use crate::{Volume, VolumeError};
use rayon::prelude::*;
use std::f64::consts::PI;

/// The volume in Å³ that one dalton of protein fills (1.35 g/cm³ hydrated density: 1.21 Å³/Da).
pub const ANGSTROM3_PER_DALTON: f64 = 1.21;

/// A sphere around the box centre: 1 within `radius_angstrom`, then a cosine fall over `edge_angstrom`.
///
/// # Errors
/// A radius that isn't positive, a negative edge, an impossible grid.
pub fn sphere(
    n: usize,
    voxel_size_angstrom: f64,
    radius_angstrom: f64,
    edge_angstrom: f64,
) -> Result<Volume, VolumeError> {
    positive("mask radius (Å)", radius_angstrom)?;
    not_negative("mask edge (Å)", edge_angstrom)?;
    Volume::from_fn(n, voxel_size_angstrom, |p| {
        let d = voxel_size_angstrom * (p[0] * p[0] + p[1] * p[1] + p[2] * p[2]).sqrt();
        soft_step(d - radius_angstrom, edge_angstrom) as f32
    })
}

/// 1 up to 0, cosine fall to 0 at `edge`.
fn soft_step(distance: f64, edge: f64) -> f64 {
    if distance <= 0.0 {
        1.0
    } else if distance >= edge {
        0.0
    } else {
        0.5 + 0.5 * (PI * distance / edge).cos()
    }
}

fn not_negative(name: &'static str, value: f64) -> Result<(), VolumeError> {
    if value >= 0.0 {
        Ok(())
    } else {
        Err(VolumeError::Parameter {
            name,
            value,
            allowed: "zero or positive".to_owned(),
        })
    }
}

/// The binary mask of voxels at or above `level`.
///
/// # Errors
/// An impossible map; [`VolumeError::Flat`] when no voxel reaches the level.
pub fn threshold(volume: &Volume, level: f32) -> Result<Volume, VolumeError> {
    volume.check_finite("the map to threshold")?;
    let out = volume.mapped(|_, v| f32::from(u8::from(v >= level)));
    if out.data.par_iter().all(|v| *v == 0.0) {
        return Err(VolumeError::Flat {
            what: "the map above the mask's threshold",
        });
    }
    Ok(out)
}

/// A binary mask (voxels >= 0.5) grown by `dilate_angstrom` and continued by a cosine edge of `edge_angstrom`, both
/// by exact Euclidean distance.
///
/// # Errors
/// An impossible grid, negative lengths, an empty mask.
pub fn dilate_soft(mask: &Volume, dilate_angstrom: f64, edge_angstrom: f64) -> Result<Volume, VolumeError> {
    mask.check_finite("the mask")?;
    not_negative("mask dilation (Å)", dilate_angstrom)?;
    not_negative("mask edge (Å)", edge_angstrom)?;
    let inside: Vec<bool> = mask.data.iter().map(|v| *v >= 0.5).collect();
    if !inside.iter().any(|v| *v) {
        return Err(VolumeError::Flat { what: "the mask" });
    }
    let distance2 = squared_distance(&inside, mask.n);
    let mut out = mask.clone();
    let voxel = mask.voxel_size_angstrom;
    out.data.par_iter_mut().zip(&distance2).for_each(|(v, d2)| {
        *v = soft_step(voxel * f64::from(*d2).sqrt() - dilate_angstrom, edge_angstrom) as f32;
    });
    Ok(out)
}

/// The threshold that best separates a map's positive densities into two classes (Otsu 1979).
///
/// # Errors
/// An impossible map, or one without positive contrast.
pub fn otsu_threshold(volume: &Volume) -> Result<f32, VolumeError> {
    volume.check_finite("the map")?;
    const BINS: usize = 1024;
    let top = volume.range().1;
    if top <= 0.0 {
        return Err(VolumeError::Flat {
            what: "the map's positive density",
        });
    }
    let mut counts = [0.0f64; BINS];
    for v in volume.data.iter().filter(|v| **v > 0.0) {
        counts[((f64::from(*v) / f64::from(top) * BINS as f64) as usize).min(BINS - 1)] += 1.0;
    }
    let total: f64 = counts.iter().sum();
    let all: f64 = counts.iter().enumerate().map(|(i, c)| c * i as f64).sum();
    let (mut below, mut below_sum, mut best, mut best_variance) = (0.0, 0.0, 0, -1.0);
    for (i, count) in counts.iter().enumerate().take(BINS - 1) {
        below += count;
        below_sum += count * i as f64;
        let above = total - below;
        if below > 0.0 && above > 0.0 {
            let variance = below * above * (below_sum / below - (all - below_sum) / above).powi(2);
            if variance > best_variance {
                (best, best_variance) = (i + 1, variance);
            }
        }
    }
    Ok(top * best as f32 / BINS as f32)
}

/// The threshold above which a map fills `volume_angstrom3`.
///
/// # Errors
/// An impossible map; a volume that isn't positive or exceeds the box.
pub fn threshold_for_volume(volume: &Volume, volume_angstrom3: f64) -> Result<f32, VolumeError> {
    volume.check_finite("the map")?;
    let voxels = volume_angstrom3 / volume.voxel_volume_angstrom3();
    let len = volume.data.len();
    if !(voxels >= 1.0 && voxels <= len as f64) {
        return Err(VolumeError::Parameter {
            name: "expected volume (Å³)",
            value: volume_angstrom3,
            allowed: format!(
                "between one voxel and the box, {:.0} Å³",
                len as f64 * volume.voxel_volume_angstrom3()
            ),
        });
    }
    let mut sorted = volume.data.clone();
    let (_, level, _) = sorted.select_nth_unstable_by(len - voxels as usize, f32::total_cmp);
    Ok(*level)
}

/// How [`auto`] makes a mask. Lengths in Å.
#[derive(Debug, Clone, PartialEq)]
pub struct AutoMask {
    /// The map is low-passed to this first.
    pub low_pass_angstrom: f64,
    /// The particle's expected volume in Å³ (mass times [`ANGSTROM3_PER_DALTON`]); Otsu's threshold without it.
    pub expected_volume_angstrom3: Option<f64>,
    /// The thresholded particle grows by this.
    pub dilate_angstrom: f64,
    /// Then a cosine edge of this width.
    pub edge_angstrom: f64,
    /// Pieces with at least this fraction of the largest one's voxels stay; 1 keeps the largest alone.
    pub keep_fraction: f64,
    /// Nothing beyond this distance from the centre (with the same soft edge inside of it); the box's inscribed sphere
    /// without it.
    pub radius_angstrom: Option<f64>,
}

impl AutoMask {
    /// The settings for refinement at resolution `d` Å: low-pass to max(2.5 d, 8), dilate by max(1.5 d, 6), edge max(2.5 d, 6),
    /// and never more than 20 Å of growth or 30 Å of edge.
    pub fn for_resolution(d: f64) -> Self {
        let d = if d.is_finite() && d > 0.0 { d } else { 20.0 };
        Self {
            low_pass_angstrom: (2.5 * d).max(8.0),
            expected_volume_angstrom3: None,
            dilate_angstrom: (1.5 * d).clamp(6.0, 20.0),
            edge_angstrom: (2.5 * d).clamp(6.0, 30.0),
            keep_fraction: 0.2,
            radius_angstrom: None,
        }
    }
}

/// A soft mask around the particle of a map: low-pass, threshold, keep the large pieces, grow, soften.
///
/// # Errors
/// An impossible map or setting; [`VolumeError::Flat`] for a map without contrast.
pub fn auto(volume: &Volume, settings: &AutoMask) -> Result<Volume, VolumeError> {
    volume.check_finite("the map to mask")?;
    let box_radius = 0.5 * volume.box_angstrom();
    let radius = settings.radius_angstrom.unwrap_or(box_radius).min(box_radius);
    positive("mask radius (Å)", radius)?;
    let nyquist = 2.0 * volume.voxel_size_angstrom;
    let smooth = if settings.low_pass_angstrom > nyquist {
        low_pass(volume, settings.low_pass_angstrom)?
    } else {
        volume.clone()
    };
    let limit2 = (radius / volume.voxel_size_angstrom).powi(2);
    let smooth = smooth.mapped(|p, v| {
        if p[0] * p[0] + p[1] * p[1] + p[2] * p[2] <= limit2 {
            v
        } else {
            0.0
        }
    });
    let level = match settings.expected_volume_angstrom3 {
        Some(v) => threshold_for_volume(&smooth, v)?.max(f32::MIN_POSITIVE),
        None => otsu_threshold(&smooth)?,
    };
    let particle = largest_pieces(&threshold(&smooth, level)?, settings.keep_fraction);
    let grown = dilate_soft(&particle, settings.dilate_angstrom, settings.edge_angstrom)?;
    let edge = settings.edge_angstrom.min(0.5 * radius);
    grown.times(&sphere(
        volume.n,
        volume.voxel_size_angstrom,
        radius - edge,
        edge,
    )?)
}

/// A binary mask without its small pieces: those with fewer voxels than `keep_fraction` of the largest piece's go
/// (pieces hang together through faces). `keep_fraction` is clamped to [0, 1]; 1 keeps the largest (and ties).
pub fn largest_pieces(mask: &Volume, keep_fraction: f64) -> Volume {
    let inside: Vec<bool> = mask.data.iter().map(|v| *v >= 0.5).collect();
    let (labels, sizes) = components(&inside, mask.n);
    let largest = sizes.iter().copied().max().unwrap_or(0) as f64;
    let keep =
        |label: u32| label > 0 && sizes[label as usize - 1] as f64 >= keep_fraction.clamp(0.0, 1.0) * largest;
    let mut out = mask.clone();
    out.data
        .iter_mut()
        .zip(&labels)
        .for_each(|(v, label)| *v = f32::from(u8::from(keep(*label))));
    out
}

/// The volume of a mask in Å³: the sum of its values times the voxel's volume.
pub fn volume_angstrom3(mask: &Volume) -> f64 {
    mask.sum(f64::from) * mask.voxel_volume_angstrom3()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::test_maps::{blobs, noise, render, sum};

    #[test]
    fn sphere_has_its_volume_and_edge() {
        let m = sphere(64, 2.0, 40.0, 10.0).unwrap();
        assert_eq!(m.data[m.index(32, 32, 32)], 1.0);
        assert_eq!(m.data[m.index(32 + 20, 32, 32)], 1.0);
        assert_eq!(m.data[m.index(32, 32 - 25, 32)], 0.0);
        let middle = m.data[m.index(32, 32, 32 + 22)];
        assert!((f64::from(middle) - (0.5 + 0.5 * (0.4 * PI).cos())).abs() < 1e-6);
        let hard = sphere(64, 2.0, 40.0, 0.0).unwrap();
        assert!((volume_angstrom3(&hard) / (4.0 / 3.0 * PI * 64_000.0) - 1.0).abs() < 0.02);
        assert!(sphere(64, 2.0, 0.0, 1.0).is_err() && sphere(64, 2.0, 1.0, -1.0).is_err());
    }

    #[test]
    fn growing_is_by_euclidean_distance() {
        let mut seed = Volume::zeros(32, 1.5).unwrap();
        let at = seed.index(16, 16, 16);
        seed.data[at] = 1.0;
        let grown = dilate_soft(&seed, 9.0, 6.0).unwrap();
        let ball = sphere(32, 1.5, 9.0, 6.0).unwrap();
        let worst = grown
            .data
            .iter()
            .zip(&ball.data)
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f32::max);
        assert!(worst < 1e-5, "{worst}");
        assert!(dilate_soft(&Volume::zeros(8, 1.0).unwrap(), 1.0, 1.0).is_err());
    }

    #[test]
    fn automatic_mask_holds_the_particle_and_drops_the_dust() {
        let (n, voxel) = (64, 2.5);
        let particle = blobs(120, 45.0, 4.0, 3);
        let clean = render(&particle, n, voxel);
        let dust = render(&[([60.0, 0.0, 30.0], 4.0)], n, voxel);
        let noisy = sum(
            &sum(&clean, &dust, 1.0),
            &noise(n, voxel, 4),
            0.3 * clean.range().1,
        );
        let m = auto(&noisy, &AutoMask::for_resolution(8.0)).unwrap();
        let kept = clean.times(&m).unwrap().mean() / clean.mean();
        assert!(kept > 0.99, "{kept} of the particle is inside");
        assert!(
            dust.times(&m).unwrap().mean() / dust.mean() < 0.1,
            "the dust is outside"
        );
        let fill = m.mean();
        assert!(fill < 0.45, "the mask fills {fill} of the box");
        let (low, high) = m.range();
        assert!(low >= 0.0 && high <= 1.0);
        // With the expected volume given, the threshold keeps that volume.
        let level = threshold_for_volume(&clean, 50_000.0).unwrap();
        let v = volume_angstrom3(&threshold(&clean, level).unwrap());
        assert!((v - 50_000.0).abs() < 2.0 * 2.5f64.powi(3), "{v}");
        let with_mass = AutoMask {
            expected_volume_angstrom3: Some(150_000.0),
            ..AutoMask::for_resolution(8.0)
        };
        let kept = clean.times(&auto(&noisy, &with_mass).unwrap()).unwrap().mean() / clean.mean();
        assert!(kept > 0.98, "{kept}");
    }

    #[test]
    fn flat_and_impossible_input_is_refused() {
        let flat = Volume::zeros(16, 1.0).unwrap();
        assert!(matches!(
            auto(&flat, &AutoMask::for_resolution(8.0)),
            Err(VolumeError::Flat { .. })
        ));
        let v = noise(16, 1.0, 1);
        assert!(
            threshold_for_volume(&v, 1e9)
                .unwrap_err()
                .to_string()
                .contains("4096")
        );
        assert!(threshold(&v, 1e9).is_err());
    }
}
