//! The recipe of `ab_initio`: read, search, sort, store.

use super::{Params, Plan};
use crate::context::{JobContext, MapToWrite};
use crate::failure;
use crate::figures;
use crate::job::Finished;
use crate::particles::{ParticleImages, Pose, contrast_transfer, halves, source_failure, write_poses};
use crate::watch::Watch;
use nilas_dataset::{Dataset, DatasetError};
use nilas_model::{DataKind, Failure, OutputRecord};
use nilas_refine::ImageSource;
use nilas_refine::ab_initio::{
    self, AbInitioError, AbInitioParams, AbInitioResult, AbInitioState, IterationReport, Observer, ParticleInput,
};

/// Figures of running iterations are at least this far apart.
const FIGURE_EVERY: std::time::Duration = std::time::Duration::from_secs(4);

pub(super) fn run(context: &mut JobContext, plan: Plan) -> Result<Finished, Failure> {
    let particles = context.load_particles("particles")?;
    let images = ParticleImages::new(&particles, context.project_dir(), "inputs.particles")?;
    let ctfs = contrast_transfer(&particles, "inputs.particles")?;
    context.info(format!(
        "{} particles of {1} x {1} px at {2:.4} Å/px.",
        images.len(),
        images.box_size(),
        images.pixel_size_angstrom()
    ))?;
    let inputs: Vec<ParticleInput> =
        ctfs.into_iter().enumerate().map(|(image, ctf)| ParticleInput { image, ctf }).collect();
    let settings = settings(&plan, &images);
    let result = search(context, &images, &inputs, &settings)?;
    for warning in &result.warnings {
        context.warn(warning.clone())?;
    }
    report(context, &result)?;
    let outputs = outputs(context, &particles, &images, &result)?;
    let mut resolved_params = plan.params.to_map();
    resolved_params.insert("maximum_resolution_angstrom".to_owned(), settings.final_resolution_angstrom.into());
    resolved_params.insert("initial_resolution_angstrom".to_owned(), settings.initial_resolution_angstrom.into());
    Ok(Finished { outputs, resolved_params })
}

fn settings(plan: &Plan, images: &ParticleImages) -> AbInitioParams {
    let Params { classes, symmetry, starts, particle_diameter_angstrom, particles_used, seed, .. } = plan.params.clone();
    let defaults = AbInitioParams::default();
    // Interpolation needs some room up to Nyquist.
    let finest = 2.5 * images.pixel_size_angstrom();
    let final_angstrom = plan.final_angstrom.max(finest);
    AbInitioParams {
        pixel_size_angstrom: images.pixel_size_angstrom(),
        classes,
        symmetry,
        particle_diameter_angstrom,
        initial_resolution_angstrom: plan.initial_angstrom.max(final_angstrom),
        final_resolution_angstrom: final_angstrom,
        starts,
        max_particles: particles_used.unwrap_or(defaults.max_particles).max(100),
        seed,
        ..defaults
    }
}

fn search(
    context: &JobContext,
    images: &ParticleImages,
    inputs: &[ParticleInput],
    settings: &AbInitioParams,
) -> Result<AbInitioResult, Failure> {
    let mut resume = None;
    if let Some(mut saved) = context.load_checkpoint()? {
        match AbInitioState::load(&mut saved) {
            Ok(state) => {
                context.info(format!(
                    "Going on from the checkpoint: {} starts finished, iteration {} of the next.",
                    state.starts_finished(),
                    state.iteration()
                ))?;
                resume = Some(state);
            }
            Err(error) => context.warn(format!("The checkpoint can't be used ({error}): starting afresh."))?,
        }
    }
    let mut follower = Follower { watch: Watch::new(context), traces: Vec::new(), drawn: None };
    match ab_initio::run(images as &dyn ImageSource, inputs, settings, resume, &mut follower) {
        Ok(result) => match follower.watch.reason() {
            Some(reason) => Err(reason),
            None => Ok(result),
        },
        Err(error) => Err(follower.watch.reason().unwrap_or_else(|| explain(error, images))),
    }
}

fn explain(error: AbInitioError, images: &ParticleImages) -> Failure {
    match error {
        AbInitioError::Cancelled => failure::cancelled(),
        AbInitioError::Source(source) => source_failure(source, "inputs.particles"),
        AbInitioError::NotFinite { image, .. } => failure::input(
            "inputs.particles",
            format!("{error} ({}).", images.place(image)),
            "Import the particles again with drop_bad_images.",
        ),
        AbInitioError::Parameter { name, .. } => {
            failure::input(&format!("params.{}", param_name(name)), error, "Change this parameter.")
        }
        AbInitioError::TooFew { .. } => failure::input("inputs.particles", error, "Connect more particles."),
        AbInitioError::NoInformation(_) | AbInitioError::Optics { .. } => {
            failure::input("inputs.particles", error, "Check the particles and their contrast transfer, and import them again.")
        }
        other => failure::bug(other),
    }
}

/// The job's name of a parameter of the search.
fn param_name(name: &str) -> &str {
    match name {
        "final_resolution_angstrom" => "maximum_resolution_angstrom",
        "max_particles" => "particles_used",
        other => other,
    }
}

/// Turns the search's reports into the job's log and figures.
struct Follower<'a> {
    watch: Watch<'a>,
    traces: Vec<Trace>,
    drawn: Option<std::time::Instant>,
}

/// Traces of one random start.
#[derive(Default)]
struct Trace {
    start: usize,
    first: u64,
    evidence: Vec<f64>,
    entropy: Vec<f64>,
    resolution: Vec<f64>,
}

impl Observer for Follower<'_> {
    fn progress(&mut self, what: &str, done: usize, total: usize) {
        self.watch.progress(what, done as u64, total as u64);
    }

    fn cancelled(&self) -> bool {
        self.watch.should_stop()
    }

    fn iteration(&mut self, report: &IterationReport) {
        if self.traces.last().is_none_or(|t| t.start != report.start || report.iteration as u64 <= t.first) {
            self.traces.push(Trace { start: report.start, first: report.iteration as u64, ..Trace::default() });
        }
        if let Some(trace) = self.traces.last_mut() {
            trace.evidence.push(report.log_evidence);
            trace.entropy.push(report.entropy);
            trace.resolution.push(report.resolution_angstrom);
        }
        let last = report.iteration + 1 >= report.iterations;
        if last || self.drawn.is_none_or(|d| d.elapsed() > FIGURE_EVERY) {
            self.drawn = Some(std::time::Instant::now());
            self.draw(report);
        }
    }

    fn checkpoint(&mut self, state: &AbInitioState) {
        let message =
            format!("{} starts finished, iteration {} of the next", state.starts_finished(), state.iteration());
        self.watch.checkpoint(&message, |mut writer| state.save(&mut writer));
    }
}

impl Follower<'_> {
    fn draw(&mut self, report: &IterationReport) {
        let step = Some(report.iteration as u64);
        let lines = |pick: fn(&Trace) -> &Vec<f64>| -> Vec<(String, &Trace, Vec<f64>)> {
            self.traces.iter().map(|t| (format!("start {}", t.start + 1), t, pick(t).clone())).collect()
        };
        let mut drawn = vec![
            trace_figure("evidence", "How well the maps explain the images", "log evidence per image (nats)", lines(|t| &t.evidence)),
            trace_figure("posterior_width", "Uncertainty of the poses", "mean entropy (nats)", lines(|t| &t.entropy)),
            trace_figure("resolution", "Resolution that is compared", "resolution (Å)", lines(|t| &t.resolution)),
        ];
        let n = report.map_size;
        let voxel = report.map_voxel_size_angstrom;
        for (class, map) in report.maps.iter().enumerate().filter(|(_, m)| n > 0 && m.len() == n * n * n) {
            let title = format!("Map {class}: projections, start {}, iteration {}", report.start + 1, report.iteration + 1);
            drawn.push(figures::projections(&format!("projections_{class}"), &title, map, n, voxel));
        }
        self.watch.attempt(|context| {
            drawn.iter().try_for_each(|figure| context.figure(figure, step))?;
            context.trace("log_evidence", report.log_evidence, report.iteration as u64)?;
            context.trace("compared_resolution_angstrom", report.resolution_angstrom, report.iteration as u64)
        });
    }
}

fn trace_figure(id: &str, title: &str, label: &str, lines: Vec<(String, &Trace, Vec<f64>)>) -> nilas_model::Figure {
    use nilas_model::figure::Curve;
    let curves = lines
        .into_iter()
        .map(|(name, trace, y)| Curve {
            name,
            x: (0..y.len()).map(|i| (trace.first + i as u64) as f64).collect(),
            y: y.into_iter().map(|v| if v.is_finite() { v } else { 0.0 }).collect(),
            dashed: false,
        })
        .collect();
    let data = nilas_model::FigureData::Curves {
        x: figures::axis("iteration"),
        y: figures::axis(label),
        curves,
        guides: Vec::new(),
    };
    figures::figure(id, title, data)
}

fn report(context: &mut JobContext, result: &AbInitioResult) -> Result<(), Failure> {
    let number = |v: f64| format!("{v:.3}");
    let rows = result
        .starts
        .iter()
        .map(|s| {
            vec![
                format!("{}{}", s.start + 1, if s.start == result.chosen_start { " (chosen)" } else { "" }),
                format!("{} ± {}", number(s.held_out_log_evidence), number(s.standard_error)),
                number(s.sphere_log_evidence),
                number(s.entropy),
                s.agreement_angstrom.map_or_else(|| "-".to_owned(), |a| format!("{a:.1}")),
            ]
        })
        .collect();
    let columns =
        ["start", "log evidence per held-out image (nats)", "same of a sphere", "entropy (nats)", "agrees with the chosen to (Å)"];
    let table = figures::table("starts", "Random starts", &columns, rows);
    context.figure(&figures::with_note(table, "The start with the highest evidence on particles that none has seen is continued."), None)?;
    let agreeing = result.starts.iter().filter(|s| s.agreement_angstrom.is_some_and(|a| a <= 20.0)).count();
    context.statistic("agreeing_starts", agreeing as f64)?;
    context.statistic("starts", result.starts.len() as f64)?;
    context.statistic("compared_resolution_angstrom", result.resolution_angstrom)?;
    if let Some(chosen) = result.starts.iter().find(|s| s.start == result.chosen_start) {
        context.statistic("held_out_log_evidence", chosen.held_out_log_evidence)?;
    }
    let rotations: Vec<_> = result.particles.iter().map(|p| p.rotation).collect();
    context.figure(&figures::orientations("orientations", "Viewing directions", &rotations), None)?;
    let evidence: Vec<f64> = result.particles.iter().map(|p| f64::from(p.log_evidence)).collect();
    context.figure(
        &figures::histogram("evidence_histogram", "How well each image is explained", "log evidence (nats)", &evidence, 50, &[]),
        None,
    )?;
    if result.classes.len() > 1 {
        let best: Vec<f64> = result
            .particles
            .iter()
            .map(|p| p.class_posterior.iter().copied().fold(0.0f32, f32::max).into())
            .collect();
        let title = "How sure the particles are of their class";
        context.figure(&figures::histogram("class_posterior", title, "probability of the best class", &best, 40, &[]), None)?;
        let share_rows = result.classes.iter().enumerate().map(|(k, c)| vec![k.to_string(), format!("{:.1}", 100.0 * c.share)]);
        context.figure(&figures::table("class_shares", "Classes", &["class", "share (%)"], share_rows.collect()), None)?;
        context.figure(&similarity(result), None)?;
    }
    for (k, class) in result.classes.iter().enumerate() {
        let (n, voxel) = (class.n, class.voxel_size_angstrom);
        context.figure(&figures::orthogonal_slices(&format!("slices_{k}"), &format!("Map {k}: central slices"), &class.map, n, voxel), None)?;
        context.figure(&figures::projections(&format!("projections_{k}"), &format!("Map {k}: projections"), &class.map, n, voxel), None)?;
        let frequency: Vec<f64> = (0..class.half_fsc.len()).map(|r| r as f64 / (n as f64 * voxel)).collect();
        let curve = figures::fourier_shell_correlation(
            &format!("half_fsc_{k}"),
            &format!("Map {k}: agreement of interleaved halves"),
            &frequency,
            &[("halves of the last iterations", &class.half_fsc, false)],
            None,
        );
        let note = "Both halves share their reference: a sign of convergence, not of resolution.";
        context.figure(&figures::with_note(curve, note), None)?;
        context.statistic(&format!("share_{k}"), class.share)?;
    }
    Ok(())
}

/// Correlation of the class maps with each other.
fn similarity(result: &AbInitioResult) -> nilas_model::Figure {
    let count = result.classes.len();
    let centred: Vec<(Vec<f64>, f64)> = result
        .classes
        .iter()
        .map(|c| {
            let mean = c.map.iter().map(|v| f64::from(*v)).sum::<f64>() / c.map.len() as f64;
            let values: Vec<f64> = c.map.iter().map(|v| f64::from(*v) - mean).collect();
            let norm = values.iter().map(|v| v * v).sum::<f64>().sqrt();
            (values, norm)
        })
        .collect();
    let mut values = Vec::with_capacity(count * count);
    for (a, norm_a) in &centred {
        for (b, norm_b) in &centred {
            let dot: f64 = a.iter().zip(b).map(|(x, y)| x * y).sum();
            values.push(if norm_a * norm_b > 0.0 { dot / (norm_a * norm_b) } else { 0.0 });
        }
    }
    let axis = || nilas_model::figure::Axis {
        label: "class".to_owned(),
        min: Some(-0.5),
        max: Some(count as f64 - 0.5),
        ..Default::default()
    };
    let data = nilas_model::FigureData::HeatMap {
        x: axis(),
        y: axis(),
        value_label: "correlation".to_owned(),
        columns: count as u32,
        values,
    };
    figures::figure("class_similarity", "Similarity of the maps, as they lie", data)
}

fn outputs(
    context: &JobContext,
    particles: &Dataset,
    images: &ParticleImages,
    result: &AbInitioResult,
) -> Result<Vec<OutputRecord>, Failure> {
    let count = result.classes.len();
    let pixel = images.pixel_size_angstrom();
    let mut own = Dataset::from_uids(particles.uids().to_vec());
    let poses: Vec<Pose> =
        result.particles.iter().map(|p| Pose { rotation: p.rotation, shift_angstrom: p.shift_angstrom }).collect();
    write_poses(&mut own, &poses, halves(particles).as_deref(), pixel)?;
    let mut classes = || -> Result<(), DatasetError> {
        own.set("alignments3D/class", result.particles.iter().map(|p| p.class as u32).collect::<Vec<u32>>())?;
        let posterior = result.particles.iter().map(|p| p.class_posterior.get(p.class).copied().unwrap_or(1.0));
        own.set("alignments3D/class_posterior", posterior.collect::<Vec<f32>>())
    };
    classes().map_err(failure::bug)?;
    let rest = particles.without_slots(&["alignments3D"]);
    let mut outputs = Vec::new();
    for (k, class) in result.classes.iter().enumerate() {
        let suffix = if count > 1 { format!("_{k}") } else { String::new() };
        let title = |what: &str| if count > 1 { format!("{what} of class {k}") } else { what.to_owned() };
        let member = |row: usize| count == 1 || result.particles.get(row).is_some_and(|p| p.class == k);
        let (own, rest) = (own.filter(member), rest.filter(member));
        if !own.is_empty() {
            let summary = format!("{} particles with poses", own.rows());
            outputs.push(context.write_particles(&format!("particles{suffix}"), &title("Particles"), &summary, &own, Some(&rest), Vec::new())?);
        }
        outputs.push(context.write_volume(
            &format!("volume{suffix}"),
            DataKind::Volume,
            &title("Volume"),
            &[MapToWrite { slot: "map", data: &class.map }],
            class.n,
            class.voxel_size_angstrom,
        )?);
    }
    Ok(outputs)
}
