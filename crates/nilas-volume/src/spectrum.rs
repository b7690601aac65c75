//! A map's Fourier transform: half-Hermitian, unitary, phase origin at the box centre.

use crate::{Volume, VolumeError};
use nilas_kernels::Complex32;
use nilas_kernels::fft::{Fft3, centre_3d, signed, unsigned};
use rayon::prelude::*;

/// The transform of a [`Volume`]: `(n, n, n/2 + 1)` values `[kz][ky][kx]`, kx = 0 ..= n/2 fastest, ky and kz in FFT
/// order. Unitary: white noise of variance v has `E|F|² = v`. A density at the box centre has real positive values.
#[derive(Debug, Clone, PartialEq)]
pub struct Spectrum {
    /// Side of the box in voxels.
    pub n: usize,
    /// Voxel size in Å.
    pub voxel_size_angstrom: f64,
    /// `n * n * (n/2 + 1)` values.
    pub half: Vec<Complex32>,
}

/// One Fourier voxel as seen by the functions that walk over a spectrum.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FourierVoxel {
    /// Signed frequency `(kx, ky, kz)` in Fourier pixels.
    pub k: [i64; 3],
    /// Shell, `round(|k|)`.
    pub shell: usize,
    /// Index in [`Spectrum::half`].
    pub index: usize,
    /// How often it counts in a sum over the full sphere: 1 on the kx = 0 plane (which holds both mates), else 2.
    pub multiplicity: f64,
}

impl Spectrum {
    /// The transform of a map. Errors for an impossible map.
    pub fn of(volume: &Volume) -> Result<Self, VolumeError> {
        volume.check()?;
        let n = volume.n;
        let fft = Fft3::cube(n)?;
        let mut half = vec![Complex32::default(); fft.half_len()];
        fft.forward(&volume.data, &mut half)?;
        centre_3d(&mut half, n, n);
        Ok(Self {
            n,
            voxel_size_angstrom: volume.voxel_size_angstrom,
            half,
        })
    }

    /// The map of this transform. Errors for an impossible box.
    pub fn into_volume(mut self) -> Result<Volume, VolumeError> {
        let n = self.n;
        let fft = Fft3::cube(n)?;
        let mut data = vec![0.0; fft.real_len()];
        centre_3d(&mut self.half, n, n);
        fft.inverse(&mut self.half, &mut data)?;
        Volume::new(n, self.voxel_size_angstrom, data)
    }

    /// How many shells there are: `0 ..= n/2`.
    pub fn shells(&self) -> usize {
        self.n / 2 + 1
    }

    /// Spatial frequency of a shell in 1/Å.
    pub fn frequency(&self, shell: usize) -> f64 {
        shell as f64 / (self.n as f64 * self.voxel_size_angstrom)
    }

    /// Replaces every value by `f(k, |k|, value)`, k in Fourier pixels; the Nyquist planes become zero.
    pub fn modify(&mut self, f: impl Fn([i64; 3], f64, Complex32) -> Complex32 + Sync) {
        let n = self.n;
        let w = n / 2 + 1;
        self.half
            .par_chunks_mut(n * w)
            .enumerate()
            .for_each(|(z, plane)| {
                let kz = signed(z, n);
                for (y, row) in plane.chunks_exact_mut(w).enumerate() {
                    let ky = signed(y, n);
                    for (x, v) in row.iter_mut().enumerate() {
                        let k = [x as i64, ky, kz];
                        *v = if is_nyquist(k, n) {
                            Complex32::default()
                        } else {
                            f(k, length(k), *v)
                        };
                    }
                }
            });
    }

    /// Multiplies by a real function of the frequency in Fourier pixels; the Nyquist planes become zero.
    pub fn scale_radially(&mut self, f: impl Fn(f64) -> f64 + Sync) {
        self.modify(|_, r, v| v * f(r) as f32);
    }

    /// Multiplies by a value per shell (`curve[r]`, linear between shells, the last one beyond).
    pub fn scale_by_shell(&mut self, curve: &[f64]) {
        self.scale_radially(|r| interpolate(curve, r));
    }

    /// Folds over all Fourier voxels but the Nyquist planes' within shells `0 ..= n/2`: one accumulator per block of
    /// sections, always the same blocks, merged in order, so that the result doesn't depend on the number of cores.
    pub(crate) fn fold<A: Send>(
        &self,
        new: impl Fn() -> A + Sync,
        add: impl Fn(&mut A, FourierVoxel) + Sync,
        merge: impl Fn(&mut A, A),
    ) -> A {
        let n = self.n;
        let w = n / 2 + 1;
        let block = n.div_ceil(32);
        let blocks: Vec<A> = (0..n.div_ceil(block))
            .into_par_iter()
            .map(|b| {
                let mut accumulator = new();
                for z in b * block..((b + 1) * block).min(n) {
                    let kz = signed(z, n);
                    for y in 0..n {
                        let ky = signed(y, n);
                        for x in 0..w {
                            let k = [x as i64, ky, kz];
                            let shell = (length(k) + 0.5) as usize;
                            if shell < w && !is_nyquist(k, n) {
                                let multiplicity = if x == 0 { 1.0 } else { 2.0 };
                                let index = (z * n + y) * w + x;
                                add(
                                    &mut accumulator,
                                    FourierVoxel {
                                        k,
                                        shell,
                                        index,
                                        multiplicity,
                                    },
                                );
                            }
                        }
                    }
                }
                accumulator
            })
            .collect();
        let mut total = new();
        for part in blocks {
            merge(&mut total, part);
        }
        total
    }

    /// Sums per shell of one f64 array per voxel: `(shells, N)`.
    pub(crate) fn shell_sums<const N: usize>(
        &self,
        f: impl Fn(FourierVoxel) -> [f64; N] + Sync,
    ) -> Vec<[f64; N]> {
        self.fold(
            || vec![[0.0; N]; self.shells()],
            |sums, voxel| {
                let values = f(voxel);
                for (sum, value) in sums[voxel.shell].iter_mut().zip(values) {
                    *sum += voxel.multiplicity * value;
                }
            },
            |total, part| {
                for (t, p) in total.iter_mut().zip(part) {
                    for (a, b) in t.iter_mut().zip(p) {
                        *a += b;
                    }
                }
            },
        )
    }

    /// Mean `|F|²` per shell.
    pub fn shell_power(&self) -> Vec<f64> {
        self.shell_sums(|v| [f64::from(self.half[v.index].norm_sqr()), 1.0])
            .iter()
            .map(|[power, count]| if *count > 0.0 { power / count } else { 0.0 })
            .collect()
    }

    /// Mean `|F|` per shell.
    pub fn shell_amplitude(&self) -> Vec<f64> {
        self.shell_sums(|v| [f64::from(self.half[v.index].norm()), 1.0])
            .iter()
            .map(|[sum, count]| if *count > 0.0 { sum / count } else { 0.0 })
            .collect()
    }

    /// The same density on `new_n` voxels over the same box side in Å: Fourier cropping or padding. The voxel size
    /// becomes `voxel_size * n / new_n`; densities keep their values. Errors for an odd or tiny `new_n`.
    pub fn resampled(&self, new_n: usize) -> Result<Self, VolumeError> {
        if new_n < 4 || !new_n.is_multiple_of(2) {
            return Err(VolumeError::Shape { n: new_n, len: 0 });
        }
        let (n, w, new_w) = (self.n, self.n / 2 + 1, new_n / 2 + 1);
        let mut half = vec![Complex32::default(); new_n * new_n * new_w];
        // Unitary transforms of n³ and m³ samples of one function differ by (m/n)^(3/2).
        let scale = ((new_n as f64 / n as f64).powf(1.5)) as f32;
        let limit = (n.min(new_n) / 2) as i64;
        half.par_chunks_mut(new_n * new_w)
            .enumerate()
            .for_each(|(z, plane)| {
                let kz = signed(z, new_n);
                for (y, row) in plane.chunks_exact_mut(new_w).enumerate() {
                    let ky = signed(y, new_n);
                    if kz.abs() < limit && ky.abs() < limit {
                        let start = (unsigned(kz, n) * n + unsigned(ky, n)) * w;
                        for (v, old) in row.iter_mut().zip(&self.half[start..start + limit as usize]) {
                            *v = old * scale;
                        }
                    }
                }
            });
        let voxel_size_angstrom = self.voxel_size_angstrom * n as f64 / new_n as f64;
        Ok(Self {
            n: new_n,
            voxel_size_angstrom,
            half,
        })
    }

    /// The density moved by `shift` voxels: `F exp(-2πi k·d/n)`.
    pub fn shift(&mut self, shift: [f64; 3]) {
        let step = -2.0 * std::f64::consts::PI / self.n as f64;
        self.modify(|k, _, v| {
            let phase = step * (k[0] as f64 * shift[0] + k[1] as f64 * shift[1] + k[2] as f64 * shift[2]);
            let (s, c) = phase.sin_cos();
            v * Complex32::new(c as f32, s as f32)
        });
    }
}

/// A curve of one value per shell at a fractional shell.
pub(crate) fn interpolate(curve: &[f64], r: f64) -> f64 {
    let Some(last) = curve.last() else { return 1.0 };
    let i = r.max(0.0) as usize;
    match (curve.get(i), curve.get(i + 1)) {
        (Some(a), Some(b)) => a + (b - a) * (r - i as f64),
        _ => *last,
    }
}

/// Whether a frequency lies on a Nyquist plane, whose sign is ambiguous.
pub(crate) fn is_nyquist(k: [i64; 3], n: usize) -> bool {
    let nyquist = (n / 2) as i64;
    k[0] == nyquist || k[1] == -nyquist || k[2] == -nyquist
}

pub(crate) fn length(k: [i64; 3]) -> f64 {
    ((k[0] * k[0] + k[1] * k[1] + k[2] * k[2]) as f64).sqrt()
}
