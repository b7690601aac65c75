//! Atoms from PDB and mmCIF files, told apart by their content; gzip is unpacked.
//!
//! Only what a simulator of scattering needs is read: element, position, B, occupancy, alternative, chain, residue. Of several
//! models the first is read. Alternative locations are all returned: their occupancies add up to 1, so that the sum over atoms
//! is the average molecule.

mod elements;
mod legacy;
mod mmcif;

use crate::Result;
use crate::error::FormatError;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

pub use elements::{atomic_number, symbol};

/// One atom.
#[derive(Debug, Clone, PartialEq)]
pub struct Atom {
    /// Protons; deuterium counts as hydrogen.
    pub atomic_number: u8,
    /// Position x, y, z in angstrom.
    pub position_angstrom: [f64; 3],
    /// Isotropic B in angstrom^2; 0 where the file has none.
    pub b_factor: f64,
    /// Occupancy; 1 where the file has none.
    pub occupancy: f64,
    /// Alternative location; none for most atoms.
    pub alternative: Option<char>,
    /// Chain (the author's, where the file has two names).
    pub chain: String,
    /// Residue, for example `ALA` or `HOH`.
    pub residue: String,
    /// Atom name, for example `CA`.
    pub name: String,
    /// `HETATM`: not part of a standard polymer.
    pub hetero: bool,
}

impl Atom {
    /// The element's symbol.
    pub fn symbol(&self) -> &'static str {
        symbol(self.atomic_number)
    }
}

/// Which of the two formats a file has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelFormat {
    /// Fixed columns.
    Pdb,
    /// `_atom_site` loops.
    MmCif,
}

/// The atoms of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Structure {
    /// The format.
    pub format: ModelFormat,
    /// The atoms of the first model, in file order.
    pub atoms: Vec<Atom>,
    /// Models in the file (PDB: up to the first two are told apart).
    pub models: usize,
}

/// Reads the atoms of the first model of a PDB or mmCIF file.
///
/// # Errors
/// The file cannot be read, is neither, has no atoms, or a coordinate or element makes no sense; file and line are named.
pub fn read_atoms(path: impl AsRef<Path>) -> Result<Vec<Atom>> {
    read_structure(path).map(|s| s.atoms)
}

/// As [`read_atoms`], and tells the format.
///
/// # Errors
/// As [`read_atoms`].
pub fn read_structure(path: impl AsRef<Path>) -> Result<Structure> {
    let path = path.as_ref();
    let file = std::fs::File::open(path).map_err(|e| FormatError::io(path, e))?;
    let mut reader = BufReader::new(file);
    let zipped = reader
        .fill_buf()
        .map_err(|e| FormatError::io(path, e))?
        .starts_with(&[0x1f, 0x8b]);
    if zipped {
        parse(path, BufReader::new(flate2::read::MultiGzDecoder::new(reader)))
    } else {
        parse(path, reader)
    }
}

/// Reads atoms from text in memory; `name` stands for the path in messages.
///
/// # Errors
/// As [`read_atoms`].
pub fn parse_structure(name: &str, text: &[u8]) -> Result<Structure> {
    parse(Path::new(name), text)
}

/// Lines with their numbers, as text where bytes that are no UTF-8 are replaced.
pub(crate) struct Lines<'a, R> {
    path: &'a Path,
    reader: R,
    bytes: Vec<u8>,
    pub(crate) number: usize,
}

/// A line of a text file is never longer than this.
const MAX_LINE: u64 = 1 << 20;

impl<R: BufRead> Lines<'_, R> {
    /// The next line without its end; none at the end of the file.
    pub(crate) fn next_line(&mut self) -> Result<Option<String>> {
        self.bytes.clear();
        self.number += 1;
        let got = (&mut self.reader)
            .take(MAX_LINE)
            .read_until(b'\n', &mut self.bytes)
            .map_err(|e| FormatError::line(self.path, self.number, format!("reading failed: {e}")))?;
        if got as u64 == MAX_LINE {
            return Err(self.bad("a line of a mebibyte: not a text file"));
        }
        let text = String::from_utf8_lossy(&self.bytes);
        Ok((got > 0).then(|| text.trim_end_matches(['\n', '\r']).to_string()))
    }

    pub(crate) fn bad(&self, message: impl Into<String>) -> FormatError {
        FormatError::line(self.path, self.number, message)
    }
}

fn parse(path: &Path, reader: impl BufRead) -> Result<Structure> {
    let mut lines = Lines {
        path,
        reader,
        bytes: Vec::new(),
        number: 0,
    };
    loop {
        let Some(line) = lines.next_line()? else {
            return Err(FormatError::Unsupported {
                path: path.into(),
                message: "the file is empty".into(),
            });
        };
        if line.contains('\0') {
            return Err(lines.bad("a NUL byte: neither PDB nor mmCIF"));
        }
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let structure = if line.starts_with("data_") {
            mmcif::parse(&mut lines)?
        } else {
            legacy::parse(&mut lines, line)?
        };
        if structure.atoms.is_empty() {
            let message = match structure.format {
                ModelFormat::Pdb => "no ATOM or HETATM records: not a PDB or mmCIF model",
                ModelFormat::MmCif => "the mmCIF file has no atoms (_atom_site)",
            };
            return Err(FormatError::Unsupported {
                path: path.into(),
                message: message.into(),
            });
        }
        return Ok(structure);
    }
}
