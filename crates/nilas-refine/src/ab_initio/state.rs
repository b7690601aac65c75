//! What a run must remember to go on after a stop, and its binary form.

use super::AbInitioError;
use super::model::{Class, Model};
use super::report::SeedReport;
use nilas_kernels::insert::Accumulator;
use std::io::{Read, Write};

/// One random start at the end of an iteration.
#[derive(Clone)]
pub(super) struct StartState {
    pub start: usize,
    pub iteration: usize,
    /// Particles drawn so far.
    pub position: usize,
    pub model: Model,
    /// Per row of the cache: the shift found last, Å.
    pub shifts: Vec<Option<[f32; 2]>>,
}

/// A run that can be saved and continued. Continue it with the same particles and parameters.
#[derive(Clone, Default)]
pub struct AbInitioState {
    /// Of the parameters and particles.
    pub(super) fingerprint: u64,
    /// Starts that reached the comparison, with their scores.
    pub(super) scored: Vec<(StartState, SeedReport)>,
    /// The start that is running.
    pub(super) current: Option<StartState>,
    /// True once the best start has been chosen: `current` is it.
    pub(super) chosen: bool,
}

const MAGIC: &[u8; 8] = b"NILASAB1";
/// Longest list that a state may hold: a guard against damaged files.
const LONGEST: u64 = 1 << 31;

impl AbInitioState {
    /// Random starts finished and compared.
    pub fn starts_finished(&self) -> usize {
        self.scored.len()
    }

    /// Iterations of the start that is running.
    pub fn iteration(&self) -> usize {
        self.current.as_ref().map_or(0, |s| s.iteration)
    }

    /// Writes the state. About 5 MB per class and start.
    ///
    /// # Errors
    /// The writer's.
    pub fn save(&self, writer: &mut impl Write) -> std::io::Result<()> {
        writer.write_all(MAGIC)?;
        put(writer, self.fingerprint)?;
        put(writer, u64::from(self.chosen))?;
        put(writer, self.scored.len() as u64)?;
        for (state, report) in &self.scored {
            put_start(writer, state)?;
            let values = [
                report.held_out_log_evidence,
                report.standard_error,
                report.sphere_log_evidence,
                report.entropy,
                report.agreement_angstrom.unwrap_or(f64::NAN),
            ];
            values.iter().try_for_each(|v| put(writer, v.to_bits()))?;
        }
        put(writer, u64::from(self.current.is_some()))?;
        self.current
            .as_ref()
            .map_or(Ok(()), |state| put_start(writer, state))
    }

    /// Reads what [`AbInitioState::save`] wrote.
    ///
    /// # Errors
    /// [`AbInitioError::State`] for a file that is cut short, damaged or of another version.
    pub fn load(reader: &mut impl Read) -> Result<Self, AbInitioError> {
        let mut magic = [0u8; 8];
        reader.read_exact(&mut magic).map_err(damaged)?;
        if &magic != MAGIC {
            return Err(AbInitioError::State(
                "it was not written by this version of ab-initio".into(),
            ));
        }
        let fingerprint = get(reader)?;
        let chosen = get(reader)? == 1;
        let count = get_length(reader)?;
        let mut scored = Vec::new();
        for _ in 0..count {
            let state = get_start(reader)?;
            let mut v = [0.0f64; 5];
            for v in &mut v {
                *v = f64::from_bits(get(reader)?);
            }
            let report = SeedReport {
                start: state.start,
                held_out_log_evidence: v[0],
                standard_error: v[1],
                sphere_log_evidence: v[2],
                entropy: v[3],
                agreement_angstrom: (!v[4].is_nan()).then_some(v[4]),
            };
            scored.push((state, report));
        }
        let current = if get(reader)? == 1 {
            Some(get_start(reader)?)
        } else {
            None
        };
        Ok(Self {
            fingerprint,
            scored,
            current,
            chosen,
        })
    }
}

fn damaged(error: std::io::Error) -> AbInitioError {
    AbInitioError::State(format!("it cannot be read ({error})"))
}

fn put(writer: &mut impl Write, value: u64) -> std::io::Result<()> {
    writer.write_all(&value.to_le_bytes())
}

fn get(reader: &mut impl Read) -> Result<u64, AbInitioError> {
    let mut bytes = [0u8; 8];
    reader.read_exact(&mut bytes).map_err(damaged)?;
    Ok(u64::from_le_bytes(bytes))
}

fn get_length(reader: &mut impl Read) -> Result<usize, AbInitioError> {
    let value = get(reader)?;
    if value > LONGEST {
        return Err(AbInitioError::State(format!(
            "it claims a list of {value} values"
        )));
    }
    Ok(value as usize)
}

fn put_floats(writer: &mut impl Write, values: &[f32]) -> std::io::Result<()> {
    put(writer, values.len() as u64)?;
    writer.write_all(bytemuck::cast_slice(values))
}

fn get_floats(reader: &mut impl Read) -> Result<Vec<f32>, AbInitioError> {
    let mut left = get_length(reader)?;
    let mut values = Vec::new();
    // In pieces, so that a lying length costs no memory beyond the file's own size.
    while left > 0 {
        let count = left.min(1 << 16);
        let mut piece = vec![0.0f32; count];
        reader
            .read_exact(bytemuck::cast_slice_mut(&mut piece))
            .map_err(damaged)?;
        values.extend_from_slice(&piece);
        left -= count;
    }
    Ok(values)
}

fn put_start(writer: &mut impl Write, state: &StartState) -> std::io::Result<()> {
    for value in [
        state.start,
        state.iteration,
        state.position,
        state.model.crop,
        state.model.classes.len(),
    ] {
        put(writer, value as u64)?;
    }
    put_floats(writer, &state.model.noise)?;
    for class in &state.model.classes {
        put(writer, class.share.to_bits())?;
        put(writer, class.halves[0].radius() as u64)?;
        put_floats(writer, &class.volume)?;
        put_floats(writer, class.halves[0].raw())?;
        put_floats(writer, class.halves[1].raw())?;
        put(writer, class.fsc.len() as u64)?;
        class.fsc.iter().try_for_each(|v| put(writer, v.to_bits()))?;
    }
    let shifts: Vec<f32> = state
        .shifts
        .iter()
        .flat_map(|s| s.unwrap_or([f32::NAN; 2]))
        .collect();
    put_floats(writer, &shifts)
}

fn get_start(reader: &mut impl Read) -> Result<StartState, AbInitioError> {
    let start = get_length(reader)?;
    let iteration = get_length(reader)?;
    let position = get_length(reader)?;
    let crop = get_length(reader)?;
    let count = get_length(reader)?;
    let noise = get_floats(reader)?;
    let mut classes = Vec::new();
    for _ in 0..count {
        let share = f64::from_bits(get(reader)?);
        let radius = get_length(reader)?;
        let volume = get_floats(reader)?;
        if crop > 4096 || volume.len() != crop * crop * crop {
            return Err(AbInitioError::State("a map has the wrong size".into()));
        }
        let mut half = || -> Result<Accumulator, AbInitioError> {
            let raw = get_floats(reader)?;
            let mut accumulator = Accumulator::new(crop, radius)?;
            accumulator.set_raw(&raw)?;
            Ok(accumulator)
        };
        let halves = [half()?, half()?];
        let length = get_length(reader)?;
        let mut fsc = Vec::new();
        for _ in 0..length {
            fsc.push(f64::from_bits(get(reader)?));
        }
        classes.push(Class {
            volume,
            halves,
            fsc,
            share,
        });
    }
    let shifts = get_floats(reader)?
        .chunks_exact(2)
        .map(|s| (!s[0].is_nan()).then_some([s[0], s[1]]))
        .collect();
    Ok(StartState {
        start,
        iteration,
        position,
        model: Model { crop, classes, noise },
        shifts,
    })
}
