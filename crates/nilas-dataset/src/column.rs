//! One column: values and the extra dimensions of a row.

use crate::dtype::{DType, Text};

/// The values of a column, row after row.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// 32-bit floats.
    F32(Vec<f32>),
    /// 64-bit floats.
    F64(Vec<f64>),
    /// Complex numbers (real, imaginary).
    C64(Vec<[f32; 2]>),
    /// Complex numbers (real, imaginary).
    C128(Vec<[f64; 2]>),
    /// Signed 8-bit.
    I8(Vec<i8>),
    /// Signed 16-bit.
    I16(Vec<i16>),
    /// Signed 32-bit.
    I32(Vec<i32>),
    /// Signed 64-bit.
    I64(Vec<i64>),
    /// Unsigned 8-bit.
    U8(Vec<u8>),
    /// Unsigned 16-bit.
    U16(Vec<u16>),
    /// Unsigned 32-bit.
    U32(Vec<u32>),
    /// Unsigned 64-bit.
    U64(Vec<u64>),
    /// Strings.
    Text(Vec<Text>),
}

/// Runs one expression for whichever vector the values hold.
macro_rules! each {
    ($values:expr, $v:ident => $body:expr) => {
        match $values {
            Values::F32($v) => $body,
            Values::F64($v) => $body,
            Values::C64($v) => $body,
            Values::C128($v) => $body,
            Values::I8($v) => $body,
            Values::I16($v) => $body,
            Values::I32($v) => $body,
            Values::I64($v) => $body,
            Values::U8($v) => $body,
            Values::U16($v) => $body,
            Values::U32($v) => $body,
            Values::U64($v) => $body,
            Values::Text($v) => $body,
        }
    };
}

/// As [`each`], and wraps the new vector in the same variant.
macro_rules! each_map {
    ($values:expr, $v:ident => $body:expr) => {
        match $values {
            Values::F32($v) => Values::F32($body),
            Values::F64($v) => Values::F64($body),
            Values::C64($v) => Values::C64($body),
            Values::C128($v) => Values::C128($body),
            Values::I8($v) => Values::I8($body),
            Values::I16($v) => Values::I16($body),
            Values::I32($v) => Values::I32($body),
            Values::I64($v) => Values::I64($body),
            Values::U8($v) => Values::U8($body),
            Values::U16($v) => Values::U16($body),
            Values::U32($v) => Values::U32($body),
            Values::U64($v) => Values::U64($body),
            Values::Text($v) => Values::Text($body),
        }
    };
}

impl Values {
    /// Number of elements over all rows.
    pub fn len(&self) -> usize {
        each!(self, v => v.len())
    }

    /// No elements at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The element type.
    pub fn dtype(&self) -> DType {
        match self {
            Values::F32(_) => DType::F32,
            Values::F64(_) => DType::F64,
            Values::C64(_) => DType::C64,
            Values::C128(_) => DType::C128,
            Values::I8(_) => DType::I8,
            Values::I16(_) => DType::I16,
            Values::I32(_) => DType::I32,
            Values::I64(_) => DType::I64,
            Values::U8(_) => DType::U8,
            Values::U16(_) => DType::U16,
            Values::U32(_) => DType::U32,
            Values::U64(_) => DType::U64,
            Values::Text(_) => DType::Text,
        }
    }

    /// Values of `count` rows of `width` elements, taken in the order of `rows`, which must all exist.
    pub(crate) fn take(&self, rows: &[usize], width: usize) -> Values {
        fn pick<T: Clone>(v: &[T], rows: &[usize], width: usize) -> Vec<T> {
            let mut out = Vec::with_capacity(rows.len() * width);
            for &row in rows {
                out.extend_from_slice(&v[row * width..(row + 1) * width]);
            }
            out
        }
        each_map!(self, v => pick(v, rows, width))
    }

    /// Appends the values of another column of the same type; false (and nothing changed) for another type.
    pub(crate) fn extend(&mut self, other: &Values) -> bool {
        macro_rules! pairs {
            ($($variant:ident),*) => {
                match (self, other) {
                    $((Values::$variant(a), Values::$variant(b)) => { a.extend_from_slice(b); true })*
                    _ => false,
                }
            };
        }
        pairs!(F32, F64, C64, C128, I8, I16, I32, I64, U8, U16, U32, U64, Text)
    }
}

/// Values and the shape of one row.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Row-major values: `rows x shape`.
    pub values: Values,
    /// Extra dimensions of a row; empty for one value per row.
    pub shape: Vec<usize>,
}

impl Column {
    /// One value per row.
    pub fn scalar(values: Values) -> Self {
        Self {
            values,
            shape: Vec::new(),
        }
    }

    /// Several values per row.
    pub fn array(values: Values, shape: &[usize]) -> Self {
        Self {
            values,
            shape: shape.to_vec(),
        }
    }

    /// Elements per row.
    pub fn width(&self) -> usize {
        self.shape.iter().product()
    }

    /// The element type.
    pub fn dtype(&self) -> DType {
        self.values.dtype()
    }

    /// `<f4`-like name with the shape, for messages: `f4`, `f4[3]`, `text`.
    pub fn describe(&self) -> String {
        if self.shape.is_empty() {
            self.dtype().to_string()
        } else {
            let dims: Vec<String> = self.shape.iter().map(|d| d.to_string()).collect();
            format!("{}[{}]", self.dtype(), dims.join(","))
        }
    }
}
