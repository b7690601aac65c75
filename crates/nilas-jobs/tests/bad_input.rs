//! Bad input: a message that says what and where and what to do, and nothing half-done left behind.
#![allow(clippy::unwrap_used)]

mod project;

use nilas_formats::mrc::{MrcMode, MrcStackWriter};
use nilas_model::FailureKind;
use project::Project;
use serde_json::json;
use std::io::Write;
use std::path::{Path, PathBuf};

/// A stack of `count` images of `n` x `n` pixels, all different.
fn stack(path: &Path, count: usize, n: usize, pixel_size: f64, change: impl Fn(usize, &mut [f32])) {
    let mut writer = MrcStackWriter::create(path, [n, n], pixel_size, MrcMode::F32).unwrap();
    for i in 0..count {
        let mut image: Vec<f32> = (0..n * n)
            .map(|p| ((p * 7919 + i * 104_729) % 1013) as f32 / 500.0 - 1.0)
            .collect();
        change(i, &mut image);
        writer.push(&image).unwrap();
    }
    writer.finish().unwrap();
}

struct Star {
    pixel_size: f64,
    defocus: f64,
    voltage: f64,
    names: Vec<String>,
}

impl Star {
    fn of(stack: &str, count: usize) -> Self {
        let names = (1..=count).map(|i| format!("{i:06}@{stack}")).collect();
        Star {
            pixel_size: 2.0,
            defocus: 12_000.0,
            voltage: 300.0,
            names,
        }
    }

    fn write(&self, path: &Path) {
        let mut file = std::fs::File::create(path).unwrap();
        writeln!(
            file,
            "data_optics\n\nloop_\n_rlnOpticsGroup #1\n_rlnVoltage #2\n_rlnSphericalAberration #3"
        )
        .unwrap();
        writeln!(file, "_rlnAmplitudeContrast #4\n_rlnImagePixelSize #5").unwrap();
        writeln!(file, "1 {} 2.7 0.1 {}\n\n", self.voltage, self.pixel_size).unwrap();
        writeln!(
            file,
            "data_particles\n\nloop_\n_rlnImageName #1\n_rlnOpticsGroup #2"
        )
        .unwrap();
        writeln!(file, "_rlnDefocusU #3\n_rlnDefocusV #4\n_rlnDefocusAngle #5").unwrap();
        for name in &self.names {
            writeln!(file, "{name} 1 {0} {0} 0", self.defocus).unwrap();
        }
    }
}

/// A project, a stack of 12 particles beside it and the STAR file that lists them.
fn good() -> (Project, PathBuf) {
    let project = Project::new();
    let outside = project.outside();
    stack(&outside.join("a.mrcs"), 12, 16, 2.0, |_, _| {});
    let star = outside.join("p.star");
    Star::of("a.mrcs", 12).write(&star);
    (project, star)
}

#[test]
fn good_input_is_taken() {
    let (project, star) = good();
    let (id, result) = project.complete("import_particles", json!({"path": star}), &[]);
    assert_eq!(result.outputs[0].count, 12);
    assert_eq!(result.statistics["pixel_size_angstrom"], 2.0);
    assert!(project.figures(id).contains(&"checks".to_owned()));
    assert!(
        project
            .job_dir(id)
            .join("output")
            .join(format!("{id}_particles.cs"))
            .is_file()
    );
    assert!(
        project
            .job_dir(id)
            .join("output")
            .join(format!("{id}_particles.csg"))
            .is_file()
    );
}

#[test]
fn missing_file_names_the_field() {
    let failure = Project::new().fail("import_particles", json!({"path": "/no/such.star"}), &[]);
    assert_eq!(
        (failure.kind, failure.field.as_deref()),
        (FailureKind::Input, Some("params.path"))
    );
    assert!(failure.message.contains("/no/such.star"));
}

#[test]
fn all_problems_are_reported_at_once() {
    let failure = Project::new().fail(
        "import_particles",
        json!({"path": "/no/such.star", "pixel_size_angstrom": 0, "voltage_kv": -300, "typo": 1}),
        &[],
    );
    for field in [
        "params.path",
        "params.pixel_size_angstrom",
        "params.voltage_kv",
        "params.typo",
    ] {
        assert!(failure.message.contains(field), "{field}: {}", failure.message);
    }
}

#[test]
fn missing_stack_says_where_it_was_looked_for() {
    let (project, star) = good();
    std::fs::remove_file(project.outside().join("a.mrcs")).unwrap();
    let failure = project.fail("import_particles", json!({"path": star}), &[]);
    assert!(
        failure.message.contains("a.mrcs") && failure.message.contains("12 particles"),
        "{}",
        failure.message
    );
    assert!(
        failure.message.contains(&project.outside().display().to_string()),
        "{}",
        failure.message
    );
    assert!(failure.hint.contains("image_root"));
}

#[test]
fn image_root_finds_moved_stacks() {
    let (project, star) = good();
    let moved = project.outside().join("moved");
    std::fs::create_dir(&moved).unwrap();
    std::fs::rename(project.outside().join("a.mrcs"), moved.join("a.mrcs")).unwrap();
    project.fail("import_particles", json!({"path": star}), &[]);
    project.complete(
        "import_particles",
        json!({"path": star, "image_root": moved}),
        &[],
    );
}

#[test]
fn truncated_stack_gives_both_lengths() {
    let (project, star) = good();
    let path = project.outside().join("a.mrcs");
    let length = std::fs::metadata(&path).unwrap().len();
    std::fs::File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_len(length - 100)
        .unwrap();
    let failure = project.fail("import_particles", json!({"path": star}), &[]);
    assert!(
        failure.message.contains(&length.to_string()),
        "{}",
        failure.message
    );
    assert!(
        failure.message.contains(&(length - 100).to_string()),
        "{}",
        failure.message
    );
}

#[test]
fn slices_beyond_the_end_are_found() {
    let (project, star) = good();
    Star::of("a.mrcs", 13).write(&star);
    let failure = project.fail("import_particles", json!({"path": star}), &[]);
    assert!(
        failure.message.contains("slice 13") && failure.message.contains("12"),
        "{}",
        failure.message
    );
}

#[test]
fn pixel_sizes_that_cannot_be() {
    let (project, star) = good();
    for wrong in [0.0, -2.0] {
        Star {
            pixel_size: wrong,
            ..Star::of("a.mrcs", 12)
        }
        .write(&star);
        let failure = project.fail("import_particles", json!({"path": star}), &[]);
        assert_eq!(
            failure.field.as_deref(),
            Some("params.pixel_size_angstrom"),
            "{failure:?}"
        );
    }
    // A given pixel size mends it.
    let (_, result) = project.complete(
        "import_particles",
        json!({"path": star, "pixel_size_angstrom": 2.0}),
        &[],
    );
    assert_eq!(result.statistics["pixel_size_angstrom"], 2.0);
    // One that disagrees with the header is a warning.
    Star {
        pixel_size: 3.0,
        ..Star::of("a.mrcs", 12)
    }
    .write(&star);
    let (id, _) = project.complete("import_particles", json!({"path": star}), &[]);
    let log = serde_json::to_string(&project.events(id)).unwrap();
    assert!(log.contains("3 Å/px") && log.contains("2.0000 Å/px"), "{log}");
}

#[test]
fn nan_images_stop_the_import_or_are_dropped_on_request() {
    let (project, star) = good();
    stack(&project.outside().join("a.mrcs"), 12, 16, 2.0, |i, image| {
        if i == 4 {
            image[17] = f32::NAN;
        }
        if i == 7 {
            image.fill(0.0);
        }
    });
    let failure = project.fail(
        "import_particles",
        json!({"path": star, "check_all_images": true}),
        &[],
    );
    assert!(
        failure.message.contains("particle 5") && failure.message.contains("particle 8"),
        "{}",
        failure.message
    );
    assert!(failure.hint.contains("drop_bad_images"));
    let (_, result) = project.complete(
        "import_particles",
        json!({"path": star, "drop_bad_images": true}),
        &[],
    );
    assert_eq!(result.outputs[0].count, 10);
}

#[test]
fn identical_images() {
    let (project, star) = good();
    stack(&project.outside().join("a.mrcs"), 12, 16, 2.0, |_, image| {
        image
            .iter_mut()
            .enumerate()
            .for_each(|(p, v)| *v = (p % 5) as f32);
    });
    let failure = project.fail("import_particles", json!({"path": star}), &[]);
    assert!(failure.message.contains("identical"), "{}", failure.message);
}

#[test]
fn odd_and_mixed_boxes() {
    let (project, star) = good();
    stack(&project.outside().join("odd.mrcs"), 3, 15, 2.0, |_, _| {});
    Star::of("odd.mrcs", 3).write(&star);
    let failure = project.fail("import_particles", json!({"path": star}), &[]);
    assert!(
        failure.message.contains("15") && failure.message.contains("odd"),
        "{}",
        failure.message
    );
    stack(&project.outside().join("big.mrcs"), 3, 20, 2.0, |_, _| {});
    let mut mixed = Star::of("a.mrcs", 12);
    mixed.names.extend(Star::of("big.mrcs", 3).names);
    mixed.write(&star);
    let failure = project.fail("import_particles", json!({"path": star}), &[]);
    assert!(
        failure.message.contains("12 of 16 x 16") && failure.message.contains("3 of 20 x 20"),
        "{}",
        failure.message
    );
}

#[test]
fn few_particles_are_a_warning() {
    let (project, star) = good();
    Star::of("a.mrcs", 3).write(&star);
    let (id, _) = project.complete("import_particles", json!({"path": star}), &[]);
    assert!(
        serde_json::to_string(&project.events(id))
            .unwrap()
            .contains("only 3 particles")
    );
}

#[test]
fn optics_that_cannot_be() {
    let (project, star) = good();
    Star {
        defocus: 0.0,
        ..Star::of("a.mrcs", 12)
    }
    .write(&star);
    let failure = project.fail("import_particles", json!({"path": star}), &[]);
    assert!(
        failure.message.contains("defocus") && failure.message.contains('0'),
        "{}",
        failure.message
    );
    Star {
        voltage: 0.0,
        ..Star::of("a.mrcs", 12)
    }
    .write(&star);
    let failure = project.fail("import_particles", json!({"path": star}), &[]);
    assert_eq!(failure.field.as_deref(), Some("params.voltage_kv"), "{failure:?}");
}

#[test]
fn a_file_of_no_kind() {
    let project = Project::new();
    for (name, content) in [
        ("empty.star", &b""[..]),
        ("text.star", b"hello\nworld\n"),
        ("noise.mrcs", &[0u8; 4000]),
    ] {
        let path = project.outside().join(name);
        std::fs::write(&path, content).unwrap();
        let failure = project.fail("import_particles", json!({"path": path}), &[]);
        assert_eq!(failure.kind, FailureKind::Input, "{name}: {failure:?}");
        assert!(failure.message.contains(name), "{name}: {failure:?}");
    }
}

#[test]
fn maps_that_are_no_cubes() {
    let project = Project::new();
    let path = project.outside().join("map.mrc");
    for (shape, what) in [([16, 16, 12], "cube"), ([15, 15, 15], "even")] {
        let data: Vec<f32> = (0..shape.iter().product::<usize>()).map(|i| i as f32).collect();
        nilas_formats::mrc::write_volume(&path, shape, 2.0, &data, MrcMode::F32).unwrap();
        let failure = project.fail("import_volumes", json!({"path": path}), &[]);
        assert!(failure.message.contains(what), "{failure:?}");
    }
    let mut data = vec![0.5f32; 16 * 16 * 16];
    data[3 * 256 + 2 * 16 + 1] = f32::INFINITY;
    nilas_formats::mrc::write_volume(&path, [16; 3], 2.0, &data, MrcMode::F32).unwrap();
    let failure = project.fail("import_volumes", json!({"path": path}), &[]);
    assert!(failure.message.contains("(1, 2, 3)"), "{failure:?}");
    data[3 * 256 + 2 * 16 + 1] = 7.0;
    nilas_formats::mrc::write_volume(&path, [16; 3], 2.0, &data, MrcMode::F32).unwrap();
    let failure = project.fail("import_volumes", json!({"path": path, "kind": "mask"}), &[]);
    assert!(failure.message.contains("from 0 to 1"), "{failure:?}");
}

#[test]
fn a_project_that_is_not_there() {
    let (project, star) = good();
    let id = project.add("import_particles", json!({"path": star}), &[]);
    let order = nilas_jobs::process::Order {
        project_dir: "/proc/nothing".into(),
        ..project.order(id, 1)
    };
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let failure = nilas_jobs::process::run(&order, stop, || {}).unwrap_err();
    assert!(failure.message.contains("/proc/nothing"), "{failure:?}");
}

/// A small file system of its own, where this account may mount one.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: PathBuf) -> Option<Self> {
        std::fs::create_dir_all(&at).unwrap();
        let mounted = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"])
            .arg(&at)
            .stderr(std::process::Stdio::null())
            .status();
        if mounted.is_ok_and(|s| s.success()) {
            return Some(SmallDisk(at));
        }
        eprintln!("skipped: this account can't mount a small file system");
        None
    }

    fn read_only(&self) {
        let done = std::process::Command::new("mount")
            .args(["-o", "remount,ro"])
            .arg(&self.0)
            .status()
            .unwrap();
        assert!(done.success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount")
            .arg("-l")
            .arg(&self.0)
            .status();
    }
}

#[test]
fn a_full_disk_is_a_shortage_and_keeps_earlier_results() {
    let (project, star) = good();
    let Some(disk) = SmallDisk::mount(project.dir.clone()) else {
        return;
    };
    let (kept, _) = project.complete("import_particles", json!({"path": star}), &[]);
    let id = project.add(
        "simulate_particles",
        json!({"number_of_particles": 1000, "box_size": 32, "pixel_size_angstrom": 5.0, "demo_mass_kda": 60.0}),
        &[],
    );
    let failure = project.run(id).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Resource, "{failure:?}");
    assert!(failure.hint.contains("full"), "{failure:?}");
    assert!(!project.job_dir(id).join("output").exists() && !project.job_dir(id).join("staging-1").exists());
    assert!(project.job_dir(kept).join("output/result.json").is_file());
    disk.read_only();
    let failure = project.run(id).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Resource, "{failure:?}");
    assert!(
        failure.message.contains("Read-only") || failure.hint.contains("read-only"),
        "{failure:?}"
    );
}

#[test]
fn connections_are_checked_before_anything_runs() {
    let (project, star) = good();
    let (particles, _) = project.complete("import_particles", json!({"path": star}), &[]);
    for (inputs, field, says) in [
        (vec![], "inputs.particles", "must be connected"),
        (
            vec![("particles", particles, "nothing")],
            "inputs.particles",
            "no output",
        ),
        (
            vec![("particles", nilas_model::JobId(99), "particles")],
            "inputs.particles",
            "does not exist",
        ),
        (
            vec![("particels", particles, "particles")],
            "inputs.particels",
            "no input",
        ),
        (
            vec![("particles", particles, "particles")],
            "inputs.particles",
            "lacks alignments3D",
        ),
    ] {
        let failure = project.fail("reconstruct", json!({}), &inputs);
        assert!(
            failure.message.contains(field) && failure.message.contains(says),
            "{failure:?}"
        );
    }
    let failure = project.fail("no_such_type", json!({}), &[]);
    assert!(failure.message.contains("no_such_type"), "{failure:?}");
}

#[test]
fn a_job_directory_in_use_is_left_alone() {
    let (project, star) = good();
    let id = project.add("import_particles", json!({"path": star}), &[]);
    let lock = std::fs::File::create(project.job_dir(id).join("process.lock")).unwrap();
    lock.lock().unwrap();
    let failure = project.run(id).unwrap_err();
    assert!(failure.message.contains("already running"), "{failure:?}");
    assert!(!project.job_dir(id).join("output").exists());
    drop(lock);
    project.run(id).unwrap();
}
