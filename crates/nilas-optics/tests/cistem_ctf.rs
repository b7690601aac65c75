//! CTF images that cisTEM computed (carried by cryojax's tests) are reproduced.
#![allow(clippy::unwrap_used)]

mod npz;

use nilas_optics::ctf::half_image_frequencies;
use nilas_optics::{Ctf, wavelength_angstrom};

#[test]
fn cistem_ctf_images_are_reproduced() {
    let Some(path) = npz::test_data("07_maps_models/cryojax/cistem_ctf.npz") else {
        return;
    };
    let data = npz::read(&path);
    let n = data["grid_size"].values[0] as usize;
    let parameters = &data["parameters"];
    let images = &data["ctf"];
    assert_eq!(images.shape, [parameters.shape[0], n, n / 2 + 1]);
    for (i, p) in parameters.values.chunks_exact(7).enumerate() {
        // cisTEM's wavelength constant (12.2639) is 3.5e-5 smaller than RELION's, which is ours. The phase knows λΔf
        // and Cs λ³ only, so its images are those of slightly other defocus and Cs.
        let voltage = p[3] * 1e3;
        let cistem_wavelength = 12.2639 / (voltage + 0.97845e-6 * voltage * voltage).sqrt();
        let ratio = cistem_wavelength / wavelength_angstrom(p[3]);
        assert!((ratio - 1.0).abs() < 5e-5);
        let ctf = Ctf {
            defocus_u_angstrom: p[0] * ratio,
            defocus_v_angstrom: p[1] * ratio,
            defocus_angle_rad: p[2].to_radians(),
            voltage_kv: p[3],
            cs_mm: p[4] * ratio.powi(3),
            amplitude_contrast: p[5],
            ..Ctf::default()
        };
        // Who made these images handed cisTEM the azimuth atan2(kx, ky): our x and y trade places.
        let mut frequencies = half_image_frequencies(n, p[6]);
        frequencies.iter_mut().for_each(|k| k.swap(0, 1));
        let expected = &images.values[i * frequencies.len()..(i + 1) * frequencies.len()];
        let mut fast = vec![0.0f32; frequencies.len()];
        ctf.fill(&frequencies, &mut fast);
        let mut sum = 0.0;
        let mut worst = 0.0f64;
        let mut count = 0.0;
        for ((k, fast), expected) in frequencies.iter().zip(&fast).zip(expected) {
            // The Nyquist row and column have two signs of frequency; cisTEM's choice is its own.
            let nyquist = (n / 2) as f32 / (n as f32 * p[6] as f32);
            if (k[1] - nyquist).abs() < 1e-6 || (k[0] + nyquist).abs() < 1e-6 {
                continue;
            }
            // cisTEM's value is for raw micrographs, protein dark: -sin χ.
            let difference = f64::from(-fast) - expected;
            assert!((ctf.value(f64::from(k[0]), f64::from(k[1])) - f64::from(*fast)).abs() < 2e-6);
            sum += difference * difference;
            worst = worst.max(difference.abs());
            count += 1.0;
        }
        let rms = (sum / count).sqrt();
        println!("cisTEM CTF {i}: rms difference {rms:.2e}, largest {worst:.2e}");
        assert!(
            rms < 1e-4 && worst < 1e-3,
            "image {i}: rms {rms}, largest {worst}"
        );
    }
}
