//! Estimation of the contrast transfer of a micrograph.
//!
//! 1. Mean amplitude spectrum of Hann-windowed tiles with half overlap; odd tiles (edges, ice) left out.
//! 2. Exhaustive search of defocus (and phase shift) on the rotational average, with background and ring strength fitted
//!    anew for every value; the five best maxima go on.
//! 3. Exhaustive search of the astigmatism of each on sectors, then a maximum-likelihood fit of a χ²-distributed periodogram
//!    to all Fourier pixels (U, V, angle, phase shift, background and ring strength together).
//! 4. The best wins by likelihood; how much better it is than the second tells whether a ring could have been miscounted.
//! 5. Larger tiles where the rings are too fine for the first; fit resolution from an equi-phase average; errors from the
//!    Fisher information and the scatter that was measured; defocus over the field; ice.

pub(crate) mod basis;
mod model;
pub(crate) mod phase;
mod quality;
mod refine;
mod search;
mod settings;

pub(crate) use model::{Smooth, ring_factors};
pub use quality::Curves;
pub(crate) use quality::{OUTSIDE, equiphase_bins};
pub use settings::{CtfSettings, Defocus, Microscope};

use crate::ice::{self, IceRing};
use crate::spectrum::{FourierGrid, PowerSpectrum, TileSpectra, tile_side};
use crate::surface::{self, DefocusSurface};
use crate::{Micrograph, MicrographError};
use phase::Phases;
use refine::{Freedom, Refined, model_and_residual, refine};
use search::{Candidate, radial_search, sector_search};

/// First side of the tiles in Å.
const TILE_ANGSTROM: f64 = 720.0;
/// Rings finer than this share of the tile ask for larger tiles.
const FINE: f64 = 0.28;
/// Relative variance of a pixel times correlated pixels, before it was measured.
const NOISE_AT_FIRST: f64 = 0.1;
/// Rings less likely than this (log-likelihood over none) are chance: the search has tried thousands of defoci.
const LEAST_EVIDENCE: f64 = 15.0;
/// Two refined candidates nearer than this (Å) are the same.
const SAME: f64 = 60.0;

/// What was found on one micrograph.
#[derive(Debug, Clone)]
pub struct CtfEstimate {
    /// Defocus, astigmatism, phase shift.
    pub defocus: Defocus,
    /// Standard error of the mean defocus in Å.
    pub defocus_sigma_angstrom: f64,
    /// Standard errors of the astigmatism vector in Å.
    pub astigmatism_sigma_angstrom: [f64; 2],
    /// Standard error of the phase shift in radians; 0 when it was not fitted.
    pub phase_shift_sigma_rad: f64,
    /// Resolution in Å to which rings agree with the fit; `None` where there are no certain rings.
    pub fit_resolution_angstrom: Option<f64>,
    /// Correlation of the flattened spectrum with the fitted rings, over Fourier pixels up to the fit resolution.
    pub cross_correlation: f64,
    /// Log-likelihood of rings over no rings.
    pub evidence: f64,
    /// Log-likelihood of the best fit over the best one at another defocus; small values mean that a ring could have been
    /// miscounted.
    pub margin: f64,
    /// The defocus of that other fit.
    pub second_defocus_angstrom: Option<f64>,
    /// Equi-phase average, fitted rings, agreement.
    pub curves: Curves,
    /// The spectrum and its model for display.
    pub display: Display,
    /// Defocus over the field, when asked for.
    pub surface: Option<DefocusSurface>,
    /// The ring of ice at 3.7 Å, where the micrograph reaches it.
    pub ice: Option<IceRing>,
    /// Tiles measured, and those kept.
    pub tiles: [usize; 2],
    /// Side of the tiles in Å.
    pub tile_angstrom: f64,
}

/// A flattened power spectrum with the fit beside it.
#[derive(Debug, Clone)]
pub struct Display {
    /// Side in pixels, even; the origin is at `side / 2`.
    pub side: usize,
    /// Frequency of the edge in 1/Å.
    pub edge_frequency: f64,
    /// Left half: measured, right half: model; the background is 1, `[y][x]`.
    pub image: Vec<f32>,
}

/// Estimates the contrast transfer of a micrograph.
///
/// # Errors
/// A micrograph or settings that can't be, or a request to stop. A micrograph without rings is no error: its fit
/// resolution is `None`.
pub fn estimate(
    micrograph: &Micrograph,
    scope: &Microscope,
    settings: &CtfSettings,
    cancelled: &(dyn Fn() -> bool + Sync),
) -> Result<CtfEstimate, MicrographError> {
    micrograph.check()?;
    settings.validate()?;
    let wished = settings.tile_angstrom.unwrap_or(TILE_ANGSTROM);
    let mut measured = Measured::new(micrograph, settings, wished, cancelled)?;
    let mut fit = fit_spectrum(&measured.spectrum, scope, settings, None, cancelled)?;
    if settings.tile_angstrom.is_none() {
        let wished = wished_side(&fit, measured.spectrum.grid.side_angstrom);
        let side = tile_side(micrograph, wished)? as f64 * micrograph.pixel_size_angstrom;
        if side > 1.2 * measured.spectrum.grid.side_angstrom {
            measured = Measured::new(micrograph, settings, side, cancelled)?;
            fit = fit_spectrum(&measured.spectrum, scope, settings, Some(&fit), cancelled)?;
        }
    }
    let mut found = conclude(&measured.spectrum, &fit);
    found.tiles = [measured.tiles.len(), measured.tiles.kept_count()];
    if settings.local && found.fit_resolution_angstrom.is_some() {
        found.surface = surface::fit(
            micrograph,
            &measured.tiles,
            &measured.spectrum,
            &fit.phases,
            &fit.best.defocus,
            &fit.best.smooth,
            found.fit_resolution_angstrom,
            cancelled,
        )?;
    }
    if let Some(surface) = &mut found.surface {
        found.defocus.mean_angstrom += surface.recentre();
    }
    Ok(found)
}

/// Estimates the contrast transfer from a power spectrum that was averaged elsewhere.
///
/// # Errors
/// Settings that can't be, or a request to stop.
pub fn estimate_from_spectrum(
    spectrum: &PowerSpectrum,
    scope: &Microscope,
    settings: &CtfSettings,
    cancelled: &(dyn Fn() -> bool + Sync),
) -> Result<CtfEstimate, MicrographError> {
    settings.validate()?;
    let fit = fit_spectrum(spectrum, scope, settings, None, cancelled)?;
    Ok(conclude(spectrum, &fit))
}

struct Measured {
    spectrum: PowerSpectrum,
    tiles: TileSpectra,
}

impl Measured {
    fn new(
        micrograph: &Micrograph,
        settings: &CtfSettings,
        wished_angstrom: f64,
        cancelled: &(dyn Fn() -> bool + Sync),
    ) -> Result<Self, MicrographError> {
        let pixel = micrograph.pixel_size_angstrom;
        let side = tile_side(micrograph, wished_angstrom)?;
        let grid = FourierGrid::new(
            side as f64 * pixel,
            settings.low_resolution_angstrom,
            settings.high_resolution_angstrom,
            2.0 * pixel,
        )?;
        let tiles = TileSpectra::measure(micrograph, side, &grid, cancelled)?;
        let spectrum = PowerSpectrum::from_amplitudes(grid, &tiles.mean_amplitude())?;
        Ok(Measured { spectrum, tiles })
    }
}

/// The fit of one spectrum with what it needs to be judged.
struct Fit {
    phases: Phases,
    best: Refined,
    noise: quality::Noise,
    margin: f64,
    second: Option<f64>,
    evidence: f64,
}

fn fit_spectrum(
    spectrum: &PowerSpectrum,
    scope: &Microscope,
    settings: &CtfSettings,
    from: Option<&Fit>,
    cancelled: &(dyn Fn() -> bool + Sync),
) -> Result<Fit, MicrographError> {
    let phases = Phases::new(&spectrum.grid, scope)?;
    let mut freedom = Freedom {
        phase_shift: settings.phase_shift_range_rad.is_some(),
        astigmatism_sigma_angstrom: (settings.greatest_astigmatism_angstrom / 6.0).max(1.0),
        noise: NOISE_AT_FIRST,
    };
    let mut refined: Vec<Refined> = Vec::new();
    let mut starts: Vec<Candidate> = radial_search(spectrum, &phases, settings, cancelled)?;
    if let Some(fit) = from {
        // Larger tiles see finer rings: the fit on small ones is one more start.
        let smooth = starts
            .first()
            .map_or_else(|| Smooth::flat(&spectrum.grid), |s| s.smooth.clone());
        starts.push(Candidate {
            defocus: fit.best.defocus,
            smooth,
            gain: 0.0,
        });
    }
    for start in &starts {
        if cancelled() {
            return Err(MicrographError::Cancelled);
        }
        for defocus in [sector_search(spectrum, &phases, settings, start), start.defocus] {
            refined.push(refine(spectrum, &phases, &defocus, &start.smooth, &freedom));
        }
    }
    let allowed = |r: &Refined| {
        let d = &r.defocus;
        d.mean_angstrom >= 0.5 * settings.least_defocus_angstrom
            && d.mean_angstrom <= 1.1 * settings.greatest_defocus_angstrom
            && 2.0 * d.half_difference_angstrom() <= 1.5 * settings.greatest_astigmatism_angstrom.max(100.0)
    };
    let any_allowed = refined.iter().any(allowed);
    refined.retain(|r| !any_allowed || allowed(r));
    refined.sort_by(|a, b| a.deviance.total_cmp(&b.deviance));
    let mut refined = refined.into_iter();
    let Some(first) = refined.next() else {
        return Err(MicrographError::EmptySpectrum(settings.low_resolution_angstrom));
    };
    let second = refined.find(|r| (r.defocus.mean_angstrom - first.defocus.mean_angstrom).abs() > SAME);
    let (_, residual) = model_and_residual(spectrum, &phases, &first);
    let noise = quality::noise(&spectrum.grid, &residual, &spectrum.weight);
    freedom.noise = noise.variance * noise.correlated;
    let best = refine(spectrum, &phases, &first.defocus, &first.smooth, &freedom);
    let mut null = Smooth::flat(&spectrum.grid);
    let bins = spectrum.grid.bins();
    let counts: Vec<f64> = spectrum.grid.bin_count.iter().map(|n| f64::from(*n)).collect();
    null.fit_profile(&spectrum.relative_radial(), &counts, &vec![0.0; bins]);
    let without = refine::deviance(spectrum, &phases, &best.defocus, &null);
    Ok(Fit {
        margin: second
            .as_ref()
            .map_or(f64::INFINITY, |s| (s.deviance - best.deviance) / freedom.noise),
        second: second.map(|s| s.defocus.mean_angstrom),
        evidence: (without - best.deviance) / freedom.noise,
        phases,
        best,
        noise,
    })
}

/// Side of the tiles (Å) that holds the rings up to where they matter.
fn wished_side(fit: &Fit, side_angstrom: f64) -> f64 {
    let bins = fit.phases.bin_slope.len();
    // Rings are worth sampling up to half of the band in any case.
    let bin = bins / 2;
    let share = fit.phases.lag_share(bin, fit.best.defocus.mean_angstrom);
    side_angstrom * (share / FINE).clamp(1.0, 4.0)
}

fn conclude(spectrum: &PowerSpectrum, fit: &Fit) -> CtfEstimate {
    let best = &fit.best;
    let curves = quality::curves(spectrum, &fit.phases, &best.defocus, &best.smooth);
    let fit_resolution_angstrom = quality::fit_resolution(&curves, spectrum.grid.side_angstrom)
        .filter(|_| fit.evidence > LEAST_EVIDENCE);
    let (model, _) = model_and_residual(spectrum, &fit.phases, best);
    let scale = fit.noise.variance * fit.noise.correlated;
    let sigma = |i: usize| (scale * best.unit_covariance[i][i]).max(0.0).sqrt();
    CtfEstimate {
        defocus: wrapped(best.defocus),
        defocus_sigma_angstrom: sigma(0),
        astigmatism_sigma_angstrom: [sigma(1), sigma(2)],
        phase_shift_sigma_rad: sigma(3),
        fit_resolution_angstrom,
        cross_correlation: cross_correlation(spectrum, best, &model, fit_resolution_angstrom),
        evidence: fit.evidence,
        margin: fit.margin,
        second_defocus_angstrom: fit.second,
        ice: ice::measure(spectrum),
        curves,
        display: display(spectrum, &model),
        surface: None,
        tiles: [0, 0],
        tile_angstrom: spectrum.grid.side_angstrom,
    }
}

/// Rings repeat when the phase shift grows by π: it is given in `0 .. π`, or as it is where it was held.
fn wrapped(defocus: Defocus) -> Defocus {
    Defocus {
        phase_shift_rad: if (0.0..std::f64::consts::PI).contains(&defocus.phase_shift_rad) {
            defocus.phase_shift_rad
        } else {
            defocus.phase_shift_rad.rem_euclid(std::f64::consts::PI)
        },
        ..defocus
    }
}

/// Correlation of what the background leaves with the fitted rings.
fn cross_correlation(
    spectrum: &PowerSpectrum,
    best: &Refined,
    model: &[f32],
    to_angstrom: Option<f64>,
) -> f64 {
    let background = best.smooth.background();
    let most = to_angstrom.map_or(f64::INFINITY, |a| 1.0 / a);
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for i in 0..spectrum.grid.len() {
        let bin = usize::from(spectrum.grid.bin[i]);
        if spectrum.weight[i] == 0.0 || spectrum.grid.bin_frequency[bin] > most {
            continue;
        }
        let b = background[bin].max(1e-6);
        let (x, y) = (
            f64::from(spectrum.relative[i]) / b - 1.0,
            f64::from(model[i]) / b - 1.0,
        );
        xx += x * x;
        yy += y * y;
        xy += x * y;
    }
    if xx > 0.0 && yy > 0.0 {
        xy / (xx * yy).sqrt()
    } else {
        0.0
    }
}

/// Longest side of a display image.
const DISPLAY_SIDE: usize = 320;

/// Averages the flattened spectrum and its model onto a small image.
fn display(spectrum: &PowerSpectrum, model: &[f32]) -> Display {
    let grid = &spectrum.grid;
    let reach = (grid.greatest * grid.side_angstrom).ceil();
    let side = ((2.0 * reach) as usize)
        .next_multiple_of(2)
        .clamp(16, DISPLAY_SIDE);
    let scale = (side as f64 / 2.0 - 1.0) / reach;
    let half = (side / 2) as i64;
    let mut sums = vec![[0.0f32; 2]; side * side];
    let mut put = |kx: f64, ky: f64, value: f32| {
        let (x, y) = (
            half + (kx * scale).round() as i64,
            half + (ky * scale).round() as i64,
        );
        if (0..side as i64).contains(&x) && (0..side as i64).contains(&y) {
            let s = &mut sums[y as usize * side + x as usize];
            s[0] += value;
            s[1] += 1.0;
        }
    };
    for i in 0..grid.len() {
        let (kx, ky) = (f64::from(grid.kx[i]), f64::from(grid.ky[i]));
        // kx > 0 is the right half: the model; the measurement goes to the mate on the left.
        put(kx, ky, model[i]);
        put(-kx, -ky, spectrum.relative[i]);
    }
    let image = sums
        .iter()
        .map(|s| if s[1] > 0.0 { s[0] / s[1] } else { 1.0 })
        .collect();
    Display {
        side,
        edge_frequency: grid.greatest * (side as f64 / 2.0) / (side as f64 / 2.0 - 1.0),
        image,
    }
}
