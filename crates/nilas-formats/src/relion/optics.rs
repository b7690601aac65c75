//! Optics groups of a dataset: particles that agree in everything that RELION keeps per group.

use super::from_star::MAG_LABELS;
use super::tilt_mrad;
use super::typed::{cell_text, float_text};
use crate::Result;
use crate::star::{Table, TextColumn};
use nilas_dataset::{Column, Dataset, DatasetError, Values};
use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, HashMap};
use std::hash::{Hash, Hasher};

/// Fields that RELION keeps per group.
const GROUP_FIELDS: [&str; 9] = [
    "ctf/exp_group_id",
    "ctf/accel_kv",
    "ctf/cs_mm",
    "ctf/amp_contrast",
    "ctf/tilt_A",
    "ctf/anisomag",
    "blob/psize_A",
    "blob/shape",
    "location/micrograph_psize_A",
];

/// The groups of a dataset.
pub(crate) struct Groups {
    /// Group number (from 1) of every particle.
    pub(crate) number: Vec<u64>,
    /// The optics table.
    pub(crate) table: Table,
}

/// Bits of one row of a column, for comparing rows.
fn push_bits(column: &Column, row: usize, key: &mut Vec<u64>) {
    let width = column.width();
    for i in row * width..(row + 1) * width {
        key.push(match &column.values {
            Values::Text(v) => {
                let mut hasher = DefaultHasher::new();
                v[i].hash(&mut hasher);
                hasher.finish()
            }
            Values::U64(v) => v[i],
            Values::I64(v) => v[i] as u64,
            other => other.number(i).unwrap_or(0.0).to_bits(),
        });
    }
}

/// Finds the groups and makes their table.
pub(crate) fn groups(
    data: &Dataset,
    notes: &mut Vec<String>,
    error: &dyn Fn(DatasetError) -> crate::FormatError,
) -> Result<Groups> {
    let kept: Vec<&str> = data
        .names()
        .iter()
        .map(String::as_str)
        .filter(|n| n.starts_with("rlnoptics/") || n.starts_with("staroptics/"))
        .collect();
    let mut deciding: Vec<&Column> = Vec::new();
    for name in GROUP_FIELDS.iter().chain(&kept).filter(|n| data.has(n)) {
        deciding.push(data.column(name).map_err(error)?);
    }
    let mut found: HashMap<Vec<u64>, usize> = HashMap::new();
    let mut first_row: Vec<usize> = Vec::new();
    let mut member: Vec<usize> = Vec::with_capacity(data.rows());
    let mut key = Vec::new();
    for row in 0..data.rows() {
        key.clear();
        deciding.iter().for_each(|c| push_bits(c, row, &mut key));
        let group = match found.get(&key) {
            Some(&group) => group,
            None => {
                found.insert(key.clone(), first_row.len());
                first_row.push(row);
                first_row.len() - 1
            }
        };
        member.push(group);
    }
    // Keep the numbers where every group has its own; else count.
    let mut by_number: BTreeMap<u64, usize> = BTreeMap::new();
    if data.has("ctf/exp_group_id") {
        let ids = data.get::<u32>("ctf/exp_group_id").map_err(error)?;
        for (group, &row) in first_row.iter().enumerate() {
            by_number.insert(u64::from(ids[row]) + 1, group);
        }
    }
    if by_number.len() != first_row.len() {
        if !by_number.is_empty() {
            notes.push("an exposure group holds different optics; optics groups are numbered anew".into());
        }
        by_number = (0..first_row.len()).map(|g| (g as u64 + 1, g)).collect();
    }
    let mut number_of = vec![0; first_row.len()];
    by_number
        .iter()
        .for_each(|(&number, &group)| number_of[group] = number);
    let rows: Vec<usize> = by_number.values().map(|&g| first_row[g]).collect();
    let numbers: Vec<u64> = by_number.keys().copied().collect();
    let table = table(data, &numbers, &rows, &kept, notes, error)?;
    Ok(Groups {
        number: member.iter().map(|&g| number_of[g]).collect(),
        table,
    })
}

fn table(
    data: &Dataset,
    numbers: &[u64],
    rows: &[usize],
    kept: &[&str],
    notes: &mut Vec<String>,
    error: &dyn Fn(DatasetError) -> crate::FormatError,
) -> Result<Table> {
    let mut table = Table::new();
    let texts = |column: &Column| rows.iter().map(|&r| cell_text(column, r)).collect::<TextColumn>();
    table.push_column("rlnOpticsGroup", numbers.iter().map(u64::to_string).collect());
    if !data.has("rlnoptics/OpticsGroupName") {
        table.push_column(
            "rlnOpticsGroupName",
            numbers.iter().map(|n| format!("opticsGroup{n}")).collect(),
        );
    }
    for (field, label) in [
        ("location/micrograph_psize_A", "rlnMicrographOriginalPixelSize"),
        ("ctf/accel_kv", "rlnVoltage"),
        ("ctf/cs_mm", "rlnSphericalAberration"),
        ("ctf/amp_contrast", "rlnAmplitudeContrast"),
        ("blob/psize_A", "rlnImagePixelSize"),
    ] {
        if data.has(field) {
            table.push_column(label, texts(data.column(field).map_err(error)?));
        }
    }
    if data.has("blob/shape") {
        let shape = data.get_array::<u32, 2>("blob/shape").map_err(error)?;
        if rows.iter().any(|&r| shape[r][0] != shape[r][1]) {
            notes.push(
                "images are not square; RELION has one size for both edges, the second is written".into(),
            );
        }
        table.push_column(
            "rlnImageSize",
            rows.iter().map(|&r| shape[r][1].to_string()).collect(),
        );
        if !data.has("rlnoptics/ImageDimensionality") {
            table.push_column("rlnImageDimensionality", rows.iter().map(|_| "2").collect());
        }
    }
    beam_tilt(data, rows, &mut table, notes, error)?;
    if data.has("ctf/anisomag") {
        let matrix = data.get_array::<f32, 4>("ctf/anisomag").map_err(error)?;
        if rows.iter().any(|&r| matrix[r] != [0.0; 4]) {
            for (i, label) in MAG_LABELS.iter().enumerate() {
                let identity = f64::from(u8::from(i == 0 || i == 3));
                table.push_column(
                    label,
                    rows.iter()
                        .map(|&r| format!("{:.7}", f64::from(matrix[r][i]) + identity))
                        .collect(),
                );
            }
        }
    }
    for name in kept {
        let label = match name.split_once('/') {
            Some(("rlnoptics", short)) => format!("rln{short}"),
            Some((_, label)) => label.to_string(),
            None => continue,
        };
        table.push_column(&label, texts(data.column(name).map_err(error)?));
    }
    Ok(table)
}

fn beam_tilt(
    data: &Dataset,
    rows: &[usize],
    table: &mut Table,
    notes: &mut Vec<String>,
    error: &dyn Fn(DatasetError) -> crate::FormatError,
) -> Result<()> {
    if !data.has("ctf/tilt_A") {
        return Ok(());
    }
    let tilt = data.get_array::<f32, 2>("ctf/tilt_A").map_err(error)?;
    if rows.iter().all(|&r| tilt[r] == [0.0; 2]) {
        return Ok(());
    }
    let cs = data.numbers_or("ctf/cs_mm", 1, 0.0).map_err(error)?;
    for (i, label) in ["rlnBeamTiltX", "rlnBeamTiltY"].into_iter().enumerate() {
        let values: Option<Vec<f64>> = rows
            .iter()
            .map(|&r| tilt_mrad(f64::from(tilt[r][i]), cs[r]))
            .collect();
        match values {
            Some(values) => {
                table.push_column(
                    label,
                    values
                        .iter()
                        .map(|&v| float_text((v * 1e9).round() * 1e-9))
                        .collect(),
                );
            }
            None => notes.push(format!(
                "{label}: without spherical aberration ctf/tilt_A is no angle; left out"
            )),
        }
    }
    Ok(())
}
