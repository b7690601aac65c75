//! Why a job process ended that did not say so itself.

use nilas_launch::Exit;
use nilas_model::{Failure, FailureKind};

const GIB: f64 = (1u64 << 30) as f64;
const MORE_MEMORY: &str =
    "free memory on the machine, use a smaller box or fewer threads, or take a lane with more memory";

/// The failure of a process that left neither results nor `failure.json`. `exit` is absent when nobody saw it end.
pub fn explain(exit: Option<&Exit>, has_checkpoint: bool) -> Failure {
    let again = if has_checkpoint {
        "it goes on from its checkpoint"
    } else {
        "it begins anew, as there was no checkpoint yet"
    };
    let failure = |kind, message: String, hint: String| Failure {
        kind,
        message,
        hint,
        field: None,
    };
    let Some(exit) = exit else {
        return failure(
            FailureKind::Host,
            "the job's process is gone and left no word; nobody saw it end (the server was not running, or the machine was restarted)".to_owned(),
            format!("if it is tried again, {again}"),
        );
    };
    let peak = if exit.peak_memory_bytes > 0 {
        format!(
            " after it had used {:.1} GiB",
            exit.peak_memory_bytes as f64 / GIB
        )
    } else {
        String::new()
    };
    match (exit.code, exit.signal) {
        _ if exit.out_of_memory => failure(
            FailureKind::Resource,
            format!("the machine ran out of memory and the kernel ended the job's process{peak}"),
            MORE_MEMORY.to_owned(),
        ),
        (_, Some(6)) if refused_allocation(exit).is_some() => failure(
            FailureKind::Resource,
            format!(
                "{} could not be had: memory ran out, or the process is limited to less{peak}",
                refused_allocation(exit).unwrap_or_default()
            ),
            format!("{MORE_MEMORY}; `ulimit -v` shows whether a limit is set"),
        ),
        (_, Some(9)) => failure(
            FailureKind::Host,
            format!("the job's process was killed from outside (SIGKILL){peak}"),
            format!(
                "if nobody did so by hand, the machine may be short of memory; if it is tried again, {again}"
            ),
        ),
        (_, Some(15)) => failure(
            FailureKind::Host,
            "the job's process was ended from outside (SIGTERM), as when a machine shuts down".to_owned(),
            format!("if it is tried again, {again}"),
        ),
        (_, Some(signal)) => failure(
            FailureKind::Bug,
            format!(
                "the job's process crashed with signal {signal} ({}){}",
                signal_name(signal),
                last_words(exit)
            ),
            "please report this with the job's log (job.log)".to_owned(),
        ),
        (Some(code), None) => failure(
            FailureKind::Bug,
            format!(
                "the job's process ended with code {code} without saying why{}",
                last_words(exit)
            ),
            "please report this with the job's log (job.log)".to_owned(),
        ),
        (None, None) => failure(
            FailureKind::Host,
            "the job's process is gone and left no word (it was killed, or the machine ran out of memory)"
                .to_owned(),
            format!("if it is tried again, {again}"),
        ),
    }
}

/// A try that was given up because nothing was heard of it.
pub fn lost(lane: &str) -> Failure {
    Failure {
        kind: FailureKind::Host,
        message: format!("lane {lane} and the job itself have not been heard of for a minute"),
        hint: "check that the machine is up, its worker runs and it reaches the project's file system"
            .to_owned(),
        field: None,
    }
}

/// A try that could not be started.
pub fn not_started(why: &str) -> Failure {
    Failure {
        kind: FailureKind::Host,
        message: format!("the job's process could not be started: {why}"),
        hint: "check the program and the project directory on the machine of the lane".to_owned(),
        field: None,
    }
}

/// The size of the allocation that a process could not get, in its own last words before it aborted.
fn refused_allocation(exit: &Exit) -> Option<String> {
    // What Rust's runtime writes then: "memory allocation of 4294967296 bytes failed".
    let words = exit.log_tail.rsplit_once("memory allocation of ")?.1;
    let bytes: u64 = words.split_once(" bytes failed")?.0.parse().ok()?;
    Some(if bytes >= 1 << 20 {
        format!("{:.1} GiB of memory", bytes as f64 / GIB)
    } else {
        format!("{bytes} more bytes of memory")
    })
}

fn last_words(exit: &Exit) -> String {
    // A backtrace comes after the words that matter.
    let words = exit.log_tail.split("stack backtrace:").next().unwrap_or_default();
    match words.lines().rev().find(|line| !line.trim().is_empty()) {
        Some(line) => format!("; the last line of its log is: {}", line.trim()),
        None => String::new(),
    }
}

fn signal_name(signal: i32) -> &'static str {
    match signal {
        4 => "illegal instruction",
        6 => "aborted",
        7 => "bus error: a file was cut short or the disk is full",
        8 => "arithmetic error",
        11 => "segmentation fault",
        _ => "see signal(7)",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_end_has_its_kind_and_its_advice() {
        let exit = |code, signal, out_of_memory| Exit {
            code,
            signal,
            out_of_memory,
            ..Exit::default()
        };
        let kind = |exit: Exit| explain(Some(&exit), true).kind;
        assert_eq!(kind(exit(None, Some(9), true)), FailureKind::Resource);
        assert_eq!(kind(exit(None, Some(9), false)), FailureKind::Host);
        assert_eq!(kind(exit(None, Some(15), false)), FailureKind::Host);
        assert_eq!(kind(exit(None, Some(11), false)), FailureKind::Bug);
        assert_eq!(kind(exit(Some(101), None, false)), FailureKind::Bug);
        assert_eq!(kind(exit(None, None, false)), FailureKind::Host);
        assert!(explain(None, false).hint.contains("anew"));
        let starved = Exit {
            signal: Some(6),
            log_tail: "memory allocation of 4294967296 bytes failed\nbacktrace".to_owned(),
            ..Exit::default()
        };
        let failure = explain(Some(&starved), false);
        assert_eq!(failure.kind, FailureKind::Resource);
        assert!(
            failure.message.starts_with("4.0 GiB of memory could not"),
            "{failure:?}"
        );
        assert_eq!(kind(exit(None, Some(6), false)), FailureKind::Bug);
        let crash = Exit {
            code: Some(101),
            log_tail: "a\nthread panicked\n\nstack backtrace:\n 0: x\n".to_owned(),
            ..Exit::default()
        };
        assert!(explain(Some(&crash), false).message.ends_with("thread panicked"));
    }
}
