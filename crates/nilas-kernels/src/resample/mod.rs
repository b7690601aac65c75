//! Resampling by cropping or padding the transform: the only binning that is used.

use crate::Complex32;
use crate::error::{KernelError, check_box, check_length};
use crate::fft::{Fft2, Fft3, unsigned};

/// Signed frequencies that an axis of `from` and one of `to` samples both hold, Nyquist left out.
fn shared(from: usize, to: usize) -> std::ops::Range<i64> {
    let h = (from.min(to) / 2) as i64;
    1 - h..h
}

/// Crops or pads a square half transform `(from, from/2+1)` to `(to, to/2+1)`. The values stay those of the unitary
/// transform; the real image scales by `to/from` per axis pair, see [`resample_2d`]. Errors: odd boxes, wrong length.
pub fn half_2d(half: &[Complex32], from: usize, to: usize) -> Result<Vec<Complex32>, KernelError> {
    check_box("resample", from, 2)?;
    check_box("resample", to, 2)?;
    let (wf, wt) = (from / 2 + 1, to / 2 + 1);
    check_length("transform", half.len(), from * wf)?;
    let mut out = vec![Complex32::default(); to * wt];
    let count = from.min(to) / 2;
    for y in shared(from, to) {
        let (src, dst) = (unsigned(y, from) * wf, unsigned(y, to) * wt);
        out[dst..dst + count].copy_from_slice(&half[src..src + count]);
    }
    Ok(out)
}

/// Crops or pads a cubic half transform. Errors: odd boxes, wrong length.
pub fn half_3d(half: &[Complex32], from: usize, to: usize) -> Result<Vec<Complex32>, KernelError> {
    check_box("resample", from, 2)?;
    check_box("resample", to, 2)?;
    let (wf, wt) = (from / 2 + 1, to / 2 + 1);
    check_length("transform", half.len(), from * from * wf)?;
    let mut out = vec![Complex32::default(); to * to * wt];
    let count = from.min(to) / 2;
    for z in shared(from, to) {
        for y in shared(from, to) {
            let src = (unsigned(z, from) * from + unsigned(y, from)) * wf;
            let dst = (unsigned(z, to) * to + unsigned(y, to)) * wt;
            out[dst..dst + count].copy_from_slice(&half[src..src + count]);
        }
    }
    Ok(out)
}

/// Resamples one square image to another even side, keeping grey values (a constant stays that constant).
/// Nyquist is dropped. Errors: odd boxes, wrong length.
pub fn resample_2d(image: &[f32], from: usize, to: usize) -> Result<Vec<f32>, KernelError> {
    let plan = Fft2::square(from)?;
    check_length("image", image.len(), plan.real_len())?;
    let mut half = vec![Complex32::default(); plan.half_len()];
    plan.forward(image, &mut half)?;
    let mut half = half_2d(&half, from, to)?;
    let scale = to as f32 / from as f32;
    half.iter_mut().for_each(|v| *v *= scale);
    let back = Fft2::square(to)?;
    let mut out = vec![0.0; back.real_len()];
    back.inverse(&half, &mut out)?;
    Ok(out)
}

/// Resamples a cubic volume to another even side, keeping grey values. Nyquist is dropped.
/// Errors: odd boxes, wrong length.
pub fn resample_3d(volume: &[f32], from: usize, to: usize) -> Result<Vec<f32>, KernelError> {
    let plan = Fft3::cube(from)?;
    check_length("volume", volume.len(), plan.real_len())?;
    let mut half = vec![Complex32::default(); plan.half_len()];
    plan.forward(volume, &mut half)?;
    let mut half = half_3d(&half, from, to)?;
    let scale = (to as f32 / from as f32).powf(1.5);
    half.iter_mut().for_each(|v| *v *= scale);
    let back = Fft3::cube(to)?;
    let mut out = vec![0.0; back.real_len()];
    back.inverse(&mut half, &mut out)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn waves(n: usize, dims: u32) -> Vec<f32> {
        let t = std::f64::consts::TAU / n as f64;
        (0..n.pow(dims))
            .map(|i| {
                let (x, y, z) = (i % n, i / n % n, i / (n * n));
                let p = t * (3 * x + 5 * y + 2 * z) as f64;
                (1.5 + p.cos() + 0.3 * (2.0 * t * x as f64).sin()) as f32
            })
            .collect()
    }

    #[test]
    fn a_band_limited_image_survives_cropping_and_padding() {
        let image = waves(32, 2);
        let small = resample_2d(&image, 32, 16).unwrap();
        for y in 0..16 {
            for x in 0..16 {
                assert!((small[y * 16 + x] - image[2 * y * 32 + 2 * x]).abs() < 1e-5);
            }
        }
        let back = resample_2d(&small, 16, 32).unwrap();
        assert!(image.iter().zip(&back).all(|(a, b)| (a - b).abs() < 1e-5));
    }

    #[test]
    fn a_band_limited_volume_survives_cropping_and_padding() {
        let volume = waves(24, 3);
        let small = resample_3d(&volume, 24, 12).unwrap();
        assert!((small[(3 * 12 + 2) * 12 + 1] - volume[(6 * 24 + 4) * 24 + 2]).abs() < 1e-5);
        let back = resample_3d(&small, 12, 24).unwrap();
        assert!(volume.iter().zip(&back).all(|(a, b)| (a - b).abs() < 1e-5));
        assert!(resample_3d(&volume, 24, 11).is_err());
    }
}
