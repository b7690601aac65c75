//! Job process, worker and server die at random moments (SIGKILL): nothing is half done, nothing is lost.
//!
//! `NILAS_KILLS` says how often (default 8); the number is 50.
#![allow(clippy::unwrap_used)]

mod world;
use nilas_api::{JobInfo, NewJob};
use nilas_model::{EventKind, FailureKind, InputRef, JobStatus};
use rand::{RngExt, SeedableRng};
use std::time::Duration;
use world::{Server, World, check_whole, lives, pid_of};

#[test]
fn killed_at_random_moments_nothing_is_lost_or_half_done() {
    let kills: usize = std::env::var("NILAS_KILLS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(8);
    let world = World::new();
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(20);
    let mut server = world.server();
    let project = server.project("kills");
    let directory = world.path("data/projects/kills");
    let mut worker = world.worker(&server, "node");
    let mut finished: Vec<JobInfo> = Vec::new();
    let (mut hits, mut retried) = (0, 0);
    for round in 0..kills {
        let victim = round % 3;
        let job = server.simulation(project, 2500);
        let job_dir = directory.join(job.to_string());
        let lane = if victim == 1 { "node" } else { "local" };
        wait_for_lane(&server, lane);
        server.queue(project, job, Some(lane));
        std::thread::sleep(Duration::from_millis(random.random_range(0..3000)));
        let alive = !server.client.job(project, job).unwrap().record.status.is_final();
        match victim {
            0 => {
                if let Some(pid) = pid_of(&job_dir).filter(|pid| lives(*pid)) {
                    world::signal(pid, "KILL");
                }
            }
            1 => {
                worker.kill();
                worker = world.worker(&server, "node");
            }
            _ => {
                server.kill();
                server = world.server();
                // The worker finds the new server by its address, which has changed.
                worker.kill();
                worker = world.worker(&server, "node");
            }
        }
        let info = server.wait_final(project, job);
        assert_eq!(
            info.record.status,
            JobStatus::Completed,
            "round {round}: {info:#?}"
        );
        check_whole(&job_dir, true);
        hits += usize::from(alive);
        retried += usize::from(info.record.attempt > 1);
        println!(
            "round {round}: victim {victim}, hit {alive}, tries {}",
            info.record.attempt
        );
        finished.push(info);
        let listed = server.client.jobs(project).unwrap();
        assert_eq!(listed.len(), finished.len());
        for (before, now) in finished.iter().zip(&listed) {
            assert_eq!(before.record, now.record, "a record has changed");
        }
    }
    println!("{kills} kills, {hits} while the job was on its way; {retried} jobs were tried again");
    assert!(hits > 0, "no kill came in time to matter");
    // The database is lost as well: everything but the accounts comes back from the directories.
    drop(worker);
    server.stop();
    for entry in std::fs::read_dir(world.path("data")).unwrap() {
        let entry = entry.unwrap();
        if entry.file_name().to_string_lossy().starts_with("nilas.db") {
            std::fs::remove_file(entry.path()).unwrap();
        }
    }
    let server = world.server();
    assert!(server.client.projects().unwrap().is_empty());
    let report = server
        .client
        .attach_project(&directory.display().to_string())
        .unwrap();
    assert_eq!(
        (report.project.record.id, report.jobs, report.warnings.len()),
        (project, kills as u64, 0)
    );
    for (before, now) in finished.iter().zip(server.client.jobs(project).unwrap()) {
        assert_eq!(before.record, now.record);
    }
}

fn wait_for_lane(server: &Server, name: &str) {
    for _ in 0..300 {
        if server
            .client
            .lanes()
            .unwrap()
            .iter()
            .any(|lane| lane.name == name && lane.connected)
        {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("lane {name} never came");
}

#[test]
fn a_job_that_dies_again_and_again_fails_with_a_reason() {
    let world = World::new();
    let server = world.server();
    let project = server.project("again");
    let directory = world.path("data/projects/again");
    let job = server.simulation(project, 20_000);
    server.queue(project, job, None);
    let mut last = 0;
    let info = loop {
        let info = server.wait_running(project, job);
        if info.record.status.is_final() {
            break info;
        }
        if info.record.attempt > 1 {
            let why = info.record.failure.as_ref().unwrap();
            assert!(why.message.contains("SIGKILL"), "{why:?}");
        }
        if info.record.attempt > last
            && let Some(pid) = pid_of(&directory.join("J1")).filter(|pid| lives(*pid))
        {
            last = info.record.attempt;
            world::signal(pid, "KILL");
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!((info.record.status, info.record.attempt), (JobStatus::Failed, 4));
    let failure = info.record.failure.unwrap();
    assert_eq!(failure.kind, FailureKind::Host);
    assert!(failure.message.contains("killed from outside"), "{failure:?}");
    check_whole(&directory.join("J1"), false);
}

#[test]
fn a_killed_refinement_is_tried_again_from_its_checkpoint() {
    let world = World::new();
    let server = world.server();
    let project = server.project("resume");
    let directory = world.path("data/projects/resume");
    let simulated = server.simulation(project, 200);
    let input = |output: &str| {
        vec![InputRef {
            job: simulated,
            output: output.to_owned(),
        }]
    };
    let mut refine = NewJob {
        job_type: "refine_homogeneous".to_owned(),
        ..NewJob::default()
    };
    refine
        .params
        .insert("initial_lowpass_angstrom".to_owned(), 40.into());
    refine.inputs.insert("particles".to_owned(), input("particles"));
    refine.inputs.insert("volume".to_owned(), input("truth_volume"));
    let job = server.client.create_job(project, &refine).unwrap().record.id;
    server.queue(project, job, None);
    let waiting = server.client.job(project, job).unwrap();
    assert!(
        waiting
            .waiting_for
            .is_some_and(|why| why.contains("J1 (building)")),
        "queued before its input"
    );
    server.queue(project, simulated, None);
    let job_dir = directory.join(job.to_string());
    let checkpoint = job_dir.join("checkpoint/state");
    server.wait(project, job, |info| {
        assert!(
            !info.record.status.is_final(),
            "it ended before it could be killed: {info:#?}"
        );
        checkpoint.exists()
    });
    world::signal(pid_of(&job_dir).unwrap(), "KILL");
    let info = server.wait_final(project, job);
    assert_eq!(
        (info.record.status, info.record.attempt),
        (JobStatus::Completed, 2),
        "{info:#?}"
    );
    check_whole(&job_dir, true);
    let events = server.client.events(project, job, 0).unwrap().events;
    let starts: Vec<bool> = events
        .iter()
        .filter_map(|event| match event.kind {
            EventKind::Started { resumed, .. } => Some(resumed),
            _ => None,
        })
        .collect();
    assert_eq!(starts, [false, true], "begun, then gone on from the checkpoint");
}

#[test]
fn jobs_go_on_while_the_server_is_away_and_are_found_again() {
    let world = World::new();
    let mut server = world.server();
    let project = server.project("away");
    let directory = world.path("data/projects/away");
    let job = server.simulation(project, 600);
    let next = server.simulation(project, 50);
    server.queue(project, job, None);
    server.queue(project, next, None);
    let before = server.wait_running(project, job);
    let pid = pid_of(&directory.join("J1")).unwrap();
    server.kill();
    assert!(lives(pid), "the job died with the server");
    let server = world.server();
    let found = server.client.job(project, job).unwrap();
    assert_eq!(
        (found.record.status, found.record.attempt),
        (before.record.status, 1)
    );
    assert_eq!(server.client.lanes().unwrap()[0].running.len(), 1);
    let waiting = server.client.job(project, next).unwrap();
    assert!(
        waiting
            .waiting_for
            .as_ref()
            .is_some_and(|why| why.contains("cores of lane local")),
        "{waiting:?}"
    );
    let info = server.wait_final(project, job);
    assert_eq!(
        (info.record.status, info.record.attempt),
        (JobStatus::Completed, 1),
        "{info:#?}"
    );
    assert_eq!(
        pid_of(&directory.join("J1")),
        Some(pid),
        "it was not started a second time"
    );
    assert_eq!(
        server.wait_final(project, next).record.status,
        JobStatus::Completed
    );
}

#[test]
fn a_person_kills_a_job_and_restarts_it() {
    let world = World::new();
    let server = world.server();
    let project = server.project("stop");
    let directory = world.path("data/projects/stop");
    let job = server.simulation(project, 20_000);
    let user = server
        .client
        .clone_job(project, job, &nilas_api::CloneJob::default())
        .unwrap()
        .record
        .id;
    server.queue(project, job, None);
    server.queue(project, user, None);
    server.wait_running(project, job);
    let pid = pid_of(&directory.join("J1")).unwrap();
    let began = std::time::Instant::now();
    server.client.kill_job(project, user).unwrap();
    assert_eq!(
        server.wait_final(project, user).record.status,
        JobStatus::Killed,
        "it had only waited"
    );
    server.client.kill_job(project, job).unwrap();
    let info = server.wait_final(project, job);
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert_eq!(
        (info.record.status, info.record.failure),
        (JobStatus::Killed, None)
    );
    assert!(!lives(pid));
    check_whole(&directory.join("J1"), false);
    let refused = server.client.kill_job(project, job).unwrap_err();
    assert_eq!(refused.kind(), Some(nilas_api::ErrorKind::Conflict));
    let cleared = server.client.clear_job(project, job).unwrap();
    assert_eq!(cleared.record.status, JobStatus::Building);
    let left: Vec<_> = std::fs::read_dir(directory.join("J1"))
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert_eq!(left, ["job.json"]);
    let small = nilas_api::PatchJob {
        params: Some(world::simulation(20).params),
        ..Default::default()
    };
    server.client.patch_job(project, job, &small).unwrap();
    server.queue(project, job, None);
    assert_eq!(
        server.wait_final(project, job).record.status,
        JobStatus::Completed
    );
}
