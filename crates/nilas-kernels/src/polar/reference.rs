//! The oracle in f64: inner product of an image and a template on the same rings, for one pose, as plain sums.

use super::{PolarGrid, PolarImage};
use crate::slice::{SplineVolume, reference::interpolated};
use nilas_geometry::Rotation;
use num_complex::Complex64;
use std::f64::consts::TAU;

/// `(cross, power)` on the rings for the pose `Z(psi) A` at a shift (pixels); the power uses the ring mean of the
/// squared factor, like the search.
pub fn inner_products(
    grid: &PolarGrid,
    volume: &SplineVolume,
    image: &PolarImage,
    direction: &Rotation,
    psi: f64,
    shift: [f64; 2],
) -> (f64, f64) {
    let pose = Rotation::from_euler_rad(0.0, 0.0, psi).mul(direction);
    let half = grid.angles() / 2;
    let (mut cross, mut power) = (0.0, 0.0);
    for q in 0..grid.radius() {
        // Both mates of each sample: twice the half circle.
        let w = 2.0 * grid.weight(q);
        let mut mean = 0.0;
        let mut ring = 0.0;
        for j in 0..half {
            let i = q * half + j;
            let (kx, ky) = (grid.kx[i] as f64, grid.ky[i] as f64);
            let v = interpolated(volume, &pose.m, kx, ky);
            let turns = (kx * shift[0] + ky * shift[1]) / grid.box_size() as f64;
            let data = Complex64::new(image.re[i] as f64, image.im[i] as f64)
                * Complex64::from_polar(image.factor[i] as f64, -TAU * turns);
            cross += w * (data.re * v.re + data.im * v.im);
            ring += w * v.norm_sqr();
            mean += (image.factor[i] as f64).powi(2) / half as f64;
        }
        power += ring * mean;
    }
    (cross, power)
}
