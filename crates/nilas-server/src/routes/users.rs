//! Accounts.

use crate::account_map::user_info;
use crate::app::App;
use crate::error::store;
use crate::extract::{Body, MaybeBody, Place, Refusal, blocking};
use crate::session::Caller;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Json;
use nilas_api::{ApiError, CreatedUser, NewUser, PasswordReset, PatchUser, UserInfo};
use nilas_model::UserId;

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

/// Change an account: its name (everybody their own), its role, or whether it may be used (administrators). Disabling
/// ends its sessions and tokens at once. Refused for the last administrator.
#[utoipa::path(patch, path = "/users/{u}", tag = "users", params(("u" = String, Path, description = "user id")),
    request_body = PatchUser, responses((status = 200, body = UserInfo), (status = 403, body = ApiError),
    (status = 404, body = ApiError), (status = 409, body = ApiError)))]
pub async fn patch_user(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Place(u): Place<UserId>,
    Body(request): Body<PatchUser>,
) -> Result<Json<UserInfo>, Refusal> {
    Ok(Json(
        blocking(move || app.change_user(u, &request, &caller)).await?,
    ))
}

/// Remove an account with its sessions and tokens (administrators only). Projects and jobs that it made stay. Refused
/// for the last administrator and for one's own account.
#[utoipa::path(delete, path = "/users/{u}", tag = "users", params(("u" = String, Path, description = "user id")),
    responses((status = 204), (status = 403, body = ApiError), (status = 404, body = ApiError),
    (status = 409, body = ApiError)))]
pub async fn delete_user(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Place(u): Place<UserId>,
) -> Result<StatusCode, Refusal> {
    blocking(move || app.delete_user(u, &caller)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Set the password of somebody else (administrators only); all sessions of that account end.
#[utoipa::path(post, path = "/users/{u}/password", tag = "users", params(("u" = String, Path, description = "user id")),
    request_body = PasswordReset, responses((status = 200, body = CreatedUser), (status = 400, body = ApiError),
    (status = 403, body = ApiError), (status = 404, body = ApiError)))]
pub async fn reset_password(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Place(u): Place<UserId>,
    MaybeBody(request): MaybeBody<PasswordReset>,
) -> Result<Json<CreatedUser>, Refusal> {
    Ok(Json(
        blocking(move || app.reset_password(u, &request, &caller)).await?,
    ))
}
