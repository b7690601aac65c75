//! Maps for the viewer, made smaller.

use crate::app::App;
use crate::extract::{Place, QueryOf, Refusal, blocking};
use crate::{job_files, viewer_map};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use nilas_api::ApiError;
use nilas_model::{JobId, ProjectId};
use serde::Deserialize;

/// Query of the viewer's map.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct VolumeQuery {
    /// Path of the map, relative to the job directory or (as in an output's `files`) to the project directory.
    pub file: String,
    /// Edge of the largest map to send, voxels (default 128, 16 to 256).
    pub max_box: Option<usize>,
}

/// A map as MRC (mode 2), averaged over blocks of voxels so that no edge exceeds `max_box`.
#[utoipa::path(get, path = "/projects/{p}/jobs/{j}/volume", tag = "job data",
    params(("p" = String, Path, description = "project id"), ("j" = String, Path, description = "job id"), VolumeQuery),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>), (status = 404, body = ApiError),
        (status = 422, body = ApiError)))]
pub async fn get_volume(
    State(app): State<App>,
    Place((p, j)): Place<(ProjectId, JobId)>,
    QueryOf(query): QueryOf<VolumeQuery>,
) -> Result<Response, Refusal> {
    let max_box = query.max_box.unwrap_or(128).clamp(16, 256);
    let bytes = blocking(move || {
        let directory = app.master.job_directory(p, j)?;
        let inside = query.file.strip_prefix(&format!("{j}/")).unwrap_or(&query.file);
        viewer_map::load(&job_files::resolve(&directory, inside)?, max_box)
    })
    .await?;
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], bytes).into_response())
}
