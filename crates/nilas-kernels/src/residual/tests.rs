#![allow(clippy::unwrap_used)]
use super::*;
use crate::disc::HalfDisc;
use crate::simd;
use crate::slice::{SliceGradient, SplineVolume, reference::interpolated};
use nilas_geometry::Rotation;
use num_complex::Complex64;

#[test]
fn equations_match_differences_of_the_reference() {
    let n = 32;
    let volume = SplineVolume::from_real(&crate::slice::tests::phantom(n), n, 12).unwrap();
    let disc = HalfDisc::new(n, 11).unwrap();
    let a = Rotation::from_euler_deg(12.0, 77.0, -31.0);
    let m = disc.len();
    // The data: the same particle a little turned and moved, so that the residual is not zero.
    let truth = a.perturbed([0.05, -0.03, 0.04]);
    let (mut wr, mut wi) = (vec![0.0; m], vec![0.0; m]);
    volume
        .slice(&truth.m, disc.kx(), disc.ky(), &mut wr, &mut wi)
        .unwrap();
    let factor: Vec<f32> = (0..m).map(|i| 0.3 + (i as f32 * 0.37).sin()).collect();
    for i in 0..m {
        wr[i] *= factor[i];
        wi[i] *= factor[i];
    }
    let o = Observation {
        re: &wr,
        im: &wi,
        factor: &factor,
        kx: disc.kx(),
        ky: disc.ky(),
        box_size: n,
    };
    let t = [0.7, -0.4];
    let ll = |d: [f64; 3], t: [f64; 2]| {
        let p = a.perturbed(d);
        let v: Vec<Complex64> = (0..m)
            .map(|i| interpolated(&volume, &p.m, disc.kx()[i] as f64, disc.ky()[i] as f64))
            .collect();
        reference::log_likelihood(&o, &v, t)
    };
    let mut slice = SliceGradient::default();
    volume
        .slice_gradient(&a.m, disc.kx(), disc.ky(), &mut slice)
        .unwrap();
    let shift = shift_equations(&o, &slice.re, &slice.im, t).unwrap();
    let plain = score(&o, &slice.re, &slice.im, t).unwrap();
    for level in simd::available() {
        let e = cpu::normal_equations_at(level, &o, &slice, t).unwrap();
        let l0 = ll([0.0; 3], t);
        assert!((e.score.log_likelihood() - l0).abs() < 1e-4 * l0.abs().max(e.score.data));
        let h = 1e-4;
        for j in 0..5 {
            let at = |s: f64| {
                let (mut d, mut u) = ([0.0; 3], t);
                if j < 3 {
                    d[j] = s
                } else {
                    u[j - 3] += s
                }
                ll(d, u)
            };
            let slope = (at(h) - at(-h)) / (2.0 * h);
            let mine = 2.0 * e.gradient[j];
            let size = (e.hessian[j][j] * e.score.data).sqrt();
            assert!(
                (slope - mine).abs() < 1e-3 * size,
                "{level:?} {j}: {slope} {mine}"
            );
        }
        for j in 0..2 {
            assert!((shift.gradient[j] - e.gradient[3 + j]).abs() < 1e-3 * e.gradient[3 + j].abs());
            assert!((shift.hessian[j][j] / e.hessian[3 + j][3 + j] - 1.0).abs() < 1e-4);
        }
        assert!((plain.gain() - e.score.gain()).abs() < 1e-4 * plain.data);
    }
    let mut b = [vec![0.0; m], vec![0.0; m], vec![0.0; m], vec![0.0; m]];
    let [b0, b1, b2, b3] = &mut b;
    let mut out = ContributionOut {
        re: b0,
        im: b1,
        weight: b2,
        residual: b3,
    };
    contribution(&o, (&slice.re, &slice.im), t, 1.0, 0.5, &mut out).unwrap();
    let left: f64 = b[3].iter().map(|v| *v as f64).sum();
    assert!((left + plain.log_likelihood()).abs() < 1e-4 * plain.data);
    // The numerator's inner product with the slice is the cross term, times the weight.
    let cross: f64 = (0..m)
        .map(|i| (b[0][i] * slice.re[i] + b[1][i] * slice.im[i]) as f64)
        .sum();
    assert!((cross - 0.5 * plain.cross).abs() < 1e-4 * plain.data);
    let weight: f64 = b[2].iter().map(|v| *v as f64).sum();
    let expected: f64 = factor.iter().map(|v| 0.5 * (*v as f64).powi(2)).sum();
    assert!((weight - expected).abs() < 1e-4 * expected);
}

#[test]
fn gauss_newton_finds_the_pose_again() {
    let n = 32;
    let volume = SplineVolume::from_real(&crate::slice::tests::phantom(n), n, 12).unwrap();
    let disc = HalfDisc::new(n, 8).unwrap();
    let truth = Rotation::from_euler_deg(12.0, 77.0, -31.0);
    let m = disc.len();
    let (mut wr, mut wi) = (vec![0.0; m], vec![0.0; m]);
    volume
        .slice(&truth.m, disc.kx(), disc.ky(), &mut wr, &mut wi)
        .unwrap();
    let factor = vec![1.0; m];
    let o = Observation {
        re: &wr,
        im: &wi,
        factor: &factor,
        kx: disc.kx(),
        ky: disc.ky(),
        box_size: n,
    };
    let mut pose = truth.perturbed([0.06, -0.05, 0.08]);
    let mut t = [0.4, -0.3];
    let mut slice = SliceGradient::default();
    for _ in 0..8 {
        volume
            .slice_gradient(&pose.m, disc.kx(), disc.ky(), &mut slice)
            .unwrap();
        let e = normal_equations(&o, &slice, t).unwrap();
        let step = crate::linear::solve(&e.hessian, &e.gradient).unwrap();
        pose = pose.perturbed([step[0], step[1], step[2]]);
        t = [t[0] + step[3], t[1] + step[4]];
    }
    let degrees = pose.angle_to(&truth).to_degrees();
    println!("angle left {degrees:.5} deg, shift left {t:?} px");
    assert!(degrees < 0.01 && t[0].abs().max(t[1].abs()) < 1e-3);
}
