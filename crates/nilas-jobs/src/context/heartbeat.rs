//! The heartbeat: `heartbeat.json`, rewritten every two seconds while the process lives.

use super::staging::{read_json, write_json};
use super::usage::{host_name, now_ms, peak_memory_bytes, resident_memory_bytes};
use crate::failure;
use nilas_model::{Failure, Heartbeat};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

const INTERVAL: Duration = Duration::from_secs(2);
const POLL: Duration = Duration::from_millis(50);

/// How long a job may take to stop by itself once it was asked to. After that the process ends anyway:
/// nothing that it has not committed counts.
pub const PATIENCE: Duration = Duration::from_millis(700);

/// What this program writes into `heartbeat.json`: the sign of life and some numbers for the curious.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Beat {
    /// Process, host, attempt, time.
    #[serde(flatten)]
    pub life: Heartbeat,
    /// When this attempt began, milliseconds since the Unix epoch.
    pub started_ms: u64,
    /// Wall-clock seconds of this and all earlier attempts that it goes on from.
    pub wall_s: f64,
    /// Resident memory now, bytes.
    pub memory_bytes: u64,
    /// Peak resident memory of this attempt, bytes.
    pub peak_memory_bytes: u64,
}

/// The thread that writes the heartbeat; stops when dropped.
#[derive(Debug)]
pub struct Pulse {
    stop: Arc<(Mutex<bool>, Condvar)>,
    thread: Option<std::thread::JoinHandle<()>>,
    wall_before_s: f64,
    began: Instant,
}

impl Pulse {
    /// Writes the first beat and starts the thread. `on_stuck` runs when somebody asked the job to stop
    /// and it has not within its time.
    ///
    /// # Errors
    /// When the first beat can't be written.
    pub fn start(
        job_dir: &Path,
        attempt: u32,
        cancel: Arc<AtomicBool>,
        on_stuck: impl Fn() + Send + 'static,
    ) -> Result<Self, Failure> {
        let path = job_dir.join("heartbeat.json");
        // The time of earlier attempts counts towards the job's wall time.
        let wall_before_s = read_json::<Beat>(&path)
            .ok()
            .filter(|_| attempt > 1)
            .map_or(0.0, |h| h.wall_s);
        let began = Instant::now();
        let started_ms = now_ms();
        let beat = move |path: &PathBuf| {
            write_json(
                path,
                &Beat {
                    life: Heartbeat {
                        pid: std::process::id(),
                        host: host_name(),
                        attempt,
                        time_ms: now_ms(),
                    },
                    started_ms,
                    wall_s: wall_before_s + began.elapsed().as_secs_f64(),
                    memory_bytes: resident_memory_bytes(),
                    peak_memory_bytes: peak_memory_bytes(),
                },
            )
        };
        beat(&path)?;
        let stop = Arc::new((Mutex::new(false), Condvar::new()));
        let signal = Arc::clone(&stop);
        let thread = std::thread::Builder::new()
            .name("heartbeat".to_owned())
            .spawn(move || {
                let (flag, condition) = &*signal;
                let mut asked: Option<Instant> = None;
                let mut last = Instant::now();
                let mut stopped = flag.lock().unwrap_or_else(PoisonError::into_inner);
                while !*stopped {
                    stopped = condition
                        .wait_timeout(stopped, POLL)
                        .unwrap_or_else(PoisonError::into_inner)
                        .0;
                    if cancel.load(Ordering::Relaxed)
                        && asked.get_or_insert_with(Instant::now).elapsed() > PATIENCE
                    {
                        if !*stopped {
                            on_stuck();
                        }
                        return;
                    }
                    if last.elapsed() >= INTERVAL {
                        last = Instant::now();
                        // A beat that fails (disk full, server gone) must not end the work; the next may succeed.
                        let _ = beat(&path);
                    }
                }
            })
            .map_err(|e| failure::io(&e, "starting the heartbeat thread of", job_dir))?;
        Ok(Pulse {
            stop,
            thread: Some(thread),
            wall_before_s,
            began,
        })
    }

    /// Wall-clock seconds of all attempts so far.
    pub fn wall_seconds(&self) -> f64 {
        self.wall_before_s + self.began.elapsed().as_secs_f64()
    }
}

impl Drop for Pulse {
    fn drop(&mut self) {
        *self.stop.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.stop.1.notify_all();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
