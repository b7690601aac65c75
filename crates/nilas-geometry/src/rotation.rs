//! One orientation, and its translations into Euler angles, rotation vectors and quaternions.

use rand::{Rng, RngExt};
use std::f64::consts::PI;

/// An orientation: the matrix `A` that maps volume coordinates to image coordinates, `x_image = A x_volume`.
///
/// Row 0 is the image x axis, row 1 the image y axis and row 2 the beam (viewing) direction, each written in the
/// volume's frame. A projection's Fourier slice reads the volume at `k_volume = Aᵀ (kx, ky, 0)`.
/// The determinant is +1; constructors keep it so to rounding error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rotation {
    /// Row-major 3 x 3 matrix.
    pub m: [[f64; 3]; 3],
}

impl Default for Rotation {
    fn default() -> Self {
        Self::identity()
    }
}

impl Rotation {
    /// The identity: image axes along volume axes, beam along +z.
    pub const fn identity() -> Self {
        Self {
            m: [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        }
    }

    /// From RELION's Euler angles in degrees: `A = Z(psi) Y(tilt) Z(rot)` with passive matrices (algorithms.md 0.3).
    pub fn from_euler_deg(rot_deg: f64, tilt_deg: f64, psi_deg: f64) -> Self {
        let (sa, ca) = sin_cos_deg(rot_deg);
        let (sb, cb) = sin_cos_deg(tilt_deg);
        let (sg, cg) = sin_cos_deg(psi_deg);
        let (cc, cs) = (cb * ca, cb * sa);
        Self {
            m: [
                [cg * cc - sg * sa, cg * cs + sg * ca, -cg * sb],
                [-sg * cc - cg * sa, -sg * cs + cg * ca, sg * sb],
                [sb * ca, sb * sa, cb],
            ],
        }
    }

    /// The same as [`Self::from_euler_deg`] with angles in radians.
    pub fn from_euler_rad(rot: f64, tilt: f64, psi: f64) -> Self {
        Self::from_euler_deg(rot.to_degrees(), tilt.to_degrees(), psi.to_degrees())
    }

    /// RELION's Euler angles `[rot, tilt, psi]` in degrees: tilt in [0, 180], rot and psi in (-180, 180].
    ///
    /// Where the beam is along the volume's z axis, only rot ± psi is defined; rot is then 0.
    pub fn to_euler_deg(&self) -> [f64; 3] {
        let a = &self.m;
        let pole = a[0][2].hypot(a[1][2]) < 1e-9;
        let psi = if pole {
            a[0][1].atan2(a[1][1])
        } else {
            a[1][2].atan2(-a[0][2])
        };
        if pole {
            return [
                0.0,
                if a[2][2] > 0.0 { 0.0 } else { 180.0 },
                wrap_deg(psi.to_degrees()),
            ];
        }
        // Taking psi out first and reading rot and tilt from what is left keeps the product exact near the poles,
        // where rot and psi are each badly determined but their combination is not.
        let (s, c) = psi.sin_cos();
        let rot = (-(s * a[0][0] + c * a[1][0])).atan2(s * a[0][1] + c * a[1][1]);
        let tilt = (s * a[1][2] - c * a[0][2]).atan2(a[2][2]);
        [
            wrap_deg(rot.to_degrees()),
            tilt.to_degrees(),
            wrap_deg(psi.to_degrees()),
        ]
    }

    /// `exp([w]ₓ)`, the right-handed rotation about `w` by `|w|` radians (Rodrigues).
    pub fn from_rotvec(w: [f64; 3]) -> Self {
        let angle = norm(w);
        // sin(x)/x of the half angle by its series: no division by a vanishing angle.
        let half = 0.5 * angle;
        let sinc = if half < 1e-4 {
            1.0 - half * half / 6.0
        } else {
            half.sin() / half
        };
        let f = 0.5 * sinc;
        Self::from_quaternion([half.cos(), f * w[0], f * w[1], f * w[2]])
    }

    /// The rotation vector `w` with `exp([w]ₓ)` = this matrix and `|w|` in [0, π] radians.
    pub fn to_rotvec(&self) -> [f64; 3] {
        let [w, x, y, z] = self.to_quaternion();
        let s = norm([x, y, z]);
        // w >= 0 always, so that 2 atan2(s, w) is in [0, π].
        let f = if s < 1e-8 { 2.0 } else { 2.0 * s.atan2(w) / s };
        [f * x, f * y, f * z]
    }

    /// From CryoSPARC's `alignments3D/pose`, a rotation vector in radians: `A = exp(-[w]ₓ)`.
    pub fn from_cryosparc_pose(w: [f64; 3]) -> Self {
        Self::from_rotvec([-w[0], -w[1], -w[2]])
    }

    /// CryoSPARC's `alignments3D/pose` of this orientation, radians, norm in [0, π].
    pub fn to_cryosparc_pose(&self) -> [f64; 3] {
        let w = self.to_rotvec();
        [-w[0], -w[1], -w[2]]
    }

    /// From a quaternion `[w, x, y, z]`, normalised here. `[cos(a/2), n sin(a/2)]` is the rotation by `a` about the
    /// unit vector `n`, the same matrix as [`Self::from_rotvec`] of `a n`. A zero quaternion gives the identity.
    pub fn from_quaternion(q: [f64; 4]) -> Self {
        let n2: f64 = q.iter().map(|v| v * v).sum();
        if !(n2 > 0.0 && n2.is_finite()) {
            return Self::identity();
        }
        let s = 2.0 / n2;
        let [w, x, y, z] = q;
        Self {
            m: [
                [
                    1.0 - s * (y * y + z * z),
                    s * (x * y - w * z),
                    s * (x * z + w * y),
                ],
                [
                    s * (x * y + w * z),
                    1.0 - s * (x * x + z * z),
                    s * (y * z - w * x),
                ],
                [
                    s * (x * z - w * y),
                    s * (y * z + w * x),
                    1.0 - s * (x * x + y * y),
                ],
            ],
        }
    }

    /// The unit quaternion `[w, x, y, z]` of this matrix with `w >= 0`.
    pub fn to_quaternion(&self) -> [f64; 4] {
        let m = &self.m;
        let (xx, yy, zz) = (m[0][0], m[1][1], m[2][2]);
        // The largest of the four components is divided by: never a small number.
        let four = [
            1.0 + xx + yy + zz,
            1.0 + xx - yy - zz,
            1.0 - xx + yy - zz,
            1.0 - xx - yy + zz,
        ];
        let largest = (1..4).fold(0, |best, i| if four[i] > four[best] { i } else { best });
        let (a, b, c) = (m[2][1] - m[1][2], m[0][2] - m[2][0], m[1][0] - m[0][1]);
        let (xy, xz, yz) = (m[0][1] + m[1][0], m[0][2] + m[2][0], m[1][2] + m[2][1]);
        let q = match largest {
            0 => [four[0], a, b, c],
            1 => [a, four[1], xy, xz],
            2 => [b, xy, four[2], yz],
            _ => [c, xz, yz, four[3]],
        };
        let n = q.iter().map(|v| v * v).sum::<f64>().sqrt();
        let sign = if q[0] < 0.0 { -1.0 } else { 1.0 };
        q.map(|v| sign * v / n)
    }

    /// The product `self * other`: `other` acts first.
    #[must_use]
    pub fn mul(&self, other: &Self) -> Self {
        let mut m = [[0.0; 3]; 3];
        for (row, out) in self.m.iter().zip(m.iter_mut()) {
            for (j, value) in out.iter_mut().enumerate() {
                *value = row[0] * other.m[0][j] + row[1] * other.m[1][j] + row[2] * other.m[2][j];
            }
        }
        Self { m }
    }

    /// The transpose, which is the inverse: image to volume coordinates.
    #[must_use]
    pub fn transpose(&self) -> Self {
        let m = &self.m;
        Self {
            m: [0, 1, 2].map(|i| [m[0][i], m[1][i], m[2][i]]),
        }
    }

    /// `A v`: volume coordinates to image coordinates.
    pub fn apply(&self, v: [f64; 3]) -> [f64; 3] {
        [0, 1, 2].map(|i| dot(self.m[i], v))
    }

    /// `Aᵀ v`: image coordinates (or frequencies) to volume coordinates, without forming the transpose.
    pub fn apply_transpose(&self, v: [f64; 3]) -> [f64; 3] {
        let m = &self.m;
        [0, 1, 2].map(|j| m[0][j] * v[0] + m[1][j] * v[1] + m[2][j] * v[2])
    }

    /// The beam direction in the volume's frame: row 2 of `A`, `(sin tilt cos rot, sin tilt sin rot, cos tilt)`.
    pub fn view_direction(&self) -> [f64; 3] {
        self.m[2]
    }

    /// The angle in radians, in [0, π], of the rotation that takes `other` to `self`.
    pub fn angle_to(&self, other: &Self) -> f64 {
        // From the quaternion, because acos of the trace loses half the digits at small angles.
        let [w, x, y, z] = self.mul(&other.transpose()).to_quaternion();
        2.0 * norm([x, y, z]).atan2(w)
    }

    /// A small change in the image frame: `exp(-[delta]ₓ) A`, radians (algorithms.md 0.3), so that
    /// `∂k_volume/∂delta_j = Aᵀ (e_j × k)`.
    #[must_use]
    pub fn perturbed(&self, delta: [f64; 3]) -> Self {
        Self::from_cryosparc_pose(delta).mul(self)
    }

    /// The nearest rotation to a matrix that has drifted by many products.
    #[must_use]
    pub fn renormalised(&self) -> Self {
        Self::from_quaternion(self.to_quaternion())
    }

    /// A uniformly random orientation (Haar measure; Shoemake 1992).
    pub fn random(rng: &mut impl Rng) -> Self {
        let (u, v, w): (f64, f64, f64) = (rng.random(), rng.random(), rng.random());
        let (a, b) = ((1.0 - u).sqrt(), u.sqrt());
        let (s1, c1) = (2.0 * PI * v).sin_cos();
        let (s2, c2) = (2.0 * PI * w).sin_cos();
        Self::from_quaternion([a * s1, a * c1, b * s2, b * c2])
    }
}

pub(crate) fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

pub(crate) fn norm(v: [f64; 3]) -> f64 {
    dot(v, v).sqrt()
}

/// Sine and cosine of an angle in degrees, exact at multiples of 90.
fn sin_cos_deg(angle_deg: f64) -> (f64, f64) {
    let reduced = angle_deg.rem_euclid(360.0);
    match reduced {
        0.0 => (0.0, 1.0),
        90.0 => (1.0, 0.0),
        180.0 => (0.0, -1.0),
        270.0 => (-1.0, 0.0),
        _ => reduced.to_radians().sin_cos(),
    }
}

/// An angle in degrees brought into (-180, 180].
fn wrap_deg(angle_deg: f64) -> f64 {
    let wrapped = (angle_deg + 180.0).rem_euclid(360.0) - 180.0;
    if wrapped <= -180.0 { 180.0 } else { wrapped }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    fn largest_difference(a: &Rotation, b: &Rotation) -> f64 {
        a.m.iter()
            .flatten()
            .zip(b.m.iter().flatten())
            .map(|(x, y)| (x - y).abs())
            .fold(0.0, f64::max)
    }

    // algorithms.md 0.10, vector 1.
    #[test]
    fn euler_30_60_90_is_the_published_matrix() {
        let s = 3f64.sqrt();
        let expected = Rotation {
            m: [
                [-0.5, s / 2.0, 0.0],
                [-s / 4.0, -0.25, s / 2.0],
                [0.75, s / 4.0, 0.5],
            ],
        };
        assert!(largest_difference(&Rotation::from_euler_deg(30.0, 60.0, 90.0), &expected) < 1e-15);
        let view = Rotation::from_euler_deg(30.0, 60.0, 90.0).view_direction();
        assert!((view[0] - 0.75).abs() < 1e-15 && (view[2] - 0.5).abs() < 1e-15);
    }

    #[test]
    fn a_hundred_thousand_random_orientations_survive_every_description() {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let mut worst = [0.0f64; 4];
        for _ in 0..100_000 {
            let a = Rotation::random(&mut rng);
            let [rot, tilt, psi] = a.to_euler_deg();
            assert!(
                (0.0..=180.0).contains(&tilt) && rot > -180.0 && rot <= 180.0 && psi > -180.0 && psi <= 180.0
            );
            worst[0] = worst[0].max(largest_difference(&a, &Rotation::from_euler_deg(rot, tilt, psi)));
            worst[1] = worst[1].max(largest_difference(&a, &Rotation::from_rotvec(a.to_rotvec())));
            worst[2] = worst[2].max(largest_difference(
                &a,
                &Rotation::from_quaternion(a.to_quaternion()),
            ));
            worst[3] = worst[3].max(largest_difference(
                &a,
                &Rotation::from_cryosparc_pose(a.to_cryosparc_pose()),
            ));
        }
        assert!(worst.iter().all(|w| *w < 1e-12), "largest differences {worst:?}");
    }

    #[test]
    fn poles_give_rot_zero_and_the_same_matrix() {
        for tilt in [0.0, 180.0] {
            for (rot, psi) in [(0.0, 0.0), (30.0, 50.0), (-170.0, 20.0), (90.0, 90.0)] {
                let a = Rotation::from_euler_deg(rot, tilt, psi);
                let angles = a.to_euler_deg();
                assert_eq!((angles[0], angles[1]), (0.0, tilt));
                let b = Rotation::from_euler_deg(angles[0], angles[1], angles[2]);
                assert!(largest_difference(&a, &b) < 1e-14);
            }
        }
        for tilt in [1e-11, 1e-8, 1e-5, 180.0 - 1e-8] {
            let a = Rotation::from_euler_deg(33.0, tilt, -71.0);
            let [r, t, p] = a.to_euler_deg();
            assert!(
                largest_difference(&a, &Rotation::from_euler_deg(r, t, p)) < 1e-9,
                "tilt {tilt}"
            );
        }
    }

    #[test]
    fn rotation_vectors_are_right_handed_and_longer_than_pi_is_fine() {
        let quarter = Rotation::from_rotvec([0.0, 0.0, PI / 2.0]);
        let v = quarter.apply([1.0, 0.0, 0.0]);
        assert!((v[1] - 1.0).abs() < 1e-15, "x goes to y about z: {v:?}");
        // A CryoSPARC pose about z by +w is RELION's psi (or rot) of +w: Aᵀ = exp([w]).
        let relion = Rotation::from_euler_deg(0.0, 0.0, 90.0);
        assert!(largest_difference(&relion, &Rotation::from_cryosparc_pose([0.0, 0.0, PI / 2.0])) < 1e-15);
        let long = [3.745 / 3f64.sqrt(); 3];
        let short = long.map(|c| c * (3.745 - 2.0 * PI) / 3.745);
        assert!(largest_difference(&Rotation::from_rotvec(long), &Rotation::from_rotvec(short)) < 1e-14);
        let tiny = [1e-10, -2e-10, 3e-10];
        let back = Rotation::from_rotvec(tiny).to_rotvec();
        assert!(tiny.iter().zip(back).all(|(a, b)| (a - b).abs() < 1e-16));
    }

    // Standard matrices of scipy's Rotation.from_rotvec for the same vectors.
    #[test]
    fn rotation_vector_agrees_with_scipy() {
        let a = Rotation::from_rotvec([0.3, -0.5, 0.7]);
        let expected = SCIPY_ROTVEC_03_M05_07;
        assert!(
            largest_difference(&a, &Rotation { m: expected }) < 1e-12,
            "{:?}",
            a.m
        );
    }
    const SCIPY_ROTVEC_03_M05_07: [[f64; 3]; 3] = [
        [0.6548940284889878, -0.6770606568888025, -0.3357121957015681],
        [0.5371528306005544, 0.7295115358427202, -0.4234144017982946],
        [0.5315831525051155, 0.0969628071257155, 0.8414377968733187],
    ];

    #[test]
    fn angle_between_orientations() {
        let mut rng = ChaCha8Rng::seed_from_u64(9);
        for angle in [1e-9, 1e-3, 1.0, 3.0, PI] {
            let a = Rotation::random(&mut rng);
            let b = Rotation::from_rotvec([0.0, angle * 0.6, angle * 0.8]).mul(&a);
            assert!(
                (b.angle_to(&a) - angle).abs() < 1e-14 + 1e-15 / angle.min(1.0),
                "{angle}"
            );
        }
    }

    #[test]
    fn perturbation_has_the_stated_derivative() {
        let a = Rotation::from_euler_deg(20.0, 50.0, -30.0);
        let k = [3.0, -2.0, 0.0];
        let base = a.apply_transpose(k);
        for (j, cross) in [[0.0, 0.0, k[1]], [0.0, 0.0, -k[0]], [-k[1], k[0], 0.0]]
            .into_iter()
            .enumerate()
        {
            let mut delta = [0.0; 3];
            delta[j] = 1e-6;
            let moved = a.perturbed(delta).apply_transpose(k);
            let expected = a.apply_transpose(cross);
            for i in 0..3 {
                assert!(((moved[i] - base[i]) / 1e-6 - expected[i]).abs() < 1e-5);
            }
        }
    }

    #[test]
    fn random_orientations_are_uniform() {
        // For Haar measure the mean matrix is zero, and each entry has variance 1/3.
        let mut rng = ChaCha8Rng::seed_from_u64(11);
        let n = 40_000;
        let mut mean = [0.0; 9];
        let mut square = [0.0; 9];
        for _ in 0..n {
            let a = Rotation::random(&mut rng);
            for (i, v) in a.m.iter().flatten().enumerate() {
                mean[i] += v / f64::from(n);
                square[i] += v * v / f64::from(n);
            }
        }
        assert!(mean.iter().all(|m| m.abs() < 0.015), "{mean:?}");
        assert!(square.iter().all(|s| (s - 1.0 / 3.0).abs() < 0.01), "{square:?}");
    }
}
