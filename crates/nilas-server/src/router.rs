//! The table of contents of the HTTP API.

use crate::app::App;
use crate::routes::{
    auth, browse, job_data, jobs, lanes, live, projects, system, tokens, users, volume, workers,
};
use crate::{assets, session};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Nilas",
        description = "Single-particle cryo-EM. Sign in with a session cookie (`POST /auth/login`) or send `Authorization: Bearer <token>`.",
        license(name = "MIT OR Apache-2.0")
    ),
    components(schemas(
        nilas_api::ServerEvent,
        nilas_api::ApiError,
        nilas_model::Figure,
        nilas_model::Event
    ))
)]
struct Document;

fn public() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(auth::login))
        .routes(routes!(system::health))
        .routes(routes!(system::version))
        .routes(routes!(system::openapi))
}

fn protected() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(auth::logout))
        .routes(routes!(auth::me))
        .routes(routes!(auth::change_password))
        .routes(routes!(tokens::list_tokens, tokens::create_token))
        .routes(routes!(tokens::revoke_token))
        .routes(routes!(users::list_users, users::create_user))
        .routes(routes!(users::patch_user, users::delete_user))
        .routes(routes!(users::reset_password))
        .routes(routes!(jobs::list_job_types))
        .routes(routes!(projects::list_projects, projects::create_project))
        .routes(routes!(projects::attach_project))
        .routes(routes!(
            projects::get_project,
            projects::patch_project,
            projects::detach_project
        ))
        .routes(routes!(projects::list_workspaces, projects::create_workspace))
        .routes(routes!(jobs::list_jobs, jobs::create_job))
        .routes(routes!(jobs::get_job, jobs::patch_job, jobs::delete_job))
        .routes(routes!(jobs::check_job))
        .routes(routes!(jobs::queue_job))
        .routes(routes!(jobs::kill_job))
        .routes(routes!(jobs::clear_job))
        .routes(routes!(jobs::clone_job))
        .routes(routes!(jobs::restart_job))
        .routes(routes!(job_data::list_events))
        .routes(routes!(job_data::get_figure))
        .routes(routes!(job_data::list_files))
        .routes(routes!(job_data::get_log))
        .routes(routes!(volume::get_volume))
        .routes(routes!(live::live_events))
        .routes(routes!(lanes::list_lanes))
        .routes(routes!(workers::hello_worker))
        .routes(routes!(workers::sync_worker))
        .routes(routes!(browse::browse))
}

/// The one route whose path holds slashes: OpenAPI has no word for that, so the router's path is given apart.
fn downloads() -> OpenApiRouter<App> {
    let mut documented = OpenApiRouter::new().routes(routes!(job_data::get_file));
    let description = std::mem::take(documented.get_openapi_mut());
    let mut router = OpenApiRouter::with_openapi(description);
    router = router.route(
        "/projects/{p}/jobs/{j}/files/{*path}",
        axum::routing::get(job_data::get_file),
    );
    router
}

fn api(app: Option<&App>) -> OpenApiRouter<App> {
    let mut protected = protected().merge(downloads());
    if let Some(app) = app {
        protected = protected.route_layer(axum::middleware::from_fn_with_state(
            app.clone(),
            session::require,
        ));
    }
    OpenApiRouter::with_openapi(Document::openapi()).nest(nilas_api::PREFIX, public().merge(protected))
}

/// The OpenAPI document of the API.
pub fn openapi() -> utoipa::openapi::OpenApi {
    api(None).into_openapi()
}

/// Everything the server answers: the API, and the web app for all other paths.
pub fn router(app: App) -> Router {
    let (router, _) = api(Some(&app)).split_for_parts();
    router
        .fallback(assets::serve)
        .layer(DefaultBodyLimit::max(16 * 1024 * 1024))
        .layer(tower_http::compression::CompressionLayer::new().compress_when(crate::assets::Compressible))
        .layer(axum::middleware::from_fn(session::security_headers))
        .with_state(app)
}
