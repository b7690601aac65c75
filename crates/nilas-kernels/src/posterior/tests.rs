#![allow(clippy::unwrap_used)]
use super::*;
use crate::simd;
use num_complex::Complex32;

struct Generator(u64);

impl Generator {
    fn next(&mut self) -> f32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1u64 << 24) as f32 - 0.5
    }

    fn spectrum(&mut self, layout: &PolarLayout) -> Vec<Complex32> {
        let mut out: Vec<_> = (0..layout.pairs())
            .map(|_| Complex32::new(self.next(), self.next()))
            .collect();
        // Order 0 of a ring with F(phi + pi) = conj F(phi) is real.
        out[..layout.rings()].iter_mut().for_each(|v| v.im = 0.0);
        out
    }
}

const ANGLES: usize = 32;
const RINGS: usize = 5;
const DIRECTIONS: usize = 21;
const SHIFTS: usize = 6;

struct Case {
    templates: TemplateSet,
    /// `[class][direction]` half circles
    y: Vec<Vec<Complex32>>,
    z: Vec<Vec<Complex32>>,
    image: PolarImage,
    weights: Vec<f32>,
    layout: PolarLayout,
}

fn case() -> Case {
    let mut random = Generator(7);
    let layout = PolarLayout::new(ANGLES, RINGS, |q| 3 + 2 * q).unwrap();
    let mut templates = TemplateSet::new(&layout, 2, DIRECTIONS).unwrap();
    let weights: Vec<f32> = (0..RINGS).map(|_| 0.6 + 0.3 * random.next()).collect();
    let samples = |spectrum: &[Complex32]| {
        let mut out = vec![Complex32::default(); RINGS * ANGLES / 2];
        layout.samples(spectrum, &mut out).unwrap();
        out
    };
    let mut y = Vec::new();
    for class in 0..2 {
        for direction in 0..DIRECTIONS {
            let spectrum = random.spectrum(&layout);
            templates
                .set(class, direction, &spectrum, &weights, 0.1 * direction as f32)
                .unwrap();
            y.push(samples(&spectrum));
        }
    }
    let spectra: Vec<Vec<Complex32>> = (0..SHIFTS).map(|_| random.spectrum(&layout)).collect();
    let z = spectra.iter().map(|s| samples(s)).collect();
    let image = PolarImage {
        spectra: spectra.concat(),
        shift_log_prior: (0..SHIFTS).map(|t| -0.2 * t as f32).collect(),
        transfer_power: (0..RINGS).map(|_| 0.5 + random.next().abs()).collect(),
    };
    Case {
        templates,
        y,
        z,
        image,
        weights,
        layout,
    }
}

/// Scores by the oracle: `[class][direction][shift][angle]`.
fn oracle(case: &Case) -> Vec<f64> {
    let mut out = Vec::new();
    for (i, y) in case.y.iter().enumerate() {
        for (t, z) in case.z.iter().enumerate() {
            for angle in 0..ANGLES {
                let s = reference::score(y, z, &case.image.transfer_power, &case.weights, ANGLES, angle);
                out.push(s + 0.1 * (i % DIRECTIONS) as f64 - 0.2 * t as f64);
            }
        }
    }
    out
}

#[test]
fn spectrum_and_samples_are_inverse() {
    let layout = PolarLayout::new(ANGLES, RINGS, |q| 2 * q).unwrap();
    let spectrum = Generator(3).spectrum(&layout);
    let mut samples = vec![Complex32::default(); RINGS * ANGLES / 2];
    layout.samples(&spectrum, &mut samples).unwrap();
    let mut back = vec![Complex32::default(); layout.pairs()];
    layout.spectrum(&samples, &mut back).unwrap();
    for (a, b) in spectrum.iter().zip(&back) {
        assert!((a - b).norm() < 1e-6, "{a} {b}");
    }
    assert!(PolarLayout::new(30, RINGS, |_| 3).is_err());
    assert!(PolarLayout::new(32, 0, |_| 3).is_err());
}

#[test]
fn posterior_equals_the_oracle_on_every_instruction_set() {
    let case = case();
    let scores = oracle(&case);
    let best = (0..scores.len())
        .max_by(|a, b| scores[*a].total_cmp(&scores[*b]))
        .unwrap();
    let total: f64 = scores.iter().map(|s| (s - scores[best]).exp()).sum();
    let expected = BestPose {
        class: best / (DIRECTIONS * SHIFTS * ANGLES),
        direction: best / (SHIFTS * ANGLES) % DIRECTIONS,
        shift: best / ANGLES % SHIFTS,
        angle: best % ANGLES,
    };
    let p: Vec<f64> = scores.iter().map(|s| (s - scores[best]).exp() / total).collect();
    let entropy: f64 = p.iter().map(|p| if *p > 0.0 { -p * p.ln() } else { 0.0 }).sum();
    for level in simd::available() {
        let mut scratch = Scratch::default();
        let got = case
            .templates
            .evaluate_at(level, &case.image, None, &mut scratch)
            .unwrap();
        assert_eq!(got.best, expected);
        assert!(
            (f64::from(got.best_score) - scores[best]).abs() < 2e-3,
            "{} {}",
            got.best_score,
            scores[best]
        );
        assert!((f64::from(got.log_sum) - scores[best] - total.ln()).abs() < 2e-3);
        assert!(
            (f64::from(got.entropy) - entropy).abs() < 5e-3,
            "{} {entropy}",
            got.entropy
        );
        let class_1: f64 = p[p.len() / 2..].iter().sum();
        assert!((f64::from(got.class_weights[1]) - class_1).abs() < 1e-3);
        let shift_2: f64 = p.chunks(ANGLES).skip(2).step_by(SHIFTS).flatten().sum();
        assert!((f64::from(got.shift_weights[2]) - shift_2).abs() < 1e-3);
    }
}

#[test]
fn sums_equal_the_oracle_on_every_instruction_set() {
    let case = case();
    let scores = oracle(&case);
    let best = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let total: f64 = scores.iter().map(|s| (s - best).exp()).sum();
    for level in simd::available() {
        let mut scratch = Scratch::default();
        let mut gradient = GradientSet::new(&case.templates);
        case.templates
            .evaluate_at(level, &case.image, None, &mut scratch)
            .unwrap();
        case.templates
            .accumulate_at(level, &case.image, 2.0, &mut scratch, &mut gradient)
            .unwrap();
        let mut everything = GradientSet::new(&case.templates);
        everything.add(&gradient).unwrap();
        let mut spectrum = vec![Complex32::default(); case.layout.pairs()];
        let mut power = vec![0.0; RINGS];
        let (mut worst, mut weight_sum) = (0.0f64, 0.0f64);
        for i in 0..2 * DIRECTIONS {
            let (class, direction) = (i / DIRECTIONS, i % DIRECTIONS);
            everything
                .get(class, direction, &mut spectrum, &mut power)
                .unwrap();
            let mut got = vec![Complex32::default(); RINGS * ANGLES / 2];
            case.layout.samples(&spectrum, &mut got).unwrap();
            let p = &scores[i * SHIFTS * ANGLES..(i + 1) * SHIFTS * ANGLES];
            let p: Vec<f64> = p.iter().map(|s| 2.0 * (s - best).exp() / total).collect();
            let weight: f64 = p.iter().sum();
            weight_sum += f64::from(everything.weight(class, direction));
            worst = worst.max((f64::from(power[1]) - weight * f64::from(case.image.transfer_power[1])).abs());
            for q in 0..RINGS {
                for j in 0..ANGLES / 2 {
                    // An image under angle psi lands psi further round in the template's frame.
                    let mut sum = num_complex::Complex64::default();
                    for (t, z) in case.z.iter().enumerate() {
                        for angle in 0..ANGLES {
                            sum +=
                                p[t * ANGLES + angle] * reference::sample(z, q, ANGLES, j + ANGLES - angle);
                        }
                    }
                    let v = got[q * ANGLES / 2 + j];
                    worst = worst.max((sum - num_complex::Complex64::new(v.re.into(), v.im.into())).norm());
                }
            }
        }
        assert!(worst < 2e-3, "{level:?}: {worst:e}");
        assert!((weight_sum - 2.0).abs() < 1e-3);
    }
}

#[test]
fn blocks_left_out_get_no_weight() {
    let case = case();
    let mut scratch = Scratch::default();
    let all = case.templates.evaluate(&case.image, &mut scratch).unwrap();
    let mut active = Vec::new();
    scratch.blocks_within(1e9, case.templates.blocks(), &mut active);
    assert_eq!(active, vec![true; 4]);
    scratch.blocks_within(0.0, case.templates.blocks(), &mut active);
    assert_eq!(active.iter().filter(|a| **a).count(), 1);
    let best = case
        .templates
        .evaluate_blocks(&case.image, &active, &mut scratch)
        .unwrap();
    assert_eq!((best.best, best.best_score), (all.best, all.best_score));
    assert!(best.log_sum < all.log_sum);
    // Only the blocks of the other class: all weight goes there.
    let other: Vec<bool> = (0..4).map(|block| block / 2 != all.best.class).collect();
    let posterior = case
        .templates
        .evaluate_blocks(&case.image, &other, &mut scratch)
        .unwrap();
    assert!((posterior.class_weights[1 - all.best.class] - 1.0).abs() < 1e-5);
    assert!(
        case.templates
            .evaluate_blocks(&case.image, &other[1..], &mut scratch)
            .is_err()
    );
}

#[test]
fn wrong_shapes_are_refused() {
    let mut case = case();
    let mut scratch = Scratch::default();
    case.image.transfer_power.pop();
    assert!(case.templates.evaluate(&case.image, &mut scratch).is_err());
    assert!(
        case.templates
            .set(
                0,
                DIRECTIONS,
                &vec![Complex32::default(); case.layout.pairs()],
                &case.weights,
                0.0
            )
            .is_err()
    );
    assert!(TemplateSet::new(&case.layout, 0, 1).is_err());
    case.image.transfer_power.push(f32::NAN);
    assert!(case.templates.evaluate(&case.image, &mut scratch).is_err());
}
