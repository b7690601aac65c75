//! CSDAT streams: `\x95CSDAT`, a JSON header, one payload per column, a heap of strings.

use super::input::Input;
use super::npy::{Builder, assemble};
use super::npy_header::{Stored, stored_type};
use super::npy_write::{put, type_code};
use crate::Result;
use nilas_dataset::{DType, Dataset, Text, Values};
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::io::{Error, ErrorKind, Read, Write};

/// An LZ4 block unpacks to at most this many times its size.
const LZ4_MAX_RATIO: u64 = 255;
/// The vendor's reader puts column names of this many bytes or more into the string heap, first.
const LONG_NAME: usize = 52;

/// One column as the header describes it.
pub(crate) struct CsdatField {
    pub(crate) name: String,
    pub(crate) code: String,
    pub(crate) shape: Vec<usize>,
    /// None: strings, stored as offsets into the heap.
    stored: Option<DType>,
    compressed: bool,
}

/// The header.
pub(crate) struct CsdatHeader {
    pub(crate) rows: usize,
    pub(crate) fields: Vec<CsdatField>,
}

/// Reads the header; the magic was read already.
pub(crate) fn read_header<R: Read>(input: &mut Input<'_, R>) -> Result<CsdatHeader> {
    let length = input.u32("the header length")?;
    let start = input.at();
    let bytes = input.take(u64::from(length), "the CSDAT header")?;
    let bad = |message: String| input.bad(start, message);
    let json: Value =
        serde_json::from_slice(&bytes).map_err(|e| bad(format!("the header is no JSON: {e}")))?;
    let rows = json["length"].as_u64().and_then(|n| usize::try_from(n).ok());
    let (Some(rows), Some(columns)) = (rows, json["dtype"].as_array()) else {
        return Err(bad("the header has no 'length' or no 'dtype'".into()));
    };
    let mut compressed: HashSet<&str> = HashSet::new();
    if let Some(names) = json["compressed_fields"].as_array() {
        compressed.extend(names.iter().filter_map(Value::as_str));
    }
    match &json["compression"] {
        Value::Null => {}
        Value::String(s) if s == "lz4" => {}
        other if compressed.is_empty() => return Err(bad(format!("compression {other} is not known"))),
        other => {
            return Err(input.unsupported(format!("columns are packed with {other}; lz4 and none are read")));
        }
    }
    let mut names = HashSet::new();
    let mut fields = Vec::with_capacity(columns.len());
    for column in columns {
        let parts = column.as_array().map(Vec::as_slice).unwrap_or_default();
        let (name, code, dims): (&str, &str, &[Value]) = match parts {
            [Value::String(n), Value::String(c)] => (n, c, &[]),
            [Value::String(n), Value::String(c), Value::Array(d)] => (n, c, d),
            _ => return Err(bad(format!("a column without name and type: {column}"))),
        };
        let mut shape = Vec::new();
        for dim in dims {
            match dim.as_u64() {
                Some(d) if (1..=65_535).contains(&d) && shape.len() < 3 => shape.push(d as usize),
                _ => {
                    return Err(bad(format!(
                        "column '{name}' has extra dimensions that a dataset cannot hold"
                    )));
                }
            }
        }
        let stored = match stored_type(code) {
            _ if code == "|O" => None,
            Some((Stored::Number(t), false)) => Some(t),
            _ => {
                return Err(bad(format!(
                    "column '{name}' has the type '{code}', which a stream cannot hold"
                )));
            }
        };
        if !names.insert(name.to_string()) {
            return Err(bad(format!("the column '{name}' occurs twice")));
        }
        let compressed = compressed.contains(name) && name != "uid";
        fields.push(CsdatField {
            name: name.into(),
            code: code.into(),
            shape,
            stored,
            compressed,
        });
    }
    Ok(CsdatHeader { rows, fields })
}

/// Reads header, columns and heap.
pub(crate) fn read<R: Read>(input: &mut Input<'_, R>, keep: &dyn Fn(&str) -> bool) -> Result<Dataset> {
    let header = read_header(input)?;
    let mut columns: Vec<(usize, Builder)> = Vec::new();
    for (i, field) in header.fields.iter().enumerate() {
        let wanted = field.name == "uid" || keep(&field.name);
        let mut builder = Builder::new(Stored::Number(field.stored.unwrap_or(DType::U64)));
        if header.rows > 0 {
            let what = format!("column '{}'", field.name);
            let length = u64::from(input.u32(&what)?);
            let at = input.at();
            let packed = input.take(length, &what)?;
            if wanted {
                let raw = unpack(input, field, header.rows, at, packed)?;
                builder.push(&raw, false).map_err(|m| input.bad(at, m))?;
            }
        }
        if wanted {
            columns.push((i, builder));
        }
    }
    let heap_at = input.at();
    let heap = input.take(input.left(), "the string heap")?;
    let mut named: Vec<(&str, Values, &[usize])> = Vec::new();
    for (i, builder) in columns {
        let field = &header.fields[i];
        let values = match (field.stored, builder.values) {
            (None, Values::U64(offsets)) => {
                Values::Text(strings(&heap, &offsets).map_err(|(offset, message)| {
                    input.bad(
                        heap_at.saturating_add(offset),
                        format!("column '{}': {message}", field.name),
                    )
                })?)
            }
            (_, values) => values,
        };
        named.push((&field.name, values, &field.shape));
    }
    assemble(input.path(), header.rows, named.into_iter())
}

/// The raw bytes of a column.
fn unpack<R: Read>(
    input: &Input<'_, R>,
    field: &CsdatField,
    rows: usize,
    at: u64,
    packed: Vec<u8>,
) -> Result<Vec<u8>> {
    let name = &field.name;
    let element = field.stored.and_then(DType::size).unwrap_or(8);
    let expected = (rows as u64)
        .checked_mul((element * field.shape.iter().product::<usize>()) as u64)
        .ok_or_else(|| input.bad(at, format!("column '{name}' has an impossible size")))?;
    let found = packed.len() as u64;
    if !field.compressed {
        if found != expected {
            return Err(input.bad(
                at,
                format!("column '{name}' has {found} bytes; {rows} rows need {expected}"),
            ));
        }
        return Ok(packed);
    }
    // An honest block cannot unpack to more than this, so a lie about the row count costs no memory.
    if expected > found.saturating_mul(LZ4_MAX_RATIO) {
        return Err(input.bad(
            at,
            format!("column '{name}': {found} packed bytes cannot hold {expected}"),
        ));
    }
    let mut raw = vec![0; expected as usize];
    match lz4_flex::block::decompress_into(&packed, &mut raw) {
        Ok(n) if n as u64 == expected => Ok(raw),
        Ok(n) => Err(input.bad(
            at,
            format!("column '{name}' unpacks to {n} bytes; {rows} rows need {expected}"),
        )),
        Err(e) => Err(input.bad(at, format!("column '{name}' cannot be unpacked: {e}"))),
    }
}

/// Strings at offsets of the heap.
fn strings(heap: &[u8], offsets: &[u64]) -> std::result::Result<Vec<Text>, (u64, String)> {
    let mut known: HashMap<u64, Text> = HashMap::new();
    let mut out = Vec::with_capacity(offsets.len());
    for &offset in offsets {
        let text = match known.get(&offset) {
            Some(text) => text.clone(),
            None => {
                let at = usize::try_from(offset).ok().filter(|&at| at < heap.len());
                let Some(at) = at else {
                    return Err((offset, "a string beyond the heap".into()));
                };
                // Only whole strings: offsets into the middle of one could multiply the memory without bound.
                if at > 0 && heap[at - 1] != 0 {
                    return Err((offset, "an offset into the middle of a string".into()));
                }
                let Some(length) = heap[at..].iter().position(|&b| b == 0) else {
                    return Err((offset, "a string without end".into()));
                };
                let text = std::str::from_utf8(&heap[at..at + length])
                    .map_err(|_| (offset, "text that is not UTF-8".to_string()))?;
                let text = Text::from(text);
                known.insert(offset, text.clone());
                text
            }
        };
        out.push(text);
    }
    Ok(out)
}

/// A JSON string with everything beyond ASCII escaped, as Python's `json.dumps` does.
fn json_string(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            ' '..='~' => out.push(c),
            c => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    out.push('"');
    out
}

/// Writes the stream.
pub(crate) fn write(out: &mut dyn Write, dataset: &Dataset, lz4: bool) -> std::io::Result<()> {
    let rows = dataset.rows();
    let mut dtype = String::from("[\"uid\", \"<u8\"]");
    let mut packed_names: Vec<String> = Vec::new();
    for (name, column) in dataset.columns() {
        let code = if column.dtype() == DType::Text {
            "|O".to_string()
        } else {
            type_code(column)
        };
        dtype.push_str(&format!(", [{}, \"{code}\"", json_string(name)));
        if !column.shape.is_empty() {
            let dims: Vec<String> = column.shape.iter().map(usize::to_string).collect();
            dtype.push_str(&format!(", [{}]", dims.join(", ")));
        }
        dtype.push(']');
        if lz4 && rows > 0 {
            packed_names.push(json_string(name));
        }
    }
    let header = format!(
        "{{\"length\": {rows}, \"dtype\": [{dtype}], \"compression\": {}, \"compressed_fields\": [{}]}}",
        if lz4 { "\"lz4\"" } else { "null" },
        packed_names.join(", ")
    );
    out.write_all(super::CSDAT_MAGIC)?;
    payload(out, header.as_bytes())?;
    let mut heap = Heap::new(dataset.names());
    let mut raw = Vec::new();
    if rows > 0 {
        dataset
            .uids()
            .iter()
            .for_each(|u| raw.extend_from_slice(&u.to_le_bytes()));
        payload(out, &raw)?;
    }
    for (_, column) in dataset.columns() {
        raw.clear();
        match &column.values {
            Values::Text(texts) => texts
                .iter()
                .for_each(|t| raw.extend_from_slice(&heap.offset(t).to_le_bytes())),
            values => put(&mut raw, values, 0..values.len(), 0),
        }
        match (rows, lz4) {
            (0, _) => {}
            (_, true) => payload(out, &lz4_flex::block::compress(&raw))?,
            (_, false) => payload(out, &raw)?,
        }
    }
    out.write_all(&heap.bytes)
}

fn payload(out: &mut dyn Write, bytes: &[u8]) -> std::io::Result<()> {
    let length = u32::try_from(bytes.len()).map_err(|_| {
        Error::new(
            ErrorKind::InvalidInput,
            "a column of 4 GiB or more fits no CSDAT stream",
        )
    })?;
    out.write_all(&length.to_le_bytes())?;
    out.write_all(bytes)
}

/// Distinct strings, each once, in the order in which they came.
struct Heap {
    bytes: Vec<u8>,
    offsets: HashMap<String, u64>,
}

impl Heap {
    fn new(names: &[String]) -> Self {
        let mut heap = Self {
            bytes: vec![0],
            offsets: HashMap::from([(String::new(), 0)]),
        };
        for name in names.iter().filter(|n| n.len() >= LONG_NAME) {
            heap.offset(name);
        }
        heap
    }

    fn offset(&mut self, text: &str) -> u64 {
        if let Some(&at) = self.offsets.get(text) {
            return at;
        }
        let at = self.bytes.len() as u64;
        self.bytes.extend_from_slice(text.as_bytes());
        self.bytes.push(0);
        self.offsets.insert(text.into(), at);
        at
    }
}
