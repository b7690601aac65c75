//! The release program and its projects, as a benchmark uses them.

use super::Place;
use super::measure::{self, Usage};
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The program, built in release.
pub struct Nilas {
    program: PathBuf,
    root: PathBuf,
}

/// A project that a workflow filled.
pub struct Project {
    folder: PathBuf,
    ids: Vec<String>,
    /// What the whole run took.
    pub usage: Usage,
}

impl Nilas {
    /// Builds it, or takes the one that `NILAS_BIN` names.
    pub fn build(place: &Place) -> Result<Nilas> {
        let root = place.root.clone();
        if let Some(program) = std::env::var_os("NILAS_BIN") {
            return Ok(Nilas {
                program: program.into(),
                root,
            });
        }
        let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args(["build", "--release", "--locked", "--quiet", "-p", "nilas"])
            .current_dir(&root)
            .stdout(Stdio::null())
            .status()
            .context("cargo did not start")?;
        if !status.success() {
            bail!("the release build failed");
        }
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
        Ok(Nilas {
            program: target.join("release/nilas"),
            root,
        })
    }

    /// The program with these arguments, to be run in the repository's root.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(arguments).current_dir(&self.root);
        command
    }

    /// Runs `workloads/<name>.toml` in a new project in `folder`.
    pub fn workflow(&self, name: &str, folder: &Path, sets: &[(&str, String)]) -> Result<Project> {
        let file = self.root.join(format!("workloads/{name}.toml"));
        let text = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        let workflow: toml::Value = toml::from_str(&text).with_context(|| file.display().to_string())?;
        let jobs = workflow["job"].as_array().context("a workflow without jobs")?;
        let ids = jobs
            .iter()
            .map(|j| j["id"].as_str().unwrap_or_default().to_owned())
            .collect();
        let project = folder.join("project");
        let mut command = self.command(&["run"]);
        command.arg(&file).arg("--project").arg(&project);
        for (name, value) in sets {
            command.arg("--set").arg(format!("{name}={value}"));
        }
        let usage = measure::run(&mut command, &folder.join("nilas.log"))?;
        Ok(Project {
            folder: project,
            ids,
            usage,
        })
    }

    /// `nilas volume fsc A B --json`, with alignment when `align`.
    pub fn fsc(&self, a: &Path, b: &Path, align: bool) -> Result<Value> {
        let mut command = self.command(&["volume", "fsc", "--json"]);
        command.args([a, b]);
        if align {
            command.arg("--align");
        }
        answer(command)
    }

    /// `nilas volume fsc A B --mask M --json`.
    pub fn fsc_in_mask(&self, a: &Path, b: &Path, mask: &Path) -> Result<Value> {
        let mut command = self.command(&["volume", "fsc", "--json"]);
        command.args([a, b]).arg("--mask").arg(mask);
        answer(command)
    }
}

/// The JSON object that a command prints.
fn answer(mut command: Command) -> Result<Value> {
    let out = command.output().context("nilas volume fsc did not start")?;
    if !out.status.success() {
        bail!(
            "nilas volume fsc: {}",
            String::from_utf8_lossy(&out.stderr).trim()
        );
    }
    serde_json::from_slice(&out.stdout).context("nilas volume fsc printed no JSON object")
}

impl Project {
    /// Job directory of the job that the workflow calls `id`: jobs are made in the workflow's order.
    fn job(&self, id: &str) -> Result<(String, PathBuf)> {
        let place = self
            .ids
            .iter()
            .position(|i| i == id)
            .with_context(|| format!("no job {id}"))?;
        let name = format!("J{}", place + 1);
        let folder = self.folder.join(&name);
        Ok((name, folder))
    }

    /// The project directory.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// `result.json` of a job.
    pub fn result(&self, id: &str) -> Result<Value> {
        let path = self.job(id)?.1.join("output/result.json");
        let text = std::fs::read(&path).with_context(|| path.display().to_string())?;
        serde_json::from_slice(&text).with_context(|| path.display().to_string())
    }

    /// A file in a job's output folder: `J3_<name>`.
    pub fn file(&self, id: &str, name: &str) -> Result<PathBuf> {
        let (job, folder) = self.job(id)?;
        let path = folder.join("output").join(format!("{job}_{name}"));
        if !path.is_file() {
            bail!("job {id} wrote no {}", path.display());
        }
        Ok(path)
    }

    /// What a job took and found: wall and processor seconds, peak memory, its statistics.
    pub fn summary(&self, id: &str) -> Result<Value> {
        let result = self.result(id)?;
        let peak = result["peak_memory_bytes"].as_f64().unwrap_or(f64::NAN) / f64::from(1 << 20);
        Ok(json!({
            "wall_s": result["wall_s"],
            "cpu_s": result["cpu_s"],
            "peak_memory_mib": peak.round(),
            "statistics": result["statistics"],
        }))
    }
}

/// The line of an FSC report that counts: resolutions and, when aligned, how.
pub fn short(report: &Value) -> Value {
    let shell = |name: &str| {
        let angstrom = report[name].as_f64()?;
        let edge = report["n"].as_f64()? * report["voxel_size_angstrom"].as_f64()?;
        Some((edge / angstrom * 10.0).round() / 10.0)
    };
    json!({
        "resolution_at_0_5_angstrom": report["resolution_at_0_5_angstrom"],
        "shell_at_0_5": shell("resolution_at_0_5_angstrom"),
        "resolution_at_0_143_angstrom": report["resolution_at_0_143_angstrom"],
        "aligned": report["aligned"],
    })
}
