//! Signing in, and what happens to those who haven't.
#![allow(clippy::unwrap_used)]

mod world;
use world::{EMAIL, PASSWORD, World};

const JSON: (&str, &str) = ("Content-Type", "application/json");

fn login(server: &world::Server, email: &str, password: &str) -> world::Answer {
    let body = serde_json::json!({ "email": email, "password": password }).to_string();
    server.raw("POST", "/api/v1/auth/login", &[JSON], &body)
}

fn cookie(answer: &world::Answer) -> String {
    answer
        .header("set-cookie")
        .unwrap()
        .split(';')
        .next()
        .unwrap()
        .to_owned()
}

#[test]
fn nothing_but_the_door_is_open() {
    let world = World::new();
    let server = world.server();
    let document = server.raw("GET", "/api/v1/openapi.json", &[], "").json();
    let open = [
        "/api/v1/auth/login",
        "/api/v1/health",
        "/api/v1/version",
        "/api/v1/openapi.json",
    ];
    let mut closed = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods
            .as_object()
            .unwrap()
            .keys()
            .filter(|name| *name != "parameters")
        {
            if open.contains(&path.as_str()) {
                continue;
            }
            let place = path
                .replace("{p}", "P1")
                .replace("{j}", "J1")
                .replace("{path}", "a/b")
                .replace("{id}", "1")
                .replace("{u}", "U1");
            for headers in [
                vec![JSON],
                vec![JSON, ("Authorization", "Bearer nilas_wrong")],
                vec![JSON, ("Cookie", "nilas_session=wrong")],
            ] {
                let answer = server.raw(&method.to_uppercase(), &place, &headers, "{}");
                assert_eq!(answer.status, 401, "{method} {place}");
                assert_eq!(answer.json()["kind"], "unauthorized");
            }
            closed += 1;
        }
    }
    assert!(closed > 35, "only {closed} routes were tried");
    assert_eq!(server.raw("GET", "/api/v1/nothing", &[], "").status, 404);
    assert_eq!(
        server.raw("GET", "/projects/P1", &[], "").status,
        200,
        "the web app's own paths show the app"
    );
}

#[test]
fn a_session_begins_and_ends_and_can_not_be_forged() {
    let world = World::new();
    let server = world.server();
    assert_eq!(login(&server, EMAIL, "wrong password").status, 401);
    assert_eq!(login(&server, "nobody@lab.example", PASSWORD).status, 401);
    let answer = login(&server, " ANA@lab.example ", PASSWORD);
    let set = answer.header("set-cookie").unwrap();
    assert!(
        set.contains("HttpOnly") && set.contains("SameSite=Strict") && set.contains("Path=/"),
        "{set}"
    );
    let cookie = cookie(&answer);
    let own = [("Cookie", cookie.as_str()), JSON];
    let me = server.raw("GET", "/api/v1/auth/me", &own, "").json();
    assert_eq!(
        (&me["user"]["email"], &me["via"]),
        (&EMAIL.into(), &"session".into())
    );
    // Another site's page can't act with the cookie, even if the browser sent it.
    let body = r#"{"title":"x"}"#;
    for (name, value) in [
        ("Origin", "http://evil.example"),
        ("Sec-Fetch-Site", "cross-site"),
        ("Origin", "null"),
    ] {
        let answer = server.raw("POST", "/api/v1/projects", &[own[0], JSON, (name, value)], body);
        assert_eq!(answer.status, 403, "{name}: {value}");
    }
    let origin = format!("http://{}", server.address);
    let answer = server.raw(
        "POST",
        "/api/v1/projects",
        &[own[0], JSON, ("Origin", &origin)],
        body,
    );
    assert_eq!(answer.status, 201);
    // A new password ends other sessions, not this one.
    let other = login(&server, EMAIL, PASSWORD);
    let change = serde_json::json!({ "current": PASSWORD, "new": "another long password" }).to_string();
    assert_eq!(
        server.raw("POST", "/api/v1/auth/password", &own, &change).status,
        204
    );
    assert_eq!(server.raw("GET", "/api/v1/auth/me", &own, "").status, 200);
    let other_cookie = other.header("set-cookie").unwrap().split(';').next().unwrap();
    assert_eq!(
        server
            .raw("GET", "/api/v1/auth/me", &[("Cookie", other_cookie)], "")
            .status,
        401
    );
    assert_eq!(server.raw("POST", "/api/v1/auth/logout", &own, "").status, 204);
    assert_eq!(server.raw("GET", "/api/v1/auth/me", &own, "").status, 401);
}

#[test]
fn guessing_is_slowed_down() {
    let world = World::new();
    let server = world.server();
    let statuses: Vec<u16> = (0..6)
        .map(|_| login(&server, EMAIL, "guess guess").status)
        .collect();
    assert_eq!(statuses, [401, 401, 401, 401, 401, 429]);
    assert_eq!(
        login(&server, EMAIL, PASSWORD).status,
        429,
        "the right password has to wait as well"
    );
    assert_eq!(
        login(&server, "other@lab.example", "guess guess").status,
        401,
        "others need not"
    );
}

#[test]
fn tokens_and_roles() {
    let world = World::new();
    let server = world.server();
    let made = world.nilas(&["user", "add", "bob@lab.example"]).output().unwrap();
    let text = String::from_utf8(made.stdout).unwrap();
    let password = text
        .split("with the password ")
        .nth(1)
        .unwrap()
        .split_whitespace()
        .next()
        .unwrap()
        .to_owned();
    let answer = login(&server, "bob@lab.example", &password);
    assert_eq!(answer.status, 200);
    let bob = [("Cookie", &*cookie(&answer)), JSON];
    assert_eq!(
        server
            .raw("POST", "/api/v1/users", &bob, r#"{"email":"eve@lab.example"}"#)
            .status,
        403
    );
    let hello = r#"{"name":"w","host":"h","cores":1,"memory_bytes":1,"version":"0"}"#;
    assert_eq!(
        server.raw("POST", "/api/v1/workers", &bob, hello).status,
        403,
        "a worker runs anybody's jobs"
    );
    let made = server
        .raw("POST", "/api/v1/tokens", &bob, r#"{"name":"script"}"#)
        .json();
    let bearer = format!("Bearer {}", made["token"].as_str().unwrap());
    let with_token = [("Authorization", bearer.as_str()), JSON];
    assert_eq!(
        server.raw("GET", "/api/v1/auth/me", &with_token, "").json()["via"],
        "token"
    );
    let listed = server.raw("GET", "/api/v1/tokens", &with_token, "");
    assert!(
        !String::from_utf8(listed.body)
            .unwrap()
            .contains(made["token"].as_str().unwrap()),
        "told only once"
    );
    let id = made["info"]["id"].as_u64().unwrap();
    let ana = [("Authorization", &*format!("Bearer {}", server.token)), JSON];
    assert_eq!(
        server
            .raw("DELETE", &format!("/api/v1/tokens/{id}"), &ana, "")
            .status,
        404,
        "not hers to revoke"
    );
    assert_eq!(
        server
            .raw("DELETE", &format!("/api/v1/tokens/{id}"), &with_token, "")
            .status,
        204
    );
    assert_eq!(server.raw("GET", "/api/v1/auth/me", &with_token, "").status, 401);
    // No secret lies readable in the database.
    let secrets = [
        PASSWORD.to_owned(),
        password,
        bearer[7..].to_owned(),
        server.token.clone(),
    ];
    for file in ["data/nilas.db", "data/nilas.db-wal"] {
        let bytes = std::fs::read(world.path(file)).unwrap_or_default();
        for secret in &secrets {
            let found = bytes
                .windows(secret.len())
                .any(|window| window == secret.as_bytes());
            assert!(!found, "{file} holds a secret");
        }
    }
}

#[test]
fn the_first_start_makes_an_administrator_and_says_so_once() {
    let folder = tempfile::tempdir().unwrap();
    let start = || {
        let mut command = std::process::Command::new(world::program());
        command
            .args(["server", "--port", "0", "--data"])
            .arg(folder.path().join("data"));
        command
            .env("HOME", folder.path())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::null());
        let mut child = world::Guard(command.spawn().unwrap());
        std::thread::sleep(std::time::Duration::from_millis(1500));
        world::signal(child.0.id(), "TERM");
        let _ = child.0.wait();
        let mut text = String::new();
        std::io::Read::read_to_string(&mut child.0.stdout.take().unwrap(), &mut text).unwrap();
        text
    };
    let first = start();
    assert!(
        first.contains("Sign in as admin@localhost with the password "),
        "{first}"
    );
    let second = start();
    assert!(
        second.contains("Nilas is at") && !second.contains("password"),
        "{second}"
    );
}
