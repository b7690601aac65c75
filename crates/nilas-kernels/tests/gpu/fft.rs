//! Batched 2D transforms against direct sums.

use super::{device, noise};
use nilas_kernels::Complex32;
use nilas_kernels::device::Device;
use nilas_kernels::fft::{DeviceFft2, reference};

fn largest(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, f64::max)
}

#[test]
fn forward_is_the_direct_sum_and_inverse_undoes_it() {
    let Some(device) = device() else { return };
    // Powers of 2, every odd radix, several lines a block, not square, and the smallest.
    for (nx, ny, images) in [
        (16, 16, 3),
        (30, 30, 2),
        (28, 20, 2),
        (12, 18, 5),
        (64, 10, 1),
        (2, 2, 4),
    ] {
        let real = noise(nx * ny * images, 7 + nx as u64);
        let width = nx / 2 + 1;
        let mut half = vec![Complex32::default(); width * ny * images];
        let plan = DeviceFft2::new(&device, nx, ny).unwrap();
        plan.forward(&real, &mut half).unwrap();
        for (image, found) in real.chunks(nx * ny).zip(half.chunks(width * ny)) {
            let exact: Vec<f64> = image.iter().map(|v| f64::from(*v)).collect();
            let wanted = reference::forward(&exact, nx, ny, 1);
            let off = largest(
                found
                    .iter()
                    .zip(&wanted)
                    .map(|(f, w)| (f64::from(f.re) - w.re).hypot(f64::from(f.im) - w.im)),
            );
            assert!(off < 2e-6, "{nx} x {ny}: {off:e}");
        }
        let mut back = vec![0.0; real.len()];
        plan.inverse(&half, &mut back).unwrap();
        let off = largest(real.iter().zip(&back).map(|(a, b)| f64::from((a - b).abs())));
        assert!(off < 2e-6, "{nx} x {ny} there and back: {off:e}");
    }
}

#[test]
fn larger_boxes_agree_with_the_processor() {
    let Some(device) = device() else { return };
    for n in [128, 320] {
        let real = noise(n * n * 2, n as u64);
        let mut answers = [Device::Cpu, device.clone()].map(|device| {
            let mut half = vec![Complex32::default(); (n / 2 + 1) * n * 2];
            DeviceFft2::new(&device, n, n)
                .unwrap()
                .forward(&real, &mut half)
                .unwrap();
            half.into_iter()
        });
        let [cpu, gpu] = &mut answers;
        let off = largest(cpu.zip(gpu).map(|(a, b)| f64::from((a - b).norm())));
        assert!(off < 5e-6, "{n}: {off:e}");
    }
}

#[test]
fn sizes_that_do_not_fit_are_refused() {
    let Some(device) = device() else { return };
    for (nx, ny) in [(15, 16), (22, 16), (16, 26), (0, 16)] {
        assert!(DeviceFft2::new(&device, nx, ny).is_err(), "{nx} x {ny}");
    }
    let plan = DeviceFft2::new(&device, 16, 16).unwrap();
    assert!(
        plan.forward(&[0.0; 100], &mut [Complex32::default(); 144])
            .is_err()
    );
    plan.forward(&[], &mut []).unwrap();
}
