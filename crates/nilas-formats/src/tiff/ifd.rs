//! Directories and tags of TIFF and BigTIFF, both byte orders. Only numbers are taken out here; what they mean is the
//! business of `layout`. Arrays are read when they are asked for, so that a file cannot make us hold more than it has.

use crate::Result;
use crate::error::FormatError;
use crate::mrc::ByteOrder;
use std::collections::HashSet;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Directories a file may have; an EER movie has a few thousand.
const MAX_DIRECTORIES: usize = 1 << 20;
/// Tags a directory may have.
const MAX_TAGS: u64 = 4096;

/// A file that is read by position, with its length.
#[derive(Debug)]
pub(crate) struct Positioned {
    pub(crate) path: PathBuf,
    file: File,
    pub(crate) len: u64,
    pub(crate) order: ByteOrder,
}

impl Positioned {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let io = |e| FormatError::io(path, e);
        let file = File::open(path).map_err(io)?;
        let meta = file.metadata().map_err(io)?;
        if !meta.is_file() {
            return Err(FormatError::Unsupported {
                path: path.into(),
                message: "not a regular file".into(),
            });
        }
        Ok(Self {
            path: path.into(),
            file,
            len: meta.len(),
            order: ByteOrder::Little,
        })
    }

    /// Fills `out` from byte `offset` on; `what` names the part in the error where the file ends before it.
    pub(crate) fn read(&self, offset: u64, out: &mut [u8], what: impl Fn() -> String) -> Result<()> {
        self.check(offset, out.len() as u64, &what)?;
        self.file.read_exact_at(out, offset).map_err(|e| {
            if e.kind() == std::io::ErrorKind::UnexpectedEof {
                FormatError::byte(
                    &self.path,
                    offset,
                    format!("{}: the file became shorter while it was read", what()),
                )
            } else {
                FormatError::io(&self.path, e)
            }
        })
    }

    /// An error where the file does not have these bytes. To be asked before anything of that size is allocated.
    pub(crate) fn check(&self, offset: u64, count: u64, what: &impl Fn() -> String) -> Result<()> {
        let end = offset.checked_add(count).ok_or_else(|| {
            FormatError::byte(
                &self.path,
                offset,
                format!("{}: impossible length {count}", what()),
            )
        })?;
        if end > self.len {
            return Err(FormatError::Truncated {
                path: self.path.clone(),
                what: what(),
                expected: end,
                found: self.len,
            });
        }
        Ok(())
    }

    /// A number of 1, 2, 4 or 8 bytes.
    pub(crate) fn number(&self, bytes: &[u8]) -> u64 {
        let join = |acc: u64, b: &u8| acc << 8 | u64::from(*b);
        match self.order {
            ByteOrder::Little => bytes.iter().rev().fold(0, join),
            ByteOrder::Big => bytes.iter().fold(0, join),
        }
    }
}

/// A tag as the directory has it: its values may stand elsewhere in the file.
#[derive(Debug, Clone, Copy)]
struct Entry {
    tag: u16,
    kind: u16,
    count: u64,
    /// Where the values are.
    at: u64,
}

/// Bytes of one value of a TIFF type; none for an unknown type.
fn type_bytes(kind: u16) -> Option<u64> {
    match kind {
        1 | 2 | 6 | 7 => Some(1),
        3 | 8 => Some(2),
        4 | 9 | 11 | 13 => Some(4),
        5 | 10 | 12 | 16 | 17 | 18 => Some(8),
        _ => None,
    }
}

/// One directory (image).
#[derive(Debug)]
pub(crate) struct Directory {
    /// Where it stands.
    pub(crate) offset: u64,
    entries: Vec<Entry>,
}

impl Directory {
    fn entry(&self, tag: u16) -> Option<&Entry> {
        self.entries.iter().find(|e| e.tag == tag)
    }

    /// Number of values of a tag; none where the directory does not have it.
    pub(crate) fn count(&self, tag: u16) -> Option<u64> {
        self.entry(tag).map(|e| e.count)
    }

    /// The first value of an integer tag.
    pub(crate) fn number(&self, file: &Positioned, tag: u16) -> Result<Option<u64>> {
        let Some(entry) = self.entry(tag) else {
            return Ok(None);
        };
        let mut bytes = [0u8; 8];
        let size = match (entry.count, integer_bytes(entry.kind)) {
            (1.., Some(size)) => size,
            _ => return Err(self.bad(file, entry, "is not a whole number")),
        };
        let bytes = &mut bytes[..size];
        file.read(entry.at, bytes, || format!("TIFF tag {tag}"))?;
        Ok(Some(file.number(bytes)))
    }

    /// All values of an integer tag, appended to `out`.
    pub(crate) fn numbers(&self, file: &Positioned, tag: u16, out: &mut Vec<u64>) -> Result<()> {
        let Some(entry) = self.entry(tag) else {
            return Ok(());
        };
        let Some(size) = integer_bytes(entry.kind) else {
            return Err(self.bad(file, entry, "does not hold whole numbers"));
        };
        let bytes = self.bytes_of(file, entry)?;
        out.extend(bytes.chunks_exact(size).map(|b| file.number(b)));
        Ok(())
    }

    /// The first value of a RATIONAL (or float) tag.
    pub(crate) fn fraction(&self, file: &Positioned, tag: u16) -> Result<Option<f64>> {
        let Some(entry) = self.entry(tag) else {
            return Ok(None);
        };
        let mut bytes = [0u8; 8];
        let size = type_bytes(entry.kind).unwrap_or(0) as usize;
        if entry.count == 0 || size == 0 {
            return Ok(None);
        }
        let bytes = &mut bytes[..size];
        file.read(entry.at, bytes, || format!("TIFF tag {tag}"))?;
        Ok(match entry.kind {
            5 => Some(file.number(&bytes[..4]) as f64 / file.number(&bytes[4..]) as f64),
            11 => Some(f64::from(f32::from_bits(file.number(bytes) as u32))),
            12 => Some(f64::from_bits(file.number(bytes))),
            3 | 4 | 16 => Some(file.number(bytes) as f64),
            _ => None,
        })
    }

    /// A tag's bytes as text, up to the first NUL; at most `most` bytes.
    pub(crate) fn text(&self, file: &Positioned, tag: u16, most: u64) -> Result<Option<String>> {
        let Some(entry) = self.entry(tag) else {
            return Ok(None);
        };
        if type_bytes(entry.kind) != Some(1) {
            return Ok(None);
        }
        let clipped = Entry {
            count: entry.count.min(most),
            ..*entry
        };
        let bytes = self.bytes_of(file, &clipped)?;
        let end = bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len());
        Ok(Some(String::from_utf8_lossy(&bytes[..end]).trim().to_owned()))
    }

    fn bytes_of(&self, file: &Positioned, entry: &Entry) -> Result<Vec<u8>> {
        let what = || format!("the {} values of TIFF tag {}", entry.count, entry.tag);
        let size = type_bytes(entry.kind).unwrap_or(1);
        let total = entry
            .count
            .checked_mul(size)
            .ok_or_else(|| self.bad(file, entry, "is impossibly long"))?;
        file.check(entry.at, total, &what)?;
        let mut bytes = vec![0u8; total as usize];
        file.read(entry.at, &mut bytes, what)?;
        Ok(bytes)
    }

    fn bad(&self, file: &Positioned, entry: &Entry, what: &str) -> FormatError {
        FormatError::byte(
            &file.path,
            self.offset,
            format!(
                "TIFF tag {} (type {}, {} values) {what}",
                entry.tag, entry.kind, entry.count
            ),
        )
    }
}

/// Bytes of a value of an integer type.
fn integer_bytes(kind: u16) -> Option<usize> {
    match kind {
        1 | 7 => Some(1),
        3 => Some(2),
        4 | 13 => Some(4),
        16 | 18 => Some(8),
        _ => None,
    }
}

/// An open file with its directories.
#[derive(Debug)]
pub(crate) struct Directories {
    pub(crate) file: Positioned,
    pub(crate) all: Vec<Directory>,
    pub(crate) big: bool,
    /// Why the chain of directories ended early.
    pub(crate) cut: Option<String>,
}

impl Directories {
    /// Reads the header and every directory. A chain that breaks after the first directory is kept up to there and
    /// noted in `cut`: the frames before it can be read.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let mut file = Positioned::open(path)?;
        let mut start = [0u8; 16];
        let have = file.len.min(16) as usize;
        file.read(0, &mut start[..have], || "the TIFF header".into())?;
        file.order = match &start[..2] {
            b"II" => ByteOrder::Little,
            b"MM" => ByteOrder::Big,
            _ => {
                return Err(FormatError::byte(
                    path,
                    0,
                    "not a TIFF file: it begins with neither II nor MM",
                ));
            }
        };
        let (big, first) = match (file.number(&start[2..4]), have) {
            (42, 8..) => (false, file.number(&start[4..8])),
            (43, 16) => {
                if file.number(&start[4..6]) != 8 {
                    return Err(FormatError::byte(
                        path,
                        4,
                        "a BigTIFF whose offsets are not 8 bytes",
                    ));
                }
                (true, file.number(&start[8..16]))
            }
            (42 | 43, _) => {
                return Err(FormatError::Truncated {
                    path: path.into(),
                    what: "the TIFF header".into(),
                    expected: if start[2] == 42 || start[3] == 42 { 8 } else { 16 },
                    found: file.len,
                });
            }
            (version, _) => {
                return Err(FormatError::byte(
                    path,
                    2,
                    format!("not a TIFF file: version {version}"),
                ));
            }
        };
        let mut all: Vec<Directory> = Vec::new();
        let mut seen = HashSet::new();
        let mut cut = None;
        let mut next = first;
        while next != 0 {
            let problem = if !seen.insert(next) {
                Some(format!("the directories run in a circle at byte {next}"))
            } else if all.len() == MAX_DIRECTORIES {
                Some(format!("more than {MAX_DIRECTORIES} directories"))
            } else {
                None
            };
            if let Some(problem) = problem {
                cut = Some(problem);
                break;
            }
            match read_directory(&file, next, big, all.len()) {
                Ok((directory, after)) => {
                    all.push(directory);
                    next = after;
                }
                Err(e) if all.is_empty() => return Err(e),
                Err(e) => {
                    cut = Some(e.to_string());
                    break;
                }
            }
        }
        if all.is_empty() {
            return Err(FormatError::byte(path, 4, "a TIFF file without an image"));
        }
        Ok(Self { file, all, big, cut })
    }
}

fn read_directory(file: &Positioned, offset: u64, big: bool, index: usize) -> Result<(Directory, u64)> {
    let what = || format!("TIFF directory {index}");
    let (count_bytes, entry_bytes, offset_bytes) = if big { (8, 20, 8) } else { (2, 12, 4) };
    let mut bytes = [0u8; 8];
    file.read(offset, &mut bytes[..count_bytes], what)?;
    let count = file.number(&bytes[..count_bytes]);
    if count == 0 || count > MAX_TAGS {
        return Err(FormatError::byte(
            &file.path,
            offset,
            format!("TIFF directory {index} claims {count} tags"),
        ));
    }
    let table = offset + count_bytes as u64;
    let mut raw = vec![0u8; count as usize * entry_bytes + offset_bytes];
    file.read(table, &mut raw, what)?;
    let value_at = entry_bytes - offset_bytes;
    let mut entries = Vec::with_capacity(count as usize);
    for (i, e) in raw.chunks_exact(entry_bytes).take(count as usize).enumerate() {
        let kind = file.number(&e[2..4]) as u16;
        let n = file.number(&e[4..value_at]);
        // A tag of unknown type cannot be read, but nothing says that we need it.
        let Some(size) = type_bytes(kind) else { continue };
        let inline = n
            .checked_mul(size)
            .is_some_and(|total| total <= offset_bytes as u64);
        entries.push(Entry {
            tag: file.number(&e[..2]) as u16,
            kind,
            count: n,
            at: if inline {
                table + (i * entry_bytes + value_at) as u64
            } else {
                file.number(&e[value_at..])
            },
        });
    }
    let after = file.number(&raw[count as usize * entry_bytes..]);
    Ok((Directory { offset, entries }, after))
}
