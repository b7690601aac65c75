//! From a particle file of any kind to a dataset.

use super::{Params, Plan};
use crate::context::read_failure;
use crate::failure;
use nilas_dataset::{Dataset, DatasetError, fresh_uids};
use nilas_formats::cs;
use nilas_formats::mrc::{MrcFile, MrcKind};
use nilas_formats::relion::{self, ReadOptions};
use nilas_model::Failure;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::io::Read;
use std::path::Path;

/// Kinds of particle files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileKind {
    Star,
    Cs,
    Stack,
}

impl FileKind {
    pub(super) fn name(self) -> &'static str {
        match self {
            FileKind::Star => "RELION STAR file",
            FileKind::Cs => "CryoSPARC dataset",
            FileKind::Stack => "image stack",
        }
    }
}

/// Tells the kind by content, not by name.
pub(super) fn kind(path: &Path) -> Result<FileKind, Failure> {
    let mut start = [0u8; 1024];
    let mut file = std::fs::File::open(path).map_err(|e| failure::io(&e, "reading", path))?;
    let mut read = 0;
    while read < start.len() {
        match file
            .read(&mut start[read..])
            .map_err(|e| failure::io(&e, "reading", path))?
        {
            0 => break,
            n => read += n,
        }
    }
    let start = &start[..read];
    if start.is_empty() {
        return Err(failure::input(
            "params.path",
            format!("{} is empty.", path.display()),
            "Give another file.",
        ));
    }
    if start.starts_with(b"\x93NUMPY") || start.starts_with(b"\x95CSDAT") || start.starts_with(b"\x94CSDAT") {
        return Ok(FileKind::Cs);
    }
    if start.get(208..212).is_some_and(|m| m == b"MAP ") || start.contains(&0) {
        return Ok(FileKind::Stack);
    }
    Ok(FileKind::Star)
}

/// Reads the file; image paths stay as the file writes them.
pub(super) fn load(plan: &Plan, kind: FileKind, notes: &mut Vec<String>) -> Result<Dataset, Failure> {
    let params = &plan.params;
    let mut rng = ChaCha8Rng::seed_from_u64(params.seed);
    let mut table = match kind {
        FileKind::Star => {
            let read = relion::read_particles(&plan.path, &ReadOptions::default(), &mut rng);
            let imported = read.map_err(|e| read_failure(e, "params.path"))?;
            notes.extend(imported.notes);
            imported.particles
        }
        FileKind::Cs => cs::read(&plan.path).map_err(|e| read_failure(e, "params.path"))?,
        FileKind::Stack => stack(plan, &mut rng)?,
    };
    let odd = |e: DatasetError| {
        failure::input(
            "params.path",
            format!("{} does not list particle images: {e}.", plan.path.display()),
            "Give the file that lists the extracted particles.",
        )
    };
    if table.is_empty() {
        return Err(failure::input(
            "params.path",
            format!("{} lists no particles.", plan.path.display()),
            "Give the file that lists the extracted particles.",
        ));
    }
    table.texts("blob/path").map_err(odd)?;
    table.numbers("blob/idx").map_err(odd)?;
    table.check_unique_uids().map_err(|e| {
        failure::input(
            "params.path",
            format!("{}: {e}.", plan.path.display()),
            "Remove the repeated rows.",
        )
    })?;
    if let Some(first) = params.first.filter(|n| *n < table.rows()) {
        table = table.filter(|row| row < first);
    }
    if params.ignore_poses {
        table = table.without_slots(&["alignments3D", "alignments2D"]);
    } else if params.ignore_halves {
        table.remove("alignments3D/split");
    }
    Ok(table)
}

fn stack(plan: &Plan, rng: &mut ChaCha8Rng) -> Result<Dataset, Failure> {
    let file = MrcFile::open(&plan.path).map_err(|e| read_failure(e, "params.path"))?;
    if matches!(file.kind(), MrcKind::Volume | MrcKind::VolumeStack) {
        return Err(failure::input(
            "params.path",
            format!(
                "{} is a map by its header, not a stack of particles.",
                plan.path.display()
            ),
            "Use import_volumes for maps. If it is a stack, give it the ending .mrcs.",
        ));
    }
    let rows = file.slices();
    let name = plan.path.to_string_lossy().into_owned();
    let mut table = Dataset::from_uids(fresh_uids(rows, &[], rng));
    let mut fill = || -> Result<(), DatasetError> {
        table.set_texts("blob/path", vec![name.as_str(); rows])?;
        table.set("blob/idx", (0..rows as u32).collect::<Vec<u32>>())
    };
    fill().map_err(failure::bug)?;
    Ok(table)
}

/// Puts the pixel size that was given, that of the file or that of the stacks into every row.
pub(super) fn settle_pixel_size(
    table: &mut Dataset,
    params: &Params,
    stacks: Option<f64>,
) -> Result<Vec<String>, Failure> {
    let mut warnings = Vec::new();
    let listed = table.numbers("blob/psize_A").ok();
    if let Some(given) = params.pixel_size_angstrom {
        table
            .set_all("blob/psize_A", given as f32)
            .map_err(failure::bug)?;
        return Ok(warnings);
    }
    match (listed, stacks) {
        (Some(listed), stacks) => {
            if let Some((row, size)) = listed
                .iter()
                .enumerate()
                .find(|(_, s)| !(**s > 0.0 && s.is_finite()))
            {
                return Err(failure::input(
                    "params.pixel_size_angstrom",
                    format!("The file gives particle {} a pixel size of {size} Å.", row + 1),
                    "Give pixel_size_angstrom.",
                ));
            }
            let first = listed.first().copied().unwrap_or(1.0);
            if let Some(header) = stacks.filter(|h| (h / first - 1.0).abs() > 0.01 && (h - 1.0).abs() > 1e-3)
            {
                warnings.push(format!(
                    "The file says {first} Å/px, the headers of the stacks {header:.4} Å/px: the file is believed. Give \
                     pixel_size_angstrom if that is wrong."
                ));
            }
        }
        (None, Some(header)) => table
            .set_all("blob/psize_A", header as f32)
            .map_err(failure::bug)?,
        (None, None) => {
            return Err(failure::input(
                "params.pixel_size_angstrom",
                "Neither the file nor the headers of the stacks say the pixel size.",
                "Give pixel_size_angstrom.",
            ));
        }
    }
    Ok(warnings)
}
