//! Templates: slices of a volume on the rings, as angular harmonics, 16 directions side by side.

use super::PolarGrid;
use super::lanes::LANES;
use crate::error::KernelError;
use crate::slice::SplineVolume;
use crate::{Complex32, Matrix3};
use rayon::prelude::*;
use rustfft::FftPlanner;

/// The templates of one volume for a list of directions.
pub struct PolarTemplates {
    pub(super) grid: PolarGrid,
    pub(super) directions: usize,
    /// Per block of 16 directions: for every m, for every ring from the first that holds m, re x 16 then im x 16.
    pub(super) blocks: Vec<Vec<f32>>,
    /// Start of harmonic m inside a block, in floats; one past the last at the end.
    pub(super) starts: Vec<usize>,
    /// Weighted ring power `a_q sum_phi |Y|^2`, per block `(radius, 16)`.
    pub(super) power: Vec<Vec<f32>>,
}

impl PolarTemplates {
    /// Slices `volume` at every rotation of `directions` (in-plane angle 0 of each) on the rings of `grid`.
    /// Errors: no directions, or the volume is of another box or does not reach the grid's radius.
    pub fn new(volume: &SplineVolume, directions: &[Matrix3], grid: &PolarGrid) -> Result<Self, KernelError> {
        if directions.is_empty() {
            return Err(KernelError::Empty("directions"));
        }
        if volume.box_size() != grid.box_size() || volume.radius() < grid.radius() {
            return Err(KernelError::Radius {
                what: "templates",
                found: grid.radius(),
                maximum: volume.radius(),
            });
        }
        let m_count = grid.harmonics() + 1;
        let mut starts = vec![0];
        for m in 0..m_count {
            starts.push(starts[m] + (grid.radius() - grid.first_ring(m)) * 2 * LANES);
        }
        let half = grid.angles() / 2;
        let plan = FftPlanner::new().plan_fft_forward(grid.angles());
        let made: Vec<(Vec<f32>, Vec<f32>)> = directions
            .par_chunks(LANES)
            .map(|chunk| {
                let mut block = vec![0.0f32; starts[m_count]];
                let mut power = vec![0.0f32; grid.radius() * LANES];
                let (mut re, mut im) = (vec![0.0; grid.len()], vec![0.0; grid.len()]);
                let mut circle = vec![Complex32::default(); grid.angles()];
                let mut scratch = vec![Complex32::default(); plan.get_inplace_scratch_len()];
                for (lane, rotation) in chunk.iter().enumerate() {
                    volume.slice(rotation, grid.kx(), grid.ky(), &mut re, &mut im)?;
                    for q in 0..grid.radius() {
                        fill_circle(&re[q * half..], &im[q * half..], &mut circle);
                        let p: f32 = circle.iter().map(|v| v.norm_sqr()).sum();
                        power[q * LANES + lane] = p * grid.weight(q) as f32;
                        plan.process_with_scratch(&mut circle, &mut scratch);
                        let scale = 1.0 / grid.angles() as f32;
                        for m in 0..=grid.m_max[q] {
                            let at = starts[m] + (q - grid.first_ring(m)) * 2 * LANES + lane;
                            block[at] = circle[m].re * scale;
                            block[at + LANES] = circle[m].im * scale;
                        }
                    }
                }
                Ok((block, power))
            })
            .collect::<Result<_, KernelError>>()?;
        let (blocks, power) = made.into_iter().unzip();
        Ok(Self {
            grid: grid.clone(),
            directions: directions.len(),
            blocks,
            starts,
            power,
        })
    }

    /// The rings that this was made for.
    pub fn grid(&self) -> &PolarGrid {
        &self.grid
    }

    /// Number of directions.
    pub fn len(&self) -> usize {
        self.directions
    }

    /// Never true for templates that could be made.
    pub fn is_empty(&self) -> bool {
        self.directions == 0
    }

    /// Number of blocks of 16 directions, the unit that a search can leave out.
    pub fn block_count(&self) -> usize {
        self.blocks.len()
    }

    /// Template power `sum_half |Y|^2` of ring `q` (1-based) for a direction, for bounds and scale estimates.
    pub fn ring_power(&self, direction: usize, q: usize) -> f32 {
        self.power[direction / LANES][(q - 1) * LANES + direction % LANES]
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        4 * self.blocks.iter().chain(&self.power).map(Vec::len).sum::<usize>()
    }
}

/// Completes a half circle of samples with its mates: `f(phi + pi) = conj f(phi)`.
pub(super) fn fill_circle(re: &[f32], im: &[f32], circle: &mut [Complex32]) {
    let half = circle.len() / 2;
    for j in 0..half {
        circle[j] = Complex32::new(re[j], im[j]);
        circle[j + half] = Complex32::new(re[j], -im[j]);
    }
}
