//! What is put in the place of bad pixels.

use super::DefectMap;
use rayon::prelude::*;

/// Fewer good neighbours than this are no sample of the surroundings.
const FEWEST: usize = 7;
/// Tries to meet a good pixel anywhere in the frame.
const TRIES: u64 = 1000;

/// Replaces the bad pixels of one frame by good ones of their surroundings, chosen at random within `radius` pixels, so that
/// neither level nor noise of the place changes; a mean would be smoother than its surroundings. Where there are fewer than
/// seven good pixels around, one from anywhere in the frame is taken. The choice depends on `seed`, `frame_index` and the
/// pixel alone. A frame of another size, or without a good pixel, is left alone.
pub fn replace(frame: &mut [f32], map: &DefectMap, radius: usize, seed: u64, frame_index: usize) {
    let [ny, nx] = map.shape;
    if frame.len() != map.bad.len() || map.bad.iter().all(|b| *b) {
        return;
    }
    let start = mix(seed ^ mix(frame_index as u64));
    let bad: Vec<usize> = map.pixels().collect();
    let source = &*frame;
    // Only good pixels are read, and only bad ones written, so that order does not matter.
    let values: Vec<f32> = bad
        .par_iter()
        .map(|&pixel| {
            let random = mix(start ^ pixel as u64);
            let (y, x) = (pixel / nx, pixel % nx);
            let rows = y.saturating_sub(radius)..(y + radius + 1).min(ny);
            let columns = x.saturating_sub(radius)..(x + radius + 1).min(nx);
            let around = || {
                rows.clone()
                    .flat_map(|v| columns.clone().map(move |u| v * nx + u))
                    .filter(|&p| !map.bad[p])
            };
            let count = around().count();
            let chosen = if count >= FEWEST {
                around().nth((random % count as u64) as usize)
            } else {
                let all = map.bad.len() as u64;
                (0..TRIES)
                    .map(|i| (mix(random.wrapping_add(i)) % all) as usize)
                    .find(|&p| !map.bad[p])
                    .or_else(|| map.bad.iter().position(|b| !b))
            };
            chosen.map_or(0.0, |p| source[p])
        })
        .collect();
    for (pixel, value) in bad.into_iter().zip(values) {
        frame[pixel] = value;
    }
}

/// SplitMix64's finaliser: every bit of the result depends on every bit of `v`.
fn mix(v: u64) -> u64 {
    let v = v.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let v = (v ^ v >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let v = (v ^ v >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    v ^ v >> 31
}
