#![allow(clippy::unwrap_used)]
use super::*;

fn noise(n: usize, seed: u64) -> Vec<f32> {
    let mut s = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    (0..n)
        .map(|_| {
            s ^= s << 13;
            s ^= s >> 7;
            s ^= s << 17;
            (s >> 40) as f32 / (1u64 << 24) as f32 - 0.5
        })
        .collect()
}

#[test]
fn forward_matches_the_direct_sum() {
    for (nx, ny, nz) in [(6, 5, 1), (12, 10, 1), (8, 6, 7), (10, 4, 12)] {
        let real = noise(nx * ny * nz, 3);
        let exact = reference::forward(&real.iter().map(|v| *v as f64).collect::<Vec<_>>(), nx, ny, nz);
        let mut half = vec![Complex32::default(); exact.len()];
        if nz == 1 {
            Fft2::new(nx, ny).unwrap().forward(&real, &mut half).unwrap();
        } else {
            Fft3::new(nx, ny, nz).unwrap().forward(&real, &mut half).unwrap();
        }
        for (a, b) in half.iter().zip(&exact) {
            assert!((a.re as f64 - b.re).hypot(a.im as f64 - b.im) < 2e-6);
        }
    }
}

#[test]
fn inverse_undoes_forward_and_leaves_power_unchanged() {
    let n = 40;
    let real = noise(3 * n * n, 5);
    let plan = Fft2::square(n).unwrap();
    let mut half = vec![Complex32::default(); 3 * plan.half_len()];
    plan.forward(&real, &mut half).unwrap();
    let mut back = vec![0.0; real.len()];
    plan.inverse(&half, &mut back).unwrap();
    assert!(real.iter().zip(&back).all(|(a, b)| (a - b).abs() < 1e-6));

    let n = 20;
    let real = noise(n * n * n, 7);
    let plan = Fft3::cube(n).unwrap();
    let mut half = vec![Complex32::default(); plan.half_len()];
    plan.forward(&real, &mut half).unwrap();
    let w = n / 2 + 1;
    let power: f64 = half
        .iter()
        .enumerate()
        .map(|(i, v)| if i % w == 0 || i % w == w - 1 { 1.0 } else { 2.0 } * v.norm_sqr() as f64)
        .sum();
    let direct: f64 = real.iter().map(|v| (*v as f64).powi(2)).sum();
    assert!((power / direct - 1.0).abs() < 1e-5);
    let mut back = vec![0.0; real.len()];
    plan.inverse(&mut half, &mut back).unwrap();
    assert!(real.iter().zip(&back).all(|(a, b)| (a - b).abs() < 1e-6));
}

#[test]
fn centring_is_a_shift_by_half_a_box() {
    let n = 8;
    let mut real = vec![0.0; n * n];
    real[(n / 2) * n + n / 2] = 1.0;
    let plan = Fft2::square(n).unwrap();
    let mut half = vec![Complex32::default(); plan.half_len()];
    plan.forward(&real, &mut half).unwrap();
    centre_2d(&mut half, n);
    assert!(
        half.iter()
            .all(|v| (v - Complex32::new(0.125, 0.0)).norm() < 1e-6)
    );

    let mut real = vec![0.0; n * n * n];
    real[((n / 2) * n + n / 2) * n + n / 2] = 1.0;
    let plan = Fft3::cube(n).unwrap();
    let mut half = vec![Complex32::default(); plan.half_len()];
    plan.forward(&real, &mut half).unwrap();
    centre_3d(&mut half, n, n);
    let expected = 1.0 / ((n * n * n) as f32).sqrt();
    assert!(
        half.iter()
            .all(|v| (v.re - expected).abs() < 1e-6 && v.im.abs() < 1e-6)
    );
}

#[test]
fn wrong_shapes_are_refused() {
    assert!(Fft2::square(7).is_err());
    assert!(Fft3::cube(0).is_err());
    let plan = Fft2::square(8).unwrap();
    assert!(plan.forward(&[0.0; 63], &mut [Complex32::default(); 40]).is_err());
    assert_eq!(good_even_size(161), 162);
    assert_eq!(good_even_size(7), 8);
}
