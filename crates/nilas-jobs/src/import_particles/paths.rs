//! Where the stacks are: image paths of a particle file resolved to files.

use super::Plan;
use crate::failure;
use nilas_model::Failure;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Missing files named in a message before it says "and n more".
const NAMED: usize = 5;

/// The existing file of every distinct image path.
///
/// # Errors
/// Which files are missing and where they were looked for.
pub(super) fn resolve<'a>(
    plan: &Plan,
    named: impl Iterator<Item = &'a str>,
) -> Result<BTreeMap<String, PathBuf>, Failure> {
    let roots = roots(plan);
    let mut found = BTreeMap::new();
    let mut missing: Vec<(String, usize)> = Vec::new();
    for name in named {
        if found.contains_key(name) {
            continue;
        }
        if let Some((_, count)) = missing.iter_mut().find(|(m, _)| m == name) {
            *count += 1;
            continue;
        }
        match locate(name, &roots, plan.image_root.is_some()) {
            Some(path) => {
                found.insert(name.to_owned(), path);
            }
            None => missing.push((name.to_owned(), 1)),
        }
    }
    if missing.is_empty() {
        return Ok(found);
    }
    let names: Vec<String> = missing
        .iter()
        .take(NAMED)
        .map(|(name, count)| format!("{name} ({count} particles)"))
        .collect();
    let more = if missing.len() > NAMED {
        format!(" and {} more", missing.len() - NAMED)
    } else {
        String::new()
    };
    let looked: Vec<String> = roots.iter().map(|r| r.display().to_string()).collect();
    let (field, looked) = if missing.iter().all(|(name, _)| Path::new(name).is_absolute()) {
        ("params.path", "These are absolute paths.".to_owned())
    } else {
        (
            "params.image_root",
            format!("Looked below {}.", looked.join(", ")),
        )
    };
    Err(failure::input(
        field,
        format!(
            "{} of {} image files are missing: {}{more}. {looked}",
            missing.len(),
            missing.len() + found.len(),
            names.join(", ")
        ),
        "Set image_root to the folder that the paths in the file start from, and check that its disk is mounted.",
    ))
}

/// Folders that relative paths may start from, likeliest first.
fn roots(plan: &Plan) -> Vec<PathBuf> {
    match &plan.image_root {
        Some(root) => vec![root.clone()],
        None => plan.path.ancestors().skip(1).map(Path::to_owned).collect(),
    }
}

fn locate(name: &str, roots: &[PathBuf], root_was_given: bool) -> Option<PathBuf> {
    let path = Path::new(name);
    if path.is_absolute() && path.is_file() {
        return Some(path.to_owned());
    }
    let relative = path.strip_prefix("/").unwrap_or(path);
    for root in roots {
        let whole = root.join(relative);
        if whole.is_file() {
            return Some(whole);
        }
        // Stacks are often moved into one folder: a given root may be that folder.
        if root_was_given && let Some(bare) = path.file_name().map(|f| root.join(f)).filter(|p| p.is_file()) {
            return Some(bare);
        }
    }
    None
}
