//! One method per route that the command line or a worker needs.

use crate::{Client, Result};
use nilas_api::{
    AttachProject, AttachReport, CloneJob, CreatedUser, EventsPage, JobInfo, LaneInfo, LogPage, NewJob,
    NewProject, NewUser, PasswordReset, PatchJob, PatchProject, PatchUser, ProjectInfo, QueueJob, RestartJob,
    UserInfo, VersionInfo, WorkerHello, WorkerSync, WorkerSyncReply, WorkerWelcome,
};
use nilas_model::{JobId, ProjectId, UserId};

impl Client {
    /// The server's version.
    pub fn version(&self) -> Result<VersionInfo> {
        self.get("/version")
    }

    /// All accounts.
    pub fn users(&self) -> Result<Vec<UserInfo>> {
        self.get("/users")
    }

    /// Make an account.
    pub fn create_user(&self, new: &NewUser) -> Result<CreatedUser> {
        self.post("/users", new)
    }

    /// Change name or role of an account, close it or open it again.
    pub fn patch_user(&self, user: UserId, patch: &PatchUser) -> Result<UserInfo> {
        self.patch(&format!("/users/{user}"), patch)
    }

    /// Remove an account; its projects stay.
    pub fn delete_user(&self, user: UserId) -> Result<()> {
        self.delete(&format!("/users/{user}"))
    }

    /// Set the password of somebody else.
    pub fn reset_password(&self, user: UserId, reset: &PasswordReset) -> Result<CreatedUser> {
        self.post(&format!("/users/{user}/password"), reset)
    }

    /// The lanes.
    pub fn lanes(&self) -> Result<Vec<LaneInfo>> {
        self.get("/lanes")
    }

    /// All projects.
    pub fn projects(&self) -> Result<Vec<ProjectInfo>> {
        self.get("/projects")
    }

    /// One project.
    pub fn project(&self, project: ProjectId) -> Result<ProjectInfo> {
        self.get(&format!("/projects/{project}"))
    }

    /// Make a project.
    pub fn create_project(&self, new: &NewProject) -> Result<ProjectInfo> {
        self.post("/projects", new)
    }

    /// Take in a project directory.
    pub fn attach_project(&self, path: &str) -> Result<AttachReport> {
        self.post(
            "/projects/attach",
            &AttachProject {
                path: path.to_owned(),
            },
        )
    }

    /// Change title or description of a project.
    pub fn patch_project(&self, project: ProjectId, patch: &PatchProject) -> Result<ProjectInfo> {
        self.patch(&format!("/projects/{project}"), patch)
    }

    /// Forget a project; its directory stays.
    pub fn detach_project(&self, project: ProjectId) -> Result<()> {
        self.delete(&format!("/projects/{project}"))
    }

    /// The jobs of a project.
    pub fn jobs(&self, project: ProjectId) -> Result<Vec<JobInfo>> {
        self.get(&format!("/projects/{project}/jobs"))
    }

    /// One job.
    pub fn job(&self, project: ProjectId, job: JobId) -> Result<JobInfo> {
        self.get(&format!("/projects/{project}/jobs/{job}"))
    }

    /// Make a job.
    pub fn create_job(&self, project: ProjectId, new: &NewJob) -> Result<JobInfo> {
        self.post(&format!("/projects/{project}/jobs"), new)
    }

    /// Change a job.
    pub fn patch_job(&self, project: ProjectId, job: JobId, patch: &PatchJob) -> Result<JobInfo> {
        self.patch(&format!("/projects/{project}/jobs/{job}"), patch)
    }

    /// Delete a job.
    pub fn delete_job(&self, project: ProjectId, job: JobId) -> Result<()> {
        self.delete(&format!("/projects/{project}/jobs/{job}"))
    }

    /// Queue a job.
    pub fn queue_job(&self, project: ProjectId, job: JobId, request: &QueueJob) -> Result<JobInfo> {
        self.post(&format!("/projects/{project}/jobs/{job}/queue"), request)
    }

    /// Queue a failed or killed job again.
    pub fn restart_job(&self, project: ProjectId, job: JobId, request: &RestartJob) -> Result<JobInfo> {
        self.post(&format!("/projects/{project}/jobs/{job}/restart"), request)
    }

    /// Stop a job.
    pub fn kill_job(&self, project: ProjectId, job: JobId) -> Result<JobInfo> {
        self.post(&format!("/projects/{project}/jobs/{job}/kill"), &())
    }

    /// Remove what a job made.
    pub fn clear_job(&self, project: ProjectId, job: JobId) -> Result<JobInfo> {
        self.post(&format!("/projects/{project}/jobs/{job}/clear"), &())
    }

    /// Make a new job with the same parameters and inputs.
    pub fn clone_job(&self, project: ProjectId, job: JobId, request: &CloneJob) -> Result<JobInfo> {
        self.post(&format!("/projects/{project}/jobs/{job}/clone"), request)
    }

    /// A page of a job's event log.
    pub fn events(&self, project: ProjectId, job: JobId, after: u64) -> Result<EventsPage> {
        self.get(&format!("/projects/{project}/jobs/{job}/events?after={after}"))
    }

    /// The output of a job's process from a byte on.
    pub fn log(&self, project: ProjectId, job: JobId, offset: Option<u64>) -> Result<LogPage> {
        let query = offset.map_or_else(String::new, |offset| format!("?offset={offset}"));
        self.get(&format!("/projects/{project}/jobs/{job}/log{query}"))
    }

    /// A worker says hello.
    pub fn worker_hello(&self, hello: &WorkerHello) -> Result<WorkerWelcome> {
        self.post("/workers", hello)
    }

    /// A worker says what it has and hears what it should have.
    pub fn worker_sync(&self, name: &str, sync: &WorkerSync) -> Result<WorkerSyncReply> {
        self.post(&format!("/workers/{name}/sync"), sync)
    }
}
