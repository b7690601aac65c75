//! STAR to dataset.

use super::table::Particles;
use super::{AlignmentKind, Imported, ReadOptions, tilt_angstrom};
use crate::Result;
use crate::error::FormatError;
use crate::star::StarFile;
use nilas_dataset::{Dataset, DatasetError, Element, Text, fresh_uids};
use nilas_geometry::Rotation;
use rand::Rng;
use std::path::Path;

/// Labels of the magnification matrix, row-major.
pub(crate) const MAG_LABELS: [&str; 4] = ["rlnMagMat00", "rlnMagMat01", "rlnMagMat10", "rlnMagMat11"];

/// A dataset that grows, with the file's name at hand for errors.
struct Target<'a> {
    path: &'a Path,
    data: Dataset,
    notes: Vec<String>,
}

impl Target<'_> {
    fn done(&self, result: std::result::Result<(), DatasetError>) -> Result<()> {
        result.map_err(|e| FormatError::table(self.path, e))
    }

    fn set<T: Element>(&mut self, name: &str, values: Vec<T>) -> Result<()> {
        let result = self.data.set(name, values);
        self.done(result)
    }

    fn set_array<T: Element>(&mut self, name: &str, width: usize, values: Vec<T>) -> Result<()> {
        let result = self.data.set_array(name, &[width], values);
        self.done(result)
    }

    fn set_f32(&mut self, name: &str, values: &[f64]) -> Result<()> {
        self.set(name, values.iter().map(|&v| v as f32).collect())
    }
}

/// Makes the dataset.
pub(crate) fn import(
    path: &Path,
    star: &StarFile,
    options: &ReadOptions,
    rng: &mut impl Rng,
) -> Result<Imported> {
    let mut source = Particles::find(path, star)?;
    let data = Dataset::from_uids(fresh_uids(source.rows(), &[], rng));
    let mut target = Target {
        path,
        data,
        notes: Vec::new(),
    };
    let pixel = pixel_size(&mut source)?;
    blob(&mut source, &mut target, options, pixel.as_deref())?;
    contrast(&mut source, &mut target)?;
    alignments(&mut source, &mut target, options, pixel.as_deref())?;
    location(&mut source, &mut target, options)?;
    for (name, column) in source.rest()? {
        let result = target.data.set_column(&name, column);
        target.done(result)?;
    }
    warn(&mut target)?;
    Ok(Imported {
        particles: target.data,
        notes: target.notes,
    })
}

/// Pixel size of the particle images in angstrom. Magnification and detector pixel stay among the kept columns.
fn pixel_size(source: &mut Particles<'_>) -> Result<Option<Vec<f64>>> {
    if let Some(direct) = source.numbers("rlnImagePixelSize")? {
        return Ok(Some(direct));
    }
    let (magnification, detector) = (
        source.peek("rlnMagnification")?,
        source.peek("rlnDetectorPixelSize")?,
    );
    Ok(match (magnification, detector) {
        (Some(m), Some(d)) => Some(m.iter().zip(&d).map(|(m, d)| d * 1e4 / m).collect()),
        _ => None,
    })
}

fn blob(
    source: &mut Particles<'_>,
    target: &mut Target<'_>,
    options: &ReadOptions,
    pixel: Option<&[f64]>,
) -> Result<()> {
    let line = source.path();
    if let Some(names) = source.texts("rlnImageName") {
        let mut index: Vec<u32> = Vec::with_capacity(names.len());
        let mut paths: Vec<Text> = Vec::with_capacity(names.len());
        let mut bare = 0usize;
        for (row, name) in names.iter().enumerate() {
            let (number, file) = match name.split_once('@') {
                Some((n, file)) => (n.trim().parse::<u32>().ok().filter(|&n| n > 0), file),
                None => {
                    bare += 1;
                    (Some(1), name)
                }
            };
            let Some(number) = number.filter(|_| !file.is_empty()) else {
                let message =
                    format!("particle {row}: rlnImageName '{name}' is not NUMBER@FILE with a number from 1");
                return Err(FormatError::Unsupported {
                    path: line.into(),
                    message,
                });
            };
            index.push(number - 1);
            match paths.last() {
                Some(last) if **last == *file => paths.push(last.clone()),
                _ => paths.push(Text::from(file)),
            }
        }
        if bare > 0 {
            target.notes.push(format!(
                "{bare} image names have no NUMBER@; taken as the first image of the file"
            ));
        }
        target.set("blob/path", paths)?;
        target.set("blob/idx", index)?;
    }
    let flat = source
        .peek("rlnImageDimensionality")?
        .is_none_or(|d| d.iter().all(|&v| v == 2.0));
    if !flat {
        target
            .notes
            .push("rlnImageDimensionality is not 2 everywhere: these are sub-tomograms, not images".into());
    }
    let sizes = source
        .peek("rlnImageSize")?
        .filter(|s| s.iter().all(|v| v.fract() == 0.0 && (1.0..1e6).contains(v)));
    if let (Some(sizes), true) = (sizes, flat) {
        source.numbers("rlnImageSize")?;
        target.set_array(
            "blob/shape",
            2,
            sizes.iter().flat_map(|&s| [s as u32; 2]).collect(),
        )?;
    }
    if let Some(pixel) = pixel {
        target.set_f32("blob/psize_A", pixel)?;
    }
    target.set("blob/sign", vec![options.sign; target.data.rows()])
}

/// The `ctf` slot: what belongs to the microscope always, the rest where there is a defocus.
fn contrast(source: &mut Particles<'_>, target: &mut Target<'_>) -> Result<()> {
    let rows = source.rows();
    let with_defocus = source.has_all(&["rlnDefocusU", "rlnDefocusV"]);
    if with_defocus {
        target.set("ctf/type", vec![Text::from("imported"); rows])?;
    }
    let groups = source.peek("rlnOpticsGroup")?;
    let valid = groups
        .as_ref()
        .is_none_or(|g| g.iter().all(|v| v.fract() == 0.0 && (1.0..4e9).contains(v)));
    if valid {
        source.use_optics_group();
        let groups = groups.unwrap_or_else(|| vec![1.0; rows]);
        target.set(
            "ctf/exp_group_id",
            groups.iter().map(|&g| g as u32 - 1).collect::<Vec<u32>>(),
        )?;
    }
    let cs = source.peek("rlnSphericalAberration")?;
    for (label, field) in [
        ("rlnVoltage", "ctf/accel_kv"),
        ("rlnSphericalAberration", "ctf/cs_mm"),
        ("rlnAmplitudeContrast", "ctf/amp_contrast"),
    ] {
        if let Some(values) = source.numbers(label)? {
            target.set_f32(field, &values)?;
        }
    }
    if !with_defocus {
        return Ok(());
    }
    for (label, field, factor, default) in [
        ("rlnDefocusU", "ctf/df1_A", 1.0, 0.0),
        ("rlnDefocusV", "ctf/df2_A", 1.0, 0.0),
        (
            "rlnDefocusAngle",
            "ctf/df_angle_rad",
            std::f64::consts::PI / 180.0,
            0.0,
        ),
        (
            "rlnPhaseShift",
            "ctf/phase_shift_rad",
            std::f64::consts::PI / 180.0,
            0.0,
        ),
        ("rlnCtfScalefactor", "ctf/scale", 1.0, 1.0),
        ("rlnCtfBfactor", "ctf/bfactor", 1.0, 0.0),
    ] {
        let values = source.numbers_or(label, default)?;
        target.set_f32(field, &values.iter().map(|v| v * factor).collect::<Vec<f64>>())?;
    }
    for (field, width) in [("ctf/shift_A", 2), ("ctf/trefoil_A", 2), ("ctf/tetra_A", 4)] {
        target.set_array(field, width, vec![0f32; rows * width])?;
    }
    target.set("ctf/scale_const", vec![0f32; rows])?;
    beam_tilt(source, target, cs.as_deref())?;
    let mut magnification = vec![0f32; rows * 4];
    if source.has_all(&MAG_LABELS) {
        for (i, label) in MAG_LABELS.iter().enumerate() {
            let identity = f64::from(u8::from(i == 0 || i == 3));
            for (row, v) in source.numbers_or(label, identity)?.iter().enumerate() {
                magnification[row * 4 + i] = (v - identity) as f32;
            }
        }
    }
    target.set_array("ctf/anisomag", 4, magnification)
}

/// Beam tilt as a length. Without spherical aberration that length is 0, and the tilt stays a kept column.
fn beam_tilt(source: &mut Particles<'_>, target: &mut Target<'_>, cs: Option<&[f64]>) -> Result<()> {
    let rows = source.rows();
    let mut tilt = vec![0f32; rows * 2];
    let labels = ["rlnBeamTiltX", "rlnBeamTiltY"];
    if source.has_all(&labels) {
        match cs.filter(|cs| cs.iter().all(|&c| c > 0.01)) {
            Some(cs) => {
                for (i, label) in labels.iter().enumerate() {
                    for (row, v) in source.numbers_or(label, 0.0)?.iter().enumerate() {
                        tilt[row * 2 + i] = tilt_angstrom(*v, cs[row]) as f32;
                    }
                }
            }
            None => target
                .notes
                .push("beam tilt without spherical aberration has no effect; kept as text of RELION".into()),
        }
    }
    target.set_array("ctf/tilt_A", 2, tilt)
}

fn alignments(
    source: &mut Particles<'_>,
    target: &mut Target<'_>,
    options: &ReadOptions,
    pixel: Option<&[f64]>,
) -> Result<()> {
    let rows = source.rows();
    let angst = ["rlnOriginXAngst", "rlnOriginYAngst"];
    let pixels = ["rlnOriginX", "rlnOriginY"];
    let in_angstrom = source.has_all(&angst);
    let has_shift = in_angstrom || source.has_all(&pixels);
    let full = source.has_all(&["rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi"]);
    // A bare psi is a guess of the picker; with an origin it is an alignment.
    if !(full || (source.has("rlnAnglePsi") && has_shift && options.alignment != AlignmentKind::ThreeD)) {
        return Ok(());
    }
    let rot = source.peek("rlnAngleRot")?.unwrap_or_else(|| vec![0.0; rows]);
    let tilt = source.peek("rlnAngleTilt")?.unwrap_or_else(|| vec![0.0; rows]);
    let psi = source.numbers_or("rlnAnglePsi", 0.0)?;
    let three_d = match options.alignment {
        AlignmentKind::ThreeD => true,
        AlignmentKind::TwoD => false,
        AlignmentKind::Automatic => full && rot.iter().chain(&tilt).any(|&v| v != 0.0),
    };
    let slot = if three_d { "alignments3D" } else { "alignments2D" };
    if let Some(subsets) = source.peek("rlnRandomSubset")?
        && subsets.iter().all(|&v| v == 1.0 || v == 2.0)
    {
        source.numbers("rlnRandomSubset")?;
        target.set(
            &format!("{slot}/split"),
            subsets.iter().map(|&v| v as u32 - 1).collect::<Vec<u32>>(),
        )?;
    }
    shifts(
        source,
        target,
        slot,
        in_angstrom.then_some(angst).or(has_shift.then_some(pixels)),
        in_angstrom,
        pixel,
    )?;
    if three_d {
        source.numbers("rlnAngleRot")?;
        source.numbers("rlnAngleTilt")?;
        let mut poses = Vec::with_capacity(rows * 3);
        for row in 0..rows {
            let a = Rotation::from_euler_deg(rot[row], tilt[row], psi[row]);
            poses.extend(a.to_cryosparc_pose().map(|v| v as f32));
        }
        target.set_array("alignments3D/pose", 3, poses)?;
    } else {
        if rot.iter().chain(&tilt).all(|&v| v == 0.0) {
            source.numbers("rlnAngleRot")?;
            source.numbers("rlnAngleTilt")?;
        }
        target.set(
            "alignments2D/pose",
            psi.iter().map(|v| v.to_radians() as f32).collect::<Vec<f32>>(),
        )?;
    }
    if let Some(pixel) = pixel {
        target.set_f32(&format!("{slot}/psize_A"), pixel)?;
    }
    if let Some(classes) = source.peek("rlnClassNumber")?
        && classes
            .iter()
            .all(|&v| v.fract() == 0.0 && (1.0..4e9).contains(&v))
    {
        source.numbers("rlnClassNumber")?;
        target.set(
            &format!("{slot}/class"),
            classes.iter().map(|&v| v as u32 - 1).collect::<Vec<u32>>(),
        )?;
    }
    Ok(())
}

fn shifts(
    source: &mut Particles<'_>,
    target: &mut Target<'_>,
    slot: &str,
    labels: Option<[&str; 2]>,
    in_angstrom: bool,
    pixel: Option<&[f64]>,
) -> Result<()> {
    let rows = source.rows();
    let mut shift = vec![0f32; rows * 2];
    match (labels, pixel) {
        (Some(_), None) if in_angstrom => {
            target.notes.push(
                "origins in angstrom but no pixel size: shifts are 0, the origins are kept as they are"
                    .into(),
            );
        }
        (Some(labels), _) => {
            for (i, label) in labels.iter().enumerate() {
                for (row, v) in source.numbers_or(label, 0.0)?.iter().enumerate() {
                    let scale = pixel.filter(|_| in_angstrom).map_or(1.0, |p| p[row]);
                    shift[row * 2 + i] = (v / scale) as f32;
                }
            }
        }
        (None, _) => {}
    }
    target.set_array(&format!("{slot}/shift"), 2, shift)
}

fn location(source: &mut Particles<'_>, target: &mut Target<'_>, options: &ReadOptions) -> Result<()> {
    let rows = source.rows();
    if let Some(names) = source.texts("rlnMicrographName") {
        target.set(
            "location/micrograph_uid",
            names.iter().map(path_uid).collect::<Vec<u64>>(),
        )?;
        let result = target.data.set_texts("location/micrograph_path", names.iter());
        target.done(result)?;
    }
    if let Some([ny, nx]) = options.micrograph_shape.filter(|s| s.iter().all(|&v| v > 0))
        && source.has_all(&["rlnCoordinateX", "rlnCoordinateY"])
    {
        let x = source.numbers_or("rlnCoordinateX", 0.0)?;
        let y = source.numbers_or("rlnCoordinateY", 0.0)?;
        target.set_array("location/micrograph_shape", 2, [ny, nx].repeat(rows))?;
        target.set_f32(
            "location/center_x_frac",
            &x.iter().map(|v| v / f64::from(nx)).collect::<Vec<_>>(),
        )?;
        target.set_f32(
            "location/center_y_frac",
            &y.iter().map(|v| v / f64::from(ny)).collect::<Vec<_>>(),
        )?;
    }
    if let Some(pixel) = source.numbers("rlnMicrographOriginalPixelSize")? {
        target.set_f32("location/micrograph_psize_A", &pixel)?;
    }
    Ok(())
}

/// A uid that is the same for every particle of a micrograph, whichever file names it (FNV-1a, then a mixing step).
fn path_uid(path: &str) -> u64 {
    let mut h = path.bytes().fold(0xcbf2_9ce4_8422_2325u64, |h, b| {
        (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)
    });
    h = (h ^ (h >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    h = (h ^ (h >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (h ^ (h >> 31)).max(1)
}

/// What a person should know before processing.
fn warn(target: &mut Target<'_>) -> Result<()> {
    let data = &target.data;
    let rows = data.rows();
    let mut notes = Vec::new();
    if rows == 0 {
        notes.push("the particle table is empty".into());
    }
    if !data.has("blob/psize_A") {
        notes.push("the file does not tell the pixel size".into());
    } else if data
        .get::<f32>("blob/psize_A")
        .is_ok_and(|p| p.iter().any(|&v| !(v.is_finite() && v > 0.0)))
    {
        notes.push("a pixel size is not positive".into());
    }
    if !data.has("ctf/df1_A") {
        notes.push("no defocus values".into());
    }
    if !data.has("blob/path") {
        notes.push("no image names: these are coordinates only".into());
    }
    let premultiplied = data.numbers("rlnoptics/CtfDataAreCtfPremultiplied");
    if premultiplied.is_ok_and(|v| v.iter().any(|&v| v != 0.0)) {
        notes.push("images are multiplied by their CTF already (rlnCtfDataAreCtfPremultiplied)".into());
    }
    target.notes.append(&mut notes);
    Ok(())
}
