//! Contract of the job types when somebody stops them: in every step, the work itself ends in time.
//!
//! A process that does not stop is ended by the watch over it ([`PATIENCE`]). Here the watch may run out without
//! ending anything, so that what is measured is when the work came back by itself.
#![allow(clippy::unwrap_used)]

mod project;

use nilas_jobs::context::{PATIENCE, cpu_seconds};
use nilas_model::{EventKind, FailureKind, JobId};
use project::Project;
use project::contract::{particles_with_truth, phantom, refine_inputs};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How a job ended that was asked to stop.
struct Stopped {
    /// Seconds until the work came back by itself: wall time, or processor time where the machine was busy with
    /// other things.
    own_s: f64,
    wall_s: f64,
    /// Whether the watch over it would have ended the process before that.
    watch_ran_out: bool,
}

/// The different steps that a job has reported so far, in their order.
fn steps(project: &Project, id: JobId) -> Vec<String> {
    let log = std::fs::read_to_string(project.job_dir(id).join("events.jsonl")).unwrap_or_default();
    let mut steps = Vec::new();
    // The last line may be half written.
    for event in log
        .lines()
        .filter_map(|line| serde_json::from_str::<nilas_model::Event>(line).ok())
    {
        if let EventKind::Progress(progress) = event.kind
            && !steps.contains(&progress.what)
        {
            steps.push(progress.what);
        }
    }
    steps
}

/// Runs a job and asks it to stop shortly after its `nth` step has begun (from 1); `None` when it completed before.
fn stop_in_step(project: &Project, id: JobId, nth: usize) -> Option<(String, Stopped)> {
    let stop = Arc::new(AtomicBool::new(false));
    let done = AtomicBool::new(false);
    let ran_out = Arc::new(AtomicBool::new(false));
    let note = Arc::clone(&ran_out);
    let order = project.order(id, 1);
    let (outcome, asked) = std::thread::scope(|scope| {
        let flag = Arc::clone(&stop);
        let (done, project) = (&done, &project);
        let asking = scope.spawn(move || {
            while steps(project, id).len() < nth {
                if done.load(Ordering::Relaxed) {
                    return None;
                }
                std::thread::sleep(Duration::from_millis(10));
            }
            // Well inside of the step, not at its first item.
            std::thread::sleep(Duration::from_millis(60));
            let asked = (Instant::now(), cpu_seconds());
            flag.store(true, Ordering::Relaxed);
            Some(asked)
        });
        let outcome = nilas_jobs::process::run(&order, stop, move || note.store(true, Ordering::Relaxed));
        let (returned, cpu) = (Instant::now(), cpu_seconds());
        done.store(true, Ordering::Relaxed);
        let asked = asking.join().unwrap();
        let asked = asked.map(|(at, before)| {
            let wall_s = returned.saturating_duration_since(at).as_secs_f64();
            Stopped {
                own_s: wall_s.min(cpu - before),
                wall_s,
                watch_ran_out: ran_out.load(Ordering::Relaxed),
            }
        });
        (outcome, asked)
    });
    let Err(failure) = outcome else { return None };
    let stopped = asked.unwrap_or_else(|| panic!("it failed before it was stopped: {failure:?}"));
    assert_eq!(failure.kind, FailureKind::Cancelled, "{failure:?}");
    for left in ["output", "staging-1", "scratch"] {
        assert!(!project.job_dir(id).join(left).exists(), "{left} is left behind");
    }
    let step = steps(project, id).remove(nth - 1);
    Some((step, stopped))
}

/// Stops a job in each of its first `most` steps, a new job each time; at least `least` of them must have been met.
fn stops_in_every_step(
    project: &Project,
    job_type: &str,
    params: &Value,
    inputs: &[(&str, JobId, &str)],
    least: usize,
    most: usize,
) {
    let mut met = Vec::new();
    for nth in 1..=most {
        let id = project.add(job_type, params.clone(), inputs);
        let Some((step, stopped)) = stop_in_step(project, id, nth) else {
            break;
        };
        eprintln!(
            "{job_type}, {step}: came back after {:.3} s of wall time, {:.3} s of its own; the watch ran out: {}",
            stopped.wall_s, stopped.own_s, stopped.watch_ran_out
        );
        assert!(
            stopped.own_s < PATIENCE.as_secs_f64(),
            "{job_type} went on for {:.2} s in the step '{step}' after it was asked to stop",
            stopped.own_s
        );
        met.push(step);
    }
    assert!(met.len() >= least, "{job_type} was only stopped in {met:?}");
}

#[test]
fn a_long_simulation_stops_by_itself() {
    let project = Project::new();
    let mut params = phantom(2_000_000);
    params["box_size"] = json!(64);
    params["pixel_size_angstrom"] = json!(2.5);
    stops_in_every_step(&project, "simulate_particles", &params, &[], 1, 1);
}

#[test]
fn refinements_stop_by_themselves() {
    let project = Project::new();
    let (simulated, _) = project.complete("simulate_particles", phantom(2000), &[]);
    let params = json!({"maximum_iterations": 2});
    stops_in_every_step(
        &project,
        "refine_homogeneous",
        &params,
        &refine_inputs(simulated),
        2,
        4,
    );
}

#[test]
fn reconstructions_stop_by_themselves() {
    let project = Project::new();
    let (simulated, _) = project.complete("simulate_particles", phantom(4000), &[]);
    let inputs = [("particles", simulated, "truth")];
    stops_in_every_step(&project, "reconstruct", &json!({}), &inputs, 1, 2);
}

#[test]
fn searches_stop_by_themselves() {
    let project = Project::new();
    let simulated = particles_with_truth(&project);
    let params = json!({"starts": 2, "iterations": 12, "maximum_resolution_angstrom": 25.0, "seed": 5});
    stops_in_every_step(
        &project,
        "ab_initio",
        &params,
        &[("particles", simulated, "particles")],
        2,
        5,
    );
}

#[test]
fn a_watch_that_runs_out_is_told_from_work_that_stops() {
    // The yardstick itself: work that ignores the request is seen to, and the watch speaks up before it comes back.
    let folder = tempfile::tempdir().unwrap();
    let ran_out = Arc::new(AtomicBool::new(false));
    let note = Arc::clone(&ran_out);
    let cancel = Arc::new(AtomicBool::new(true));
    let pulse = nilas_jobs::context::Pulse::start(folder.path(), 1, cancel, move || {
        note.store(true, Ordering::Relaxed)
    })
    .unwrap();
    assert!(!ran_out.load(Ordering::Relaxed));
    let began = Instant::now();
    while !ran_out.load(Ordering::Relaxed) && began.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(ran_out.load(Ordering::Relaxed) && began.elapsed() >= PATIENCE / 2);
    drop(pulse);
}
