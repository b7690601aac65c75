//! A look at files: headers of all, pixels of some.

use super::Plan;
use crate::context::JobContext;
use crate::figures;
use nilas_formats::mrc::{MrcFile, MrcMode};
use nilas_model::Failure;
use nilas_model::figure::GreyImage;
use rayon::prelude::*;
use std::path::{Path, PathBuf};

/// Files per report of progress.
const BATCH: usize = 64;
/// Micrographs shown.
const SHOWN: usize = 12;
/// Least side of a micrograph in pixels.
const LEAST_SIDE: usize = 128;

/// What the header of a file says.
#[derive(Debug, Clone)]
pub(super) struct Header {
    pub path: PathBuf,
    /// Rows, columns.
    pub shape: [usize; 2],
    pub mode: MrcMode,
    pub pixel_size_angstrom: f64,
    pub notes: Vec<String>,
}

/// A file that can't be used, and why.
#[derive(Debug, Clone)]
pub(super) struct Bad {
    pub path: PathBuf,
    pub reason: String,
}

/// Checks all headers on all cores.
pub(super) fn headers(context: &JobContext, plan: &Plan) -> Result<(Vec<Header>, Vec<Bad>), Failure> {
    let given = plan.params.pixel_size_angstrom;
    let mut progress = context.progress("headers checked", plan.files.len() as u64);
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for batch in plan.files.chunks(BATCH) {
        context.check_cancelled()?;
        let results: Vec<Result<Header, Bad>> = batch.par_iter().map(|path| header(path, given)).collect();
        for result in results {
            match result {
                Ok(header) => good.push(header),
                Err(reason) => bad.push(reason),
            }
        }
        progress.add(batch.len() as u64)?;
    }
    Ok((good, bad))
}

fn header(path: &Path, given: Option<f64>) -> Result<Header, Bad> {
    let bad = |reason: String| Bad {
        path: path.to_owned(),
        reason,
    };
    let file = MrcFile::open(path).map_err(|e| bad(e.to_string()))?;
    let shape = file.slice_shape();
    if file.slices() != 1 {
        return Err(bad(format!(
            "{} holds {} images; a micrograph is one. Import movies as movies, particles as particles.",
            path.display(),
            file.slices()
        )));
    }
    if shape[0].min(shape[1]) < LEAST_SIDE {
        return Err(bad(format!(
            "{} has {} x {} pixels; a micrograph needs at least {LEAST_SIDE} on each side.",
            path.display(),
            shape[1],
            shape[0]
        )));
    }
    let said = file.pixel_size_angstrom().filter(|p| *p > 0.0 && p.is_finite());
    let Some(pixel_size_angstrom) = given.or(said) else {
        return Err(bad(format!(
            "The header of {} does not say the pixel size: give pixel_size_angstrom.",
            path.display()
        )));
    };
    Ok(Header {
        path: path.to_owned(),
        shape,
        mode: file.header().mode,
        pixel_size_angstrom,
        notes: file.notes().to_vec(),
    })
}

/// What reading whole micrographs told.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub looked_at: usize,
    pub bad: Vec<Bad>,
    pub shown: Vec<GreyImage>,
}

/// Reads some or all micrographs whole.
pub(super) fn pixels(context: &JobContext, headers: &[Header], sample: usize) -> Result<Seen, Failure> {
    let sample = sample.min(headers.len());
    let chosen: Vec<usize> = (0..sample)
        .map(|i| (i as u128 * headers.len() as u128 / sample as u128) as usize)
        .collect();
    let every = sample.div_ceil(SHOWN).max(1);
    let mut seen = Seen::default();
    let mut progress = context.progress("micrographs read", sample as u64);
    let batch = rayon::current_num_threads().clamp(1, 8);
    for (at, group) in chosen.chunks(batch).enumerate() {
        context.check_cancelled()?;
        let results: Vec<Result<Option<GreyImage>, Bad>> = group
            .par_iter()
            .enumerate()
            .map(|(i, index)| look(&headers[*index], (at * batch + i).is_multiple_of(every)))
            .collect();
        for result in results {
            seen.looked_at += 1;
            match result {
                Ok(image) => seen.shown.extend(image),
                Err(bad) => seen.bad.push(bad),
            }
        }
        progress.add(group.len() as u64)?;
    }
    Ok(seen)
}

fn look(header: &Header, show: bool) -> Result<Option<GreyImage>, Bad> {
    let bad = |reason: String| Bad {
        path: header.path.clone(),
        reason,
    };
    let image = MrcFile::open(&header.path)
        .and_then(|f| f.read_all())
        .map_err(|e| bad(e.to_string()))?;
    let [rows, columns] = header.shape;
    let micrograph = nilas_micrograph::Micrograph {
        width: columns,
        height: rows,
        pixel_size_angstrom: header.pixel_size_angstrom,
        data: &image,
    };
    micrograph
        .check()
        .map_err(|e| bad(format!("{}: {e}.", header.path.display())))?;
    let name = header.path.file_name().unwrap_or_default().to_string_lossy();
    Ok(show.then(|| figures::grey_image(&image, columns, &name)))
}
