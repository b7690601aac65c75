//! EER against the specification's vector, imagecodecs, tifffile and RELION, and files that lie.
#![allow(clippy::unwrap_used)]

mod testdata;

use nilas_formats::eer::{EerFile, EerOptions, EerWriter, Electron, Fractions};
use nilas_formats::movie::{PixelType, Pixels};
use nilas_formats::tiff::{RowOrder, TiffFile};
use proptest::prelude::*;
use rand::RngExt;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::path::Path;
use std::process::Command;

fn options(upsampling: usize, fractions: Fractions) -> EerOptions {
    EerOptions {
        upsampling,
        fractions,
        leave_out_broken: false,
    }
}

/// Electrons of a raw frame: each pixel is hit with probability `mean`.
fn electrons(pixels: u32, mean: f64, rng: &mut ChaCha8Rng) -> Vec<Electron> {
    let mut out = Vec::new();
    let mut at = 0.0;
    loop {
        // Gaps of rare events are exponential: cheap for four thousand squared.
        at += 1.0 + (-(1.0 - rng.random::<f64>()).ln() / mean).floor();
        if at > f64::from(pixels) {
            return out;
        }
        out.push(Electron::new(
            at as u32 - 1,
            rng.random_range(0..4),
            rng.random_range(0..4),
        ));
    }
}

fn write(path: &Path, detector: [usize; 2], frames: &[Vec<Electron>]) {
    let mut writer = EerWriter::create(
        path,
        detector,
        Some("<metadata><item name=\"numberOfFrames\">3</item><item name=\"sensorPixelSize.width\" unit=\"m\"> 8.1e-11 </item></metadata>"),
    )
    .unwrap();
    frames.iter().for_each(|f| writer.push(f).unwrap());
    writer.finish().unwrap();
}

/// Counts, the plain way.
fn expected(frames: &[Vec<Electron>], [ny, nx]: [usize; 2], u: usize) -> Vec<u8> {
    let mut out = vec![0u8; ny * nx * u * u];
    for e in frames.iter().flatten() {
        let (y, x) = (e.pixel() as usize / nx, e.pixel() as usize % nx);
        let (sy, sx) = (e.y_quarter() as usize * u / 4, e.x_quarter() as usize * u / 4);
        out[(y * u + sy) * nx * u + x * u + sx] += 1;
    }
    out
}

/// A little-endian TIFF with one directory a frame, for compressions that we do not write.
fn container(path: &Path, detector: [usize; 2], compression: u16, extra: &[(u16, u16)], frames: &[Vec<u8>]) {
    let mut bytes = b"II*\0\0\0\0\0".to_vec();
    let mut link = 4;
    for data in frames {
        let at = bytes.len() as u32;
        bytes.extend(data);
        bytes.resize(bytes.len().next_multiple_of(2), 0);
        let mut tags: Vec<(u16, u16, u32)> = vec![
            (256, 4, detector[1] as u32),
            (257, 4, detector[0] as u32),
            (258, 3, 8),
            (259, 3, compression.into()),
            (262, 3, 1),
            (273, 4, at),
            (277, 3, 1),
            (278, 4, detector[0] as u32),
            (279, 4, data.len() as u32),
        ];
        tags.extend(extra.iter().map(|&(t, v)| (t, 3, u32::from(v))));
        let ifd = bytes.len() as u32;
        bytes[link..link + 4].copy_from_slice(&ifd.to_le_bytes());
        bytes.extend((tags.len() as u16).to_le_bytes());
        for (tag, kind, value) in tags {
            bytes.extend(tag.to_le_bytes());
            bytes.extend(kind.to_le_bytes());
            bytes.extend(1u32.to_le_bytes());
            bytes.extend(value.to_le_bytes());
        }
        link = bytes.len();
        bytes.extend([0; 4]);
    }
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn the_specifications_vector() {
    // Falcon EER file format: 7 bits of run length, one bit each of position; four electrons in 312 pixels.
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("v.eer");
    let data = vec![0x03, 0x1b, 0xfc, 0xb1, 0x35, 0xfb];
    container(
        &path,
        [1, 312],
        65002,
        &[(65007, 7), (65008, 1), (65009, 1)],
        &[data],
    );
    let file = EerFile::open(&path, options(1, Fractions::RawFrames(1))).unwrap();
    let mut list = Vec::new();
    file.electrons(0, &mut list).unwrap();
    let pixels: Vec<u32> = list.iter().map(|e| e.pixel()).collect();
    assert_eq!(pixels, [3, 17, 233, 311]);
    let frame = file.read(0).unwrap();
    assert_eq!((frame.shape, frame.electrons), ([1, 312], Some(4)));
    assert_eq!(frame.pixels.to_f32().iter().sum::<f32>(), 4.0);
}

#[test]
fn imagecodecs_and_tifffile_see_the_same_electrons() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.eer");
    let detector = [64, 96];
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    // Dense, sparse, empty: run lengths of 0, and steps without electrons.
    let frames: Vec<Vec<Electron>> = [0.5, 0.03, 0.002, 1e-9, 0.1]
        .iter()
        .map(|&m| electrons(64 * 96, m, &mut rng))
        .collect();
    assert!(frames[3].is_empty() && frames[0].len() > 2000);
    write(&path, detector, &frames);
    for (i, want) in frames.iter().enumerate() {
        let file = EerFile::open(
            &path,
            EerOptions {
                fractions: Fractions::RawFrames(1),
                ..EerOptions::default()
            },
        )
        .unwrap();
        let mut got = Vec::new();
        file.electrons(i, &mut got).unwrap();
        assert_eq!(&got, want);
    }
    let code = "
import sys, numpy as np, tifffile, imagecodecs
with tifffile.TiffFile(sys.argv[1]) as t:
    for u in (1, 2, 4):
        s = 0
        for p in t.pages:
            data = t.filehandle
            data.seek(p.dataoffsets[0])
            raw = data.read(p.databytecounts[0])
            ny, nx = p.shape[-2:]
            f = imagecodecs.eer_decode(raw, (ny * u, nx * u), 7, 2, 2, superres=u // 2)
            if u == 1:
                assert np.array_equal(p.asarray(), f)
            s = s + f.astype('u1')
        s.tofile(sys.argv[1] + '.%d' % u)
    print(len(t.pages))
";
    let checked = testdata::python("tifffile, imagecodecs", code, &[&path.to_string_lossy()]);
    for u in [1, 2, 4] {
        let file = EerFile::open(&path, options(u, Fractions::RawFrames(5))).unwrap();
        let frame = file.read(0).unwrap();
        assert_eq!(frame.shape, [64 * u, 96 * u]);
        assert!(
            frame.pixels == Pixels::U8(expected(&frames, detector, u)),
            "upsampling {u}"
        );
        if checked.is_some() {
            let peer = std::fs::read(format!("{}.{u}", path.display())).unwrap();
            assert!(
                frame.pixels.bytes() == peer,
                "upsampling {u}: imagecodecs differs"
            );
        }
    }
}

/// Events of the oldest form: 8 + 4 bits, position bits always there.
fn encode_old(list: &[Electron], pixels: u32) -> Vec<u8> {
    let mut codes = Vec::new();
    let mut at = 0;
    for e in list {
        let mut step = e.pixel() - at;
        while step >= 255 {
            codes.push(255u16);
            step -= 255;
        }
        codes.push((step | (e.x_quarter() ^ 2) << 8 | (e.y_quarter() ^ 2) << 10) as u16);
        at = e.pixel() + 1;
    }
    let mut step = pixels - at;
    while step >= 255 {
        codes.push(255);
        step -= 255;
    }
    codes.push(step as u16);
    codes.resize(codes.len().next_multiple_of(2), 0);
    codes
        .chunks_exact(2)
        .flat_map(|c| {
            let word = u32::from(c[0]) | u32::from(c[1]) << 12;
            word.to_le_bytes()[..3].to_vec()
        })
        .collect()
}

#[test]
fn relion_renders_the_same_frames() {
    if Command::new("relion_convert_to_tiff")
        .arg("--version")
        .output()
        .is_err()
    {
        eprintln!("skipped: relion_convert_to_tiff is not installed");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    // RELION knows this one size.
    let detector = [4096, 4096];
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let frames: Vec<Vec<Electron>> = (0..5).map(|_| electrons(4096 * 4096, 0.01, &mut rng)).collect();
    write(&dir.path().join("new.eer"), detector, &frames);
    let old: Vec<Vec<u8>> = frames.iter().map(|f| encode_old(f, 4096 * 4096)).collect();
    container(&dir.path().join("old.eer"), detector, 65000, &[], &old);
    for (name, u) in [("new", 1), ("new", 2), ("old", 1), ("old", 2)] {
        let done = Command::new("relion_convert_to_tiff")
            .current_dir(dir.path())
            .args([
                "--i",
                &format!("{name}.eer"),
                "--o",
                "out/",
                "--eer_grouping",
                "2",
            ])
            .args(["--eer_upsampling", &u.to_string(), "--compression", "lzw"])
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let theirs = TiffFile::open(dir.path().join(format!("out/{name}.tif"))).unwrap();
        let ours = EerFile::open(
            dir.path().join(format!("{name}.eer")),
            options(u, Fractions::RawFrames(2)),
        )
        .unwrap();
        // Five raw frames are two frames and one left over, there and here.
        assert_eq!(
            (theirs.frames(), ours.frames(), ours.shape()),
            (2, 2, theirs.shape())
        );
        assert!(
            ours.notes().iter().any(|n| n.contains("last 1 of 5")),
            "{:?}",
            ours.notes()
        );
        for i in 0..2 {
            let want = theirs.read(i, RowOrder::BottomFirst).unwrap();
            let got = ours.read(i).unwrap();
            assert_eq!(
                got.electrons,
                Some((frames[2 * i].len() + frames[2 * i + 1].len()) as u64)
            );
            assert!(
                got.pixels.to_f32() == want.pixels.to_f32(),
                "{name} upsampling {u} frame {i}"
            );
        }
    }
}

#[test]
fn grouping_and_metadata() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.eer");
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let frames: Vec<Vec<Electron>> = (0..300).map(|_| electrons(100, 0.3, &mut rng)).collect();
    write(&path, [10, 10], &frames);
    let open = |fractions| EerFile::open(&path, options(1, fractions));
    let shape = |fractions| open(fractions).map(|f| (f.frames(), f.raw_per_frame()));
    assert_eq!(shape(Fractions::RawFrames(40)).unwrap(), (7, 40));
    assert_eq!(shape(Fractions::Count(9)).unwrap(), (9, 33));
    // 300 raw frames of 60 e/A^2: one of 1.1 e/A^2 takes five and a half.
    let dose = |per_fraction| Fractions::Dose {
        per_fraction,
        total: 60.0,
    };
    assert_eq!(shape(dose(1.1)).unwrap(), (50, 6));
    assert_eq!(shape(dose(0.01)).unwrap(), (300, 1));
    for bad in [
        Fractions::RawFrames(0),
        Fractions::RawFrames(301),
        Fractions::Count(0),
        Fractions::Count(301),
        dose(0.0),
        dose(f64::NAN),
    ] {
        assert!(shape(bad).is_err(), "{bad:?}");
    }
    let all = open(Fractions::RawFrames(300)).unwrap();
    assert_eq!(all.pixel_type(), PixelType::U16);
    let frame = all.read(0).unwrap();
    let total: usize = frames.iter().map(Vec::len).sum();
    assert_eq!(frame.electrons, Some(total as u64));
    assert_eq!(frame.pixels.to_f32().iter().sum::<f32>(), total as f32);
    assert_eq!(
        all.metadata_value("numberOfFrames").unwrap().as_deref(),
        Some("3")
    );
    assert_eq!(
        all.metadata_value("sensorPixelSize.width").unwrap().as_deref(),
        Some("8.1e-11")
    );
    assert_eq!(all.metadata_value("gain").unwrap(), None);
    assert!(EerFile::open(&path, options(3, Fractions::RawFrames(1))).is_err());
    assert!(all.read(1).unwrap_err().to_string().contains("there are 1"));
}

#[test]
fn a_broken_raw_frame_is_named_or_left_out() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.eer");
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let frames: Vec<Vec<Electron>> = (0..4).map(|_| electrons(10_000, 0.05, &mut rng)).collect();
    write(&path, [100, 100], &frames);
    let mut bytes = std::fs::read(&path).unwrap();
    // All ones at the end of the second frame's events: steps over the end of the frame.
    let start = frames[0].len() * 11 / 8 + 400;
    let found = EerFile::open(&path, options(1, Fractions::RawFrames(1))).unwrap();
    assert!(found.read(1).is_ok());
    bytes[start + 300..start + 340].fill(0xff);
    std::fs::write(&path, &bytes).unwrap();
    let open = |leave_out_broken| {
        EerFile::open(
            &path,
            EerOptions {
                leave_out_broken,
                ..options(1, Fractions::RawFrames(4))
            },
        )
        .unwrap()
    };
    let e = open(false).read(0).unwrap_err().to_string();
    assert!(
        e.contains("raw frame 1") && e.contains("a.eer") && e.contains("at byte"),
        "{e}"
    );
    let frame = open(true).read(0).unwrap();
    let good = frames[0].len() + frames[2].len() + frames[3].len();
    assert_eq!((frame.left_out, frame.electrons), (1, Some(good as u64)));
    // Where nothing is left there is no frame.
    let single = EerFile::open(
        &path,
        EerOptions {
            leave_out_broken: true,
            ..options(1, Fractions::RawFrames(1))
        },
    )
    .unwrap();
    assert!(single.read(1).is_err() && single.read(2).is_ok());
    // Cut in the middle of the third frame: its directory is gone.
    std::fs::write(&path, &bytes[..bytes.len() / 2 + 200]).unwrap();
    let cut = EerFile::open(&path, options(1, Fractions::RawFrames(1))).unwrap();
    assert!(
        cut.is_cut() && cut.frames() == 2,
        "{} {:?}",
        cut.frames(),
        cut.notes()
    );
}

#[test]
fn writers_refuse_what_cannot_be() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.eer");
    assert!(EerWriter::create(&path, [0, 5], None).is_err());
    assert!(EerWriter::create(&path, [1 << 15, 1 << 15], None).is_err());
    let mut w = EerWriter::create(&path, [4, 4], None).unwrap();
    let e = |p| Electron::new(p, 0, 0);
    assert!(w.push(&[e(3), e(3)]).is_err(), "twice in a pixel");
    assert!(w.push(&[e(3), e(2)]).is_err(), "out of order");
    assert!(w.push(&[e(16)]).is_err(), "outside");
    assert!(w.finish().is_err());
    assert!(!path.exists());
}

#[test]
fn a_header_that_promises_a_huge_detector_gets_no_memory() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.eer");
    container(&path, [16384, 16384], 65001, &[], &[vec![0xff; 1000]]);
    let file = EerFile::open(&path, options(4, Fractions::RawFrames(1))).unwrap();
    let e = file.read(0).unwrap_err().to_string();
    assert!(e.contains("16384"), "{e}");
    container(&path, [1 << 18, 1 << 18], 65001, &[], &[vec![0xff; 1000]]);
    assert!(EerFile::open(&path, options(1, Fractions::RawFrames(1))).is_err());
    container(&path, [10, 10], 65002, &[(65007, 0)], &[vec![0xff; 1000]]);
    assert!(EerFile::open(&path, options(1, Fractions::RawFrames(1))).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn any_list_survives(ny in 1usize..40, nx in 1usize..40, mean in 0.0005f64..0.9, u in prop::sample::select(vec![1usize, 2, 4]), seed in any::<u64>()) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.eer");
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let frames: Vec<Vec<Electron>> = (0..3).map(|_| electrons((ny * nx) as u32, mean, &mut rng)).collect();
        write(&path, [ny, nx], &frames);
        let file = EerFile::open(&path, options(u, Fractions::RawFrames(3))).unwrap();
        prop_assert_eq!(file.read(0).unwrap().pixels, Pixels::U8(expected(&frames, [ny, nx], u)));
    }

    #[test]
    fn broken_files_never_panic(
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        cut in any::<Option<prop::sample::Index>>(),
        old in any::<bool>(),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("broken.eer");
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let frames: Vec<Vec<Electron>> = (0..3).map(|_| electrons(900, 0.1, &mut rng)).collect();
        if old {
            let data: Vec<Vec<u8>> = frames.iter().map(|f| encode_old(f, 900)).collect();
            container(&path, [30, 30], 65000, &[], &data);
        } else {
            write(&path, [30, 30], &frames);
        }
        let mut bytes = std::fs::read(&path).unwrap();
        for (at, value) in flips {
            let i = at.index(bytes.len());
            bytes[i] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        std::fs::write(&path, &bytes).unwrap();
        match EerFile::open(&path, options(2, Fractions::RawFrames(1))) {
            Err(e) => prop_assert!(e.to_string().contains("broken.eer")),
            Ok(file) => for i in 0..file.frames() {
                if let Err(e) = file.read(i) {
                    prop_assert!(e.to_string().contains("broken.eer"), "{}", e);
                }
            },
        }
    }
}
