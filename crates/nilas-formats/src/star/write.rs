//! Blocks to lines, in RELION's layout.

use super::lex::{clip, split};
use super::{Block, StarFile, Table};
use crate::Result;
use crate::atomic::AtomicFile;
use crate::error::FormatError;
use std::io::{BufWriter, Write};
use std::path::Path;

/// Short values are padded to this width, so that columns stand below each other.
const WIDTH: usize = 12;

/// Writes a file that appears complete or not at all.
pub(crate) fn write_file(star: &StarFile, path: &Path) -> Result<()> {
    let out = AtomicFile::create(path)?;
    let mut buffered = BufWriter::with_capacity(1 << 18, out.file()?);
    let mut emit = |text: &str| {
        buffered
            .write_all(text.as_bytes())
            .map_err(|e| FormatError::io(path, e))
    };
    render(star, path, &mut emit)?;
    buffered.flush().map_err(|e| FormatError::io(path, e))?;
    drop(buffered);
    out.commit()
}

/// The file as text.
pub(crate) fn to_text(star: &StarFile, path: &Path) -> Result<String> {
    let mut text = String::new();
    render(star, path, &mut |part| {
        text.push_str(part);
        Ok(())
    })?;
    Ok(text)
}

fn render(star: &StarFile, path: &Path, emit: &mut dyn FnMut(&str) -> Result<()>) -> Result<()> {
    for block in &star.blocks {
        if block.name.contains(|c: char| c.is_whitespace() || c == '\0') {
            let message = format!("the block name '{}' has blanks", clip(&block.name));
            return Err(FormatError::CannotWrite {
                path: path.into(),
                message,
            });
        }
        if let Some(version) = star.version {
            emit(&format!("\n# version {version}\n"))?;
        }
        emit(&format!("\ndata_{}\n\n", block.name))?;
        render_pairs(block, path, emit)?;
        for table in &block.tables {
            render_table(table, path, emit)?;
        }
    }
    Ok(())
}

fn render_pairs(block: &Block, path: &Path, emit: &mut dyn FnMut(&str) -> Result<()>) -> Result<()> {
    let mut line = String::new();
    for (label, value) in &block.pairs {
        line.clear();
        line.push_str(&format!("_{:<42} ", checked(label, path)?));
        push_value(&mut line, value, false, path)?;
        line.push('\n');
        emit(&line)?;
    }
    if block.pairs.is_empty() {
        Ok(())
    } else {
        emit("\n")
    }
}

fn render_table(table: &Table, path: &Path, emit: &mut dyn FnMut(&str) -> Result<()>) -> Result<()> {
    emit("loop_\n")?;
    for (i, name) in table.names().iter().enumerate() {
        emit(&format!("_{} #{}\n", checked(name, path)?, i + 1))?;
    }
    let mut columns: Vec<_> = table.columns().map(|(_, c)| c.iter()).collect();
    let mut line = String::new();
    for _ in 0..table.rows() {
        line.clear();
        for (i, column) in columns.iter_mut().enumerate() {
            let start = line.len();
            push_value(&mut line, column.next().unwrap_or(""), i == 0, path)?;
            let length = line.len() - start;
            if length < WIDTH {
                line.insert_str(start, &" ".repeat(WIDTH - length));
            }
            line.push(' ');
        }
        line.push('\n');
        emit(&line)?;
    }
    emit("\n")
}

fn checked<'a>(label: &'a str, path: &Path) -> Result<&'a str> {
    if label.is_empty() || label.contains(|c: char| c.is_whitespace() || c == '\0') {
        let message = format!("the label '{}' is empty or has blanks", clip(label));
        return Err(FormatError::CannotWrite {
            path: path.into(),
            message,
        });
    }
    Ok(label)
}

/// Adds a value, quoted where it would be read as something else without.
fn push_value(line: &mut String, value: &str, first: bool, path: &Path) -> Result<()> {
    let reserved = first && (value.starts_with('_') || value.starts_with("data_") || value == "loop_");
    let plain = !value.is_empty()
        && !value.starts_with(['"', '\'', '#'])
        && !value.bytes().any(|b| b.is_ascii_whitespace())
        && !reserved;
    if plain && !value.contains('\0') {
        line.push_str(value);
        return Ok(());
    }
    for quote in ['"', '\''] {
        let quoted = format!("{quote}{value}{quote}");
        let mut tokens = Vec::new();
        let comes_back = !value.contains(['\n', '\r', '\0'])
            && split(&quoted, &mut tokens).is_ok()
            && matches!(tokens.as_slice(), [one] if one.text == value);
        if comes_back {
            line.push_str(&quoted);
            return Ok(());
        }
    }
    let message = format!("STAR has no way to write the value '{}'", clip(value));
    Err(FormatError::CannotWrite {
        path: path.into(),
        message,
    })
}
