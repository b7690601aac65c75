//! Production transforms on the CPU: planned once per size, rows by `realfft`, other axes in blocks of columns.

use crate::error::{KernelError, check_box, check_length};
use num_complex::Complex32;
use rayon::prelude::*;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use rustfft::{Fft, FftPlanner};
use std::collections::HashMap;
use std::sync::{Arc, OnceLock, RwLock};

/// Columns handled together: 16 complex values are two cache lines of a row.
const COLUMNS: usize = 16;

type Shape = (usize, usize, usize);

/// Looks `key` up in a plan cache, building the plan on first use.
fn cached<T>(
    cache: &'static OnceLock<RwLock<HashMap<Shape, Arc<T>>>>,
    key: Shape,
    build: impl FnOnce() -> T,
) -> Arc<T> {
    let map = cache.get_or_init(|| RwLock::new(HashMap::new()));
    if let Ok(read) = map.read()
        && let Some(found) = read.get(&key)
    {
        return found.clone();
    }
    let made = Arc::new(build());
    match map.write() {
        Ok(mut write) => write.entry(key).or_insert(made).clone(),
        Err(_) => made,
    }
}

/// A pointer that rayon tasks may share because each touches its own columns.
#[derive(Clone, Copy)]
struct Shared(*mut Complex32);
// SAFETY: tasks write disjoint index sets; see the uses below.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

impl Shared {
    #[inline(always)]
    fn get(self) -> *mut Complex32 {
        self.0
    }
}

/// Transforms `count` columns of length `n` (element stride `stride`) that start at `first`.
///
/// # Safety
/// `base + first + c + i*stride` must be inside one allocation for all `c < count`, `i < n`, and no other thread
/// may touch these elements meanwhile.
unsafe fn column_block(
    base: *mut Complex32,
    first: usize,
    count: usize,
    stride: usize,
    plan: &dyn Fft<f32>,
    buffer: &mut Vec<Complex32>,
    scratch: &mut Vec<Complex32>,
) {
    let n = plan.len();
    buffer.resize(n * count, Complex32::default());
    scratch.resize(plan.get_inplace_scratch_len(), Complex32::default());
    for i in 0..n {
        for c in 0..count {
            // SAFETY: inside the allocation by the caller's promise.
            buffer[c * n + i] = unsafe { *base.add(first + c + i * stride) };
        }
    }
    plan.process_with_scratch(buffer, scratch);
    for i in 0..n {
        for c in 0..count {
            // SAFETY: as above.
            unsafe { *base.add(first + c + i * stride) = buffer[c * n + i] };
        }
    }
}

/// Working memory of one thread.
#[derive(Default)]
struct Work {
    buffer: Vec<Complex32>,
    scratch: Vec<Complex32>,
    real: Vec<f32>,
}

/// The row (x axis) plans of a box, and their scaling.
struct Rows {
    nx: usize,
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
}

impl Rows {
    fn new(nx: usize) -> Self {
        let mut planner = RealFftPlanner::new();
        Self {
            nx,
            forward: planner.plan_fft_forward(nx),
            inverse: planner.plan_fft_inverse(nx),
        }
    }

    fn run_forward(&self, real: &[f32], half: &mut [Complex32], scale: f32, work: &mut Work) {
        let w = self.nx / 2 + 1;
        work.real.resize(self.nx, 0.0);
        work.scratch
            .resize(self.forward.get_scratch_len(), Complex32::default());
        for (src, dst) in real.chunks_exact(self.nx).zip(half.chunks_exact_mut(w)) {
            for (t, s) in work.real.iter_mut().zip(src) {
                *t = *s * scale;
            }
            // Cannot fail: the lengths are the plan's own.
            let _ = self
                .forward
                .process_with_scratch(&mut work.real, dst, &mut work.scratch);
        }
    }

    /// Reads `half` without changing it; the imaginary parts at kx = 0 and Nyquist are ignored, as they must be.
    fn run_inverse(&self, half: &[Complex32], real: &mut [f32], scale: f32, work: &mut Work) {
        let w = self.nx / 2 + 1;
        work.buffer.resize(w, Complex32::default());
        work.scratch
            .resize(self.inverse.get_scratch_len(), Complex32::default());
        for (src, dst) in half.chunks_exact(w).zip(real.chunks_exact_mut(self.nx)) {
            for (t, s) in work.buffer.iter_mut().zip(src) {
                *t = *s * scale;
            }
            work.buffer[0].im = 0.0;
            if self.nx.is_multiple_of(2) {
                work.buffer[w - 1].im = 0.0;
            }
            let _ = self
                .inverse
                .process_with_scratch(&mut work.buffer[..w], dst, &mut work.scratch);
        }
    }
}

/// Planned 2D real transform of `(ny, nx)` images.
pub struct Fft2 {
    nx: usize,
    ny: usize,
    rows: Rows,
    y_forward: Arc<dyn Fft<f32>>,
    y_inverse: Arc<dyn Fft<f32>>,
    scale: f32,
}

static PLANS_2D: OnceLock<RwLock<HashMap<Shape, Arc<Fft2>>>> = OnceLock::new();
static PLANS_3D: OnceLock<RwLock<HashMap<Shape, Arc<Fft3>>>> = OnceLock::new();

impl Fft2 {
    /// The cached plan for square images of even side `n`. Errors: `n` odd or below 2.
    pub fn square(n: usize) -> Result<Arc<Self>, KernelError> {
        Self::new(n, n)
    }

    /// The cached plan for `(ny, nx)` images; `nx` must be even. Errors: a zero side or odd `nx`.
    pub fn new(nx: usize, ny: usize) -> Result<Arc<Self>, KernelError> {
        check_box("2D transform", nx, 2)?;
        if ny == 0 {
            return Err(KernelError::Empty("2D transform height"));
        }
        Ok(cached(&PLANS_2D, (nx, ny, 1), || {
            let mut planner = FftPlanner::new();
            Self {
                nx,
                ny,
                rows: Rows::new(nx),
                y_forward: planner.plan_fft_forward(ny),
                y_inverse: planner.plan_fft_inverse(ny),
                scale: 1.0 / ((nx * ny) as f32).sqrt(),
            }
        }))
    }

    /// Pixels of one image, `ny * nx`.
    pub fn real_len(&self) -> usize {
        self.nx * self.ny
    }

    /// Coefficients of one transform, `ny * (nx/2 + 1)`.
    pub fn half_len(&self) -> usize {
        (self.nx / 2 + 1) * self.ny
    }

    fn columns(&self, half: &mut [Complex32], plan: &dyn Fft<f32>, work: &mut Work) {
        let w = self.nx / 2 + 1;
        for first in (0..w).step_by(COLUMNS) {
            let count = COLUMNS.min(w - first);
            // SAFETY: `half` has w*ny elements and is borrowed exclusively.
            unsafe {
                column_block(
                    half.as_mut_ptr(),
                    first,
                    count,
                    w,
                    plan,
                    &mut work.buffer,
                    &mut work.scratch,
                );
            }
        }
    }

    fn forward_one(&self, real: &[f32], half: &mut [Complex32], work: &mut Work) {
        self.rows.run_forward(real, half, self.scale, work);
        self.columns(half, self.y_forward.as_ref(), work);
    }

    fn inverse_one(&self, half: &[Complex32], real: &mut [f32], copy: &mut Vec<Complex32>, work: &mut Work) {
        copy.clear();
        copy.extend_from_slice(half);
        self.columns(copy, self.y_inverse.as_ref(), work);
        self.rows.run_inverse(copy, real, self.scale, work);
    }

    /// One or more images `(n, ny, nx)` to `(n, ny, nx/2+1)`, images shared out over all cores.
    /// Errors: lengths that are not whole images or do not match.
    pub fn forward(&self, real: &[f32], half: &mut [Complex32]) -> Result<(), KernelError> {
        let images = real.len() / self.real_len();
        check_length("real images", real.len(), images * self.real_len())?;
        check_length("transforms", half.len(), images * self.half_len())?;
        if images == 1 {
            self.forward_one(real, half, &mut Work::default());
            return Ok(());
        }
        real.par_chunks_exact(self.real_len())
            .zip(half.par_chunks_exact_mut(self.half_len()))
            .for_each_init(Work::default, |work, (r, h)| self.forward_one(r, h, work));
        Ok(())
    }

    /// The inverse of [`Fft2::forward`]; `half` is left as it is.
    pub fn inverse(&self, half: &[Complex32], real: &mut [f32]) -> Result<(), KernelError> {
        let images = real.len() / self.real_len();
        check_length("real images", real.len(), images * self.real_len())?;
        check_length("transforms", half.len(), images * self.half_len())?;
        if images == 1 {
            self.inverse_one(half, real, &mut Vec::new(), &mut Work::default());
            return Ok(());
        }
        real.par_chunks_exact_mut(self.real_len())
            .zip(half.par_chunks_exact(self.half_len()))
            .for_each_init(
                || (Vec::new(), Work::default()),
                |(copy, work), (r, h)| self.inverse_one(h, r, copy, work),
            );
        Ok(())
    }
}

/// Planned 3D real transform of `(nz, ny, nx)` volumes.
pub struct Fft3 {
    nx: usize,
    ny: usize,
    nz: usize,
    rows: Rows,
    y: [Arc<dyn Fft<f32>>; 2],
    z: [Arc<dyn Fft<f32>>; 2],
    scale: f32,
}

impl Fft3 {
    /// The cached plan for cubes of even side `n`. Errors: `n` odd or below 2.
    pub fn cube(n: usize) -> Result<Arc<Self>, KernelError> {
        Self::new(n, n, n)
    }

    /// The cached plan for `(nz, ny, nx)` volumes; `nx` must be even. Errors: a zero side or odd `nx`.
    pub fn new(nx: usize, ny: usize, nz: usize) -> Result<Arc<Self>, KernelError> {
        check_box("3D transform", nx, 2)?;
        if ny == 0 || nz == 0 {
            return Err(KernelError::Empty("3D transform side"));
        }
        Ok(cached(&PLANS_3D, (nx, ny, nz), || {
            let mut planner = FftPlanner::new();
            Self {
                nx,
                ny,
                nz,
                rows: Rows::new(nx),
                y: [planner.plan_fft_forward(ny), planner.plan_fft_inverse(ny)],
                z: [planner.plan_fft_forward(nz), planner.plan_fft_inverse(nz)],
                scale: 1.0 / ((nx * ny * nz) as f32).sqrt(),
            }
        }))
    }

    /// Voxels, `nz * ny * nx`.
    pub fn real_len(&self) -> usize {
        self.nx * self.ny * self.nz
    }

    /// Coefficients, `nz * ny * (nx/2 + 1)`.
    pub fn half_len(&self) -> usize {
        (self.nx / 2 + 1) * self.ny * self.nz
    }

    fn z_pass(&self, half: &mut [Complex32], plan: &dyn Fft<f32>) {
        let plane = (self.nx / 2 + 1) * self.ny;
        let base = Shared(half.as_mut_ptr());
        (0..plane.div_ceil(COLUMNS))
            .into_par_iter()
            .for_each_init(Work::default, |work, b| {
                let first = b * COLUMNS;
                let count = COLUMNS.min(plane - first);
                // SAFETY: blocks are disjoint column ranges of a buffer of plane*nz elements borrowed exclusively.
                unsafe {
                    column_block(
                        base.get(),
                        first,
                        count,
                        plane,
                        plan,
                        &mut work.buffer,
                        &mut work.scratch,
                    );
                }
            });
    }

    fn y_pass(&self, plane: &mut [Complex32], plan: &dyn Fft<f32>, work: &mut Work) {
        let w = self.nx / 2 + 1;
        for first in (0..w).step_by(COLUMNS) {
            let count = COLUMNS.min(w - first);
            // SAFETY: `plane` has w*ny elements and is borrowed exclusively.
            unsafe {
                column_block(
                    plane.as_mut_ptr(),
                    first,
                    count,
                    w,
                    plan,
                    &mut work.buffer,
                    &mut work.scratch,
                );
            }
        }
    }

    /// `(nz, ny, nx)` to `(nz, ny, nx/2+1)` on all cores. Errors: wrong lengths.
    pub fn forward(&self, real: &[f32], half: &mut [Complex32]) -> Result<(), KernelError> {
        check_length("real volume", real.len(), self.real_len())?;
        check_length("transform", half.len(), self.half_len())?;
        real.par_chunks_exact(self.nx * self.ny)
            .zip(half.par_chunks_exact_mut((self.nx / 2 + 1) * self.ny))
            .for_each_init(Work::default, |work, (r, h)| {
                self.rows.run_forward(r, h, self.scale, work);
                self.y_pass(h, self.y[0].as_ref(), work);
            });
        self.z_pass(half, self.z[0].as_ref());
        Ok(())
    }

    /// The inverse of [`Fft3::forward`]; `half` is used as working memory and left changed.
    pub fn inverse(&self, half: &mut [Complex32], real: &mut [f32]) -> Result<(), KernelError> {
        check_length("real volume", real.len(), self.real_len())?;
        check_length("transform", half.len(), self.half_len())?;
        self.z_pass(half, self.z[1].as_ref());
        real.par_chunks_exact_mut(self.nx * self.ny)
            .zip(half.par_chunks_exact_mut((self.nx / 2 + 1) * self.ny))
            .for_each_init(Work::default, |work, (r, h)| {
                self.y_pass(h, self.y[1].as_ref(), work);
                self.rows.run_inverse(h, r, self.scale, work);
            });
        Ok(())
    }
}
