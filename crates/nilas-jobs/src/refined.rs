//! What refinement and reconstruction hand over: sharpened map, figures, statistics, output files.

use crate::context::{JobContext, MapToWrite};
use crate::failure;
use crate::figures;
use crate::particles::{ParticleImages, source_failure};
use nilas_model::{DataKind, Failure, Figure, OutputRecord};
use nilas_refine::refine::{RefineOutcome, Resolution};
use nilas_refine::{Particle, Pose, RefineError};
use nilas_volume::sharpen::{GuinierFit, guinier, sharpened};
use nilas_volume::{CorrectedFsc, Volume, VolumeError, fsc, mask};

/// Coarsest resolution of the Guinier fit, Å.
const FIT_FROM_ANGSTROM: f64 = 10.0;
/// A map must reach this resolution (Å) before its fall-off says anything about a B-factor.
const FIT_NEEDS_ANGSTROM: f64 = 8.0;
/// Sharpening by more (Å²) would be noise fitting.
const LARGEST_B: f64 = 600.0;

/// What a map that can't be worked with means: maps are made by Nilas itself, so mostly a defect.
pub fn volume_failure(error: VolumeError) -> Failure {
    match error {
        VolumeError::Flat { .. } => failure::input(
            "inputs.particles",
            format!("The map holds no density: {error}."),
            "Check the contrast of the particles (dark_protein), their poses and their defocus.",
        ),
        other => failure::bug(other),
    }
}

/// What an error of the engine means for the user.
pub fn refine_failure(error: RefineError, images: &ParticleImages) -> Failure {
    const FIELD: &str = "inputs.particles";
    match error {
        RefineError::Cancelled => failure::cancelled(),
        RefineError::Source(source) => source_failure(source, FIELD),
        RefineError::NotFinite { image } => failure::input(
            FIELD,
            format!(
                "Particle {} holds values that are not numbers ({}).",
                image + 1,
                images.place(image)
            ),
            "Import the particles again with drop_bad_images.",
        ),
        RefineError::TooFew { .. } => failure::input(FIELD, error, "Connect more particles."),
        RefineError::Duplicates { .. } => failure::input(
            FIELD,
            error,
            "Remove the copies: extract or import the particles again.",
        ),
        RefineError::NoPose(_) => failure::input(FIELD, error, "Connect particles with poses."),
        RefineError::Ctf { .. } => {
            failure::input(FIELD, error, "Correct the contrast transfer and import again.")
        }
        RefineError::Parameter { name, .. } => {
            failure::input(&blame(name), &error, "Change it and queue the job again.")
        }
        RefineError::Scratch { source, directory } => failure::io(
            &source,
            "writing working files to",
            std::path::Path::new(&directory),
        ),
        RefineError::Volume(error) => volume_failure(error),
        other => failure::bug(other),
    }
}

/// The job's field for an engine's parameter.
fn blame(name: &str) -> String {
    match name {
        "mask" => "inputs.mask".to_owned(),
        "initial" | "reference" => "inputs.volume".to_owned(),
        "initial_low_pass_angstrom" => "params.initial_lowpass_angstrom".to_owned(),
        "max_resolution_angstrom" => "params.maximum_resolution_angstrom".to_owned(),
        "max_iterations" => "params.maximum_iterations".to_owned(),
        other => format!("params.{other}"),
    }
}

/// Particles as the engine takes them.
pub fn engine_particles(
    ctfs: Vec<nilas_optics::Ctf>,
    groups: &[u32],
    halves: Option<&[u8]>,
    poses: Option<&[crate::particles::Pose]>,
) -> Vec<Particle> {
    ctfs.into_iter()
        .enumerate()
        .map(|(i, ctf)| Particle {
            image: i,
            ctf,
            optics_group: groups.get(i).copied().unwrap_or(0),
            half: halves.and_then(|h| h.get(i).copied()),
            pose: poses.and_then(|p| p.get(i)).map(|p| Pose {
                rotation: p.rotation,
                shift_angstrom: p.shift_angstrom,
            }),
            scale: 1.0,
        })
        .collect()
}

/// The merged map made ready for the eye, and what was learnt on the way.
#[derive(Debug)]
pub struct Sharpened {
    /// The map, sharpened and cut at its resolution.
    pub map: Volume,
    /// Temperature factor, where the resolution allows a fit, Å².
    pub b_factor_angstrom2: Option<f64>,
    guinier: Option<GuinierFit>,
}

/// Sharpens the merged map of an outcome by the fall-off of its half maps and cuts it at its resolution. The map is
/// Wiener-weighted already.
///
/// # Errors
/// Maps that can't be worked with.
pub fn sharpen(outcome: &RefineOutcome) -> Result<Sharpened, Failure> {
    let [a, b] = &outcome.half_maps;
    let mean = a.data.iter().zip(&b.data).map(|(x, y)| 0.5 * (x + y)).collect();
    let mean = Volume { data: mean, ..*a }
        .times(&outcome.mask_fsc)
        .map_err(volume_failure)?;
    let claimed = outcome.resolution.angstrom();
    // A map that ends before 8 Å shows the shape of the molecule, not its fall-off.
    let guinier = claimed
        .filter(|d| *d <= FIT_NEEDS_ANGSTROM)
        .and_then(|d| guinier(&mean, Some(&outcome.fsc.corrected), FIT_FROM_ANGSTROM, d).ok());
    let b_factor = guinier
        .as_ref()
        .map(|g| g.b_factor_angstrom2.clamp(0.0, LARGEST_B));
    // Without a claim nothing beyond the first shells can be believed.
    let last = claimed.unwrap_or(outcome.map.box_angstrom() / 3.0);
    let map = sharpened(&outcome.map, b_factor.unwrap_or(0.0), None, last).map_err(volume_failure)?;
    Ok(Sharpened {
        map,
        b_factor_angstrom2: b_factor,
        guinier,
    })
}

/// The four curves of two half maps as a figure.
pub fn fsc_figure(id: &str, title: &str, curves: &CorrectedFsc, resolution_angstrom: Option<f64>) -> Figure {
    let made = figures::fourier_shell_correlation(
        id,
        title,
        &curves.corrected.frequencies(),
        &[
            ("unmasked", &curves.unmasked.correlation, false),
            ("masked", &curves.masked.correlation, false),
            ("phases randomised", &curves.randomised.correlation, true),
            ("corrected", &curves.corrected.correlation, false),
        ],
        resolution_angstrom,
    );
    let note = format!(
        "The corrected curve states the resolution: it crosses 0.5 at {:.2} Å. Phases are randomised from shell {} on to \
         see what the mask alone correlates.",
        curves.corrected.crossing(0.5).resolution_angstrom,
        curves.randomised_from_shell
    );
    figures::with_note(made, note)
}

/// Writes figures and statistics of a finished outcome into the log.
///
/// # Errors
/// When the job directory can't be written.
pub fn report(
    context: &mut JobContext,
    outcome: &RefineOutcome,
    sharpened: &Sharpened,
) -> Result<(), Failure> {
    let curves = &outcome.fsc;
    let claimed = outcome.resolution.angstrom();
    // After iterations the final figure is the last step of its series.
    let step = (outcome.iterations > 0).then_some(outcome.iterations as u64 + 1);
    context.figure(
        &fsc_figure(
            "fsc",
            "Fourier shell correlation of the half maps",
            curves,
            claimed,
        ),
        step,
    )?;
    if let Some(fit) = &sharpened.guinier {
        context.figure(&figures::guinier("guinier", fit), None)?;
    }
    let cref = figures::fourier_shell_correlation(
        "expected_correlation",
        "Expected correlation of the map with the truth",
        &curves.corrected.frequencies(),
        &[("Cref", &outcome.cref, false)],
        claimed,
    );
    context.figure(&cref, None)?;
    let (n, voxel) = (outcome.map.n, outcome.map.voxel_size_angstrom);
    context.figure(
        &figures::orthogonal_slices("slices", "Map: central slices", &outcome.map.data, n, voxel),
        None,
    )?;
    let sharp = &sharpened.map.data;
    context.figure(
        &figures::orthogonal_slices("slices_sharp", "Sharpened map: central slices", sharp, n, voxel),
        None,
    )?;
    context.figure(
        &figures::projections("projections", "Map: projections", &outcome.map.data, n, voxel),
        None,
    )?;
    context.figure(
        &figures::orthogonal_slices("slices_mask", "Mask of the FSC", &outcome.mask_fsc.data, n, voxel),
        None,
    )?;
    match outcome.resolution {
        Resolution::Angstrom(d) => {
            context.statistic("resolution_angstrom", d)?;
            context.info(format!("Resolution: {d:.2} Å (corrected half-map FSC at 0.143)."))?;
        }
        Resolution::AtLeast(d) => {
            context.statistic("resolution_angstrom", d)?;
            context.warn(format!(
                "The half maps still agree at the limit of {d:.2} Å: the resolution is limited by the pixel size or the \
                 maximum resolution, not by the particles."
            ))?;
        }
        Resolution::Unsupported => context.warn(
            "No resolution is claimed: the images do not support this map better than noise would. Check that the particles \
             hold the molecule, the starting map, the contrast and the defocus.",
        )?,
    }
    let half = curves.corrected.crossing(0.5).resolution_angstrom;
    context.statistic("resolution_at_half_angstrom", half)?;
    context.statistic(
        "resolution_unmasked_angstrom",
        curves
            .unmasked
            .crossing(fsc::HALF_MAP_THRESHOLD)
            .resolution_angstrom,
    )?;
    context.statistic("mask_volume_angstrom3", mask::volume_angstrom3(&outcome.mask_fsc))?;
    context.statistic("particles", outcome.particles.len() as f64)?;
    if let Some(b) = sharpened.b_factor_angstrom2 {
        context.statistic("b_factor_angstrom2", b)?;
    }
    if let Some(z) = outcome.support_z {
        context.statistic("held_out_support_sigma", z)?;
    }
    let rotations: Vec<_> = outcome.particles.iter().map(|p| p.pose.rotation).collect();
    context.figure(
        &figures::orientations("orientations", "Viewing directions", &rotations),
        step,
    )
}

/// Writes the volume output with `map` (of the outcome) as its map; the mask of the references only when asked for.
///
/// # Errors
/// When the files can't be written.
pub fn write_volume(
    context: &JobContext,
    outcome: &RefineOutcome,
    map: &Volume,
    sharpened: &Sharpened,
    with_mask_refine: bool,
) -> Result<OutputRecord, Failure> {
    let [half_a, half_b] = &outcome.half_maps;
    let mut maps = vec![
        MapToWrite {
            slot: "map",
            data: &map.data,
        },
        MapToWrite {
            slot: "map_sharp",
            data: &sharpened.map.data,
        },
        MapToWrite {
            slot: "map_half_A",
            data: &half_a.data,
        },
        MapToWrite {
            slot: "map_half_B",
            data: &half_b.data,
        },
        MapToWrite {
            slot: "mask_fsc",
            data: &outcome.mask_fsc.data,
        },
    ];
    if with_mask_refine {
        maps.push(MapToWrite {
            slot: "mask_refine",
            data: &outcome.mask_refine.data,
        });
    }
    let mut output = context.write_volume(
        "volume",
        DataKind::Volume,
        "Volume",
        &maps,
        outcome.map.n,
        outcome.map.voxel_size_angstrom,
    )?;
    if let Some(d) = outcome.resolution.angstrom() {
        output.summary = format!("{}, {d:.2} Å resolution", output.summary);
    }
    Ok(output)
}
