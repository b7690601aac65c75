//! The map itself.

use crate::VolumeError;
use rayon::prelude::*;

/// An even cube of densities. Voxel `(x, y, z)` is `data[(z * n + y) * n + x]`; the rotation centre is the voxel centre
/// `(n/2, n/2, n/2)`, so that voxel `x` lies at `(x - n/2) * voxel_size_angstrom`.
#[derive(Debug, Clone, PartialEq)]
pub struct Volume {
    /// Side in voxels, even.
    pub n: usize,
    /// Voxel size in Å.
    pub voxel_size_angstrom: f64,
    /// `n * n * n` values, `[z][y][x]`.
    pub data: Vec<f32>,
}

impl Volume {
    /// A map from its values.
    ///
    /// # Errors
    /// An odd or tiny side, a wrong number of values, a voxel size that isn't positive. Values aren't looked at: see
    /// [`Volume::check_finite`].
    pub fn new(n: usize, voxel_size_angstrom: f64, data: Vec<f32>) -> Result<Self, VolumeError> {
        let volume = Self {
            n,
            voxel_size_angstrom,
            data,
        };
        volume.check()?;
        Ok(volume)
    }

    /// A map of zeros. Errors as [`Volume::new`].
    pub fn zeros(n: usize, voxel_size_angstrom: f64) -> Result<Self, VolumeError> {
        if n < 4 || !n.is_multiple_of(2) || n > 1 << 13 {
            return Err(VolumeError::Shape { n, len: 0 });
        }
        Self::new(n, voxel_size_angstrom, vec![0.0; n * n * n])
    }

    /// Shape and voxel size are possible (the fields are public).
    pub(crate) fn check(&self) -> Result<(), VolumeError> {
        let n = self.n;
        if n < 4 || !n.is_multiple_of(2) || n.checked_pow(3) != Some(self.data.len()) {
            return Err(VolumeError::Shape {
                n,
                len: self.data.len(),
            });
        }
        if !(self.voxel_size_angstrom > 0.0 && self.voxel_size_angstrom.is_finite()) {
            return Err(VolumeError::VoxelSize(self.voxel_size_angstrom));
        }
        Ok(())
    }

    /// Every voxel is a finite number; `what` names the map in the error.
    ///
    /// # Errors
    /// The first voxel that isn't, with its position.
    pub fn check_finite(&self, what: &'static str) -> Result<(), VolumeError> {
        self.check()?;
        match self.data.par_iter().position_first(|v| !v.is_finite()) {
            None => Ok(()),
            Some(i) => Err(VolumeError::NotFinite {
                what,
                x: i % self.n,
                y: i / self.n % self.n,
                z: i / (self.n * self.n),
                value: self.data[i],
            }),
        }
    }

    /// `other` lies on the same grid: same side, voxel size within 0.1 %.
    ///
    /// # Errors
    /// A mismatch that states both grids.
    pub fn check_same_grid(&self, other: &Self, what: &'static str) -> Result<(), VolumeError> {
        self.check()?;
        other.check()?;
        let (a, b) = (self.voxel_size_angstrom, other.voxel_size_angstrom);
        if self.n != other.n || (a / b - 1.0).abs() > 1e-3 {
            return Err(VolumeError::Mismatch {
                what,
                n_a: self.n,
                voxel_a: a,
                n_b: other.n,
                voxel_b: b,
            });
        }
        Ok(())
    }

    /// The side of the box in Å.
    pub fn box_angstrom(&self) -> f64 {
        self.n as f64 * self.voxel_size_angstrom
    }

    /// The volume of one voxel in Å³.
    pub fn voxel_volume_angstrom3(&self) -> f64 {
        self.voxel_size_angstrom.powi(3)
    }

    /// Index of voxel `(x, y, z)` in `data`.
    #[inline]
    pub fn index(&self, x: usize, y: usize, z: usize) -> usize {
        (z * self.n + y) * self.n + x
    }

    /// A map of the same grid with each value computed from its offset from the centre `(dx, dy, dz)` in voxels and its
    /// present value.
    #[must_use]
    pub fn mapped(&self, f: impl Fn([f64; 3], f32) -> f32 + Sync) -> Self {
        let mut out = self.clone();
        let (n, half) = (self.n, (self.n / 2) as f64);
        out.data.par_chunks_mut(n * n).enumerate().for_each(|(z, plane)| {
            for (y, row) in plane.chunks_exact_mut(n).enumerate() {
                for (x, v) in row.iter_mut().enumerate() {
                    *v = f([x as f64 - half, y as f64 - half, z as f64 - half], *v);
                }
            }
        });
        out
    }

    /// A map computed from offsets from the centre in voxels. Errors as [`Volume::new`].
    pub fn from_fn(
        n: usize,
        voxel_size_angstrom: f64,
        f: impl Fn([f64; 3]) -> f32 + Sync,
    ) -> Result<Self, VolumeError> {
        Ok(Self::zeros(n, voxel_size_angstrom)?.mapped(|p, _| f(p)))
    }

    /// Sums of `f(voxel)` in f64, one per section, added in order: the same on any number of cores.
    pub(crate) fn sum(&self, f: impl Fn(f32) -> f64 + Sync) -> f64 {
        let sections: Vec<f64> = self
            .data
            .par_chunks(self.n * self.n)
            .map(|s| s.iter().map(|v| f(*v)).sum())
            .collect();
        sections.iter().sum()
    }

    /// Mean value.
    pub fn mean(&self) -> f64 {
        self.sum(f64::from) / self.data.len() as f64
    }

    /// Standard deviation about the mean.
    pub fn standard_deviation(&self) -> f64 {
        let mean = self.mean();
        (self.sum(|v| (f64::from(v) - mean).powi(2)) / self.data.len() as f64).sqrt()
    }

    /// Smallest and largest value (NaN is passed over).
    pub fn range(&self) -> (f32, f32) {
        self.data
            .par_iter()
            .fold(
                || (f32::INFINITY, f32::NEG_INFINITY),
                |(a, b), v| (a.min(*v), b.max(*v)),
            )
            .reduce(
                || (f32::INFINITY, f32::NEG_INFINITY),
                |(a, b), (c, d)| (a.min(c), b.max(d)),
            )
    }

    /// Voxel by voxel product, as a mask is applied. Errors when the grids differ.
    pub fn times(&self, mask: &Self) -> Result<Self, VolumeError> {
        self.check_same_grid(mask, "map and mask")?;
        let mut out = self.clone();
        out.data.par_iter_mut().zip(&mask.data).for_each(|(v, m)| *v *= m);
        Ok(out)
    }

    /// The mean of two maps, as the merged map of two half maps. Errors when the grids differ.
    pub fn average(&self, other: &Self) -> Result<Self, VolumeError> {
        self.check_same_grid(other, "two half maps")?;
        let mut out = self.clone();
        out.data
            .par_iter_mut()
            .zip(&other.data)
            .for_each(|(v, m)| *v = 0.5 * (*v + m));
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn impossible_maps_are_refused() {
        assert!(matches!(
            Volume::new(5, 1.0, vec![0.0; 125]),
            Err(VolumeError::Shape { n: 5, .. })
        ));
        assert!(matches!(
            Volume::new(8, 1.0, vec![0.0; 511]),
            Err(VolumeError::Shape { len: 511, .. })
        ));
        assert!(matches!(Volume::zeros(0, 1.0), Err(VolumeError::Shape { .. })));
        assert!(matches!(
            Volume::zeros(usize::MAX - 1, 1.0),
            Err(VolumeError::Shape { .. })
        ));
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(matches!(Volume::zeros(8, bad), Err(VolumeError::VoxelSize(_))));
        }
        let mut v = Volume::zeros(8, 1.0).unwrap();
        let at = v.index(3, 4, 5);
        v.data[at] = f32::NAN;
        let message = v.check_finite("half map A").unwrap_err().to_string();
        assert_eq!(message, "half map A: the value at x 3, y 4, z 5 is NaN");
        assert!(v.times(&Volume::zeros(8, 1.1).unwrap()).is_err());
    }

    #[test]
    fn statistics() {
        let v = Volume::from_fn(8, 2.0, |[x, _, _]| x as f32).unwrap();
        assert_eq!(v.range(), (-4.0, 3.0));
        assert!((v.mean() + 0.5).abs() < 1e-12);
        assert!((v.standard_deviation() - 5.25f64.sqrt()).abs() < 1e-12);
        assert_eq!(v.box_angstrom(), 16.0);
        assert_eq!(v.average(&v).unwrap(), v);
    }
}
