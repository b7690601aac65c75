//! What is known of the microscope, what is looked for, and what comes out.

use crate::MicrographError;
use nilas_optics::Ctf;

/// The microscope.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Microscope {
    /// Acceleration voltage in kV.
    pub voltage_kv: f64,
    /// Spherical aberration in mm.
    pub cs_mm: f64,
    /// Amplitude contrast as a fraction.
    pub amplitude_contrast: f64,
}

impl Microscope {
    /// The contrast transfer of a defocus in this microscope.
    pub fn ctf(&self, defocus: &Defocus) -> Ctf {
        let [u, v] = defocus.uv_angstrom();
        Ctf {
            voltage_kv: self.voltage_kv,
            cs_mm: self.cs_mm,
            amplitude_contrast: self.amplitude_contrast,
            defocus_u_angstrom: u,
            defocus_v_angstrom: v,
            defocus_angle_rad: defocus.angle_rad(),
            phase_shift_rad: defocus.phase_shift_rad,
            ..Ctf::default()
        }
    }
}

/// A defocus with its astigmatism as a vector: `Δf(θ) = mean + a cos 2θ + b sin 2θ`, free of the poles that U, V and an
/// angle have where the astigmatism vanishes.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Defocus {
    /// Mean of U and V in Å, positive underfocus.
    pub mean_angstrom: f64,
    /// `(a, b)` in Å.
    pub astigmatism_angstrom: [f64; 2],
    /// Phase shift of a phase plate in radians.
    pub phase_shift_rad: f64,
}

impl Defocus {
    /// From U, V (Å) and the azimuth of U (rad).
    pub fn from_uv(u_angstrom: f64, v_angstrom: f64, angle_rad: f64, phase_shift_rad: f64) -> Self {
        let half = 0.5 * (u_angstrom - v_angstrom);
        Defocus {
            mean_angstrom: 0.5 * (u_angstrom + v_angstrom),
            astigmatism_angstrom: [half * (2.0 * angle_rad).cos(), half * (2.0 * angle_rad).sin()],
            phase_shift_rad,
        }
    }

    /// U >= V in Å.
    pub fn uv_angstrom(&self) -> [f64; 2] {
        let half = self.half_difference_angstrom();
        [self.mean_angstrom + half, self.mean_angstrom - half]
    }

    /// `(U - V) / 2` in Å.
    pub fn half_difference_angstrom(&self) -> f64 {
        self.astigmatism_angstrom[0].hypot(self.astigmatism_angstrom[1])
    }

    /// Azimuth of U in radians, in `0 .. π`, from +x towards +y (row index).
    pub fn angle_rad(&self) -> f64 {
        let [a, b] = self.astigmatism_angstrom;
        (0.5 * b.atan2(a)).rem_euclid(std::f64::consts::PI)
    }
}

/// What is looked for and where.
#[derive(Debug, Clone, PartialEq)]
pub struct CtfSettings {
    /// Low-resolution end of the fit in Å.
    pub low_resolution_angstrom: f64,
    /// High-resolution end of the fit in Å; nothing beyond 0.95 of Nyquist is used.
    pub high_resolution_angstrom: f64,
    /// Least defocus looked for in Å.
    pub least_defocus_angstrom: f64,
    /// Greatest defocus looked for in Å.
    pub greatest_defocus_angstrom: f64,
    /// Greatest astigmatism `U - V` looked for in Å.
    pub greatest_astigmatism_angstrom: f64,
    /// Look for a phase shift between these bounds (rad).
    pub phase_shift_range_rad: Option<[f64; 2]>,
    /// The phase shift when none is looked for (rad).
    pub phase_shift_rad: f64,
    /// Side of the tiles in Å; automatic takes 720 Å, or more where the rings ask for it.
    pub tile_angstrom: Option<f64>,
    /// Fit the defocus over the field.
    pub local: bool,
}

impl Default for CtfSettings {
    /// 30 to 3 Å, defocus 1,000 to 50,000 Å, astigmatism up to 3,000 Å, no phase shift, with the field.
    fn default() -> Self {
        CtfSettings {
            low_resolution_angstrom: 30.0,
            high_resolution_angstrom: 3.0,
            least_defocus_angstrom: 1000.0,
            greatest_defocus_angstrom: 50_000.0,
            greatest_astigmatism_angstrom: 3000.0,
            phase_shift_range_rad: None,
            phase_shift_rad: 0.0,
            tile_angstrom: None,
            local: true,
        }
    }
}

impl CtfSettings {
    /// Checks that the settings can be.
    ///
    /// # Errors
    /// The first that can't.
    pub fn validate(&self) -> Result<(), MicrographError> {
        let bad = |name, value, allowed| Err(MicrographError::Setting { name, value, allowed });
        if !(self.low_resolution_angstrom > 0.0 && self.low_resolution_angstrom <= 500.0) {
            return bad(
                "low-resolution end of the fit (Å)",
                self.low_resolution_angstrom,
                "above 0 and at most 500",
            );
        }
        if !(self.high_resolution_angstrom > 0.0
            && self.high_resolution_angstrom < self.low_resolution_angstrom)
        {
            return bad(
                "high-resolution end of the fit (Å)",
                self.high_resolution_angstrom,
                "above 0 and below the low-resolution end",
            );
        }
        if !(self.least_defocus_angstrom >= 0.0 && self.least_defocus_angstrom.is_finite()) {
            return bad("least defocus (Å)", self.least_defocus_angstrom, "0 or more");
        }
        if !(self.greatest_defocus_angstrom > self.least_defocus_angstrom
            && self.greatest_defocus_angstrom <= 200_000.0)
        {
            return bad(
                "greatest defocus (Å)",
                self.greatest_defocus_angstrom,
                "above the least and at most 200,000",
            );
        }
        if !(0.0..=50_000.0).contains(&self.greatest_astigmatism_angstrom) {
            return bad(
                "greatest astigmatism (Å)",
                self.greatest_astigmatism_angstrom,
                "between 0 and 50,000",
            );
        }
        if let Some([low, high]) = self.phase_shift_range_rad
            && !(low.is_finite() && high > low && high - low <= std::f64::consts::PI + 1e-9)
        {
            return bad(
                "range of the phase shift (rad)",
                high - low,
                "above 0 and at most π",
            );
        }
        if self.tile_angstrom.is_some_and(|t| !(t > 0.0 && t.is_finite())) {
            return bad("side of a tile (Å)", self.tile_angstrom.unwrap_or(0.0), "above 0");
        }
        if !self.phase_shift_rad.is_finite() {
            return bad("phase shift (rad)", self.phase_shift_rad, "a number");
        }
        Ok(())
    }
}
