//! From a job record to a checked request: connections are looked up and held against the inputs that
//! the job type declares, then the job type looks at the rest.

use crate::job::{Connection, JobType, Request};
use crate::params::suggest;
use nilas_model::{
    DataKind, InputRef, InputSpec, JobId, JobRecord, JobSpec, OutputRecord, OutputSpec, Problem,
};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A request and what is wrong with its connections.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// Parameters and connections.
    pub request: Request,
    /// Problems of the connections; those of the parameters are the job type's to find.
    pub problems: Vec<Problem>,
}

/// All problems of a job before it is queued: connections and parameters together. `lookup` gives the
/// record of another job of the project; inputs that are not finished yet are held against what their
/// job type declares.
pub fn check(
    record: &JobRecord,
    project_dir: &Path,
    lookup: &dyn Fn(JobId) -> Option<JobRecord>,
) -> Vec<Problem> {
    let Some(job_type) = crate::find(&record.job_type) else {
        return vec![unknown_type(&record.job_type)];
    };
    let resolved = resolve(job_type, record, project_dir, lookup);
    let mut problems = resolved.problems;
    problems.extend((job_type.problems)(&resolved.request));
    problems
}

/// The problem of a job whose type this version does not have.
pub fn unknown_type(name: &str) -> Problem {
    Problem {
        field: "job_type".to_owned(),
        message: format!("There is no job type '{name}'."),
        hint: suggest(name, crate::registry().iter().map(|t| t.name)),
    }
}

/// Looks up the connections of a job and holds them against its inputs.
pub fn resolve(
    job_type: &JobType,
    record: &JobRecord,
    project_dir: &Path,
    lookup: &dyn Fn(JobId) -> Option<JobRecord>,
) -> Resolved {
    let spec = (job_type.spec)();
    let mut problems = Vec::new();
    let mut inputs = BTreeMap::new();
    for (name, refs) in &record.inputs {
        let Some(input) = spec.inputs.iter().find(|i| i.name == *name) else {
            problems.push(Problem {
                field: format!("inputs.{name}"),
                message: format!("{} has no input '{name}'.", spec.title),
                hint: suggest(name, spec.inputs.iter().map(|i| i.name.as_str())),
            });
            continue;
        };
        let mut connections = Vec::new();
        for source in refs {
            if source.job == record.id {
                problems.push(problem(
                    name,
                    format!("{} can't be its own input.", record.id),
                    "Connect another job.",
                ));
                continue;
            }
            match connect(source, input, lookup) {
                Ok(connection) => connections.push(connection),
                Err(found) => problems.push(found),
            }
        }
        inputs.insert(name.clone(), connections);
    }
    for input in &spec.inputs {
        let given = record.inputs.get(&input.name).map_or(0, Vec::len);
        if given < input.min as usize {
            let message = if given == 0 {
                format!("{} must be connected.", input.title)
            } else {
                format!(
                    "{} needs at least {} outputs, {given} connected.",
                    input.title, input.min
                )
            };
            problems.push(problem(
                &input.name,
                message,
                &format!(
                    "Connect an output that holds {}. {}",
                    kind_name(input.kind),
                    input.help
                ),
            ));
        } else if given > input.max as usize {
            problems.push(problem(
                &input.name,
                format!(
                    "{} takes at most {} output(s), {given} connected.",
                    input.title, input.max
                ),
                "Remove some of them.",
            ));
        }
    }
    let request = Request {
        project_dir: project_dir.to_owned(),
        params: record.params.clone(),
        inputs,
    };
    Resolved { request, problems }
}

fn problem(input: &str, message: String, hint: &str) -> Problem {
    Problem {
        field: format!("inputs.{input}"),
        message,
        hint: hint.to_owned(),
    }
}

fn connect(
    source: &InputRef,
    input: &InputSpec,
    lookup: &dyn Fn(JobId) -> Option<JobRecord>,
) -> Result<Connection, Problem> {
    let Some(upstream) = lookup(source.job) else {
        return Err(problem(
            &input.name,
            format!("{} does not exist in this project.", source.job),
            "Connect an output of an existing job.",
        ));
    };
    if let Some(result) = &upstream.result {
        let Some(output) = result.outputs.iter().find(|o| o.name == source.output) else {
            return Err(problem(
                &input.name,
                format!("{} has no output '{}'.", source.job, source.output),
                &suggest(&source.output, result.outputs.iter().map(|o| o.name.as_str())),
            ));
        };
        check_finished(source, input, output)?;
        return Ok(Connection {
            source: source.clone(),
            output: Some(output.clone()),
        });
    }
    let Some(upstream_type) = crate::find(&upstream.job_type) else {
        return Err(problem(
            &input.name,
            format!(
                "{} is of type '{}', which this version does not have.",
                source.job, upstream.job_type
            ),
            "Update Nilas or connect another job.",
        ));
    };
    check_declared(source, input, &(upstream_type.spec)(), &upstream)?;
    Ok(Connection {
        source: source.clone(),
        output: None,
    })
}

fn check_finished(source: &InputRef, input: &InputSpec, output: &OutputRecord) -> Result<(), Problem> {
    check_kind(source, input, output.kind)?;
    let have: BTreeSet<&str> = output.slots.iter().map(|s| s.name.as_str()).collect();
    let missing: Vec<&str> = input
        .slots
        .iter()
        .map(String::as_str)
        .filter(|s| !have.contains(s))
        .collect();
    if !missing.is_empty() {
        return Err(missing_slots(source, input, &missing));
    }
    if output.count == 0 {
        return Err(problem(
            &input.name,
            format!("{}.{} is empty: it holds 0 items.", source.job, source.output),
            "Connect an output that holds something.",
        ));
    }
    Ok(())
}

fn check_declared(
    source: &InputRef,
    input: &InputSpec,
    spec: &JobSpec,
    upstream: &JobRecord,
) -> Result<(), Problem> {
    let Some(output) = declared_output(spec, upstream, &source.output) else {
        return Err(problem(
            &input.name,
            format!(
                "{} ({}) has no output '{}'.",
                source.job, spec.title, source.output
            ),
            &suggest(&source.output, spec.outputs.iter().map(|o| o.name.as_str())),
        ));
    };
    check_kind(source, input, output.kind)?;
    // What is passed through depends on data that are not there yet: checked again when they are.
    if output.passthrough.is_none() {
        let missing: Vec<&str> = input
            .slots
            .iter()
            .filter(|s| !output.slots.contains(s))
            .map(String::as_str)
            .collect();
        if !missing.is_empty() {
            return Err(missing_slots(source, input, &missing));
        }
    }
    Ok(())
}

/// The declared output that `name` stands for: itself, or one of a counted family (`volume_1`).
fn declared_output<'a>(spec: &'a JobSpec, upstream: &JobRecord, name: &str) -> Option<&'a OutputSpec> {
    spec.outputs.iter().find(|output| {
        let count = output.count_param.as_ref().map_or(1, |param| {
            let default = spec
                .params
                .iter()
                .find(|p| p.name == *param)
                .and_then(|p| p.default.as_u64());
            upstream
                .params
                .get(param)
                .and_then(serde_json::Value::as_u64)
                .or(default)
                .unwrap_or(1)
        });
        if count <= 1 {
            return output.name == name;
        }
        name.strip_prefix(output.name.as_str())
            .and_then(|rest| rest.strip_prefix('_'))
            .and_then(|digits| digits.parse::<u64>().ok())
            .is_some_and(|index| index < count)
    })
}

fn check_kind(source: &InputRef, input: &InputSpec, kind: DataKind) -> Result<(), Problem> {
    // A mask is a map with values from 0 to 1, so a volume may stand in for one.
    if kind == input.kind || (input.kind == DataKind::Mask && kind == DataKind::Volume) {
        return Ok(());
    }
    Err(problem(
        &input.name,
        format!(
            "{} takes {}, but {}.{} holds {}.",
            input.title,
            kind_name(input.kind),
            source.job,
            source.output,
            kind_name(kind)
        ),
        &format!("Connect an output that holds {}.", kind_name(input.kind)),
    ))
}

fn missing_slots(source: &InputRef, input: &InputSpec, missing: &[&str]) -> Problem {
    problem(
        &input.name,
        format!("{}.{} lacks {}.", source.job, source.output, missing.join(", ")),
        "Connect an output that has it, or run the job that makes it first.",
    )
}

fn kind_name(kind: DataKind) -> &'static str {
    match kind {
        DataKind::Particle => "particles",
        DataKind::Volume => "a map",
        DataKind::Mask => "a mask",
        DataKind::Exposure => "exposures",
    }
}
