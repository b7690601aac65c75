//! Slots: the columns that share a prefix (`blob`, `ctf`, `alignments3D`).

use crate::Result;
use crate::dataset::Dataset;
use crate::error::DatasetError;

/// The part of a column name before the first slash; the whole name where there is none.
fn slot_of(name: &str) -> &str {
    name.split_once('/').map_or(name, |(slot, _)| slot)
}

impl Dataset {
    /// The slots, in the order in which they first occur.
    pub fn slots(&self) -> Vec<&str> {
        let mut slots: Vec<&str> = Vec::new();
        for name in &self.names {
            let slot = slot_of(name);
            if !slots.contains(&slot) {
                slots.push(slot);
            }
        }
        slots
    }

    /// Whether any column belongs to this slot.
    pub fn has_slot(&self, slot: &str) -> bool {
        self.names.iter().any(|n| slot_of(n) == slot)
    }

    /// Names of the columns of a slot.
    pub fn slot_columns(&self, slot: &str) -> Vec<&str> {
        self.names
            .iter()
            .map(String::as_str)
            .filter(|n| slot_of(n) == slot)
            .collect()
    }

    /// The table with only these slots; slots that are not there are passed over.
    pub fn with_slots(&self, slots: &[&str]) -> Dataset {
        let names: Vec<&str> = self
            .names
            .iter()
            .map(String::as_str)
            .filter(|n| slots.contains(&slot_of(n)))
            .collect();
        self.with_columns(&names)
    }

    /// The table without these slots.
    pub fn without_slots(&self, slots: &[&str]) -> Dataset {
        let names: Vec<&str> = self
            .names
            .iter()
            .map(String::as_str)
            .filter(|n| !slots.contains(&slot_of(n)))
            .collect();
        self.with_columns(&names)
    }

    /// The table with only these columns, in this order; names that are not there are passed over.
    pub fn with_columns(&self, names: &[&str]) -> Dataset {
        let mut out = Dataset::from_uids(self.uids.clone());
        for name in names {
            if let (Some(&i), false) = (self.index.get(*name), out.has(name)) {
                out.names.push((*name).into());
                out.columns.push(self.columns[i].clone());
                out.index.insert((*name).into(), out.names.len() - 1);
            }
        }
        out
    }

    /// Gives every column of a slot the prefix `to`.
    ///
    /// # Errors
    /// No such slot, or a column with the new name is there already.
    pub fn rename_slot(&mut self, from: &str, to: &str) -> Result<()> {
        self.copy_or_rename(from, to, true)
    }

    /// Copies every column of a slot under the prefix `to`.
    ///
    /// # Errors
    /// No such slot, or a column with the new name is there already.
    pub fn copy_slot(&mut self, from: &str, to: &str) -> Result<()> {
        self.copy_or_rename(from, to, false)
    }

    fn copy_or_rename(&mut self, from: &str, to: &str, rename: bool) -> Result<()> {
        if !self.has_slot(from) {
            return Err(self.missing(&format!("{from}/*")));
        }
        let pairs: Vec<(String, String)> = self
            .slot_columns(from)
            .into_iter()
            .map(|name| (name.to_string(), format!("{to}{}", &name[from.len()..])))
            .collect();
        if let Some((_, clash)) = pairs.iter().find(|(_, new)| self.has(new)) {
            return Err(DatasetError::Clash { name: clash.clone() });
        }
        for (old, new) in pairs {
            if rename {
                self.rename(&old, &new)?;
            } else {
                let column = self.column(&old)?.clone();
                self.set_column(&new, column)?;
            }
        }
        Ok(())
    }
}
