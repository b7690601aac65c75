//! Ice: the ring of ordered water at 3.7 Å, and how much ice there seems to be.

use crate::spectrum::PowerSpectrum;

/// The ring of ice, Å.
pub const RING_ANGSTROM: [f64; 2] = [3.9, 3.5];
/// Bands on both sides from which the background under the ring is drawn, Å.
const BESIDE_ANGSTROM: [[f64; 2]; 2] = [[4.7, 4.15], [3.35, 3.12]];

/// Ice in the power spectrum.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct IceRing {
    /// Power between 3.9 and 3.5 Å over the background drawn under it (on a logarithmic scale) from both sides, minus 1.
    /// Near 0 without ice; vitreous ice gives a few hundredths to tenths, crystals more.
    pub excess: f64,
    /// `1 + excess`: grows with the thickness of the ice as long as dose and camera stay the same. A measure for
    /// comparing micrographs of one session, not a length.
    pub relative_thickness: f64,
    /// The greatest power of a single ring of Fourier pixels between 3.9 and 3.5 Å over that background: crystals stand out.
    pub peak: f64,
}

/// Measures the ring; `None` where the band of the spectrum does not hold it with both sides.
pub fn measure(spectrum: &PowerSpectrum) -> Option<IceRing> {
    let grid = &spectrum.grid;
    if grid.greatest < 1.0 / BESIDE_ANGSTROM[1][1] || grid.least > 1.0 / BESIDE_ANGSTROM[0][0] {
        return None;
    }
    // Spots belong to the ice here: the mean over all pixels counts, not the one without spots.
    let power = &spectrum.radial;
    let mean = |band: [f64; 2]| {
        let (mut sum, mut at, mut n) = (0.0, 0.0, 0.0);
        for (k, p) in grid.bin_frequency.iter().zip(power) {
            if *k >= 1.0 / band[0] && *k <= 1.0 / band[1] {
                sum += p.max(1e-300).ln();
                at += k;
                n += 1.0;
            }
        }
        (n > 2.0).then(|| [at / n, sum / n])
    };
    let (below, above) = (mean(BESIDE_ANGSTROM[0])?, mean(BESIDE_ANGSTROM[1])?);
    let slope = (above[1] - below[1]) / (above[0] - below[0]);
    let drawn = |k: f64| (below[1] + slope * (k - below[0])).exp();
    let ratios: Vec<f64> = grid
        .bin_frequency
        .iter()
        .zip(power)
        .filter(|(k, _)| **k >= 1.0 / RING_ANGSTROM[0] && **k <= 1.0 / RING_ANGSTROM[1])
        .map(|(k, p)| p / drawn(*k))
        .collect();
    if ratios.is_empty() {
        return None;
    }
    let relative_thickness = ratios.iter().sum::<f64>() / ratios.len() as f64;
    Some(IceRing {
        excess: relative_thickness - 1.0,
        relative_thickness,
        peak: ratios.iter().copied().fold(0.0, f64::max),
    })
}
