//! Sharpening: the falloff of amplitudes by Guinier's plot, its inversion, and the weight of each shell's reliability
//! (Rosenthal & Henderson 2003, J Mol Biol 333:721; algorithms.md 0.7).

use crate::filter::{low_pass_weight, positive};
use crate::spectrum::interpolate;
use crate::{FscCurve, Spectrum, Volume, VolumeError};

/// Guinier's plot of a map and the straight line through it.
#[derive(Debug, Clone, PartialEq)]
pub struct GuinierFit {
    /// The map's falloff B in Å²: amplitudes fall as `exp(-B k²/4)`. Sharpening by it multiplies with `exp(+B k²/4)`.
    pub b_factor_angstrom2: f64,
    /// `ln` amplitude of the line at 1/d² = 0.
    pub intercept: f64,
    /// Correlation of the fitted points with the line, in [-1, 1].
    pub correlation: f64,
    /// Abscissae of the plot: 1/d² in 1/Å² of every shell from 1 on.
    pub inverse_d2: Vec<f64>,
    /// Ordinates: `ln` of the mean amplitude of each shell, weighted by Cref where an FSC was given.
    pub ln_amplitude: Vec<f64>,
    /// The fitted range in Å, low resolution first.
    pub range_angstrom: [f64; 2],
}

/// Fits Guinier's plot between `low_angstrom` (10 is usual) and `high_angstrom`. With an FSC of the half maps the amplitudes
/// are weighted by Cref first, which takes the noise's share away.
///
/// # Errors
/// An impossible map; a range with fewer than 3 shells.
pub fn guinier(
    volume: &Volume,
    fsc: Option<&FscCurve>,
    low_angstrom: f64,
    high_angstrom: f64,
) -> Result<GuinierFit, VolumeError> {
    positive("low limit of the Guinier fit (Å)", low_angstrom)?;
    positive("high limit of the Guinier fit (Å)", high_angstrom)?;
    let spectrum = Spectrum::of(volume)?;
    let cref = fsc.map(FscCurve::cref);
    let amplitudes = spectrum.shell_amplitude();
    let weight = |shell: usize| {
        cref.as_ref()
            .map_or(1.0, |c| interpolate(c, shell as f64 * fsc_ratio(fsc, volume)))
    };
    let mut inverse_d2 = Vec::new();
    let mut ln_amplitude = Vec::new();
    for (shell, amplitude) in amplitudes.iter().enumerate().skip(1) {
        inverse_d2.push(spectrum.frequency(shell).powi(2));
        ln_amplitude.push((amplitude * weight(shell)).max(f64::MIN_POSITIVE).ln());
    }
    let (from, to) = (
        low_angstrom.powi(-2) * (1.0 - 1e-9),
        high_angstrom.powi(-2) * (1.0 + 1e-9),
    );
    let floor = f64::MIN_POSITIVE.ln() + 1.0;
    let points: Vec<(f64, f64)> = inverse_d2
        .iter()
        .zip(&ln_amplitude)
        .filter(|(x, y)| (from..=to).contains(*x) && **y > floor)
        .map(|(x, y)| (*x, *y))
        .collect();
    if points.len() < 3 {
        return Err(VolumeError::Parameter {
            name: "range of the Guinier fit (Å), its high resolution end",
            value: high_angstrom,
            allowed: format!("far enough from {low_angstrom} Å that 3 shells with signal lie between"),
        });
    }
    let n = points.len() as f64;
    let (mx, my) = points
        .iter()
        .fold((0.0, 0.0), |(a, b), (x, y)| (a + x / n, b + y / n));
    let (sxx, sxy, syy) = points.iter().fold((0.0, 0.0, 0.0), |(xx, xy, yy), (x, y)| {
        (
            xx + (x - mx) * (x - mx),
            xy + (x - mx) * (y - my),
            yy + (y - my) * (y - my),
        )
    });
    let slope = sxy / sxx;
    Ok(GuinierFit {
        b_factor_angstrom2: -4.0 * slope,
        intercept: my - slope * mx,
        correlation: if syy > 0.0 { sxy / (sxx * syy).sqrt() } else { 0.0 },
        inverse_d2,
        ln_amplitude,
        range_angstrom: [low_angstrom, high_angstrom],
    })
}

/// Shells of the FSC's box per shell of the map's (they may differ in box, not in Å).
fn fsc_ratio(fsc: Option<&FscCurve>, volume: &Volume) -> f64 {
    fsc.map_or(1.0, |f| {
        f.n as f64 * f.voxel_size_angstrom / volume.box_angstrom()
    })
}

/// The map sharpened by `b_factor_angstrom2` (the map's own falloff, a positive number), weighted by Cref of the half maps'
/// FSC shell by shell, and low-passed at `resolution_angstrom` with an edge of two shells. Without FSC there is no weight.
///
/// # Errors
/// An impossible map, a B that isn't finite, a resolution that isn't positive.
pub fn sharpened(
    volume: &Volume,
    b_factor_angstrom2: f64,
    fsc: Option<&FscCurve>,
    resolution_angstrom: f64,
) -> Result<Volume, VolumeError> {
    positive("resolution (Å)", resolution_angstrom)?;
    if !b_factor_angstrom2.is_finite() {
        return Err(VolumeError::Parameter {
            name: "B-factor (Å²)",
            value: b_factor_angstrom2,
            allowed: "a finite number".to_owned(),
        });
    }
    let cref = fsc.map(FscCurve::cref);
    let ratio = fsc_ratio(fsc, volume);
    let step = 1.0 / volume.box_angstrom();
    let cutoff = volume.box_angstrom() / resolution_angstrom;
    crate::filter::filtered(volume, |r| {
        let weight = cref.as_ref().map_or(1.0, |c| interpolate(c, r * ratio));
        // e^60 is as far as an f32 amplitude can be raised with room to spare.
        let pass = low_pass_weight(r, cutoff);
        if pass > 0.0 {
            pass * weight * (0.25 * b_factor_angstrom2 * (r * step).powi(2)).min(60.0).exp()
        } else {
            0.0
        }
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::filter::apply_b_factor;
    use crate::fsc::fsc;
    use crate::test_maps::{noise, sum};

    #[test]
    fn the_applied_b_factor_is_found_and_undone() {
        // White noise has flat amplitudes: all falloff is what was applied.
        let flat = noise(64, 1.5, 1);
        let blurred = apply_b_factor(&flat, 120.0).unwrap();
        let fit = guinier(&blurred, None, 10.0, 3.2).unwrap();
        assert!(
            (fit.b_factor_angstrom2 - 120.0).abs() < 3.0,
            "{}",
            fit.b_factor_angstrom2
        );
        assert!(fit.correlation < -0.99 && fit.inverse_d2.len() == 32);
        let restored = sharpened(&blurred, 120.0, None, 3.2).unwrap();
        let amplitude = Spectrum::of(&restored).unwrap().shell_amplitude();
        assert!((amplitude[5] / amplitude[25] - 1.0).abs() < 0.05);
        assert!(amplitude[32] < 1e-5 * amplitude[25]);
    }

    #[test]
    fn noise_does_not_flatten_the_weighted_fit() {
        let signal = apply_b_factor(&noise(64, 1.5, 2), 150.0).unwrap();
        let strength = 0.05;
        let (a, b) = (
            sum(&signal, &noise(64, 1.5, 3), strength),
            sum(&signal, &noise(64, 1.5, 4), strength),
        );
        let curve = fsc(&a, &b).unwrap();
        let merged = a.average(&b).unwrap();
        let d = curve.crossing(0.143).resolution_angstrom;
        let plain = guinier(&merged, None, 10.0, d).unwrap().b_factor_angstrom2;
        let weighted = guinier(&merged, Some(&curve), 10.0, d)
            .unwrap()
            .b_factor_angstrom2;
        assert!(
            (weighted - 150.0).abs() < (plain - 150.0).abs(),
            "{plain} without, {weighted} with weights"
        );
        assert!((weighted - 150.0).abs() < 25.0, "{weighted}");
        let sharp = sharpened(&merged, weighted, Some(&curve), d).unwrap();
        sharp.check_finite("sharp").unwrap();
    }

    #[test]
    fn impossible_ranges_are_refused() {
        let v = noise(16, 1.0, 1);
        assert!(
            guinier(&v, None, 10.0, 9.9)
                .unwrap_err()
                .to_string()
                .contains("3 shells")
        );
        assert!(sharpened(&v, f64::NAN, None, 3.0).is_err());
        // An enormous B stays finite inside of the resolution.
        sharpened(&v, 1e5, None, 8.0)
            .unwrap()
            .check_finite("sharp")
            .unwrap();
    }
}
