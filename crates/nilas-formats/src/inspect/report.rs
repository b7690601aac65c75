//! Reports as text.

use super::{ColumnReport, FileReport};
use std::fmt;

/// Five significant digits.
fn short(v: f64) -> String {
    let size = v.abs();
    if v == 0.0 || (1e-3..1e7).contains(&size) {
        let digits = (4 - size.max(1e-3).log10().floor() as i32).clamp(0, 6) as usize;
        let text = format!("{v:.digits$}");
        if text.contains('.') {
            text.trim_end_matches('0').trim_end_matches('.').into()
        } else {
            text
        }
    } else {
        format!("{v:.4e}")
    }
}

fn column(f: &mut fmt::Formatter<'_>, c: &ColumnReport) -> fmt::Result {
    write!(f, "    {:<34} {:<9}", c.name, c.dtype)?;
    if let (Some(low), Some(high)) = (c.minimum, c.maximum) {
        write!(f, " {} to {}", short(low), short(high))?;
    } else if let Some(distinct) = c.distinct {
        write!(
            f,
            " {distinct}{} distinct",
            if distinct == 1000 { " or more" } else { "" }
        )?;
    }
    if c.not_finite > 0 {
        write!(f, ", {} not finite", c.not_finite)?;
    }
    if let (Some(example), None) = (&c.example, c.minimum) {
        write!(f, "  e.g. {example}")?;
    }
    writeln!(f)
}

impl fmt::Display for FileReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.path)?;
        writeln!(f, "  format:  {} ({} bytes)", self.format, self.bytes)?;
        writeln!(f, "  content: {}", self.content)?;
        if !self.shape.is_empty() {
            let dims: Vec<String> = self.shape.iter().map(u64::to_string).collect();
            writeln!(f, "  size:    {} (z, y, x)", dims.join(" x "))?;
            let pixel = self
                .pixel_size_angstrom
                .map(|p| p.map_or("unknown".into(), |v| format!("{v:.5}")));
            writeln!(f, "  voxel:   {} A (x, y, z)", pixel.join(" x "))?;
        }
        for (name, value) in &self.facts {
            writeln!(f, "  {name}: {value}")?;
        }
        if let Some(v) = &self.values {
            writeln!(
                f,
                "  values:  {} to {}, mean {}, standard deviation {}, {} NaN, {} infinite",
                short(v.minimum),
                short(v.maximum),
                short(v.mean),
                short(v.standard_deviation),
                v.nan,
                v.infinite
            )?;
        }
        for table in &self.tables {
            let name = if table.name.is_empty() {
                String::new()
            } else {
                format!(" '{}'", table.name)
            };
            writeln!(
                f,
                "  table{name}: {} rows, {} columns",
                table.rows,
                table.columns.len()
            )?;
            for c in &table.columns {
                column(f, c)?;
            }
        }
        for note in &self.notes {
            writeln!(f, "  note: {note}")?;
        }
        Ok(())
    }
}
