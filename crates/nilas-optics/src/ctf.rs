//! The contrast transfer function of one particle.
//!
//! Sign: `value` is `+sin χ`, which is positive at low resolution for particles whose protein is white on black
//! (contrast-inverted, as particle stacks are). Raw micrographs, protein dark, carry `-sin χ`. Positive defocus is
//! underfocus. RELION's value equals this one; cisTEM's is its negative.

use crate::fast_sine::sine;
use crate::{OpticsError, zernike};
use std::f64::consts::PI;

/// The electron wavelength in Å at an accelerating voltage in kV, relativistic (algorithms.md 0.5).
pub fn wavelength_angstrom(voltage_kv: f64) -> f64 {
    let v = voltage_kv * 1e3;
    12.264_324_7 / (v * (1.0 + 0.978_466e-6 * v)).sqrt()
}

/// All parameters of one particle's contrast transfer.
///
/// Frequencies given to the methods are those of the detector (image) in 1/Å; [`Ctf::magnification`] maps them to
/// true frequencies first, where it isn't the identity.
#[derive(Debug, Clone, PartialEq)]
pub struct Ctf {
    /// Accelerating voltage in kV.
    pub voltage_kv: f64,
    /// Spherical aberration in mm.
    pub cs_mm: f64,
    /// Amplitude contrast as a fraction, for example 0.1.
    pub amplitude_contrast: f64,
    /// Defocus in Å along `defocus_angle_rad`, positive underfocus.
    pub defocus_u_angstrom: f64,
    /// Defocus in Å across it.
    pub defocus_v_angstrom: f64,
    /// Azimuth of U in radians, from the image's x axis towards its y (row index) direction.
    pub defocus_angle_rad: f64,
    /// Phase shift of a phase plate in radians.
    pub phase_shift_rad: f64,
    /// Envelope: amplitude times `exp(-B k²/4)`, B in Å².
    pub b_factor_angstrom2: f64,
    /// Factor of everything.
    pub scale: f64,
    /// Beam tilt (x, y) in mrad, RELION's sign: odd phase `-2π Cs λ² |k|² (k·τ)`.
    pub beam_tilt_mrad: [f64; 2],
    /// Trefoil in rad Å³: odd phase `|k|³ (a cos 3θ + b sin 3θ)`.
    pub trefoil_rad_angstrom3: [f64; 2],
    /// Fourth order in rad Å⁴: even phase `|k|⁴ (a cos 2θ + b sin 2θ + c cos 4θ + d sin 4θ)` added to χ: secondary
    /// astigmatism, then tetrafoil.
    pub tetrafoil_rad_angstrom4: [f64; 4],
    /// RELION's antisymmetric Zernike coefficients (`rlnOddZernike`), radians; often empty.
    pub odd_zernike: Vec<f64>,
    /// RELION's symmetric Zernike coefficients (`rlnEvenZernike`), radians; they lower χ. Often empty.
    pub even_zernike: Vec<f64>,
    /// Anisotropic magnification: true frequency = this matrix times detector frequency, row-major.
    pub magnification: [[f64; 2]; 2],
}

impl Default for Ctf {
    /// 300 kV, Cs 2.7 mm, amplitude contrast 0.1, in focus, no aberration.
    fn default() -> Self {
        Self {
            voltage_kv: 300.0,
            cs_mm: 2.7,
            amplitude_contrast: 0.1,
            defocus_u_angstrom: 0.0,
            defocus_v_angstrom: 0.0,
            defocus_angle_rad: 0.0,
            phase_shift_rad: 0.0,
            b_factor_angstrom2: 0.0,
            scale: 1.0,
            beam_tilt_mrad: [0.0; 2],
            trefoil_rad_angstrom3: [0.0; 2],
            tetrafoil_rad_angstrom4: [0.0; 4],
            odd_zernike: Vec::new(),
            even_zernike: Vec::new(),
            magnification: [[1.0, 0.0], [0.0, 1.0]],
        }
    }
}

/// `χ = defocus·(kx², 2 kx ky, ky²) + fourth |k|⁴ + constant` plus the rarer even terms.
#[derive(Debug, Clone, Copy)]
struct PhaseTerms {
    xx: f64,
    xy2: f64,
    yy: f64,
    fourth: f64,
    constant: f64,
}

impl Ctf {
    /// The electron wavelength in Å.
    pub fn wavelength_angstrom(&self) -> f64 {
        wavelength_angstrom(self.voltage_kv)
    }

    /// Checks that every parameter is finite and physically possible.
    ///
    /// # Errors
    /// The first parameter that isn't, by name and value.
    pub fn validate(&self) -> Result<(), OpticsError> {
        let mut named = vec![
            ("voltage (kV)", self.voltage_kv),
            ("spherical aberration (mm)", self.cs_mm),
            ("amplitude contrast", self.amplitude_contrast),
            ("defocus U (Å)", self.defocus_u_angstrom),
            ("defocus V (Å)", self.defocus_v_angstrom),
            ("defocus angle (rad)", self.defocus_angle_rad),
            ("phase shift (rad)", self.phase_shift_rad),
            ("CTF B-factor (Å²)", self.b_factor_angstrom2),
            ("CTF scale", self.scale),
        ];
        named.extend(self.beam_tilt_mrad.map(|v| ("beam tilt (mrad)", v)));
        named.extend(self.trefoil_rad_angstrom3.map(|v| ("trefoil (rad Å³)", v)));
        named.extend(self.tetrafoil_rad_angstrom4.map(|v| ("tetrafoil (rad Å⁴)", v)));
        named.extend(self.odd_zernike.iter().map(|v| ("odd Zernike coefficient", *v)));
        named.extend(self.even_zernike.iter().map(|v| ("even Zernike coefficient", *v)));
        named.extend(
            self.magnification
                .as_flattened()
                .iter()
                .map(|v| ("magnification matrix", *v)),
        );
        if let Some((name, value)) = named.into_iter().find(|(_, v)| !v.is_finite()) {
            return Err(OpticsError::NotFinite { name, value });
        }
        let out = |name, value, allowed| Err(OpticsError::OutOfRange { name, value, allowed });
        if !(self.voltage_kv >= 10.0 && self.voltage_kv <= 3000.0) {
            return out("voltage (kV)", self.voltage_kv, "between 10 and 3000");
        }
        if !(-1.0..=1.0).contains(&self.amplitude_contrast) {
            return out(
                "amplitude contrast",
                self.amplitude_contrast,
                "a fraction between -1 and 1",
            );
        }
        if self.cs_mm.abs() > 100.0 {
            return out("spherical aberration (mm)", self.cs_mm, "below 100");
        }
        for (name, value) in [
            ("defocus U (Å)", self.defocus_u_angstrom),
            ("defocus V (Å)", self.defocus_v_angstrom),
        ] {
            if value.abs() > 1e6 {
                return out(
                    name,
                    value,
                    "below 1e6 in size (100 µm); it is in Å, not in µm or nm",
                );
            }
        }
        let [[a, b], [c, d]] = self.magnification;
        let determinant = a * d - b * c;
        if !(0.25..=4.0).contains(&determinant) {
            return out("determinant of the magnification matrix", determinant, "near 1");
        }
        Ok(())
    }

    /// Defocus in Å along the azimuth `theta_rad`.
    pub fn defocus_along(&self, theta_rad: f64) -> f64 {
        let (sum, difference) = (
            self.defocus_u_angstrom + self.defocus_v_angstrom,
            self.defocus_u_angstrom - self.defocus_v_angstrom,
        );
        0.5 * (sum + difference * (2.0 * (theta_rad - self.defocus_angle_rad)).cos())
    }

    /// A detector frequency (1/Å) mapped to the true one by the magnification matrix.
    pub fn true_frequency(&self, kx: f64, ky: f64) -> [f64; 2] {
        let m = &self.magnification;
        [m[0][0] * kx + m[0][1] * ky, m[1][0] * kx + m[1][1] * ky]
    }

    fn has_magnification(&self) -> bool {
        self.magnification != [[1.0, 0.0], [0.0, 1.0]]
    }

    fn has_rare_even_terms(&self) -> bool {
        self.tetrafoil_rad_angstrom4
            .iter()
            .chain(&self.even_zernike)
            .any(|v| *v != 0.0)
    }

    /// Whether any odd (antisymmetric) aberration is present, so that predictions need [`Ctf::odd_phase`].
    pub fn has_odd_phase(&self) -> bool {
        (self.beam_tilt_mrad.iter())
            .chain(&self.trefoil_rad_angstrom3)
            .chain(&self.odd_zernike)
            .any(|v| *v != 0.0)
    }

    fn terms(&self) -> PhaseTerms {
        let lambda = self.wavelength_angstrom();
        let (s, c) = (2.0 * self.defocus_angle_rad).sin_cos();
        let mean = 0.5 * (self.defocus_u_angstrom + self.defocus_v_angstrom);
        let half_difference = 0.5 * (self.defocus_u_angstrom - self.defocus_v_angstrom);
        PhaseTerms {
            xx: PI * lambda * (mean + half_difference * c),
            xy2: 2.0 * PI * lambda * half_difference * s,
            yy: PI * lambda * (mean - half_difference * c),
            fourth: -0.5 * PI * self.cs_mm * 1e7 * lambda.powi(3),
            constant: self.phase_shift_rad + self.amplitude_contrast.clamp(-1.0, 1.0).asin(),
        }
    }

    fn rare_even_phase(&self, kx: f64, ky: f64) -> f64 {
        let [a, b, c, d] = self.tetrafoil_rad_angstrom4;
        let (x2, y2) = (kx * kx, ky * ky);
        // k⁴ cos 2θ = k²(kx² - ky²) and so on: no angle needed.
        let (r2, cos2, sin2) = (x2 + y2, x2 - y2, 2.0 * kx * ky);
        let fourth = r2 * (a * cos2 + b * sin2) + c * (cos2 * cos2 - sin2 * sin2) + d * 2.0 * cos2 * sin2;
        fourth - zernike::even_phase(&self.even_zernike, kx, ky)
    }

    /// The even phase χ in radians at a detector frequency (1/Å):
    /// `πλ Δf(θ) k² - (π/2) Cs λ³ k⁴ + phase shift + asin(Q0) + higher even terms` (algorithms.md 0.5).
    pub fn chi(&self, kx: f64, ky: f64) -> f64 {
        let [x, y] = self.true_frequency(kx, ky);
        self.terms().chi(x, y) + self.rare_even_phase(x, y)
    }

    /// `scale * exp(-B k²/4) * sin χ` at a detector frequency (1/Å).
    pub fn value(&self, kx: f64, ky: f64) -> f64 {
        self.envelope(kx, ky) * self.chi(kx, ky).sin()
    }

    /// `scale * exp(-B k²/4)` at a detector frequency (1/Å).
    pub fn envelope(&self, kx: f64, ky: f64) -> f64 {
        let [x, y] = self.true_frequency(kx, ky);
        self.scale * (-0.25 * self.b_factor_angstrom2 * (x * x + y * y)).exp()
    }

    /// The derivative of [`Ctf::value`] by a common change of both defoci, per Å: `envelope cos χ πλk²`.
    pub fn defocus_derivative(&self, kx: f64, ky: f64) -> f64 {
        let [x, y] = self.true_frequency(kx, ky);
        let slope = PI * self.wavelength_angstrom() * (x * x + y * y);
        self.envelope(kx, ky) * self.chi(kx, ky).cos() * slope
    }

    /// The odd phase in radians at a detector frequency (1/Å): beam tilt, trefoil and odd Zernikes. A prediction is
    /// multiplied by `exp(i odd_phase)`; it changes sign with k.
    pub fn odd_phase(&self, kx: f64, ky: f64) -> f64 {
        let [x, y] = self.true_frequency(kx, ky);
        let lambda = self.wavelength_angstrom();
        let k2 = x * x + y * y;
        let [tx, ty] = self.beam_tilt_mrad;
        let coma = -2.0 * PI * self.cs_mm * 1e7 * lambda * lambda * k2 * (x * tx + y * ty) * 1e-3;
        let [a, b] = self.trefoil_rad_angstrom3;
        let trefoil = a * x * (x * x - 3.0 * y * y) + b * y * (3.0 * x * x - y * y);
        coma + trefoil + zernike::odd_phase(&self.odd_zernike, x, y)
    }

    /// [`Ctf::value`] at many detector frequencies (1/Å), in f32 with absolute error below 1e-6 of the envelope.
    /// Fills as many values as the shorter of the two slices has.
    pub fn fill(&self, frequencies: &[[f32; 2]], out: &mut [f32]) {
        let t = self.terms();
        let scale = self.scale as f32;
        if self.has_rare_even_terms() {
            for (k, value) in frequencies.iter().zip(out.iter_mut()) {
                let [x, y] = self.true_frequency(f64::from(k[0]), f64::from(k[1]));
                *value = scale * sine(t.chi(x, y) + self.rare_even_phase(x, y));
            }
        } else if self.has_magnification() {
            for (k, value) in frequencies.iter().zip(out.iter_mut()) {
                let [x, y] = self.true_frequency(f64::from(k[0]), f64::from(k[1]));
                *value = scale * sine(t.chi(x, y));
            }
        } else {
            for (k, value) in frequencies.iter().zip(out.iter_mut()) {
                *value = scale * sine(t.chi(f64::from(k[0]), f64::from(k[1])));
            }
        }
        if self.b_factor_angstrom2 != 0.0 {
            let b = -0.25 * self.b_factor_angstrom2;
            for (k, value) in frequencies.iter().zip(out.iter_mut()) {
                let [x, y] = self.true_frequency(f64::from(k[0]), f64::from(k[1]));
                *value *= (b * (x * x + y * y)).exp() as f32;
            }
        }
    }

    /// `(cos φ, sin φ)` of [`Ctf::odd_phase`] at many detector frequencies (1/Å).
    /// Fills as many values as the shorter of the two slices has.
    pub fn fill_odd_phase(&self, frequencies: &[[f32; 2]], out: &mut [[f32; 2]]) {
        for (k, value) in frequencies.iter().zip(out.iter_mut()) {
            let (s, c) = self.odd_phase(f64::from(k[0]), f64::from(k[1])).sin_cos();
            *value = [c as f32, s as f32];
        }
    }

    /// The largest spatial frequency (1/Å) to which a box of `box_size` pixels of `pixel_size_angstrom` samples the
    /// CTF's rings with at least two Fourier pixels each: `N a / (2 λ Δf)` (algorithms.md 0.5). Infinite in focus.
    pub fn alias_free_frequency(&self, box_size: usize, pixel_size_angstrom: f64) -> f64 {
        let defocus = self.defocus_u_angstrom.abs().max(self.defocus_v_angstrom.abs());
        box_size as f64 * pixel_size_angstrom / (2.0 * self.wavelength_angstrom() * defocus)
    }
}

impl PhaseTerms {
    #[inline(always)]
    fn chi(&self, x: f64, y: f64) -> f64 {
        let (x2, y2) = (x * x, y * y);
        let k2 = x2 + y2;
        self.xx * x2 + self.xy2 * (x * y) + self.yy * y2 + self.fourth * (k2 * k2) + self.constant
    }
}

/// The frequencies in 1/Å of a half-complex image transform: rows `ky` in FFT order (slow), `kx = 0 ..= n/2` (fast).
/// `(n, n/2 + 1)` entries for an `n x n` image of `pixel_size_angstrom`.
pub fn half_image_frequencies(n: usize, pixel_size_angstrom: f64) -> Vec<[f32; 2]> {
    let step = 1.0 / (n as f64 * pixel_size_angstrom);
    let mut out = Vec::with_capacity(n * (n / 2 + 1));
    for row in 0..n {
        let ky = if row < n.div_ceil(2) {
            row as f64
        } else {
            row as f64 - n as f64
        };
        out.extend((0..=n / 2).map(|kx| [(kx as f64 * step) as f32, (ky * step) as f32]));
    }
    out
}

#[cfg(test)]
#[path = "ctf_tests.rs"]
mod tests;
