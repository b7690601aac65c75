#![allow(clippy::unwrap_used)]
use super::*;
use crate::filter;
use crate::fsc::fsc;
use crate::test_maps::{blobs, noise, render, sum};
use crate::transform::symmetrised;
use nilas_geometry::PointGroup;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// How many positions a test tries: a few, or the whole table when `NILAS_LONG_TESTS` is set.
fn trials(few: u64, all: u64) -> u64 {
    if std::env::var_os("NILAS_LONG_TESTS").is_some() {
        all
    } else {
        few
    }
}

type Blobs = Vec<([f64; 3], f64)>;

/// The particle as it lies in the moving map, when `truth` is the alignment that brings it home.
fn taken_away(particle: &Blobs, truth: &Motion) -> Blobs {
    particle
        .iter()
        .map(|(c, s)| {
            let x = truth
                .rotation
                .transpose()
                .apply([0, 1, 2].map(|i| c[i] - truth.shift_angstrom[i]));
            (if truth.mirrored { [-x[0], x[1], x[2]] } else { x }, *s)
        })
        .collect()
}

fn random_motion(rng: &mut ChaCha8Rng, mirrored: bool, reach: f64) -> Motion {
    let shift_angstrom = [0; 3].map(|_| rng.random_range(-reach..reach));
    Motion {
        rotation: Rotation::random(rng),
        shift_angstrom,
        mirrored,
    }
}

#[test]
fn random_positions_of_both_hands_are_found() {
    let mut rng = ChaCha8Rng::seed_from_u64(20);
    let (n, voxel) = (128, 1.5);
    let mut worst = (0.0f64, 0.0f64);
    let mut wrong = Vec::new();
    let start = std::time::Instant::now();
    let trials = trials(2, 20);
    for trial in 0..trials {
        let particle = blobs(150, 55.0, 4.0, 1000 + trial);
        let truth = random_motion(&mut rng, trial % 2 == 1, 15.0);
        let fixed = render(&particle, n, voxel);
        let moving = render(&taken_away(&particle, &truth), n, voxel);
        let a = align(&moving, &fixed, &AlignOptions::default()).unwrap();
        let angle = a.rotation.angle_to(&truth.rotation).to_degrees();
        let shift = (0..3)
            .map(|i| (a.motion().shift_angstrom[i] - truth.shift_angstrom[i]).powi(2))
            .sum::<f64>()
            .sqrt();
        if a.mirrored != truth.mirrored || angle > 1.0 {
            wrong.push((trial, a, angle));
        } else {
            worst = (worst.0.max(angle), worst.1.max(shift));
        }
    }
    println!(
        "{} of {trials} found, largest error {:.3} deg, {:.3} Å; {:.1} s each",
        trials as usize - wrong.len(),
        worst.0,
        worst.1,
        start.elapsed().as_secs_f64() / trials as f64
    );
    assert!(wrong.is_empty(), "{wrong:?}");
    assert!(worst.0 < 0.3 && worst.1 < 0.3, "{worst:?}");
}

#[test]
fn noise_filtering_and_other_grids_do_not_matter() {
    let mut rng = ChaCha8Rng::seed_from_u64(21);
    for trial in 0..trials(2, 8) {
        let particle = blobs(150, 50.0, 4.0, 2000 + trial);
        let truth = random_motion(&mut rng, trial % 2 == 0, 10.0);
        let fixed = render(&particle, 96, 2.0);
        // The moving map: other box and voxel size, low-passed to 18 Å with a strong falloff, and noise in that band.
        let moving = render(&taken_away(&particle, &truth), 64, 2.7);
        let strength = 1.5 * moving.standard_deviation() as f32;
        let moving = sum(&moving, &noise(64, 2.7, trial), strength);
        let moving = filter::apply_b_factor(&filter::low_pass(&moving, 18.0).unwrap(), 600.0).unwrap();
        let a = align(&moving, &fixed, &AlignOptions::default()).unwrap();
        let angle = a.rotation.angle_to(&truth.rotation).to_degrees();
        println!(
            "trial {trial}: {angle:.2} deg, cc {:.3}, other hand {:.3?}, band {:.1} Å",
            a.cc, a.cc_other_hand, a.band_angstrom
        );
        assert!(
            a.mirrored == truth.mirrored && angle < 3.0,
            "trial {trial}: {a:?}, {angle} deg"
        );
        assert!(a.cc > a.cc_other_hand.unwrap() + 0.02);
        let laid = a.apply(&moving, &fixed).unwrap();
        let curve = fsc(&laid, &fixed).unwrap();
        assert!(
            curve.correlation[2..9].iter().all(|c| *c > 0.7),
            "trial {trial}: {:?}",
            curve.correlation
        );
    }
}

#[test]
fn symmetric_maps_land_on_an_equivalent_position() {
    let mut rng = ChaCha8Rng::seed_from_u64(22);
    for (trial, name) in ["D2", "O", "C4", "D7", "I1"]
        .into_iter()
        .take(trials(2, 5) as usize)
        .enumerate()
    {
        let group = PointGroup::parse(name).unwrap();
        let particle = blobs(60, 50.0, 5.0, 3000 + trial as u64);
        let all: Blobs = group
            .operators()
            .iter()
            .flat_map(|s| {
                particle
                    .iter()
                    .map(|(c, sigma)| (s.apply([c[0] + 20.0, c[1] + 5.0, c[2] + 12.0]), *sigma))
            })
            .collect();
        let truth = random_motion(&mut rng, trial % 2 == 0, 8.0);
        let fixed = render(&all, 96, 2.2);
        let moving = render(&taken_away(&all, &truth), 96, 2.2);
        let a = align(&moving, &fixed, &AlignOptions::default()).unwrap();
        // Both `a` and `truth` bring the particle home when they differ by an operator on the fixed side.
        let angle = group
            .distance(&a.rotation.transpose(), &truth.rotation.transpose())
            .to_degrees();
        println!("{name}: {angle:.2} deg, cc {:.3}", a.cc);
        assert!(
            a.mirrored == truth.mirrored && angle < 0.5,
            "{name}: {angle} deg, {a:?}"
        );
        assert!(
            fsc(&symmetrised(&fixed, &group).unwrap(), &fixed)
                .unwrap()
                .correlation[4]
                > 0.999
        );
    }
}

#[test]
fn unlike_maps_do_not_agree() {
    let a = render(&blobs(150, 50.0, 4.0, 1), 64, 3.0);
    let b = render(&blobs(150, 50.0, 4.0, 2), 64, 3.0);
    let alignment = align(&a, &b, &AlignOptions::default()).unwrap();
    assert!(alignment.cc < 0.6, "{alignment:?}");
    let against_noise = align(&noise(64, 3.0, 3), &b, &AlignOptions::default()).unwrap();
    assert!(against_noise.cc < 0.35, "{against_noise:?}");
}

#[test]
fn bad_maps_are_refused() {
    let v = render(&blobs(20, 20.0, 4.0, 1), 32, 2.0);
    let flat = Volume::zeros(32, 2.0).unwrap();
    assert!(matches!(
        align(&flat, &v, &AlignOptions::default()),
        Err(VolumeError::Flat { .. })
    ));
    assert!(matches!(
        align(&v, &flat, &AlignOptions::default()),
        Err(VolumeError::Flat { .. })
    ));
    let options = AlignOptions {
        search_angstrom: 0.0,
        ..AlignOptions::default()
    };
    assert!(matches!(
        align(&v, &v, &options),
        Err(VolumeError::Parameter { .. })
    ));
    let mut nan = v.clone();
    nan.data[0] = f32::NAN;
    assert!(matches!(
        align(&v, &nan, &AlignOptions::default()),
        Err(VolumeError::NotFinite { .. })
    ));
}
