//! Decoding rates of movies of every kind: `bench_decoders FOLDER [FRAMES]` writes them there (4096 x 4096, 0.8 electrons a
//! pixel and frame) and prints one JSON object. Run by `cargo xtask bench decoders`, which puts other programs beside it.
#![allow(clippy::unwrap_used)]

use nilas_formats::eer::{EerOptions, EerWriter, Electron, Fractions};
use nilas_formats::movie::{MovieOptions, MovieReader, PixelType, Pixels};
use nilas_formats::mrc::{MrcMode, MrcStackWriter};
use nilas_formats::tiff::{Compression, TiffOptions, TiffWriter};
use rand::RngExt;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

const N: usize = 4096;
/// Raw frames of the EER file a frame of the movie, and electrons a pixel in each.
const RAW: usize = 20;
const RATE: f64 = 0.04;

fn counts(mean: f64, rng: &mut ChaCha8Rng) -> Vec<u8> {
    // By inversion from a table of 65536 quantiles: exact enough for a rate.
    let mut table = Vec::with_capacity(1 << 16);
    let (mut p, mut sum, mut k) = ((-mean).exp(), (-mean).exp(), 0u8);
    for i in 0..1u32 << 16 {
        while (f64::from(i) + 0.5) / 65536.0 > sum && k < 60 {
            k += 1;
            p *= mean / f64::from(k);
            sum += p;
        }
        table.push(k);
    }
    (0..N * N)
        .map(|_| table[usize::from(rng.random::<u16>())])
        .collect()
}

fn events(rng: &mut ChaCha8Rng) -> Vec<Electron> {
    let mut out = Vec::new();
    let mut at = 0.0;
    loop {
        at += 1.0 + (-(1.0 - rng.random::<f64>()).ln() / RATE).floor();
        if at > (N * N) as f64 {
            return out;
        }
        out.push(Electron::new(
            at as u32 - 1,
            rng.random_range(0..4),
            rng.random_range(0..4),
        ));
    }
}

fn tiff(path: &Path, frames: &[Pixels], options: TiffOptions) {
    let mut w = TiffWriter::create(path, [N, N], PixelType::U8, options).unwrap();
    frames.iter().for_each(|f| w.push(f).unwrap());
    w.finish().unwrap();
}

/// Writes what is not there yet.
fn write_files(folder: &Path, count: usize) -> Vec<(&'static str, PathBuf)> {
    let file = |name: &str| folder.join(name);
    let kinds = vec![
        ("tiff_lzw_16_rows", file("lzw16.tif")),
        ("tiff_lzw_one_strip", file("lzw1.tif")),
        ("tiff_deflate_16_rows", file("deflate16.tif")),
        ("tiff_none", file("none.tif")),
        ("mrc", file("plain.mrc")),
        ("mrc_bz2", file("packed.mrc.bz2")),
        ("mrc_gz", file("packed.mrc.gz")),
        ("eer_7_4", file("events.eer")),
    ];
    if kinds.iter().all(|(_, p)| p.exists()) {
        return kinds;
    }
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let frames: Vec<Pixels> = (0..count).map(|_| Pixels::U8(counts(0.8, &mut rng))).collect();
    for (at, compression, rows_per_strip) in [
        (0, Compression::Lzw, 16),
        (1, Compression::Lzw, N),
        (2, Compression::Deflate, 16),
        (3, Compression::None, 16),
    ] {
        let options = TiffOptions {
            compression,
            rows_per_strip,
            ..TiffOptions::default()
        };
        tiff(&kinds[at].1, &frames, options);
    }
    let mut w = MrcStackWriter::create(&kinds[4].1, [N, N], 1.0, MrcMode::I8).unwrap();
    frames.iter().for_each(|f| w.push(&f.to_f32()).unwrap());
    w.finish().unwrap();
    let raw = std::fs::read(&kinds[4].1).unwrap();
    let mut e = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
    e.write_all(&raw).unwrap();
    std::fs::write(&kinds[5].1, e.finish().unwrap()).unwrap();
    let mut e = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    e.write_all(&raw).unwrap();
    std::fs::write(&kinds[6].1, e.finish().unwrap()).unwrap();
    let mut w = EerWriter::create(&kinds[7].1, [N, N], None).unwrap();
    (0..RAW * count).for_each(|_| w.push(&events(&mut rng)).unwrap());
    w.finish().unwrap();
    kinds
}

/// Processor seconds of this process: user and system, in hundredths.
fn cpu_s() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<f64> = text
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .filter_map(|f| f.parse().ok())
        .collect();
    // The state before them is no number.
    fields
        .get(10)
        .zip(fields.get(11))
        .map_or(0.0, |(u, s)| (u + s) / 100.0)
}

fn measure(path: &Path, upsampling: usize) -> Value {
    let options = MovieOptions {
        eer: EerOptions {
            upsampling,
            fractions: Fractions::RawFrames(RAW),
            leave_out_broken: false,
        },
        ..MovieOptions::default()
    };
    let movie = MovieReader::open_with(path, &options).unwrap();
    // Hundredths of a second are coarse: go on until there are enough of them.
    let (mut bytes, mut electrons) = (0, 0);
    let (wall, cpu) = (Instant::now(), cpu_s());
    while cpu_s() - cpu < 0.5 {
        let mut frames = movie.frames(0..movie.frame_count()).unwrap();
        while let Some(frame) = frames.next() {
            let frame = frame.unwrap();
            bytes += movie.frame_bytes();
            electrons += frame.electrons.unwrap_or(0);
            frames.recycle(frame);
        }
    }
    let (wall, cpu) = (wall.elapsed().as_secs_f64(), cpu_s() - cpu);
    let mut out = json!({
        "mb_per_wall_s": (bytes as f64 / wall / 1e6).round(),
        "mb_per_cpu_s": (bytes as f64 / cpu / 1e6).round(),
    });
    if electrons > 0 {
        out["million_electrons_per_cpu_s"] = json!((electrons as f64 / cpu / 1e6).round());
    }
    out
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().unwrap_or_else(|| ".".into()));
    let count = arguments.next().and_then(|c| c.parse().ok()).unwrap_or(4);
    let mut result = json!({});
    for (name, path) in write_files(&folder, count) {
        result[name] = measure(&path, 1);
        if name == "eer_7_4" {
            result["eer_7_4_upsampling_2"] = measure(&path, 2);
        }
    }
    println!("{result}");
}
