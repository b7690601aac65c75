//! Gain references and defect maps: files, orientation beside RELION's, and what is found in simulated data.
#![allow(clippy::unwrap_used)]

use nilas_formats::defects::{
    DefectMap, HotPixelLimits, counting_limit, find_hot_pixels, mark_outliers, replace,
};
use nilas_formats::gain::{Flip, GainReference, Orientation};
use nilas_formats::movie::{PixelType, Pixels};
use nilas_formats::mrc::{MrcFile, MrcMode, MrcStackWriter};
use nilas_formats::tiff::{RowOrder, TiffFile, TiffOptions, TiffWriter};
use rand::RngExt;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::path::Path;
use std::process::Command;

fn mrc(path: &Path, shape: [usize; 2], image: &[f32]) {
    let mut w = MrcStackWriter::create(path, shape, 1.0, MrcMode::F32).unwrap();
    w.push(image).unwrap();
    w.finish().unwrap();
}

fn tiff(path: &Path, shape: [usize; 2], pixels: &Pixels) {
    let mut w = TiffWriter::create(path, shape, pixels.kind(), TiffOptions::default()).unwrap();
    w.push(pixels).unwrap();
    w.finish().unwrap();
}

/// A Poisson number, by multiplying uniform ones (for small means) or the sum of two halves.
fn poisson(mean: f64, rng: &mut ChaCha8Rng) -> u32 {
    if mean > 30.0 {
        return poisson(mean / 2.0, rng) + poisson(mean / 2.0, rng);
    }
    let (limit, mut product, mut k) = ((-mean).exp(), rng.random::<f64>(), 0);
    while product > limit {
        product *= rng.random::<f64>();
        k += 1;
    }
    k
}

#[test]
fn references_of_every_kind_agree() {
    let dir = tempfile::tempdir().unwrap();
    let shape = [4, 6];
    let values: Vec<f32> = (0..24).map(|i| 0.5 + i as f32 / 16.0).collect();
    mrc(&dir.path().join("g.mrc"), shape, &values);
    tiff(&dir.path().join("g.tif"), shape, &Pixels::F32(values.clone()));
    let from_mrc = GainReference::read(dir.path().join("g.mrc")).unwrap();
    assert_eq!((from_mrc.shape(), from_mrc.values()), (shape, values.as_slice()));
    assert_eq!(GainReference::read(dir.path().join("g.tif")).unwrap(), from_mrc);
    // A Falcon's: rows as stored, values divide.
    std::fs::rename(dir.path().join("g.tif"), dir.path().join("g.gain")).unwrap();
    let falcon = GainReference::read(dir.path().join("g.gain")).unwrap();
    let stored = TiffFile::open(dir.path().join("g.gain"))
        .unwrap()
        .read(0, RowOrder::AsStored)
        .unwrap()
        .pixels
        .to_f32();
    let mean = values.iter().sum::<f32>() / 24.0;
    for (g, v) in falcon.values().iter().zip(&stored) {
        assert!((g * v - mean).abs() < 1e-5);
    }
    assert!((from_mrc.clone().normalised().mean() - 1.0).abs() < 1e-6);
    let mut frame = vec![2.0; 24];
    from_mrc.apply(&mut frame);
    let mut out = vec![0.0; 24];
    from_mrc.correct(&Pixels::U8(vec![2; 24]), &mut out);
    assert_eq!(frame, out);
    assert_eq!(frame, values.iter().map(|v| v * 2.0).collect::<Vec<_>>());
}

#[test]
fn what_is_no_gain_is_a_defect_or_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("g.mrc");
    let bad = [1.0, f32::NAN, 0.0, -2.0, f32::INFINITY, 3.0];
    mrc(&path, [2, 3], &bad);
    let g = GainReference::read(&path).unwrap();
    assert_eq!(
        (g.values(), g.defects(), g.mean()),
        (&[1.0, 0.0, 0.0, 0.0, 0.0, 3.0][..], 4, 2.0)
    );
    let map = DefectMap::of_gain(&g, 0.4..=1.6);
    assert_eq!(map.pixels().collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!(DefectMap::of_gain(&g, 0.6..=1.6).count(), 5);
    mrc(&path, [1, 2], &[0.0, f32::NAN]);
    let e = GainReference::read(&path).unwrap_err().to_string();
    assert!(e.contains("usable") && e.contains("g.mrc"), "{e}");
    let mut stack = MrcStackWriter::create(&path, [1, 2], 1.0, MrcMode::F32).unwrap();
    stack.push(&[1.0, 1.0]).unwrap();
    stack.push(&[1.0, 1.0]).unwrap();
    stack.finish().unwrap();
    assert!(
        GainReference::read(&path)
            .unwrap_err()
            .to_string()
            .contains("this file has 2")
    );
    tiff(&dir.path().join("m.tif"), [1, 2], &Pixels::U8(vec![1, 0]));
    assert!(
        GainReference::read(dir.path().join("m.tif"))
            .unwrap_err()
            .to_string()
            .contains("mask")
    );
}

#[test]
fn a_misfit_says_what_would_fit() {
    let g = GainReference::new([30, 20], vec![1.0; 600], Path::new("g.mrc")).unwrap();
    for (frame, word) in [
        ([20, 30], "quarter"),
        ([60, 40], "2 times as fine"),
        ([15, 10], "2 times as coarse"),
        ([40, 60], "quarter (rotation 1 or 3) on a grid 2 times as fine"),
        ([31, 20], "another camera"),
    ] {
        let e = g.check(frame, Path::new("g.mrc")).unwrap_err().to_string();
        assert!(e.contains(word) && e.contains("30 x 20"), "{e}");
    }
    g.check([30, 20], Path::new("g.mrc")).unwrap();
    let odd = GainReference::new([2, 2], vec![1.0, 2.0, 4.0, 0.0], Path::new("g")).unwrap();
    let fine = odd.resampled([4, 4], Path::new("g")).unwrap();
    assert_eq!(&fine.values()[..4], [1.0, 1.0, 2.0, 2.0]);
    assert_eq!(&fine.values()[8..12], [4.0, 4.0, 0.0, 0.0]);
    let wide = GainReference::new(
        [2, 4],
        vec![1.0, 2.0, 1.0, 0.0, 4.0, 4.0, 1.0, 1.0],
        Path::new("g"),
    )
    .unwrap();
    let coarse = wide.resampled([1, 2], Path::new("g")).unwrap();
    // Even light gives counts 1, 1/2, 1/4, 1/4: their sum of 2 must become 4.
    assert_eq!(coarse.values(), [2.0, 0.0]);
    assert!(wide.resampled([4, 2], Path::new("g")).is_err());
}

#[test]
fn eight_orientations() {
    let shape = [2, 3];
    let image = [1, 2, 3, 4, 5, 6];
    let turned = |quarter_turns, flip| Orientation { quarter_turns, flip }.apply(&image, shape);
    assert_eq!(turned(0, Flip::None), image);
    assert_eq!(turned(1, Flip::None), [4, 1, 5, 2, 6, 3]);
    assert_eq!(turned(2, Flip::None), [6, 5, 4, 3, 2, 1]);
    assert_eq!(turned(3, Flip::None), [3, 6, 2, 5, 1, 4]);
    assert_eq!(turned(0, Flip::UpDown), [4, 5, 6, 1, 2, 3]);
    assert_eq!(turned(0, Flip::LeftRight), [3, 2, 1, 6, 5, 4]);
    let mut seen: Vec<Vec<i32>> = Orientation::all()
        .iter()
        .map(|o| o.apply(&image, shape))
        .collect();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 8);
}

/// RELION prepares the gain reference before it looks at movies: its `gain.mrc` is the oracle.
#[test]
fn relion_turns_a_gain_reference_the_same_way() {
    if Command::new("relion_run_motioncorr")
        .arg("--version")
        .output()
        .is_err()
    {
        eprintln!("skipped: relion_run_motioncorr is not installed");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let shape = [64, 96];
    let mut rng = ChaCha8Rng::seed_from_u64(9);
    let gain: Vec<f32> = (0..64 * 96).map(|_| rng.random_range(0.5..1.5)).collect();
    mrc(&dir.path().join("g.mrc"), shape, &gain);
    tiff(&dir.path().join("g.tif"), shape, &Pixels::F32(gain.clone()));
    let star = "data_optics\n\nloop_\n_rlnOpticsGroupName #1\n_rlnOpticsGroup #2\n_rlnMicrographOriginalPixelSize #3\n\
                _rlnVoltage #4\n_rlnSphericalAberration #5\n_rlnAmplitudeContrast #6\nopticsGroup1 1 1.0 300 2.7 0.1\n\n\
                data_movies\n\nloop_\n_rlnMicrographMovieName #1\n_rlnOpticsGroup #2\nnone.mrcs 1\n";
    std::fs::write(dir.path().join("movies.star"), star).unwrap();
    let mut compared = 0;
    for name in ["g.mrc", "g.tif"] {
        let ours = GainReference::read(dir.path().join(name)).unwrap();
        for turns in 0..4u8 {
            for (flip_number, flip) in [(0, Flip::None), (1, Flip::UpDown), (2, Flip::LeftRight)] {
                if turns == 0 && flip_number == 0 {
                    continue;
                }
                let written = dir.path().join("out/gain.mrc");
                let _ = std::fs::remove_file(&written);
                // It fails afterwards: there is no movie. The reference was written by then.
                let out = Command::new("relion_run_motioncorr")
                    .current_dir(dir.path())
                    .args([
                        "--i",
                        "movies.star",
                        "--o",
                        "out/",
                        "--use_own",
                        "--j",
                        "1",
                        "--gainref",
                        name,
                    ])
                    .args([
                        "--gain_rot",
                        &turns.to_string(),
                        "--gain_flip",
                        &flip_number.to_string(),
                    ])
                    .output()
                    .unwrap();
                assert!(written.exists(), "{}", String::from_utf8_lossy(&out.stderr));
                let theirs = MrcFile::open(&written).unwrap();
                let turned = ours.oriented(Orientation {
                    quarter_turns: turns,
                    flip,
                });
                assert_eq!(theirs.slice_shape(), turned.shape(), "{name} {turns} {flip:?}");
                assert!(
                    theirs.read_all().unwrap() == turned.values(),
                    "{name} {turns} {flip:?}"
                );
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 22);
}

#[test]
fn defect_files() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("d.txt");
    let text = |t: &str| {
        std::fs::write(&path, t).unwrap();
        DefectMap::read(&path, [5, 8])
    };
    let map = text("# x y w h\n0 0 2 3\n\n 7 4 1 1 # corner\n1 1 1 1\n").unwrap();
    assert_eq!(map.pixels().collect::<Vec<_>>(), [0, 1, 8, 9, 16, 17, 39]);
    for (t, word) in [
        ("0 0 9 1", "line 1"),
        ("0 0 1 1\n0 4 1 2", "line 2"),
        ("0 0 1", "is not x y width height"),
        ("0 0 1 -1", "is not x y width height"),
        ("18446744073709551615 0 18446744073709551615 1", "line 1"),
        ("CameraSizeX 8\nBadColumns 3\n", "clip defect"),
    ] {
        let e = text(t).unwrap_err().to_string();
        assert!(e.contains(word) && e.contains("d.txt"), "{e}");
    }
    let mask: Vec<f32> = map.bad().iter().map(|&b| f32::from(u8::from(b))).collect();
    mrc(&dir.path().join("d.mrc"), [5, 8], &mask);
    assert_eq!(DefectMap::read(dir.path().join("d.mrc"), [5, 8]).unwrap(), map);
    tiff(
        &dir.path().join("d.tif"),
        [5, 8],
        &Pixels::U8(mask.iter().map(|&v| v as u8).collect()),
    );
    assert_eq!(DefectMap::read(dir.path().join("d.tif"), [5, 8]).unwrap(), map);
    let e = DefectMap::read(dir.path().join("d.tif"), [8, 5])
        .unwrap_err()
        .to_string();
    assert!(e.contains("quarter"), "{e}");
    let mut both = DefectMap::none([5, 8]);
    both.mark(20);
    both.mark(4000);
    both.merge(&map, &path).unwrap();
    assert_eq!(both.count(), 8);
    assert!(both.merge(&DefectMap::none([8, 5]), &path).is_err());
}

#[test]
fn hot_pixels_are_found_and_others_are_not() {
    let shape = [500, 600];
    for (mean, seed) in [(1.0, 1), (40.0, 2), (400.0, 3)] {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut sum: Vec<f32> = (0..shape[0] * shape[1])
            .map(|_| poisson(mean, &mut rng) as f32)
            .collect();
        let clean = find_hot_pixels(&sum, &mut DefectMap::none(shape), HotPixelLimits::default());
        // A false positive in a hundred thousand is allowed: three here.
        assert!(
            clean.hot + clean.dead <= 3 && clean.rows.is_empty() && clean.columns.is_empty(),
            "{mean}: {clean:?}"
        );
        assert!((clean.mean - mean).abs() < 0.02 * mean + 0.02);
        // Hot ones, from eight deviations (or what counts reach) up to far more, some side by side.
        let mut hot: Vec<usize> = (0..300).map(|_| rng.random_range(0..sum.len())).collect();
        hot.sort_unstable();
        hot.dedup();
        let least = (mean + 8.0 * f64::sqrt(mean)).max(clean.limit + 2.0);
        for (i, &p) in hot.iter().enumerate() {
            sum[p] = (least * if i % 3 == 0 { 50.0 } else { 1.0 }) as f32;
        }
        for y in 0..shape[0] {
            sum[y * shape[1] + 77] += (2.0 * mean) as f32;
        }
        sum[3 * shape[1] + 5] = f32::NAN;
        let mut map = DefectMap::none(shape);
        let found = find_hot_pixels(&sum, &mut map, HotPixelLimits::default());
        let missed = hot.iter().filter(|&&p| !map.bad()[p]).count();
        assert!(
            missed * 100 <= hot.len(),
            "{mean}: {missed} of {} missed",
            hot.len()
        );
        assert_eq!(
            (found.columns.as_slice(), found.rows.len()),
            (&[77][..], 0),
            "{mean}"
        );
        assert!(map.bad()[3 * shape[1] + 5]);
        let wrong = map.count()
            - shape[0]
            - 1
            - hot
                .iter()
                .filter(|&&p| map.bad()[p] && p % shape[1] != 77)
                .count();
        assert!(wrong <= 3, "{mean}: {wrong} good pixels called bad");
    }
    // Nothing to find in nothing.
    let flat = vec![3.0; 20];
    let mut map = DefectMap::none([4, 5]);
    let found = find_hot_pixels(&flat, &mut map, HotPixelLimits::default());
    assert_eq!((found.hot, map.count(), found.mean), (0, 0, 3.0));
    assert_eq!(
        find_hot_pixels(&flat, &mut DefectMap::none([4, 4]), HotPixelLimits::default()).limit,
        f64::INFINITY
    );
}

#[test]
fn counting_limits_are_those_of_the_poisson_distribution() {
    // scipy.stats.poisson.isf: the smallest k with P(X > k) <= chance.
    for (mean, chance, want) in [
        (0.02, 1e-12, 5.0),
        (1.0, 1e-8, 11.0),
        (40.0, 1e-8, 80.0),
        (400.0, 1e-12, 549.0),
    ] {
        let got = counting_limit(mean, chance);
        assert!(
            (got - want).abs() <= 1.0,
            "{mean} {chance}: {got}, scipy has {want}"
        );
    }
    assert_eq!(counting_limit(0.0, 1e-8), 0.0);
    assert_eq!(counting_limit(f64::NAN, 1e-8), f64::INFINITY);
    let far = counting_limit(20_000.0, 1e-8);
    assert!((20_700.0..21_000.0).contains(&far), "{far}");
    let mut map = DefectMap::none([1, 4]);
    assert_eq!(mark_outliers(&[0.0, 9.0, f32::NAN, 3.0], 8.0, &mut map), 2);
    assert_eq!(mark_outliers(&[0.0, 9.0, f32::NAN, 3.0], 8.0, &mut map), 0);
}

#[test]
fn replaced_pixels_look_like_their_surroundings() {
    let shape = [200, 300];
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    // Two fields of different level: what is put in must come from the right one.
    let level = |p: usize| if p % shape[1] < 150 { 4.0 } else { 40.0 };
    let good: Vec<f32> = (0..shape[0] * shape[1])
        .map(|p| poisson(level(p), &mut rng) as f32)
        .collect();
    let mut map = DefectMap::none(shape);
    for _ in 0..6000 {
        map.mark(rng.random_range(0..good.len()));
    }
    let mut frame = good.clone();
    map.pixels().for_each(|p| frame[p] = 1e6);
    let broken = frame.clone();
    replace(&mut frame, &map, 2, 5, 0);
    let (mut sum, mut squares, mut n) = (0.0, 0.0, 0.0);
    for p in 0..frame.len() {
        if !map.bad()[p] {
            assert_eq!(frame[p], good[p]);
        } else if !(145..155).contains(&(p % shape[1])) {
            let z = (f64::from(frame[p]) - level(p)) / f64::sqrt(level(p));
            (sum, squares, n) = (sum + z, squares + z * z, n + 1.0);
        }
    }
    let (mean, variance) = (sum / n, squares / n - (sum / n).powi(2));
    println!("{n} replaced pixels: mean {mean:.3}, variance {variance:.3} of their field's");
    assert!(mean.abs() < 0.05 && (variance - 1.0).abs() < 0.08);
    // The same every time; another frame or seed gives others.
    let again = |seed, index| {
        let mut f = broken.clone();
        replace(&mut f, &map, 2, seed, index);
        f
    };
    assert!(again(5, 0) == frame && again(5, 1) != frame && again(6, 0) != frame);
    // A block without good pixels around: from anywhere, never from itself.
    let mut map = DefectMap::none(shape);
    for y in 50..150 {
        (50..250).for_each(|x| map.mark(y * shape[1] + x));
    }
    let mut frame = good.clone();
    map.pixels().for_each(|p| frame[p] = 1e6);
    replace(&mut frame, &map, 2, 1, 0);
    assert!(frame.iter().all(|&v| v < 1000.0));
    let mut all_bad = vec![7.0; 4];
    let mut map = DefectMap::none([2, 2]);
    (0..4).for_each(|p| map.mark(p));
    replace(&mut all_bad, &map, 2, 1, 0);
    assert_eq!(all_bad, [7.0; 4]);
}

#[test]
fn a_flat_field_becomes_flat() {
    // 5 % spread of gain: after correction the pattern that stays is below 0.3 %.
    let shape = [128, 128];
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    let spread: Vec<f32> = (0..128 * 128)
        .map(|_| 1.0 + 0.05 * (rng.random::<f32>() - 0.5) * 12f32.sqrt())
        .collect();
    let gain = GainReference::new(shape, spread.iter().map(|s| 1.0 / s).collect(), Path::new("g")).unwrap();
    let mut sum = vec![0f64; 128 * 128];
    let mut out = vec![0.0; 128 * 128];
    // The exact expectation of each pixel, as 16-bit counts: rounding is all that disturbs.
    for level in [1000.0, 5000.0, 20000.0] {
        let frame = Pixels::U16(spread.iter().map(|s| (s * level) as u16).collect());
        assert_eq!(frame.kind(), PixelType::U16);
        gain.correct(&frame, &mut out);
        sum.iter_mut().zip(&out).for_each(|(s, v)| *s += f64::from(*v));
    }
    let mean = sum.iter().sum::<f64>() / sum.len() as f64;
    let left = (sum.iter().map(|s| (s / mean - 1.0).powi(2)).sum::<f64>() / sum.len() as f64).sqrt();
    assert!(left < 0.003, "{left}");
}
