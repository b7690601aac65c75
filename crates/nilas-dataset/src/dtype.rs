//! Element types.

use crate::column::Values;
use std::fmt;
use std::sync::Arc;

/// A string cell. Shared, because a path column of a million rows holds few distinct strings.
pub type Text = Arc<str>;

/// The element type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DType {
    /// 32-bit float.
    F32,
    /// 64-bit float.
    F64,
    /// Complex of two 32-bit floats.
    C64,
    /// Complex of two 64-bit floats.
    C128,
    /// Signed 8-bit.
    I8,
    /// Signed 16-bit.
    I16,
    /// Signed 32-bit.
    I32,
    /// Signed 64-bit.
    I64,
    /// Unsigned 8-bit.
    U8,
    /// Unsigned 16-bit.
    U16,
    /// Unsigned 32-bit.
    U32,
    /// Unsigned 64-bit.
    U64,
    /// UTF-8 string.
    Text,
}

impl DType {
    /// The name in `.cs` headers without the byte-order mark: `f4`, `u8`, `S` for strings.
    pub fn code(self) -> &'static str {
        match self {
            DType::F32 => "f4",
            DType::F64 => "f8",
            DType::C64 => "c8",
            DType::C128 => "c16",
            DType::I8 => "i1",
            DType::I16 => "i2",
            DType::I32 => "i4",
            DType::I64 => "i8",
            DType::U8 => "u1",
            DType::U16 => "u2",
            DType::U32 => "u4",
            DType::U64 => "u8",
            DType::Text => "S",
        }
    }

    /// The type with this [`DType::code`]; none for others.
    pub fn from_code(code: &str) -> Option<Self> {
        Some(match code {
            "f4" => DType::F32,
            "f8" => DType::F64,
            "c8" => DType::C64,
            "c16" => DType::C128,
            "i1" => DType::I8,
            "i2" => DType::I16,
            "i4" => DType::I32,
            "i8" => DType::I64,
            "u1" => DType::U8,
            "u2" => DType::U16,
            "u4" => DType::U32,
            "u8" => DType::U64,
            "S" => DType::Text,
            _ => return None,
        })
    }

    /// Bytes of one element; none for strings, whose width belongs to the column.
    pub fn size(self) -> Option<usize> {
        Some(match self {
            DType::I8 | DType::U8 => 1,
            DType::I16 | DType::U16 => 2,
            DType::F32 | DType::I32 | DType::U32 => 4,
            DType::F64 | DType::C64 | DType::I64 | DType::U64 => 8,
            DType::C128 => 16,
            DType::Text => return None,
        })
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DType::Text => f.write_str("text"),
            other => f.write_str(other.code()),
        }
    }
}

/// A Rust type that can be a column's element.
pub trait Element: Clone {
    /// The column type that holds it.
    const DTYPE: DType;
    /// The values as a slice, if they have this type.
    fn slice(values: &Values) -> Option<&[Self]>;
    /// The values as a vector that can be changed, if they have this type.
    fn vec_mut(values: &mut Values) -> Option<&mut Vec<Self>>;
    /// Wraps a vector.
    fn wrap(values: Vec<Self>) -> Values;
}

macro_rules! element {
    ($($rust:ty => $variant:ident),* $(,)?) => {$(
        impl Element for $rust {
            const DTYPE: DType = DType::$variant;
            fn slice(values: &Values) -> Option<&[Self]> {
                match values {
                    Values::$variant(v) => Some(v),
                    _ => None,
                }
            }
            fn vec_mut(values: &mut Values) -> Option<&mut Vec<Self>> {
                match values {
                    Values::$variant(v) => Some(v),
                    _ => None,
                }
            }
            fn wrap(values: Vec<Self>) -> Values {
                Values::$variant(values)
            }
        }
    )*};
}

element! {
    f32 => F32, f64 => F64, [f32; 2] => C64, [f64; 2] => C128,
    i8 => I8, i16 => I16, i32 => I32, i64 => I64,
    u8 => U8, u16 => U16, u32 => U32, u64 => U64,
    Text => Text,
}
