//! Reconstruction from known poses.

use crate::error::RefineError;
use crate::maps::SymmetryPlan;
use crate::observer::Observer;
use crate::particle::Particle;
use crate::refine::{RefineOutcome, RefineParams};
use crate::source::ImageSource;
use nilas_volume::Volume;
use std::path::Path;

/// Reconstructs half maps and map of particles that all have poses, as they are: no search, no refinement.
/// Of `params` the pixel size, group, diameter, finest resolution and seed count; `mask`, where given, is used for the FSC.
///
/// # Errors
/// A particle without pose; otherwise as [`crate::refine::run`].
pub fn reconstruct(
    source: &dyn ImageSource,
    particles: &[Particle],
    params: &RefineParams,
    mask: Option<&Volume>,
    scratch: &Path,
    observer: &mut dyn Observer,
) -> Result<RefineOutcome, RefineError> {
    params.check()?;
    if let Some(i) = particles.iter().position(|p| p.pose.is_none()) {
        return Err(RefineError::NoPose(i));
    }
    let symmetry = SymmetryPlan::new(&params.group);
    crate::refine::reconstruct_known(source, particles, params, &symmetry, mask, scratch, observer)
}
