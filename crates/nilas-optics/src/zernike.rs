//! RELION's Zernike terms of the phase, with the raw frequency in 1/Å as the radius (not scaled to 1).

/// Order `n` and signed azimuthal index `m` of the i-th symmetric (even) term (algorithms.md 0.5).
pub fn even_index(i: usize) -> (i32, i32) {
    let k = integer_sqrt(i);
    (2 * k as i32, 2 * (i as i32 - (k * k) as i32 - k as i32))
}

/// Order `n` and signed azimuthal index `m` of the i-th antisymmetric (odd) term (algorithms.md 0.5).
pub fn odd_index(i: usize) -> (i32, i32) {
    let k = (integer_sqrt(1 + 4 * i) - 1) / 2;
    let n = 2 * k as i32 + 1;
    (n, 2 * (i as i32 - (k * k + k) as i32) - n)
}

fn integer_sqrt(v: usize) -> usize {
    let mut root = (v as f64).sqrt() as usize;
    while root * root > v {
        root -= 1;
    }
    while (root + 1) * (root + 1) <= v {
        root += 1;
    }
    root
}

/// `Z_n^m(kx, ky) = R_n^|m|(|k|) cos(m θ)` for `m >= 0`, with `sin(|m| θ)` for `m < 0`; k in 1/Å. Zero where
/// `n - |m|` is odd or `|m| > n`.
pub fn value(n: i32, m: i32, kx: f64, ky: f64) -> f64 {
    let a = m.abs();
    if a > n || (n - a) % 2 != 0 {
        return 0.0;
    }
    let theta = ky.atan2(kx);
    let angular = if m < 0 {
        (f64::from(a) * theta).sin()
    } else {
        (f64::from(a) * theta).cos()
    };
    radial(n, a, kx.hypot(ky)) * angular
}

fn radial(n: i32, m: i32, rho: f64) -> f64 {
    let half = (n - m) / 2;
    (0..=half)
        .map(|k| {
            let sign = if k % 2 == 0 { 1.0 } else { -1.0 };
            let c = factorial(n - k) / (factorial(k) * factorial((n + m) / 2 - k) * factorial(half - k));
            sign * c * rho.powi(n - 2 * k)
        })
        .sum()
}

fn factorial(n: i32) -> f64 {
    (2..=n).map(f64::from).product()
}

/// `Σ c_i Z_i` of antisymmetric coefficients, radians.
pub fn odd_phase(coefficients: &[f64], kx: f64, ky: f64) -> f64 {
    sum(coefficients, odd_index, kx, ky)
}

/// `Σ c_i Z_i` of symmetric coefficients, radians. RELION adds it to its gamma = -χ.
pub fn even_phase(coefficients: &[f64], kx: f64, ky: f64) -> f64 {
    sum(coefficients, even_index, kx, ky)
}

fn sum(coefficients: &[f64], index: fn(usize) -> (i32, i32), kx: f64, ky: f64) -> f64 {
    coefficients
        .iter()
        .enumerate()
        .filter(|(_, c)| **c != 0.0)
        .map(|(i, c)| {
            let (n, m) = index(i);
            c * value(n, m, kx, ky)
        })
        .sum()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn indices_run_through_the_orders() {
        let even: Vec<_> = (0..9).map(even_index).collect();
        assert_eq!(
            even,
            [
                (0, 0),
                (2, -2),
                (2, 0),
                (2, 2),
                (4, -4),
                (4, -2),
                (4, 0),
                (4, 2),
                (4, 4)
            ]
        );
        let odd: Vec<_> = (0..6).map(odd_index).collect();
        assert_eq!(odd, [(1, -1), (1, 1), (3, -3), (3, -1), (3, 1), (3, 3)]);
    }

    #[test]
    fn polynomials_are_the_textbook_ones() {
        let (kx, ky) = (0.3, -0.2);
        let r2: f64 = kx * kx + ky * ky;
        let cases = [
            (0, 0, 1.0),
            (1, 1, kx),
            (1, -1, ky),
            (2, 0, 2.0 * r2 - 1.0),
            (2, 2, kx * kx - ky * ky),
            (3, 1, (3.0 * r2 - 2.0) * kx),
            (3, -3, 3.0 * kx * kx * ky - ky * ky * ky),
            (4, 0, 6.0 * r2 * r2 - 6.0 * r2 + 1.0),
            (4, -2, (4.0 * r2 - 3.0) * 2.0 * kx * ky),
        ];
        for (n, m, expected) in cases {
            assert!((value(n, m, kx, ky) - expected).abs() < 1e-14, "Z {n} {m}");
        }
        assert_eq!(value(3, 2, kx, ky), 0.0);
    }

    #[test]
    fn parity_is_as_named() {
        let c: Vec<f64> = (0..12).map(|i| 0.1 * f64::from(i) - 0.4).collect();
        let (kx, ky) = (0.21, 0.17);
        assert!((odd_phase(&c, kx, ky) + odd_phase(&c, -kx, -ky)).abs() < 1e-13);
        assert!((even_phase(&c, kx, ky) - even_phase(&c, -kx, -ky)).abs() < 1e-13);
    }
}
