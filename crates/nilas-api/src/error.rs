//! What a failed request is answered with.

use nilas_model::Problem;
use serde::{Deserialize, Serialize};

/// What went wrong; decides the HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The request itself is wrong (400).
    BadRequest,
    /// No valid login or token (401).
    Unauthorized,
    /// The login is valid but may not do this (403).
    Forbidden,
    /// There is no such thing (404).
    NotFound,
    /// The state of the thing doesn't allow it (409).
    Conflict,
    /// Parameters or inputs have problems, all listed in `problems` (422).
    Invalid,
    /// Too many tries; wait and repeat (429).
    TooMany,
    /// A disk, a database or a directory failed (500).
    Internal,
    /// The server can't do it now, for example because a directory is not mounted (503).
    Unavailable,
}

impl ErrorKind {
    /// The HTTP status code of this kind.
    pub fn status(self) -> u16 {
        match self {
            ErrorKind::BadRequest => 400,
            ErrorKind::Unauthorized => 401,
            ErrorKind::Forbidden => 403,
            ErrorKind::NotFound => 404,
            ErrorKind::Conflict => 409,
            ErrorKind::Invalid => 422,
            ErrorKind::TooMany => 429,
            ErrorKind::Internal => 500,
            ErrorKind::Unavailable => 503,
        }
    }
}

/// Body of every answer that is not a success.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ApiError {
    /// What went wrong.
    pub kind: ErrorKind,
    /// One sentence: what and where.
    pub message: String,
    /// What to do next.
    #[serde(default)]
    pub hint: String,
    /// All problems of a job's parameters and inputs, each with its field.
    #[serde(default)]
    pub problems: Vec<Problem>,
}

impl ApiError {
    /// An error of a kind with what happened and what to do.
    pub fn new(kind: ErrorKind, message: impl Into<String>, hint: impl Into<String>) -> Self {
        ApiError {
            kind,
            message: message.into(),
            hint: hint.into(),
            problems: Vec::new(),
        }
    }
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)?;
        for problem in &self.problems {
            write!(f, "\n  {}: {}", problem.field, problem.message)?;
            if !problem.hint.is_empty() {
                write!(f, " ({})", problem.hint)?;
            }
        }
        if !self.hint.is_empty() {
            write!(f, "\n{}", self.hint)?;
        }
        Ok(())
    }
}

impl std::error::Error for ApiError {}
