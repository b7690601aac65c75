//! Turns the reports of a running refinement into the job's log, figures and checkpoints.

use crate::context::JobContext;
use crate::figures;
use crate::refined::fsc_figure;
use crate::watch::Watch;
use nilas_model::Failure;
use nilas_refine::refine::RefineState;
use nilas_refine::{IterationReport, Observer, SearchKind};

/// Up to this iteration the figures of every one are kept.
const EVERY_STEP: u64 = 30;
/// Then those of one in so many, so that a long run leaves a modest number of files.
const SOME_STEPS: u64 = 5;

/// Watches a refinement.
pub(super) struct Follower<'a> {
    watch: Watch<'a>,
    traces: Traces,
}

/// Numbers by iteration.
#[derive(Default)]
struct Traces {
    first: u64,
    resolution: Vec<f64>,
    alignment: Vec<f64>,
    rotation_change_deg: Vec<f64>,
    rotation_sigma_deg: Vec<f64>,
    shift_change_angstrom: Vec<f64>,
    shift_sigma_angstrom: Vec<f64>,
    likelihood: Vec<f64>,
    audit: Vec<f64>,
}

impl<'a> Follower<'a> {
    pub(super) fn new(context: &'a JobContext) -> Self {
        Follower {
            watch: Watch::new(context),
            traces: Traces::default(),
        }
    }

    /// What stopped the refinement, if the job did.
    pub(super) fn into_reason(self) -> Option<Failure> {
        self.watch.reason()
    }
}

impl Observer for Follower<'_> {
    fn progress(&mut self, what: &str, done: usize, total: usize) {
        self.watch.progress(what, done as u64, total as u64);
    }

    fn cancelled(&self) -> bool {
        self.watch.should_stop()
    }

    fn iteration(&mut self, report: &IterationReport) {
        self.traces.add(report);
        let step = report.iteration as u64;
        let steps = if step <= EVERY_STEP || step.is_multiple_of(SOME_STEPS) {
            step_figures(report)
        } else {
            Vec::new()
        };
        let traces = self.traces.figures();
        let search = match report.search {
            SearchKind::Global => "over all orientations",
            SearchKind::Local => "around the last poses",
            SearchKind::Fixed => "poses as they are",
        };
        let t = &report.timings;
        let message = format!(
            "Iteration {step} ({search}, to {:.1} Å): {:.2} Å; median change {:.2}°, {:.2} Å; poses {:.1} s, insertion {:.1} s, maps {:.1} s.",
            report.alignment_resolution_angstrom,
            report.resolution_angstrom,
            report.median_rotation_change_rad.to_degrees(),
            report.median_shift_change_angstrom,
            t.expectation_seconds,
            t.insertion_seconds,
            t.maps_seconds
        );
        self.watch.attempt(|context| {
            context.info(message)?;
            // The curves first: the page keeps the order in which figures appear.
            steps
                .iter()
                .try_for_each(|figure| context.figure(figure, Some(step)))?;
            traces
                .iter()
                .try_for_each(|figure| context.figure(figure, None))?;
            context.trace("half_map_resolution_angstrom", report.resolution_angstrom, step)?;
            context.trace("mean_log_likelihood", report.mean_log_likelihood, step)
        });
    }

    fn checkpoint(&mut self, state: &RefineState) {
        let message = format!("go on after iteration {}", state.iteration);
        self.watch.checkpoint(&message, |writer| state.save(writer));
    }
}

/// What is drawn anew in every iteration and kept, for the slider of the page: `fsc_001`, `fsc_002`, ...
fn step_figures(report: &IterationReport) -> Vec<nilas_model::Figure> {
    let step = report.iteration;
    let id = |name: &str| format!("{name}_{step:03}");
    let half = &report.half_maps[0];
    let rotations: Vec<_> = report.particles.iter().map(|p| p.pose.rotation).collect();
    vec![
        fsc_figure(
            &id("fsc"),
            &format!("Fourier shell correlation, iteration {step}"),
            &report.fsc,
            Some(report.resolution_angstrom),
        ),
        figures::orthogonal_slices(
            &id("half_map_slices"),
            &format!("Half map A: central slices, iteration {step}"),
            &half.data,
            half.n,
            half.voxel_size_angstrom,
        ),
        figures::orientations(
            &id("orientations"),
            &format!("Viewing directions, iteration {step}"),
            &rotations,
        ),
    ]
}

impl Traces {
    fn add(&mut self, report: &IterationReport) {
        if self.resolution.is_empty() {
            self.first = report.iteration as u64;
        }
        let count = report.particles.len().max(1) as f64;
        let mean = |value: fn(&nilas_refine::ParticleResult) -> f64| {
            report.particles.iter().map(value).sum::<f64>() / count
        };
        self.resolution.push(report.resolution_angstrom);
        self.alignment.push(report.alignment_resolution_angstrom);
        self.rotation_change_deg
            .push(report.median_rotation_change_rad.to_degrees());
        self.rotation_sigma_deg
            .push(mean(|p| p.rotation_sigma_rad).to_degrees());
        self.shift_change_angstrom
            .push(report.median_shift_change_angstrom);
        self.shift_sigma_angstrom.push(mean(|p| p.shift_sigma_angstrom));
        self.likelihood.push(report.mean_log_likelihood);
        self.audit.push(report.audit_better_share);
    }

    fn figures(&self) -> Vec<nilas_model::Figure> {
        let traces = |id: &str, title: &str, label: &str, series: &[(&str, &[f64])]| {
            figures::traces(id, title, label, self.first, series)
        };
        vec![
            traces(
                "resolution_trace",
                "Resolution by iteration",
                "resolution (Å)",
                &[
                    ("half maps (FSC 0.143)", &self.resolution),
                    ("used for alignment", &self.alignment),
                ],
            ),
            traces(
                "rotation_trace",
                "Orientations by iteration",
                "angle (°)",
                &[
                    ("median change", &self.rotation_change_deg),
                    ("mean posterior width", &self.rotation_sigma_deg),
                ],
            ),
            traces(
                "shift_trace",
                "Shifts by iteration",
                "shift (Å)",
                &[
                    ("median change", &self.shift_change_angstrom),
                    ("mean posterior width", &self.shift_sigma_angstrom),
                ],
            ),
            traces(
                "likelihood_trace",
                "How well the map explains the images",
                "mean log-likelihood gain (nats)",
                &[("all particles", &self.likelihood)],
            ),
            traces(
                "audit_trace",
                "Audit of local searches",
                "share with a better pose elsewhere",
                &[("audited particles", &self.audit)],
            ),
        ]
    }
}
