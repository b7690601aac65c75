//! The three operations that have a GPU version, timed on every device of this machine: one JSON object.
//!
//! `cargo run --release -p nilas-kernels --example bench_devices [DEVICE ...]`. Times are the best of three after a first
//! call that compiles; the copies of images and results to and from the device are part of them.
#![allow(clippy::unwrap_used)]

use nilas_geometry::Rotation;
use nilas_kernels::device::Device;
use nilas_kernels::disc::HalfDisc;
use nilas_kernels::fft::DeviceFft2;
use nilas_kernels::insert::{Accumulator, DeviceAccumulator, InsertItem};
use nilas_kernels::slice::{DeviceVolume, ScoreImage, SplineVolume};
use nilas_kernels::{Complex32, Matrix3};
use std::time::Instant;

const BOX: usize = 128;
const RADIUS: usize = 40;

fn noise(count: usize) -> Vec<f32> {
    (0..count)
        .map(|i| ((i as f32 * 0.618_034).fract() - 0.5) * 2.0)
        .collect()
}

fn rotations(count: usize) -> Vec<Matrix3> {
    (0..count)
        .map(|i| {
            let i = i as f64;
            Rotation::from_euler_deg(
                137.5 * i % 360.0,
                (1.0 - (i + 0.5) / count as f64 * 2.0).acos().to_degrees(),
                71.3 * i % 360.0,
            )
            .m
        })
        .collect()
}

/// Best wall time of three in milliseconds, after one that is not counted.
fn best_ms(mut work: impl FnMut()) -> f64 {
    work();
    (0..3)
        .map(|_| {
            let began = Instant::now();
            work();
            began.elapsed().as_secs_f64() * 1e3
        })
        .fold(f64::INFINITY, f64::min)
}

fn fft(device: &Device) -> f64 {
    let images = 500;
    let real = noise(BOX * BOX * images);
    let mut half = vec![Complex32::default(); BOX * (BOX / 2 + 1) * images];
    let plan = DeviceFft2::new(device, BOX, BOX).unwrap();
    best_ms(|| plan.forward(&real, &mut half).unwrap())
}

fn scores(device: &Device) -> f64 {
    let disc = HalfDisc::new(BOX, RADIUS).unwrap();
    let volume = SplineVolume::from_real(&noise(BOX.pow(3)), BOX, RADIUS).unwrap();
    let volume = DeviceVolume::new(device, &volume).unwrap();
    let image: Vec<Complex32> = noise(disc.len())
        .into_iter()
        .map(|v| Complex32::new(v, -v))
        .collect();
    let (ctf, shifts) = (noise(disc.len()), [[0.5, -0.5]; 16]);
    let image = ScoreImage {
        box_size: BOX,
        kx: disc.kx(),
        ky: disc.ky(),
        image: &image,
        ctf: &ctf,
        shifts: &shifts,
    };
    let rotations = rotations(2048);
    let mut out = vec![0.0; rotations.len() * shifts.len()];
    best_ms(|| volume.scores(&image, &rotations, &mut out).unwrap())
}

fn insert(device: &Device) -> f64 {
    let disc = HalfDisc::new(BOX, RADIUS).unwrap();
    let list = noise(disc.len());
    let items: Vec<InsertItem> = rotations(256)
        .into_iter()
        .map(|rotation| InsertItem {
            rotation,
            re: &list,
            im: &list,
            weight: &list,
        })
        .collect();
    let mut sums = DeviceAccumulator::new(device, Accumulator::new(BOX, RADIUS).unwrap()).unwrap();
    best_ms(|| sums.insert(&items, disc.kx(), disc.ky()).unwrap())
}

fn main() {
    let named: Vec<String> = std::env::args().skip(1).collect();
    let names = if named.is_empty() { Device::list() } else { named };
    let rows: Vec<String> = names
        .iter()
        .map(|name| {
            let device = Device::open(name).unwrap();
            format!(
                "    {{\"device\": \"{name}\", \"name\": \"{}\", \"fft_500x128x128_ms\": {:.2}, \
                 \"scores_2048x16_radius40_ms\": {:.2}, \"insert_256_radius40_ms\": {:.2}}}",
                device.name(),
                fft(&device),
                scores(&device),
                insert(&device)
            )
        })
        .collect();
    println!(
        "{{\n  \"bench\": \"devices\",\n  \"devices\": [\n{}\n  ]\n}}",
        rows.join(",\n")
    );
}
