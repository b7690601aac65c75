//! Refinement of single positions: Nelder & Mead's simplex in three angles and three shifts.

use super::band::{Band, Moving};
use super::search::{Candidate, distinct};
use rayon::prelude::*;

/// Evaluations per refinement and start of the simplex.
const EVALUATIONS: usize = 200;

/// All candidates refined over one band, best first, those that ran into the same place counted once.
pub(super) fn refine_all(band: &Band, moving: &Moving, candidates: Vec<Candidate>) -> Vec<Candidate> {
    let refined: Vec<Candidate> = candidates.par_iter().map(|c| refine(band, moving, c)).collect();
    let count = refined.len();
    distinct(refined, count, 0.1 / band.shells as f64)
}

/// Those worth going on with: close to the best, few where the band is wide, and always one of the other hand.
pub(super) fn survivors(candidates: Vec<Candidate>, shells: usize) -> Vec<Candidate> {
    let Some(best) = candidates.first().copied() else {
        return candidates;
    };
    let most = if shells < 14 { 12 } else { 3 };
    let mut out: Vec<Candidate> = candidates
        .iter()
        .copied()
        .filter(|c| c.score > 0.6 * best.score)
        .take(most)
        .collect();
    if !out.iter().any(|c| c.mirrored != best.mirrored) {
        out.extend(candidates.iter().copied().find(|c| c.mirrored != best.mirrored));
    }
    out
}

fn refine(band: &Band, moving: &Moving, start: &Candidate) -> Candidate {
    // Angle and shift that move the outermost shell's phases by about a radian at the particle's rim.
    let angle = 0.6 / band.shells as f64;
    let shift = 0.1 / band.shells as f64;
    let place = |p: &[f64; 6]| Candidate {
        rotation: start
            .rotation
            .perturbed([p[0] * angle, p[1] * angle, p[2] * angle]),
        shift: [0, 1, 2].map(|i| start.shift[i] + p[3 + i] * shift),
        mirrored: start.mirrored,
        score: 0.0,
    };
    let mut evaluate = |p: &[f64; 6]| {
        let c = place(p);
        -band.score(moving, &c.rotation, c.shift, c.mirrored)
    };
    let (first, _) = minimise(&mut evaluate, [0.0; 6], 1.0, EVALUATIONS);
    // A second, smaller simplex gets out of a collapsed first one.
    let (p, value) = minimise(&mut evaluate, first, 0.2, EVALUATIONS / 2);
    Candidate {
        score: -value,
        ..place(&p)
    }
}

/// Nelder & Mead's simplex search: the best point and value after at most `evaluations`.
fn minimise(
    f: &mut impl FnMut(&[f64; 6]) -> f64,
    start: [f64; 6],
    size: f64,
    evaluations: usize,
) -> ([f64; 6], f64) {
    let mut simplex = vec![(start, f(&start))];
    for i in 0..6 {
        let mut p = start;
        p[i] += size;
        let value = f(&p);
        simplex.push((p, value));
    }
    let mut used = simplex.len();
    while used < evaluations {
        simplex.sort_by(|a, b| a.1.total_cmp(&b.1));
        let (best, worst) = (simplex[0], simplex[6]);
        if worst.1 - best.1 < 1e-9 && (0..6).all(|i| (worst.0[i] - best.0[i]).abs() < 1e-4) {
            break;
        }
        let mut centre = [0.0; 6];
        for (p, _) in &simplex[..6] {
            for i in 0..6 {
                centre[i] += p[i] / 6.0;
            }
        }
        let along =
            |t: f64| -> [f64; 6] { std::array::from_fn(|i| centre[i] + t * (worst.0[i] - centre[i])) };
        let mut attempt = |t: f64| {
            used += 1;
            let p = along(t);
            (p, f(&p))
        };
        let reflected = attempt(-1.0);
        simplex[6] = if reflected.1 < best.1 {
            let further = attempt(-2.0);
            if further.1 < reflected.1 {
                further
            } else {
                reflected
            }
        } else if reflected.1 < simplex[5].1 {
            reflected
        } else {
            let inside = attempt(if reflected.1 < worst.1 { -0.5 } else { 0.5 });
            if inside.1 < worst.1.min(reflected.1) {
                inside
            } else {
                for vertex in &mut simplex[1..] {
                    let p: [f64; 6] = std::array::from_fn(|i| 0.5 * (vertex.0[i] + best.0[i]));
                    *vertex = (p, f(&p));
                }
                used += 6;
                continue;
            }
        };
    }
    simplex
        .into_iter()
        .min_by(|a, b| a.1.total_cmp(&b.1))
        .unwrap_or((start, f64::INFINITY))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn simplex_finds_the_bottom_of_a_skew_bowl() {
        let target = [0.3, -0.2, 0.7, 1.1, -0.4, 0.05];
        let mut f = |p: &[f64; 6]| {
            let d: [f64; 6] = std::array::from_fn(|i| p[i] - target[i]);
            d.iter()
                .enumerate()
                .map(|(i, v)| (1.0 + i as f64) * v * v)
                .sum::<f64>()
                + d[0] * d[1]
                + d[2] * d[5]
        };
        let (first, _) = minimise(&mut f, [0.0; 6], 1.0, 400);
        let (p, value) = minimise(&mut f, first, 0.25, 400);
        assert!(
            value < 1e-6 && p.iter().zip(target).all(|(a, b)| (a - b).abs() < 1e-3),
            "{p:?} {value}"
        );
    }
}
