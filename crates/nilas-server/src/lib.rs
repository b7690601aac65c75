//! The master: projects, jobs and lanes ([`Master`]), and the HTTP server around it (router, sign-in,
//! live events, the web app's files).

mod account_map;
mod accounts;
mod app;
mod assets;
mod browser;
mod error;
mod extract;
mod job_files;
mod login_limit;
pub mod master;
mod router;
mod routes;
pub mod serve;
mod session;
mod viewer_map;

pub use app::App;
pub use browser::Browser;
pub use master::Master;
pub use router::{openapi, router};
pub use serve::{Server, ServerSettings};
