//! Live events (`GET /events`, server-sent events, one JSON object in each `data:` line).

use crate::{JobInfo, ProjectInfo};
use nilas_model::{Event, JobId, ProjectId};
use serde::{Deserialize, Serialize};

/// What changed on the server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerEvent {
    /// The stream began, or the listener was too slow and events were dropped: fetch anew what is shown.
    Resync,
    /// A project was made, attached or changed.
    Project {
        /// The project.
        project: ProjectInfo,
    },
    /// A project was detached.
    ProjectGone {
        /// The project.
        project: ProjectId,
    },
    /// A job was made or changed (state, progress, record).
    Job {
        /// The job.
        job: Box<JobInfo>,
    },
    /// A job was deleted.
    JobGone {
        /// Its project.
        project: ProjectId,
        /// The job.
        job: JobId,
    },
    /// New lines of a job's event log, oldest first. Progress lines come as changes of the job as well.
    Log {
        /// The project.
        project: ProjectId,
        /// The job.
        job: JobId,
        /// The events.
        events: Vec<Event>,
    },
    /// A lane came, went or changed its load.
    Lanes,
}
