//! What a simulation is asked to make.

use crate::error::SimulateError;
use crate::molecule::Molecule;
use crate::noise::NoiseSpectrum;
use crate::optics::Optics;
use crate::orientation::Orientations;
use crate::points::{PointCloud, ScatteringModel};

/// Where the power of the signal is measured for the signal-to-noise ratio.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SnrRegion {
    /// All pixels of the box. With the default noise, 0.1 gives a 200 kDa protein in a 256 Å box a summed SNR² of
    /// about 300 to 8 Å, which is what 40 e/Å² give in practice.
    #[default]
    FullBox,
    /// The disc that holds the particle: centred on it, with the specimen's largest radius.
    ParticleDisc,
}

/// What is imaged.
#[derive(Debug, Clone, PartialEq)]
pub enum Specimen {
    /// An atomic model; its centre of mass goes to the centre of the box.
    Molecule(Molecule),
    /// A density map; its voxel n/2 goes to the centre of the box.
    Map {
        /// Values of shape `[z][y][x]`; what lies outside the sphere that fits the box is not used.
        data: Vec<f32>,
        /// Voxels along each edge.
        n: usize,
        /// Voxel size, Å.
        voxel_size_angstrom: f64,
    },
}

impl Specimen {
    /// A specimen from an atomic model.
    pub fn molecule(molecule: Molecule) -> Specimen {
        Specimen::Molecule(molecule)
    }

    /// A specimen from a map of shape `[z][y][x]`.
    ///
    /// # Errors
    /// When the length isn't n³, a value is not finite, or the voxel size isn't above zero.
    pub fn map(data: Vec<f32>, n: usize, voxel_size_angstrom: f64) -> Result<Specimen, SimulateError> {
        if data.len() != n * n * n {
            return Err(SimulateError::Shape {
                got: data.len(),
                expected: n * n * n,
            });
        }
        if !(voxel_size_angstrom > 0.0 && voxel_size_angstrom.is_finite()) {
            return Err(parameter("voxel_size_angstrom", voxel_size_angstrom, "above 0 Å"));
        }
        if let Some(index) = data.iter().position(|v| !v.is_finite()) {
            return Err(parameter(
                "map voxel",
                format!("{} at {index}", data[index]),
                "a finite number",
            ));
        }
        Ok(Specimen::Map {
            data,
            n,
            voxel_size_angstrom,
        })
    }

    pub(crate) fn cloud(&self, index: usize, model: &ScatteringModel) -> Result<PointCloud, SimulateError> {
        let cloud = match self {
            Specimen::Molecule(molecule) => {
                let finite = |atom: &crate::Atom| {
                    atom.position_angstrom
                        .iter()
                        .chain([&atom.b_factor, &atom.occupancy])
                        .all(|v| v.is_finite())
                };
                if let Some(bad) = molecule.atoms.iter().position(|atom| !finite(atom)) {
                    return Err(parameter(
                        "atom",
                        bad,
                        "finite coordinates, B factor and occupancy",
                    ));
                }
                PointCloud::from_molecule(molecule, model)
            }
            Specimen::Map {
                data,
                n,
                voxel_size_angstrom,
            } => PointCloud::from_map(data, *n, *voxel_size_angstrom),
        };
        if cloud.classes.iter().all(|class| class.positions.is_empty()) {
            return Err(SimulateError::EmptySpecimen { specimen: index });
        }
        Ok(cloud)
    }
}

/// Everything about the particles to make. The defaults are an ordinary 300 kV data set.
#[derive(Debug, Clone, PartialEq)]
pub struct SimulationParams {
    /// Pixels along the edge of an image; even.
    pub box_size: usize,
    /// Pixel size, Å.
    pub pixel_size_angstrom: f64,
    /// How many particles.
    pub count: usize,
    /// Seed: the same seed gives the same images on any number of threads.
    pub seed: u64,
    /// Signal power over noise power per pixel: mean over particles of the variance of the noise-free image (after the
    /// contrast transfer function, scale 1) inside `snr_region`, over the variance of the noise. Infinite for no noise.
    pub snr: f64,
    /// Where the signal's power is measured.
    pub snr_region: SnrRegion,
    /// Shape of the noise's spectrum; its variance per pixel is always 1.
    pub noise: NoiseSpectrum,
    /// Distribution of views.
    pub orientations: Orientations,
    /// Standard deviation along x and y of the particles' distance from the box centre, Å; cut at three of them.
    pub shift_sigma_angstrom: f64,
    /// Coefficient of variation of the particles' contrast about 1.
    pub scale_variation: f64,
    /// Microscope; its two defoci and astigmatism azimuth are replaced for each particle.
    pub optics: Optics,
    /// Smallest and largest mean defocus of a micrograph, Å.
    pub defocus_range_angstrom: [f64; 2],
    /// Standard deviation of the particles' heights in a micrograph, Å.
    pub height_sigma_angstrom: f64,
    /// Largest difference of the two defoci, Å; uniform from 0 for each micrograph.
    pub astigmatism_max_angstrom: f64,
    /// Standard deviation of the error of the defocus reported with each particle, Å.
    pub reported_defocus_error_angstrom: f64,
    /// Particles that share a micrograph's defocus and astigmatism.
    pub particles_per_micrograph: usize,
    /// Share of images, 0 to 1, that hold no intact particle.
    pub junk_fraction: f64,
    /// Share of the junk, 0 to 1, that is empty ice; the rest are unfolded particles.
    pub junk_empty_share: f64,
    /// Relative abundance of each specimen; empty for equal shares.
    pub class_weights: Vec<f64>,
    /// How atoms scatter.
    pub scattering: ScatteringModel,
}

impl Default for SimulationParams {
    fn default() -> Self {
        SimulationParams {
            box_size: 128,
            pixel_size_angstrom: 2.0,
            count: 5_000,
            seed: 1,
            snr: 0.1,
            snr_region: SnrRegion::default(),
            noise: NoiseSpectrum::default(),
            orientations: Orientations::Uniform,
            shift_sigma_angstrom: 4.0,
            scale_variation: 0.1,
            optics: Optics::default(),
            defocus_range_angstrom: [8_000.0, 22_000.0],
            height_sigma_angstrom: 150.0,
            astigmatism_max_angstrom: 400.0,
            reported_defocus_error_angstrom: 0.0,
            particles_per_micrograph: 100,
            junk_fraction: 0.0,
            junk_empty_share: 0.5,
            class_weights: Vec::new(),
            scattering: ScatteringModel::default(),
        }
    }
}

pub(crate) fn parameter(name: &'static str, value: impl ToString, expected: &'static str) -> SimulateError {
    SimulateError::Parameter {
        name,
        value: value.to_string(),
        expected,
    }
}

impl SimulationParams {
    /// Checks every value against its range.
    ///
    /// # Errors
    /// [`SimulateError::Parameter`] naming the first parameter that is out of range.
    pub fn check(&self, specimens: usize) -> Result<(), SimulateError> {
        let size = self.box_size;
        if !(8..=4096).contains(&size) || !size.is_multiple_of(2) {
            return Err(parameter(
                "box_size",
                size,
                "an even number of pixels from 8 to 4096",
            ));
        }
        if self.count == 0 {
            return Err(parameter("count", self.count, "at least one particle"));
        }
        if self.particles_per_micrograph == 0 {
            return Err(parameter("particles_per_micrograph", 0, "at least 1"));
        }
        if self.snr.is_nan() || self.snr <= 0.0 {
            return Err(parameter("snr", self.snr, "above 0 (infinite for no noise)"));
        }
        let positive = [
            ("pixel_size_angstrom", self.pixel_size_angstrom),
            ("optics.voltage_kv", self.optics.voltage_kv),
        ];
        for (name, value) in positive {
            if !(value > 0.0 && value.is_finite()) {
                return Err(parameter(name, value, "above 0"));
            }
        }
        let not_negative = [
            ("shift_sigma_angstrom", self.shift_sigma_angstrom),
            ("height_sigma_angstrom", self.height_sigma_angstrom),
            ("astigmatism_max_angstrom", self.astigmatism_max_angstrom),
            (
                "reported_defocus_error_angstrom",
                self.reported_defocus_error_angstrom,
            ),
            ("optics.cs_mm", self.optics.cs_mm),
            ("optics.b_factor", self.optics.b_factor),
        ];
        for (name, value) in not_negative {
            if !(value >= 0.0 && value.is_finite()) {
                return Err(parameter(name, value, "0 or more"));
            }
        }
        let fractions = [
            ("junk_fraction", self.junk_fraction),
            ("junk_empty_share", self.junk_empty_share),
            ("scale_variation", self.scale_variation),
            ("optics.amplitude_contrast", self.optics.amplitude_contrast),
        ];
        for (name, value) in fractions {
            if !(0.0..=1.0).contains(&value) {
                return Err(parameter(name, value, "between 0 and 1"));
            }
        }
        let [low, high] = self.defocus_range_angstrom;
        if !(low <= high && low.is_finite() && high.is_finite()) {
            return Err(parameter(
                "defocus_range_angstrom",
                format!("{low}..{high}"),
                "smallest before largest",
            ));
        }
        let weights = &self.class_weights;
        let usable = weights.iter().all(|w| *w >= 0.0 && w.is_finite()) && weights.iter().sum::<f64>() > 0.0;
        if !weights.is_empty() && (weights.len() != specimens || !usable) {
            return Err(parameter(
                "class_weights",
                format!("{weights:?}"),
                "one weight of 0 or more per specimen",
            ));
        }
        self.noise.check()?;
        self.orientations.check()
    }
}
