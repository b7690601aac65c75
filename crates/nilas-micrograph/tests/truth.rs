//! Fits of simulated micrographs against their truth. A few here; `cargo run --release -p nilas-micrograph --example
//! ctf_simulated -- 100` runs many.
#![allow(clippy::unwrap_used)]

mod simulated;

use nilas_micrograph::{CtfEstimate, CtfSettings, Micrograph, MicrographError, Microscope, estimate};
use simulated::Truth;

const SIDE: usize = 1536;
const PIXEL: f64 = 1.5;

fn scope(truth: &Truth) -> Microscope {
    Microscope {
        voltage_kv: truth.voltage_kv,
        cs_mm: truth.cs_mm,
        amplitude_contrast: truth.amplitude_contrast,
    }
}

fn fit(truth: &Truth, settings: &CtfSettings, seed: u64) -> CtfEstimate {
    let data = simulated::micrograph(truth, SIDE, PIXEL, seed);
    let micrograph = Micrograph {
        width: SIDE,
        height: SIDE,
        pixel_size_angstrom: PIXEL,
        data: &data,
    };
    estimate(&micrograph, &scope(truth), settings, &|| false).unwrap()
}

fn say(truth: &Truth, e: &CtfEstimate) {
    let [u, v] = e.defocus.uv_angstrom();
    eprintln!(
        "truth {:.0} {:.0} {:.0} deg, found {u:.0} {v:.0} {:.0} deg, sigma {:.1} A, fit {:.2} A, margin {:.0}, tiles {:?} of {:.0} A",
        truth.u,
        truth.v,
        truth.angle_deg,
        e.defocus.angle_rad().to_degrees(),
        e.defocus_sigma_angstrom,
        e.fit_resolution_angstrom.unwrap_or(f64::NAN),
        e.margin,
        e.tiles,
        e.tile_angstrom
    );
}

#[test]
fn defocus_and_astigmatism_come_back() {
    let cases = [
        (5_000.0, 0.0, 0.0),
        (9_000.0, 450.0, 120.0),
        (16_000.0, 150.0, 10.0),
        (29_000.0, 300.0, 75.0),
    ];
    let settings = CtfSettings {
        local: false,
        ..CtfSettings::default()
    };
    for (seed, (mean, astigmatism, angle_deg)) in cases.into_iter().enumerate() {
        let truth = Truth {
            u: mean + 0.5 * astigmatism,
            v: mean - 0.5 * astigmatism,
            angle_deg,
            ..Truth::default()
        };
        let found = fit(&truth, &settings, seed as u64);
        say(&truth, &found);
        let off = (found.defocus.mean_angstrom - mean).abs();
        assert!(off <= 60.0, "{off} A off");
        let difference = 2.0 * found.defocus.half_difference_angstrom();
        assert!(
            (difference - astigmatism).abs() <= 90.0,
            "{difference} for {astigmatism}"
        );
        if astigmatism > 100.0 {
            let turn = (found.defocus.angle_rad().to_degrees() - angle_deg + 90.0).rem_euclid(180.0) - 90.0;
            assert!(turn.abs() <= 10.0, "{turn} deg");
        }
        assert!(found.margin > 10.0, "{}", found.margin);
    }
}

#[test]
fn a_tilted_specimen_is_found() {
    let truth = Truth {
        slope: [0.45, -0.25],
        ..Truth::default()
    };
    let found = fit(&truth, &CtfSettings::default(), 3);
    say(&truth, &found);
    let surface = found.surface.clone().unwrap();
    let half = 0.5 * SIDE as f64 * PIXEL;
    let (mut square, mut count) = (0.0, 0.0);
    for i in 0..10 {
        for j in 0..10 {
            let (x, y) = ((f64::from(i) + 0.5) / 10.0, (f64::from(j) + 0.5) / 10.0);
            let (px, py) = (x * SIDE as f64, y * SIDE as f64);
            let true_defocus =
                0.5 * (truth.u + truth.v) + truth.extra(px * PIXEL - half, py * PIXEL - half, half);
            let here = found.defocus.mean_angstrom + surface.offset_angstrom(px, py);
            square += (here - true_defocus).powi(2);
            count += 1.0;
        }
    }
    let rms = f64::sqrt(square / count);
    eprintln!(
        "{}: tilt {:.1} deg (truth {:.1}), range {:.0} to {:.0} A, rms error {rms:.0} A, stated {:.0} A",
        surface.shape.name(),
        surface.tilt_deg(),
        0.45f64.hypot(0.25).atan().to_degrees(),
        surface.range_angstrom[0],
        surface.range_angstrom[1],
        surface.sigma_angstrom
    );
    assert!(rms <= 100.0);
}

#[test]
fn a_phase_plate_is_found() {
    let truth = Truth {
        u: 8_100.0,
        v: 8_000.0,
        phase_shift_deg: 75.0,
        ..Truth::default()
    };
    let settings = CtfSettings {
        phase_shift_range_rad: Some([0.0, std::f64::consts::PI]),
        local: false,
        ..CtfSettings::default()
    };
    let found = fit(&truth, &settings, 5);
    say(&truth, &found);
    let off = found.defocus.phase_shift_rad.to_degrees() - 75.0;
    eprintln!(
        "phase shift off by {off:.1} deg, sigma {:.1} deg",
        found.phase_shift_sigma_rad.to_degrees()
    );
    assert!(off.abs() <= 9.0);
}

#[test]
fn a_micrograph_without_rings_says_so() {
    let truth = Truth {
        b_factor: 20_000.0,
        ..Truth::default()
    };
    let found = fit(&truth, &CtfSettings::default(), 8);
    say(&truth, &found);
    eprintln!("evidence {:.1}", found.evidence);
    assert!(found.fit_resolution_angstrom.is_none_or(|r| r > 10.0));
}

#[test]
fn bad_micrographs_are_errors() {
    let scope = scope(&Truth::default());
    let run = |width: usize, height: usize, pixel: f64, data: &[f32]| {
        let micrograph = Micrograph {
            width,
            height,
            pixel_size_angstrom: pixel,
            data,
        };
        estimate(&micrograph, &scope, &CtfSettings::default(), &|| false)
    };
    let mut data: Vec<f32> = (0..64 * 64).map(|i| (i * 7919 % 101) as f32).collect();
    assert!(matches!(
        run(64, 63, 1.0, &data),
        Err(MicrographError::Shape { .. })
    ));
    assert!(matches!(
        run(64, 64, 0.0, &data),
        Err(MicrographError::PixelSize(_))
    ));
    assert!(matches!(
        run(4096, 1, 1.0, &data),
        Err(MicrographError::TooSmall { .. })
    ));
    assert!(matches!(
        run(64, 64, 40.0, &data),
        Err(MicrographError::Band { .. })
    ));
    assert!(matches!(
        run(64, 64, 1.0, &[5.0; 4096]),
        Err(MicrographError::Constant(_))
    ));
    data[70] = f32::NAN;
    assert!(matches!(
        run(64, 64, 1.0, &data),
        Err(MicrographError::NotFinite {
            count: 1,
            column: 6,
            row: 1,
            ..
        })
    ));
}
