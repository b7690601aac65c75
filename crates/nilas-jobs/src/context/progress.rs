//! Progress of a step with rate and time left, written at most twice a second.

use super::events::EventLog;
use nilas_model::{EventKind, Failure, Progress};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

const MIN_INTERVAL: Duration = Duration::from_millis(500);
const RATE_WINDOW: Duration = Duration::from_secs(15);

/// Counts the items of one step.
#[derive(Debug)]
pub struct ProgressMeter<'a> {
    events: &'a EventLog,
    what: String,
    total: u64,
    done: u64,
    written: Option<Instant>,
    recent: VecDeque<(Instant, u64)>,
}

impl<'a> ProgressMeter<'a> {
    /// A meter at 0 of `total` (0 = unknown).
    pub fn new(events: &'a EventLog, what: String, total: u64) -> Self {
        ProgressMeter {
            events,
            what,
            total,
            done: 0,
            written: None,
            recent: VecDeque::from([(Instant::now(), 0)]),
        }
    }

    /// Says what is being done now; a new step starts its rate afresh.
    ///
    /// # Errors
    /// When the log can't be written.
    pub fn set(&mut self, what: &str, done: u64, total: u64) -> Result<(), Failure> {
        if what != self.what || done < self.done {
            what.clone_into(&mut self.what);
            self.recent.clear();
            self.recent.push_back((Instant::now(), done));
            self.written = None;
        }
        self.total = total;
        self.at(done)
    }

    /// `more` further items are done.
    ///
    /// # Errors
    /// When the log can't be written.
    pub fn add(&mut self, more: u64) -> Result<(), Failure> {
        self.at(self.done + more)
    }

    /// `done` items are done.
    ///
    /// # Errors
    /// When the log can't be written.
    pub fn at(&mut self, done: u64) -> Result<(), Failure> {
        self.done = done;
        let now = Instant::now();
        let last = self.total > 0 && done >= self.total;
        if !last && self.written.is_some_and(|w| now - w < MIN_INTERVAL) {
            return Ok(());
        }
        self.recent.push_back((now, done));
        while self.recent.len() > 2 && self.recent.front().is_some_and(|(t, _)| now - *t > RATE_WINDOW) {
            self.recent.pop_front();
        }
        self.written = Some(now);
        let rate = self.rate(now);
        let left = self.total.saturating_sub(done);
        self.events.write(EventKind::Progress(Progress {
            what: self.what.clone(),
            done,
            total: self.total,
            rate_per_s: rate,
            eta_s: rate.filter(|_| self.total > 0).map(|r| left as f64 / r),
        }))
    }

    fn rate(&self, now: Instant) -> Option<f64> {
        let (start, count) = self.recent.front()?;
        let seconds = (now - *start).as_secs_f64();
        let items = self.done.saturating_sub(*count);
        (seconds > 0.2 && items > 0).then(|| items as f64 / seconds)
    }
}
