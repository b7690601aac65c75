// A projection by the solver's own slices, for tests.
#![allow(dead_code, missing_docs, clippy::unwrap_used)]

use nilas_geometry::Rotation;
use nilas_kernels::Complex32;
use nilas_kernels::disc::HalfDisc;
use nilas_kernels::fft::{Fft2, centre_2d};
use nilas_kernels::slice::SplineVolume;

/// `Σ_z V` along the beam of a pose, as an image `[y][x]`, through the Fourier slice, times `transfer(kx, ky)` (Fourier
/// pixels).
pub fn project(
    volume: &SplineVolume,
    rotation: &Rotation,
    shift_px: [f64; 2],
    transfer: impl Fn(f64, f64) -> f64,
) -> Vec<f32> {
    let n = volume.box_size();
    let disc = HalfDisc::new(n, n / 2 - 1).unwrap();
    let (mut re, mut im) = (vec![0.0; disc.len()], vec![0.0; disc.len()]);
    volume
        .slice(&rotation.m, disc.kx(), disc.ky(), &mut re, &mut im)
        .unwrap();
    let step = 2.0 * std::f64::consts::PI / n as f64;
    let values: Vec<Complex32> = (0..disc.len())
        .map(|i| {
            // The stored shift t centres the particle: the prediction carries exp(+2πi k·t/N).
            let (kx, ky) = (f64::from(disc.kx()[i]), f64::from(disc.ky()[i]));
            let phase = step * (kx * shift_px[0] + ky * shift_px[1]);
            Complex32::new(re[i], im[i])
                * transfer(kx, ky) as f32
                * Complex32::new(phase.cos() as f32, phase.sin() as f32)
        })
        .collect();
    let fft = Fft2::square(n).unwrap();
    let mut half = vec![Complex32::default(); fft.half_len()];
    disc.scatter(&values, &mut half, n).unwrap();
    centre_2d(&mut half, n);
    let mut image = vec![0.0; n * n];
    fft.inverse(&half, &mut image).unwrap();
    image
}

/// Correlation of two images over shells 1 ..= n/2 - 3, and the ratio of their amplitudes, second over first. Programs
/// differ in what they leave out at the origin, beyond the last shells and in the corners.
pub fn compare(ours: &[f32], theirs: &[f64], n: usize) -> (f64, f64) {
    let disc = HalfDisc::new(n, n / 2 - 3).unwrap();
    let fft = Fft2::square(n).unwrap();
    let coefficients = |image: &[f32]| {
        let mut half = vec![Complex32::default(); fft.half_len()];
        fft.forward(image, &mut half).unwrap();
        let mut list = vec![Complex32::default(); disc.len()];
        disc.gather(&half, &mut list).unwrap();
        list
    };
    let theirs: Vec<f32> = theirs.iter().map(|v| *v as f32).collect();
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (a, b) in coefficients(ours).iter().zip(coefficients(&theirs)) {
        ab += f64::from(a.re * b.re + a.im * b.im);
        aa += f64::from(a.norm_sqr());
        bb += f64::from(b.norm_sqr());
    }
    (ab / (aa * bb).sqrt(), (bb / aa).sqrt())
}
