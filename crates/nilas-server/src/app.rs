//! What every handler shares.

use crate::account_map::{created_user, user_info};
use crate::browser::Browser;
use crate::error::store;
use crate::login_limit::LoginLimit;
use crate::master::Master;
use crate::session::Caller;
use nilas_api::{ApiError, CreatedUser, ErrorKind, LoginRequest, NewUser, PasswordChange, SignIn, UserInfo};
use std::ops::Deref;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// A cheap handle to the server's parts.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// The parts of a running server.
pub struct Parts {
    /// Projects, jobs, lanes and accounts.
    pub master: Master,
    /// The file picker.
    pub browser: Browser,
    limit: LoginLimit,
    /// Hashing takes 19 MiB: one password at a time.
    hashing: Mutex<()>,
}

impl Deref for App {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl App {
    /// Put the parts together.
    pub fn new(master: Master, browser: Browser) -> Self {
        App(Arc::new(Parts {
            master,
            browser,
            limit: LoginLimit::default(),
            hashing: Mutex::new(()),
        }))
    }
}

impl Parts {
    /// Check a password and start a session: the account and the session's secret.
    pub fn sign_in(&self, request: &LoginRequest) -> Result<(UserInfo, String), ApiError> {
        let name = request.email.trim().to_lowercase();
        if let Err(wait_s) = self.limit.may_try(&name) {
            return Err(ApiError::new(
                ErrorKind::TooMany,
                format!("too many failed logins for {name}"),
                format!("wait {wait_s} seconds and try again"),
            ));
        }
        let _one = self.hashing.lock().unwrap_or_else(PoisonError::into_inner);
        match self
            .master
            .accounts()
            .sign_in(&name, &request.password)
            .map_err(store)?
        {
            Some((user, secret)) => {
                self.limit.succeeded(&name);
                Ok((user_info(user), secret))
            }
            None => {
                self.limit.failed(&name);
                Err(ApiError::new(
                    ErrorKind::Unauthorized,
                    "wrong e-mail or password",
                    "an administrator can set a new password with `nilas user passwd`",
                ))
            }
        }
    }

    /// Make an account.
    pub fn create_user(&self, request: &NewUser) -> Result<CreatedUser, ApiError> {
        let NewUser {
            email,
            name,
            password,
            admin,
        } = request;
        self.master
            .accounts()
            .create_user(email, name, password.as_deref(), *admin)
            .map(created_user)
            .map_err(store)
    }

    /// Change a password; sessions other than `keep` end.
    pub fn change_password(
        &self,
        user: &UserInfo,
        request: &PasswordChange,
        keep: Option<&str>,
    ) -> Result<(), ApiError> {
        if self.limit.may_try(&user.email).is_err() {
            return Err(ApiError::new(
                ErrorKind::TooMany,
                "too many wrong passwords",
                "wait a minute and try again",
            ));
        }
        let _one = self.hashing.lock().unwrap_or_else(PoisonError::into_inner);
        let accounts = self.master.accounts();
        if !accounts
            .check_password(&user.email, &request.current)
            .map_err(store)?
        {
            self.limit.failed(&user.email);
            return Err(ApiError::new(
                ErrorKind::Unauthorized,
                "the current password is wrong",
                "",
            ));
        }
        accounts
            .set_password(&user.email, &request.new, keep)
            .map_err(store)
    }

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
