//! Curves and histograms.

use super::{axis, figure, with_note};
use nilas_model::figure::{Axis, Curve, Guide};
use nilas_model::{Figure, FigureData};
use nilas_volume::sharpen::GuinierFit;

fn finite(x: &[f64], y: &[f64]) -> (Vec<f64>, Vec<f64>) {
    x.iter()
        .zip(y)
        .filter(|(x, y)| x.is_finite() && y.is_finite())
        .map(|(x, y)| (*x, *y))
        .unzip()
}

fn curve(name: &str, x: &[f64], y: &[f64], dashed: bool) -> Curve {
    let (x, y) = finite(x, y);
    Curve {
        name: name.to_owned(),
        x,
        y,
        dashed,
    }
}

fn guide(axis: char, at: f64, label: &str) -> Guide {
    Guide {
        axis,
        at,
        label: label.to_owned(),
    }
}

/// Fourier shell correlations over spatial frequency (1/Å), with guides at 0.143 and 0.5 and, when
/// given, at the claimed resolution. `curves`: name, value per shell, dashed.
pub fn fourier_shell_correlation(
    id: &str,
    title: &str,
    frequency_per_angstrom: &[f64],
    curves: &[(&str, &[f64], bool)],
    resolution_angstrom: Option<f64>,
) -> Figure {
    let mut guides = vec![guide('y', 0.143, "0.143"), guide('y', 0.5, "0.5")];
    if let Some(resolution) = resolution_angstrom.filter(|r| r.is_finite() && *r > 0.0) {
        guides.push(guide('x', 1.0 / resolution, &format!("{resolution:.2} Å")));
    }
    let x = Axis {
        label: "spatial frequency (1/Å)".to_owned(),
        min: Some(0.0),
        reciprocal_angstrom: true,
        ..Axis::default()
    };
    let y = Axis {
        label: "FSC".to_owned(),
        min: Some(-0.1),
        max: Some(1.02),
        ..Axis::default()
    };
    let curves = curves
        .iter()
        .map(|(name, y, dashed)| curve(name, frequency_per_angstrom, y, *dashed))
        .collect();
    figure(id, title, FigureData::Curves { x, y, curves, guides })
}

/// Values by iteration: `series` are name and one value per step, steps counted from `first_step`.
pub fn traces(id: &str, title: &str, y_label: &str, first_step: u64, series: &[(&str, &[f64])]) -> Figure {
    let curves = series
        .iter()
        .map(|(name, values)| {
            let steps: Vec<f64> = (0..values.len())
                .map(|i| (first_step + i as u64) as f64)
                .collect();
            curve(name, &steps, values, false)
        })
        .collect();
    figure(
        id,
        title,
        FigureData::Curves {
            x: axis("iteration"),
            y: axis(y_label),
            curves,
            guides: Vec::new(),
        },
    )
}

/// A histogram of the finite values with `bins` bins from least to greatest.
pub fn histogram(
    id: &str,
    title: &str,
    x_label: &str,
    values: &[f64],
    bins: usize,
    guides: &[(f64, &str)],
) -> Figure {
    let finite: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    let (mut least, mut greatest) = finite
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), &v| {
            (a.min(v), b.max(v))
        });
    if finite.is_empty() {
        (least, greatest) = (0.0, 1.0);
    } else if greatest - least <= 1e-12 * greatest.abs().max(1e-300) {
        // One value only: a bin around it.
        let half = 0.5 * least.abs().max(1.0);
        (least, greatest) = (least - half, greatest + half);
    }
    let bins = bins.max(1);
    let width = (greatest - least) / bins as f64;
    let edges = (0..=bins).map(|i| least + width * i as f64).collect();
    let mut counts = vec![0.0; bins];
    for value in &finite {
        let bin = (((value - least) / width) as usize).min(bins - 1);
        counts[bin] += 1.0;
    }
    let guides = guides.iter().map(|(at, label)| guide('x', *at, label)).collect();
    let made = figure(
        id,
        title,
        FigureData::Histogram {
            x: axis(x_label),
            edges,
            counts,
            guides,
        },
    );
    with_note(made, format!("{} values.", finite.len()))
}

/// The Guinier plot: natural logarithm of the mean amplitude per shell over 1/d², with the fitted line.
pub fn guinier(id: &str, fit: &GuinierFit) -> Figure {
    let [low, high] = fit.range_angstrom;
    let ends = [1.0 / (low * low), 1.0 / (high * high)];
    let line: Vec<f64> = ends
        .iter()
        .map(|s| fit.intercept - fit.b_factor_angstrom2 / 4.0 * s)
        .collect();
    // Shells without signal stand far below everything else.
    let floor = f64::MIN_POSITIVE.ln() + 1.0;
    let shown: Vec<f64> = fit
        .ln_amplitude
        .iter()
        .map(|y| if *y > floor { *y } else { f64::NAN })
        .collect();
    let curves = vec![
        curve("map", &fit.inverse_d2, &shown, false),
        curve(
            &format!("fit, B = {:.0} Å²", fit.b_factor_angstrom2),
            &ends,
            &line,
            true,
        ),
    ];
    let data = FigureData::Curves {
        x: axis("1/d² (1/Å²)"),
        y: axis("ln mean amplitude"),
        curves,
        guides: Vec::new(),
    };
    let note = format!(
        "Slope -B/4 fitted from {low:.1} to {high:.1} Å gives B = {:.1} Å².",
        fit.b_factor_angstrom2
    );
    with_note(figure(id, "Guinier plot", data), note)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn histogram_counts_every_finite_value_once() {
        let values = [0.0, 0.1, 0.5, 0.99, 1.0, f64::NAN];
        let FigureData::Histogram { edges, counts, .. } = histogram("h", "", "", &values, 4, &[]).data else {
            panic!("not a histogram");
        };
        assert_eq!(edges, [0.0, 0.25, 0.5, 0.75, 1.0]);
        assert_eq!(counts, [2.0, 0.0, 1.0, 2.0]);
        for degenerate in [&[][..], &[3.0, 3.0]] {
            let FigureData::Histogram { edges, counts, .. } = histogram("h", "", "", degenerate, 3, &[]).data
            else {
                panic!("not a histogram");
            };
            assert!(edges.windows(2).all(|w| w[0] < w[1]));
            assert_eq!(counts.iter().sum::<f64>() as usize, degenerate.len());
        }
    }
}
