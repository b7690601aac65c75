//! How particles lie in the ice.

use crate::error::SimulateError;
use crate::rotation::{self, Matrix};
use rand::{Rng, RngExt};

/// The distribution of viewing directions. The angle in the plane is always uniform.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Orientations {
    /// Every view equally likely.
    #[default]
    Uniform,
    /// A mixture of von Mises-Fisher caps around preferred views over a uniform ground.
    Preferred {
        /// Preferred viewing directions in the volume frame; need not be of unit length.
        directions: Vec<[f64; 3]>,
        /// Concentration κ of each cap: about 1/κ rad² wide; 0 is uniform.
        concentration: f64,
        /// Share of particles, 0 to 1, that take any view.
        uniform_fraction: f64,
    },
}

impl Orientations {
    pub(crate) fn check(&self) -> Result<(), SimulateError> {
        let Orientations::Preferred {
            directions,
            concentration,
            uniform_fraction,
        } = self
        else {
            return Ok(());
        };
        if directions.is_empty()
            || !directions
                .iter()
                .all(|d| d.iter().map(|v| v * v).sum::<f64>() > 1e-12)
        {
            return Err(SimulateError::Parameter {
                name: "orientations.directions",
                value: format!("{directions:?}"),
                expected: "at least one direction, none of zero length",
            });
        }
        if !(*concentration >= 0.0 && concentration.is_finite()) {
            return Err(SimulateError::Parameter {
                name: "orientations.concentration",
                value: concentration.to_string(),
                expected: "0 or more",
            });
        }
        if !(0.0..=1.0).contains(uniform_fraction) {
            return Err(SimulateError::Parameter {
                name: "orientations.uniform_fraction",
                value: uniform_fraction.to_string(),
                expected: "between 0 and 1",
            });
        }
        Ok(())
    }

    /// A rotation `A` (image from volume) of this distribution.
    pub(crate) fn draw(&self, rng: &mut impl Rng) -> Matrix {
        let Orientations::Preferred {
            directions,
            concentration,
            uniform_fraction,
        } = self
        else {
            return rotation::uniform(rng);
        };
        if rng.random::<f64>() < *uniform_fraction || directions.is_empty() {
            return rotation::uniform(rng);
        }
        let axis = directions[rng.random_range(0..directions.len())];
        let norm = axis.iter().map(|v| v * v).sum::<f64>().sqrt();
        let axis = axis.map(|v| v / norm);
        // The cosine to the axis of a von Mises-Fisher direction on the sphere has a closed inverse distribution.
        let u: f64 = rng.random();
        let cosine = if *concentration < 1e-6 {
            2.0 * u - 1.0
        } else {
            (1.0 + (u + (1.0 - u) * (-2.0 * concentration).exp()).ln() / concentration).clamp(-1.0, 1.0)
        };
        let sine = (1.0 - cosine * cosine).max(0.0).sqrt();
        let azimuth = std::f64::consts::TAU * rng.random::<f64>();
        let (e1, e2) = perpendicular(axis);
        let view: [f64; 3] = std::array::from_fn(|i| {
            cosine * axis[i] + sine * (azimuth.cos() * e1[i] + azimuth.sin() * e2[i])
        });
        let rot = view[1].atan2(view[0]).to_degrees();
        let tilt = (view[0] * view[0] + view[1] * view[1])
            .sqrt()
            .atan2(view[2])
            .to_degrees();
        rotation::rotation_from_euler_zyz_deg(rot, tilt, 360.0 * rng.random::<f64>())
    }
}

fn perpendicular(axis: [f64; 3]) -> ([f64; 3], [f64; 3]) {
    let seed = if axis[0].abs() < 0.6 {
        [1.0, 0.0, 0.0]
    } else {
        [0.0, 1.0, 0.0]
    };
    let e1 = cross(axis, seed);
    let norm = e1.iter().map(|v| v * v).sum::<f64>().sqrt();
    let e1 = e1.map(|v| v / norm);
    (e1, cross(axis, e1))
}

fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
}
