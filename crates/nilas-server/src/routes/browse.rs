//! The server-side file picker.

use crate::app::App;
use crate::extract::{QueryOf, Refusal, blocking};
use axum::extract::State;
use axum::response::Json;
use nilas_api::{ApiError, BrowsePage};
use serde::Deserialize;

/// Query of the file picker.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct BrowseQuery {
    /// Absolute path of a directory; the list of roots if empty.
    #[serde(default)]
    pub path: String,
}

/// A directory of the server's machine, below one of the configured roots.
#[utoipa::path(get, path = "/browse", tag = "files", params(BrowseQuery), responses(
    (status = 200, body = BrowsePage), (status = 403, body = ApiError), (status = 404, body = ApiError)))]
pub async fn browse(
    State(app): State<App>,
    QueryOf(query): QueryOf<BrowseQuery>,
) -> Result<Json<BrowsePage>, Refusal> {
    Ok(Json(blocking(move || app.browser.page(&query.path)).await?))
}
