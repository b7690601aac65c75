//! Turns the search's reports into the job's log, figures and checkpoints.

use crate::context::JobContext;
use crate::figures;
use crate::watch::Watch;
use nilas_model::Failure;
use nilas_refine::ab_initio::{AbInitioState, IterationReport, Observer};
use std::time::{Duration, Instant};

/// Figures of running iterations are at least this far apart.
const FIGURE_EVERY: Duration = Duration::from_secs(4);

/// Watches a search.
pub(super) struct Follower<'a> {
    watch: Watch<'a>,
    traces: Vec<Trace>,
    drawn: Option<Instant>,
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

impl<'a> Follower<'a> {
    pub(super) fn new(context: &'a JobContext) -> Self {
        Follower {
            watch: Watch::new(context),
            traces: Vec::new(),
            drawn: None,
        }
    }

    /// What stopped the search, if the job did.
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
        if self
            .traces
            .last()
            .is_none_or(|t| t.start != report.start || report.iteration as u64 <= t.first)
        {
            self.traces.push(Trace {
                start: report.start,
                first: report.iteration as u64,
                ..Trace::default()
            });
        }
        if let Some(trace) = self.traces.last_mut() {
            trace.evidence.push(report.log_evidence);
            trace.entropy.push(report.entropy);
            trace.resolution.push(report.resolution_angstrom);
        }
        let last = report.iteration + 1 >= report.iterations;
        if last || self.drawn.is_none_or(|d| d.elapsed() > FIGURE_EVERY) {
            self.drawn = Some(Instant::now());
            self.draw(report);
        }
    }

    fn checkpoint(&mut self, state: &AbInitioState) {
        let message = format!(
            "{} starts finished, iteration {} of the next",
            state.starts_finished(),
            state.iteration()
        );
        self.watch
            .checkpoint(&message, |mut writer| state.save(&mut writer));
    }
}

impl Follower<'_> {
    fn draw(&mut self, report: &IterationReport) {
        let step = Some(report.iteration as u64);
        let lines = |pick: fn(&Trace) -> &Vec<f64>| -> Vec<(String, &Trace, Vec<f64>)> {
            self.traces
                .iter()
                .map(|t| (format!("start {}", t.start + 1), t, pick(t).clone()))
                .collect()
        };
        let mut drawn = vec![
            trace_figure(
                "evidence",
                "How well the maps explain the images",
                "log evidence per image (nats)",
                lines(|t| &t.evidence),
            ),
            trace_figure(
                "posterior_width",
                "Uncertainty of the poses",
                "mean entropy (nats)",
                lines(|t| &t.entropy),
            ),
            trace_figure(
                "resolution",
                "Resolution that is compared",
                "resolution (Å)",
                lines(|t| &t.resolution),
            ),
        ];
        let n = report.map_size;
        let voxel = report.map_voxel_size_angstrom;
        for (class, map) in report
            .maps
            .iter()
            .enumerate()
            .filter(|(_, m)| n > 0 && m.len() == n * n * n)
        {
            let title = format!(
                "Map {class}: projections, start {}, iteration {}",
                report.start + 1,
                report.iteration + 1
            );
            drawn.push(figures::projections(
                &format!("projections_{class}"),
                &title,
                map,
                n,
                voxel,
            ));
        }
        self.watch.attempt(|context| {
            drawn.iter().try_for_each(|figure| context.figure(figure, step))?;
            context.trace("log_evidence", report.log_evidence, report.iteration as u64)?;
            context.trace(
                "compared_resolution_angstrom",
                report.resolution_angstrom,
                report.iteration as u64,
            )
        });
    }
}

fn trace_figure(
    id: &str,
    title: &str,
    label: &str,
    lines: Vec<(String, &Trace, Vec<f64>)>,
) -> nilas_model::Figure {
    use nilas_model::figure::Curve;
    let curves = lines
        .into_iter()
        .map(|(name, trace, y)| Curve {
            name,
            x: (0..y.len()).map(|i| (trace.first + i as u64) as f64).collect(),
            y: y.into_iter()
                .map(|v| if v.is_finite() { v } else { 0.0 })
                .collect(),
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
