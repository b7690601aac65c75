//! What every handler shares.

use crate::browser::Browser;
use crate::login_limit::LoginLimit;
use crate::master::Master;
use crate::session::Caller;
use nilas_api::{ApiError, SignIn};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use tokio::sync::broadcast;

/// A cheap handle to the server's parts.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// The parts of a running server.
pub struct Parts {
    /// Projects, jobs, lanes and accounts.
    pub master: Master,
    /// The file picker.
    pub browser: Browser,
    /// The data folder.
    pub(crate) data: PathBuf,
    pub(crate) limit: LoginLimit,
    /// Hashing takes 19 MiB: one password at a time.
    pub(crate) hashing: Mutex<()>,
    /// Told when sessions or tokens may have ended.
    pub(crate) ended: broadcast::Sender<()>,
}

impl Deref for App {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl App {
    /// Put the parts together.
    pub fn new(master: Master, browser: Browser, data: &Path) -> Self {
        App(Arc::new(Parts {
            master,
            browser,
            data: data.to_owned(),
            limit: LoginLimit::default(),
            hashing: Mutex::new(()),
            ended: broadcast::channel(4).0,
        }))
    }
}

impl Parts {
    /// Refuse a path for a project that the file picker wouldn't show. An administrator with a token is the
    /// operator at the command line, who has the machine anyway.
    pub fn check_path(&self, path: &str, caller: &Caller) -> Result<(), ApiError> {
        let operator = caller.user.admin && caller.via == SignIn::Token;
        if operator || self.browser.allows(Path::new(path)) {
            Ok(())
        } else {
            Err(self.browser.refusal(path))
        }
    }
}
