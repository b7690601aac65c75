//! RELION particle STAR files to datasets with CryoSPARC's field names, and back.
//!
//! | RELION | dataset | conversion |
//! |---|---|---|
//! | `ImageName` `7@x.mrcs` | `blob/idx`, `blob/path` | idx from 0 |
//! | `ImagePixelSize`, else `DetectorPixelSize`·1e4/`Magnification` | `blob/psize_A` | angstrom |
//! | `ImageSize` | `blob/shape` | `(ny, nx)` |
//! | `OpticsGroup` | `ctf/exp_group_id` | from 0 |
//! | `Voltage`, `SphericalAberration`, `AmplitudeContrast` | `ctf/accel_kv`, `cs_mm`, `amp_contrast` | |
//! | `DefocusU`, `DefocusV`, `DefocusAngle` | `ctf/df1_A`, `df2_A`, `df_angle_rad` | degrees to radians |
//! | `PhaseShift`, `CtfBfactor`, `CtfScalefactor` | `ctf/phase_shift_rad`, `bfactor`, `scale` | degrees to radians |
//! | `BeamTiltX/Y` (mrad) | `ctf/tilt_A` | Cs·sin(tilt), Cs in angstrom |
//! | `MagMat00..11` | `ctf/anisomag` | row-major, minus identity |
//! | `AngleRot/Tilt/Psi` | `alignments3D/pose` | rotation vector, `A = exp(-[w]x)` |
//! | `AnglePsi` with rot = tilt = 0 | `alignments2D/pose` | radians |
//! | `OriginX/YAngst`, or `OriginX/Y` in pixels | `alignments*/shift` | pixels of `alignments*/psize_A` |
//! | `ClassNumber`, `RandomSubset` | `alignments*/class`, `split` | from 0 |
//! | `MicrographName` | `location/micrograph_path`, `micrograph_uid` | |
//! | `CoordinateX/Y` | `location/center_x_frac`, `center_y_frac` | only where the micrograph's size is known |
//! | `MicrographOriginalPixelSize` | `location/micrograph_psize_A` | |
//!
//! Every other column is kept under its own name, typed where it is numeric: `rln/<Label>` from the particle table,
//! `rlnoptics/<Label>` (repeated for each particle) from the optics table, `star/<label>` for labels that are not RELION's.
//! They are written back by [`to_star`]. Aberration coefficients stay as `rlnoptics/OddZernike` and `rlnoptics/EvenZernike`
//! (`f8[n]`, in RELION's basis: the phase is added as `+Σ odd·Z` and `−Σ even·Z` to ours); `ctf/trefoil_A` and `ctf/tetra_A`
//! are zero then. Known fields are `f4`, as in all `.cs` files, so a defocus keeps seven digits.

mod from_star;
mod optics;
mod table;
mod to_star;
mod typed;

use crate::Result;
use crate::star::StarFile;
use nilas_dataset::Dataset;
use rand::Rng;
use std::path::Path;

/// What a STAR file does not say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReadOptions {
    /// `blob/sign`: 1 where protein is bright (RELION inverts on extraction), -1 where it is dark.
    pub sign: f32,
    /// `(ny, nx)` of all micrographs; with it coordinates become fractions.
    pub micrograph_shape: Option<[u32; 2]>,
    /// Whether angles are 3D poses or in-plane angles of 2D classes.
    pub alignment: AlignmentKind,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            sign: 1.0,
            micrograph_shape: None,
            alignment: AlignmentKind::Automatic,
        }
    }
}

/// How to take the three angles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlignmentKind {
    /// 2D if rot and tilt are 0 in every row, else 3D.
    Automatic,
    /// In-plane angle only.
    TwoD,
    /// Full pose.
    ThreeD,
}

/// Particles with what was odd about their file.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// The particles.
    pub particles: Dataset,
    /// For the person who imports.
    pub notes: Vec<String>,
}

/// A STAR file with what a reader of it should know.
#[derive(Debug, Clone, PartialEq)]
pub struct Exported {
    /// The file, with an optics block (RELION 3.1 and later).
    pub star: StarFile,
    /// What STAR could not say, or says otherwise.
    pub notes: Vec<String>,
}

/// Reads a particle STAR file (RELION 3.0, 3.1, 5). Paths stay as they stand in the file. `rng` makes the uids.
///
/// # Errors
/// The file cannot be read, has no particle table, a number is none, or an optics group is missing. File and line are named.
pub fn read_particles(path: impl AsRef<Path>, options: &ReadOptions, rng: &mut impl Rng) -> Result<Imported> {
    let path = path.as_ref();
    let star = StarFile::read(path)?;
    from_star(path, &star, options, rng)
}

/// As [`read_particles`] for a file that was read already; `path` is for messages.
///
/// # Errors
/// As [`read_particles`].
pub fn from_star(
    path: &Path,
    star: &StarFile,
    options: &ReadOptions,
    rng: &mut impl Rng,
) -> Result<Imported> {
    from_star::import(path, star, options, rng)
}

/// Writes a particle STAR file with an optics block. Returns notes on what STAR could not say.
///
/// # Errors
/// As [`to_star`], or the disk refuses.
pub fn write_particles(path: impl AsRef<Path>, particles: &Dataset) -> Result<Vec<String>> {
    let path = path.as_ref();
    let exported = to_star::export(path, particles)?;
    exported.star.write(path)?;
    Ok(exported.notes)
}

/// Makes a particle STAR file. Poses and shifts come from `alignments3D`, else from `alignments2D`.
///
/// # Errors
/// A column has another type than its name promises.
pub fn to_star(particles: &Dataset) -> Result<Exported> {
    to_star::export(Path::new("STAR"), particles)
}

/// Beam tilt in milliradian to the length `Cs·sin(tilt)` in angstrom.
fn tilt_angstrom(tilt_mrad: f64, cs_mm: f64) -> f64 {
    (tilt_mrad * 1e-3).sin() * cs_mm * 1e7
}

/// The inverse of [`tilt_angstrom`]; none where Cs is too small for it.
fn tilt_mrad(tilt_angstrom: f64, cs_mm: f64) -> Option<f64> {
    let sine = tilt_angstrom / (cs_mm * 1e7);
    (sine.abs() <= 1.0).then(|| sine.asin() * 1e3)
}
