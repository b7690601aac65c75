//! How good a fit is: equi-phase average, agreement by resolution, noise of the pixels.

use super::model::Smooth;
use super::phase::Phases;
use super::settings::Defocus;
use crate::spectrum::{FourierGrid, PowerSpectrum};

/// Marks a pixel whose equivalent frequency lies outside of the grid.
pub const OUTSIDE: u16 = u16::MAX;
/// Farthest that astigmatism may move a pixel, as a share of its frequency.
const FARTHEST: f64 = 0.35;
/// Agreement above which rings are certain, and below which they are lost.
const CERTAIN: f64 = 0.66;
/// See [`CERTAIN`].
const LOST: f64 = 0.5;
/// Rings must be certain before this resolution (Å): agreement that begins further out is chance.
const BEGIN_ANGSTROM: f64 = 8.0;

/// Per pixel: the radial bin where a round defocus has the same phase. Averaging over these keeps astigmatic rings sharp.
pub fn equiphase_bins(grid: &FourierGrid, phases: &Phases, defocus: &Defocus) -> Vec<u16> {
    let mean = defocus.mean_angstrom;
    let chi: Vec<f64> = (0..grid.bins()).map(|b| phases.bin_chi(b, mean, 0.0)).collect();
    let [a, b] = defocus.astigmatism_angstrom;
    let last = grid.bins() as i64 - 1;
    (0..grid.len())
        .map(|i| {
            let home = i64::from(grid.bin[i]);
            let shift = a * f64::from(phases.cosine[i]) + b * f64::from(phases.sine[i]);
            let turn = f64::from(phases.slope[i]) * shift;
            if turn == 0.0 || home >= last {
                return grid.bin[i];
            }
            let target = chi[home as usize] + turn;
            // Towards rising or falling phase along the profile, whichever way it goes here.
            let rising = chi[(home + 1) as usize] > chi[home as usize];
            let direction = if (turn > 0.0) == rising { 1 } else { -1 };
            let step = grid.bin_frequency[1] - grid.bin_frequency[0];
            let most = (FARTHEST * grid.bin_frequency[home as usize] / step) as i64;
            let mut at = home;
            for _ in 0..most {
                let next = at + direction;
                if next < 0 || next > last {
                    return OUTSIDE;
                }
                let (here, there) = (chi[at as usize] - target, chi[next as usize] - target);
                // Crossed, or past the turning point of the phase: the nearest there is.
                if here * there <= 0.0 {
                    return if here.abs() < there.abs() {
                        at as u16
                    } else {
                        next as u16
                    };
                }
                if there.abs() > here.abs() {
                    break;
                }
                at = next;
            }
            at as u16
        })
        .collect()
}

/// Curves of a fit over frequency.
#[derive(Debug, Clone, Default)]
pub struct Curves {
    /// Frequency in 1/Å.
    pub frequency: Vec<f64>,
    /// Equi-phase average of the flattened spectrum, background taken off and divided by it.
    pub average: Vec<f64>,
    /// The fitted rings in the same unit.
    pub fitted: Vec<f64>,
    /// Correlation of both within a window of about two rings.
    pub agreement: Vec<f64>,
}

/// Equi-phase average, fitted rings and their agreement.
pub fn curves(spectrum: &PowerSpectrum, phases: &Phases, defocus: &Defocus, smooth: &Smooth) -> Curves {
    let grid = &spectrum.grid;
    let bins = grid.bins();
    let background = smooth.background();
    let mut sums = vec![[0.0f64; 2]; bins];
    for (i, bin) in equiphase_bins(grid, phases, defocus).into_iter().enumerate() {
        if bin == OUTSIDE {
            continue;
        }
        let home = usize::from(grid.bin[i]);
        let w = f64::from(spectrum.weight[i]);
        let s = &mut sums[usize::from(bin)];
        s[0] += w * (f64::from(spectrum.relative[i]) / background[home].max(1e-6) - 1.0);
        s[1] += w;
    }
    let strength = smooth.strength();
    let damping = phases.damping(defocus.mean_angstrom);
    let wave: Vec<f64> = (0..bins)
        .map(|b| -(2.0 * phases.bin_chi(b, defocus.mean_angstrom, defocus.phase_shift_rad)).cos())
        .collect();
    let mut last = 0.0;
    let average: Vec<f64> = sums
        .iter()
        .map(|s| {
            if s[1] > 0.0 {
                last = s[0] / s[1];
            }
            last
        })
        .collect();
    let fitted = (0..bins)
        .map(|b| strength[b].max(0.0) * damping[b] * wave[b] / background[b].max(1e-6))
        .collect();
    let agreement = (0..bins)
        .map(|b| {
            let step = grid.bin_frequency[1] - grid.bin_frequency[0];
            let lag = phases.lag_share(b, defocus.mean_angstrom) * grid.side_angstrom;
            let half = (0.75 / lag.max(1.0)).max(5.0 / grid.side_angstrom).min(0.06);
            let reach = (half / step).ceil() as usize;
            let range = b.saturating_sub(reach)..(b + reach + 1).min(bins);
            // Rings that the tile can't hold prove nothing.
            if damping[b] < 0.05 {
                return 0.0;
            }
            correlation(&average[range.clone()], &wave[range])
        })
        .collect();
    Curves {
        frequency: grid.bin_frequency.clone(),
        average,
        fitted,
        agreement,
    }
}

fn correlation(x: &[f64], y: &[f64]) -> f64 {
    let n = x.len() as f64;
    let (mx, my) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for (a, b) in x.iter().zip(y) {
        xx += (a - mx) * (a - mx);
        yy += (b - my) * (b - my);
        xy += (a - mx) * (b - my);
    }
    if xx > 0.0 && yy > 0.0 {
        xy / (xx * yy).sqrt()
    } else {
        0.0
    }
}

/// Resolution in Å to which rings agree with the fit: the last frequency before the agreement stays under 0.5, after it
/// was above 0.66 for a while. `None` where it never was, or only beyond 8 Å.
pub fn fit_resolution(curves: &Curves, side_angstrom: f64) -> Option<f64> {
    let step = curves.frequency.get(1)? - curves.frequency.first()?;
    // Two Fourier pixels of agreement begin the rings, two of disagreement end them.
    let run = ((2.0 / side_angstrom) / step).round().max(1.0) as usize;
    let begin = (1.0 / BEGIN_ANGSTROM).max(curves.frequency.first()? + 8.0 / side_angstrom);
    let (mut certain, mut lost) = (0usize, 0usize);
    let mut last = None;
    for (k, score) in curves.frequency.iter().zip(&curves.agreement) {
        if *score > CERTAIN {
            certain += 1;
        }
        if certain <= run {
            if *score < LOST {
                certain = 0;
            }
            if *k > begin {
                return None;
            }
            continue;
        }
        if *score >= LOST {
            last = Some(*k);
            lost = 0;
        } else {
            lost += 1;
            if lost >= run {
                break;
            }
        }
    }
    last.map(|k| 1.0 / k)
}

/// Scatter of the pixels around the model.
#[derive(Debug, Clone, Copy)]
pub struct Noise {
    /// Relative variance of a pixel.
    pub variance: f64,
    /// How many neighbouring pixels say the same (a Hann window: 3.8).
    pub correlated: f64,
}

/// Measures the noise on relative residuals; values beyond 4 sigma are cut.
pub fn noise(grid: &FourierGrid, residual: &[f32], weight: &[f32]) -> Noise {
    let total: f64 = weight.iter().map(|w| f64::from(*w)).sum::<f64>().max(1.0);
    let square = |limit: f64| {
        residual
            .iter()
            .map(|r| f64::from(*r).clamp(-limit, limit).powi(2))
            .sum::<f64>()
            / total
    };
    let limit = 4.0 * square(f64::INFINITY).sqrt();
    let variance = square(limit).max(1e-12);
    let reach = grid.kx.iter().copied().max().unwrap_or(0) as i32;
    let row = (reach + 1) as usize;
    let mut table = vec![0.0f32; row * (2 * reach + 1) as usize];
    let mut there = vec![0u8; table.len()];
    for i in 0..grid.len() {
        let at = (i32::from(grid.ky[i]) + reach) as usize * row + grid.kx[i] as usize;
        table[at] = residual[i].clamp(-limit as f32, limit as f32);
        there[at] = u8::from(weight[i] > 0.0);
    }
    let mut correlated = 1.0;
    for (dx, dy) in [
        (1, 0),
        (2, 0),
        (0, 1),
        (0, 2),
        (1, 1),
        (1, -1),
        (2, 1),
        (2, -1),
        (1, 2),
        (1, -2),
    ] {
        let offset = dy * row as i64 + dx;
        let (mut sum, mut pairs) = (0.0f64, 0u64);
        for i in 0..grid.len() {
            let at = (i64::from(grid.ky[i]) + i64::from(reach)) * row as i64 + i64::from(grid.kx[i]);
            let other = at + offset;
            let Some(yes) = usize::try_from(other).ok().and_then(|o| there.get(o)) else {
                continue;
            };
            if *yes == 1 && i64::from(grid.kx[i]) + dx < row as i64 {
                sum += f64::from(table[at as usize] * table[other as usize]);
                pairs += 1;
            }
        }
        if pairs > 0 {
            correlated += 2.0 * (sum / pairs as f64 / variance).clamp(-0.2, 1.0);
        }
    }
    Noise {
        variance,
        correlated: correlated.max(1.0),
    }
}
