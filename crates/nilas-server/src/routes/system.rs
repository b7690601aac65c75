//! Health, version, the API's own description.

use crate::app::App;
use axum::extract::State;
use axum::response::{IntoResponse, Json, Response};
use nilas_api::{Health, VersionInfo};

/// Whether the server works; needs no login.
#[utoipa::path(get, path = "/health", tag = "system", responses((status = 200, body = Health)))]
pub async fn health(State(app): State<App>) -> Json<Health> {
    let problems = app.master.complaints();
    let status = if problems.is_empty() { "ok" } else { "degraded" };
    Json(Health {
        status: status.to_owned(),
        problems,
    })
}

/// The server's version; needs no login.
#[utoipa::path(get, path = "/version", tag = "system", responses((status = 200, body = VersionInfo)))]
pub async fn version() -> Json<VersionInfo> {
    Json(VersionInfo {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        api: 1,
    })
}

/// This document; needs no login.
#[utoipa::path(get, path = "/openapi.json", tag = "system", responses((status = 200, content_type = "application/json", body = Object)))]
pub async fn openapi() -> Response {
    Json(crate::router::openapi()).into_response()
}
