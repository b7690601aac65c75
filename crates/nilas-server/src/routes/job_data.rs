//! What a job wrote: events, figures, files, log.

use crate::app::App;
use crate::error::{io, not_found};
use crate::extract::{Place, QueryOf, Refusal, blocking};
use crate::job_files;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use nilas_api::{ApiError, EventsPage, FileList, LogPage};
use nilas_model::{Figure, JobId, ProjectId};
use serde::Deserialize;
use std::io::{Read, Seek, SeekFrom};

/// Query of the event log.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EventsQuery {
    /// Only events with a number above this one.
    #[serde(default)]
    pub after: u64,
    /// At most so many (default and most 2000).
    pub limit: Option<usize>,
}

/// The event log of a job.
#[utoipa::path(get, path = "/projects/{p}/jobs/{j}/events", tag = "job data",
    params(("p" = String, Path, description = "project id"), ("j" = String, Path, description = "job id"), EventsQuery),
    responses((status = 200, body = EventsPage), (status = 404, body = ApiError)))]
pub async fn list_events(
    State(app): State<App>,
    Place((p, j)): Place<(ProjectId, JobId)>,
    QueryOf(query): QueryOf<EventsQuery>,
) -> Result<Json<EventsPage>, Refusal> {
    let limit = query.limit.unwrap_or(2000).clamp(1, 2000);
    Ok(Json(
        blocking(move || job_files::events(&app.master.job_directory(p, j)?, query.after, limit)).await?,
    ))
}

/// A figure of a job, as data.
#[utoipa::path(get, path = "/projects/{p}/jobs/{j}/figures/{id}", tag = "job data",
    params(("p" = String, Path, description = "project id"), ("j" = String, Path, description = "job id"),
        ("id" = String, Path, description = "figure id, as in the event log")),
    responses((status = 200, body = Figure), (status = 404, body = ApiError)))]
pub async fn get_figure(
    State(app): State<App>,
    Place((p, j, id)): Place<(ProjectId, JobId, String)>,
) -> Result<Response, Refusal> {
    // Passed on as it lies on disk: a figure is megabytes at times and the reader checks it anyway.
    let bytes = blocking(move || job_files::figure(&app.master.job_directory(p, j)?, &id)).await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], bytes).into_response())
}

/// The files of a job.
#[utoipa::path(get, path = "/projects/{p}/jobs/{j}/files", tag = "job data",
    params(("p" = String, Path, description = "project id"), ("j" = String, Path, description = "job id")),
    responses((status = 200, body = FileList), (status = 404, body = ApiError)))]
pub async fn list_files(
    State(app): State<App>,
    Place((p, j)): Place<(ProjectId, JobId)>,
) -> Result<Json<FileList>, Refusal> {
    Ok(Json(
        blocking(move || job_files::list(&app.master.job_directory(p, j)?)).await?,
    ))
}

/// Query of the log.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LogQuery {
    /// Byte to begin at; the last 64 KiB if absent.
    pub offset: Option<u64>,
}

/// The output of the job process, at most 256 KiB at once.
#[utoipa::path(get, path = "/projects/{p}/jobs/{j}/log", tag = "job data",
    params(("p" = String, Path, description = "project id"), ("j" = String, Path, description = "job id"), LogQuery),
    responses((status = 200, body = LogPage), (status = 404, body = ApiError)))]
pub async fn get_log(
    State(app): State<App>,
    Place((p, j)): Place<(ProjectId, JobId)>,
    QueryOf(query): QueryOf<LogQuery>,
) -> Result<Json<LogPage>, Refusal> {
    Ok(Json(
        blocking(move || job_files::log(&app.master.job_directory(p, j)?, query.offset)).await?,
    ))
}

/// Download a file of a job. `Range: bytes=a-b` is understood.
#[utoipa::path(get, path = "/projects/{p}/jobs/{j}/files/{path}", tag = "job data",
    params(("p" = String, Path, description = "project id"), ("j" = String, Path, description = "job id"),
        ("path" = String, Path, description = "path relative to the job directory, slashes included")),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>),
        (status = 206, content_type = "application/octet-stream", body = Vec<u8>), (status = 404, body = ApiError)))]
pub async fn get_file(
    State(app): State<App>,
    Place((p, j, path)): Place<(ProjectId, JobId, String)>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let range = headers
        .get(header::RANGE)
        .and_then(|v| v.to_str().ok())
        .map(str::to_owned);
    let (mut file, name, size) = blocking(move || {
        let found = job_files::resolve(&app.master.job_directory(p, j)?, &path)?;
        let file = std::fs::File::open(&found).map_err(|e| io(&found, &e))?;
        let meta = file.metadata().map_err(|e| io(&found, &e))?;
        if !meta.is_file() {
            return Err(not_found(format!("{path} is not a file")));
        }
        let name = found
            .file_name()
            .map(|n| n.to_string_lossy().into_owned())
            .unwrap_or_default();
        Ok((file, name, meta.len()))
    })
    .await?;
    let span = range.as_deref().and_then(|r| job_files::parse_range(r, size));
    let (start, length) = span.unwrap_or((0, size));
    let (sender, receiver) = tokio::sync::mpsc::channel::<std::io::Result<Vec<u8>>>(4);
    // A thread of the blocking pool feeds the body piece by piece: a stack of 100 GB never enters memory.
    tokio::task::spawn_blocking(move || {
        let mut left = length;
        if let Err(error) = file.seek(SeekFrom::Start(start)) {
            let _ = sender.blocking_send(Err(error));
            return;
        }
        while left > 0 {
            let mut piece = vec![0; left.min(256 * 1024) as usize];
            match file.read(&mut piece) {
                Ok(0) => break,
                Ok(n) => {
                    piece.truncate(n);
                    left -= n as u64;
                    if sender.blocking_send(Ok(piece)).is_err() {
                        break;
                    }
                }
                Err(error) => {
                    let _ = sender.blocking_send(Err(error));
                    break;
                }
            }
        }
    });
    let body = Body::from_stream(tokio_stream::wrappers::ReceiverStream::new(receiver));
    let plain: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_graphic() && c != '"' && c != '\\' {
                c
            } else {
                '_'
            }
        })
        .collect();
    let mut builder = Response::builder()
        .header(header::CONTENT_TYPE, job_files::content_type(&name))
        .header(header::CONTENT_LENGTH, length)
        .header(header::ACCEPT_RANGES, "bytes")
        .header(
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{plain}\""),
        );
    if span.is_some() {
        builder = builder.status(StatusCode::PARTIAL_CONTENT).header(
            header::CONTENT_RANGE,
            format!("bytes {start}-{}/{size}", start + length - 1),
        );
    }
    builder
        .body(body)
        .map_err(|e| crate::error::internal(format!("the answer could not be built: {e}")).into())
}
