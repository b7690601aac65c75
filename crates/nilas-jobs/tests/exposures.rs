//! Contract of the jobs on micrographs: `import_micrographs` and `ctf_estimation` complete, repeat, stop, resume, and set
//! aside what is bad.
#![allow(clippy::unwrap_used)]

mod project;
#[path = "../../nilas-micrograph/tests/simulated/mod.rs"]
mod simulated;

use nilas_formats::cs;
use nilas_formats::mrc::{MrcFile, MrcMode, MrcStackWriter};
use nilas_jobs::context::read_json;
use nilas_model::{EventKind, FailureKind, JobId, JobResult};
use project::Project;
use project::contract::check_completed;
use serde_json::{Value, json};
use simulated::Truth;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const SIDE: usize = 640;
const PIXEL: f64 = 2.0;

fn write(path: &Path, shape: [usize; 2], pixel: f64, image: &[f32]) {
    let mut file = MrcStackWriter::create(path, shape, pixel, MrcMode::F32).unwrap();
    file.push(image).unwrap();
    file.finish().unwrap();
}

/// A folder of micrographs with these mean defoci.
fn folder(project: &Project, defoci: &[f64]) -> PathBuf {
    let dir = project.outside().join("micrographs");
    std::fs::create_dir_all(&dir).unwrap();
    for (i, mean) in defoci.iter().enumerate() {
        let truth = Truth {
            u: mean + 150.0,
            v: mean - 150.0,
            ..Truth::default()
        };
        let image = simulated::micrograph(&truth, SIDE, PIXEL, i as u64);
        write(
            &dir.join(format!("mic_{}.mrc", i + 1)),
            [SIDE, SIDE],
            PIXEL,
            &image,
        );
    }
    dir
}

fn import(dir: &Path) -> Value {
    json!({"path": dir.join("*.mrc"), "voltage_kv": 300.0, "cs_mm": 2.7, "amplitude_contrast": 0.07})
}

fn ctf(job: JobId) -> [(&'static str, JobId, &'static str); 1] {
    [("exposures", job, "exposures")]
}

fn defoci(project: &Project, result: &JobResult) -> Vec<[f64; 2]> {
    let slot = result.outputs[0].slots.iter().find(|s| s.name == "ctf").unwrap();
    let table = cs::read(project.dir.join(&slot.metafile)).unwrap();
    let (u, v) = (
        table.numbers("ctf/df1_A").unwrap(),
        table.numbers("ctf/df2_A").unwrap(),
    );
    u.into_iter().zip(v).map(|(u, v)| [u, v]).collect()
}

fn log(project: &Project, id: JobId) -> String {
    serde_json::to_string(&project.events(id)).unwrap()
}

#[test]
fn micrographs_come_in_and_get_their_defocus_and_bad_ones_are_set_aside() {
    let project = Project::new();
    let truth = [9_000.0, 21_000.0];
    let dir = folder(&project, &truth);
    // Not an image, an image cut short, a stack, one without a pixel size, one with NaN: all named, none stops the rest.
    std::fs::write(dir.join("text.mrc"), b"not an image").unwrap();
    let whole = std::fs::read(dir.join("mic_1.mrc")).unwrap();
    std::fs::write(dir.join("cut.mrc"), &whole[..whole.len() / 2]).unwrap();
    let mut stack = MrcStackWriter::create(dir.join("movie.mrc"), [256, 256], PIXEL, MrcMode::F32).unwrap();
    for _ in 0..3 {
        stack.push(&vec![1.0; 256 * 256]).unwrap();
    }
    stack.finish().unwrap();
    let mut unsized_file = whole.clone();
    unsized_file[40..52].fill(0);
    std::fs::write(dir.join("unsized.mrc"), &unsized_file).unwrap();
    let mut nan = vec![0.0f32; 256 * 256];
    nan.iter_mut().enumerate().for_each(|(i, v)| *v = (i % 97) as f32);
    nan[300] = f32::NAN;
    write(&dir.join("nan.mrc"), [256, 256], PIXEL, &nan);

    let mut strict = import(&dir);
    strict["stop_at_bad_files"] = json!(true);
    strict["check_all_pixels"] = json!(true);
    let failure = project.fail("import_micrographs", strict, &[]);
    assert_eq!(failure.kind, FailureKind::Input);
    for name in ["text.mrc", "cut.mrc", "movie.mrc", "unsized.mrc", "nan.mrc"] {
        assert!(failure.message.contains(name), "{name}: {}", failure.message);
    }
    // Without a look at all pixels the NaN may pass the import; the fit sets it aside.
    let mut lax = import(&dir);
    lax["sampled_micrographs"] = json!(1);
    let (imported, result) = project.complete("import_micrographs", lax, &[]);
    assert_eq!((result.outputs[0].count, result.outputs[1].count), (3, 4));
    assert_eq!(result.outputs[1].name, "incomplete");
    let (id, result) = project.complete("ctf_estimation", json!({}), &ctf(imported));
    let names: Vec<&str> = result.outputs.iter().map(|o| o.name.as_str()).collect();
    assert_eq!(names, ["exposures", "incomplete"]);
    assert_eq!((result.outputs[0].count, result.outputs[1].count), (2, 1));
    check_completed(&project, id, &result);
    assert!(log(&project, id).contains("NaN or infinite"));
    for (found, mean) in defoci(&project, &result).iter().zip(truth) {
        eprintln!("{found:?} for {mean} ± 150");
        assert!((found[0] - mean - 150.0).abs() < 60.0 && (found[1] - mean + 150.0).abs() < 60.0);
    }
    let slots: Vec<(&str, bool)> = result.outputs[0]
        .slots
        .iter()
        .map(|s| (s.name.as_str(), s.passthrough))
        .collect();
    for slot in [
        ("ctf", false),
        ("ctf_stats", false),
        ("defocus_surface", false),
        ("micrograph_blob", true),
        ("mscope_params", true),
    ] {
        assert!(slots.contains(&slot), "{slots:?}");
    }
    let figures = project.figures(id);
    for figure in [
        "spectra",
        "defocus",
        "fit_resolution",
        "defocus_by_exposure",
        "rings_00001",
    ] {
        assert!(figures.iter().any(|f| f == figure), "{figures:?}");
    }
    // What comes out goes in again, and the same input gives the same result.
    let (_, again) = project.complete("ctf_estimation", json!({}), &ctf(id));
    assert_eq!(defoci(&project, &again), defoci(&project, &result));
}

#[test]
fn imports_are_checked_and_repeat() {
    let project = Project::new();
    let dir = folder(&project, &[12_000.0]);
    let (id, result) = project.complete("import_micrographs", import(&dir), &[]);
    check_completed(&project, id, &result);
    assert_eq!(result.statistics["pixel_size_angstrom"], PIXEL);
    let uids = |result: &JobResult| {
        cs::read(project.dir.join(&result.outputs[0].slots[0].metafile))
            .unwrap()
            .uids()
            .to_vec()
    };
    let (_, again) = project.complete("import_micrographs", import(&dir), &[]);
    assert_eq!(uids(&result), uids(&again));
    for (path, what) in [
        (dir.join("none_*.mrc"), "No file matches"),
        (project.outside().join("nowhere"), "does not exist"),
        (project.dir.clone(), "holds no .mrc file"),
    ] {
        let failure = project.fail(
            "import_micrographs",
            json!({"path": path, "voltage_kv": 300.0, "cs_mm": 2.7}),
            &[],
        );
        assert_eq!(failure.field.as_deref(), Some("params.path"));
        assert!(failure.message.contains(what), "{}", failure.message);
    }
    let failure = project.fail(
        "import_micrographs",
        json!({"path": dir, "voltage_kv": 300.0}),
        &[],
    );
    assert_eq!(failure.field.as_deref(), Some("params.cs_mm"));
    let wrong = json!({"least_defocus_angstrom": 30000.0, "greatest_defocus_angstrom": 20000.0,
                       "low_resolution_angstrom": 4.0, "high_resolution_angstrom": 5.0});
    let failure = project.fail("ctf_estimation", wrong, &ctf(id));
    for name in ["greatest_defocus_angstrom", "high_resolution_angstrom"] {
        assert!(failure.message.contains(name), "{}", failure.message);
    }
    // A micrograph that vanished between import and fit.
    std::fs::remove_file(dir.join("mic_1.mrc")).unwrap();
    let failure = project.fail("ctf_estimation", json!({}), &ctf(id));
    assert_eq!(failure.kind, FailureKind::Input);
    assert!(failure.message.contains("mic_1.mrc"), "{}", failure.message);
}

/// Not a test of its own: the process that [`a_killed_estimation_resumes`] starts and kills.
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

#[test]
fn a_killed_estimation_resumes_and_a_stopped_one_stops_at_once() {
    let project = Project::new();
    // One simulated image under several names is enough to be interrupted between.
    let dir = folder(&project, &[15_000.0]);
    for i in 2..=12 {
        std::fs::copy(dir.join("mic_1.mrc"), dir.join(format!("mic_{i}.mrc"))).unwrap();
    }
    let (imported, _) = project.complete("import_micrographs", import(&dir), &[]);
    let (calm, undisturbed) = project.complete("ctf_estimation", json!({}), &ctf(imported));
    let id = project.add("ctf_estimation", json!({}), &ctf(imported));
    let state = project.job_dir(id).join("checkpoint/state");
    let mut child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_process"])
        .env("NILAS_TEST_ORDER", format!("{}|{id}", project.dir.display()))
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let began = Instant::now();
    while !state.exists() {
        assert!(
            child.try_wait().unwrap().is_none(),
            "it ended before it could be killed"
        );
        assert!(began.elapsed() < Duration::from_secs(300), "nothing to kill");
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!project.job_dir(id).join("output").exists());
    nilas_jobs::process::run(&project.order(id, 2), Arc::new(AtomicBool::new(false)), || {}).unwrap();
    let result: JobResult = read_json(&project.job_dir(id).join("output/result.json")).unwrap();
    check_completed(&project, id, &result);
    let resumed: Vec<bool> = project
        .events(id)
        .iter()
        .filter_map(|e| match e.kind {
            EventKind::Started { resumed, .. } => Some(resumed),
            _ => None,
        })
        .collect();
    assert_eq!(resumed, [false, true]);
    assert!(log(&project, id).contains("Going on from the checkpoint"));
    assert_eq!(defoci(&project, &result), defoci(&project, &undisturbed));
    let picture = |id: JobId| -> Vec<f32> {
        let folder = project.job_dir(id).join("output/ctfestimated");
        let mut names: Vec<PathBuf> = std::fs::read_dir(folder)
            .unwrap()
            .map(|e| e.unwrap().path())
            .collect();
        names.sort();
        let name = names
            .iter()
            .find(|n| n.extension().is_some_and(|e| e == "mrc"))
            .unwrap();
        MrcFile::open(name).unwrap().read_all().unwrap()
    };
    assert_eq!(picture(calm), picture(id));

    let id = project.add("ctf_estimation", json!({}), &ctf(imported));
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    let asked = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(300));
        flag.store(true, Ordering::Relaxed);
    });
    let outcome = nilas_jobs::process::run(&project.order(id, 1), stop, || {});
    asked.join().unwrap();
    assert_eq!(outcome.unwrap_err().kind, FailureKind::Cancelled);
    assert!(!project.job_dir(id).join("output").exists());
}
