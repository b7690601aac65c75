//! Connections to jobs that have not finished are held against what their types declare.
#![allow(clippy::unwrap_used)]

mod project;

use nilas_jobs::check;
use nilas_model::{JobId, JobRecord};
use project::record;
use serde_json::{Value, json};
use std::path::Path;

/// Fields of the problems of a job that is connected to one unfinished job.
fn fields(upstream: (&str, Value), job: (&str, &[(&str, &str)])) -> Vec<String> {
    let upstream = record(JobId(1), upstream.0, upstream.1, &[]);
    let inputs: Vec<(&str, JobId, &str)> = job
        .1
        .iter()
        .map(|(name, output)| (*name, JobId(1), *output))
        .collect();
    let job = record(JobId(2), job.0, json!({}), &inputs);
    let lookup = |id: JobId| -> Option<JobRecord> { (id == JobId(1)).then(|| upstream.clone()) };
    check(&job, Path::new("/nowhere"), &lookup)
        .into_iter()
        .map(|p| format!("{}: {}", p.field, p.message))
        .collect()
}

const REFINE: &[(&str, &str)] = &[("particles", "particles"), ("volume", "volume")];

#[test]
fn one_class_has_plain_names_and_several_are_counted() {
    assert_eq!(
        fields(("ab_initio", json!({})), ("refine_homogeneous", REFINE)),
        Vec::<String>::new()
    );
    let second: &[(&str, &str)] = &[("particles", "particles_1"), ("volume", "volume_1")];
    assert_eq!(
        fields(
            ("ab_initio", json!({"classes": 2})),
            ("refine_homogeneous", second)
        ),
        Vec::<String>::new()
    );
    for (params, inputs) in [(json!({}), second), (json!({"classes": 2}), REFINE)] {
        let found = fields(("ab_initio", params), ("refine_homogeneous", inputs));
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found.iter().all(|f| f.contains("has no output")), "{found:?}");
    }
    let third: &[(&str, &str)] = &[("particles", "particles_2"), ("volume", "volume_0")];
    assert_eq!(
        fields(
            ("ab_initio", json!({"classes": 2})),
            ("refine_homogeneous", third)
        )
        .len(),
        1
    );
}

#[test]
fn kinds_and_slots_are_known_before_the_job_has_run() {
    let swapped: &[(&str, &str)] = &[("particles", "volume"), ("volume", "particles")];
    let found = fields(("ab_initio", json!({})), ("refine_homogeneous", swapped));
    assert!(
        found.len() == 2 && found.iter().all(|f| f.contains("takes")),
        "{found:?}"
    );
    let found = fields(
        ("import_volumes", json!({"kind": "mask"})),
        ("reconstruct", &[("particles", "mask")]),
    );
    assert!(found.iter().any(|f| f.contains("takes particles")), "{found:?}");
    let found = fields(
        ("simulate_particles", json!({})),
        ("reconstruct", &[("particles", "truth")]),
    );
    assert_eq!(found, Vec::<String>::new());
    // A volume may stand in for a mask.
    let masked: &[(&str, &str)] = &[("particles", "truth"), ("mask", "truth_volume")];
    assert_eq!(
        fields(("simulate_particles", json!({})), ("reconstruct", masked)),
        Vec::<String>::new()
    );
}

#[test]
fn a_job_is_not_its_own_input() {
    let job = record(
        JobId(1),
        "reconstruct",
        json!({}),
        &[("particles", JobId(1), "volume")],
    );
    let problems = check(&job, Path::new("/nowhere"), &|_| Some(job.clone()));
    assert!(
        problems.iter().any(|p| p.message.contains("own input")),
        "{problems:?}"
    );
}
