//! Files that are made from the code and kept in the repository, so that a change of an interface shows in a diff.

use crate::metadata::root;
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

/// Writes them, or with `check` says which are out of date.
pub fn run(check: bool) -> Result<()> {
    let root = root()?;
    let mut stale = Vec::new();
    let mut files: BTreeMap<PathBuf, String> = BTreeMap::new();
    files.insert("web/openapi.json".into(), nilas(&["api", "openapi"])?);
    for (name, text) in manual_pages()? {
        files.insert(format!("docs/manual/{name}.md").into(), text);
    }
    for (path, text) in &files {
        let full = root.join(path);
        if std::fs::read_to_string(&full).ok().as_deref() == Some(text) {
            continue;
        }
        if check {
            stale.push(path.display().to_string());
        } else {
            if let Some(folder) = full.parent() {
                std::fs::create_dir_all(folder)?;
            }
            std::fs::write(&full, text).with_context(|| full.display().to_string())?;
            println!("wrote {}", path.display());
        }
    }
    if !stale.is_empty() {
        bail!(
            "out of date: {}. Run `cargo xtask generate` and commit what it writes",
            stale.join(", ")
        );
    }
    Ok(())
}

/// One page a job type.
fn manual_pages() -> Result<BTreeMap<String, String>> {
    let types: serde_json::Value = serde_json::from_str(&nilas(&["job", "types", "--json"])?)
        .context("nilas job types --json: not JSON")?;
    let list = types.as_array().context("nilas job types --json: not a list")?;
    let mut pages = BTreeMap::new();
    for spec in list {
        let name = spec["name"].as_str().context("a job type without a name")?;
        pages.insert(name.to_owned(), nilas(&["job", "manual", name])?);
    }
    Ok(pages)
}

/// What `nilas ARGUMENTS` prints, from a build of this very tree (or from the program that `NILAS_BIN` names).
fn nilas(arguments: &[&str]) -> Result<String> {
    let mut command = match std::env::var_os("NILAS_BIN") {
        Some(program) => Command::new(program),
        None => {
            let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
            cargo.args(["run", "--quiet", "--locked", "-p", "nilas", "--"]);
            cargo
        }
    };
    let out = command
        .args(arguments)
        .current_dir(root()?)
        .output()
        .context("the program did not start")?;
    if !out.status.success() {
        bail!(
            "nilas {}: {}",
            arguments.join(" "),
            String::from_utf8_lossy(&out.stderr).trim()
        );
    }
    let text = String::from_utf8(out.stdout).context("the program printed bytes that are not UTF-8")?;
    Ok(format!("{}\n", text.trim_end()))
}
