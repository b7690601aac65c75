//! The PDB format's fixed columns (wwPDB format version 3.3, coordinate section).

use super::elements::atomic_number;
use super::{Atom, Lines, ModelFormat, Structure};
use crate::Result;
use std::io::BufRead;

/// Columns `from..to` (0-based) without blanks around; empty beyond the end of the line.
fn columns(line: &str, from: usize, to: usize) -> &str {
    line.get(from..to.min(line.len())).unwrap_or("").trim()
}

/// Reads from `first`, the first line, on.
pub(crate) fn parse<R: BufRead>(lines: &mut Lines<'_, R>, first: String) -> Result<Structure> {
    let mut atoms = Vec::new();
    let mut models = 1;
    let mut closed = false;
    let mut next = Some(first);
    while let Some(line) = next {
        // Replaced bytes would shift the columns; coordinates are ASCII.
        let line: String = line.chars().map(|c| if c.is_ascii() { c } else { '?' }).collect();
        match line.get(..6).unwrap_or(&line) {
            "ATOM  " | "HETATM" if closed => {
                models = 2;
                break;
            }
            record @ ("ATOM  " | "HETATM") => {
                atoms.push(atom(&line, record == "HETATM").map_err(|message| lines.bad(message))?);
            }
            "ENDMDL" => closed = !atoms.is_empty(),
            _ => {}
        }
        next = lines.next_line()?;
    }
    Ok(Structure {
        format: ModelFormat::Pdb,
        atoms,
        models,
    })
}

fn atom(line: &str, hetero: bool) -> std::result::Result<Atom, String> {
    let coordinate = |from: usize, axis: &str| {
        let text = columns(line, from, from + 8);
        text.parse::<f64>()
            .ok()
            .filter(|v| v.is_finite())
            .ok_or_else(|| format!("{axis} is '{text}', which is no coordinate"))
    };
    let optional = |from: usize, to: usize, default: f64, what: &str| match columns(line, from, to) {
        "" => Ok(default),
        text => text
            .parse::<f64>()
            .ok()
            .filter(|v| v.is_finite())
            .ok_or_else(|| format!("{what} is '{text}', which is no number")),
    };
    let name = line.get(12..16.min(line.len())).unwrap_or("");
    let declared = columns(line, 76, 78);
    let atomic_number = atomic_number(declared)
        .or_else(|| element_of_name(name))
        .ok_or_else(|| {
            format!(
                "the element of atom '{}' is not known (columns 77-78: '{declared}')",
                name.trim()
            )
        })?;
    Ok(Atom {
        atomic_number,
        position_angstrom: [coordinate(30, "x")?, coordinate(38, "y")?, coordinate(46, "z")?],
        b_factor: optional(60, 66, 0.0, "B")?,
        occupancy: optional(54, 60, 1.0, "the occupancy")?,
        alternative: columns(line, 16, 17).chars().next(),
        chain: columns(line, 21, 22).into(),
        residue: columns(line, 17, 20).into(),
        name: name.trim().into(),
        hetero,
    })
}

/// The element from the atom name: right-justified in its first two columns (`" CA "` is carbon, `"CA  "` calcium), except for
/// hydrogens with long names (`HG21`).
fn element_of_name(name: &str) -> Option<u8> {
    let two = name.get(..2)?;
    let one = two.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ');
    match one.len() {
        0 => atomic_number(name.trim().get(..1)?),
        1 => atomic_number(one),
        _ if one.starts_with('H') && name.trim_end().len() == 4 => Some(1),
        _ => atomic_number(one).or_else(|| atomic_number(one.get(..1)?)),
    }
}
