//! `nilas user`: accounts, changed in the server's data folder by whoever may write it.

use crate::installation::Installation;
use anyhow::{Context, Result};
use clap::Subcommand;

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
            let role = |admin| if admin { "administrator" } else { "" };
            let lines: Vec<String> = users
                .iter()
                .map(|user| {
                    format!(
                        "{:<5} {:<32} {:<24} {}",
                        user.id.to_string(),
                        user.email,
                        user.name,
                        role(user.admin)
                    )
                })
                .collect();
            crate::print_lines(&lines, "there are no accounts yet");
        }
        UserCommand::Passwd { email } => {
            accounts
                .set_password(email, &read_password()?, None)
                .map_err(crate::with_hint)?;
        }
    }
    Ok(())
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
