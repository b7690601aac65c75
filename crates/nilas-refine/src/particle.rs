//! What is known of a particle before and after.

use nilas_geometry::Rotation;
use nilas_optics::Ctf;

/// Orientation and position of one particle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pose {
    /// `x_image = A x_volume`.
    pub rotation: Rotation,
    /// Translation to apply to the image to centre the particle, Å.
    pub shift_angstrom: [f64; 2],
}

/// One particle as the engine takes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Particle {
    /// Index into the image source.
    pub image: usize,
    /// Its contrast transfer, with the sign that makes protein positive.
    pub ctf: Ctf,
    /// Optics group: particles of one group share the noise model.
    pub optics_group: u32,
    /// Half-set, 0 or 1, where it is already decided.
    pub half: Option<u8>,
    /// Pose, where one is known.
    pub pose: Option<Pose>,
    /// Contrast relative to the other particles; 1 where unknown.
    pub scale: f64,
}

/// One particle as a refinement leaves it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ParticleResult {
    /// Orientation and position.
    pub pose: Pose,
    /// Half-set, 0 or 1.
    pub half: u8,
    /// Contrast relative to the mean of all particles.
    pub scale: f64,
    /// Log-likelihood gain over an empty image, nats.
    pub log_likelihood: f64,
    /// Posterior of the pose's basin among the basins that were looked at, 0 to 1.
    pub posterior: f64,
    /// Standard deviation of the orientation by its posterior, radians (mean over the three axes).
    pub rotation_sigma_rad: f64,
    /// Standard deviation of the shift by its posterior, Å (mean over the two axes).
    pub shift_sigma_angstrom: f64,
}
