//! What every completed job must have left behind, and small things to run jobs on.
#![allow(dead_code, clippy::unwrap_used)]

use super::Project;
use nilas_formats::cs;
use nilas_formats::mrc::MrcFile;
use nilas_jobs::context::read_json;
use nilas_model::{EventKind, Figure, FigureData, JobId, JobResult};
use serde_json::{Value, json};

/// Images small enough for a test: 60 kDa in 32 pixels of 5 Å.
pub fn phantom(count: usize) -> Value {
    json!({
        "number_of_particles": count, "box_size": 32, "pixel_size_angstrom": 5.0, "demo_mass_kda": 60.0,
        "snr": 1.0, "shift_sigma_angstrom": 3.0, "seed": 3
    })
}

/// Everything that every completed job must have left behind.
pub fn check_completed(project: &Project, id: JobId, result: &JobResult) {
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

pub fn check_figure(figure: &Figure) {
    assert!(
        figure.note.ends_with('.') && figure.note.contains(' '),
        "{}: no sentence says what it shows (figures/captions.rs, or a note of its own): {:?}",
        figure.id,
        figure.note
    );
    let labelled = |label: &str| assert!(!label.is_empty(), "{}: an axis has no label", figure.id);
    match &figure.data {
        FigureData::Curves { curves, x, y, .. } => {
            labelled(&x.label);
            labelled(&y.label);
            assert!(!curves.is_empty(), "{}", figure.id);
            for curve in curves {
                assert_eq!(curve.x.len(), curve.y.len());
                assert!(!curve.x.is_empty(), "{}: {} is empty", figure.id, curve.name);
            }
        }
        FigureData::Histogram { edges, counts, x, .. } => {
            labelled(&x.label);
            assert_eq!(edges.len(), counts.len() + 1);
        }
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

/// 300 particles with their truth, and the jobs that made them.
pub fn particles_with_truth(project: &Project) -> JobId {
    project.complete("simulate_particles", phantom(300), &[]).0
}

pub fn refine_inputs(simulated: JobId) -> [(&'static str, JobId, &'static str); 2] {
    [
        ("particles", simulated, "particles"),
        ("volume", simulated, "truth_volume"),
    ]
}
