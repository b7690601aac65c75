//! `.cs` datasets: numpy structured arrays and CSDAT streams.
//!
//! [`write()`] makes the numpy form, byte for byte as `numpy.save` (numpy 2) writes the structured array of a
//! `cryosparc.dataset.Dataset`; [`write_csdat`] makes the stream form. [`read`] takes either, with all three header paddings
//! that numpy has used. Strings are `|S(w)` with `w` = longest UTF-8 length + 1.

mod csdat;
mod input;
mod literal;
mod npy;
mod npy_header;
mod npy_write;

use crate::Result;
use crate::atomic::AtomicFile;
use crate::error::FormatError;
use input::Input;
use nilas_dataset::Dataset;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::Path;

/// Start of a numpy file.
pub(crate) const NPY_MAGIC: &[u8; 6] = b"\x93NUMPY";
/// Start of a CSDAT stream.
pub(crate) const CSDAT_MAGIC: &[u8; 6] = b"\x95CSDAT";
/// Start of the stream that preceded it (cryosparc-tools 4.1 to 4.3).
pub(crate) const OLD_CSDAT_MAGIC: &[u8; 6] = b"\x94CSDAT";

/// Which of the two forms a file has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CsForm {
    /// numpy `.npy` structured array.
    Numpy,
    /// `\x95CSDAT` stream.
    Csdat,
}

/// What the header of a `.cs` file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CsSchema {
    /// The form.
    pub form: CsForm,
    /// Rows.
    pub rows: usize,
    /// Name and type as written (`<f4`, `|S61`) with extra dimensions.
    pub columns: Vec<(String, String, Vec<usize>)>,
}

/// Reads a `.cs` file of either form.
///
/// # Errors
/// The file cannot be read, is neither form, is shorter than it says, has no `uid` column, or has types that a dataset cannot
/// hold. The message names file and byte.
pub fn read(path: impl AsRef<Path>) -> Result<Dataset> {
    read_columns(path, |_| true)
}

/// Reads `uid` and those columns for which `keep(name)` holds; the others are skipped.
///
/// # Errors
/// As [`read`].
pub fn read_columns(path: impl AsRef<Path>, keep: impl Fn(&str) -> bool) -> Result<Dataset> {
    let path = path.as_ref();
    let file = File::open(path).map_err(|e| FormatError::io(path, e))?;
    let length = file.metadata().map_err(|e| FormatError::io(path, e))?.len();
    from_reader(path, BufReader::with_capacity(1 << 16, file), length, &keep)
}

/// Reads a dataset of either form from memory; `name` stands for the path in messages.
///
/// # Errors
/// As [`read`].
pub fn from_bytes(name: &str, bytes: &[u8]) -> Result<Dataset> {
    from_reader(Path::new(name), bytes, bytes.len() as u64, &|_| true)
}

/// Reads only the header.
///
/// # Errors
/// As [`read`], as far as the header tells.
pub fn schema(path: impl AsRef<Path>) -> Result<CsSchema> {
    let path = path.as_ref();
    let file = File::open(path).map_err(|e| FormatError::io(path, e))?;
    let length = file.metadata().map_err(|e| FormatError::io(path, e))?.len();
    let mut input = Input::new(path, BufReader::new(file), length);
    match form(&mut input)? {
        CsForm::Numpy => {
            let header = npy_header::read(&mut input)?;
            let columns = header
                .fields
                .into_iter()
                .map(|f| (f.name, f.code, f.shape))
                .collect();
            Ok(CsSchema {
                form: CsForm::Numpy,
                rows: header.rows,
                columns,
            })
        }
        CsForm::Csdat => {
            let header = csdat::read_header(&mut input)?;
            let columns = header
                .fields
                .into_iter()
                .map(|f| (f.name, f.code, f.shape))
                .collect();
            Ok(CsSchema {
                form: CsForm::Csdat,
                rows: header.rows,
                columns,
            })
        }
    }
}

fn form<R: Read>(input: &mut Input<'_, R>) -> Result<CsForm> {
    let magic = input.take(6, "the first six bytes")?;
    match <&[u8; 6]>::try_from(magic.as_slice()) {
        Ok(NPY_MAGIC) => Ok(CsForm::Numpy),
        Ok(CSDAT_MAGIC) => Ok(CsForm::Csdat),
        Ok(OLD_CSDAT_MAGIC) => Err(input.unsupported(
            "a CSDAT stream of cryosparc-tools 4.1 to 4.3; load and save it with that version in the numpy form",
        )),
        _ => Err(input.unsupported("not a .cs file: it starts neither as numpy nor as CSDAT")),
    }
}

fn from_reader(path: &Path, reader: impl Read, length: u64, keep: &dyn Fn(&str) -> bool) -> Result<Dataset> {
    let mut input = Input::new(path, reader, length);
    match form(&mut input)? {
        CsForm::Numpy => npy::read(&mut input, keep),
        CsForm::Csdat => csdat::read(&mut input, keep),
    }
}

/// Writes the numpy form. The file appears complete or not at all.
///
/// # Errors
/// The disk refuses, or the header would be too long for the format.
pub fn write(path: impl AsRef<Path>, dataset: &Dataset) -> Result<()> {
    write_atomic(path.as_ref(), |out| npy_write::write(out, dataset))
}

/// Writes the CSDAT stream form, columns packed with LZ4 if `lz4`.
///
/// # Errors
/// The disk refuses, or a column is too large for the format (4 GiB).
pub fn write_csdat(path: impl AsRef<Path>, dataset: &Dataset, lz4: bool) -> Result<()> {
    write_atomic(path.as_ref(), |out| csdat::write(out, dataset, lz4))
}

/// The numpy form in memory.
///
/// # Errors
/// The header would be too long for the format.
pub fn to_npy_bytes(dataset: &Dataset) -> std::io::Result<Vec<u8>> {
    let mut out = Vec::new();
    npy_write::write(&mut out, dataset)?;
    Ok(out)
}

/// The CSDAT form in memory.
///
/// # Errors
/// A column is too large for the format.
pub fn to_csdat_bytes(dataset: &Dataset, lz4: bool) -> std::io::Result<Vec<u8>> {
    let mut out = Vec::new();
    csdat::write(&mut out, dataset, lz4)?;
    Ok(out)
}

fn write_atomic(path: &Path, write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Result<()> {
    let out = AtomicFile::create(path)?;
    let mut buffered = BufWriter::with_capacity(1 << 18, out.file()?);
    write(&mut buffered)
        .and_then(|()| buffered.flush())
        .map_err(|e| FormatError::io(path, e))?;
    drop(buffered);
    out.commit()
}
