//! Rows of a numpy file to columns.

use super::input::Input;
use super::npy_header::{self, Field, Stored};
use crate::Result;
use crate::error::FormatError;
use nilas_dataset::{Column, DType, Dataset, Text, Values};
use std::io::Read;

/// Rows are read in blocks of about this many bytes.
const BLOCK_BYTES: usize = 1 << 20;

/// Reads header and rows; the magic was read already.
pub(crate) fn read<R: Read>(input: &mut Input<'_, R>, keep: &dyn Fn(&str) -> bool) -> Result<Dataset> {
    let header = npy_header::read(input)?;
    let wanted: Vec<&Field> = header
        .fields
        .iter()
        .filter(|f| f.name == "uid" || keep(&f.name))
        .collect();
    if !header.fields.iter().any(|f| f.name == "uid") {
        return Err(input.unsupported("a table without the column 'uid' is no dataset"));
    }
    let mut columns: Vec<Builder> = wanted.iter().map(|f| Builder::new(f.stored)).collect();
    let block_rows = (BLOCK_BYTES / header.row_bytes.max(1)).max(1);
    let mut done = 0;
    let mut block = Vec::new();
    while done < header.rows {
        let count = block_rows.min(header.rows - done);
        let at = input.at();
        input.take_into((count * header.row_bytes) as u64, "the rows", &mut block)?;
        for (field, builder) in wanted.iter().zip(&mut columns) {
            for (i, row) in block.chunks_exact(header.row_bytes).enumerate() {
                builder
                    .push(&row[field.offset..field.offset + field.bytes()], field.big_endian)
                    .map_err(|message| {
                        let offset = at + (i * header.row_bytes + field.offset) as u64;
                        input.bad(
                            offset,
                            format!("row {} column '{}': {message}", done + i, field.name),
                        )
                    })?;
            }
        }
        done += count;
    }
    let named = wanted
        .iter()
        .zip(columns)
        .map(|(f, b)| (f.name.as_str(), b.values, f.shape.as_slice()));
    assemble(input.path(), header.rows, named)
}

/// Puts columns together to a dataset; `uid` must be among them.
pub(crate) fn assemble<'a>(
    path: &std::path::Path,
    rows: usize,
    columns: impl Iterator<Item = (&'a str, Values, &'a [usize])>,
) -> Result<Dataset> {
    let mut rest = Vec::new();
    let mut uids = None;
    for (name, values, shape) in columns {
        match (name, values) {
            ("uid", Values::U64(v)) if shape.is_empty() => uids = Some(v),
            ("uid", other) => {
                let message = format!("'uid' is {}, not u8", other.dtype());
                return Err(FormatError::Unsupported {
                    path: path.into(),
                    message,
                });
            }
            (_, values) => rest.push((
                name,
                Column {
                    values,
                    shape: shape.to_vec(),
                },
            )),
        }
    }
    let uids = uids
        .filter(|u| u.len() == rows)
        .ok_or_else(|| FormatError::Unsupported {
            path: path.into(),
            message: "a table without the column 'uid' is no dataset".into(),
        })?;
    let mut dataset = Dataset::from_uids(uids);
    for (name, column) in rest {
        dataset
            .set_column(name, column)
            .map_err(|e| FormatError::table(path, e))?;
    }
    Ok(dataset)
}

/// A column that grows cell by cell.
pub(crate) struct Builder {
    stored: Stored,
    pub(crate) values: Values,
}

impl Builder {
    pub(crate) fn new(stored: Stored) -> Self {
        let values = match stored {
            Stored::Number(t) => empty(t),
            Stored::Bool => Values::U8(Vec::new()),
            Stored::F16 => Values::F32(Vec::new()),
            Stored::Bytes(_) | Stored::Unicode(_) => Values::Text(Vec::new()),
        };
        Self { stored, values }
    }

    /// Adds the elements of one or more rows.
    pub(crate) fn push(&mut self, cell: &[u8], big: bool) -> std::result::Result<(), String> {
        macro_rules! numbers {
            ($vec:expr, $t:ty, $n:literal) => {
                $vec.extend(cell.as_chunks::<$n>().0.iter().map(|b| {
                    if big {
                        <$t>::from_be_bytes(*b)
                    } else {
                        <$t>::from_le_bytes(*b)
                    }
                }))
            };
        }
        match (&mut self.values, self.stored) {
            (Values::F32(v), Stored::F16) => v.extend(cell.as_chunks::<2>().0.iter().map(|b| {
                half::f16::from_bits(if big {
                    u16::from_be_bytes(*b)
                } else {
                    u16::from_le_bytes(*b)
                })
                .to_f32()
            })),
            (Values::F32(v), _) => numbers!(v, f32, 4),
            (Values::F64(v), _) => numbers!(v, f64, 8),
            (Values::C64(v), _) => {
                let mut parts: Vec<f32> = Vec::with_capacity(cell.len() / 4);
                numbers!(parts, f32, 4);
                v.extend_from_slice(parts.as_chunks::<2>().0);
            }
            (Values::C128(v), _) => {
                let mut parts: Vec<f64> = Vec::with_capacity(cell.len() / 8);
                numbers!(parts, f64, 8);
                v.extend_from_slice(parts.as_chunks::<2>().0);
            }
            (Values::I8(v), _) => v.extend(cell.iter().map(|&b| b as i8)),
            (Values::U8(v), _) => v.extend_from_slice(cell),
            (Values::I16(v), _) => numbers!(v, i16, 2),
            (Values::U16(v), _) => numbers!(v, u16, 2),
            (Values::I32(v), _) => numbers!(v, i32, 4),
            (Values::U32(v), _) => numbers!(v, u32, 4),
            (Values::I64(v), _) => numbers!(v, i64, 8),
            (Values::U64(v), _) => numbers!(v, u64, 8),
            (Values::Text(v), Stored::Unicode(_)) => {
                let mut text = String::new();
                for b in cell.as_chunks::<4>().0 {
                    let code = if big {
                        u32::from_be_bytes(*b)
                    } else {
                        u32::from_le_bytes(*b)
                    };
                    text.push(char::from_u32(code).ok_or("a character that does not exist")?);
                }
                push_text(v, text.trim_end_matches('\0'));
            }
            (Values::Text(v), _) => {
                let end = cell.iter().rposition(|&b| b != 0).map_or(0, |i| i + 1);
                push_text(
                    v,
                    std::str::from_utf8(&cell[..end]).map_err(|_| "text that is not UTF-8")?,
                );
            }
        }
        Ok(())
    }
}

fn empty(dtype: DType) -> Values {
    match dtype {
        DType::F32 => Values::F32(Vec::new()),
        DType::F64 => Values::F64(Vec::new()),
        DType::C64 => Values::C64(Vec::new()),
        DType::C128 => Values::C128(Vec::new()),
        DType::I8 => Values::I8(Vec::new()),
        DType::I16 => Values::I16(Vec::new()),
        DType::I32 => Values::I32(Vec::new()),
        DType::I64 => Values::I64(Vec::new()),
        DType::U8 => Values::U8(Vec::new()),
        DType::U16 => Values::U16(Vec::new()),
        DType::U32 => Values::U32(Vec::new()),
        DType::U64 => Values::U64(Vec::new()),
        DType::Text => Values::Text(Vec::new()),
    }
}

/// Neighbouring rows mostly share their path, so they share the string too.
fn push_text(values: &mut Vec<Text>, text: &str) {
    match values.last() {
        Some(last) if **last == *text => values.push(last.clone()),
        _ => values.push(Text::from(text)),
    }
}
