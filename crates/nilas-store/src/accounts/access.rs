//! Sessions and API tokens: what proves to the server who makes a request.

use super::{Accounts, Token, USER, USER_COLUMNS, User, user};
use crate::{StoreError, now_ms, secret};
use nilas_model::UserId;
use rusqlite::{OptionalExtension, params};

/// Milliseconds that a session lives without being used.
const SESSION_MS: u64 = 14 * 86_400_000;
/// How often the time of last use is written.
const TOUCH_MS: u64 = 60_000;

impl Accounts {
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
                // An account that was disabled since its password was checked gets no session.
                "INSERT INTO session (secret, user, created_ms, used_ms)
                 SELECT ?1, id, ?3, ?3 FROM user WHERE id = ?2 AND disabled = 0",
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
                    &format!("SELECT {USER}, used_ms FROM session JOIN user ON user.id = session.user WHERE secret = ?1 AND used_ms >= ?2 AND disabled = 0"),
                    params![key, now.saturating_sub(SESSION_MS)],
                    |row| Ok((user(row)?, row.get::<_, u64>(USER_COLUMNS)?)),
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
        let id = self.database.run(|db| {
            let made = db.execute(
                "INSERT INTO token (secret, user, name, created_ms, expires_ms)
                 SELECT ?1, id, ?3, ?4, ?5 FROM user WHERE id = ?2 AND disabled = 0",
                params![
                    secret::stored(&secret),
                    owner.0,
                    name.trim(),
                    created_ms,
                    expires_ms
                ],
            )?;
            Ok((made > 0).then(|| db.last_insert_rowid()))
        })?;
        let id = id.ok_or_else(|| StoreError::Refused {
            message: format!("{owner} is disabled or gone and can't have tokens"),
            hint: "`nilas user list` shows all; `nilas user enable` opens an account again".to_owned(),
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
                              WHERE secret = ?1 AND disabled = 0 AND (expires_ms IS NULL OR expires_ms > ?2)"
                    ),
                    params![key, now],
                    |row| Ok((user(row)?, row.get::<_, Option<u64>>(USER_COLUMNS)?)),
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
