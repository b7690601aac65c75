//! Passwords: argon2id with the parameters of the OWASP recommendation (19 MiB, 2 passes).

use crate::StoreError;
use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};

/// Least length.
pub const LEAST: usize = 8;
const MOST: usize = 1024;

/// The stored form of a password.
pub fn hash(password: &str) -> Result<String, StoreError> {
    if password.chars().count() < LEAST || password.len() > MOST {
        return Err(StoreError::Refused {
            message: format!("a password has {LEAST} to {MOST} characters"),
            hint: "choose a longer one; a few random words are good".to_owned(),
        });
    }
    Argon2::default()
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|e| StoreError::Refused {
            message: format!("the password can't be hashed: {e}"),
            hint: String::new(),
        })
}

/// Whether a password belongs to a stored form. Takes as long when there is none, so that the time
/// doesn't tell which accounts exist.
pub fn verify(password: &str, stored: Option<&str>) -> bool {
    // A valid form of a password that nobody knows.
    const NOBODY: &str =
        "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let Ok(hash) = PasswordHash::new(stored.unwrap_or(NOBODY)) else {
        return false;
    };
    let right = password.len() <= MOST
        && Argon2::default()
            .verify_password(password.as_bytes(), &hash)
            .is_ok();
    right && stored.is_some()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_the_right_password_passes() {
        let stored = hash("correct horse").unwrap();
        assert!(stored.starts_with("$argon2id$"));
        assert!(verify("correct horse", Some(&stored)));
        assert!(!verify("correct horsf", Some(&stored)));
        assert!(!verify("correct horse", None));
        assert!(hash("short").is_err());
    }

    #[test]
    fn an_unknown_account_costs_as_much_time() {
        assert!(PasswordHash::new("$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").is_ok());
    }
}
