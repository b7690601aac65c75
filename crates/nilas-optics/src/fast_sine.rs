//! A sine for long arrays: range reduction in f64, polynomial in f32, no branches, so that the compiler vectorises it.

use std::f64::consts::FRAC_1_PI;

/// Adding and subtracting 1.5 * 2^52 rounds to the nearest integer (ties to even) for |v| < 2^51.
const ROUND: f64 = 6_755_399_441_055_744.0;

/// sin(phase) for a phase in radians, |phase| < 1e9; absolute error below 3e-7.
#[inline(always)]
pub(crate) fn sine(phase: f64) -> f32 {
    let turns = phase * FRAC_1_PI;
    let nearest = (turns + ROUND) - ROUND;
    let x = ((turns - nearest) * std::f64::consts::PI) as f32;
    let half = nearest * 0.5;
    let odd = (half - ((half + ROUND) - ROUND)).abs();
    let sign = (1.0 - 4.0 * odd) as f32;
    let x2 = x * x;
    // Taylor coefficients up to x^13: at |x| <= π/2 the next term is 6.6e-10.
    let p = 1.605_904_4e-10;
    let p = -2.505_210_8e-8 + x2 * p;
    let p = 2.755_731_9e-6 + x2 * p;
    let p = -1.984_127e-4 + x2 * p;
    let p = 8.333_333e-3 + x2 * p;
    let p = -1.666_666_7e-1 + x2 * p;
    sign * (x + x * x2 * p)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn agrees_with_the_library() {
        let mut worst = 0.0f64;
        for i in -200_000..200_000 {
            let phase = f64::from(i) * 0.011_37;
            worst = worst.max((f64::from(sine(phase)) - phase.sin()).abs());
        }
        assert!(worst < 3e-7, "{worst}");
        for phase in [1e6, -3e7, 9e8] {
            assert!((f64::from(sine(phase)) - phase.sin()).abs() < 1e-6);
        }
    }
}
