//! Waiting for the jobs of a workflow while showing what they do.

use anyhow::Result;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use nilas_api::ServerEvent;
use nilas_model::{EventKind, JobId, JobRecord, JobStatus, Level, Progress, ProjectId};
use nilas_server::Master;
use std::collections::{BTreeMap, BTreeSet};
use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::broadcast::error::TryRecvError;

/// How often a line of progress is printed where no bar can be drawn.
const LINE_EVERY: Duration = Duration::from_secs(10);
/// How often the jobs are looked at.
const LOOK: Duration = Duration::from_millis(100);

/// How the waiting ended.
pub struct Ended {
    /// A person interrupted.
    pub interrupted: bool,
    /// What the jobs warned of.
    pub warnings: BTreeMap<JobId, Vec<String>>,
}

/// Wait until nothing can happen any more.
pub fn until_done(
    master: &Master,
    project: ProjectId,
    names: &BTreeMap<JobId, String>,
    verbose: bool,
) -> Result<Ended> {
    let interrupts = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&interrupts);
    crate::signals::on_stop(move |count| counter.store(count, Ordering::Relaxed))?;
    let mut listener = master.listen();
    let mut screen = Screen::new(names.clone(), verbose);
    let mut told_to_stop = false;
    loop {
        loop {
            match listener.try_recv() {
                Ok(ServerEvent::Log { job, events, .. }) => {
                    for event in events {
                        screen.event(job, &event.kind);
                    }
                }
                Ok(_) | Err(TryRecvError::Lagged(_)) => {}
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        let jobs: Vec<JobRecord> = names
            .keys()
            .map(|job| {
                let info = master.job(project, *job)?;
                screen.state(&info.record, info.progress.as_ref());
                Ok(info.record)
            })
            .collect::<Result<_>>()?;
        if interrupts.load(Ordering::Relaxed) > 0 && !told_to_stop {
            told_to_stop = true;
            screen.say(
                "stopping the jobs (once more to leave at once; a later run goes on from their checkpoints)",
            );
            for job in jobs.iter().filter(|job| !job.status.is_final()) {
                // One that ended this moment needs no killing.
                let _ = master.kill_job(project, job.id);
            }
        }
        if interrupts.load(Ordering::Relaxed) > 1 {
            return Ok(screen.end(true));
        }
        for job in hopeless(&jobs) {
            let _ = master.kill_job(project, job);
        }
        if jobs.iter().all(|job| job.status.is_final()) {
            return Ok(screen.end(told_to_stop));
        }
        std::thread::sleep(LOOK);
    }
}

/// Queued jobs that wait for one that did not complete.
fn hopeless(jobs: &[JobRecord]) -> Vec<JobId> {
    let mut dead: BTreeSet<JobId> = jobs
        .iter()
        .filter(|job| matches!(job.status, JobStatus::Failed | JobStatus::Killed))
        .map(|job| job.id)
        .collect();
    let mut found = Vec::new();
    for job in jobs.iter().filter(|job| job.status == JobStatus::Queued) {
        if job
            .inputs
            .values()
            .flatten()
            .any(|input| dead.contains(&input.job))
        {
            dead.insert(job.id);
            found.push(job.id);
        }
    }
    found
}

struct Line {
    status: Option<JobStatus>,
    attempt: u32,
    bar: Option<ProgressBar>,
    printed: Instant,
    last: Option<Progress>,
}

/// What the user sees: bars on a terminal, lines elsewhere.
struct Screen {
    names: BTreeMap<JobId, String>,
    verbose: bool,
    bars: Option<MultiProgress>,
    lines: BTreeMap<JobId, Line>,
    warnings: BTreeMap<JobId, Vec<String>>,
}

impl Screen {
    fn new(names: BTreeMap<JobId, String>, verbose: bool) -> Self {
        let bars = std::io::stderr().is_terminal().then(MultiProgress::new);
        Screen {
            names,
            verbose,
            bars,
            lines: BTreeMap::new(),
            warnings: BTreeMap::new(),
        }
    }

    fn say(&self, text: &str) {
        match &self.bars {
            Some(bars) => bars.suspend(|| eprintln!("{text}")),
            None => eprintln!("{text}"),
        }
    }

    fn name(&self, job: JobId) -> String {
        self.names
            .get(&job)
            .map_or_else(|| job.to_string(), |name| format!("{job} {name}"))
    }

    fn event(&mut self, job: JobId, event: &EventKind) {
        if !self.names.contains_key(&job) {
            return;
        }
        let name = self.name(job);
        match event {
            EventKind::Text {
                level: Level::Warning,
                message,
            } => {
                self.say(&format!("{name}: warning: {message}"));
                self.warnings.entry(job).or_default().push(message.clone());
            }
            EventKind::Text {
                level: Level::Info,
                message,
            } if self.verbose => self.say(&format!("{name}: {message}")),
            EventKind::Statistic {
                name: what,
                value,
                step,
            } if self.verbose => {
                let step = step.map_or_else(String::new, |step| format!(" (step {step})"));
                self.say(&format!("{name}: {what} = {value}{step}"));
            }
            _ => {}
        }
    }

    fn state(&mut self, job: &JobRecord, progress: Option<&Progress>) {
        let name = self.name(job.id);
        let new = || Line {
            status: None,
            attempt: job.attempt,
            bar: None,
            printed: Instant::now(),
            last: None,
        };
        let before = self.lines.entry(job.id).or_insert_with(new).status;
        if before != Some(job.status) {
            let text = match (before, job.status) {
                (None, JobStatus::Completed) => Some(format!("{name}: completed before, unchanged")),
                (_, JobStatus::Completed) => {
                    let seconds = job.result.as_ref().map_or(0.0, |result| result.wall_s);
                    Some(format!("{name}: completed in {}", duration(seconds)))
                }
                (_, JobStatus::Running) => Some(format!("{name}: running ({})", job.job_type)),
                (_, JobStatus::Killed) => Some(format!("{name}: stopped")),
                (Some(_), JobStatus::Queued) => job
                    .failure
                    .as_ref()
                    .map(|failure| format!("{name}: {} It is tried again.", failure.message)),
                (_, JobStatus::Failed) => {
                    let failure = job
                        .failure
                        .as_ref()
                        .map(|failure| format!("{}\n  {}", failure.message, failure.hint));
                    Some(format!("{name}: FAILED: {}", failure.unwrap_or_default()))
                }
                _ => None,
            };
            if let Some(text) = text {
                self.say(&text);
            }
        }
        let bars = self.bars.clone();
        let Some(line) = self.lines.get_mut(&job.id) else {
            return;
        };
        line.status = Some(job.status);
        line.attempt = job.attempt;
        if !job.status.is_active() {
            if let Some(bar) = line.bar.take() {
                bar.finish_and_clear();
            }
            return;
        }
        let Some(progress) = progress else { return };
        if line.last.as_ref() == Some(progress) {
            return;
        }
        match bars {
            Some(bars) => {
                let bar = line.bar.get_or_insert_with(|| bars.add(bar()));
                bar.set_length(progress.total.max(progress.done).max(1));
                bar.set_position(progress.done);
                bar.set_prefix(name);
                bar.set_message(sentence(progress));
            }
            None => {
                if line.last.is_some() && line.printed.elapsed() < LINE_EVERY {
                    return;
                }
                line.printed = Instant::now();
                eprintln!("{name}: {}", sentence(progress));
            }
        }
        if let Some(line) = self.lines.get_mut(&job.id) {
            line.last = Some(progress.clone());
        }
    }

    fn end(self, interrupted: bool) -> Ended {
        if let Some(bars) = &self.bars {
            let _ = bars.clear();
        }
        Ended {
            interrupted,
            warnings: self.warnings,
        }
    }
}

fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix:.bold} [{bar:24}] {wide_msg}");
    ProgressBar::new(1).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// `iteration 4: particles aligned: 1200 of 5000, 85 /s, 45 s left`.
fn sentence(progress: &Progress) -> String {
    let mut text = format!("{}: {}", progress.what, progress.done);
    if progress.total > 0 {
        text += &format!(" of {}", progress.total);
    }
    if let Some(rate) = progress.rate_per_s {
        let digits = if rate < 10.0 { 1 } else { 0 };
        text += &format!(", {rate:.digits$}/s");
    }
    if let Some(left) = progress.eta_s {
        text += &format!(", {} left", duration(left));
    }
    text
}

/// Seconds for readers.
pub fn duration(seconds: f64) -> String {
    let whole = seconds.max(0.0).round() as u64;
    match whole {
        0..10 => format!("{seconds:.1} s"),
        10..120 => format!("{whole} s"),
        120..7200 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3600, whole % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_reads_like_a_sentence() {
        let progress = Progress {
            what: "particles aligned".to_owned(),
            done: 12,
            total: 50,
            rate_per_s: Some(3.25),
            eta_s: Some(130.0),
        };
        assert_eq!(
            sentence(&progress),
            "particles aligned: 12 of 50, 3.2/s, 2 min 10 s left"
        );
        let open = Progress {
            total: 0,
            rate_per_s: None,
            eta_s: None,
            ..progress
        };
        assert_eq!(sentence(&open), "particles aligned: 12");
        assert_eq!(duration(7261.0), "2 h 1 min");
    }
}
