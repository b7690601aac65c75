// A reader of numpy's .npz for the oracles' data; included by tests with `#[path]`.
#![allow(dead_code, missing_docs, clippy::unwrap_used)]
use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};

/// One array: shape and values as f64.
pub struct Array {
    pub shape: Vec<usize>,
    pub values: Vec<f64>,
}

/// The folder of test data, or None after saying that the test is skipped.
pub fn test_data(file: &str) -> Option<PathBuf> {
    let root = std::env::var_os("NILAS_TEST_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let path = root.join(file);
    if path.is_file() {
        return Some(path);
    }
    println!(
        "SKIPPED: {} is missing; set NILAS_TEST_DATA to the folder of test data",
        path.display()
    );
    None
}

fn u16_at(b: &[u8], i: usize) -> usize {
    usize::from(u16::from_le_bytes([b[i], b[i + 1]]))
}

fn u32_at(b: &[u8], i: usize) -> usize {
    u32::from_le_bytes(b[i..i + 4].try_into().unwrap()) as usize
}

pub fn read(path: &Path) -> HashMap<String, Array> {
    let b = std::fs::read(path).unwrap();
    let end = (0..b.len() - 21)
        .rev()
        .find(|i| b[*i..*i + 4] == *b"PK\x05\x06")
        .unwrap();
    let mut entry = u32_at(&b, end + 16);
    let mut out = HashMap::new();
    for _ in 0..u16_at(&b, end + 10) {
        let (method, packed, name_length) = (
            u16_at(&b, entry + 10),
            u32_at(&b, entry + 20),
            u16_at(&b, entry + 28),
        );
        let name = String::from_utf8(b[entry + 46..entry + 46 + name_length].to_vec()).unwrap();
        let local = u32_at(&b, entry + 42);
        let start = local + 30 + u16_at(&b, local + 26) + u16_at(&b, local + 28);
        let raw = &b[start..start + packed];
        let mut npy = Vec::new();
        match method {
            0 => npy.extend_from_slice(raw),
            8 => drop(
                flate2::read::DeflateDecoder::new(raw)
                    .read_to_end(&mut npy)
                    .unwrap(),
            ),
            other => panic!("zip method {other}"),
        }
        out.insert(name.trim_end_matches(".npy").to_owned(), parse_npy(&npy));
        entry += 46 + name_length + u16_at(&b, entry + 30) + u16_at(&b, entry + 32);
    }
    out
}

fn parse_npy(b: &[u8]) -> Array {
    assert_eq!(&b[..6], b"\x93NUMPY");
    let length = u16_at(b, 8);
    let header = std::str::from_utf8(&b[10..10 + length]).unwrap();
    assert!(header.contains("'fortran_order': False"));
    let shape_text = header
        .split("'shape': (")
        .nth(1)
        .unwrap()
        .split(')')
        .next()
        .unwrap();
    let shape: Vec<usize> = shape_text
        .split(',')
        .filter_map(|t| t.trim().parse().ok())
        .collect();
    let data = &b[10 + length..];
    let values: Vec<f64> = if header.contains("'<f8'") {
        data.chunks_exact(8)
            .map(|c| f64::from_le_bytes(c.try_into().unwrap()))
            .collect()
    } else if header.contains("'<f4'") {
        data.chunks_exact(4)
            .map(|c| f64::from(f32::from_le_bytes(c.try_into().unwrap())))
            .collect()
    } else {
        data.chunks_exact(8)
            .map(|c| i64::from_le_bytes(c.try_into().unwrap()) as f64)
            .collect()
    };
    assert_eq!(values.len(), shape.iter().product::<usize>());
    Array { shape, values }
}
