//! Projects and workspaces.

use crate::app::App;
use crate::extract::{Body, Place, Refusal, blocking};
use crate::session::Caller;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Json;
use nilas_api::{ApiError, AttachProject, AttachReport, NewProject, NewWorkspace, PatchProject, ProjectInfo};
use nilas_model::{ProjectId, WorkspaceRecord};

/// All projects.
#[utoipa::path(get, path = "/projects", tag = "projects", responses((status = 200, body = [ProjectInfo])))]
pub async fn list_projects(State(app): State<App>) -> Result<Json<Vec<ProjectInfo>>, Refusal> {
    Ok(Json(blocking(move || app.master.projects()).await?))
}

/// Make a project with one workspace.
#[utoipa::path(post, path = "/projects", tag = "projects", request_body = NewProject, responses(
    (status = 201, body = ProjectInfo), (status = 400, body = ApiError), (status = 409, body = ApiError)))]
pub async fn create_project(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Body(request): Body<NewProject>,
) -> Result<(StatusCode, Json<ProjectInfo>), Refusal> {
    let info = blocking(move || {
        if let Some(path) = &request.path {
            app.check_path(path, &caller)?;
        }
        app.master.create_project(&request, &caller.user.email)
    })
    .await?;
    Ok((StatusCode::CREATED, Json(info)))
}

/// Take in an existing project directory, rebuilding everything from its files.
#[utoipa::path(post, path = "/projects/attach", tag = "projects", request_body = AttachProject, responses(
    (status = 200, body = AttachReport), (status = 400, body = ApiError), (status = 409, body = ApiError)))]
pub async fn attach_project(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Body(request): Body<AttachProject>,
) -> Result<Json<AttachReport>, Refusal> {
    Ok(Json(
        blocking(move || {
            app.check_path(&request.path, &caller)?;
            app.master.attach_project(request.path.as_ref())
        })
        .await?,
    ))
}

/// One project.
#[utoipa::path(get, path = "/projects/{p}", tag = "projects", params(("p" = String, Path, description = "project id")),
    responses((status = 200, body = ProjectInfo), (status = 404, body = ApiError)))]
pub async fn get_project(
    State(app): State<App>,
    Place(p): Place<ProjectId>,
) -> Result<Json<ProjectInfo>, Refusal> {
    Ok(Json(blocking(move || app.master.project(p)).await?))
}

/// Change title or description of a project.
#[utoipa::path(patch, path = "/projects/{p}", tag = "projects", params(("p" = String, Path, description = "project id")),
    request_body = PatchProject, responses((status = 200, body = ProjectInfo), (status = 400, body = ApiError),
    (status = 404, body = ApiError)))]
pub async fn patch_project(
    State(app): State<App>,
    Place(p): Place<ProjectId>,
    Body(request): Body<PatchProject>,
) -> Result<Json<ProjectInfo>, Refusal> {
    Ok(Json(
        blocking(move || app.master.patch_project(p, &request)).await?,
    ))
}

/// Detach a project: the server forgets it. No file is ever deleted: the directory stays as it is, and
/// `POST /projects/attach` brings the project back.
#[utoipa::path(delete, path = "/projects/{p}", tag = "projects", params(("p" = String, Path, description = "project id")),
    responses((status = 204), (status = 404, body = ApiError), (status = 409, body = ApiError)))]
pub async fn detach_project(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Place(p): Place<ProjectId>,
) -> Result<StatusCode, Refusal> {
    blocking(move || {
        if app.master.project(p)?.record.owner != caller.user.email {
            caller.must_be_admin("detach projects of others")?;
        }
        app.master.detach_project(p)
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The workspaces of a project.
#[utoipa::path(get, path = "/projects/{p}/workspaces", tag = "projects", params(("p" = String, Path, description = "project id")),
    responses((status = 200, body = [WorkspaceRecord]), (status = 404, body = ApiError)))]
pub async fn list_workspaces(
    State(app): State<App>,
    Place(p): Place<ProjectId>,
) -> Result<Json<Vec<WorkspaceRecord>>, Refusal> {
    Ok(Json(
        blocking(move || Ok(app.master.project(p)?.record.workspaces)).await?,
    ))
}

/// Make a workspace.
#[utoipa::path(post, path = "/projects/{p}/workspaces", tag = "projects", params(("p" = String, Path, description = "project id")),
    request_body = NewWorkspace, responses((status = 201, body = WorkspaceRecord), (status = 404, body = ApiError)))]
pub async fn create_workspace(
    State(app): State<App>,
    Place(p): Place<ProjectId>,
    Body(request): Body<NewWorkspace>,
) -> Result<(StatusCode, Json<WorkspaceRecord>), Refusal> {
    let made = blocking(move || app.master.create_workspace(p, &request)).await?;
    Ok((StatusCode::CREATED, Json(made)))
}
