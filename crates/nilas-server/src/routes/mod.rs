//! One file per resource: thin handlers that check the request and call the [`crate::Master`].

pub mod auth;
pub mod browse;
pub mod job_data;
pub mod jobs;
pub mod lanes;
pub mod live;
pub mod projects;
pub mod system;
pub mod tokens;
pub mod users;
pub mod volume;
pub mod workers;
