#![allow(clippy::unwrap_used)]
use super::*;
use crate::disc::HalfDisc;
use crate::simd;
use crate::slice::{SplineVolume, padded_size};
use nilas_geometry::{PointGroup, Rotation};

fn noise(n: usize, seed: u64) -> Vec<f32> {
    let mut s = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    (0..n)
        .map(|_| {
            s ^= s << 13;
            s ^= s >> 7;
            s ^= s << 17;
            (s >> 40) as f32 / (1u64 << 24) as f32 - 0.5
        })
        .collect()
}

fn poses() -> Vec<[[f64; 3]; 3]> {
    [
        (10.0, 20.0, 30.0),
        (-70.0, 95.0, 5.0),
        (140.0, 170.0, -60.0),
        (0.0, 0.0, 0.0),
    ]
    .map(|(a, b, c)| Rotation::from_euler_deg(a, b, c).m)
    .to_vec()
}

#[test]
fn every_instruction_set_matches_the_reference() {
    let (n, r) = (16, 6);
    let disc = HalfDisc::new(n, r).unwrap();
    let (re, im, w) = (noise(disc.len(), 1), noise(disc.len(), 2), noise(disc.len(), 3));
    for level in simd::available() {
        let mut acc = Accumulator::new(n, r).unwrap();
        for rotation in poses() {
            let item = InsertItem {
                rotation,
                re: &re,
                im: &im,
                weight: &w,
            };
            acc.insert_at(level, &[item], disc.kx(), disc.ky()).unwrap();
        }
        let g = acc.grid;
        let o = g.origin as i64;
        for z in -o..=o {
            for y in -o..=o {
                for x in -1..g.nx as i64 - 1 {
                    let mut e = [0.0f64; 3];
                    for a in poses() {
                        for i in 0..disc.len() {
                            let c = reference::contribution(
                                &acc,
                                &a,
                                [disc.kx()[i] as f64, disc.ky()[i] as f64],
                                [re[i] as f64, im[i] as f64, w[i] as f64],
                                [x, y, z],
                            );
                            (0..3).for_each(|j| e[j] += c[j]);
                        }
                    }
                    let i = 4 * g.index(x, y, z);
                    for j in 0..3 {
                        assert!((acc.data[i + j] as f64 - e[j]).abs() < 3e-5, "{level:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn insertion_is_the_adjoint_of_slicing() {
    let (n, r) = (24, 10);
    let disc = HalfDisc::new(n, r).unwrap();
    let v = noise(n * n * n, 4);
    let volume = SplineVolume::from_real(&v, n, r).unwrap();
    let mut acc = Accumulator::new(n, r).unwrap();
    let mut left = 0.0f64;
    for (i, a) in poses().into_iter().enumerate() {
        let (yr, yi) = (noise(disc.len(), 20 + i as u64), noise(disc.len(), 30 + i as u64));
        let (mut re, mut im) = (vec![0.0; disc.len()], vec![0.0; disc.len()]);
        volume.slice(&a, disc.kx(), disc.ky(), &mut re, &mut im).unwrap();
        for j in 0..disc.len() {
            left += re[j] as f64 * yr[j] as f64 + im[j] as f64 * yi[j] as f64;
        }
        let item = InsertItem {
            rotation: a,
            re: &yr,
            im: &yi,
            weight: &yr,
        };
        acc.insert(&[item], disc.kx(), disc.ky()).unwrap();
    }
    let folded = acc.fold();
    let pad = padded_size(n) as f64;
    // to_real divides by s = pad^1.5/n; the adjoint multiplies by it, and the half disc counts each pair once.
    let s2 = pad.powi(3) / (n * n) as f64 / 2.0;
    let back = folded.to_real_within(&folded.numerator, f64::INFINITY).unwrap();
    let h = n as f64 / 2.0;
    let mut right = 0.0f64;
    for (i, (a, b)) in v.iter().zip(&back).enumerate() {
        let c = |i: usize| (i as f64 - h).powi(2);
        if c(i % n) + c(i / n % n) + c(i / (n * n)) < h * h {
            right += *a as f64 * *b as f64 * s2;
        }
    }
    println!("<Px,y> = {left:.6}, <x,PTy> = {right:.6}");
    assert!((left - right).abs() < 2e-5 * left.abs().max(right.abs()));
}

#[test]
fn threads_do_not_change_a_bit() {
    let (n, r) = (24, 11);
    let disc = HalfDisc::new(n, r).unwrap();
    let (re, im, w) = (noise(disc.len(), 1), noise(disc.len(), 2), noise(disc.len(), 3));
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            let mut acc = Accumulator::new(n, r).unwrap();
            let items: Vec<_> = poses()
                .into_iter()
                .map(|rotation| InsertItem {
                    rotation,
                    re: &re,
                    im: &im,
                    weight: &w,
                })
                .collect();
            acc.insert(&items, disc.kx(), disc.ky()).unwrap();
            acc.raw().to_vec()
        })
    };
    let one = run(1);
    assert!(run(2) == one && run(5) == one);
}

#[test]
fn exact_symmetry_equals_inserting_every_copy() {
    let (n, r) = (16, 6);
    let disc = HalfDisc::new(n, r).unwrap();
    let (re, im, w) = (noise(disc.len(), 1), noise(disc.len(), 2), noise(disc.len(), 3));
    for name in ["C2", "D2", "O", "C4"] {
        let group = PointGroup::parse(name).unwrap();
        let ops: Vec<_> = group
            .operators()
            .iter()
            .filter_map(|o| SignedPermutation::from_matrix(&o.m))
            .collect();
        assert_eq!(ops.len(), group.order(), "{name} maps the grid onto itself");
        let a = Rotation::from_euler_deg(25.0, 50.0, 75.0);
        let mut once = Accumulator::new(n, r).unwrap();
        let item = InsertItem {
            rotation: a.m,
            re: &re,
            im: &im,
            weight: &w,
        };
        once.insert(&[item], disc.kx(), disc.ky()).unwrap();
        let sym = once.fold().symmetrised(&ops);
        let mut all = Accumulator::new(n, r).unwrap();
        for s in group.operators() {
            let item = InsertItem {
                rotation: a.mul(s).m,
                ..item
            };
            all.insert(&[item], disc.kx(), disc.ky()).unwrap();
        }
        let all = all.fold();
        for i in 0..all.weight.len() {
            assert!((all.numerator[i] - sym.numerator[i]).norm() < 1e-4, "{name}");
            assert!((all.weight[i] - sym.weight[i]).abs() < 1e-4, "{name}");
        }
    }
    let c3 = PointGroup::parse("C3").unwrap();
    assert!(
        c3.operators()
            .iter()
            .filter_map(|o| SignedPermutation::from_matrix(&o.m))
            .count()
            == 1
    );
}

#[test]
fn a_smoothed_spectrum_turns_back_into_its_volume() {
    let n = 24;
    let folded = Accumulator::new(n, 11).unwrap().fold();
    let smooth = crate::slice::tests::phantom(n);
    let spectrum = folded.smoothed_spectrum(&smooth).unwrap();
    let back = folded.to_real_within(&spectrum, f64::INFINITY).unwrap();
    let (mut error, mut power) = (0.0f64, 0.0f64);
    let h = n as f64 / 2.0;
    for (i, (a, b)) in smooth.iter().zip(&back).enumerate() {
        let c = |i: usize| (i as f64 - h).powi(2);
        if c(i % n) + c(i / n % n) + c(i / (n * n)) < 0.8 * h * h {
            error += (*a as f64 - *b as f64).powi(2);
            power += (*a as f64).powi(2);
        }
    }
    assert!(error < 1e-5 * power, "{}", error / power);
}
