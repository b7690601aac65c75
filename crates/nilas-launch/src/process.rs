//! What Linux tells about processes.

use std::fs;

/// When a process began, in clock ticks since boot: tells it from a later one with the same id.
pub(crate) fn start_ticks(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in parentheses, may itself hold spaces and parentheses: fields count from the last one.
    let after_name = stat.rsplit_once(')')?.1;
    let mut fields = after_name.split_whitespace();
    if fields.next()? == "Z" {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

/// Largest resident memory of a process so far, bytes.
pub(crate) fn peak_memory(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
}

/// How many processes the kernel has ended for lack of memory, on the machine and in our own control group.
pub(crate) fn out_of_memory_kills() -> u64 {
    let machine = counter("/proc/vmstat", "oom_kill");
    let group = fs::read_to_string("/proc/self/cgroup").ok().and_then(|text| {
        let path = text.lines().find_map(|line| line.strip_prefix("0::"))?.to_owned();
        counter(&format!("/sys/fs/cgroup{path}/memory.events"), "oom_kill")
    });
    machine.unwrap_or(0) + group.unwrap_or(0)
}

fn counter(path: &str, name: &str) -> Option<u64> {
    let text = fs::read_to_string(path).ok()?;
    text.lines()
        .find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
}

/// Name of this machine.
pub fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_known_and_no_other_is_invented() {
        let own = std::process::id();
        assert!(start_ticks(own).is_some());
        assert!(peak_memory(own).is_some_and(|bytes| bytes > 1 << 20));
        assert_eq!(start_ticks(u32::MAX), None);
        assert!(!host_name().is_empty());
    }
}
