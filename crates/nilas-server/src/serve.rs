//! The server as a whole: data folder, accounts of the first start, socket, shutdown.

use crate::app::App;
use crate::browser::Browser;
use crate::error::{internal, io, store};
use crate::master::{Master, Settings};
use nilas_api::ApiError;
use nilas_store::{Accounts, Database, DirectoryLock};
use std::future::Future;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::net::TcpListener;

/// Login name of the account that the first start makes.
pub const FIRST_ADMIN: &str = "admin@localhost";
/// How long open requests may take once the server should stop.
const GOODBYE: Duration = Duration::from_secs(2);

/// How a server is set up.
#[derive(Debug, Clone)]
pub struct ServerSettings {
    /// Address to listen at; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Folder of the database and of what belongs to this installation.
    pub data: PathBuf,
    /// Folder for new projects.
    pub projects: PathBuf,
    /// Further folders that the file picker may show, beside the home folder and the projects' folder.
    pub roots: Vec<PathBuf>,
    /// Project directories to attach at the start.
    pub attach: Vec<PathBuf>,
    /// Cores of this machine for jobs; all if absent, 0 to run none here.
    pub cores: Option<u32>,
    /// Cores of one heavy job; all if absent.
    pub job_cores: Option<u32>,
}

/// A server that listens but does not answer yet.
pub struct Server {
    app: App,
    listener: TcpListener,
    address: SocketAddr,
    first_admin: Option<(String, String)>,
    /// Held as long as the server lives: one server per data folder.
    _lock: DirectoryLock,
}

/// File in the data folder with the address of the running server.
pub fn address_file(data: &Path) -> PathBuf {
    data.join("server.url")
}

/// File in the data folder with a token for the command line of the same user on this machine.
pub fn token_file(data: &Path) -> PathBuf {
    data.join("local.token")
}

/// File of the database in the data folder.
pub fn database_file(data: &Path) -> PathBuf {
    data.join("nilas.db")
}

impl Server {
    /// Open the database, take the socket, open all projects.
    ///
    /// # Errors
    /// When the port is taken, the data folder is in use, or a file can't be read or written.
    pub async fn open(settings: ServerSettings) -> Result<Self, ApiError> {
        std::fs::create_dir_all(&settings.data).map_err(|e| io(&settings.data, &e))?;
        std::fs::create_dir_all(&settings.projects).map_err(|e| io(&settings.projects, &e))?;
        let listener = TcpListener::bind(settings.listen).await.map_err(|e| {
            let hint = "another program may use the port; choose another one with --port";
            ApiError::new(
                nilas_api::ErrorKind::Conflict,
                format!("can't listen at {}: {e}", settings.listen),
                hint,
            )
        })?;
        let address = listener.local_addr().map_err(|e| internal(e.to_string()))?;
        let what = format!("nilas server at http://{address}");
        let lock = DirectoryLock::take(&settings.data, &what, &nilas_launch::host_name()).map_err(store)?;
        let database = Database::open(&database_file(&settings.data)).map_err(store)?;
        let first_admin = first_admin(&database)?;
        keep_token(&database.accounts(), &settings.data)?;
        let mut of_master = Settings::new(&what, settings.projects.clone())
            .map_err(|e| internal(format!("the own program: {e}")))?;
        of_master.cores = settings.cores.unwrap_or(of_master.cores);
        of_master.job_cores = settings.job_cores;
        let master = Master::start(&database, of_master)?;
        for directory in &settings.attach {
            for warning in master.attach_project(directory)?.warnings {
                tracing::warn!("{}: {warning}", directory.display());
            }
        }
        let mut roots = settings.roots.clone();
        roots.push(settings.projects.clone());
        roots.extend(std::env::home_dir());
        roots.extend(settings.attach.iter().cloned());
        let app = App::new(master, Browser::new(&roots), &settings.data);
        let url = format!("http://{address}");
        std::fs::write(address_file(&settings.data), &url).map_err(|e| io(&settings.data, &e))?;
        Ok(Server {
            app,
            listener,
            address,
            first_admin,
            _lock: lock,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Login and password of the account that this start made, if it was the first.
    pub fn first_admin(&self) -> Option<&(String, String)> {
        self.first_admin.as_ref()
    }

    /// Answer requests until `stop` is done. Running jobs go on without the server.
    pub async fn run(self, stop: impl Future<Output = ()> + Send + 'static) -> Result<(), ApiError> {
        let (told, hear) = tokio::sync::oneshot::channel::<()>();
        let router = crate::router(self.app);
        let service = router.into_make_service();
        let serving = axum::serve(self.listener, service).with_graceful_shutdown(async move {
            stop.await;
            let _ = told.send(());
        });
        // Live event streams never end by themselves.
        let deadline = async {
            if hear.await.is_ok() {
                tokio::time::sleep(GOODBYE).await;
            } else {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            result = serving => result.map_err(|e| internal(format!("the server stopped: {e}"))),
            () = deadline => Ok(()),
        }
    }
}

fn first_admin(database: &Database) -> Result<Option<(String, String)>, ApiError> {
    let accounts = database.accounts();
    if !accounts.users().map_err(store)?.is_empty() {
        return Ok(None);
    }
    let (user, password) = accounts
        .create_user(FIRST_ADMIN, "Administrator", None, true)
        .map_err(store)?;
    Ok(password.map(|password| (user.email, password)))
}

/// A token for `nilas job`, `nilas project` ... of the user who runs the server, who may write the database anyway:
/// a new one when that of [`token_file`] opens no administrator's account (any more).
///
/// # Errors
/// When the database or the file can't be read or written.
pub fn keep_token(accounts: &Accounts, data: &Path) -> Result<(), ApiError> {
    let path = token_file(data);
    if let Ok(token) = std::fs::read_to_string(&path)
        && accounts
            .user_of_token(token.trim())
            .map_err(store)?
            .is_some_and(|user| user.admin)
    {
        return Ok(());
    }
    let users = accounts.users().map_err(store)?;
    let Some(admin) = users.into_iter().find(|user| user.admin && !user.disabled) else {
        return Ok(());
    };
    let (_, token) = accounts
        .create_token(admin.id, "command line on the server's machine", None)
        .map_err(store)?;
    let _ = std::fs::remove_file(&path);
    let mut options = std::fs::OpenOptions::new();
    let mut file = options
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(&path)
        .map_err(|e| io(&path, &e))?;
    std::io::Write::write_all(&mut file, token.as_bytes()).map_err(|e| io(&path, &e))
}
