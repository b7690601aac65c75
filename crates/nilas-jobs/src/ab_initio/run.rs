//! The recipe of `ab_initio`: read, search, sort, store.

use super::follow::Follower;
use super::report::report;
use super::{Params, Plan};
use crate::context::{JobContext, MapToWrite};
use crate::failure;
use crate::job::Finished;
use crate::particles::{ParticleImages, Pose, contrast_transfer, halves, source_failure, write_poses};
use nilas_dataset::{Dataset, DatasetError};
use nilas_model::{DataKind, Failure, OutputRecord};
use nilas_refine::ImageSource;
use nilas_refine::ab_initio::{
    self, AbInitioError, AbInitioParams, AbInitioResult, AbInitioState, ParticleInput,
};

pub(super) fn run(context: &mut JobContext, plan: Plan) -> Result<Finished, Failure> {
    let particles = context.load_particles("particles")?;
    let images = ParticleImages::new(&particles, context.project_dir(), "inputs.particles")?;
    let ctfs = contrast_transfer(&particles, "inputs.particles")?;
    context.info(format!(
        "{} particles of {1} x {1} px at {2:.4} Å/px.",
        images.len(),
        images.box_size(),
        images.pixel_size_angstrom()
    ))?;
    let inputs: Vec<ParticleInput> = ctfs
        .into_iter()
        .enumerate()
        .map(|(image, ctf)| ParticleInput { image, ctf })
        .collect();
    let settings = settings(&plan, &images);
    let result = search(context, &images, &inputs, &settings)?;
    for warning in &result.warnings {
        context.warn(warning.clone())?;
    }
    report(context, &result)?;
    let outputs = outputs(context, &particles, &images, &result)?;
    let mut resolved_params = plan.params.to_map();
    resolved_params.insert("iterations".to_owned(), settings.iterations.into());
    resolved_params.insert(
        "maximum_resolution_angstrom".to_owned(),
        settings.final_resolution_angstrom.into(),
    );
    resolved_params.insert(
        "initial_resolution_angstrom".to_owned(),
        result.initial_resolution_angstrom.into(),
    );
    Ok(Finished {
        outputs,
        resolved_params,
    })
}

fn settings(plan: &Plan, images: &ParticleImages) -> AbInitioParams {
    let Params {
        classes,
        symmetry,
        starts,
        particle_diameter_angstrom,
        particles_used,
        iterations,
        seed,
        ..
    } = plan.params.clone();
    let defaults = AbInitioParams::default();
    // Interpolation needs some room up to Nyquist.
    let finest = 2.5 * images.pixel_size_angstrom();
    let final_angstrom = plan.final_angstrom.max(finest);
    AbInitioParams {
        pixel_size_angstrom: images.pixel_size_angstrom(),
        classes,
        symmetry,
        particle_diameter_angstrom,
        initial_resolution_angstrom: plan.initial_angstrom.map(|a| a.max(final_angstrom)),
        final_resolution_angstrom: final_angstrom,
        starts,
        iterations: iterations.unwrap_or(defaults.iterations),
        max_particles: particles_used.unwrap_or(defaults.max_particles).max(100),
        seed,
        ..defaults
    }
}

fn search(
    context: &JobContext,
    images: &ParticleImages,
    inputs: &[ParticleInput],
    settings: &AbInitioParams,
) -> Result<AbInitioResult, Failure> {
    let mut resume = None;
    if let Some(mut saved) = context.load_checkpoint()? {
        match AbInitioState::load(&mut saved) {
            Ok(state) => {
                context.info(format!(
                    "Going on from the checkpoint: {} starts finished, iteration {} of the next.",
                    state.starts_finished(),
                    state.iteration()
                ))?;
                resume = Some(state);
            }
            Err(error) => context.warn(format!(
                "The checkpoint can't be used ({error}): starting afresh."
            ))?,
        }
    }
    let mut follower = Follower::new(context);
    let found = ab_initio::run(
        images as &dyn ImageSource,
        inputs,
        settings,
        resume,
        &mut follower,
    );
    match (found, follower.into_reason()) {
        (_, Some(reason)) => Err(reason),
        (Err(error), None) => Err(explain(error, images)),
        (Ok(result), None) => Ok(result),
    }
}

fn explain(error: AbInitioError, images: &ParticleImages) -> Failure {
    match error {
        AbInitioError::Cancelled => failure::cancelled(),
        AbInitioError::Source(source) => source_failure(source, "inputs.particles"),
        AbInitioError::NotFinite { image, .. } => failure::input(
            "inputs.particles",
            format!("{error} ({}).", images.place(image)),
            "Import the particles again with drop_bad_images.",
        ),
        AbInitioError::Parameter { name, .. } => failure::input(
            &format!("params.{}", param_name(name)),
            error,
            "Change this parameter.",
        ),
        AbInitioError::TooFew { .. } => failure::input("inputs.particles", error, "Connect more particles."),
        AbInitioError::NoInformation(_) | AbInitioError::Optics { .. } => failure::input(
            "inputs.particles",
            error,
            "Check the particles and their contrast transfer, and import them again.",
        ),
        other => failure::bug(other),
    }
}

/// The job's name of a parameter of the search.
fn param_name(name: &str) -> &str {
    match name {
        "final_resolution_angstrom" => "maximum_resolution_angstrom",
        "max_particles" => "particles_used",
        other => other,
    }
}

fn outputs(
    context: &JobContext,
    particles: &Dataset,
    images: &ParticleImages,
    result: &AbInitioResult,
) -> Result<Vec<OutputRecord>, Failure> {
    let count = result.classes.len();
    let pixel = images.pixel_size_angstrom();
    let mut own = Dataset::from_uids(particles.uids().to_vec());
    let poses: Vec<Pose> = result
        .particles
        .iter()
        .map(|p| Pose {
            rotation: p.rotation,
            shift_angstrom: p.shift_angstrom,
        })
        .collect();
    write_poses(&mut own, &poses, halves(particles).as_deref(), pixel)?;
    let mut classes = || -> Result<(), DatasetError> {
        own.set(
            "alignments3D/class",
            result
                .particles
                .iter()
                .map(|p| p.class as u32)
                .collect::<Vec<u32>>(),
        )?;
        let posterior = result
            .particles
            .iter()
            .map(|p| p.class_posterior.get(p.class).copied().unwrap_or(1.0));
        own.set("alignments3D/class_posterior", posterior.collect::<Vec<f32>>())
    };
    classes().map_err(failure::bug)?;
    let rest = particles.without_slots(&["alignments3D"]);
    let mut outputs = Vec::new();
    for (k, class) in result.classes.iter().enumerate() {
        let suffix = if count > 1 { format!("_{k}") } else { String::new() };
        let title = |what: &str| {
            if count > 1 {
                format!("{what} of class {k}")
            } else {
                what.to_owned()
            }
        };
        let member = |row: usize| count == 1 || result.particles.get(row).is_some_and(|p| p.class == k);
        let (own, rest) = (own.filter(member), rest.filter(member));
        if !own.is_empty() {
            let summary = format!("{} particles with poses", own.rows());
            outputs.push(context.write_particles(
                &format!("particles{suffix}"),
                &title("Particles"),
                &summary,
                &own,
                Some(&rest),
                Vec::new(),
            )?);
        }
        outputs.push(context.write_volume(
            &format!("volume{suffix}"),
            DataKind::Volume,
            &title("Volume"),
            &[MapToWrite {
                slot: "map",
                data: &class.map,
            }],
            class.n,
            class.voxel_size_angstrom,
        )?);
    }
    Ok(outputs)
}
