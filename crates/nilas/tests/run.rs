//! `nilas run`: workflows without a server.
#![allow(clippy::unwrap_used)]

mod world;
use std::process::Output;
use std::time::Duration;
use world::{World, check_whole, lives, pid_of};

const TWO: &str = r#"
    [[job]]
    id = "one"
    type = "simulate_particles"
    params = { number_of_particles = 30, box_size = 48, pixel_size_angstrom = 5 }
    [[job]]
    id = "two"
    type = "simulate_particles"
    params = { number_of_particles = 30, box_size = 48, pixel_size_angstrom = 5, seed = 2 }
"#;

fn workflow(world: &World, text: &str, more: &[&str]) -> Output {
    std::fs::write(world.path("w.toml"), text).unwrap();
    let mut command = world.nilas(&["run", "w.toml", "--project", "project"]);
    command
        .args(more)
        .current_dir(world.folder.path())
        .output()
        .unwrap()
}

fn json(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {output:?}"))
}

#[test]
fn a_workflow_runs_tells_all_and_is_not_run_twice() {
    let world = World::new();
    let first = workflow(&world, TWO, &["--json"]);
    assert_eq!(first.status.code(), Some(0), "{first:?}");
    let report = json(&first);
    assert_eq!(
        (&report["ok"], report["jobs"].as_array().unwrap().len()),
        (&true.into(), 2)
    );
    let one = &report["jobs"][0];
    assert_eq!(
        (&one["id"], &one["status"], &one["job"]),
        (&"one".into(), &"completed".into(), &"J1".into())
    );
    assert!(one["wall_s"].as_f64().unwrap() > 0.0 && one["peak_memory_bytes"].as_u64().unwrap() > 1 << 20);
    let particles = &one["outputs"]["particles"];
    assert_eq!(particles["count"], 30);
    for file in particles["files"].as_array().unwrap() {
        assert!(std::path::Path::new(file.as_str().unwrap()).is_file(), "{file}");
    }
    // Only the job whose parameter changed is run again, as a new job; with --fresh all are.
    let second = json(&workflow(&world, TWO, &["--json", "--set", "two.seed=3"]));
    let numbers = |report: &serde_json::Value| -> Vec<String> {
        report["jobs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|job| job["job"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(numbers(&second), ["J1", "J3"]);
    assert_eq!(
        numbers(&json(&workflow(&world, TWO, &["--json", "--set", "two.seed=3"]))),
        ["J1", "J3"]
    );
    assert_eq!(
        numbers(&json(&workflow(&world, TWO, &["--json", "--fresh"]))),
        ["J4", "J5"]
    );
}

#[test]
fn wrong_workflows_run_nothing_and_name_every_mistake() {
    let world = World::new();
    let wrong = TWO
        .replacen("box_size = 48", "box_size = 47, snr = -1", 1)
        .replace("seed = 2", "sead = 2");
    let output = workflow(&world, &wrong, &[]);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{text}");
    // An odd box is seen although another value is out of range, and although a type is unknown.
    let lines = ["job one, snr", "job one, box_size: 47 is odd", "job two, sead"];
    assert!(lines.iter().all(|line| text.contains(line)), "{text}");
    assert!(!world.path("project/J1/events.jsonl").exists());
    let wronger = format!("{wrong}\n[[job]]\nid = \"three\"\ntype = \"nonsense\"");
    let output = workflow(&world, &wronger, &[]);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{text}");
    let lines = [
        &lines[..],
        &["job three, job_type: There is no job type 'nonsense'"],
    ]
    .concat();
    assert!(lines.iter().all(|line| text.contains(line)), "{text}");
    // Corrected, the same jobs are used.
    let good = json(&workflow(&world, TWO, &["--json"]));
    assert_eq!(
        (&good["ok"], &good["jobs"][1]["job"]),
        (&true.into(), &"J2".into())
    );
    for (text, words) in [
        (
            "[[job]]\nid = \"a\"\ntype = \"nonsense\"",
            "no job type 'nonsense'",
        ),
        ("[[job]]\nid = \"a\"", "missing field `type`"),
        ("not toml", "w.toml"),
    ] {
        let output = workflow(&world, text, &[]);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(
            String::from_utf8_lossy(&output.stderr).contains(words),
            "{output:?}"
        );
    }
}

#[test]
fn a_failed_job_fails_the_run_and_stops_what_depends_on_it() {
    let world = World::new();
    std::fs::write(world.path("model.pdb"), "this is no atomic model\n").unwrap();
    let text = format!(
        "{TWO}
        [[job]]
        id = \"bad\"
        type = \"import_particles\"
        params = {{ path = \"particles.star\" }}"
    );
    std::fs::write(
        world.path("particles.star"),
        "data_particles\n\nloop_\n_rlnImageName #1\n1@gone.mrcs\n",
    )
    .unwrap();
    let output = workflow(&world, &text, &["--json"]);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    // Found before anything runs (2) or by the job itself (1): in both cases with the name of what is missing.
    assert!(matches!(output.status.code(), Some(1 | 2)), "{text}");
    assert!(
        text.contains("gone.mrcs") || String::from_utf8_lossy(&output.stdout).contains("gone.mrcs"),
        "{text}"
    );
}

#[test]
fn a_run_that_is_killed_is_taken_up_again() {
    let world = World::new();
    let text = TWO.replace("number_of_particles = 30", "number_of_particles = 1500");
    std::fs::write(world.path("w.toml"), &text).unwrap();
    let start = || {
        let mut command = world.nilas(&["run", "w.toml", "--project", "project", "--json"]);
        command
            .current_dir(world.folder.path())
            .stderr(std::process::Stdio::null())
            .stdout(std::process::Stdio::null());
        world::Guard(command.spawn().unwrap())
    };
    let job_dir = world.path("project/J1");
    let wait_pid = || {
        for _ in 0..600 {
            if let Some(pid) = pid_of(&job_dir).filter(|pid| lives(*pid)) {
                return pid;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("the job never began")
    };
    let mut first = start();
    let pid = wait_pid();
    first.kill();
    assert!(lives(pid), "the job goes on by itself");
    // Ctrl-C ends the jobs too, in good order.
    let mut second = start();
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(pid_of(&job_dir), Some(pid), "it was adopted, not started again");
    world::signal(second.0.id(), "INT");
    assert_eq!(second.0.wait().unwrap().code(), Some(130));
    assert!(!lives(pid));
    check_whole(&job_dir, false);
    let third = workflow(
        &world,
        &TWO.replace("number_of_particles = 30", "number_of_particles = 1500"),
        &["--json"],
    );
    let report = json(&third);
    assert_eq!(
        (third.status.code(), &report["jobs"][0]["job"]),
        (Some(0), &"J1".into()),
        "{report}"
    );
    check_whole(&job_dir, true);
}

#[test]
fn help_is_quick_and_a_closed_pipe_is_no_failure() {
    let mut fastest = Duration::MAX;
    for _ in 0..5 {
        let began = std::time::Instant::now();
        let output = std::process::Command::new(world::program())
            .arg("--help")
            .output()
            .unwrap();
        assert!(output.status.success());
        fastest = fastest.min(began.elapsed());
    }
    println!("nilas --help: {fastest:?}");
    let mut child = world::Guard(
        std::process::Command::new(world::program())
            .args(["api", "openapi"])
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap(),
    );
    drop(child.0.stdout.take());
    assert!(child.0.wait().unwrap().success());
}
