//! The server-side file picker: directories below configured roots, nothing else.

use crate::error::{io, not_found};
use nilas_api::{ApiError, BrowseEntry, BrowsePage, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// Most entries of one listing.
const MOST: usize = 5000;

/// Shows directories below its roots.
#[derive(Debug, Clone)]
pub struct Browser {
    roots: Vec<PathBuf>,
}

impl Browser {
    /// A picker for these roots; those that don't exist are left out.
    pub fn new(roots: &[PathBuf]) -> Self {
        let mut found: Vec<PathBuf> = roots.iter().filter_map(|root| root.canonicalize().ok()).collect();
        found.sort();
        found.dedup();
        Browser { roots: found }
    }

    /// Whether a path, with links followed as far as it exists, lies below a root.
    pub fn allows(&self, path: &Path) -> bool {
        if !path.is_absolute()
            || path
                .components()
                .any(|part| part == std::path::Component::ParentDir)
        {
            return false;
        }
        let mut existing = path;
        let real = loop {
            match existing.canonicalize() {
                Ok(real) => break real,
                Err(_) => match existing.parent() {
                    Some(parent) => existing = parent,
                    None => return false,
                },
            }
        };
        self.roots.iter().any(|root| real.starts_with(root))
    }

    /// The message for a path outside the roots.
    pub fn refusal(&self, path: &str) -> ApiError {
        let roots: Vec<String> = self.roots.iter().map(|root| root.display().to_string()).collect();
        ApiError::new(
            ErrorKind::Forbidden,
            format!("{path} is outside the folders that this server may show"),
            format!(
                "allowed: {}; the server's --root option adds more",
                roots.join(", ")
            ),
        )
    }

    /// A directory; the roots themselves for an empty path.
    pub fn page(&self, path: &str) -> Result<BrowsePage, ApiError> {
        let roots: Vec<String> = self.roots.iter().map(|root| root.display().to_string()).collect();
        if path.is_empty() {
            let entries = self
                .roots
                .iter()
                .map(|root| entry(root, root.display().to_string()))
                .collect();
            return Ok(BrowsePage {
                path: String::new(),
                parent: None,
                roots,
                entries,
                truncated: false,
            });
        }
        let asked = Path::new(path);
        if !self.allows(asked) {
            return Err(self.refusal(path));
        }
        let mut directory = asked.canonicalize().map_err(|e| io(asked, &e))?;
        if directory.is_file() {
            directory = directory
                .parent()
                .map(Path::to_owned)
                .ok_or_else(|| not_found(format!("{path} has no folder")))?;
        }
        let mut entries = Vec::new();
        let mut truncated = false;
        for item in std::fs::read_dir(&directory).map_err(|e| io(&directory, &e))? {
            let item = item.map_err(|e| io(&directory, &e))?;
            let name = item.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') {
                continue;
            }
            if entries.len() == MOST {
                truncated = true;
                break;
            }
            entries.push(entry(&item.path(), name));
        }
        entries.sort_by(|a, b| b.directory.cmp(&a.directory).then_with(|| a.name.cmp(&b.name)));
        let parent = directory
            .parent()
            .filter(|above| self.allows(above))
            .map(|above| above.display().to_string());
        Ok(BrowsePage {
            path: directory.display().to_string(),
            parent,
            roots,
            entries,
            truncated,
        })
    }
}

fn entry(path: &Path, name: String) -> BrowseEntry {
    let meta = path.metadata().ok();
    let directory = meta.as_ref().is_some_and(std::fs::Metadata::is_dir);
    BrowseEntry {
        name,
        path: path.display().to_string(),
        directory,
        size: meta
            .as_ref()
            .filter(|_| !directory)
            .map_or(0, std::fs::Metadata::len),
        modified_ms: meta.as_ref().map_or(0, modified_ms),
    }
}

/// When a file changed last, milliseconds since the Unix epoch.
pub fn modified_ms(meta: &std::fs::Metadata) -> u64 {
    let since = meta
        .modified()
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    since.map_or(0, |time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn nothing_outside_the_roots_is_shown() {
        let base = std::env::temp_dir().join(format!("nilas-browser-{}", std::process::id()));
        std::fs::create_dir_all(base.join("open/sub")).unwrap();
        std::fs::create_dir_all(base.join("closed")).unwrap();
        std::fs::write(base.join("open/a.star"), "data_").unwrap();
        let _ = std::os::unix::fs::symlink(base.join("closed"), base.join("open/link"));
        let browser = Browser::new(&[base.join("open")]);
        let page = browser.page(&base.join("open").display().to_string()).unwrap();
        assert_eq!(page.parent, None);
        assert_eq!(
            page.entries.iter().map(|e| e.name.as_str()).collect::<Vec<_>>(),
            ["link", "sub", "a.star"]
        );
        for bad in ["closed", "open/../closed", "open/link", "", "nowhere"] {
            let path = base.join(bad).display().to_string();
            assert_eq!(
                browser.page(&path).unwrap_err().kind,
                ErrorKind::Forbidden,
                "{bad}"
            );
        }
        assert_eq!(browser.page("relative").unwrap_err().kind, ErrorKind::Forbidden);
        assert!(browser.allows(&base.join("open/new/project")));
        std::fs::remove_dir_all(base).unwrap();
    }
}
