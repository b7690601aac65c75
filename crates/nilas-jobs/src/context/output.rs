//! Outputs: `.cs` datasets, `.csg` groups and maps, written into the staging directory.

use super::JobContext;
use crate::failure;
use nilas_dataset::{Dataset, fresh_uids};
use nilas_formats::csg::{self, GroupSlot, ResultGroup};
use nilas_formats::mrc::{self, MrcMode};
use nilas_formats::{FormatError, cs};
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
        self.write_rows(DataKind::Particle, name, title, summary, own, passthrough, files)
    }

    /// Writes an exposure output as [`JobContext::write_particles`] writes particles.
    ///
    /// # Errors
    /// When the files can't be written.
    pub fn write_exposures(
        &self,
        name: &str,
        title: &str,
        summary: &str,
        own: &Dataset,
        passthrough: Option<&Dataset>,
        files: Vec<String>,
    ) -> Result<OutputRecord, Failure> {
        self.write_rows(DataKind::Exposure, name, title, summary, own, passthrough, files)
    }

    fn write_rows(
        &self,
        kind: DataKind,
        name: &str,
        title: &str,
        summary: &str,
        own: &Dataset,
        passthrough: Option<&Dataset>,
        files: Vec<String>,
    ) -> Result<OutputRecord, Failure> {
        let job = self.job_name();
        let group = if kind == DataKind::Exposure {
            "exposure"
        } else {
            "particle"
        };
        let mut slots = self.write_dataset(&format!("{job}_{name}.cs"), own, group, false)?;
        if let Some(rest) = passthrough.filter(|d| !d.names().is_empty()) {
            let file = format!("{job}_passthrough_{name}.cs");
            slots.extend(self.write_dataset(&file, rest, group, true)?);
        }
        let output = OutputRecord {
            name: name.to_owned(),
            kind,
            title: title.to_owned(),
            count: own.rows() as u64,
            slots,
            files,
            summary: summary.to_owned(),
        };
        self.write_group(&output, group)?;
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
            let file = if map.slot == name {
                format!("{job}_{name}.mrc")
            } else {
                format!("{job}_{name}_{}.mrc", map.slot)
            };
            let (path, relative) = self.output_path(&file);
            mrc::write_volume(&path, [n, n, n], voxel_size_angstrom, map.data, MrcMode::F32)
                .map_err(write_failure)?;
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
            summary: format!("{n} px, {} Å/px", (voxel_size_angstrom * 1e4).round() / 1e4),
        };
        self.write_group(&output, group)?;
        Ok(output)
    }

    fn write_dataset(
        &self,
        file: &str,
        table: &Dataset,
        group: &str,
        passthrough: bool,
    ) -> Result<Vec<SlotRecord>, Failure> {
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
        let slot = |s: &SlotRecord| {
            let entry = GroupSlot {
                metafile: in_folder(&s.metafile),
                num_items: output.count,
                kind: s.dtype.clone(),
            };
            (s.name.clone(), entry)
        };
        let file = ResultGroup {
            created: utc_time(super::now_ms()),
            description: output.summary.clone(),
            name: output.name.clone(),
            title: output.title.clone(),
            kind: group.to_owned(),
            slots: output.slots.iter().map(slot).collect(),
            version: format!("nilas-{}", env!("CARGO_PKG_VERSION")),
        };
        csg::write(&path, &file).map_err(write_failure)
    }
}

/// `2024-01-02 03:04:05.678000` in UTC (civil date after Hinnant's `civil_from_days`).
fn utc_time(ms: u64) -> String {
    let (days, in_day) = ((ms / 86_400_000) as i64, ms % 86_400_000);
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let seconds = in_day / 1000;
    format!(
        "{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}.{:03}000",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60,
        in_day % 1000
    )
}

/// The type of a slot as CryoSPARC names it.
fn slot_type(group: &str, slot: &str) -> String {
    let kind = match (group, slot) {
        ("particle", name) if name.starts_with("alignments_class_") => "alignments3D",
        ("particle", name) => name,
        ("exposure", name) if name.starts_with("micrograph_blob") => "micrograph_blob",
        ("exposure", name) => name,
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
        other => failure::input(
            field,
            other,
            "Check the file; `nilas data info FILE` tells what is in it.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_civil() {
        assert_eq!(utc_time(0), "1970-01-01 00:00:00.000000");
        assert_eq!(utc_time(1_709_251_199_042), "2024-02-29 23:59:59.042000");
        assert_eq!(utc_time(1_795_442_400_000), "2026-11-23 14:00:00.000000");
    }
}
