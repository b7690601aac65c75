//! Outputs: `.cs` datasets, `.csg` groups and maps, written into the staging directory.

use super::JobContext;
use crate::failure;
use nilas_dataset::{Dataset, fresh_uids};
use nilas_formats::mrc::{self, MrcMode};
use nilas_formats::{FormatError, cs, csg};
use nilas_model::{DataKind, Failure, OutputRecord, SlotRecord};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// A map to be written as one slot of a volume output.
#[derive(Debug, Clone, Copy)]
pub struct MapToWrite<'a> {
    /// Slot name and file suffix: `map`, `map_sharp`, `map_half_A`, `map_half_B`, `mask_refine`, `mask_fsc`, `mask`.
    pub slot: &'a str,
    /// Values of shape `[z][y][x]`.
    pub data: &'a [f32],
}

impl JobContext {
    /// Writes a particle output: the columns of `own` to one file, those of `passthrough` to another.
    ///
    /// # Errors
    /// When the files can't be written.
    pub fn write_particles(
        &self,
        name: &str,
        title: &str,
        summary: &str,
        own: &Dataset,
        passthrough: Option<&Dataset>,
        files: Vec<String>,
    ) -> Result<OutputRecord, Failure> {
        let job = self.job_name();
        let mut slots = self.write_dataset(&format!("{job}_{name}.cs"), own, "particle", false)?;
        if let Some(rest) = passthrough.filter(|d| !d.names().is_empty()) {
            slots.extend(self.write_dataset(&format!("{job}_passthrough_{name}.cs"), rest, "particle", true)?);
        }
        let output = OutputRecord {
            name: name.to_owned(),
            kind: DataKind::Particle,
            title: title.to_owned(),
            count: own.rows() as u64,
            slots,
            files,
            summary: summary.to_owned(),
        };
        self.write_group(&output, "particle")?;
        Ok(output)
    }

    /// Writes a volume (or mask) output: one MRC file a map, all listed in one dataset of one row. The
    /// maps are cubes with edge `n`.
    ///
    /// # Errors
    /// When the files can't be written.
    pub fn write_volume(
        &self,
        name: &str,
        kind: DataKind,
        title: &str,
        maps: &[MapToWrite],
        n: usize,
        voxel_size_angstrom: f64,
    ) -> Result<OutputRecord, Failure> {
        let job = self.job_name();
        let group = if kind == DataKind::Mask { "mask" } else { "volume" };
        let mut rng = ChaCha8Rng::seed_from_u64(self.record().id.0);
        let mut table = Dataset::from_uids(fresh_uids(1, &[], &mut rng));
        let mut files = Vec::new();
        for map in maps {
            // A mask output `mask` with the slot `mask` is not called mask_mask.
            let file = if map.slot == name { format!("{job}_{name}.mrc") } else { format!("{job}_{name}_{}.mrc", map.slot) };
            let (path, relative) = self.output_path(&file);
            mrc::write_volume(&path, [n, n, n], voxel_size_angstrom, map.data, MrcMode::Float32).map_err(write_failure)?;
            let slot = map.slot;
            table
                .set_texts(&format!("{slot}/path"), [relative.as_str()])
                .and_then(|()| table.set_array(&format!("{slot}/shape"), &[3], vec![n as u32; 3]))
                .and_then(|()| table.set(&format!("{slot}/psize_A"), vec![voxel_size_angstrom as f32]))
                .map_err(failure::bug)?;
            files.push(relative);
        }
        let slots = self.write_dataset(&format!("{job}_{name}.cs"), &table, group, false)?;
        let output = OutputRecord {
            name: name.to_owned(),
            kind,
            title: title.to_owned(),
            count: 1,
            slots,
            files,
            summary: format!("{n} px, {voxel_size_angstrom:.4} Å/px"),
        };
        self.write_group(&output, group)?;
        Ok(output)
    }

    fn write_dataset(&self, file: &str, table: &Dataset, group: &str, passthrough: bool) -> Result<Vec<SlotRecord>, Failure> {
        let (path, relative) = self.output_path(file);
        cs::write(&path, table).map_err(write_failure)?;
        Ok(table
            .slots()
            .into_iter()
            .map(|slot| SlotRecord {
                name: slot.to_owned(),
                dtype: slot_type(group, slot),
                metafile: relative.clone(),
                passthrough,
            })
            .collect())
    }

    fn write_group(&self, output: &OutputRecord, group: &str) -> Result<(), Failure> {
        let (path, _) = self.output_path(&format!("{}_{}.csg", self.job_name(), output.name));
        let in_folder = |metafile: &str| format!(">{}", metafile.rsplit('/').next().unwrap_or(metafile));
        let file = csg::ResultGroup {
            created_ms: super::now_ms(),
            description: output.summary.clone(),
            name: output.name.clone(),
            title: output.title.clone(),
            kind: group.to_owned(),
            results: output
                .slots
                .iter()
                .map(|s| csg::GroupResult {
                    name: s.name.clone(),
                    metafile: in_folder(&s.metafile),
                    num_items: output.count,
                    kind: s.dtype.clone(),
                })
                .collect(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        csg::write(&path, &file).map_err(write_failure)
    }
}

/// The type of a slot as CryoSPARC names it.
fn slot_type(group: &str, slot: &str) -> String {
    let kind = match (group, slot) {
        ("particle", name) if name.starts_with("alignments_class_") => "alignments3D",
        ("particle", name) => name,
        (_, name) if name.starts_with("mask") => return format!("{group}.blob"),
        _ => "blob",
    };
    format!("{group}.{kind}")
}

/// What a failed write of a result file means.
pub(crate) fn write_failure(error: FormatError) -> Failure {
    match error {
        FormatError::Io { path, source } => failure::io(&source, "writing", &path),
        other => failure::bug(other),
    }
}

/// What a failed read of a file means; `field` is blamed.
pub(crate) fn read_failure(error: FormatError, field: &str) -> Failure {
    match error {
        FormatError::Io { path, source } => {
            let mut failure = failure::io(&source, "reading", &path);
            failure.field = Some(field.to_owned());
            failure
        }
        other @ FormatError::Truncated { .. } => failure::input(
            field,
            other,
            "The file is incomplete: copy or extract it again, then run the job that names it once more.",
        ),
        other => failure::input(field, other, "Check the file; `nilas data info FILE` tells what is in it."),
    }
}
