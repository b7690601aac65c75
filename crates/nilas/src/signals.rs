//! SIGINT and SIGTERM.

use anyhow::{Context, Result};
use tokio::signal::unix::{SignalKind, signal};

/// Call `heard` with 1, 2, ... each time the user or the system asks this program to stop.
///
/// # Errors
/// When the handlers can't be set up.
pub fn on_stop(heard: impl Fn(u32) + Send + 'static) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    let guard = runtime.enter();
    let mut interrupt = signal(SignalKind::interrupt()).context("setting up the handler for Ctrl-C")?;
    let mut terminate = signal(SignalKind::terminate()).context("setting up the handler for SIGTERM")?;
    drop(guard);
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            runtime.block_on(async {
                for count in 1.. {
                    tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
                    heard(count);
                }
            });
        })?;
    Ok(())
}
