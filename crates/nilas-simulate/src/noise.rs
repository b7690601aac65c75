//! Coloured noise.

use crate::error::SimulateError;

/// Radial power spectrum of the noise. Only its shape matters: the simulation scales it to variance 1 per pixel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NoiseSpectrum {
    /// Power of the low-frequency rise at the origin, relative to the white floor of 1; 0 gives no rise.
    pub rise: f64,
    /// Width of the rise, Å: its power falls as 1 / (1 + (k·width)²).
    pub rise_width_angstrom: f64,
    /// Share of the floor, 0 to 1, that falls towards Nyquist as the detector's transfer function does.
    pub falloff: f64,
}

impl NoiseSpectrum {
    /// The same power at every frequency.
    pub const WHITE: NoiseSpectrum = NoiseSpectrum {
        rise: 0.0,
        rise_width_angstrom: 40.0,
        falloff: 0.0,
    };

    /// Relative power at `k` (1/Å) where Nyquist is `nyquist` (1/Å).
    pub fn power(&self, k: f64, nyquist: f64) -> f64 {
        let rise = self.rise / (1.0 + (k * self.rise_width_angstrom).powi(2));
        let relative = (k / nyquist).min(std::f64::consts::SQRT_2);
        rise + 1.0 - self.falloff * (std::f64::consts::FRAC_PI_4 * relative).sin().powi(2)
    }

    pub(crate) fn check(&self) -> Result<(), SimulateError> {
        let bad = |name, value: f64, expected| {
            Err(SimulateError::Parameter {
                name,
                value: value.to_string(),
                expected,
            })
        };
        if !(self.rise >= 0.0 && self.rise.is_finite()) {
            return bad("noise.rise", self.rise, "0 or more");
        }
        if !(self.rise_width_angstrom > 0.0 && self.rise_width_angstrom.is_finite()) {
            return bad("noise.rise_width_angstrom", self.rise_width_angstrom, "above 0 Å");
        }
        if !(0.0..=1.0).contains(&self.falloff) {
            return bad("noise.falloff", self.falloff, "between 0 and 1");
        }
        Ok(())
    }
}

impl Default for NoiseSpectrum {
    /// A moderate rise below 40 Å and a third of the power lost towards Nyquist.
    fn default() -> Self {
        NoiseSpectrum {
            rise: 3.0,
            rise_width_angstrom: 40.0,
            falloff: 0.6,
        }
    }
}
