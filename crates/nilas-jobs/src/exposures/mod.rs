//! Exposures: micrographs and what is known of them, behind columns with CryoSPARC's names.
//!
//! | slot | columns |
//! |---|---|
//! | `micrograph_blob` | `path`, `idx`, `shape` (rows, columns), `psize_A`, `format`, `is_background_subtracted` |
//! | `mscope_params` | `accel_kv`, `cs_mm`, `total_dose_e_per_A2`, `phase_plate`, `neg_stain`, `exp_group_id`, and Nilas's own `amp_contrast` |
//! | `ctf`, `ctf_stats` | see [`contrast`] |
//! | `defocus_surface` | Nilas's own: `shape`, `coefficients_A`, `sigma_A`, `gain` |

pub mod contrast;

use crate::context::read_failure;
use crate::failure;
use nilas_dataset::{Dataset, DatasetError};
use nilas_formats::mrc::MrcFile;
use nilas_model::Failure;
use std::path::{Path, PathBuf};

/// A micrograph and the microscope that took it.
#[derive(Debug, Clone, PartialEq)]
pub struct Exposure {
    /// Identity.
    pub uid: u64,
    /// The file.
    pub path: PathBuf,
    /// Slice of the file, from 0.
    pub index: usize,
    /// Rows, columns.
    pub shape: [usize; 2],
    /// Å per pixel.
    pub pixel_size_angstrom: f64,
    /// Acceleration voltage in kV.
    pub voltage_kv: f64,
    /// Spherical aberration in mm.
    pub cs_mm: f64,
    /// Amplitude contrast, where the import was told.
    pub amplitude_contrast: Option<f64>,
    /// Group of exposures with common optics.
    pub group: u32,
}

/// The exposures of a dataset, in its order.
///
/// # Errors
/// Columns that are missing or hold what can't be; `field` is blamed.
pub fn exposures(table: &Dataset, project_dir: &Path, field: &str) -> Result<Vec<Exposure>, Failure> {
    let odd = |e: DatasetError| {
        failure::input(
            field,
            format!("The exposures can't be used: {e}."),
            "Connect micrographs with the parameters of their microscope.",
        )
    };
    let paths = table.texts("micrograph_blob/path").map_err(odd)?;
    let shapes = table.get_array::<u32, 2>("micrograph_blob/shape").map_err(odd)?;
    let pixels = table.numbers("micrograph_blob/psize_A").map_err(odd)?;
    let indices = table.numbers_or("micrograph_blob/idx", 1, 0.0).map_err(odd)?;
    let voltages = table.numbers("mscope_params/accel_kv").map_err(odd)?;
    let aberrations = table.numbers("mscope_params/cs_mm").map_err(odd)?;
    let amplitudes = table.numbers("mscope_params/amp_contrast").ok();
    let groups = table
        .numbers_or("mscope_params/exp_group_id", 1, 1.0)
        .map_err(odd)?;
    (0..table.rows())
        .map(|row| {
            let name = paths[row].strip_prefix('>').unwrap_or(&paths[row]);
            let ok = |name: &str, value: f64, least: f64, most: f64| {
                if value > least && value <= most {
                    Ok(value)
                } else {
                    Err(failure::input(
                        field,
                        format!("Exposure {} ({}) has {name} = {value}.", row + 1, paths[row]),
                        "Import the micrographs again with the right parameters.",
                    ))
                }
            };
            Ok(Exposure {
                uid: table.uids()[row],
                path: project_dir.join(name),
                index: indices[row].max(0.0) as usize,
                shape: shapes[row].map(|s| s as usize),
                pixel_size_angstrom: ok("a pixel size in Å", pixels[row], 0.0, 1000.0)?,
                voltage_kv: ok("a voltage in kV", voltages[row], 0.0, 3000.0)?,
                cs_mm: ok("a spherical aberration in mm", aberrations[row], -20.0, 20.0)?,
                amplitude_contrast: amplitudes
                    .as_ref()
                    .map(|a| a[row])
                    .filter(|a| (0.0..1.0).contains(a)),
                group: groups[row].max(0.0) as u32,
            })
        })
        .collect()
}

impl Exposure {
    /// Reads the micrograph: `[y][x]`, as many values as the shape says.
    ///
    /// # Errors
    /// A file that is missing, damaged or of another shape.
    pub fn read(&self, field: &str) -> Result<Vec<f32>, Failure> {
        let file = MrcFile::open(&self.path).map_err(|e| read_failure(e, field))?;
        if file.slice_shape() != self.shape {
            let [rows, columns] = file.slice_shape();
            return Err(failure::input(
                field,
                format!(
                    "{} has {columns} x {rows} pixels; {} x {} were imported.",
                    self.path.display(),
                    self.shape[1],
                    self.shape[0]
                ),
                "The file was changed since: import the micrographs again.",
            ));
        }
        let mut image = vec![0.0f32; self.shape[0] * self.shape[1]];
        file.read_slice(self.index, &mut image)
            .map_err(|e| read_failure(e, field))?;
        Ok(image)
    }

    /// The name that people know it by: that of the file, without the number that an import put before it.
    pub fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        match name.split_once('_') {
            Some((id, rest)) if id.len() == 21 && id.bytes().all(|b| b.is_ascii_digit()) => rest.to_owned(),
            _ => name.into_owned(),
        }
    }
}
