//! `refine_homogeneous`: poses and map refined together, with independent halves.

mod follow;
mod params;
mod plan;
mod run;

pub use params::Params;
pub use plan::Plan;

use crate::context::JobContext;
use crate::job::{Finished, Job, Request};
use nilas_model::{DataKind, Failure, InputSpec, JobSpec, OutputSpec, Problem};

const MANUAL: &str = "\
Refines the poses of all particles and the map, from a starting map that is at least roughly right (an
ab-initio map, or a known map of the same particle).

The particles are split into two halves that never see each other's map from the first use on, so that the
Fourier shell correlation between the half maps states the resolution honestly. Each iteration finds poses
(over all orientations while the map is coarse, then continuously around the best ones), puts the particles
together to two maps, estimates the noise and the contrast of each particle, and lets in as much resolution as
the halves agree on. The job stops by itself when resolution and poses no longer change.

The starting map is low-passed first: everything finer in the result comes from the particles. Symmetry is
imposed with its axes where the convention has them; when the starting map has them elsewhere, align it first.

Outputs: the merged map and its sharpened form, the half maps, the mask of the references and that of the
Fourier shell correlation; the particles with their poses, shifts, halves and contrast.

A killed job goes on from its last finished iteration when it is queued again.";

/// The job type.
#[derive(Debug)]
pub struct RefineHomogeneous;

impl Job for RefineHomogeneous {
    type Plan = Plan;

    fn spec() -> JobSpec {
        let slots = [
            "map",
            "map_sharp",
            "map_half_A",
            "map_half_B",
            "mask_refine",
            "mask_fsc",
        ];
        let input =
            |name: &str, title: &str, help: &str, kind: DataKind, least: u32, most: u32, slots: &[&str]| {
                InputSpec {
                    name: name.to_owned(),
                    title: title.to_owned(),
                    help: help.to_owned(),
                    kind,
                    min: least,
                    max: most,
                    slots: slots.iter().map(|&s| s.to_owned()).collect(),
                }
            };
        JobSpec {
            name: "refine_homogeneous".to_owned(),
            title: "Homogeneous refinement".to_owned(),
            summary: "Refines poses and map together, with independent halves and a stated resolution."
                .to_owned(),
            category: "refine".to_owned(),
            manual: MANUAL.to_owned(),
            inputs: vec![
                input(
                    "particles",
                    "Particles",
                    "The particles; several sets are put together.",
                    DataKind::Particle,
                    1,
                    100,
                    &["blob", "ctf"],
                ),
                input(
                    "volume",
                    "Starting map",
                    "A map that is roughly right; it is low-passed first.",
                    DataKind::Volume,
                    1,
                    1,
                    &["map"],
                ),
                input(
                    "mask",
                    "Mask",
                    "Where the particle is. Without one a mask is made from the map in every iteration.",
                    DataKind::Mask,
                    0,
                    1,
                    &[],
                ),
            ],
            outputs: vec![
                OutputSpec {
                    name: "particles".to_owned(),
                    title: "Particles".to_owned(),
                    help: "The particles with refined poses, shifts, halves and contrast.".to_owned(),
                    kind: DataKind::Particle,
                    slots: vec!["alignments3D".to_owned()],
                    passthrough: Some("particles".to_owned()),
                    count_param: None,
                },
                OutputSpec {
                    name: "volume".to_owned(),
                    title: "Volume".to_owned(),
                    help: "The map, its sharpened form, the half maps and the masks.".to_owned(),
                    kind: DataKind::Volume,
                    slots: slots.iter().map(|&s| s.to_owned()).collect(),
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
