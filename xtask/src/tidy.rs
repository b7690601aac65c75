//! The house rules of ARCHITECTURE.md that a machine can hold. Also a test, so that `./run test` holds them.

use crate::metadata::{Metadata, root, tracked_files};
use anyhow::{Context, Result, bail};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Most lines of a file written by people.
const MOST_LINES: usize = 800;
/// Most bytes of a tracked file.
const MOST_BYTES: u64 = 1_000_000;

/// Third-party crates that only these of ours may use: each is a boundary.
const ONLY: &[(&[&str], &[&str])] = &[
    (&["rusqlite"], &["nilas-store"]),
    (
        &["axum", "tower-http", "utoipa-axum", "rust-embed"],
        &["nilas-server"],
    ),
    (&["tokio", "tokio-stream"], &["nilas-server", "nilas"]),
    (&["ureq"], &["nilas-client"]),
    (&["cudarc", "opencl3"], &["nilas-kernels"]),
    (&["clap", "indicatif", "anyhow"], &["nilas", "xtask"]),
];

/// Crates without clock, network, async, log or HTTP types: they may use none of these.
const SCIENCE: &[&str] = &[
    "nilas-geometry",
    "nilas-kernels",
    "nilas-dataset",
    "nilas-formats",
    "nilas-simulate",
    "nilas-optics",
    "nilas-volume",
    "nilas-micrograph",
    "nilas-refine",
];
const NOT_IN_SCIENCE: &[&str] = &["tracing", "utoipa", "nilas-model", "nilas-api", "libc"];

/// Where `unsafe` may stand, and why.
const UNSAFE: &[(&str, &str)] = &[
    ("crates/nilas-kernels/", "SIMD intrinsics, GPU drivers"),
    ("crates/nilas-launch/", "process groups and signals"),
    (
        "crates/nilas-jobs/",
        "signals and resource usage of the job process",
    ),
];

/// Where a library may print: nowhere; these are programs.
const PROGRAMS: &[&str] = &["crates/nilas/", "xtask/"];

/// Prints what is wrong and fails, or says that all is well.
pub fn run() -> Result<()> {
    let complaints = complaints()?;
    if complaints.is_empty() {
        println!("tidy: all is well");
        return Ok(());
    }
    bail!("{}", complaints.join("\n"))
}

fn complaints() -> Result<Vec<String>> {
    let root = root()?;
    let metadata = Metadata::read(&root)?;
    let text = std::fs::read_to_string(root.join("ARCHITECTURE.md")).context("ARCHITECTURE.md")?;
    let mut out = dependency_complaints(&metadata, &table(&text)?);
    for path in tracked_files(&root)? {
        file_complaints(&root, &path, &mut out)?;
    }
    Ok(out)
}

/// A row of the dependency table.
struct Row {
    name: String,
    uses: BTreeSet<String>,
}

/// The rows `| \`crate\` | what | uses |` of ARCHITECTURE.md, top to bottom.
fn table(text: &str) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for line in text
        .lines()
        .filter(|l| l.starts_with("| `nilas") || l.starts_with("| `xtask"))
    {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [name, _, uses] = cells[..] else {
            bail!("ARCHITECTURE.md: not three cells: {line}")
        };
        let strip = |s: &str| s.trim().trim_matches('`').to_owned();
        rows.push(Row {
            name: strip(name),
            uses: uses
                .split(',')
                .map(strip)
                .filter(|s| !s.is_empty() && s != "–")
                .map(|s| if s == "xtask" { s } else { format!("nilas-{s}") })
                .collect(),
        });
    }
    Ok(rows)
}

fn dependency_complaints(metadata: &Metadata, rows: &[Row]) -> Vec<String> {
    let mut out = Vec::new();
    let members: BTreeSet<&str> = metadata.members().map(|p| p.name.as_str()).collect();
    for row in rows.iter().filter(|r| !members.contains(r.name.as_str())) {
        out.push(format!(
            "ARCHITECTURE.md lists {}, which is no crate of the workspace",
            row.name
        ));
    }
    for package in metadata.members() {
        let name = package.name.as_str();
        let Some(place) = rows.iter().position(|r| r.name == name) else {
            out.push(format!("ARCHITECTURE.md: no row for {name}"));
            continue;
        };
        let uses = package.uses();
        for used in uses.iter().filter(|u| members.contains(**u)) {
            if !rows[place].uses.contains(*used) {
                out.push(format!(
                    "{name} uses {used}, which its row in ARCHITECTURE.md does not allow"
                ));
            }
            if rows
                .iter()
                .position(|r| r.name == **used)
                .is_some_and(|p| p < place)
            {
                out.push(format!(
                    "{name} uses {used}, which stands above it: arrows point down"
                ));
            }
        }
        for listed in rows[place].uses.iter().filter(|l| !uses.contains(l.as_str())) {
            out.push(format!("ARCHITECTURE.md: {name} no longer uses {listed}"));
        }
        for (guarded, owners) in ONLY {
            for used in guarded
                .iter()
                .filter(|g| uses.contains(**g) && !owners.contains(&name))
            {
                out.push(format!("{name} uses {used}: only {} may", owners.join(", ")));
            }
        }
        if SCIENCE.contains(&name) {
            for used in NOT_IN_SCIENCE.iter().filter(|u| uses.contains(**u)) {
                out.push(format!("{name} uses {used}: the science knows nothing of it"));
            }
        }
    }
    out
}

fn file_complaints(root: &Path, path: &PathBuf, out: &mut Vec<String>) -> Result<()> {
    let shown = path.display();
    let bytes = std::fs::read(root.join(path)).with_context(|| shown.to_string())?;
    if bytes.len() as u64 > MOST_BYTES {
        out.push(format!(
            "{shown}: {} bytes, at most {MOST_BYTES} may be tracked",
            bytes.len()
        ));
    }
    for part in path.iter().filter_map(|p| Path::new(p).file_stem()?.to_str()) {
        if ["utils", "util", "common", "helpers", "helper", "manager", "misc"].contains(&part) {
            out.push(format!(
                "{shown}: \"{part}\" says nothing; name it after what it does"
            ));
        }
    }
    let Ok(text) = String::from_utf8(bytes) else {
        return Ok(());
    };
    let lines = text.lines().count();
    if lines > MOST_LINES && !generated(path, &text) {
        out.push(format!(
            "{shown}: {lines} lines, at most {MOST_LINES}; split it by what it does"
        ));
    }
    // Written in two halves so that this file passes its own test.
    for machine in [concat!("/wo", "rk/"), concat!("/ro", "ot/")] {
        if text.contains(machine) {
            out.push(format!("{shown}: names a folder of one machine ({machine})"));
        }
    }
    if path.extension().is_some_and(|e| e == "rs") {
        code_complaints(path, &text, out);
    }
    Ok(())
}

/// Marked as made by a program, or a lock file or licence text.
fn generated(path: &Path, text: &str) -> bool {
    let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
    ["Cargo.lock", "package-lock.json", "openapi.json"].contains(&name)
        || path.starts_with("docs/manual")
        || text
            .lines()
            .take(5)
            .any(|l| l.contains("@generated") || l.contains("auto-generated"))
}

fn code_complaints(path: &Path, text: &str, out: &mut Vec<String>) {
    let shown = path.display().to_string();
    let is_test = path
        .iter()
        .any(|p| p == "tests" || p == "examples" || p == "benches" || p == "tests.rs");
    if shown.ends_with("src/lib.rs") && !text.trim_start().starts_with("//!") {
        out.push(format!("{shown}: says nothing of itself at the top (//! ...)"));
    }
    let may_be_unsafe = UNSAFE.iter().any(|(place, _)| shown.starts_with(place));
    // A build script speaks to cargo by printing.
    let may_print = is_test || path.ends_with("build.rs") || PROGRAMS.iter().any(|p| shown.starts_with(p));
    for (number, line) in production_lines(text) {
        let code = line.split("//").next().unwrap_or_default();
        let place = format!("{shown}:{number}");
        let has = |word: &str| code.contains(word);
        if !may_be_unsafe && (has("unsafe {") || has("unsafe fn") || has("unsafe impl")) && !has("\"unsafe") {
            out.push(format!("{place}: `unsafe` stands only in {}", unsafe_places()));
        }
        if !may_print
            && ["println!(", "print!(", "eprintln!(", "eprint!("]
                .iter()
                .any(|p| has(p))
        {
            out.push(format!("{place}: a library never prints"));
        }
        if ["TO", "FIX"]
            .iter()
            .zip(["DO", "ME"])
            .any(|(a, b)| line.contains(&format!("{a}{b}")))
        {
            out.push(format!(
                "{place}: unfinished work belongs in an issue, not in the code"
            ));
        }
    }
}

fn unsafe_places() -> String {
    UNSAFE
        .iter()
        .map(|(place, _)| *place)
        .collect::<Vec<_>>()
        .join(", ")
}

/// Lines before an in-file test module, numbered from 1.
fn production_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines: Vec<&str> = text.lines().collect();
    let is_tests = |i: usize| {
        lines[i].trim() == "#[cfg(test)]"
            && lines
                .get(i + 1)
                .is_some_and(|l| l.trim_start().starts_with("mod ") && l.ends_with('{'))
    };
    let end = (0..lines.len()).find(|&i| is_tests(i)).unwrap_or(lines.len());
    lines.into_iter().take(end).enumerate().map(|(i, l)| (i + 1, l))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_house_is_tidy() {
        let complaints = complaints().unwrap();
        assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    }

    #[test]
    fn the_rules_can_fail() {
        let mut out = Vec::new();
        let path = Path::new("crates/nilas-volume/src/lib.rs");
        code_complaints(path, "fn f() { unsafe { g() } println!(\"x\") }\n", &mut out);
        assert_eq!(out.len(), 3, "{out:?}");
        out.clear();
        code_complaints(
            path,
            "//! Maps.\n#[cfg(test)]\nmod tests {\nprintln!()\n}\n",
            &mut out,
        );
        assert!(out.is_empty(), "{out:?}");
    }

    #[test]
    fn an_arrow_that_points_up_is_found() {
        let metadata = Metadata::read(&root().unwrap()).unwrap();
        let mut rows =
            table(&std::fs::read_to_string(root().unwrap().join("ARCHITECTURE.md")).unwrap()).unwrap();
        rows.reverse();
        let out = dependency_complaints(&metadata, &rows);
        assert!(out.iter().any(|c| c.contains("arrows point down")), "{out:?}");
    }
}
