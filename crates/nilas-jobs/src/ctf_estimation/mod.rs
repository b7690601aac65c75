//! `ctf_estimation`: the contrast transfer of every micrograph.

mod estimate;
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
Finds defocus, astigmatism and, when asked, phase shift of every micrograph from the rings in its power
spectrum, and how the defocus changes over the field.

The mean amplitude spectrum of half-overlapping tiles is searched exhaustively: every defocus on the
rotational average with its own background and ring strength, then every astigmatism on sectors; the five
best go into a maximum-likelihood fit to all Fourier pixels and the likeliest wins. Tiles that are unlike the
others (edges of the support film, contamination) are left out. For very fine rings the tiles are made
larger.

How to read the numbers:

- *Fit resolution*: where the rings stop to agree with the fit. Bad micrographs (drift, no ice, ice crystals)
  stand out by it.
- *Margin*: how much likelier the fit is than the best one at any other defocus, as a logarithm. Below 10 a
  ring could have been miscounted; such micrographs are named in the log.
- *Error*: the standard error of the mean defocus, from the curvature of the likelihood and the scatter that
  was measured. It holds no error of pixel size, voltage or spherical aberration.
- *Defocus over the field*: a constant, a plane, a quadratic or a bicubic surface, whichever the data ask for
  (Bayesian information criterion); the slope of the plane gives the tilt.
- *Ice*: power of the ring at 3.7 Å over what lies beside it; needs pixels below 1.5 Å. It compares the
  micrographs of a session and is no length.

Azimuths run from +x towards +y, y being the row index of the file. A micrograph that can't be read or
fitted goes to `incomplete` with its reason in the log; the job goes on. A job that was stopped goes on with
the micrographs that are missing.";

/// The job type.
#[derive(Debug)]
pub struct CtfEstimation;

impl Job for CtfEstimation {
    type Plan = Plan;

    fn spec() -> JobSpec {
        JobSpec {
            name: "ctf_estimation".to_owned(),
            title: "CTF estimation".to_owned(),
            summary: "Finds defocus, astigmatism and defocus over the field of every micrograph.".to_owned(),
            category: "micrographs".to_owned(),
            manual: MANUAL.to_owned(),
            inputs: vec![InputSpec {
                name: "exposures".to_owned(),
                title: "Micrographs".to_owned(),
                help: "Micrographs with the parameters of their microscope.".to_owned(),
                kind: DataKind::Exposure,
                min: 1,
                max: 100,
                slots: vec!["micrograph_blob".to_owned(), "mscope_params".to_owned()],
            }],
            outputs: vec![
                OutputSpec {
                    name: "exposures".to_owned(),
                    title: "Micrographs with CTF".to_owned(),
                    help: "The micrographs with their contrast transfer, its quality, and the defocus over the field."
                        .to_owned(),
                    kind: DataKind::Exposure,
                    slots: vec!["ctf".to_owned(), "ctf_stats".to_owned(), "defocus_surface".to_owned()],
                    passthrough: Some("exposures".to_owned()),
                    count_param: None,
                },
                OutputSpec {
                    name: "incomplete".to_owned(),
                    title: "Micrographs set aside".to_owned(),
                    help: "Micrographs that could not be read or fitted; the log says why. Only there when there are any."
                        .to_owned(),
                    kind: DataKind::Exposure,
                    slots: Vec::new(),
                    passthrough: Some("exposures".to_owned()),
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
