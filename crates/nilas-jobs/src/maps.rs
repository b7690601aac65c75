//! Maps of inputs brought onto the grid of the particles.

use crate::context::{JobContext, LoadedMap};
use crate::failure;
use crate::particles::ParticleImages;
use crate::refined::volume_failure;
use nilas_geometry::Rotation;
use nilas_model::Failure;
use nilas_volume::Volume;
use nilas_volume::transform::{Motion, moved_onto};

/// Slots that may serve as a starting map, best first.
const MAP_SLOTS: &[&str] = &["map", "map_sharp"];
/// Slots that may serve as a mask, best first.
const MASK_SLOTS: &[&str] = &["mask", "mask_refine", "mask_fsc", "map"];

/// The map of an input on the grid of the particle images.
///
/// # Errors
/// No map, a damaged file, or a map that is far too small or too large for the particles.
pub fn load_reference(context: &JobContext, input: &str, images: &ParticleImages) -> Result<Volume, Failure> {
    let map = context.load_map(input, MAP_SLOTS)?;
    onto_grid(context, map, images, input)
}

/// The mask of an input on the grid of the particle images, values clamped to 0 to 1; `None` when none is connected.
///
/// # Errors
/// A damaged file, or values that are those of a map.
pub fn load_mask(
    context: &JobContext,
    input: &str,
    images: &ParticleImages,
) -> Result<Option<Volume>, Failure> {
    if !context.request().has(input) {
        return Ok(None);
    }
    let map = context.load_map(input, MASK_SLOTS)?;
    let (least, greatest) = map
        .data
        .iter()
        .fold((f32::INFINITY, f32::NEG_INFINITY), |(a, b), &v| {
            (a.min(v), b.max(v))
        });
    if least < -0.01 || !(0.5..=1.01).contains(&greatest) {
        return Err(failure::input(
            &format!("inputs.{input}"),
            format!(
                "{} has values from {least} to {greatest}; those of a mask run from 0 to 1.",
                map.path.display()
            ),
            "Connect a mask.",
        ));
    }
    let mut mask = onto_grid(context, map, images, input)?;
    mask.data.iter_mut().for_each(|v| *v = v.clamp(0.0, 1.0));
    Ok(Some(mask))
}

fn onto_grid(
    context: &JobContext,
    map: LoadedMap,
    images: &ParticleImages,
    input: &str,
) -> Result<Volume, Failure> {
    let (n, pixel) = (images.box_size(), images.pixel_size_angstrom());
    let volume = Volume::new(map.n, map.voxel_size_angstrom, map.data).map_err(volume_failure)?;
    if volume.n == n && (volume.voxel_size_angstrom / pixel - 1.0).abs() < 1e-3 {
        return Ok(Volume {
            voxel_size_angstrom: pixel,
            ..volume
        });
    }
    let ratio = volume.box_angstrom() / (n as f64 * pixel);
    if !(0.2..=5.0).contains(&ratio) {
        return Err(failure::input(
            &format!("inputs.{input}"),
            format!(
                "The map's box is {:.0} Å wide, that of the particles {:.0} Å: one of the pixel sizes must be wrong.",
                volume.box_angstrom(),
                n as f64 * pixel
            ),
            "Check the voxel size of the map and the pixel size of the particles, and import with the right one.",
        ));
    }
    context.info(format!(
        "The map ({} voxels of {:.4} Å) is brought onto the grid of the particles ({n} of {pixel:.4} Å).",
        volume.n, volume.voxel_size_angstrom
    ))?;
    let still = Motion {
        rotation: Rotation::identity(),
        shift_angstrom: [0.0; 3],
        mirrored: false,
    };
    moved_onto(&volume, &still, n, pixel).map_err(volume_failure)
}
