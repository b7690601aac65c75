//! The `_atom_site` category of mmCIF files.

use super::elements::atomic_number;
use super::{Atom, Lines, ModelFormat, Structure};
use crate::Result;
use crate::star::split_line;
use std::io::BufRead;

const CATEGORY: &str = "_atom_site.";

/// What was read last.
enum State {
    /// Nothing of interest.
    Other,
    /// `loop_` and labels.
    Labels,
    /// Values of a loop.
    Values,
}

/// Where the items of an atom stand in a row.
#[derive(Default)]
struct Layout {
    labels: Vec<String>,
}

impl Layout {
    fn value<'a>(&self, row: &'a [String], names: &[&str]) -> Option<&'a str> {
        for name in names {
            if let Some(i) = self.labels.iter().position(|l| l == name) {
                return row
                    .get(i)
                    .map(String::as_str)
                    .filter(|v| !matches!(*v, "." | "?"));
            }
        }
        None
    }

    fn atom(&self, row: &[String]) -> std::result::Result<Atom, String> {
        let number = |name: &str| match self.value(row, &[name]) {
            None => Ok(None),
            // A standard uncertainty may follow in brackets: 1.234(5).
            Some(text) => match text.split('(').next().unwrap_or("").parse::<f64>() {
                Ok(v) if v.is_finite() => Ok(Some(v)),
                _ => Err(format!("{name} is '{text}', which is no number")),
            },
        };
        let needed = |name: &str| number(name)?.ok_or_else(|| format!("an atom without {name}"));
        let text = |names: &[&str]| self.value(row, names).unwrap_or("").to_string();
        let name = text(&["auth_atom_id", "label_atom_id"]);
        let element = text(&["type_symbol"]);
        Ok(Atom {
            atomic_number: atomic_number(&element)
                .ok_or_else(|| format!("the element '{element}' of atom '{name}' is not known"))?,
            position_angstrom: [needed("cartn_x")?, needed("cartn_y")?, needed("cartn_z")?],
            b_factor: number("b_iso_or_equiv")?.unwrap_or(0.0),
            occupancy: number("occupancy")?.unwrap_or(1.0),
            alternative: self.value(row, &["label_alt_id"]).and_then(|t| t.chars().next()),
            chain: text(&["auth_asym_id", "label_asym_id"]),
            residue: text(&["auth_comp_id", "label_comp_id"]),
            name,
            hetero: self.value(row, &["group_pdb"]) == Some("HETATM"),
        })
    }
}

/// Collects atoms as rows get complete.
#[derive(Default)]
struct Collector {
    layout: Layout,
    row: Vec<String>,
    atoms: Vec<Atom>,
    first_model: Option<String>,
    models: usize,
}

impl Collector {
    fn finish_row(&mut self) -> std::result::Result<(), String> {
        let model = self
            .layout
            .value(&self.row, &["pdbx_pdb_model_num"])
            .unwrap_or("1");
        match &self.first_model {
            Some(first) if first != model => self.models = 2,
            Some(_) => self.atoms.push(self.layout.atom(&self.row)?),
            None => {
                self.first_model = Some(model.to_string());
                self.models = 1;
                self.atoms.push(self.layout.atom(&self.row)?);
            }
        }
        self.row.clear();
        Ok(())
    }
}

impl Collector {
    /// Whether the labels are those of atoms.
    fn has_atoms(&self) -> bool {
        self.layout.labels.iter().any(|l| l == "cartn_x")
    }

    /// Takes the one atom that was given as pairs, if there is one.
    fn finish_pairs(&mut self, state: &State) -> std::result::Result<(), String> {
        let one = matches!(state, State::Other)
            && self.atoms.is_empty()
            && !self.row.is_empty()
            && self.has_atoms();
        if one { self.finish_row() } else { Ok(()) }
    }
}

/// Reads the first data block, whose `data_` line was read already.
pub(crate) fn parse<R: BufRead>(lines: &mut Lines<'_, R>) -> Result<Structure> {
    let mut state = State::Other;
    let mut c = Collector::default();
    // A single atom may stand as pairs instead of a loop.
    let mut pair: Option<String> = None;
    while let Some(line) = lines.next_line()? {
        let mut values: Vec<(String, bool)> = Vec::new();
        if line.starts_with(';') {
            values.push((text_block(lines, &line)?, true));
        } else {
            split_line(&line, &mut |text, quoted| values.push((text.to_string(), quoted)))
                .map_err(|m| lines.bad(m))?;
        }
        let mut end = false;
        for (value, quoted) in values {
            let lower = value.to_ascii_lowercase();
            if !quoted && lower.starts_with("data_") {
                end = true;
                break;
            }
            if !quoted && lower == "loop_" {
                complete(&c, &state, lines)?;
                c.finish_pairs(&state).map_err(|m| lines.bad(m))?;
                state = State::Labels;
                if c.atoms.is_empty() {
                    c.layout.labels.clear();
                    c.row.clear();
                } else {
                    end = true;
                    break;
                }
            } else if !quoted && value.starts_with('_') {
                match state {
                    State::Labels => c
                        .layout
                        .labels
                        .push(lower.strip_prefix(CATEGORY).unwrap_or("\0").to_string()),
                    State::Values | State::Other => {
                        complete(&c, &state, lines)?;
                        if matches!(state, State::Values) {
                            c.layout.labels.clear();
                            c.row.clear();
                        }
                        state = State::Other;
                        pair = lower.strip_prefix(CATEGORY).map(str::to_string);
                    }
                }
            } else if let (State::Other, Some(label)) = (&state, pair.take()) {
                c.layout.labels.push(label);
                c.row.push(value);
            } else if !matches!(state, State::Other) {
                state = State::Values;
                // Loops of other categories are passed over.
                if c.has_atoms() {
                    c.row.push(value);
                    if c.row.len() == c.layout.labels.len() {
                        c.finish_row().map_err(|m| lines.bad(m))?;
                    }
                }
            }
        }
        if end {
            break;
        }
    }
    complete(&c, &state, lines)?;
    c.finish_pairs(&state).map_err(|m| lines.bad(m))?;
    Ok(Structure {
        format: ModelFormat::MmCif,
        atoms: c.atoms,
        models: c.models.max(1),
    })
}

/// A loop must not end within a row.
fn complete<R: BufRead>(c: &Collector, state: &State, lines: &Lines<'_, R>) -> Result<()> {
    if matches!(state, State::Values) && !c.row.is_empty() {
        let (have, want) = (c.row.len(), c.layout.labels.len());
        return Err(lines.bad(format!(
            "the atom table ends within a row: {have} of {want} values"
        )));
    }
    Ok(())
}

/// Text between lines that start with a semicolon.
fn text_block<R: BufRead>(lines: &mut Lines<'_, R>, first: &str) -> Result<String> {
    let mut text = first[1..].to_string();
    let start = lines.number;
    while let Some(line) = lines.next_line()? {
        if line.starts_with(';') {
            return Ok(text);
        }
        text.push('\n');
        text.push_str(&line);
    }
    Err(lines.bad(format!("the text that begins at line {start} has no end")))
}
