//! Kinds of surfaces and the choice among them.

use super::DefocusSurface;
use super::likelihood::TileCurves;
use crate::Micrograph;
use crate::ctf::basis::{System, cubic};

/// Steps of the search for a plane, to each side.
const SLOPES: i32 = 10;
/// Steepest plane of the search: Å of defocus from the middle to the border.
const STEEPEST: f64 = 2500.0;
/// Iterations of Fisher scoring.
const ITERATIONS: usize = 40;
/// Side of the grid over the field on which ranges and errors are taken.
const FIELD: usize = 9;

/// A kind of surface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One defocus everywhere.
    Constant,
    /// A tilted plane.
    Plane,
    /// A plane with curvature.
    Quadratic,
    /// A bicubic surface of 4 x 4 control points.
    Cubic,
}

impl Shape {
    /// A word for people.
    pub fn name(self) -> &'static str {
        match self {
            Shape::Constant => "constant",
            Shape::Plane => "plane",
            Shape::Quadratic => "quadratic",
            Shape::Cubic => "cubic",
        }
    }

    /// Number of coefficients.
    pub fn count(self) -> usize {
        match self {
            Shape::Constant => 1,
            Shape::Plane => 3,
            Shape::Quadratic => 6,
            Shape::Cubic => 16,
        }
    }

    /// Mean over the field of the surface with these coefficients.
    pub(super) fn mean(self, coefficients: &[f64]) -> f64 {
        match self {
            Shape::Constant | Shape::Plane => coefficients.first().copied().unwrap_or(0.0),
            // The mean of u² over -1 to 1 is 1/3; uv has none.
            Shape::Quadratic => coefficients[0] + (coefficients[3] + coefficients[5]) / 3.0,
            Shape::Cubic => {
                // Means of the four B-splines over one interval.
                const MEAN: [f64; 4] = [1.0 / 24.0, 11.0 / 24.0, 11.0 / 24.0, 1.0 / 24.0];
                (0..16).map(|i| MEAN[i / 4] * MEAN[i % 4] * coefficients[i]).sum()
            }
        }
    }

    /// Lowers the whole surface.
    pub(super) fn lower(self, coefficients: &mut [f64], by: f64) {
        // B-splines sum to 1: all control points move.
        let moved = if self == Shape::Cubic {
            coefficients.len()
        } else {
            1
        };
        coefficients.iter_mut().take(moved).for_each(|c| *c -= by);
    }

    /// The terms whose sum with the coefficients is the offset, at a place with coordinates -1 to 1 over the field:
    /// `1, u, v, u², uv, v²`, or the products of four B-splines along v and u.
    pub fn terms(self, [u, v]: [f64; 2]) -> Vec<f64> {
        match self {
            Shape::Constant => vec![1.0],
            Shape::Plane => vec![1.0, u, v],
            Shape::Quadratic => vec![1.0, u, v, u * u, u * v, v * v],
            Shape::Cubic => {
                let (bu, bv) = (cubic(0.5 * (u + 1.0)), cubic(0.5 * (v + 1.0)));
                bv.iter().flat_map(|y| bu.iter().map(move |x| x * y)).collect()
            }
        }
    }
}

/// A surface fitted to curves.
#[derive(Debug, Clone)]
pub struct Fitted {
    shape: Shape,
    coefficients: Vec<f64>,
    likelihood: f64,
    /// Over the best constant.
    gain: f64,
    /// Covariance of the coefficients.
    covariance: Vec<Vec<f64>>,
}

impl Fitted {
    /// Offset at a place with coordinates -1 to 1.
    pub fn offset(&self, place: [f64; 2]) -> f64 {
        self.shape
            .terms(place)
            .iter()
            .zip(&self.coefficients)
            .map(|(t, c)| t * c)
            .sum()
    }

    /// The surface with everything that is told of it.
    pub fn describe(self, micrograph: &Micrograph) -> DefocusSurface {
        let places: Vec<[f64; 2]> = (0..FIELD * FIELD)
            .map(|i| {
                let at = |j: usize| 2.0 * j as f64 / (FIELD - 1) as f64 - 1.0;
                [at(i % FIELD), at(i / FIELD)]
            })
            .collect();
        let values: Vec<f64> = places.iter().map(|p| self.offset(*p)).collect();
        let range = values.iter().fold([f64::INFINITY, f64::NEG_INFINITY], |r, v| {
            [r[0].min(*v), r[1].max(*v)]
        });
        let variance: f64 = places
            .iter()
            .map(|p| {
                let t = self.shape.terms(*p);
                let mut sum = 0.0;
                for (i, column) in self.covariance.iter().enumerate() {
                    for (j, c) in column.iter().enumerate() {
                        sum += t[i] * t[j] * c;
                    }
                }
                sum
            })
            .sum::<f64>()
            / places.len() as f64;
        // Least-squares plane over an even grid: moments along each axis by themselves.
        let squares: f64 = places.iter().map(|p| p[0] * p[0]).sum();
        let slope = |axis: usize, length: usize| {
            let moment: f64 = places.iter().zip(&values).map(|(p, v)| p[axis] * v).sum();
            moment / squares * 2.0 / (length as f64 * micrograph.pixel_size_angstrom)
        };
        DefocusSurface {
            gradient: [slope(0, micrograph.width), slope(1, micrograph.height)],
            range_angstrom: range,
            sigma_angstrom: variance.max(0.0).sqrt(),
            gain: self.gain,
            shape: self.shape,
            coefficients: self.coefficients,
            size: [micrograph.width, micrograph.height],
            pixel_size_angstrom: micrograph.pixel_size_angstrom,
        }
    }
}

fn likelihood(curves: &TileCurves, terms: &[Vec<f64>], coefficients: &[f64]) -> f64 {
    terms
        .iter()
        .enumerate()
        .map(|(tile, t)| curves.at(tile, dot(t, coefficients))[0])
        .sum()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// Second differences of control points along both axes are held down a little, so that corners without tiles stay flat.
fn curvature(system: &mut System, shape: Shape, coefficients: &[f64], weight: f64) {
    if shape != Shape::Cubic {
        return;
    }
    for line in 0..4 {
        for (start, stride) in [(line * 4, 1), (line, 4)] {
            for middle in 1..3 {
                let at = [
                    start + (middle - 1) * stride,
                    start + middle * stride,
                    start + (middle + 1) * stride,
                ];
                let sign = [1.0, -2.0, 1.0];
                let now: f64 = (0..3).map(|i| sign[i] * coefficients[at[i]]).sum();
                for i in 0..3 {
                    for j in i..3 {
                        system.add(at[i], at[j], weight * sign[i] * sign[j]);
                    }
                    system.rhs[at[i]] -= weight * sign[i] * now;
                }
            }
        }
    }
}

/// Fisher scoring from a start.
fn climb(curves: &TileCurves, places: &[[f64; 2]], shape: Shape, start: Vec<f64>) -> Fitted {
    let n = shape.count();
    let terms: Vec<Vec<f64>> = places.iter().map(|p| shape.terms(*p)).collect();
    let mut c = start;
    let mut here = likelihood(curves, &terms, &c);
    let build = |c: &[f64]| {
        let mut system = System::new(n);
        for (tile, t) in terms.iter().enumerate() {
            let slope = curves.at(tile, dot(t, c))[1];
            for i in 0..n {
                system.rhs[i] += slope * t[i];
                for j in i..n {
                    system.add(i, j, curves.information * t[i] * t[j]);
                }
            }
        }
        let weight = 1e-3 * system.mean_diagonal(0, n);
        curvature(&mut system, shape, c, weight);
        system
    };
    for _ in 0..ITERATIONS {
        let system = build(&c);
        let Some(step) = system.solve(&vec![None; n]) else {
            break;
        };
        let mut share = 1.0;
        let mut moved = false;
        for _ in 0..6 {
            let next: Vec<f64> = c.iter().zip(&step).map(|(c, s)| c + share * s).collect();
            let there = likelihood(curves, &terms, &next);
            if there > here {
                moved = there - here > 1e-4;
                (c, here) = (next, there);
                break;
            }
            share *= 0.4;
        }
        if !moved {
            break;
        }
    }
    let columns: Vec<usize> = (0..n).collect();
    let covariance = build(&c)
        .inverse_columns(&columns, &vec![None; n])
        .unwrap_or_default();
    Fitted {
        shape,
        coefficients: c,
        likelihood: here,
        gain: 0.0,
        covariance,
    }
}

/// The constant and the plane that an exhaustive search likes best.
fn search_plane(curves: &TileCurves, places: &[[f64; 2]]) -> Vec<f64> {
    let mut best = (f64::NEG_INFINITY, vec![0.0; 3]);
    let step = STEEPEST / f64::from(SLOPES);
    let terms: Vec<Vec<f64>> = places.iter().map(|p| Shape::Plane.terms(*p)).collect();
    for iu in -SLOPES..=SLOPES {
        for iv in -SLOPES..=SLOPES {
            for ic in -4..=4 {
                let c = vec![f64::from(ic) * 75.0, f64::from(iu) * step, f64::from(iv) * step];
                let value = likelihood(curves, &terms, &c);
                if value > best.0 {
                    best = (value, c);
                }
            }
        }
    }
    best.1
}

/// The surface with the best Bayesian information criterion. `before` is that of the last round, one more start.
pub fn choose(curves: &TileCurves, places: &[[f64; 2]], before: Option<&Fitted>) -> Fitted {
    let constant = climb(curves, places, Shape::Constant, vec![0.0]);
    let flat = constant.likelihood;
    let mut plane = climb(curves, places, Shape::Plane, search_plane(curves, places));
    if let Some(before) = before.filter(|b| b.shape != Shape::Constant && b.shape != Shape::Cubic) {
        let again = climb(curves, places, Shape::Plane, before.coefficients[..3].to_vec());
        if again.likelihood > plane.likelihood {
            plane = again;
        }
    }
    let mut from = plane.coefficients.clone();
    from.resize(6, 0.0);
    let quadratic = climb(curves, places, Shape::Quadratic, from);
    let cubic = climb(
        curves,
        places,
        Shape::Cubic,
        control_points(&quadratic.coefficients),
    );
    let tiles = curves.tiles() as f64;
    let criterion = |f: &Fitted| -2.0 * f.likelihood + f.shape.count() as f64 * tiles.ln().max(2.0);
    let mut best = constant;
    for candidate in [plane, quadratic, cubic] {
        if candidate.shape.count() * 2 <= curves.tiles() && criterion(&candidate) < criterion(&best) {
            best = candidate;
        }
    }
    best.gain = best.likelihood - flat;
    best
}

/// Control points of a bicubic surface that is nearest to a quadratic one.
fn control_points(quadratic: &[f64]) -> Vec<f64> {
    let mut system = System::new(16);
    for i in 0..49 {
        let place = [f64::from(i % 7) / 3.0 - 1.0, f64::from(i / 7) / 3.0 - 1.0];
        let value = dot(&Shape::Quadratic.terms(place), quadratic);
        let t = Shape::Cubic.terms(place);
        for a in 0..16 {
            system.rhs[a] += t[a] * value;
            for b in a..16 {
                system.add(a, b, t[a] * t[b]);
            }
        }
    }
    system.solve(&[None; 16]).unwrap_or_else(|| vec![0.0; 16])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_are_those_of_a_fine_grid_and_can_be_taken_out() {
        for shape in [Shape::Plane, Shape::Quadratic, Shape::Cubic] {
            let mut c: Vec<f64> = (0..shape.count()).map(|i| ((i * 37 % 11) as f64) - 4.0).collect();
            let mean = |c: &[f64]| {
                let sum: f64 = (0..10_000)
                    .map(|i| {
                        let at = |j: i32| (f64::from(j) + 0.5) / 50.0 - 1.0;
                        dot(&shape.terms([at(i % 100), at(i / 100)]), c)
                    })
                    .sum();
                sum / 10_000.0
            };
            assert!((mean(&c) - shape.mean(&c)).abs() < 1e-3, "{shape:?}");
            let by = shape.mean(&c);
            shape.lower(&mut c, by);
            assert!(mean(&c).abs() < 1e-3, "{shape:?}");
        }
    }

    #[test]
    fn control_points_reproduce_a_quadratic() {
        let q = [10.0, -3.0, 4.0, 2.0, -1.0, 0.5];
        let c = control_points(&q);
        for place in [[0.0, 0.0], [-1.0, 0.7], [0.33, -0.9]] {
            let (a, b) = (
                dot(&Shape::Quadratic.terms(place), &q),
                dot(&Shape::Cubic.terms(place), &c),
            );
            assert!((a - b).abs() < 1e-6, "{a} {b}");
        }
    }
}
