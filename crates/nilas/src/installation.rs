//! Where this machine's server keeps its data, and how the command line reaches a server.

use anyhow::{Context, Result};
use nilas_client::Client;
use nilas_server::serve;
use std::path::PathBuf;

/// The data folder.
#[derive(Debug, Clone, clap::Args)]
pub struct Installation {
    /// Data folder of the server (database, accounts) [default: ~/.local/share/nilas].
    #[arg(long = "data", env = "NILAS_DATA", value_name = "DIR")]
    folder: Option<PathBuf>,
}

impl Installation {
    /// The data folder, absolute.
    ///
    /// # Errors
    /// When neither the option nor a home folder says where.
    pub fn data(&self) -> Result<PathBuf> {
        if let Some(folder) = &self.folder {
            return Ok(std::path::absolute(folder)?);
        }
        let home = std::env::home_dir()
            .context("no home folder: say with --data where to keep the server's data")?;
        Ok(home.join(".local/share/nilas"))
    }

    /// The database.
    ///
    /// # Errors
    /// When it can't be opened.
    pub fn database(&self) -> Result<nilas_store::Database> {
        nilas_store::Database::open(&serve::database_file(&self.data()?)).map_err(crate::with_hint)
    }
}

/// Which server, and who asks.
#[derive(Debug, Clone, clap::Args)]
pub struct Connection {
    /// Address of the server [default: the one of this machine].
    #[arg(long, env = "NILAS_SERVER", value_name = "URL")]
    server: Option<String>,
    /// API token [default: that of this machine's server].
    #[arg(long, env = "NILAS_TOKEN", hide_env_values = true)]
    token: Option<String>,
    #[command(flatten)]
    installation: Installation,
}

impl Connection {
    /// A client of the server.
    ///
    /// # Errors
    /// When no server or token is known.
    pub fn client(&self) -> Result<Client> {
        let data = self.installation.data()?;
        let url = match &self.server {
            Some(url) => url.clone(),
            None => std::fs::read_to_string(serve::address_file(&data)).with_context(|| {
                format!("no server has run with the data folder {}: start one with `nilas server`, or name one with --server", data.display())
            })?,
        };
        let token = match &self.token {
            Some(token) => token.clone(),
            None => std::fs::read_to_string(serve::token_file(&data)).with_context(|| {
                "no token: make one with `nilas token create` on the server and give it with --token or NILAS_TOKEN"
            })?,
        };
        Ok(Client::new(url.trim(), token.trim()))
    }
}
