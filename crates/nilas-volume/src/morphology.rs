//! Exact Euclidean distances and connected pieces of binary cubes.

use rayon::prelude::*;

/// Squared distance in voxels from each voxel of an `n³` cube to the nearest one that is inside (0 there); a large number
/// when none is (Felzenszwalb & Huttenlocher 2012, one lower envelope of parabolas per line and axis).
pub(crate) fn squared_distance(inside: &[bool], n: usize) -> Vec<f32> {
    let far = (8 * n * n) as f32;
    let mut d: Vec<f32> = inside.iter().map(|v| if *v { 0.0 } else { far }).collect();
    // x and y within each section, then z across them in the transposed order.
    d.par_chunks_mut(n * n).for_each_init(
        || Envelope::new(n),
        |e, plane| {
            plane
                .chunks_exact_mut(n)
                .for_each(|row| e.transform_strided(row, 0, 1, n));
            (0..n).for_each(|x| e.transform_strided(plane, x, n, n));
        },
    );
    // [z][y][x] -> [y][x][z] makes the z lines contiguous.
    let mut lines = vec![0.0f32; d.len()];
    lines.par_chunks_mut(n).enumerate().for_each_init(
        || Envelope::new(n),
        |e, (yx, line)| {
            line.iter_mut()
                .enumerate()
                .for_each(|(z, v)| *v = d[z * n * n + yx]);
            e.transform_strided(line, 0, 1, n);
        },
    );
    d.par_chunks_mut(n * n).enumerate().for_each(|(z, plane)| {
        plane
            .iter_mut()
            .enumerate()
            .for_each(|(yx, v)| *v = lines[yx * n + z]);
    });
    d
}

/// Work space of one line: parabola sites and where each begins to be the lowest.
struct Envelope {
    values: Vec<f32>,
    sites: Vec<usize>,
    starts: Vec<f32>,
}

impl Envelope {
    fn new(n: usize) -> Self {
        Self {
            values: vec![0.0; n],
            sites: Vec::with_capacity(n),
            starts: Vec::with_capacity(n),
        }
    }

    fn transform_strided(&mut self, data: &mut [f32], offset: usize, stride: usize, n: usize) {
        for i in 0..n {
            self.values[i] = data[offset + i * stride];
        }
        self.sites.clear();
        self.starts.clear();
        for q in 0..n {
            let mut start = f32::NEG_INFINITY;
            while let (Some(p), Some(begin)) = (self.sites.last(), self.starts.last()) {
                let (p, begin) = (*p, *begin);
                let (fq, fp) = (q as f32, p as f32);
                start = ((self.values[q] + fq * fq) - (self.values[p] + fp * fp)) / (2.0 * (fq - fp));
                if start > begin {
                    break;
                }
                self.sites.pop();
                self.starts.pop();
                start = f32::NEG_INFINITY;
            }
            self.sites.push(q);
            self.starts.push(start);
        }
        let mut j = 0;
        for i in 0..n {
            while j + 1 < self.sites.len() && self.starts[j + 1] <= i as f32 {
                j += 1;
            }
            let gap = i as f32 - self.sites[j] as f32;
            data[offset + i * stride] = gap * gap + self.values[self.sites[j]];
        }
    }
}

/// Labels 1, 2, ... of the pieces that hang together through faces (0 outside), and each piece's voxel count.
pub(crate) fn components(inside: &[bool], n: usize) -> (Vec<u32>, Vec<usize>) {
    let mut labels = vec![0u32; inside.len()];
    let mut sizes = Vec::new();
    let mut stack = Vec::new();
    for start in 0..inside.len() {
        if !inside[start] || labels[start] != 0 {
            continue;
        }
        let label = sizes.len() as u32 + 1;
        let mut size = 0;
        labels[start] = label;
        stack.push(start);
        while let Some(i) = stack.pop() {
            size += 1;
            let (x, y, z) = (i % n, i / n % n, i / (n * n));
            for (coordinate, step) in [(x, 1), (y, n), (z, n * n)] {
                if coordinate > 0 && inside[i - step] && labels[i - step] == 0 {
                    labels[i - step] = label;
                    stack.push(i - step);
                }
                if coordinate + 1 < n && inside[i + step] && labels[i + step] == 0 {
                    labels[i + step] = label;
                    stack.push(i + step);
                }
            }
        }
        sizes.push(size);
    }
    (labels, sizes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn distances_equal_brute_force() {
        let n = 10;
        let mut state = 12345u64;
        let inside: Vec<bool> = (0..n * n * n)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                state >> 58 == 0
            })
            .collect();
        let points: Vec<_> = (0..inside.len()).filter(|i| inside[*i]).collect();
        assert!(points.len() > 5);
        let at = |i: usize| [i % n, i / n % n, i / (n * n)].map(|c| c as f32);
        for (i, d) in squared_distance(&inside, n).iter().enumerate() {
            let nearest = points
                .iter()
                .map(|p| {
                    at(*p)
                        .iter()
                        .zip(at(i))
                        .map(|(a, b)| (a - b) * (a - b))
                        .sum::<f32>()
                })
                .fold(f32::INFINITY, f32::min);
            assert_eq!(*d, nearest, "voxel {i}");
        }
        assert!(squared_distance(&[false; 64], 4).iter().all(|d| *d > 48.0));
    }

    #[test]
    fn pieces_are_counted_apart() {
        let n = 6;
        let mut inside = vec![false; n * n * n];
        for i in [0, 1, 2, n, 100, 101, 215] {
            inside[i] = true;
        }
        let (labels, mut sizes) = components(&inside, n);
        assert_eq!(labels[0], labels[n]);
        assert_ne!(labels[0], labels[100]);
        sizes.sort_unstable();
        assert_eq!(sizes, [1, 2, 4]);
    }
}
