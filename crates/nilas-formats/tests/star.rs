//! STAR against real files, Python's starfile, and broken text.
#![allow(clippy::unwrap_used)]

mod testdata;

use nilas_formats::star::{Block, StarFile, Table, TextColumn};
use proptest::prelude::*;

fn stars() -> Vec<std::path::PathBuf> {
    let mut files = testdata::files_below("05_star_formats");
    files.extend(testdata::files_below("03_betagal_EMPIAR10204"));
    files.extend(testdata::files_below("06_small_stacks"));
    files.retain(|p| p.extension().is_some_and(|e| e == "star") && !p.ends_with("aspire_tests/sample.star"));
    files
}

#[test]
fn real_files_come_back_and_starfile_agrees() {
    let files = stars();
    if files.is_empty() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut args = Vec::new();
    for (i, path) in files.iter().enumerate() {
        let star = StarFile::read(path).unwrap_or_else(|e| panic!("{e}"));
        let out = dir.path().join(format!("{i}.star"));
        star.write(&out).unwrap();
        let again = StarFile::read(&out).unwrap();
        // Line numbers differ, everything else is the same.
        assert_eq!(
            star.to_text().unwrap(),
            again.to_text().unwrap(),
            "{}",
            path.display()
        );
        assert_eq!(star.blocks.len(), again.blocks.len());
        args.push(path.to_string_lossy().into_owned());
        args.push(out.to_string_lossy().into_owned());
    }
    let code = r#"
import sys, starfile
n = 0
for a, b in zip(sys.argv[1::2], sys.argv[2::2]):
    try:
        x = starfile.read(a, always_dict=True, parse_as_string=[])
    except Exception as e:
        print('starfile cannot read', a, repr(e)[:80], file=sys.stderr); continue
    y = starfile.read(b, always_dict=True)
    assert list(x) == list(y), (a, list(x), list(y))
    for k in x:
        if isinstance(x[k], dict): assert x[k] == y[k], (a, k)
        else: assert x[k].equals(y[k]), (a, k)
    n += 1
print(n)
"#;
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    if let Some(answer) = testdata::python("starfile", code, &args) {
        let agree: usize = answer.trim().parse().unwrap();
        println!(
            "{} files round-trip, starfile reads {agree} of them alike",
            files.len()
        );
        assert!(agree * 10 >= files.len() * 9, "{agree} of {}", files.len());
    }
}

#[test]
fn quotes_comments_and_empty_loops() {
    let Some(path) = testdata::file("05_star_formats/starfile/loop_double_quote.star") else {
        return;
    };
    for name in ["loop_double_quote.star", "loop_single_quote.star"] {
        let star = StarFile::read(path.with_file_name(name)).unwrap();
        let t = star.blocks[0].table().unwrap();
        assert_eq!(t.rows(), 2);
        assert_eq!(t.column("quote_string").unwrap().get(1), Some("quote string"));
        assert_eq!(t.column("whitespace_string").unwrap().get(0), Some(" "));
        assert_eq!(t.column("empty_string").unwrap().get(0), Some(""));
        assert_eq!(
            t.column("empty_string_and_normal_string").unwrap().get(1),
            Some("test")
        );
    }
    let empty = StarFile::read(path.with_file_name("empty_loop.star")).unwrap();
    assert_eq!(empty.blocks[0].table().unwrap().rows(), 0);
    assert_eq!(empty.blocks[0].table().unwrap().names(), ["rlnCoordinateX"]);
    let pairs = StarFile::read(path.with_file_name("basic_single_quote.star")).unwrap();
    assert_eq!(pairs.blocks[0].value("whitespace_string"), Some(" "));
    let bad = path.with_file_name("../aspire_tests/sample.star");
    let e = StarFile::read(bad).unwrap_err().to_string();
    assert!(
        e.contains("line 20") && e.contains("5 values in a loop of 4 columns"),
        "{e}"
    );
}

#[test]
fn broken_text_names_its_line() {
    for (text, line, word) in [
        ("", 1, "not a STAR file"),
        ("hello\n", 1, "before the first"),
        ("data_x\nloop_\n_a\n_a\n", 4, "twice"),
        ("data_x\nloop_\n_a\n1 2\n", 4, "2 values in a loop of 1"),
        ("data_x\n_a 1 2\n", 2, "quotes"),
        ("data_x\n_a 'open\n", 2, "without end"),
        ("data_x\nvalue\n", 2, "neither a label"),
        ("data_x\nloop_\nvalue\n", 3, "1 values in a loop of 0"),
        ("data_x\n_a \0\n", 2, "NUL"),
        ("loop_\n_a\n", 1, "before the first"),
    ] {
        let e = StarFile::parse("broken.star", text).unwrap_err().to_string();
        assert!(
            e.contains(&format!("broken.star: line {line}:")) && e.contains(word),
            "{text:?}: {e}"
        );
    }
}

#[test]
fn what_star_cannot_say_is_refused() {
    let table = |value: &str| {
        let mut t = Table::new();
        assert!(t.push_column("a", TextColumn::from_iter([value])));
        StarFile {
            version: None,
            blocks: vec![Block::with_table("x", t)],
        }
    };
    for value in ["two\nlines", "both \" and ' here\" '", "nul\0"] {
        assert!(table(value).to_text().is_err(), "{value:?}");
    }
    let mut t = Table::new();
    assert!(t.push_column("a", TextColumn::from_iter(["1"])));
    assert!(!t.push_column("a", TextColumn::from_iter(["1"])));
    assert!(!t.push_column("b", TextColumn::from_iter(["1", "2"])));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_value_that_is_written_comes_back(values in proptest::collection::vec("[ -~]{0,9}|_x|data_|loop_|#1|é'", 1..12)) {
        let mut table = Table::new();
        prop_assert!(table.push_column("first", values.iter().collect()));
        prop_assert!(table.push_column("second", values.iter().rev().collect()));
        let pairs = values.iter().enumerate().map(|(i, v)| (format!("p{i}"), v.clone())).collect();
        let star = StarFile { version: Some(50001), blocks: vec![Block { name: "b".into(), pairs, tables: vec![table] }] };
        if let Ok(text) = star.to_text() {
            let back = StarFile::parse("x", &text).unwrap();
            prop_assert_eq!(&back.blocks[0].pairs, &star.blocks[0].pairs);
            let (a, b) = (back.blocks[0].table().unwrap(), star.blocks[0].table().unwrap());
            for (name, column) in b.columns() {
                prop_assert_eq!(a.column(name).unwrap(), column);
            }
            prop_assert_eq!(back.version, Some(50001));
        }
    }

    #[test]
    fn spoiled_text_never_panics(flips in proptest::collection::vec((any::<u16>(), any::<u8>()), 1..10), cut in any::<u16>()) {
        let mut bytes = b"\n# version 30001\n\ndata_optics\n_a 'b c' # d\nloop_ \n_rlnX #1 \n_rlnY #2 \n 1.0 \"x y\" \n 2.0 z\n\ndata_b\n_q 1\n".to_vec();
        let n = bytes.len();
        for (at, v) in flips {
            bytes[usize::from(at) % n] = v;
        }
        let cut = usize::from(cut) % n;
        for candidate in [&bytes[..], &bytes[..cut]] {
            if let Ok(star) = StarFile::parse("x", &String::from_utf8_lossy(candidate)) {
                let _ = star.to_text();
            }
        }
    }
}
