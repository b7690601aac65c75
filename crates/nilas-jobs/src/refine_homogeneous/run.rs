//! The recipe of `refine_homogeneous`: read, refine, measure, store.

use super::Plan;
use super::follow::Follower;
use crate::context::JobContext;
use crate::failure;
use crate::figures;
use crate::job::Finished;
use crate::maps::{load_mask, load_reference};
use crate::particles::{ParticleImages, Pose, contrast_transfer, halves, optics_groups, poses, write_poses};
use crate::refined::{engine_particles, refine_failure, report, sharpen, write_volume};
use nilas_dataset::{Dataset, DatasetError};
use nilas_model::{Failure, OutputRecord};
use nilas_refine::refine::{self, RefineOutcome, RefineParams, RefineState};
use nilas_refine::{ImageSource, Particle};

pub(super) fn run(context: &mut JobContext, plan: Plan) -> Result<Finished, Failure> {
    let params = &plan.params;
    let particles = context.load_particles("particles")?;
    let images = ParticleImages::new(&particles, context.project_dir(), "inputs.particles")?;
    let ctfs = contrast_transfer(&particles, "inputs.particles")?;
    let (groups, group_count) = optics_groups(&particles, "inputs.particles")?;
    let poses = if params.use_input_poses {
        poses(&particles, "inputs.particles")?
    } else {
        None
    };
    if params.use_input_poses && poses.is_none() {
        return Err(failure::input(
            "params.use_input_poses",
            "The particles have no poses.",
            "Switch it off, or connect particles with poses.",
        ));
    }
    let halves = halves(&particles).filter(|_| params.use_input_halves);
    context.info(format!(
        "{} particles of {1} x {1} px at {2:.4} Å/px in {group_count} optics group(s), symmetry {3}, halves {4}.",
        images.len(),
        images.box_size(),
        images.pixel_size_angstrom(),
        plan.group.name(),
        if halves.is_some() { "of the input" } else { "drawn at random" }
    ))?;
    let reference = load_reference(context, "volume", &images)?;
    let mask = load_mask(context, "mask", &images)?;
    let inputs = engine_particles(ctfs, &groups, halves.as_deref(), poses.as_deref());
    let settings = RefineParams {
        group: plan.group.clone(),
        initial_low_pass_angstrom: params.initial_lowpass_angstrom,
        particle_diameter_angstrom: params.particle_diameter_angstrom,
        max_iterations: params.maximum_iterations,
        per_particle_scale: params.per_particle_scale,
        local_only: params.use_input_poses,
        max_resolution_angstrom: params.maximum_resolution_angstrom,
        seed: params.seed,
        ..RefineParams::new(images.pixel_size_angstrom())
    };
    let resume = saved_state(context)?;
    let scratch = context.make_scratch_dir()?;
    let mut follower = Follower::new(context);
    let made = refine::run(
        &images as &dyn ImageSource,
        &inputs,
        &settings,
        &reference,
        mask.as_ref(),
        resume,
        &scratch,
        &mut follower,
    );
    let outcome = match (made, follower.into_reason()) {
        (_, Some(reason)) => return Err(reason),
        (Err(error), None) => return Err(refine_failure(error, &images)),
        (Ok(outcome), None) => outcome,
    };
    let sharpened = sharpen(&outcome)?;
    report(context, &outcome, &sharpened)?;
    describe_particles(context, &outcome)?;
    context.statistic("iterations", outcome.iterations as f64)?;
    let outputs = vec![
        write_particles(context, &particles, &inputs, &images, &outcome)?,
        write_volume(context, &outcome, &outcome.map, &sharpened, true)?,
    ];
    let mut resolved_params = params.to_map();
    resolved_params.insert("symmetry".to_owned(), plan.group.name().into());
    resolved_params.insert("use_input_halves".to_owned(), halves.is_some().into());
    Ok(Finished {
        outputs,
        resolved_params,
    })
}

/// The state of an earlier attempt, when there is one that can be used.
fn saved_state(context: &JobContext) -> Result<Option<RefineState>, Failure> {
    let Some(saved) = context.load_checkpoint()? else {
        return Ok(None);
    };
    match RefineState::load(saved) {
        Ok(state) => {
            context.info(format!(
                "Going on from the checkpoint: {} iterations are done.",
                state.iteration
            ))?;
            Ok(Some(state))
        }
        Err(error) => {
            context.warn(format!(
                "The checkpoint can't be used ({error}): starting afresh."
            ))?;
            Ok(None)
        }
    }
}

fn describe_particles(context: &mut JobContext, outcome: &RefineOutcome) -> Result<(), Failure> {
    let column = |value: fn(&nilas_refine::ParticleResult) -> f64| -> Vec<f64> {
        outcome.particles.iter().map(value).collect()
    };
    let histogram = |id: &str, title: &str, label: &str, values: &[f64]| {
        figures::histogram(id, title, label, values, 50, &[])
    };
    let scale = column(|p| p.scale);
    let sigma = column(|p| p.rotation_sigma_rad.to_degrees());
    let shift = column(|p| p.shift_sigma_angstrom);
    context.figure(
        &histogram("scale", "Contrast of the particles", "scale (mean 1)", &scale),
        None,
    )?;
    context.figure(
        &histogram(
            "rotation_sigma",
            "Uncertainty of the orientations",
            "standard deviation (°)",
            &sigma,
        ),
        None,
    )?;
    context.figure(
        &histogram(
            "shift_sigma",
            "Uncertainty of the shifts",
            "standard deviation (Å)",
            &shift,
        ),
        None,
    )?;
    let posterior = column(|p| p.posterior);
    context.figure(
        &histogram(
            "posterior",
            "How sure the particles are of their pose",
            "probability of the best pose",
            &posterior,
        ),
        None,
    )?;
    let likelihood = column(|p| p.log_likelihood);
    context.figure(
        &histogram(
            "likelihood",
            "How well each image is explained",
            "log-likelihood gain (nats)",
            &likelihood,
        ),
        None,
    )?;
    context.statistic("median_rotation_sigma_deg", median(sigma))?;
    context.statistic("median_shift_sigma_angstrom", median(shift))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.retain(|v| v.is_finite());
    if values.is_empty() {
        return f64::NAN;
    }
    let middle = values.len() / 2;
    *values.select_nth_unstable_by(middle, f64::total_cmp).1
}

fn write_particles(
    context: &JobContext,
    particles: &Dataset,
    inputs: &[Particle],
    images: &ParticleImages,
    outcome: &RefineOutcome,
) -> Result<OutputRecord, Failure> {
    if outcome.particles.len() != inputs.len() {
        return Err(failure::bug(format!(
            "{} results for {} particles",
            outcome.particles.len(),
            inputs.len()
        )));
    }
    let mut own = Dataset::from_uids(particles.uids().to_vec());
    let found: Vec<Pose> = outcome
        .particles
        .iter()
        .map(|p| Pose {
            rotation: p.pose.rotation,
            shift_angstrom: p.pose.shift_angstrom,
        })
        .collect();
    let halves: Vec<u8> = outcome.particles.iter().map(|p| p.half).collect();
    write_poses(&mut own, &found, Some(&halves), images.pixel_size_angstrom())?;
    let mut more = || -> Result<(), DatasetError> {
        let column = |value: fn(&nilas_refine::ParticleResult) -> f64| -> Vec<f32> {
            outcome.particles.iter().map(|p| value(p) as f32).collect()
        };
        own.set("alignments3D/alpha", column(|p| p.scale))?;
        own.set("alignments3D/class_posterior", column(|p| p.posterior))?;
        own.set_all("alignments3D/class", 0u32)?;
        own.set("nilas/log_likelihood", column(|p| p.log_likelihood))?;
        own.set("nilas/rotation_sigma_rad", column(|p| p.rotation_sigma_rad))?;
        own.set("nilas/shift_sigma_angstrom", column(|p| p.shift_sigma_angstrom))
    };
    more().map_err(failure::bug)?;
    let rest = particles.without_slots(&["alignments3D", "nilas"]);
    let summary = format!("{} particles with refined poses", own.rows());
    context.write_particles("particles", "Particles", &summary, &own, Some(&rest), Vec::new())
}
