//! `nilas job`: job types, and jobs of a running server.

use crate::installation::Connection;
use anyhow::{Context, Result, bail};
use clap::Subcommand;
use nilas_api::{CloneJob, JobInfo, NewJob, QueueJob, RestartJob};
use nilas_model::{InputRef, JobId, ParamKind, ProjectId};
use nilas_server::master::status_word;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What to do, and with which server.
#[derive(Debug, clap::Args)]
pub struct JobArgs {
    #[command(subcommand)]
    command: JobCommand,
    #[command(flatten)]
    connection: Connection,
    /// Print JSON.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum JobCommand {
    /// List the job types, or show one with its inputs, outputs and parameters (needs no server).
    Types {
        /// Show only this type, in full.
        name: Option<String>,
    },
    /// Print the manual page of a job type as Markdown (needs no server).
    Manual {
        /// Job type.
        name: String,
    },
    /// List the jobs of a project.
    List {
        /// Project, for example P1.
        project: ProjectId,
    },
    /// Show a job with parameters, outputs and statistics.
    Show(Which),
    /// Make a job in the state `building`.
    Create {
        /// Project, for example P1.
        project: ProjectId,
        /// Job type.
        job_type: String,
        /// Set a parameter; may be repeated.
        #[arg(long = "param", value_name = "NAME=VALUE")]
        params: Vec<String>,
        /// Connect an input to an output of another job; may be repeated.
        #[arg(long = "input", value_name = "INPUT=JOB.OUTPUT")]
        inputs: Vec<String>,
        /// Title.
        #[arg(long, default_value = "")]
        title: String,
    },
    /// Queue a job; all problems of its parameters and inputs are reported at once.
    Queue {
        #[command(flatten)]
        which: Which,
        /// Lane [default: the server's own machine].
        #[arg(long)]
        lane: Option<String>,
    },
    /// Queue a failed or killed job again; it goes on from its checkpoint.
    Restart {
        #[command(flatten)]
        which: Which,
        /// Throw the checkpoint away.
        #[arg(long)]
        from_scratch: bool,
    },
    /// Stop a job.
    Kill(Which),
    /// Make a new job with the same parameters and inputs.
    Clone(Which),
    /// Remove what a job made; it is building again.
    Clear(Which),
    /// Delete a job with its directory.
    Delete(Which),
    /// Print the event log, or with --process the output of the job's process.
    Log {
        #[command(flatten)]
        which: Which,
        /// Output of the process (job.log).
        #[arg(long)]
        process: bool,
    },
}

/// A job of a project.
#[derive(Debug, clap::Args)]
struct Which {
    /// Project, for example P1.
    project: ProjectId,
    /// Job, for example J3.
    job: JobId,
}

/// Runs the subcommand.
///
/// # Errors
/// With what is wrong and what to do.
pub fn run(args: &JobArgs) -> Result<()> {
    let client = || args.connection.client();
    let show = |job: JobInfo| {
        if args.json {
            crate::print_json(&job)
        } else {
            crate::print(&line(&job));
            Ok(())
        }
    };
    match &args.command {
        JobCommand::Types { name } => types(name.as_deref(), args.json),
        JobCommand::Manual { name } => {
            crate::print(&nilas_jobs::manual::render(&spec(name)?));
            Ok(())
        }
        JobCommand::List { project } => {
            let jobs = client()?.jobs(*project)?;
            if args.json {
                return crate::print_json(&jobs);
            }
            let lines: Vec<String> = jobs.iter().map(line).collect();
            crate::print_lines(&lines, "the project has no jobs yet");
            Ok(())
        }
        JobCommand::Show(which) => {
            let job = client()?.job(which.project, which.job)?;
            if args.json {
                return crate::print_json(&job);
            }
            crate::print(&describe(&job));
            Ok(())
        }
        JobCommand::Create {
            project,
            job_type,
            params,
            inputs,
            title,
        } => {
            let new = NewJob {
                job_type: job_type.clone(),
                title: title.clone(),
                params: read_params(params)?,
                inputs: read_inputs(inputs)?,
                ..NewJob::default()
            };
            show(client()?.create_job(*project, &new)?)
        }
        JobCommand::Queue { which, lane } => {
            show(client()?.queue_job(which.project, which.job, &QueueJob { lane: lane.clone() })?)
        }
        JobCommand::Restart { which, from_scratch } => {
            let request = RestartJob {
                from_scratch: *from_scratch,
                lane: None,
            };
            show(client()?.restart_job(which.project, which.job, &request)?)
        }
        JobCommand::Kill(which) => show(client()?.kill_job(which.project, which.job)?),
        JobCommand::Clone(which) => {
            show(client()?.clone_job(which.project, which.job, &CloneJob::default())?)
        }
        JobCommand::Clear(which) => show(client()?.clear_job(which.project, which.job)?),
        JobCommand::Delete(which) => Ok(client()?.delete_job(which.project, which.job)?),
        JobCommand::Log { which, process } => log(&client()?, which, *process, args.json),
    }
}

/// One line about a job.
pub fn line(job: &JobInfo) -> String {
    let mut text = format!(
        "{:<5} {:<20} {:<10} {}",
        job.record.id.to_string(),
        job.record.job_type,
        status_word(job.record.status),
        job.display_title
    );
    if let Some(why) = &job.waiting_for {
        text += &format!("  ({why})");
    }
    if let Some(progress) = &job.progress {
        text += &format!("  ({}: {} of {})", progress.what, progress.done, progress.total);
    }
    if let Some(failure) = &job.record.failure {
        text += &format!("\n      {}", failure.message);
    }
    text
}

fn describe(job: &JobInfo) -> String {
    let record = &job.record;
    let mut text = line(job);
    for (name, value) in &record.params {
        text += &format!("\n  param  {name} = {value}");
    }
    for (name, sources) in &record.inputs {
        for source in sources {
            text += &format!("\n  input  {name} = {}.{}", source.job, source.output);
        }
    }
    if let Some(failure) = &record.failure {
        text += &format!("\n  {}", failure.hint);
    }
    if let Some(result) = &record.result {
        for output in &result.outputs {
            text += &format!(
                "\n  output {}: {} ({})",
                output.name, output.count, output.summary
            );
            for file in &output.files {
                text += &format!("\n           {file}");
            }
        }
        for (name, value) in &result.statistics {
            text += &format!("\n  {name} = {value}");
        }
        let mib = result.peak_memory_bytes as f64 / f64::from(1 << 20);
        text += &format!(
            "\n  {:.1} s, {mib:.0} MiB, nilas {}",
            result.wall_s, result.version
        );
    }
    text
}

fn log(client: &nilas_client::Client, which: &Which, process: bool, json: bool) -> Result<()> {
    if process {
        let mut offset = 0;
        loop {
            let page = client.log(which.project, which.job, Some(offset))?;
            if page.text.is_empty() || page.offset < offset {
                return Ok(());
            }
            crate::print(page.text.trim_end_matches('\n'));
            offset = page.offset + page.text.len() as u64;
            if offset >= page.size {
                return Ok(());
            }
        }
    }
    let mut after = 0;
    loop {
        let page = client.events(which.project, which.job, after)?;
        for event in &page.events {
            after = event.seq;
            crate::print(
                &serde_json::to_string(event).map(|text| if json { text } else { readable(event) })?,
            );
        }
        if !page.more {
            return Ok(());
        }
    }
}

fn readable(event: &nilas_model::Event) -> String {
    use nilas_model::EventKind;
    let text = match &event.kind {
        EventKind::Text { level, message } => format!("{level:?}: {message}"),
        EventKind::Progress(progress) => {
            format!("{}: {} of {}", progress.what, progress.done, progress.total)
        }
        EventKind::Figure { id, title, .. } => format!("figure {id}: {title}"),
        EventKind::Statistic { name, value, .. } => format!("{name} = {value}"),
        EventKind::Checkpoint { message } => format!("checkpoint: {message}"),
        EventKind::Started {
            attempt,
            host,
            pid,
            resumed,
        } => {
            let how = if *resumed {
                ", going on from its checkpoint"
            } else {
                ""
            };
            format!("try {attempt} began on {host}, process {pid}{how}")
        }
    };
    format!("{:>5} {text}", event.seq)
}

fn read_params(settings: &[String]) -> Result<Map<String, Value>> {
    let mut params = Map::new();
    for setting in settings {
        let (name, value) = setting
            .split_once('=')
            .with_context(|| format!("--param {setting}: expected name=value"))?;
        params.insert(
            name.trim().to_owned(),
            crate::run::workflow::parse_value(value.trim()),
        );
    }
    Ok(params)
}

fn read_inputs(settings: &[String]) -> Result<BTreeMap<String, Vec<InputRef>>> {
    let mut inputs: BTreeMap<String, Vec<InputRef>> = BTreeMap::new();
    for setting in settings {
        let form = || format!("--input {setting}: expected input=J3.output");
        let (name, source) = setting.split_once('=').with_context(form)?;
        let (job, output) = source.split_once('.').with_context(form)?;
        let source = InputRef {
            job: job.trim().parse()?,
            output: output.trim().to_owned(),
        };
        inputs.entry(name.trim().to_owned()).or_default().push(source);
    }
    Ok(inputs)
}

fn spec(name: &str) -> Result<nilas_model::JobSpec> {
    match nilas_jobs::find(name) {
        Some(job_type) => Ok((job_type.spec)()),
        None => {
            let problem = nilas_jobs::check::unknown_type(name);
            bail!("{} {}", problem.message, problem.hint)
        }
    }
}

fn types(name: Option<&str>, json: bool) -> Result<()> {
    let specs: Vec<_> = match name {
        Some(name) => vec![spec(name)?],
        None => nilas_jobs::registry()
            .iter()
            .map(|job_type| (job_type.spec)())
            .collect(),
    };
    if json {
        return crate::print_json(&specs);
    }
    let mut text = String::new();
    for spec in &specs {
        text += &format!("{:<22} {}\n", spec.name, spec.summary);
        if name.is_none() {
            continue;
        }
        for input in &spec.inputs {
            let needed = if input.min == 0 { "optional" } else { "needed" };
            text += &format!("  input  {:<28} {needed}: {}\n", input.name, input.help);
        }
        for output in &spec.outputs {
            text += &format!("  output {:<28} {}\n", output.name, output.help);
        }
        for param in &spec.params {
            let unit = if param.unit.is_empty() {
                String::new()
            } else {
                format!(" ({})", param.unit)
            };
            let default = match &param.default {
                Value::Null if param.required => "must be given".to_owned(),
                Value::Null => "automatic".to_owned(),
                value => format!("default {value}"),
            };
            let options = match &param.kind {
                ParamKind::Choice { options } => format!("; one of {}", options.join(", ")),
                _ => String::new(),
            };
            text += &format!(
                "  param  {:<28} {}{unit}; {default}{options}\n",
                param.name, param.title
            );
        }
    }
    crate::print(text.trim_end());
    Ok(())
}
