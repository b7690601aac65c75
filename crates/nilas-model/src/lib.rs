//! Ids, projects, workspaces, jobs, connections, events, figures and the job state machine. No I/O.
//!
//! Everything that is written into a project directory or crosses HTTP is made of these types, so
//! their JSON form is a file format: add optional fields, never rename or remove.

pub mod event;
pub mod figure;
pub mod heartbeat;
pub mod ids;
pub mod job;
pub mod project;
pub mod spec;

pub use event::{Event, EventKind, Level, Progress};
pub use figure::{Figure, FigureData};
pub use heartbeat::Heartbeat;
pub use ids::{JobId, ProjectId, UserId, WorkspaceId};
pub use job::{Failure, FailureKind, InputRef, JobRecord, JobResult, JobStatus, OutputRecord, SlotRecord};
pub use project::{ProjectRecord, WorkspaceRecord};
pub use spec::{DataKind, InputSpec, JobSpec, OutputSpec, ParamKind, ParamSpec, Problem};
