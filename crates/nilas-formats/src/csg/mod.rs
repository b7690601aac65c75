//! `.csg`: the YAML file that lists the slots of an output and the `.cs` files they are in.
//!
//! A `>` before a file name means "beside this file"; other names are relative to the project directory.

mod yaml;

use crate::Result;
use crate::error::FormatError;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use yaml::Node;

/// Larger files are no result groups.
const MAX_BYTES: u64 = 16 << 20;

/// One slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupSlot {
    /// The `.cs` file, perhaps with `>` before it.
    pub metafile: String,
    /// Rows.
    pub num_items: u64,
    /// Slot type, for example `particle.blob`.
    pub kind: String,
}

/// An output of a job.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ResultGroup {
    /// When it was written: `2024-01-02 03:04:05.678901`.
    pub created: String,
    /// Sentence for people.
    pub description: String,
    /// Name of the output.
    pub name: String,
    /// Title for people.
    pub title: String,
    /// `particle`, `volume`, `mask` ...
    pub kind: String,
    /// The slots by name.
    pub slots: BTreeMap<String, GroupSlot>,
    /// Version of the program that wrote it.
    pub version: String,
}

impl GroupSlot {
    /// The file's path: beside `csg` where it starts with `>`, else below the project directory.
    pub fn path(&self, csg: &Path, project: &Path) -> PathBuf {
        match self.metafile.strip_prefix('>') {
            Some(name) => csg.parent().unwrap_or(Path::new("")).join(name),
            None => project.join(&self.metafile),
        }
    }
}

/// Reads a result group.
///
/// # Errors
/// The file cannot be read, is no YAML of this shape, or lacks the group or its slots.
pub fn read(path: impl AsRef<Path>) -> Result<ResultGroup> {
    let path = path.as_ref();
    let length = std::fs::metadata(path)
        .map_err(|e| FormatError::io(path, e))?
        .len();
    if length > MAX_BYTES {
        let message = format!("{length} bytes are no result group");
        return Err(FormatError::Unsupported {
            path: path.into(),
            message,
        });
    }
    let bytes = std::fs::read(path).map_err(|e| FormatError::io(path, e))?;
    let text = String::from_utf8(bytes).map_err(|e| {
        FormatError::byte(
            path,
            e.utf8_error().valid_up_to() as u64,
            "text that is not UTF-8",
        )
    })?;
    parse(path, &text)
}

/// Reads a result group from text; `path` is for messages.
///
/// # Errors
/// As [`read`].
pub fn parse(path: &Path, text: &str) -> Result<ResultGroup> {
    let root = yaml::parse(text).map_err(|(line, message)| FormatError::line(path, line, message))?;
    let bad = |message: String| FormatError::Unsupported {
        path: path.into(),
        message,
    };
    let text_of = |node: &Node, key: &str| node.get(key).and_then(Node::text).unwrap_or_default().to_string();
    let group = root
        .get("group")
        .ok_or_else(|| bad("not a result group: no 'group'".into()))?;
    let Some(Node::Map(results)) = root.get("results") else {
        return Err(bad("not a result group: no 'results'".into()));
    };
    let mut slots = BTreeMap::new();
    for (name, slot) in results {
        let metafile = text_of(slot, "metafile");
        if metafile.is_empty() {
            return Err(bad(format!("the slot '{name}' has no metafile")));
        }
        let items = text_of(slot, "num_items");
        let num_items = items.parse().map_err(|_| {
            bad(format!(
                "the slot '{name}' has '{items}' items, which is no number"
            ))
        })?;
        slots.insert(
            name.clone(),
            GroupSlot {
                metafile,
                num_items,
                kind: text_of(slot, "type"),
            },
        );
    }
    Ok(ResultGroup {
        created: text_of(&root, "created"),
        description: text_of(group, "description"),
        name: text_of(group, "name"),
        title: text_of(group, "title"),
        kind: text_of(group, "type"),
        slots,
        version: text_of(&root, "version"),
    })
}

/// Writes a result group in block style with sorted keys. The file appears complete or not at all.
///
/// # Errors
/// The disk refuses.
pub fn write(path: impl AsRef<Path>, group: &ResultGroup) -> Result<()> {
    crate::atomic::write_whole(path.as_ref(), to_text(group).as_bytes())
}

/// The group as YAML text.
pub fn to_text(group: &ResultGroup) -> String {
    let q = yaml::scalar;
    // The time is a YAML timestamp, which quotes would turn into text.
    let time = &group.created;
    let is_time = !time.is_empty()
        && time
            .bytes()
            .all(|b| b.is_ascii_digit() || b" -:.TZ+".contains(&b));
    let mut out = format!("created: {}\n", if is_time { time.clone() } else { q(time) });
    out.push_str(&format!(
        "group:\n  description: {}\n  name: {}\n",
        q(&group.description),
        q(&group.name)
    ));
    out.push_str(&format!(
        "  title: {}\n  type: {}\n",
        q(&group.title),
        q(&group.kind)
    ));
    out.push_str(if group.slots.is_empty() {
        "results: {}\n"
    } else {
        "results:\n"
    });
    for (name, slot) in &group.slots {
        out.push_str(&format!("  {}:\n    metafile: {}\n", q(name), q(&slot.metafile)));
        out.push_str(&format!(
            "    num_items: {}\n    type: {}\n",
            slot.num_items,
            q(&slot.kind)
        ));
    }
    out.push_str(&format!("version: {}\n", q(&group.version)));
    out
}
