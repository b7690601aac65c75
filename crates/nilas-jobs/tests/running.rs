//! Contract of the job types when they run: outputs, figures, log, same seed same result, cancelling, resuming.
#![allow(clippy::unwrap_used)]

mod project;

use nilas_formats::cs;
use nilas_formats::mrc::MrcFile;
use nilas_jobs::context::read_json;
use nilas_model::{EventKind, FailureKind, Figure, FigureData, JobId, JobResult};
use project::Project;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Images small enough for a test: 60 kDa in 32 pixels of 5 Å.
fn phantom(count: usize) -> Value {
    json!({
        "number_of_particles": count, "box_size": 32, "pixel_size_angstrom": 5.0, "demo_mass_kda": 60.0,
        "snr": 1.0, "shift_sigma_angstrom": 3.0, "seed": 3
    })
}

/// Everything that every completed job must have left behind.
fn check_completed(project: &Project, id: JobId, result: &JobResult) {
    let dir = project.job_dir(id);
    let spec = {
        let record: nilas_model::JobRecord = read_json(&dir.join("job.json")).unwrap();
        (nilas_jobs::find(&record.job_type).unwrap().spec)()
    };
    assert!(!result.outputs.is_empty());
    for output in &result.outputs {
        let declared = spec.outputs.iter().find(|o| {
            o.name == output.name
                || (o.count_param.is_some() && output.name.starts_with(&format!("{}_", o.name)))
        });
        let declared =
            declared.unwrap_or_else(|| panic!("{}: output {} is not declared", spec.name, output.name));
        assert_eq!(declared.kind, output.kind);
        assert!(output.count > 0 && !output.slots.is_empty());
        for slot in &output.slots {
            let table = cs::read(project.dir.join(&slot.metafile)).unwrap();
            assert!(table.has_slot(&slot.name), "{}: {}", slot.metafile, slot.name);
            assert_eq!(table.rows() as u64, output.count);
            table.check_unique_uids().unwrap();
            if let Ok(paths) = table.texts(&format!("{}/path", slot.name)) {
                assert!(project.dir.join(&*paths[0]).exists(), "{}", paths[0]);
            }
        }
        for file in &output.files {
            assert!(file.starts_with(&format!("{id}/output/")), "{file}");
            MrcFile::open(project.dir.join(file)).unwrap();
        }
        assert!(
            dir.join("output")
                .join(format!("{id}_{}.csg", output.name))
                .is_file()
        );
    }
    let events = project.events(id);
    for (i, event) in events.iter().enumerate() {
        assert_eq!(event.seq, i as u64 + 1, "numbers without gaps");
    }
    assert!(events.iter().any(|e| matches!(e.kind, EventKind::Started { .. })));
    let figures = project.figures(id);
    assert!(!figures.is_empty(), "{}: no figure", spec.name);
    for figure in figures {
        assert!(
            figure
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'),
            "{figure}"
        );
        let figure: Figure = read_json(&dir.join("figures").join(format!("{figure}.json"))).unwrap();
        check_figure(&figure);
    }
    assert!(!dir.join("failure.json").exists());
    assert!(!dir.join("checkpoint").exists() && !dir.join("scratch").exists());
    assert!(result.peak_memory_bytes > 0 && result.wall_s > 0.0 && !result.version.is_empty());
    for param in &spec.params {
        assert!(
            result.resolved_params.contains_key(&param.name),
            "{}: {}",
            spec.name,
            param.name
        );
    }
}

fn check_figure(figure: &Figure) {
    match &figure.data {
        FigureData::Curves { curves, .. } => {
            assert!(!curves.is_empty(), "{}", figure.id);
            for curve in curves {
                assert_eq!(curve.x.len(), curve.y.len());
                assert!(!curve.x.is_empty(), "{}: {} is empty", figure.id, curve.name);
            }
        }
        FigureData::Histogram { edges, counts, .. } => assert_eq!(edges.len(), counts.len() + 1),
        FigureData::HeatMap { columns, values, .. } => assert_eq!(values.len() % *columns as usize, 0),
        FigureData::Scatter { xs, ys, .. } => assert_eq!(xs.len(), ys.len()),
        FigureData::Montage { images, .. } => {
            assert!(!images.is_empty());
            for image in images {
                let bytes = (image.width * image.height) as usize;
                assert_eq!(image.pixels_base64.len(), bytes.div_ceil(3) * 4, "{}", figure.id);
            }
        }
        FigureData::Table { columns, rows } => assert!(rows.iter().all(|r| r.len() == columns.len())),
    }
}

fn stack(project: &Project, id: JobId) -> Vec<f32> {
    MrcFile::open(
        project
            .job_dir(id)
            .join("output")
            .join(format!("{id}_particles.mrcs")),
    )
    .unwrap()
    .read_all()
    .unwrap()
}

#[test]
fn simulated_particles_have_truth_apart_and_repeat_with_the_seed() {
    let project = Project::new();
    let (first, result) = project.complete("simulate_particles", phantom(20), &[]);
    check_completed(&project, first, &result);
    let names: Vec<&str> = result.outputs.iter().map(|o| o.name.as_str()).collect();
    assert_eq!(names, ["particles", "truth", "truth_volume"]);
    let slots = |i: usize| {
        result.outputs[i]
            .slots
            .iter()
            .map(|s| s.name.as_str())
            .collect::<Vec<_>>()
    };
    assert!(!slots(0).contains(&"alignments3D") && slots(1).contains(&"alignments3D"));
    let (second, _) = project.complete("simulate_particles", phantom(20), &[]);
    assert_eq!(stack(&project, first), stack(&project, second));
    let mut other = phantom(20);
    other["seed"] = json!(4);
    let (third, _) = project.complete("simulate_particles", other, &[]);
    assert_ne!(stack(&project, first), stack(&project, third));
}

#[test]
fn a_map_and_a_mask_come_in() {
    let project = Project::new();
    let (simulated, result) = project.complete("simulate_particles", phantom(2), &[]);
    let path = project.dir.join(&result.outputs[2].files[0]);
    let (id, result) = project.complete(
        "import_volumes",
        json!({"path": path, "lowpass_angstrom": 20.0}),
        &[],
    );
    check_completed(&project, id, &result);
    assert_eq!(result.outputs[0].name, "volume");
    assert_eq!(result.statistics["voxel_size_angstrom"], 5.0);
    // Twice mirrored is not mirrored; the plane of x = 0 is its own image.
    let (once, result) = project.complete("import_volumes", json!({"path": path, "flip_hand": true}), &[]);
    let once = MrcFile::open(project.dir.join(&result.outputs[0].files[0]))
        .map(|f| (once, f.read_all().unwrap()))
        .unwrap();
    let plain = MrcFile::open(&path).unwrap().read_all().unwrap();
    let n = 32;
    let at = |d: &[f32], x: usize| d[(7 * n + 9) * n + x];
    assert_eq!(at(&once.1, 12), at(&plain, n - 12));
    assert_eq!(at(&once.1, 0), at(&plain, 0));

    let greatest = plain.iter().copied().fold(f32::MIN, f32::max);
    let mask: Vec<f32> = plain
        .iter()
        .map(|v| f32::from(u8::from(*v > 0.2 * greatest)))
        .collect();
    let mask_path = project.outside().join("mask.mrc");
    nilas_formats::mrc::write_volume(&mask_path, [n; 3], 5.0, &mask, nilas_formats::mrc::MrcMode::I8)
        .unwrap();
    let (id, result) = project.complete("import_volumes", json!({"path": mask_path, "kind": "mask"}), &[]);
    check_completed(&project, id, &result);
    assert_eq!(
        (
            result.outputs[0].name.as_str(),
            result.outputs[0].slots[0].name.as_str()
        ),
        ("mask", "mask")
    );
    assert!(simulated.0 == 1);
}

#[test]
fn what_was_simulated_can_be_imported_again() {
    let project = Project::new();
    let (id, _) = project.complete("simulate_particles", phantom(20), &[]);
    let folder = project.job_dir(id).join("output");
    let (from_cs, result) = project.complete(
        "import_particles",
        json!({"path": folder.join(format!("{id}_truth.cs"))}),
        &[],
    );
    check_completed(&project, from_cs, &result);
    let slots: Vec<&str> = result.outputs[0].slots.iter().map(|s| s.name.as_str()).collect();
    for slot in ["blob", "ctf", "alignments3D", "location", "truth"] {
        assert!(slots.contains(&slot), "{slots:?}");
    }
    let (from_stack, result) = project.complete(
        "import_particles",
        json!({"path": folder.join(format!("{id}_particles.mrcs"))}),
        &[],
    );
    check_completed(&project, from_stack, &result);
    assert_eq!(
        (result.outputs[0].count, result.statistics["pixel_size_angstrom"]),
        (20, 5.0)
    );
}

/// Runs a job, asks it to stop after `delay`, and says how long stopping took.
fn cancel_after(project: &Project, id: JobId, delay: Duration) -> (nilas_model::Failure, Duration) {
    let stop = Arc::new(AtomicBool::new(false));
    let order = project.order(id, 1);
    let flag = Arc::clone(&stop);
    let asked = std::thread::spawn(move || {
        std::thread::sleep(delay);
        flag.store(true, Ordering::Relaxed);
        Instant::now()
    });
    let outcome = nilas_jobs::process::run(&order, stop, || {});
    let ended = Instant::now();
    let asked = asked.join().unwrap();
    (
        outcome.expect_err("the job should have been stopped"),
        ended.saturating_duration_since(asked),
    )
}

#[test]
fn a_long_simulation_stops_within_a_second_and_leaves_nothing() {
    let project = Project::new();
    let mut params = phantom(2_000_000);
    params["box_size"] = json!(64);
    params["pixel_size_angstrom"] = json!(2.5);
    let id = project.add("simulate_particles", params, &[]);
    let (failure, took) = cancel_after(&project, id, Duration::from_millis(1500));
    assert_eq!(failure.kind, FailureKind::Cancelled);
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert!(!project.job_dir(id).join("output").exists());
    assert!(!project.job_dir(id).join("staging-1").exists());
}

#[test]
fn real_particles_keep_what_their_file_says() {
    let Some(data) = project::test_data() else { return };
    let star = data.join("03_betagal_EMPIAR10204/derived/joined_dev.star");
    let project = Project::new();
    let (id, result) = project.complete(
        "import_particles",
        json!({"path": star, "check_all_images": true}),
        &[],
    );
    check_completed(&project, id, &result);
    let output = &result.outputs[0];
    assert_eq!(output.count, 546);
    assert!((result.statistics["pixel_size_angstrom"] - 3.54).abs() < 1e-6);
    let slots: Vec<&str> = output.slots.iter().map(|s| s.name.as_str()).collect();
    for slot in ["blob", "ctf", "alignments3D", "location"] {
        assert!(slots.contains(&slot), "{slots:?}");
    }
    let table = cs::read(project.dir.join(&output.slots[0].metafile)).unwrap();
    // First row of the file: rot 170.477497, tilt 41.467844, psi -96.025210, origin -8.029390 -4.911474 Å, subset 2.
    let pose = nilas_jobs::particles::poses(&table, "").unwrap().unwrap()[0];
    let euler = pose.rotation.to_euler_deg();
    for (found, said) in euler.iter().zip([170.477497, 41.467844, -96.025210]) {
        assert!((found - said).abs() < 1e-4, "{euler:?}");
    }
    assert!(
        (pose.shift_angstrom[0] + 8.029390).abs() < 1e-4 && (pose.shift_angstrom[1] + 4.911474).abs() < 1e-4
    );
    assert_eq!(nilas_jobs::particles::halves(&table).unwrap()[0], 1);
    let ctf = &nilas_jobs::particles::contrast_transfer(&table, "").unwrap()[0];
    assert!(
        (ctf.defocus_u_angstrom - 10964.984374).abs() < 1e-2
            && ctf.voltage_kv == 200.0
            && (ctf.cs_mm - 1.4).abs() < 1e-6
    );
    // Every image can be read where the dataset says it lies.
    let images = nilas_jobs::particles::ParticleImages::new(&table, &project.dir, "").unwrap();
    let mut image = vec![0.0; 64 * 64];
    images.read(&[545], &mut image).unwrap();
    assert!(image.iter().all(|v| v.is_finite()));
    let log = serde_json::to_string(&project.events(id)).unwrap();
    assert!(!log.contains("darker than the rim"), "the particles are bright");
}

#[test]
fn the_failed_defocus_of_the_tutorial_is_seen() {
    let Some(data) = project::test_data() else { return };
    let star = data.join("03_betagal_EMPIAR10204/relion5_project/Extract/job009/particles.star");
    let project = Project::new();
    // Some of its stacks are not in the folder: that is an error which names them.
    let failure = project.fail("import_particles", json!({"path": star}), &[]);
    assert!(
        failure.message.contains("image files are missing") || failure.message.contains("defocus"),
        "{failure:?}"
    );
}

#[test]
fn an_atomic_model_becomes_particles_and_its_groups_can_be_read() {
    let Some(data) = project::test_data() else { return };
    let project = Project::new();
    let mut params = phantom(4);
    params["source_path"] = json!(data.join("07_maps_models/pdb/1u6g.pdb"));
    params["pixel_size_angstrom"] = json!(8.0);
    let (id, result) = project.complete("simulate_particles", params, &[]);
    check_completed(&project, id, &result);
    let diameter = result.statistics["specimen_diameter_angstrom"];
    assert!((100.0..250.0).contains(&diameter), "{diameter}");
    let group =
        nilas_formats::csg::read(project.job_dir(id).join("output").join(format!("{id}_truth.csg"))).unwrap();
    assert_eq!(
        (group.kind.as_str(), group.slots["alignments3D"].num_items),
        ("particle", 4)
    );
    let mut small = phantom(4);
    small["source_path"] = json!(data.join("07_maps_models/pdb/1u6g.pdb"));
    small["pixel_size_angstrom"] = json!(2.0);
    let failure = project.fail("simulate_particles", small, &[]);
    assert_eq!(failure.field.as_deref(), Some("params.box_size"), "{failure:?}");
}

/// 300 particles with their truth, and the jobs that made them.
fn particles_with_truth(project: &Project) -> JobId {
    project.complete("simulate_particles", phantom(300), &[]).0
}

fn statistic(result: &JobResult, name: &str) -> f64 {
    *result
        .statistics
        .get(name)
        .unwrap_or_else(|| panic!("{name} is not in {:?}", result.statistics))
}

#[test]
fn a_map_comes_out_of_known_poses_and_repeats() {
    let project = Project::new();
    let simulated = particles_with_truth(&project);
    let inputs = [("particles", simulated, "truth")];
    let (id, result) = project.complete("reconstruct", json!({}), &inputs);
    check_completed(&project, id, &result);
    let resolution = statistic(&result, "resolution_angstrom");
    assert!((9.9..25.0).contains(&resolution), "{resolution} Å");
    let names: Vec<&str> = result.outputs[0].slots.iter().map(|s| s.name.as_str()).collect();
    for slot in ["map", "map_sharp", "map_half_A", "map_half_B", "mask_fsc"] {
        assert!(names.contains(&slot), "{names:?}");
    }
    // The map is that of the molecule: on the same grid, in the same place, with the same sign.
    let read = |path: &str| MrcFile::open(project.dir.join(path)).unwrap().read_all().unwrap();
    let map = nilas_volume::Volume::new(32, 5.0, read(&result.outputs[0].files[0])).unwrap();
    let truth_files: JobResult = read_json(&project.job_dir(simulated).join("output/result.json")).unwrap();
    let truth = nilas_volume::Volume::new(32, 5.0, read(&truth_files.outputs[2].files[0])).unwrap();
    let against_truth = nilas_volume::fsc::fsc(&map, &truth).unwrap();
    assert!(against_truth.mean(1, 8) > 0.8, "{:?}", against_truth.correlation);
    let (again, _) = project.complete("reconstruct", json!({}), &inputs);
    let file = |id: JobId| read(&format!("{id}/output/{id}_volume_map.mrc"));
    assert_eq!(file(id), file(again));
    // Without poses there is nothing to reconstruct.
    let failure = project.fail("reconstruct", json!({}), &[("particles", simulated, "particles")]);
    assert_eq!(failure.field.as_deref(), Some("inputs.particles"));
}

fn refine_inputs(simulated: JobId) -> [(&'static str, JobId, &'static str); 2] {
    [
        ("particles", simulated, "particles"),
        ("volume", simulated, "truth_volume"),
    ]
}

#[test]
fn a_refinement_finds_poses_that_were_not_given() {
    let project = Project::new();
    let mut params = phantom(800);
    params["box_size"] = json!(48);
    params["pixel_size_angstrom"] = json!(3.5);
    let (simulated, _) = project.complete("simulate_particles", params, &[]);
    let (id, result) = project.complete("refine_homogeneous", json!({}), &refine_inputs(simulated));
    check_completed(&project, id, &result);
    let resolution = statistic(&result, "resolution_angstrom");
    let (_, best) = project.complete("reconstruct", json!({}), &[("particles", simulated, "truth")]);
    let possible = statistic(&best, "resolution_angstrom");
    eprintln!("refined to {resolution:.2} Å, with the true poses {possible:.2} Å");
    assert!(
        resolution < 1.5 * possible,
        "{resolution} Å, possible {possible} Å"
    );
    let names: Vec<&str> = result.outputs.iter().map(|o| o.name.as_str()).collect();
    assert_eq!(names, ["particles", "volume"]);
    // Everything else that was known of the particles is passed through.
    let slots: Vec<(&str, bool)> = result.outputs[0]
        .slots
        .iter()
        .map(|s| (s.name.as_str(), s.passthrough))
        .collect();
    for slot in [
        ("alignments3D", false),
        ("blob", true),
        ("ctf", true),
        ("location", true),
    ] {
        assert!(slots.contains(&slot), "{slots:?}");
    }
    // What comes out goes in again.
    let (_, result) = project.complete("reconstruct", json!({}), &[("particles", id, "particles")]);
    assert!((statistic(&result, "resolution_angstrom") - resolution).abs() < 0.5 * resolution);
}

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

#[test]
fn refinements_stop_within_a_second() {
    let project = Project::new();
    let (simulated, _) = project.complete("simulate_particles", phantom(2000), &[]);
    let id = project.add("refine_homogeneous", json!({}), &refine_inputs(simulated));
    let (failure, took) = cancel_after(&project, id, Duration::from_millis(800));
    assert_eq!(failure.kind, FailureKind::Cancelled);
    eprintln!("stopped after {took:?}");
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert!(!project.job_dir(id).join("scratch").exists());
}
