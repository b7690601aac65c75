//! Fits the power spectra of EMPIAR-10204 in different bands and prints the mean difference to the published values.
//!
//! `cargo run --release -p nilas-micrograph --example ctf_spectra -- ../shared/data/03_betagal_EMPIAR10204 0.1 5.0`
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use nilas_formats::mrc::MrcFile;
use nilas_micrograph::spectrum::PowerSpectrum;
use nilas_micrograph::{CtfSettings, Microscope, estimate_from_spectrum};
use std::path::PathBuf;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let folder = PathBuf::from(&args[1]);
    let table = std::fs::read_to_string(folder.join("derived/defocus_reference_dev.csv")).unwrap();
    for high in args[3..].iter().map(|a| a.parse::<f64>().unwrap()) {
        let scope = Microscope {
            voltage_kv: 200.0,
            cs_mm: 1.4,
            amplitude_contrast: args[2].parse().unwrap(),
        };
        let settings = CtfSettings {
            high_resolution_angstrom: high,
            ..CtfSettings::default()
        };
        let (mut sum, mut square, mut worst, mut count) = ([0.0f64; 3], [0.0f64; 3], [0.0f64; 3], 0.0);
        for line in table.lines().skip(1).filter(|l| !l.is_empty()) {
            let cells: Vec<&str> = line.split(',').collect();
            let file = MrcFile::open(folder.join(cells[1])).unwrap();
            let image = file.read_all().unwrap();
            let spectrum = PowerSpectrum::from_centred_image(
                file.slice_shape()[0],
                file.pixel_size_angstrom().unwrap(),
                &image,
                settings.low_resolution_angstrom,
                high,
            )
            .unwrap();
            let found = estimate_from_spectrum(&spectrum, &scope, &settings, &|| false).unwrap();
            let [u, v] = found.defocus.uv_angstrom();
            let published: Vec<f64> = cells[2..5].iter().map(|c| c.parse().unwrap()).collect();
            let turn =
                (found.defocus.angle_rad().to_degrees() - published[2] + 90.0).rem_euclid(180.0) - 90.0;
            for (i, off) in [u - published[0], v - published[1], turn].into_iter().enumerate() {
                sum[i] += off;
                square[i] += off * off;
                worst[i] = worst[i].max(off.abs());
            }
            count += 1.0;
        }
        println!(
            "30 to {high} A: mean {:.1} {:.1} {:.2}, rms {:.1} {:.1} {:.2}, worst {:.1} {:.1} {:.2}",
            sum[0] / count,
            sum[1] / count,
            sum[2] / count,
            f64::sqrt(square[0] / count),
            f64::sqrt(square[1] / count),
            f64::sqrt(square[2] / count),
            worst[0],
            worst[1],
            worst[2]
        );
    }
}
