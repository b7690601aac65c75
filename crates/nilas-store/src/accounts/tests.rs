#![allow(clippy::unwrap_used)]
use super::*;

fn three() -> (Accounts, [User; 3]) {
    let accounts = Database::in_memory().unwrap().accounts();
    let add = |email: &str, admin: bool| {
        accounts
            .create_user(email, "", Some("long password"), admin)
            .unwrap()
            .0
    };
    let users = [add("a@x", true), add("b@x", true), add("c@x", false)];
    (accounts, users)
}

fn disable(accounts: &Accounts, user: &User) -> Result<User, StoreError> {
    let change = UserChange {
        disabled: Some(true),
        ..UserChange::default()
    };
    accounts.change_user(user.id, &change)
}

#[test]
fn a_disabled_account_opens_nothing_and_what_it_had_stays_closed() {
    let (accounts, [a, _, c]) = three();
    let (_, session) = accounts.sign_in("c@x", "long password").unwrap().unwrap();
    let (_, token) = accounts.create_token(c.id, "script", None).unwrap();
    let (_, others) = accounts.sign_in("a@x", "long password").unwrap().unwrap();
    assert!(accounts.user_of_session(&session).unwrap().is_some());
    assert!(disable(&accounts, &c).unwrap().disabled);
    let closed = || {
        assert_eq!(accounts.user_of_session(&session).unwrap(), None);
        assert_eq!(accounts.user_of_token(&token).unwrap(), None);
    };
    closed();
    assert_eq!(accounts.sign_in("c@x", "long password").unwrap(), None);
    assert_eq!(accounts.user_of_session(&others).unwrap(), Some(a));
    let enable = UserChange {
        disabled: Some(false),
        ..UserChange::default()
    };
    accounts.change_user(c.id, &enable).unwrap();
    closed();
    assert!(accounts.sign_in("c@x", "long password").unwrap().is_some());
}

#[test]
fn the_last_administrator_stays() {
    let (accounts, [a, b, c]) = three();
    let demote = UserChange {
        admin: Some(false),
        ..UserChange::default()
    };
    disable(&accounts, &a).unwrap();
    for refused in [
        disable(&accounts, &b).map(drop),
        accounts.change_user(b.id, &demote).map(drop),
        accounts.delete_user(b.id),
    ] {
        assert!(
            matches!(refused, Err(StoreError::LastAdmin { .. })),
            "{refused:?}"
        );
    }
    // A disabled one doesn't count, and may go.
    accounts.delete_user(a.id).unwrap();
    let promote = UserChange {
        admin: Some(true),
        name: Some(" Cy ".to_owned()),
        ..UserChange::default()
    };
    assert_eq!(accounts.change_user(c.id, &promote).unwrap().name, "Cy");
    accounts.delete_user(b.id).unwrap();
    assert!(matches!(
        accounts.delete_user(b.id),
        Err(StoreError::Missing { .. })
    ));
    assert!(matches!(
        accounts.change_user(b.id, &demote),
        Err(StoreError::Missing { .. })
    ));
    assert_eq!(accounts.users().unwrap().len(), 1);
}

#[test]
fn a_reset_password_is_told_once_and_ends_sessions() {
    let (accounts, [_, _, c]) = three();
    let (_, session) = accounts.sign_in("c@x", "long password").unwrap().unwrap();
    let (_, made) = accounts.reset_password(c.id, None).unwrap();
    assert_eq!(accounts.user_of_session(&session).unwrap(), None);
    assert!(accounts.sign_in("c@x", &made.unwrap()).unwrap().is_some());
    let short = accounts.reset_password(c.id, Some("short"));
    assert!(matches!(short, Err(StoreError::Refused { .. })));
}

#[test]
fn a_database_of_the_first_version_is_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nilas.db");
    let old = rusqlite::Connection::open(&path).unwrap();
    old.execute_batch(crate::database::MIGRATIONS[0]).unwrap();
    old.execute_batch(
        "INSERT INTO user (email, name, password, admin, created_ms) VALUES ('a@x', 'A', 'p', 1, 5);
         PRAGMA user_version = 1",
    )
    .unwrap();
    drop(old);
    let users = Database::open(&path).unwrap().accounts().users().unwrap();
    assert_eq!(users.len(), 1);
    assert_eq!((users[0].name.as_str(), users[0].disabled), ("A", false));
}
