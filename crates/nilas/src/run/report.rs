//! What came out of a workflow.

use crate::run::watch::duration;
use nilas_api::JobInfo;
use nilas_model::{DataKind, Failure, JobId, JobStatus};
use nilas_server::master::status_word;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// The object that `nilas run --json` prints.
#[derive(Debug, Serialize)]
pub struct Report {
    /// All jobs completed.
    pub ok: bool,
    /// Project directory.
    pub project: String,
    /// Wall-clock seconds of this run.
    pub wall_s: f64,
    /// The jobs in the workflow's order.
    pub jobs: Vec<JobReport>,
}

/// One job of the report.
#[derive(Debug, Serialize)]
pub struct JobReport {
    /// Name in the workflow.
    pub id: String,
    /// Number in the project.
    pub job: JobId,
    /// Type.
    #[serde(rename = "type")]
    pub job_type: String,
    /// Status at the end.
    pub status: JobStatus,
    /// Tries.
    pub attempts: u32,
    /// Wall-clock seconds, all tries together.
    pub wall_s: Option<f64>,
    /// Processor seconds of the last try.
    pub cpu_s: Option<f64>,
    /// Peak resident memory of the last try, bytes.
    pub peak_memory_bytes: Option<u64>,
    /// Outputs by name.
    pub outputs: BTreeMap<String, OutputReport>,
    /// Named numbers.
    pub statistics: BTreeMap<String, f64>,
    /// What it warned of in this run.
    pub warnings: Vec<String>,
    /// Why it failed.
    pub failure: Option<Failure>,
}

/// One output of the report.
#[derive(Debug, Serialize)]
pub struct OutputReport {
    /// What it holds.
    pub kind: DataKind,
    /// Rows.
    pub count: u64,
    /// Absolute paths of its files: datasets, maps, stacks.
    pub files: Vec<String>,
    /// One-line description.
    pub summary: String,
}

impl Report {
    /// The report of jobs with their names in the workflow, and what they warned of.
    pub fn new(
        project: &Path,
        jobs: &[(String, JobInfo)],
        warnings: &BTreeMap<JobId, Vec<String>>,
        wall_s: f64,
    ) -> Self {
        let ok = jobs
            .iter()
            .all(|(_, job)| job.record.status == JobStatus::Completed);
        let jobs = jobs
            .iter()
            .map(|(id, job)| {
                let warnings = warnings.get(&job.record.id).cloned().unwrap_or_default();
                job_report(project, id, job, warnings)
            })
            .collect();
        Report {
            ok,
            project: project.display().to_string(),
            wall_s,
            jobs,
        }
    }

    /// The report for readers.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for job in &self.jobs {
            text += &format!(
                "{} {} ({}): {}",
                job.job,
                job.id,
                job.job_type,
                status_word(job.status)
            );
            if let (Some(wall), Some(peak)) = (job.wall_s, job.peak_memory_bytes) {
                text += &format!(
                    ", {}, {:.0} MiB",
                    duration(wall),
                    peak as f64 / f64::from(1 << 20)
                );
            }
            text.push('\n');
            for (name, output) in &job.outputs {
                text += &format!("  {name}: {} ({})\n", output.count, output.summary);
            }
            for (name, value) in &job.statistics {
                text += &format!("  {name} = {}\n", figure(*value));
            }
            for warning in &job.warnings {
                text += &format!("  warning: {warning}\n");
            }
        }
        text + &format!("project: {} ({} in all)\n", self.project, duration(self.wall_s))
    }
}

fn job_report(project: &Path, id: &str, job: &JobInfo, warnings: Vec<String>) -> JobReport {
    let record = &job.record;
    let result = record.result.as_ref();
    let absolute = |file: &String| project.join(file).display().to_string();
    let outputs = result.iter().flat_map(|result| &result.outputs).map(|output| {
        let mut files: Vec<String> = output.slots.iter().map(|slot| absolute(&slot.metafile)).collect();
        files.extend(output.files.iter().map(absolute));
        let mut unique: Vec<String> = Vec::new();
        for file in files {
            if !unique.contains(&file) {
                unique.push(file);
            }
        }
        let report = OutputReport {
            kind: output.kind,
            count: output.count,
            files: unique,
            summary: output.summary.clone(),
        };
        (output.name.clone(), report)
    });
    JobReport {
        id: id.to_owned(),
        job: record.id,
        job_type: record.job_type.clone(),
        status: record.status,
        attempts: record.attempt,
        wall_s: result.map(|result| result.wall_s),
        cpu_s: result.map(|result| result.cpu_s),
        peak_memory_bytes: result.map(|result| result.peak_memory_bytes),
        outputs: outputs.collect(),
        statistics: result.map(|result| result.statistics.clone()).unwrap_or_default(),
        warnings,
        failure: record.failure.clone(),
    }
}

/// A number with as many digits as a reader wants: whole numbers whole, others with four significant digits.
fn figure(value: f64) -> String {
    if value == value.trunc() && value.abs() < 1e15 {
        return format!("{value:.0}");
    }
    let before_point = value.abs().log10().floor() as i64 + 1;
    let digits = (4 - before_point).clamp(0, 9) as usize;
    format!("{value:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::figure;

    #[test]
    fn figures_have_the_digits_that_matter() {
        let given = [2000.0, 0.0, 6.765_459, 873_829.79, 0.035_137_2, -12.160_943, 3e-7];
        let shown: Vec<String> = given.iter().map(|v| figure(*v)).collect();
        assert_eq!(
            shown,
            ["2000", "0", "6.765", "873830", "0.03514", "-12.16", "0.000000300"]
        );
    }
}
