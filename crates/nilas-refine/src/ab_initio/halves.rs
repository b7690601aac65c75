//! Whether a map is more than fitted noise: two halves of the particles refined apart from each other.

use super::model::Model;
use super::report::HalfSets;
use super::run::{Context, Stream, generator};
use super::schedule::{self, Settings};
use super::seeds::volume_error;
use super::state::StartState;
use super::{AbInitioError, Observer};
use nilas_geometry::Rotation;
use nilas_volume::{Volume, filter, fsc};

/// Passes over each half.
const PASSES: usize = 2;
/// Most particles of a half: enough for the resolutions that ab-initio works at.
const MOST: usize = 1000;
/// What the halves share at least this many times coarser than the finest ring, or they could not go beyond it.
const ROOM: f64 = 1.6;

/// Refines two halves of the training particles from the start's maps at low resolution, and compares the largest
/// class of both. Beyond what they shared, they agree only where the particles say the same under the poses that the
/// shared map gives them; noise says nothing twice. It is a test that a right map must pass, but a wrong map that many
/// particles fit in the same wrong way passes it too: whether other starts find the same map tells that.
///
/// The particles' shifts are known from the run and so are shared; directions and in-plane angles are found anew.
pub(super) fn compare_halves(
    context: &Context<'_>,
    finished: &StartState,
    observer: &mut dyn Observer,
) -> Result<HalfSets, AbInitioError> {
    let (params, resolved) = (context.params, context.resolved);
    let settings = Settings {
        step: 1.0,
        heat: 0.0,
        ..schedule::settings(params, resolved, params.iterations)
    };
    let edge = resolved.edge;
    let shared_angstrom = resolved
        .initial_resolution
        .max(ROOM * edge / settings.rings as f64);
    let largest = (0..finished.model.classes.len())
        .max_by(|a, b| {
            let share = |k: usize| finished.model.classes[k].share;
            share(*a).total_cmp(&share(*b))
        })
        .unwrap_or(0);
    let mut maps = Vec::with_capacity(2);
    for half in 0..2 {
        let rows: Vec<usize> = context
            .training
            .iter()
            .skip(half)
            .step_by(2)
            .take(MOST)
            .copied()
            .collect();
        let mut state = finished.clone();
        blur(&mut state.model, edge, shared_angstrom)?;
        for pass in 0..PASSES {
            observer.progress("refining halves apart", half * PASSES + pass, 2 * PASSES);
            let index = params.iterations + 1 + half * PASSES + pass;
            let turn = Rotation::random(&mut generator(params.seed, Stream::Grid, finished.start, index));
            context.maximise(&mut state, &settings, &rows, &turn, observer)?;
        }
        let map = state.model.classes.swap_remove(largest).volume;
        maps.push(
            Volume::new(finished.model.crop, edge / finished.model.crop as f64, map).map_err(volume_error)?,
        );
    }
    let curve = fsc::fsc(&maps[0], &maps[1]).map_err(volume_error)?;
    // Rings that were not compared hold nothing.
    let mut correlation: Vec<f64> = curve
        .correlation
        .iter()
        .take(settings.rings + 1)
        .copied()
        .collect();
    correlation.resize(settings.rings + 1, 0.0);
    let finest = edge / settings.rings as f64;
    Ok(HalfSets {
        resolution_angstrom: curve
            .crossing(fsc::HALF_MAP_THRESHOLD)
            .resolution_angstrom
            .max(finest),
        correlation,
        shared_angstrom,
    })
}

/// Low-passes the maps and forgets what they were made of.
fn blur(model: &mut Model, edge: f64, resolution_angstrom: f64) -> Result<(), AbInitioError> {
    let voxel = edge / model.crop as f64;
    for class in &mut model.classes {
        let sharp =
            Volume::new(model.crop, voxel, std::mem::take(&mut class.volume)).map_err(volume_error)?;
        class.volume = filter::low_pass(&sharp, resolution_angstrom)
            .map_err(volume_error)?
            .data;
        class.halves.iter_mut().for_each(|half| half.clear());
    }
    Ok(())
}
