//! Fourier shell correlation, its correction for the mask, and the resolution it states (algorithms.md 0.7).

use crate::{Spectrum, Volume, VolumeError};
use nilas_kernels::Complex32;
use std::f64::consts::PI;

/// The threshold for two half maps.
pub const HALF_MAP_THRESHOLD: f64 = 0.143;
/// The threshold for a map against a reference of its own, such as a model or a simulation's truth.
pub const MAP_TO_MODEL_THRESHOLD: f64 = 0.5;
/// Phases are randomised from the first shell where the unmasked FSC falls below this.
const RANDOMISE_BELOW: f64 = 0.8;

/// One correlation per shell `0 ..= n/2`.
#[derive(Debug, Clone, PartialEq)]
pub struct FscCurve {
    /// Side of the box in voxels.
    pub n: usize,
    /// Voxel size in Å.
    pub voxel_size_angstrom: f64,
    /// Correlation of each shell; 0 where either map has no power.
    pub correlation: Vec<f64>,
    /// Independent Fourier voxels of each shell (half of the full sphere's), the sample size of the correlation.
    pub samples: Vec<f64>,
}

/// Where a curve falls below a threshold for the first time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Crossing {
    /// The resolution in Å; Nyquist when the curve never falls below.
    pub resolution_angstrom: f64,
    /// The crossing in shells, between whole shells by linear interpolation.
    pub shell: f64,
    /// False when the curve stays above the threshold up to Nyquist: the stated resolution is then a bound.
    pub crossed: bool,
}

/// The curves that state the resolution of two half maps inside of a mask.
#[derive(Debug, Clone, PartialEq)]
pub struct CorrectedFsc {
    /// Without mask.
    pub unmasked: FscCurve,
    /// With the mask.
    pub masked: FscCurve,
    /// With the mask, phases randomised beyond `randomised_from_shell`: what the mask alone brings about.
    pub randomised: FscCurve,
    /// The masked curve corrected for it: this one states the resolution.
    pub corrected: FscCurve,
    /// First shell with random phases.
    pub randomised_from_shell: usize,
}

impl FscCurve {
    /// Spatial frequency of a shell in 1/Å.
    pub fn frequency(&self, shell: f64) -> f64 {
        shell / (self.n as f64 * self.voxel_size_angstrom)
    }

    /// Spatial frequencies of all shells in 1/Å, the abscissa of a figure.
    pub fn frequencies(&self) -> Vec<f64> {
        (0..self.correlation.len())
            .map(|r| self.frequency(r as f64))
            .collect()
    }

    /// The first crossing of `threshold`, from shell 1 on, linear between shells.
    pub fn crossing(&self, threshold: f64) -> Crossing {
        let box_angstrom = self.n as f64 * self.voxel_size_angstrom;
        let at = |shell: f64, crossed| Crossing {
            resolution_angstrom: box_angstrom / shell,
            shell,
            crossed,
        };
        let c = &self.correlation;
        // A NaN is no agreement: it counts as below.
        match (1..c.len()).find(|r| c[*r].is_nan() || c[*r] < threshold) {
            None => at(c.len().saturating_sub(1).max(1) as f64, false),
            Some(1) => at(1.0, true),
            Some(r) => {
                let fraction = (c[r - 1] - threshold) / (c[r - 1] - c[r]);
                at(
                    r as f64 - 1.0 + if fraction.is_finite() { fraction } else { 0.0 },
                    true,
                )
            }
        }
    }

    /// The first crossing of `threshold`, or the last shell before agreement becomes what chance gives, whichever comes
    /// first. Chance: Fisher's transform of the correlation pooled over a shell and the two before it, `atanh(c) sqrt(2 n - 3)`
    /// for their `n` independent complex `cells`, must reach `sigmas`. Windows of fewer than eight cells cannot be judged and
    /// pass.
    pub fn significant_crossing(&self, threshold: f64, cells: &[f64], sigmas: f64) -> Crossing {
        let plain = self.crossing(threshold);
        let c = &self.correlation;
        let by_chance = |r: usize| {
            let window = r.saturating_sub(2).max(1)..=r;
            let (sum, n) = window.fold((0.0, 0.0), |(s, n), i| {
                let w = cells.get(i).copied().unwrap_or(0.0);
                (s + w * c[i], n + w)
            });
            n >= 8.0 && (sum / n).clamp(-0.999_999, 0.999_999).atanh() * (2.0 * n - 3.0).sqrt() < sigmas
        };
        let last = (plain.shell.floor() as usize).min(c.len().saturating_sub(1));
        match (1..=last).find(|r| by_chance(*r)) {
            None => plain,
            Some(r) => {
                let shell = (r as f64 - 1.0).max(1.0);
                Crossing {
                    resolution_angstrom: self.n as f64 * self.voxel_size_angstrom / shell,
                    shell,
                    crossed: true,
                }
            }
        }
    }

    /// The expected correlation of the merged map with the truth, shell by shell: [`cref`] of each value.
    pub fn cref(&self) -> Vec<f64> {
        self.correlation.iter().map(|f| cref(*f)).collect()
    }

    /// The mean correlation of shells `from ..= to` (as far as there are), each shell once.
    pub fn mean(&self, from: usize, to: usize) -> f64 {
        let shells = self
            .correlation
            .iter()
            .skip(from)
            .take((to + 1).saturating_sub(from));
        let (sum, count) = shells.fold((0.0, 0.0), |(s, c), f| (s + f, c + 1.0));
        if count > 0.0 { sum / count } else { 0.0 }
    }
}

/// `sqrt(2 FSC / (1 + FSC))`: the expected correlation of the average of two half maps with the truth; 0 for FSC <= 0.
pub fn cref(fsc: f64) -> f64 {
    if fsc > 0.0 {
        (2.0 * fsc / (1.0 + fsc)).sqrt()
    } else {
        0.0
    }
}

/// The signal-to-noise ratio of one half map, `FSC / (1 - FSC)`, with FSC clipped to [0.001, 0.999].
pub fn half_map_ssnr(fsc: f64) -> f64 {
    let f = fsc.clamp(0.001, 0.999);
    f / (1.0 - f)
}

/// Independent complex Fourier cells of each shell of maps that were multiplied with `mask` and hold `copies` equal asymmetric
/// units: the shell's voxels times `s^(2/3)`, where `s = (sum m^2)^2 / (N^3 sum m^4)` is the share of the box that a soft mask
/// leaves. It ties together what lies within `s^(-1/3)` voxels, along the shell; across, a shell is one voxel thick anyway.
pub fn independent_cells(curve: &FscCurve, mask: &Volume, copies: usize) -> Vec<f64> {
    let (m2, m4) = mask.data.iter().fold((0.0, 0.0), |(a, b), v| {
        let m2 = f64::from(*v).powi(2);
        (a + m2, b + m2 * m2)
    });
    let share = if m4 > 0.0 {
        m2 * m2 / (m4 * mask.data.len() as f64)
    } else {
        0.0
    };
    let factor = share.powf(2.0 / 3.0) / copies.max(1) as f64;
    curve.samples.iter().map(|s| s * factor).collect()
}

/// The FSC of two maps: `Σ Re(A conj B) / sqrt(Σ|A|² Σ|B|²)` over `round(|k|) = r`.
///
/// # Errors
/// Maps on different grids, or with values that aren't finite.
pub fn fsc(a: &Volume, b: &Volume) -> Result<FscCurve, VolumeError> {
    a.check_same_grid(b, "the two maps of an FSC")?;
    a.check_finite("the first map of an FSC")?;
    b.check_finite("the second map of an FSC")?;
    fsc_of_spectra(&Spectrum::of(a)?, &Spectrum::of(b)?)
}

/// The FSC of two transforms. Errors when their boxes differ.
pub fn fsc_of_spectra(a: &Spectrum, b: &Spectrum) -> Result<FscCurve, VolumeError> {
    if a.n != b.n || a.half.len() != b.half.len() {
        return Err(VolumeError::Mismatch {
            what: "the two transforms of an FSC",
            n_a: a.n,
            voxel_a: a.voxel_size_angstrom,
            n_b: b.n,
            voxel_b: b.voxel_size_angstrom,
        });
    }
    let sums = a.shell_sums(|v| {
        let (p, q) = (a.half[v.index], b.half[v.index]);
        let product = f64::from(p.re) * f64::from(q.re) + f64::from(p.im) * f64::from(q.im);
        [product, norm_sqr(p), norm_sqr(q), 0.5]
    });
    let correlation = sums
        .iter()
        .map(|[product, pa, pb, _]| {
            let norm = (pa * pb).sqrt();
            if norm > 0.0 { product / norm } else { 0.0 }
        })
        .collect();
    let samples = sums.iter().map(|s| s[3]).collect();
    Ok(FscCurve {
        n: a.n,
        voxel_size_angstrom: a.voxel_size_angstrom,
        correlation,
        samples,
    })
}

fn norm_sqr(v: Complex32) -> f64 {
    f64::from(v.re) * f64::from(v.re) + f64::from(v.im) * f64::from(v.im)
}

/// The FSC of two half maps inside of `mask`, corrected for what the mask itself correlates (Chen et al. 2013,
/// Ultramicroscopy 135:24): phases of both maps are randomised, independently, from the first shell where the unmasked
/// FSC is below 0.8; what then still correlates under the mask is taken off from two shells further on.
///
/// # Errors
/// Different grids, values that aren't finite, an empty mask.
pub fn masked_corrected_fsc(
    a: &Volume,
    b: &Volume,
    mask: &Volume,
    seed: u64,
) -> Result<CorrectedFsc, VolumeError> {
    a.check_same_grid(mask, "half map and mask")?;
    mask.check_finite("the mask of an FSC")?;
    if mask.sum(|v| f64::from(v).abs()) == 0.0 {
        return Err(VolumeError::Flat {
            what: "the mask of an FSC",
        });
    }
    a.check_same_grid(b, "the two half maps")?;
    a.check_finite("half map A")?;
    b.check_finite("half map B")?;
    let (spectrum_a, spectrum_b) = (Spectrum::of(a)?, Spectrum::of(b)?);
    let unmasked = fsc_of_spectra(&spectrum_a, &spectrum_b)?;
    let masked_curve = |x: &Volume, y: &Volume| -> Result<FscCurve, VolumeError> {
        fsc_of_spectra(&Spectrum::of(&x.times(mask)?)?, &Spectrum::of(&y.times(mask)?)?)
    };
    let masked = masked_curve(a, b)?;
    let c = &unmasked.correlation;
    let from = (1..c.len()).find(|r| c[*r] < RANDOMISE_BELOW).unwrap_or(c.len());
    let random_a = randomise_phases(spectrum_a, from, seed.wrapping_mul(2)).into_volume()?;
    let random_b = randomise_phases(spectrum_b, from, seed.wrapping_mul(2).wrapping_add(1)).into_volume()?;
    let randomised = masked_curve(&random_a, &random_b)?;
    let mut corrected = masked.clone();
    for (r, value) in corrected.correlation.iter_mut().enumerate().skip(from + 2) {
        *value = corrected_value(*value, randomised.correlation[r]);
    }
    Ok(CorrectedFsc {
        unmasked,
        masked,
        randomised,
        corrected,
        randomised_from_shell: from,
    })
}

/// `(t - n) / (1 - n)`; where the noise alone correlates almost fully nothing can be said: 0.
fn corrected_value(masked: f64, randomised: f64) -> f64 {
    let noise = randomised.max(0.0);
    if noise > 0.99 {
        0.0
    } else {
        (masked - noise) / (1.0 - noise)
    }
}

/// The spectrum with uniformly random phases in shells `from ..` and unchanged amplitudes; a real map stays real. The same
/// seed gives the same phases on any number of cores.
pub fn randomise_phases(mut spectrum: Spectrum, from_shell: usize, seed: u64) -> Spectrum {
    spectrum.modify(|k, r, v| {
        if ((r + 0.5) as usize) < from_shell || k == [0, 0, 0] {
            return v;
        }
        // On the kx = 0 plane both mates are stored: the second takes the first's phase with the other sign.
        let second_mate = k[0] == 0 && (k[2] < 0 || (k[2] == 0 && k[1] < 0));
        let key = if second_mate { k.map(|c| -c) } else { k };
        let phase = 2.0 * PI * uniform(seed, key);
        let (s, c) = if second_mate {
            (-phase).sin_cos()
        } else {
            phase.sin_cos()
        };
        Complex32::new(c as f32, s as f32) * v.norm()
    });
    spectrum
}

/// A uniform number in [0, 1) from a seed and a frequency (SplitMix64 finaliser).
fn uniform(seed: u64, k: [i64; 3]) -> f64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    for c in k {
        z = (z ^ c as u64)
            .wrapping_mul(0xbf58_476d_1ce4_e5b9)
            .wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
    }
    (z >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
#[path = "fsc_tests.rs"]
mod tests;
