//! What the program costs when it does nothing, and what it survives.

use super::Place;
use super::nilas::Nilas;
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::fs::File;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Jobs of the project whose database is weighed.
const JOBS: usize = 200;

/// Start-up, idle server, database of a project with 200 jobs.
pub fn footprint(place: &Place) -> Result<Value> {
    let nilas = Nilas::build(place)?;
    let folder = place.fresh("program")?;
    let help_ms = help_ms(&nilas)?;
    let server = Running::start(&nilas, &folder)?;
    std::thread::sleep(Duration::from_secs(5));
    let idle_mib = server.resident_mib()?;
    let title = server.ask(&["project", "create", "footprint", "--json"])?;
    let project = title["id"]
        .as_str()
        .context("nilas project create --json: no id")?
        .to_owned();
    for _ in 0..JOBS {
        server.ask(&["job", "create", &project, "simulate_particles", "--json"])?;
    }
    std::thread::sleep(Duration::from_secs(2));
    let with_jobs_mib = server.resident_mib()?;
    drop(server);
    Ok(json!({
        "help_ms": help_ms,
        "idle_server_resident_mib": idle_mib,
        "jobs": JOBS,
        "server_with_jobs_resident_mib": with_jobs_mib,
        "database_mib": database_mib(&folder.join("server"))?,
    }))
}

/// Best of 20 wall times of `nilas --help`.
fn help_ms(nilas: &Nilas) -> Result<f64> {
    let mut best = f64::INFINITY;
    for _ in 0..20 {
        let began = Instant::now();
        nilas
            .command(&["--help"])
            .stdout(Stdio::null())
            .status()
            .context("nilas --help")?;
        best = best.min(began.elapsed().as_secs_f64() * 1e3);
    }
    Ok(best)
}

/// A server of our own, ended when dropped.
struct Running<'a> {
    nilas: &'a Nilas,
    data: String,
    child: Child,
}

impl<'a> Running<'a> {
    fn start(nilas: &'a Nilas, folder: &Path) -> Result<Running<'a>> {
        // Freed at once; nobody else on this machine looks for ports in that moment.
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port().to_string();
        let data = folder.join("server").display().to_string();
        let log = File::create(folder.join("server.log"))?;
        let child = nilas
            .command(&["server", "--port", &port, "--data", &data])
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("nilas server did not start")?;
        let running = Running { nilas, data, child };
        let began = Instant::now();
        while running.ask(&["project", "list", "--json"]).is_err() {
            if began.elapsed() > Duration::from_secs(30) {
                bail!(
                    "the server does not answer; see {}",
                    folder.join("server.log").display()
                );
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        Ok(running)
    }

    /// A command of the program to this server; its JSON answer.
    fn ask(&self, arguments: &[&str]) -> Result<Value> {
        let out = self
            .nilas
            .command(arguments)
            .env("NILAS_DATA", &self.data)
            .output()?;
        if !out.status.success() {
            bail!(
                "nilas {}: {}",
                arguments.join(" "),
                String::from_utf8_lossy(&out.stderr).trim()
            );
        }
        serde_json::from_slice(&out.stdout)
            .with_context(|| format!("nilas {}: not JSON", arguments.join(" ")))
    }

    fn resident_mib(&self) -> Result<f64> {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = text
            .lines()
            .find_map(|l| l.strip_prefix("VmRSS:"))
            .context("the server is gone")?;
        let kib: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok((kib / 1024.0 * 10.0).round() / 10.0)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        // It may have ended by itself; nothing is left to do then.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Size of everything in the server's folder but projects: the database with its journal.
fn database_mib(data: &Path) -> Result<f64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(data).with_context(|| data.display().to_string())? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            bytes += entry.metadata()?.len();
        }
    }
    Ok((bytes as f64 / f64::from(1 << 20) * 100.0).round() / 100.0)
}

/// Kills at random moments: the program's own test, with `kills` of them.
pub fn recovery(place: &Place, kills: u32) -> Result<Value> {
    let began = Instant::now();
    let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args([
            "test",
            "--locked",
            "-p",
            "nilas",
            "--test",
            "kills",
            "--",
            "--nocapture",
        ])
        .env("NILAS_KILLS", kills.to_string())
        .current_dir(&place.root)
        // Our stdout is for the JSON object alone.
        .stdout(std::io::stderr())
        .status()
        .context("cargo did not start")?;
    if !status.success() {
        bail!("the recovery test failed with {kills} kills");
    }
    Ok(json!({ "kills": kills, "half_results_or_lost_records": 0, "wall_s": began.elapsed().as_secs_f64() }))
}
