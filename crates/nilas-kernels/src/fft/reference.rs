//! The oracle: direct sums in f64, for tests on small boxes.

use num_complex::Complex64;
use std::f64::consts::TAU;

/// Direct unitary transform of a real `(nz, ny, nx)` volume to `(nz, ny, nx/2+1)`; `O(n^2)`, tiny boxes only.
pub fn forward(real: &[f64], nx: usize, ny: usize, nz: usize) -> Vec<Complex64> {
    let w = nx / 2 + 1;
    let scale = 1.0 / ((nx * ny * nz) as f64).sqrt();
    let mut out = vec![Complex64::default(); w * ny * nz];
    for (o, value) in out.iter_mut().enumerate() {
        let (kx, ky, kz) = (o % w, o / w % ny, o / (w * ny));
        for (i, v) in real.iter().enumerate() {
            let (x, y, z) = (i % nx, i / nx % ny, i / (nx * ny));
            let turns =
                (kx * x) as f64 / nx as f64 + (ky * y) as f64 / ny as f64 + (kz * z) as f64 / nz as f64;
            *value += Complex64::from_polar(*v * scale, -TAU * turns);
        }
    }
    out
}
