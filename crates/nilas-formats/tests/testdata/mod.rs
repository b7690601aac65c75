//! Where the real files are, and whether the Python oracles can be asked.
#![allow(clippy::unwrap_used, dead_code)]

use std::path::PathBuf;
use std::process::Command;

/// The file `relative` of the test data; none (and a printed line) where it is missing.
pub fn file(relative: &str) -> Option<PathBuf> {
    let root = std::env::var_os("NILAS_TEST_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    // A git worktree lies deeper than a clone; both see the data beside the working place.
    let worktree = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/data");
    let found = [root.join(relative), worktree.join(relative)]
        .into_iter()
        .find(|p| p.exists());
    if found.is_none() {
        eprintln!(
            "skipped: no {} (set NILAS_TEST_DATA)",
            root.join(relative).display()
        );
    }
    found
}

/// All files below a folder of the test data, sorted.
pub fn files_below(relative: &str) -> Vec<PathBuf> {
    let mut out = Vec::new();
    let mut todo: Vec<PathBuf> = file(relative).into_iter().collect();
    while let Some(dir) = todo.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                todo.push(path);
            } else {
                out.push(path);
            }
        }
    }
    out.sort();
    out
}

/// Runs Python code that needs `module`; its standard output, or none (and a printed line) where the module is missing.
pub fn python(module: &str, code: &str, args: &[&str]) -> Option<String> {
    let has = Command::new("python3")
        .args(["-c", &format!("import {module}")])
        .output();
    if !has.is_ok_and(|o| o.status.success()) {
        eprintln!("skipped: python3 with {module} is not installed");
        return None;
    }
    let out = Command::new("python3")
        .arg("-W")
        .arg("ignore")
        .arg("-c")
        .arg(code)
        .args(args)
        .output()
        .unwrap();
    assert!(
        out.status.success(),
        "python: {}",
        String::from_utf8_lossy(&out.stderr)
    );
    Some(String::from_utf8(out.stdout).unwrap())
}
