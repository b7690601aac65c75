//! How resolution, grids, batches and memory change over a run.

use super::params::{AbInitioParams, Resolved};
use nilas_geometry::healpix;

/// Everything that one iteration needs to know about how fine to look.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Settings {
    /// Rings compared, Fourier pixels.
    pub rings: usize,
    /// In-plane angles.
    pub angles: usize,
    /// HEALPix order of the directions.
    pub order: u32,
    /// Distance of neighbouring trial shifts, Å.
    pub shift_step: f64,
    /// Images.
    pub batch: usize,
    /// Weight of this batch in the trailing averages.
    pub step: f32,
    /// Factor on the noise variance.
    pub temperature: f32,
    /// Whether the point group is imposed.
    pub symmetric: bool,
}

/// Share of the iterations after which the random starts are compared.
pub(super) const START_SHARE: f64 = 0.4;
/// Share of the iterations with the coarsest resolution.
const COARSE_SHARE: f64 = 0.12;
/// Share of the iterations after which the final resolution is reached.
const FINE_SHARE: f64 = 0.8;

pub(super) fn settings(params: &AbInitioParams, resolved: &Resolved, iteration: usize) -> Settings {
    let share = iteration as f64 / params.iterations as f64;
    let marching = ((share - COARSE_SHARE) / (FINE_SHARE - COARSE_SHARE)).clamp(0.0, 1.0);
    let (coarse, fine) = (
        params.initial_resolution_angstrom,
        params.final_resolution_angstrom,
    );
    let resolution = coarse * (fine / coarse).powf(marching);
    let rings = ((resolved.edge / resolution).round() as usize).clamp(4, resolved.rings);
    // Crowther: detail d at distance D/2 needs steps of d/D; twice that still fits under a posterior.
    let needed_deg = (resolution / resolved.diameter).to_degrees() * 1.5;
    let order = (1..=3)
        .find(|o| healpix::step_deg(*o) <= needed_deg)
        .unwrap_or(3)
        .max(2);
    let growth = (params.final_batch as f64 / params.initial_batch as f64).powf(share.min(1.0));
    let batch = (params.initial_batch as f64 * growth * params.classes as f64) as usize;
    let step = 0.5 * (0.12f64 / 0.5).powf((share / 0.7).min(1.0));
    let temperature = 1.0 + 1.0 * (1.0 - share / 0.5).max(0.0);
    Settings {
        rings,
        angles: angles_for(resolved, rings),
        order,
        shift_step: resolution / 4.0,
        batch,
        step: step as f32,
        temperature: temperature as f32,
        symmetric: resolved.group.order() > 1 && share >= symmetric_from(&resolved.group),
    }
}

/// In-plane angles that the rings need.
fn angles_for(resolved: &Resolved, rings: usize) -> usize {
    let orders = std::f64::consts::PI * resolved.diameter * rings as f64 / resolved.edge + 6.0;
    let enough = [32, 64, 128, 256]
        .into_iter()
        .find(|m| orders < (m / 2 - 1) as f64)
        .unwrap_or(256);
    enough.min(resolved.angles)
}

/// The first look of an iteration: the same directions on fewer rings. None where that would save nothing.
pub(super) fn first_look(settings: &Settings, resolved: &Resolved) -> Option<Settings> {
    let rings = (settings.rings * 9 / 20).max(6);
    (settings.rings >= 11 && settings.order >= 3).then(|| Settings {
        rings,
        angles: angles_for(resolved, rings),
        ..settings.clone()
    })
}

/// When the point group comes in: cyclic groups after the map has found its shape without; groups that fix a frame
/// early, because the frame is free anyway.
pub(super) fn symmetric_from(group: &nilas_geometry::PointGroup) -> f64 {
    if group.name().starts_with('C') { 0.55 } else { 0.2 }
}

/// Trial shifts about zero: a square grid of `step` inside a disc of `radius`, the centre first.
pub(super) fn shift_grid(step: f64, radius: f64) -> Vec<[f64; 2]> {
    let reach = (radius / step + 1e-9).floor() as i64;
    let mut grid = Vec::new();
    for y in -reach..=reach {
        for x in -reach..=reach {
            let shift = [x as f64 * step, y as f64 * step];
            if shift[0].hypot(shift[1]) <= radius + 1e-9 {
                grid.push(shift);
            }
        }
    }
    grid.sort_by(|a, b| a[0].hypot(a[1]).total_cmp(&b[0].hypot(b[1])));
    grid
}
