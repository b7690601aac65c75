//! The particle table of a STAR file with its optics table behind it.

use super::typed::{number, typed};
use crate::Result;
use crate::error::FormatError;
use crate::star::{StarFile, Table, TextColumn};
use nilas_dataset::{Column, Dataset};
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// Looks labels up and remembers which were used, so that the rest can be kept.
pub(crate) struct Particles<'a> {
    path: &'a Path,
    table: &'a Table,
    optics: Option<&'a Table>,
    /// Row of the optics table for each particle.
    optics_row: Vec<usize>,
    used: HashSet<String>,
    used_optics: HashSet<String>,
}

impl<'a> Particles<'a> {
    /// Finds the tables.
    pub(crate) fn find(path: &'a Path, star: &'a StarFile) -> Result<Self> {
        let with_images = || {
            star.blocks
                .iter()
                .find_map(|b| b.tables.iter().find(|t| t.column("rlnImageName").is_some()))
        };
        let named = star.block("particles").and_then(|b| b.table());
        let Some(table) = named.or_else(with_images) else {
            let names: Vec<String> = star.blocks.iter().map(|b| format!("'{}'", b.name)).collect();
            let message = format!(
                "no particle table: no block 'particles' and no column rlnImageName; the blocks are {}",
                names.join(", ")
            );
            return Err(FormatError::Unsupported {
                path: path.into(),
                message,
            });
        };
        let optics = star.block("optics").and_then(|b| b.table());
        let mut found = Self {
            path,
            table,
            optics,
            optics_row: Vec::new(),
            used: HashSet::new(),
            used_optics: HashSet::new(),
        };
        if let Some(optics) = optics {
            found.optics_row = found.connect(optics)?;
        }
        Ok(found)
    }

    /// The optics row of every particle.
    fn connect(&self, optics: &Table) -> Result<Vec<usize>> {
        let Some(groups) = optics.column("rlnOpticsGroup") else {
            let message = "the optics table has no column rlnOpticsGroup";
            return Err(FormatError::line(self.path, optics.line_of(0), message));
        };
        let mut by_number: HashMap<i64, usize> = HashMap::new();
        for (row, text) in groups.iter().enumerate() {
            let group = self.whole(optics, "rlnOpticsGroup", row, text)?;
            if by_number.insert(group, row).is_some() {
                return Err(FormatError::line(
                    self.path,
                    optics.line_of(row),
                    format!("optics group {group} occurs twice"),
                ));
            }
        }
        let Some(mine) = self.table.column("rlnOpticsGroup") else {
            if optics.rows() == 1 {
                return Ok(vec![0; self.rows()]);
            }
            let message = format!(
                "{} optics groups, but particles without the column rlnOpticsGroup",
                optics.rows()
            );
            return Err(FormatError::line(self.path, self.table.line_of(0), message));
        };
        let mut rows = Vec::with_capacity(self.rows());
        for (row, text) in mine.iter().enumerate() {
            let group = self.whole(self.table, "rlnOpticsGroup", row, text)?;
            let Some(&at) = by_number.get(&group) else {
                let message = format!("optics group {group} is not in the optics table");
                return Err(FormatError::line(self.path, self.table.line_of(row), message));
            };
            rows.push(at);
        }
        Ok(rows)
    }

    pub(crate) fn rows(&self) -> usize {
        self.table.rows()
    }

    pub(crate) fn path(&self) -> &'a Path {
        self.path
    }

    /// Whether particles or optics have the label.
    pub(crate) fn has(&self, label: &str) -> bool {
        self.optics.is_some_and(|o| o.column(label).is_some()) || self.table.column(label).is_some()
    }

    pub(crate) fn has_all(&self, labels: &[&str]) -> bool {
        labels.iter().all(|l| self.has(l))
    }

    /// A text column of the particle table.
    pub(crate) fn texts(&mut self, label: &str) -> Option<&'a TextColumn> {
        let column = self.table.column(label)?;
        self.used.insert(label.into());
        Some(column)
    }

    /// A numeric column, per particle: from the optics table where that has the label, else from the particle table.
    /// `peek` leaves the column among those that are kept as they are.
    pub(crate) fn peek(&self, label: &str) -> Result<Option<Vec<f64>>> {
        if let Some((optics, column)) = self.optics.and_then(|o| Some((o, o.column(label)?))) {
            let groups = self.parse(optics, label, column)?;
            return Ok(Some(self.optics_row.iter().map(|&r| groups[r]).collect()));
        }
        match self.table.column(label) {
            Some(column) => self.parse(self.table, label, column).map(Some),
            None => Ok(None),
        }
    }

    /// As [`Self::peek`], and the column counts as used.
    pub(crate) fn numbers(&mut self, label: &str) -> Result<Option<Vec<f64>>> {
        let values = self.peek(label)?;
        if self.optics.is_some_and(|o| o.column(label).is_some()) {
            self.used_optics.insert(label.into());
        } else if values.is_some() {
            self.used.insert(label.into());
        }
        Ok(values)
    }

    /// As [`Self::numbers`] with a value where the label is missing.
    pub(crate) fn numbers_or(&mut self, label: &str, default: f64) -> Result<Vec<f64>> {
        Ok(self.numbers(label)?.unwrap_or_else(|| vec![default; self.rows()]))
    }

    /// The group number as it is used to connect both tables.
    pub(crate) fn use_optics_group(&mut self) {
        self.used.insert("rlnOpticsGroup".into());
        self.used_optics.insert("rlnOpticsGroup".into());
    }

    fn parse(&self, table: &Table, label: &str, column: &TextColumn) -> Result<Vec<f64>> {
        column
            .iter()
            .enumerate()
            .map(|(row, text)| number(text).ok_or_else(|| self.no_number(table, label, row, text)))
            .collect()
    }

    fn whole(&self, table: &Table, label: &str, row: usize, text: &str) -> Result<i64> {
        // Some programs write group numbers as 1.000000.
        number(text)
            .filter(|v| v.fract() == 0.0 && (1.0..1e9).contains(v))
            .map(|v| v as i64)
            .ok_or_else(|| self.no_number(table, label, row, text))
    }

    fn no_number(&self, table: &Table, label: &str, row: usize, text: &str) -> FormatError {
        let short: String = text.chars().take(40).collect();
        FormatError::line(
            self.path,
            table.line_of(row),
            format!("row {row}: {label} is '{short}', which is no valid number here"),
        )
    }

    /// The columns that nothing used, typed, as `(name, column)`.
    pub(crate) fn rest(&self) -> Result<Vec<(String, Column)>> {
        let mut out = Vec::new();
        for (label, column) in self.table.columns().filter(|(l, _)| !self.used.contains(*l)) {
            let name = match label.strip_prefix("rln") {
                Some(short) if !short.is_empty() => format!("rln/{short}"),
                _ => format!("star/{label}"),
            };
            out.push((name, typed(column, false)));
        }
        let Some(optics) = self.optics else { return Ok(out) };
        let table_error = |e| FormatError::table(self.path, e);
        let mut groups = Dataset::from_uids((0..optics.rows() as u64).collect());
        for (label, column) in optics.columns().filter(|(l, _)| !self.used_optics.contains(*l)) {
            let name = match label.strip_prefix("rln") {
                Some(short) if !short.is_empty() => format!("rlnoptics/{short}"),
                _ => format!("staroptics/{label}"),
            };
            groups
                .set_column(&name, typed(column, label.ends_with("Zernike")))
                .map_err(table_error)?;
        }
        let expanded = groups.subset(&self.optics_row).map_err(table_error)?;
        out.extend(expanded.columns().map(|(n, c)| (n.to_string(), c.clone())));
        Ok(out)
    }
}
