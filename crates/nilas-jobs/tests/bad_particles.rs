//! Particles that an import let through but that nothing can be made of: the jobs behind it say so.
#![allow(clippy::unwrap_used)]

mod project;

use nilas_formats::mrc::{MrcMode, MrcStackWriter, write_volume};
use nilas_model::{Failure, FailureKind, JobId};
use project::Project;
use serde_json::json;
use std::io::Write;

const N: usize = 32;

/// Imports `count` images that `change` made out of noise, looking at only one of them.
fn particles(project: &Project, count: usize, change: impl Fn(usize, &mut [f32])) -> JobId {
    noise(project, count, 12345, change)
}

/// [`particles`] of other noise for each seed.
fn noise(project: &Project, count: usize, seed: u64, change: impl Fn(usize, &mut [f32])) -> JobId {
    let outside = project.outside();
    let mut writer = MrcStackWriter::create(outside.join("p.mrcs"), [N, N], 4.0, MrcMode::F32).unwrap();
    let mut star = std::fs::File::create(outside.join("p.star")).unwrap();
    writeln!(
        star,
        "data_optics\n\nloop_\n_rlnOpticsGroup #1\n_rlnVoltage #2\n_rlnSphericalAberration #3"
    )
    .unwrap();
    writeln!(
        star,
        "_rlnAmplitudeContrast #4\n_rlnImagePixelSize #5\n1 300 2.7 0.1 4.0\n\ndata_particles\n\nloop_"
    )
    .unwrap();
    writeln!(
        star,
        "_rlnImageName #1\n_rlnOpticsGroup #2\n_rlnDefocusU #3\n_rlnDefocusV #4\n_rlnDefocusAngle #5"
    )
    .unwrap();
    let mut state = seed;
    for i in 0..count {
        let mut image: Vec<f32> = (0..N * N)
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
            })
            .collect();
        change(i, &mut image);
        writer.push(&image).unwrap();
        writeln!(star, "{:06}@p.mrcs 1 12000 12000 0", i + 1).unwrap();
    }
    writer.finish().unwrap();
    let params = json!({"path": outside.join("p.star"), "sampled_images": 1});
    project.complete("import_particles", params, &[]).0
}

fn blob(project: &Project) -> JobId {
    let path = project.outside().join("blob.mrc");
    let centre = N as f32 / 2.0;
    let data: Vec<f32> = (0..N * N * N)
        .map(|i| {
            let d = [i % N, i / N % N, i / (N * N)].map(|c| c as f32 - centre);
            (-(d[0] * d[0] / 40.0 + d[1] * d[1] / 20.0 + d[2] * d[2] / 10.0)).exp()
        })
        .collect();
    write_volume(&path, [N; 3], 4.0, &data, MrcMode::F32).unwrap();
    project.complete("import_volumes", json!({"path": path}), &[]).0
}

/// Runs a job type that aligns on these particles; it must fail because of them.
fn refused(project: &Project, job_type: &str, particles: JobId) -> Failure {
    let mut inputs = vec![("particles", particles, "particles")];
    if job_type == "refine_homogeneous" {
        inputs.push(("volume", blob(project), "volume"));
    }
    let failure = project.fail(job_type, json!({}), &inputs);
    assert_eq!(
        (failure.kind, failure.field.as_deref()),
        (FailureKind::Input, Some("inputs.particles")),
        "{failure:?}"
    );
    failure
}

const ALIGNING: [&str; 2] = ["refine_homogeneous", "ab_initio"];

#[test]
fn three_particles_are_too_few() {
    for job_type in ALIGNING {
        let project = Project::new();
        let id = particles(&project, 3, |_, _| {});
        let failure = refused(&project, job_type, id);
        assert!(failure.message.contains("3 particles are too few"), "{failure:?}");
    }
}

#[test]
fn an_image_with_nan_is_named() {
    for job_type in ALIGNING {
        let project = Project::new();
        let id = particles(&project, 60, |i, image| {
            if i == 17 {
                image[100] = f32::NAN;
            }
        });
        let failure = refused(&project, job_type, id);
        assert!(failure.message.contains("slice 18 of"), "{failure:?}");
        assert!(failure.hint.contains("drop_bad_images"), "{failure:?}");
    }
}

#[test]
fn copies_of_one_image_make_no_map() {
    let project = Project::new();
    let id = particles(&project, 60, |_, image| {
        image
            .iter_mut()
            .enumerate()
            .for_each(|(p, v)| *v = ((p * 37) % 11) as f32);
    });
    let failure = refused(&project, "refine_homogeneous", id);
    assert!(failure.message.contains("copies"), "{failure:?}");
}

#[test]
fn a_stack_that_went_away_after_the_import_is_named() {
    let project = Project::new();
    let id = particles(&project, 60, |_, _| {});
    std::fs::remove_file(project.outside().join("p.mrcs")).unwrap();
    let failure = refused(&project, "refine_homogeneous", id);
    assert!(failure.message.contains("p.mrcs"), "{failure:?}");
}

#[test]
fn noise_gives_no_resolution_to_boast_of() {
    for seed in [12345, 1, 2, 3, 4] {
        let project = Project::new();
        let id = noise(&project, 200, seed, |_, _| {});
        let inputs = [
            ("particles", id, "particles"),
            ("volume", blob(&project), "volume"),
        ];
        let (_, result) = project.complete("refine_homogeneous", json!({"maximum_iterations": 6}), &inputs);
        let claimed = result
            .statistics
            .get("resolution_angstrom")
            .copied()
            .unwrap_or(f64::INFINITY);
        let support = result.statistics["held_out_support_sigma"];
        eprintln!("seed {seed}: {claimed} Å, held-out agreement {support:.2} sigma");
        // Three shells of a box of 32 pixels of 4 Å.
        assert!(claimed >= 128.0 / 3.0, "{claimed} Å from noise, seed {seed}");
    }
}

#[test]
fn a_wrong_symmetry_is_refused_before_anything_runs() {
    let project = Project::new();
    let id = particles(&project, 60, |_, _| {});
    let inputs = [
        ("particles", id, "particles"),
        ("volume", blob(&project), "volume"),
    ];
    let failure = project.fail(
        "refine_homogeneous",
        json!({"symmetry": "D0", "maximum_iterations": 0}),
        &inputs,
    );
    assert!(
        failure.message.contains("params.symmetry") && failure.message.contains("D0"),
        "{failure:?}"
    );
    assert!(
        failure.message.contains("params.maximum_iterations"),
        "{failure:?}"
    );
}
