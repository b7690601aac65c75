//! Reports on datasets, STAR files, result groups and atomic models.

use super::{ColumnReport, FileReport, TableReport};
use crate::cs::{self, CsForm};
use crate::pdb::{self, ModelFormat};
use crate::star::{StarFile, TextColumn};
use crate::{Result, csg};
use nilas_dataset::{Column, Values};
use std::collections::{BTreeMap, HashSet};
use std::path::Path;

/// Distinct texts are counted up to this.
const MAX_DISTINCT: usize = 1000;
/// Longest example value in a report.
const MAX_EXAMPLE: usize = 80;

fn bare(name: &str, dtype: String) -> ColumnReport {
    ColumnReport {
        name: name.into(),
        dtype,
        minimum: None,
        maximum: None,
        not_finite: 0,
        example: None,
        distinct: None,
    }
}

fn clip(text: &str) -> String {
    let mut short: String = text.chars().take(MAX_EXAMPLE).collect();
    if short.len() < text.len() {
        short.push_str("...");
    }
    short
}

fn add_number(report: &mut ColumnReport, v: f64) {
    if v.is_finite() {
        report.minimum = Some(report.minimum.map_or(v, |m| m.min(v)));
        report.maximum = Some(report.maximum.map_or(v, |m| m.max(v)));
    } else {
        report.not_finite += 1;
    }
}

fn count_distinct<'a>(texts: impl Iterator<Item = &'a str>) -> u64 {
    let mut seen = HashSet::new();
    for text in texts {
        seen.insert(text);
        if seen.len() >= MAX_DISTINCT {
            break;
        }
    }
    seen.len() as u64
}

/// A `.cs` file.
pub(super) fn dataset(path: &Path, mut report: FileReport, values: bool) -> Result<FileReport> {
    let schema = cs::schema(path)?;
    report.format = match schema.form {
        CsForm::Numpy => ".cs dataset (numpy)",
        CsForm::Csdat => ".cs dataset (CSDAT stream)",
    }
    .into();
    report.content = format!("table of {} rows", schema.rows);
    let mut table = TableReport {
        name: String::new(),
        rows: schema.rows as u64,
        columns: Vec::new(),
    };
    if values {
        let data = cs::read(path)?;
        if let Err(e) = data.check_unique_uids() {
            report.notes.push(e.to_string());
        }
        table.columns.push(bare("uid", "u8".into()));
        for (name, column) in data.columns() {
            table.columns.push(typed_column(name, column));
        }
        for c in table.columns.iter().filter(|c| c.not_finite > 0) {
            report.notes.push(format!(
                "'{}' has {} values that are not finite",
                c.name, c.not_finite
            ));
        }
    } else {
        for (name, code, shape) in schema.columns {
            let dims: Vec<String> = shape.iter().map(usize::to_string).collect();
            let dims = if dims.is_empty() {
                String::new()
            } else {
                format!("[{}]", dims.join(","))
            };
            table.columns.push(bare(&name, format!("{code}{dims}")));
        }
    }
    if !table.columns.iter().any(|c| c.name == "uid") {
        report
            .notes
            .push("no column 'uid': not a dataset that can be joined with others".into());
    }
    report.tables.push(table);
    Ok(report)
}

fn typed_column(name: &str, column: &Column) -> ColumnReport {
    let mut report = bare(name, column.describe());
    match &column.values {
        Values::Text(texts) => {
            report.distinct = Some(count_distinct(texts.iter().map(|t| &**t)));
            report.example = texts.first().map(|t| clip(t));
        }
        values => {
            (0..values.len())
                .filter_map(|i| values.number(i))
                .for_each(|v| add_number(&mut report, v));
            let first: Vec<String> = (0..column.width().min(4))
                .filter_map(|i| values.number(i))
                .map(|v| format!("{v}"))
                .collect();
            report.example = (!first.is_empty()).then(|| first.join(", "));
        }
    }
    report
}

/// A STAR file.
pub(super) fn star(path: &Path, mut report: FileReport, values: bool) -> Result<FileReport> {
    let file = StarFile::read(path)?;
    report.format = "STAR".into();
    if let Some(version) = file.version {
        report.facts.push(("table version".into(), version.to_string()));
    }
    let blocks: Vec<String> = file
        .blocks
        .iter()
        .map(|b| match b.table() {
            Some(t) => format!("'{}' ({} rows)", b.name, t.rows()),
            None => format!("'{}' ({} values)", b.name, b.pairs.len()),
        })
        .collect();
    report.content = format!("blocks {}", blocks.join(", "));
    for block in &file.blocks {
        if !block.pairs.is_empty() {
            let columns = block.pairs.iter().map(|(label, value)| {
                let mut c = bare(label, "value".into());
                c.example = Some(clip(value));
                c
            });
            report.tables.push(TableReport {
                name: block.name.clone(),
                rows: 1,
                columns: columns.collect(),
            });
        }
        for table in &block.tables {
            let columns = table
                .columns()
                .map(|(label, column)| star_column(label, column, values))
                .collect();
            report.tables.push(TableReport {
                name: block.name.clone(),
                rows: table.rows() as u64,
                columns,
            });
        }
        if block.tables.len() > 1 {
            report
                .notes
                .push(format!("block '{}' has {} loops", block.name, block.tables.len()));
        }
    }
    Ok(report)
}

fn star_column(label: &str, column: &TextColumn, values: bool) -> ColumnReport {
    let numeric = !column.is_empty() && column.iter().all(|t| t.parse::<f64>().is_ok());
    let mut report = bare(label, if numeric { "number" } else { "text" }.into());
    report.example = column.get(0).map(clip);
    if values && numeric {
        column
            .iter()
            .filter_map(|t| t.parse::<f64>().ok())
            .for_each(|v| add_number(&mut report, v));
    } else if values {
        report.distinct = Some(count_distinct(column.iter()));
    }
    report
}

/// A result group.
pub(super) fn group(path: &Path, mut report: FileReport) -> Result<FileReport> {
    let group = csg::read(path)?;
    report.format = ".csg result group".into();
    report.content = format!("output '{}' with {} slots", group.name, group.slots.len());
    for (name, value) in [
        ("title", &group.title),
        ("description", &group.description),
        ("type", &group.kind),
        ("created", &group.created),
        ("version", &group.version),
    ] {
        report.facts.push((name.into(), value.clone()));
    }
    for (name, slot) in &group.slots {
        report.facts.push((
            format!("slot {name}"),
            format!("{} ({}, {} items)", slot.metafile, slot.kind, slot.num_items),
        ));
        let beside = slot.metafile.starts_with('>');
        if beside && !slot.path(path, Path::new("")).exists() {
            report
                .notes
                .push(format!("slot '{name}': the file {} is missing", slot.metafile));
        }
    }
    Ok(report)
}

/// An atomic model.
pub(super) fn model(path: &Path, mut report: FileReport) -> Result<FileReport> {
    let model = pdb::read_structure(path)?;
    report.format = match model.format {
        ModelFormat::Pdb => "PDB",
        ModelFormat::MmCif => "mmCIF",
    }
    .into();
    report.content = format!("atomic model of {} atoms", model.atoms.len());
    let mut elements: BTreeMap<&str, usize> = BTreeMap::new();
    let mut chains: HashSet<&str> = HashSet::new();
    let mut low = [f64::INFINITY; 3];
    let mut high = [f64::NEG_INFINITY; 3];
    for atom in &model.atoms {
        *elements.entry(atom.symbol()).or_default() += 1;
        chains.insert(&atom.chain);
        for i in 0..3 {
            low[i] = low[i].min(atom.position_angstrom[i]);
            high[i] = high[i].max(atom.position_angstrom[i]);
        }
    }
    let listed: Vec<String> = elements.iter().map(|(e, n)| format!("{e} {n}")).collect();
    let extent: Vec<String> = (0..3).map(|i| format!("{:.1}", high[i] - low[i])).collect();
    report.facts.push(("elements".into(), listed.join(", ")));
    report.facts.push(("chains".into(), chains.len().to_string()));
    report.facts.push(("extent (A)".into(), extent.join(" x ")));
    if model.models > 1 {
        report
            .notes
            .push("more than one model: only the first is read".into());
    }
    let alternatives = model.atoms.iter().filter(|a| a.alternative.is_some()).count();
    if alternatives > 0 {
        report
            .notes
            .push(format!("{alternatives} atoms have alternative locations"));
    }
    let flat = model.atoms.iter().all(|a| a.b_factor == model.atoms[0].b_factor);
    if flat && model.atoms.len() > 1 {
        report
            .notes
            .push(format!("all B factors are {}", model.atoms[0].b_factor));
    }
    Ok(report)
}
