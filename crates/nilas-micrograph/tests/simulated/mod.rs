//! Micrographs with known truth. The optics here are written apart from the solver's on purpose: a test must not grade a
//! formula with itself.
#![allow(dead_code, clippy::unwrap_used)]

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Poisson, StandardNormal};
use rustfft::num_complex::Complex32;
use rustfft::{Fft, FftPlanner};
use std::f64::consts::PI;
use std::sync::Arc;

/// What a micrograph is made with.
#[derive(Debug, Clone)]
pub struct Truth {
    pub voltage_kv: f64,
    pub cs_mm: f64,
    pub amplitude_contrast: f64,
    /// Greater and lesser defocus, Å, and the azimuth of the greater in degrees from +x towards +y.
    pub u: f64,
    pub v: f64,
    pub angle_deg: f64,
    pub phase_shift_deg: f64,
    /// Defocus added per Å along x and y from the middle.
    pub slope: [f64; 2],
    /// Defocus added at the corners by curvature, Å.
    pub bowl: f64,
    /// Envelope of amplitudes, Å².
    pub b_factor: f64,
    /// Electrons per Å².
    pub dose: f64,
}

impl Default for Truth {
    fn default() -> Self {
        Truth {
            voltage_kv: 300.0,
            cs_mm: 2.7,
            amplitude_contrast: 0.07,
            u: 15_300.0,
            v: 15_000.0,
            angle_deg: 35.0,
            phase_shift_deg: 0.0,
            slope: [0.0; 2],
            bowl: 0.0,
            b_factor: 80.0,
            dose: 40.0,
        }
    }
}

impl Truth {
    /// Electron wavelength, Å, from energy conservation: h c / sqrt(E (E + 2 m c²)).
    fn wavelength(&self) -> f64 {
        let energy = self.voltage_kv * 1e3;
        12_398.419_84 / (energy * (energy + 2.0 * 510_998.95)).sqrt()
    }

    /// sin of the phase between scattered and unscattered wave, `extra` Å of defocus added.
    pub fn transfer(&self, kx: f64, ky: f64, extra: f64) -> f64 {
        let lambda = self.wavelength();
        let (s, c) = self.angle_deg.to_radians().sin_cos();
        let along = kx * c + ky * s;
        let across = ky * c - kx * s;
        let k2 = kx * kx + ky * ky;
        let path = 0.5 * lambda * ((self.u + extra) * along * along + (self.v + extra) * across * across)
            - 0.25 * self.cs_mm * 1e7 * lambda.powi(3) * k2 * k2;
        let amplitude = (self.amplitude_contrast / (1.0 - self.amplitude_contrast.powi(2)).sqrt()).atan();
        (2.0 * PI * path + self.phase_shift_deg.to_radians() + amplitude).sin()
    }

    /// Power of the contrast of ice before the transfer, Å² (relative intensity): many waters of 300 Å of ice, their
    /// structure factor with its peak at 3.7 Å, their form factor, the envelope.
    fn ice_power(&self, k: f64) -> f64 {
        let structure = 0.08 + 1.3 * (-((k - 0.27) / 0.035).powi(2)).exp();
        let form = (-14.0 * k * k).exp();
        0.33 * structure * form * (-0.5 * self.b_factor * k * k).exp()
    }

    /// Defocus added at a place (Å from the middle; `half` is half the field's side).
    pub fn extra(&self, x: f64, y: f64, half: f64) -> f64 {
        self.slope[0] * x + self.slope[1] * y + 0.5 * self.bowl * ((x / half).powi(2) + (y / half).powi(2))
    }
}

/// A plain complex 2D transform.
struct Plane {
    n: usize,
    forward: Arc<dyn Fft<f32>>,
    inverse: Arc<dyn Fft<f32>>,
}

impl Plane {
    fn new(n: usize) -> Self {
        let mut planner = FftPlanner::new();
        Plane {
            n,
            forward: planner.plan_fft_forward(n),
            inverse: planner.plan_fft_inverse(n),
        }
    }

    fn run(&self, data: &mut [Complex32], inverse: bool) {
        let plan = if inverse { &self.inverse } else { &self.forward };
        for _ in 0..2 {
            plan.process(data);
            for i in 0..self.n {
                for j in i + 1..self.n {
                    data.swap(i * self.n + j, j * self.n + i);
                }
            }
        }
        let scale = 1.0 / self.n as f32;
        data.iter_mut().for_each(|v| *v *= scale);
    }
}

/// A square micrograph of `n` pixels, in electrons per pixel.
pub fn micrograph(truth: &Truth, n: usize, pixel: f64, seed: u64) -> Vec<f32> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let plane = Plane::new(n);
    let frequency = |i: usize| (if 2 * i < n { i as f64 } else { i as f64 - n as f64 }) / (n as f64 * pixel);
    let normal = |rng: &mut ChaCha8Rng| -> f32 { StandardNormal.sample(rng) };
    // The projected structure of the ice, the same at every defocus.
    let mut structure: Vec<Complex32> = (0..n * n)
        .map(|_| Complex32::new(normal(&mut rng) / pixel as f32, 0.0))
        .collect();
    plane.run(&mut structure, false);
    for (i, f) in structure.iter_mut().enumerate() {
        let k = frequency(i % n).hypot(frequency(i / n));
        *f *= truth.ice_power(k).sqrt() as f32;
    }
    let half = 0.5 * n as f64 * pixel;
    let place = |i: usize| {
        let (x, y) = ((i % n) as f64 * pixel - half, (i / n) as f64 * pixel - half);
        truth.extra(x, y, half)
    };
    let (least, greatest) = (0..n * n)
        .step_by(7)
        .map(place)
        .fold((f64::INFINITY, f64::NEG_INFINITY), |r, e| {
            (r.0.min(e), r.1.max(e))
        });
    let levels = ((greatest - least) / 75.0).ceil() as usize + 1;
    let step = if levels > 1 {
        (greatest - least) / (levels - 1) as f64
    } else {
        1.0
    };
    let mut contrast = vec![0.0f32; n * n];
    for level in 0..levels {
        let extra = least + level as f64 * step;
        let mut image: Vec<Complex32> = structure
            .iter()
            .enumerate()
            .map(|(i, f)| f * truth.transfer(frequency(i % n), frequency(i / n), extra) as f32)
            .collect();
        plane.run(&mut image, true);
        for (i, (c, v)) in contrast.iter_mut().zip(&image).enumerate() {
            let weight = 1.0 - ((place(i) - extra) / step).abs();
            if weight > 0.0 {
                *c += (weight as f32) * v.re;
            }
        }
    }
    // Slowly varying thickness, then counting, then the camera's blur of the counts.
    let mean = truth.dose * pixel * pixel;
    let wave: [f64; 4] = std::array::from_fn(|_| rng.random::<f64>() * 2.0 * PI);
    let mut image: Vec<Complex32> = contrast
        .iter()
        .enumerate()
        .map(|(i, c)| {
            let (x, y) = ((i % n) as f64 / n as f64, (i / n) as f64 / n as f64);
            let thick = 0.05 * ((5.0 * x + wave[0]).sin() + (4.0 * y + wave[1]).sin())
                + 0.02 * ((23.0 * x + wave[2]).sin() * (19.0 * y + wave[3]).sin());
            let expected = mean * (1.0 + thick) * f64::from(1.0 - c).max(0.05);
            Complex32::new(Poisson::new(expected).unwrap().sample(&mut rng) as f32, 0.0)
        })
        .collect();
    plane.run(&mut image, false);
    for (i, f) in image.iter_mut().enumerate() {
        let s = frequency(i % n).hypot(frequency(i / n)) * 2.0 * pixel;
        *f *= (1.0 - 0.35 * s * s).max(0.1) as f32;
    }
    plane.run(&mut image, true);
    image.iter().map(|v| v.re).collect()
}
