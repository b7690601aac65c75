//! Which (angular order, ring) pairs are kept, and transforms between rings of samples and their spectra.

use crate::error::{KernelError, check_length};
use num_complex::Complex32;
use rustfft::{Fft, FftPlanner};
use std::sync::Arc;

/// Rings, angles and band limits shared by templates, images and gradients.
#[derive(Clone)]
pub struct PolarLayout {
    pub(super) angles: usize,
    pub(super) rings: usize,
    /// Angular orders kept: 0..orders.
    pub(super) orders: usize,
    /// First ring (from 0) that has the order.
    pub(super) first_ring: Vec<usize>,
    /// Position of each order's first pair; one more entry at the end.
    pub(super) pair: Vec<usize>,
    /// Angles computed directly, a multiple of 4 from `angles / 4 + 1` up.
    pub(super) quarter: usize,
    /// cos and sin of `order * angle`, `[order][quarter]`.
    pub(super) cos: Vec<f32>,
    pub(super) sin: Vec<f32>,
    forward: Arc<dyn Fft<f32>>,
    inverse: Arc<dyn Fft<f32>>,
}

impl PolarLayout {
    /// A layout of `rings` rings and `angles` angles (a multiple of 4 from 16), keeping on ring q (from 1) the angular
    /// orders up to `band_limit(q)`, always below `angles / 2`. Errors: no rings, impossible number of angles.
    pub fn new(
        angles: usize,
        rings: usize,
        band_limit: impl Fn(usize) -> usize,
    ) -> Result<Self, KernelError> {
        if angles < 16 || !angles.is_multiple_of(4) {
            return Err(KernelError::BoxSize {
                what: "polar angles",
                found: angles,
                minimum: 16,
            });
        }
        if rings == 0 {
            return Err(KernelError::Empty("polar rings"));
        }
        // Limits grow with the ring, so that each order's rings are a suffix.
        let mut limits: Vec<usize> = (1..=rings)
            .map(|q| band_limit(q).clamp(1, angles / 2 - 1))
            .collect();
        for q in 1..rings {
            limits[q] = limits[q].max(limits[q - 1]);
        }
        let orders = limits[rings - 1] + 1;
        let mut first_ring = Vec::with_capacity(orders);
        let mut pair = vec![0];
        for m in 0..orders {
            let first = limits.partition_point(|limit| *limit < m);
            first_ring.push(first);
            pair.push(pair[m] + rings - first);
        }
        let quarter = (angles / 4 + 1).next_multiple_of(4);
        let table = |f: fn(f64) -> f64| -> Vec<f32> {
            (0..orders * quarter)
                .map(|i| {
                    let turns = ((i / quarter) * (i % quarter)) as f64 / angles as f64;
                    f(std::f64::consts::TAU * turns) as f32
                })
                .collect()
        };
        let mut planner = FftPlanner::new();
        Ok(Self {
            angles,
            rings,
            orders,
            first_ring,
            pair,
            quarter,
            cos: table(f64::cos),
            sin: table(f64::sin),
            forward: planner.plan_fft_forward(angles),
            inverse: planner.plan_fft_inverse(angles),
        })
    }

    /// Number of in-plane angles.
    pub fn angles(&self) -> usize {
        self.angles
    }

    /// Number of rings.
    pub fn rings(&self) -> usize {
        self.rings
    }

    /// Number of (order, ring) pairs: the length of a spectrum.
    pub fn pairs(&self) -> usize {
        self.pair[self.orders]
    }

    /// The (angular order, position in a spectrum) pairs of one ring, counted from 0.
    pub fn ring_entries(&self, ring: usize) -> impl Iterator<Item = (usize, usize)> + '_ {
        let orders = self.first_ring.partition_point(|first| *first <= ring);
        (0..orders).map(move |m| (m, self.pair[m] + ring - self.first_ring[m]))
    }

    /// Spectrum of rings of samples: `samples` is `[ring][angles / 2]`, the half circle from angle 0 (the other half is
    /// its conjugate); `out` has [`PolarLayout::pairs`] values, order-major. Errors: wrong lengths.
    pub fn spectrum(&self, samples: &[Complex32], out: &mut [Complex32]) -> Result<(), KernelError> {
        let half = self.angles / 2;
        check_length("polar samples", samples.len(), self.rings * half)?;
        check_length("polar spectrum", out.len(), self.pairs())?;
        let mut line = vec![Complex32::default(); self.angles];
        let mut scratch = vec![Complex32::default(); self.forward.get_inplace_scratch_len()];
        let scale = 1.0 / self.angles as f32;
        for (q, ring) in samples.chunks_exact(half).enumerate() {
            for (j, v) in ring.iter().enumerate() {
                line[j] = *v;
                line[j + half] = v.conj();
            }
            self.forward.process_with_scratch(&mut line, &mut scratch);
            for (m, v) in line[..self.orders].iter().enumerate() {
                if q >= self.first_ring[m] {
                    out[self.pair[m] + q - self.first_ring[m]] = v * scale;
                }
            }
        }
        Ok(())
    }

    /// Rings of samples `[ring][angles / 2]` from a spectrum: the inverse of [`PolarLayout::spectrum`] within the band
    /// limit. Errors: wrong lengths.
    pub fn samples(&self, spectrum: &[Complex32], out: &mut [Complex32]) -> Result<(), KernelError> {
        let half = self.angles / 2;
        check_length("polar samples", out.len(), self.rings * half)?;
        check_length("polar spectrum", spectrum.len(), self.pairs())?;
        let mut line = vec![Complex32::default(); self.angles];
        let mut scratch = vec![Complex32::default(); self.inverse.get_inplace_scratch_len()];
        for (q, ring) in out.chunks_exact_mut(half).enumerate() {
            line.fill(Complex32::default());
            for m in 0..self.orders {
                if q >= self.first_ring[m] {
                    let v = spectrum[self.pair[m] + q - self.first_ring[m]];
                    line[m] = v;
                    if m > 0 {
                        // F(phi + pi) = conj F(phi) makes the order -m the conjugate up to a sign.
                        line[self.angles - m] = if m % 2 == 0 { v.conj() } else { -v.conj() };
                    }
                }
            }
            self.inverse.process_with_scratch(&mut line, &mut scratch);
            ring.copy_from_slice(&line[..half]);
        }
        Ok(())
    }
}
