//! What a job type is.

use crate::context::JobContext;
use crate::problems::all_problems;
use nilas_model::{Failure, InputRef, JobSpec, OutputRecord, Problem};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// One connected input, as far as it is known when the job is checked.
#[derive(Debug, Clone)]
pub struct Connection {
    /// Which output of which job.
    pub source: InputRef,
    /// What that output holds; `None` while the job that makes it has not finished.
    pub output: Option<OutputRecord>,
}

/// Everything that was asked of a job: parameters and connections.
#[derive(Debug, Clone)]
pub struct Request {
    /// The project directory, to which the paths in connections are relative.
    pub project_dir: PathBuf,
    /// The parameters that were set; all others are the defaults.
    pub params: Map<String, Value>,
    /// Connections by input name.
    pub inputs: BTreeMap<String, Vec<Connection>>,
}

impl Request {
    /// The connections of one input, in order; empty when there are none.
    pub fn connections(&self, input: &str) -> &[Connection] {
        self.inputs.get(input).map_or(&[], Vec::as_slice)
    }

    /// Whether anything is connected to this input.
    pub fn has(&self, input: &str) -> bool {
        !self.connections(input).is_empty()
    }

    /// Rows of all connections of an input together, `None` while one of them is unfinished.
    pub fn count(&self, input: &str) -> Option<u64> {
        self.connections(input)
            .iter()
            .map(|c| c.output.as_ref().map(|o| o.count))
            .sum()
    }
}

/// What a run hands back: outputs, named numbers and resolved parameters. Times and memory are added
/// by the process that ran it.
#[derive(Debug, Clone, Default)]
pub struct Finished {
    /// Outputs written into the staging directory.
    pub outputs: Vec<OutputRecord>,
    /// Parameters with everything automatic resolved.
    pub resolved_params: Map<String, Value>,
}

/// A job type.
pub trait Job {
    /// Parameters and everything automatic resolved; what [`Job::run`] needs to know.
    type Plan;

    /// What the job type says of itself.
    fn spec() -> JobSpec;

    /// Checks a request and resolves what is automatic. May look whether files exist, changes nothing.
    ///
    /// # Errors
    /// All problems at once, each with the field it belongs to.
    fn plan(request: &Request) -> Result<Self::Plan, Vec<Problem>>;

    /// Does the work.
    ///
    /// # Errors
    /// A [`Failure`] that says what happened and what to do next.
    fn run(context: &mut JobContext, plan: Self::Plan) -> Result<Finished, Failure>;
}

/// A line of the registry: a job type with its types erased.
#[derive(Clone, Copy)]
pub struct JobType {
    /// Type name = folder name = CLI name = manual page.
    pub name: &'static str,
    /// See [`Job::spec`].
    pub spec: fn() -> JobSpec,
    /// All problems of a request: those of [`Job::plan`], and those that it finds once these are mended.
    pub problems: fn(&Request) -> Vec<Problem>,
    /// [`Job::plan`], then [`Job::run`].
    pub run: fn(&mut JobContext) -> Result<Finished, Failure>,
}

impl JobType {
    /// The registry line of `J`.
    pub const fn of<J: Job>(name: &'static str) -> Self {
        JobType {
            name,
            spec: J::spec,
            problems: all::<J>,
            run: |context| {
                let request = context.request();
                let plan = J::plan(request).map_err(|_| crate::failure::from_problems(all::<J>(request)))?;
                J::run(context, plan)
            },
        }
    }
}

fn all<J: Job>(request: &Request) -> Vec<Problem> {
    all_problems(&J::spec().params, request, |request| {
        J::plan(request).err().unwrap_or_default()
    })
}

impl std::fmt::Debug for JobType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JobType")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
