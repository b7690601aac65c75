//! Resolution by direction: conical FSC and the cFAR figure (algorithms.md 11.4).

use crate::fsc::fsc_of_spectra;
use crate::{FscCurve, Spectrum, Volume, VolumeError};
use nilas_geometry::sphere::fibonacci;
use rayon::prelude::*;

/// FSC curves within cones around many axes.
#[derive(Debug, Clone, PartialEq)]
pub struct ConicalFsc {
    /// The cones' axes, unit vectors on one half of the sphere.
    pub axes: Vec<[f64; 3]>,
    /// One curve per axis.
    pub curves: Vec<FscCurve>,
    /// Smallest over largest area under the curves, in [0, 1]; below 0.5 the map is anisotropic.
    pub cfar: f64,
}

/// The FSC within cones of `half_angle_deg` around `count` axes spread over the half sphere (256 axes and 20° are usual).
/// The area of each curve is taken from shell 1 to the all-direction curve's first fall below 0.143, so that shells of pure
/// noise don't count.
///
/// # Errors
/// Maps on different grids or with values that aren't finite; no axes; an angle outside of 1 to 90°.
pub fn conical_fsc(
    a: &Volume,
    b: &Volume,
    count: usize,
    half_angle_deg: f64,
) -> Result<ConicalFsc, VolumeError> {
    a.check_same_grid(b, "the two half maps")?;
    a.check_finite("half map A")?;
    b.check_finite("half map B")?;
    let parameter = |name, value, allowed: &str| VolumeError::Parameter {
        name,
        value,
        allowed: allowed.to_owned(),
    };
    if count == 0 || count > 10_000 {
        return Err(parameter("number of cones", count as f64, "between 1 and 10,000"));
    }
    if !(1.0..=90.0).contains(&half_angle_deg) {
        return Err(parameter(
            "half angle of a cone (deg)",
            half_angle_deg,
            "between 1 and 90",
        ));
    }
    let (fa, fb) = (Spectrum::of(a)?, Spectrum::of(b)?);
    let overall = fsc_of_spectra(&fa, &fb)?;
    let last = (overall.crossing(0.143).shell as usize).clamp(1, overall.correlation.len() - 1);
    let axes: Vec<[f64; 3]> = fibonacci(2 * count)
        .into_iter()
        .filter(|v| v[2] >= 0.0)
        .take(count)
        .collect();
    let limit = half_angle_deg.to_radians().cos() as f32;
    // One walk over the voxels: a cone and its opposite are the same by Friedel's law.
    let sums = fa.fold(
        || vec![[0.0f32; 4]; axes.len() * fa.shells()],
        |sums, voxel| {
            if voxel.shell == 0 || voxel.shell > last {
                return;
            }
            let (p, q) = (fa.half[voxel.index], fb.half[voxel.index]);
            let m = voxel.multiplicity as f32;
            let add = [
                m * (p.re * q.re + p.im * q.im),
                m * p.norm_sqr(),
                m * q.norm_sqr(),
                0.5 * m,
            ];
            let length = crate::spectrum::length(voxel.k) as f32;
            let u = voxel.k.map(|c| c as f32 / length);
            for (i, axis) in axes.iter().enumerate() {
                let along = u[0] * axis[0] as f32 + u[1] * axis[1] as f32 + u[2] * axis[2] as f32;
                if along.abs() >= limit {
                    let sum = &mut sums[i * fa.shells() + voxel.shell];
                    sum.iter_mut().zip(add).for_each(|(s, a)| *s += a);
                }
            }
        },
        |total, part| {
            total
                .par_iter_mut()
                .zip(part)
                .for_each(|(t, p)| (0..4).for_each(|i| t[i] += p[i]))
        },
    );
    let curves: Vec<FscCurve> = sums
        .chunks_exact(fa.shells())
        .map(|shells| FscCurve {
            n: a.n,
            voxel_size_angstrom: a.voxel_size_angstrom,
            correlation: shells.iter().map(|[s, p, q, _]| ratio(*s, *p, *q)).collect(),
            samples: shells.iter().map(|s| f64::from(s[3])).collect(),
        })
        .collect();
    // The lowest shells may have no voxel in a narrow cone: those don't count for any cone's area.
    let usable = |r: &usize| curves.iter().all(|c| c.samples[*r] > 0.0);
    let counted: Vec<usize> = (1..=last).filter(usable).collect();
    let areas = curves
        .iter()
        .map(|c| counted.iter().map(|r| c.correlation[*r].max(0.0)).sum::<f64>());
    let (low, high) = areas.fold((f64::INFINITY, 0.0f64), |(l, h), a| (l.min(a), h.max(a)));
    Ok(ConicalFsc {
        axes,
        curves,
        cfar: if high > 0.0 { low / high } else { 0.0 },
    })
}

fn ratio(product: f32, power_a: f32, power_b: f32) -> f64 {
    let norm = (f64::from(power_a) * f64::from(power_b)).sqrt();
    if norm > 0.0 {
        f64::from(product) / norm
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::test_maps::{noise, sum};

    /// Signal with noise that is `strength(k)` times as strong.
    fn half(seed: u64, strength: impl Fn([i64; 3], f64) -> f32 + Sync) -> Volume {
        let signal = noise(48, 2.0, 1);
        let mut spectrum = Spectrum::of(&noise(48, 2.0, seed)).unwrap();
        spectrum.modify(|k, r, v| v * strength(k, r));
        sum(&signal, &spectrum.into_volume().unwrap(), 1.0)
    }

    #[test]
    fn isotropic_maps_score_high_and_a_missing_cone_low() {
        let even = |_: [i64; 3], r: f64| (r / 12.0) as f32;
        let c = conical_fsc(&half(2, even), &half(3, even), 100, 20.0).unwrap();
        assert!(c.cfar > 0.8, "{}", c.cfar);
        assert_eq!((c.axes.len(), c.curves.len()), (100, 100));
        // Within 35° of z nothing but noise beyond shell 4.
        let cone = |k: [i64; 3], r: f64| {
            let inside = r > 4.0 && k[2].abs() as f64 > r * 35f64.to_radians().cos();
            if inside { 10.0 } else { (r / 12.0) as f32 }
        };
        let c = conical_fsc(&half(2, cone), &half(3, cone), 100, 20.0).unwrap();
        assert!(c.cfar < 0.6, "{}", c.cfar);
        let worst = c
            .curves
            .iter()
            .enumerate()
            .min_by(|a, b| a.1.mean(5, 15).total_cmp(&b.1.mean(5, 15)))
            .unwrap()
            .0;
        assert!(
            c.axes[worst][2] > 0.9,
            "the bad direction is z: {:?}",
            c.axes[worst]
        );
    }

    #[test]
    fn impossible_requests_are_refused() {
        let v = noise(16, 1.0, 1);
        assert!(conical_fsc(&v, &v, 0, 20.0).is_err() && conical_fsc(&v, &v, 10, 0.0).is_err());
        assert!(conical_fsc(&v, &noise(18, 1.0, 1), 10, 20.0).is_err());
    }
}
