//! Job processes on this machine.
//!
//! Each is the leader of its own process group, so that it outlives the master and can be killed with all
//! its children. Its standard input is the file `launch.lock` of the job directory, locked: the lock is
//! held exactly as long as any process of the job lives, whoever started it, and dies with it. That is how a
//! master that was restarted tells living jobs from dead ones, and why a job never runs twice on a machine.

use crate::{Exit, Key, LaunchError, Launcher, Order, Status, process};
use rustix::process::{Pid, Signal, kill_process_group};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Time between asking a process to end and killing it.
pub const GRACE: Duration = Duration::from_secs(8);
/// Time between looks at a process's memory.
const LOOK: Duration = Duration::from_secs(1);
/// How much of the end of a log is looked at: a backtrace and what stands before it.
const TAIL_BYTES: u64 = 32 * 1024;
/// Begins the part of a try in `job.log`.
const TRY: &str = "--- try ";

/// `process.json`: what was started last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct ProcessRecord {
    pid: u32,
    start_ticks: u64,
    host: String,
    attempt: u32,
}

#[derive(Debug)]
enum Handle {
    /// Started by us: its exit status can be read.
    Child(Child),
    /// Started by a master before us.
    Adopted,
}

#[derive(Debug)]
struct Job {
    order: Order,
    handle: Handle,
    pid: u32,
    start_ticks: u64,
    asked_to_end: Option<Instant>,
    killed: bool,
    peak_memory_bytes: u64,
    looked: Instant,
    out_of_memory_before: u64,
}

/// Starts and watches job processes on this machine.
#[derive(Debug)]
pub struct LocalLauncher {
    program: PathBuf,
    host: String,
    jobs: HashMap<Key, Job>,
}

impl LocalLauncher {
    /// A launcher that runs `<program> job-process ...`.
    pub fn new(program: PathBuf) -> Self {
        LocalLauncher {
            program,
            host: process::host_name(),
            jobs: HashMap::new(),
        }
    }

    /// Take over a job process that an earlier master on this machine started; false if it no longer lives.
    pub fn adopt(&mut self, order: &Order) -> bool {
        if self.jobs.contains_key(&order.key()) {
            return true;
        }
        if !lock_is_held(&order.job_dir()) {
            return false;
        }
        let Some((pid, start_ticks)) = find_process(&order.job_dir(), &self.host) else {
            return false;
        };
        self.jobs.insert(
            order.key(),
            Job {
                order: order.clone(),
                handle: Handle::Adopted,
                pid,
                start_ticks,
                asked_to_end: None,
                killed: false,
                peak_memory_bytes: 0,
                looked: Instant::now(),
                out_of_memory_before: process::out_of_memory_kills(),
            },
        );
        true
    }

    /// Look at all processes: those that ended, each told once.
    pub fn poll(&mut self) -> Vec<(Order, Exit)> {
        let keys: Vec<Key> = self.jobs.keys().copied().collect();
        let mut ended = Vec::new();
        for key in keys {
            let order = self.jobs.get(&key).map(|job| job.order.clone());
            if let (Some(order), Some(Status::Ended(exit))) = (order, self.status(key)) {
                ended.push((order, exit));
            }
        }
        ended
    }

    /// The jobs whose processes live.
    pub fn running(&self) -> impl Iterator<Item = &Order> {
        self.jobs.values().map(|job| &job.order)
    }
}

impl Launcher for LocalLauncher {
    fn submit(&mut self, order: &Order) -> Result<(), LaunchError> {
        let job_dir = order.job_dir();
        let path = job_dir.join("launch.lock");
        let still_running = || LaunchError::StillRunning {
            job: order.job,
            lock: path.clone(),
        };
        if self.jobs.contains_key(&order.key()) {
            return Err(still_running());
        }
        let lock = open_lock(&path).map_err(io("opening", &path))?;
        match lock.try_lock() {
            Err(TryLockError::WouldBlock) => return Err(still_running()),
            // A file system without locks: `process.lock` of the job itself and the process id remain.
            Ok(()) | Err(TryLockError::Error(_)) => {}
        }
        let log_path = job_dir.join("job.log");
        let mut log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&log_path)
            .map_err(io("opening", &log_path))?;
        writeln!(log, "{TRY}{} on {}", order.attempt, self.host).map_err(io("writing", &log_path))?;
        let errors = log.try_clone().map_err(io("opening", &log_path))?;
        let cores = order.cores.max(1).to_string();
        let out_of_memory_before = process::out_of_memory_kills();
        let child = Command::new(&self.program)
            .arg("job-process")
            .arg("--project")
            .arg(&order.directory)
            .args([
                "--job",
                &order.job.to_string(),
                "--attempt",
                &order.attempt.to_string(),
            ])
            .env("RAYON_NUM_THREADS", &cores)
            .env("NILAS_CORES", &cores)
            .current_dir(&order.directory)
            .stdin(Stdio::from(lock))
            .stdout(Stdio::from(log))
            .stderr(Stdio::from(errors))
            .process_group(0)
            .spawn()
            .map_err(io("starting", &self.program))?;
        let pid = child.id();
        let start_ticks = process::start_ticks(pid).unwrap_or(0);
        let record = ProcessRecord {
            pid,
            start_ticks,
            host: self.host.clone(),
            attempt: order.attempt,
        };
        // Without this file the job's own heartbeat still tells a later master the process id.
        let _ = write_record(&job_dir, &record);
        self.jobs.insert(
            order.key(),
            Job {
                order: order.clone(),
                handle: Handle::Child(child),
                pid,
                start_ticks,
                asked_to_end: None,
                killed: false,
                peak_memory_bytes: 0,
                looked: Instant::now(),
                out_of_memory_before,
            },
        );
        Ok(())
    }

    fn status(&mut self, key: Key) -> Option<Status> {
        let job = self.jobs.get_mut(&key)?;
        if job.looked.elapsed() > LOOK || job.peak_memory_bytes == 0 {
            job.looked = Instant::now();
            let seen = process::peak_memory(job.pid).unwrap_or(0);
            job.peak_memory_bytes = job.peak_memory_bytes.max(seen);
        }
        let (code, signal) = match &mut job.handle {
            Handle::Child(child) => match child.try_wait() {
                Ok(None) => {
                    escalate(job);
                    return Some(Status::Running);
                }
                Ok(Some(status)) => (status.code(), status.signal()),
                Err(_) => (None, None),
            },
            Handle::Adopted => {
                let alive = process::start_ticks(job.pid) == Some(job.start_ticks);
                if alive && lock_is_held(&job.order.job_dir()) {
                    escalate(job);
                    return Some(Status::Running);
                }
                (None, None)
            }
        };
        let job = self.jobs.remove(&key)?;
        // Children that the job left behind would go on writing into its directory.
        signal_group(job.pid, Signal::KILL);
        let killed_by_kernel = signal == Some(Signal::KILL.as_raw()) && !job.killed;
        let out_of_memory = killed_by_kernel && process::out_of_memory_kills() > job.out_of_memory_before;
        Some(Status::Ended(Exit {
            code,
            signal,
            out_of_memory,
            peak_memory_bytes: job.peak_memory_bytes,
            log_tail: log_tail(&job.order.job_dir()),
        }))
    }

    fn cancel(&mut self, key: Key) {
        if let Some(job) = self.jobs.get_mut(&key)
            && job.asked_to_end.is_none()
        {
            job.asked_to_end = Some(Instant::now());
            signal_group(job.pid, Signal::TERM);
        }
    }
}

/// Kill what was asked to end and didn't.
fn escalate(job: &mut Job) {
    if job.asked_to_end.is_some_and(|asked| asked.elapsed() > GRACE) {
        job.killed = true;
        signal_group(job.pid, Signal::KILL);
    }
}

fn signal_group(leader: u32, signal: Signal) {
    let Some(pid) = i32::try_from(leader)
        .ok()
        .filter(|pid| *pid > 1)
        .and_then(Pid::from_raw)
    else {
        return;
    };
    // Nobody left to signal is as good as done.
    let _ = kill_process_group(pid, signal);
}

fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> LaunchError {
    let path = path.to_owned();
    move |source| LaunchError::Io { action, path, source }
}

fn open_lock(path: &Path) -> std::io::Result<File> {
    OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(path)
}

/// Whether any process of a job lives on this machine (or on one that shares its locks).
pub fn lock_is_held(job_dir: &Path) -> bool {
    let Ok(file) = OpenOptions::new()
        .read(true)
        .write(true)
        .open(job_dir.join("launch.lock"))
    else {
        return false;
    };
    matches!(file.try_lock(), Err(TryLockError::WouldBlock))
}

/// The living leader of a job's process group: from what the launcher wrote, else from the job's heartbeat.
fn find_process(job_dir: &Path, host: &str) -> Option<(u32, u64)> {
    let record = fs::read(job_dir.join("process.json")).ok();
    let record: Option<ProcessRecord> = record.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    if let Some(record) = record.filter(|record| record.host == host)
        && process::start_ticks(record.pid) == Some(record.start_ticks)
    {
        return Some((record.pid, record.start_ticks));
    }
    let beat = fs::read(job_dir.join("heartbeat.json")).ok()?;
    let beat: nilas_model::Heartbeat = serde_json::from_slice(&beat).ok()?;
    let start_ticks = process::start_ticks(beat.pid).filter(|_| beat.host == host)?;
    Some((beat.pid, start_ticks))
}

fn write_record(job_dir: &Path, record: &ProcessRecord) -> std::io::Result<()> {
    let aside = job_dir.join(".process.json.new");
    fs::write(&aside, serde_json::to_vec(record)?)?;
    fs::rename(aside, job_dir.join("process.json"))
}

fn log_tail(job_dir: &Path) -> String {
    let read = || -> std::io::Result<String> {
        let mut file = File::open(job_dir.join("job.log"))?;
        let size = file.metadata()?.len();
        file.seek(SeekFrom::Start(size.saturating_sub(TAIL_BYTES)))?;
        let mut bytes = Vec::new();
        file.take(TAIL_BYTES).read_to_end(&mut bytes)?;
        let text = String::from_utf8_lossy(&bytes);
        // What an earlier try said is not the reason of this end.
        let this_try = text.rsplit_once(TRY).map_or(&*text, |(_, own)| {
            own.split_once('\n').map_or("", |(_, said)| said)
        });
        Ok(this_try.trim().to_owned())
    };
    read().unwrap_or_default()
}
