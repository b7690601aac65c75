//! Changing accounts: password, name, role, disabling, removing.

use super::{Accounts, User};
use crate::{StoreError, password, secret};
use nilas_model::UserId;
use rusqlite::params;

/// What to change of an account; absent values stay.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserChange {
    /// Display name.
    pub name: Option<String>,
    /// Whether it is an administrator.
    pub admin: Option<bool>,
    /// Whether it may not be used.
    pub disabled: Option<bool>,
}

/// Holds in an `UPDATE` or `DELETE` of `user` unless it would leave no administrator who can sign in.
const NOT_THE_LAST: &str = "(admin = 0 OR disabled = 1 OR EXISTS (
    SELECT 1 FROM user AS other WHERE other.admin = 1 AND other.disabled = 0 AND other.id != user.id))";

impl Accounts {
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

    /// Change an account. Disabling it ends its sessions and tokens for good.
    ///
    /// # Errors
    /// [`StoreError::Missing`], or [`StoreError::LastAdmin`] when nobody would be left to administrate.
    pub fn change_user(&self, id: UserId, change: &UserChange) -> Result<User, StoreError> {
        let less = change.disabled == Some(true) || change.admin == Some(false);
        let guard = if less { NOT_THE_LAST } else { "1" };
        // One statement checks and changes: two changes at a time can't take the last two administrators.
        let changed = self.database.run(|db| {
            db.execute(
                &format!(
                    "UPDATE user SET name = coalesce(?2, name), admin = coalesce(?3, admin),
                     disabled = coalesce(?4, disabled) WHERE id = ?1 AND {guard}"
                ),
                params![
                    id.0,
                    change.name.as_deref().map(str::trim),
                    change.admin,
                    change.disabled
                ],
            )
        })?;
        let found = self.user(id)?.ok_or(StoreError::Missing { id })?;
        if changed == 0 {
            return Err(StoreError::LastAdmin { email: found.email });
        }
        if found.disabled {
            self.database.run(|db| {
                db.execute("DELETE FROM session WHERE user = ?1", [id.0])?;
                db.execute("DELETE FROM token WHERE user = ?1", [id.0])
            })?;
        }
        Ok(found)
    }

    /// Remove an account with its sessions and tokens. Its projects and jobs stay, and keep its address.
    ///
    /// # Errors
    /// [`StoreError::Missing`], or [`StoreError::LastAdmin`] when nobody would be left to administrate.
    pub fn delete_user(&self, id: UserId) -> Result<(), StoreError> {
        let deleted = self.database.run(|db| {
            db.execute(
                &format!("DELETE FROM user WHERE id = ?1 AND {NOT_THE_LAST}"),
                [id.0],
            )
        })?;
        if deleted > 0 {
            return Ok(());
        }
        let found = self.user(id)?.ok_or(StoreError::Missing { id })?;
        Err(StoreError::LastAdmin { email: found.email })
    }

    /// Set the password of somebody else's account; without one it is made and handed back. All sessions of the
    /// account end.
    ///
    /// # Errors
    /// [`StoreError::Missing`], or [`StoreError::Refused`] for a short password.
    pub fn reset_password(
        &self,
        id: UserId,
        given: Option<&str>,
    ) -> Result<(User, Option<String>), StoreError> {
        let found = self.user(id)?.ok_or(StoreError::Missing { id })?;
        let made = given.is_none().then(secret::password);
        self.set_password(&found.email, given.or(made.as_deref()).unwrap_or_default(), None)?;
        Ok((found, made))
    }
}
