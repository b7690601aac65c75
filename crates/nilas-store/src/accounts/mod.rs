//! Users, sessions and API tokens. Secrets are stored hashed only.

mod access;
mod change;
#[cfg(test)]
mod tests;

pub use change::UserChange;

use crate::{Database, StoreError, now_ms, password, secret};
use nilas_model::UserId;
use rusqlite::{OptionalExtension, Row, params};

/// An account, without its password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Id.
    pub id: UserId,
    /// Login name.
    pub email: String,
    /// Display name.
    pub name: String,
    /// May manage users, workers and the projects of others.
    pub admin: bool,
    /// May not sign in; has neither sessions nor tokens.
    pub disabled: bool,
    /// Milliseconds since the Unix epoch.
    pub created_ms: u64,
}

/// An API token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Number.
    pub id: u64,
    /// What it is for.
    pub name: String,
    /// Milliseconds since the Unix epoch.
    pub created_ms: u64,
    /// When it was used last.
    pub last_used_ms: Option<u64>,
    /// When it ends.
    pub expires_ms: Option<u64>,
}

/// Users, sessions and tokens of one database.
#[derive(Debug, Clone)]
pub struct Accounts {
    database: Database,
}

const USER: &str = "user.id, user.email, user.name, user.admin, user.created_ms, user.disabled";
/// Columns of [`USER`]: what a query selects beside them comes after.
const USER_COLUMNS: usize = 6;

fn user(row: &Row<'_>) -> rusqlite::Result<User> {
    Ok(User {
        id: UserId(row.get(0)?),
        email: row.get(1)?,
        name: row.get(2)?,
        admin: row.get(3)?,
        created_ms: row.get(4)?,
        disabled: row.get(5)?,
    })
}

impl Accounts {
    pub(crate) fn new(database: Database) -> Self {
        Accounts { database }
    }

    /// All accounts in the order in which they were made.
    pub fn users(&self) -> Result<Vec<User>, StoreError> {
        self.database.run(|db| {
            let mut query = db.prepare(&format!("SELECT {USER} FROM user ORDER BY id"))?;
            query.query_map([], user)?.collect()
        })
    }

    /// Make an account. Without a password one is made and handed back.
    ///
    /// # Errors
    /// [`StoreError::Taken`], or [`StoreError::Refused`] for a short password or an address that is none.
    pub fn create_user(
        &self,
        email: &str,
        name: &str,
        given: Option<&str>,
        admin: bool,
    ) -> Result<(User, Option<String>), StoreError> {
        let email = address(email)?;
        let made = given.is_none().then(secret::password);
        let hashed = password::hash(given.or(made.as_deref()).unwrap_or_default())?;
        let created_ms = now_ms();
        let added = self.database.run(|db| {
            db.execute(
                "INSERT INTO user (email, name, password, admin, created_ms) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (email) DO NOTHING",
                params![email, name.trim(), hashed, admin, created_ms],
            )
        })?;
        if added == 0 {
            return Err(StoreError::Taken { email });
        }
        let user = self.database.run(|db| {
            db.query_row(
                &format!("SELECT {USER} FROM user WHERE email = ?1"),
                [&email],
                user,
            )
        })?;
        Ok((user, made))
    }

    /// The account of an address.
    pub fn user_by_email(&self, email: &str) -> Result<Option<User>, StoreError> {
        let email = email.trim().to_lowercase();
        self.database.run(|db| {
            db.query_row(
                &format!("SELECT {USER} FROM user WHERE email = ?1"),
                [&email],
                user,
            )
            .optional()
        })
    }

    /// The account of an id.
    pub fn user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        self.database.run(|db| {
            db.query_row(&format!("SELECT {USER} FROM user WHERE id = ?1"), [id.0], user)
                .optional()
        })
    }

    /// Whether the password belongs to the account, and the account may be used.
    pub fn check_password(&self, email: &str, given: &str) -> Result<bool, StoreError> {
        let email = email.trim().to_lowercase();
        let stored: Option<String> = self.database.run(|db| {
            db.query_row(
                "SELECT password FROM user WHERE email = ?1 AND disabled = 0",
                [&email],
                |row| row.get(0),
            )
            .optional()
        })?;
        // Hashing takes a while: it happens without the database's lock.
        Ok(password::verify(given, stored.as_deref()))
    }
}

fn address(email: &str) -> Result<String, StoreError> {
    let email = email.trim().to_lowercase();
    let good = email.len() <= 254
        && !email.chars().any(|c| c.is_whitespace() || c.is_control())
        && email
            .split_once('@')
            .is_some_and(|(name, host)| !name.is_empty() && !host.is_empty());
    if good {
        return Ok(email);
    }
    Err(StoreError::Refused {
        message: format!("'{email}' is not an e-mail address"),
        hint: "the address is the login name, for example ana@lab.example; nothing is ever sent to it"
            .to_owned(),
    })
}
