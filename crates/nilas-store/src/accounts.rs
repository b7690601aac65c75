//! Users, sessions and API tokens. Secrets are stored hashed only.

use crate::{Database, StoreError, now_ms, password, secret};
use nilas_model::UserId;
use rusqlite::{OptionalExtension, Row, params};

/// Milliseconds that a session lives without being used.
const SESSION_MS: u64 = 14 * 86_400_000;
/// How often the time of last use is written.
const TOUCH_MS: u64 = 60_000;

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

const USER: &str = "user.id, user.email, user.name, user.admin, user.created_ms";

fn user(row: &Row<'_>) -> rusqlite::Result<User> {
    Ok(User {
        id: UserId(row.get(0)?),
        email: row.get(1)?,
        name: row.get(2)?,
        admin: row.get(3)?,
        created_ms: row.get(4)?,
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

    /// Whether the password belongs to the account.
    pub fn check_password(&self, email: &str, given: &str) -> Result<bool, StoreError> {
        let email = email.trim().to_lowercase();
        let stored: Option<String> = self.database.run(|db| {
            db.query_row("SELECT password FROM user WHERE email = ?1", [&email], |row| {
                row.get(0)
            })
            .optional()
        })?;
        // Hashing takes a while: it happens without the database's lock.
        Ok(password::verify(given, stored.as_deref()))
    }

    /// Check a password and start a session: the account and the session's secret.
    pub fn sign_in(&self, email: &str, given: &str) -> Result<Option<(User, String)>, StoreError> {
        if !self.check_password(email, given)? {
            return Ok(None);
        }
        let Some(user) = self.user_by_email(email)? else {
            return Ok(None);
        };
        let secret = secret::fresh();
        let now = now_ms();
        self.database.run(|db| {
            db.execute(
                "DELETE FROM session WHERE used_ms < ?1",
                [now.saturating_sub(SESSION_MS)],
            )?;
            db.execute(
                "INSERT INTO session (secret, user, created_ms, used_ms) VALUES (?1, ?2, ?3, ?3)",
                params![secret::stored(&secret), user.id.0, now],
            )
        })?;
        Ok(Some((user, secret)))
    }

    /// The account of a session that has not ended.
    pub fn user_of_session(&self, session: &str) -> Result<Option<User>, StoreError> {
        let (key, now) = (secret::stored(session), now_ms());
        self.database.run(|db| {
            let found = db
                .query_row(
                    &format!("SELECT {USER}, used_ms FROM session JOIN user ON user.id = session.user WHERE secret = ?1 AND used_ms >= ?2"),
                    params![key, now.saturating_sub(SESSION_MS)],
                    |row| Ok((user(row)?, row.get::<_, u64>(5)?)),
                )
                .optional()?;
            let Some((user, used_ms)) = found else { return Ok(None) };
            if now.saturating_sub(used_ms) > TOUCH_MS {
                db.execute("UPDATE session SET used_ms = ?1 WHERE secret = ?2", params![now, key])?;
            }
            Ok(Some(user))
        })
    }

    /// End a session.
    pub fn end_session(&self, session: &str) -> Result<(), StoreError> {
        self.database
            .run(|db| db.execute("DELETE FROM session WHERE secret = ?1", [secret::stored(session)]))?;
        Ok(())
    }

    /// Set a password; all sessions of the account end, except `keep`.
    pub fn set_password(&self, email: &str, new: &str, keep: Option<&str>) -> Result<(), StoreError> {
        let email = email.trim().to_lowercase();
        let hashed = password::hash(new)?;
        let changed = self.database.run(|db| {
            let changed = db.execute(
                "UPDATE user SET password = ?1 WHERE email = ?2",
                [&hashed, &email],
            )?;
            db.execute(
                "DELETE FROM session WHERE user = (SELECT id FROM user WHERE email = ?1) AND secret != ?2",
                [&email, &keep.map(secret::stored).unwrap_or_default()],
            )?;
            Ok(changed)
        })?;
        if changed == 0 {
            return Err(StoreError::Refused {
                message: format!("there is no account for {email}"),
                hint: "`nilas user list` shows all".to_owned(),
            });
        }
        Ok(())
    }

    /// The tokens of an account.
    pub fn tokens(&self, owner: UserId) -> Result<Vec<Token>, StoreError> {
        self.database.run(|db| {
            let mut query = db.prepare(
                "SELECT id, name, created_ms, used_ms, expires_ms FROM token WHERE user = ?1 ORDER BY id",
            )?;
            query
                .query_map([owner.0], |row| {
                    Ok(Token {
                        id: row.get(0)?,
                        name: row.get(1)?,
                        created_ms: row.get(2)?,
                        last_used_ms: row.get(3)?,
                        expires_ms: row.get(4)?,
                    })
                })?
                .collect()
        })
    }

    /// Make a token: its description and its secret.
    pub fn create_token(
        &self,
        owner: UserId,
        name: &str,
        days: Option<u32>,
    ) -> Result<(Token, String), StoreError> {
        let secret = format!("nilas_{}", secret::fresh());
        let created_ms = now_ms();
        let expires_ms = days.map(|days| created_ms + u64::from(days) * 86_400_000);
        let id =
            self.database.run(|db| {
                db.execute(
                "INSERT INTO token (secret, user, name, created_ms, expires_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![secret::stored(&secret), owner.0, name.trim(), created_ms, expires_ms],
            )?;
                Ok(db.last_insert_rowid())
            })?;
        let id = u64::try_from(id).unwrap_or(0);
        Ok((
            Token {
                id,
                name: name.trim().to_owned(),
                created_ms,
                last_used_ms: None,
                expires_ms,
            },
            secret,
        ))
    }

    /// Revoke a token of an account; false if there is none.
    pub fn revoke_token(&self, owner: UserId, id: u64) -> Result<bool, StoreError> {
        Ok(self
            .database
            .run(|db| db.execute("DELETE FROM token WHERE id = ?1 AND user = ?2", [id, owner.0]))?
            > 0)
    }

    /// The account of a token that is valid.
    pub fn user_of_token(&self, token: &str) -> Result<Option<User>, StoreError> {
        let (key, now) = (secret::stored(token), now_ms());
        self.database.run(|db| {
            let found = db
                .query_row(
                    &format!(
                        "SELECT {USER}, token.used_ms FROM token JOIN user ON user.id = token.user
                              WHERE secret = ?1 AND (expires_ms IS NULL OR expires_ms > ?2)"
                    ),
                    params![key, now],
                    |row| Ok((user(row)?, row.get::<_, Option<u64>>(5)?)),
                )
                .optional()?;
            let Some((user, used_ms)) = found else {
                return Ok(None);
            };
            if used_ms.is_none_or(|used| now.saturating_sub(used) > TOUCH_MS) {
                db.execute(
                    "UPDATE token SET used_ms = ?1 WHERE secret = ?2",
                    params![now, key],
                )?;
            }
            Ok(Some(user))
        })
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
