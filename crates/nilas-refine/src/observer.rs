//! Who watches a run, and what is told.

use crate::particle::ParticleResult;
use crate::refine::RefineState;
use nilas_volume::{Volume, fsc::CorrectedFsc};

/// Who watches a run. All calls come from the thread that started it.
pub trait Observer {
    /// `done` of `total` particles (or maps) of `what` are finished.
    fn progress(&mut self, _what: &str, _done: usize, _total: usize) {}
    /// True when the run should stop; asked several times a second.
    fn cancelled(&self) -> bool {
        false
    }
    /// An iteration has ended.
    fn iteration(&mut self, _report: &IterationReport) {}
    /// The state may be saved now (after every iteration).
    fn checkpoint(&mut self, _state: &RefineState) {}
}

/// An observer that sees nothing.
pub struct Silent;

impl Observer for Silent {}

/// How an iteration looked for poses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchKind {
    /// Every particle over all orientations, then continuously.
    Global,
    /// From the last poses, continuously; a share of the particles over all orientations as an audit.
    Local,
    /// Poses as they are: reconstruction only.
    Fixed,
}

/// Seconds spent in the parts of an iteration.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Timings {
    /// Poses.
    pub expectation_seconds: f64,
    /// Back-projection.
    pub insertion_seconds: f64,
    /// Maps, masks and curves.
    pub maps_seconds: f64,
}

/// One iteration, for traces, figures and live pictures.
#[derive(Debug, Clone)]
pub struct IterationReport {
    /// From 1; the last one is the final reconstruction.
    pub iteration: usize,
    /// How poses were looked for.
    pub search: SearchKind,
    /// Finest resolution that poses were compared at, Å.
    pub alignment_resolution_angstrom: f64,
    /// Resolution of the half maps by the corrected FSC at 0.143, Å.
    pub resolution_angstrom: f64,
    /// The curves.
    pub fsc: CorrectedFsc,
    /// The half maps (no Wiener weights, no mask).
    pub half_maps: [Volume; 2],
    /// The mask that references were multiplied with.
    pub mask: Volume,
    /// Noise power relative to white, per optics group and shell.
    pub noise: Vec<Vec<f64>>,
    /// Median change of orientation, radians, among particles that had one (modulo symmetry).
    pub median_rotation_change_rad: f64,
    /// Median change of shift, Å.
    pub median_shift_change_angstrom: f64,
    /// Mean log-likelihood gain per particle, nats.
    pub mean_log_likelihood: f64,
    /// Share of audited particles for which the search over all orientations found a clearly better pose.
    pub audit_better_share: f64,
    /// All particles as they are now.
    pub particles: Vec<ParticleResult>,
    /// Where the time went.
    pub timings: Timings,
}
