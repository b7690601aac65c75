//! Sign in, sign out, who am I, change the password.

use crate::app::App;
use crate::extract::{Body, Refusal, blocking};
use crate::session::{self, Caller};
use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use nilas_api::{ApiError, LoginRequest, Me, PasswordChange, SignIn};

/// Sign in with e-mail and password; the answer sets the session cookie.
#[utoipa::path(post, path = "/auth/login", tag = "auth", request_body = LoginRequest, responses(
    (status = 200, body = Me), (status = 401, body = ApiError), (status = 429, body = ApiError)))]
pub async fn login(
    State(app): State<App>,
    headers: HeaderMap,
    Body(request): Body<LoginRequest>,
) -> Result<Response, Refusal> {
    session::check_origin(&headers)?;
    let secure = session::is_https(&headers);
    let (user, secret) = blocking(move || app.sign_in(&request)).await?;
    let cookie = session::cookie(&secret, secure);
    Ok((
        [(header::SET_COOKIE, cookie)],
        Json(Me {
            user,
            via: SignIn::Session,
        }),
    )
        .into_response())
}

/// Sign out: ends the session and removes the cookie.
#[utoipa::path(post, path = "/auth/logout", tag = "auth", responses((status = 204), (status = 401, body = ApiError)))]
pub async fn logout(State(app): State<App>, headers: HeaderMap) -> Result<Response, Refusal> {
    if let Some(secret) = session::cookie_of(&headers) {
        let secret = secret.to_owned();
        blocking(move || {
            app.master
                .accounts()
                .end_session(&secret)
                .map_err(crate::error::store)?;
            app.access_changed()
        })
        .await?;
    }
    Ok((
        StatusCode::NO_CONTENT,
        [(header::SET_COOKIE, session::no_cookie())],
    )
        .into_response())
}

/// Who the caller is.
#[utoipa::path(get, path = "/auth/me", tag = "auth", responses((status = 200, body = Me), (status = 401, body = ApiError)))]
pub async fn me(Extension(caller): Extension<Caller>) -> Json<Me> {
    Json(Me {
        user: caller.user,
        via: caller.via,
    })
}

/// Change one's own password; all other sessions end.
#[utoipa::path(post, path = "/auth/password", tag = "auth", request_body = PasswordChange, responses(
    (status = 204), (status = 401, body = ApiError), (status = 422, body = ApiError)))]
pub async fn change_password(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Body(request): Body<PasswordChange>,
) -> Result<StatusCode, Refusal> {
    let keep = session::cookie_of(&headers).map(str::to_owned);
    blocking(move || app.change_password(&caller.user, &request, keep.as_deref())).await?;
    Ok(StatusCode::NO_CONTENT)
}
