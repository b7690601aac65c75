//! Contract of the job types when they run: outputs, figures, log, same seed same result.
#![allow(clippy::unwrap_used)]

mod project;

use nilas_formats::cs;
use nilas_formats::mrc::MrcFile;
use nilas_jobs::context::read_json;
use nilas_model::{EventKind, JobId, JobResult};
use project::Project;
use project::contract::{check_completed, particles_with_truth, phantom, refine_inputs};
use serde_json::json;

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
    check_series_of_figures(&project, id, statistic(&result, "iterations") as u64);
    // What comes out goes in again.
    let (_, result) = project.complete("reconstruct", json!({}), &[("particles", id, "particles")]);
    assert!((statistic(&result, "resolution_angstrom") - resolution).abs() < 0.5 * resolution);
}

/// Every iteration keeps its figures, in series that end with the final one; the FSC comes first.
fn check_series_of_figures(project: &Project, id: JobId, iterations: u64) {
    let drawn: Vec<(String, Option<u64>)> = project
        .events(id)
        .into_iter()
        .filter_map(|e| match e.kind {
            EventKind::Figure { id, step, .. } => Some((id, step)),
            _ => None,
        })
        .collect();
    assert_eq!(drawn[0], ("fsc_001".to_owned(), Some(1)));
    let files = project.figures(id);
    for name in ["fsc", "half_map_slices", "orientations"] {
        for step in 1..=iterations {
            let figure = format!("{name}_{step:03}");
            assert!(
                drawn.contains(&(figure.clone(), Some(step))),
                "{figure}: {drawn:?}"
            );
            assert!(files.contains(&figure), "{figure}: {files:?}");
        }
    }
    for name in ["fsc", "orientations"] {
        assert!(
            drawn.contains(&(name.to_owned(), Some(iterations + 1))),
            "{drawn:?}"
        );
    }
    assert!(drawn.contains(&("resolution_trace".to_owned(), None)));
}

#[test]
fn a_few_small_images_are_refined_about_as_far_as_they_go() {
    let project = Project::new();
    let simulated = particles_with_truth(&project);
    let (_, result) = project.complete("refine_homogeneous", json!({}), &refine_inputs(simulated));
    let resolution = statistic(&result, "resolution_angstrom");
    let (_, best) = project.complete("reconstruct", json!({}), &[("particles", simulated, "truth")]);
    let possible = statistic(&best, "resolution_angstrom");
    eprintln!("refined to {resolution:.2} Å, with the true poses {possible:.2} Å");
    assert!(
        resolution < 1.25 * possible,
        "{resolution} Å, possible {possible} Å"
    );
}

#[test]
fn a_search_gives_poses_and_maps_and_repeats() {
    let project = Project::new();
    let simulated = particles_with_truth(&project);
    let inputs = [("particles", simulated, "particles")];
    let params = json!({"starts": 2, "iterations": 12, "maximum_resolution_angstrom": 25.0, "seed": 2});
    let (id, result) = project.complete("ab_initio", params.clone(), &inputs);
    check_completed(&project, id, &result);
    let names: Vec<&str> = result.outputs.iter().map(|o| o.name.as_str()).collect();
    assert_eq!(names, ["particles", "volume"]);
    assert_eq!(result.outputs[0].count, 300);
    let (again, _) = project.complete("ab_initio", params, &inputs);
    let map = |id: JobId| {
        MrcFile::open(project.dir.join(format!("{id}/output/{id}_volume_map.mrc")))
            .unwrap()
            .read_all()
            .unwrap()
    };
    assert_eq!(map(id), map(again));
    // What comes out starts a refinement.
    let (refined, result) = project.complete(
        "refine_homogeneous",
        json!({"maximum_iterations": 3}),
        &[("particles", id, "particles"), ("volume", id, "volume")],
    );
    check_completed(&project, refined, &result);
}

#[test]
fn classes_are_numbered_and_share_the_particles() {
    let project = Project::new();
    let simulated = particles_with_truth(&project);
    let mut other = phantom(300);
    other["seed"] = json!(11);
    let (other, _) = project.complete("simulate_particles", other, &[]);
    let inputs = [
        ("particles", simulated, "particles"),
        ("particles", other, "particles"),
    ];
    let params = json!({"classes": 2, "starts": 1, "iterations": 12, "maximum_resolution_angstrom": 25.0});
    let (id, result) = project.complete("ab_initio", params, &inputs);
    check_completed(&project, id, &result);
    let count = |name: &str| {
        result
            .outputs
            .iter()
            .filter(|o| o.name.starts_with(name))
            .map(|o| o.count)
            .sum::<u64>()
    };
    assert_eq!((count("particles_"), count("volume_")), (600, 2));
}
