//! From a particle dataset to what the science crates take: images, contrast transfer, poses.

mod images;
mod optics;
mod poses;
mod source;

pub use images::{ParticleImages, shortest};
pub use optics::{contrast_transfer, optics_groups};
pub use poses::{Pose, halves, poses, write_poses};
pub use source::{point_group, source_failure, too_few};
