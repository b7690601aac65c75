//! The scatter on the CPU.

use crate::Matrix3;
use crate::error::{KernelError, check_box, check_length};
use crate::simd::vector::{Isa, Vector};
use crate::simd::{self, SimdLevel, dispatch_isa};
use crate::slice::{B, Block, Grid, block_of, padded_size, scaled_columns};
use rayon::prelude::*;

/// One weighted slice to add: values and weights for a prefix of the coefficient list.
#[derive(Debug, Clone, Copy)]
pub struct InsertItem<'a> {
    /// The pose `A`.
    pub rotation: Matrix3,
    /// Real part of the numerator `w c W`.
    pub re: &'a [f32],
    /// Imaginary part of the numerator.
    pub im: &'a [f32],
    /// Weight `w c^2`.
    pub weight: &'a [f32],
}

/// Numerator and density of a reconstruction on the padded half grid, up to a radius.
#[derive(Debug, Clone)]
pub struct Accumulator {
    box_size: usize,
    radius: usize,
    pub(super) grid: Grid,
    /// `[re, im, weight, 0]` per grid point.
    pub(super) data: Vec<f32>,
}

impl Accumulator {
    /// An empty accumulator for slices of boxes of even side `box_size` up to `radius` Fourier pixels.
    /// Errors: odd box, radius of 0 or beyond Nyquist.
    pub fn new(box_size: usize, radius: usize) -> Result<Self, KernelError> {
        check_box("accumulator", box_size, 8)?;
        let maximum = box_size / 2 - 1;
        if radius == 0 || radius > maximum {
            return Err(KernelError::Radius {
                what: "accumulator",
                found: radius,
                maximum,
            });
        }
        let grid = Grid::new(radius, padded_size(box_size) as f64 / box_size as f64);
        Ok(Self {
            box_size,
            radius,
            grid,
            data: vec![0.0; 4 * grid.len()],
        })
    }

    /// Side of the box.
    pub fn box_size(&self) -> usize {
        self.box_size
    }

    /// Largest radius that is kept, Fourier pixels.
    pub fn radius(&self) -> usize {
        self.radius
    }

    /// Padded over plain box side.
    pub fn padding(&self) -> f64 {
        padded_size(self.box_size) as f64 / self.box_size as f64
    }

    /// Forgets everything inserted so far.
    pub fn clear(&mut self) {
        self.data.fill(0.0);
    }

    /// Multiplies everything inserted so far, for trailing averages.
    pub fn scale(&mut self, factor: f32) {
        self.data.par_iter_mut().for_each(|v| *v *= factor);
    }

    /// Adds `factor` times another accumulator of the same box and radius. Errors: different shape.
    pub fn add(&mut self, other: &Self, factor: f32) -> Result<(), KernelError> {
        check_length("accumulator", other.data.len(), self.data.len())?;
        self.data
            .par_iter_mut()
            .zip(&other.data)
            .for_each(|(a, b)| *a += factor * b);
        Ok(())
    }

    /// The raw sums, for checkpoints: `[re, im, weight, 0]` per grid point.
    pub fn raw(&self) -> &[f32] {
        &self.data
    }

    /// Puts back what [`Accumulator::raw`] gave. Errors: different length.
    pub fn set_raw(&mut self, raw: &[f32]) -> Result<(), KernelError> {
        check_length("accumulator", raw.len(), self.data.len())?;
        self.data.copy_from_slice(raw);
        Ok(())
    }

    /// Adds slices at frequencies `kx, ky` (each item may be a prefix of the list), on all cores.
    /// Samples beyond the radius are dropped. Errors: lists that do not match.
    pub fn insert(&mut self, items: &[InsertItem], kx: &[f32], ky: &[f32]) -> Result<(), KernelError> {
        self.insert_at(simd::level(), items, kx, ky)
    }

    /// [`Accumulator::insert`] on a stated instruction set.
    pub fn insert_at(
        &mut self,
        level: SimdLevel,
        items: &[InsertItem],
        kx: &[f32],
        ky: &[f32],
    ) -> Result<(), KernelError> {
        check_length("ky", ky.len(), kx.len())?;
        for item in items {
            check_length("imaginary parts", item.im.len(), item.re.len())?;
            check_length("weights", item.weight.len(), item.re.len())?;
            if item.re.len() > kx.len() {
                check_length("slice", item.re.len(), kx.len())?;
            }
        }
        let grid = self.grid;
        let padding = self.padding();
        let plane = 4 * grid.nx * grid.ny;
        let slabs = slab_bounds(grid, rayon::current_num_threads());
        let mut rest = self.data.as_mut_slice();
        let mut tasks = Vec::new();
        for (z0, z1) in slabs {
            let (slab, tail) = rest.split_at_mut((z1 - z0) * plane);
            rest = tail;
            tasks.push((z0, z1, slab));
        }
        tasks.into_par_iter().for_each(|(z0, z1, slab)| {
            for item in items {
                let m = scaled_columns(padding, &item.rotation);
                scatter(level, slab, grid, (z0, z1), &m, kx, ky, item);
            }
        });
        Ok(())
    }
}

/// Divides the z planes into `parts` slabs of about equal work: slices of random orientation cross the plane at
/// height z in proportion to `R - |z|`.
fn slab_bounds(grid: Grid, parts: usize) -> Vec<(usize, usize)> {
    let n = grid.ny;
    let reach = grid.origin as f64 + 2.0;
    let work: Vec<f64> = (0..n)
        .map(|z| reach - (z as f64 - grid.origin as f64).abs())
        .collect();
    let total: f64 = work.iter().sum();
    let (mut out, mut start, mut sum) = (Vec::new(), 0, 0.0);
    for (z, w) in work.iter().enumerate() {
        sum += w;
        let share = total * (out.len() + 1) as f64 / parts as f64;
        if (sum >= share && out.len() + 1 < parts) || z + 1 == n {
            out.push((start, z + 1));
            start = z + 1;
        }
    }
    out
}

#[allow(clippy::too_many_arguments)]
#[inline(always)]
fn scatter_body<I: Isa>(
    slab: &mut [f32],
    grid: Grid,
    (z0, z1): (usize, usize),
    m: &[[f32; 2]; 3],
    kx: &[f32],
    ky: &[f32],
    item: &InsertItem,
) {
    let (sy, sz) = (4 * grid.nx, 4 * grid.nx * grid.ny);
    let mut block = Block::new();
    for start in (0..item.re.len()).step_by(B) {
        block.place::<I>(grid, m, &block_of(kx, start), &block_of(ky, start));
        let n = B.min(item.re.len() - start);
        for l in 0..n {
            if block.base[l] == usize::MAX {
                continue;
            }
            let i = start + l;
            let iz = block.base[l] / (grid.nx * grid.ny);
            let (from, to) = (iz.max(z0), (iz + 4).min(z1));
            if from >= to {
                continue;
            }
            let (re, im, w) = (item.re[i], item.im[i] * block.sign[l], item.weight[i]);
            let mut u = [0.0f32; 16];
            let taps = Block::of(&block.wx, l);
            for t in 0..4 {
                let wx = taps[t];
                u[4 * t] = wx * re;
                u[4 * t + 1] = wx * im;
                u[4 * t + 2] = wx * w;
            }
            let u = I::V16::load(&u);
            let in_plane = 4 * (block.base[l] % (grid.nx * grid.ny));
            for z in from..to {
                let wz = block.wz[z - iz][l];
                let first = (z - z0) * sz + in_plane;
                let Some(rows) = slab.get_mut(first..first + 3 * sy + 16) else {
                    continue;
                };
                for y in 0..4 {
                    let wzy = wz * block.wy[y][l];
                    let row = &mut rows[y * sy..][..16];
                    u.fma(I::V16::splat(wzy), I::V16::load(row)).store(row);
                }
            }
        }
    }
}

dispatch_isa! {
    /// Adds one item to one slab.
    #[allow(clippy::too_many_arguments)]
    fn scatter => scatter_body(
        slab: &mut [f32], grid: Grid, z: (usize, usize), m: &[[f32; 2]; 3], kx: &[f32], ky: &[f32], item: &InsertItem,
    )
}
