//! Request and response types of the HTTP API: the only types, with those of `nilas-model`, that cross HTTP.
//!
//! Every route lives under [`PREFIX`]. A request that fails is answered with an [`ApiError`] and a
//! status code that follows from its kind; the browser, the CLI, workers and scripts use the same routes.

pub mod account;
pub mod error;
pub mod files;
pub mod job;
pub mod lane;
pub mod live;
pub mod project;
pub mod system;
pub mod worker;

pub use account::{
    CreatedToken, CreatedUser, LoginRequest, Me, NewToken, NewUser, PasswordChange, PasswordReset, PatchUser,
    SignIn, TokenInfo, UserInfo,
};
pub use error::{ApiError, ErrorKind};
pub use files::{BrowseEntry, BrowsePage, FileEntry, FileList, LogPage};
pub use job::{CheckReport, CloneJob, EventsPage, JobInfo, NewJob, PatchJob, QueueJob, RestartJob};
pub use lane::{LaneInfo, LaneJob, LaneKind};
pub use live::ServerEvent;
pub use project::{AttachProject, AttachReport, NewProject, NewWorkspace, PatchProject, ProjectInfo};
pub use system::{Health, VersionInfo};
pub use worker::{
    ExitReport, JobOrder, JobState, StopOrder, WorkerHello, WorkerSync, WorkerSyncReply, WorkerWelcome,
};

/// Path prefix of every route of this version of the API.
pub const PREFIX: &str = "/api/v1";
