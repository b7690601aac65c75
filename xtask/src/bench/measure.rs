//! Runs a program with its descendants and says what it took: wall time, processor time, peak memory.

use anyhow::{Context, Result, bail};
use serde::Serialize;
use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

/// What a program and all its descendants took.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Usage {
    /// Seconds from start to end.
    pub wall_s: f64,
    /// Processor seconds, user and system.
    pub cpu_s: f64,
    /// Largest sum of resident memory over all its processes, sampled ten times a second. Shared pages count in each.
    pub peak_memory_mib: f64,
}

/// Runs `command`, stdout and stderr to `log`; fails when it fails.
pub fn run(command: &mut Command, log: &Path) -> Result<Usage> {
    let (usage, status) = run_to_end(command, log)?;
    if !status.success() {
        bail!(
            "{} ended with {status}; see {}",
            command.get_program().to_string_lossy(),
            log.display()
        );
    }
    Ok(usage)
}

/// As [`run`], but how it ended is the caller's to judge.
pub fn run_to_end(command: &mut Command, log: &Path) -> Result<(Usage, ExitStatus)> {
    let shown = command.get_program().to_string_lossy().into_owned();
    let out = File::create(log).with_context(|| log.display().to_string())?;
    let before = children_cpu_s()?;
    let began = Instant::now();
    let mut child = command
        .stdout(out.try_clone()?)
        .stderr(out)
        .spawn()
        .with_context(|| format!("{shown} did not start: is it installed?"))?;
    let mut peak = 0;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        peak = peak.max(resident_bytes(child.id()));
        std::thread::sleep(Duration::from_millis(100));
    };
    let usage = Usage {
        wall_s: began.elapsed().as_secs_f64(),
        cpu_s: children_cpu_s()? - before,
        peak_memory_mib: peak as f64 / (1 << 20) as f64,
    };
    Ok((usage, status))
}

/// Fields of `/proc/<pid>/stat` after the command name, which may hold anything.
fn stat_fields(pid: &str) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = text.rsplit_once(')')?;
    Some(rest.split_whitespace().map(str::to_owned).collect())
}

/// Processor seconds of all children that ended and were waited for, with theirs.
fn children_cpu_s() -> Result<f64> {
    let fields = stat_fields("self").context("/proc/self/stat")?;
    // cutime and cstime, in ticks; Linux has 100 a second on every architecture it runs on today.
    let ticks = |i: usize| {
        fields
            .get(i)
            .and_then(|f| f.parse::<f64>().ok())
            .context("/proc/self/stat")
    };
    Ok((ticks(13)? + ticks(14)?) / 100.0)
}

/// Resident memory of `root` and all its descendants.
fn resident_bytes(root: u32) -> u64 {
    let Ok(folder) = fs::read_dir("/proc") else {
        return 0;
    };
    let mut parents: HashMap<u32, (u32, u64)> = HashMap::new();
    for entry in folder.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let (Ok(pid), Some(fields)) = (name.parse(), stat_fields(&name)) else {
            continue;
        };
        let number = |i: usize| {
            fields
                .get(i)
                .and_then(|f: &String| f.parse::<u64>().ok())
                .unwrap_or(0)
        };
        parents.insert(pid, (number(1) as u32, number(21) * 4096));
    }
    let mut family = HashSet::from([root]);
    loop {
        let more: Vec<u32> = parents
            .iter()
            .filter(|(p, (up, _))| family.contains(up) && !family.contains(p))
            .map(|(p, _)| *p)
            .collect();
        if more.is_empty() {
            break;
        }
        family.extend(more);
    }
    family
        .iter()
        .filter_map(|p| parents.get(p))
        .map(|(_, bytes)| bytes)
        .sum()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_known_load_is_measured() {
        let log = std::env::temp_dir().join(format!("nilas-measure-{}", std::process::id()));
        // 64 MiB held by a grandchild for a moment, and a busy loop.
        let script = "head -c 67108864 /dev/zero | (read -r -d '' -n 67108864 x; sleep 0.3); \
                      i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done";
        let usage = run(Command::new("bash").args(["-c", script]), &log).unwrap();
        assert!(usage.wall_s > 0.3, "{usage:?}");
        assert!(usage.cpu_s > 0.05, "{usage:?}");
        let error = run(Command::new("bash").args(["-c", "exit 3"]), &log).unwrap_err();
        assert!(error.to_string().contains("exit status: 3"), "{error}");
        assert!(run(&mut Command::new("no-such-program"), &log).is_err());
        fs::remove_file(log).unwrap();
    }
}
