//! The whole refinement.

use super::finish::{RefineOutcome, finish, starting_reference};
use super::known::{corrected_sums, insert_all};
use super::params::RefineParams;
use super::state::RefineState;
use super::step::{Inputs, automatic_mask, step};
use super::support;
use crate::error::RefineError;
use crate::maps::SymmetryPlan;
use crate::observer::Observer;
use crate::particle::Particle;
use crate::source::ImageSource;
use crate::store::ParticleStore;
use nilas_kernels::polar::ScoreRule;
use nilas_volume::Volume;
use std::path::Path;

/// Refines poses and map of one homogeneous set of particles, from a starting reference (any grid and any units), in two
/// independent half-sets. `scratch` is a directory with room for `2 n^2` bytes per particle. `resume` continues a saved
/// state of the same particles. `mask`, where given, is used for references and FSC (same grid as the particles).
///
/// # Errors
/// Bad parameters, particles or reference; images that cannot be read or hold NaN; scratch space; cancellation.
#[allow(clippy::too_many_arguments)]
pub fn run(
    source: &dyn ImageSource,
    particles: &[Particle],
    params: &RefineParams,
    initial: &Volume,
    mask: Option<&Volume>,
    resume: Option<RefineState>,
    scratch: &Path,
    observer: &mut dyn Observer,
) -> Result<RefineOutcome, RefineError> {
    params.check()?;
    let store = ParticleStore::build(source, particles, params.pixel_size_angstrom, scratch, observer)?;
    let n = store.disc().box_size();
    let symmetry = SymmetryPlan::new(&params.group);
    if let Some(m) = mask
        && m.n != n
    {
        return Err(RefineError::Parameter {
            name: "mask",
            message: format!("its box is {} voxels, the particles' {n}", m.n),
        });
    }
    let inputs = Inputs {
        store: &store,
        particles,
        params,
        symmetry: &symmetry,
        given_mask: mask,
    };
    let mut state = match resume {
        Some(s) => check_resume(s, &inputs)?,
        None => start(&inputs, initial)?,
    };
    while !state.converged {
        let report = step(&inputs, &mut state, observer)?;
        observer.iteration(&report);
        observer.checkpoint(&state);
    }
    let z = support::test(&inputs, &state, state.radius, true, ScoreRule::Likelihood)?.z;
    state.support[1] = z;
    // The poses have come to rest: all shells are put together with them as they are.
    let sums = insert_all(&inputs, &state, None, observer)?;
    let sums = corrected_sums(&inputs, &state, &sums, observer)?;
    finish(&inputs, &state, &sums, Some(z))
}

/// The first state: reference, mask, noise, and the contrast of the reference relative to the data.
fn start(inputs: &Inputs, initial: &Volume) -> Result<RefineState, RefineError> {
    let n = inputs.store.disc().box_size();
    let reference = starting_reference(initial, n, inputs.params)?;
    let mask = match inputs.given_mask {
        Some(m) => m.clone(),
        None => automatic_mask(&reference, inputs.params, inputs.params.initial_low_pass_angstrom)?,
    };
    let reference = reference.times(&mask)?;
    let first = inputs
        .shell_at(inputs.params.initial_low_pass_angstrom)
        .max(6)
        .min(inputs.last_shell());
    let mut state = RefineState::new(
        inputs.store,
        inputs.particles,
        inputs.params,
        reference,
        mask,
        first,
    )?;
    let found = support::test(inputs, &state, first, false, ScoreRule::FreeScale)?;
    state.support[0] = found.z;
    let factor = fallback_scale(found.scale, inputs, &state);
    for r in &mut state.references {
        r.data.iter_mut().for_each(|v| *v *= factor as f32);
    }
    Ok(state)
}

/// The measured contrast, or, where noise made it useless, one that gives the reference a tenth of the images' power.
fn fallback_scale(measured: f64, inputs: &Inputs, state: &RefineState) -> f64 {
    let r = &state.references[0];
    let power: f64 = r.data.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>() / r.n as f64;
    let n = inputs.store.disc().box_size() as f64;
    let ceiling = if power > 0.0 { (n * n / power).sqrt() } else { 1.0 };
    if measured > 1e-3 * ceiling && measured.is_finite() {
        measured
    } else {
        0.03 * ceiling
    }
}

fn check_resume(state: RefineState, inputs: &Inputs) -> Result<RefineState, RefineError> {
    let wrong = |what: &str| RefineError::State(format!("it belongs to other inputs: {what} differs"));
    if state.box_size != inputs.store.disc().box_size() {
        return Err(wrong("the box size"));
    }
    if state.particles.len() != inputs.particles.len() {
        return Err(wrong("the number of particles"));
    }
    if state.noise[0].power.len() != inputs.store.mean_power().len() {
        return Err(wrong("the number of optics groups"));
    }
    if state.seed != inputs.params.seed {
        return Err(wrong("the seed"));
    }
    Ok(state)
}
