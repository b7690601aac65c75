//! The event log of a job: one JSON object a line in `events.jsonl`.

use serde::{Deserialize, Serialize};

/// One line of a job's event log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Event {
    /// Running number within the job, from 1, without gaps.
    pub seq: u64,
    /// Milliseconds since the Unix epoch.
    pub time_ms: u64,
    /// What happened.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// What an event says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EventKind {
    /// A line of text for the reader.
    Text {
        /// How serious it is.
        level: Level,
        /// One sentence, units included.
        message: String,
    },
    /// Progress of the running step; a later one replaces an earlier one.
    Progress(Progress),
    /// A figure was written (again, if `id` was seen before): read it from `figures/<id>.json`.
    Figure {
        /// File stem and anchor, for example `fsc_012`.
        id: String,
        /// Caption.
        title: String,
        /// Step that it belongs to, for example the iteration number.
        step: Option<u64>,
    },
    /// A named number, for example `resolution_angstrom`.
    Statistic {
        /// Field name with its unit as suffix.
        name: String,
        /// The value.
        value: f64,
        /// Step that it belongs to, for example the iteration number.
        step: Option<u64>,
    },
    /// State was saved from which the job can go on.
    Checkpoint {
        /// What a resumed job would do next.
        message: String,
    },
    /// The job process began (again).
    Started {
        /// 1 for the first try.
        attempt: u32,
        /// Where it runs.
        host: String,
        /// Process id there.
        pid: u32,
        /// True when it goes on from a checkpoint.
        resumed: bool,
    },
}

/// How serious a text event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// For the curious.
    Info,
    /// The result may not be what the user expects.
    Warning,
    /// Why the job stops.
    Error,
}

/// How far a step is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Progress {
    /// What is counted, for example `iteration 4: particles aligned`.
    pub what: String,
    /// Done so far.
    pub done: u64,
    /// All that there is to do in this step; 0 when unknown.
    pub total: u64,
    /// Items a second, averaged over the recent past.
    pub rate_per_s: Option<f64>,
    /// Seconds left in this step.
    pub eta_s: Option<f64>,
}
