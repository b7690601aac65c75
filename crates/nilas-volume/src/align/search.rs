//! The exhaustive search: every orientation of an SO(3) grid, all shifts at once by FFT.

use super::band::{Band, Moving};
use crate::VolumeError;
use nilas_geometry::{Rotation, so3};
use nilas_kernels::Complex32;
use nilas_kernels::fft::{Fft3, good_even_size, signed, unsigned};
use rayon::prelude::*;

/// HEALPix order of the orientations: 7.5° steps, 36,864 of them.
const ORDER: u32 = 3;
/// Shifts beyond this fraction of the box side aren't looked at: they wrap around.
const LARGEST_SHIFT: f64 = 0.35;
/// How many solutions of each hand go on to refinement, and how far apart they are.
const KEPT: usize = 60;
const APART_RAD: f64 = 0.15;

/// One position of the moving map on the fixed one. The shift is in box sides of the fixed map.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate {
    pub(super) rotation: Rotation,
    pub(super) shift: [f64; 3],
    pub(super) mirrored: bool,
    pub(super) score: f64,
}

/// The best orientations and shifts of each hand, best first.
pub(super) fn exhaustive(
    band: &Band,
    moving: &Moving,
    try_mirror: bool,
) -> Result<Vec<Candidate>, VolumeError> {
    // Two samples per period of the highest frequency: refinement finds the peak between the samples.
    let m = good_even_size(2 * band.shells + 2);
    let fft = Fft3::cube(m)?;
    let w = m / 2 + 1;
    let place: Vec<(usize, Option<usize>)> = band
        .k
        .iter()
        .map(|k| {
            let [x, y, z] = k.map(i64::from);
            let at = |y: i64, z: i64| (unsigned(z, m) * m + unsigned(y, m)) * w + x as usize;
            (at(y, z), (x == 0).then(|| at(-y, -z)))
        })
        .collect();
    let allowed: Vec<usize> = (0..m * m * m)
        .filter(|i| {
            let d2: i64 = [i % m, i / m % m, i / (m * m)]
                .iter()
                .map(|c| signed(*c, m).pow(2))
                .sum();
            (d2 as f64).sqrt() <= LARGEST_SHIFT * m as f64
        })
        .collect();
    // Undoes the unitary scaling, and counts each coefficient's mate.
    let scale = 0.5 * (m as f64).powf(1.5);
    let orientations = so3::grid(ORDER);
    let hands: &[bool] = if try_mirror { &[false, true] } else { &[false] };
    let mut out = Vec::new();
    for mirrored in hands {
        let scored: Result<Vec<Candidate>, VolumeError> = orientations
            .par_iter()
            .map_init(
                || {
                    (
                        vec![Complex32::default(); fft.half_len()],
                        vec![0.0f32; fft.real_len()],
                    )
                },
                |(half, real), rotation| {
                    half.fill(Complex32::default());
                    let frame = moving.frame(rotation, *mirrored);
                    for ((k, f), (at, mate)) in band.k.iter().zip(&band.fixed).zip(&place) {
                        let v = f.conj()
                            * moving.sample(&frame, [f32::from(k[0]), f32::from(k[1]), f32::from(k[2])]);
                        half[*at] = v;
                        if let Some(mate) = mate {
                            half[*mate] = v.conj();
                        }
                    }
                    fft.inverse(half, real)?;
                    let best = allowed
                        .iter()
                        .fold(allowed[0], |b, i| if real[*i] > real[b] { *i } else { b });
                    // The inverse transform has exp(+), the score exp(-): the shift is minus the index.
                    let shift =
                        [best % m, best / m % m, best / (m * m)].map(|c| -(signed(c, m) as f64) / m as f64);
                    let score = scale * f64::from(real[best]);
                    Ok(Candidate {
                        rotation: *rotation,
                        shift,
                        mirrored: *mirrored,
                        score,
                    })
                },
            )
            .collect();
        out.extend(distinct(scored?, KEPT, APART_RAD));
    }
    Ok(out)
}

/// The best candidates that are at least `apart` radians from each better one of the same hand, best first.
pub(super) fn distinct(mut all: Vec<Candidate>, kept: usize, apart: f64) -> Vec<Candidate> {
    all.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut out: Vec<Candidate> = Vec::new();
    for c in all {
        if out.len() >= kept {
            break;
        }
        if out
            .iter()
            .all(|o| o.mirrored != c.mirrored || o.rotation.angle_to(&c.rotation) > apart)
        {
            out.push(c);
        }
    }
    out
}
