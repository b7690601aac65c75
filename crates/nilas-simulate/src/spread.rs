//! Spreading points on a regular grid and undoing the spreading kernel after the transform.
//!
//! The kernel is the "exponential of a semicircle" (Barnett, Magland & af Klinteberg 2019); with 8 taps and
//! twofold oversampling the transform of the points is right to about 1e-6 of its norm up to half of the fine
//! grid's Nyquist frequency.

/// Taps of the kernel along one axis.
pub(crate) const TAPS: usize = 8;
const ROWS: usize = 1024;
const BETA: f64 = 2.30 * TAPS as f64;

pub(crate) struct SpreadKernel {
    /// Weights of the taps for `ROWS + 1` fractions of a cell.
    table: Vec<[f32; TAPS]>,
}

fn kernel(x: f64) -> f64 {
    let t = 2.0 * x / TAPS as f64;
    if t.abs() >= 1.0 {
        0.0
    } else {
        (BETA * ((1.0 - t * t).sqrt() - 1.0)).exp()
    }
}

impl SpreadKernel {
    pub(crate) fn new() -> SpreadKernel {
        let half = (TAPS / 2) as f64;
        let table = (0..=ROWS)
            .map(|row| {
                let fraction = row as f64 / ROWS as f64;
                std::array::from_fn(|tap| kernel(tap as f64 - (half - 1.0) - fraction) as f32)
            })
            .collect();
        SpreadKernel { table }
    }

    /// First tap's grid index and all tap weights for a point at `u` in grid units.
    #[inline]
    pub(crate) fn weights(&self, u: f64) -> (i64, [f32; TAPS]) {
        let floor = u.floor();
        let scaled = (u - floor) * ROWS as f64;
        let row = (scaled as usize).min(ROWS - 1);
        let part = (scaled - row as f64) as f32;
        let (lower, upper) = (&self.table[row], &self.table[row + 1]);
        let weights = std::array::from_fn(|tap| lower[tap] + part * (upper[tap] - lower[tap]));
        (floor as i64 - (TAPS as i64 / 2 - 1), weights)
    }

    /// 1 / (transform of the kernel) at frequencies 0..=`max_index` of a grid of `n` cells.
    pub(crate) fn deconvolution(n: usize, max_index: usize) -> Vec<f64> {
        // The kernel is smooth inside its support and nearly 1e-8 at the ends: the midpoint rule is ample.
        const STEPS: usize = 4000;
        let step = TAPS as f64 / STEPS as f64;
        (0..=max_index)
            .map(|index| {
                let sum: f64 = (0..STEPS)
                    .map(|i| {
                        let x = (i as f64 + 0.5) * step - TAPS as f64 / 2.0;
                        kernel(x) * (std::f64::consts::TAU * index as f64 * x / n as f64).cos()
                    })
                    .sum();
                1.0 / (sum * step)
            })
            .collect()
    }
}
