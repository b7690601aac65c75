//! Real micrographs and power spectra against what is published of them.
#![allow(clippy::unwrap_used)]

use nilas_formats::mrc::MrcFile;
use nilas_micrograph::spectrum::PowerSpectrum;
use nilas_micrograph::{CtfEstimate, CtfSettings, Micrograph, Microscope, estimate, estimate_from_spectrum};
use std::path::{Path, PathBuf};

fn data() -> Option<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let dir = std::env::var_os("NILAS_TEST_DATA").map_or(default, PathBuf::from);
    if dir.is_dir() {
        return Some(dir);
    }
    eprintln!("skipped: no real data at {} (set NILAS_TEST_DATA)", dir.display());
    None
}

fn say(name: &str, e: &CtfEstimate) {
    let [u, v] = e.defocus.uv_angstrom();
    let surface = e.surface.as_ref().map_or("-".to_owned(), |s| {
        format!(
            "{} {:.0}..{:.0} tilt {:.1}",
            s.shape.name(),
            s.range_angstrom[0],
            s.range_angstrom[1],
            s.tilt_deg()
        )
    });
    eprintln!(
        "{name}: U {u:.0} V {v:.0} A, angle {:.1} deg, sigma {:.1} A, fit {} A, cc {:.3}, evidence {:.0}, margin {:.0} \
         (second {:.0}), tiles {:?} of {:.0} A, surface {surface}, ice {}",
        e.defocus.angle_rad().to_degrees(),
        e.defocus_sigma_angstrom,
        e.fit_resolution_angstrom
            .map_or("-".to_owned(), |r| format!("{r:.2}")),
        e.cross_correlation,
        e.evidence,
        e.margin,
        e.second_defocus_angstrom.unwrap_or(f64::NAN),
        e.tiles,
        e.tile_angstrom,
        e.ice
            .map_or("-".to_owned(), |i| format!("{:.3} peak {:.2}", i.excess, i.peak)),
    );
}

#[test]
fn power_spectra_of_betagal_have_their_published_defocus() {
    let Some(data) = data() else { return };
    let folder = data.join("03_betagal_EMPIAR10204");
    let table = std::fs::read_to_string(folder.join("derived/defocus_reference_dev.csv")).unwrap();
    let scope = Microscope {
        voltage_kv: 200.0,
        cs_mm: 1.4,
        amplitude_contrast: 0.1,
    };
    let settings = CtfSettings::default();
    let (mut worst, mut count) = ([0.0f64; 3], 0);
    for line in table.lines().skip(1).filter(|l| !l.is_empty()) {
        let cells: Vec<&str> = line.split(',').collect();
        let file = MrcFile::open(folder.join(cells[1])).unwrap();
        let n = file.slice_shape()[0];
        let image = file.read_all().unwrap();
        let pixel = file.pixel_size_angstrom().unwrap();
        let spectrum = PowerSpectrum::from_centred_image(
            n,
            pixel,
            &image,
            settings.low_resolution_angstrom,
            settings.high_resolution_angstrom,
        )
        .unwrap();
        let found = estimate_from_spectrum(&spectrum, &scope, &settings, &|| false).unwrap();
        let [u, v] = found.defocus.uv_angstrom();
        let published: Vec<f64> = cells[2..5].iter().map(|c| c.parse().unwrap()).collect();
        let turn = (found.defocus.angle_rad().to_degrees() - published[2] + 90.0).rem_euclid(180.0) - 90.0;
        let off = [u - published[0], v - published[1], turn];
        say(cells[0], &found);
        eprintln!("    off by {:.0} {:.0} A, {:.1} deg", off[0], off[1], off[2]);
        for (w, o) in worst.iter_mut().zip(off) {
            *w = w.max(o.abs());
        }
        count += 1;
    }
    eprintln!(
        "{count} spectra: worst {:.0} A in U, {:.0} A in V, {:.1} deg",
        worst[0], worst[1], worst[2]
    );
    assert!(count >= 10);
    assert!(
        worst[0] <= 20.0 && worst[1] <= 20.0 && worst[2] <= 3.0,
        "{worst:?}"
    );
}

#[test]
fn the_k2_micrograph_has_the_defocus_of_a_plain_fit() {
    let Some(data) = data() else { return };
    let file = MrcFile::open(data.join("01_micrographs_mrcfile/fei-extended.mrc")).unwrap();
    let [height, width] = file.slice_shape();
    let image = file.read_all().unwrap();
    let micrograph = Micrograph {
        width,
        height,
        pixel_size_angstrom: 0.85378,
        data: &image,
    };
    let scope = Microscope {
        voltage_kv: 300.0,
        cs_mm: 2.7,
        amplitude_contrast: 0.1,
    };
    let found = estimate(&micrograph, &scope, &CtfSettings::default(), &|| false).unwrap();
    say("K2", &found);
    let [u, v] = found.defocus.uv_angstrom();
    assert!(
        (u - 10_560.0).abs() < 100.0 && (v - 10_510.0).abs() < 100.0,
        "{u} {v}"
    );
}

/// 16-bit grey PNG, rows as they are in the file.
fn png(path: &Path) -> (usize, usize, Vec<f32>) {
    let decoder = png::Decoder::new(std::io::BufReader::new(std::fs::File::open(path).unwrap()));
    let mut reader = decoder.read_info().unwrap();
    let mut buffer = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut buffer).unwrap();
    assert_eq!(info.color_type, png::ColorType::Grayscale);
    let values = match info.bit_depth {
        png::BitDepth::Sixteen => buffer
            .chunks_exact(2)
            .map(|b| f32::from(u16::from_be_bytes([b[0], b[1]])))
            .collect(),
        _ => buffer.iter().map(|b| f32::from(*b)).collect(),
    };
    (info.width as usize, info.height as usize, values)
}

#[test]
fn the_drifted_apoferritin_micrograph_stands_out() {
    let Some(data) = data() else { return };
    let mut names: Vec<PathBuf> = std::fs::read_dir(data.join("02_apoferritin_EMPIAR10146/sum"))
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    names.sort();
    let scope = Microscope {
        voltage_kv: 300.0,
        cs_mm: 0.0,
        amplitude_contrast: 0.1,
    };
    for name in &names {
        let (width, height, image) = png(name);
        let micrograph = Micrograph {
            width,
            height,
            pixel_size_angstrom: 1.5,
            data: &image,
        };
        let found = estimate(&micrograph, &scope, &CtfSettings::default(), &|| false).unwrap();
        say(&name.file_name().unwrap().to_string_lossy(), &found);
    }
}
