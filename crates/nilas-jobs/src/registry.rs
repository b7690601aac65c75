//! The registry: one line per job type.

use crate::ab_initio::AbInitio;
use crate::ctf_estimation::CtfEstimation;
use crate::import_micrographs::ImportMicrographs;
use crate::import_particles::ImportParticles;
use crate::import_volumes::ImportVolumes;
use crate::job::JobType;
use crate::reconstruct::Reconstruct;
use crate::refine_homogeneous::RefineHomogeneous;
use crate::simulate_particles::SimulateParticles;

static REGISTRY: &[JobType] = &[
    JobType::of::<ImportMicrographs>("import_micrographs"),
    JobType::of::<CtfEstimation>("ctf_estimation"),
    JobType::of::<ImportParticles>("import_particles"),
    JobType::of::<ImportVolumes>("import_volumes"),
    JobType::of::<SimulateParticles>("simulate_particles"),
    JobType::of::<AbInitio>("ab_initio"),
    JobType::of::<RefineHomogeneous>("refine_homogeneous"),
    JobType::of::<Reconstruct>("reconstruct"),
];

/// All job types in the order of the job menu.
pub fn registry() -> &'static [JobType] {
    REGISTRY
}

/// The job type of this name.
pub fn find(name: &str) -> Option<&'static JobType> {
    REGISTRY.iter().find(|job_type| job_type.name == name)
}
