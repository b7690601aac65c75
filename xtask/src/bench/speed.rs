//! Benchmarks that live beside the kernels as examples and print JSON themselves.

use super::Place;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::process::{Command, Stdio};

/// The processor's kernels.
pub fn kernels(place: &Place) -> Result<Value> {
    example(place, "nilas-kernels", "bench_kernels", &[])
}

/// The GPU operations on every device.
pub fn devices(place: &Place) -> Result<Value> {
    example(place, "nilas-kernels", "bench_devices", &[])
}

/// Runs an example in release and reads the JSON object (or the lines of objects) that it prints; its progress goes to
/// our stderr.
pub fn example(place: &Place, package: &str, name: &str, arguments: &[String]) -> Result<Value> {
    let out = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args([
            "run",
            "--release",
            "--locked",
            "--quiet",
            "-p",
            package,
            "--example",
            name,
            "--",
        ])
        .args(arguments)
        .current_dir(&place.root)
        .stderr(Stdio::inherit())
        .output()
        .context("cargo did not start")?;
    if !out.status.success() {
        bail!("example {name} of {package} ended with {}", out.status);
    }
    let text = String::from_utf8(out.stdout).with_context(|| format!("{name}: not UTF-8"))?;
    if let Ok(object) = serde_json::from_str(text.trim()) {
        return Ok(object);
    }
    let lines: Result<Vec<Value>, _> = text
        .lines()
        .filter(|l| !l.trim().is_empty())
        .map(serde_json::from_str)
        .collect();
    Ok(Value::Array(lines.with_context(|| {
        format!("{name} printed neither a JSON object nor JSON lines: {text}")
    })?))
}
