//! `nilas job`: job types, and jobs of a running server.

use anyhow::{Result, bail};
use clap::Subcommand;
use nilas_model::ParamKind;

/// What to do.
#[derive(Debug, Subcommand)]
pub enum JobCommand {
    /// List the job types, or one with its inputs, outputs and parameters.
    Types {
        /// Show only this type, in full.
        name: Option<String>,
        /// As JSON: the full description of every type.
        #[arg(long)]
        json: bool,
    },
    /// Print the manual page of a job type (Markdown).
    Manual {
        /// Job type.
        name: String,
    },
}

/// Runs the subcommand.
///
/// # Errors
/// With what is wrong and what to do.
pub fn run(command: &JobCommand) -> Result<()> {
    match command {
        JobCommand::Types { name, json } => types(name.as_deref(), *json),
        JobCommand::Manual { name } => {
            crate::print(&nilas_jobs::manual::render(&spec(name)?));
            Ok(())
        }
    }
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
        crate::print(&serde_json::to_string_pretty(&specs)?);
        return Ok(());
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
                serde_json::Value::Null if param.required => "must be given".to_owned(),
                serde_json::Value::Null => "automatic".to_owned(),
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
