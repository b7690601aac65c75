//! The two maps as the search sees them: a list of whitened coefficients of the fixed map, and the moving map's transform
//! to be read at any frequency.

use crate::filter::{resample, with_box};
use crate::{Spectrum, Volume, VolumeError};
use nilas_geometry::Rotation;
use nilas_kernels::Complex32;
use nilas_kernels::fft::unsigned;

/// Zero padding of the moving map before its transform is interpolated linearly.
const PADDING: usize = 2;

/// The map minus its rim's mean, cut softly to the inscribed sphere: corners and a constant background don't turn.
pub(super) fn rounded(volume: &Volume) -> Result<Volume, VolumeError> {
    let half = (volume.n / 2) as f64;
    let (inner, outer) = (0.86 * half, half);
    let radius = |p: [f64; 3]| (p[0] * p[0] + p[1] * p[1] + p[2] * p[2]).sqrt();
    let rim = volume.mapped(|p, v| {
        if (inner..outer).contains(&radius(p)) {
            v
        } else {
            0.0
        }
    });
    let count = volume.mapped(|p, _| f32::from(u8::from((inner..outer).contains(&radius(p)))));
    let background = (rim.mean() / count.mean()) as f32;
    let out = volume.mapped(|p, v| {
        let t = ((radius(p) - inner) / (outer - inner)).clamp(0.0, 1.0);
        (v - background) * (0.5 + 0.5 * (std::f64::consts::PI * t).cos()) as f32
    });
    if out.standard_deviation() > 0.0 {
        Ok(out)
    } else {
        Err(VolumeError::Flat {
            what: "one of the maps to align",
        })
    }
}

/// No more coefficients than this are compared at once: that many fix six numbers well enough, whatever the band.
const MOST_COEFFICIENTS: usize = 12_000;

/// The moving map's transform in a dense block of low frequencies.
pub(super) struct Moving {
    /// Block reach: frequencies -reach ..= reach (x: 0 ..= reach + 1) of the padded transform.
    reach: usize,
    block: Vec<Complex32>,
    /// Frequency of the padded transform per Fourier pixel of the fixed map.
    ratio: f64,
}

impl Moving {
    pub(super) fn new(volume: &Volume, fixed_box_angstrom: f64, shells: usize) -> Result<Self, VolumeError> {
        let ratio = PADDING as f64 * volume.box_angstrom() / fixed_box_angstrom;
        let reach = (ratio * (shells as f64 + 0.5)).ceil() as usize + 2;
        let needed = (2 * (reach.div_ceil(PADDING) + 2)).min(volume.n).max(4);
        let small = resample(&rounded(volume)?, needed)?;
        let padded = Spectrum::of(&with_box(&small, PADDING * needed, 0.0)?)?;
        let n = padded.n;
        let (side, w) = (2 * reach + 1, reach + 2);
        let mut block = vec![Complex32::default(); side * side * w];
        let limit = (n / 2) as i64;
        for (row, line) in block.chunks_exact_mut(w).enumerate() {
            let (ky, kz) = (
                (row % side) as i64 - reach as i64,
                (row / side) as i64 - reach as i64,
            );
            if ky.abs() < limit && kz.abs() < limit {
                let start = (unsigned(kz, n) * n + unsigned(ky, n)) * (n / 2 + 1);
                let take = w.min(limit as usize);
                line[..take].copy_from_slice(&padded.half[start..start + take]);
            }
        }
        Ok(Self { reach, block, ratio })
    }

    /// The matrix that takes a frequency of the fixed map (Fourier pixels) to where [`Moving::sample`] reads it, for the
    /// moving map mirrored or not and turned by `rotation`.
    pub(super) fn frame(&self, rotation: &Rotation, mirrored: bool) -> [[f32; 3]; 3] {
        let m = &rotation.m;
        std::array::from_fn(|i| {
            let sign = if mirrored && i == 0 {
                -self.ratio
            } else {
                self.ratio
            };
            std::array::from_fn(|j| (sign * m[j][i]) as f32)
        })
    }

    /// The transform at `frame * k` by linear interpolation; 0 outside of the block.
    #[inline(always)]
    pub(super) fn sample(&self, frame: &[[f32; 3]; 3], k: [f32; 3]) -> Complex32 {
        let [a, b, c] = frame;
        let mut x = a[0] * k[0] + a[1] * k[1] + a[2] * k[2];
        let mut y = b[0] * k[0] + b[1] * k[1] + b[2] * k[2];
        let mut z = c[0] * k[0] + c[1] * k[1] + c[2] * k[2];
        let conjugate = x < 0.0;
        if conjugate {
            (x, y, z) = (-x, -y, -z);
        }
        let reach = self.reach as f32;
        // The upper neighbours must be inside too.
        let inside = x < reach && y >= -reach && y < reach - 0.5 && z >= -reach && z < reach - 0.5;
        if !inside {
            return Complex32::default();
        }
        let (y, z) = (y + reach, z + reach);
        let (ix, iy, iz) = (x as i32, y as i32, z as i32);
        let (fx, fy, fz) = (x - ix as f32, y - iy as f32, z - iz as f32);
        let (side, w) = (2 * self.reach + 1, self.reach + 2);
        let at = (iz as usize * side + iy as usize) * w + ix as usize;
        let block = &self.block[at..];
        let Some(corner) = block.get(side * w + w + 1) else {
            return Complex32::default();
        };
        let (gx, gy, gz) = (1.0 - fx, 1.0 - fy, 1.0 - fz);
        let near = (block[0] * gx + block[1] * fx) * gy + (block[w] * gx + block[w + 1] * fx) * fy;
        let q = side * w;
        let far = (block[q] * gx + block[q + 1] * fx) * gy + (block[q + w] * gx + *corner * fx) * fy;
        let v = near * gz + far * fz;
        if conjugate { v.conj() } else { v }
    }
}

/// The fixed map's coefficients of shells 1 ..= shells on one half of the sphere, divided by both maps' shell amplitudes and
/// scaled so that the score of a perfect match is 1.
pub(super) struct Band {
    pub(super) shells: usize,
    pub(super) k: Vec<[i16; 3]>,
    pub(super) fixed: Vec<Complex32>,
}

impl Band {
    pub(super) fn new(fixed: &Spectrum, moving: &Moving, shells: usize) -> Result<Self, VolumeError> {
        let n = fixed.n;
        let w = n / 2 + 1;
        let r = shells as i64;
        let all = 2.0 / 3.0 * std::f64::consts::PI * (shells as f64 + 0.5).powi(3);
        let share = (MOST_COEFFICIENTS as f64 / all).min(1.0);
        let mut k = Vec::new();
        let mut values = Vec::new();
        let mut power = vec![[0.0f64; 3]; shells + 1];
        let frame = moving.frame(&Rotation::identity(), false);
        for z in -r..=r {
            for y in -r..=r {
                for x in 0..=r {
                    let half_plane = x > 0 || y > 0 || (y == 0 && z > 0);
                    let length = ((x * x + y * y + z * z) as f64).sqrt();
                    let shell = (length + 0.5) as usize;
                    if !half_plane || shell > shells || x.max(y.abs()).max(z.abs()) as usize >= n / 2 {
                        continue;
                    }
                    // Thinned by a hash of the position: evenly over shells and directions.
                    let hash = ((x * 73_856_093) ^ (y * 19_349_663) ^ (z * 83_492_791)) as u32;
                    let draw = f64::from(hash.wrapping_mul(2_654_435_761) >> 8) / f64::from(1 << 24);
                    if shell > 4 && draw >= share {
                        continue;
                    }
                    let value = fixed.half[(unsigned(z, n) * n + unsigned(y, n)) * w + x as usize];
                    let other = moving.sample(&frame, [x as f32, y as f32, z as f32]);
                    power[shell][0] += f64::from(value.norm_sqr());
                    power[shell][1] += f64::from(other.norm_sqr());
                    power[shell][2] += 1.0;
                    k.push([x as i16, y as i16, z as i16]);
                    values.push(value);
                }
            }
        }
        let total: f64 = power
            .iter()
            .filter(|p| p[0] > 0.0 && p[1] > 0.0)
            .map(|p| p[2])
            .sum();
        if total < 10.0 {
            return Err(VolumeError::Flat {
                what: "one of the maps to align, at low resolution,",
            });
        }
        for (k, value) in k.iter().zip(&mut values) {
            let shell = (k.iter().map(|c| f64::from(*c).powi(2)).sum::<f64>().sqrt() + 0.5) as usize;
            let [a, b, count] = power[shell];
            *value *= if a > 0.0 && b > 0.0 {
                (count / ((a * b).sqrt() * total)) as f32
            } else {
                0.0
            };
        }
        Ok(Self {
            shells,
            k,
            fixed: values,
        })
    }

    /// The correlation of the whitened maps for one position: `Σ Re(conj F(k) M(Rᵀk) exp(-2πi k·d))`, d in box sides.
    pub(super) fn score(&self, moving: &Moving, rotation: &Rotation, shift: [f64; 3], mirrored: bool) -> f64 {
        let frame = moving.frame(rotation, mirrored);
        let tables = shift.map(|d| self.phases(d));
        let r = self.shells as i16;
        let mut sum = 0.0;
        for (k, f) in self.k.iter().zip(&self.fixed) {
            let m = moving.sample(&frame, [f32::from(k[0]), f32::from(k[1]), f32::from(k[2])]);
            let p = tables[0][(k[0] + r) as usize]
                * tables[1][(k[1] + r) as usize]
                * tables[2][(k[2] + r) as usize];
            let v = m * p;
            sum += f64::from(f.re * v.re + f.im * v.im);
        }
        sum
    }

    /// `exp(-2πi k d)` for k = -shells ..= shells.
    fn phases(&self, d: f64) -> Vec<Complex32> {
        let r = self.shells as i32;
        (-r..=r)
            .map(|k| {
                let (s, c) = (-2.0 * std::f64::consts::PI * f64::from(k) * d).sin_cos();
                Complex32::new(c as f32, s as f32)
            })
            .collect()
    }
}
