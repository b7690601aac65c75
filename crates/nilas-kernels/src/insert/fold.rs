//! From the accumulator's half grid with margins to Hermitian sums, exact symmetries, and back to real space.

use super::Accumulator;
use crate::error::{KernelError, check_length};
use crate::fft::{Fft3, centre_3d, unsigned};
use crate::slice::{deapodisation, padded_size};
use crate::{Complex32, Matrix3};
use rayon::prelude::*;

/// A rotation that maps the grid onto itself: `out[i] = sign[i] * in[axis[i]]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedPermutation {
    axis: [usize; 3],
    sign: [i64; 3],
}

impl SignedPermutation {
    /// The permutation that a matrix is (to 1e-6), or `None` where it needs interpolation.
    pub fn from_matrix(m: &Matrix3) -> Option<Self> {
        let (mut axis, mut sign) = ([0; 3], [0; 3]);
        for i in 0..3 {
            let j = (0..3).find(|j| (m[i][*j].abs() - 1.0).abs() < 1e-6)?;
            axis[i] = j;
            sign[i] = if m[i][j] > 0.0 { 1 } else { -1 };
        }
        Some(Self { axis, sign })
    }

    fn apply(&self, v: [i64; 3]) -> [i64; 3] {
        [0, 1, 2].map(|i| self.sign[i] * v[self.axis[i]])
    }
}

/// Hermitian numerator and density: grid points `[z][y][x]`, x from 0, y and z from `-origin`.
#[derive(Debug, Clone)]
pub struct FoldedGrid {
    box_size: usize,
    radius: usize,
    nx: usize,
    ny: usize,
    /// Fourier pixels of the box per grid step.
    step: f64,
    /// Numerator, `(ny, ny, nx)`.
    pub numerator: Vec<Complex32>,
    /// Density, `(ny, ny, nx)`.
    pub weight: Vec<f32>,
}

impl Accumulator {
    /// The Hermitian sums: every inserted sample counts at its place and, conjugated, at its mate's.
    pub fn fold(&self) -> FoldedGrid {
        let (g, o) = (self.grid, self.grid.origin as i64);
        let nx = g.nx - 1;
        let mut numerator = vec![Complex32::default(); nx * g.ny * g.ny];
        let mut weight = vec![0.0f32; nx * g.ny * g.ny];
        let at = |x, y, z| {
            let i = 4 * g.index(x, y, z);
            [self.data[i], self.data[i + 1], self.data[i + 2]]
        };
        numerator
            .par_chunks_exact_mut(nx)
            .zip(weight.par_chunks_exact_mut(nx))
            .enumerate()
            .for_each(|(row, (num, den))| {
                let (z, y) = ((row / g.ny) as i64 - o, (row % g.ny) as i64 - o);
                for x in 0..nx {
                    let mut v = at(x as i64, y, z);
                    if x <= 1 {
                        let m = at(-(x as i64), -y, -z);
                        v = [v[0] + m[0], v[1] - m[1], v[2] + m[2]];
                    }
                    num[x] = Complex32::new(v[0], v[1]);
                    den[x] = v[2];
                }
            });
        FoldedGrid {
            box_size: self.box_size(),
            radius: self.radius(),
            nx,
            ny: g.ny,
            step: 1.0 / self.padding(),
            numerator,
            weight,
        }
    }
}

impl FoldedGrid {
    /// Side of the (unpadded) box.
    pub fn box_size(&self) -> usize {
        self.box_size
    }

    /// Largest radius that was inserted, Fourier pixels of the box.
    pub fn radius(&self) -> usize {
        self.radius
    }

    /// Grid points per x row and per y (and z) axis.
    pub fn shape(&self) -> (usize, usize) {
        (self.nx, self.ny)
    }

    /// Padded grid distance from the origin, in Fourier pixels of the box, of the grid point with this index.
    pub fn distance(&self, index: usize) -> f64 {
        let o = (self.ny / 2) as f64;
        let x = (index % self.nx) as f64;
        let y = (index / self.nx % self.ny) as f64 - o;
        let z = (index / (self.nx * self.ny)) as f64 - o;
        (x * x + y * y + z * z).sqrt() * self.step
    }

    /// Index and conjugation of a signed grid point, if it is stored.
    fn locate(&self, p: [i64; 3]) -> Option<(usize, bool)> {
        let mate = p[0] < 0;
        let p = if mate { p.map(|v| -v) } else { p };
        let o = (self.ny / 2) as i64;
        if p[0] >= self.nx as i64 || p[1].abs() > o || p[2].abs() > o {
            return None;
        }
        let i = (((p[2] + o) as usize * self.ny) + (p[1] + o) as usize) * self.nx + p[0] as usize;
        Some((i, mate))
    }

    /// Sums over operators that map the grid onto itself (the identity must be one of them if it is to count).
    pub fn symmetrised(&self, operators: &[SignedPermutation]) -> Self {
        let mut out = self.clone();
        let o = (self.ny / 2) as i64;
        out.numerator
            .par_chunks_exact_mut(self.nx)
            .zip(out.weight.par_chunks_exact_mut(self.nx))
            .enumerate()
            .for_each(|(row, (num, den))| {
                let (z, y) = ((row / self.ny) as i64 - o, (row % self.ny) as i64 - o);
                for x in 0..self.nx {
                    let (mut n, mut d) = (Complex32::default(), 0.0);
                    for op in operators {
                        if let Some((i, mate)) = self.locate(op.apply([x as i64, y, z])) {
                            let v = self.numerator[i];
                            n += if mate { v.conj() } else { v };
                            d += self.weight[i];
                        }
                    }
                    num[x] = n;
                    den[x] = d;
                }
            });
        out
    }

    /// The inverse of [`FoldedGrid::to_real`]: what densely inserted slices of a centred real volume average to at every
    /// grid point, which is its transform smoothed with the interpolation kernel. Errors: wrong length.
    pub fn smoothed_spectrum(&self, volume: &[f32]) -> Result<Vec<Complex32>, KernelError> {
        let n = self.box_size;
        check_length("volume", volume.len(), n.pow(3))?;
        let pad = padded_size(n);
        let plan = Fft3::cube(pad)?;
        let envelope = deapodisation(n, pad);
        let offset = pad / 2 - n / 2;
        let mut real = vec![0.0f32; plan.real_len()];
        real.par_chunks_exact_mut(pad * pad)
            .enumerate()
            .for_each(|(pz, plane)| {
                let Some(z) = pz.checked_sub(offset).filter(|z| *z < n) else {
                    return;
                };
                for y in 0..n {
                    let e = envelope[z] * envelope[y];
                    let row = &mut plane[(y + offset) * pad + offset..][..n];
                    for (x, v) in row.iter_mut().enumerate() {
                        *v = (f64::from(volume[(z * n + y) * n + x]) * e * envelope[x]) as f32;
                    }
                }
            });
        let mut half = vec![Complex32::default(); plan.half_len()];
        plan.forward(&real, &mut half)?;
        centre_3d(&mut half, pad, pad);
        let (w, o, nyquist) = (pad / 2 + 1, (self.ny / 2) as i64, (pad / 2) as i64);
        let scale = ((pad as f64).powf(1.5) / n as f64) as f32;
        Ok((0..self.numerator.len())
            .into_par_iter()
            .map(|i| {
                let x = (i % self.nx) as i64;
                let y = (i / self.nx % self.ny) as i64 - o;
                let z = (i / (self.nx * self.ny)) as i64 - o;
                if x >= nyquist || y.abs() >= nyquist || z.abs() >= nyquist {
                    return Complex32::default();
                }
                half[(unsigned(z, pad) * pad + unsigned(y, pad)) * w + x as usize] * scale
            })
            .collect())
    }

    /// The centred real volume `[z][y][x]` whose slices are `spectrum` (same grid as the numerator): transform, crop to
    /// the box, divide by the kernel's envelope. Values beyond the radius plus half a pixel are not used.
    /// Errors: wrong length.
    pub fn to_real(&self, spectrum: &[Complex32]) -> Result<Vec<f32>, KernelError> {
        self.to_real_within(spectrum, self.radius as f64 + 0.5)
    }

    /// [`FoldedGrid::to_real`] with the limit, in Fourier pixels, stated.
    pub fn to_real_within(&self, spectrum: &[Complex32], limit: f64) -> Result<Vec<f32>, KernelError> {
        check_length("spectrum", spectrum.len(), self.numerator.len())?;
        let n = self.box_size;
        let pad = padded_size(n);
        let plan = Fft3::cube(pad)?;
        let w = pad / 2 + 1;
        let o = (self.ny / 2) as i64;
        let mut half = vec![Complex32::default(); plan.half_len()];
        let nyquist = (pad / 2) as i64;
        for (i, v) in spectrum.iter().enumerate() {
            let x = i % self.nx;
            let y = (i / self.nx % self.ny) as i64 - o;
            let z = (i / (self.nx * self.ny)) as i64 - o;
            // Padded Nyquist is never filled: its sign is ambiguous.
            if x as i64 >= nyquist || y.abs() >= nyquist || z.abs() >= nyquist {
                continue;
            }
            if self.distance(i) <= limit {
                half[(unsigned(z, pad) * pad + unsigned(y, pad)) * w + x] = *v;
            }
        }
        centre_3d(&mut half, pad, pad);
        let mut real = vec![0.0f32; plan.real_len()];
        plan.inverse(&mut half, &mut real)?;
        drop(half);
        let scale = n as f64 / (pad as f64).powf(1.5);
        let envelope: Vec<f64> = deapodisation(n, pad).iter().map(|v| 1.0 / v).collect();
        let offset = pad / 2 - n / 2;
        let mut out = vec![0.0f32; n.pow(3)];
        out.par_chunks_exact_mut(n * n)
            .enumerate()
            .for_each(|(z, plane)| {
                for (y, row) in plane.chunks_exact_mut(n).enumerate() {
                    let src = &real[((z + offset) * pad + y + offset) * pad + offset..][..n];
                    let e = envelope[z] * envelope[y] * scale;
                    for x in 0..n {
                        row[x] = (src[x] as f64 * e * envelope[x]) as f32;
                    }
                }
            });
        Ok(out)
    }
}
