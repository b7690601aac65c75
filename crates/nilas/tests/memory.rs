//! Jobs that need more memory than there is: the kernel ends them, or their allocation fails. Both are told as a
//! shortage with its number, tried once more, and harm neither the server nor earlier results.
#![allow(clippy::unwrap_used)]

mod world;
use nilas_model::{FailureKind, JobId, JobStatus, ProjectId};
use std::path::{Path, PathBuf};
use std::time::Duration;
use world::{Server, World, check_whole};

/// A job whose density alone has `box_size`³ voxels of 4 bytes.
fn large_job(server: &Server, project: ProjectId, box_size: u64) -> JobId {
    let mut new = world::simulation(20);
    new.params.insert("box_size".to_owned(), box_size.into());
    new.params.insert("pixel_size_angstrom".to_owned(), 1.into());
    let job = server.client.create_job(project, &new).unwrap().record.id;
    server.queue(project, job, None);
    job
}

/// A small job before, the large one, and a small one after it: all is well but the large one.
fn only_the_large_job_fails(world: &World, server: &Server, box_size: u64, words: &str) {
    let project = server.project("memory");
    let directory = world.path("data/projects/memory");
    let small = server.simulation(project, 20);
    server.queue(project, small, None);
    let before = server.wait_final(project, small);
    assert_eq!(before.record.status, JobStatus::Completed, "{before:#?}");
    let large = large_job(server, project, box_size);
    let info = server.wait_final(project, large);
    let failure = info.record.failure.clone().unwrap_or_else(|| panic!("{info:#?}"));
    assert_eq!(
        (info.record.status, failure.kind, info.record.attempt),
        (JobStatus::Failed, FailureKind::Resource, 2),
        "{failure:?}"
    );
    assert!(failure.message.contains(words), "{failure:?}");
    assert!(
        failure.message.chars().any(|c| c.is_ascii_digit()),
        "no number says how much was short: {failure:?}"
    );
    assert!(!failure.hint.is_empty());
    check_whole(&directory.join(large.to_string()), false);
    let after = server.simulation(project, 20);
    server.queue(project, after, None);
    assert_eq!(
        server.wait_final(project, after).record.status,
        JobStatus::Completed
    );
    assert_eq!(server.client.job(project, small).unwrap().record, before.record);
}

#[test]
fn an_allocation_that_fails_is_a_shortage_with_its_number() {
    let world = World::new();
    // The address space of the server and of everything it starts.
    let server = world.server_under("ulimit -v 3000000");
    // 4 GiB for the density.
    only_the_large_job_fails(&world, &server, 1024, "memory");
}

/// A control group whose processes get little memory; `None` where this account may not make one.
struct Limited(PathBuf);

impl Limited {
    fn to(bytes: u64) -> Option<Self> {
        let skip = |why: &str| {
            println!("skipped: no memory control group can be made here ({why})");
            None
        };
        let name = format!("nilas-test-{}", std::process::id());
        let second = Path::new("/sys/fs/cgroup/cgroup.controllers");
        let (root, limit, swap) = if second.exists() {
            let root = Path::new("/sys/fs/cgroup");
            // Harmless where it is on already.
            let _ = std::fs::write(root.join("cgroup.subtree_control"), "+memory");
            (root, "memory.max", "memory.swap.max")
        } else {
            let root = Path::new("/sys/fs/cgroup/memory");
            (root, "memory.limit_in_bytes", "memory.memsw.limit_in_bytes")
        };
        if !root.join("cgroup.procs").exists() {
            return skip("there is no such file system");
        }
        let group = Limited(root.join(name));
        if let Err(error) = std::fs::create_dir(&group.0) {
            return skip(&error.to_string());
        }
        if let Err(error) = std::fs::write(group.0.join(limit), bytes.to_string()) {
            return skip(&error.to_string());
        }
        // Where swap can't be limited it isn't counted; then there must be none.
        let swap_bytes = if second.exists() { 0 } else { bytes };
        let limited = std::fs::write(group.0.join(swap), swap_bytes.to_string()).is_ok();
        let swaps = std::fs::read_to_string("/proc/swaps").unwrap_or_default();
        if !limited && swaps.lines().count() > 1 {
            return skip("swap can't be limited");
        }
        Some(group)
    }

    fn processes(&self) -> PathBuf {
        self.0.join("cgroup.procs")
    }
}

impl Drop for Limited {
    fn drop(&mut self) {
        // The last process may take a moment to leave.
        for _ in 0..100 {
            if std::fs::remove_dir(&self.0).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

#[test]
fn a_job_that_the_kernel_ends_for_lack_of_memory_says_so() {
    let Some(group) = Limited::to(300 << 20) else {
        return;
    };
    let world = World::new();
    let server = world.server_under(&format!("echo $$ > {}", group.processes().display()));
    // 512 MiB for the density, and as much again while it is made.
    only_the_large_job_fails(&world, &server, 512, "ran out of memory");
    drop(server);
}
