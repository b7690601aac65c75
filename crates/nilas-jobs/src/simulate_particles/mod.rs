//! `simulate_particles`: particle images with known truth.

mod params;
mod plan;
mod run;

pub use params::Params;
pub use plan::Plan;

use crate::context::JobContext;
use crate::job::{Finished, Job, Request};
use nilas_model::{DataKind, Failure, JobSpec, OutputSpec, Problem};

const MANUAL: &str = "\
Makes images of a molecule in random views as a microscope would record them: scattering of the atoms,
contrast transfer function with a defocus per micrograph, off-centre particles, contrast that varies from
particle to particle, coloured noise at the signal-to-noise ratio asked for. The projector is the
simulator's own, so that the images are not made with the operators that later align them.

What a program may know (defocus, microscope) goes to the output `particles`. What it has to find (poses,
shifts, contrast) is kept apart in `truth` and `truth_volume`; compare a map with the latter by
`nilas volume fsc --align`.

The structure that is made when no file is given has no symmetry and protein-like density, so that the
whole way from particles to a map can be tried without downloading anything.";

/// The job type.
#[derive(Debug)]
pub struct SimulateParticles;

impl Job for SimulateParticles {
    type Plan = Plan;

    fn spec() -> JobSpec {
        let particles = |name: &str, title: &str, help: &str, slots: &[&str]| OutputSpec {
            name: name.to_owned(),
            title: title.to_owned(),
            help: help.to_owned(),
            kind: DataKind::Particle,
            slots: slots.iter().map(|&s| s.to_owned()).collect(),
            passthrough: None,
            count_param: None,
        };
        JobSpec {
            name: "simulate_particles".to_owned(),
            title: "Simulate particles".to_owned(),
            summary: "Makes particle images with known poses from an atomic model or a map.".to_owned(),
            category: "simulate".to_owned(),
            manual: MANUAL.to_owned(),
            inputs: Vec::new(),
            outputs: vec![
                particles(
                    "particles",
                    "Particles",
                    "The images with what a microscopist would know of them.",
                    &["blob", "ctf", "location"],
                ),
                particles(
                    "truth",
                    "Truth",
                    "The same images with their true poses, shifts, defocus and contrast.",
                    &["blob", "ctf", "location", "alignments3D", "truth"],
                ),
                OutputSpec {
                    name: "truth_volume".to_owned(),
                    title: "True map".to_owned(),
                    help: "The density that was imaged, on the grid of the particles.".to_owned(),
                    kind: DataKind::Volume,
                    slots: vec!["map".to_owned()],
                    passthrough: None,
                    count_param: None,
                },
            ],
            params: Params::specs(),
        }
    }

    fn plan(request: &Request) -> Result<Plan, Vec<Problem>> {
        plan::plan(request)
    }

    fn run(context: &mut JobContext, plan: Plan) -> Result<Finished, Failure> {
        run::run(context, plan)
    }
}
