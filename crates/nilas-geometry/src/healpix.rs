//! HEALPix pixel centres (Gorski et al. 2005, ApJ 622:759), nested numbering: the children of pixel `p` at the next
//! order are `4 p .. 4 p + 4`.

use std::f64::consts::PI;

/// The finest order that is served; a request beyond it gets this one (order 10 is 12.6 million directions, 3.4').
pub const MAX_ORDER: u32 = 10;

/// Ring offset and column offset of the twelve base faces (table of the HEALPix paper, section 5.1).
const FACE_RING: [i64; 12] = [2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4];
const FACE_COLUMN: [i64; 12] = [1, 3, 5, 7, 0, 2, 4, 6, 1, 3, 5, 7];

/// How many directions an order has: `12 * 4^order`.
pub fn count(order: u32) -> usize {
    12 << (2 * order.min(MAX_ORDER))
}

/// The approximate spacing of the directions (and of the in-plane angles) in degrees: `60 / 2^order`.
pub fn step_deg(order: u32) -> f64 {
    60.0 / f64::from(1u32 << order.min(MAX_ORDER))
}

/// All directions of an order as `[rot, tilt]` in radians (rot in [0, 2π), tilt in (0, π)), equal areas, nested
/// numbering. Orders above [`MAX_ORDER`] give that order.
pub fn directions(order: u32) -> Vec<[f64; 2]> {
    (0..count(order)).map(|pixel| direction(order, pixel)).collect()
}

/// The centre `[rot, tilt]` (radians) of one pixel of an order, nested numbering; `pixel` is taken modulo the count.
pub fn direction(order: u32, pixel: usize) -> [f64; 2] {
    let order = order.min(MAX_ORDER);
    let side = 1i64 << order;
    let pixel = pixel % count(order);
    let face = pixel >> (2 * order);
    let (x, y) = deinterleave(pixel & ((1 << (2 * order)) - 1));
    // Ring number counted from the north pole, 1 ..= 4 side - 1.
    let ring = FACE_RING[face] * side - x - y - 1;
    let (pixels_in_ring, z, shifted) = if ring < side {
        (ring, 1.0 - square(ring) / (3.0 * square(side)), 0)
    } else if ring > 3 * side {
        let from_south = 4 * side - ring;
        (from_south, square(from_south) / (3.0 * square(side)) - 1.0, 0)
    } else {
        (
            side,
            (2 * side - ring) as f64 * 2.0 / (3.0 * side as f64),
            (ring - side) & 1,
        )
    };
    let column = (FACE_COLUMN[face] * pixels_in_ring + x - y + 1 + shifted) / 2;
    let rot = (column as f64 - 0.5 * (shifted + 1) as f64) * PI / (2.0 * pixels_in_ring as f64);
    [rot.rem_euclid(2.0 * PI), z.clamp(-1.0, 1.0).acos()]
}

fn square(v: i64) -> f64 {
    (v * v) as f64
}

/// The even bits of a nested index and its odd bits.
fn deinterleave(index: usize) -> (i64, i64) {
    let mut x = 0;
    let mut y = 0;
    for bit in 0..MAX_ORDER {
        x |= ((index >> (2 * bit)) & 1) << bit;
        y |= ((index >> (2 * bit + 1)) & 1) << bit;
    }
    (x as i64, y as i64)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::rotation::dot;
    use crate::sphere::unit_vector;

    #[test]
    fn order_zero_is_the_twelve_base_pixels() {
        let d = directions(0);
        assert_eq!(d.len(), 12);
        // North ring at z = 2/3 and rot 45°, 135°, ...; equator at z = 0 and rot 0°, 90°, ...; south mirrored.
        for (i, [rot, tilt]) in d.iter().enumerate() {
            let (z, first) = [(2.0 / 3.0, 45.0), (0.0, 0.0), (-2.0 / 3.0, 45.0)][i / 4];
            assert!((tilt.cos() - z).abs() < 1e-14, "pixel {i}");
            let expected = first + 90.0 * (i % 4) as f64;
            assert!(
                (rot.to_degrees() - expected).abs() < 1e-12,
                "pixel {i}: {}",
                rot.to_degrees()
            );
        }
    }

    #[test]
    fn moments_vanish_and_neighbours_keep_their_distance() {
        for order in 1..=4 {
            let v: Vec<_> = directions(order)
                .iter()
                .map(|[r, t]| unit_vector(*r, *t))
                .collect();
            let n = v.len() as f64;
            for i in 0..3 {
                let first: f64 = v.iter().map(|d| d[i]).sum::<f64>() / n;
                let second: f64 = v.iter().map(|d| d[i] * d[i]).sum::<f64>() / n;
                assert!(
                    first.abs() < 1e-12 && (second - 1.0 / 3.0).abs() < 0.01 / f64::from(order),
                    "{order} {second}"
                );
            }
            let nearest = |i: usize| {
                (0..v.len())
                    .filter(|j| *j != i)
                    .map(|j| dot(v[i], v[j]))
                    .fold(-1.0, f64::max)
                    .min(1.0)
                    .acos()
            };
            for i in (0..v.len()).step_by(1 + v.len() / 97) {
                let ratio = nearest(i).to_degrees() / step_deg(order);
                assert!((0.6..1.25).contains(&ratio), "order {order} pixel {i}: {ratio}");
            }
        }
    }

    #[test]
    fn children_surround_their_parent() {
        for parent in 0..count(2) {
            let [rot, tilt] = direction(2, parent);
            let p = unit_vector(rot, tilt);
            for child in 4 * parent..4 * parent + 4 {
                let [rot, tilt] = direction(3, child);
                assert!(dot(p, unit_vector(rot, tilt)).min(1.0).acos().to_degrees() < 0.75 * step_deg(2));
            }
        }
    }

    // Worked by hand from the definition (nside 4, nested).
    #[test]
    fn corner_pixels_of_faces() {
        // North polar cap: the last pixel of face 0 at nside 4 touches the pole: ring 1, z = 1 - 1/48, rot 45°.
        let [rot, tilt] = direction(2, 15);
        assert!((tilt.cos() - (1.0 - 1.0 / 48.0)).abs() < 1e-14 && (rot.to_degrees() - 45.0).abs() < 1e-12);
        // First pixel of face 4 is the lowest of that face: ring 11 (z = -1/2), rot 0.
        let [rot, tilt] = direction(2, 4 * 16);
        assert!(
            (tilt.cos() + 0.5).abs() < 1e-14 && rot.abs() < 1e-12,
            "{rot} {tilt}"
        );
    }
}
