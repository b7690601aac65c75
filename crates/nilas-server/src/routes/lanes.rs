//! Lanes.

use crate::app::App;
use crate::extract::{Refusal, blocking};
use axum::extract::State;
use axum::response::Json;
use nilas_api::LaneInfo;

/// The lanes with what runs on them.
#[utoipa::path(get, path = "/lanes", tag = "lanes", responses((status = 200, body = [LaneInfo])))]
pub async fn list_lanes(State(app): State<App>) -> Result<Json<Vec<LaneInfo>>, Refusal> {
    Ok(Json(blocking(move || Ok(app.master.lanes())).await?))
}
