//! What `cargo metadata` says of the workspace and of everything that it builds.

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The part of `cargo metadata` that the chores read.
#[derive(Debug, Deserialize)]
pub struct Metadata {
    /// Every package, third-party ones included.
    pub packages: Vec<Package>,
    workspace_members: BTreeSet<String>,
    resolve: Option<Resolve>,
}

/// One package.
#[derive(Debug, Clone, Deserialize)]
pub struct Package {
    id: String,
    /// Crate name.
    pub name: String,
    /// Version.
    pub version: String,
    /// SPDX expression.
    pub license: Option<String>,
    /// Registry or repository; `None` for our own.
    pub source: Option<String>,
    dependencies: Vec<Dependency>,
}

#[derive(Debug, Clone, Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Debug, Deserialize)]
struct Node {
    id: String,
    deps: Vec<NodeDep>,
}

#[derive(Debug, Deserialize)]
struct NodeDep {
    pkg: String,
    dep_kinds: Vec<DepKind>,
}

#[derive(Debug, Deserialize)]
struct DepKind {
    kind: Option<String>,
}

impl Metadata {
    /// Asks cargo, without touching the lock file.
    pub fn read(root: &Path) -> Result<Metadata> {
        let out = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args(["metadata", "--format-version", "1", "--locked"])
            .current_dir(root)
            .output()
            .context("cargo metadata did not start")?;
        if !out.status.success() {
            bail!("cargo metadata: {}", String::from_utf8_lossy(&out.stderr).trim());
        }
        serde_json::from_slice(&out.stdout).context("cargo metadata: unexpected answer")
    }

    /// Our own crates.
    pub fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages
            .iter()
            .filter(|p| self.workspace_members.contains(&p.id))
    }

    /// Packages that end in a program of ours or run while it is built: everything but dev-dependencies.
    pub fn shipped(&self) -> Vec<&Package> {
        let Some(resolve) = &self.resolve else {
            return self.packages.iter().collect();
        };
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let mut open: Vec<&str> = self.workspace_members.iter().map(String::as_str).collect();
        while let Some(id) = open.pop() {
            if !seen.insert(id) {
                continue;
            }
            let Some(node) = resolve.nodes.iter().find(|n| n.id == id) else {
                continue;
            };
            let kept = |d: &&NodeDep| d.dep_kinds.iter().any(|k| k.kind.as_deref() != Some("dev"));
            open.extend(node.deps.iter().filter(kept).map(|d| d.pkg.as_str()));
        }
        self.packages
            .iter()
            .filter(|p| seen.contains(p.id.as_str()))
            .collect()
    }
}

impl Package {
    /// Names of the crates that it uses when it is built (not in its tests only).
    pub fn uses(&self) -> BTreeSet<&str> {
        self.dependencies
            .iter()
            .filter(|d| d.kind.as_deref() != Some("dev"))
            .map(|d| d.name.as_str())
            .collect()
    }
}

/// The repository's root: the folder above `xtask/`.
pub fn root() -> Result<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    Ok(here.parent().context("xtask has no parent folder")?.to_path_buf())
}

/// Files that git tracks, relative to the root.
pub fn tracked_files(root: &Path) -> Result<Vec<PathBuf>> {
    let out = Command::new("git")
        .args(["ls-files", "-z"])
        .current_dir(root)
        .output()
        .context("git did not start")?;
    if !out.status.success() {
        bail!("git ls-files: {}", String::from_utf8_lossy(&out.stderr).trim());
    }
    let names = String::from_utf8(out.stdout).context("a tracked file's name is not UTF-8")?;
    Ok(names
        .split_terminator('\0')
        .map(PathBuf::from)
        .filter(|p| root.join(p).is_file())
        .collect())
}
