//! Kernel texts on a device against the f64 reference: PoCL in CI, a card with `cargo xtask gpu-check`.
//!
//! `NILAS_TEST_DEVICE` names the device (`opencl:0` when unset); without one the tests say that they skip.
#![allow(clippy::unwrap_used)]

mod cuda_text;
mod fft;
mod insert;
mod slice;

use nilas_kernels::device::{Device, DeviceError};

/// The device under test, or a printed reason to skip.
fn device() -> Option<Device> {
    let named = std::env::var("NILAS_TEST_DEVICE").ok();
    match Device::open(named.as_deref().unwrap_or("opencl:0")) {
        Ok(device) => Some(device),
        Err(error) if named.is_none() => {
            println!("skipped: no device to test on: {error}");
            None
        }
        Err(error) => panic!("NILAS_TEST_DEVICE: {error}"),
    }
}

/// Reproducible numbers in -1..1.
fn noise(count: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

#[test]
fn unknown_and_absent_devices_are_named() {
    for (name, word) in [
        ("tpu", "known are"),
        ("cuda:x", "not a number"),
        ("opencl:99", "opencl:99"),
        ("cuda:99", "cuda:99"),
    ] {
        let error = Device::open(name).err().unwrap().to_string();
        assert!(error.contains(word), "{name}: {error}");
    }
    assert_eq!(Device::list()[0], "cpu");
}

#[test]
fn a_broken_text_gives_the_compilers_words() {
    let Some(Device::Gpu(gpu)) = device() else { return };
    let error = gpu
        .module("broken", "KERNEL f(GLOBAL float *x) { x[0] = nonsense; }", &[])
        .err()
        .unwrap();
    let DeviceError::Compile { kernel, log } = error else {
        panic!("{error}")
    };
    assert_eq!(kernel, "broken");
    assert!(log.contains("nonsense"), "{log}");
}
