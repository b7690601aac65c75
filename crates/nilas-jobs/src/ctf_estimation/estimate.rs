//! One micrograph: from its file to what is kept of the fit. What is kept lies in a file of its own below
//! `checkpoint/`, so that a job of any size goes on where it was.

use crate::context::{JobContext, read_json, write_failure, write_json};
use crate::exposures::Exposure;
use crate::exposures::contrast::ContrastRow;
use crate::failure;
use nilas_formats::mrc::{MrcMode, MrcStackWriter};
use nilas_micrograph::{CtfEstimate, CtfSettings, Micrograph, MicrographError, Microscope, estimate};
use nilas_model::{Failure, FailureKind};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// What is kept of one micrograph.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Kept {
    pub uid: u64,
    pub outcome: Outcome,
}

/// A fit, or why there is none.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Outcome {
    Fitted(Box<Fitted>),
    SetAside(String),
}

/// A fit with what is drawn of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Fitted {
    pub row: ContrastRow,
    /// Frequency, equi-phase average, fitted rings, agreement.
    pub curves: [Vec<f32>; 4],
    pub second_defocus_angstrom: Option<f64>,
    pub tilt_deg: f64,
    pub tiles: [usize; 2],
    pub tile_angstrom: f64,
    pub spectrum_edge: f64,
    pub ice_peak: f64,
}

/// Where the work on this job's micrographs is kept until it is done.
#[derive(Debug, Clone)]
pub(super) struct Store {
    folder: PathBuf,
}

impl Store {
    /// The store of a job; emptied when nothing of it may be used.
    pub fn open(context: &JobContext, go_on: bool) -> Result<Self, Failure> {
        let folder = context.job_dir().join("checkpoint").join("micrographs");
        if !go_on && folder.exists() {
            std::fs::remove_dir_all(&folder).map_err(|e| failure::io(&e, "removing", &folder))?;
        }
        std::fs::create_dir_all(&folder).map_err(|e| failure::io(&e, "making", &folder))?;
        Ok(Store { folder })
    }

    fn record(&self, uid: u64) -> PathBuf {
        self.folder.join(format!("{uid:021}.json"))
    }

    /// The picture of the spectrum of a micrograph.
    pub fn picture(&self, uid: u64) -> PathBuf {
        self.folder.join(format!("{uid:021}_spectrum.mrc"))
    }

    /// What was kept of a micrograph, when it is whole.
    pub fn load(&self, uid: u64) -> Option<Kept> {
        let kept: Kept = read_json(&self.record(uid)).ok()?;
        let whole = matches!(kept.outcome, Outcome::SetAside(_)) || self.picture(uid).is_file();
        (kept.uid == uid && whole).then_some(kept)
    }

    /// Keeps a micrograph: its picture first, its record last.
    fn save(&self, kept: &Kept, picture: Option<&nilas_micrograph::ctf::Display>) -> Result<(), Failure> {
        if let Some(picture) = picture {
            let path = self.picture(kept.uid);
            let pixel = 1.0 / (2.0 * picture.edge_frequency);
            let write = || {
                let side = picture.side;
                let mut file = MrcStackWriter::create(&path, [side, side], pixel, MrcMode::F32)?;
                file.push(&picture.image)?;
                file.finish()
            };
            write().map_err(write_failure)?;
        }
        write_json(&self.record(kept.uid), kept)
    }
}

/// Works on one micrograph and keeps what comes of it. Only what stops the whole job is an error.
pub(super) fn work(
    context: &JobContext,
    store: &Store,
    exposure: &Exposure,
    settings: &CtfSettings,
    amplitude_contrast: Option<f64>,
) -> Result<Kept, Failure> {
    let scope = Microscope {
        voltage_kv: exposure.voltage_kv,
        cs_mm: exposure.cs_mm,
        amplitude_contrast: amplitude_contrast.or(exposure.amplitude_contrast).unwrap_or(0.1),
    };
    let aside = |reason: String| -> Result<Kept, Failure> {
        let kept = Kept {
            uid: exposure.uid,
            outcome: Outcome::SetAside(reason),
        };
        store.save(&kept, None)?;
        Ok(kept)
    };
    let image = match exposure.read("inputs.exposures") {
        Ok(image) => image,
        // A sick disk is nothing that the next micrograph would not meet as well.
        Err(f) if matches!(f.kind, FailureKind::Host | FailureKind::Resource) => return Err(f),
        Err(f) => return aside(f.message),
    };
    let micrograph = Micrograph {
        width: exposure.shape[1],
        height: exposure.shape[0],
        pixel_size_angstrom: exposure.pixel_size_angstrom,
        data: &image,
    };
    match estimate(&micrograph, &scope, settings, &|| context.is_cancelled()) {
        Ok(found) => {
            let kept = Kept {
                uid: exposure.uid,
                outcome: Outcome::Fitted(Box::new(fitted(exposure, &scope, &found))),
            };
            store.save(&kept, Some(&found.display))?;
            Ok(kept)
        }
        Err(MicrographError::Cancelled) => Err(failure::cancelled()),
        Err(e) => aside(format!("{}: {e}.", exposure.path.display())),
    }
}

fn fitted(exposure: &Exposure, scope: &Microscope, found: &CtfEstimate) -> Fitted {
    let [u, v] = found.defocus.uv_angstrom();
    let mean = found.defocus.mean_angstrom;
    let surface = found.surface.as_ref();
    let range = surface.map_or([0.0; 2], |s| s.range_angstrom);
    let single = |values: &[f64]| values.iter().map(|v| *v as f32).collect();
    Fitted {
        row: ContrastRow {
            group: exposure.group,
            voltage_kv: scope.voltage_kv,
            cs_mm: scope.cs_mm,
            amplitude_contrast: scope.amplitude_contrast,
            defocus_u_angstrom: u,
            defocus_v_angstrom: v,
            defocus_angle_rad: found.defocus.angle_rad(),
            phase_shift_rad: found.defocus.phase_shift_rad,
            // JSON can't say infinity, which an undetermined defocus has.
            defocus_sigma_angstrom: found.defocus_sigma_angstrom.min(1e30),
            cross_correlation: found.cross_correlation,
            fit_resolution_angstrom: found.fit_resolution_angstrom.unwrap_or(0.0),
            evidence: found.evidence,
            margin: found.margin.min(1e30),
            defocus_range_angstrom: [mean + range[0], mean + range[1]],
            gradient: surface.map_or([0.0; 2], |s| s.gradient),
            ice_thickness_relative: found.ice.map_or(0.0, |i| i.relative_thickness),
            ice_ring_excess: found.ice.map_or(0.0, |i| i.excess),
            spectrum_side: found.display.side as u32,
            spectrum_path: String::new(),
            curves_path: String::new(),
            surface_shape: surface.map_or("constant", |s| s.shape.name()).to_owned(),
            surface_angstrom: surface.map_or_else(|| vec![0.0], |s| s.coefficients.clone()),
            surface_sigma_angstrom: surface.map_or(0.0, |s| s.sigma_angstrom),
            surface_gain: surface.map_or(0.0, |s| s.gain),
        },
        curves: [
            single(&found.curves.frequency),
            single(&found.curves.average),
            single(&found.curves.fitted),
            single(&found.curves.agreement),
        ],
        second_defocus_angstrom: found.second_defocus_angstrom,
        tilt_deg: surface.map_or(0.0, |s| s.tilt_deg()),
        tiles: found.tiles,
        tile_angstrom: found.tile_angstrom,
        spectrum_edge: found.display.edge_frequency,
        ice_peak: found.ice.map_or(0.0, |i| i.peak),
    }
}

/// Moves a finished picture to where results are written.
pub(super) fn move_file(from: &Path, to: &Path) -> Result<(), Failure> {
    std::fs::rename(from, to).map_err(|e| failure::io(&e, "moving", to))
}
