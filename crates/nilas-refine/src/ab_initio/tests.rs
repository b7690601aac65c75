#![allow(clippy::unwrap_used)]
//! Ab-initio on small simulated sets, its parts on what can be written down, and what it says to bad input.

use super::images::{PolarPlan, PolarScratch};
use super::schedule::shift_grid;
use super::*;
use crate::source::MemorySource;
use nilas_geometry::{PointGroup, Rotation};
use nilas_simulate::{ParticleTruth, Simulation, SimulationParams, Specimen, demo_molecule};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const N: usize = 40;
const PIXEL: f64 = 5.0;

fn particles(count: usize, snr: f64) -> (MemorySource, Vec<ParticleInput>, Vec<ParticleTruth>) {
    let simulation = Simulation::new(
        vec![Specimen::molecule(demo_molecule(150.0, 3))],
        SimulationParams {
            count,
            box_size: N,
            pixel_size_angstrom: PIXEL,
            snr,
            ..Default::default()
        },
    )
    .unwrap();
    let mut pixels = vec![0.0; count * N * N];
    let truths: Vec<ParticleTruth> = pixels
        .chunks_exact_mut(N * N)
        .enumerate()
        .map(|(i, image)| simulation.image(i, image).unwrap())
        .collect();
    let inputs = truths
        .iter()
        .map(|t| ParticleInput {
            image: t.index,
            ctf: Ctf {
                defocus_u_angstrom: t.optics.defocus_u_angstrom,
                defocus_v_angstrom: t.optics.defocus_v_angstrom,
                defocus_angle_rad: t.optics.defocus_angle_deg.to_radians(),
                ..Ctf::default()
            },
        })
        .collect();
    (MemorySource::new(N, pixels).unwrap(), inputs, truths)
}

fn quick() -> AbInitioParams {
    AbInitioParams {
        pixel_size_angstrom: PIXEL,
        iterations: 20,
        initial_batch: 60,
        final_batch: 150,
        starts: 1,
        final_resolution_angstrom: 16.0,
        particle_diameter_angstrom: Some(130.0),
        max_shift_angstrom: Some(15.0),
        ..Default::default()
    }
}

/// Largest share of particles whose pose agrees within 0.3 rad in one common frame, over both hands.
fn right_poses(result: &AbInitioResult, truths: &[ParticleTruth]) -> f64 {
    let flip = Rotation {
        m: [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, -1.0]],
    };
    let share = |mirrored: bool| {
        let relative: Vec<Rotation> = result
            .particles
            .iter()
            .zip(truths)
            .map(|(p, t)| {
                let a = Rotation { m: t.rotation };
                let a = if mirrored { flip.mul(&a).mul(&flip) } else { a };
                a.transpose().mul(&p.rotation)
            })
            .collect();
        let near = |q: &Rotation| relative.iter().filter(|r| r.angle_to(q) < 0.3).count();
        relative.iter().step_by(5).map(near).max().unwrap() as f64 / relative.len() as f64
    };
    share(false).max(share(true))
}

#[test]
fn particles_find_their_poses_from_nothing() {
    let (stack, inputs, truths) = particles(400, 0.3);
    let params = AbInitioParams {
        iterations: 100,
        initial_batch: 120,
        final_batch: 250,
        ..quick()
    };
    let result = run(&stack, &inputs, &params, None, &mut Silent).unwrap();
    let share = right_poses(&result, &truths);
    println!(
        "poses right: {share:.3}; starts {:?}; warnings {:?}",
        result.starts, result.warnings
    );
    assert!(share > 0.85, "{share}");
    assert_eq!(result.particles.len(), 400);
    let map = &result.classes[0];
    assert_eq!((map.n, map.map.len()), (N, N * N * N));
    assert!(map.map.iter().all(|v| v.is_finite()));
    assert!((map.share - 1.0).abs() < 1e-6);
    let halves = &result.halves;
    assert!(
        halves.resolution_angstrom * 1.3 < halves.shared_angstrom,
        "{halves:?}"
    );
    // One start alone is warned of, nothing else.
    assert_eq!(result.warnings.len(), 1, "{:?}", result.warnings);
    assert!(result.warnings[0].contains("only one random start"));
}

#[test]
fn a_map_of_noise_is_called_wrong_with_one_start() {
    let (mut stack, inputs, _) = particles(300, 0.3);
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    for pixel in stack.pixels_mut() {
        // Sum of twelve: normal enough.
        *pixel = (0..12).map(|_| rng.random::<f32>()).sum::<f32>() - 6.0;
    }
    let result = run(&stack, &inputs, &quick(), None, &mut Silent).unwrap();
    println!("{:?} {:?}", result.halves, result.starts);
    assert!(result.warnings.iter().any(|w| w.contains("agree only to")));
}

#[test]
fn the_same_seed_gives_the_same_map_on_any_number_of_threads() {
    let (stack, inputs, _) = particles(80, 0.3);
    let params = AbInitioParams {
        iterations: 10,
        ..quick()
    };
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| run(&stack, &inputs, &params, None, &mut Silent).unwrap())
    };
    let (one, three) = (on(1), on(3));
    assert_eq!(one.classes, three.classes);
    assert_eq!(one.particles, three.particles);
}

/// Stops after a number of iterations and keeps the last state as a file would.
struct Stopper {
    left: usize,
    saved: Vec<u8>,
}

impl Observer for Stopper {
    fn iteration(&mut self, _: &IterationReport) {
        self.left = self.left.saturating_sub(1);
    }
    fn cancelled(&self) -> bool {
        self.left == 0
    }
    fn checkpoint(&mut self, state: &AbInitioState) {
        self.saved.clear();
        state.save(&mut self.saved).unwrap();
    }
}

#[test]
fn a_stopped_run_continues_to_the_same_map() {
    let (stack, inputs, _) = particles(80, 0.3);
    let params = AbInitioParams {
        iterations: 10,
        starts: 2,
        ..quick()
    };
    let whole = run(&stack, &inputs, &params, None, &mut Silent).unwrap();
    for stop_after in [2, 6, 11] {
        let mut stopper = Stopper {
            left: stop_after,
            saved: Vec::new(),
        };
        let stopped = run(&stack, &inputs, &params, None, &mut stopper);
        assert!(
            matches!(stopped, Err(AbInitioError::Cancelled)),
            "{:?}",
            stopped.err()
        );
        let state = AbInitioState::load(&mut stopper.saved.as_slice()).unwrap();
        let resumed = run(&stack, &inputs, &params, Some(state), &mut Silent).unwrap();
        assert_eq!(resumed.classes, whole.classes);
        assert_eq!(resumed.particles, whole.particles);
        for cut in [0, 7, 40, stopper.saved.len() / 2, stopper.saved.len() - 1] {
            assert!(matches!(
                AbInitioState::load(&mut &stopper.saved[..cut]),
                Err(AbInitioError::State(_) | AbInitioError::Kernel(_))
            ));
        }
        let state = AbInitioState::load(&mut stopper.saved.as_slice()).unwrap();
        let other = AbInitioParams {
            seed: 9,
            ..params.clone()
        };
        assert!(matches!(
            run(&stack, &inputs, &other, Some(state), &mut Silent),
            Err(AbInitioError::State(_))
        ));
    }
}

#[test]
fn two_classes_and_a_point_group_run_through() {
    let (stack, inputs, _) = particles(80, 0.3);
    let params = AbInitioParams {
        iterations: 10,
        classes: 2,
        symmetry: "c2".into(),
        ..quick()
    };
    let result = run(&stack, &inputs, &params, None, &mut Silent).unwrap();
    assert_eq!(result.classes.len(), 2);
    let total: f64 = result.classes.iter().map(|c| c.share).sum();
    assert!((total - 1.0).abs() < 1e-3, "{total}");
    // The first map has the axis that was asked for.
    let map = &result.classes[0].map;
    let at = |x: usize, y: usize, z: usize| f64::from(map[(z * N + y) * N + x]);
    let (mut same, mut power) = (0.0, 0.0);
    for z in 1..N {
        for y in 1..N {
            for x in 1..N {
                same += at(x, y, z) * at(N - x, N - y, z);
                power += at(x, y, z).powi(2);
            }
        }
    }
    assert!(power == 0.0 || same / power > 0.95, "{}", same / power);
}

#[test]
fn bad_input_says_what_is_wrong() {
    let (mut stack, inputs, _) = particles(30, 0.3);
    let go = |stack: &MemorySource, inputs: &[ParticleInput], params: &AbInitioParams| {
        run(stack, inputs, params, None, &mut Silent)
            .err()
            .unwrap()
            .to_string()
    };
    assert!(go(&stack, &inputs[..3], &quick()).contains("too few"));
    assert!(
        go(
            &stack,
            &inputs,
            &AbInitioParams {
                symmetry: "Q7".into(),
                ..quick()
            }
        )
        .contains("symmetry")
    );
    assert!(
        go(
            &stack,
            &inputs,
            &AbInitioParams {
                pixel_size_angstrom: 0.0,
                ..quick()
            }
        )
        .contains("pixel_size")
    );
    let wide = AbInitioParams {
        particle_diameter_angstrom: Some(9e3),
        ..quick()
    };
    assert!(go(&stack, &inputs, &wide).contains("diameter"));
    let reversed = AbInitioParams {
        initial_resolution_angstrom: Some(5.0),
        ..quick()
    };
    assert!(go(&stack, &inputs, &reversed).contains("finer"));
    let mut astray = inputs.clone();
    astray[4].image = 99;
    assert!(go(&stack, &astray, &quick()).contains("image 99 of 30"));
    let mut unreal = inputs.clone();
    unreal[2].ctf.defocus_u_angstrom = f64::NAN;
    assert!(go(&stack, &unreal, &quick()).contains("particle 2"));
    stack.pixels_mut()[7 * N * N + 5] = f32::NAN;
    assert!(go(&stack, &inputs, &quick()).contains("image 7"));
    stack.pixels_mut().fill(3.0);
    assert!(go(&stack, &inputs, &quick()).contains("contrast"));
}

#[test]
fn constant_images_among_good_ones_are_harmless() {
    let (mut stack, inputs, _) = particles(60, 0.3);
    stack.pixels_mut()[..3 * N * N].fill(0.0);
    let params = AbInitioParams {
        iterations: 10,
        ..quick()
    };
    let result = run(&stack, &inputs, &params, None, &mut Silent).unwrap();
    assert_eq!(result.particles.len(), 60);
    assert!(result.classes[0].map.iter().all(|v| v.is_finite()));
}

#[test]
fn rings_hold_the_transform_of_the_image() {
    // A Gaussian off the centre: its transform is known in closed form.
    let n = 64;
    let mut plan = PolarPlan::new(n, 2.0, 12, 64).unwrap();
    plan.noise.fill(2.0);
    let (sigma, x0, y0) = (3.0f64, 4.3f64, -2.6f64);
    let image: Vec<f32> = (0..n * n)
        .map(|i| {
            let (x, y) = ((i % n) as f64 - 32.0 - x0, (i / n) as f64 - 32.0 - y0);
            // A little structure in the corners sets the unit.
            let corner = if (i % n + i / n) % 2 == 0 { 1e-3 } else { -1e-3 };
            ((-(x * x + y * y) / (2.0 * sigma * sigma)).exp() + corner) as f32
        })
        .collect();
    let ctf = Ctf {
        defocus_u_angstrom: 9_000.0,
        defocus_v_angstrom: 8_500.0,
        ..Ctf::default()
    };
    let (mut samples, mut c2, mut power) = (
        vec![Default::default(); plan.samples()],
        vec![0.0; 12],
        vec![0.0; 12],
    );
    assert!(
        plan.reduce(
            &image,
            &ctf,
            &mut samples,
            &mut c2,
            &mut power,
            &mut PolarScratch::default()
        )
        .unwrap()
    );
    let mut worst = 0.0f64;
    let unit = std::f64::consts::TAU * sigma * sigma / n as f64 / 1e-3;
    for (i, v) in samples.iter().enumerate() {
        let (kx, ky) = (f64::from(plan.kx[i]) / n as f64, f64::from(plan.ky[i]) / n as f64);
        let size = unit * (-2.0 * (std::f64::consts::PI * sigma).powi(2) * (kx * kx + ky * ky)).exp();
        let phase = -std::f64::consts::TAU * (kx * x0 + ky * y0);
        let c = ctf.value(kx / 2.0, ky / 2.0) / 2.0;
        let error =
            (f64::from(v.re) - c * size * phase.cos()).hypot(f64::from(v.im) - c * size * phase.sin());
        worst = worst.max(error / unit);
    }
    println!("worst ring sample: {worst:.2e} of the peak");
    assert!(worst < 3e-3, "{worst}");
}

#[test]
fn symmetry_axes_are_found_wherever_they_lie() {
    let n = 32;
    for (name, tolerance) in [("C4", 3.0f64), ("D2", 3.0)] {
        let group = PointGroup::parse(name).unwrap();
        let hidden = Rotation::from_euler_deg(37.0, 64.0, -21.0);
        let blobs = [[7.0, 1.5, 3.0], [3.0, 5.0, -4.0], [8.0, -2.0, 6.0]];
        // The group's frame lies at `hidden` in the map's.
        let centres: Vec<[f64; 3]> = group
            .operators()
            .iter()
            .flat_map(|s| blobs.map(|b| hidden.apply(s.apply(b))))
            .collect();
        let volume = super::model::sample(n, |p| {
            centres
                .iter()
                .map(|c| (-p.iter().zip(c).map(|(a, b)| (a - b).powi(2)).sum::<f64>() / 6.0).exp())
                .sum::<f64>()
        });
        let (frame, score) = super::align::symmetry_frame(&volume, n, &group);
        assert!(score > 0.95, "{name}: {score}");
        let image = super::align::symmetrised(&volume, n, &frame, &group);
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(a * b)).sum::<f64>();
        // Axis of the main rotation, up to the sense.
        let axis = frame.apply([0.0, 0.0, 1.0]);
        let z = hidden.apply([0.0, 0.0, 1.0]);
        let off = axis
            .iter()
            .zip(z)
            .map(|(a, b)| a * b)
            .sum::<f64>()
            .abs()
            .min(1.0)
            .acos()
            .to_degrees();
        println!("{name}: score {score:.3}, axis off by {off:.2}°");
        // D2 has three equivalent axes.
        assert!(name == "D2" || off < tolerance, "{name}: {off}");
        assert!(dot(&image, &image) > 0.8 * dot(&volume, &volume));
    }
}

#[test]
fn trial_shifts_fill_a_disc_from_its_centre() {
    let grid = shift_grid(3.0, 6.5);
    assert_eq!(grid[0], [0.0, 0.0]);
    assert_eq!(grid.len(), 13);
    assert_eq!(shift_grid(4.0, 0.0).len(), 1);
}
