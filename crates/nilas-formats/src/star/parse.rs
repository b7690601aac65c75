//! Lines to blocks.

use super::lex::{Token, clip, split};
use super::{Block, StarFile, Table};
use crate::Result;
use crate::error::FormatError;
use std::io::BufRead;
use std::path::Path;

/// Where the parser is in a block.
enum State {
    /// Before the first block.
    Outside,
    /// Pairs may come.
    Pairs,
    /// After `loop_`: labels come.
    Labels,
    /// Rows come.
    Rows,
}

/// Reads a STAR file line by line.
pub(crate) fn parse(path: &Path, mut reader: impl BufRead) -> Result<StarFile> {
    let mut star = StarFile::default();
    let mut state = State::Outside;
    let mut bytes = Vec::new();
    let mut number = 0;
    loop {
        bytes.clear();
        number += 1;
        if reader
            .read_until(b'\n', &mut bytes)
            .map_err(|e| FormatError::io(path, e))?
            == 0
        {
            return finished(path, number, star);
        }
        let bad = |message: String| FormatError::line(path, number, message);
        let line = std::str::from_utf8(&bytes).map_err(|_| bad("text that is not UTF-8".into()))?;
        if line.contains('\0') {
            return Err(bad("a NUL byte: not a text file".into()));
        }
        if let Some(version) = line
            .trim()
            .strip_prefix("# version ")
            .and_then(|v| v.trim().parse().ok())
        {
            star.version = Some(version);
        }
        let mut tokens = Vec::new();
        split(line, &mut tokens).map_err(bad)?;
        if !tokens.is_empty() {
            state = step(&mut star, state, &tokens, number).map_err(bad)?;
        }
    }
}

/// Files without any block are most likely something else.
fn finished(path: &Path, number: usize, star: StarFile) -> Result<StarFile> {
    if star.blocks.is_empty() {
        return Err(FormatError::line(
            path,
            number,
            "not a STAR file: no line starts with 'data_'",
        ));
    }
    Ok(star)
}

/// Takes one line that has values.
fn step(
    star: &mut StarFile,
    state: State,
    tokens: &[Token<'_>],
    number: usize,
) -> std::result::Result<State, String> {
    let first = tokens[0];
    if !first.quoted {
        if let Some(name) = first.text.strip_prefix("data_") {
            only(tokens)?;
            star.blocks.push(Block {
                name: name.into(),
                ..Block::default()
            });
            return Ok(State::Pairs);
        }
        if first.text == "loop_" {
            only(tokens)?;
            let block = star
                .blocks
                .last_mut()
                .ok_or("'loop_' before the first 'data_' line")?;
            block.tables.push(Table::default());
            return Ok(State::Labels);
        }
    }
    let Some(block) = star.blocks.last_mut() else {
        return Err(format!("'{}' before the first 'data_' line", clip(first.text)));
    };
    let label = first.text.strip_prefix('_').filter(|_| !first.quoted);
    match (state, label, block.tables.last_mut()) {
        (State::Labels, Some(label), Some(table)) => {
            only(tokens)?;
            if table.names.iter().any(|n| n == label) {
                return Err(format!("the column '{label}' occurs twice in one loop"));
            }
            table.names.push(label.into());
            table.columns.push(Default::default());
            Ok(State::Labels)
        }
        (State::Pairs | State::Rows, Some(label), _) => {
            let value = match tokens {
                [_] => "",
                [_, value] => value.text,
                _ => {
                    return Err(format!(
                        "'{label}' has {} values; one with blanks needs quotes",
                        tokens.len() - 1
                    ));
                }
            };
            block.pairs.push((label.into(), value.into()));
            Ok(State::Pairs)
        }
        (State::Labels | State::Rows, None, Some(table)) => {
            if tokens.len() != table.names.len() {
                let (found, wanted) = (tokens.len(), table.names.len());
                return Err(format!("a row of {found} values in a loop of {wanted} columns"));
            }
            if table.rows == 0 {
                table.first_line = number;
            }
            for (column, token) in table.columns.iter_mut().zip(tokens) {
                column.push(token.text);
            }
            table.rows += 1;
            Ok(State::Rows)
        }
        _ => Err(format!("'{}' is neither a label nor in a loop", clip(first.text))),
    }
}

fn only(tokens: &[Token<'_>]) -> std::result::Result<(), String> {
    match tokens {
        [_] => Ok(()),
        [first, more, ..] => Err(format!("'{}' after '{}'", clip(more.text), clip(first.text))),
        [] => Ok(()),
    }
}
