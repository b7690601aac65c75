//! What a refinement can be told.

use crate::error::RefineError;
use nilas_geometry::PointGroup;

/// Settings of a homogeneous refinement. Lengths in Å.
#[derive(Debug, Clone, PartialEq)]
pub struct RefineParams {
    /// Pixel size of the particle images, Å.
    pub pixel_size_angstrom: f64,
    /// Point group of the particle.
    pub group: PointGroup,
    /// The starting reference is low-passed to this resolution, Å.
    pub initial_low_pass_angstrom: f64,
    /// How far particles may lie from where they are (the box centre, or their prior shift), Å; a tenth of the box
    /// without it.
    pub shift_range_angstrom: Option<f64>,
    /// Diameter that the mask may not leave, Å; the box without it.
    pub particle_diameter_angstrom: Option<f64>,
    /// Iterations at most, the final one not counted.
    pub max_iterations: usize,
    /// Estimate each particle's contrast.
    pub per_particle_scale: bool,
    /// Start from the particles' own poses, searching only around them.
    pub local_only: bool,
    /// Finest resolution to use, Å; Nyquist without it.
    pub max_resolution_angstrom: Option<f64>,
    /// Every random choice follows from it.
    pub seed: u64,
}

impl RefineParams {
    /// Defaults for particles of a pixel size.
    pub fn new(pixel_size_angstrom: f64) -> Self {
        Self {
            pixel_size_angstrom,
            group: PointGroup::c1(),
            initial_low_pass_angstrom: 30.0,
            shift_range_angstrom: None,
            particle_diameter_angstrom: None,
            max_iterations: 25,
            per_particle_scale: true,
            local_only: false,
            max_resolution_angstrom: None,
            seed: 1,
        }
    }

    /// Checks every value.
    ///
    /// # Errors
    /// The first value out of range, by name.
    pub fn check(&self) -> Result<(), RefineError> {
        let positive = |name: &'static str, v: f64| {
            if v > 0.0 && v.is_finite() {
                Ok(())
            } else {
                Err(RefineError::Parameter {
                    name,
                    message: format!("{v} is not a positive length"),
                })
            }
        };
        positive("pixel_size_angstrom", self.pixel_size_angstrom)?;
        positive("initial_low_pass_angstrom", self.initial_low_pass_angstrom)?;
        for (name, v) in [
            ("shift_range_angstrom", self.shift_range_angstrom),
            ("particle_diameter_angstrom", self.particle_diameter_angstrom),
            ("max_resolution_angstrom", self.max_resolution_angstrom),
        ] {
            v.map_or(Ok(()), |v| positive(name, v))?;
        }
        if self.max_iterations == 0 {
            return Err(RefineError::Parameter {
                name: "max_iterations",
                message: "at least 1 iteration is needed".into(),
            });
        }
        Ok(())
    }
}
