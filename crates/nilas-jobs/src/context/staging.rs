//! Atomic results: everything is written into `staging-<attempt>/`, made durable, then renamed to `output/`.

use super::JobContext;
use crate::failure;
use nilas_model::{Failure, JobResult};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// Writes a file so that a reader sees the old or the new content, never half of it: write aside,
/// fsync, rename.
///
/// # Errors
/// When the directory can't be written.
pub fn write_atomically(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
) -> Result<(), Failure> {
    let fail = |e: std::io::Error| failure::io(&e, "writing", path);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(fail)?;
    }
    let mut aside = path.as_os_str().to_owned();
    aside.push(format!(".{}.tmp", std::process::id()));
    let aside = PathBuf::from(aside);
    let result = (|| {
        let mut writer = BufWriter::new(File::create(&aside)?);
        write(&mut writer)?;
        writer.flush()?;
        writer.get_ref().sync_all()?;
        fs::rename(&aside, path)
    })();
    result.map_err(|e| {
        let _ = fs::remove_file(&aside);
        fail(e)
    })
}

/// [`write_atomically`] of a value as JSON.
///
/// # Errors
/// When the directory can't be written.
pub fn write_json(path: &Path, value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_vec(value).map_err(failure::bug)?;
    write_atomically(path, |w| w.write_all(&text))
}

/// Reads a value from a JSON file.
///
/// # Errors
/// When the file can't be read or is not what it should be.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, Failure> {
    let text = fs::read(path).map_err(|e| failure::io(&e, "reading", path))?;
    serde_json::from_slice(&text).map_err(|e| {
        failure::input(
            "",
            format!("{} is damaged: {e}", path.display()),
            "Run the job that wrote it again.",
        )
    })
}

/// Makes a directory with all files in it durable.
///
/// # Errors
/// When one of them can't be synced.
pub fn sync_tree(dir: &Path) -> Result<(), Failure> {
    let fail = |e: std::io::Error, p: &Path| failure::io(&e, "making durable", p);
    for entry in fs::read_dir(dir).map_err(|e| fail(e, dir))? {
        let entry = entry.map_err(|e| fail(e, dir))?;
        let path = entry.path();
        let kind = entry.file_type().map_err(|e| fail(e, &path))?;
        if kind.is_dir() {
            sync_tree(&path)?;
        } else if kind.is_file() {
            File::open(&path)
                .and_then(|f| f.sync_all())
                .map_err(|e| fail(e, &path))?;
        }
    }
    File::open(dir)
        .and_then(|f| f.sync_all())
        .map_err(|e| fail(e, dir))
}

impl JobContext {
    /// Where results are written before they count.
    pub fn staging_dir(&self) -> PathBuf {
        self.job_dir.join(format!("staging-{}", self.attempt))
    }

    /// Path for a result file: where to write it now, and the path relative to the project directory
    /// under which it will be found.
    pub fn output_path(&self, file_name: &str) -> (PathBuf, String) {
        (
            self.staging_dir().join(file_name),
            format!("{}/output/{file_name}", self.record.id),
        )
    }

    /// Makes the folder for big working files of this run; it is removed when the job ends.
    ///
    /// # Errors
    /// When the job directory can't be written.
    pub fn make_scratch_dir(&self) -> Result<PathBuf, Failure> {
        let path = self.job_dir.join("scratch");
        fs::create_dir_all(&path).map_err(|e| failure::io(&e, "making", &path))?;
        Ok(path)
    }

    pub(super) fn clear_staging(&self) -> Result<(), Failure> {
        remove_leftovers(&self.job_dir)?;
        let staging = self.staging_dir();
        fs::create_dir_all(&staging).map_err(|e| failure::io(&e, "making", &staging))
    }

    /// Writes `result.json`, makes everything durable and renames the staging directory to `output/`.
    /// That rename is the completion of the job.
    ///
    /// # Errors
    /// When the disk is full or the directory can't be written; then there is no result at all.
    pub fn commit(&self, result: &JobResult) -> Result<(), Failure> {
        let staging = self.staging_dir();
        write_json(&staging.join("result.json"), result)?;
        sync_tree(&staging)?;
        let output = self.job_dir.join("output");
        fs::rename(&staging, &output).map_err(|e| failure::io(&e, "moving the results to", &output))?;
        File::open(&self.job_dir)
            .and_then(|f| f.sync_all())
            .map_err(|e| failure::io(&e, "making durable", &self.job_dir))
    }
}

/// Removes what a dead attempt left: staging directories, working files, half-written files.
pub(crate) fn remove_leftovers(job_dir: &Path) -> Result<(), Failure> {
    let Ok(entries) = fs::read_dir(job_dir) else {
        return Ok(());
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let path = entry.path();
        let removed = if name.starts_with("staging-") || name == "scratch" {
            fs::remove_dir_all(&path)
        } else if name.ends_with(".tmp") {
            fs::remove_file(&path)
        } else {
            continue;
        };
        removed.map_err(|e| failure::io(&e, "removing", &path))?;
    }
    Ok(())
}
