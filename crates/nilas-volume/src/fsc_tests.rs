#![allow(clippy::unwrap_used)]
use super::*;
use crate::test_maps::{blobs, noise, render, sum};
use crate::{filter, mask};

// algorithms.md 0.10, vector 4.
#[test]
fn a_map_correlates_fully_with_itself_and_not_with_noise() {
    let v = render(&blobs(60, 40.0, 3.0, 1), 64, 2.0);
    let v = sum(&v, &noise(64, 2.0, 5), 0.01);
    let own = fsc(&v, &v).unwrap();
    assert_eq!(own.correlation.len(), 33);
    assert!(
        own.correlation.iter().all(|c| (c - 1.0).abs() < 1e-6),
        "{:?}",
        own.correlation
    );
    let mut outliers = 0;
    let mut shells = 0;
    for seed in 0..10 {
        let curve = fsc(&noise(48, 1.0, 100 + seed), &noise(48, 1.0, 200 + seed)).unwrap();
        for (c, samples) in curve.correlation.iter().zip(&curve.samples).skip(1) {
            // The sum of 2 * samples independent real products.
            outliers += usize::from(c.abs() > 3.0 / (2.0 * samples).sqrt());
            shells += 1;
        }
    }
    assert!(
        (outliers as f64) < 0.012 * shells as f64,
        "{outliers} of {shells} shells beyond 3 sigma"
    );
}

#[test]
fn sample_counts_are_the_shells_half_spheres() {
    let curve = fsc(&noise(64, 1.0, 1), &noise(64, 1.0, 2)).unwrap();
    assert_eq!(curve.samples[1], 9.0, "18 voxels round to |k| = 1");
    for r in [8, 20, 30] {
        let sphere = 2.0 * PI * (r * r) as f64;
        assert!(
            (curve.samples[r] / sphere - 1.0).abs() < 0.08,
            "shell {r}: {} of {sphere}",
            curve.samples[r]
        );
    }
}

#[test]
fn crossing_is_interpolated() {
    let curve = |c: &[f64]| FscCurve {
        n: 2 * (c.len() - 1),
        voxel_size_angstrom: 1.0,
        correlation: c.to_vec(),
        samples: vec![1.0; c.len()],
    };
    let c = curve(&[1.0, 1.0, 0.9, 0.5, 0.1, 0.6, 0.0, 0.0, 0.0]).crossing(0.3);
    assert!(c.crossed && (c.shell - 3.5).abs() < 1e-12 && (c.resolution_angstrom - 16.0 / 3.5).abs() < 1e-12);
    let never = curve(&[1.0; 9]).crossing(0.143);
    assert!(!never.crossed && never.resolution_angstrom == 2.0);
    let at_once = curve(&[1.0, 0.0, 0.9, 0.9, 0.9]).crossing(0.143);
    assert!(at_once.crossed && at_once.shell == 1.0);
    let nan = curve(&[1.0, 1.0, f64::NAN, 1.0, 1.0]).crossing(0.5);
    assert!(nan.crossed && nan.shell <= 2.0);
}

#[test]
fn expected_correlation_with_the_truth() {
    assert!((cref(1.0) - 1.0).abs() < 1e-15 && cref(-0.2) == 0.0);
    assert!(
        (cref(1.0 / 7.0) - 0.5).abs() < 1e-15,
        "0.143 is where the merged map agrees with the truth to 0.5"
    );
    // Signal plus independent noise in two halves: the merged map's correlation with the signal is Cref.
    let truth = noise(48, 1.0, 7);
    let (a, b) = (
        sum(&truth, &noise(48, 1.0, 8), 1.5),
        sum(&truth, &noise(48, 1.0, 9), 1.5),
    );
    let predicted = fsc(&a, &b).unwrap();
    let actual = fsc(&a.average(&b).unwrap(), &truth).unwrap();
    let (p, q) = (cref(predicted.mean(10, 23)), actual.mean(10, 23));
    assert!((p - q).abs() < 0.02, "predicted {p}, actual {q}");
}

#[test]
fn random_phases_keep_amplitudes_and_a_real_map() {
    let v = noise(32, 1.0, 3);
    let before = Spectrum::of(&v).unwrap();
    let random = randomise_phases(before.clone(), 5, 42).into_volume().unwrap();
    let after = Spectrum::of(&random).unwrap();
    let (p, q) = (before.shell_power(), after.shell_power());
    for r in 0..16 {
        assert!(
            (p[r] / q[r] - 1.0).abs() < 1e-4,
            "shell {r}: the inverse transform kept every amplitude"
        );
    }
    let curve = fsc(&v, &random).unwrap();
    assert!(curve.correlation[..5].iter().all(|c| (c - 1.0).abs() < 1e-5));
    assert!(curve.mean(8, 15).abs() < 0.03);
    let other = randomise_phases(before.clone(), 5, 43).into_volume().unwrap();
    assert!(
        fsc(&random, &other).unwrap().mean(8, 15).abs() < 0.03,
        "another seed is independent"
    );
    assert_eq!(randomise_phases(before, 5, 42).into_volume().unwrap(), random);
}

#[test]
fn correction_takes_off_what_a_tight_mask_brings() {
    // Signal up to 12 Å; beyond it the half maps are independent noise. A mask spreads low frequencies outwards.
    let (n, voxel) = (64, 2.0);
    let signal = filter::low_pass(&render(&blobs(250, 40.0, 3.0, 4), n, voxel), 12.0).unwrap();
    let strength = (2.0 * signal.standard_deviation()) as f32;
    let (a, b) = (
        sum(&signal, &noise(n, voxel, 1), strength),
        sum(&signal, &noise(n, voxel, 2), strength),
    );
    let hard = mask::threshold(&signal, 0.1 * signal.range().1).unwrap();
    let soft = mask::dilate_soft(&hard, 6.0, 12.0).unwrap();
    let (no_signal, last) = (14, 31);
    let with_hard = masked_corrected_fsc(&a, &b, &hard, 1).unwrap();
    assert!(
        with_hard.masked.mean(no_signal, last) > 0.15,
        "{}",
        with_hard.masked.mean(no_signal, last)
    );
    assert!(
        with_hard.masked.crossing(0.143).resolution_angstrom < 10.0,
        "uncorrected, the mask fakes resolution"
    );
    let with_soft = masked_corrected_fsc(&a, &b, &soft, 1).unwrap();
    let brought = |f: &CorrectedFsc| f.randomised.mean(no_signal, last);
    assert!(
        brought(&with_soft) < 0.5 * brought(&with_hard),
        "a soft mask brings less about"
    );
    for f in [with_hard, with_soft] {
        let from = f.randomised_from_shell;
        assert!((4..12).contains(&from), "{from}");
        assert!(
            f.corrected.mean(no_signal, last) < 0.05,
            "{}",
            f.corrected.mean(no_signal, last)
        );
        let d = f.corrected.crossing(0.143).resolution_angstrom;
        assert!((10.5..13.0).contains(&d), "{d} Å");
        assert!(
            f.masked.mean(from, 9) > f.unmasked.mean(from, 9),
            "the mask takes noise away"
        );
        assert_eq!(
            f.corrected.correlation[..from + 2],
            f.masked.correlation[..from + 2]
        );
    }
}

#[test]
fn bad_maps_are_named() {
    let v = noise(16, 1.0, 1);
    assert!(
        fsc(&v, &noise(18, 1.0, 1))
            .unwrap_err()
            .to_string()
            .contains("18 voxels")
    );
    let mut nan = v.clone();
    nan.data[77] = f32::INFINITY;
    assert!(fsc(&v, &nan).unwrap_err().to_string().contains("second map"));
    let empty = Volume::zeros(16, 1.0).unwrap();
    assert!(matches!(
        masked_corrected_fsc(&v, &v, &empty, 0),
        Err(VolumeError::Flat { .. })
    ));
    assert!(fsc(&v, &empty).unwrap().correlation.iter().all(|c| *c == 0.0));
}

fn curve(correlation: &[f64]) -> FscCurve {
    FscCurve {
        n: 2 * (correlation.len() - 1),
        voxel_size_angstrom: 2.0,
        correlation: correlation.to_vec(),
        samples: vec![0.0; correlation.len()],
    }
}

#[test]
fn agreement_that_chance_explains_ends_the_claim() {
    let c = curve(&[1.0, 1.0, 0.99, 0.95, 0.9, 0.3, 0.3, 0.3, 0.1]);
    // Many cells: the threshold decides, between shells 7 and 8.
    let plain = c.crossing(0.143);
    assert_eq!(c.significant_crossing(0.143, &[1000.0; 9], 3.0), plain);
    assert!(plain.shell > 7.0 && plain.shell < 8.0);
    // Four cells a shell: 0.9, 0.3 and 0.3 together are 2.5 standard errors from nothing.
    let few = c.significant_crossing(0.143, &[4.0; 9], 3.0);
    assert!(few.crossed);
    assert_eq!(few.shell, 5.0);
    assert!((few.resolution_angstrom - 16.0 * 2.0 / 5.0).abs() < 1e-9);
    // Too few to be judged at all: as without.
    assert_eq!(c.significant_crossing(0.143, &[1.0; 9], 3.0), plain);
}

#[test]
fn a_mask_leaves_its_share_of_the_cells() {
    let n = 32;
    let c = fsc(&noise(n, 1.0, 1), &noise(n, 1.0, 2)).unwrap();
    let all = independent_cells(&c, &Volume::from_fn(n, 1.0, |_| 1.0).unwrap(), 1);
    assert!(all.iter().zip(&c.samples).all(|(a, b)| (a - b).abs() < 1e-9));
    // Correlations of independent noise in a small hard mask scatter as that many cells say: 1 / sqrt(2 n).
    let mask = Volume::from_fn(n, 1.0, |p| f32::from(p.iter().all(|x| x.abs() < 6.0))).unwrap();
    let (mut sum, mut count) = (0.0, 0.0);
    for seed in 0..20 {
        let [a, b] = [2 * seed + 10, 2 * seed + 11].map(|s| noise(n, 1.0, s).times(&mask).unwrap());
        let c = fsc(&a, &b).unwrap();
        let cells = independent_cells(&c, &mask, 1);
        for r in 6..15 {
            sum += c.correlation[r].powi(2) * 2.0 * cells[r];
            count += 1.0;
        }
    }
    let ratio: f64 = sum / count;
    assert!((0.8..1.25).contains(&ratio), "{ratio}");
    let fourth = independent_cells(&c, &mask, 4);
    assert!((fourth[8] * 4.0 / independent_cells(&c, &mask, 1)[8] - 1.0).abs() < 1e-9);
}
