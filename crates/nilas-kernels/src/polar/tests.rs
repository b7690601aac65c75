#![allow(clippy::unwrap_used)]
use super::*;
use crate::Complex32;
use crate::disc::HalfDisc;
use crate::simd;
use crate::slice::{SplineVolume, tests::phantom};
use nilas_geometry::{Rotation, healpix};

fn directions(order: u32) -> Vec<Rotation> {
    healpix::directions(order)
        .into_iter()
        .map(|[rot, tilt]| Rotation::from_euler_rad(rot, tilt, 0.0))
        .collect()
}

struct Case {
    n: usize,
    volume: SplineVolume,
    disc: HalfDisc,
    grid: PolarGrid,
    values: Vec<Complex32>,
    truth: Rotation,
    shift: [f64; 2],
}

/// Low frequencies are weak, as in any defocused image: what makes the missing origin harmless.
fn ctf(kx: f32, ky: f32) -> f32 {
    1.0 - (-(kx * kx + ky * ky) / 18.0).exp()
}

/// A noise-free image of the phantom whose shift (to apply) is `shift`.
fn case() -> Case {
    let n = 32;
    let volume = SplineVolume::from_real(&phantom(n), n, 15).unwrap();
    let disc = HalfDisc::new(n, 13).unwrap();
    let grid = PolarGrid::new(n, 10, 11.0).unwrap();
    let truth = Rotation::from_euler_deg(47.0, 62.0, 123.0);
    let shift = [2.0, -1.0];
    let m = disc.len();
    let (mut re, mut im) = (vec![0.0; m], vec![0.0; m]);
    volume
        .slice(&truth.m, disc.kx(), disc.ky(), &mut re, &mut im)
        .unwrap();
    let values = (0..m)
        .map(|i| {
            let turns = (disc.kx()[i] as f64 * shift[0] + disc.ky()[i] as f64 * shift[1]) / n as f64;
            Complex32::new(re[i], im[i])
                * Complex32::from_polar(
                    ctf(disc.kx()[i], disc.ky()[i]),
                    (std::f64::consts::TAU * turns) as f32,
                )
        })
        .collect();
    Case {
        n,
        volume,
        disc,
        grid,
        values,
        truth,
        shift,
    }
}

fn rings(c: &Case) -> (Vec<f32>, Vec<f32>) {
    let sampler = PolarSampler::new(&c.grid, &c.disc).unwrap();
    let (mut re, mut im) = (vec![0.0; c.grid.len()], vec![0.0; c.grid.len()]);
    sampler
        .sample(&c.disc, &c.values, &mut re, &mut im, &mut Default::default())
        .unwrap();
    (re, im)
}

#[test]
fn ring_samples_match_the_slice() {
    let c = case();
    let (re, im) = rings(&c);
    let (mut er, mut ei) = (vec![0.0; re.len()], vec![0.0; re.len()]);
    c.volume
        .slice(&c.truth.m, c.grid.kx(), c.grid.ky(), &mut er, &mut ei)
        .unwrap();
    let (mut error, mut power) = (0.0f64, 0.0f64);
    for i in 0..re.len() {
        let turns = (c.grid.kx()[i] as f64 * c.shift[0] + c.grid.ky()[i] as f64 * c.shift[1]) / c.n as f64;
        let e = Complex32::new(er[i], ei[i])
            * Complex32::from_polar(
                ctf(c.grid.kx()[i], c.grid.ky()[i]),
                (std::f64::consts::TAU * turns) as f32,
            );
        error += (Complex32::new(re[i], im[i]) - e).norm_sqr() as f64;
        power += e.norm_sqr() as f64;
    }
    let relative = (error / power).sqrt();
    println!("relative rms error of ring samples: {relative:.5}");
    assert!(relative < 0.01);
}

#[test]
fn scores_match_the_reference_on_every_instruction_set() {
    let c = case();
    let (re, im) = rings(&c);
    // An astigmatic-looking factor whose ring mean matters.
    let factor: Vec<f32> = (0..re.len())
        .map(|i| 0.7 + 0.5 * (0.2 * c.grid.kx()[i] + 0.13 * c.grid.ky()[i]).sin())
        .collect();
    let image = PolarImage {
        re: &re,
        im: &im,
        factor: &factor,
    };
    let list = directions(1);
    let m: Vec<_> = list.iter().map(|d| d.m).collect();
    let templates = PolarTemplates::new(&c.volume, &m, &c.grid).unwrap();
    let shifts = [[0.0f32, 0.0], [1.0, 0.5], [-2.0, 3.0]];
    let options = SearchOptions {
        window: 1e9,
        max_hits: usize::MAX,
        rule: ScoreRule::Likelihood,
    };
    for level in simd::available() {
        let mut scratch = SearchScratch::new(&c.grid);
        let r = templates
            .search_at(level, &image, &shifts, None, &options, &mut scratch)
            .unwrap();
        assert_eq!(r.evaluated, list.len() * 3 * c.grid.angles());
        assert_eq!(r.hits.len(), r.evaluated);
        let top = r.hits[0].gain.abs() as f64;
        for h in r.hits.iter().step_by(97) {
            let s = shifts[h.shift as usize];
            let (cross, power) = reference::inner_products(
                &c.grid,
                &c.volume,
                &image,
                &list[h.direction as usize],
                h.psi as f64 * c.grid.psi_step(),
                [s[0] as f64, s[1] as f64],
            );
            let e = 2.0 * cross - power;
            assert!(
                (h.gain as f64 - e).abs() < 2e-3 * top,
                "{level:?}: {} {e}",
                h.gain
            );
        }
    }
}

#[test]
fn the_search_finds_pose_and_shift() {
    let c = case();
    let (re, im) = rings(&c);
    let factor: Vec<f32> = c
        .grid
        .kx()
        .iter()
        .zip(c.grid.ky())
        .map(|(x, y)| ctf(*x, *y))
        .collect();
    let image = PolarImage {
        re: &re,
        im: &im,
        factor: &factor,
    };
    let list = directions(3);
    let m: Vec<_> = list.iter().map(|d| d.m).collect();
    let templates = PolarTemplates::new(&c.volume, &m, &c.grid).unwrap();
    let shifts: Vec<[f32; 2]> = (-3..=3)
        .flat_map(|y| (-3..=3).map(move |x| [x as f32, y as f32]))
        .collect();
    let mut scratch = SearchScratch::new(&c.grid);
    for rule in [ScoreRule::Likelihood, ScoreRule::FreeScale] {
        let options = SearchOptions {
            window: 15.0,
            max_hits: 64,
            rule,
        };
        let r = templates
            .search(&image, &shifts, None, &options, &mut scratch)
            .unwrap();
        let best = r.hits[0];
        let pose = Rotation::from_euler_rad(0.0, 0.0, best.psi as f64 * c.grid.psi_step())
            .mul(&list[best.direction as usize]);
        let degrees = pose.angle_to(&c.truth).to_degrees();
        println!(
            "{rule:?}: {degrees:.2} deg off, shift {:?}",
            shifts[best.shift as usize]
        );
        assert!(degrees < 6.5);
        assert_eq!(shifts[best.shift as usize], [2.0, -1.0]);
        // The whole power of a noise-free image is the gain at the true pose, on the Cartesian half disc.
        let power: f32 = c.values[..c.disc.count(10)].iter().map(|v| v.norm_sqr()).sum();
        assert!((best.gain / power - 1.0).abs() < 0.1, "{} {power}", best.gain);
        assert!(r.entropy() >= 0.0 && r.log_sum_exp() >= best.gain as f64);
    }
}

#[test]
fn blocks_can_be_left_out() {
    let c = case();
    let (re, im) = rings(&c);
    let factor = vec![1.0; re.len()];
    let image = PolarImage {
        re: &re,
        im: &im,
        factor: &factor,
    };
    let m: Vec<_> = directions(2).iter().map(|d| d.m).collect();
    let templates = PolarTemplates::new(&c.volume, &m, &c.grid).unwrap();
    let mut scratch = SearchScratch::new(&c.grid);
    let options = SearchOptions {
        window: 15.0,
        max_hits: 8,
        rule: ScoreRule::Likelihood,
    };
    let mut keep = vec![false; templates.block_count()];
    keep[3] = true;
    let r = templates
        .search(&image, &[[0.0, 0.0]], Some(&keep), &options, &mut scratch)
        .unwrap();
    assert!(r.hits.iter().all(|h| h.direction / 16 == 3) && !r.hits.is_empty());
    assert!(
        templates
            .search(&image, &[], None, &options, &mut scratch)
            .is_err()
    );
}
