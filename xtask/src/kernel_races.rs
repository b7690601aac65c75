//! The GPU tests on oclgrind, a simulated OpenCL device that sees data races and accesses out of bounds, which PoCL
//! hides because it runs the threads of a block one after the other.

use crate::metadata::root;
use anyhow::{Context, Result, bail};
use std::process::Command;

/// Debian's package `oclgrind` puts it here.
const DRIVER: &str = "/usr/lib/oclgrind/liboclgrind-rt-icd.so";

/// Runs the tests; says that it skips where oclgrind is not installed.
pub fn run() -> Result<()> {
    if !std::path::Path::new(DRIVER).is_file() {
        println!("skipped: kernel races: oclgrind is not installed ({DRIVER})");
        return Ok(());
    }
    let folder = std::env::temp_dir().join(format!("nilas-oclgrind-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join("oclgrind.icd"), format!("{DRIVER}\n"))?;
    let out = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args([
            "test",
            "--locked",
            "-p",
            "nilas-kernels",
            "--test",
            "gpu",
            "--",
            "--test-threads",
            "1",
            "--nocapture",
        ])
        // Larger boxes take minutes on a simulator and run the same text.
        .args(["--skip", "larger_boxes", "--skip", "broken_text"])
        .env("OCL_ICD_VENDORS", &folder)
        .env("OCLGRIND_DATA_RACES", "1")
        .env("OCLGRIND_CHECK_API", "1")
        .env("NILAS_TEST_DEVICE", "opencl:0")
        .current_dir(root()?)
        .output()
        .context("cargo did not start")?;
    std::fs::remove_dir_all(&folder)?;
    let text = [out.stdout, out.stderr]
        .map(|b| String::from_utf8_lossy(&b).into_owned())
        .join("\n");
    let bad = [
        "data race",
        "Invalid read",
        "Invalid write",
        "OCLGRIND FATAL",
        "runtime error",
    ];
    if !out.status.success() || bad.iter().any(|word| text.contains(word)) {
        bail!("the kernels on oclgrind:\n{text}");
    }
    println!("kernel races: none seen by oclgrind");
    Ok(())
}
