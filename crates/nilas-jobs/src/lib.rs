//! Job types: one folder each, the registry, and what all of them stand on.
//!
//! A job type says what it is ([`Job::spec`]), checks what it is given ([`Job::plan`]: pure apart from
//! looking whether files exist, all problems at once) and does its work ([`Job::run`]) in a process of
//! its own ([`process::run`]) through a [`JobContext`]. It knows no database, no HTTP and no other job type.

pub mod ab_initio;
pub mod check;
pub mod context;
pub mod ctf_estimation;
pub mod exposures;
pub mod failure;
pub mod figures;
pub mod files;
pub mod import_micrographs;
pub mod import_particles;
pub mod import_volumes;
pub mod job;
pub mod manual;
pub mod maps;
pub mod params;
pub mod particles;
pub mod problems;
pub mod process;
pub mod reconstruct;
pub mod refine_homogeneous;
pub mod refined;
mod registry;
pub mod simulate_particles;
pub mod watch;

pub use check::{Resolved, check, resolve};
pub use context::JobContext;
pub use job::{Connection, Finished, Job, JobType, Request};
pub use registry::{find, registry};
