//! Users, sessions and tokens.

use nilas_model::UserId;
use serde::{Deserialize, Serialize};

/// `POST /auth/login`.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LoginRequest {
    /// E-mail address of the account.
    pub email: String,
    /// Password.
    pub password: String,
}

/// How the caller of a request proved who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignIn {
    /// Session cookie.
    Session,
    /// API token.
    Token,
}

/// `GET /auth/me`, and the answer to a login.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Me {
    /// The account.
    pub user: UserInfo,
    /// How it signed in.
    pub via: SignIn,
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct UserInfo {
    /// Id.
    pub id: UserId,
    /// E-mail address, which is the login name.
    pub email: String,
    /// Display name.
    pub name: String,
    /// May manage users and detach projects of others.
    pub admin: bool,
    /// May not sign in; has neither sessions nor tokens.
    #[serde(default)]
    pub disabled: bool,
    /// Milliseconds since the Unix epoch.
    pub created_ms: u64,
}

/// `POST /users` (administrators only).
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct NewUser {
    /// E-mail address, which is the login name.
    pub email: String,
    /// Display name.
    #[serde(default)]
    pub name: String,
    /// Password of at least 8 characters; without one the server makes it and tells it once.
    #[serde(default)]
    pub password: Option<String>,
    /// Make an administrator.
    #[serde(default)]
    pub admin: bool,
}

/// Answer to `POST /users` and `POST /users/{u}/password`.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CreatedUser {
    /// The account.
    pub user: UserInfo,
    /// The password that the server made, shown this once; absent when one was given.
    pub password: Option<String>,
}

/// `PATCH /users/{u}`: absent values stay.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PatchUser {
    /// Display name; everybody may change their own.
    #[serde(default)]
    pub name: Option<String>,
    /// Make an administrator, or an ordinary user (administrators only).
    #[serde(default)]
    pub admin: Option<bool>,
    /// Close the account: its sessions and tokens end at once, for good (administrators only).
    #[serde(default)]
    pub disabled: Option<bool>,
}

/// `POST /users/{u}/password` (administrators only, for the accounts of others).
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PasswordReset {
    /// Password of at least 8 characters; without one the server makes it and tells it once.
    #[serde(default)]
    pub password: Option<String>,
}

/// `POST /auth/password`.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PasswordChange {
    /// The password until now.
    pub current: String,
    /// The new one, at least 8 characters.
    pub new: String,
}

/// An API token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TokenInfo {
    /// Number of the token.
    pub id: u64,
    /// What it is for.
    pub name: String,
    /// Milliseconds since the Unix epoch.
    pub created_ms: u64,
    /// When it was used last.
    pub last_used_ms: Option<u64>,
    /// When it ends; never if absent.
    pub expires_ms: Option<u64>,
}

/// `POST /tokens`.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct NewToken {
    /// What it is for.
    pub name: String,
    /// Days until it ends; never if absent.
    #[serde(default)]
    pub expires_days: Option<u32>,
}

/// Answer to `POST /tokens`.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CreatedToken {
    /// The token's description.
    pub info: TokenInfo,
    /// The secret for `Authorization: Bearer ...`, shown this once.
    pub token: String,
}
