//! Point groups: names, operators by closure of their generators, asymmetric units, distance up to symmetry.

use crate::rotation::dot;
use crate::{GeometryError, Rotation};
use std::f64::consts::PI;

/// The largest n of Cn and Dn.
pub const MAX_FOLD: u32 = 99;

/// A generic direction: the asymmetric unit is the set of directions that no operator brings nearer to it (a
/// Dirichlet cell), which needs no table per group. It lies on no axis of any group.
const CELL_CENTRE: [f64; 3] = [0.747_391_837, 0.153_718_293, 0.646_361_921];

/// A rotational point group in the volume's frame. Poses `A` and `A S` are equivalent for every operator `S`.
///
/// Axes: Cn n-fold along z; Dn also 2-fold along x; T 3-fold along z; O 4-fold along z; I and I2 2-fold along z with
/// a 5-fold at 31.7° from z towards x; I1 is I2 turned by 90° about z; I3 and I4 have a 5-fold along z (algorithms.md 0.8).
#[derive(Debug, Clone, PartialEq)]
pub struct PointGroup {
    name: String,
    operators: Vec<Rotation>,
}

impl PointGroup {
    /// No symmetry.
    pub fn c1() -> Self {
        Self {
            name: "C1".to_owned(),
            operators: vec![Rotation::identity()],
        }
    }

    /// The group of that name; case and surrounding blanks don't matter, `I` is `I2`.
    ///
    /// # Errors
    /// [`GeometryError::UnknownSymmetry`], which lists what is known.
    pub fn parse(name: &str) -> Result<Self, GeometryError> {
        let unknown = || GeometryError::UnknownSymmetry(name.trim().chars().take(32).collect());
        let canonical = name.trim().to_ascii_uppercase();
        let (generators, order, fold) = generators(&canonical).ok_or_else(unknown)?;
        let name = fold.map_or(canonical.clone(), |n| format!("{}{n}", &canonical[..1]));
        let operators = closure(&generators, order);
        if operators.len() != order {
            return Err(unknown());
        }
        Ok(Self { name, operators })
    }

    /// The name in capitals, as given (`I` stays `I`).
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many operators the group has.
    pub fn order(&self) -> usize {
        self.operators.len()
    }

    /// The operators; the first is the identity.
    pub fn operators(&self) -> &[Rotation] {
        &self.operators
    }

    /// Whether a viewing direction lies in the asymmetric unit. Every direction has an equivalent one in it; only
    /// directions on its boundary have more than one.
    pub fn in_asymmetric_unit(&self, direction: [f64; 3]) -> bool {
        let here = dot(direction, CELL_CENTRE);
        self.operators
            .iter()
            .all(|s| dot(s.apply(direction), CELL_CENTRE) <= here + 1e-10)
    }

    /// The equivalent pose whose viewing direction lies in the asymmetric unit.
    pub fn reduce(&self, pose: &Rotation) -> Rotation {
        let closeness = |a: &Rotation| dot(a.view_direction(), CELL_CENTRE);
        self.operators
            .iter()
            .map(|s| pose.mul(s))
            .reduce(|best, a| {
                if closeness(&a) > closeness(&best) + 1e-12 {
                    a
                } else {
                    best
                }
            })
            .unwrap_or(*pose)
    }

    /// The angle between two poses up to symmetry, radians: `min_S angle(a S bᵀ)`.
    pub fn distance(&self, a: &Rotation, b: &Rotation) -> f64 {
        self.operators
            .iter()
            .map(|s| a.mul(s).angle_to(b))
            .fold(f64::INFINITY, f64::min)
    }

    /// The pose equivalent to `pose` that is nearest to `target`.
    pub fn nearest(&self, pose: &Rotation, target: &Rotation) -> Rotation {
        self.operators
            .iter()
            .map(|s| pose.mul(s))
            .min_by(|a, b| a.angle_to(target).total_cmp(&b.angle_to(target)))
            .unwrap_or(*pose)
    }
}

fn about(axis: [f64; 3], fold: u32) -> Rotation {
    let angle = 2.0 * PI / f64::from(fold) / dot(axis, axis).sqrt();
    Rotation::from_rotvec(axis.map(|c| c * angle))
}

/// Generators, order and (of Cn and Dn) the n of a group by its name in capitals.
fn generators(name: &str) -> Option<(Vec<Rotation>, usize, Option<u32>)> {
    const X: [f64; 3] = [1.0, 0.0, 0.0];
    const Z: [f64; 3] = [0.0, 0.0, 1.0];
    let golden = 0.5 * (1.0 + 5f64.sqrt());
    let fold = |text: &str| -> Option<u32> {
        let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        text.parse().ok().filter(|n| plain && (1..=MAX_FOLD).contains(n))
    };
    Some(match name {
        "T" => (vec![about(Z, 3), about([0.0, 2f64.sqrt(), 1.0], 2)], 12, None),
        "O" => (vec![about(Z, 4), about([1.0, 1.0, 1.0], 3)], 24, None),
        "I" | "I2" => (
            vec![
                about(Z, 2),
                about([1.0, 0.0, golden], 5),
                about([0.0, 1.0, golden * golden], 3),
            ],
            60,
            None,
        ),
        "I1" => (
            vec![
                about(X, 2),
                about([golden, 0.0, -1.0], 5),
                about([golden * golden, 1.0, 0.0], 3),
            ],
            60,
            None,
        ),
        "I3" => (vec![about(Z, 5), about([-1.0, 0.0, golden], 2)], 60, None),
        "I4" => (
            vec![about([1.0, 0.0, golden], 2), about([2.0, 0.0, 1.0], 5)],
            60,
            None,
        ),
        _ => {
            let n = fold(name.get(1..)?)?;
            match name.get(..1)? {
                "C" => (vec![about(Z, n)], n as usize, Some(n)),
                "D" => (vec![about(Z, n), about(X, 2)], 2 * n as usize, Some(n)),
                _ => return None,
            }
        }
    })
}

/// All products of the generators, the identity first; gives up beyond the expected order.
fn closure(generators: &[Rotation], expected: usize) -> Vec<Rotation> {
    let mut found = vec![Rotation::identity()];
    let mut next = 0;
    while next < found.len() && found.len() <= expected {
        for g in generators {
            let product = found[next].mul(g).renormalised();
            if found.iter().all(|f| f.angle_to(&product) > 1e-6) {
                found.push(product);
            }
        }
        next += 1;
    }
    found
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{healpix, so3};
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    const ALL: [(&str, usize); 16] = [
        ("C1", 1),
        ("c2", 2),
        ("C7", 7),
        ("C99", 99),
        ("D1", 2),
        ("d2", 4),
        ("D7", 14),
        ("D99", 198),
        (" t ", 12),
        ("O", 24),
        ("I", 60),
        ("i1", 60),
        ("I2", 60),
        ("I3", 60),
        ("I4", 60),
        ("C01", 1),
    ];

    #[test]
    fn names_are_canonical() {
        for (given, name) in [("c02", "C2"), (" d7 ", "D7"), ("i1", "I1"), ("i", "I")] {
            assert_eq!(PointGroup::parse(given).unwrap().name(), name);
        }
    }

    #[test]
    fn groups_close_with_the_right_order() {
        for (name, order) in ALL {
            let g = PointGroup::parse(name).unwrap();
            assert_eq!(g.order(), order, "{name}");
            assert_eq!(g.operators()[0], Rotation::identity());
            for a in g.operators() {
                for b in g.operators().iter().step_by(1 + order / 12) {
                    let p = a.mul(b);
                    assert!(
                        g.operators().iter().any(|c| c.angle_to(&p) < 1e-9),
                        "{name} is closed"
                    );
                }
                assert!(
                    g.operators().iter().any(|c| c.angle_to(&a.transpose()) < 1e-9),
                    "{name} has inverses"
                );
            }
        }
    }

    #[test]
    fn unknown_names_are_told_what_is_known() {
        for bad in [
            "", "C", "C0", "D-1", "C100", "I5", "E3", "C+2", "Ö", "C2 D2", "C2.0", "é",
        ] {
            let message = PointGroup::parse(bad).unwrap_err().to_string();
            assert!(
                message.contains("Cn") && message.contains("I4") && message.contains(bad.trim()),
                "{message}"
            );
        }
    }

    // The frames of the icosahedral settings, algorithms.md 0.8.
    #[test]
    fn icosahedral_settings_are_turned_copies() {
        let i2 = PointGroup::parse("I2").unwrap();
        let b = 31.717_474_411_461_f64.to_radians();
        for (name, turn) in [
            ("I1", Rotation::from_rotvec([0.0, 0.0, PI / 2.0])),
            ("I1", Rotation::from_rotvec([0.0, PI / 2.0, 0.0])),
            ("I3", Rotation::from_rotvec([0.0, -b, 0.0])),
            ("I4", Rotation::from_rotvec([0.0, b, 0.0])),
        ] {
            let g = PointGroup::parse(name).unwrap();
            for s in i2.operators() {
                let turned = turn.mul(s).mul(&turn.transpose());
                assert!(g.operators().iter().any(|o| o.angle_to(&turned) < 1e-6), "{name}");
            }
        }
    }

    #[test]
    fn asymmetric_unit_holds_its_share_of_directions() {
        for (name, order) in ALL {
            let g = PointGroup::parse(name).unwrap();
            let share =
                so3::asymmetric_directions(4, &g).len() as f64 * order as f64 / healpix::count(4) as f64;
            let tolerance = if order > 50 { 0.35 } else { 0.12 };
            assert!((share - 1.0).abs() < tolerance, "{name}: {share}");
        }
    }

    #[test]
    fn reduction_and_distance_respect_symmetry() {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        for name in ["C1", "C5", "D3", "T", "O", "I1"] {
            let g = PointGroup::parse(name).unwrap();
            for _ in 0..50 {
                let a = Rotation::random(&mut rng);
                let reduced = g.reduce(&a);
                assert!(g.in_asymmetric_unit(reduced.view_direction()));
                assert!(g.distance(&a, &reduced) < 1e-7);
                let s = g.operators()[g.order() - 1];
                let moved = a.mul(&s).perturbed([0.001, 0.0, 0.002]);
                assert!((g.distance(&a, &moved) - 5f64.sqrt() * 0.001).abs() < 1e-9);
                assert!(g.nearest(&moved, &a).angle_to(&a) < 0.0023);
                assert!(
                    g.reduce(&a.mul(&s)).angle_to(&reduced) < 1e-6,
                    "{name}: one representative"
                );
            }
        }
    }
}
