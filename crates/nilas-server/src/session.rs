//! Who makes a request: session cookie or bearer token, and the checks against forged requests.
//!
//! The cookie is `HttpOnly` and `SameSite=Strict`; in addition, a request that changes something and comes
//! with a browser's `Origin` must come from the page that this server itself served. Tokens need no such check,
//! as a browser never sends them by itself.

use crate::app::App;
use crate::extract::{Refusal, blocking};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use nilas_api::{ApiError, ErrorKind, SignIn, UserInfo};

const COOKIE: &str = "nilas_session";
/// Days a session lives without being used.
pub const SESSION_DAYS: u64 = 14;

/// Who makes the request.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The account.
    pub user: UserInfo,
    /// How it signed in.
    pub via: SignIn,
    /// What it showed, for connections that outlive the request.
    pub secret: Secret,
}

/// What a request shows to prove who makes it.
#[derive(Clone)]
pub enum Secret {
    /// Of the session cookie.
    Session(String),
    /// API token.
    Token(String),
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

impl Caller {
    /// Refuse unless the caller is an administrator.
    pub fn must_be_admin(&self, what: &str) -> Result<(), ApiError> {
        if self.user.admin {
            return Ok(());
        }
        Err(ApiError::new(
            ErrorKind::Forbidden,
            format!("only administrators may {what}"),
            "ask an administrator of this server",
        ))
    }
}

/// The value of `Set-Cookie` that starts a session.
pub fn cookie(secret: &str, secure: bool) -> String {
    let secure = if secure { "; Secure" } else { "" };
    format!(
        "{COOKIE}={secret}; Path=/; HttpOnly; SameSite=Strict; Max-Age={}{secure}",
        SESSION_DAYS * 86_400
    )
}

/// The value of `Set-Cookie` that removes it.
pub fn no_cookie() -> String {
    format!("{COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0")
}

/// The session's secret, if the request carries one.
pub fn cookie_of(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .find_map(|line| {
            line.split(';')
                .find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
        })
}

/// Whether a proxy in front says that the browser speaks HTTPS.
pub fn is_https(headers: &HeaderMap) -> bool {
    headers
        .get("x-forwarded-proto")
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"https"))
}

/// Refuse a request that another site's page made in the user's browser.
pub fn check_origin(headers: &HeaderMap) -> Result<(), ApiError> {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
    let own = text("x-forwarded-host").or(text("host")).unwrap_or("");
    let same = match text("origin") {
        Some(origin) => origin
            .split_once("://")
            .is_some_and(|(_, place)| place.eq_ignore_ascii_case(own)),
        None => text("sec-fetch-site").is_none_or(|site| site == "same-origin" || site == "none"),
    };
    if same {
        return Ok(());
    }
    Err(ApiError::new(
        ErrorKind::Forbidden,
        "this request came from a page of another site",
        "open Nilas at its own address; behind a proxy, pass the Host header on",
    ))
}

/// Middleware: only signed-in callers get through; the handler finds the [`Caller`] among the extensions.
pub async fn require(State(app): State<App>, mut request: Request, next: Next) -> Response {
    match identify(app, request.headers(), request.method()).await {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(refusal) => refusal.into_response(),
    }
}

async fn identify(app: App, headers: &HeaderMap, method: &Method) -> Result<Caller, Refusal> {
    let missing = || {
        ApiError::new(
            ErrorKind::Unauthorized,
            "not signed in",
            "sign in, or send a token made with `nilas token create` as `Authorization: Bearer <token>`",
        )
    };
    let (secret, via) = if let Some(value) = headers.get(header::AUTHORIZATION) {
        let token = value.to_str().ok().and_then(|v| v.strip_prefix("Bearer "));
        let token = token.ok_or_else(missing)?.trim().to_owned();
        (Secret::Token(token), SignIn::Token)
    } else {
        let session = cookie_of(headers).ok_or_else(missing)?.to_owned();
        if !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
            check_origin(headers)?;
        }
        (Secret::Session(session), SignIn::Session)
    };
    let shown = secret.clone();
    match blocking(move || app.account_of(&shown)).await? {
        Some(user) => Ok(Caller { user, via, secret }),
        None => {
            let (message, hint) = match via {
                SignIn::Token => (
                    "the token is unknown, revoked or past its end",
                    "make a new one with `nilas token create`",
                ),
                SignIn::Session => ("the session has ended", "sign in again"),
            };
            Err(ApiError::new(ErrorKind::Unauthorized, message, hint).into())
        }
    }
}

/// Middleware: headers that keep a browser from doing more than the web app needs.
pub async fn security_headers(request: Request, next: Next) -> Response {
    let private = request.uri().path().starts_with("/api/");
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "same-origin"),
        (
            "content-security-policy",
            "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; worker-src 'self' blob:; \
             connect-src 'self'; font-src 'self' data:; frame-ancestors 'none'; base-uri 'self'; form-action 'self'",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if private && !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}
