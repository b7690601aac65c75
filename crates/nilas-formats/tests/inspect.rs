//! The report on every real file, and on files that are something else.
#![allow(clippy::unwrap_used)]

mod testdata;

use nilas_formats::inspect::inspect;

#[test]
fn every_real_file_gets_a_report_or_a_clear_refusal() {
    let mut files = testdata::files_below(".");
    files.retain(|p| {
        !p.to_string_lossy().contains("relion31_tutorial") && !p.to_string_lossy().contains("/frame1/")
    });
    let (mut read, mut refused) = (0, 0);
    for path in &files {
        let name = path.to_string_lossy();
        match inspect(path, true) {
            Ok(report) => {
                read += 1;
                let text = report.to_string();
                assert!(
                    text.contains(&report.format) && !report.content.is_empty(),
                    "{text}"
                );
                serde_json::to_string(&report).unwrap();
                let quick = inspect(path, false).unwrap();
                assert_eq!(
                    (quick.format, quick.content, quick.shape),
                    (report.format, report.content, report.shape)
                );
            }
            Err(e) => {
                refused += 1;
                let known = [
                    ".mrc", ".mrcs", ".map", ".cs", ".csg", ".pdb", ".cif", ".map.gz", ".map.bz2",
                ];
                let ours = known.iter().any(|k| name.ends_with(k))
                    || (name.ends_with(".star") && !name.ends_with("sample.star"));
                assert!(!ours, "{e}");
                assert!(e.to_string().contains(&*name), "{e}");
            }
        }
    }
    println!("{read} files reported, {refused} refused");
    assert!(files.is_empty() || read > 150, "{read}");
}

#[test]
fn reports_tell_the_facts() {
    let Some(path) = testdata::file("03_betagal_EMPIAR10204/derived/bgal_dev.mrcs") else {
        return;
    };
    let r = inspect(&path, true).unwrap();
    assert_eq!(
        (r.shape.as_slice(), r.content.as_str()),
        ([546, 64, 64].as_slice(), "stack of 546 images")
    );
    assert!((r.pixel_size_angstrom[0].unwrap() - 3.54).abs() < 1e-5);
    let v = r.values.unwrap();
    assert_eq!(
        (v.count, v.nan, v.infinite, v.constant_slices),
        (546 * 64 * 64, 0, 0, 0)
    );
    assert!(v.minimum < v.mean && v.mean < v.maximum && v.standard_deviation > 0.0);
    let r = inspect(path.with_file_name("joined_dev.star"), true).unwrap();
    let particles = &r.tables[1];
    assert_eq!((particles.name.as_str(), particles.rows), ("particles", 546));
    let u = particles
        .columns
        .iter()
        .find(|c| c.name == "rlnDefocusU")
        .unwrap();
    assert!(u.minimum.unwrap() > 5000.0 && u.maximum.unwrap() < 20_000.0);
    let r = inspect(
        testdata::file("04_cryosparc/T20S_P9_J209/P9_J209_particles.csg").unwrap(),
        false,
    )
    .unwrap();
    assert!(r.content.contains("6 slots"), "{r}");
    assert!(
        r.notes.iter().any(|n| n.contains("missing")),
        "its passthrough file is not in the test data"
    );
    let r = inspect(testdata::file("07_maps_models/pdb/1u6g.pdb").unwrap(), false).unwrap();
    assert!(r.content.contains("15511 atoms"), "{r}");
}

#[test]
fn other_files_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x");
    for (bytes, word) in [
        (b"".as_slice(), "empty"),
        (b"hello world\n", "text file"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"II*\0aaaa", "TIFF"),
        (b"\x89HDF\r\n", "HDF5"),
        (b"\0\0\0\0\0", "MRC header"),
        (b"\x93NUMPY\x01\0", "numpy"),
    ] {
        std::fs::write(&path, bytes).unwrap();
        let e = inspect(&path, false).unwrap_err().to_string();
        assert!(e.contains(word), "{bytes:?}: {e}");
    }
    assert!(
        inspect(dir.path(), false)
            .unwrap_err()
            .to_string()
            .contains("directory")
    );
    assert!(inspect(dir.path().join("none"), false).is_err());
    // Broken in the middle: the report must say where, not guess.
    let mut mrc = vec![0u8; 1024];
    for (at, v) in [(0, 8), (4, 8), (8, 8), (12, 2)] {
        mrc[at] = v;
    }
    std::fs::write(&path, &mrc).unwrap();
    let e = inspect(&path, false).unwrap_err().to_string();
    assert!(e.contains("3072") && e.contains("1024"), "{e}");
}
