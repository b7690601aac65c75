//! `reconstruct`: a map from particles with known poses.

mod params;
mod plan;
mod run;

pub use params::Params;
pub use plan::Plan;

use crate::context::JobContext;
use crate::job::{Finished, Job, Request};
use nilas_model::{DataKind, Failure, InputSpec, JobSpec, OutputSpec, Problem};

const MANUAL: &str = "\
Puts particles together to a map with the poses and shifts that they already have; nothing is aligned. Use it
to check poses that another program found, or to look at a subset of particles.

The two half maps are reconstructed separately, and the Fourier shell correlation between them, corrected for
the effect of the mask by random phases, states the resolution. It is only honest when the poses of the two
halves were found independently of each other: the halves of the input are used for that reason when the
particles have them. Poses that were refined against one common map make the resolution look better than it is.";

/// The job type.
#[derive(Debug)]
pub struct Reconstruct;

impl Job for Reconstruct {
    type Plan = Plan;

    fn spec() -> JobSpec {
        let slots = ["map", "map_sharp", "map_half_A", "map_half_B", "mask_fsc"];
        JobSpec {
            name: "reconstruct".to_owned(),
            title: "Reconstruct".to_owned(),
            summary: "Makes a map from particles with known poses.".to_owned(),
            category: "reconstruct".to_owned(),
            manual: MANUAL.to_owned(),
            inputs: vec![
                InputSpec {
                    name: "particles".to_owned(),
                    title: "Particles".to_owned(),
                    help: "Particles with poses; several sets are put together.".to_owned(),
                    kind: DataKind::Particle,
                    min: 1,
                    max: 100,
                    slots: vec!["blob".to_owned(), "ctf".to_owned(), "alignments3D".to_owned()],
                },
                InputSpec {
                    name: "mask".to_owned(),
                    title: "Mask".to_owned(),
                    help: "Mask for the Fourier shell correlation. Without one it is made from the map.".to_owned(),
                    kind: DataKind::Mask,
                    min: 0,
                    max: 1,
                    slots: Vec::new(),
                },
            ],
            outputs: vec![OutputSpec {
                name: "volume".to_owned(),
                title: "Volume".to_owned(),
                help: "The map, its sharpened form, the half maps and the mask of the Fourier shell correlation.".to_owned(),
                kind: DataKind::Volume,
                slots: slots.iter().map(|&s| s.to_owned()).collect(),
                passthrough: None,
                count_param: None,
            }],
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
