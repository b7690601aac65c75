//! Checkpoints: one file `checkpoint/state`, replaced atomically, usable only by a job that asks for
//! the same thing.

use super::JobContext;
use super::staging::write_atomically;
use crate::failure;
use nilas_model::{EventKind, Failure, InputRef, JobRecord};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;

/// What a checkpoint belongs to: a job with other parameters or inputs must not go on from it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fingerprint {
    job_type: String,
    params: Map<String, Value>,
    inputs: BTreeMap<String, Vec<InputRef>>,
    program: String,
}

impl Fingerprint {
    /// The fingerprint of a job as it is asked for now.
    pub fn of(record: &JobRecord) -> Self {
        Fingerprint {
            job_type: record.job_type.clone(),
            params: record.params.clone(),
            inputs: record.inputs.clone(),
            program: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

impl JobContext {
    fn checkpoint_path(&self) -> PathBuf {
        self.job_dir.join("checkpoint").join("state")
    }

    /// Saves the state from which a killed job can go on; replaces the last one. `message` says what a
    /// resumed job would do next.
    ///
    /// # Errors
    /// When the disk is full or the directory can't be written; the last checkpoint stays.
    pub fn save_checkpoint(
        &self,
        message: impl Into<String>,
        write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
    ) -> Result<(), Failure> {
        let mut header = serde_json::to_vec(&self.fingerprint).map_err(failure::bug)?;
        header.push(b'\n');
        write_atomically(&self.checkpoint_path(), |w| {
            w.write_all(&header)?;
            write(w)
        })?;
        self.events.write(EventKind::Checkpoint {
            message: message.into(),
        })
    }

    /// The saved state, when there is one that belongs to this job as it is asked for now.
    ///
    /// # Errors
    /// When there is one that can't be read.
    pub fn load_checkpoint(&self) -> Result<Option<Box<dyn Read>>, Failure> {
        let path = self.checkpoint_path();
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(failure::io(&e, "reading the checkpoint", &path)),
        };
        let mut reader = BufReader::with_capacity(1 << 20, file);
        let mut header = String::new();
        reader
            .read_line(&mut header)
            .map_err(|e| failure::io(&e, "reading the checkpoint", &path))?;
        match serde_json::from_str::<Fingerprint>(&header) {
            Ok(saved) if saved == self.fingerprint => Ok(Some(Box::new(reader))),
            _ => {
                self.warn(
                    "The checkpoint belongs to other parameters, inputs or another version: starting afresh.",
                )?;
                Ok(None)
            }
        }
    }

    /// Whether [`JobContext::load_checkpoint`] would find a file.
    pub fn has_checkpoint(&self) -> bool {
        self.checkpoint_path().exists()
    }
}
