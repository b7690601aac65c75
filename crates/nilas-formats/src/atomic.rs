//! A file that appears complete or not at all.

use crate::Result;
use crate::error::FormatError;
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

static COUNTER: AtomicU64 = AtomicU64::new(0);

/// Writes beside the target; [`AtomicFile::commit`] syncs and renames, dropping without it removes what was written.
pub(crate) struct AtomicFile {
    file: Option<File>,
    temporary: PathBuf,
    target: PathBuf,
}

impl AtomicFile {
    pub(crate) fn create(target: &Path) -> Result<Self> {
        let name = target.file_name().ok_or_else(|| FormatError::CannotWrite {
            path: target.into(),
            message: "not a file name".into(),
        })?;
        let serial = COUNTER.fetch_add(1, Ordering::Relaxed);
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{}-{serial}.partial", std::process::id()));
        let temporary = target.with_file_name(hidden);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(&temporary)
            .map_err(|e| FormatError::io(target, e))?;
        Ok(Self {
            file: Some(file),
            temporary,
            target: target.into(),
        })
    }

    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// The open file; positioned writes and reads are the caller's business.
    pub(crate) fn file(&self) -> Result<&File> {
        self.file.as_ref().ok_or_else(|| FormatError::CannotWrite {
            path: self.target.clone(),
            message: "the file was finished already".into(),
        })
    }

    /// Syncs the data to disk and puts the file under its name.
    pub(crate) fn commit(mut self) -> Result<()> {
        if let Some(file) = self.file.take() {
            let done = file
                .sync_all()
                .and_then(|()| std::fs::rename(&self.temporary, &self.target));
            if let Err(e) = done {
                let _ = std::fs::remove_file(&self.temporary);
                return Err(FormatError::io(&self.target, e));
            }
        }
        Ok(())
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            let _ = std::fs::remove_file(&self.temporary);
        }
    }
}

/// Writes a whole file at once.
pub(crate) fn write_whole(target: &Path, bytes: &[u8]) -> Result<()> {
    use std::io::Write;
    let out = AtomicFile::create(target)?;
    out.file()?
        .write_all(bytes)
        .map_err(|e| FormatError::io(target, e))?;
    out.commit()
}
