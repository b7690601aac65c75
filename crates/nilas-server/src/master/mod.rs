//! stub
#![allow(missing_docs)]
use nilas_api::*;
use nilas_model::*;
use std::path::{Path, PathBuf};
pub struct Master {
    accounts: nilas_store::Accounts,
}
type R<T> = Result<T, ApiError>;
fn no<T>() -> R<T> {
    Err(crate::error::internal("not built yet"))
}
impl Master {
    pub fn accounts(&self) -> &nilas_store::Accounts {
        &self.accounts
    }
    pub fn job_types(&self) -> &[JobSpec] {
        &[]
    }
    pub fn projects(&self) -> R<Vec<ProjectInfo>> {
        no()
    }
    pub fn create_project(&self, _: &NewProject, _: &str) -> R<ProjectInfo> {
        no()
    }
    pub fn attach_project(&self, _: &Path) -> R<AttachReport> {
        no()
    }
    pub fn project(&self, _: ProjectId) -> R<ProjectInfo> {
        no()
    }
    pub fn detach_project(&self, _: ProjectId) -> R<()> {
        no()
    }
    pub fn create_workspace(&self, _: ProjectId, _: &NewWorkspace) -> R<WorkspaceRecord> {
        no()
    }
    pub fn jobs(&self, _: ProjectId) -> R<Vec<JobInfo>> {
        no()
    }
    pub fn job(&self, _: ProjectId, _: JobId) -> R<JobInfo> {
        no()
    }
    pub fn job_directory(&self, _: ProjectId, _: JobId) -> R<PathBuf> {
        no()
    }
    pub fn create_job(&self, _: ProjectId, _: &NewJob, _: &str) -> R<JobInfo> {
        no()
    }
    pub fn patch_job(&self, _: ProjectId, _: JobId, _: &PatchJob) -> R<JobInfo> {
        no()
    }
    pub fn delete_job(&self, _: ProjectId, _: JobId) -> R<()> {
        no()
    }
    pub fn check_job(&self, _: ProjectId, _: JobId) -> R<Vec<Problem>> {
        no()
    }
    pub fn queue_job(&self, _: ProjectId, _: JobId, _: Option<&str>) -> R<JobInfo> {
        no()
    }
    pub fn kill_job(&self, _: ProjectId, _: JobId) -> R<JobInfo> {
        no()
    }
    pub fn clear_job(&self, _: ProjectId, _: JobId) -> R<JobInfo> {
        no()
    }
    pub fn clone_job(&self, _: ProjectId, _: JobId, _: &CloneJob, _: &str) -> R<JobInfo> {
        no()
    }
    pub fn restart_job(&self, _: ProjectId, _: JobId, _: &RestartJob) -> R<JobInfo> {
        no()
    }
    pub fn lanes(&self) -> Vec<LaneInfo> {
        Vec::new()
    }
    pub fn worker_hello(&self, _: &WorkerHello) -> R<WorkerWelcome> {
        no()
    }
    pub fn worker_sync(&self, _: &str, _: &WorkerSync) -> R<WorkerSyncReply> {
        no()
    }
    pub fn complaints(&self) -> Vec<String> {
        Vec::new()
    }
    pub fn listen(&self) -> tokio::sync::broadcast::Receiver<ServerEvent> {
        tokio::sync::broadcast::channel(1).1
    }
}
