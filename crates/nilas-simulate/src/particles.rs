//! Images and their truth.

use crate::density::{self, TruthMap};
use crate::error::SimulateError;
use crate::optics::Optics;
use crate::params::{SimulationParams, SnrRegion, Specimen};
use crate::points::{PointClass, PointCloud};
use crate::project::{Field, Workspace};
use crate::rotation::euler_zyz_deg;
use num_complex::{Complex, Complex32};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use rayon::prelude::*;

/// What is true of one image.
#[derive(Debug, Clone, PartialEq)]
pub struct ParticleTruth {
    /// Position in the stack.
    pub index: usize,
    /// Which specimen; none for junk.
    pub class: Option<usize>,
    /// Rotation A, image from volume: its rows are image x, image y and the beam in the volume frame.
    pub rotation: [[f64; 3]; 3],
    /// The same as ZYZ Euler angles rot, tilt, psi, degrees.
    pub euler_deg: [f64; 3],
    /// Translation to apply to the image to centre the particle, Å: its centre is at N/2 − shift / pixel size.
    pub shift_angstrom: [f64; 2],
    /// Contrast relative to the truth map.
    pub scale: f64,
    /// The optics that made the image.
    pub optics: Optics,
    /// The optics as a program that estimated them would report them.
    pub reported_optics: Optics,
    /// Micrograph number, from 0.
    pub micrograph: usize,
}

/// A prepared simulation: makes any image on request, alone or in batches.
pub struct Simulation {
    params: SimulationParams,
    clouds: Vec<PointCloud>,
    /// Per specimen and class of points: (field, field/2 + 1).
    transfers: Vec<Vec<Vec<f32>>>,
    field: Field,
    /// Noise amplitude per coefficient of the unitary transform, (field, field/2 + 1).
    noise: Vec<f32>,
    /// From phase (rad·Å² of projected potential) to image units.
    gain: f64,
}

/// The field is this many times wider than the box, so that delocalised signal leaves the box instead of wrapping.
const FIELD: usize = 2;
/// Particles over which the signal's power is averaged.
const CALIBRATION: usize = 96;

impl Simulation {
    /// Checks the parameters, prepares the specimens and calibrates the signal's power.
    ///
    /// # Errors
    /// Parameters out of range, an empty specimen, or a particle larger than the box.
    pub fn new(specimens: Vec<Specimen>, params: SimulationParams) -> Result<Simulation, SimulateError> {
        if specimens.is_empty() {
            return Err(SimulateError::NoSpecimen);
        }
        params.check(specimens.len())?;
        let box_angstrom = params.box_size as f64 * params.pixel_size_angstrom;
        let mut clouds = Vec::with_capacity(specimens.len());
        for (index, specimen) in specimens.iter().enumerate() {
            let cloud = specimen.cloud(index, &params.scattering)?;
            if 2.0 * cloud.radius > box_angstrom {
                return Err(SimulateError::BoxTooSmall {
                    diameter_angstrom: 2.0 * cloud.radius,
                    box_angstrom,
                });
            }
            clouds.push(cloud);
        }
        let field = Field::new(FIELD * params.box_size, params.pixel_size_angstrom);
        let transfers = clouds.par_iter().map(|cloud| field.transfers(cloud)).collect();
        let noise = noise_amplitudes(&params, field.n);
        let mut simulation = Simulation {
            params,
            clouds,
            transfers,
            field,
            noise,
            gain: 1.0,
        };
        let power = simulation.clean_power()?;
        if power.is_nan() || power <= 0.0 {
            return Err(SimulateError::EmptySpecimen { specimen: 0 });
        }
        let snr = if simulation.params.snr.is_finite() {
            simulation.params.snr
        } else {
            1.0
        };
        simulation.gain = (snr / power).sqrt();
        Ok(simulation)
    }

    /// The parameters that the simulation was made with.
    pub fn params(&self) -> &SimulationParams {
        &self.params
    }

    /// Number of images.
    pub fn len(&self) -> usize {
        self.params.count
    }

    /// Never true: a simulation has at least one particle.
    pub fn is_empty(&self) -> bool {
        self.params.count == 0
    }

    /// Largest diameter of the specimens about the centre, Å.
    pub fn diameter_angstrom(&self) -> f64 {
        2.0 * self.clouds.iter().map(|cloud| cloud.radius).fold(0.0, f64::max)
    }

    /// The map of a specimen on the particles' grid, in the units of the images.
    ///
    /// # Errors
    /// [`SimulateError::Index`] for a specimen that doesn't exist.
    pub fn truth_map(&self, specimen: usize) -> Result<TruthMap, SimulateError> {
        let count = self.clouds.len();
        let cloud = self.clouds.get(specimen).ok_or(SimulateError::Index {
            index: specimen,
            count,
        })?;
        let (n, voxel_size_angstrom) = (self.params.box_size, self.params.pixel_size_angstrom);
        let mut data = density::sample(cloud, n, voxel_size_angstrom)?;
        let units = (self.gain * voxel_size_angstrom) as f32;
        data.iter_mut().for_each(|v| *v *= units);
        Ok(TruthMap {
            n,
            voxel_size_angstrom,
            data,
        })
    }

    /// What is true of image `index`, without making it.
    ///
    /// # Errors
    /// [`SimulateError::Index`] beyond the last image.
    pub fn truth(&self, index: usize) -> Result<ParticleTruth, SimulateError> {
        if index >= self.params.count {
            return Err(SimulateError::Index {
                index,
                count: self.params.count,
            });
        }
        let p = &self.params;
        let micrograph = index / p.particles_per_micrograph;
        let mut shared = self.generator(Stream::Micrograph, micrograph);
        let [low, high] = p.defocus_range_angstrom;
        let mean = low + (high - low) * shared.random::<f64>();
        let astigmatism = p.astigmatism_max_angstrom * shared.random::<f64>();
        let angle = 180.0 * shared.random::<f64>();

        let mut rng = self.generator(Stream::Particle, index);
        let junk = rng.random::<f64>() < p.junk_fraction;
        let class = pick(&p.class_weights, self.clouds.len(), rng.random());
        let rotation = p.orientations.draw(&mut rng);
        let mut normal = |sigma: f64| {
            let value: f64 = rng.sample(StandardNormal);
            sigma * value.clamp(-3.0, 3.0)
        };
        let shift_angstrom = [normal(p.shift_sigma_angstrom), normal(p.shift_sigma_angstrom)];
        let scale = (1.0 + normal(p.scale_variation)).max(0.05);
        let defocus = mean + normal(p.height_sigma_angstrom);
        let with_defocus = |defocus: f64| Optics {
            defocus_u_angstrom: defocus + 0.5 * astigmatism,
            defocus_v_angstrom: defocus - 0.5 * astigmatism,
            defocus_angle_deg: angle,
            ..p.optics
        };
        let reported = defocus + normal(p.reported_defocus_error_angstrom);
        Ok(ParticleTruth {
            index,
            class: (!junk).then_some(class),
            rotation,
            euler_deg: euler_zyz_deg(&rotation),
            shift_angstrom,
            scale,
            optics: with_defocus(defocus),
            reported_optics: with_defocus(reported),
            micrograph,
        })
    }

    /// Makes image `index` of shape `[y][x]` into `out` and returns what is true of it.
    ///
    /// # Errors
    /// A wrong buffer length or an index beyond the last image.
    pub fn image(&self, index: usize, out: &mut [f32]) -> Result<ParticleTruth, SimulateError> {
        self.image_with(index, out, &mut self.field.workspace())
    }

    /// Makes all images in order, `batch` at a time on all threads of rayon's current pool, and hands each batch to
    /// `sink`: index of its first image, images of shape `[batch][y][x]`, truths. An error of the sink ends the run.
    ///
    /// # Errors
    /// The sink's, or the simulator's own.
    pub fn generate<E: From<SimulateError>>(
        &self,
        batch: usize,
        mut sink: impl FnMut(usize, &[f32], &[ParticleTruth]) -> Result<(), E>,
    ) -> Result<(), E> {
        let pixels = self.params.box_size * self.params.box_size;
        let batch = batch.clamp(1, self.params.count);
        let mut images = vec![0.0f32; batch * pixels];
        let mut first = 0;
        while first < self.params.count {
            let count = batch.min(self.params.count - first);
            let truths = images[..count * pixels]
                .par_chunks_mut(pixels)
                .enumerate()
                .map_init(
                    || self.field.workspace(),
                    |ws, (i, out)| self.image_with(first + i, out, ws),
                )
                .collect::<Result<Vec<_>, _>>()?;
            sink(first, &images[..count * pixels], &truths)?;
            first += count;
        }
        Ok(())
    }

    /// Σ |signal|² / noise power over the half plane up to `resolution_angstrom` for image `index` without its noise:
    /// the "SNR²" that alignment works with. Infinite where there is no noise.
    ///
    /// # Errors
    /// [`SimulateError::Index`] beyond the last image.
    pub fn spectral_snr(&self, index: usize, resolution_angstrom: f64) -> Result<f64, SimulateError> {
        let truth = self.truth(index)?;
        let mut workspace = self.field.workspace();
        self.clean_spectrum(&truth, &mut workspace)?;
        let (n, half) = (self.field.n, self.field.n / 2 + 1);
        let limit = n as f64 * self.field.pixel_size / resolution_angstrom;
        let mut sum = 0.0;
        for y in 0..n {
            let ky = if y <= n / 2 { y as f64 } else { y as f64 - n as f64 };
            for kx in 0..n / 2 {
                let inside = (kx as f64).hypot(ky) <= limit && !(kx == 0 && ky <= 0.0);
                if inside && n / 2 != y {
                    let i = y * half + kx;
                    // The spectrum is scaled for an inverse without factors, the noise for a unitary one.
                    let signal = f64::from(workspace.spectrum[i].norm_sqr()) * (n * n) as f64;
                    sum += signal / f64::from(self.noise[i]).powi(2);
                }
            }
        }
        Ok(sum)
    }

    #[cfg(test)]
    pub(crate) fn image_of(&self, truth: &ParticleTruth) -> Result<Vec<f32>, SimulateError> {
        let size = self.params.box_size;
        let (mut ws, mut out) = (self.field.workspace(), vec![0.0; size * size]);
        self.clean_spectrum(truth, &mut ws)?;
        self.field.invert_centre(&mut ws, size, &mut out)?;
        Ok(out)
    }

    fn image_with(
        &self,
        index: usize,
        out: &mut [f32],
        ws: &mut Workspace,
    ) -> Result<ParticleTruth, SimulateError> {
        let size = self.params.box_size;
        if out.len() != size * size {
            return Err(SimulateError::Shape {
                got: out.len(),
                expected: size * size,
            });
        }
        let truth = self.truth(index)?;
        self.clean_spectrum(&truth, ws)?;
        if self.params.snr.is_finite() {
            self.add_noise(index, ws);
        }
        self.field.invert_centre(ws, size, out)?;
        Ok(truth)
    }

    /// Signal of one particle in the field's half plane, scaled for an inverse transform without factors.
    fn clean_spectrum(&self, truth: &ParticleTruth, ws: &mut Workspace) -> Result<(), SimulateError> {
        let displacement = truth.shift_angstrom.map(|t| -t);
        match truth.class {
            Some(class) => {
                let (cloud, transfers) = (&self.clouds[class], &self.transfers[class]);
                self.field
                    .project(cloud, transfers, &truth.rotation, displacement, ws)?;
            }
            None => {
                let mut rng = self.generator(Stream::Junk, truth.index);
                if rng.random::<f64>() < self.params.junk_empty_share {
                    ws.spectrum.fill(Complex32::default());
                    return Ok(());
                }
                let class = pick(&self.params.class_weights, self.clouds.len(), rng.random());
                let unfolded = unfold(&self.clouds[class], &mut rng);
                self.field.project(
                    &unfolded,
                    &self.transfers[class],
                    &truth.rotation,
                    displacement,
                    ws,
                )?;
            }
        }
        self.apply_optics(&truth.optics, truth.scale, ws);
        Ok(())
    }

    fn apply_optics(&self, optics: &Optics, scale: f64, ws: &mut Workspace) {
        let (n, half) = (self.field.n, self.field.n / 2 + 1);
        let per_cycle = 1.0 / (n as f64 * self.field.pixel_size);
        let factor = self.gain * scale * per_cycle * per_cycle;
        let transfer = optics.prepare();
        let tilted = optics.beam_tilt_mrad != [0.0; 2];
        for (y, row) in ws.spectrum.chunks_exact_mut(half).enumerate() {
            let ky = (if y <= n / 2 { y as f64 } else { y as f64 - n as f64 }) * per_cycle;
            for (x, value) in row.iter_mut().enumerate() {
                let kx = x as f64 * per_cycle;
                *value *= (factor * transfer.at(kx, ky)) as f32;
                if tilted {
                    let turn = Complex::from_polar(1.0, optics.odd_phase_rad(kx, ky));
                    *value *= Complex32::new(turn.re as f32, turn.im as f32);
                }
            }
        }
    }

    fn add_noise(&self, index: usize, ws: &mut Workspace) {
        let (n, half) = (self.field.n, self.field.n / 2 + 1);
        let mut rng = self.generator(Stream::Noise, index);
        // Unitary coefficients of unit-variance noise have E|n|² = 1, half in each component.
        let scale = std::f32::consts::FRAC_1_SQRT_2 / n as f32;
        let mut draw = || {
            let re: f32 = rng.sample(StandardNormal);
            let im: f32 = rng.sample(StandardNormal);
            Complex32::new(re, im)
        };
        for (value, sigma) in ws.spectrum.iter_mut().zip(&self.noise) {
            *value += draw() * (scale * sigma);
        }
        // The kx = 0 column holds both mates of every pair: replace the second one's noise by the first one's conjugate.
        for y in 1..n / 2 {
            let noise = draw() * (scale * self.noise[y * half]);
            let (upper, lower) = (y * half, (n - y) * half);
            let signal = (ws.spectrum[upper] + ws.spectrum[lower].conj()) * 0.5;
            // Both now hold signal plus the mean of two independent draws (variance one half); this third draw tops
            // it up to the full variance.
            let value = signal + noise * std::f32::consts::FRAC_1_SQRT_2;
            ws.spectrum[upper] = value;
            ws.spectrum[lower] = value.conj();
        }
    }

    /// Mean variance of noise-free images of scale 1 and gain 1 in the region of the signal-to-noise ratio.
    fn clean_power(&self) -> Result<f64, SimulateError> {
        let size = self.params.box_size;
        let sample = self.params.count.min(CALIBRATION);
        let variances = (0..sample)
            .into_par_iter()
            .map_init(
                || (self.field.workspace(), vec![0.0f32; size * size]),
                |(ws, image), i| {
                    let mut truth = self.truth(i * self.params.count / sample)?;
                    truth.scale = 1.0;
                    truth.class = truth.class.or(Some(0));
                    self.clean_spectrum(&truth, ws)?;
                    self.field.invert_centre(ws, size, image)?;
                    let radius = self.clouds[truth.class.unwrap_or(0)].radius;
                    Ok(self.region_variance(image, &truth, radius))
                },
            )
            .collect::<Result<Vec<f64>, SimulateError>>()?;
        Ok(variances.iter().sum::<f64>() / variances.len().max(1) as f64)
    }

    fn region_variance(&self, image: &[f32], truth: &ParticleTruth, radius: f64) -> f64 {
        let (size, pixel) = (self.params.box_size, self.params.pixel_size_angstrom);
        let centre = truth.shift_angstrom.map(|t| (size / 2) as f64 - t / pixel);
        let limit = match self.params.snr_region {
            SnrRegion::FullBox => f64::INFINITY,
            SnrRegion::ParticleDisc => (radius / pixel).max(1.0).powi(2),
        };
        let (mut count, mut sum, mut squares) = (0.0f64, 0.0f64, 0.0f64);
        for (i, &value) in image.iter().enumerate() {
            let (dx, dy) = ((i % size) as f64 - centre[0], (i / size) as f64 - centre[1]);
            if dx * dx + dy * dy <= limit {
                let value = f64::from(value);
                count += 1.0;
                sum += value;
                squares += value * value;
            }
        }
        if count > 0.0 {
            squares / count - (sum / count).powi(2)
        } else {
            0.0
        }
    }

    fn generator(&self, stream: Stream, index: usize) -> ChaCha8Rng {
        let mut rng = ChaCha8Rng::seed_from_u64(self.params.seed);
        rng.set_stream((stream as u64) << 48 | index as u64);
        rng
    }
}

/// Independent sources of randomness, so that for instance the same seed gives the same poses at any noise level.
#[derive(Clone, Copy)]
enum Stream {
    Micrograph = 1,
    Particle = 2,
    Noise = 3,
    Junk = 4,
}

fn pick(weights: &[f64], classes: usize, uniform: f64) -> usize {
    if weights.is_empty() {
        return ((uniform * classes as f64) as usize).min(classes - 1);
    }
    let mut left = uniform * weights.iter().sum::<f64>();
    for (class, weight) in weights.iter().enumerate() {
        left -= weight;
        if left < 0.0 {
            return class;
        }
    }
    weights.iter().rposition(|w| *w > 0.0).unwrap_or(0)
}

/// The same atoms gathered in loose clumps at random places of the particle's sphere: a particle that has come apart.
fn unfold(cloud: &PointCloud, rng: &mut ChaCha8Rng) -> PointCloud {
    let clumps: Vec<[f64; 3]> = (0..60)
        .map(|_| {
            let radius = 0.9 * cloud.radius * rng.random::<f64>().cbrt();
            crate::rotation::uniform(rng)[2].map(|v| v * radius)
        })
        .collect();
    let classes = cloud
        .classes
        .iter()
        .map(|class| PointClass {
            positions: (0..class.positions.len())
                .map(|_| {
                    let clump = clumps[rng.random_range(0..clumps.len())];
                    clump.map(|v| v + 7.0 * rng.sample::<f64, _>(StandardNormal))
                })
                .collect(),
            weights: class.weights.clone(),
            form: class.form,
        })
        .collect();
    PointCloud {
        classes,
        radius: cloud.radius,
    }
}

fn noise_amplitudes(params: &SimulationParams, n: usize) -> Vec<f32> {
    let half = n / 2 + 1;
    let nyquist = 0.5 / params.pixel_size_angstrom;
    let per_cycle = 1.0 / (n as f64 * params.pixel_size_angstrom);
    let power_at = |x: usize, y: usize| {
        let ky = if y <= n / 2 { y } else { n - y };
        // Nyquist has no well-defined sign: kept empty, as for the signal.
        if x == n / 2 || ky == n / 2 {
            0.0
        } else {
            params
                .noise
                .power((x as f64).hypot(ky as f64) * per_cycle, nyquist)
        }
    };
    let mut total = 0.0;
    for y in 0..n {
        for x in 0..half {
            let mates = if x == 0 || x == n / 2 { 1.0 } else { 2.0 };
            total += mates * power_at(x, y);
        }
    }
    let scale = (n * n) as f64 / total;
    (0..n * half)
        .map(|i| (scale * power_at(i % half, i / half)).sqrt() as f32)
        .collect()
}
