//! What a run is asked to do.

use super::{AbInitioError, ParticleInput};
use crate::source::ImageSource;
use nilas_geometry::PointGroup;

/// Parameters of an ab-initio run. The defaults fit most data.
#[derive(Debug, Clone, PartialEq)]
pub struct AbInitioParams {
    /// Pixel size of the images, Å.
    pub pixel_size_angstrom: f64,
    /// Number of classes (maps).
    pub classes: usize,
    /// Point group by name, imposed from the first step; C1 unless the symmetry is sure.
    pub symmetry: String,
    /// Diameter of the particle, Å; none for four fifths of the box.
    pub particle_diameter_angstrom: Option<f64>,
    /// Resolution at the start, Å; none for a seventh of the particle's diameter, between 20 and 40 Å.
    pub initial_resolution_angstrom: Option<f64>,
    /// Resolution at the end, Å.
    pub final_resolution_angstrom: f64,
    /// Largest distance of a particle from its box's centre along any direction, Å; none for a twelfth of the box.
    pub max_shift_angstrom: Option<f64>,
    /// Iterations of the run that is continued.
    pub iterations: usize,
    /// Images per iteration and class at the start.
    pub initial_batch: usize,
    /// Images per iteration and class at the end.
    pub final_batch: usize,
    /// Random starts, of which the best is continued.
    pub starts: usize,
    /// Particles kept in memory; more are used only for the final poses.
    pub max_particles: usize,
    /// Particles kept apart to score the starts.
    pub held_out: usize,
    /// Seed: the same seed gives the same maps.
    pub seed: u64,
}

impl Default for AbInitioParams {
    fn default() -> Self {
        Self {
            pixel_size_angstrom: 1.0,
            classes: 1,
            symmetry: "C1".into(),
            particle_diameter_angstrom: None,
            initial_resolution_angstrom: None,
            final_resolution_angstrom: 12.0,
            max_shift_angstrom: None,
            iterations: 60,
            initial_batch: 200,
            final_batch: 400,
            starts: 3,
            max_particles: 20_000,
            held_out: 300,
            seed: 1,
        }
    }
}

/// Fewest particles that a run accepts.
const FEWEST: usize = 20;

/// Parameters with everything worked out.
#[derive(Debug, Clone)]
pub(super) struct Resolved {
    pub group: PointGroup,
    pub diameter: f64,
    /// Resolution at the start, Å.
    pub initial_resolution: f64,
    pub max_shift: f64,
    /// Largest ring, Fourier pixels.
    pub rings: usize,
    /// Angles of the finest polar grid.
    pub angles: usize,
    /// Box edge, Å.
    pub edge: f64,
}

fn bad(name: &'static str, value: impl ToString, expected: impl Into<String>) -> AbInitioError {
    AbInitioError::Parameter {
        name,
        value: value.to_string(),
        expected: expected.into(),
    }
}

impl AbInitioParams {
    pub(super) fn resolve(
        &self,
        source: &dyn ImageSource,
        particles: &[ParticleInput],
    ) -> Result<Resolved, AbInitioError> {
        let (n, pixel) = (source.box_size(), self.pixel_size_angstrom);
        if !(pixel > 0.0 && pixel.is_finite()) {
            return Err(bad("pixel_size_angstrom", pixel, "above 0 Å"));
        }
        if n < 16 || !n.is_multiple_of(2) {
            return Err(bad(
                "box size",
                n,
                "an even number of at least 16 pixels; pad or crop the images",
            ));
        }
        let edge = n as f64 * pixel;
        let group =
            PointGroup::parse(&self.symmetry).map_err(|e| bad("symmetry", &self.symmetry, e.to_string()))?;
        let ranges = [
            ("classes", self.classes, 1, 20),
            ("iterations", self.iterations, 10, 10_000),
            ("initial_batch", self.initial_batch, 10, 100_000),
            ("final_batch", self.final_batch, 10, 100_000),
            ("starts", self.starts, 1, 50),
            ("max_particles", self.max_particles, 100, 1_000_000),
        ];
        for (name, value, least, most) in ranges {
            if !(least..=most).contains(&value) {
                return Err(bad(name, value, format!("{least} to {most}")));
            }
        }
        let diameter = self.particle_diameter_angstrom.unwrap_or(0.8 * edge);
        if !(diameter > 4.0 * pixel && diameter <= edge) {
            return Err(bad(
                "particle_diameter_angstrom",
                diameter,
                format!("at most the box, {edge:.0} Å"),
            ));
        }
        let max_shift = self.max_shift_angstrom.unwrap_or(edge / 12.0);
        if !(0.0..=edge / 3.0).contains(&max_shift) {
            return Err(bad(
                "max_shift_angstrom",
                max_shift,
                format!("0 to a third of the box, {:.0} Å", edge / 3.0),
            ));
        }
        let fine = self.final_resolution_angstrom;
        // At a seventh of its diameter a compact particle is more than an ellipsoid.
        let coarse = self
            .initial_resolution_angstrom
            .unwrap_or_else(|| (diameter / 7.0).clamp(20.0, 40.0).max(fine));
        if !(fine > 0.0 && coarse >= fine && coarse.is_finite()) {
            return Err(bad(
                "initial_resolution_angstrom",
                coarse,
                format!("a number not finer than final_resolution_angstrom ({fine})"),
            ));
        }
        if particles.len() < FEWEST {
            return Err(AbInitioError::TooFew {
                count: particles.len(),
                needed: FEWEST,
            });
        }
        for (particle, input) in particles.iter().enumerate() {
            if input.image >= source.len() {
                return Err(AbInitioError::NoSuchImage {
                    particle,
                    image: input.image,
                    count: source.len(),
                });
            }
            input.ctf.validate().map_err(|e| AbInitioError::Optics {
                particle,
                message: e.to_string(),
            })?;
        }
        // Interpolation needs room up to Nyquist; 64 rings bound the work whatever the box.
        let rings = ((edge / fine).round() as usize).clamp(4, (n * 2 / 5).clamp(4, 64));
        let orders = std::f64::consts::PI * diameter * rings as f64 / edge + 6.0;
        let angles = if orders < 31.0 {
            64
        } else if orders < 63.0 {
            128
        } else {
            256
        };
        Ok(Resolved {
            group,
            diameter,
            initial_resolution: coarse,
            max_shift,
            rings,
            angles,
            edge,
        })
    }
}
