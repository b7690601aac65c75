//! `nilas run`: a whole workflow without any server running.

mod report;
mod watch;
pub(crate) mod workflow;

use anyhow::{Context, Result};
use nilas_api::{JobInfo, NewJob, NewProject, PatchJob, RestartJob};
use nilas_model::{JobId, JobStatus, Problem, ProjectId};
use nilas_server::Master;
use nilas_server::master::Settings;
use nilas_store::Database;
use report::Report;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;
use workflow::{Entry, Workflow};

/// Exit code when a job failed.
const FAILED: u8 = 1;
/// Exit code when the workflow or its parameters are wrong; nothing was run.
const WRONG: u8 = 2;
/// Exit code when a person interrupted.
const INTERRUPTED: u8 = 130;

/// Run a workflow to its end, without a server.
///
/// Jobs that the project has already completed with the same parameters and inputs are not run again; one that was
/// stopped goes on from its checkpoint. Exit codes: 0 all jobs completed, 1 a job failed, 2 the workflow is wrong and
/// nothing was run, 130 interrupted.
#[derive(Debug, clap::Args)]
pub struct RunArgs {
    /// Workflow file (TOML, a list of `[[job]]` with id, type, params and inputs).
    pub workflow: PathBuf,
    /// Project directory; made if it doesn't exist.
    #[arg(long, value_name = "DIR")]
    pub project: PathBuf,
    /// Set a parameter; may be repeated. An empty value text is written as job.param='""'.
    #[arg(long = "set", value_name = "JOB.PARAM=VALUE")]
    pub settings: Vec<String>,
    /// Print one JSON object on stdout at the end.
    #[arg(long)]
    pub json: bool,
    /// Run all jobs anew, as new jobs.
    #[arg(long)]
    pub fresh: bool,
    /// Cores to use; all if absent.
    #[arg(long)]
    pub cores: Option<u32>,
    /// Show the jobs' messages as well, not only warnings.
    #[arg(long, short)]
    pub verbose: bool,
}

/// Runs the workflow.
///
/// # Errors
/// When it can't be run at all; failed jobs are told by the exit code.
pub fn run(args: &RunArgs) -> Result<ExitCode> {
    let began = Instant::now();
    let specs: Vec<_> = nilas_jobs::registry()
        .iter()
        .map(|job_type| (job_type.spec)())
        .collect();
    let workflow = match Workflow::read(&args.workflow, &args.settings, &specs) {
        Ok(workflow) => workflow,
        Err(error) => {
            eprintln!("error: {error:#}");
            return Ok(ExitCode::from(WRONG));
        }
    };
    let wrong = wrong_types(&workflow);
    if !wrong.is_empty() {
        return Ok(refuse(&wrong));
    }
    let folder = std::path::absolute(&args.project)?;
    let mut settings = Settings::new("nilas run", folder.clone())?;
    if let Some(cores) = args.cores {
        settings.cores = cores.max(1);
    }
    let master = Master::start(&Database::in_memory()?, settings)?;
    let project = open_project(&master, &folder, &workflow)?;
    let mut book = Book::read(&folder)?;
    let plan = lay_out(&master, project, &workflow, &mut book, args.fresh)?;
    book.write()?;
    let wrong = problems(&master, project, &plan)?;
    if !wrong.is_empty() {
        return Ok(refuse(&wrong));
    }
    for (entry, job) in &plan {
        begin(&master, project, *job).with_context(|| format!("job {} ({job})", entry.id))?;
    }
    let names: BTreeMap<JobId, String> = plan.iter().map(|(entry, job)| (*job, entry.id.clone())).collect();
    let ended = watch::until_done(&master, project, &names, args.verbose)?;
    let jobs: Vec<(String, JobInfo)> = plan
        .iter()
        .map(|(entry, job)| Ok((entry.id.clone(), master.job(project, *job)?)))
        .collect::<Result<_>>()?;
    let report = Report::new(&folder, &jobs, &ended.warnings, began.elapsed().as_secs_f64());
    if args.json {
        crate::print(&serde_json::to_string_pretty(&report)?);
    } else {
        eprint!("{}", report.text());
    }
    Ok(match (ended.interrupted, report.ok) {
        (true, _) => ExitCode::from(INTERRUPTED),
        (false, true) => ExitCode::SUCCESS,
        (false, false) => ExitCode::from(FAILED),
    })
}

fn open_project(master: &Master, folder: &Path, workflow: &Workflow) -> Result<ProjectId> {
    if folder.join("project.json").exists() {
        let report = master.attach_project(folder)?;
        for warning in report.warnings {
            eprintln!("warning: {warning}");
        }
        return Ok(report.project.record.id);
    }
    let title = match workflow.title.as_str() {
        "" => folder.file_name().map_or_else(
            || "project".to_owned(),
            |name| name.to_string_lossy().into_owned(),
        ),
        title => title.to_owned(),
    };
    let path = Some(folder.display().to_string());
    Ok(master
        .create_project(
            &NewProject {
                title,
                description: String::new(),
                path,
            },
            "",
        )?
        .record
        .id)
}

/// `workflow.json` of the project directory: which job of the project is which of the workflow.
struct Book {
    path: PathBuf,
    jobs: BTreeMap<String, JobId>,
}

impl Book {
    fn read(folder: &Path) -> Result<Self> {
        let path = folder.join("workflow.json");
        let jobs = nilas_store::atomic::read_json(&path)?.unwrap_or_default();
        Ok(Book { path, jobs })
    }

    fn write(&self) -> Result<()> {
        Ok(nilas_store::atomic::write_json(&self.path, &self.jobs)?)
    }
}

/// The job of the project for each job of the workflow: that of the last run where nothing changed, else a new one.
fn lay_out<'a>(
    master: &Master,
    project: ProjectId,
    workflow: &'a Workflow,
    book: &mut Book,
    fresh: bool,
) -> Result<Vec<(&'a Entry, JobId)>> {
    let mut plan = Vec::new();
    for entry in &workflow.jobs {
        let inputs = entry
            .resolve(&book.jobs)
            .with_context(|| format!("job {}", entry.id))?;
        let known = book
            .jobs
            .get(&entry.id)
            .and_then(|job| master.job(project, *job).ok());
        let known = known.filter(|job| !fresh && job.record.job_type == entry.job_type);
        if let Some(job) = known {
            let record = &job.record;
            let same = record.params == entry.params
                && record.inputs == inputs
                && !changed_since(entry, record.queued_ms);
            if same {
                plan.push((entry, record.id));
                continue;
            }
            if record.status == JobStatus::Building {
                let patch = PatchJob {
                    params: Some(entry.params.clone()),
                    inputs: Some(inputs),
                    ..PatchJob::default()
                };
                master.patch_job(project, record.id, &patch)?;
                plan.push((entry, record.id));
                continue;
            }
        }
        let new = NewJob {
            job_type: entry.job_type.clone(),
            title: entry.title.clone(),
            params: entry.params.clone(),
            inputs,
            ..NewJob::default()
        };
        let made = master
            .create_job(project, &new, "")
            .with_context(|| format!("job {}", entry.id))?;
        book.jobs.insert(entry.id.clone(), made.record.id);
        plan.push((entry, made.record.id));
    }
    Ok(plan)
}

/// Whether a file that a parameter names is newer than the run that read it.
fn changed_since(entry: &Entry, queued_ms: Option<u64>) -> bool {
    let Some(queued_ms) = queued_ms else { return false };
    entry
        .params
        .values()
        .filter_map(|value| value.as_str())
        .filter(|text| Path::new(text).is_absolute())
        .any(|path| {
            let modified = std::fs::metadata(path).and_then(|meta| meta.modified()).ok();
            let since = modified.and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
            since.is_some_and(|since| since.as_millis() > u128::from(queued_ms))
        })
}

fn refuse(wrong: &[String]) -> ExitCode {
    for line in wrong {
        eprintln!("error: {line}");
    }
    ExitCode::from(WRONG)
}

/// When a job's type is unknown no job can be made; what is wrong with the others' parameters is told all the same.
fn wrong_types(workflow: &Workflow) -> Vec<String> {
    let known = |entry: &Entry| nilas_jobs::find(&entry.job_type);
    if workflow.jobs.iter().all(|entry| known(entry).is_some()) {
        return Vec::new();
    }
    let mut lines = Vec::new();
    for entry in &workflow.jobs {
        let Some(job_type) = known(entry) else {
            let unknown = nilas_jobs::check::unknown_type(&entry.job_type);
            lines.push(line(entry, &unknown));
            continue;
        };
        let request = nilas_jobs::Request {
            project_dir: PathBuf::new(),
            params: entry.params.clone(),
            inputs: BTreeMap::new(),
        };
        let problems = (job_type.problems)(&request);
        let own = problems.iter().filter(|p| p.field.starts_with("params."));
        lines.extend(own.map(|problem| line(entry, problem)));
    }
    lines
}

fn line(entry: &Entry, problem: &Problem) -> String {
    let field = problem.field.strip_prefix("params.").unwrap_or(&problem.field);
    format!("job {}, {field}: {} {}", entry.id, problem.message, problem.hint)
}

/// All problems of all jobs, before anything runs.
fn problems(master: &Master, project: ProjectId, plan: &[(&Entry, JobId)]) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    for (entry, job) in plan {
        if master.job(project, *job)?.record.status == JobStatus::Completed {
            continue;
        }
        let found = master.check_job(project, *job)?;
        lines.extend(found.iter().map(|problem| line(entry, problem)));
    }
    Ok(lines)
}

/// Queue a job unless it is complete or on its way already.
fn begin(master: &Master, project: ProjectId, job: JobId) -> Result<()> {
    match master.job(project, job)?.record.status {
        JobStatus::Building => master.queue_job(project, job, None)?,
        JobStatus::Failed | JobStatus::Killed => master.restart_job(project, job, &RestartJob::default())?,
        _ => return Ok(()),
    };
    Ok(())
}
