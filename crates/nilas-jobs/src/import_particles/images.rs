//! A look at the images themselves.

use crate::context::{JobContext, read_failure};
use crate::failure;
use crate::figures;
use crate::particles::ParticleImages;
use nilas_model::Failure;
use nilas_model::figure::GreyImage;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Images shown in the figure.
const SHOWN: usize = 24;
/// Bad images named in a message.
const NAMED: usize = 5;
/// How sure the sign of the contrast must be before it is called wrong, in standard errors.
const SURE: f64 = 6.0;

/// What was seen.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub looked_at: usize,
    /// Particles with NaN or infinite values, or one value only.
    pub bad: Vec<usize>,
    pub not_finite: usize,
    pub constant: usize,
    /// Images that equal an earlier one.
    pub repeated: usize,
    pub first_repeat: Option<(usize, usize)>,
    /// Mean brightness of the middle above the rim, in standard errors; negative when protein seems dark.
    pub contrast_sigma: f64,
    pub shown: Vec<GreyImage>,
}

/// Looks at `sample` images spread evenly over the particles.
pub(super) fn look(context: &JobContext, images: &ParticleImages, sample: usize) -> Result<Seen, Failure> {
    let count = images.len();
    let sample = sample.clamp(1, count);
    let n = images.box_size();
    let mut image = vec![0.0f32; n * n];
    let mut seen = Seen::default();
    let mut hashes: HashMap<u64, usize> = HashMap::new();
    let mut contrasts = Vec::with_capacity(sample);
    let mut progress = context.progress("images looked at", sample as u64);
    for i in 0..sample {
        context.check_cancelled()?;
        let particle = (i as u128 * count as u128 / sample as u128) as usize;
        images
            .read(&[particle], &mut image)
            .map_err(|e| read_failure(e, "params.path"))?;
        if i % sample.div_ceil(SHOWN) == 0 {
            seen.shown.push(figures::grey_image(
                &image,
                n,
                &format!("particle {}", particle + 1),
            ));
        }
        seen.looked_at += 1;
        if image.iter().any(|v| !v.is_finite()) {
            seen.not_finite += 1;
            seen.bad.push(particle);
        } else if image.iter().all(|v| *v == image[0]) {
            seen.constant += 1;
            seen.bad.push(particle);
        } else {
            contrasts.push(middle_above_rim(&image, n));
            let mut hasher = DefaultHasher::new();
            image.iter().for_each(|v| v.to_bits().hash(&mut hasher));
            let first = *hashes.entry(hasher.finish()).or_insert(particle);
            if first != particle {
                seen.repeated += 1;
                seen.first_repeat.get_or_insert((first, particle));
            }
        }
        progress.at(i as u64 + 1)?;
    }
    seen.contrast_sigma = standard_errors(&contrasts);
    Ok(seen)
}

/// Stops the import when what was seen can't be particles.
pub(super) fn judge(seen: &Seen, images: &ParticleImages) -> Result<(), Failure> {
    if !seen.bad.is_empty() {
        let places: Vec<String> = seen
            .bad
            .iter()
            .take(NAMED)
            .map(|&p| format!("particle {} ({})", p + 1, images.place(p)))
            .collect();
        return Err(failure::input(
            "params.path",
            format!(
                "Of {} images looked at, {} hold NaN or infinite values and {} hold one value only: {}{}.",
                seen.looked_at,
                seen.not_finite,
                seen.constant,
                places.join(", "),
                if seen.bad.len() > NAMED { ", ..." } else { "" }
            ),
            "Switch on drop_bad_images to leave such images out, or extract the particles again.",
        ));
    }
    if seen.looked_at > 1 && seen.repeated + 1 == seen.looked_at {
        return Err(failure::input(
            "params.path",
            format!("All {} images looked at are identical.", seen.looked_at),
            "Check how the stack was made: no map can come from one image.",
        ));
    }
    Ok(())
}

/// What is odd enough to tell.
pub(super) fn warnings(seen: &Seen, dark_protein: bool) -> Vec<String> {
    let mut warnings = Vec::new();
    if let Some((first, second)) = seen.first_repeat {
        warnings.push(format!(
            "{} of {} images looked at equal an earlier one, for example particles {} and {}. Repeated images in \
             both halves make the resolution look better than it is.",
            seen.repeated,
            seen.looked_at,
            first + 1,
            second + 1
        ));
    }
    if seen.contrast_sigma < -SURE {
        warnings.push(format!(
            "The middle of the images is darker than the rim (by {:.0} standard errors): protein seems to be dark. \
             {} dark_protein and import again, or the map will come out inverted.",
            -seen.contrast_sigma,
            if dark_protein { "Switch off" } else { "Switch on" }
        ));
    }
    warnings
}

/// Mean inside a quarter of the box edge minus the mean outside 0.4 of it, over the standard deviation.
fn middle_above_rim(image: &[f32], n: usize) -> f64 {
    let centre = (n / 2) as f64;
    let (inner, outer) = ((0.25 * n as f64).powi(2), (0.42 * n as f64).powi(2));
    let (mut middle, mut rim, mut all) = ((0.0, 0u32), (0.0, 0u32), (0.0, 0.0));
    for (y, row) in image.chunks_exact(n).enumerate() {
        for (x, value) in row.iter().enumerate() {
            let value = f64::from(*value);
            let r2 = (x as f64 - centre).powi(2) + (y as f64 - centre).powi(2);
            if r2 <= inner {
                middle = (middle.0 + value, middle.1 + 1);
            } else if r2 >= outer {
                rim = (rim.0 + value, rim.1 + 1);
            }
            all = (all.0 + value, all.1 + value * value);
        }
    }
    let count = image.len() as f64;
    let deviation = (all.1 / count - (all.0 / count).powi(2)).max(0.0).sqrt();
    if deviation == 0.0 || middle.1 == 0 || rim.1 == 0 {
        return 0.0;
    }
    (middle.0 / f64::from(middle.1) - rim.0 / f64::from(rim.1)) / deviation
}

/// Mean over its standard error; 0 for fewer than ten values.
fn standard_errors(values: &[f64]) -> f64 {
    let count = values.len() as f64;
    if values.len() < 10 {
        return 0.0;
    }
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (count - 1.0);
    if variance == 0.0 {
        0.0
    } else {
        mean / (variance / count).sqrt()
    }
}
