//! From two half maps to what a reader wants to know: mask, FSC curves, resolution, sharpened map, figures.

use crate::context::JobContext;
use crate::failure;
use crate::figures;
use nilas_model::Failure;
use nilas_volume::mask::{AutoMask, auto};
use nilas_volume::{CorrectedFsc, Spectrum, Volume, VolumeError, fsc};

/// Coarsest resolution of the Guinier fit.
const FIT_FROM_ANGSTROM: f64 = 10.0;
/// A map must reach this resolution before its fall-off says anything about a B-factor.
const FIT_NEEDS_ANGSTROM: f64 = 8.0;
/// Sharpening beyond this is noise fitting.
const LARGEST_B: f64 = 600.0;

/// What was found about a pair of half maps.
#[derive(Debug)]
pub struct Assessment {
    /// Mask that the FSC was measured in.
    pub mask: Volume,
    /// The curves.
    pub curves: CorrectedFsc,
    /// Where the corrected curve falls below 0.143, Å.
    pub resolution_angstrom: f64,
    /// Where the corrected curve falls below 0.5, Å.
    pub resolution_at_half_angstrom: f64,
    /// False when the curve stays above 0.143 up to the limit: the resolution is then a bound.
    pub crossed: bool,
    /// Temperature factor of the merged map, where its resolution allows a fit.
    pub b_factor_angstrom2: Option<f64>,
    /// The merged map sharpened, weighted by its expected correlation with the truth, and cut at its resolution.
    pub sharpened: Volume,
    guinier: Guinier,
}

/// Data of the Guinier plot.
#[derive(Debug)]
struct Guinier {
    frequency: Vec<f64>,
    amplitude: Vec<f64>,
    /// B-factor (Å²), intercept, and the range of the fit (Å).
    fit: Option<(f64, f64, [f64; 2])>,
}

/// What a map that can't be worked with means: a defect, because half maps are made by Nilas itself.
pub fn volume_failure(error: VolumeError) -> Failure {
    match error {
        VolumeError::Flat { .. } => failure::input(
            "inputs.particles",
            format!("The map holds no density: {error}."),
            "Check the contrast of the particles (dark_protein), their poses and their defocus.",
        ),
        other => failure::bug(other),
    }
}

/// Measures two half maps and their merged map. `mask` is used as it is; without one it is made from the
/// merged map, not beyond `diameter_angstrom`.
///
/// # Errors
/// Maps on different grids, or without density.
pub fn assess(
    a: &Volume,
    b: &Volume,
    merged: &Volume,
    mask: Option<Volume>,
    diameter_angstrom: Option<f64>,
    seed: u64,
) -> Result<Assessment, Failure> {
    let mask = match mask {
        Some(mask) => mask,
        None => {
            let rough = fsc::fsc(a, b)
                .map_err(volume_failure)?
                .crossing(fsc::HALF_MAP_THRESHOLD)
                .resolution_angstrom;
            let settings = AutoMask {
                radius_angstrom: diameter_angstrom.map(|d| 0.5 * d),
                ..AutoMask::for_resolution(rough)
            };
            auto(merged, &settings).map_err(volume_failure)?
        }
    };
    let curves = fsc::masked_corrected_fsc(a, b, &mask, seed).map_err(volume_failure)?;
    let at = curves.corrected.crossing(fsc::HALF_MAP_THRESHOLD);
    let half = curves.corrected.crossing(0.5);
    let spectrum = Spectrum::of(&merged.times(&mask).map_err(volume_failure)?).map_err(volume_failure)?;
    let amplitude = spectrum.shell_amplitude();
    let frequency: Vec<f64> = (0..amplitude.len()).map(|r| spectrum.frequency(r)).collect();
    let cref = curves.corrected.cref();
    let fit = fit_guinier(&frequency, &amplitude, &cref, at.resolution_angstrom);
    let b_factor = fit.map(|(b, _)| b.clamp(0.0, LARGEST_B));
    let last = at.shell;
    let weight: Vec<f64> = frequency
        .iter()
        .zip(&cref)
        .enumerate()
        .map(|(r, (f, c))| {
            let sharpen = (0.25 * b_factor.unwrap_or(0.0) * f * f).exp();
            sharpen * c * nilas_volume::filter::low_pass_weight(r as f64, last)
        })
        .collect();
    let sharpened = nilas_volume::filter::weight_by_shell(merged, &weight).map_err(volume_failure)?;
    let fit = fit.map(|(b, intercept)| (b, intercept, [FIT_FROM_ANGSTROM, at.resolution_angstrom]));
    Ok(Assessment {
        mask,
        curves,
        resolution_angstrom: at.resolution_angstrom,
        resolution_at_half_angstrom: half.resolution_angstrom,
        crossed: at.crossed,
        b_factor_angstrom2: b_factor,
        sharpened,
        guinier: Guinier {
            frequency,
            amplitude,
            fit,
        },
    })
}

/// Straight line through ln amplitude over 1/d² from 10 Å to the resolution, weighted by Cref (Rosenthal &
/// Henderson 2003): B in Å² and the intercept. `None` when the map does not reach far enough.
fn fit_guinier(
    frequency: &[f64],
    amplitude: &[f64],
    cref: &[f64],
    resolution_angstrom: f64,
) -> Option<(f64, f64)> {
    if resolution_angstrom > FIT_NEEDS_ANGSTROM {
        return None;
    }
    let range = 1.0 / FIT_FROM_ANGSTROM..=1.0 / resolution_angstrom;
    let points: Vec<(f64, f64, f64)> = frequency
        .iter()
        .zip(amplitude)
        .zip(cref)
        .filter(|((f, a), c)| range.contains(f) && **a > 0.0 && **c > 0.0)
        // What the noise adds to the amplitude is taken off by Cref before the fit.
        .map(|((f, a), c)| (f * f, (a * c).ln(), *c))
        .collect();
    if points.len() < 3 {
        return None;
    }
    let weight: f64 = points.iter().map(|p| p.2).sum();
    let (mx, my) = points.iter().fold((0.0, 0.0), |(x, y), p| {
        (x + p.2 * p.0 / weight, y + p.2 * p.1 / weight)
    });
    let (xy, xx) = points.iter().fold((0.0, 0.0), |(xy, xx), p| {
        (xy + p.2 * (p.0 - mx) * (p.1 - my), xx + p.2 * (p.0 - mx).powi(2))
    });
    if xx == 0.0 {
        return None;
    }
    let slope = xy / xx;
    Some((-4.0 * slope, my - slope * mx))
}

impl Assessment {
    /// Writes the FSC and Guinier figures and the statistics.
    ///
    /// # Errors
    /// When the job directory can't be written.
    pub fn report(&self, context: &mut JobContext) -> Result<(), Failure> {
        context.figure(
            &self.fsc_figure("fsc", "Fourier shell correlation of the half maps"),
            None,
        )?;
        let Guinier {
            frequency,
            amplitude,
            fit,
        } = &self.guinier;
        context.figure(&figures::guinier("guinier", frequency, amplitude, *fit), None)?;
        context.statistic("resolution_angstrom", self.resolution_angstrom)?;
        context.statistic("resolution_at_half_angstrom", self.resolution_at_half_angstrom)?;
        let unmasked = self
            .curves
            .unmasked
            .crossing(fsc::HALF_MAP_THRESHOLD)
            .resolution_angstrom;
        context.statistic("resolution_unmasked_angstrom", unmasked)?;
        context.statistic(
            "mask_volume_angstrom3",
            nilas_volume::mask::volume_angstrom3(&self.mask),
        )?;
        if let Some(b) = self.b_factor_angstrom2 {
            context.statistic("b_factor_angstrom2", b)?;
        }
        if !self.crossed {
            context.warn(format!(
                "The half maps still agree at the limit of {:.2} Å: the resolution is limited by the pixel size, not by the data.",
                self.resolution_angstrom
            ))?;
        }
        Ok(())
    }

    /// The four curves as a figure.
    pub fn fsc_figure(&self, id: &str, title: &str) -> nilas_model::Figure {
        let c = &self.curves;
        let made = figures::fourier_shell_correlation(
            id,
            title,
            &c.corrected.frequencies(),
            &[
                ("unmasked", &c.unmasked.correlation, false),
                ("masked", &c.masked.correlation, false),
                ("phases randomised", &c.randomised.correlation, true),
                ("corrected", &c.corrected.correlation, false),
            ],
            Some(self.resolution_angstrom),
        );
        figures::with_note(
            made,
            format!(
                "The corrected curve states the resolution: {:.2} Å at 0.143, {:.2} Å at 0.5. Phases are randomised from \
                 shell {} on to see what the mask alone correlates.",
                self.resolution_angstrom, self.resolution_at_half_angstrom, c.randomised_from_shell
            ),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fit_finds_a_known_fall_off() {
        let frequency: Vec<f64> = (0..100).map(|r| f64::from(r) * 0.004).collect();
        let amplitude: Vec<f64> = frequency
            .iter()
            .map(|f| (3.0 - 80.0 / 4.0 * f * f).exp())
            .collect();
        let (b, intercept) = fit_guinier(&frequency, &amplitude, &vec![1.0; 100], 3.0).expect("a fit");
        assert!(
            (b - 80.0).abs() < 1e-6 && (intercept - 3.0).abs() < 1e-9,
            "{b} {intercept}"
        );
        assert_eq!(fit_guinier(&frequency, &amplitude, &vec![1.0; 100], 9.0), None);
    }
}
