//! Reading what a job wrote into its directory. Nothing outside of the directory is ever opened.

use crate::browser::modified_ms;
use crate::error::{internal, io, not_found};
use nilas_api::{ApiError, ErrorKind, EventsPage, FileEntry, FileList, LogPage};
use nilas_store::events::EventReader;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Component, Path, PathBuf};

/// Most files of one listing.
const MOST_FILES: usize = 5000;
/// Most bytes of one piece of the log.
const LOG_PIECE: u64 = 256 * 1024;
/// Bytes from the end of the log that are shown without an offset.
const LOG_TAIL: u64 = 64 * 1024;

/// The real path of a file below a job directory.
///
/// # Errors
/// `not_found` when there is none; `forbidden` when the path or a link in it leads out of the directory.
pub fn resolve(directory: &Path, path: &str) -> Result<PathBuf, ApiError> {
    let outside = || {
        ApiError::new(
            ErrorKind::Forbidden,
            format!("{path} is not inside the job's directory"),
            "paths are relative to it",
        )
    };
    let relative = Path::new(path);
    if path.is_empty()
        || path.contains('\0')
        || !relative
            .components()
            .all(|part| matches!(part, Component::Normal(_)))
    {
        return Err(outside());
    }
    let root = directory.canonicalize().map_err(|e| io(directory, &e))?;
    let real = root
        .join(relative)
        .canonicalize()
        .map_err(|_| not_found(format!("the job has no file {path}")))?;
    if real.starts_with(&root) {
        Ok(real)
    } else {
        Err(outside())
    }
}

/// Events with a number above `after`.
pub fn events(directory: &Path, after: u64, limit: usize) -> Result<EventsPage, ApiError> {
    let mut reader = EventReader::open(&directory.join("events.jsonl"));
    let mut events = reader.read_after(after, limit + 1).map_err(crate::error::store)?;
    let more = events.len() > limit;
    events.truncate(limit);
    Ok(EventsPage { events, more })
}

/// The bytes of a figure.
pub fn figure(directory: &Path, id: &str) -> Result<Vec<u8>, ApiError> {
    if id.is_empty()
        || !id
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    {
        return Err(not_found(format!("'{id}' is not a figure id")));
    }
    let path = directory.join("figures").join(format!("{id}.json"));
    std::fs::read(&path).map_err(|_| not_found(format!("the job has no figure {id}")))
}

/// The files below a job directory; links are left out.
pub fn list(directory: &Path) -> Result<FileList, ApiError> {
    let mut files = Vec::new();
    let mut truncated = false;
    let mut open = vec![directory.to_owned()];
    while let Some(folder) = open.pop() {
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            // A running job renames its staging directory at any time.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(io(&folder, &error)),
        };
        for item in entries.flatten() {
            let Ok(meta) = item.path().symlink_metadata() else {
                continue;
            };
            if meta.is_dir() {
                open.push(item.path());
            } else if meta.is_file() {
                if files.len() == MOST_FILES {
                    truncated = true;
                    break;
                }
                let path = item.path();
                let relative = path
                    .strip_prefix(directory)
                    .map_err(|_| internal("a file lies outside its directory"))?;
                files.push(FileEntry {
                    path: relative.to_string_lossy().into_owned(),
                    size: meta.len(),
                    modified_ms: modified_ms(&meta),
                });
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(FileList { files, truncated })
}

/// A piece of the job's log.
pub fn log(directory: &Path, offset: Option<u64>) -> Result<LogPage, ApiError> {
    let path = directory.join("job.log");
    let mut file = match std::fs::File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(LogPage {
                text: String::new(),
                offset: 0,
                size: 0,
            });
        }
        Err(error) => return Err(io(&path, &error)),
    };
    let size = file.metadata().map_err(|e| io(&path, &e))?.len();
    let offset = offset.unwrap_or(size.saturating_sub(LOG_TAIL)).min(size);
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(offset)).map_err(|e| io(&path, &e))?;
    file.take(LOG_PIECE)
        .read_to_end(&mut bytes)
        .map_err(|e| io(&path, &e))?;
    Ok(LogPage {
        text: String::from_utf8_lossy(&bytes).into_owned(),
        offset,
        size,
    })
}

/// `(start, length)` of a single `bytes=a-b` range; absent when it can't be served as asked.
pub fn parse_range(text: &str, size: u64) -> Option<(u64, u64)> {
    let (first, last) = text.trim().strip_prefix("bytes=")?.split_once('-')?;
    let (start, end) = match (first.trim(), last.trim()) {
        ("", "") => return None,
        ("", suffix) => (size.saturating_sub(suffix.parse().ok()?), size),
        (start, "") => (start.parse().ok()?, size),
        (start, last) => (
            start.parse().ok()?,
            last.parse::<u64>().ok()?.checked_add(1)?.min(size),
        ),
    };
    (start < end).then(|| (start, end - start))
}

/// The media type by the ending of a name. Never anything that a browser would run.
pub fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("json") => "application/json",
        Some("log" | "jsonl" | "star" | "txt") => "text/plain; charset=utf-8",
        Some("png") => "image/png",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn paths_that_leave_the_directory_are_refused() {
        let base = std::env::temp_dir().join(format!("nilas-job-files-{}", std::process::id()));
        let job = base.join("J1");
        std::fs::create_dir_all(job.join("output")).unwrap();
        std::fs::write(base.join("secret"), "x").unwrap();
        std::fs::write(job.join("output/a.mrc"), "x").unwrap();
        std::os::unix::fs::symlink(base.join("secret"), job.join("link")).unwrap();
        for bad in [
            "../secret",
            "output/../../secret",
            "/etc/passwd",
            "link",
            "",
            "./output/a.mrc",
            "a\0b",
        ] {
            assert_eq!(
                resolve(&job, bad).unwrap_err().kind,
                ErrorKind::Forbidden,
                "{bad:?}"
            );
        }
        assert_eq!(
            resolve(&job, "output/b.mrc").unwrap_err().kind,
            ErrorKind::NotFound
        );
        assert!(
            resolve(&job, "output/a.mrc")
                .unwrap()
                .ends_with("J1/output/a.mrc")
        );
        let listed: Vec<String> = list(&job).unwrap().files.into_iter().map(|f| f.path).collect();
        assert_eq!(listed, ["output/a.mrc"]);
        assert!(figure(&job, "../job").is_err());
        std::fs::remove_dir_all(base).unwrap();
    }

    #[test]
    fn ranges_are_read_as_http_means_them() {
        assert_eq!(parse_range("bytes=0-9", 100), Some((0, 10)));
        assert_eq!(parse_range("bytes=90-", 100), Some((90, 10)));
        assert_eq!(parse_range("bytes=-5", 100), Some((95, 5)));
        assert_eq!(parse_range("bytes=50-500", 100), Some((50, 50)));
        for bad in [
            "bytes=-",
            "bytes=9-3",
            "bytes=100-",
            "lines=1-2",
            "bytes=a-b",
            "bytes=0-18446744073709551615",
        ] {
            let span = parse_range(bad, 100);
            assert!(span.is_none(), "{bad} gave {span:?}");
        }
    }
}
