//! `nilas doctor`: is this machine fit for Nilas?

use crate::installation::Installation;
use anyhow::Result;
use std::process::ExitCode;

/// Look at this machine: cores, memory, data folder, running server.
///
/// Exit code 1 when something is wrong.
#[derive(Debug, clap::Args)]
pub struct DoctorArgs {
    #[command(flatten)]
    installation: Installation,
}

/// Prints what it finds.
///
/// # Errors
/// When no data folder is known.
pub fn run(args: &DoctorArgs) -> Result<ExitCode> {
    let data = args.installation.data()?;
    let mut good = true;
    let mut say = |fine: bool, text: String| {
        good &= fine;
        crate::print(&format!("{} {text}", if fine { "ok  " } else { "BAD " }));
    };
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    say(
        true,
        format!(
            "nilas {} on {}, {cores} cores",
            env!("CARGO_PKG_VERSION"),
            nilas_launch::host_name()
        ),
    );
    let memory = nilas_server::master::machine_memory() as f64 / f64::from(1 << 30);
    say(
        memory >= 4.0,
        format!("{memory:.1} GiB of memory (4 GiB are enough for small boxes)"),
    );
    let probe = data.join(".doctor");
    let written = std::fs::create_dir_all(&data).and_then(|()| std::fs::write(&probe, b"nilas"));
    let _ = std::fs::remove_file(&probe);
    match written {
        Ok(()) => say(true, format!("{} can be written", data.display())),
        Err(error) => say(false, format!("{} can't be written: {error}", data.display())),
    }
    let database = nilas_server::serve::database_file(&data);
    if database.exists() {
        match args
            .installation
            .database()
            .and_then(|db| Ok(db.accounts().users()?.len()))
        {
            Ok(users) => say(true, format!("{} is whole; {users} accounts", database.display())),
            Err(error) => say(false, format!("{error:#}")),
        }
    } else {
        say(true, "no server has run here yet".to_owned());
    }
    if let Ok(url) = std::fs::read_to_string(nilas_server::serve::address_file(&data)) {
        match nilas_client::Client::new(url.trim(), "").version() {
            Ok(version) => say(
                true,
                format!("a server of version {} answers at {url}", version.version),
            ),
            Err(_) => say(true, format!("no server answers at {url} now")),
        }
    }
    Ok(if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
