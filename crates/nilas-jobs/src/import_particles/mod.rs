//! `import_particles`: particles that other programs extracted, with an honest report of what they are.

mod images;
mod load;
mod metadata;
mod params;
mod paths;
mod plan;
mod run;

pub use params::Params;
pub use plan::Plan;

use crate::context::JobContext;
use crate::job::{Finished, Job, Request};
use nilas_model::{DataKind, Failure, JobSpec, OutputSpec, Problem};

const MANUAL: &str = "\
Takes extracted particles into the project: from a RELION STAR file (3.0, 3.1 or later), a CryoSPARC
`.cs` file, or a bare MRC stack. Images are not copied: the job's directory gets links to the stacks.
Everything that the file says is kept: poses, half sets, optics groups, micrograph positions, and columns
that Nilas has no name for.

Relative paths of stacks are looked for below the image root when one is given, else below the folder of
the file and every folder above it, as RELION project paths are.

Before anything is taken over, the data are looked at: every stack must be there, as long as its header
says, and hold the slices that are named; boxes must be square, even and of one size; pixel sizes must be
positive and agree; a sample of the images (or all of them) is searched for NaN, infinite, constant and
repeated images; the sign of the contrast and the range of the defocus are held against what a microscope
does. What can't be right stops the import and says where it is; what is only odd is a warning in the log
and a row in the table of checks.";

/// The job type.
#[derive(Debug)]
pub struct ImportParticles;

impl Job for ImportParticles {
    type Plan = Plan;

    fn spec() -> JobSpec {
        JobSpec {
            name: "import_particles".to_owned(),
            title: "Import particles".to_owned(),
            summary: "Takes extracted particles from a STAR file, a .cs file or an MRC stack into the project.".to_owned(),
            category: "import".to_owned(),
            manual: MANUAL.to_owned(),
            inputs: Vec::new(),
            outputs: vec![OutputSpec {
                name: "particles".to_owned(),
                title: "Particles".to_owned(),
                help: "The particles with everything that the file says of them. `ctf` and `alignments3D` only when \
                       the file has them."
                    .to_owned(),
                kind: DataKind::Particle,
                slots: vec!["blob".to_owned(), "ctf".to_owned(), "alignments3D".to_owned(), "location".to_owned()],
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
