//! `import_micrographs`: micrographs that other programs made, with an honest report of what they are.

mod look;
mod params;
mod pattern;
mod plan;
mod run;
#[cfg(test)]
mod tests;

pub use params::Params;
pub use plan::Plan;

use crate::context::JobContext;
use crate::job::{Finished, Job, Request};
use nilas_model::{DataKind, Failure, JobSpec, OutputSpec, Problem};

const MANUAL: &str = "\
Takes micrographs into the project: motion-corrected or plain sums, one image per MRC file (`.mrc`, also
packed as `.gz` or `.bz2`). A file, a folder, or a pattern with `*` and `**` says which. Images are not
copied: the job's directory gets links to the files.

The header of every file is checked, all cores at once: it must be readable, as long as it says, and hold
one image; the pixel size must be given or stand in the header, and agree between files. A sample of the
micrographs (or all of them) is read whole and searched for NaN, infinite and blank images.

A file that can't be used is set aside in the output `incomplete` with its reason in the log, and the job
goes on; switch on *Stop at bad files* to have all of them listed as an error instead. Micrographs of
several shapes are taken, with a warning: later steps treat each by itself.";

/// The job type.
#[derive(Debug)]
pub struct ImportMicrographs;

impl Job for ImportMicrographs {
    type Plan = Plan;

    fn spec() -> JobSpec {
        let slots = || vec!["micrograph_blob".to_owned(), "mscope_params".to_owned()];
        JobSpec {
            name: "import_micrographs".to_owned(),
            title: "Import micrographs".to_owned(),
            summary: "Takes micrographs and the parameters of their microscope into the project.".to_owned(),
            category: "import".to_owned(),
            manual: MANUAL.to_owned(),
            inputs: Vec::new(),
            outputs: vec![
                OutputSpec {
                    name: "exposures".to_owned(),
                    title: "Micrographs".to_owned(),
                    help: "The micrographs that can be used.".to_owned(),
                    kind: DataKind::Exposure,
                    slots: slots(),
                    passthrough: None,
                    count_param: None,
                },
                OutputSpec {
                    name: "incomplete".to_owned(),
                    title: "Files set aside".to_owned(),
                    help: "Files that can't be used; the log says why. Only there when there are any."
                        .to_owned(),
                    kind: DataKind::Exposure,
                    slots: slots(),
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
