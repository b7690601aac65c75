//! Projections by the solver's slices: where a density lands, and cisTEM's own projections.
#![allow(clippy::unwrap_used)]

#[path = "../../nilas-optics/tests/npz/mod.rs"]
mod npz;

mod project;

use nilas_geometry::Rotation;
use nilas_kernels::slice::SplineVolume;
use nilas_volume::Volume;
use project::{compare, project};

/// The sub-pixel position of an image's peak, from the box centre.
fn peak(image: &[f32], n: usize) -> [f64; 2] {
    let at = (0..n * n).max_by(|a, b| image[*a].total_cmp(&image[*b])).unwrap();
    let (x, y) = (at % n, at / n);
    // A Gaussian's logarithm is a parabola.
    let ln = |x: usize, y: usize| f64::from(image[y * n + x]).ln();
    let vertex = |a: f64, b: f64, c: f64| 0.5 * (a - c) / (a - 2.0 * b + c);
    let half = (n / 2) as f64;
    [
        x as f64 - half + vertex(ln(x - 1, y), ln(x, y), ln(x + 1, y)),
        y as f64 - half + vertex(ln(x, y - 1), ln(x, y), ln(x, y + 1)),
    ]
}

// algorithms.md 0.10, vector 2.
#[test]
fn an_off_centre_density_lands_at_the_first_two_rows_and_shifts_bring_it_home() {
    let n = 64;
    let at = [7.3, -4.1, 9.6];
    let volume = Volume::from_fn(n, 1.5, |p| {
        let d2: f64 = p.iter().zip(at).map(|(a, b)| (a - b) * (a - b)).sum();
        (-d2 / (2.0 * 4.0)).exp() as f32
    })
    .unwrap();
    let spline = SplineVolume::from_real(&volume.data, n, n / 2 - 1).unwrap();
    for angles in [
        [0.0, 0.0, 0.0],
        [30.0, 60.0, 90.0],
        [-110.0, 35.0, 12.0],
        [75.0, 150.0, -160.0],
    ] {
        let rotation = Rotation::from_euler_deg(angles[0], angles[1], angles[2]);
        let expected = rotation.apply(at);
        let found = peak(&project(&spline, &rotation, [0.0, 0.0], |_, _| 1.0), n);
        for i in 0..2 {
            assert!(
                (found[i] - expected[i]).abs() < 1e-3,
                "{angles:?}: {found:?}, expected {expected:?}"
            );
        }
        // t = (+3 Å, 0) at 1.5 Å per pixel: the particle lies 2 px to the left of where it would.
        let moved = peak(&project(&spline, &rotation, [2.0, 0.0], |_, _| 1.0), n);
        assert!(
            (moved[0] - (expected[0] - 2.0)).abs() < 2e-3 && (moved[1] - expected[1]).abs() < 2e-3,
            "{moved:?}"
        );
    }
}

#[test]
fn cistem_projections_are_reproduced() {
    let Some(path) = npz::test_data("07_maps_models/cryojax/cistem_projection.npz") else {
        return;
    };
    let data = npz::read(&path);
    let n = data["box_size"].values[0] as usize;
    let volume: Vec<f32> = data["volume"].values.iter().map(|v| *v as f32).collect();
    let spline = SplineVolume::from_real(&volume, n, n / 2 - 1).unwrap();
    for (i, angles) in data["angles"].values.chunks_exact(3).enumerate() {
        let rotation = Rotation::from_euler_deg(angles[0], angles[1], angles[2]);
        let ours = project(&spline, &rotation, [0.0, 0.0], |_, _| 1.0);
        let theirs = &data["projections"].values[i * n * n..(i + 1) * n * n];
        let (cc, amplitude) = compare(&ours, theirs, n);
        println!("cisTEM projection {i} {angles:?}: correlation {cc:.5}, amplitude {amplitude:.5}");
        assert!(cc > 0.998, "projection {i} at {angles:?}: {cc}");
        // cisTEM's transforms carry 1/N of a sum over voxels.
        assert!((amplitude * n as f64 - 1.0).abs() < 0.04);
    }
}
