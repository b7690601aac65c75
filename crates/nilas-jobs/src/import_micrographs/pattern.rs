//! File patterns: `*`, `?`, `[a-z]`, `[!x]` within a name, `**` for any number of folders.

use std::path::{Component, Path, PathBuf};

/// Files that a pattern may lead to before the search gives up.
const MOST_FILES: usize = 1_000_000;
/// Folders deep that `**` goes.
const DEEPEST: usize = 32;

/// Whether the path holds a wildcard.
pub(super) fn is_pattern(path: &Path) -> bool {
    path.to_string_lossy().contains(['*', '?', '['])
}

/// All files below `root` that match `pattern` (relative, or absolute), in natural order of their names. Folders that
/// can't be read are passed over and listed in the second part.
pub(super) fn find(root: &Path, pattern: &Path) -> (Vec<PathBuf>, Vec<String>) {
    let whole = root.join(pattern);
    let parts: Vec<String> = whole
        .components()
        .filter_map(|c| match c {
            Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
            Component::ParentDir => Some("..".to_owned()),
            _ => None,
        })
        .collect();
    let mut search = Search {
        found: Vec::new(),
        unreadable: Vec::new(),
    };
    let start = if whole.is_absolute() {
        PathBuf::from("/")
    } else {
        PathBuf::from(".")
    };
    search.descend(&start, &parts, 0);
    search
        .found
        .sort_by(|a, b| natural(&a.to_string_lossy(), &b.to_string_lossy()));
    search.found.dedup();
    (search.found, search.unreadable)
}

struct Search {
    found: Vec<PathBuf>,
    unreadable: Vec<String>,
}

impl Search {
    fn descend(&mut self, dir: &Path, parts: &[String], depth: usize) {
        let Some((part, rest)) = parts.split_first() else {
            return;
        };
        if self.found.len() >= MOST_FILES {
            return;
        }
        if part == "**" {
            self.descend(dir, rest, depth);
            if depth < DEEPEST {
                for (path, is_dir) in self.list(dir) {
                    // A link to a folder above would lead in circles.
                    if is_dir && !path.is_symlink() {
                        self.descend(&path, parts, depth + 1);
                    }
                }
            }
            return;
        }
        if !is_pattern(Path::new(part)) {
            let path = dir.join(part);
            if rest.is_empty() {
                if path.is_file() {
                    self.found.push(path);
                }
            } else if path.is_dir() {
                self.descend(&path, rest, depth);
            }
            return;
        }
        for (path, is_dir) in self.list(dir) {
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            if !matches(part, &name) {
                continue;
            }
            if rest.is_empty() {
                if !is_dir {
                    self.found.push(path);
                }
            } else if is_dir {
                self.descend(&path, rest, depth);
            }
        }
    }

    fn list(&mut self, dir: &Path) -> Vec<(PathBuf, bool)> {
        match std::fs::read_dir(dir) {
            Ok(entries) => entries
                .flatten()
                .map(|e| {
                    let path = e.path();
                    let is_dir = path.is_dir();
                    (path, is_dir)
                })
                .collect(),
            Err(e) => {
                self.unreadable.push(format!("{}: {e}", dir.display()));
                Vec::new()
            }
        }
    }
}

/// Whether a name matches a pattern of one path component; a leading dot must be matched by a dot.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    if name.starts_with('.') && !pattern.starts_with('.') {
        return false;
    }
    let (p, n): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut i, mut j) = (0, 0);
    // Where the last star was and how much it covers: going back there is enough, however many stars there are.
    let mut star: Option<(usize, usize)> = None;
    while j < n.len() {
        if i < p.len() && p[i] == '*' {
            star = Some((i, j));
            i += 1;
            continue;
        }
        if i < p.len()
            && let Some(next) = one(&p, i, n[j])
        {
            i = next;
            j += 1;
            continue;
        }
        let Some((at, covered)) = star else { return false };
        star = Some((at, covered + 1));
        i = at + 1;
        j = covered + 1;
    }
    p[i.min(p.len())..].iter().all(|c| *c == '*')
}

/// Matches one character; gives the place behind what matched it.
fn one(p: &[char], i: usize, c: char) -> Option<usize> {
    match p[i] {
        '?' => Some(i + 1),
        '[' => {
            let end = (i + 2..p.len()).find(|e| p[*e] == ']');
            let Some(end) = end else {
                return (c == '[').then_some(i + 1);
            };
            let negated = matches!(p[i + 1], '!' | '^');
            let set = &p[i + 1 + usize::from(negated)..end];
            let mut inside = false;
            let mut k = 0;
            while k < set.len() {
                if k + 2 < set.len() && set[k + 1] == '-' {
                    inside |= (set[k]..=set[k + 2]).contains(&c);
                    k += 3;
                } else {
                    inside |= set[k] == c;
                    k += 1;
                }
            }
            (inside != negated).then_some(end + 1)
        }
        literal => (literal == c).then_some(i + 1),
    }
}

/// Order in which `img_9` comes before `img_10`.
pub(super) fn natural(a: &str, b: &str) -> std::cmp::Ordering {
    let (mut x, mut y) = (a, b);
    loop {
        let (Some(cx), Some(cy)) = (x.chars().next(), y.chars().next()) else {
            return x.len().cmp(&y.len()).then_with(|| a.cmp(b));
        };
        if cx.is_ascii_digit() && cy.is_ascii_digit() {
            let take = |s: &str| s.len() - s.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let ((nx, rx), (ny, ry)) = (x.split_at(take(x)), y.split_at(take(y)));
            let (vx, vy) = (nx.trim_start_matches('0'), ny.trim_start_matches('0'));
            let order = vx.len().cmp(&vy.len()).then_with(|| vx.cmp(vy));
            if order.is_ne() {
                return order;
            }
            (x, y) = (rx, ry);
        } else if cx != cy {
            return cx.cmp(&cy);
        } else {
            (x, y) = (&x[cx.len_utf8()..], &y[cy.len_utf8()..]);
        }
    }
}
