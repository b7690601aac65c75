//! Clock, host and what the process used, read from `/proc`.

use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since the Unix epoch.
pub fn now_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |d| d.as_millis() as u64)
}

/// Name of this machine.
pub fn host_name() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .map_or_else(|_| "localhost".to_owned(), |s| s.trim().to_owned())
}

/// Peak resident memory of this process in bytes, 0 where the system does not say.
pub fn peak_memory_bytes() -> u64 {
    status_field("VmHWM:")
}

/// Present resident memory of this process in bytes, 0 where the system does not say.
pub fn resident_memory_bytes() -> u64 {
    status_field("VmRSS:")
}

fn status_field(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .and_then(|rest| rest.split_whitespace().next())
        .and_then(|kib| kib.parse::<u64>().ok())
        .map_or(0, |kib| kib * 1024)
}

/// Processor seconds (user + system) of this process and its finished threads.
pub fn cpu_seconds() -> f64 {
    // Fields 14 and 15 after the command, which may hold blanks, in ticks of 1/100 s on every Linux.
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let Some((_, rest)) = stat.rsplit_once(')') else {
        return 0.0;
    };
    let ticks: u64 = rest
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|t| t.parse::<u64>().ok())
        .sum();
    ticks as f64 / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_uses_something() {
        let mut sum = 0.0_f64;
        while cpu_seconds() < 0.03 {
            sum += (0..100_000).map(|i| f64::from(i).sqrt()).sum::<f64>();
        }
        assert!(sum > 0.0);
        assert!(peak_memory_bytes() >= resident_memory_bytes() / 2 && peak_memory_bytes() > 1 << 20);
        assert!(!host_name().is_empty());
    }
}
