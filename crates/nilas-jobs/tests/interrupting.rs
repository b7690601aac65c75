//! Contract of the job types when their process is killed: they resume, and leave no half result.
#![allow(clippy::unwrap_used)]

mod project;

use nilas_formats::mrc::MrcFile;
use nilas_jobs::context::read_json;
use nilas_model::{EventKind, JobId, JobResult};
use project::Project;
use project::contract::{check_completed, particles_with_truth, phantom, refine_inputs};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

/// Not a test of its own: the process that [`killed_processes_resume`] starts and kills.
#[test]
fn child_process() {
    let Ok(order) = std::env::var("NILAS_TEST_ORDER") else {
        return;
    };
    let (dir, job) = order.split_once('|').unwrap();
    let order = nilas_jobs::process::Order {
        project_dir: dir.into(),
        job: job.parse().unwrap(),
        attempt: 1,
    };
    nilas_jobs::process::run(&order, Arc::new(AtomicBool::new(false)), || {}).unwrap();
}

/// Starts a job in a process of its own and kills it (SIGKILL) once `ready` holds.
fn kill_when(project: &Project, id: JobId, ready: impl Fn() -> bool) {
    let mut child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_process"])
        .env("NILAS_TEST_ORDER", format!("{}|{id}", project.dir.display()))
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let began = Instant::now();
    while !ready() {
        assert!(
            child.try_wait().unwrap().is_none(),
            "the process ended before it could be killed"
        );
        assert!(
            began.elapsed() < Duration::from_secs(120),
            "nothing to kill after two minutes"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(
        !project.job_dir(id).join("output").exists(),
        "killed in the middle, yet there is a result"
    );
}

/// Kills a job after its first checkpoint and lets a second attempt finish it: the result must be that of a run that
/// nobody disturbed.
fn kill_and_resume(project: &Project, job_type: &str, params: &Value, inputs: &[(&str, JobId, &str)]) {
    let (calm, _) = project.complete(job_type, params.clone(), inputs);
    let id = project.add(job_type, params.clone(), inputs);
    let checkpoint = project.job_dir(id).join("checkpoint/state");
    kill_when(project, id, || checkpoint.exists());
    nilas_jobs::process::run(&project.order(id, 2), Arc::new(AtomicBool::new(false)), || {}).unwrap();
    let result: JobResult = read_json(&project.job_dir(id).join("output/result.json")).unwrap();
    check_completed(project, id, &result);
    let started: Vec<bool> = project
        .events(id)
        .iter()
        .filter_map(|e| {
            if let EventKind::Started { resumed, .. } = e.kind {
                Some(resumed)
            } else {
                None
            }
        })
        .collect();
    assert_eq!(started, [false, true]);
    let log = serde_json::to_string(&project.events(id)).unwrap();
    assert!(log.contains("Going on from the checkpoint"), "{log}");
    let map = |id: JobId| {
        let name = result
            .outputs
            .iter()
            .flat_map(|o| &o.files)
            .find(|f| f.ends_with("_map.mrc"))
            .unwrap();
        let name = name
            .rsplit('/')
            .next()
            .unwrap()
            .trim_start_matches(|c: char| c != '_')
            .to_owned();
        MrcFile::open(project.dir.join(format!("{id}/output/{id}{name}")))
            .unwrap()
            .read_all()
            .unwrap()
    };
    assert_eq!(
        map(calm),
        map(id),
        "a resumed {job_type} differs from an undisturbed one"
    );
}

#[test]
fn killed_refinements_resume() {
    let project = Project::new();
    let simulated = particles_with_truth(&project);
    kill_and_resume(
        &project,
        "refine_homogeneous",
        &json!({"initial_lowpass_angstrom": 40.0}),
        &refine_inputs(simulated),
    );
}

#[test]
fn a_killed_simulation_starts_again_and_leaves_no_half_result() {
    let project = Project::new();
    let mut params = phantom(3000);
    params["box_size"] = json!(64);
    params["pixel_size_angstrom"] = json!(2.5);
    let id = project.add("simulate_particles", params, &[]);
    let staging = project.job_dir(id).join("staging-1");
    kill_when(&project, id, || {
        std::fs::read_dir(&staging).is_ok_and(|d| d.count() > 0)
    });
    nilas_jobs::process::run(&project.order(id, 2), Arc::new(AtomicBool::new(false)), || {}).unwrap();
    let result: JobResult = read_json(&project.job_dir(id).join("output/result.json")).unwrap();
    check_completed(&project, id, &result);
    assert!(!staging.exists());
}

/// Few particles and few starts: enough to be interrupted.
fn search() -> Value {
    json!({"starts": 2, "iterations": 12, "maximum_resolution_angstrom": 25.0, "seed": 5})
}

#[test]
fn killed_searches_resume() {
    let project = Project::new();
    let simulated = particles_with_truth(&project);
    kill_and_resume(
        &project,
        "ab_initio",
        &search(),
        &[("particles", simulated, "particles")],
    );
}
