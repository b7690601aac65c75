//! Does the data support the reference? A test that noise cannot pass.
//!
//! Poses are found on half of the shells only (every other pair) and the prediction is then compared with the image on
//! the other half. Noise is independent from shell to shell, so for images without the particle the sum of
//! `Re(conj(p) W)` over held-out shells has mean 0 and variance `sum |p|^2 / 2`, whatever the search did. Each
//! particle is compared with a reference that it has not contributed to.

use super::expectation::Context;
use super::state::RefineState;
use super::step::{Inputs, mask_radius};
use crate::error::RefineError;
use crate::global::{GlobalQuery, GlobalSearch, shift_lattice};
use crate::local::{LocalOptions, climb};
use crate::view::View;
use nilas_geometry::Rotation;
use nilas_kernels::polar::ScoreRule;
use nilas_kernels::residual::score;
use nilas_kernels::slice::{SliceGradient, SplineVolume};
use rayon::prelude::*;

/// Particles that the test looks at, at most.
const SAMPLE: usize = 600;

/// Outcome of the test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Support {
    /// Standard score of the held-out agreement: N(0,1) for images without the particle.
    pub z: f64,
    /// Least-squares contrast of the data relative to the reference, on held-out shells.
    pub scale: f64,
}

/// Whether a shell is held out: pairs of shells in turn.
fn held_out(shell: usize) -> bool {
    (shell / 2) % 2 == 1
}

/// Tests the state's references at `radius` shells. `exchange`: each half-set against the other's reference.
pub(crate) fn test(
    inputs: &Inputs,
    state: &RefineState,
    radius: usize,
    exchange: bool,
    rule: ScoreRule,
) -> Result<Support, RefineError> {
    let store = inputs.store;
    let n = store.disc().box_size();
    let radius = radius.clamp(4, 16).min(inputs.last_shell());
    let margin = (radius + 3).min(store.disc().radius());
    let volumes = state
        .references
        .iter()
        .map(|v| SplineVolume::from_real(&v.data, n, radius))
        .collect::<Result<Vec<_>, _>>()?;
    let reach = mask_radius(&state.masks[0]).max(mask_radius(&state.masks[1]));
    let search = GlobalSearch::new(
        &volumes,
        store,
        radius,
        2,
        &inputs.params.group,
        &Rotation::identity(),
        reach,
    )?;
    let range = inputs
        .params
        .shift_range_angstrom
        .map_or(0.1 * n as f64, |r| r / store.pixel_size_angstrom());
    let rings: Vec<bool> = (1..=radius).map(|q| !held_out(q)).collect();
    let context = Context {
        insertion_weights: &[Vec::new(), Vec::new()],
        store,
        noise: &state.noise,
        volumes: &volumes,
        search: Some(&search),
        group: &inputs.params.group,
        radius,
        insert_radius: margin,
        scale_radius: radius,
        shift_range: range,
        shift_step: (n as f64 / (5.0 * radius as f64)).max(1.0),
        shift_precision: 1.0 / range.max(2.0).powi(2),
        estimate_scale: false,
        reach,
        seed: 0,
    };
    let usable: Vec<usize> = (0..store.len()).filter(|i| !store.is_blank(*i)).collect();
    let stride = usable.len().div_ceil(SAMPLE).max(1);
    let sample: Vec<usize> = usable.into_iter().step_by(stride).collect();
    let sums = sample
        .par_iter()
        .map_init(
            || (View::default(), search.scratch(), SliceGradient::default()),
            |(view, scratch, slice), i| -> Result<[f64; 2], RefineError> {
                let p = &state.particles[*i];
                let which = usize::from(p.half) ^ usize::from(exchange);
                // Contrast and centre from the input alone: what earlier iterations found has seen all shells.
                let own = &state.noise[usize::from(p.half)];
                view.load(store, own, &inputs.particles[*i], *i, margin, 1.0)?;
                let centre = if inputs.params.local_only {
                    input_shift(inputs, *i)
                } else {
                    [0.0; 2]
                };
                let shifts = shift_lattice(centre, context.shift_range, context.shift_step);
                let query = GlobalQuery {
                    shifts: &shifts,
                    rule,
                    rings: Some(&rings),
                    window: 10.0,
                    max_seeds: 2,
                };
                let seeds = search.seeds(
                    store,
                    view,
                    &inputs.particles[*i],
                    p.scale,
                    which,
                    &query,
                    scratch,
                )?;
                let Some(seed) = seeds.first() else {
                    return Ok([0.0; 2]);
                };
                let all = view.factor.clone();
                mask_factor(store, &mut view.factor, false);
                let options = LocalOptions {
                    steps: 4,
                    shift_steps: 2,
                    step_angle: 0.1,
                    step_shift: 1.5,
                    reach_angle: 0.3,
                    shift_precision: context.shift_precision,
                };
                let (rotation, shift) = match rule {
                    ScoreRule::Likelihood => {
                        let data = view.observation(store, radius);
                        let f = climb(&volumes[which], &data, &options, seed.rotation, seed.shift, slice)?;
                        (f.rotation, f.shift)
                    }
                    // Without a known contrast a least-squares climb would be wrong.
                    ScoreRule::FreeScale => (seed.rotation, seed.shift),
                };
                view.factor = all;
                mask_factor(store, &mut view.factor, true);
                let data = view.observation(store, radius);
                let (mut re, mut im) = (vec![0.0; data.re.len()], vec![0.0; data.re.len()]);
                volumes[which].slice(&rotation.m, data.kx, data.ky, &mut re, &mut im)?;
                let s = score(&data, &re, &im, shift)?;
                Ok([s.cross, s.power])
            },
        )
        .collect::<Result<Vec<_>, _>>()?;
    let (cross, power) = sums.iter().fold((0.0, 0.0), |a, b| (a.0 + b[0], a.1 + b[1]));
    if power > 0.0 {
        Ok(Support {
            z: cross / (0.5 * power).sqrt(),
            scale: cross / power,
        })
    } else {
        Ok(Support { z: 0.0, scale: 0.0 })
    }
}

/// The shift that a particle came with, whole pixels.
fn input_shift(inputs: &Inputs, particle: usize) -> [f64; 2] {
    let a = inputs.store.pixel_size_angstrom();
    inputs.particles[particle]
        .pose
        .map_or([0.0; 2], |p| p.shift_angstrom.map(|v| (v / a).round()))
}

/// Zeroes the factor on the shells that are (or are not) held out.
fn mask_factor(store: &crate::store::ParticleStore, factor: &mut [f32], keep_held_out: bool) {
    for (f, shell) in factor.iter_mut().zip(store.disc().shell()) {
        if held_out(*shell as usize) != keep_held_out {
            *f = 0.0;
        }
    }
}
