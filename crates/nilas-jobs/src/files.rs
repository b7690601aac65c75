//! Finding the files that parameters name.

use crate::job::Request;
use nilas_model::Problem;
use std::path::{Path, PathBuf};

/// The file that a path parameter of a request names, when it is set: found, or the problem with it.
pub fn named_file(request: &Request, name: &str) -> Option<Result<PathBuf, Problem>> {
    named(request, name).map(|path| existing_file(&request.project_dir, name, path))
}

/// The folder that a path parameter of a request names, when it is set: found, or the problem with it.
pub fn named_folder(request: &Request, name: &str) -> Option<Result<PathBuf, Problem>> {
    named(request, name).map(|path| existing_folder(&request.project_dir, name, path))
}

fn named<'a>(request: &'a Request, name: &str) -> Option<&'a Path> {
    request
        .params
        .get(name)?
        .as_str()
        .filter(|text| !text.trim().is_empty())
        .map(Path::new)
}

/// Where a path parameter may point: an absolute path as it is, a relative one below the project
/// directory or the working directory, `~` the home directory.
pub(crate) fn candidates(project_dir: &Path, path: &Path) -> Vec<PathBuf> {
    if let (Ok(rest), Some(home)) = (path.strip_prefix("~"), std::env::var_os("HOME")) {
        return vec![Path::new(&home).join(rest)];
    }
    if path.is_absolute() {
        return vec![path.to_owned()];
    }
    let mut found = vec![project_dir.join(path)];
    if let Ok(here) = std::env::current_dir() {
        found.push(here.join(path));
    }
    found
}

/// The existing file that a parameter names, absolute.
///
/// # Errors
/// A problem that belongs to `params.<name>` and lists what was looked for.
fn existing_file(project_dir: &Path, name: &str, path: &Path) -> Result<PathBuf, Problem> {
    let found = existing(project_dir, name, path)?;
    if found.is_dir() {
        return Err(problem(
            name,
            format!("{} is a folder, not a file.", found.display()),
            "Give the path of the file itself.",
        ));
    }
    // Opening says more than metadata would: it meets missing permissions.
    match std::fs::File::open(&found) {
        Ok(_) => Ok(found),
        Err(e) => Err(problem(
            name,
            format!("{} can't be read: {e}.", found.display()),
            "Give the account that runs Nilas permission to read it.",
        )),
    }
}

/// The existing folder that a parameter names, absolute.
///
/// # Errors
/// A problem that belongs to `params.<name>` and lists what was looked for.
fn existing_folder(project_dir: &Path, name: &str, path: &Path) -> Result<PathBuf, Problem> {
    let found = existing(project_dir, name, path)?;
    if found.is_dir() {
        return Ok(found);
    }
    Err(problem(
        name,
        format!("{} is not a folder.", found.display()),
        "Give the path of a folder.",
    ))
}

fn existing(project_dir: &Path, name: &str, path: &Path) -> Result<PathBuf, Problem> {
    let tried = candidates(project_dir, path);
    match tried.iter().find(|p| p.exists()) {
        Some(found) => std::path::absolute(found).map_err(|e| {
            problem(
                name,
                format!("{}: {e}.", found.display()),
                "Give an absolute path.",
            )
        }),
        None => {
            let list = tried
                .iter()
                .map(|p| p.display().to_string())
                .collect::<Vec<_>>()
                .join(" or ");
            Err(problem(
                name,
                format!("{list} does not exist."),
                "Check the spelling, and that the disk is mounted on the machine that runs Nilas.",
            ))
        }
    }
}

fn problem(name: &str, message: String, hint: &str) -> Problem {
    Problem {
        field: format!("params.{name}"),
        message,
        hint: hint.to_owned(),
    }
}
