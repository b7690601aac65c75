//! `nilas token`: API tokens, made in the server's data folder by whoever may write it.

use crate::installation::Installation;
use anyhow::{Context, Result};
use clap::Subcommand;

/// What to do, and where.
#[derive(Debug, clap::Args)]
pub struct TokenArgs {
    #[command(subcommand)]
    command: TokenCommand,
    #[command(flatten)]
    installation: Installation,
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    /// Make a token and print its secret once.
    Create {
        /// Whose token [default: the first administrator].
        #[arg(long)]
        email: Option<String>,
        /// What it is for.
        #[arg(long, default_value = "command line")]
        name: String,
        /// Days until it ends [default: never].
        #[arg(long)]
        days: Option<u32>,
    },
}

/// Runs the subcommand.
///
/// # Errors
/// With what is wrong and what to do.
pub fn run(args: &TokenArgs) -> Result<()> {
    let accounts = args.installation.database()?.accounts();
    let TokenCommand::Create { email, name, days } = &args.command;
    let users = accounts.users().map_err(crate::with_hint)?;
    let user = match email {
        Some(email) => users.iter().find(|user| user.email.eq_ignore_ascii_case(email)),
        None => users.iter().find(|user| user.admin && !user.disabled),
    };
    let user =
        user.context("there is no such account: `nilas user list` shows all, `nilas user add` makes one")?;
    let (_, secret) = accounts
        .create_token(user.id, name, *days)
        .map_err(crate::with_hint)?;
    crate::print(&secret);
    Ok(())
}
