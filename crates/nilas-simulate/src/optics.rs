//! The microscope: its contrast transfer function, written apart from `nilas-optics` on purpose.

/// Imaging parameters of one particle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Optics {
    /// Acceleration voltage, kV.
    pub voltage_kv: f64,
    /// Spherical aberration, mm.
    pub cs_mm: f64,
    /// Amplitude contrast, 0 to 1.
    pub amplitude_contrast: f64,
    /// Larger defocus, Å, positive underfocus.
    pub defocus_u_angstrom: f64,
    /// Smaller defocus, Å.
    pub defocus_v_angstrom: f64,
    /// Azimuth of the larger defocus from +x towards +y, degrees.
    pub defocus_angle_deg: f64,
    /// Phase plate's shift, rad.
    pub phase_shift_rad: f64,
    /// Envelope: amplitude falls as exp(−B k²/4), Å².
    pub b_factor: f64,
    /// Beam tilt in x and y, mrad.
    pub beam_tilt_mrad: [f64; 2],
}

impl Default for Optics {
    fn default() -> Self {
        Optics {
            voltage_kv: 300.0,
            cs_mm: 2.7,
            amplitude_contrast: 0.1,
            defocus_u_angstrom: 15_000.0,
            defocus_v_angstrom: 15_000.0,
            defocus_angle_deg: 0.0,
            phase_shift_rad: 0.0,
            b_factor: 0.0,
            beam_tilt_mrad: [0.0; 2],
        }
    }
}

impl Optics {
    /// Electron wavelength, Å, with relativity: h c / sqrt(E (E + 2 m c²)).
    pub fn wavelength_angstrom(&self) -> f64 {
        const HC_EV_ANGSTROM: f64 = 12_398.419_84;
        const REST_EV: f64 = 510_998.950;
        let energy = self.voltage_kv * 1e3;
        HC_EV_ANGSTROM / (energy * (energy + 2.0 * REST_EV)).sqrt()
    }

    /// Real contrast transfer sin χ · envelope at spatial frequency (kx, ky) in 1/Å. Protein is bright where it is positive.
    pub fn contrast_transfer(&self, kx: f64, ky: f64) -> f64 {
        self.prepare().at(kx, ky)
    }

    pub(crate) fn prepare(&self) -> PreparedTransfer {
        let lambda = self.wavelength_angstrom();
        let angle = self.defocus_angle_deg.to_radians();
        PreparedTransfer {
            axis: [angle.cos(), angle.sin()],
            pi_lambda: std::f64::consts::PI * lambda,
            defocus_v: self.defocus_v_angstrom,
            astigmatism: self.defocus_u_angstrom - self.defocus_v_angstrom,
            half_cs_lambda2: 0.5 * self.cs_mm * 1e7 * lambda * lambda,
            constant_phase: self.phase_shift_rad + self.amplitude_contrast.asin(),
            quarter_b: self.b_factor / 4.0,
        }
    }

    /// Antisymmetric phase of the prediction from beam tilt, rad: −2π Cs λ² k² (k·τ).
    pub fn odd_phase_rad(&self, kx: f64, ky: f64) -> f64 {
        let lambda = self.wavelength_angstrom();
        let tilt = self.beam_tilt_mrad.map(|v| v * 1e-3);
        -std::f64::consts::TAU
            * self.cs_mm
            * 1e7
            * lambda
            * lambda
            * (kx * kx + ky * ky)
            * (kx * tilt[0] + ky * tilt[1])
    }
}

/// The contrast transfer function with everything that doesn't depend on frequency worked out.
pub(crate) struct PreparedTransfer {
    axis: [f64; 2],
    pi_lambda: f64,
    defocus_v: f64,
    astigmatism: f64,
    half_cs_lambda2: f64,
    constant_phase: f64,
    quarter_b: f64,
}

impl PreparedTransfer {
    #[inline]
    pub(crate) fn at(&self, kx: f64, ky: f64) -> f64 {
        let k2 = kx * kx + ky * ky;
        // k² Δf(θ) = V k² + (U − V) (k·axis)²: the quadratic form of the two principal defoci.
        let along = kx * self.axis[0] + ky * self.axis[1];
        let defocus_k2 = self.defocus_v * k2 + self.astigmatism * along * along;
        let chi = self.pi_lambda * (defocus_k2 - self.half_cs_lambda2 * k2 * k2) + self.constant_phase;
        let envelope = if self.quarter_b > 0.0 {
            (-self.quarter_b * k2).exp()
        } else {
            1.0
        };
        chi.sin() * envelope
    }
}
