//! `nilas api`: the HTTP API's own description.

use clap::Subcommand;

/// What to do.
#[derive(Debug, Subcommand)]
pub enum ApiCommand {
    /// Print the OpenAPI document of the HTTP API.
    Openapi,
}

/// Runs the subcommand.
///
/// # Errors
/// When the document can't be written.
pub fn run(command: &ApiCommand) -> anyhow::Result<()> {
    match command {
        ApiCommand::Openapi => {
            crate::print(&serde_json::to_string_pretty(&nilas_server::openapi())?);
            Ok(())
        }
    }
}
