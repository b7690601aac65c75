//! MRC against real files, Python's mrcfile, and files that lie.
#![allow(clippy::unwrap_used)]

mod testdata;

use nilas_formats::FormatError;
use nilas_formats::mrc::{ByteOrder, MrcFile, MrcKind, MrcMode, MrcStackWriter, write_volume};
use proptest::prelude::*;
use std::io::Write;

fn sums(data: &[f32]) -> (f64, f64) {
    let s: f64 = data.iter().map(|&v| f64::from(v)).sum();
    let w: f64 = data
        .iter()
        .enumerate()
        .map(|(i, &v)| f64::from(v) * ((i % 97) as f64 + 1.0))
        .sum();
    (s, w)
}

const ORACLE: &str = "
import sys, numpy as np, mrcfile
for f in sys.argv[1:]:
    m = mrcfile.open(f, permissive=True)
    d = np.asarray(m.data, dtype=np.float64).ravel()
    print(m.data.size, repr(float(d.sum())), repr(float((d * (np.arange(d.size) % 97 + 1)).sum())))
";

#[test]
fn real_files_read_as_mrcfile_reads_them() {
    let mut files: Vec<_> = [
        "01_micrographs_mrcfile",
        "03_betagal_EMPIAR10204",
        "04_cryosparc",
        "06_small_stacks",
        "07_maps_models",
    ]
    .iter()
    .flat_map(|d| testdata::files_below(d))
    .filter(|p| {
        let name = p.to_string_lossy();
        [".mrc", ".mrcs", ".map", ".map.gz", ".map.bz2"]
            .iter()
            .any(|e| name.ends_with(e))
    })
    .collect();
    // mrcfile cannot open a stack without the word MAP and a machine stamp; we can (next test).
    files.retain(|p| !p.ends_with("06_small_stacks/relion31.mrcs"));
    if files.is_empty() {
        return;
    }
    let names: Vec<String> = files.iter().map(|p| p.to_string_lossy().into_owned()).collect();
    let args: Vec<&str> = names.iter().map(String::as_str).collect();
    let Some(answer) = testdata::python("mrcfile", ORACLE, &args) else {
        return;
    };
    for (path, line) in files.iter().zip(answer.lines()) {
        let want: Vec<f64> = line.split(' ').map(|v| v.parse().unwrap()).collect();
        let data = MrcFile::open(path).unwrap().read_all().unwrap();
        let (s, w) = sums(&data);
        let scale = data.iter().map(|v| f64::from(v.abs())).sum::<f64>() + 1e-30;
        assert_eq!(data.len() as f64, want[0], "{}", path.display());
        assert!(
            (s - want[1]).abs() < 1e-9 * scale,
            "{}: {s} {}",
            path.display(),
            want[1]
        );
        assert!(
            (w - want[2]).abs() < 1e-7 * scale,
            "{}: {w} {}",
            path.display(),
            want[2]
        );
    }
    println!("{} files agree with mrcfile", files.len());
}

#[test]
fn quirks_are_read_and_noted() {
    let open = |p: &str| testdata::file(p).map(|p| MrcFile::open(p).unwrap());
    let Some(fei) = open("01_micrographs_mrcfile/fei-extended.mrc") else {
        return;
    };
    assert_eq!(
        (fei.kind(), fei.header().extended_type.as_str()),
        (MrcKind::Image, "FEI1")
    );
    assert_eq!(fei.header().extended_bytes, 786_432);
    assert!((fei.pixel_size_angstrom().unwrap() - 0.853_775_5).abs() < 1e-6);
    assert_eq!(fei.header().voxel_size_angstrom()[2], None);
    let bare = open("06_small_stacks/relion31.mrcs").unwrap();
    assert_eq!(
        (bare.kind(), bare.slices(), bare.slice_shape()),
        (MrcKind::ImageStack, 5, [256, 256])
    );
    assert!(
        bare.notes().iter().any(|n| n.contains("MAP")) && bare.notes().iter().any(|n| n.contains("stamp"))
    );
    let classes =
        open("03_betagal_EMPIAR10204/relion5_project/Class2D/job010/run_it025_classes.mrcs").unwrap();
    assert_eq!(classes.kind(), MrcKind::ImageStack);
    let map = open("03_betagal_EMPIAR10204/betaGal_ngl_map.mrc").unwrap();
    assert_eq!(map.kind(), MrcKind::Volume);
    let stack =
        open("03_betagal_EMPIAR10204/relion5_project/Extract/job009/Movies/20170629_00021_frameImage.mrcs")
            .unwrap();
    assert_eq!(
        (stack.header().mode, stack.kind()),
        (MrcMode::F16, MrcKind::ImageStack)
    );
    let skew = open("07_maps_models/mrcfile/EMD-3001.map").unwrap();
    assert!(
        skew.notes().iter().any(|n| n.contains("orthogonal")),
        "{:?}",
        skew.notes()
    );
    let mask = open("07_maps_models/ccpem_utils/emd_3488_contour_mask.mrc").unwrap();
    assert_eq!(
        mask.read_volume().unwrap().data.len(),
        mask.read_all().unwrap().len()
    );
}

#[test]
fn one_slice_is_the_slice_of_the_whole() {
    let Some(path) = testdata::file("03_betagal_EMPIAR10204/derived/bgal_dev.mrcs") else {
        return;
    };
    let stack = MrcFile::open(path).unwrap();
    let all = stack.read_all().unwrap();
    let n = stack.slice_len();
    let mut one = vec![0.0; n];
    for i in [0, 17, 545] {
        stack.read_slice(i, &mut one).unwrap();
        assert_eq!(one, all[i * n..(i + 1) * n]);
    }
    assert!(matches!(
        stack.read_slice(546, &mut one),
        Err(FormatError::NoSuch { .. })
    ));
    assert!(stack.read_slice(0, &mut one[1..]).is_err());
    assert!(stack.read_slices(usize::MAX, &mut one).is_err());
}

#[test]
fn written_files_are_valid_for_mrcfile_in_every_mode() {
    let dir = tempfile::tempdir().unwrap();
    let image: Vec<f32> = (0..7 * 5).map(|i| (i as f32 - 11.0) * 3.0).collect();
    let mut paths = Vec::new();
    for (mode, name) in [
        (MrcMode::I8, "i8"),
        (MrcMode::I16, "i16"),
        (MrcMode::F32, "f32"),
        (MrcMode::U16, "u16"),
        (MrcMode::F16, "f16"),
    ] {
        // mrcfile checks the standard deviation in the file's own precision, which overflows for large f16.
        let scale = if mode == MrcMode::F16 { 0.25 } else { 1.0 };
        let image: Vec<f32> = match mode {
            MrcMode::U16 => image.iter().map(|v| v.abs() * 700.0).collect(),
            _ => image.iter().map(|v| v * scale).collect(),
        };
        let path = dir.path().join(format!("{name}.mrcs"));
        let mut w = MrcStackWriter::create(&path, [7, 5], 1.25, mode).unwrap();
        for _ in 0..3 {
            w.push(&image).unwrap();
        }
        assert!(!path.exists(), "nothing appears before the end");
        let s = w.finish().unwrap();
        let back = MrcFile::open(&path).unwrap();
        assert!(back.notes().is_empty(), "{:?}", back.notes());
        assert_eq!(back.header().mode, mode);
        assert_eq!(back.header().maximum, s.maximum);
        assert_eq!(
            back.read_all().unwrap(),
            [image.clone(), image.clone(), image].concat()
        );
        assert!((back.pixel_size_angstrom().unwrap() - 1.25).abs() < 1e-6);
        paths.push(path.to_string_lossy().into_owned());
    }
    let map = dir.path().join("map.mrc");
    let data: Vec<f32> = (0..4 * 4 * 4).map(|i| (i as f32).sin()).collect();
    write_volume(&map, [4, 4, 4], 2.0, &data, MrcMode::F32).unwrap();
    let back = MrcFile::open(&map).unwrap();
    assert_eq!(back.kind(), MrcKind::Volume);
    assert_eq!(back.read_volume().unwrap().data, data);
    paths.push(map.to_string_lossy().into_owned());
    let code = "
import sys, numpy as np, mrcfile
for f in sys.argv[1:]:
    assert mrcfile.validate(f, print_file=sys.stderr), f
    m = mrcfile.open(f); d = np.asarray(m.data, dtype=np.float64); h = m.header
    assert abs(d.mean() - h.dmean) < 1e-3 * (1 + abs(d.mean())) and abs(d.std() - h.rms) < 1e-3 * (1 + d.std()), f
print('ok')";
    let args: Vec<&str> = paths.iter().map(String::as_str).collect();
    if let Some(answer) = testdata::python("mrcfile", code, &args) {
        assert_eq!(answer.trim().lines().last(), Some("ok"));
    }
    assert_eq!(
        std::fs::read_dir(dir.path()).unwrap().count(),
        paths.len(),
        "no temporary file is left"
    );
}

#[test]
fn the_writer_refuses_what_does_not_fit() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.mrcs");
    let mut w = MrcStackWriter::create(&path, [1, 2], 1.0, MrcMode::I8).unwrap();
    assert!(
        w.push(&[0.0, 128.0])
            .unwrap_err()
            .to_string()
            .contains("slice 0 y 0 x 1")
    );
    assert!(w.push(&[f32::NAN, 0.0]).is_err());
    assert!(w.push(&[0.0]).is_err());
    drop(w);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    let mut w = MrcStackWriter::create(&path, [1, 2], 1.0, MrcMode::F16).unwrap();
    assert!(w.push(&[70_000.0, 0.0]).is_err());
    w.push(&[f32::NAN, 3.0]).unwrap();
    let s = w.finish().unwrap();
    assert_eq!((s.not_finite, s.minimum, s.mean), (1, 3.0, 3.0));
    assert!(MrcStackWriter::create(&path, [1, 2], 0.0, MrcMode::F32).is_err());
    assert!(MrcStackWriter::create(&path, [0, 2], 1.0, MrcMode::F32).is_err());
    assert!(MrcStackWriter::create(&path, [2, 2], 1.0, MrcMode::U4).is_err());
    assert!(
        MrcStackWriter::create(&path, [2, 2], 1.0, MrcMode::F32)
            .unwrap()
            .finish()
            .is_err()
    );
    assert!(MrcStackWriter::create(dir.path().join("no/x.mrc"), [2, 2], 1.0, MrcMode::F32).is_err());
}

#[test]
fn other_modes_and_orders_by_python() {
    let dir = tempfile::tempdir().unwrap();
    let base = dir.path().to_string_lossy().into_owned();
    let code = "
import sys, numpy as np, mrcfile
d = sys.argv[1]
r = np.random.default_rng(1)
for name, dt in [('i1', np.int8), ('i2', np.int16), ('f4', np.float32), ('u2', np.uint16), ('f2', np.float16)]:
    for order in '<>':
        a = (r.normal(size=(3, 4, 5)) * 20).astype(dt).astype(np.dtype(dt).newbyteorder(order))
        f = f'{d}/{name}{\"be\" if order == \">\" else \"le\"}.mrc'
        with mrcfile.new(f, overwrite=True) as m: m.set_data(a); m.voxel_size = 2
        a.astype('<f4').tofile(f + '.raw')
";
    if testdata::python("mrcfile", code, &[&base]).is_none() {
        return;
    }
    let mut big = 0;
    for name in ["i1", "i2", "f4", "u2", "f2"] {
        for order in ["le", "be"] {
            let path = dir.path().join(format!("{name}{order}.mrc"));
            let file = MrcFile::open(&path).unwrap();
            big += usize::from(file.header().byte_order == ByteOrder::Big);
            let raw = std::fs::read(dir.path().join(format!("{name}{order}.mrc.raw"))).unwrap();
            let want: Vec<f32> = raw
                .chunks_exact(4)
                .map(|b| f32::from_le_bytes(b.try_into().unwrap()))
                .collect();
            assert_eq!(file.read_all().unwrap(), want, "{name}{order}");
            assert!((file.pixel_size_angstrom().unwrap() - 2.0).abs() < 1e-6);
        }
    }
    assert_eq!(big, 4, "bytes have no order, the other four do");
}

/// A valid little file to spoil: mode, axes and sizes can be overwritten by word number.
fn raw(words: &[(usize, i32)], data: &[u8]) -> Vec<u8> {
    let mut h = vec![0u8; 1024];
    let mut put = |w: usize, v: i32| h[(w - 1) * 4..w * 4].copy_from_slice(&v.to_le_bytes());
    for (w, v) in [
        (1, 5),
        (2, 2),
        (3, 1),
        (4, 101),
        (8, 5),
        (9, 2),
        (10, 1),
        (17, 1),
        (18, 2),
        (19, 3),
    ] {
        put(w, v);
    }
    for (w, v) in words {
        put(*w, *v);
    }
    h[208..216].copy_from_slice(b"MAP \x44\x44\0\0");
    h.extend_from_slice(data);
    h
}

fn open_bytes(bytes: &[u8]) -> nilas_formats::Result<MrcFile> {
    let mut f = tempfile::NamedTempFile::new().unwrap();
    f.write_all(bytes).unwrap();
    f.flush().unwrap();
    MrcFile::open(f.path())
}

#[test]
fn four_bit_rows_are_padded_and_low_nibble_first() {
    let f = open_bytes(&raw(&[], &[0x21, 0x43, 0xf5, 0x98, 0xba, 0x0c])).unwrap();
    assert_eq!(f.read_all().unwrap(), [1., 2., 3., 4., 5., 8., 9., 10., 11., 12.]);
}

#[test]
fn imod_bytes_and_axis_order() {
    let f = open_bytes(&raw(&[(4, 0), (39, 1_146_047_817), (40, 0)], &[200; 10])).unwrap();
    assert_eq!(f.read_all().unwrap()[0], 200.0);
    let f = open_bytes(&raw(&[(4, 0), (39, 1_146_047_817), (40, 1)], &[200; 10])).unwrap();
    assert_eq!(f.read_all().unwrap()[0], -56.0);
    // Columns along Z, rows along X, sections along Y.
    let f = open_bytes(&raw(
        &[(4, 0), (17, 3), (18, 1), (19, 2)],
        &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    ))
    .unwrap();
    let v = f.read_volume().unwrap();
    assert_eq!(v.shape, [5, 1, 2]);
    assert_eq!(v.data, [0., 5., 1., 6., 2., 7., 3., 8., 4., 9.]);
}

#[test]
fn a_short_file_is_refused_with_its_numbers() {
    let full = raw(&[(4, 2)], &[0; 40]);
    assert!(open_bytes(&full).is_ok());
    match open_bytes(&full[..1050]) {
        Err(FormatError::Truncated {
            expected: 1064,
            found: 1050,
            ..
        }) => {}
        other => panic!("{:?}", other.map(|_| ())),
    }
    assert!(matches!(
        open_bytes(&full[..100]),
        Err(FormatError::Truncated {
            expected: 1024,
            found: 100,
            ..
        })
    ));
    assert!(matches!(open_bytes(&[]), Err(FormatError::Truncated { .. })));
    // A header that promises an exabyte must not make anybody allocate.
    let lie = raw(&[(1, 1 << 23), (2, 1 << 23), (3, 1 << 23), (4, 2)], &[0; 40]);
    assert!(open_bytes(&lie).is_err());
    assert!(open_bytes(&raw(&[(24, -1)], &[0; 6])).is_err());
    assert!(open_bytes(&raw(&[(24, i32::MAX)], &[0; 6])).is_err());
    assert!(
        open_bytes(&raw(&[(4, 4)], &[0; 80]))
            .err()
            .unwrap()
            .to_string()
            .contains("complex")
    );
    assert!(MrcFile::open("/nonexistent/x.mrc").is_err() && MrcFile::open("/").is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn spoiled_files_never_panic(flips in proptest::collection::vec((0usize..1064, any::<u8>()), 1..12), cut in 0usize..1064) {
        let mut bytes = raw(&[(4, 2)], &[7; 40]);
        for (at, v) in flips {
            bytes[at] = v;
        }
        for candidate in [&bytes[..], &bytes[..cut]] {
            if let Ok(f) = open_bytes(candidate) {
                let len = f.slice_len() * f.slices();
                prop_assert!(len <= candidate.len() * 2);
                prop_assert_eq!(f.read_all().unwrap().len(), len);
                prop_assert_eq!(f.read_volume().unwrap().data.len(), len);
            }
        }
    }

    #[test]
    fn spoiled_compressed_files_never_panic(flips in proptest::collection::vec((0usize..1000, any::<u8>()), 0..4), cut in 0usize..100) {
        let mut packed = Vec::new();
        let mut gz = flate2::write::GzEncoder::new(&mut packed, flate2::Compression::fast());
        gz.write_all(&raw(&[(4, 2)], &[7; 40])).unwrap();
        gz.finish().unwrap();
        prop_assert!(open_bytes(&packed).is_ok());
        let n = packed.len();
        for (at, v) in flips {
            packed[at % n] = v;
        }
        let _ = open_bytes(&packed);
        let _ = open_bytes(&packed[..n - cut % n]);
    }
}
