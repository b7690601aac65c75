//! Text columns to typed ones and numbers to text.

use crate::star::TextColumn;
use nilas_dataset::{Column, Text, Values};

/// A number as STAR files write it; none for anything else.
pub(crate) fn number(text: &str) -> Option<f64> {
    let first = text.as_bytes().first()?;
    let plausible = first.is_ascii_digit()
        || matches!(first, b'+' | b'-' | b'.')
        || text.eq_ignore_ascii_case("nan")
        || text.eq_ignore_ascii_case("inf");
    if plausible { text.parse().ok() } else { None }
}

/// A whole number without decoration that text would keep and an integer would lose.
fn integer(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = digits == "0" || (!digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit()));
    if plain && text != "-0" {
        text.parse().ok()
    } else {
        None
    }
}

/// A number whose text says no more than its value: `007` and digits beyond 64 bits are names, not numbers.
fn value(text: &str) -> Option<f64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let name = digits.len() > 1 && digits.bytes().all(|b| b.is_ascii_digit()) && integer(text).is_none();
    if name { None } else { number(text) }
}

/// `[1.5,0,-2]` to numbers.
fn vector(text: &str) -> Option<Vec<f64>> {
    let inner = text.strip_prefix('[')?.strip_suffix(']')?;
    inner.split(',').map(|v| number(v.trim())).collect()
}

/// The narrowest type that keeps every value: whole numbers, floats, vectors of equal length, else text. Where `pad` is set
/// shorter vectors are filled up with zeros (coefficients of a series).
pub(crate) fn typed(column: &TextColumn, pad: bool) -> Column {
    fn all<T>(column: &TextColumn, f: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
        if column.is_empty() {
            None
        } else {
            column.iter().map(f).collect()
        }
    }
    if let Some(whole) = all(column, integer) {
        let small: Option<Vec<i32>> = whole.iter().map(|&v| i32::try_from(v).ok()).collect();
        return Column::scalar(small.map_or(Values::I64(whole), Values::I32));
    }
    if let Some(floats) = all(column, value) {
        return Column::scalar(Values::F64(floats));
    }
    if let Some(vectors) = all(column, vector) {
        let longest = vectors.iter().map(Vec::len).max().unwrap_or(0);
        let fits = (1..=65_535).contains(&longest) && (pad || vectors.iter().all(|v| v.len() == longest));
        // Padding must not blow one long vector up to as many as there are rows.
        let total: usize = vectors.iter().map(Vec::len).sum();
        if fits && longest * vectors.len() <= total * 16 {
            let mut flat = Vec::with_capacity(longest * vectors.len());
            for v in &vectors {
                flat.extend_from_slice(v);
                flat.resize(flat.len() + longest - v.len(), 0.0);
            }
            return Column::array(Values::F64(flat), &[longest]);
        }
    }
    Column::scalar(Values::Text(column.iter().map(Text::from).collect()))
}

/// The shortest text that reads back as the same 64-bit float.
pub(crate) fn float_text(v: f64) -> String {
    let size = v.abs();
    if v.is_finite() && v != 0.0 && !(1e-4..1e15).contains(&size) {
        format!("{v:e}")
    } else {
        plain(v.to_string())
    }
}

/// The shortest text that reads back as the same 32-bit float.
pub(crate) fn float32_text(v: f32) -> String {
    let size = v.abs();
    if v.is_finite() && v != 0.0 && !(1e-4..1e15).contains(&size) {
        format!("{v:e}")
    } else {
        plain(v.to_string())
    }
}

/// Rust writes `NaN`, C++ reads `nan`.
fn plain(text: String) -> String {
    if text == "NaN" { "nan".into() } else { text }
}

/// The text of one row of a column; vectors in square brackets.
pub(crate) fn cell_text(column: &Column, row: usize) -> String {
    let element = |i: usize| match &column.values {
        Values::F32(v) => float32_text(v[i]),
        Values::F64(v) => float_text(v[i]),
        Values::C64(v) => format!("{}{:+}i", v[i][0], v[i][1]),
        Values::C128(v) => format!("{}{:+}i", v[i][0], v[i][1]),
        Values::I8(v) => v[i].to_string(),
        Values::I16(v) => v[i].to_string(),
        Values::I32(v) => v[i].to_string(),
        Values::I64(v) => v[i].to_string(),
        Values::U8(v) => v[i].to_string(),
        Values::U16(v) => v[i].to_string(),
        Values::U32(v) => v[i].to_string(),
        Values::U64(v) => v[i].to_string(),
        Values::Text(v) => v[i].to_string(),
    };
    if column.shape.is_empty() {
        return element(row);
    }
    let width = column.width();
    let parts: Vec<String> = (row * width..(row + 1) * width).map(element).collect();
    format!("[{}]", parts.join(","))
}
