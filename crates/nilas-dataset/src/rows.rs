//! Operations on rows: subsets, putting tables together, joins on uid.

use crate::Result;
use crate::column::Column;
use crate::dataset::Dataset;
use crate::error::DatasetError;
use std::collections::HashMap;

impl Dataset {
    /// The rows with these numbers, in this order (a row may be named more than once; uids are then no longer unique).
    ///
    /// # Errors
    /// A row number beyond the end.
    pub fn subset(&self, rows: &[usize]) -> Result<Dataset> {
        if let Some(&row) = rows.iter().find(|&&r| r >= self.rows()) {
            return Err(DatasetError::NoRow {
                row,
                rows: self.rows(),
            });
        }
        Ok(self.take(rows))
    }

    /// The rows for which `keep(row number)` holds, in order.
    pub fn filter(&self, mut keep: impl FnMut(usize) -> bool) -> Dataset {
        let rows: Vec<usize> = (0..self.rows()).filter(|&r| keep(r)).collect();
        self.take(&rows)
    }

    /// Row numbers by uid.
    ///
    /// # Errors
    /// A uid occurs twice.
    pub fn rows_by_uid(&self) -> Result<HashMap<u64, usize>> {
        let mut map = HashMap::with_capacity(self.rows());
        for (second, &uid) in self.uids.iter().enumerate() {
            if let Some(first) = map.insert(uid, second) {
                return Err(DatasetError::DuplicateUid { uid, first, second });
            }
        }
        Ok(map)
    }

    /// Checks that every uid occurs once.
    ///
    /// # Errors
    /// Names the first uid that occurs twice.
    pub fn check_unique_uids(&self) -> Result<()> {
        self.rows_by_uid().map(|_| ())
    }

    /// Puts the rows of `other` below. Both must have the same columns (types and shapes too), in any order.
    ///
    /// # Errors
    /// The columns differ, or a uid would occur twice.
    pub fn append(&mut self, other: &Dataset) -> Result<()> {
        let differ = |message: String| DatasetError::ColumnsDiffer { message };
        for (name, column) in self.columns() {
            let theirs = other
                .column(name)
                .map_err(|_| differ(format!("'{name}' is only in the first")))?;
            if theirs.dtype() != column.dtype() || theirs.shape != column.shape {
                let (a, b) = (column.describe(), theirs.describe());
                return Err(differ(format!(
                    "'{name}' is {a} in the first and {b} in the second"
                )));
            }
        }
        if let Some(name) = other.names.iter().find(|n| !self.has(n)) {
            return Err(differ(format!("'{name}' is only in the second")));
        }
        let mine = self.rows_by_uid()?;
        other.check_unique_uids()?;
        for (i, uid) in other.uids.iter().enumerate() {
            if let Some(&first) = mine.get(uid) {
                return Err(DatasetError::DuplicateUid {
                    uid: *uid,
                    first,
                    second: self.rows() + i,
                });
            }
        }
        for (name, column) in self.names.iter().zip(&mut self.columns) {
            column.values.extend(&other.column(name)?.values);
        }
        self.uids.extend_from_slice(&other.uids);
        Ok(())
    }

    /// The columns that both tables have with the same type and shape; what [`Dataset::append`] needs when tables
    /// come from different jobs. Returns both tables cut down to them.
    pub fn common_columns(&self, other: &Dataset) -> (Dataset, Dataset) {
        let shared: Vec<&str> = self
            .columns()
            .filter(|(name, column)| {
                other
                    .column(name)
                    .is_ok_and(|c| c.dtype() == column.dtype() && c.shape == column.shape)
            })
            .map(|(name, _)| name)
            .collect();
        (self.with_columns(&shared), other.with_columns(&shared))
    }

    /// Inner join on uid: the rows whose uid is in both tables, in the order of `self`, with the columns of both.
    ///
    /// # Errors
    /// A uid occurs twice in either table, or both have a column of the same name.
    pub fn join(&self, other: &Dataset) -> Result<Dataset> {
        if let Some(name) = other.names.iter().find(|n| self.has(n)) {
            return Err(DatasetError::Clash { name: name.clone() });
        }
        self.check_unique_uids()?;
        let theirs = other.rows_by_uid()?;
        let (mut mine, mut partner) = (Vec::new(), Vec::new());
        for (row, uid) in self.uids.iter().enumerate() {
            if let Some(&p) = theirs.get(uid) {
                mine.push(row);
                partner.push(p);
            }
        }
        let mut joined = self.take(&mine);
        joined.adopt(other, &partner, &other.names)?;
        Ok(joined)
    }

    /// The full table of an output: the columns a job wrote itself plus those it passed through. Columns in both are
    /// taken from `self`. Every row of `self` must have its partner; further rows of `passthrough` are left out.
    ///
    /// # Errors
    /// A uid occurs twice in either table, or rows of `self` have no partner.
    pub fn with_passthrough(&self, passthrough: &Dataset) -> Result<Dataset> {
        self.check_unique_uids()?;
        let theirs = passthrough.rows_by_uid()?;
        let mut partner = Vec::with_capacity(self.rows());
        let mut lost: Vec<u64> = Vec::new();
        for uid in &self.uids {
            match theirs.get(uid) {
                Some(&p) => partner.push(p),
                None => lost.push(*uid),
            }
        }
        if let Some(&uid) = lost.first() {
            return Err(DatasetError::NoPartner {
                missing: lost.len(),
                total: self.rows(),
                uid,
            });
        }
        let mut full = self.clone();
        let new: Vec<String> = passthrough
            .names
            .iter()
            .filter(|n| !self.has(n))
            .cloned()
            .collect();
        full.adopt(passthrough, &partner, &new)?;
        Ok(full)
    }

    fn adopt(&mut self, other: &Dataset, rows: &[usize], names: &[String]) -> Result<()> {
        for name in names {
            let column = other.column(name)?;
            let values = column.values.take(rows, column.width());
            self.set_column(
                name,
                Column {
                    values,
                    shape: column.shape.clone(),
                },
            )?;
        }
        Ok(())
    }

    /// Rows that are known to exist.
    fn take(&self, rows: &[usize]) -> Dataset {
        Dataset {
            uids: rows.iter().map(|&r| self.uids[r]).collect(),
            names: self.names.clone(),
            columns: self
                .columns
                .iter()
                .map(|c| Column {
                    values: c.values.take(rows, c.width()),
                    shape: c.shape.clone(),
                })
                .collect(),
            index: self.index.clone(),
        }
    }
}
