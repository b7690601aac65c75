//! The current maps: templates from them, and maps from the accumulated images.

use super::AbInitioError;
use super::images::PolarPlan;
use super::params::Resolved;
use super::schedule::Settings;
use nilas_geometry::{Rotation, healpix};
use nilas_kernels::Complex32;
use nilas_kernels::insert::{Accumulator, InsertItem};
use nilas_kernels::posterior::{GradientSet, PolarLayout, TemplateSet};
use nilas_kernels::slice::SplineVolume;
use rand::{Rng, RngExt};
use rayon::prelude::*;

/// One class.
#[derive(Clone)]
pub(super) struct Class {
    /// (crop, crop, crop)
    pub volume: Vec<f32>,
    /// Trailing sums of the two interleaved halves.
    pub halves: [Accumulator; 2],
    /// Correlation of the halves per Fourier pixel, from 0.
    pub fsc: Vec<f64>,
    pub share: f64,
}

/// All classes and the noise.
#[derive(Clone)]
pub(super) struct Model {
    /// Side of the volumes, voxels of `edge / crop`.
    pub crop: usize,
    pub classes: Vec<Class>,
    /// Residual variance per ring in units of the background's.
    pub noise: Vec<f32>,
}

/// Directions of one iteration with their templates.
pub(super) struct Projections {
    pub layout: PolarLayout,
    pub templates: TemplateSet,
    /// Pose of each direction at in-plane angle 0.
    pub rotations: Vec<Rotation>,
    /// `[class][direction][pair]`
    spectra: Vec<Complex32>,
    kx: Vec<f32>,
    ky: Vec<f32>,
}

impl Projections {
    /// Sample places of the iteration, Fourier pixels.
    pub fn places(&self) -> (&[f32], &[f32]) {
        (&self.kx, &self.ky)
    }

    pub fn spectrum(&self, class: usize, direction: usize) -> &[Complex32] {
        let pairs = self.layout.pairs();
        &self.spectra[(class * self.rotations.len() + direction) * pairs..][..pairs]
    }
}

impl Model {
    /// Random smooth blobs inside the particle's sphere.
    pub fn random(
        plan: &PolarPlan,
        resolved: &Resolved,
        classes: usize,
        rng: &mut impl Rng,
    ) -> Result<Self, AbInitioError> {
        let crop = plan.crop;
        let voxel = resolved.edge / crop as f64;
        let radius = 0.5 * resolved.diameter;
        let classes = (0..classes)
            .map(|_| {
                let blobs: Vec<([f64; 3], f64, f64)> = (0..40)
                    .map(|_| {
                        let place = Rotation::random(rng).m[2]
                            .map(|v| v * 0.62 * radius * rng.random::<f64>().cbrt());
                        (
                            place,
                            rng.random_range(0.12..0.25) * radius,
                            rng.random_range(0.3..1.0),
                        )
                    })
                    .collect();
                let volume = sample(crop, |p| {
                    blobs
                        .iter()
                        .map(|(place, sigma, height)| {
                            let d2: f64 = p.iter().zip(place).map(|(p, q)| (p * voxel - q).powi(2)).sum();
                            height * (-0.5 * d2 / (sigma * sigma)).exp()
                        })
                        .sum::<f64>()
                });
                Ok(Class {
                    volume,
                    halves: [
                        Accumulator::new(crop, plan.rings)?,
                        Accumulator::new(crop, plan.rings)?,
                    ],
                    fsc: vec![0.0; plan.rings + 1],
                    share: 1.0,
                })
            })
            .collect::<Result<Vec<_>, AbInitioError>>()?;
        Ok(Self {
            crop,
            classes,
            noise: vec![1.0; plan.rings],
        })
    }

    /// Templates of all classes over a randomly turned grid of directions.
    pub fn project(
        &self,
        plan: &PolarPlan,
        resolved: &Resolved,
        settings: &Settings,
        turn: &Rotation,
    ) -> Result<Projections, AbInitioError> {
        let band = |q: usize| {
            (std::f64::consts::PI * resolved.diameter * q as f64 / resolved.edge + 6.0).ceil() as usize
        };
        let layout = PolarLayout::new(settings.angles, settings.rings, band)?;
        let (kx, ky) = ring_places(plan, settings);
        let mut rotations: Vec<Rotation> = healpix::directions(settings.order)
            .into_iter()
            .map(|[rot, tilt]| Rotation::from_euler_rad(rot, tilt, 0.0).mul(turn))
            .collect();
        rotations.retain(|r| resolved.group.in_asymmetric_unit(r.view_direction()));
        let directions = rotations.len();
        let pairs = layout.pairs();
        let mut spectra = vec![Complex32::default(); self.classes.len() * directions * pairs];
        for (class, out) in self
            .classes
            .iter()
            .zip(spectra.chunks_exact_mut(directions * pairs))
        {
            let volume = SplineVolume::from_real(&class.volume, self.crop, settings.rings)?;
            out.par_chunks_exact_mut(pairs)
                .zip(&rotations)
                .try_for_each_init(
                    || {
                        (
                            vec![0.0f32; kx.len()],
                            vec![0.0f32; kx.len()],
                            vec![Complex32::default(); kx.len()],
                        )
                    },
                    |(re, im, samples), (out, rotation)| {
                        volume.slice(&rotation.m, &kx, &ky, re, im)?;
                        for (s, (re, im)) in samples.iter_mut().zip(re.iter().zip(im.iter())) {
                            *s = Complex32::new(*re, *im);
                        }
                        layout.spectrum(samples, out)
                    },
                )?;
        }
        let mut templates = TemplateSet::new(&layout, self.classes.len(), directions)?;
        let weights: Vec<f32> = self.noise[..settings.rings]
            .iter()
            .zip(&plan.excess)
            .map(|(n, e)| 1.0 / (n + settings.heat * e))
            .collect();
        for class in 0..self.classes.len() {
            for direction in 0..directions {
                let spectrum = &spectra[(class * directions + direction) * pairs..][..pairs];
                templates.set(class, direction, spectrum, &weights, 0.0)?;
            }
        }
        Ok(Projections {
            layout,
            templates,
            rotations,
            spectra,
            kx,
            ky,
        })
    }

    /// Scales the volumes so that the templates' power is what the images have beyond their noise.
    pub fn match_power(
        &mut self,
        plan: &PolarPlan,
        resolved: &Resolved,
        settings: &Settings,
        transfer_power: &[f32],
    ) -> Result<(), AbInitioError> {
        let projections = self.project(plan, resolved, settings, &Rotation::identity())?;
        let (mut wanted, mut found) = (0.0f64, 0.0f64);
        let directions = projections.rotations.len();
        for q in 0..settings.rings {
            wanted += (q + 1) as f64 * plan.coverage * f64::from(plan.excess[q]);
            let mean: f64 = (0..self.classes.len() * directions)
                .map(|i| {
                    ring_power(
                        &projections.layout,
                        projections.spectrum(i / directions, i % directions),
                        q,
                    )
                })
                .sum::<f64>()
                / (self.classes.len() * directions) as f64;
            found += (q + 1) as f64 * f64::from(transfer_power[q]) * mean;
        }
        if found > 0.0 && wanted > 0.0 {
            let scale = (wanted / found).sqrt() as f32;
            for class in &mut self.classes {
                class.volume.iter_mut().for_each(|v| *v *= scale);
            }
        }
        Ok(())
    }

    /// Puts a batch's sums into the trailing averages: `gradients` per half, from `images` images in all.
    pub fn absorb(
        &mut self,
        projections: &Projections,
        gradients: &[GradientSet; 2],
        images: usize,
        settings: &Settings,
        resolved: &Resolved,
    ) -> Result<(), AbInitioError> {
        let layout = &projections.layout;
        let half_angles = settings.angles / 2;
        let samples = settings.rings * half_angles;
        let operators = resolved.group.operators();
        let scale = settings.step / images.max(1) as f32;
        for (k, class) in self.classes.iter_mut().enumerate() {
            for (half, gradient) in class.halves.iter_mut().zip(gradients) {
                half.scale(1.0 - settings.step);
                let noise = &self.noise;
                let parts: Vec<Option<[Vec<f32>; 3]>> = (0..projections.rotations.len())
                    .into_par_iter()
                    .map(|d| {
                        if gradient.weight(k, d) <= 1e-6 {
                            return Ok(None);
                        }
                        let mut spectrum = vec![Complex32::default(); layout.pairs()];
                        let mut power = vec![0.0f32; settings.rings];
                        gradient.get(k, d, &mut spectrum, &mut power)?;
                        let mut values = vec![Complex32::default(); samples];
                        layout.samples(&spectrum, &mut values)?;
                        let mut parts = [
                            vec![0.0f32; samples],
                            vec![0.0f32; samples],
                            vec![0.0f32; samples],
                        ];
                        for (i, v) in values.iter().enumerate() {
                            let ring = i / half_angles;
                            // Information per sample: a ring's pi q coefficients over its samples.
                            let w = scale * (ring + 1) as f32 / noise[ring];
                            parts[0][i] = v.re * w;
                            parts[1][i] = v.im * w;
                            parts[2][i] = power[ring] * w;
                        }
                        Ok(Some(parts))
                    })
                    .collect::<Result<_, AbInitioError>>()?;
                let mut items = Vec::new();
                for (rotation, [re, im, weight]) in projections
                    .rotations
                    .iter()
                    .zip(&parts)
                    .filter_map(|(r, p)| p.as_ref().map(|p| (r, p)))
                {
                    for operator in operators {
                        items.push(InsertItem {
                            rotation: rotation.mul(operator).m,
                            re,
                            im,
                            weight,
                        });
                    }
                }
                half.insert(&items, &projections.kx, &projections.ky)?;
            }
        }
        Ok(())
    }

    /// Updates the noise from the batch's residuals.
    pub fn update_noise(
        &mut self,
        projections: &Projections,
        gradients: &[GradientSet; 2],
        mean_power: &[f32],
        images: usize,
        settings: &Settings,
        coverage: f64,
    ) -> Result<(), AbInitioError> {
        let layout = &projections.layout;
        let directions = projections.rotations.len();
        let mut spectrum = vec![Complex32::default(); layout.pairs()];
        let mut weight = vec![0.0f32; settings.rings];
        let mut explained = vec![0.0f64; settings.rings];
        for i in 0..self.classes.len() * directions {
            let (k, d) = (i / directions, i % directions);
            for gradient in gradients {
                if gradient.weight(k, d) <= 1e-6 {
                    continue;
                }
                gradient.get(k, d, &mut spectrum, &mut weight)?;
                let template = projections.spectrum(k, d);
                let cross = ring_products(layout, template, &spectrum);
                for q in 0..settings.rings {
                    explained[q] += 2.0 * cross[q] - f64::from(weight[q]) * ring_power(layout, template, q);
                }
            }
        }
        for q in 0..settings.rings {
            // What the window keeps out was noise too.
            let residual = (f64::from(mean_power[q]) - explained[q] / images.max(1) as f64) / coverage;
            let bounded = residual.clamp(0.5, (f64::from(mean_power[q]) / coverage).max(0.5) * 1.2) as f32;
            self.noise[q] += 0.3 * (bounded - self.noise[q]);
        }
        Ok(())
    }

    /// New volumes from the trailing sums: halves compared, Wiener filter from their correlation, support imposed.
    pub fn reconstruct(&mut self, resolved: &Resolved, settings: &Settings) -> Result<(), AbInitioError> {
        let voxel = resolved.edge / self.crop as f64;
        let shells = self.noise.len() + 2;
        for class in &mut self.classes {
            let first = class.halves[0].fold();
            let second = class.halves[1].fold();
            let size = first.weight.len();
            let shell: Vec<usize> = (0..size)
                .into_par_iter()
                .map(|i| first.distance(i).round() as usize)
                .collect();
            let mut density = vec![0.0f64; shells];
            let mut cells = vec![0.0f64; shells];
            for i in 0..size {
                if shell[i] < shells {
                    density[shell[i]] += f64::from(first.weight[i] + second.weight[i]);
                    cells[shell[i]] += 1.0;
                }
            }
            for (d, c) in density.iter_mut().zip(&cells) {
                *d /= c.max(1.0);
            }
            // Halves with a light floor, so that empty cells don't blow up.
            let mut sums = vec![[0.0f64; 3]; shells];
            for i in 0..size {
                let s = shell[i];
                if s >= shells || density[s] <= 0.0 {
                    continue;
                }
                let floor = 0.1 * density[s] as f32;
                let a = first.numerator[i] / (first.weight[i] + floor);
                let b = second.numerator[i] / (second.weight[i] + floor);
                sums[s][0] += f64::from((a * b.conj()).re);
                sums[s][1] += f64::from(a.norm_sqr());
                sums[s][2] += f64::from(b.norm_sqr());
            }
            for (s, fsc) in class.fsc.iter_mut().enumerate() {
                let [ab, a, b] = sums[s];
                *fsc = if s == 0 || s > settings.rings {
                    if s == 0 { 1.0 } else { 0.0 }
                } else if a > 0.0 && b > 0.0 {
                    ab / (a * b).sqrt()
                } else {
                    0.0
                };
            }
            let regular: Vec<f32> = (0..shells)
                .map(|s| {
                    let half = class.fsc.get(s).copied().unwrap_or(0.0).clamp(0.02, 0.995);
                    let ssnr = 2.0 * half / (1.0 - half);
                    ((1.0 / ssnr).max(0.02) * density[s]) as f32
                })
                .collect();
            let spectrum: Vec<Complex32> = (0..size)
                .into_par_iter()
                .map(|i| {
                    let s = shell[i];
                    if s == 0 || s > settings.rings || density[s] <= 0.0 {
                        return Complex32::default();
                    }
                    (first.numerator[i] + second.numerator[i])
                        / (first.weight[i] + second.weight[i] + regular[s])
                })
                .collect();
            let mut volume = first.to_real_within(&spectrum, settings.rings as f64 + 0.5)?;
            apply_support(&mut volume, self.crop, voxel, 0.5 * resolved.diameter);
            class.volume = volume;
        }
        Ok(())
    }
}

/// Values of a centred (n, n, n) grid from a function of the place in voxels from the centre.
pub(super) fn sample(n: usize, value: impl Fn([f64; 3]) -> f64 + Sync) -> Vec<f32> {
    let half = (n / 2) as f64;
    (0..n * n * n)
        .into_par_iter()
        .map(|i| value([i % n, i / n % n, i / (n * n)].map(|v| v as f64 - half)) as f32)
        .collect()
}

/// Soft sphere: what lies outside is solvent, whose level becomes 0.
pub(super) fn apply_support(volume: &mut [f32], n: usize, voxel: f64, radius: f64) {
    let half = (n / 2) as f64;
    let edge = (0.12 * radius).max(2.0 * voxel);
    let weight = |i: usize| {
        let r2: f64 = [i % n, i / n % n, i / (n * n)]
            .iter()
            .map(|v| (*v as f64 - half).powi(2))
            .sum();
        let t = ((r2.sqrt() * voxel - radius) / edge).clamp(0.0, 1.0);
        0.5 + 0.5 * (std::f64::consts::PI * t).cos()
    };
    let limit = (half - 1.0).powi(2);
    let (mut sum, mut count) = (0.0f64, 0.0f64);
    for (i, v) in volume.iter().enumerate() {
        let r2: f64 = [i % n, i / n % n, i / (n * n)]
            .iter()
            .map(|v| (*v as f64 - half).powi(2))
            .sum();
        if r2 < limit {
            let outside = 1.0 - weight(i);
            sum += outside * f64::from(*v);
            count += outside;
        }
    }
    let solvent = if count > 0.0 { sum / count } else { 0.0 };
    volume.par_iter_mut().enumerate().for_each(|(i, v)| {
        *v = ((f64::from(*v) - solvent) * weight(i)) as f32;
    });
}

/// Sample places `[ring][angles / 2]` for the rings and angles of an iteration.
fn ring_places(plan: &PolarPlan, settings: &Settings) -> (Vec<f32>, Vec<f32>) {
    let (fine, stride) = (plan.angles / 2, plan.angles / settings.angles);
    let pick = |all: &[f32]| -> Vec<f32> {
        (0..settings.rings)
            .flat_map(|q| (0..settings.angles / 2).map(move |j| q * fine + j * stride))
            .map(|i| all[i])
            .collect()
    };
    (pick(&plan.kx), pick(&plan.ky))
}

/// Mean of |F|² over a ring, from its spectrum.
pub(super) fn ring_power(layout: &PolarLayout, spectrum: &[Complex32], ring: usize) -> f64 {
    layout
        .ring_entries(ring)
        .map(|(order, i)| if order == 0 { 1.0 } else { 2.0 } * f64::from(spectrum[i].norm_sqr()))
        .sum()
}

/// Mean of Re(conj(a) b) over each ring.
fn ring_products(layout: &PolarLayout, a: &[Complex32], b: &[Complex32]) -> Vec<f64> {
    (0..layout.rings())
        .map(|ring| {
            layout
                .ring_entries(ring)
                .map(|(order, i)| if order == 0 { 1.0 } else { 2.0 } * f64::from((a[i].conj() * b[i]).re))
                .sum()
        })
        .collect()
}
