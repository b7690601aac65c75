#![allow(clippy::unwrap_used)]
use super::*;

fn typical() -> Ctf {
    Ctf {
        defocus_u_angstrom: 10_000.0,
        defocus_v_angstrom: 10_000.0,
        ..Ctf::default()
    }
}

// algorithms.md 0.5.
#[test]
fn wavelengths() {
    for (kv, expected) in [(300.0, 0.019_687), (200.0, 0.025_079), (100.0, 0.037_014)] {
        assert!(
            (wavelength_angstrom(kv) - expected).abs() < 1e-6,
            "{kv} kV: {}",
            wavelength_angstrom(kv)
        );
    }
}

// algorithms.md 0.10, vector 3: the first zero of sin χ is where χ = π, a quadratic in k².
#[test]
fn first_zero_is_the_closed_form() {
    let ctf = typical();
    let lambda = ctf.wavelength_angstrom();
    let a = 0.5 * PI * 2.7e7 * lambda.powi(3);
    let b = PI * lambda * 10_000.0;
    let c = PI - 0.1f64.asin();
    let k2 = 2.0 * c / (b + (b * b - 4.0 * a * c).sqrt());
    let (mut low, mut high) = (0.03, 0.09);
    assert!(ctf.value(low, 0.0) > 0.0 && ctf.value(high, 0.0) < 0.0);
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if ctf.value(0.6 * middle, -0.8 * middle) > 0.0 {
            low = middle
        } else {
            high = middle
        }
    }
    assert!(
        (low / k2.sqrt() - 1.0).abs() < 1e-9,
        "{low} against {}",
        k2.sqrt()
    );
}

#[test]
fn sign_is_protein_white() {
    let ctf = typical();
    assert!((ctf.value(0.0, 0.0) - 0.1).abs() < 1e-12);
    assert!(ctf.value(0.02, 0.0) > 0.1);
}

#[test]
fn astigmatism_has_u_along_its_angle() {
    let ctf = Ctf {
        defocus_u_angstrom: 21_000.0,
        defocus_v_angstrom: 19_000.0,
        defocus_angle_rad: 0.7,
        cs_mm: 0.0,
        amplitude_contrast: 0.0,
        ..Ctf::default()
    };
    assert!((ctf.defocus_along(0.7) - 21_000.0).abs() < 1e-9);
    assert!((ctf.defocus_along(0.7 + PI / 2.0) - 19_000.0).abs() < 1e-9);
    let k = 0.11;
    for theta in [0.0f64, 0.3, 0.7, 1.1, 2.0, 5.0] {
        let chi = PI * ctf.wavelength_angstrom() * ctf.defocus_along(theta) * k * k;
        assert!((ctf.chi(k * theta.cos(), k * theta.sin()) - chi).abs() < 1e-9);
    }
}

#[test]
fn every_term_acts_as_stated() {
    let (kx, ky) = (0.13, -0.08);
    let k2: f64 = kx * kx + ky * ky;
    let base = typical();
    let changed = |f: &dyn Fn(&mut Ctf)| {
        let mut c = base.clone();
        f(&mut c);
        c
    };
    let chi = base.chi(kx, ky);
    assert!((changed(&|c| c.phase_shift_rad = 0.5).chi(kx, ky) - chi - 0.5).abs() < 1e-12);
    let b = changed(&|c| c.b_factor_angstrom2 = 50.0);
    assert!((b.value(kx, ky) / base.value(kx, ky) - (-50.0 * k2 / 4.0).exp()).abs() < 1e-12);
    assert!((changed(&|c| c.scale = 0.7).value(kx, ky) / base.value(kx, ky) - 0.7).abs() < 1e-12);
    // RELION adds even Zernikes to gamma = -χ: Z_0^0 = 1 lowers χ.
    assert!((changed(&|c| c.even_zernike = vec![0.25]).chi(kx, ky) - chi + 0.25).abs() < 1e-12);
    let theta = ky.atan2(kx);
    let tetra = changed(&|c| c.tetrafoil_rad_angstrom4 = [10.0, 20.0, 30.0, 40.0]);
    let fourth = k2
        * k2
        * (10.0 * (2.0 * theta).cos()
            + 20.0 * (2.0 * theta).sin()
            + 30.0 * (4.0 * theta).cos()
            + 40.0 * (4.0 * theta).sin());
    assert!((tetra.chi(kx, ky) - chi - fourth).abs() < 1e-12);

    assert!(!base.has_odd_phase() && base.odd_phase(kx, ky) == 0.0);
    let tilt = changed(&|c| c.beam_tilt_mrad = [0.5, -0.2]);
    let expected = -2.0 * PI * 2.7e7 * base.wavelength_angstrom().powi(2) * k2 * (kx * 0.5e-3 - ky * 0.2e-3);
    assert!(tilt.has_odd_phase() && (tilt.odd_phase(kx, ky) - expected).abs() < 1e-12);
    assert!((tilt.odd_phase(-kx, -ky) + expected).abs() < 1e-12);
    let trefoil = changed(&|c| c.trefoil_rad_angstrom3 = [100.0, -50.0]);
    let expected = k2.powf(1.5) * (100.0 * (3.0 * theta).cos() - 50.0 * (3.0 * theta).sin());
    assert!((trefoil.odd_phase(kx, ky) - expected).abs() < 1e-12);
    // Z_3^{-1}, Z_3^1 carry coma: 3 k² k minus a linear term.
    let zernike = changed(&|c| c.odd_zernike = vec![0.0, 0.0, 0.0, 0.0, 2.0, 0.0]);
    assert!((zernike.odd_phase(kx, ky) - 2.0 * (3.0 * k2 - 2.0) * kx).abs() < 1e-12);
}

#[test]
fn magnification_maps_detector_to_true_frequency() {
    let m = [[1.01, 0.004], [0.004, 0.99]];
    let stretched = Ctf {
        magnification: m,
        beam_tilt_mrad: [0.3, 0.1],
        ..typical()
    };
    let plain = Ctf {
        beam_tilt_mrad: [0.3, 0.1],
        ..typical()
    };
    let (kx, ky) = (0.1, 0.2);
    let (tx, ty) = (1.01 * kx + 0.004 * ky, 0.004 * kx + 0.99 * ky);
    assert!((stretched.value(kx, ky) - plain.value(tx, ty)).abs() < 1e-12);
    assert!((stretched.odd_phase(kx, ky) - plain.odd_phase(tx, ty)).abs() < 1e-12);
}

#[test]
fn fast_fill_equals_the_reference() {
    let frequencies = half_image_frequencies(128, 0.7);
    assert_eq!(frequencies.len(), 128 * 65);
    assert!((frequencies[127 * 65 + 3][1] + 1.0 / (128.0 * 0.7)).abs() < 1e-7);
    let plain = Ctf {
        defocus_v_angstrom: 35_000.0,
        defocus_angle_rad: 1.0,
        phase_shift_rad: 0.3,
        ..typical()
    };
    let variants = [
        plain.clone(),
        Ctf {
            b_factor_angstrom2: 30.0,
            scale: 1.5,
            ..plain.clone()
        },
        Ctf {
            magnification: [[1.02, 0.01], [0.0, 0.98]],
            b_factor_angstrom2: 20.0,
            ..plain.clone()
        },
        Ctf {
            tetrafoil_rad_angstrom4: [1.0, -2.0, 3.0, 0.5],
            even_zernike: vec![0.1; 9],
            ..plain.clone()
        },
    ];
    let mut out = vec![0.0; frequencies.len()];
    for ctf in &variants {
        ctf.fill(&frequencies, &mut out);
        for (k, value) in frequencies.iter().zip(&out) {
            let expected = ctf.value(f64::from(k[0]), f64::from(k[1]));
            assert!(
                (f64::from(*value) - expected).abs() < 1e-6 * ctf.scale.max(1.0),
                "{k:?}: {value} {expected}"
            );
        }
    }
    let tilted = Ctf {
        beam_tilt_mrad: [1.0, 2.0],
        ..plain
    };
    let mut phases = vec![[0.0; 2]; frequencies.len()];
    tilted.fill_odd_phase(&frequencies, &mut phases);
    let k = frequencies[500];
    let expected = tilted.odd_phase(f64::from(k[0]), f64::from(k[1]));
    assert!((f64::from(phases[500][0]) - expected.cos()).abs() < 1e-6);
    assert!((f64::from(phases[500][1]) - expected.sin()).abs() < 1e-6);
}

#[test]
fn defocus_derivative_is_the_finite_difference() {
    let ctf = Ctf {
        defocus_v_angstrom: 9_000.0,
        b_factor_angstrom2: 10.0,
        ..typical()
    };
    let moved = Ctf {
        defocus_u_angstrom: 10_000.01,
        defocus_v_angstrom: 9_000.01,
        ..ctf.clone()
    };
    for (kx, ky) in [(0.05, 0.01), (0.2, -0.1), (0.01, 0.25)] {
        let numeric = (moved.value(kx, ky) - ctf.value(kx, ky)) / 0.01;
        assert!((numeric - ctf.defocus_derivative(kx, ky)).abs() < 1e-6);
    }
}

#[test]
fn impossible_parameters_are_named() {
    assert!(typical().validate().is_ok());
    let cases: [(Ctf, &str); 6] = [
        (
            Ctf {
                voltage_kv: 0.0,
                ..typical()
            },
            "voltage",
        ),
        (
            Ctf {
                voltage_kv: f64::NAN,
                ..typical()
            },
            "voltage",
        ),
        (
            Ctf {
                amplitude_contrast: 7.0,
                ..typical()
            },
            "amplitude contrast is 7",
        ),
        (
            Ctf {
                defocus_v_angstrom: f64::INFINITY,
                ..typical()
            },
            "defocus V",
        ),
        (
            Ctf {
                even_zernike: vec![0.0, f64::NAN],
                ..typical()
            },
            "even Zernike",
        ),
        (
            Ctf {
                magnification: [[0.0; 2]; 2],
                ..typical()
            },
            "magnification",
        ),
    ];
    for (ctf, expected) in cases {
        let message = ctf.validate().unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn alias_limit() {
    // 128 px of 1 Å at 300 kV and 1 µm: 128 / (2 * 0.019687 * 10000) = 0.325 1/Å.
    assert!((typical().alias_free_frequency(128, 1.0) - 0.325).abs() < 1e-3);
    assert!(Ctf::default().alias_free_frequency(128, 1.0).is_infinite());
}
