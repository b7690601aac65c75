//! Slice extraction and scores against the plain f64 sums.

use super::{device, noise};
use nilas_geometry::Rotation;
use nilas_kernels::device::Device;
use nilas_kernels::disc::HalfDisc;
use nilas_kernels::slice::{DeviceVolume, ScoreImage, SplineVolume, reference};
use nilas_kernels::{Complex32, Matrix3};
use std::f64::consts::TAU;

const BOX: usize = 24;
const RADIUS: usize = 9;

fn rotations(count: usize) -> Vec<Matrix3> {
    (0..count)
        .map(|i| Rotation::from_euler_deg(37.0 * i as f64, 11.0 + 23.0 * i as f64, 71.0 * i as f64).m)
        .collect()
}

struct Case {
    volume: SplineVolume,
    disc: HalfDisc,
    image: Vec<Complex32>,
    ctf: Vec<f32>,
    shifts: Vec<[f32; 2]>,
}

impl Case {
    /// `shifts` copies: more than a block keeps, so that the last group is not full.
    fn new(shifts: usize) -> Case {
        let volume = SplineVolume::from_real(&noise(BOX.pow(3), 3), BOX, RADIUS).unwrap();
        let disc = HalfDisc::new(BOX, RADIUS).unwrap();
        let numbers = noise(2 * disc.len(), 5);
        let shifts = noise(2 * shifts, 11);
        Case {
            image: numbers.chunks(2).map(|c| Complex32::new(c[0], c[1])).collect(),
            ctf: noise(disc.len(), 13),
            shifts: shifts.chunks(2).map(|c| [3.0 * c[0], 3.0 * c[1]]).collect(),
            volume,
            disc,
        }
    }

    fn image(&self) -> ScoreImage<'_> {
        ScoreImage {
            box_size: BOX,
            kx: self.disc.kx(),
            ky: self.disc.ky(),
            image: &self.image,
            ctf: &self.ctf,
            shifts: &self.shifts,
        }
    }

    fn reference(&self, rotation: &Matrix3, shift: &[f32; 2]) -> f64 {
        let term = |i: usize| {
            let (kx, ky) = (f64::from(self.disc.kx()[i]), f64::from(self.disc.ky()[i]));
            let v = reference::interpolated(&self.volume, rotation, kx, ky) * f64::from(self.ctf[i]);
            let turns = (kx * f64::from(shift[0]) + ky * f64::from(shift[1])) / BOX as f64;
            let (s, c) = (-TAU * turns).sin_cos();
            let (re, im) = (f64::from(self.image[i].re), f64::from(self.image[i].im));
            let (wr, wi) = (re * c - im * s, re * s + im * c);
            2.0 * (v.re * wr + v.im * wi) - v.norm_sqr()
        };
        (0..self.disc.len()).map(term).sum()
    }

    fn scores(&self, device: &Device, rotations: &[Matrix3]) -> Vec<f32> {
        let mut scores = vec![f32::NAN; rotations.len() * self.shifts.len()];
        let volume = DeviceVolume::new(device, &self.volume).unwrap();
        volume.scores(&self.image(), rotations, &mut scores).unwrap();
        scores
    }
}

#[test]
fn scores_are_the_plain_sums_on_processor_and_device() {
    let devices = [Some(Device::Cpu), device()];
    let rotations = rotations(7);
    for shifts in [1, 16, 21] {
        let case = Case::new(shifts);
        for device in devices.iter().flatten() {
            let found = case.scores(device, &rotations);
            for (row, rotation) in found.chunks(shifts).zip(&rotations) {
                for (score, shift) in row.iter().zip(&case.shifts) {
                    let wanted = case.reference(rotation, shift);
                    let off = (f64::from(*score) - wanted).abs() / wanted.abs().max(1.0);
                    assert!(off < 2e-5, "{}: {score} for {wanted}", device.name());
                }
            }
        }
    }
}

#[test]
fn lists_that_do_not_match_are_refused() {
    for device in [Some(Device::Cpu), device()].iter().flatten() {
        let case = Case::new(2);
        let volume = DeviceVolume::new(device, &case.volume).unwrap();
        let short = ScoreImage {
            ctf: &case.ctf[1..],
            ..case.image()
        };
        assert!(volume.scores(&short, &rotations(3), &mut [0.0; 6]).is_err());
        assert!(
            volume
                .scores(&case.image(), &rotations(3), &mut [0.0; 5])
                .is_err()
        );
        volume.scores(&case.image(), &[], &mut []).unwrap();
    }
}
