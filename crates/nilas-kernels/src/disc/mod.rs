//! The list of Fourier coefficients of an image that carry information, in ring order.
//!
//! Half disc `kx >= 0` without the origin, without the `kx = 0, ky < 0` mates and without Nyquist, sorted by shell
//! (`round |k|`) and inside a shell by angle. A prefix of the list is therefore a lower resolution, and
//! neighbours in the list are neighbours in Fourier space.

use crate::error::{KernelError, check_box, check_length};
use crate::fft::unsigned;
use num_complex::Complex32;

/// Ring-ordered coefficients of an `n x n` image up to a radius in Fourier pixels.
#[derive(Debug, Clone)]
pub struct HalfDisc {
    box_size: usize,
    radius: usize,
    kx: Vec<f32>,
    ky: Vec<f32>,
    shell: Vec<u16>,
    index: Vec<u32>,
    end: Vec<usize>,
}

impl HalfDisc {
    /// Coefficients with `1 <= round |k| <= radius` of a box of even side `box_size`.
    /// Errors: odd box, or a radius of 0 or of Nyquist and beyond.
    pub fn new(box_size: usize, radius: usize) -> Result<Self, KernelError> {
        check_box("half disc", box_size, 4)?;
        let maximum = box_size / 2 - 1;
        if radius == 0 || radius > maximum {
            return Err(KernelError::Radius {
                what: "half disc",
                found: radius,
                maximum,
            });
        }
        let r = radius as i64 + 1;
        let nyquist = box_size as i64 / 2;
        let mut list = Vec::new();
        for ky in -r..=r {
            for kx in 0..=r {
                if (kx == 0 && ky <= 0) || kx >= nyquist || ky.abs() >= nyquist {
                    continue;
                }
                let shell = ((kx * kx + ky * ky) as f64).sqrt().round() as usize;
                if shell <= radius {
                    list.push((shell, (ky as f64).atan2(kx as f64), kx, ky));
                }
            }
        }
        list.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let w = box_size / 2 + 1;
        let mut end = vec![0; radius + 1];
        for (i, c) in list.iter().enumerate() {
            end[c.0] = i + 1;
        }
        Ok(Self {
            box_size,
            radius,
            kx: list.iter().map(|c| c.2 as f32).collect(),
            ky: list.iter().map(|c| c.3 as f32).collect(),
            shell: list.iter().map(|c| c.0 as u16).collect(),
            index: list
                .iter()
                .map(|c| (unsigned(c.3, box_size) * w + c.2 as usize) as u32)
                .collect(),
            end,
        })
    }

    /// Side of the image in pixels.
    pub fn box_size(&self) -> usize {
        self.box_size
    }

    /// The largest shell in the list.
    pub fn radius(&self) -> usize {
        self.radius
    }

    /// Number of coefficients.
    pub fn len(&self) -> usize {
        self.kx.len()
    }

    /// Never true for a disc that could be made.
    pub fn is_empty(&self) -> bool {
        self.kx.is_empty()
    }

    /// Number of coefficients with shell `<= radius`: the length of that prefix.
    pub fn count(&self, radius: usize) -> usize {
        self.end[radius.min(self.radius)]
    }

    /// Horizontal frequencies, Fourier pixels.
    pub fn kx(&self) -> &[f32] {
        &self.kx
    }

    /// Vertical frequencies, Fourier pixels.
    pub fn ky(&self) -> &[f32] {
        &self.ky
    }

    /// Shell (`round |k|`) of each coefficient.
    pub fn shell(&self) -> &[u16] {
        &self.shell
    }

    /// Copies the coefficients out of a half transform `(n, n/2+1)`. Errors: wrong lengths.
    /// `out` may be a prefix of the list.
    pub fn gather(&self, half: &[Complex32], out: &mut [Complex32]) -> Result<(), KernelError> {
        check_length("transform", half.len(), self.box_size * (self.box_size / 2 + 1))?;
        if out.len() > self.len() {
            check_length("coefficients", out.len(), self.len())?;
        }
        for (o, i) in out.iter_mut().zip(&self.index) {
            *o = half[*i as usize];
        }
        Ok(())
    }

    /// Writes (a prefix of) the coefficients into a half transform of side `n` (this box or a smaller one that still
    /// holds them), setting every other value to zero and restoring the `kx = 0` mates. Errors: box too small.
    pub fn scatter(&self, values: &[Complex32], half: &mut [Complex32], n: usize) -> Result<(), KernelError> {
        check_box("scatter", n, 4)?;
        check_length("transform", half.len(), n * (n / 2 + 1))?;
        if values.len() > self.len() {
            check_length("coefficients", values.len(), self.len())?;
        }
        let top = values.len().checked_sub(1).map_or(0, |i| self.shell[i] as usize);
        if top + 1 > n / 2 {
            return Err(KernelError::Radius {
                what: "scatter",
                found: top,
                maximum: n / 2 - 1,
            });
        }
        half.fill(Complex32::default());
        let w = n / 2 + 1;
        for (i, v) in values.iter().enumerate() {
            let (kx, ky) = (self.kx[i] as i64, self.ky[i] as i64);
            half[unsigned(ky, n) * w + kx as usize] = *v;
            if kx == 0 {
                half[unsigned(-ky, n) * w] = v.conj();
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_coefficient_once_and_prefixes_are_shells() {
        let d = HalfDisc::new(32, 15).unwrap();
        let mut expected = 0;
        for ky in -15i64..=15 {
            for kx in 0i64..=15 {
                let s = ((kx * kx + ky * ky) as f64).sqrt().round();
                if (1.0..=15.0).contains(&s) && !(kx == 0 && ky < 0) {
                    expected += 1;
                }
            }
        }
        assert_eq!(d.len(), expected);
        for r in 1..=15 {
            let n = d.count(r);
            assert!(d.shell()[..n].iter().all(|s| *s as usize <= r));
            assert!(d.shell()[n..].iter().all(|s| *s as usize > r));
        }
    }

    #[test]
    fn gather_undoes_scatter_also_through_a_smaller_box() {
        let d = HalfDisc::new(32, 9).unwrap();
        let v: Vec<Complex32> = (0..d.len())
            .map(|i| Complex32::new(i as f32, -(i as f32)))
            .collect();
        let mut half = vec![Complex32::default(); 32 * 17];
        d.scatter(&v, &mut half, 32).unwrap();
        let mut back = vec![Complex32::default(); d.len()];
        d.gather(&half, &mut back).unwrap();
        assert_eq!(v, back);
        let mut small = vec![Complex32::default(); 24 * 13];
        d.scatter(&v, &mut small, 24).unwrap();
        assert!(
            d.scatter(&v, &mut vec![Complex32::default(); 18 * 10][..], 16)
                .is_err()
        );
        let s = HalfDisc::new(24, 9).unwrap();
        s.gather(&small, &mut back).unwrap();
        assert_eq!(v, back);
    }

    #[test]
    fn impossible_radii_are_refused() {
        assert!(HalfDisc::new(32, 16).is_err());
        assert!(HalfDisc::new(31, 5).is_err());
        assert!(HalfDisc::new(32, 0).is_err());
    }
}
