//! Accounts that change, close and go, and projects that change and are let go, through the wire.
#![allow(clippy::unwrap_used)]

mod world;
use nilas_api::{ErrorKind, NewUser, PasswordReset, PatchProject, PatchUser};
use nilas_client::Client;
use nilas_model::UserId;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};
use world::{EMAIL, Server, World};

const JSON: (&str, &str) = ("Content-Type", "application/json");
const BOB: &str = "bob@lab.example";

/// The cookie of a new session, if the password is right.
fn session(server: &Server, email: &str, password: &str) -> Option<String> {
    let body = serde_json::json!({ "email": email, "password": password }).to_string();
    let answer = server.raw("POST", "/api/v1/auth/login", &[JSON], &body);
    assert!([200, 401].contains(&answer.status), "{}", answer.status);
    (answer.status == 200).then(|| {
        let set = answer.header("set-cookie").unwrap();
        set.split(';').next().unwrap().to_owned()
    })
}

fn me(server: &Server, cookie: &str) -> u16 {
    server
        .raw("GET", "/api/v1/auth/me", &[("Cookie", cookie)], "")
        .status
}

/// An account with the password that the server made for it.
fn account(server: &Server, email: &str, admin: bool) -> (UserId, String) {
    let new = NewUser {
        email: email.to_owned(),
        name: String::new(),
        password: None,
        admin,
    };
    let made = server.client.create_user(&new).unwrap();
    (made.user.id, made.password.unwrap())
}

/// A token of the account, and a client that uses it.
fn client(server: &Server, cookie: &str) -> Client {
    let made = server.raw(
        "POST",
        "/api/v1/tokens",
        &[("Cookie", cookie), JSON],
        r#"{"name":"x"}"#,
    );
    assert_eq!(made.status, 201);
    let token = made.json()["token"].as_str().unwrap().to_owned();
    Client::new(&format!("http://{}", server.address), &token)
}

fn disabled(yes: bool) -> PatchUser {
    PatchUser {
        disabled: Some(yes),
        ..PatchUser::default()
    }
}

fn admin(yes: bool) -> PatchUser {
    PatchUser {
        admin: Some(yes),
        ..PatchUser::default()
    }
}

/// Opens the live events with a cookie and hands back the reader once the first line has come.
fn listen(server: &Server, cookie: &str) -> BufReader<TcpStream> {
    let mut stream = TcpStream::connect(&server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let head = format!("GET /api/v1/events HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    while !line.starts_with("data: ") {
        line.clear();
        assert!(reader.read_line(&mut line).unwrap() > 0, "no live events");
    }
    reader
}

/// Seconds until the server ends the stream.
fn ends_within(reader: BufReader<TcpStream>) -> f64 {
    let began = Instant::now();
    // The last chunk of a chunked answer is an empty one: "0".
    for line in reader.lines() {
        if line.unwrap() == "0" {
            break;
        }
    }
    began.elapsed().as_secs_f64()
}

#[test]
fn a_disabled_account_is_out_at_once() {
    let world = World::new();
    let server = world.server();
    let (bob, password) = account(&server, BOB, false);
    let cookie = session(&server, BOB, &password).unwrap();
    let script = client(&server, &cookie);
    let live = listen(&server, &cookie);
    script.projects().unwrap();
    let changed = server.client.patch_user(bob, &disabled(true)).unwrap();
    assert!(changed.disabled && !changed.admin);
    let after = ends_within(live);
    assert!(after < 3.0, "the open live stream went on for {after} s");
    assert_eq!(me(&server, &cookie), 401);
    assert_eq!(
        script.projects().unwrap_err().kind(),
        Some(ErrorKind::Unauthorized)
    );
    assert_eq!(session(&server, BOB, &password), None);
    // Opened again, the password holds; what had ended stays so.
    server.client.patch_user(bob, &disabled(false)).unwrap();
    assert_eq!(me(&server, &cookie), 401);
    assert!(script.projects().is_err());
    let again = session(&server, BOB, &password).unwrap();
    assert_eq!(me(&server, &again), 200);
    // The command line on the server's machine does the same to the running server.
    let live = listen(&server, &again);
    assert!(world.run(&["user", "disable", BOB]).status.success());
    assert_eq!(me(&server, &again), 401);
    let after = ends_within(live);
    assert!(after < 15.0, "the open live stream went on for {after} s");
    let list = String::from_utf8(world.run(&["user", "list"]).stdout).unwrap();
    assert!(
        list.lines()
            .any(|line| line.contains(BOB) && line.contains("disabled")),
        "{list}"
    );
}

#[test]
fn roles_names_and_the_last_administrator() {
    let world = World::new();
    let server = world.server();
    let (bob, password) = account(&server, BOB, false);
    let cookie = session(&server, BOB, &password).unwrap();
    let script = client(&server, &cookie);
    let ana = server.client.users().unwrap()[0].id;
    let kind = |refused: nilas_client::ClientError| refused.kind().unwrap();
    // Everybody may change their own name and nothing else.
    let named = PatchUser {
        name: Some(" Bob B. ".to_owned()),
        ..PatchUser::default()
    };
    assert_eq!(script.patch_user(bob, &named).unwrap().name, "Bob B.");
    for refused in [
        script.patch_user(ana, &named).unwrap_err(),
        script.patch_user(bob, &admin(true)).unwrap_err(),
        script.patch_user(ana, &disabled(true)).unwrap_err(),
        script.delete_user(ana).unwrap_err(),
        script.reset_password(ana, &PasswordReset::default()).unwrap_err(),
    ] {
        assert_eq!(kind(refused), ErrorKind::Forbidden);
    }
    // The only administrator can't go, by whatever door.
    assert_eq!(
        kind(server.client.patch_user(ana, &admin(false)).unwrap_err()),
        ErrorKind::Conflict
    );
    assert_eq!(
        kind(server.client.delete_user(ana).unwrap_err()),
        ErrorKind::Conflict
    );
    for command in ["disable", "remove"] {
        let output = world.run(&["user", command, EMAIL]);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            !output.status.success() && text.contains("last administrator"),
            "{text}"
        );
    }
    assert_eq!(
        kind(server.client.delete_user(UserId(99)).unwrap_err()),
        ErrorKind::NotFound
    );
    // With a second one, the first can; the command line's own token moves over to the second.
    assert!(world.run(&["user", "admin", BOB]).status.success());
    let own = kind(script.delete_user(bob).unwrap_err());
    assert_eq!(own, ErrorKind::Conflict, "not oneself");
    script.delete_user(ana).unwrap();
    assert!(server.client.users().is_err(), "its token went with it");
    let token = std::fs::read_to_string(world.path("data/local.token")).unwrap();
    assert_ne!(token, server.token);
    let output = world.run(&["project", "list"]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(script.users().unwrap().len(), 1);
}

#[test]
fn an_administrator_resets_a_password() {
    let world = World::new();
    let server = world.server();
    let (bob, password) = account(&server, BOB, false);
    let cookie = session(&server, BOB, &password).unwrap();
    let reset = server
        .client
        .reset_password(bob, &PasswordReset::default())
        .unwrap();
    assert_eq!(me(&server, &cookie), 401, "sessions of the old password end");
    assert_eq!(session(&server, BOB, &password), None);
    assert!(session(&server, BOB, &reset.password.unwrap()).is_some());
    let given = |text: &str| PasswordReset {
        password: Some(text.to_owned()),
    };
    let made = server
        .client
        .reset_password(bob, &given("chosen by ana"))
        .unwrap();
    assert_eq!(made.password, None);
    assert!(session(&server, BOB, "chosen by ana").is_some());
    let short = server.client.reset_password(bob, &given("short")).unwrap_err();
    assert_eq!(short.kind(), Some(ErrorKind::BadRequest));
    let ana = server.client.users().unwrap()[0].id;
    let own = server
        .client
        .reset_password(ana, &given("without the old one"))
        .unwrap_err();
    assert_eq!(own.kind(), Some(ErrorKind::BadRequest));
}

/// Every file of a folder with its content.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.insert(path.display().to_string(), std::fs::read(&path).unwrap());
            }
        }
    }
    found
}

#[test]
fn a_project_is_renamed_and_let_go_without_losing_a_file() {
    let world = World::new();
    let server = world.server();
    let project = server.project("first words");
    let directory = world.path("data/projects/first-words");
    let job = server.simulation(project, 20);
    server.queue(project, job, None);
    server.wait_final(project, job);
    let patch = |title: Option<&str>, description: Option<&str>| PatchProject {
        title: title.map(str::to_owned),
        description: description.map(str::to_owned),
    };
    let renamed = server
        .client
        .patch_project(project, &patch(Some(" Better "), None))
        .unwrap();
    assert_eq!(
        (renamed.record.title.as_str(), renamed.record.description.as_str()),
        ("Better", "")
    );
    server
        .client
        .patch_project(project, &patch(None, Some("what it is")))
        .unwrap();
    let empty = server
        .client
        .patch_project(project, &patch(Some(" "), None))
        .unwrap_err();
    assert_eq!(empty.kind(), Some(ErrorKind::BadRequest));
    let answer = server.raw(
        "PATCH",
        &format!("/api/v1/projects/{project}"),
        &[("Authorization", &format!("Bearer {}", server.token)), JSON],
        r#"{"titel":"x"}"#,
    );
    assert_eq!(answer.status, 400, "a misspelt field is not passed over");
    let told = world.run(&["project", "edit", &project.to_string(), "--title", "Best"]);
    assert!(told.status.success(), "{told:?}");
    let record = std::fs::read_to_string(directory.join("project.json")).unwrap();
    assert!(
        record.contains("Best") && record.contains("what it is"),
        "{record}"
    );
    let mut before = contents(&directory);
    server.client.detach_project(project).unwrap();
    assert!(server.client.projects().unwrap().is_empty());
    // The lock says who owns the directory: nobody now.
    before.retain(|path, _| !path.ends_with("nilas.lock"));
    let mut after = contents(&directory);
    after.retain(|path, _| !path.ends_with("nilas.lock"));
    assert_eq!(before, after);
    let back = server
        .client
        .attach_project(&directory.display().to_string())
        .unwrap();
    assert_eq!((back.jobs, back.project.record.title.as_str()), (1, "Best"));
}
