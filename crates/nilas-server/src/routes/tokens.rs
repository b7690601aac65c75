//! API tokens of the caller.

use crate::account_map::{created_token, token_info};
use crate::app::App;
use crate::error::store;
use crate::extract::{Body, Place, Refusal, blocking};
use crate::session::Caller;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Json;
use nilas_api::{ApiError, CreatedToken, ErrorKind, NewToken, TokenInfo};

/// The caller's tokens, without their secrets.
#[utoipa::path(get, path = "/tokens", tag = "auth", responses((status = 200, body = [TokenInfo])))]
pub async fn list_tokens(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Vec<TokenInfo>>, Refusal> {
    Ok(Json(
        blocking(move || {
            Ok(app
                .master
                .accounts()
                .tokens(caller.user.id)
                .map_err(store)?
                .into_iter()
                .map(token_info)
                .collect())
        })
        .await?,
    ))
}

/// Make a token; its secret is told this once.
#[utoipa::path(post, path = "/tokens", tag = "auth", request_body = NewToken, responses((status = 201, body = CreatedToken)))]
pub async fn create_token(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Body(request): Body<NewToken>,
) -> Result<(StatusCode, Json<CreatedToken>), Refusal> {
    let created = blocking(move || {
        app.master
            .accounts()
            .create_token(caller.user.id, &request.name, request.expires_days)
            .map(created_token)
            .map_err(store)
    })
    .await?;
    Ok((StatusCode::CREATED, Json(created)))
}

/// Revoke a token.
#[utoipa::path(delete, path = "/tokens/{id}", tag = "auth", params(("id" = u64, Path, description = "number of the token")),
    responses((status = 204), (status = 404, body = ApiError)))]
pub async fn revoke_token(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Place(id): Place<u64>,
) -> Result<StatusCode, Refusal> {
    let found = blocking(move || {
        let accounts = app.master.accounts();
        let found = accounts.revoke_token(caller.user.id, id).map_err(store)?;
        app.access_changed()?;
        Ok(found)
    })
    .await?;
    if found {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ApiError::new(ErrorKind::NotFound, format!("you have no token {id}"), "").into())
    }
}
