//! Accounts.

use crate::account_map::user_info;
use crate::app::App;
use crate::error::store;
use crate::extract::{Body, Refusal, blocking};
use crate::session::Caller;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Json;
use nilas_api::{ApiError, CreatedUser, NewUser, UserInfo};

/// All accounts.
#[utoipa::path(get, path = "/users", tag = "users", responses((status = 200, body = [UserInfo])))]
pub async fn list_users(State(app): State<App>) -> Result<Json<Vec<UserInfo>>, Refusal> {
    Ok(Json(
        blocking(move || {
            Ok(app
                .master
                .accounts()
                .users()
                .map_err(store)?
                .into_iter()
                .map(user_info)
                .collect())
        })
        .await?,
    ))
}

/// Make an account (administrators only).
#[utoipa::path(post, path = "/users", tag = "users", request_body = NewUser, responses(
    (status = 201, body = CreatedUser), (status = 403, body = ApiError), (status = 409, body = ApiError)))]
pub async fn create_user(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Body(request): Body<NewUser>,
) -> Result<(StatusCode, Json<CreatedUser>), Refusal> {
    caller.must_be_admin("make accounts")?;
    let created = blocking(move || app.create_user(&request)).await?;
    Ok((StatusCode::CREATED, Json(created)))
}
