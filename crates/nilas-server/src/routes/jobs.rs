//! Jobs: build, queue, kill, clear, clone, restart, delete.

use crate::app::App;
use crate::extract::{Body, MaybeBody, Place, Refusal, blocking};
use crate::session::Caller;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Json;
use nilas_api::job::CheckReport;
use nilas_api::{ApiError, CloneJob, JobInfo, NewJob, PatchJob, QueueJob, RestartJob};
use nilas_model::{JobId, JobSpec, ProjectId};

/// What job types there are, with inputs, outputs and parameters.
#[utoipa::path(get, path = "/job-types", tag = "jobs", responses((status = 200, body = [JobSpec])))]
pub async fn list_job_types(State(app): State<App>) -> Json<Vec<JobSpec>> {
    Json(app.master.job_types().to_vec())
}

/// The jobs of a project, by number.
#[utoipa::path(get, path = "/projects/{p}/jobs", tag = "jobs", params(("p" = String, Path, description = "project id")),
    responses((status = 200, body = [JobInfo]), (status = 404, body = ApiError)))]
pub async fn list_jobs(
    State(app): State<App>,
    Place(p): Place<ProjectId>,
) -> Result<Json<Vec<JobInfo>>, Refusal> {
    Ok(Json(blocking(move || app.master.jobs(p)).await?))
}

/// Make a job in the state `building`. Wrong parameters are allowed in a draft; only an unknown type is refused.
#[utoipa::path(post, path = "/projects/{p}/jobs", tag = "jobs", params(("p" = String, Path, description = "project id")),
    request_body = NewJob, responses((status = 201, body = JobInfo), (status = 404, body = ApiError), (status = 422, body = ApiError)))]
pub async fn create_job(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Place(p): Place<ProjectId>,
    Body(request): Body<NewJob>,
) -> Result<(StatusCode, Json<JobInfo>), Refusal> {
    let made = blocking(move || app.master.create_job(p, &request, &caller.user.email)).await?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// One job.
#[utoipa::path(get, path = "/projects/{p}/jobs/{j}", tag = "jobs",
    params(("p" = String, Path, description = "project id"), ("j" = String, Path, description = "job id")),
    responses((status = 200, body = JobInfo), (status = 404, body = ApiError)))]
pub async fn get_job(
    State(app): State<App>,
    Place((p, j)): Place<(ProjectId, JobId)>,
) -> Result<Json<JobInfo>, Refusal> {
    Ok(Json(blocking(move || app.master.job(p, j)).await?))
}

/// Change title, description or workspace; parameters and inputs too while the job is building.
#[utoipa::path(patch, path = "/projects/{p}/jobs/{j}", tag = "jobs",
    params(("p" = String, Path, description = "project id"), ("j" = String, Path, description = "job id")),
    request_body = PatchJob,
    responses((status = 200, body = JobInfo), (status = 404, body = ApiError), (status = 409, body = ApiError)))]
pub async fn patch_job(
    State(app): State<App>,
    Place((p, j)): Place<(ProjectId, JobId)>,
    Body(request): Body<PatchJob>,
) -> Result<Json<JobInfo>, Refusal> {
    Ok(Json(
        blocking(move || app.master.patch_job(p, j, &request)).await?,
    ))
}

/// Delete a job with its directory. Refused while it runs or while other jobs use its outputs.
#[utoipa::path(delete, path = "/projects/{p}/jobs/{j}", tag = "jobs",
    params(("p" = String, Path, description = "project id"), ("j" = String, Path, description = "job id")),
    responses((status = 204), (status = 404, body = ApiError), (status = 409, body = ApiError)))]
pub async fn delete_job(
    State(app): State<App>,
    Place((p, j)): Place<(ProjectId, JobId)>,
) -> Result<StatusCode, Refusal> {
    blocking(move || app.master.delete_job(p, j)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Report all problems of the parameters and inputs without queueing.
#[utoipa::path(post, path = "/projects/{p}/jobs/{j}/check", tag = "jobs",
    params(("p" = String, Path, description = "project id"), ("j" = String, Path, description = "job id")),
    responses((status = 200, body = CheckReport), (status = 404, body = ApiError)))]
pub async fn check_job(
    State(app): State<App>,
    Place((p, j)): Place<(ProjectId, JobId)>,
) -> Result<Json<CheckReport>, Refusal> {
    Ok(Json(
        blocking(move || {
            Ok(CheckReport {
                problems: app.master.check_job(p, j)?,
            })
        })
        .await?,
    ))
}

/// Queue a job. Answers 422 with all problems at once when parameters or inputs are wrong.
#[utoipa::path(post, path = "/projects/{p}/jobs/{j}/queue", tag = "jobs",
    params(("p" = String, Path, description = "project id"), ("j" = String, Path, description = "job id")),
    request_body = QueueJob, responses((status = 200, body = JobInfo), (status = 404, body = ApiError),
    (status = 409, body = ApiError), (status = 422, body = ApiError)))]
pub async fn queue_job(
    State(app): State<App>,
    Place((p, j)): Place<(ProjectId, JobId)>,
    MaybeBody(request): MaybeBody<QueueJob>,
) -> Result<Json<JobInfo>, Refusal> {
    Ok(Json(
        blocking(move || app.master.queue_job(p, j, request.lane.as_deref())).await?,
    ))
}

/// Stop a queued or running job. It keeps its checkpoint, if it has one.
#[utoipa::path(post, path = "/projects/{p}/jobs/{j}/kill", tag = "jobs",
    params(("p" = String, Path, description = "project id"), ("j" = String, Path, description = "job id")),
    responses((status = 200, body = JobInfo), (status = 404, body = ApiError), (status = 409, body = ApiError)))]
pub async fn kill_job(
    State(app): State<App>,
    Place((p, j)): Place<(ProjectId, JobId)>,
) -> Result<Json<JobInfo>, Refusal> {
    Ok(Json(blocking(move || app.master.kill_job(p, j)).await?))
}

/// Remove results, checkpoint and event log of a job that doesn't run; it is building again.
#[utoipa::path(post, path = "/projects/{p}/jobs/{j}/clear", tag = "jobs",
    params(("p" = String, Path, description = "project id"), ("j" = String, Path, description = "job id")),
    responses((status = 200, body = JobInfo), (status = 404, body = ApiError), (status = 409, body = ApiError)))]
pub async fn clear_job(
    State(app): State<App>,
    Place((p, j)): Place<(ProjectId, JobId)>,
) -> Result<Json<JobInfo>, Refusal> {
    Ok(Json(blocking(move || app.master.clear_job(p, j)).await?))
}

/// Make a new job, building, with the same parameters and inputs.
#[utoipa::path(post, path = "/projects/{p}/jobs/{j}/clone", tag = "jobs",
    params(("p" = String, Path, description = "project id"), ("j" = String, Path, description = "job id")),
    request_body = CloneJob, responses((status = 201, body = JobInfo), (status = 404, body = ApiError)))]
pub async fn clone_job(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Place((p, j)): Place<(ProjectId, JobId)>,
    MaybeBody(request): MaybeBody<CloneJob>,
) -> Result<(StatusCode, Json<JobInfo>), Refusal> {
    let made = blocking(move || app.master.clone_job(p, j, &request, &caller.user.email)).await?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// Queue a failed or killed job again; it goes on from its checkpoint if it has one.
#[utoipa::path(post, path = "/projects/{p}/jobs/{j}/restart", tag = "jobs",
    params(("p" = String, Path, description = "project id"), ("j" = String, Path, description = "job id")),
    request_body = RestartJob, responses((status = 200, body = JobInfo), (status = 404, body = ApiError),
    (status = 409, body = ApiError), (status = 422, body = ApiError)))]
pub async fn restart_job(
    State(app): State<App>,
    Place((p, j)): Place<(ProjectId, JobId)>,
    MaybeBody(request): MaybeBody<RestartJob>,
) -> Result<Json<JobInfo>, Refusal> {
    Ok(Json(
        blocking(move || app.master.restart_job(p, j, &request)).await?,
    ))
}
