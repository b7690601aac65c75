//! `nilas user`: accounts, changed in the server's data folder by whoever may write it.

use crate::installation::Installation;
use anyhow::{Context, Result};
use clap::Subcommand;
use nilas_server::serve::{keep_token, token_file};
use nilas_store::Accounts;
use nilas_store::accounts::{User, UserChange};

/// What to do, and where.
#[derive(Debug, clap::Args)]
pub struct UserArgs {
    #[command(subcommand)]
    command: UserCommand,
    #[command(flatten)]
    installation: Installation,
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    /// Make an account; without --password-stdin a password is made and printed once.
    Add {
        /// E-mail address, which is the login name.
        email: String,
        /// Display name.
        #[arg(long, default_value = "")]
        name: String,
        /// Make an administrator.
        #[arg(long)]
        admin: bool,
        /// Read the password from the first line of the standard input.
        #[arg(long)]
        password_stdin: bool,
    },
    /// List the accounts.
    List,
    /// Close an account: its sessions and tokens end at once, for good.
    Disable {
        /// E-mail address.
        email: String,
    },
    /// Open a closed account again; its password still holds, new tokens have to be made.
    Enable {
        /// E-mail address.
        email: String,
    },
    /// Make an account an administrator's, or with --off an ordinary one.
    Admin {
        /// E-mail address.
        email: String,
        /// Take the role away.
        #[arg(long)]
        off: bool,
    },
    /// Change the display name.
    Rename {
        /// E-mail address.
        email: String,
        /// New display name.
        name: String,
    },
    /// Remove an account with its sessions and tokens. Its projects and jobs stay.
    Remove {
        /// E-mail address.
        email: String,
    },
    /// Set a password, read from the first line of the standard input; all sessions of the account end.
    Passwd {
        /// E-mail address.
        email: String,
    },
}

/// Runs the subcommand.
///
/// # Errors
/// With what is wrong and what to do.
pub fn run(args: &UserArgs) -> Result<()> {
    let accounts = args.installation.database()?.accounts();
    let change = |email: &str, change: UserChange| -> Result<()> {
        let user = find(&accounts, email)?;
        accounts.change_user(user.id, &change).map_err(crate::with_hint)?;
        Ok(())
    };
    match &args.command {
        UserCommand::Add {
            email,
            name,
            admin,
            password_stdin,
        } => {
            let given = if *password_stdin {
                Some(read_password()?)
            } else {
                None
            };
            let made = accounts
                .create_user(email, name, given.as_deref(), *admin)
                .map_err(crate::with_hint)?;
            match made {
                (user, Some(password)) => {
                    crate::print(&format!(
                        "made {} with the password {password} (shown this once)",
                        user.email
                    ));
                }
                (user, None) => crate::print(&format!("made {}", user.email)),
            }
        }
        UserCommand::List => {
            let users = accounts.users().map_err(crate::with_hint)?;
            let role = |user: &User| match (user.disabled, user.admin) {
                (true, _) => "disabled",
                (false, true) => "administrator",
                (false, false) => "",
            };
            let lines: Vec<String> = users
                .iter()
                .map(|user| {
                    format!(
                        "{:<5} {:<32} {:<24} {}",
                        user.id.to_string(),
                        user.email,
                        user.name,
                        role(user)
                    )
                })
                .collect();
            crate::print_lines(&lines, "there are no accounts yet");
        }
        UserCommand::Disable { email } => change(
            email,
            UserChange {
                disabled: Some(true),
                ..UserChange::default()
            },
        )?,
        UserCommand::Enable { email } => change(
            email,
            UserChange {
                disabled: Some(false),
                ..UserChange::default()
            },
        )?,
        UserCommand::Admin { email, off } => change(
            email,
            UserChange {
                admin: Some(!off),
                ..UserChange::default()
            },
        )?,
        UserCommand::Rename { email, name } => change(
            email,
            UserChange {
                name: Some(name.clone()),
                ..UserChange::default()
            },
        )?,
        UserCommand::Remove { email } => {
            let user = find(&accounts, email)?;
            accounts.delete_user(user.id).map_err(crate::with_hint)?;
        }
        UserCommand::Passwd { email } => {
            accounts
                .set_password(email, &read_password()?, None)
                .map_err(crate::with_hint)?;
        }
    }
    // The command line's own token may have been one of the account's.
    let data = args.installation.data()?;
    if token_file(&data).exists() {
        keep_token(&accounts, &data)?;
    }
    Ok(())
}

fn find(accounts: &Accounts, email: &str) -> Result<User> {
    let found = accounts.user_by_email(email).map_err(crate::with_hint)?;
    found.with_context(|| format!("there is no account for {email}\n`nilas user list` shows all"))
}

fn read_password() -> Result<String> {
    if std::io::IsTerminal::is_terminal(&std::io::stdin()) {
        eprintln!("new password (will be shown as you type):");
    }
    let mut line = String::new();
    std::io::stdin()
        .read_line(&mut line)
        .context("reading the password")?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
