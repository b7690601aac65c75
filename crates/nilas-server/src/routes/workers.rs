//! Workers that dial in.

use crate::app::App;
use crate::extract::{Body, Place, Refusal, blocking};
use crate::session::Caller;
use axum::Extension;
use axum::extract::State;
use axum::response::Json;
use nilas_api::{ApiError, WorkerHello, WorkerSync, WorkerSyncReply, WorkerWelcome};

/// A worker says hello and becomes a lane (needs a token of an administrator).
#[utoipa::path(post, path = "/workers", tag = "workers", request_body = WorkerHello, responses(
    (status = 200, body = WorkerWelcome), (status = 403, body = ApiError), (status = 409, body = ApiError)))]
pub async fn hello_worker(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Body(request): Body<WorkerHello>,
) -> Result<Json<WorkerWelcome>, Refusal> {
    caller.must_be_admin("run workers")?;
    Ok(Json(blocking(move || app.master.worker_hello(&request)).await?))
}

/// A worker says what it has and hears what it should have.
#[utoipa::path(post, path = "/workers/{name}/sync", tag = "workers",
    params(("name" = String, Path, description = "lane name")), request_body = WorkerSync,
    responses((status = 200, body = WorkerSyncReply), (status = 404, body = ApiError)))]
pub async fn sync_worker(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Place(name): Place<String>,
    Body(request): Body<WorkerSync>,
) -> Result<Json<WorkerSyncReply>, Refusal> {
    caller.must_be_admin("run workers")?;
    Ok(Json(
        blocking(move || app.master.worker_sync(&name, &request)).await?,
    ))
}
