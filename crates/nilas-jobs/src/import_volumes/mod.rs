//! `import_volumes`: a map or a mask from a file.

mod params;
mod plan;
mod run;

pub use params::Params;
pub use plan::Plan;

use crate::context::JobContext;
use crate::job::{Finished, Job, Request};
use nilas_model::{DataKind, Failure, JobSpec, OutputSpec, Problem};

const MANUAL: &str = "\
Takes a density map or a mask into the project. The file must hold a cube with an even edge; axes are put
in the order x, y, z, the voxel size is read from the header unless one is given. The map is copied into
the job's directory, so that the project stays complete when the file moves.

A mask must have values from 0 (outside) to 1 (inside). A map that is to start a refinement needs no
filter here: the refinement low-passes it itself.";

/// The job type.
#[derive(Debug)]
pub struct ImportVolumes;

impl Job for ImportVolumes {
    type Plan = Plan;

    fn spec() -> JobSpec {
        let output = |name: &str, title: &str, help: &str, kind: DataKind, slot: &str| OutputSpec {
            name: name.to_owned(),
            title: title.to_owned(),
            help: help.to_owned(),
            kind,
            slots: vec![slot.to_owned()],
            passthrough: None,
            count_param: None,
        };
        JobSpec {
            name: "import_volumes".to_owned(),
            title: "Import a volume".to_owned(),
            summary: "Takes a map or a mask from an MRC file into the project.".to_owned(),
            category: "import".to_owned(),
            manual: MANUAL.to_owned(),
            inputs: Vec::new(),
            outputs: vec![
                output(
                    "volume",
                    "Volume",
                    "The map, when the kind is map.",
                    DataKind::Volume,
                    "map",
                ),
                output(
                    "mask",
                    "Mask",
                    "The mask, when the kind is mask.",
                    DataKind::Mask,
                    "mask",
                ),
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
