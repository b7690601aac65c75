//! Inputs: the datasets and maps behind connections.

use super::JobContext;
use super::output::read_failure;
use crate::failure;
use crate::job::Connection;
use nilas_dataset::Dataset;
use nilas_formats::cs;
use nilas_formats::mrc::MrcFile;
use nilas_model::{Failure, OutputRecord};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A map read from an input: a cube.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadedMap {
    /// Edge in voxels.
    pub n: usize,
    /// Voxel size.
    pub voxel_size_angstrom: f64,
    /// Values of shape `[z][y][x]`.
    pub data: Vec<f32>,
    /// Where it was read from.
    pub path: PathBuf,
}

impl JobContext {
    /// All particles of an input: the slots of each connection joined on uid, the connections one below
    /// the other with the columns that all of them have.
    ///
    /// # Errors
    /// Files that are missing or damaged, particles that occur twice.
    pub fn load_particles(&self, input: &str) -> Result<Dataset, Failure> {
        self.load_rows(input, "particles")
    }

    /// All exposures of an input, put together as [`JobContext::load_particles`] does.
    ///
    /// # Errors
    /// Files that are missing or damaged, exposures that occur twice.
    pub fn load_exposures(&self, input: &str) -> Result<Dataset, Failure> {
        self.load_rows(input, "exposures")
    }

    fn load_rows(&self, input: &str, what: &str) -> Result<Dataset, Failure> {
        let field = format!("inputs.{input}");
        let mut all: Option<Dataset> = None;
        for connection in self.request().connections(input) {
            let table = self.load_output(connection, &field)?;
            all = Some(match all {
                None => table,
                Some(above) => {
                    let (had, mut above, below) = {
                        let (common, below) = above.common_columns(&table);
                        (above.names().len().max(table.names().len()), common, below)
                    };
                    if above.names().len() < had {
                        self.warn(format!(
                            "{}.{} does not have the same columns as the {what} before it: only the common ones are kept.",
                            connection.source.job, connection.source.output
                        ))?;
                    }
                    above.append(&below).map_err(|e| {
                        failure::input(
                            &field,
                            format!(
                                "{}.{} can't be added: {e}.",
                                connection.source.job, connection.source.output
                            ),
                            format!("Connect every set of {what} only once."),
                        )
                    })?;
                    above
                }
            });
        }
        all.filter(|t| !t.is_empty()).ok_or_else(|| {
            failure::input(
                &field,
                format!("There are no {what}."),
                format!("Connect an output that holds {what}."),
            )
        })
    }

    fn load_output(&self, connection: &Connection, field: &str) -> Result<Dataset, Failure> {
        let output = finished(connection, field)?;
        // Slots by file: own ones first, so that they win over what was passed through.
        let mut files: BTreeMap<(bool, &str), Vec<&str>> = BTreeMap::new();
        for slot in &output.slots {
            files
                .entry((slot.passthrough, slot.metafile.as_str()))
                .or_default()
                .push(&slot.name);
        }
        let mut joined: Option<Dataset> = None;
        for ((_, metafile), slots) in files {
            let path = self.project_dir().join(metafile);
            let table = cs::read(&path)
                .map_err(|e| read_failure(e, field))?
                .with_slots(&slots);
            joined = Some(match joined {
                None => table,
                Some(own) => own.with_passthrough(&table).map_err(|e| {
                    failure::input(
                        field,
                        format!(
                            "{} does not fit to {}: {e}.",
                            path.display(),
                            connection.source.job
                        ),
                        format!("Run {} again.", connection.source.job),
                    )
                })?,
            });
        }
        joined.ok_or_else(|| {
            failure::input(
                field,
                format!("{} holds nothing.", output.name),
                "Connect another output.",
            )
        })
    }

    /// The map of an input: the first of these slots that the connected output has.
    ///
    /// # Errors
    /// No such slot, a file that is missing or damaged, a map that is not a cube with an even edge.
    pub fn load_map(&self, input: &str, slots: &[&str]) -> Result<LoadedMap, Failure> {
        let field = format!("inputs.{input}");
        let Some(connection) = self.request().connections(input).first() else {
            return Err(failure::input(
                &field,
                "Nothing is connected.",
                "Connect a volume.",
            ));
        };
        let output = finished(connection, &field)?;
        let Some(slot) = slots
            .iter()
            .find_map(|name| output.slots.iter().find(|s| s.name == **name))
        else {
            return Err(failure::input(
                &field,
                format!(
                    "{}.{} has none of {}.",
                    connection.source.job,
                    output.name,
                    slots.join(", ")
                ),
                "Connect an output that holds a map.",
            ));
        };
        let table = cs::read(self.project_dir().join(&slot.metafile)).map_err(|e| read_failure(e, &field))?;
        let damaged = |e: nilas_dataset::DatasetError| {
            failure::input(
                &field,
                format!("{} is damaged: {e}.", slot.metafile),
                format!("Run {} again.", connection.source.job),
            )
        };
        let texts = table.texts(&format!("{}/path", slot.name)).map_err(damaged)?;
        let sizes = table
            .numbers(&format!("{}/psize_A", slot.name))
            .map_err(damaged)?;
        let (Some(path), Some(size)) = (texts.first(), sizes.first()) else {
            return Err(failure::input(
                &field,
                format!("{} is empty.", slot.metafile),
                format!("Run {} again.", connection.source.job),
            ));
        };
        read_cube(
            self.project_dir().join(path.as_ref() as &str),
            Some(*size),
            &field,
        )
    }
}

fn finished<'a>(connection: &'a Connection, field: &str) -> Result<&'a OutputRecord, Failure> {
    connection.output.as_ref().ok_or_else(|| {
        failure::input(
            field,
            format!("{} has not finished.", connection.source.job),
            "Run it first; a queued job waits for its inputs by itself.",
        )
    })
}

/// Reads a map that must be a cube with an even edge and finite values. `voxel_size_angstrom` overrides the header.
///
/// # Errors
/// What is wrong with the file; `field` is blamed.
pub fn read_cube(path: PathBuf, voxel_size_angstrom: Option<f64>, field: &str) -> Result<LoadedMap, Failure> {
    let file = MrcFile::open(&path).map_err(|e| read_failure(e, field))?;
    let volume = file.read_volume().map_err(|e| read_failure(e, field))?;
    let [nz, ny, nx] = volume.shape;
    if nx != ny || ny != nz {
        return Err(failure::input(
            field,
            format!(
                "{} has {nx} x {ny} x {nz} voxels; a map must be a cube.",
                path.display()
            ),
            "Pad or crop the map to a cube first.",
        ));
    }
    if nx % 2 != 0 || nx < 8 {
        return Err(failure::input(
            field,
            format!(
                "{} has an edge of {nx} voxels; it must be even and at least 8.",
                path.display()
            ),
            "Pad or crop the map to an even edge first.",
        ));
    }
    if let Some(at) = volume.data.iter().position(|v| !v.is_finite()) {
        let (x, y, z) = (at % nx, at / nx % nx, at / (nx * nx));
        return Err(failure::input(
            field,
            format!(
                "{} holds a value that is not a number, at voxel ({x}, {y}, {z}).",
                path.display()
            ),
            "Repair the map, or make it again.",
        ));
    }
    let Some(voxel_size_angstrom) = voxel_size_angstrom
        .or(volume.voxel_size_angstrom[0])
        .filter(|s| *s > 0.0)
    else {
        return Err(failure::input(
            field,
            format!("The header of {} does not say the voxel size.", path.display()),
            "Give it as a parameter.",
        ));
    };
    Ok(LoadedMap {
        n: nx,
        voxel_size_angstrom,
        data: volume.data,
        path,
    })
}
