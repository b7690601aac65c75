//! Real processes: started, adopted, stopped with their children, killed behind our back.
#![allow(clippy::unwrap_used)]

use nilas_launch::{Exit, Launcher, LocalLauncher, Order, Status, local};
use nilas_model::{JobId, ProjectId};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// A program that is called as `nilas job-process` would be and then does what `script` says.
fn program(dir: &Path, script: &str) -> std::path::PathBuf {
    let path = dir.join("program.sh");
    // Written by another process: a file that this one had open for writing could still be open in a child
    // that another test is just starting, and such a file can't be run.
    let text = format!("#!/bin/sh\n{script}\n");
    let mut writer = Command::new("sh");
    writer
        .args(["-c", "printf %s \"$1\" > \"$0\" && chmod 755 \"$0\""])
        .arg(&path)
        .arg(text);
    assert!(writer.status().unwrap().success());
    path
}

fn order(dir: &Path) -> Order {
    fs::create_dir_all(dir.join("J1")).unwrap();
    Order {
        project: ProjectId(1),
        directory: dir.to_owned(),
        job: JobId(1),
        attempt: 1,
        cores: 2,
    }
}

fn wait(launcher: &mut LocalLauncher, order: &Order, limit: Duration) -> Exit {
    let began = Instant::now();
    loop {
        match launcher.status(order.key()) {
            Some(Status::Ended(exit)) => return exit,
            Some(Status::Running) => assert!(began.elapsed() < limit, "still running after {limit:?}"),
            None => panic!("the launcher forgot the job"),
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn wait_for(path: &Path) -> String {
    let began = Instant::now();
    loop {
        if let Some(text) = fs::read_to_string(path)
            .ok()
            .filter(|text| !text.trim().is_empty())
        {
            return text.trim().to_owned();
        }
        assert!(
            began.elapsed() < Duration::from_secs(10),
            "{} never came",
            path.display()
        );
        std::thread::sleep(Duration::from_millis(10));
    }
}

const SOON: Duration = Duration::from_secs(5);

#[test]
fn a_process_gets_its_order_and_its_exit_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let mut launcher = LocalLauncher::new(program(
        dir.path(),
        "echo \"$@\" $RAYON_NUM_THREADS; echo oops >&2; exit 7",
    ));
    let order = order(dir.path());
    launcher.submit(&order).unwrap();
    let exit = wait(&mut launcher, &order, SOON);
    assert_eq!(
        (exit.code, exit.signal, exit.out_of_memory),
        (Some(7), None, false)
    );
    let expected = format!(
        "job-process --project {} --job J1 --attempt 1 2\noops",
        dir.path().display()
    );
    assert!(exit.log_tail.ends_with(&expected), "{}", exit.log_tail);
    assert_eq!(launcher.status(order.key()), None, "told once");
    assert!(!local::lock_is_held(&order.job_dir()));
}

#[test]
fn a_job_never_runs_twice_also_not_under_another_master() {
    let dir = tempfile::tempdir().unwrap();
    let script = program(dir.path(), "sleep 60");
    let order = order(dir.path());
    let mut first = LocalLauncher::new(script.clone());
    first.submit(&order).unwrap();
    let refused = first.submit(&order).unwrap_err().to_string();
    assert!(refused.contains("still running"), "{refused}");
    let mut second = LocalLauncher::new(script);
    assert!(second.submit(&order).is_err());
    assert!(second.adopt(&order));
    second.cancel(order.key());
    assert_eq!(wait(&mut first, &order, SOON).signal, Some(15));
    let exit = wait(&mut second, &order, SOON);
    assert_eq!(
        (exit.code, exit.signal),
        (None, None),
        "not our child: nobody told us"
    );
    assert!(
        !LocalLauncher::new(dir.path().join("none")).adopt(&order),
        "nothing left to adopt"
    );
}

#[test]
fn a_stubborn_process_is_killed_with_its_children() {
    let dir = tempfile::tempdir().unwrap();
    let script = "trap '' TERM; (trap '' TERM; echo $$ > child; sh -c 'echo $PPID > J1/grandchild; sleep 60'); sleep 60";
    let mut launcher = LocalLauncher::new(program(dir.path(), script));
    let order = order(dir.path());
    launcher.submit(&order).unwrap();
    let grandchild = wait_for(&dir.path().join("J1/grandchild"));
    let began = Instant::now();
    launcher.cancel(order.key());
    let exit = wait(&mut launcher, &order, local::GRACE + Duration::from_secs(2));
    assert!(
        began.elapsed() <= Duration::from_secs(10),
        "{:?}",
        began.elapsed()
    );
    assert_eq!((exit.signal, exit.out_of_memory), (Some(9), false));
    std::thread::sleep(Duration::from_millis(100));
    let state = fs::read_to_string(format!("/proc/{grandchild}/stat")).unwrap_or_default();
    assert!(
        state.is_empty() || state.contains(") Z"),
        "a child survived: {state}"
    );
    assert!(!local::lock_is_held(&order.job_dir()));
}

#[test]
fn a_program_that_is_not_there_is_an_error_with_its_name() {
    let dir = tempfile::tempdir().unwrap();
    let mut launcher = LocalLauncher::new(dir.path().join("no-such-program"));
    let refused = launcher.submit(&order(dir.path())).unwrap_err().to_string();
    assert!(refused.contains("no-such-program"), "{refused}");
    assert_eq!(launcher.running().count(), 0);
}
