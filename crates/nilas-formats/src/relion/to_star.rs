//! Dataset to STAR.

use super::Exported;
use super::optics::groups;
use super::typed::{cell_text, float32_text};
use crate::Result;
use crate::error::FormatError;
use crate::star::{Block, StarFile, Table, TextColumn};
use nilas_dataset::{Dataset, DatasetError};
use nilas_geometry::Rotation;
use std::path::Path;

/// The table version that RELION 3.1 and later expect with an optics block.
const TABLE_VERSION: u32 = 30_001;

/// Makes the file.
pub(crate) fn export(path: &Path, data: &Dataset) -> Result<Exported> {
    let error = |e: DatasetError| FormatError::table(path, e);
    let mut notes = Vec::new();
    let groups = groups(data, &mut notes, &error)?;
    let mut table = Table::new();
    images(data, &mut table).map_err(error)?;
    table.push_column(
        "rlnOpticsGroup",
        groups.number.iter().map(u64::to_string).collect(),
    );
    location(data, &mut table).map_err(error)?;
    contrast(data, &mut table).map_err(error)?;
    if let Some(slot) = ["alignments3D", "alignments2D"]
        .into_iter()
        .find(|s| data.has(&format!("{s}/pose")))
    {
        alignments(data, slot, &mut table, &mut notes).map_err(error)?;
    }
    for (name, column) in data.columns() {
        let label = match name.split_once('/') {
            Some(("rln", short)) => format!("rln{short}"),
            Some(("star", label)) => label.to_string(),
            _ => continue,
        };
        // A label that is there already was written from the field that took its place.
        table.push_column(
            &label,
            (0..data.rows()).map(|row| cell_text(column, row)).collect(),
        );
    }
    let blocks = vec![
        Block::with_table("optics", groups.table),
        Block::with_table("particles", table),
    ];
    Ok(Exported {
        star: StarFile {
            version: Some(TABLE_VERSION),
            blocks,
        },
        notes,
    })
}

type Step = std::result::Result<(), DatasetError>;

fn images(data: &Dataset, table: &mut Table) -> Step {
    if data.has("blob/path") {
        let paths = data.texts("blob/path")?;
        let index = if data.has("blob/idx") {
            data.get::<u32>("blob/idx")?.to_vec()
        } else {
            vec![0; data.rows()]
        };
        let names = paths
            .iter()
            .zip(&index)
            .map(|(p, &i)| format!("{:06}@{p}", u64::from(i) + 1));
        table.push_column("rlnImageName", names.collect());
    }
    Ok(())
}

fn location(data: &Dataset, table: &mut Table) -> Step {
    if data.has("location/micrograph_path") {
        table.push_column(
            "rlnMicrographName",
            data.texts("location/micrograph_path")?.iter().collect(),
        );
    }
    if data.has_all(&[
        "location/center_x_frac",
        "location/center_y_frac",
        "location/micrograph_shape",
    ]) {
        let shape = data.get_array::<u32, 2>("location/micrograph_shape")?;
        for (axis, field, label) in [
            (1, "location/center_x_frac", "rlnCoordinateX"),
            (0, "location/center_y_frac", "rlnCoordinateY"),
        ] {
            let fractions = data.get::<f32>(field)?;
            let texts = fractions
                .iter()
                .zip(shape)
                .map(|(f, s)| format!("{:.6}", f64::from(*f) * f64::from(s[axis])));
            table.push_column(label, texts.collect());
        }
    }
    Ok(())
}

fn contrast(data: &Dataset, table: &mut Table) -> Step {
    for (field, label, degrees) in [
        ("ctf/df1_A", "rlnDefocusU", false),
        ("ctf/df2_A", "rlnDefocusV", false),
        ("ctf/df_angle_rad", "rlnDefocusAngle", true),
        ("ctf/phase_shift_rad", "rlnPhaseShift", true),
        ("ctf/bfactor", "rlnCtfBfactor", false),
        ("ctf/scale", "rlnCtfScalefactor", false),
    ] {
        if data.has(field) {
            let values = data.get::<f32>(field)?;
            let text = |&v: &f32| {
                if degrees {
                    format!("{:.6}", f64::from(v).to_degrees())
                } else {
                    float32_text(v)
                }
            };
            table.push_column(label, values.iter().map(text).collect());
        }
    }
    Ok(())
}

fn alignments(data: &Dataset, slot: &str, table: &mut Table, notes: &mut Vec<String>) -> Step {
    let name = |field: &str| format!("{slot}/{field}");
    let rows = data.rows();
    let mut angles: [TextColumn; 3] = Default::default();
    if slot == "alignments3D" {
        for pose in data.get_array::<f32, 3>(&name("pose"))? {
            let euler = Rotation::from_cryosparc_pose(pose.map(f64::from)).to_euler_deg();
            angles
                .iter_mut()
                .zip(euler)
                .for_each(|(column, v)| column.push(&format!("{v:.6}")));
        }
    } else {
        for pose in data.get::<f32>(&name("pose"))? {
            let euler = [0.0, 0.0, f64::from(*pose).to_degrees()];
            angles
                .iter_mut()
                .zip(euler)
                .for_each(|(column, v)| column.push(&format!("{v:.6}")));
        }
    }
    for (column, label) in angles
        .into_iter()
        .zip(["rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi"])
    {
        table.push_column(label, column);
    }
    // Origins that could not be converted on import are still there as they were.
    let kept = data.has("rln/OriginXAngst");
    if data.has(&name("shift")) && !kept {
        let shift = data.get_array::<f32, 2>(&name("shift"))?;
        let pixel = match [name("psize_A"), "blob/psize_A".into()]
            .into_iter()
            .find(|n| data.has(n))
        {
            Some(field) => Some(data.numbers(&field)?),
            None => None,
        };
        if pixel.is_none() {
            notes.push("no pixel size: origins are written in pixels".into());
        }
        for (axis, letter) in ["X", "Y"].into_iter().enumerate() {
            let text = |row: usize| {
                let scale = pixel.as_ref().map_or(1.0, |p| p[row]);
                format!("{:.6}", f64::from(shift[row][axis]) * scale)
            };
            let unit = if pixel.is_some() { "Angst" } else { "" };
            table.push_column(&format!("rlnOrigin{letter}{unit}"), (0..rows).map(text).collect());
        }
    }
    for (field, label) in [("class", "rlnClassNumber"), ("split", "rlnRandomSubset")] {
        if data.has(&name(field)) {
            let values = data.get::<u32>(&name(field))?;
            table.push_column(
                label,
                values.iter().map(|&v| (u64::from(v) + 1).to_string()).collect(),
            );
        }
    }
    Ok(())
}
