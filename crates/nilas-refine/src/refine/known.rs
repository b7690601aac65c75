//! A pass over particles whose poses are taken as they are.

use super::finish::{RefineOutcome, finish};
use super::params::RefineParams;
use super::state::RefineState;
use super::step::{Inputs, either, insert_origins, reliability};
use crate::error::RefineError;
use crate::maps::{Sums, SymmetryPlan};
use crate::observer::Observer;
use crate::particle::Particle;
use crate::source::ImageSource;
use crate::store::ParticleStore;
use crate::view::View;
use nilas_kernels::insert::{Accumulator, InsertItem};
use nilas_kernels::simd::sin_cos_turns;
use nilas_kernels::slice::SplineVolume;
use nilas_volume::Volume;
use nilas_volume::fsc::masked_corrected_fsc;
use nilas_volume::mask::sphere;
use rayon::prelude::*;
use std::path::Path;

/// See [`crate::reconstruct::reconstruct`].
pub(crate) fn reconstruct_known(
    source: &dyn ImageSource,
    particles: &[Particle],
    params: &RefineParams,
    symmetry: &SymmetryPlan,
    mask: Option<&Volume>,
    scratch: &Path,
    observer: &mut dyn Observer,
) -> Result<RefineOutcome, RefineError> {
    let store = ParticleStore::build(source, particles, params.pixel_size_angstrom, scratch, observer)?;
    let (n, a) = (store.disc().box_size(), params.pixel_size_angstrom);
    let inputs = Inputs {
        store: &store,
        particles,
        params,
        symmetry,
        given_mask: mask,
    };
    let radius = 0.45 * n as f64 * a;
    let wide = match mask {
        Some(m) => m.clone(),
        None => sphere(
            n,
            a,
            params
                .particle_diameter_angstrom
                .map_or(radius, |d| radius.min(0.5 * d)),
            4.0 * a,
        )?,
    };
    let empty = Volume::zeros(n, a)?;
    let mut state = RefineState::new(&store, particles, params, empty, wide, inputs.last_shell())?;
    for (s, p) in state.particles.iter_mut().zip(particles) {
        s.has_pose = true;
        s.posterior = 1.0;
        if let Some(pose) = p.pose {
            s.rotation = pose.rotation;
        }
    }
    let sums = insert_all(&inputs, &state, None, observer)?;
    if mask.is_none() {
        // A first automatic mask from the sphere's curve; the final mask follows from that.
        let first = finish(&inputs, &state, &sums, None)?.mask_fsc;
        state.masks = [first.clone(), first];
    }
    let sums = corrected_sums(&inputs, &state, &sums, observer)?;
    finish(&inputs, &state, &sums, None)
}

/// A second pass with fixed poses, on residuals against each half-set's own map: see [`Sums::with_reference`].
pub(crate) fn corrected_sums(
    inputs: &Inputs,
    state: &RefineState,
    sums: &[Sums; 2],
    observer: &mut dyn Observer,
) -> Result<[Sums; 2], RefineError> {
    let last = inputs.last_shell();
    let half_maps = [sums[0].balanced_map(last)?, sums[1].balanced_map(last)?];
    let fsc = masked_corrected_fsc(&half_maps[0], &half_maps[1], &either(&state.masks), state.seed)?;
    let trusted = reliability(&fsc.corrected.correlation, last);
    let references = [
        sums[0].weighted_map(&trusted)?.times(&state.masks[0])?,
        sums[1].weighted_map(&trusted)?.times(&state.masks[1])?,
    ];
    let [a, b] = insert_all(inputs, state, Some(&references), observer)?;
    Ok([
        a.with_reference(&references[0])?,
        b.with_reference(&references[1])?,
    ])
}

/// The sums of all particles up to the last shell with their poses as they are; of residuals against `references` where given.
pub(crate) fn insert_all(
    inputs: &Inputs,
    state: &RefineState,
    references: Option<&[Volume; 2]>,
    observer: &mut dyn Observer,
) -> Result<[Sums; 2], RefineError> {
    let (store, last) = (inputs.store, inputs.last_shell());
    let n = store.disc().box_size();
    let mut accumulators = [Accumulator::new(n, last)?, Accumulator::new(n, last)?];
    let usable: Vec<usize> = (0..store.len()).filter(|i| !store.is_blank(*i)).collect();
    let volumes = match references {
        Some(r) => r
            .iter()
            .map(|v| SplineVolume::from_real(&v.data, n, last))
            .collect::<Result<Vec<_>, _>>()?,
        None => Vec::new(),
    };
    let inserted = &store.disc().shell()[..store.disc().count(last)];
    let weights = [0, 1].map(|half: usize| state.noise[half].insertion_weights(inserted));
    let mut done = 0;
    for chunk in usable.chunks(96) {
        if observer.cancelled() {
            return Err(RefineError::Cancelled);
        }
        let views = chunk
            .par_iter()
            .map(|i| {
                let p = &state.particles[*i];
                let mut view = View::default();
                let half = usize::from(p.half);
                let weights = &weights[half];
                view.load(
                    store,
                    &state.noise[half],
                    &inputs.particles[*i],
                    *i,
                    last,
                    p.scale,
                )?;
                let t = p.shift.map(|v| (v / n as f64) as f32);
                let (kx, ky) = (store.disc().kx(), store.disc().ky());
                let m = view.re.len();
                let (mut vr, mut vi) = (vec![0.0; m], vec![0.0; m]);
                if let Some(volume) = volumes.get(half) {
                    volume.slice(&p.rotation.m, &kx[..m], &ky[..m], &mut vr, &mut vi)?;
                    let (mut re, mut im) = ([0.0], [0.0]);
                    volume.slice(&p.rotation.m, &[0.0], &[0.0], &mut re, &mut im)?;
                    view.origin[0] -= view.origin[1] * re[0];
                }
                for k in 0..m {
                    let (s, c) = sin_cos_turns::<false>(kx[k] * t[0] + ky[k] * t[1]);
                    let (re, im, f) = (view.re[k], view.im[k], view.factor[k]);
                    let w = f * weights[k];
                    view.re[k] = w * (re * c + im * s - f * vr[k]);
                    view.im[k] = w * (im * c - re * s - f * vi[k]);
                    view.factor[k] = w * f;
                }
                Ok(view)
            })
            .collect::<Result<Vec<_>, RefineError>>()?;
        for (half, accumulator) in accumulators.iter_mut().enumerate() {
            let items: Vec<InsertItem> = chunk
                .iter()
                .zip(&views)
                .filter(|(i, _)| usize::from(state.particles[**i].half) == half)
                .flat_map(|(i, v)| {
                    let a = state.particles[*i].rotation;
                    inputs.symmetry.representatives().iter().map(move |g| InsertItem {
                        rotation: a.mul(g).m,
                        re: &v.re,
                        im: &v.im,
                        weight: &v.factor,
                    })
                })
                .collect();
            accumulator.insert(&items, store.disc().kx(), store.disc().ky())?;
            let origins = chunk
                .iter()
                .zip(&views)
                .filter(|(i, _)| usize::from(state.particles[**i].half) == half)
                .map(|(_, v)| v.origin_contribution(1.0, f64::from(weights[half][0])));
            insert_origins(accumulator, origins, inputs.symmetry)?;
        }
        done += chunk.len();
        observer.progress("particles", done, usable.len());
    }
    let a = store.pixel_size_angstrom();
    Ok([
        Sums::new(&accumulators[0], inputs.symmetry, a),
        Sums::new(&accumulators[1], inputs.symmetry, a),
    ])
}
