//! Dose (exposure) weighting after Grant & Grigorieff 2015 (eLife 4:e06980), with the constants of algorithms.md 0.6.

/// The critical exposure in e/Å² at spatial frequency `k` (1/Å): `0.24499 k^-1.6649 + 2.8141` at 300 kV, times 0.8 at
/// 200 kV and 0.532 at 100 kV, linear in the voltage between these and constant outside. Infinite at `k <= 0`.
pub fn critical_exposure(k: f64, voltage_kv: f64) -> f64 {
    if k <= 0.0 {
        return f64::INFINITY;
    }
    (0.24499 * k.powf(-1.6649) + 2.8141) * voltage_factor(voltage_kv)
}

fn voltage_factor(voltage_kv: f64) -> f64 {
    let v = voltage_kv.clamp(100.0, 300.0);
    if v < 200.0 {
        0.532 + (v - 100.0) / 100.0 * (0.8 - 0.532)
    } else {
        0.8 + (v - 200.0) / 100.0 * 0.2
    }
}

/// The amplitude weight `exp(-exposure / (2 Nc))` of a frame whose accumulated exposure at its END, including any
/// pre-exposure, is `exposure` (e/Å²).
pub fn weight(k: f64, exposure: f64, voltage_kv: f64) -> f64 {
    (-0.5 * exposure / critical_exposure(k, voltage_kv)).exp()
}

/// The weights of all frames at one spatial frequency, divided by `sqrt(sum of squares)`, so that the weighted sum keeps
/// the noise power of a single frame. `exposures` are the accumulated exposures at the end of each frame, e/Å².
pub fn noise_preserving_weights(k: f64, exposures: &[f64], voltage_kv: f64) -> Vec<f64> {
    // Relative to the least exposed frame: at high k all weights may underflow, their ratios don't.
    let least = exposures.iter().copied().fold(f64::INFINITY, f64::min);
    let raw: Vec<f64> = exposures
        .iter()
        .map(|e| weight(k, e - least, voltage_kv))
        .collect();
    let norm = raw.iter().map(|w| w * w).sum::<f64>().sqrt();
    raw.iter().map(|w| w / norm).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn critical_exposure_at_known_frequencies() {
        // 0.24499 * 0.1^-1.6649 + 2.8141 with 0.1^-1.6649 = 46.2275...
        let expected = 0.24499 * 10f64.powf(1.6649) + 2.8141;
        assert!((critical_exposure(0.1, 300.0) - expected).abs() < 1e-12);
        assert!((expected - 14.139).abs() < 1e-2, "{expected}");
        assert!((critical_exposure(0.1, 200.0) / expected - 0.8).abs() < 1e-12);
        assert!((critical_exposure(0.1, 100.0) / expected - 0.532).abs() < 1e-12);
        assert_eq!(weight(0.0, 50.0, 300.0), 1.0);
        // At the critical exposure the amplitude has fallen to e^-1/2.
        assert!((weight(0.1, expected, 300.0) - (-0.5f64).exp()).abs() < 1e-12);
    }

    #[test]
    fn weights_keep_the_noise_power() {
        let exposures: Vec<f64> = (1..=50).map(|i| f64::from(i) * 40.0).collect();
        for k in [0.0, 0.05, 0.3, 1.0] {
            let w = noise_preserving_weights(k, &exposures, 300.0);
            assert!((w.iter().map(|v| v * v).sum::<f64>() - 1.0).abs() < 1e-12);
            assert!(
                w.windows(2).all(|p| p[0] >= p[1]),
                "later frames weigh less at {k}"
            );
        }
    }
}
