//! Typed client of the HTTP API, used by the command line and by workers. Blocking; plain HTTP (HTTPS is a
//! proxy's business, reached through its local end).

mod calls;

use nilas_api::{ApiError, ErrorKind, PREFIX};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The server answered with an error.
    #[error("{0}")]
    Refused(ApiError),
    /// There was no answer.
    #[error("{url} does not answer: {reason}\nis the server running, and is the address right?")]
    NoAnswer {
        /// Where it was asked.
        url: String,
        /// What went wrong.
        reason: String,
    },
    /// The answer can't be understood.
    #[error(
        "the answer of {url} is not as expected: {reason}\nserver and command line may be of different versions"
    )]
    Strange {
        /// Where it was asked.
        url: String,
        /// What went wrong.
        reason: String,
    },
}

impl ClientError {
    /// The kind of the server's error, if it was one.
    pub fn kind(&self) -> Option<ErrorKind> {
        match self {
            ClientError::Refused(error) => Some(error.kind),
            _ => None,
        }
    }
}

/// A connection to a server.
#[derive(Debug, Clone)]
pub struct Client {
    agent: ureq::Agent,
    base: String,
    token: String,
}

type Result<T> = std::result::Result<T, ClientError>;

impl Client {
    /// A client of the server at `url` (`http://127.0.0.1:8080`) with an API token.
    pub fn new(url: &str, token: &str) -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(60)))
            .http_status_as_error(false)
            .build();
        Client {
            agent: config.into(),
            base: format!("{}{PREFIX}", url.trim_end_matches('/')),
            token: format!("Bearer {token}"),
        }
    }

    /// `GET` a value.
    pub fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        let url = self.url(path);
        let answer = self.agent.get(&url).header("Authorization", &self.token).call();
        read(&url, answer)
    }

    /// `POST` a value and read the answer.
    pub fn post<B: Serialize, T: DeserializeOwned>(&self, path: &str, body: &B) -> Result<T> {
        let url = self.url(path);
        let answer = self
            .agent
            .post(&url)
            .header("Authorization", &self.token)
            .send_json(body);
        read(&url, answer)
    }

    /// `PATCH` with a value and read the answer.
    pub fn patch<B: Serialize, T: DeserializeOwned>(&self, path: &str, body: &B) -> Result<T> {
        let url = self.url(path);
        let answer = self
            .agent
            .patch(&url)
            .header("Authorization", &self.token)
            .send_json(body);
        read(&url, answer)
    }

    /// `DELETE`.
    pub fn delete(&self, path: &str) -> Result<()> {
        let url = self.url(path);
        let answer = self
            .agent
            .delete(&url)
            .header("Authorization", &self.token)
            .call();
        read::<Option<()>>(&url, answer).map(|_| ())
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }
}

fn read<T: DeserializeOwned>(
    url: &str,
    answer: std::result::Result<ureq::http::Response<ureq::Body>, ureq::Error>,
) -> Result<T> {
    let no_answer = |reason: String| ClientError::NoAnswer {
        url: url.to_owned(),
        reason,
    };
    let mut answer = answer.map_err(|e| no_answer(e.to_string()))?;
    let status = answer.status();
    let body = answer.body_mut().with_config().limit(256 << 20).read_to_vec();
    let body = body.map_err(|e| no_answer(e.to_string()))?;
    let strange = |reason: String| ClientError::Strange {
        url: url.to_owned(),
        reason,
    };
    if status.is_success() {
        let body: &[u8] = if body.is_empty() { b"null" } else { &body };
        return serde_json::from_slice(body).map_err(|e| strange(e.to_string()));
    }
    match serde_json::from_slice::<ApiError>(&body) {
        Ok(error) => Err(ClientError::Refused(error)),
        Err(_) => Err(strange(format!("status {status}"))),
    }
}
