//! Movie decoders beside the programs that others use, on the same files.

use super::{Place, measure, speed};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

/// Decodes each file with tifffile and imagecodecs, one thread and all, and prints bytes, processor and wall seconds.
const PYTHON: &str = r#"
import json, sys, time, os, tifffile, imagecodecs
folder, raw = sys.argv[1], int(sys.argv[2])
def timed(work):
    bytes, c, w = 0, time.process_time(), time.perf_counter()
    while time.process_time() - c < 0.5:
        bytes += work()
    c, w = time.process_time() - c, time.perf_counter() - w
    return {'mb_per_wall_s': round(bytes / w / 1e6), 'mb_per_cpu_s': round(bytes / c / 1e6)}
def pages(name, workers):
    def work():
        with tifffile.TiffFile(os.path.join(folder, name)) as t:
            return sum(p.asarray(maxworkers=workers).nbytes for p in t.pages)
    return timed(work)
def eer(upsampling):
    def work():
        done = 0
        with tifffile.TiffFile(os.path.join(folder, 'events.eer')) as t:
            for i, p in enumerate(t.pages):
                ny, nx = p.shape[-2:]
                f = t.filehandle
                f.seek(p.dataoffsets[0])
                data = f.read(p.databytecounts[0])
                image = imagecodecs.eer_decode(data, (ny * upsampling, nx * upsampling), 7, 2, 2, superres=upsampling // 2)
                total = image.astype('u1') if i % raw == 0 else total
                if i % raw:
                    total += image
                if i % raw == raw - 1:
                    done += total.nbytes
        return done
    return timed(work)
cores = os.cpu_count()
out = {}
for key, name in [('tiff_lzw_16_rows', 'lzw16.tif'), ('tiff_lzw_one_strip', 'lzw1.tif'), ('tiff_deflate_16_rows', 'deflate16.tif'), ('tiff_none', 'none.tif')]:
    out[key] = {'one thread': pages(name, 1), 'all threads': pages(name, cores)}
out['eer_7_4'] = eer(1)
out['eer_7_4_upsampling_2'] = eer(2)
print(json.dumps(out))
"#;
/// As in the example that writes the files.
const RAW_FRAMES: u64 = 20;
const FRAME_BYTES: u64 = 4096 * 4096;

/// Our decoders and everyone else's.
pub fn run(place: &Place, frames: u64) -> Result<Value> {
    let folder = place.folder.join(format!("decoders-{frames}"));
    std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let shown = folder.to_string_lossy().into_owned();
    let ours = speed::example(
        place,
        "nilas-formats",
        "bench_decoders",
        &[shown.clone(), frames.to_string()],
    )?;
    let python = Command::new("python3")
        .args(["-W", "ignore", "-c", PYTHON, &shown, &RAW_FRAMES.to_string()])
        .output();
    let python = match python {
        Ok(out) if out.status.success() => serde_json::from_slice(&out.stdout)?,
        Ok(out) => json!({ "failed": String::from_utf8_lossy(&out.stderr) }),
        Err(e) => json!({ "not installed": e.to_string() }),
    };
    let bytes = frames * FRAME_BYTES;
    let plain = folder.join("tiffcp.tif");
    let plain = plain.to_string_lossy();
    let log = folder.join("log");
    Ok(json!({
        "frames": frames,
        "megabytes_decoded": bytes / 1_000_000,
        "nilas": ours,
        "tifffile + imagecodecs": python,
        "tiffcp -c none (libtiff; writes the result)": {
            "tiff_lzw_16_rows": program(&["tiffcp", "-c", "none", "lzw16.tif", &plain], &folder, &log, bytes),
            "tiff_lzw_one_strip": program(&["tiffcp", "-c", "none", "lzw1.tif", &plain], &folder, &log, bytes),
            "tiff_deflate_16_rows": program(&["tiffcp", "-c", "none", "deflate16.tif", &plain], &folder, &log, bytes),
        },
        "lbzip2 -t": program(&["lbzip2", "-t", "packed.mrc.bz2"], &folder, &log, bytes),
        "bzip2 -t": program(&["bzip2", "-t", "packed.mrc.bz2"], &folder, &log, bytes),
        "gzip -t": program(&["gzip", "-t", "packed.mrc.gz"], &folder, &log, bytes),
    }))
}

fn program(line: &[&str], folder: &Path, log: &Path, bytes: u64) -> Value {
    match measure::run(Command::new(line[0]).args(&line[1..]).current_dir(folder), log) {
        Ok(usage) => json!({
            "mb_per_wall_s": (bytes as f64 / usage.wall_s / 1e6).round(),
            "mb_per_cpu_s": (bytes as f64 / usage.cpu_s.max(0.01) / 1e6).round(),
            "peak_memory_mib": usage.peak_memory_mib.round(),
        }),
        Err(e) => json!({ "failed": format!("{e:#}") }),
    }
}
