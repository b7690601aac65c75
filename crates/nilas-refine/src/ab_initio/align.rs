//! Finding a map's symmetry axes and turning it into the point group's own frame.

use super::model::sample;
use nilas_geometry::{PointGroup, Rotation, so3};
use rayon::prelude::*;

/// A centred cube read between its voxels, trilinearly; 0 outside.
pub(super) struct Cube<'a> {
    pub data: &'a [f32],
    pub n: usize,
}

impl Cube<'_> {
    /// Value at a place in voxels from the centre.
    pub fn at(&self, p: [f64; 3]) -> f64 {
        let half = (self.n / 2) as f64;
        let q = p.map(|v| v + half);
        let base = q.map(f64::floor);
        if base.iter().any(|v| *v < 0.0 || *v >= (self.n - 1) as f64) {
            return 0.0;
        }
        let [fx, fy, fz] = [0, 1, 2].map(|i| q[i] - base[i]);
        let [x, y, z] = base.map(|v| v as usize);
        let voxel = |dx: usize, dy: usize, dz: usize| {
            f64::from(self.data[((z + dz) * self.n + y + dy) * self.n + x + dx])
        };
        let row = |dy: usize, dz: usize| voxel(0, dy, dz) * (1.0 - fx) + voxel(1, dy, dz) * fx;
        let plane = |dz: usize| row(0, dz) * (1.0 - fy) + row(1, dz) * fy;
        plane(0) * (1.0 - fz) + plane(1) * fz
    }
}

/// Densest voxels that stand for the map.
const POINTS: usize = 1500;

/// The rotation Q from the group's frame into the map's in which the map is most symmetric (`V(Q x)` has the group's
/// axes), and how symmetric it is there: the correlation of the map with its turned copies, at most 1.
pub(super) fn symmetry_frame(volume: &[f32], n: usize, group: &PointGroup) -> (Rotation, f64) {
    let cube = Cube { data: volume, n };
    let half = (n / 2) as f64;
    let mut order: Vec<usize> = (0..volume.len()).collect();
    let take = POINTS.min(order.len());
    if take == 0 {
        return (Rotation::identity(), 0.0);
    }
    order.select_nth_unstable_by(take - 1, |a, b| volume[*b].total_cmp(&volume[*a]).then(a.cmp(b)));
    let points: Vec<([f64; 3], f64)> = order[..take]
        .iter()
        .map(|i| {
            (
                [i % n, i / n % n, i / (n * n)].map(|v| v as f64 - half),
                f64::from(volume[*i]),
            )
        })
        .collect();
    let power: f64 = points.iter().map(|(_, w)| w * w).sum();
    // A dozen operators fix the frame of any group.
    let operators: Vec<&Rotation> = group.operators().iter().skip(1).take(12).collect();
    let score = |q: &Rotation| -> f64 {
        let back = q.transpose();
        let sum: f64 = operators
            .iter()
            .map(|s| {
                let turned = q.mul(s).mul(&back);
                points
                    .iter()
                    .map(|(p, w)| w * cube.at(turned.apply(*p)))
                    .sum::<f64>()
            })
            .sum();
        sum / (power * operators.len().max(1) as f64)
    };
    if operators.is_empty() || power <= 0.0 {
        return (Rotation::identity(), 1.0);
    }
    let best_of = |candidates: &[Rotation]| -> Vec<(f64, Rotation)> {
        let mut scored: Vec<(f64, Rotation)> = candidates.par_iter().map(|q| (score(q), *q)).collect();
        scored.sort_by(|a, b| b.0.total_cmp(&a.0));
        scored
    };
    let mut kept = best_of(&so3::grid(2));
    kept.truncate(6);
    for step_deg in [7.0f64, 3.5, 1.8, 0.9] {
        let step = step_deg.to_radians();
        let candidates: Vec<Rotation> = kept
            .iter()
            .flat_map(|(_, q)| so3::local_grid(q, 1.8 * step, step))
            .collect();
        kept = best_of(&candidates);
        kept.truncate(4);
    }
    (kept[0].1, kept[0].0)
}

/// `V(Q x)`, averaged over the group.
pub(super) fn symmetrised(volume: &[f32], n: usize, frame: &Rotation, group: &PointGroup) -> Vec<f32> {
    let cube = Cube { data: volume, n };
    let turns: Vec<Rotation> = group.operators().iter().map(|s| frame.mul(s)).collect();
    sample(n, |p| {
        turns.iter().map(|t| cube.at(t.apply(p))).sum::<f64>() / turns.len() as f64
    })
}
