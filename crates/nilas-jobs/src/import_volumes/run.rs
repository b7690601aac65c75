//! The recipe of `import_volumes`: read, check, filter, store.

use super::Plan;
use crate::context::{JobContext, MapToWrite, read_cube};
use crate::failure;
use crate::figures;
use crate::job::Finished;
use nilas_model::{DataKind, Failure};
use nilas_volume::Volume;
use nilas_volume::filter::low_pass;

pub(super) fn run(context: &mut JobContext, plan: Plan) -> Result<Finished, Failure> {
    let params = &plan.params;
    let map = read_cube(plan.path.clone(), params.pixel_size_angstrom, "params.path")?;
    context.info(format!(
        "{}: {} voxels of {:.4} Å.",
        plan.path.display(),
        map.n,
        map.voxel_size_angstrom
    ))?;
    context.check_cancelled()?;
    let (n, voxel_size_angstrom) = (map.n, map.voxel_size_angstrom);
    let (least, greatest) = map
        .data
        .iter()
        .fold((f32::INFINITY, f32::NEG_INFINITY), |(a, b), &v| {
            (a.min(v), b.max(v))
        });
    let is_mask = params.kind == "mask";
    if least == greatest {
        return Err(failure::input(
            "params.path",
            format!(
                "{} has the same value {least} in every voxel.",
                plan.path.display()
            ),
            "Import a file that holds a map.",
        ));
    }
    if is_mask && !(least >= -1e-3 && greatest <= 1.001) {
        return Err(failure::input(
            "params.path",
            format!(
                "{} has values from {least} to {greatest}; those of a mask run from 0 to 1.",
                plan.path.display()
            ),
            "Make a mask from the map first, or import the file as a map.",
        ));
    }
    let mut data = map.data;
    if params.flip_hand {
        mirror(&mut data, n);
    }
    if is_mask {
        data.iter_mut().for_each(|v| *v = v.clamp(0.0, 1.0));
        let inside = data.iter().map(|v| f64::from(*v)).sum::<f64>() / data.len() as f64;
        context.statistic("mask_fraction", inside)?;
    } else if let Some(resolution) = params.lowpass_angstrom {
        let volume = Volume {
            n,
            voxel_size_angstrom,
            data,
        };
        data = low_pass(&volume, resolution)
            .map_err(|e| failure::input("params.lowpass_angstrom", e, "Change the low-pass."))?
            .data;
    }
    context.statistic("box_size_px", n as f64)?;
    context.statistic("voxel_size_angstrom", voxel_size_angstrom)?;
    context.figure(
        &figures::orthogonal_slices("slices", "Central slices", &data, n, voxel_size_angstrom),
        None,
    )?;
    context.figure(
        &figures::projections("projections", "Projections", &data, n, voxel_size_angstrom),
        None,
    )?;
    let (name, kind, title, slot) = if is_mask {
        ("mask", DataKind::Mask, "Mask", "mask")
    } else {
        ("volume", DataKind::Volume, "Volume", "map")
    };
    let output = context.write_volume(
        name,
        kind,
        title,
        &[MapToWrite { slot, data: &data }],
        n,
        voxel_size_angstrom,
    )?;
    let mut resolved_params = params.to_map();
    resolved_params.insert("pixel_size_angstrom".to_owned(), voxel_size_angstrom.into());
    Ok(Finished {
        outputs: vec![output],
        resolved_params,
    })
}

/// Mirrors along x about the box centre n/2: voxel x goes to n - x, and what would fall outside wraps.
fn mirror(data: &mut [f32], n: usize) {
    for row in data.chunks_exact_mut(n) {
        row[1..].reverse();
    }
}
