//! Images without any particle: whatever the start looks like, nothing may be claimed beyond three shells.
#![allow(clippy::unwrap_used)]

use nilas_optics::Ctf;
use nilas_refine::refine::{RefineOutcome, RefineParams, run};
use nilas_refine::{ImageSource, Particle, Silent, SourceError};
use nilas_simulate::{Simulation, SimulationParams, Specimen, demo_molecule};
use nilas_volume::{Spectrum, Volume};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const PIXEL: f64 = 4.0;
const COUNT: usize = 200;

struct Noise {
    n: usize,
    data: Vec<f32>,
}

impl Noise {
    /// White Gaussian images, or images whose noise falls off with frequency (a running mean of the white ones).
    fn new(n: usize, seed: u64, coloured: bool) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut normal = || {
            let (u, v): (f64, f64) = (1.0 - rng.random::<f64>(), rng.random());
            ((-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()) as f32
        };
        let white: Vec<f32> = (0..COUNT * n * n).map(|_| normal()).collect();
        let data = if coloured {
            let at = |image: &[f32], x: usize, y: usize| image[(y % n) * n + x % n];
            white
                .chunks_exact(n * n)
                .flat_map(|image| {
                    (0..n * n).map(move |i| {
                        let (x, y) = (i % n, i / n);
                        2.0 * at(image, x, y) + at(image, x + 1, y) + at(image, x, y + 1)
                    })
                })
                .collect()
        } else {
            white
        };
        Self { n, data }
    }
}

impl ImageSource for Noise {
    fn len(&self) -> usize {
        COUNT
    }
    fn box_size(&self) -> usize {
        self.n
    }
    fn read(&self, indices: &[usize], out: &mut [f32]) -> Result<(), SourceError> {
        let m = self.n * self.n;
        for (i, o) in indices.iter().zip(out.chunks_exact_mut(m)) {
            o.copy_from_slice(&self.data[i * m..(i + 1) * m]);
        }
        Ok(())
    }
}

/// A molecule that fits the box: a start as real as any.
fn molecule(n: usize) -> Volume {
    let params = SimulationParams {
        box_size: n,
        pixel_size_angstrom: PIXEL,
        count: 1,
        ..Default::default()
    };
    let mass = if n == 32 { 60.0 } else { 250.0 };
    let simulation = Simulation::new(vec![Specimen::molecule(demo_molecule(mass, 3))], params).unwrap();
    let map = simulation.truth_map(0).unwrap();
    Volume::new(map.n, map.voxel_size_angstrom, map.data).unwrap()
}

/// An ellipsoid without any detail.
fn blob(n: usize) -> Volume {
    let s = (n * n) as f64;
    Volume::from_fn(n, PIXEL, |p| {
        (-(p[0] * p[0] / (0.04 * s) + p[1] * p[1] / (0.02 * s) + p[2] * p[2] / (0.01 * s))).exp() as f32
    })
    .unwrap()
}

/// Largest shell in which a map has any power worth the name.
fn last_shell_with_power(map: &Volume) -> usize {
    let power = Spectrum::of(map).unwrap().shell_power();
    let top = power.iter().copied().fold(0.0, f64::max);
    (0..power.len())
        .filter(|r| power[*r] > 1e-6 * top)
        .max()
        .unwrap_or(0)
}

fn refine(noise: &Noise, start: &Volume, seed: u64) -> RefineOutcome {
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0xdef0);
    let particles: Vec<Particle> = (0..COUNT)
        .map(|image| {
            let defocus = 8000.0 + 14_000.0 * rng.random::<f64>();
            Particle {
                image,
                ctf: Ctf {
                    voltage_kv: 300.0,
                    cs_mm: 2.7,
                    amplitude_contrast: 0.1,
                    defocus_u_angstrom: defocus,
                    defocus_v_angstrom: defocus,
                    ..Default::default()
                },
                optics_group: 1,
                half: None,
                pose: None,
                scale: 1.0,
            }
        })
        .collect();
    let params = RefineParams {
        max_iterations: if noise.n == 32 { 6 } else { 4 },
        seed,
        ..RefineParams::new(PIXEL)
    };
    let dir = tempfile::tempdir().unwrap();
    run(
        noise,
        &particles,
        &params,
        start,
        None,
        None,
        dir.path(),
        &mut Silent,
    )
    .unwrap()
}

fn nothing_is_claimed(n: usize) {
    let starts = [("molecule", molecule(n)), ("blob", blob(n))];
    let (mut scores, mut wrong) = (Vec::new(), 0);
    for seed in 1..=5u64 {
        for (name, start) in &starts {
            let noise = Noise::new(n, seed, seed % 2 == 0);
            let o = refine(&noise, start, seed);
            let z = o.support_z.unwrap();
            let last = last_shell_with_power(&o.map);
            let crossing = o.fsc.corrected.crossing(0.143).shell;
            println!(
                "{n} px, seed {seed}, {name}: {:?}, z {z:.2}, half maps agree to shell {crossing:.1}, map ends at shell {last}",
                o.resolution
            );
            if o.resolution.angstrom().is_some() || last > 3 {
                wrong += 1;
            }
            scores.push(z);
        }
    }
    // The scores are what images without the particle must give: about standard normal, far from the limit of 6.
    let rms = (scores.iter().map(|z| z * z).sum::<f64>() / scores.len() as f64).sqrt();
    println!("{n} px: scores {scores:.2?}, rms {rms:.2}");
    assert_eq!(wrong, 0, "claims or maps beyond three shells from noise");
    assert!(rms < 2.5, "{rms}");
    assert!(scores.iter().all(|z| *z < 4.5));
}

#[test]
fn noise_of_32_pixels_gives_no_map() {
    nothing_is_claimed(32);
}

#[test]
fn noise_of_64_pixels_gives_no_map() {
    nothing_is_claimed(64);
}
