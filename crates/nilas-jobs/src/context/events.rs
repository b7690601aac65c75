//! The event log: `events.jsonl`, appended a line at a time, numbered without gaps also after a crash.

use super::usage::now_ms;
use crate::failure;
use nilas_model::{Event, EventKind, Failure};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Writer of a job's event log; may be shared between threads.
#[derive(Debug)]
pub struct EventLog {
    path: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    file: File,
    last_seq: u64,
}

impl EventLog {
    /// Opens the log to append to it. A last line that a crash cut short is dropped, so that numbering
    /// goes on without a gap.
    ///
    /// # Errors
    /// When the file can't be read or written.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let fail = |e: std::io::Error| failure::io(&e, "opening the event log", path);
        let file = OpenOptions::new()
            .create(true)
            .read(true)
            .append(true)
            .open(path)
            .map_err(fail)?;
        let (last_seq, whole_bytes) = scan(&file).map_err(fail)?;
        file.set_len(whole_bytes).map_err(fail)?;
        Ok(EventLog {
            path: path.to_owned(),
            state: Mutex::new(State { file, last_seq }),
        })
    }

    /// Appends one event.
    ///
    /// # Errors
    /// When the file can't be written, for example because the disk is full.
    pub fn write(&self, kind: EventKind) -> Result<(), Failure> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let event = Event {
            seq: state.last_seq + 1,
            time_ms: now_ms(),
            kind,
        };
        let mut line = serde_json::to_vec(&event).map_err(failure::bug)?;
        line.push(b'\n');
        // One write call a line: a reader never sees half of one unless the machine dies.
        state
            .file
            .write_all(&line)
            .map_err(|e| failure::io(&e, "writing the event log", &self.path))?;
        state.last_seq = event.seq;
        Ok(())
    }

    /// Number of the last event written, 0 before the first.
    pub fn last_seq(&self) -> u64 {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).last_seq
    }
}

/// Last running number, and the bytes up to the end of the last whole line.
fn scan(file: &File) -> std::io::Result<(u64, u64)> {
    let mut reader = BufReader::new(file);
    let (mut last_seq, mut whole_bytes) = (0, 0);
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = reader.read_until(b'\n', &mut line)?;
        if read == 0 || line.last() != Some(&b'\n') {
            return Ok((last_seq, whole_bytes));
        }
        let Ok(event) = serde_json::from_slice::<Event>(&line) else {
            return Ok((last_seq, whole_bytes));
        };
        last_seq = event.seq;
        whole_bytes += read as u64;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use nilas_model::Level;

    fn text(message: &str) -> EventKind {
        EventKind::Text {
            level: Level::Info,
            message: message.to_owned(),
        }
    }

    #[test]
    fn numbering_goes_on_after_a_torn_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("events.jsonl");
        let log = EventLog::open(&path).unwrap();
        log.write(text("one")).unwrap();
        log.write(text("two")).unwrap();
        drop(log);
        OpenOptions::new()
            .append(true)
            .open(&path)
            .unwrap()
            .write_all(b"{\"seq\":3,\"ti")
            .unwrap();
        let log = EventLog::open(&path).unwrap();
        assert_eq!(log.last_seq(), 2);
        log.write(text("three")).unwrap();
        let seqs: Vec<u64> = std::fs::read_to_string(&path)
            .unwrap()
            .lines()
            .map(|l| serde_json::from_str::<Event>(l).unwrap().seq)
            .collect();
        assert_eq!(seqs, [1, 2, 3]);
    }
}
