#![allow(clippy::unwrap_used)]
//! Checks that share nothing with the solver: direct sums, closed forms, statistics.

use super::*;
use crate::points::PointCloud;
use crate::project::Field;
use crate::rotation::apply;
use std::f64::consts::{PI, TAU};

/// Optics that transfer every frequency with weight 1.
fn transparent() -> Optics {
    Optics {
        cs_mm: 0.0,
        amplitude_contrast: 0.0,
        phase_shift_rad: PI / 2.0,
        ..Optics::default()
    }
}

fn plain(count: usize) -> SimulationParams {
    SimulationParams {
        box_size: 48,
        pixel_size_angstrom: 3.0,
        count,
        snr: f64::INFINITY,
        shift_sigma_angstrom: 5.0,
        scale_variation: 0.0,
        optics: transparent(),
        defocus_range_angstrom: [0.0, 0.0],
        height_sigma_angstrom: 0.0,
        astigmatism_max_angstrom: 0.0,
        ..Default::default()
    }
}

/// A specimen without power at Nyquist, so that cutting the band there leaves no ringing to wrap around.
fn smooth() -> SimulationParams {
    let scattering = ScatteringModel {
        uniform_b_factor: Some(200.0),
        ..Default::default()
    };
    SimulationParams {
        pixel_size_angstrom: 2.0,
        scattering,
        ..plain(1)
    }
}

fn atom(x: f64, y: f64, z: f64) -> Atom {
    Atom {
        element: Element::C,
        position_angstrom: [x, y, z],
        b_factor: 200.0,
        occupancy: 1.0,
    }
}

fn centroid(image: &[f32], n: usize) -> [f64; 2] {
    let mut sums = [0.0f64; 3];
    for (i, &v) in image.iter().enumerate() {
        let v = f64::from(v);
        sums[0] += v;
        sums[1] += v * (i % n) as f64;
        sums[2] += v * (i / n) as f64;
    }
    [sums[1] / sums[0], sums[2] / sums[0]]
}

#[test]
fn carbon_scatters_as_published() {
    // Σ a of Peng's carbon row.
    assert!((electron_scattering_factor_angstrom(Element::C, 0.0) - 2.5088).abs() < 1e-4);
    assert_eq!(Element::from_symbol(" zn").unwrap().atomic_number(), 30);
    assert_eq!(Element::from_symbol("d").unwrap(), Element::H);
    assert!(Element::from_symbol("Xx").unwrap_err().to_string().contains("Xx"));
}

#[test]
fn scattering_agrees_with_another_parametrisation() {
    let root = std::env::var("NILAS_TEST_DATA").unwrap_or_else(|_| "../../../shared/data".into());
    let path = std::path::Path::new(&root).join("07_maps_models/cryojax/lobato2014_params.npy");
    let Ok(bytes) = std::fs::read(&path) else {
        println!("skipped: {} is missing (set NILAS_TEST_DATA)", path.display());
        return;
    };
    let start = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let values: Vec<f64> = bytes[start..]
        .chunks_exact(8)
        .map(|b| f64::from_le_bytes(b.try_into().unwrap()))
        .collect();
    let (a, b) = values.split_at(values.len() / 2);
    for element in [Element::H, Element::C, Element::N, Element::O, Element::S] {
        for step in 1..10 {
            let k = 0.05 * f64::from(step);
            let z = usize::from(element.atomic_number());
            let other: f64 = (0..5)
                .map(|i| (a[5 * z + i], b[5 * z + i] * k * k))
                .map(|(a, x)| a * (2.0 + x) / (1.0 + x).powi(2))
                .sum();
            let ours = electron_scattering_factor_angstrom(element, k);
            assert!(
                (ours / other - 1.0).abs() < 0.06,
                "{} at {k}: Peng {ours}, Lobato {other}",
                element.symbol()
            );
        }
    }
}

#[test]
fn euler_angles_match_the_written_vector() {
    let m = rotation_from_euler_zyz_deg(30.0, 60.0, 90.0);
    let expected = [
        [-0.5, 0.866_025_4, 0.0],
        [-0.433_012_7, -0.25, 0.866_025_4],
        [0.75, 0.433_012_7, 0.5],
    ];
    for (row, wanted) in m.iter().zip(expected) {
        for (v, w) in row.iter().zip(wanted) {
            assert!((v - w).abs() < 1e-7);
        }
    }
    for [rot, tilt, psi] in [
        [10.0, 20.0, -30.0],
        [-170.0, 179.0, 5.0],
        [0.0, 0.0, 77.0],
        [0.0, 180.0, 41.0],
    ] {
        let m = rotation_from_euler_zyz_deg(rot, tilt, psi);
        let back = euler_zyz_deg(&m);
        let again = rotation_from_euler_zyz_deg(back[0], back[1], back[2]);
        let worst = (0..9)
            .map(|i| (m[i / 3][i % 3] - again[i / 3][i % 3]).abs())
            .fold(0.0, f64::max);
        assert!(worst < 1e-12, "{rot} {tilt} {psi} -> {back:?}");
    }
}

#[test]
fn projection_equals_the_direct_sum() {
    let molecule = demo_molecule(3.0, 5);
    let model = ScatteringModel {
        b_factor_levels: 3,
        ..Default::default()
    };
    let cloud = PointCloud::from_molecule(&molecule, &model);
    let field = Field::new(64, 2.5);
    let transfers = field.transfers(&cloud);
    let rotation = rotation_from_euler_zyz_deg(40.0, 65.0, 110.0);
    let shift = [3.3, -7.1];
    let mut ws = field.workspace();
    field
        .project(&cloud, &transfers, &rotation, shift, &mut ws)
        .unwrap();
    let scale = ws.spectrum[1].norm() as f64;
    for (kx, ky) in [(0i32, 0i32), (1, 0), (5, -3), (17, 12), (31, 31), (20, -31)] {
        let per_cycle = 1.0 / (64.0 * 2.5);
        let mut sum = [0.0f64; 2];
        for class in &cloud.classes {
            let f = class.form.at(f64::from(kx).hypot(f64::from(ky)) * per_cycle);
            for (p, w) in class.positions.iter().zip(&class.weights) {
                let q = apply(&rotation, *p);
                // The phase origin is the field's first pixel; the centre lies at pixel 32.
                let x = q[0] + shift[0] + 32.0 * 2.5;
                let y = q[1] + shift[1] + 32.0 * 2.5;
                let phase = -TAU * per_cycle * (f64::from(kx) * x + f64::from(ky) * y);
                sum[0] += f * f64::from(*w) * phase.cos();
                sum[1] += f * f64::from(*w) * phase.sin();
            }
        }
        let got = ws.spectrum[ky.rem_euclid(64) as usize * 33 + kx as usize];
        let error = (f64::from(got.re) - sum[0]).hypot(f64::from(got.im) - sum[1]) / scale;
        assert!(
            error < 2e-5,
            "({kx},{ky}): {got} instead of {sum:?}, error {error:e}"
        );
    }
}

#[test]
fn atoms_land_where_their_rotated_coordinates_say() {
    // Two heavy far atoms keep the centre of mass at the origin; a third pulls the centroid aside.
    let molecule = Molecule {
        atoms: vec![atom(20.0, -8.0, 5.0), atom(-20.0, 8.0, -5.0)],
    };
    let mut lone = molecule.clone();
    lone.atoms[1].occupancy = 0.25;
    let model = ScatteringModel {
        implicit_hydrogens: false,
        displaced_solvent: false,
        ..Default::default()
    };
    let params = SimulationParams {
        scattering: model,
        pixel_size_angstrom: 2.0,
        ..plain(6)
    };
    let simulation = Simulation::new(vec![Specimen::molecule(lone)], params).unwrap();
    // The image's centroid is the mass centroid, which sits at the box centre minus the shift.
    let mut image = vec![0.0; 48 * 48];
    for index in 0..6 {
        let truth = simulation.image(index, &mut image).unwrap();
        let at = centroid(&image, 48);
        for (axis, found) in at.iter().enumerate() {
            let expected = 24.0 - truth.shift_angstrom[axis] / 2.0;
            assert!(
                (found - expected).abs() < 2e-2,
                "axis {axis}: {} instead of {expected}",
                found
            );
        }
        // The heavier atom's own place: the brightest pixel is next to A·r.
        let centre = [0.6 * 20.0, 0.6 * -8.0, 0.6 * 5.0];
        let r = apply(
            &truth.rotation,
            [20.0 - centre[0], -8.0 - centre[1], 5.0 - centre[2]],
        );
        let brightest = (0..image.len())
            .max_by(|a, b| image[*a].total_cmp(&image[*b]))
            .unwrap();
        let found = [(brightest % 48) as f64, (brightest / 48) as f64];
        for axis in 0..2 {
            let expected = 24.0 + (r[axis] - truth.shift_angstrom[axis]) / 2.0;
            assert!(
                (found[axis] - expected).abs() < 1.6,
                "axis {axis}: {} instead of {expected}",
                found[axis]
            );
        }
    }
}

#[test]
fn contrast_transfer_has_its_zeros_where_the_phase_is_a_multiple_of_pi() {
    let optics = Optics {
        defocus_u_angstrom: 10_000.0,
        defocus_v_angstrom: 10_000.0,
        ..Default::default()
    };
    let lambda = optics.wavelength_angstrom();
    assert!((lambda - 0.019_687).abs() < 1e-6);
    // π λ Δf u − (π/2) Cs λ³ u² + asin Q0 = π, a quadratic in u = k².
    let (a, b, c) = (
        0.5 * PI * 2.7e7 * lambda.powi(3),
        -PI * lambda * 1e4,
        PI - 0.1f64.asin(),
    );
    let k = ((-b - (b * b - 4.0 * a * c).sqrt()) / (2.0 * a)).sqrt();
    assert!(optics.contrast_transfer(k * 0.6, k * 0.8).abs() < 1e-9);
    assert!(optics.contrast_transfer(k * 0.99, 0.0) > 0.0 && optics.contrast_transfer(k * 1.01, 0.0) < 0.0);
    let astigmatic = Optics {
        defocus_v_angstrom: 9_000.0,
        defocus_angle_deg: 30.0,
        ..optics
    };
    let (s, c) = 30f64.to_radians().sin_cos();
    assert!(
        (astigmatic.contrast_transfer(0.1 * c, 0.1 * s) - optics.contrast_transfer(0.1, 0.0)).abs() < 1e-12
    );
    let v = Optics {
        defocus_u_angstrom: 9_000.0,
        ..astigmatic
    };
    assert!((astigmatic.contrast_transfer(-0.1 * s, 0.1 * c) - v.contrast_transfer(0.1, 0.0)).abs() < 1e-12);
}

#[test]
fn truth_map_summed_along_the_beam_is_the_image() {
    let params = SimulationParams {
        shift_sigma_angstrom: 0.0,
        ..smooth()
    };
    let simulation = Simulation::new(vec![Specimen::molecule(demo_molecule(12.0, 2))], params).unwrap();
    let map = simulation.truth_map(0).unwrap();
    let n = map.n;
    let mut truth = simulation.truth(0).unwrap();
    truth.rotation = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    let image = simulation.image_of(&truth).unwrap();
    let (mut error, mut power) = (0.0f64, 0.0f64);
    for (i, pixel) in image.iter().enumerate() {
        let sum: f64 = (0..n).map(|z| f64::from(map.data[z * n * n + i])).sum();
        error += (sum - f64::from(*pixel)).powi(2);
        power += sum * sum;
    }
    println!(
        "truth map against image: relative error {:.2e}",
        (error / power).sqrt()
    );
    // The image is cut from a wider field, the map is periodic in its box: they differ by what reaches the edges.
    assert!((error / power).sqrt() < 2e-3);
}

#[test]
fn a_map_is_its_own_truth() {
    let simulation = Simulation::new(vec![Specimen::molecule(demo_molecule(12.0, 3))], smooth()).unwrap();
    let map = simulation.truth_map(0).unwrap();
    let specimen = Specimen::map(map.data.clone(), map.n, map.voxel_size_angstrom).unwrap();
    let again = Simulation::new(vec![specimen], smooth())
        .unwrap()
        .truth_map(0)
        .unwrap();
    let dot = |a: &[f32], b: &[f32]| {
        a.iter()
            .zip(b)
            .map(|(a, b)| f64::from(*a) * f64::from(*b))
            .sum::<f64>()
    };
    let cc = dot(&map.data, &again.data) / (dot(&map.data, &map.data) * dot(&again.data, &again.data)).sqrt();
    // Spectral corners beyond the Nyquist sphere and the corners of the box are left out on purpose.
    assert!(cc > 0.995, "correlation {cc}");
    assert!(Specimen::map(vec![0.0; 7], 2, 1.0).is_err());
    assert!(Specimen::map(vec![f32::NAN; 8], 2, 1.0).is_err());
}

#[test]
fn noise_has_the_stated_power_and_colour() {
    let molecule = demo_molecule(60.0, 4);
    let clean = SimulationParams {
        snr_region: SnrRegion::FullBox,
        ..plain(40)
    };
    let noisy = SimulationParams {
        snr: 0.08,
        ..clean.clone()
    };
    let clean = Simulation::new(vec![Specimen::molecule(molecule.clone())], clean).unwrap();
    let noisy = Simulation::new(vec![Specimen::molecule(molecule)], noisy).unwrap();
    let (mut a, mut b) = (vec![0.0f32; 48 * 48], vec![0.0f32; 48 * 48]);
    let (mut noise_power, mut signal_power, mut low, mut high) = (0.0, 0.0, 0.0, 0.0);
    for index in 0..40 {
        clean.image(index, &mut a).unwrap();
        noisy.image(index, &mut b).unwrap();
        a.iter_mut().for_each(|v| *v *= 0.08f32.sqrt());
        let noise: Vec<f64> = a.iter().zip(&b).map(|(a, b)| f64::from(b - a)).collect();
        noise_power += noise.iter().map(|v| v * v).sum::<f64>() / noise.len() as f64;
        let mean = a.iter().map(|v| f64::from(*v)).sum::<f64>() / a.len() as f64;
        signal_power += a.iter().map(|v| (f64::from(*v) - mean).powi(2)).sum::<f64>() / a.len() as f64;
        for y in 0..46 {
            for x in 0..46 {
                let at = |dx: usize, dy: usize| noise[(y + dy) * 48 + x + dx];
                low += (at(0, 0) + at(1, 0) + at(0, 1) + at(1, 1)).powi(2);
                high += (at(0, 0) - at(1, 0) - at(0, 1) + at(1, 1)).powi(2);
            }
        }
    }
    let (noise_power, snr) = (noise_power / 40.0, signal_power / noise_power);
    println!(
        "noise variance {noise_power:.4}, measured SNR {snr:.4} for 0.08, low/high power {:.2}",
        low / high
    );
    assert!((noise_power - 1.0).abs() < 0.03);
    assert!((snr / 0.08 - 1.0).abs() < 0.05);
    assert!(low / high > 1.3);
}

#[test]
fn images_do_not_depend_on_threads_or_batches() {
    let params = SimulationParams {
        snr: 0.1,
        junk_fraction: 0.3,
        optics: Optics::default(),
        ..plain(9)
    };
    let simulation = Simulation::new(vec![Specimen::molecule(demo_molecule(10.0, 1))], params).unwrap();
    let run = |threads: usize, batch: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            let mut all = Vec::new();
            simulation
                .generate::<SimulateError>(batch, |first, images, truths| {
                    assert_eq!(truths[0].index, first);
                    all.extend_from_slice(images);
                    Ok(())
                })
                .unwrap();
            all
        })
    };
    let one = run(1, 9);
    assert_eq!(one.len(), 9 * 48 * 48);
    assert_eq!(one, run(3, 2));
}

#[test]
fn junk_and_classes_come_in_the_shares_asked_for() {
    let params = SimulationParams {
        junk_fraction: 0.3,
        class_weights: vec![3.0, 1.0],
        ..plain(2000)
    };
    let specimens = vec![
        Specimen::molecule(demo_molecule(2.0, 1)),
        Specimen::molecule(demo_molecule(2.0, 2)),
    ];
    let simulation = Simulation::new(specimens, params).unwrap();
    let mut counts = [0; 3];
    for index in 0..2000 {
        counts[simulation.truth(index).unwrap().class.map_or(2, |class| class)] += 1;
    }
    for (count, expected) in counts.into_iter().zip([1050.0f64, 350.0, 600.0]) {
        assert!(
            (f64::from(count) - expected).abs() < 4.0 * expected.sqrt(),
            "{counts:?}"
        );
    }
}

#[test]
fn views_follow_their_distribution() {
    let preferred = Orientations::Preferred {
        directions: vec![[0.0, 0.0, 2.0]],
        concentration: 20.0,
        uniform_fraction: 0.2,
    };
    let mean_cosine = |orientations: Orientations| {
        let params = SimulationParams {
            orientations,
            ..plain(2000)
        };
        let simulation = Simulation::new(vec![Specimen::molecule(demo_molecule(2.0, 1))], params).unwrap();
        (0..2000)
            .map(|i| simulation.truth(i).unwrap().rotation[2][2])
            .sum::<f64>()
            / 2000.0
    };
    let uniform = mean_cosine(Orientations::Uniform);
    let cap = mean_cosine(preferred);
    // von Mises-Fisher: mean cosine coth κ − 1/κ = 0.95; times 0.8.
    assert!(uniform.abs() < 0.05, "{uniform}");
    assert!((cap - 0.76).abs() < 0.03, "{cap}");
}

#[test]
fn bad_input_says_what_is_wrong() {
    let specimen = || vec![Specimen::molecule(demo_molecule(20.0, 1))];
    let message = |params: SimulationParams| Simulation::new(specimen(), params).err().unwrap().to_string();
    assert!(
        message(SimulationParams {
            box_size: 47,
            ..plain(1)
        })
        .contains("even")
    );
    assert!(
        message(SimulationParams {
            pixel_size_angstrom: 0.0,
            ..plain(1)
        })
        .contains("pixel_size")
    );
    assert!(
        message(SimulationParams {
            pixel_size_angstrom: f64::NAN,
            ..plain(1)
        })
        .contains("pixel_size")
    );
    assert!(
        message(SimulationParams {
            snr: -1.0,
            ..plain(1)
        })
        .contains("snr")
    );
    assert!(message(SimulationParams { count: 0, ..plain(1) }).contains("count"));
    assert!(
        message(SimulationParams {
            pixel_size_angstrom: 0.5,
            ..plain(1)
        })
        .contains("does not fit")
    );
    assert!(
        message(SimulationParams {
            class_weights: vec![1.0, 2.0],
            ..plain(1)
        })
        .contains("class_weights")
    );
    assert!(
        Simulation::new(vec![], plain(1))
            .err()
            .unwrap()
            .to_string()
            .contains("no specimen")
    );
    let empty = Simulation::new(vec![Specimen::molecule(Molecule::default())], plain(1))
        .err()
        .unwrap();
    assert!(empty.to_string().contains("no atoms"));
    let simulation = Simulation::new(specimen(), plain(1)).unwrap();
    assert!(simulation.truth(1).is_err());
    assert!(simulation.image(0, &mut [0.0; 3]).is_err());
}

#[test]
fn the_demonstration_molecule_has_the_mass_asked_for() {
    let molecule = demo_molecule(150.0, 1);
    assert_eq!(molecule, demo_molecule(150.0, 1));
    let mass = molecule.mass_da() / 1e3;
    let radius = molecule.radius_angstrom(molecule.centre_of_mass_angstrom());
    println!(
        "{} atoms, {mass:.0} kDa without hydrogens, radius {radius:.0} Å",
        molecule.atoms.len()
    );
    assert!((115.0..165.0).contains(&mass));
    assert!((35.0..95.0).contains(&radius));
}
