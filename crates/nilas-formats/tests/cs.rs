//! `.cs` files against numpy, cryosparc-tools, real files, and files that lie.
#![allow(clippy::unwrap_used)]

mod testdata;

use nilas_dataset::{Dataset, Text, Values};
use nilas_formats::{FormatError, cs};
use proptest::prelude::*;
use std::path::PathBuf;

/// One column of every type, several widths, awkward strings.
fn zoo(rows: usize) -> Dataset {
    let mut d = Dataset::from_uids(
        (0..rows as u64)
            .map(|i| i.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
            .collect(),
    );
    let f = |i: usize| (i as f64 * 0.37).sin() * 100.0;
    d.set_texts(
        "blob/path",
        (0..rows).map(|i| format!("J1/extract/{}_µ.mrc", i / 3)),
    )
    .unwrap();
    d.set("blob/idx", (0..rows as u32).collect()).unwrap();
    d.set_array("blob/shape", &[2], vec![128u32; rows * 2]).unwrap();
    d.set("t/f4", (0..rows).map(|i| f(i) as f32).collect()).unwrap();
    d.set("t/f8", (0..rows).map(f).collect()).unwrap();
    d.set("t/c8", (0..rows).map(|i| [f(i) as f32, 1.0]).collect())
        .unwrap();
    d.set("t/c16", (0..rows).map(|i| [f(i), -1.0]).collect()).unwrap();
    d.set("t/i1", (0..rows).map(|i| i as i8).collect()).unwrap();
    d.set("t/i2", (0..rows).map(|i| -(i as i16)).collect()).unwrap();
    d.set("t/i4", (0..rows).map(|i| -(i as i32)).collect()).unwrap();
    d.set("t/i8", (0..rows).map(|i| i as i64 - 5).collect()).unwrap();
    d.set("t/u1", (0..rows).map(|i| i as u8).collect()).unwrap();
    d.set("t/u2", (0..rows).map(|i| i as u16).collect()).unwrap();
    d.set_array("t/cube", &[2, 3, 2], (0..rows * 12).map(|i| i as f32).collect())
        .unwrap();
    d.set_texts("it's/empty", (0..rows).map(|_| "")).unwrap();
    d
}

fn real_files() -> Vec<PathBuf> {
    let mut files = testdata::files_below("04_cryosparc");
    files.retain(|p| p.extension().is_some_and(|e| e == "cs"));
    files
}

#[test]
fn both_forms_come_back_as_they_went() {
    let dir = tempfile::tempdir().unwrap();
    for rows in [0, 1, 7, 5000] {
        let d = zoo(rows);
        let path = dir.path().join("a.cs");
        cs::write(&path, &d).unwrap();
        assert_eq!(cs::read(&path).unwrap(), d);
        assert_eq!(cs::schema(&path).unwrap().rows, rows);
        for lz4 in [false, true] {
            cs::write_csdat(&path, &d, lz4).unwrap();
            assert_eq!(cs::read(&path).unwrap(), d, "{rows} rows, lz4 {lz4}");
            assert_eq!(cs::schema(&path).unwrap().form, cs::CsForm::Csdat);
        }
        let some = cs::read_columns(&path, |n| n.starts_with("blob/")).unwrap();
        assert_eq!(some, d.with_slots(&["blob"]));
    }
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn numpy_and_the_vendors_tools_read_what_we_write_and_write_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let mut paths = Vec::new();
    for rows in [0, 1, 9, 1234] {
        for (name, lz4) in [("npy", None), ("plain", Some(false)), ("lz4", Some(true))] {
            let path = dir.path().join(format!("{name}{rows}.cs"));
            match lz4 {
                None => cs::write(&path, &zoo(rows)).unwrap(),
                Some(lz4) => cs::write_csdat(&path, &zoo(rows), lz4).unwrap(),
            }
            paths.push(path.to_string_lossy().into_owned());
        }
    }
    // Many columns: the header passes 64 KiB and needs version 2. (The vendor's library crashes on so many, numpy does not.)
    let wide = |columns: usize| {
        let mut wide = Dataset::from_uids(vec![1, 2]);
        for i in 0..columns {
            wide.set(
                &format!("slot{i}/a_rather_long_name_{}", "x".repeat(i % 60)),
                vec![i as f32; 2],
            )
            .unwrap();
        }
        wide
    };
    let path = dir.path().join("wide.npy");
    cs::write(&path, &wide(3000)).unwrap();
    assert_eq!(cs::read(&path).unwrap(), wide(3000));
    paths.push(path.to_string_lossy().into_owned());
    // Names of 52 bytes and more stand first in the heap of the stream form. The tools (5.0.3) cannot load such tables at all.
    let long = cs::to_csdat_bytes(&wide(70), true).unwrap();
    assert_eq!(cs::from_bytes("long", &long).unwrap(), wide(70));
    let code = r#"
import sys, io, os, numpy as np
from cryosparc.dataset import Dataset, NUMPY_FORMAT
for f in sys.argv[1:]:
    mine = open(f, 'rb').read()
    name = os.path.basename(f)
    if name == 'wide.npy':
        t = io.BytesIO(); np.save(t, np.load(f, max_header_size=10**7)); assert t.getvalue() == mine
        continue
    d = Dataset.load(f)
    if name.startswith('npy'):
        theirs = io.BytesIO(); d.save(theirs, format=NUMPY_FORMAT); theirs = theirs.getvalue()
    elif name.startswith('plain'):
        theirs = b''.join(bytes(c) for c in d.stream(compression=None))
    else:
        first = f.replace('lz4', 'npy')
        a, b = Dataset.load(first), d
        assert a == b, f
        again = f + '.theirs'; open(again, 'wb').write(b''.join(bytes(c) for c in d.stream(compression='lz4')))
        continue
    if theirs != mine:
        n = next((i for i, (a, b) in enumerate(zip(theirs, mine)) if a != b), min(len(theirs), len(mine)))
        sys.exit(f'{f}: differs at byte {n} of {len(theirs)} / {len(mine)}: {theirs[max(0,n-40):n+40]} / {mine[max(0,n-40):n+40]}')
print('ok')
"#;
    let args: Vec<&str> = paths.iter().map(String::as_str).collect();
    let Some(answer) = testdata::python("cryosparc.dataset", code, &args) else {
        return;
    };
    assert_eq!(answer.trim(), "ok");
    for rows in [0, 1, 9, 1234] {
        let theirs = dir.path().join(format!("lz4{rows}.cs.theirs"));
        assert_eq!(cs::read(theirs).unwrap(), zoo(rows));
    }
}

#[test]
fn real_files_come_back_byte_for_byte_or_as_the_tools_write_them() {
    let files = real_files();
    let dir = tempfile::tempdir().unwrap();
    let mut pairs = Vec::new();
    for path in &files {
        let d = cs::read(path).unwrap();
        d.check_unique_uids().unwrap();
        let out = dir.path().join(path.file_name().unwrap());
        cs::write(&out, &d).unwrap();
        assert_eq!(cs::read(&out).unwrap(), d);
        pairs.push(path.to_string_lossy().into_owned());
        pairs.push(out.to_string_lossy().into_owned());
    }
    if files.is_empty() {
        return;
    }
    let code = r#"
import sys, io
from cryosparc.dataset import Dataset, NUMPY_FORMAT
same = 0
for a, b in zip(sys.argv[1::2], sys.argv[2::2]):
    t = io.BytesIO(); Dataset.load(a).save(t, format=NUMPY_FORMAT)
    assert t.getvalue() == open(b, 'rb').read(), a
    same += open(a, 'rb').read() == open(b, 'rb').read()
print(same)
"#;
    let args: Vec<&str> = pairs.iter().map(String::as_str).collect();
    if let Some(answer) = testdata::python("cryosparc.dataset", code, &args) {
        println!(
            "{} files as the tools write them, {} identical to the original",
            files.len(),
            answer.trim()
        );
    }
}

#[test]
fn the_real_particles_have_their_values() {
    let Some(path) = testdata::file("04_cryosparc/T20S_P9_J209/cryosparc_P9_J209_000_particles.cs") else {
        return;
    };
    let d = cs::read(path).unwrap();
    assert_eq!((d.rows(), d.uids()[0]), (11_764, 11_740_578_382_051_368_150));
    assert_eq!(d.get_array::<u32, 2>("blob/shape").unwrap()[0], [256, 256]);
    assert_eq!(
        d.get_array::<f32, 3>("alignments3D/pose").unwrap()[0],
        [-1.497_165_2, -1.097_453_7, 1.644_427_4]
    );
    assert_eq!(d.slots(), ["blob", "ctf", "alignments3D"]);
}

#[test]
fn foreign_types_and_tables_are_read_or_refused_clearly() {
    let dir = tempfile::tempdir().unwrap();
    let base = dir.path().to_string_lossy().into_owned();
    let code = r#"
import sys, numpy as np
d = sys.argv[1]
a = np.zeros(3, dtype=[('a/x','>f4',(2,)),('uid','>u8'),('a/u','<U5'),('a/b','?'),('a/h','<f2')])
a['a/x'] = [[1,2],[3,4],[5,6]]; a['uid'] = [7,8,9]; a['a/u'] = ['é','bc','']; a['a/b'] = [1,0,1]; a['a/h'] = [.5,1,2]
np.save(f'{d}/ok.npy', a)
np.save(f'{d}/plain.npy', np.zeros((3,4)))
np.save(f'{d}/nouid.npy', np.zeros(3, dtype=[('a','<f4')]))
np.save(f'{d}/date.npy', np.zeros(3, dtype=[('uid','<u8'),('a','<M8[s]')]))
np.save(f'{d}/float.npy', np.zeros(3, dtype=[('uid','<f8'),('a','<f4')]))
np.save(f'{d}/nested.npy', np.zeros(3, dtype=[('uid','<u8'),('a',[('b','<f4')])]))
"#;
    if testdata::python("numpy", code, &[&base]).is_none() {
        return;
    }
    let d = cs::read(dir.path().join("ok.npy")).unwrap();
    assert_eq!(d.uids(), &[7, 8, 9]);
    assert_eq!(d.get::<f32>("a/x").unwrap(), &[1., 2., 3., 4., 5., 6.]);
    assert_eq!(
        d.texts("a/u").unwrap(),
        [Text::from("é"), Text::from("bc"), Text::from("")]
    );
    assert_eq!(d.get::<u8>("a/b").unwrap(), &[1, 0, 1]);
    assert_eq!(d.get::<f32>("a/h").unwrap(), &[0.5, 1.0, 2.0]);
    for name in ["plain", "nouid", "date", "float", "nested"] {
        let e = cs::read(dir.path().join(format!("{name}.npy"))).unwrap_err();
        assert!(e.to_string().contains(&format!("{name}.npy")), "{e}");
    }
    assert!(matches!(
        cs::from_bytes("x", b"\x94CSDAT\0\0"),
        Err(FormatError::Unsupported { .. })
    ));
    assert!(cs::from_bytes("x", b"").is_err() && cs::from_bytes("x", b"hello world").is_err());
}

/// Memory that a dataset's cells use, roughly.
fn cell_bytes(d: &Dataset) -> usize {
    d.columns()
        .map(|(_, c)| match &c.values {
            Values::Text(v) => v.len() * 16,
            other => other.len() * other.dtype().size().unwrap_or(0),
        })
        .sum()
}

#[test]
fn lies_cost_no_memory_and_are_named() {
    let mut lie = cs::to_npy_bytes(&zoo(4)).unwrap();
    let at = lie.windows(4).position(|w| w == b"(4,)").unwrap();
    lie.splice(at..at + 4, *b"(999999999999,)");
    // The text grew, the padding after it shrinks by as much.
    let end = lie.windows(11).position(|w| w == b"           ").unwrap();
    lie.drain(end..end + 11);
    match cs::from_bytes("lie", &lie) {
        Err(FormatError::Truncated { expected, found, .. }) => assert!(expected > found),
        other => panic!("{other:?}"),
    }
    let text = "{\"length\": 4000000000000, \"dtype\": [[\"uid\", \"<u8\"]], \"compression\": null, \"compressed_fields\": []}";
    let mut stream = b"\x95CSDAT".to_vec();
    stream.extend_from_slice(&(text.len() as u32).to_le_bytes());
    stream.extend_from_slice(text.as_bytes());
    stream.extend_from_slice(&[8, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0]);
    assert!(
        cs::from_bytes("lie", &stream)
            .unwrap_err()
            .to_string()
            .contains("uid")
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn spoiled_files_never_panic(
        form in 0..3, flips in proptest::collection::vec((any::<u16>(), any::<u8>()), 1..10), cut in any::<u16>(), near_head: bool,
    ) {
        let d = zoo(5);
        let mut bytes = match form {
            0 => cs::to_npy_bytes(&d).unwrap(),
            n => cs::to_csdat_bytes(&d, n == 2).unwrap(),
        };
        let n = if near_head { bytes.len().min(700) } else { bytes.len() };
        for (at, v) in flips {
            bytes[usize::from(at) % n] = v;
        }
        let cut = usize::from(cut) % bytes.len();
        for candidate in [&bytes[..], &bytes[..cut]] {
            if let Ok(d) = cs::from_bytes("spoiled", candidate) {
                prop_assert!(cell_bytes(&d) <= candidate.len() * 256);
            }
        }
    }
}
