#![allow(clippy::unwrap_used)]
use super::*;
use crate::disc::HalfDisc;
use crate::simd;
use nilas_geometry::Rotation;

/// A lumpy, asymmetric phantom of diameter 0.63 boxes, band-limited enough to be sampled.
pub(crate) fn phantom(n: usize) -> Vec<f32> {
    let mut v = vec![0.0f32; n.pow(3)];
    let s = n as f64 / 32.0;
    let blobs = [
        (0.0, 0.0, 0.0, 3.0, 1.0),
        (5.0, 2.0, -3.0, 2.0, 0.8),
        (-4.0, 6.0, 1.0, 1.6, 1.2),
        (1.0, -6.0, 5.0, 1.8, 0.7),
        (-3.0, -2.0, -7.0, 1.5, 1.0),
    ];
    for (i, o) in v.iter_mut().enumerate() {
        let c = |i: usize| i as f64 - n as f64 / 2.0;
        let (x, y, z) = (c(i % n), c(i / n % n), c(i / (n * n)));
        for (bx, by, bz, w, h) in blobs {
            let d2 = (x - bx * s).powi(2) + (y - by * s).powi(2) + (z - bz * s).powi(2);
            *o += (h * (-d2 / (2.0 * (w * s).powi(2))).exp()) as f32;
        }
    }
    v
}

#[test]
fn slices_match_the_exact_transform() {
    let n = 32;
    let v = phantom(n);
    let volume = SplineVolume::from_real(&v, n, 15).unwrap();
    let disc = HalfDisc::new(n, 12).unwrap();
    let a = Rotation::from_euler_deg(33.0, 71.0, -110.0).m;
    let (mut re, mut im) = (vec![0.0; disc.len()], vec![0.0; disc.len()]);
    volume.slice(&a, disc.kx(), disc.ky(), &mut re, &mut im).unwrap();
    let (mut error, mut power) = (0.0, 0.0);
    for i in 0..disc.len() {
        let e = reference::exact(&v, n, &a, disc.kx()[i] as f64, disc.ky()[i] as f64);
        error += (re[i] as f64 - e.re).powi(2) + (im[i] as f64 - e.im).powi(2);
        power += e.norm_sqr();
    }
    let relative = (error / power).sqrt();
    println!("relative rms error of slices at pad 1.25: {relative:.5}");
    assert!(relative < 0.004);
}

#[test]
fn every_instruction_set_matches_the_reference() {
    let n = 32;
    let volume = SplineVolume::from_real(&phantom(n), n, 15).unwrap();
    let disc = HalfDisc::new(n, 15).unwrap();
    let a = Rotation::from_euler_deg(-20.0, 40.0, 15.0).m;
    let scale = volume.data.iter().fold(0.0f32, |m, v| m.max(v.abs())) as f64;
    for level in simd::available() {
        let (mut re, mut im) = (vec![0.0; disc.len()], vec![0.0; disc.len()]);
        volume
            .slice_at(level, &a, disc.kx(), disc.ky(), &mut re, &mut im)
            .unwrap();
        let mut g = SliceGradient::default();
        volume
            .slice_gradient_at(level, &a, disc.kx(), disc.ky(), &mut g)
            .unwrap();
        for i in 0..disc.len() {
            let (kx, ky) = (disc.kx()[i] as f64, disc.ky()[i] as f64);
            let e = reference::interpolated(&volume, &a, kx, ky);
            assert!((re[i] as f64 - e.re).abs().max((im[i] as f64 - e.im).abs()) < 1e-5 * scale);
            assert!((re[i] - g.re[i]).abs() < 1e-5 * scale as f32);
            assert!((im[i] - g.im[i]).abs() < 1e-5 * scale as f32);
            // Central differences along the in-plane axes; the beam axis by tilting the plane.
            let h = 1e-3;
            for (j, (dx, dy)) in [(h, 0.0), (0.0, h)].into_iter().enumerate() {
                let up = reference::interpolated(&volume, &a, kx + dx, ky + dy);
                let down = reference::interpolated(&volume, &a, kx - dx, ky - dy);
                let d = (up - down) / (2.0 * h);
                assert!(
                    (g.gradient[j][0][i] as f64 - d.re).abs() < 2e-4 * scale,
                    "{level:?} {i} {j}"
                );
                assert!((g.gradient[j][1][i] as f64 - d.im).abs() < 2e-4 * scale);
            }
            let about_x = |t: f64| Rotation::from_rotvec([t, 0.0, 0.0]).mul(&Rotation { m: a }).m;
            // exp([t]x) A moves k by A^T exp(-[t]x) k: the beam component of k changes by -t ky.
            let up = reference::interpolated(&volume, &about_x(h), kx, ky);
            let down = reference::interpolated(&volume, &about_x(-h), kx, ky);
            let d = (up - down) / (2.0 * h);
            let mine = (-ky * g.gradient[2][0][i] as f64, -ky * g.gradient[2][1][i] as f64);
            assert!((mine.0 - d.re).abs() < 5e-4 * scale * (1.0 + ky.abs()));
            assert!((mine.1 - d.im).abs() < 5e-4 * scale * (1.0 + ky.abs()));
        }
    }
}

#[test]
fn samples_outside_are_zero_not_a_crash() {
    let n = 16;
    let volume = SplineVolume::from_real(&phantom(n), n, 4).unwrap();
    let a = Rotation::identity().m;
    let kx = [1e9f32, 60.0, f32::NAN, 0.0];
    let ky = [0.0f32, -60.0, 0.0, f32::INFINITY];
    let (mut re, mut im) = ([1.0; 4], [1.0; 4]);
    volume.slice(&a, &kx, &ky, &mut re, &mut im).unwrap();
    assert!(re[0] == 0.0 && re[1] == 0.0 && im[1] == 0.0);
    assert!(volume.slice(&a, &kx, &ky[..2], &mut re, &mut im).is_err());
}
