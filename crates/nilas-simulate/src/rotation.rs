//! Rotations as the simulator needs them: written apart from `nilas-geometry` on purpose.

use rand::{Rng, RngExt};
use rand_distr::StandardNormal;

pub(crate) type Matrix = [[f64; 3]; 3];

pub(crate) fn apply(m: &Matrix, v: [f64; 3]) -> [f64; 3] {
    m.map(|row| row[0] * v[0] + row[1] * v[1] + row[2] * v[2])
}

/// Rotation `A` (image from volume) of ZYZ Euler angles rot, tilt, psi in degrees: `A = Z(psi) Y(tilt) Z(rot)` with
/// passive matrices, written out; row 3 is the viewing direction in the volume frame.
pub fn rotation_from_euler_zyz_deg(rot: f64, tilt: f64, psi: f64) -> [[f64; 3]; 3] {
    let (sa, ca) = rot.to_radians().sin_cos();
    let (sb, cb) = tilt.to_radians().sin_cos();
    let (sg, cg) = psi.to_radians().sin_cos();
    [
        [cg * cb * ca - sg * sa, cg * cb * sa + sg * ca, -cg * sb],
        [-sg * cb * ca - cg * sa, -sg * cb * sa + cg * ca, sg * sb],
        [sb * ca, sb * sa, cb],
    ]
}

/// Euler angles rot, tilt, psi in degrees of a rotation: tilt in 0..=180, the others in −180..=180; where the viewing
/// direction is the z axis, rot is 0.
pub fn euler_zyz_deg(m: &[[f64; 3]; 3]) -> [f64; 3] {
    let sin_tilt = (m[2][0] * m[2][0] + m[2][1] * m[2][1]).sqrt();
    if sin_tilt < 1e-10 {
        let tilt: f64 = if m[2][2] > 0.0 { 0.0 } else { 180.0 };
        let psi = m[0][1].atan2(m[1][1]).to_degrees();
        return [0.0, tilt, psi];
    }
    let rot = m[2][1].atan2(m[2][0]);
    let tilt = sin_tilt.atan2(m[2][2]);
    let psi = m[1][2].atan2(-m[0][2]);
    [rot.to_degrees(), tilt.to_degrees(), psi.to_degrees()]
}

/// A rotation uniform on SO(3), from a random unit quaternion.
pub(crate) fn uniform(rng: &mut impl Rng) -> Matrix {
    loop {
        let q: [f64; 4] = std::array::from_fn(|_| rng.sample(StandardNormal));
        let norm = q.iter().map(|v| v * v).sum::<f64>().sqrt();
        if norm > 1e-6 {
            let [w, x, y, z] = q.map(|v| v / norm);
            return [
                [
                    1.0 - 2.0 * (y * y + z * z),
                    2.0 * (x * y - w * z),
                    2.0 * (x * z + w * y),
                ],
                [
                    2.0 * (x * y + w * z),
                    1.0 - 2.0 * (x * x + z * z),
                    2.0 * (y * z - w * x),
                ],
                [
                    2.0 * (x * z - w * y),
                    2.0 * (y * z + w * x),
                    1.0 - 2.0 * (x * x + y * y),
                ],
            ];
        }
    }
}
