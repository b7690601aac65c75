//! `nilas project`: projects of a running server.

use crate::installation::Connection;
use anyhow::Result;
use clap::Subcommand;
use nilas_api::{NewProject, PatchProject, ProjectInfo};
use nilas_model::ProjectId;
use std::path::PathBuf;

/// What to do, and with which server.
#[derive(Debug, clap::Args)]
pub struct ProjectArgs {
    #[command(subcommand)]
    command: ProjectCommand,
    #[command(flatten)]
    connection: Connection,
    /// Print JSON.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum ProjectCommand {
    /// List the projects.
    List,
    /// Make a project.
    Create {
        /// Title.
        title: String,
        /// Project directory to make [default: a new one in the server's folder for projects].
        #[arg(long, value_name = "DIR")]
        path: Option<PathBuf>,
    },
    /// Take in an existing project directory; everything is rebuilt from its files.
    Attach {
        /// The project directory.
        directory: PathBuf,
    },
    /// Show a project with its jobs.
    Show {
        /// Project, for example P1.
        project: ProjectId,
    },
    /// Change title or description of a project.
    Edit {
        /// Project, for example P1.
        project: ProjectId,
        /// New title.
        #[arg(long, required_unless_present = "description")]
        title: Option<String>,
        /// New description.
        #[arg(long)]
        description: Option<String>,
    },
    /// Forget a project. No file is deleted: its directory stays as it is and can be attached again.
    Detach {
        /// Project, for example P1.
        project: ProjectId,
    },
}

/// Runs the subcommand.
///
/// # Errors
/// With what is wrong and what to do.
pub fn run(args: &ProjectArgs) -> Result<()> {
    let client = args.connection.client()?;
    match &args.command {
        ProjectCommand::List => {
            let projects = client.projects()?;
            if args.json {
                return crate::print_json(&projects);
            }
            let lines: Vec<String> = projects.iter().map(line).collect();
            crate::print_lines(&lines, "there are no projects yet");
        }
        ProjectCommand::Create { title, path } => {
            let path = path.as_ref().map(std::path::absolute).transpose()?;
            let path = path.map(|path| path.display().to_string());
            let made = client.create_project(&NewProject {
                title: title.clone(),
                description: String::new(),
                path,
            })?;
            show(&made, args.json)?;
        }
        ProjectCommand::Attach { directory } => {
            let report = client.attach_project(&std::path::absolute(directory)?.display().to_string())?;
            if args.json {
                return crate::print_json(&report);
            }
            for warning in &report.warnings {
                eprintln!("warning: {warning}");
            }
            crate::print(&format!("{}\n{} jobs", line(&report.project), report.jobs));
        }
        ProjectCommand::Show { project } => {
            let info = client.project(*project)?;
            let jobs = client.jobs(*project)?;
            if args.json {
                return crate::print_json(&serde_json::json!({ "project": info, "jobs": jobs }));
            }
            let mut lines = vec![line(&info)];
            lines.extend(jobs.iter().map(crate::job::line));
            crate::print_lines(&lines, "");
        }
        ProjectCommand::Edit {
            project,
            title,
            description,
        } => {
            let patch = PatchProject {
                title: title.clone(),
                description: description.clone(),
            };
            show(&client.patch_project(*project, &patch)?, args.json)?;
        }
        ProjectCommand::Detach { project } => client.detach_project(*project)?,
    }
    Ok(())
}

fn show(project: &ProjectInfo, json: bool) -> Result<()> {
    if json {
        return crate::print_json(project);
    }
    crate::print(&line(project));
    Ok(())
}

fn line(project: &ProjectInfo) -> String {
    let jobs: u64 = project.jobs.values().sum();
    let trouble = project
        .unavailable
        .as_ref()
        .map_or_else(String::new, |why| format!("  UNAVAILABLE: {why}"));
    format!(
        "{:<5} {:<30} {jobs:>4} jobs  {}{trouble}",
        project.record.id.to_string(),
        project.record.title,
        project.path
    )
}
