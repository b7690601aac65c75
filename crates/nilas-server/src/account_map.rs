//! Accounts as the API shows them.

use nilas_api::{CreatedToken, CreatedUser, TokenInfo, UserInfo};
use nilas_store::accounts::{Token, User};

/// An account.
pub fn user_info(user: User) -> UserInfo {
    UserInfo {
        id: user.id,
        email: user.email,
        name: user.name,
        admin: user.admin,
        disabled: user.disabled,
        created_ms: user.created_ms,
    }
}

/// A new account with the password that was made for it.
pub fn created_user((user, password): (User, Option<String>)) -> CreatedUser {
    CreatedUser {
        user: user_info(user),
        password,
    }
}

/// A token.
pub fn token_info(token: Token) -> TokenInfo {
    TokenInfo {
        id: token.id,
        name: token.name,
        created_ms: token.created_ms,
        last_used_ms: token.last_used_ms,
        expires_ms: token.expires_ms,
    }
}

/// A new token with its secret.
pub fn created_token((token, secret): (Token, String)) -> CreatedToken {
    CreatedToken {
        info: token_info(token),
        token: secret,
    }
}
