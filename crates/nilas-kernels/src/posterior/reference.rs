//! The slow oracle: scores and sums written out over all samples of the full circle, in f64.

use num_complex::{Complex32, Complex64};

/// A ring-major half circle `[ring][angles / 2]` as the full circle of one ring, at sample `j` (any integer).
pub fn sample(half_circle: &[Complex32], ring: usize, angles: usize, j: usize) -> Complex64 {
    let (half, j) = (angles / 2, j % angles);
    let v = half_circle[ring * half + j % half];
    let v = Complex64::new(f64::from(v.re), f64::from(v.im));
    if j < half { v } else { v.conj() }
}

/// Score of template `y` turned by `angle` steps against image `z`, both half circles.
pub fn score(
    y: &[Complex32],
    z: &[Complex32],
    c2: &[f32],
    weights: &[f32],
    angles: usize,
    angle: usize,
) -> f64 {
    let mut sum = 0.0;
    for (q, (c2, weight)) in c2.iter().zip(weights).enumerate() {
        let gain = std::f64::consts::PI * (q + 1) as f64 * f64::from(*weight) / angles as f64;
        for j in 0..angles {
            let prediction = sample(y, q, angles, j + angle);
            let image = sample(z, q, angles, j);
            sum += gain * (2.0 * (prediction.conj() * image).re - f64::from(*c2) * prediction.norm_sqr());
        }
    }
    sum
}
