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
    /// How much of the images' power beyond the background is counted as noise, as a multiple of that power.
    pub heat: f32,
    /// Whether the noise follows the residuals; before that it is the background's.
    pub learns_noise: bool,
}

/// Share of the iterations after which the random starts are compared.
pub(super) const START_SHARE: f64 = 0.4;
/// Heat of the first iteration. Too little freezes a random start into the nearest wrong map, where the images are
/// clear; counting the power itself, and not the noise, makes it little where they are not.
const HEAT: f64 = 3.0;
/// Share of the iterations after which no heat is left: before the starts are compared.
const COLD_SHARE: f64 = 0.32;
/// Particles per class that the starts learn from before they are compared: few enough that each is met several times
/// and its shift is soon known.
pub(super) const START_PARTICLES: usize = 1200;
/// Share of the iterations with the coarsest resolution.
const COARSE_SHARE: f64 = 0.12;
/// Share of the iterations after which the final resolution is reached.
const FINE_SHARE: f64 = 0.8;

pub(super) fn settings(params: &AbInitioParams, resolved: &Resolved, iteration: usize) -> Settings {
    let share = iteration as f64 / params.iterations as f64;
    let marching = ((share - COARSE_SHARE) / (FINE_SHARE - COARSE_SHARE)).clamp(0.0, 1.0);
    let (coarse, fine) = (resolved.initial_resolution, params.final_resolution_angstrom);
    let resolution = coarse * (fine / coarse).powf(marching);
    let rings = ((resolved.edge / resolution).round() as usize).clamp(4, resolved.rings);
    // Crowther: detail d at distance D/2 needs steps of d/D; one and a half times that still fits under a posterior,
    // as the grid is turned at random in every iteration.
    let needed_deg = (resolution / resolved.diameter).to_degrees() * 1.5;
    let order = (1..=3)
        .find(|o| healpix::step_deg(*o) <= needed_deg)
        .unwrap_or(3)
        .max(2);
    let growth = (params.final_batch as f64 / params.initial_batch as f64).powf(share.min(1.0));
    let batch = (params.initial_batch as f64 * growth * params.classes as f64) as usize;
    let step = 0.5 * (0.12f64 / 0.5).powf((share / 0.7).min(1.0));
    let heat = HEAT * (1.0 - share / COLD_SHARE).max(0.0).powi(2);
    Settings {
        rings,
        angles: angles_for(resolved, rings),
        order,
        shift_step: resolution / 4.0,
        batch,
        step: step as f32,
        heat: heat as f32,
        // Residuals of a map without structure hold the particles themselves: noise taken from them would keep that map
        // the best explanation.
        learns_noise: share >= START_SHARE,
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
