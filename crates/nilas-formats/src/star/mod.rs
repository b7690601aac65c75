//! STAR files as RELION and its neighbours write them.
//!
//! Blocks of key-value pairs and loops, quoted values, comments, empty loops, loops without column numbers. Everything is kept
//! as text, column by column, so that nothing is lost; [`crate::relion`] gives the columns their meaning. Rows are lines: a row
//! with more or fewer values than its loop has columns is an error that names the line.
//!
//! ```
//! use nilas_formats::star::StarFile;
//! let star = StarFile::parse("example", "data_optics\n\nloop_\n_rlnOpticsGroup #1\n_rlnVoltage #2\n1 300.0\n")?;
//! let optics = star.block("optics").and_then(|b| b.table()).expect("a loop");
//! assert_eq!(optics.column("rlnVoltage").and_then(|c| c.get(0)), Some("300.0"));
//! # Ok::<(), nilas_formats::FormatError>(())
//! ```

mod lex;
mod parse;
mod write;

use crate::Result;
use crate::error::FormatError;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

/// A whole file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StarFile {
    /// The number of the last comment `# version 30001`, where there is one.
    pub version: Option<u32>,
    /// The blocks in the order of the file.
    pub blocks: Vec<Block>,
}

/// What stands under one `data_` line.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Block {
    /// The name after `data_`; may be empty.
    pub name: String,
    /// Single values: label without the underscore, value.
    pub pairs: Vec<(String, String)>,
    /// Loops; one in all files of RELION.
    pub tables: Vec<Table>,
}

/// One `loop_`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    names: Vec<String>,
    columns: Vec<TextColumn>,
    rows: usize,
    first_line: usize,
}

/// The values of one column, one after the other in one string.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TextColumn {
    text: String,
    ends: Vec<usize>,
}

impl StarFile {
    /// Reads a file.
    ///
    /// # Errors
    /// The file cannot be read or is no STAR file; the message names the line.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let file = File::open(path).map_err(|e| FormatError::io(path, e))?;
        parse::parse(path, BufReader::with_capacity(1 << 16, file))
    }

    /// Reads a file that is in memory already; `name` stands for the path in messages.
    ///
    /// # Errors
    /// The text is no STAR file; the message names the line.
    pub fn parse(name: &str, text: &str) -> Result<Self> {
        parse::parse(Path::new(name), text.as_bytes())
    }

    /// The first block of this name.
    pub fn block(&self, name: &str) -> Option<&Block> {
        self.blocks.iter().find(|b| b.name == name)
    }

    /// Writes the file in RELION's layout. It appears complete or not at all.
    ///
    /// # Errors
    /// The disk refuses, or a value cannot be written (it has a line break, or both kinds of quotes and blanks).
    pub fn write(&self, path: impl AsRef<Path>) -> Result<()> {
        write::write_file(self, path.as_ref())
    }

    /// The file as text.
    ///
    /// # Errors
    /// A value cannot be written (it has a line break, or both kinds of quotes and blanks).
    pub fn to_text(&self) -> Result<String> {
        write::to_text(self, Path::new("STAR"))
    }
}

impl Block {
    /// A block that holds one loop.
    pub fn with_table(name: &str, table: Table) -> Self {
        Self {
            name: name.into(),
            pairs: Vec::new(),
            tables: vec![table],
        }
    }

    /// The first loop.
    pub fn table(&self) -> Option<&Table> {
        self.tables.first()
    }

    /// The value of a pair.
    pub fn value(&self, label: &str) -> Option<&str> {
        self.pairs
            .iter()
            .find(|(l, _)| l == label)
            .map(|(_, v)| v.as_str())
    }
}

impl Table {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Labels without the underscore, in order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// A column.
    pub fn column(&self, name: &str) -> Option<&TextColumn> {
        self.names
            .iter()
            .position(|n| n == name)
            .map(|i| &self.columns[i])
    }

    /// The labels with their columns.
    pub fn columns(&self) -> impl Iterator<Item = (&str, &TextColumn)> {
        self.names.iter().map(String::as_str).zip(&self.columns)
    }

    /// Line of a row in the file it was read from (exact where the loop has no blank lines), for messages.
    pub fn line_of(&self, row: usize) -> usize {
        self.first_line + row
    }

    /// Adds a column; false (and nothing changed) where the name is taken or the length does not fit.
    pub fn push_column(&mut self, name: &str, column: TextColumn) -> bool {
        let fits = self.columns.is_empty() || column.len() == self.rows;
        if !fits || self.names.iter().any(|n| n == name) {
            return false;
        }
        self.rows = column.len();
        self.names.push(name.into());
        self.columns.push(column);
        true
    }
}

impl TextColumn {
    /// Number of values.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// No values.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// A value.
    pub fn get(&self, row: usize) -> Option<&str> {
        let end = *self.ends.get(row)?;
        let start = if row == 0 { 0 } else { self.ends[row - 1] };
        Some(&self.text[start..end])
    }

    /// All values in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        let mut start = 0;
        self.ends.iter().map(move |&end| {
            let value = &self.text[start..end];
            start = end;
            value
        })
    }

    /// Adds a value.
    pub fn push(&mut self, value: &str) {
        self.text.push_str(value);
        self.ends.push(self.text.len());
    }
}

impl<S: AsRef<str>> FromIterator<S> for TextColumn {
    fn from_iter<I: IntoIterator<Item = S>>(values: I) -> Self {
        let mut column = TextColumn::default();
        for value in values {
            column.push(value.as_ref());
        }
        column
    }
}

/// Splits a line of STAR's grammar (mmCIF has the same) and hands each value over, with whether it stood in quotes.
pub(crate) fn split_line(line: &str, take: &mut dyn FnMut(&str, bool)) -> std::result::Result<(), String> {
    let mut tokens = Vec::new();
    lex::split(line, &mut tokens)?;
    tokens.iter().for_each(|t| take(t.text, t.quoted));
    Ok(())
}
