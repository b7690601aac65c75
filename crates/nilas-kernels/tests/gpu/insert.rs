//! Back-projection against the plain f64 sums.

use super::{device, noise};
use nilas_geometry::Rotation;
use nilas_kernels::Matrix3;
use nilas_kernels::device::Device;
use nilas_kernels::disc::HalfDisc;
use nilas_kernels::insert::{Accumulator, DeviceAccumulator, InsertItem, reference};

const BOX: usize = 16;
const RADIUS: usize = 5;

fn rotation(i: usize) -> Matrix3 {
    Rotation::from_euler_deg(41.0 * i as f64, 17.0 + 29.0 * i as f64, 67.0 * i as f64).m
}

/// Sums of `insert` on a device, from three items of which the second is a prefix.
fn sums(device: &Device, disc: &HalfDisc, lists: &[Vec<f32>; 3]) -> Accumulator {
    let lengths = [disc.len(), disc.count(3), disc.len()];
    let items: Vec<InsertItem> = lengths
        .iter()
        .enumerate()
        .map(|(i, n)| InsertItem {
            rotation: rotation(i),
            re: &lists[0][i..i + n],
            im: &lists[1][i..i + n],
            weight: &lists[2][i..i + n],
        })
        .collect();
    let mut sums = DeviceAccumulator::new(device, Accumulator::new(BOX, RADIUS).unwrap()).unwrap();
    // Twice, so that a second batch adds to the first.
    sums.insert(&items[..1], disc.kx(), disc.ky()).unwrap();
    sums.insert(&items[1..], disc.kx(), disc.ky()).unwrap();
    sums.finish().unwrap()
}

#[test]
fn sums_are_the_plain_ones_on_processor_and_device() {
    let disc = HalfDisc::new(BOX, RADIUS).unwrap();
    let lists = [21, 22, 23].map(|seed| noise(disc.len() + 3, seed));
    let lengths = [disc.len(), disc.count(3), disc.len()];
    for device in [Some(Device::Cpu), device()].iter().flatten() {
        let found = sums(device, &disc, &lists);
        let empty = Accumulator::new(BOX, RADIUS).unwrap();
        let (nx, ny) = empty.grid_shape();
        let origin = (ny / 2) as i64;
        let mut compared = 0;
        for (index, point) in found.raw().chunks(4).enumerate() {
            let [x, y, z] = [index % nx, index / nx % ny, index / (nx * ny)].map(|v| v as i64);
            let p = [x - 1, y - origin, z - origin];
            let mut wanted = [0.0f64; 3];
            for (i, n) in lengths.iter().enumerate() {
                for j in 0..*n {
                    let value = [0, 1, 2].map(|c| f64::from(lists[c][i + j]));
                    let k = [f64::from(disc.kx()[j]), f64::from(disc.ky()[j])];
                    let part = reference::contribution(&empty, &rotation(i), k, value, p);
                    for (w, part) in wanted.iter_mut().zip(part) {
                        *w += part;
                    }
                }
            }
            for (f, w) in point.iter().zip(wanted) {
                assert!(
                    (f64::from(*f) - w).abs() < 2e-6,
                    "{} at {p:?}: {f} for {w}",
                    device.name()
                );
            }
            compared += usize::from(wanted[2] != 0.0);
        }
        assert!(compared > 500, "{compared} points were reached");
    }
}

#[test]
fn lists_that_do_not_match_are_refused() {
    let disc = HalfDisc::new(BOX, RADIUS).unwrap();
    let list = noise(disc.len() + 1, 1);
    for device in [Some(Device::Cpu), device()].iter().flatten() {
        let mut sums = DeviceAccumulator::new(device, Accumulator::new(BOX, RADIUS).unwrap()).unwrap();
        let item = |re, im| InsertItem {
            rotation: rotation(0),
            re,
            im,
            weight: &list[..disc.len()],
        };
        let short = item(&list[..disc.len()], &list[1..disc.len()]);
        assert!(sums.insert(&[short], disc.kx(), disc.ky()).is_err());
        let long = InsertItem {
            rotation: rotation(0),
            re: &list,
            im: &list,
            weight: &list,
        };
        assert!(sums.insert(&[long], disc.kx(), disc.ky()).is_err());
        sums.insert(&[], disc.kx(), disc.ky()).unwrap();
    }
}
