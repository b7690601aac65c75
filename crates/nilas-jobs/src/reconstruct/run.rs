//! The recipe of `reconstruct`: read, put together, measure, store.

use super::Plan;
use crate::context::JobContext;
use crate::failure;
use crate::job::Finished;
use crate::maps::load_mask;
use crate::particles::{ParticleImages, contrast_transfer, halves, optics_groups, poses};
use crate::refined::{engine_particles, refine_failure, report, sharpen, write_volume};
use crate::watch::Watch;
use nilas_model::Failure;
use nilas_refine::reconstruct::reconstruct;
use nilas_refine::refine::RefineParams;
use nilas_refine::{ImageSource, Observer};

struct Follower<'a>(Watch<'a>);

impl Observer for Follower<'_> {
    fn progress(&mut self, what: &str, done: usize, total: usize) {
        self.0.progress(what, done as u64, total as u64);
    }

    fn cancelled(&self) -> bool {
        self.0.should_stop()
    }
}

pub(super) fn run(context: &mut JobContext, plan: Plan) -> Result<Finished, Failure> {
    let params = &plan.params;
    let particles = context.load_particles("particles")?;
    let images = ParticleImages::new(&particles, context.project_dir(), "inputs.particles")?;
    let ctfs = contrast_transfer(&particles, "inputs.particles")?;
    let (groups, _) = optics_groups(&particles, "inputs.particles")?;
    let Some(poses) = poses(&particles, "inputs.particles")? else {
        return Err(failure::input(
            "inputs.particles",
            "The particles have no poses.",
            "Connect particles with poses.",
        ));
    };
    let halves = halves(&particles).filter(|_| params.use_input_halves);
    context.info(format!(
        "{} particles of {1} x {1} px at {2:.4} Å/px, symmetry {3}, halves {4}.",
        images.len(),
        images.box_size(),
        images.pixel_size_angstrom(),
        plan.group.name(),
        if halves.is_some() {
            "of the input"
        } else {
            "drawn at random"
        }
    ))?;
    let mask = load_mask(context, "mask", &images)?;
    let inputs = engine_particles(ctfs, &groups, halves.as_deref(), Some(&poses));
    let settings = RefineParams {
        group: plan.group.clone(),
        particle_diameter_angstrom: params.mask_diameter_angstrom,
        max_resolution_angstrom: params.maximum_resolution_angstrom,
        seed: params.seed,
        ..RefineParams::new(images.pixel_size_angstrom())
    };
    let scratch = context.make_scratch_dir()?;
    let mut follower = Follower(Watch::new(context));
    let made = reconstruct(
        &images as &dyn ImageSource,
        &inputs,
        &settings,
        mask.as_ref(),
        &scratch,
        &mut follower,
    );
    let outcome = match (made, follower.0.reason()) {
        (_, Some(reason)) => return Err(reason),
        (Err(error), None) => return Err(refine_failure(error, &images)),
        (Ok(outcome), None) => outcome,
    };
    let sharpened = sharpen(&outcome)?;
    report(context, &outcome, &sharpened)?;
    // Like any plain reconstruction: without weights; the sharpened map has them.
    let output = write_volume(context, &outcome, &outcome.map_plain, &sharpened, false)?;
    let mut resolved_params = params.to_map();
    resolved_params.insert("symmetry".to_owned(), plan.group.name().into());
    resolved_params.insert("use_input_halves".to_owned(), halves.is_some().into());
    Ok(Finished {
        outputs: vec![output],
        resolved_params,
    })
}
