//! The header of a numpy file.

use super::input::Input;
use super::literal::{Literal, parse};
use crate::Result;
use nilas_dataset::DType;
use std::io::Read;

/// How one element is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stored {
    /// A number of this type.
    Number(DType),
    /// One byte, 0 or 1; becomes `u1`.
    Bool,
    /// 16-bit float; becomes `f4`.
    F16,
    /// UTF-8 in so many bytes, padded with NUL.
    Bytes(usize),
    /// So many UTF-32 characters, padded with NUL.
    Unicode(usize),
}

impl Stored {
    pub(crate) fn size(self) -> usize {
        match self {
            Stored::Number(t) => t.size().unwrap_or(0),
            Stored::Bool => 1,
            Stored::F16 => 2,
            Stored::Bytes(n) => n,
            Stored::Unicode(n) => n * 4,
        }
    }
}

/// One column as the header describes it.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) name: String,
    /// The type as written.
    pub(crate) code: String,
    pub(crate) stored: Stored,
    pub(crate) big_endian: bool,
    pub(crate) shape: Vec<usize>,
    /// Bytes from the start of a row.
    pub(crate) offset: usize,
}

impl Field {
    /// Bytes in a row.
    pub(crate) fn bytes(&self) -> usize {
        self.stored.size() * self.shape.iter().product::<usize>()
    }
}

/// The whole header.
#[derive(Debug)]
pub(crate) struct NpyHeader {
    pub(crate) rows: usize,
    pub(crate) row_bytes: usize,
    pub(crate) fields: Vec<Field>,
}

/// `<f4`, `|S61` ... to how it is stored and whether its bytes are reversed.
pub(crate) fn stored_type(code: &str) -> Option<(Stored, bool)> {
    let (order, rest) = match code.as_bytes().first()? {
        b'<' | b'|' | b'=' => (false, &code[1..]),
        b'>' => (true, &code[1..]),
        _ => (false, code),
    };
    let width = || {
        rest.get(1..)
            .and_then(|w| w.parse::<usize>().ok())
            .filter(|w| (1..1 << 24).contains(w))
    };
    let stored = match rest.as_bytes().first()? {
        b'S' | b'a' => Stored::Bytes(width()?),
        b'U' => Stored::Unicode(width()?),
        b'b' | b'?' => Stored::Bool,
        b'f' if rest == "f2" => Stored::F16,
        _ => Stored::Number(DType::from_code(rest).filter(|t| *t != DType::Text)?),
    };
    Some((stored, order))
}

/// Reads the header; the six magic bytes were read already.
pub(crate) fn read<R: Read>(input: &mut Input<'_, R>) -> Result<NpyHeader> {
    let version = input.take(2, "the numpy version")?;
    let length = match version.as_slice() {
        [1, _] => {
            let b = input.take(2, "the length of the numpy header")?;
            u32::from(b[0]) | u32::from(b[1]) << 8
        }
        [2 | 3, _] => input.u32("the length of the numpy header")?,
        _ => {
            return Err(input.bad(
                6,
                format!("numpy format version {}.{} is not known", version[0], version[1]),
            ));
        }
    };
    let start = input.at();
    let bytes = input.take(u64::from(length), "the numpy header")?;
    let text = if version[0] == 3 {
        String::from_utf8(bytes).map_err(|e| {
            input.bad(
                start + e.utf8_error().valid_up_to() as u64,
                "the header is not UTF-8",
            )
        })?
    } else {
        bytes.iter().map(|&b| char::from(b)).collect()
    };
    let literal = parse(&text).map_err(|(at, message)| input.bad(start + at as u64, message))?;
    let Literal::Dict(entries) = literal else {
        return Err(input.bad(start, "the header is no dictionary"));
    };
    let entry = |key: &str| {
        entries
            .iter()
            .find(|(k, _)| *k == Literal::Text(key.into()))
            .map(|(_, v)| v)
    };
    let (Some(descr), Some(shape)) = (entry("descr"), entry("shape")) else {
        return Err(input.bad(start, "the header has no 'descr' or no 'shape'"));
    };
    let Literal::Sequence(columns) = descr else {
        return Err(input.unsupported("a plain numpy array, not a table with named columns"));
    };
    let rows = match shape {
        Literal::Sequence(s) => match s.as_slice() {
            [Literal::Int(n)] => usize::try_from(*n).map_err(|_| input.bad(start, "too many rows"))?,
            _ => {
                return Err(input.unsupported(format!("an array of {} dimensions; a table has one", s.len())));
            }
        },
        _ => return Err(input.bad(start, "'shape' is no tuple")),
    };
    let mut fields: Vec<Field> = Vec::with_capacity(columns.len());
    let mut offset = 0usize;
    let mut names = std::collections::HashSet::new();
    for column in columns {
        let field = field(column, offset).map_err(|message| input.bad(start, message))?;
        if !names.insert(field.name.clone()) {
            return Err(input.bad(start, format!("the column '{}' occurs twice", field.name)));
        }
        offset = offset.saturating_add(field.bytes());
        fields.push(field);
    }
    let data = (rows as u64)
        .checked_mul(offset as u64)
        .ok_or_else(|| input.bad(start, "impossible size"))?;
    input.need(data, &format!("a table of {rows} rows of {offset} bytes"))?;
    Ok(NpyHeader {
        rows,
        row_bytes: offset,
        fields,
    })
}

fn field(column: &Literal, offset: usize) -> std::result::Result<Field, String> {
    let Literal::Sequence(parts) = column else {
        return Err("a column that is no tuple".into());
    };
    let (name, code, dims): (&String, &String, &[Literal]) = match parts.as_slice() {
        [Literal::Text(n), Literal::Text(c)] => (n, c, &[]),
        [Literal::Text(n), Literal::Text(c), Literal::Sequence(d)] => (n, c, d),
        [Literal::Text(n), Literal::Text(c), one @ Literal::Int(_)] => (n, c, std::slice::from_ref(one)),
        [Literal::Text(n), ..] => return Err(format!("column '{n}' has a nested type")),
        _ => return Err("a column without name and type".into()),
    };
    let (stored, big_endian) = stored_type(code)
        .ok_or_else(|| format!("column '{name}' has the type '{code}', which a dataset cannot hold"))?;
    let mut shape = Vec::new();
    for dim in dims {
        match dim {
            Literal::Int(d) if (1..=65_535).contains(d) && shape.len() < 3 => shape.push(*d as usize),
            _ => {
                return Err(format!(
                    "column '{name}' has extra dimensions that a dataset cannot hold"
                ));
            }
        }
    }
    Ok(Field {
        name: name.clone(),
        code: code.clone(),
        stored,
        big_endian,
        shape,
        offset,
    })
}
