//! A real server (and workers, and job processes: the very program) in a folder of its own.
#![allow(clippy::unwrap_used, dead_code, missing_docs)]

use nilas_api::{JobInfo, NewJob, NewProject, QueueJob};
use nilas_client::Client;
use nilas_model::{JobId, JobStatus, ProjectId};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// The program under test: the one just built, or another one that `NILAS_PROGRAM` names.
pub fn program() -> PathBuf {
    std::env::var_os("NILAS_PROGRAM").map_or_else(|| env!("CARGO_BIN_EXE_nilas").into(), PathBuf::from)
}

pub const EMAIL: &str = "ana@lab.example";
pub const PASSWORD: &str = "correct horse battery";

pub struct World {
    pub folder: tempfile::TempDir,
}

impl World {
    pub fn new() -> Self {
        let world = World {
            folder: tempfile::tempdir().unwrap(),
        };
        let mut adding = world.nilas(&["user", "add", EMAIL, "--admin", "--password-stdin"]);
        let mut child = adding
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        writeln!(child.stdin.take().unwrap(), "{PASSWORD}").unwrap();
        assert!(child.wait().unwrap().success());
        world
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The program with this world's data folder and home.
    pub fn nilas(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program());
        command
            .args(arguments)
            .env("NILAS_DATA", self.path("data"))
            .env("HOME", self.folder.path());
        command.env_remove("NILAS_TOKEN").env_remove("NILAS_SERVER");
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.nilas(arguments).output().unwrap()
    }

    pub fn server(&self) -> Server {
        self.server_with(&[])
    }

    pub fn server_with(&self, more: &[&str]) -> Server {
        let mut command = self.nilas(&["server", "--port", "0"]);
        command.args(more);
        self.begin(command)
    }

    /// A server, and all that it starts, after a shell has run `first` in the same process.
    pub fn server_under(&self, first: &str) -> Server {
        let server = self.nilas(&[]);
        let mut command = Command::new("sh");
        command.args(["-c", &format!("{first} && exec \"$0\" server --port 0")]);
        command.arg(program());
        command.envs(server.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.env_remove("NILAS_TOKEN").env_remove("NILAS_SERVER");
        self.begin(command)
    }

    fn begin(&self, mut command: Command) -> Server {
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.path("server.log"))
            .unwrap();
        let mut child = command.stderr(log).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line
            .trim()
            .rsplit_once("http://")
            .map(|(_, address)| address.to_owned());
        let address = address.unwrap_or_else(|| {
            panic!(
                "the server said {line:?} and {}",
                std::fs::read_to_string(self.path("server.log")).unwrap()
            )
        });
        let token = std::fs::read_to_string(self.path("data/local.token")).unwrap();
        let client = Client::new(&format!("http://{address}"), &token);
        Server {
            child,
            address,
            token,
            client,
        }
    }

    pub fn worker(&self, server: &Server, name: &str) -> Guard {
        let url = format!("http://{}", server.address);
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.path("worker.log"))
            .unwrap();
        let mut command = self.nilas(&[
            "worker",
            "--server",
            &url,
            "--token",
            &server.token,
            "--name",
            name,
        ]);
        Guard(
            command
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(log)
                .spawn()
                .unwrap(),
        )
    }
}

/// A process that is killed when the test is over.
pub struct Guard(pub Child);

impl Guard {
    /// SIGKILL: as sudden as a power cut, for this process.
    pub fn kill(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.kill();
    }
}

pub struct Server {
    pub child: Child,
    pub address: String,
    pub token: String,
    pub client: Client,
}

impl Server {
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// SIGTERM, and wait for the end.
    pub fn stop(&mut self) {
        signal(self.child.id(), "TERM");
        let began = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            assert!(
                began.elapsed() < Duration::from_secs(10),
                "the server doesn't stop"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn project(&self, title: &str) -> ProjectId {
        let new = NewProject {
            title: title.to_owned(),
            ..NewProject::default()
        };
        self.client.create_project(&new).unwrap().record.id
    }

    /// A job that simulates particles for a second or more.
    pub fn simulation(&self, project: ProjectId, particles: u64) -> JobId {
        self.client
            .create_job(project, &simulation(particles))
            .unwrap()
            .record
            .id
    }

    pub fn queue(&self, project: ProjectId, job: JobId, lane: Option<&str>) {
        self.client
            .queue_job(
                project,
                job,
                &QueueJob {
                    lane: lane.map(str::to_owned),
                },
            )
            .unwrap();
    }

    pub fn wait(&self, project: ProjectId, job: JobId, good: impl Fn(&JobInfo) -> bool) -> JobInfo {
        let began = Instant::now();
        loop {
            let info = self.client.job(project, job).unwrap();
            if good(&info) {
                return info;
            }
            assert!(
                began.elapsed() < Duration::from_secs(120),
                "{job} stays {info:#?}"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    pub fn wait_final(&self, project: ProjectId, job: JobId) -> JobInfo {
        self.wait(project, job, |job| job.record.status.is_final())
    }

    pub fn wait_running(&self, project: ProjectId, job: JobId) -> JobInfo {
        self.wait(project, job, |job| {
            matches!(job.record.status, JobStatus::Running) || job.record.status.is_final()
        })
    }

    /// A request as the wire sees it: status, headers (lower case), body.
    pub fn raw(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let mut head = format!(
            "{method} {path} HTTP/1.0\r\nHost: {}\r\nContent-Length: {}\r\n",
            self.address,
            body.len()
        );
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        stream.write_all((head + "\r\n" + body).as_bytes()).unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        let split = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(bytes[..split].to_vec()).unwrap();
        let status = head.split_whitespace().nth(1).unwrap().parse().unwrap();
        let headers = head.lines().skip(1).filter_map(|line| line.split_once(": "));
        let headers = headers
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect();
        Answer {
            status,
            headers,
            body: bytes[split + 4..].to_vec(),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&self.body)))
    }
}

pub fn simulation(particles: u64) -> NewJob {
    let mut new = NewJob {
        job_type: "simulate_particles".to_owned(),
        ..NewJob::default()
    };
    new.params
        .insert("number_of_particles".to_owned(), particles.into());
    new.params.insert("box_size".to_owned(), 48.into());
    new.params.insert("pixel_size_angstrom".to_owned(), 5.into());
    new
}

pub fn signal(pid: u32, name: &str) {
    // The shell's own kill: no other program is needed.
    let status = Command::new("sh")
        .args(["-c", &format!("kill -{name} {pid}")])
        .status()
        .unwrap();
    assert!(status.success(), "kill -{name} {pid}");
}

/// The process of a job, by its heartbeat.
pub fn pid_of(job_dir: &Path) -> Option<u32> {
    let text = std::fs::read(job_dir.join("heartbeat.json")).ok()?;
    let beat: nilas_model::Heartbeat = serde_json::from_slice(&text).ok()?;
    Some(beat.pid)
}

/// Whether a process lives (a zombie doesn't).
pub fn lives(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    !stat.is_empty() && !stat.contains(") Z")
}

/// What must hold in a job directory whatever happened: no half results, an event log without gaps.
pub fn check_whole(job_dir: &Path, completed: bool) {
    let names: Vec<String> = std::fs::read_dir(job_dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    if completed {
        assert!(
            !names.iter().any(|name| name.starts_with("staging-")),
            "{names:?}"
        );
        let result: nilas_model::JobResult =
            serde_json::from_slice(&std::fs::read(job_dir.join("output/result.json")).unwrap()).unwrap();
        for output in &result.outputs {
            for file in output
                .files
                .iter()
                .chain(output.slots.iter().map(|slot| &slot.metafile))
            {
                let path = job_dir.parent().unwrap().join(file);
                assert!(
                    path.metadata().is_ok_and(|meta| meta.len() > 0),
                    "{} is missing",
                    path.display()
                );
            }
        }
    } else {
        assert!(!names.contains(&"output".to_owned()), "half results: {names:?}");
    }
    let text = std::fs::read_to_string(job_dir.join("events.jsonl")).unwrap_or_default();
    for (index, line) in text.lines().enumerate() {
        let event: nilas_model::Event = serde_json::from_str(line).unwrap();
        assert_eq!(event.seq, index as u64 + 1, "the event log has a gap");
    }
}
