//! The table.

use crate::Result;
use crate::column::{Column, Values};
use crate::dtype::{Element, Text};
use crate::error::DatasetError;
use std::collections::HashMap;

/// Longest extra dimension that a `.cs` file can hold.
const MAX_DIM: usize = 65_535;
/// Most extra dimensions that a `.cs` file can hold.
const MAX_EXTRA_DIMS: usize = 3;

/// A table of typed columns with one 64-bit uid per row. `uid` is always there and always first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Dataset {
    pub(crate) uids: Vec<u64>,
    pub(crate) names: Vec<String>,
    pub(crate) columns: Vec<Column>,
    pub(crate) index: HashMap<String, usize>,
}

impl Dataset {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// A table with the given uids and no other column. Uniqueness is not checked here, because a file may lie:
    /// see [`Dataset::check_unique_uids`]; joins check it.
    pub fn from_uids(uids: Vec<u64>) -> Self {
        Self {
            uids,
            ..Self::default()
        }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.uids.len()
    }

    /// No rows.
    pub fn is_empty(&self) -> bool {
        self.uids.is_empty()
    }

    /// The uids, one per row.
    pub fn uids(&self) -> &[u64] {
        &self.uids
    }

    /// Replaces the uids.
    ///
    /// # Errors
    /// The number of uids differs from the number of rows.
    pub fn set_uids(&mut self, uids: Vec<u64>) -> Result<()> {
        if uids.len() != self.rows() {
            return Err(DatasetError::WrongLength {
                name: "uid".into(),
                wanted: self.rows(),
                found: uids.len(),
            });
        }
        self.uids = uids;
        Ok(())
    }

    /// Names of all columns but `uid`, in order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// All columns but `uid`, in order.
    pub fn columns(&self) -> impl ExactSizeIterator<Item = (&str, &Column)> {
        self.names.iter().map(String::as_str).zip(&self.columns)
    }

    /// Whether there is such a column.
    pub fn has(&self, name: &str) -> bool {
        self.index.contains_key(name)
    }

    /// Whether all of these columns are there.
    pub fn has_all(&self, names: &[&str]) -> bool {
        names.iter().all(|n| self.has(n))
    }

    /// A column.
    ///
    /// # Errors
    /// There is no such column.
    pub fn column(&self, name: &str) -> Result<&Column> {
        match self.index.get(name) {
            Some(&i) => Ok(&self.columns[i]),
            None => Err(self.missing(name)),
        }
    }

    /// The values of a column (`rows x width`, row-major).
    ///
    /// # Errors
    /// No such column, or it holds another type (nothing is converted; see [`Dataset::numbers`]).
    pub fn get<T: Element>(&self, name: &str) -> Result<&[T]> {
        let column = self.column(name)?;
        T::slice(&column.values).ok_or_else(|| DatasetError::WrongType {
            name: name.into(),
            wanted: T::DTYPE,
            found: column.dtype(),
        })
    }

    /// The values of a column that must have `N` values per row, as arrays.
    ///
    /// # Errors
    /// No such column, another type, or another number of values per row.
    pub fn get_array<T: Element, const N: usize>(&self, name: &str) -> Result<&[[T; N]]> {
        let values = self.get::<T>(name)?;
        let shape = &self.column(name)?.shape;
        if shape.iter().product::<usize>() != N || shape.is_empty() {
            return Err(DatasetError::WrongShape {
                name: name.into(),
                wanted: vec![N],
                found: shape.clone(),
            });
        }
        Ok(values.as_chunks::<N>().0)
    }

    /// The values of a column, to be changed in place (the length is fixed).
    ///
    /// # Errors
    /// No such column, or it holds another type.
    pub fn get_mut<T: Element>(&mut self, name: &str) -> Result<&mut [T]> {
        let Some(&i) = self.index.get(name) else {
            return Err(self.missing(name));
        };
        let found = self.columns[i].dtype();
        match T::vec_mut(&mut self.columns[i].values) {
            Some(v) => Ok(v.as_mut_slice()),
            None => Err(DatasetError::WrongType {
                name: name.into(),
                wanted: T::DTYPE,
                found,
            }),
        }
    }

    /// The strings of a column.
    ///
    /// # Errors
    /// No such column, or it holds numbers.
    pub fn texts(&self, name: &str) -> Result<&[Text]> {
        self.get::<Text>(name)
    }

    /// Adds or replaces a column with one value per row.
    ///
    /// # Errors
    /// Wrong number of values, or a name that cannot be stored.
    pub fn set<T: Element>(&mut self, name: &str, values: Vec<T>) -> Result<()> {
        self.set_column(name, Column::scalar(T::wrap(values)))
    }

    /// Adds or replaces a column with several values per row (`rows x shape`, row-major).
    ///
    /// # Errors
    /// Wrong number of values, or a name or shape that cannot be stored.
    pub fn set_array<T: Element>(&mut self, name: &str, shape: &[usize], values: Vec<T>) -> Result<()> {
        self.set_column(name, Column::array(T::wrap(values), shape))
    }

    /// Adds or replaces a column that has the same value in every row.
    ///
    /// # Errors
    /// A name that cannot be stored.
    pub fn set_all<T: Element>(&mut self, name: &str, value: T) -> Result<()> {
        self.set(name, vec![value; self.rows()])
    }

    /// Adds or replaces a column of strings.
    ///
    /// # Errors
    /// Wrong number of values, or a name that cannot be stored.
    pub fn set_texts<S: AsRef<str>>(
        &mut self,
        name: &str,
        values: impl IntoIterator<Item = S>,
    ) -> Result<()> {
        let mut out: Vec<Text> = Vec::with_capacity(self.rows());
        for value in values {
            let value = value.as_ref();
            match out.last() {
                Some(last) if **last == *value => out.push(last.clone()),
                _ => out.push(Text::from(value)),
            }
        }
        self.set(name, out)
    }

    /// Adds or replaces a column.
    ///
    /// # Errors
    /// Wrong number of values, or a name or shape that cannot be stored.
    pub fn set_column(&mut self, name: &str, column: Column) -> Result<()> {
        let bad = |message: &str| DatasetError::BadColumn {
            name: name.into(),
            message: message.into(),
        };
        if name == "uid" {
            return match column.values {
                Values::U64(uids) if column.shape.is_empty() => self.set_uids(uids),
                _ => Err(bad("uids are one u8 per row")),
            };
        }
        if name.is_empty() || name.contains(['\0', '\n']) {
            return Err(bad("a name is not empty and has no NUL or line break"));
        }
        if column.shape.len() > MAX_EXTRA_DIMS || column.shape.iter().any(|&d| d == 0 || d > MAX_DIM) {
            return Err(bad("at most 3 extra dimensions of 1 to 65535"));
        }
        if let Values::Text(texts) = &column.values {
            if !column.shape.is_empty() {
                return Err(bad("strings have no extra dimensions"));
            }
            if texts.iter().any(|t| t.contains('\0')) {
                return Err(bad("a string holds a NUL byte"));
            }
        }
        let wanted = self.rows().saturating_mul(column.width());
        if column.values.len() != wanted {
            return Err(DatasetError::WrongLength {
                name: name.into(),
                wanted,
                found: column.values.len(),
            });
        }
        match self.index.get(name) {
            Some(&i) => self.columns[i] = column,
            None => {
                self.index.insert(name.into(), self.names.len());
                self.names.push(name.into());
                self.columns.push(column);
            }
        }
        Ok(())
    }

    /// Takes a column out; none if it is not there.
    pub fn remove(&mut self, name: &str) -> Option<Column> {
        let i = self.index.remove(name)?;
        self.names.remove(i);
        let column = self.columns.remove(i);
        self.reindex();
        Some(column)
    }

    /// Gives a column another name and keeps its place.
    ///
    /// # Errors
    /// No such column, or the new name is taken.
    pub fn rename(&mut self, from: &str, to: &str) -> Result<()> {
        if from == to {
            return Ok(());
        }
        if self.has(to) || to == "uid" || to.is_empty() {
            return Err(DatasetError::Clash { name: to.into() });
        }
        let Some(&i) = self.index.get(from) else {
            return Err(self.missing(from));
        };
        self.names[i] = to.into();
        self.reindex();
        Ok(())
    }

    pub(crate) fn reindex(&mut self) {
        self.index = self
            .names
            .iter()
            .enumerate()
            .map(|(i, n)| (n.clone(), i))
            .collect();
    }

    pub(crate) fn missing(&self, name: &str) -> DatasetError {
        let mut have: Vec<&str> = vec!["uid"];
        have.extend(self.names.iter().map(String::as_str).take(60));
        DatasetError::MissingColumn {
            name: name.into(),
            have: have.join(", "),
        }
    }
}
