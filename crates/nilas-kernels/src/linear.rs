//! Small dense symmetric positive systems.

/// Solves `a x = b` by Cholesky; `None` where `a` is not positive definite (or not finite).
pub fn solve<const N: usize>(a: &[[f64; N]; N], b: &[f64; N]) -> Option<[f64; N]> {
    let l = cholesky(a)?;
    let mut x = *b;
    for i in 0..N {
        for j in 0..i {
            x[i] -= l[i][j] * x[j];
        }
        x[i] /= l[i][i];
    }
    for i in (0..N).rev() {
        for j in i + 1..N {
            x[i] -= l[j][i] * x[j];
        }
        x[i] /= l[i][i];
    }
    Some(x)
}

/// The inverse of a symmetric positive matrix, or `None`.
pub fn inverse<const N: usize>(a: &[[f64; N]; N]) -> Option<[[f64; N]; N]> {
    let mut out = [[0.0; N]; N];
    for i in 0..N {
        let mut e = [0.0; N];
        e[i] = 1.0;
        let column = solve(a, &e)?;
        for j in 0..N {
            out[j][i] = column[j];
        }
    }
    Some(out)
}

/// The logarithm of the determinant of a symmetric positive matrix, or `None`.
pub fn log_determinant<const N: usize>(a: &[[f64; N]; N]) -> Option<f64> {
    cholesky(a).map(|l| (0..N).map(|i| 2.0 * l[i][i].ln()).sum())
}

fn cholesky<const N: usize>(a: &[[f64; N]; N]) -> Option<[[f64; N]; N]> {
    let mut l = [[0.0; N]; N];
    for i in 0..N {
        for j in 0..=i {
            let mut s = a[i][j];
            for k in 0..j {
                s -= l[i][k] * l[j][k];
            }
            if i == j {
                // Written so that NaN is refused too.
                if !(s > 0.0 && s.is_finite()) {
                    return None;
                }
                l[i][i] = s.sqrt();
            } else {
                l[i][j] = s / l[j][j];
            }
        }
    }
    Some(l)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn solve_inverse_and_determinant_agree() {
        let a = [[4.0, 1.0, 0.5], [1.0, 3.0, -0.2], [0.5, -0.2, 2.0]];
        let x = solve(&a, &[1.0, 2.0, 3.0]).unwrap();
        let inv = inverse(&a).unwrap();
        for i in 0..3 {
            let b: f64 = (0..3).map(|j| a[i][j] * x[j]).sum();
            assert!((b - (i + 1) as f64).abs() < 1e-12);
            let e: f64 = (0..3).map(|j| a[i][j] * inv[j][i]).sum();
            assert!((e - 1.0).abs() < 1e-12);
        }
        let det: f64 = 4.0 * (6.0 - 0.04) - 1.0 * (2.0 + 0.1) + 0.5 * (-0.2 - 1.5);
        assert!((log_determinant(&a).unwrap() - det.ln()).abs() < 1e-12);
        assert!(solve(&[[1.0, 2.0], [2.0, 1.0]], &[1.0, 1.0]).is_none());
        assert!(solve(&[[f64::NAN]], &[1.0]).is_none());
    }
}
