//! Columns to a numpy file, as numpy 2 writes it.

use nilas_dataset::{Column, Dataset, Values};
use std::io::{Error, ErrorKind, Result, Write};

/// The header length is a multiple of this.
const ALIGN: usize = 64;
/// numpy leaves room for a row count of this many digits.
const GROWTH_DIGITS: usize = 21;

/// Writes header and rows.
pub(crate) fn write(out: &mut dyn Write, dataset: &Dataset) -> Result<()> {
    out.write_all(&header(dataset)?)?;
    let widths: Vec<usize> = dataset.columns().map(|(_, c)| text_width(c)).collect();
    let mut row = Vec::new();
    for (i, uid) in dataset.uids().iter().enumerate() {
        row.clear();
        row.extend_from_slice(&uid.to_le_bytes());
        for ((_, column), &text_width) in dataset.columns().zip(&widths) {
            let width = column.width();
            put(&mut row, &column.values, i * width..(i + 1) * width, text_width);
        }
        out.write_all(&row)?;
    }
    Ok(())
}

/// Bytes of a string cell: the longest string and one NUL.
fn text_width(column: &Column) -> usize {
    match &column.values {
        Values::Text(v) => v.iter().map(|t| t.len()).max().unwrap_or(0) + 1,
        _ => 0,
    }
}

/// Appends elements in little-endian order.
pub(crate) fn put(out: &mut Vec<u8>, values: &Values, range: std::ops::Range<usize>, text_width: usize) {
    macro_rules! numbers {
        ($v:expr) => {
            for x in &$v[range] {
                out.extend_from_slice(&x.to_le_bytes());
            }
        };
    }
    match values {
        Values::F32(v) => numbers!(v),
        Values::F64(v) => numbers!(v),
        Values::C64(v) => {
            for x in v[range].as_flattened() {
                out.extend_from_slice(&x.to_le_bytes());
            }
        }
        Values::C128(v) => {
            for x in v[range].as_flattened() {
                out.extend_from_slice(&x.to_le_bytes());
            }
        }
        Values::I8(v) => numbers!(v),
        Values::I16(v) => numbers!(v),
        Values::I32(v) => numbers!(v),
        Values::I64(v) => numbers!(v),
        Values::U8(v) => out.extend_from_slice(&v[range]),
        Values::U16(v) => numbers!(v),
        Values::U32(v) => numbers!(v),
        Values::U64(v) => numbers!(v),
        Values::Text(v) => {
            for text in &v[range] {
                let end = out.len() + text_width;
                out.extend_from_slice(text.as_bytes());
                out.resize(end, 0);
            }
        }
    }
}

/// `<f4`, `|u1`, `|S61`.
pub(crate) fn type_code(column: &Column) -> String {
    match column.dtype() {
        nilas_dataset::DType::Text => format!("|S{}", text_width(column)),
        t if t.size() == Some(1) => format!("|{}", t.code()),
        t => format!("<{}", t.code()),
    }
}

/// A string as Python's `repr` shows it (names have no control characters but perhaps a tab).
fn repr(name: &str) -> String {
    let quote = if name.contains('\'') && !name.contains('"') {
        '"'
    } else {
        '\''
    };
    let mut out = String::from(quote);
    for c in name.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out.push(quote);
    out
}

/// Magic, version, length, dictionary, padding.
fn header(dataset: &Dataset) -> Result<Vec<u8>> {
    let mut text = String::from("{'descr': [('uid', '<u8')");
    for (name, column) in dataset.columns() {
        text.push_str(&format!(", ({}, '{}'", repr(name), type_code(column)));
        match column.shape.as_slice() {
            [] => {}
            [one] => text.push_str(&format!(", ({one},)")),
            more => {
                let dims: Vec<String> = more.iter().map(usize::to_string).collect();
                text.push_str(&format!(", ({})", dims.join(", ")));
            }
        }
        text.push(')');
    }
    let rows = dataset.rows().to_string();
    text.push_str(&format!("], 'fortran_order': False, 'shape': ({rows},), }}"));
    text.extend(std::iter::repeat_n(' ', GROWTH_DIGITS.saturating_sub(rows.len())));
    let latin = text.chars().all(|c| u32::from(c) < 256);
    let body: Vec<u8> = if latin {
        text.chars().map(|c| c as u8).collect()
    } else {
        text.into_bytes()
    };
    // Version 1 has a 16-bit length; version 2 a 32-bit one; version 3 is version 2 in UTF-8.
    let padded = |prefix: usize| body.len() + 1 + ALIGN - (prefix + body.len() + 1) % ALIGN;
    let mut out = super::NPY_MAGIC.to_vec();
    let length = padded(10);
    let length = if latin && length <= usize::from(u16::MAX) {
        out.extend_from_slice(&[1, 0]);
        out.extend_from_slice(&(length as u16).to_le_bytes());
        length
    } else {
        let length = padded(12);
        out.extend_from_slice(&[if latin { 2 } else { 3 }, 0]);
        let short = u32::try_from(length)
            .map_err(|_| Error::new(ErrorKind::InvalidInput, "the table has too many columns"))?;
        out.extend_from_slice(&short.to_le_bytes());
        length
    };
    let end = out.len() + length;
    out.extend_from_slice(&body);
    out.resize(end - 1, b' ');
    out.push(b'\n');
    Ok(out)
}
