//! Reading numbers whatever integer or float type a file used.

use crate::Result;
use crate::column::Values;
use crate::dataset::Dataset;
use crate::dtype::DType;
use crate::error::DatasetError;

impl Values {
    /// Element `i` as a float; none for strings, complex numbers and beyond the end.
    pub fn number(&self, i: usize) -> Option<f64> {
        match self {
            Values::F32(v) => v.get(i).map(|&x| f64::from(x)),
            Values::F64(v) => v.get(i).copied(),
            Values::I8(v) => v.get(i).map(|&x| f64::from(x)),
            Values::I16(v) => v.get(i).map(|&x| f64::from(x)),
            Values::I32(v) => v.get(i).map(|&x| f64::from(x)),
            Values::I64(v) => v.get(i).map(|&x| x as f64),
            Values::U8(v) => v.get(i).map(|&x| f64::from(x)),
            Values::U16(v) => v.get(i).map(|&x| f64::from(x)),
            Values::U32(v) => v.get(i).map(|&x| f64::from(x)),
            Values::U64(v) => v.get(i).map(|&x| x as f64),
            Values::C64(_) | Values::C128(_) | Values::Text(_) => None,
        }
    }
}

impl Dataset {
    /// A numeric column of any integer or float type as 64-bit floats (`rows x width`). Integers above 2^53 are rounded.
    ///
    /// # Errors
    /// No such column, or it holds strings or complex numbers.
    pub fn numbers(&self, name: &str) -> Result<Vec<f64>> {
        let values = &self.column(name)?.values;
        let out: Option<Vec<f64>> = (0..values.len()).map(|i| values.number(i)).collect();
        out.ok_or_else(|| DatasetError::WrongType {
            name: name.into(),
            wanted: DType::F64,
            found: values.dtype(),
        })
    }

    /// As [`Dataset::numbers`], and `default` in every element where the column is not there (`width` per row).
    ///
    /// # Errors
    /// The column holds strings or complex numbers, or has another width.
    pub fn numbers_or(&self, name: &str, width: usize, default: f64) -> Result<Vec<f64>> {
        if !self.has(name) {
            return Ok(vec![default; self.rows() * width]);
        }
        let column = self.column(name)?;
        if column.width() != width {
            return Err(DatasetError::WrongShape {
                name: name.into(),
                wanted: vec![width],
                found: column.shape.clone(),
            });
        }
        self.numbers(name)
    }
}
