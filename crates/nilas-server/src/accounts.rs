//! Signing in, passwords, and changing accounts.

use crate::account_map::{created_user, user_info};
use crate::app::Parts;
use crate::error::{conflict, store};
use crate::serve::keep_token;
use crate::session::{Caller, Secret};
use nilas_api::{
    ApiError, CreatedUser, ErrorKind, LoginRequest, NewUser, PasswordChange, PasswordReset, PatchUser,
    UserInfo,
};
use nilas_model::UserId;
use nilas_store::accounts::UserChange;
use std::sync::PoisonError;

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
            .map_err(store)?;
        self.access_changed()
    }

    /// Change an account; `by` is who asks.
    pub fn change_user(&self, id: UserId, request: &PatchUser, by: &Caller) -> Result<UserInfo, ApiError> {
        if by.user.id != id || request.admin.is_some() || request.disabled.is_some() {
            by.must_be_admin("change accounts")?;
        }
        if by.user.id == id && request.disabled == Some(true) {
            return Err(not_oneself("disabled"));
        }
        let change = UserChange {
            name: request.name.clone(),
            admin: request.admin,
            disabled: request.disabled,
        };
        let changed = self.master.accounts().change_user(id, &change).map_err(store)?;
        self.access_changed()?;
        Ok(user_info(changed))
    }

    /// Remove an account; `by` is who asks.
    pub fn delete_user(&self, id: UserId, by: &Caller) -> Result<(), ApiError> {
        by.must_be_admin("remove accounts")?;
        if by.user.id == id {
            return Err(not_oneself("removed"));
        }
        self.master.accounts().delete_user(id).map_err(store)?;
        self.access_changed()
    }

    /// Set the password of somebody else; `by` is who asks.
    pub fn reset_password(
        &self,
        id: UserId,
        request: &PasswordReset,
        by: &Caller,
    ) -> Result<CreatedUser, ApiError> {
        by.must_be_admin("set the passwords of others")?;
        if by.user.id == id {
            return Err(ApiError::new(
                ErrorKind::BadRequest,
                "your own password is changed by saying the current one",
                "use `POST /auth/password`, or the account page",
            ));
        }
        let _one = self.hashing.lock().unwrap_or_else(PoisonError::into_inner);
        let accounts = self.master.accounts();
        let reset = accounts
            .reset_password(id, request.password.as_deref())
            .map_err(store)?;
        self.limit.succeeded(&reset.0.email);
        self.access_changed()?;
        Ok(created_user(reset))
    }

    /// Sessions or tokens may have ended: open connections look again, and the command line on this machine keeps
    /// a token that is valid.
    pub fn access_changed(&self) -> Result<(), ApiError> {
        // Nobody may be listening.
        let _ = self.ended.send(());
        keep_token(self.master.accounts(), &self.data)
    }

    /// The account that a request's secret opens now.
    pub fn account_of(&self, secret: &Secret) -> Result<Option<UserInfo>, ApiError> {
        let accounts = self.master.accounts();
        let found = match secret {
            Secret::Session(session) => accounts.user_of_session(session),
            Secret::Token(token) => accounts.user_of_token(token),
        };
        Ok(found.map_err(store)?.map(user_info))
    }
}

fn not_oneself(what: &str) -> ApiError {
    conflict(
        format!("your own account can't be {what} by yourself"),
        "another administrator can do it",
    )
}
