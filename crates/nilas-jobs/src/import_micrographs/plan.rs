//! Checks of `import_micrographs`.

use super::Params;
use super::pattern::{find, is_pattern, natural};
use crate::files::candidates;
use crate::job::Request;
use crate::params::also;
use nilas_model::Problem;
use std::path::{Path, PathBuf};

/// What the run needs to know.
#[derive(Debug)]
pub struct Plan {
    /// Checked parameters.
    pub params: Params,
    /// The files, absolute, in natural order.
    pub files: Vec<PathBuf>,
    /// Folders that could not be looked into.
    pub unreadable: Vec<String>,
}

pub(super) fn plan(request: &Request) -> Result<Plan, Vec<Problem>> {
    let named = request
        .params
        .get("path")
        .and_then(|p| p.as_str())
        .map(str::trim)
        .filter(|p| !p.is_empty() && !p.contains('\0'))
        .map(|p| files(&request.project_dir, Path::new(p)));
    let missing = named.as_ref().and_then(|n| n.as_ref().err()).cloned();
    let params = also(Params::parse(&request.params), missing)?;
    let (mut files, unreadable) = named.and_then(Result::ok).unwrap_or_default();
    if let Some(first) = params.first {
        files.truncate(first);
    }
    Ok(Plan {
        params,
        files,
        unreadable,
    })
}

fn problem(message: String, hint: &str) -> Problem {
    Problem {
        field: "params.path".to_owned(),
        message,
        hint: hint.to_owned(),
    }
}

/// The files that a path, folder or pattern stands for, and what could not be looked into.
fn files(project_dir: &Path, path: &Path) -> Result<(Vec<PathBuf>, Vec<String>), Problem> {
    let tried = candidates(project_dir, path);
    for place in &tried {
        if place.is_file() {
            return Ok((vec![absolute(place)], Vec::new()));
        }
        if place.is_dir() {
            return folder(place);
        }
    }
    let list = tried
        .iter()
        .map(|p| p.display().to_string())
        .collect::<Vec<_>>()
        .join(" or ");
    if !is_pattern(path) {
        return Err(problem(
            format!("{list} does not exist."),
            "Check the spelling, and that the disk is mounted on the machine that runs Nilas.",
        ));
    }
    let mut unreadable = Vec::new();
    for place in &tried {
        let (found, bad) = find(Path::new("/"), &absolute(place));
        if !found.is_empty() {
            return Ok((found, bad));
        }
        unreadable.extend(bad);
    }
    let why = if unreadable.is_empty() {
        String::new()
    } else {
        format!(" These folders can't be read: {}.", unreadable.join(", "))
    };
    Err(problem(
        format!("No file matches {list}.{why}"),
        "Check the pattern: * stands for any characters of one name, ** for any number of folders.",
    ))
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// The MRC files of a folder.
fn folder(dir: &Path) -> Result<(Vec<PathBuf>, Vec<String>), Problem> {
    let entries = std::fs::read_dir(dir).map_err(|e| {
        problem(
            format!("{} can't be read: {e}.", dir.display()),
            "Give the account that runs Nilas permission to read it.",
        )
    })?;
    let known = |path: &Path| {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .to_lowercase();
        [".mrc", ".mrc.gz", ".mrc.bz2"].iter().any(|e| name.ends_with(e)) && !name.starts_with('.')
    };
    let mut found: Vec<PathBuf> = entries
        .flatten()
        .map(|e| absolute(&e.path()))
        .filter(|p| known(p) && p.is_file())
        .collect();
    found.sort_by(|a, b| natural(&a.to_string_lossy(), &b.to_string_lossy()));
    if found.is_empty() {
        return Err(problem(
            format!("The folder {} holds no .mrc file.", dir.display()),
            "Give a pattern such as FOLDER/**/*.mrc when the micrographs lie deeper or have another ending.",
        ));
    }
    Ok((found, Vec::new()))
}
