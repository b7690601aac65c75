//! Alignment of deposited maps (haemoglobin, beta-galactosidase) that were turned away, mirrored, blurred and made noisy.
#![allow(clippy::unwrap_used)]

#[path = "../../nilas-optics/tests/npz/mod.rs"]
mod npz;

use nilas_geometry::{PointGroup, Rotation};
use nilas_volume::transform::{Motion, moved};
use nilas_volume::{AlignOptions, Volume, align, filter, fsc};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// A plain little-endian f32 cube.
fn read_cube(path: &std::path::Path) -> Volume {
    let bytes = std::fs::read(path).unwrap();
    let word = |i: usize| i32::from_le_bytes(bytes[4 * (i - 1)..4 * i].try_into().unwrap());
    let cell = f32::from_le_bytes(bytes[40..44].try_into().unwrap());
    assert_eq!((word(4), word(1), word(2)), (2, word(3), word(3)));
    let data = bytes[1024 + word(24) as usize..]
        .chunks_exact(4)
        .map(|c| f32::from_le_bytes(c.try_into().unwrap()));
    Volume::new(
        word(1) as usize,
        f64::from(cell) / f64::from(word(8)),
        data.collect(),
    )
    .unwrap()
}

#[test]
fn turned_deposited_maps_come_home() {
    let maps = [
        ("07_maps_models/ccpem_utils/emd_3488.mrc", "C2"),
        ("03_betagal_EMPIAR10204/betaGal_ngl_map.mrc", "D2"),
    ];
    for (i, (file, group)) in maps.into_iter().enumerate() {
        let Some(path) = npz::test_data(file) else { return };
        let group = PointGroup::parse(group).unwrap();
        let fixed = read_cube(&path);
        let mut rng = ChaCha8Rng::seed_from_u64(50 + i as u64);
        for mirrored in [false, true] {
            let shift = [0; 3].map(|_| rng.random_range(-8.0..8.0));
            let away = Motion {
                rotation: Rotation::random(&mut rng),
                shift_angstrom: shift,
                mirrored,
            };
            let mut moving = moved(&fixed, &away).unwrap();
            let strength = moving.standard_deviation() as f32;
            let noise: Vec<f32> = (0..moving.data.len())
                .map(|_| StandardNormal.sample(&mut rng))
                .collect();
            moving
                .data
                .iter_mut()
                .zip(noise)
                .for_each(|(v, e)| *v += strength * e);
            let moving = filter::low_pass(&moving, 15.0).unwrap();
            let start = std::time::Instant::now();
            let a = align(&moving, &fixed, &AlignOptions::default()).unwrap();
            let seconds = start.elapsed().as_secs_f64();
            let home = a.apply(&moving, &fixed).unwrap();
            let d = fsc::fsc(&home, &fixed).unwrap().crossing(0.5).resolution_angstrom;
            // P R P, P being the mirror x -> -x, where the map was mirrored.
            let flip = |r: Rotation| {
                if !mirrored {
                    return r;
                }
                let mut m = r.m;
                for (row, values) in m.iter_mut().enumerate() {
                    for (column, v) in values.iter_mut().enumerate() {
                        *v *= if (row == 0) == (column == 0) { 1.0 } else { -1.0 };
                    }
                }
                Rotation { m }
            };
            // Out and home again is an operator of the map's group.
            let whole = a.rotation.mul(&flip(away.rotation));
            let angle = group.distance(&whole, &Rotation::identity()).to_degrees();
            println!(
                "{file} mirrored {mirrored}: {angle:.2} deg, cc {:.3} (other hand {:.3?}), FSC 0.5 at {d:.1} Å, {seconds:.1} s",
                a.cc, a.cc_other_hand
            );
            assert_eq!(a.mirrored, mirrored);
            assert!(d < 17.0, "{d} Å");
            assert!(angle < 1.5, "{angle} deg");
        }
    }
}
