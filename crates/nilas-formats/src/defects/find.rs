//! Bad pixels from the data.

use super::DefectMap;

/// Rounds of mean and deviation without what was found before.
const ROUNDS: usize = 4;
/// Chance of a counted pixel above the limit, for a camera that counts electrons.
const RARE: f64 = 1e-8;

/// When a pixel of the sum over all frames is bad.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HotPixelLimits {
    /// Above the mean by more than this many standard deviations, or below it.
    pub sigma: f64,
    /// A row or column whose mean is off by more than this many times the median deviation of rows (columns).
    pub line: f64,
}

impl Default for HotPixelLimits {
    fn default() -> Self {
        Self {
            sigma: 6.0,
            line: 8.0,
        }
    }
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct HotPixels {
    /// Pixels that are too bright.
    pub hot: usize,
    /// Pixels that are too dark.
    pub dead: usize,
    /// Rows that are off as a whole.
    pub rows: Vec<usize>,
    /// Columns that are off as a whole.
    pub columns: Vec<usize>,
    /// Mean of the good pixels.
    pub mean: f64,
    /// Standard deviation of the good pixels.
    pub standard_deviation: f64,
    /// Values above this are hot.
    pub limit: f64,
}

/// Finds bad pixels, rows and columns in the sum (or mean) of all frames before alignment, and marks them in `map`, whose
/// defects are not looked at. A `sum` of another length finds nothing.
///
/// Mean and deviation leave out what is beyond the limits, so that hot pixels do not hide each other. Where the variance
/// is about the mean, the sum is of counts, and few counts reach far above their mean by chance: the limit is then no
/// lower than what one pixel in 10⁸ exceeds.
pub fn find_hot_pixels(sum: &[f32], map: &mut DefectMap, limits: HotPixelLimits) -> HotPixels {
    let [ny, nx] = map.shape;
    let mut found = HotPixels {
        hot: 0,
        dead: 0,
        rows: Vec::new(),
        columns: Vec::new(),
        mean: 0.0,
        standard_deviation: 0.0,
        limit: f64::INFINITY,
    };
    if sum.len() != map.bad.len() || sum.is_empty() {
        return found;
    }
    for (b, v) in map.bad.iter_mut().zip(sum) {
        *b |= !v.is_finite();
    }
    // Single pixels would make their line look bad, and a bad line widens the deviation: pixels, lines, pixels.
    let Some(first) = clipped(sum, &map.bad, limits.sigma) else {
        return found;
    };
    let rows = bad_lines(sum, map, &first, limits.line, true);
    for &y in &rows {
        map.bad[y * nx..(y + 1) * nx].fill(true);
    }
    let columns = bad_lines(sum, map, &first, limits.line, false);
    for &x in &columns {
        (0..ny).for_each(|y| map.bad[y * nx + x] = true);
    }
    let Some(Spread {
        mean,
        deviation,
        low,
        high,
    }) = clipped(sum, &map.bad, limits.sigma)
    else {
        return found;
    };
    (found.mean, found.standard_deviation) = (mean, deviation);
    found.limit = high;
    // A sum that is the same everywhere has no outliers.
    if found.standard_deviation > 0.0 {
        for (b, &v) in map.bad.iter_mut().zip(sum) {
            let v = f64::from(v);
            if !*b && v > high {
                (*b, found.hot) = (true, found.hot + 1);
            } else if !*b && v < low {
                (*b, found.dead) = (true, found.dead + 1);
            }
        }
    }
    (found.rows, found.columns) = (rows, columns);
    found
}

/// Mean and deviation of what lies between two limits, which follow from them.
struct Spread {
    mean: f64,
    deviation: f64,
    low: f64,
    high: f64,
}

/// Of the good pixels; none where there are none.
fn clipped(sum: &[f32], bad: &[bool], sigma: f64) -> Option<Spread> {
    let mut spread = Spread {
        mean: 0.0,
        deviation: 0.0,
        low: f64::NEG_INFINITY,
        high: f64::INFINITY,
    };
    for _ in 0..ROUNDS {
        let good = || {
            sum.iter()
                .zip(bad)
                .filter(|(_, b)| !**b)
                .map(|(&v, _)| f64::from(v))
                .filter(|v| (spread.low..=spread.high).contains(v))
        };
        let count = good().count();
        if count == 0 {
            return None;
        }
        let mean = good().sum::<f64>() / count as f64;
        let variance = good().map(|v| (v - mean).powi(2)).sum::<f64>() / count as f64;
        let reach = sigma * variance.sqrt();
        let counted = (0.7..1.4).contains(&(variance / mean));
        let rare = if counted { counting_limit(mean, RARE) } else { 0.0 };
        spread = Spread {
            mean,
            deviation: variance.sqrt(),
            low: mean - reach,
            high: (mean + reach).max(rare),
        };
    }
    Some(spread)
}

/// Rows or columns that are off as a whole: by the mean of their pixels within the limits, or because more than half of
/// their pixels are beyond them.
fn bad_lines(sum: &[f32], map: &DefectMap, spread: &Spread, limit: f64, by_row: bool) -> Vec<usize> {
    let [ny, nx] = map.shape;
    let count = if by_row { ny } else { nx };
    let (mut total, mut number, mut beyond) = (vec![0f64; count], vec![0usize; count], vec![0usize; count]);
    for y in 0..ny {
        for x in 0..nx {
            let line = if by_row { y } else { x };
            let v = f64::from(sum[y * nx + x]);
            if map.bad[y * nx + x] {
                continue;
            }
            if (spread.low..=spread.high).contains(&v) {
                total[line] += v;
                number[line] += 1;
            } else {
                beyond[line] += 1;
            }
        }
    }
    let mut lines = outlying(&total, &number, limit);
    lines.extend((0..count).filter(|&i| beyond[i] > number[i]));
    lines.sort_unstable();
    lines.dedup();
    lines
}

/// Lines whose mean is off.
fn outlying(total: &[f64], number: &[usize], limit: f64) -> Vec<usize> {
    let means: Vec<f64> = total
        .iter()
        .zip(number)
        .map(|(t, &n)| if n > 0 { t / n as f64 } else { f64::NAN })
        .collect();
    let middle = |values: &mut Vec<f64>| {
        values.retain(|v| v.is_finite());
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied()
    };
    let Some(median) = middle(&mut means.clone()) else {
        return Vec::new();
    };
    let Some(spread) = middle(&mut means.iter().map(|m| (m - median).abs()).collect()) else {
        return Vec::new();
    };
    if spread <= 0.0 {
        return Vec::new();
    }
    (0..means.len())
        .filter(|&i| (means[i] - median).abs() > limit * 1.4826 * spread)
        .collect()
}

/// The count that a Poisson number of this mean exceeds with a chance below `chance`. Infinite where the mean is no
/// number.
pub fn counting_limit(mean: f64, chance: f64) -> f64 {
    if !(mean.is_finite() && mean >= 0.0) {
        return f64::INFINITY;
    }
    // Far from zero the sum below would take long, and the normal approximation with its skewness is good.
    if mean > 1e4 {
        let z = (-2.0 * chance.max(1e-300).ln()).sqrt();
        return mean + mean.sqrt() * z + z * z / 6.0;
    }
    // P(X > k) is below P(X = k + 1) / (1 - mean / (k + 2)) once k is above the mean.
    let mut k = mean.floor();
    let mut log_p = (1..=k as u64).fold(k * mean.max(1e-300).ln() - mean, |l, i| l - (i as f64).ln());
    loop {
        log_p += mean.max(1e-300).ln() - (k + 1.0).ln();
        let tail = log_p.exp() / (1.0 - mean / (k + 2.0));
        if tail < chance {
            return k;
        }
        k += 1.0;
    }
}

/// Marks pixels of one frame above `limit` ([`counting_limit`] of the frame's mean and 1e-12, for example): a cosmic ray or a
/// spark that the sum over all frames hides. Returns how many were not marked before. A frame of another length marks
/// nothing.
pub fn mark_outliers(frame: &[f32], limit: f32, map: &mut DefectMap) -> usize {
    if frame.len() != map.bad.len() {
        return 0;
    }
    let mut new = 0;
    for (b, v) in map.bad.iter_mut().zip(frame) {
        if !*b && (*v > limit || !v.is_finite()) {
            *b = true;
            new += 1;
        }
    }
    new
}
