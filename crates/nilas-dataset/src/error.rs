//! What can go wrong with a table.

use crate::dtype::DType;

/// Why an operation on a [`crate::Dataset`] was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DatasetError {
    /// A column that is needed is not there.
    #[error("no column '{name}'; the table has {have}")]
    MissingColumn {
        /// The name asked for.
        name: String,
        /// What is there, as a list.
        have: String,
    },
    /// A column holds another type than the caller asked for.
    #[error("column '{name}' holds {found}, not {wanted}")]
    WrongType {
        /// Column name.
        name: String,
        /// Type asked for.
        wanted: DType,
        /// Type that is there.
        found: DType,
    },
    /// A column has other extra dimensions than the caller asked for.
    #[error("column '{name}' has {found:?} values per row, not {wanted:?}")]
    WrongShape {
        /// Column name.
        name: String,
        /// Extra dimensions asked for.
        wanted: Vec<usize>,
        /// Extra dimensions that are there.
        found: Vec<usize>,
    },
    /// The number of values does not fit the number of rows.
    #[error("column '{name}' has {found} values, {wanted} are needed")]
    WrongLength {
        /// Column name.
        name: String,
        /// Values needed.
        wanted: usize,
        /// Values given.
        found: usize,
    },
    /// A name or shape that no `.cs` file can hold.
    #[error("column '{name}': {message}")]
    BadColumn {
        /// Column name.
        name: String,
        /// What is wrong with it.
        message: String,
    },
    /// A uid occurs twice where it must be unique.
    #[error("uid {uid} occurs twice: rows {first} and {second}")]
    DuplicateUid {
        /// The uid.
        uid: u64,
        /// First row, 0-based.
        first: usize,
        /// Second row, 0-based.
        second: usize,
    },
    /// Two tables that are joined both have a column.
    #[error("both tables have the column '{name}'")]
    Clash {
        /// Column name.
        name: String,
    },
    /// Two tables that are put together differ in their columns.
    #[error("the tables differ in their columns: {message}")]
    ColumnsDiffer {
        /// The difference.
        message: String,
    },
    /// Rows of one table have no partner in the other.
    #[error("{missing} of {total} rows have no partner with the same uid; the first is uid {uid}")]
    NoPartner {
        /// Rows without a partner.
        missing: usize,
        /// All rows.
        total: usize,
        /// Uid of the first such row.
        uid: u64,
    },
    /// A row number beyond the end.
    #[error("row {row} was asked for, the table has {rows} rows")]
    NoRow {
        /// Row asked for, 0-based.
        row: usize,
        /// Rows in the table.
        rows: usize,
    },
}
