//! Projects, files and the file picker through the wire; two servers and one project.
#![allow(clippy::unwrap_used)]

mod world;
use nilas_api::{ErrorKind, ServerEvent};
use nilas_model::JobStatus;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;
use world::World;

fn bearer(server: &world::Server) -> String {
    format!("Bearer {}", server.token)
}

#[test]
fn files_events_figures_and_maps_of_a_job() {
    let world = World::new();
    std::fs::write(world.path("secret"), "x").unwrap();
    let server = world.server();
    let project = server.project("files");
    let job = server.simulation(project, 20);
    server.queue(project, job, None);
    let info = server.wait_final(project, job);
    assert_eq!(info.record.status, JobStatus::Completed, "{info:#?}");
    let bearer = bearer(&server);
    let auth = [("Authorization", bearer.as_str())];
    let at = |path: &str| format!("/api/v1/projects/{project}/jobs/{job}{path}");
    let get = |path: &str| server.raw("GET", &at(path), &auth, "");

    let map = get("/files/output/J1_truth_volume_map.mrc");
    assert_eq!((map.status, map.body.len()), (200, 1024 + 4 * 48 * 48 * 48));
    let range = [auth[0], ("Range", "bytes=208-211")];
    let piece = server.raw("GET", &at("/files/output/J1_truth_volume_map.mrc"), &range, "");
    assert_eq!((piece.status, piece.body.as_slice()), (206, b"MAP ".as_slice()));
    assert_eq!(piece.header("content-range"), Some("bytes 208-211/443392"));
    let small = get("/volume?file=J1/output/J1_truth_volume_map.mrc&max_box=24");
    assert_eq!((small.status, small.body.len()), (200, 1024 + 4 * 24 * 24 * 24));
    assert_eq!(get("/volume?file=output/J1_particles.mrcs").status, 422);

    for path in [
        "/files/../job.json",
        "/files/%2e%2e/project.json",
        "/files/..%2fproject.json",
        "/files//etc/passwd",
        "/volume?file=../../secret",
    ] {
        let answer = get(path);
        assert!(matches!(answer.status, 403 | 404), "{path}: {}", answer.status);
    }
    std::os::unix::fs::symlink(world.path("secret"), world.path("data/projects/files/J1/link")).unwrap();
    assert_eq!(get("/files/link").status, 403);
    assert_eq!(get("/files/none").status, 404);
    assert_eq!(get("/figures/..%2f..%2fjob").status, 404);

    let events = get("/events").json();
    let events = events["events"].as_array().unwrap();
    assert!(
        events
            .iter()
            .enumerate()
            .all(|(index, event)| event["seq"] == index + 1)
    );
    let figure = events.iter().find(|event| event["kind"] == "figure").unwrap();
    let drawn = get(&format!("/figures/{}", figure["id"].as_str().unwrap())).json();
    assert_eq!(drawn["id"], figure["id"]);
    assert_eq!(get("/events?after=2").json()["events"][0]["seq"], 3);
    let page = get("/events?limit=1").json();
    assert_eq!(
        (page["events"].as_array().unwrap().len(), &page["more"]),
        (1, &true.into())
    );
    assert!(
        get("/log").json()["text"]
            .as_str()
            .unwrap()
            .starts_with("--- try 1")
    );

    let browse = |path: &str| server.raw("GET", &format!("/api/v1/browse?path={path}"), &auth, "");
    let home = world.folder.path().canonicalize().unwrap();
    assert_eq!(browse(&home.display().to_string()).status, 200);
    assert_eq!(browse("/etc").status, 403);
    assert_eq!(browse(&format!("{}/../..", home.display())).status, 403);
    // The web's users attach only what they are shown; the operator at the command line may name any directory.
    let login = serde_json::json!({ "email": world::EMAIL, "password": world::PASSWORD }).to_string();
    let answer = server.raw(
        "POST",
        "/api/v1/auth/login",
        &[("Content-Type", "application/json")],
        &login,
    );
    let cookie = answer
        .header("set-cookie")
        .unwrap()
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    let web = [("Cookie", cookie.as_str()), ("Content-Type", "application/json")];
    let attach = |path: &str| {
        server.raw(
            "POST",
            "/api/v1/projects/attach",
            &web,
            &format!("{{\"path\":\"{path}\"}}"),
        )
    };
    assert_eq!(attach("/etc").status, 403);
    let no_project = server.client.attach_project("/etc").unwrap_err();
    assert_eq!(no_project.kind(), Some(ErrorKind::BadRequest));
    assert!(no_project.to_string().contains("no project.json"), "{no_project}");
}

#[test]
fn a_project_belongs_to_one_server_at_a_time() {
    let world = World::new();
    let mut first = world.server();
    let project = first.project("shared");
    let job = first.simulation(project, 20);
    let directory = world.path("data/projects/shared");
    let again = world.run(&["server", "--port", "0"]);
    let text = String::from_utf8(again.stderr).unwrap();
    assert!(
        !again.status.success() && text.contains("in use by nilas server at http://"),
        "{text}"
    );

    let other = World::new();
    let second = other.server_with(&["--root", &world.folder.path().display().to_string()]);
    let refused = second
        .client
        .attach_project(&directory.display().to_string())
        .unwrap_err();
    assert_eq!(refused.kind(), Some(ErrorKind::Conflict));
    assert!(
        refused
            .to_string()
            .contains(&format!("in use by nilas server at http://{}", first.address)),
        "{refused}"
    );
    std::fs::write(
        world.path("w.toml"),
        "[[job]]\nid = \"a\"\ntype = \"simulate_particles\"\n",
    )
    .unwrap();
    let run = world
        .nilas(&["run", "w.toml", "--project"])
        .arg(&directory)
        .current_dir(world.folder.path())
        .output()
        .unwrap();
    assert!(!run.status.success() && String::from_utf8_lossy(&run.stderr).contains("in use by"));

    // The owner is dead: the next one may have it. Its own number for the project is another one.
    let _ = second.project("own");
    first.kill();
    let report = second
        .client
        .attach_project(&directory.display().to_string())
        .unwrap();
    assert_eq!(report.jobs, 1);
    let moved = report.project.record.id;
    assert_ne!(moved, project);
    second.queue(moved, job, None);
    assert_eq!(second.wait_final(moved, job).record.status, JobStatus::Completed);
    second.client.detach_project(moved).unwrap();
    let first = world.server();
    let info = first.client.job(project, job).unwrap();
    assert_eq!(
        (info.record.status, info.record.project),
        (JobStatus::Completed, project)
    );
}

#[test]
fn changes_are_heard_live() {
    let world = World::new();
    let server = world.server();
    let project = server.project("live");
    let mut stream = TcpStream::connect(&server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let head = format!(
        "GET /api/v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\n\r\n",
        bearer(&server)
    );
    stream.write_all(head.as_bytes()).unwrap();
    let job = server.simulation(project, 20);
    server.queue(project, job, None);
    let mut seen = BTreeSet::new();
    for line in BufReader::new(stream).lines() {
        let line = line.unwrap();
        let Some(data) = line.strip_prefix("data: ") else {
            continue;
        };
        let event: nilas_api::ServerEvent = serde_json::from_str(data).unwrap();
        match event {
            ServerEvent::Resync => seen.insert("resync".to_owned()),
            ServerEvent::Job { job } => seen.insert(format!("{:?}", job.record.status)),
            ServerEvent::Log { events, .. } => seen.insert(format!("log {}", events.len().min(1))),
            ServerEvent::Lanes => seen.insert("lanes".to_owned()),
            _ => true,
        };
        if seen.contains("Completed") {
            break;
        }
    }
    for word in [
        "resync",
        "Building",
        "Queued",
        "Launched",
        "Started",
        "log 1",
        "lanes",
        "Completed",
    ] {
        assert!(seen.contains(word), "{word} was not heard, only {seen:?}");
    }
}

#[test]
fn problems_are_reported_all_at_once_with_their_fields() {
    let world = World::new();
    let server = world.server();
    let project = server.project("problems");
    let mut wrong = world::simulation(20);
    wrong.params.insert("number_of_particles".to_owned(), 0.into());
    wrong.params.insert("pixel_size_angstrom".to_owned(), (-1).into());
    wrong.params.insert("no_such_thing".to_owned(), 1.into());
    // These two can only be seen once the others are read: they must not wait until those are mended.
    wrong.params.insert("box_size".to_owned(), 47.into());
    wrong
        .params
        .insert("defocus_min_angstrom".to_owned(), 30_000.into());
    let job = server.client.create_job(project, &wrong).unwrap().record.id;
    let refused = server
        .client
        .queue_job(
            project,
            job,
            &nilas_api::QueueJob {
                lane: Some("moon".to_owned()),
            },
        )
        .unwrap_err();
    let nilas_client::ClientError::Refused(error) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(error.kind, ErrorKind::Invalid);
    let fields: Vec<&str> = error
        .problems
        .iter()
        .map(|problem| problem.field.as_str())
        .collect();
    for field in [
        "params.number_of_particles",
        "params.pixel_size_angstrom",
        "params.no_such_thing",
        "params.box_size",
        "params.defocus_min_angstrom",
        "lane",
    ] {
        assert!(fields.contains(&field), "{field} is not among {fields:?}");
    }
    // The check that the web form makes after each change, and the command line's queue, say the same.
    let report = server.raw(
        "POST",
        &format!("/api/v1/projects/{project}/jobs/{job}/check"),
        &[("Authorization", &bearer(&server))],
        "",
    );
    let checked = report.json();
    let checked: Vec<&str> = checked["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|problem| problem["field"].as_str().unwrap())
        .collect();
    assert_eq!(checked, fields[..fields.len() - 1]);
    let url = format!("http://{}", server.address);
    let told = world.run(&[
        "job",
        "--server",
        &url,
        "--token",
        &server.token,
        "queue",
        &project.to_string(),
        &job.to_string(),
    ]);
    let told = String::from_utf8_lossy(&told.stderr).into_owned();
    for field in &checked {
        assert!(told.contains(field), "{field} is not in {told}");
    }
    assert_eq!(
        server.client.job(project, job).unwrap().record.status,
        JobStatus::Building
    );
    let unknown = nilas_api::NewJob {
        job_type: "refine_everything".to_owned(),
        ..nilas_api::NewJob::default()
    };
    assert_eq!(
        server.client.create_job(project, &unknown).unwrap_err().kind(),
        Some(ErrorKind::Invalid)
    );
}

#[test]
fn two_hundred_jobs_make_a_small_database_and_a_small_server() {
    let world = World::new();
    let mut server = world.server();
    let project = server.project("many");
    let job = server.simulation(project, 20);
    server.queue(project, job, None);
    let done = server.wait_final(project, job).record;
    server.stop();
    // The other 199 are copies with the same results, as after 200 jobs.
    let directory = world.path("data/projects/many");
    for n in 2..=200 {
        let to = directory.join(format!("J{n}/output"));
        std::fs::create_dir_all(&to).unwrap();
        std::fs::copy(directory.join("J1/output/result.json"), to.join("result.json")).unwrap();
        let record = nilas_model::JobRecord {
            id: nilas_model::JobId(n),
            ..done.clone()
        };
        std::fs::write(
            directory.join(format!("J{n}/job.json")),
            serde_json::to_vec(&record).unwrap(),
        )
        .unwrap();
    }
    let server = world.server();
    assert_eq!(server.client.jobs(project).unwrap().len(), 200);
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.child.id())).unwrap();
    let resident = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap();
    let resident: u64 = resident.split_whitespace().next().unwrap().parse().unwrap();
    let database: u64 = ["", "-wal", "-shm"]
        .iter()
        .filter_map(|end| world.path(&format!("data/nilas.db{end}")).metadata().ok())
        .map(|meta| meta.len())
        .sum();
    println!(
        "200 jobs: {} KiB resident, database {} KiB",
        resident,
        database / 1024
    );
    assert!(resident < 150 * 1024, "{resident} KiB resident");
    assert!(database < 5 << 20, "{database} bytes of database");
    let next = server.simulation(project, 20);
    assert_eq!(next.0, 201, "numbers go on after the highest");
}
