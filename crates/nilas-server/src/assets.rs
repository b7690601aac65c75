//! The web app, built into the binary from `web/dist`; without it, a page that says how to build it.

use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use nilas_api::{ApiError, ErrorKind};
use rust_embed::RustEmbed;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct WebApp;

const NO_APP: &str = include_str!("no_app.html");

/// What is worth compressing: text, but neither maps and stacks (noise) nor the live events.
#[derive(Debug, Clone, Copy)]
pub struct Compressible;

impl Predicate for Compressible {
    fn should_compress<B: axum::body::HttpBody>(&self, response: &axum::http::Response<B>) -> bool {
        DefaultPredicate::new()
            .and(NotForContentType::const_new("application/octet-stream"))
            .and(NotForContentType::const_new("text/event-stream"))
            .should_compress(response)
    }
}

/// A file of the web app; its start page for every other path, as the app does its own routing.
pub async fn serve(request: Request) -> Response {
    let path = request.uri().path();
    if path.starts_with("/api/") || path == "/api" {
        let what = format!("there is no {} {path}", request.method());
        let error = ApiError::new(ErrorKind::NotFound, what, "see /api/v1/openapi.json");
        return crate::extract::Refusal(error).into_response();
    }
    if let Some(file) = WebApp::get(path.trim_start_matches('/')) {
        let mut response = file.data.into_owned().into_response();
        let kind = HeaderValue::from_str(file.metadata.mimetype()).ok();
        // Vite puts a hash of the content into the names below assets/, so that these never change.
        let cache = if path.starts_with("/assets/") {
            "public, max-age=31536000, immutable"
        } else {
            "no-cache"
        };
        response
            .headers_mut()
            .insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
        if let Some(kind) = kind {
            response.headers_mut().insert(header::CONTENT_TYPE, kind);
        }
        return response;
    }
    if path.rsplit('/').next().is_some_and(|last| last.contains('.')) {
        return (StatusCode::NOT_FOUND, "no such file").into_response();
    }
    match WebApp::get("index.html") {
        Some(page) => {
            let mut response = Html(page.data.into_owned()).into_response();
            response
                .headers_mut()
                .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
            response
        }
        None => Html(NO_APP).into_response(),
    }
}
