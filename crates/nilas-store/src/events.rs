//! Reading `events.jsonl` while it grows.

use crate::StoreError;
use nilas_model::Event;
use std::fs::File;
use std::io::{BufRead, BufReader, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Remembers how far an event log was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventReader {
    path: PathBuf,
    offset: u64,
}

impl EventReader {
    /// A reader that begins at the first event. The file need not exist yet.
    pub fn open(path: &Path) -> Self {
        EventReader {
            path: path.to_owned(),
            offset: 0,
        }
    }

    /// Events that were appended since the last call, at most `limit`. A line still being written is left for
    /// the next call; a line that is no event (cut short by a crash of the machine) is skipped. A file that
    /// became shorter is read anew from its beginning.
    pub fn read_new(&mut self, limit: usize) -> Result<Vec<Event>, StoreError> {
        self.read_after(0, limit)
    }

    /// As [`EventReader::read_new`], only events with a number above `after`.
    pub fn read_after(&mut self, after: u64, limit: usize) -> Result<Vec<Event>, StoreError> {
        let mut file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                self.offset = 0;
                return Ok(Vec::new());
            }
            Err(error) => return Err(StoreError::io("reading", &self.path)(error)),
        };
        let fail = |error| StoreError::io("reading", &self.path)(error);
        let size = file.metadata().map_err(fail)?.len();
        if size < self.offset {
            self.offset = 0;
        }
        if size == self.offset {
            return Ok(Vec::new());
        }
        file.seek(SeekFrom::Start(self.offset))
            .map_err(|e| StoreError::io("reading", &self.path)(e))?;
        let mut lines = BufReader::new(file);
        let mut events = Vec::new();
        let mut line = Vec::new();
        while events.len() < limit {
            line.clear();
            let length = lines
                .read_until(b'\n', &mut line)
                .map_err(|e| StoreError::io("reading", &self.path)(e))?;
            if length == 0 || line.last() != Some(&b'\n') {
                break;
            }
            self.offset += length as u64;
            if let Ok(event) = serde_json::from_slice::<Event>(&line)
                && event.seq > after
            {
                events.push(event);
            }
        }
        Ok(events)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::io::Write;

    fn line(seq: u64) -> String {
        format!("{{\"seq\":{seq},\"time_ms\":1,\"kind\":\"text\",\"level\":\"info\",\"message\":\"m\"}}\n")
    }

    #[test]
    fn only_whole_new_lines_are_handed_out() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("events.jsonl");
        let mut reader = EventReader::open(&path);
        assert!(reader.read_new(10).unwrap().is_empty());
        let mut file = File::create(&path).unwrap();
        file.write_all((line(1) + &line(2) + &line(3)[..20]).as_bytes())
            .unwrap();
        let seqs = |events: Vec<Event>| events.into_iter().map(|e| e.seq).collect::<Vec<_>>();
        assert_eq!(seqs(reader.read_new(1).unwrap()), [1]);
        assert_eq!(seqs(reader.read_new(10).unwrap()), [2]);
        assert!(reader.read_new(10).unwrap().is_empty());
        file.write_all(&line(3).as_bytes()[20..]).unwrap();
        file.write_all(b"torn\n").unwrap();
        file.write_all(line(4).as_bytes()).unwrap();
        assert_eq!(seqs(reader.read_new(10).unwrap()), [3, 4]);
        assert_eq!(seqs(EventReader::open(&path).read_after(2, 1).unwrap()), [3]);
        std::fs::write(&path, line(1)).unwrap();
        assert_eq!(seqs(reader.read_new(10).unwrap()), [1]);
    }
}
