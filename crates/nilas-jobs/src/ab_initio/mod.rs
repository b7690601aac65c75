//! `ab_initio`: maps and poses from particles alone.

mod follow;
mod params;
mod plan;
mod report;
mod run;

pub use params::Params;
pub use plan::Plan;

use crate::context::JobContext;
use crate::job::{Finished, Job, Request};
use nilas_model::{DataKind, Failure, InputSpec, JobSpec, OutputSpec, Problem};

const MANUAL: &str = "\
Finds one or more maps and the poses of all particles without any starting map. Several random starts are
run at low resolution on small random batches of particles; each is scored on particles that no start has
seen; the best one is continued to the resolution asked for.

Every image enters the reconstruction under all poses that explain it, with their probabilities, so that an
early wrong guess does not lock in. The noise is estimated on the way.

In the end the particles are split in two, and each half is refined on its own from the map at low resolution. A
right map comes back in both halves at a much better resolution than they began with; fitted noise does not, and
the job warns of it. That does not exclude a wrong map that many particles fit alike: look at the agreement of the
random starts. When several come to the same map, it can be believed. When they do not, more particles, cleaner
particles or a correct particle diameter help more than another seed; a symmetry that is known makes the search much
easier. The hand of the map is arbitrary: projections do not tell it.

With more than one class the particles are sorted by the map that explains them best; the outputs are then
`volume_0`, `particles_0`, `volume_1` and so on, largest class first.";

/// The job type.
#[derive(Debug)]
pub struct AbInitio;

impl Job for AbInitio {
    type Plan = Plan;

    fn spec() -> JobSpec {
        JobSpec {
            name: "ab_initio".to_owned(),
            title: "Ab-initio reconstruction".to_owned(),
            summary: "Makes one or more maps from particles alone.".to_owned(),
            category: "reconstruct".to_owned(),
            manual: MANUAL.to_owned(),
            inputs: vec![InputSpec {
                name: "particles".to_owned(),
                title: "Particles".to_owned(),
                help: "The particles; several sets are put together.".to_owned(),
                kind: DataKind::Particle,
                min: 1,
                max: 100,
                slots: vec!["blob".to_owned(), "ctf".to_owned()],
            }],
            outputs: vec![
                OutputSpec {
                    name: "particles".to_owned(),
                    title: "Particles".to_owned(),
                    help: "The particles with poses, shifts and class.".to_owned(),
                    kind: DataKind::Particle,
                    slots: vec!["alignments3D".to_owned()],
                    passthrough: Some("particles".to_owned()),
                    count_param: Some("classes".to_owned()),
                },
                OutputSpec {
                    name: "volume".to_owned(),
                    title: "Volume".to_owned(),
                    help: "The map, low-passed at the resolution that was asked for.".to_owned(),
                    kind: DataKind::Volume,
                    slots: vec!["map".to_owned()],
                    passthrough: None,
                    count_param: Some("classes".to_owned()),
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
