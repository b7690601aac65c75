//! A made-up molecule for demonstrations and tests that have no coordinate file.

use crate::molecule::{Atom, Molecule};
use crate::rotation::{Matrix, apply, uniform};
use crate::scattering::Element;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Da per residue of an average protein; 7.8 heavy atoms and their hydrogens.
const RESIDUE_DA: f64 = 110.0;

/// A pseudo-protein of about `mass_kda` kDa without symmetry: globular domains of packed α-helices joined into one
/// irregular body. The same `mass_kda` and `seed` give the same atoms. It resembles no real protein, but has one's
/// density, composition, helix geometry and B factors.
pub fn demo_molecule(mass_kda: f64, seed: u64) -> Molecule {
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0x6e69_6c61_7364_656d);
    let residues = (mass_kda.clamp(1.0, 20_000.0) * 1e3 / RESIDUE_DA).round() as usize;
    let mut domains = Vec::new();
    let mut left = residues;
    while left > 0 {
        let size = (70.0 + 180.0 * rng.random::<f64>()) as usize;
        let size = if left < size + 50 { left } else { size };
        domains.push(size);
        left -= size;
    }
    let mut atoms = Vec::with_capacity(residues * 8);
    let mut placed: Vec<([f64; 3], f64)> = Vec::new();
    for size in domains {
        // 133 Å³ per residue, loosely packed.
        let radius = (size as f64 * 133.0 * 1.15 * 3.0 / (4.0 * std::f64::consts::PI)).cbrt();
        let centre = touch_others(&placed, radius, &mut rng);
        placed.push((centre, radius));
        fill_with_helices(size, centre, radius, &mut atoms, &mut rng);
    }
    Molecule { atoms }
}

/// A place for a new ball that touches an earlier one and overlaps none by much.
fn touch_others(placed: &[([f64; 3], f64)], radius: f64, rng: &mut ChaCha8Rng) -> [f64; 3] {
    let mut best = ([0.0; 3], f64::INFINITY);
    if placed.is_empty() {
        return best.0;
    }
    for _ in 0..40 {
        let (partner, partner_radius) = placed[rng.random_range(0..placed.len())];
        let direction = uniform(rng)[2];
        let candidate: [f64; 3] =
            std::array::from_fn(|i| partner[i] + 0.92 * (partner_radius + radius) * direction[i]);
        let overlap: f64 = placed
            .iter()
            .map(|(other, r)| {
                let distance = crate::molecule::distance_squared(candidate, *other).sqrt();
                (0.9 * (r + radius) - distance).max(0.0)
            })
            .sum();
        // Compactness breaks ties, so that the body doesn't become a string of pearls.
        let spread = candidate.iter().map(|v| v * v).sum::<f64>().sqrt();
        let cost = overlap * 10.0 + 0.3 * spread;
        if cost < best.1 {
            best = (candidate, cost);
        }
    }
    best.0
}

/// Parallel helices 9.5 Å apart, cut by the domain's sphere, until the residues are used up.
fn fill_with_helices(
    size: usize,
    centre: [f64; 3],
    radius: f64,
    atoms: &mut Vec<Atom>,
    rng: &mut ChaCha8Rng,
) {
    let frame: Matrix = uniform(rng);
    let mut sites: Vec<[f64; 2]> = Vec::new();
    let reach = (radius / 9.5).ceil() as i32;
    for i in -reach..=reach {
        for j in -reach..=reach {
            let x = 9.5 * (f64::from(i) + 0.5 * f64::from(j & 1)) + rng.random_range(-1.0..1.0);
            let y = 9.5 * 0.866 * f64::from(j) + rng.random_range(-1.0..1.0);
            if x * x + y * y < radius * radius {
                sites.push([x, y]);
            }
        }
    }
    sites.sort_by(|a, b| (a[0] * a[0] + a[1] * a[1]).total_cmp(&(b[0] * b[0] + b[1] * b[1])));
    let mut left = size;
    for site in sites {
        let half_length = (radius * radius - site[0] * site[0] - site[1] * site[1])
            .max(0.0)
            .sqrt();
        let lean = [rng.random_range(-0.25..0.25), rng.random_range(-0.25..0.25)];
        let phase = rng.random_range(0.0..std::f64::consts::TAU);
        let length = ((2.0 * half_length / 1.5) as usize).min(left);
        for residue in 0..length {
            let z = 1.5 * residue as f64 - half_length;
            let angle = phase + residue as f64 * 100f64.to_radians();
            let axis = [site[0] + lean[0] * z, site[1] + lean[1] * z];
            let b = 30.0 + 50.0 * rng.random::<f64>().powi(2);
            // Backbone N, CA, C, O on the helix and a side chain of 4 atoms pointing outwards on average.
            let mut add = |element, r: f64, turn: f64, rise: f64| {
                let a = angle + turn;
                let local = [axis[0] + r * a.cos(), axis[1] + r * a.sin(), z + rise];
                let turned = apply(&frame, local);
                atoms.push(Atom {
                    element,
                    position_angstrom: std::array::from_fn(|i| centre[i] + turned[i]),
                    b_factor: b,
                    occupancy: 1.0,
                });
            };
            add(Element::N, 1.55, -0.50, -0.90);
            add(Element::C, 2.30, 0.0, 0.0);
            add(Element::C, 1.65, 0.45, 1.10);
            add(Element::O, 2.00, 0.55, 2.30);
            let side = 1 + (rng.random::<f64>() * 7.0) as usize;
            for step in 0..side {
                let element = match rng.random_range(0..20) {
                    0..=2 => Element::O,
                    3..=4 => Element::N,
                    5 if residue % 8 == 0 => Element::S,
                    _ => Element::C,
                };
                let bend = rng.random_range(-0.25..0.25);
                add(
                    element,
                    3.3 + 0.95 * step as f64,
                    bend,
                    rng.random_range(-1.2..1.2),
                );
            }
        }
        left -= length;
        if left == 0 {
            break;
        }
    }
}
