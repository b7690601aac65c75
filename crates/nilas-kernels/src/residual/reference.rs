//! The oracle in f64: the log-likelihood as its defining sum.

use super::Observation;
use num_complex::Complex64;
use std::f64::consts::TAU;

/// `-sum |W exp(-2 pi i k.t/n) - c V|^2`.
pub fn log_likelihood(o: &Observation, slice: &[Complex64], t: [f64; 2]) -> f64 {
    -(0..o.re.len())
        .map(|i| {
            let turns = (o.kx[i] as f64 * t[0] + o.ky[i] as f64 * t[1]) / o.box_size as f64;
            let w = Complex64::new(o.re[i] as f64, o.im[i] as f64);
            (w * Complex64::from_polar(1.0, -TAU * turns) - slice[i] * o.factor[i] as f64).norm_sqr()
        })
        .sum::<f64>()
}
