//! Between the science code, which reports to closures that can't fail, and a job directory, which can.

use crate::context::JobContext;
use crate::failure;
use nilas_model::{Failure, Progress};
use std::collections::VecDeque;
use std::io::Write;
use std::time::{Duration, Instant};

const PROGRESS_INTERVAL: Duration = Duration::from_millis(500);
const RATE_WINDOW: Duration = Duration::from_secs(15);
/// Checkpoints are this far apart at least, and take at most a twentieth of the time.
const CHECKPOINT_INTERVAL: Duration = Duration::from_secs(5);
const CHECKPOINT_SHARE: u32 = 20;

/// Watches a long computation: progress, checkpoints, cancelling. The first thing that can't be written
/// (a full disk) stops the computation and becomes the job's failure.
#[derive(Debug)]
pub struct Watch<'a> {
    context: &'a JobContext,
    failed: Option<Failure>,
    what: String,
    recent: VecDeque<(Instant, u64)>,
    written: Option<Instant>,
    saved: Option<Instant>,
    saving_took: Duration,
}

impl<'a> Watch<'a> {
    /// A watch that reports to this job.
    pub fn new(context: &'a JobContext) -> Self {
        Watch {
            context,
            failed: None,
            what: String::new(),
            recent: VecDeque::new(),
            written: None,
            saved: None,
            saving_took: Duration::ZERO,
        }
    }

    /// The job.
    pub fn context(&self) -> &JobContext {
        self.context
    }

    /// Whether the computation should stop.
    pub fn should_stop(&self) -> bool {
        self.failed.is_some() || self.context.is_cancelled()
    }

    /// Does something that may fail; the first failure is kept.
    pub fn attempt(&mut self, act: impl FnOnce(&JobContext) -> Result<(), Failure>) {
        if self.failed.is_none() {
            self.failed = act(self.context).err();
        }
    }

    /// `done` of `total` of `what` are finished; written at most twice a second.
    pub fn progress(&mut self, what: &str, done: u64, total: u64) {
        let now = Instant::now();
        if self.what != what || self.recent.back().is_some_and(|(_, last)| done < *last) {
            what.clone_into(&mut self.what);
            self.recent.clear();
            self.written = None;
        }
        let last = total > 0 && done >= total;
        if !last && self.written.is_some_and(|w| now - w < PROGRESS_INTERVAL) {
            return;
        }
        self.written = Some(now);
        self.recent.push_back((now, done));
        while self.recent.len() > 2 && self.recent.front().is_some_and(|(t, _)| now - *t > RATE_WINDOW) {
            self.recent.pop_front();
        }
        let rate = self.recent.front().and_then(|(start, count)| {
            let seconds = (now - *start).as_secs_f64();
            (seconds > 0.2 && done > *count).then(|| (done - count) as f64 / seconds)
        });
        let eta_s = rate
            .filter(|_| total > 0)
            .map(|r| total.saturating_sub(done) as f64 / r);
        let progress = Progress {
            what: what.to_owned(),
            done,
            total,
            rate_per_s: rate,
            eta_s,
        };
        self.attempt(|context| context.report_progress(progress));
    }

    /// Saves a checkpoint when it is time for one. A checkpoint that can't be written is a warning, not the
    /// end: the computation may still finish.
    pub fn checkpoint(&mut self, message: &str, write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) {
        let interval = CHECKPOINT_INTERVAL.max(self.saving_took * CHECKPOINT_SHARE);
        if self.saved.is_some_and(|s| s.elapsed() < interval) {
            return;
        }
        let began = Instant::now();
        if let Err(reason) = self.context.save_checkpoint(message, write) {
            self.attempt(|context| {
                context.warn(format!(
                    "No checkpoint could be written: {} {}",
                    reason.message, reason.hint
                ))
            });
        }
        self.saving_took = began.elapsed();
        self.saved = Some(Instant::now());
    }

    /// What stopped the computation, if the watch did.
    pub fn reason(self) -> Option<Failure> {
        match self.failed {
            Some(failure) => Some(failure),
            None => self.context.is_cancelled().then(failure::cancelled),
        }
    }
}
