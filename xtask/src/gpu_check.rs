//! The one command for a machine with a card: every GPU test against the CPU's oracle, then the GPU benchmark.

use crate::metadata::root;
use anyhow::{Context, Result, bail};
use std::process::Command;

/// Tests and times `device` (`cuda:0`, `opencl:0`); prints the benchmark's JSON object.
pub fn run(device: &str) -> Result<()> {
    cargo(
        &[
            "test",
            "--release",
            "--locked",
            "-p",
            "nilas-kernels",
            "--test",
            "gpu",
            "--",
            "--nocapture",
        ],
        device,
    )
    .with_context(|| format!("the kernels on {device} do not agree with the reference"))?;
    let bench = [
        "run",
        "--release",
        "--locked",
        "-q",
        "-p",
        "nilas-kernels",
        "--example",
        "bench_devices",
        "--",
        "cpu",
    ];
    cargo(&[&bench[..], &[device]].concat(), device).context("the benchmark failed")
}

fn cargo(arguments: &[&str], device: &str) -> Result<()> {
    let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(arguments)
        .env("NILAS_TEST_DEVICE", device)
        .current_dir(root()?)
        .status()
        .context("cargo did not start")?;
    if !status.success() {
        bail!("cargo {} ended with {status}", arguments[0]);
    }
    Ok(())
}
