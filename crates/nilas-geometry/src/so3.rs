//! Grids of orientations: HEALPix directions times in-plane angles, local grids, and their random perturbation.

use crate::rotation::norm;
use crate::{PointGroup, Rotation, healpix, sphere};
use rand::{Rng, RngExt};
use std::f64::consts::PI;

/// The in-plane angles of an order, radians: `6 * 2^order` of them from 0, spaced as the directions are.
pub fn psi_angles(order: u32) -> Vec<f64> {
    let n = 6usize << order.min(healpix::MAX_ORDER);
    (0..n).map(|i| 2.0 * PI * i as f64 / n as f64).collect()
}

/// All orientations of an order: for each HEALPix direction (slow) each in-plane angle (fast).
/// Counts: order 2 4,608; order 3 36,864; order 4 294,912.
pub fn grid(order: u32) -> Vec<Rotation> {
    from_directions(&healpix::directions(order), order)
}

/// [`grid`] with the directions restricted to one asymmetric unit of `group`: about `1/|G|` as many.
pub fn grid_asymmetric(order: u32, group: &PointGroup) -> Vec<Rotation> {
    from_directions(&asymmetric_directions(order, group), order)
}

/// The HEALPix directions `[rot, tilt]` (radians) of an order that lie in one asymmetric unit of `group`.
pub fn asymmetric_directions(order: u32, group: &PointGroup) -> Vec<[f64; 2]> {
    let mut all = healpix::directions(order);
    all.retain(|[rot, tilt]| group.in_asymmetric_unit(sphere::unit_vector(*rot, *tilt)));
    all
}

fn from_directions(directions: &[[f64; 2]], order: u32) -> Vec<Rotation> {
    let psis = psi_angles(order);
    let mut out = Vec::with_capacity(directions.len() * psis.len());
    for [rot, tilt] in directions {
        out.extend(psis.iter().map(|psi| Rotation::from_euler_rad(*rot, *tilt, *psi)));
    }
    out
}

/// A cubic grid of orientations around `centre`: rotation vectors in the image frame with components that are
/// multiples of `step_rad`, kept where their length is at most `radius_rad`. The first entry is `centre` itself.
/// A step that is not positive gives the centre alone.
pub fn local_grid(centre: &Rotation, radius_rad: f64, step_rad: f64) -> Vec<Rotation> {
    let mut out = vec![*centre];
    if !(step_rad > 0.0 && radius_rad >= step_rad) {
        return out;
    }
    let n = (radius_rad / step_rad * (1.0 + 1e-12)).floor() as i64;
    for i in -n..=n {
        for j in -n..=n {
            for k in -n..=n {
                let delta = [i, j, k].map(|c| c as f64 * step_rad);
                if (i, j, k) != (0, 0, 0) && norm(delta) <= radius_rad * (1.0 + 1e-12) {
                    out.push(centre.perturbed(delta));
                }
            }
        }
    }
    out
}

/// A random rotation by at most half a grid step of `order`, for one iteration's grid.
///
/// Multiply it from the right (`a.mul(&r)`, the volume's side): the grid then stays a product of directions and
/// in-plane angles, and a bias of the grid doesn't build up over iterations.
pub fn random_perturbation(order: u32, rng: &mut impl Rng) -> Rotation {
    let reach = 0.5 * healpix::step_deg(order).to_radians();
    loop {
        let w = [0; 3].map(|_| rng.random_range(-reach..reach));
        if norm(w) <= reach {
            return Rotation::from_rotvec(w);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn counts_are_the_published_ones() {
        assert_eq!(grid(2).len(), 4_608);
        assert_eq!(grid(3).len(), 36_864);
        assert_eq!(healpix::count(4) * psi_angles(4).len(), 294_912);
    }

    #[test]
    fn every_orientation_is_near_the_grid() {
        let g = grid(2);
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        for _ in 0..300 {
            let a = Rotation::random(&mut rng);
            let nearest = g
                .iter()
                .map(|b| b.angle_to(&a))
                .fold(f64::INFINITY, f64::min)
                .to_degrees();
            assert!(nearest < 15.0, "{nearest} deg from an order-2 grid (step 15 deg)");
        }
    }

    #[test]
    fn asymmetric_grid_covers_all_up_to_symmetry() {
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        for name in ["C3", "D2", "O"] {
            let group = PointGroup::parse(name).unwrap();
            let g = grid_asymmetric(2, &group);
            for _ in 0..100 {
                let a = Rotation::random(&mut rng);
                let nearest = g
                    .iter()
                    .map(|b| group.distance(b, &a))
                    .fold(f64::INFINITY, f64::min)
                    .to_degrees();
                assert!(nearest < 20.0, "{name}: {nearest}");
            }
        }
    }

    #[test]
    fn local_grid_stays_within_its_radius() {
        let centre = Rotation::from_euler_deg(10.0, 20.0, 30.0);
        let g = local_grid(&centre, 0.03, 0.01);
        assert_eq!(g[0], centre);
        // Integer points in a ball of radius 3.
        assert_eq!(g.len(), 123);
        assert!(g.iter().all(|a| a.angle_to(&centre) <= 0.03 + 1e-12));
        assert_eq!(local_grid(&centre, 0.1, 0.0).len(), 1);
    }

    #[test]
    fn perturbation_is_at_most_half_a_step() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        for _ in 0..100 {
            let r = random_perturbation(2, &mut rng);
            assert!(r.angle_to(&Rotation::identity()).to_degrees() <= 7.5 + 1e-9);
        }
    }
}
