//! Times the CPU kernels on one thread and prints JSON lines: `cargo run --release -p nilas-kernels --example bench_kernels`.
#![allow(clippy::unwrap_used)]

use nilas_geometry::{Rotation, healpix};
use nilas_kernels::disc::HalfDisc;
use nilas_kernels::fft::{Fft2, Fft3};
use nilas_kernels::insert::{Accumulator, InsertItem};
use nilas_kernels::polar::*;
use nilas_kernels::residual::{Observation, normal_equations};
use nilas_kernels::slice::{SliceGradient, SplineVolume};
use nilas_kernels::{Complex32, simd};
use std::time::Instant;

/// CPU seconds of this thread where the kernel tells (Linux), so that a busy machine does not spoil the figures.
fn cpu_seconds() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(text.split(' ').next()?.parse::<f64>().ok()? * 1e-9)
}

fn report(name: &str, unit: &str, times: usize, mut f: impl FnMut()) {
    f();
    let (start, cpu) = (Instant::now(), cpu_seconds());
    (0..times).for_each(|_| f());
    let per = |s: f64| s * 1e3 / times as f64;
    let ms = per(start.elapsed().as_secs_f64());
    let cpu_ms = per(cpu_seconds().zip(cpu).map_or(f64::NAN, |(a, b)| a - b));
    println!(
        "{{\"kernel\":\"{name}\",\"per\":\"{unit}\",\"cpu_ms\":{cpu_ms:.4},\"ms\":{ms:.4},\"simd\":\"{:?}\"}}",
        simd::level()
    );
}

fn main() {
    let (n, r) = (128, 50);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    pool.install(|| {
        let v: Vec<f32> = (0..n * n * n)
            .map(|i| ((i * 7919) % 1000) as f32 / 1000.0 - 0.5)
            .collect();
        let plan = Fft3::cube(n).unwrap();
        let mut half = vec![Complex32::default(); plan.half_len()];
        report("fft3 128", "transform", 5, || {
            plan.forward(&v, &mut half).unwrap()
        });
        let plan = Fft2::square(n).unwrap();
        let mut half2 = vec![Complex32::default(); plan.half_len()];
        report("fft2 128", "image", 200, || {
            plan.forward(&v[..n * n], &mut half2).unwrap()
        });
        let volume = SplineVolume::from_real(&v, n, r + 3).unwrap();
        let disc = HalfDisc::new(n, r).unwrap();
        let poses: Vec<_> = healpix::directions(3)
            .into_iter()
            .map(|[a, b]| Rotation::from_euler_rad(a, b, 0.3).m)
            .collect();
        let m = disc.len();
        let (mut re, mut im) = (vec![0.0; m], vec![0.0; m]);
        let mut at = 0;
        let mut next = || {
            at += 37;
            poses[at % poses.len()]
        };
        report("slice R=50", "image", 300, || {
            volume
                .slice(&next(), disc.kx(), disc.ky(), &mut re, &mut im)
                .unwrap()
        });
        let mut g = SliceGradient::default();
        report("slice+gradient R=50", "image", 300, || {
            volume
                .slice_gradient(&next(), disc.kx(), disc.ky(), &mut g)
                .unwrap()
        });
        let factor = vec![0.5; m];
        let o = Observation {
            re: &re,
            im: &im,
            factor: &factor,
            kx: disc.kx(),
            ky: disc.ky(),
            box_size: n,
        };
        report("normal equations R=50", "image", 300, || {
            normal_equations(&o, &g, [0.3, 0.4]).unwrap();
        });
        let mut acc = Accumulator::new(n, r).unwrap();
        report("insert R=50", "image", 300, || {
            let item = InsertItem {
                rotation: next(),
                re: &re,
                im: &im,
                weight: &factor,
            };
            acc.insert(&[item], disc.kx(), disc.ky()).unwrap()
        });
        for (radius, count) in [(8usize, 21usize), (16, 29)] {
            let grid = PolarGrid::new(n, radius, 45.0).unwrap();
            let start = Instant::now();
            let t = PolarTemplates::new(&volume, &poses, &grid).unwrap();
            println!(
                "{{\"kernel\":\"templates order 3 R={radius}\",\"ms\":{:.1},\"angles\":{}}}",
                start.elapsed().as_secs_f64() * 1e3,
                grid.angles()
            );
            let (mut pr, mut pi) = (vec![0.0; grid.len()], vec![0.0; grid.len()]);
            let values: Vec<Complex32> = re.iter().zip(&im).map(|(a, b)| Complex32::new(*a, *b)).collect();
            let sampler = PolarSampler::new(&grid, &disc).unwrap();
            let mut ss = Default::default();
            report(&format!("ring samples R={radius}"), "image", 100, || {
                sampler.sample(&disc, &values, &mut pr, &mut pi, &mut ss).unwrap()
            });
            let f = vec![0.5; grid.len()];
            let image = PolarImage {
                re: &pr,
                im: &pi,
                factor: &f,
            };
            let shifts: Vec<[f32; 2]> = (0..count).map(|i| [(i % 5) as f32, (i / 5) as f32]).collect();
            let options = SearchOptions {
                window: 15.0,
                max_hits: 64,
                rule: ScoreRule::Likelihood,
            };
            let mut scratch = SearchScratch::new(&grid);
            report(
                &format!("polar search order 3 R={radius} {count} shifts"),
                "image",
                30,
                || {
                    t.search(&image, &shifts, None, &options, &mut scratch).unwrap();
                },
            );
        }
    });
}
