//! Workflow files.

use anyhow::{Context, Result, bail};
use nilas_model::{InputRef, JobId, JobSpec, ParamKind};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::Path;

/// A workflow: jobs in an order in which each uses only earlier ones.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workflow {
    /// Title of a project that is made for it.
    #[serde(default)]
    pub title: String,
    /// The jobs.
    #[serde(default, rename = "job")]
    pub jobs: Vec<Entry>,
}

/// One job of a workflow.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Name by which other jobs and `--set` mean it.
    pub id: String,
    /// Job type.
    #[serde(rename = "type")]
    pub job_type: String,
    /// Title.
    #[serde(default)]
    pub title: String,
    /// Parameters that differ from their defaults.
    #[serde(default)]
    pub params: Map<String, Value>,
    /// Connections: `id.output` of an earlier job, or `J3.output` of a job that the project has.
    #[serde(default)]
    pub inputs: BTreeMap<String, Sources>,
}

/// One connection or several.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Sources {
    /// One.
    One(String),
    /// Several, in order.
    Many(Vec<String>),
}

impl Workflow {
    /// Read a workflow file and apply `job.param=value` settings.
    ///
    /// # Errors
    /// With file, job and name of what is wrong.
    pub fn read(path: &Path, settings: &[String], specs: &[JobSpec]) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        let mut workflow: Workflow =
            toml::from_str(&text).with_context(|| format!("in {}", path.display()))?;
        if workflow.jobs.is_empty() {
            bail!("{} holds no [[job]]", path.display());
        }
        workflow
            .check_names()
            .with_context(|| format!("in {}", path.display()))?;
        let folder = std::path::absolute(path)?;
        let folder = folder.parent().unwrap_or(Path::new("/")).to_owned();
        workflow.make_paths_absolute(specs, &folder);
        // Paths in the file are meant from the file, paths on the command line from where the user stands.
        let mut given = Workflow {
            title: String::new(),
            jobs: workflow.jobs.clone(),
        };
        for entry in &mut given.jobs {
            entry.params = Map::new();
        }
        for setting in settings {
            given.set(setting)?;
        }
        given.make_paths_absolute(specs, &std::env::current_dir()?);
        for (entry, given) in workflow.jobs.iter_mut().zip(given.jobs) {
            entry.params.extend(given.params);
            entry.params.retain(|_, value| !value.is_null());
        }
        Ok(workflow)
    }

    fn check_names(&self) -> Result<()> {
        let mut seen: Vec<&str> = Vec::new();
        for entry in &self.jobs {
            let good = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
            if entry.id.is_empty() || !entry.id.chars().all(good) || entry.id.parse::<JobId>().is_ok() {
                bail!(
                    "'{}' can't be the id of a job: use letters, digits, '_' and '-', and no J1, J2 ...",
                    entry.id
                );
            }
            if seen.contains(&entry.id.as_str()) {
                bail!("two jobs have the id '{}'", entry.id);
            }
            for (input, source) in entry.sources() {
                let (from, output) =
                    split(source).with_context(|| format!("job {}, input {input}", entry.id))?;
                if !seen.contains(&from) && from.parse::<JobId>().is_err() {
                    bail!(
                        "job {}, input {input}: '{source}': there is no job '{from}' before it (for output '{output}')",
                        entry.id
                    );
                }
            }
            seen.push(&entry.id);
        }
        Ok(())
    }

    fn set(&mut self, setting: &str) -> Result<()> {
        let form = || format!("--set {setting}: expected job.param=value");
        let (name, value) = setting.split_once('=').with_context(form)?;
        let (job, param) = name.trim().split_once('.').with_context(form)?;
        let ids: Vec<String> = self.jobs.iter().map(|entry| entry.id.clone()).collect();
        let Some(entry) = self.jobs.iter_mut().find(|entry| entry.id == job) else {
            bail!(
                "--set {setting}: the workflow has no job '{job}'; it has {}",
                ids.join(", ")
            );
        };
        entry.params.insert(param.to_owned(), parse_value(value.trim()));
        Ok(())
    }

    fn make_paths_absolute(&mut self, specs: &[JobSpec], folder: &Path) {
        for entry in &mut self.jobs {
            let Some(spec) = specs.iter().find(|spec| spec.name == entry.job_type) else {
                continue;
            };
            for param in spec.params.iter().filter(|param| param.kind == ParamKind::Path) {
                if let Some(Value::String(path)) = entry.params.get_mut(&param.name)
                    && !path.is_empty()
                    && Path::new(path.as_str()).is_relative()
                {
                    *path = folder.join(path.as_str()).display().to_string();
                }
            }
        }
    }
}

impl Entry {
    /// Input name and source of every connection.
    pub fn sources(&self) -> impl Iterator<Item = (&str, &str)> {
        self.inputs.iter().flat_map(|(input, sources)| {
            let list = match sources {
                Sources::One(source) => std::slice::from_ref(source),
                Sources::Many(sources) => sources,
            };
            list.iter().map(move |source| (input.as_str(), source.as_str()))
        })
    }

    /// The connections, once the jobs that are meant have their numbers.
    pub fn resolve(&self, numbers: &BTreeMap<String, JobId>) -> Result<BTreeMap<String, Vec<InputRef>>> {
        let mut inputs: BTreeMap<String, Vec<InputRef>> = BTreeMap::new();
        for (input, source) in self.sources() {
            let (from, output) = split(source)?;
            let job = match numbers.get(from) {
                Some(job) => *job,
                None => from.parse()?,
            };
            inputs.entry(input.to_owned()).or_default().push(InputRef {
                job,
                output: output.to_owned(),
            });
        }
        Ok(inputs)
    }
}

fn split(source: &str) -> Result<(&str, &str)> {
    source
        .split_once('.')
        .with_context(|| format!("'{source}': expected job.output, for example particles.particles"))
}

/// A value as TOML would read it; anything else is text.
pub fn parse_value(text: &str) -> Value {
    let table: Option<BTreeMap<String, Value>> = toml::from_str(&format!("value = {text}")).ok();
    table
        .and_then(|mut table| table.remove("value"))
        .unwrap_or_else(|| Value::String(text.to_owned()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(text: &str, settings: &[&str]) -> Result<Workflow> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("w.toml");
        std::fs::write(&path, text).unwrap();
        let settings: Vec<String> = settings.iter().map(|s| (*s).to_owned()).collect();
        Workflow::read(&path, &settings, &[])
    }

    const TWO: &str = "
        [[job]]\nid = \"a\"\ntype = \"t\"\nparams = { x = 1, s = \"C1\" }
        [[job]]\nid = \"b\"\ntype = \"u\"\ninputs = { one = \"a.out\", many = [\"a.out\", \"J7.map\"] }";

    #[test]
    fn jobs_connections_and_settings_are_read() {
        let workflow = read(TWO, &["a.x=2.5", "a.s=D2", "b.flag=true", "a.t=\"3\""]).unwrap();
        let a = &workflow.jobs[0].params;
        assert_eq!(
            (&a["x"], &a["s"], &a["t"]),
            (&Value::from(2.5), &Value::from("D2"), &Value::from("3"))
        );
        assert_eq!(workflow.jobs[1].params["flag"], Value::from(true));
        let inputs = workflow.jobs[1]
            .resolve(&BTreeMap::from([("a".to_owned(), JobId(4))]))
            .unwrap();
        let of = |job, output: &str| InputRef {
            job: JobId(job),
            output: output.to_owned(),
        };
        assert_eq!(inputs["one"], [of(4, "out")]);
        assert_eq!(inputs["many"], [of(4, "out"), of(7, "map")]);
    }

    #[test]
    fn mistakes_are_named() {
        let wrong = |text: &str, settings: &[&str], words: &str| {
            let message = format!("{:#}", read(text, settings).unwrap_err());
            assert!(message.contains(words), "{message}");
        };
        wrong("", &[], "holds no [[job]]");
        wrong(
            "[[job]]\nid = \"a\"\ntype = \"t\"\nparam = {}",
            &[],
            "unknown field `param`",
        );
        wrong("[[job]]\nid = \"J1\"\ntype = \"t\"", &[], "can't be the id");
        wrong(&TWO.replace("\"b\"", "\"a\""), &[], "two jobs have the id 'a'");
        wrong(
            &TWO.replace("\"a.out\", many", "\"c.out\", many"),
            &[],
            "no job 'c' before it",
        );
        wrong(
            &TWO.replace("\"a.out\", many", "\"a\", many"),
            &[],
            "expected job.output",
        );
        wrong(TWO, &["c.x=1"], "no job 'c'; it has a, b");
        wrong(TWO, &["x=1"], "expected job.param=value");
    }
}
