//! Smooth functions of frequency: cubic B-splines on even knots, and small systems of equations.

/// Cubic B-splines over `least ..= greatest`, looked up per radial bin.
#[derive(Debug, Clone)]
pub struct Basis {
    /// First of the four splines that are not zero in a bin.
    pub first: Vec<usize>,
    /// Their values.
    pub value: Vec<[f64; 4]>,
    /// Number of splines.
    pub count: usize,
}

impl Basis {
    /// Splines with knots about `spacing` apart, evaluated at `at`.
    pub fn new(at: &[f64], least: f64, greatest: f64, spacing: f64) -> Self {
        let intervals = ((greatest - least) / spacing).round().clamp(2.0, 24.0) as usize;
        let step = (greatest - least) / intervals as f64;
        let mut first = Vec::with_capacity(at.len());
        let mut value = Vec::with_capacity(at.len());
        for k in at {
            let u = ((k - least) / step).clamp(0.0, intervals as f64 - 1e-9);
            let i = u as usize;
            first.push(i);
            value.push(cubic(u - i as f64));
        }
        Basis {
            first,
            value,
            count: intervals + 3,
        }
    }

    /// The function with these coefficients, per bin.
    pub fn evaluate(&self, coefficients: &[f64]) -> Vec<f64> {
        self.first
            .iter()
            .zip(&self.value)
            .map(|(f, v)| (0..4).map(|i| v[i] * coefficients[f + i]).sum())
            .collect()
    }
}

/// The four uniform cubic B-splines that are not zero at `t` in 0..1.
pub fn cubic(t: f64) -> [f64; 4] {
    let (t2, t3) = (t * t, t * t * t);
    [
        (1.0 - 3.0 * t + 3.0 * t2 - t3) / 6.0,
        (4.0 - 6.0 * t2 + 3.0 * t3) / 6.0,
        (1.0 + 3.0 * t + 3.0 * t2 - 3.0 * t3) / 6.0,
        t3 / 6.0,
    ]
}

/// A symmetric system of a few dozen equations, dense, lower triangle used.
#[derive(Debug, Clone)]
pub struct System {
    /// Number of unknowns.
    pub n: usize,
    /// `n * n` matrix, row-major.
    pub matrix: Vec<f64>,
    /// Right-hand side.
    pub rhs: Vec<f64>,
}

impl System {
    /// All zero.
    pub fn new(n: usize) -> Self {
        System {
            n,
            matrix: vec![0.0; n * n],
            rhs: vec![0.0; n],
        }
    }

    /// Adds to an element and its mirror.
    pub fn add(&mut self, i: usize, j: usize, value: f64) {
        self.matrix[i * self.n + j] += value;
        if i != j {
            self.matrix[j * self.n + i] += value;
        }
    }

    /// Adds `weight` times the squared second differences of unknowns `first .. first + count` to the matrix: a spline
    /// that nothing holds becomes straight. The right-hand side wants `current` coefficients straight, too.
    pub fn smooth(&mut self, first: usize, count: usize, weight: f64, current: Option<&[f64]>) {
        for i in 1..count.saturating_sub(1) {
            let terms = [(i - 1, 1.0), (i, -2.0), (i + 1, 1.0)];
            let now: f64 = current.map_or(0.0, |c| terms.iter().map(|(t, s)| s * c[*t]).sum());
            for (a, (ta, sa)) in terms.iter().enumerate() {
                for (tb, sb) in &terms[a..] {
                    self.add(first + ta, first + tb, weight * sa * sb);
                }
                self.rhs[first + ta] -= weight * sa * now;
            }
        }
    }

    /// The mean diagonal element of some unknowns, a scale for regularisation.
    pub fn mean_diagonal(&self, first: usize, count: usize) -> f64 {
        let sum: f64 = (first..first + count).map(|i| self.matrix[i * self.n + i]).sum();
        sum / count.max(1) as f64
    }

    /// Solves with some unknowns fixed at given values. `None` where the rest is singular.
    pub fn solve(&self, fixed: &[Option<f64>]) -> Option<Vec<f64>> {
        let free: Vec<usize> = (0..self.n).filter(|i| fixed[*i].is_none()).collect();
        let m = free.len();
        let mut a = vec![0.0; m * m];
        let mut b = vec![0.0; m];
        for (p, &i) in free.iter().enumerate() {
            b[p] = self.rhs[i];
            for (j, value) in fixed.iter().enumerate() {
                if let Some(value) = value {
                    b[p] -= self.matrix[i * self.n + j] * value;
                }
            }
            for (q, &j) in free.iter().enumerate() {
                a[p * m + q] = self.matrix[i * self.n + j];
            }
        }
        let x = cholesky_solve(&mut a, &mut b, m)?;
        let mut out: Vec<f64> = fixed.iter().map(|f| f.unwrap_or(0.0)).collect();
        for (p, &i) in free.iter().enumerate() {
            out[i] = x[p];
        }
        Some(out)
    }

    /// Solves with the unknowns from `first` to `first + least.len()` not below `least`: the ones that would be are held at
    /// their bound, a few at a time.
    pub fn solve_bounded(&self, first: usize, least: &[f64]) -> Option<Vec<f64>> {
        let mut fixed = vec![None; self.n];
        loop {
            let x = self.solve(&fixed)?;
            let mut again = false;
            for (i, bound) in least.iter().enumerate() {
                if fixed[first + i].is_none() && x[first + i] < *bound {
                    fixed[first + i] = Some(*bound);
                    again = true;
                }
            }
            if !again {
                return Some(x);
            }
        }
    }

    /// Diagonal elements of the inverse (of the free part; 0 for fixed unknowns) and its columns as asked.
    pub fn inverse_columns(&self, columns: &[usize], fixed: &[Option<f64>]) -> Option<Vec<Vec<f64>>> {
        columns
            .iter()
            .map(|c| {
                let mut unit = self.clone();
                unit.rhs.iter_mut().for_each(|v| *v = 0.0);
                unit.rhs[*c] = 1.0;
                let zero: Vec<Option<f64>> = fixed.iter().map(|f| f.map(|_| 0.0)).collect();
                unit.solve(&zero)
            })
            .collect()
    }
}

fn cholesky_solve(a: &mut [f64], b: &mut [f64], n: usize) -> Option<Vec<f64>> {
    // A scale-free jitter lets splines that see no data stay at zero instead of failing.
    let greatest = (0..n).map(|i| a[i * n + i]).fold(0.0, f64::max);
    if n > 0 && !(greatest > 0.0 && greatest.is_finite()) {
        return None;
    }
    for i in 0..n {
        a[i * n + i] += 1e-13 * greatest;
        for j in 0..=i {
            let mut s = a[i * n + j];
            for k in 0..j {
                s -= a[i * n + k] * a[j * n + k];
            }
            if i == j {
                if !(s > 0.0 && s.is_finite()) {
                    return None;
                }
                a[i * n + i] = s.sqrt();
            } else {
                a[i * n + j] = s / a[j * n + j];
            }
        }
    }
    let mut x = b.to_vec();
    for i in 0..n {
        for k in 0..i {
            x[i] -= a[i * n + k] * x[k];
        }
        x[i] /= a[i * n + i];
    }
    for i in (0..n).rev() {
        for k in i + 1..n {
            x[i] -= a[k * n + i] * x[k];
        }
        x[i] /= a[i * n + i];
    }
    Some(x)
}

/// The smooth function nearest to `values`, per bin.
pub fn fit_smooth(basis: &Basis, values: &[f64], weights: &[f64]) -> Vec<f64> {
    let mut system = System::new(basis.count);
    for (bin, (v, w)) in values.iter().zip(weights).enumerate() {
        let (f, b) = (basis.first[bin], basis.value[bin]);
        for i in 0..4 {
            system.rhs[f + i] += w * b[i] * v;
            for j in i..4 {
                system.add(f + i, f + j, w * b[i] * b[j]);
            }
        }
    }
    let scale = system.mean_diagonal(0, basis.count);
    system.smooth(0, basis.count, 1e-6 * scale, None);
    match system.solve(&vec![None; basis.count]) {
        Some(c) => basis.evaluate(&c),
        None => values.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn splines_sum_to_one_and_reproduce_a_cubic() {
        let at: Vec<f64> = (0..200).map(|i| 0.03 + 0.25 * f64::from(i) / 199.0).collect();
        let basis = Basis::new(&at, 0.03, 0.28, 0.03);
        assert!(
            basis
                .value
                .iter()
                .all(|v| (v.iter().sum::<f64>() - 1.0).abs() < 1e-12)
        );
        let cubic = |k: f64| 1.0 + 2.0 * k - 30.0 * k * k + 40.0 * k * k * k;
        let values: Vec<f64> = at.iter().map(|k| cubic(*k)).collect();
        let fitted = fit_smooth(&basis, &values, &vec![1.0; 200]);
        for (f, v) in fitted.iter().zip(&values) {
            assert!((f - v).abs() < 1e-3, "{f} {v}");
        }
    }

    #[test]
    fn bounded_unknowns_stay_at_their_bound_and_the_rest_adapts() {
        // Minimise (x - 1)² + (y + 2)² + (x + y)²/2 with y >= 0: y = 0, x = 2/3.
        let mut system = System::new(2);
        system.add(0, 0, 1.5);
        system.add(1, 1, 1.5);
        system.add(0, 1, 0.5);
        system.rhs = vec![1.0, -2.0];
        let x = system.solve_bounded(1, &[0.0]).unwrap();
        assert_eq!(x[1], 0.0);
        assert!((x[0] - 2.0 / 3.0).abs() < 1e-9);
    }
}
