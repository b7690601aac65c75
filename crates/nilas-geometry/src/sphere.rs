//! Directions on the sphere, and how a set of views covers it.

use crate::Rotation;
use std::f64::consts::PI;

/// `count` nearly equally spaced unit vectors on the whole sphere (Fibonacci spiral).
pub fn fibonacci(count: usize) -> Vec<[f64; 3]> {
    let golden_angle = PI * (3.0 - 5f64.sqrt());
    (0..count)
        .map(|i| {
            let z = 1.0 - (2.0 * i as f64 + 1.0) / count as f64;
            let r = (1.0 - z * z).max(0.0).sqrt();
            let (s, c) = (golden_angle * i as f64).sin_cos();
            [r * c, r * s, z]
        })
        .collect()
}

/// The unit vector of azimuth `rot` and inclination `tilt` (radians), `(sin tilt cos rot, sin tilt sin rot, cos tilt)`.
pub fn unit_vector(rot: f64, tilt: f64) -> [f64; 3] {
    let (sa, ca) = rot.sin_cos();
    let (sb, cb) = tilt.sin_cos();
    [sb * ca, sb * sa, cb]
}

/// Azimuth in (-π, π] and elevation in [-π/2, π/2] (radians) of a direction of any length; elevation is the angle
/// above the xy plane.
pub fn azimuth_elevation(v: [f64; 3]) -> [f64; 2] {
    [v[1].atan2(v[0]), v[2].atan2(v[0].hypot(v[1]))]
}

/// Counts of viewing directions on an azimuth x elevation grid, for the orientation figure.
///
/// The result is row-major with `elevation_bins` rows of `azimuth_bins`; row 0 is elevation -90°, column 0 azimuth
/// -180°. Empty when either bin count is 0.
pub fn view_histogram(poses: &[Rotation], azimuth_bins: usize, elevation_bins: usize) -> Vec<f64> {
    let mut counts = vec![0.0; azimuth_bins * elevation_bins];
    if counts.is_empty() {
        return counts;
    }
    for pose in poses {
        let [azimuth, elevation] = azimuth_elevation(pose.view_direction());
        let column = bin_of((azimuth + PI) / (2.0 * PI), azimuth_bins);
        let row = bin_of(elevation / PI + 0.5, elevation_bins);
        counts[row * azimuth_bins + column] += 1.0;
    }
    counts
}

fn bin_of(fraction: f64, bins: usize) -> usize {
    ((fraction * bins as f64).max(0.0) as usize).min(bins - 1)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn fibonacci_directions_are_spread_evenly() {
        let v = fibonacci(1000);
        let mut second = [[0.0; 3]; 3];
        for d in &v {
            assert!((crate::rotation::norm(*d) - 1.0).abs() < 1e-12);
            for i in 0..3 {
                for j in 0..3 {
                    second[i][j] += d[i] * d[j] / 1000.0;
                }
            }
        }
        for (i, row) in second.iter().enumerate() {
            for (j, s) in row.iter().enumerate() {
                let expected = if i == j { 1.0 / 3.0 } else { 0.0 };
                assert!((s - expected).abs() < 2e-3, "moment {i}{j} = {s}");
            }
        }
    }

    #[test]
    fn histogram_puts_a_view_in_its_bin() {
        let poses = [
            Rotation::from_euler_deg(90.0, 90.0, 12.0),
            Rotation::from_euler_deg(0.0, 0.0, 5.0),
        ];
        let counts = view_histogram(&poses, 8, 4);
        assert_eq!(counts.iter().sum::<f64>(), 2.0);
        // Azimuth +90° is column 6 of 8; elevation 0 is the lower edge of row 2 of 4 (either side by rounding).
        assert!(counts[2 * 8 + 6] + counts[8 + 6] == 1.0);
        assert_eq!(counts[3 * 8..].iter().sum::<f64>(), 1.0);
        assert!(view_histogram(&poses, 0, 4).is_empty());
    }
}
