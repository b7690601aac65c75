//! Licences, sources and bans of everything that is built, against `deny.toml`.
//!
//! The same lists as cargo-deny reads; compiling that program takes longer than the rest of CI's checks, and its
//! advisory database cannot be fetched there (docs/adr/0001).

use crate::metadata::{Metadata, root};
use crate::spdx;
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

#[derive(Deserialize)]
struct Policy {
    licenses: Licences,
    bans: Bans,
}

#[derive(Deserialize)]
struct Licences {
    allow: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<Ban>,
}

#[derive(Deserialize)]
struct Ban {
    name: String,
}

const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Checks the Rust packages and the browser app's packages; fails with all complaints at once.
pub fn run() -> Result<()> {
    let root = root()?;
    let policy = read_policy(&root)?;
    let metadata = Metadata::read(&root)?;
    let mut complaints = rust_packages(&metadata, &policy);
    let shipped = metadata.shipped().len();
    let npm = npm_packages(&root, &policy.licenses.allow, &mut complaints)?;
    for (name, versions) in several_versions(&metadata) {
        println!(
            "note: {name} is built in {} versions: {}",
            versions.len(),
            versions.join(", ")
        );
    }
    if !complaints.is_empty() {
        bail!("{}", complaints.join("\n"));
    }
    println!("licences: {shipped} Rust packages and {npm} npm packages are within deny.toml");
    Ok(())
}

fn read_policy(root: &Path) -> Result<Policy> {
    let text = std::fs::read_to_string(root.join("deny.toml")).context("deny.toml")?;
    toml::from_str(&text).context("deny.toml")
}

fn rust_packages(metadata: &Metadata, policy: &Policy) -> Vec<String> {
    let mut complaints = Vec::new();
    for package in metadata.shipped() {
        let name = format!("{} {}", package.name, package.version);
        if let Some(source) = package.source.as_deref().filter(|s| *s != REGISTRY) {
            complaints.push(format!(
                "{name}: comes from {source}, only the crates registry is allowed"
            ));
        }
        if policy.bans.deny.iter().any(|b| b.name == package.name) {
            complaints.push(format!("{name}: banned in deny.toml"));
        }
        match package.license.as_deref() {
            None => complaints.push(format!("{name}: states no licence")),
            Some(expression) => match spdx::satisfied(expression, &policy.licenses.allow) {
                Ok(true) => {}
                Ok(false) => complaints.push(format!("{name}: licence \"{expression}\" is not in deny.toml")),
                Err(error) => complaints.push(format!("{name}: {error}")),
            },
        }
    }
    complaints
}

fn several_versions(metadata: &Metadata) -> Vec<(String, Vec<String>)> {
    let mut versions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in metadata.shipped() {
        versions
            .entry(package.name.clone())
            .or_default()
            .push(package.version.clone());
    }
    versions.into_iter().filter(|(_, v)| v.len() > 1).collect()
}

#[derive(Deserialize)]
struct NpmLock {
    packages: BTreeMap<String, NpmPackage>,
}

#[derive(Deserialize)]
struct NpmPackage {
    license: Option<String>,
    #[serde(default)]
    dev: bool,
}

/// Packages that end in the browser app; what only builds or tests it is not shipped.
fn npm_packages(root: &Path, allowed: &BTreeSet<String>, complaints: &mut Vec<String>) -> Result<usize> {
    let path = root.join("web/package-lock.json");
    if !path.is_file() {
        return Ok(0);
    }
    let lock: NpmLock = serde_json::from_slice(&std::fs::read(&path)?).context("web/package-lock.json")?;
    let mut count = 0;
    for (name, package) in lock.packages.iter().filter(|(n, p)| !n.is_empty() && !p.dev) {
        count += 1;
        let name = name.trim_start_matches("node_modules/");
        match package.license.as_deref() {
            None => complaints.push(format!("npm {name}: states no licence")),
            Some(expression) if !spdx::satisfied(expression, allowed).unwrap_or(false) => {
                complaints.push(format!(
                    "npm {name}: licence \"{expression}\" is not in deny.toml"
                ));
            }
            Some(_) => {}
        }
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn everything_built_is_allowed_and_a_narrower_list_would_complain() {
        let root = root().unwrap();
        let metadata = Metadata::read(&root).unwrap();
        let mut policy = read_policy(&root).unwrap();
        assert_eq!(rust_packages(&metadata, &policy), Vec::<String>::new());
        policy.licenses.allow.remove("MIT");
        policy.bans.deny.push(Ban {
            name: "serde".to_owned(),
        });
        let complaints = rust_packages(&metadata, &policy);
        assert!(
            complaints
                .iter()
                .any(|c| c.ends_with("licence \"MIT\" is not in deny.toml")),
            "{complaints:?}"
        );
        assert!(
            complaints
                .iter()
                .any(|c| c.starts_with("serde ") && c.ends_with("banned in deny.toml"))
        );
    }
}
