//! The final reconstruction and what is claimed of it.

use super::params::RefineParams;
use super::state::RefineState;
use super::step::{Inputs, automatic_mask, either, reliability};
use crate::error::RefineError;
use crate::maps::Sums;
use crate::noise::NoiseModel;
use crate::particle::ParticleResult;
use nilas_kernels::Complex32;
use nilas_volume::fsc::{CorrectedFsc, masked_corrected_fsc};
use nilas_volume::{Spectrum, Volume};

/// What resolution is claimed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Resolution {
    /// The corrected half-map FSC crosses 0.143 here, Å.
    Angstrom(f64),
    /// It stays above 0.143 up to the last shell used: at least this, Å.
    AtLeast(f64),
    /// The images do not support the map: agreement on shells that poses were not aligned on is what noise gives.
    Unsupported,
}

impl Resolution {
    /// The figure in Å, if anything is claimed.
    pub fn angstrom(&self) -> Option<f64> {
        match self {
            Self::Angstrom(v) | Self::AtLeast(v) => Some(*v),
            Self::Unsupported => None,
        }
    }
}

/// Maps and curves of a finished refinement or reconstruction.
#[derive(Debug, Clone)]
pub struct RefineOutcome {
    /// Both half-sets together, Wiener-weighted by the FSC, without mask.
    pub map: Volume,
    /// Both half-sets together without any weights (`B / D`) and without mask.
    pub map_plain: Volume,
    /// Half maps without weights between shells and without mask: what the FSC is measured on.
    pub half_maps: [Volume; 2],
    /// The mask that references were multiplied with (refinement) or the same as `mask_fsc` (reconstruction).
    pub mask_refine: Volume,
    /// The mask that the resolution is measured in.
    pub mask_fsc: Volume,
    /// The curves.
    pub fsc: CorrectedFsc,
    /// What is claimed.
    pub resolution: Resolution,
    /// `sqrt(2 FSC/(1+FSC))` per shell: the expected correlation of `map` with the truth.
    pub cref: Vec<f64>,
    /// Standard score of the agreement on held-out shells; `None` where poses were given.
    pub support_z: Option<f64>,
    /// Noise power relative to white by optics group and shell.
    pub noise: Vec<Vec<f64>>,
    /// Every particle.
    pub particles: Vec<ParticleResult>,
    /// Iterations that were needed.
    pub iterations: usize,
}

/// Standard score that the held-out agreement must reach.
const SUPPORT_NEEDED: f64 = 6.0;

/// Shells of a map that the images do not support.
const UNSUPPORTED_SHELLS: usize = 3;

/// From the sums of all particles to everything that is handed out.
pub(crate) fn finish(
    inputs: &Inputs,
    state: &RefineState,
    sums: &[Sums; 2],
    support_z: Option<f64>,
) -> Result<RefineOutcome, RefineError> {
    let last = inputs.last_shell();
    let (mask_fsc, half_maps) = comparable(inputs, state, sums)?;
    let fsc = masked_corrected_fsc(&half_maps[0], &half_maps[1], &mask_fsc, state.seed)?;
    let shell = inputs.claimed_shell(&fsc, &mask_fsc, last);
    let merged = Sums::merged(&sums[0], &sums[1]);
    let mut full: Vec<f64> = reliability(&fsc.corrected.correlation, last)
        .iter()
        .map(|f| 2.0 * f / (1.0 + f))
        .collect();
    let supported = support_z.is_none_or(|z| z > SUPPORT_NEEDED);
    if !supported {
        full.truncate(UNSUPPORTED_SHELLS + 1);
    }
    let resolution = if !supported {
        Resolution::Unsupported
    } else if shell < last as f64 {
        Resolution::Angstrom(inputs.resolution_of(shell))
    } else {
        Resolution::AtLeast(inputs.resolution_of(shell))
    };
    let mut map = merged.weighted_map(&full)?;
    if !supported {
        // The solvent's step at the edge of the box must not bring finer shells back.
        let mut spectrum = Spectrum::of(&map)?;
        let limit = UNSUPPORTED_SHELLS as f64 + 0.5;
        spectrum.modify(|_, r, v| if r < limit { v } else { Complex32::default() });
        map = spectrum.into_volume()?;
    }
    Ok(RefineOutcome {
        map,
        map_plain: merged.plain_map(last)?,
        cref: fsc
            .corrected
            .correlation
            .iter()
            .map(|f| nilas_volume::fsc::cref(*f))
            .collect(),
        half_maps,
        mask_refine: either(&state.masks),
        mask_fsc,
        fsc,
        resolution,
        support_z,
        noise: NoiseModel::mean(&state.noise),
        particles: state.results(inputs.params.pixel_size_angstrom),
        iterations: state.iteration,
    })
}

/// The mask for the stated resolution (automatic, at the resolution that the refinement masks give, or the given one) and the
/// half maps to measure it on.
fn comparable(
    inputs: &Inputs,
    state: &RefineState,
    sums: &[Sums; 2],
) -> Result<(Volume, [Volume; 2]), RefineError> {
    let last = inputs.last_shell();
    let wide = either(&state.masks);
    let first = [sums[0].balanced_map(last)?, sums[1].balanced_map(last)?];
    let fsc = masked_corrected_fsc(&first[0], &first[1], &wide, state.seed)?;
    let trusted = reliability(&fsc.corrected.correlation, last);
    let half_maps = [
        sums[0].matched_map(last, &trusted)?,
        sums[1].matched_map(last, &trusted)?,
    ];
    if let Some(mask) = inputs.given_mask {
        return Ok((mask.clone(), half_maps));
    }
    let resolution = inputs.resolution_of(inputs.claimed_shell(&fsc, &wide, last));
    let maps = [sums[0].weighted_map(&trusted)?, sums[1].weighted_map(&trusted)?];
    let own = |half: usize| automatic_mask(&maps[half], inputs.params, resolution);
    Ok((either(&[own(0)?, own(1)?]), half_maps))
}

/// The reference that a refinement starts from: on the particles' grid, low-passed.
pub(crate) fn starting_reference(
    initial: &Volume,
    n: usize,
    params: &RefineParams,
) -> Result<Volume, RefineError> {
    initial.check_finite("the starting reference")?;
    let a = params.pixel_size_angstrom;
    let mut map = initial.clone();
    if (map.voxel_size_angstrom / a - 1.0).abs() > 1e-3 {
        let wanted = (map.box_angstrom() / a / 2.0).round() as usize * 2;
        map = nilas_volume::filter::resample(&map, wanted.max(4))?;
    }
    if map.n != n {
        map = nilas_volume::filter::with_box(&map, n, 0.0)?;
    }
    map.voxel_size_angstrom = a;
    let cut = params.initial_low_pass_angstrom.max(2.0 * a * 1.001);
    Ok(nilas_volume::filter::low_pass(&map, cut)?)
}
