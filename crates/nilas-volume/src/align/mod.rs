//! Putting one map onto another: rotation, shift and hand, with no idea of any beforehand.
//!
//! Both maps are cut to a few shells and whitened shell by shell, so that how either was filtered doesn't matter. An
//! exhaustive search over orientations (7.5° steps, both hands) reads the best shift of each from a small FFT; the best
//! few dozen are refined without derivatives, over more and more shells as long as the maps agree there; the hand is
//! decided at the end, where it shows best. Symmetric maps have several equally right answers; one of them is given.

mod band;
mod refine;
mod search;

use crate::fsc::fsc_of_spectra;
use crate::transform::{Motion, moved_onto};
use crate::{Spectrum, Volume, VolumeError};
use band::{Band, Moving};
use nilas_geometry::Rotation;
use search::Candidate;

/// Shells that agree by less than this aren't used for refinement.
const WORTH_USING: f64 = 0.3;
/// No more shells than this are used, whatever the maps' size.
const MOST_SHELLS: usize = 24;

/// How [`align`] searches.
#[derive(Debug, Clone, PartialEq)]
pub struct AlignOptions {
    /// Resolution of the exhaustive search in Å (clamped to between 6 and 7 shells of the fixed map's box).
    pub search_angstrom: f64,
    /// Refinement uses no frequencies beyond this, Å; 0 for no limit but the maps' own agreement.
    pub finest_angstrom: f64,
    /// Whether the mirror image is tried too.
    pub try_mirror: bool,
}

impl Default for AlignOptions {
    fn default() -> Self {
        Self {
            search_angstrom: 25.0,
            finest_angstrom: 0.0,
            try_mirror: true,
        }
    }
}

/// Where the moving map lies on the fixed one.
#[derive(Debug, Clone, PartialEq)]
pub struct Alignment {
    /// Content of the moving map (after mirroring) at `x` goes to `rotation * x + shift`, from the box centres.
    pub rotation: Rotation,
    /// The shift in voxels of the fixed map.
    pub shift_voxels: [f64; 3],
    /// Whether the moving map has to be mirrored (x to -x) first.
    pub mirrored: bool,
    /// Correlation of the whitened maps over the shells used, in [-1, 1].
    pub cc: f64,
    /// The same for the best solution of the other hand, where it was tried.
    pub cc_other_hand: Option<f64>,
    /// The resolution in Å up to which the maps were compared for `cc`.
    pub band_angstrom: f64,
    voxel_size_angstrom: f64,
}

impl Alignment {
    /// The motion of the moving map's content, lengths in Å.
    pub fn motion(&self) -> Motion {
        Motion {
            rotation: self.rotation,
            shift_angstrom: self.shift_voxels.map(|s| s * self.voxel_size_angstrom),
            mirrored: self.mirrored,
        }
    }

    /// The moving map laid onto the fixed map's grid. Errors for an impossible map.
    pub fn apply(&self, moving: &Volume, fixed: &Volume) -> Result<Volume, VolumeError> {
        moved_onto(moving, &self.motion(), fixed.n, fixed.voxel_size_angstrom)
    }
}

/// Finds rotation, shift and hand that put `moving` onto `fixed`. The maps may differ in box and voxel size.
///
/// # Errors
/// Impossible maps, values that aren't finite, a map without contrast, impossible options.
pub fn align(moving: &Volume, fixed: &Volume, options: &AlignOptions) -> Result<Alignment, VolumeError> {
    moving.check_finite("the map to align")?;
    fixed.check_finite("the map to align to")?;
    crate::filter::positive("search resolution (Å)", options.search_angstrom)?;
    let box_angstrom = fixed.box_angstrom();
    // Shells of the fixed map that both maps have.
    let coarsest_voxel = fixed.voxel_size_angstrom.max(moving.voxel_size_angstrom);
    let available = (0.5 * box_angstrom / coarsest_voxel) as usize;
    let wanted = if options.finest_angstrom > 0.0 {
        (box_angstrom / options.finest_angstrom) as usize
    } else {
        MOST_SHELLS
    };
    let most = wanted.min(available.saturating_sub(1)).clamp(1, MOST_SHELLS);
    let first = ((box_angstrom / options.search_angstrom) as usize)
        .clamp(6, 9)
        .min(most);

    let fixed_spectrum = prepared(fixed, most)?;
    let moving_source = Moving::new(moving, box_angstrom, most)?;
    let band = Band::new(&fixed_spectrum, &moving_source, first)?;
    let found = search::exhaustive(&band, &moving_source, options.try_mirror)?;
    let mut candidates = refine::refine_all(&band, &moving_source, found);

    let mut shells = first;
    loop {
        let Some(best) = candidates.first().copied() else {
            return Err(VolumeError::Flat {
                what: "the map to align",
            });
        };
        let agreeing = agreeing_shells(&fixed_spectrum, &moving_source, &best, most)?;
        let next = agreeing.min(shells + shells / 2).min(most);
        if next <= shells {
            break;
        }
        shells = next;
        let band = Band::new(&fixed_spectrum, &moving_source, shells)?;
        candidates = refine::refine_all(&band, &moving_source, refine::survivors(candidates, shells));
    }
    let best = candidates[0];
    let other = candidates
        .iter()
        .find(|c| c.mirrored != best.mirrored)
        .map(|c| c.score);
    Ok(Alignment {
        rotation: best.rotation.renormalised(),
        shift_voxels: best.shift.map(|s| s * fixed.n as f64),
        mirrored: best.mirrored,
        cc: best.score,
        cc_other_hand: other.filter(|_| options.try_mirror),
        band_angstrom: box_angstrom / shells as f64,
        voxel_size_angstrom: fixed.voxel_size_angstrom,
    })
}

/// The fixed map's spectrum up to `shells`, without what lies outside of its inscribed sphere.
fn prepared(volume: &Volume, shells: usize) -> Result<Spectrum, VolumeError> {
    let n = (2 * (shells + 2)).min(volume.n);
    Spectrum::of(&band::rounded(volume)?)?.resampled(n)
}

/// Up to which shell the moving map, laid onto the fixed one, agrees with it.
fn agreeing_shells(
    fixed: &Spectrum,
    moving: &Moving,
    candidate: &Candidate,
    most: usize,
) -> Result<usize, VolumeError> {
    let mut laid = fixed.clone();
    let frame = moving.frame(&candidate.rotation, candidate.mirrored);
    laid.modify(|k, r, _| {
        if r > most as f64 + 0.5 {
            return Default::default();
        }
        let kf = k.map(|c| c as f64);
        let phase = -2.0 * std::f64::consts::PI * (0..3).map(|i| kf[i] * candidate.shift[i]).sum::<f64>();
        let (s, c) = phase.sin_cos();
        moving.sample(&frame, kf.map(|c| c as f32)) * nilas_kernels::Complex32::new(c as f32, s as f32)
    });
    let curve = fsc_of_spectra(fixed, &laid)?;
    // One bad shell (a node of the molecule's transform) doesn't end the agreement, two in a row do.
    let c = &curve.correlation;
    let bad = |r: usize| c.get(r).is_none_or(|v| *v < WORTH_USING);
    Ok((2..=most).find(|r| bad(*r) && bad(r + 1)).map_or(most, |r| r - 1))
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
