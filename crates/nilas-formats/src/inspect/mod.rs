//! What is inside of a file: any format of this crate, told apart by content.
//!
//! [`inspect`] reads headers, and all values only if asked. The report can be printed ([`std::fmt::Display`]) or serialised.

mod map;
mod movie;
mod report;
mod tables;

use crate::Result;
use crate::error::FormatError;
use serde::Serialize;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FileReport {
    /// The path as it was given.
    pub path: String,
    /// Length in bytes.
    pub bytes: u64,
    /// The format, in words.
    pub format: String,
    /// What the content is, in words: `stack of 546 images`, `volume`, `table of 11764 rows`.
    pub content: String,
    /// Facts of the header, in order: name and value.
    pub facts: Vec<(String, String)>,
    /// Array size, slowest axis first (`[z, y, x]`); empty where the file holds no array.
    pub shape: Vec<u64>,
    /// Voxel or pixel size along x, y, z in angstrom; none for an axis that the file does not tell.
    pub pixel_size_angstrom: [Option<f64>; 3],
    /// Statistics of the values; only where they were asked for.
    pub values: Option<ValueReport>,
    /// Tables in the file.
    pub tables: Vec<TableReport>,
    /// What is odd.
    pub notes: Vec<String>,
}

/// Statistics over all values.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ValueReport {
    /// Number of values.
    pub count: u64,
    /// Smallest finite value.
    pub minimum: f64,
    /// Largest finite value.
    pub maximum: f64,
    /// Mean of the finite values.
    pub mean: f64,
    /// Standard deviation of the finite values.
    pub standard_deviation: f64,
    /// Values that are not a number.
    pub nan: u64,
    /// Infinite values.
    pub infinite: u64,
    /// Slices whose values are all equal.
    pub constant_slices: u64,
}

/// One table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TableReport {
    /// Its name (STAR block), or empty.
    pub name: String,
    /// Rows.
    pub rows: u64,
    /// Columns in order.
    pub columns: Vec<ColumnReport>,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ColumnReport {
    /// Name.
    pub name: String,
    /// Type with extra dimensions, for example `f4[3]`, `text`, `number`.
    pub dtype: String,
    /// Smallest finite number; none for text, and where values were not asked for.
    pub minimum: Option<f64>,
    /// Largest finite number.
    pub maximum: Option<f64>,
    /// Numbers that are not finite.
    pub not_finite: u64,
    /// The first value, as text.
    pub example: Option<String>,
    /// Distinct texts, counted up to 1000.
    pub distinct: Option<u64>,
}

/// Tells what a file holds; `values`: also reads all values and gives their ranges.
///
/// # Errors
/// The file cannot be read, is of no known kind, or is broken: then the message says what it seems to be and where it breaks.
pub fn inspect(path: impl AsRef<Path>, values: bool) -> Result<FileReport> {
    let path = path.as_ref();
    let mut file = File::open(path).map_err(|e| FormatError::io(path, e))?;
    let meta = file.metadata().map_err(|e| FormatError::io(path, e))?;
    if meta.is_dir() {
        return Err(FormatError::Unsupported {
            path: path.into(),
            message: "a directory, not a file".into(),
        });
    }
    let mut start = Vec::new();
    (&mut file)
        .take(4096)
        .read_to_end(&mut start)
        .map_err(|e| FormatError::io(path, e))?;
    let blank = FileReport {
        path: path.to_string_lossy().into_owned(),
        bytes: meta.len(),
        format: String::new(),
        content: String::new(),
        facts: Vec::new(),
        shape: Vec::new(),
        pixel_size_angstrom: [None; 3],
        values: None,
        tables: Vec::new(),
        notes: Vec::new(),
    };
    match kind(path, &start) {
        Kind::Dataset => tables::dataset(path, blank, values),
        Kind::Star => tables::star(path, blank, values),
        Kind::Group => tables::group(path, blank),
        Kind::Model => tables::model(path, blank),
        Kind::Mrc => map::mrc(path, blank, values),
        Kind::Tiff => movie::movie(path, blank, values),
        Kind::Foreign(what) => Err(FormatError::Unsupported {
            path: path.into(),
            message: format!("{what}; this version does not read it"),
        }),
        Kind::Empty => Err(FormatError::Unsupported {
            path: path.into(),
            message: "the file is empty".into(),
        }),
    }
}

/// What a file seems to be.
enum Kind {
    Dataset,
    Star,
    Group,
    Model,
    Mrc,
    Tiff,
    Foreign(&'static str),
    Empty,
}

fn kind(path: &Path, start: &[u8]) -> Kind {
    let name = path
        .file_name()
        .map(|n| n.to_string_lossy().to_lowercase())
        .unwrap_or_default();
    let is = |magic: &[u8]| start.starts_with(magic);
    if start.is_empty() {
        return Kind::Empty;
    }
    if is(crate::cs::NPY_MAGIC) || is(crate::cs::CSDAT_MAGIC) || is(crate::cs::OLD_CSDAT_MAGIC) {
        return Kind::Dataset;
    }
    if crate::movie::is_tiff(start) {
        return Kind::Tiff;
    }
    for (magic, what) in [
        (b"\x89PNG".as_slice(), "a PNG image"),
        (b"\x89HDF", "an HDF5 file"),
        (b"PK\x03\x04", "a zip archive"),
        (b"\xff\xd8\xff", "a JPEG image"),
        (b"%PDF", "a PDF document"),
        (b"SQLite format 3", "an SQLite database"),
    ] {
        if is(magic) {
            return Kind::Foreign(what);
        }
    }
    let gzip = is(b"\x1f\x8b");
    if gzip && [".pdb", ".ent", ".cif"].iter().any(|e| name.contains(e)) {
        return Kind::Model;
    }
    let text = !start.contains(&0) && start.iter().filter(|&&b| b < 9 || (13 < b && b < 32)).count() == 0;
    if gzip || is(b"BZh") || !text {
        return Kind::Mrc;
    }
    let head = String::from_utf8_lossy(start);
    let mut lines = head
        .lines()
        .map(str::trim_end)
        .filter(|l| !l.trim().is_empty() && !l.starts_with('#'));
    let first = lines.next().unwrap_or_default();
    let records = [
        "HEADER", "ATOM  ", "HETATM", "REMARK", "TITLE ", "CRYST1", "COMPND", "MODEL ", "EXPDTA",
    ];
    if first.starts_with("data_") {
        let cif = name.ends_with(".cif")
            || name.ends_with(".mmcif")
            || head.contains("\n_entry.")
            || head.contains("\n_atom_site.");
        return if cif { Kind::Model } else { Kind::Star };
    }
    if records.iter().any(|r| first.starts_with(r)) {
        return Kind::Model;
    }
    if name.ends_with(".csg") || (first.starts_with("created:") && head.contains("group:")) {
        return Kind::Group;
    }
    if name.ends_with(".star") {
        return Kind::Star;
    }
    if name.contains(".mrc") || name.ends_with(".map") {
        return Kind::Mrc;
    }
    Kind::Foreign("a text file of no known kind")
}
