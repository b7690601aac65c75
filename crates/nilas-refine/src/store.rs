//! The particle store: normalised, centred transforms in ring order, half precision, in a scratch file.
//!
//! The stack is read once. Each image is brought to background mean 0 and standard deviation 1 (pixels outside the
//! inscribed circle), transformed, freed of its odd aberration phase, and kept as f16 pairs in ring order: reading the
//! first part of a record is reading it at lower resolution. f16's relative rounding of 5e-4 adds 4e-8 of the noise's
//! variance. Bytes per particle: about `pi n^2 / 2`.

use crate::error::RefineError;
use crate::observer::Observer;
use crate::particle::Particle;
use crate::source::ImageSource;
use half::f16;
use nilas_kernels::Complex32;
use nilas_kernels::disc::HalfDisc;
use nilas_kernels::fft::{Fft2, centre_2d};
use rayon::prelude::*;
use std::collections::HashMap;
use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

/// Normalised particles on disk.
pub struct ParticleStore {
    file: File,
    directory: String,
    disc: HalfDisc,
    frequencies: Vec<[f32; 2]>,
    pixel_size_angstrom: f64,
    /// Mean power per coefficient of each optics group's images, by shell from 0.
    mean_power: Vec<Vec<f64>>,
    /// Index of each particle's group in `mean_power`.
    group: Vec<usize>,
    /// Coefficient at the origin of each normalised image, real: what stands above the background.
    origin: Vec<f32>,
    /// Particles without any contrast.
    empty: Vec<bool>,
    /// Earlier particle with exactly the same image.
    copy_of: Vec<Option<usize>>,
}

/// What one image turns into.
struct Prepared {
    bytes: Vec<u8>,
    origin: f32,
    power: Vec<f64>,
    empty: bool,
    hash: u64,
}

impl ParticleStore {
    /// Reads, checks and normalises all particles into an unnamed file in `directory`.
    ///
    /// # Errors
    /// Odd boxes, images that cannot be read or hold NaN, CTFs that cannot be evaluated, a full disk, cancellation.
    pub fn build(
        source: &dyn ImageSource,
        particles: &[Particle],
        pixel_size_angstrom: f64,
        directory: &Path,
        observer: &mut dyn Observer,
    ) -> Result<Self, RefineError> {
        let n = source.box_size();
        if !(pixel_size_angstrom > 0.0 && pixel_size_angstrom.is_finite()) {
            return Err(RefineError::Parameter {
                name: "pixel_size_angstrom",
                message: format!("{pixel_size_angstrom} is not a positive length"),
            });
        }
        let disc = HalfDisc::new(n, (n / 2).saturating_sub(1))?;
        let scale = 1.0 / (n as f64 * pixel_size_angstrom);
        let frequencies: Vec<[f32; 2]> = (disc.kx().iter().zip(disc.ky()))
            .map(|(x, y)| [(*x as f64 * scale) as f32, (*y as f64 * scale) as f32])
            .collect();
        for (i, p) in particles.iter().enumerate() {
            if p.image >= source.len() {
                return Err(RefineError::NoSuchImage {
                    particle: i,
                    image: p.image,
                    count: source.len(),
                });
            }
            p.ctf.validate().map_err(|e| RefineError::Ctf {
                particle: i,
                message: e.to_string(),
            })?;
        }
        let mut ids: Vec<u32> = particles.iter().map(|p| p.optics_group).collect();
        ids.sort_unstable();
        ids.dedup();
        let group: Vec<usize> = particles
            .iter()
            .map(|p| ids.binary_search(&p.optics_group).unwrap_or(0))
            .collect();
        let file = scratch_file(directory)?;
        let mut store = Self {
            file,
            directory: directory.display().to_string(),
            mean_power: vec![vec![0.0; disc.radius() + 1]; ids.len()],
            frequencies,
            pixel_size_angstrom,
            group,
            origin: vec![0.0; particles.len()],
            empty: vec![false; particles.len()],
            copy_of: vec![None; particles.len()],
            disc,
        };
        store.fill(source, particles, observer)?;
        Ok(store)
    }

    fn fill(
        &mut self,
        source: &dyn ImageSource,
        particles: &[Particle],
        observer: &mut dyn Observer,
    ) -> Result<(), RefineError> {
        let n = source.box_size();
        let batch = ((32 << 20) / (4 * n * n)).clamp(1, 256);
        let mut images = vec![0.0f32; batch * n * n];
        let mut seen = HashMap::new();
        let mut counts = vec![0usize; self.mean_power.len()];
        for (b, chunk) in particles.chunks(batch).enumerate() {
            if observer.cancelled() {
                return Err(RefineError::Cancelled);
            }
            let first = b * batch;
            let indices: Vec<usize> = chunk.iter().map(|p| p.image).collect();
            let images = &mut images[..chunk.len() * n * n];
            source.read(&indices, images).map_err(RefineError::Source)?;
            let prepared = images
                .par_chunks_exact(n * n)
                .zip(chunk)
                .map(|(image, p)| self.prepare(image, p))
                .collect::<Result<Vec<_>, _>>()?;
            let mut bytes = Vec::with_capacity(prepared.len() * self.record_bytes());
            for (i, p) in prepared.into_iter().enumerate() {
                bytes.extend_from_slice(&p.bytes);
                self.origin[first + i] = p.origin;
                self.empty[first + i] = p.empty;
                if !p.empty {
                    let g = self.group[first + i];
                    counts[g] += 1;
                    self.mean_power[g]
                        .iter_mut()
                        .zip(&p.power)
                        .for_each(|(a, b)| *a += b);
                    self.copy_of[first + i] = seen.get(&p.hash).copied();
                    seen.entry(p.hash).or_insert(first + i);
                }
            }
            write_at(&self.file, &bytes, (first * self.record_bytes()) as u64)
                .map_err(|source| self.scratch_error(source))?;
            observer.progress("reading particles", first + chunk.len(), particles.len());
        }
        for (power, count) in self.mean_power.iter_mut().zip(counts) {
            power.iter_mut().for_each(|p| *p /= count.max(1) as f64);
        }
        Ok(())
    }

    fn prepare(&self, image: &[f32], particle: &Particle) -> Result<Prepared, RefineError> {
        let n = self.disc.box_size();
        if image.iter().any(|v| !v.is_finite()) {
            return Err(RefineError::NotFinite {
                image: particle.image,
            });
        }
        let hash = image.iter().fold(0xcbf2_9ce4_8422_2325u64, |h, v| {
            (h ^ u64::from(v.to_bits()))
                .wrapping_mul(0x0000_0100_0000_01b3)
                .rotate_left(17)
        });
        let (mean, deviation) = background(image, n);
        let shells = self.disc.radius() + 1;
        if deviation.is_nan() || deviation <= 0.0 {
            let bytes = vec![0; self.record_bytes()];
            return Ok(Prepared {
                bytes,
                origin: 0.0,
                power: vec![0.0; shells],
                empty: true,
                hash,
            });
        }
        let normal: Vec<f32> = image
            .iter()
            .map(|v| ((*v as f64 - mean) / deviation) as f32)
            .collect();
        let plan = Fft2::square(n)?;
        let mut half = vec![Complex32::default(); plan.half_len()];
        plan.forward(&normal, &mut half)?;
        centre_2d(&mut half, n);
        let mut values = vec![Complex32::default(); self.disc.len()];
        self.disc.gather(&half, &mut values)?;
        if particle.ctf.has_odd_phase() {
            let mut phase = vec![[1.0f32, 0.0]; values.len()];
            particle.ctf.fill_odd_phase(&self.frequencies, &mut phase);
            for (v, [c, s]) in values.iter_mut().zip(phase) {
                *v *= Complex32::new(c, -s);
            }
        }
        let (mut power, mut count) = (vec![0.0f64; shells], vec![0.0f64; shells]);
        for (v, s) in values.iter().zip(self.disc.shell()) {
            power[*s as usize] += v.norm_sqr() as f64;
            count[*s as usize] += 1.0;
        }
        power.iter_mut().zip(count).skip(1).for_each(|(p, c)| *p /= c);
        let pairs: Vec<[f16; 2]> = values
            .iter()
            .map(|v| [v.re, v.im].map(|x| f16::from_f32(x.clamp(-65_000.0, 65_000.0))))
            .collect();
        Ok(Prepared {
            origin: half[0].re,
            bytes: bytemuck::cast_slice(&pairs).to_vec(),
            power,
            empty: false,
            hash,
        })
    }

    fn record_bytes(&self) -> usize {
        4 * self.disc.len()
    }

    fn scratch_error(&self, source: std::io::Error) -> RefineError {
        RefineError::Scratch {
            directory: self.directory.clone(),
            source,
        }
    }

    /// Number of particles.
    pub fn len(&self) -> usize {
        self.group.len()
    }

    /// The coefficients that a record lists.
    pub fn disc(&self) -> &HalfDisc {
        &self.disc
    }

    /// Frequency of each coefficient, 1/Å.
    pub fn frequencies(&self) -> &[[f32; 2]] {
        &self.frequencies
    }

    /// Pixel size, Å.
    pub fn pixel_size_angstrom(&self) -> f64 {
        self.pixel_size_angstrom
    }

    /// Mean power of the images, per optics group and shell: signal and noise.
    pub fn mean_power(&self) -> &[Vec<f64>] {
        &self.mean_power
    }

    /// Index of a particle's optics group in [`ParticleStore::mean_power`].
    pub fn group(&self, particle: usize) -> usize {
        self.group[particle]
    }

    /// Whether a particle's image has no contrast at all.
    pub fn is_blank(&self, particle: usize) -> bool {
        self.empty[particle]
    }

    /// Coefficient at the origin of a normalised image and its noise variance relative to white: it holds the error of
    /// the background's mean too, which comes from the pixels outside of the inscribed circle alone.
    pub fn origin(&self, particle: usize) -> (f32, f64) {
        let corners = 1.0 - std::f64::consts::FRAC_PI_4;
        (self.origin[particle], 1.0 + 1.0 / corners)
    }

    /// The earlier particle with exactly the same image, if there is one.
    pub fn copy_of(&self, particle: usize) -> Option<usize> {
        self.copy_of[particle]
    }

    /// Reads the first `count` coefficients of a particle.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub fn read(
        &self,
        particle: usize,
        count: usize,
        re: &mut Vec<f32>,
        im: &mut Vec<f32>,
    ) -> Result<(), RefineError> {
        let count = count.min(self.disc.len());
        let mut pairs = vec![[f16::ZERO; 2]; count];
        read_at(
            &self.file,
            bytemuck::cast_slice_mut(&mut pairs),
            (particle * self.record_bytes()) as u64,
        )
        .map_err(|source| self.scratch_error(source))?;
        re.clear();
        im.clear();
        re.extend(pairs.iter().map(|p| p[0].to_f32()));
        im.extend(pairs.iter().map(|p| p[1].to_f32()));
        Ok(())
    }
}

/// Mean and standard deviation of the pixels outside of the inscribed circle; of all pixels where the corners are flat.
fn background(image: &[f32], n: usize) -> (f64, f64) {
    let half = n as f64 / 2.0;
    let over = |keep: &dyn Fn(f64) -> bool| {
        let (mut count, mut sum, mut sum2) = (0.0f64, 0.0f64, 0.0f64);
        for (i, v) in image.iter().enumerate() {
            let (x, y) = ((i % n) as f64 - half, (i / n) as f64 - half);
            if keep(x * x + y * y) {
                count += 1.0;
                sum += *v as f64;
                sum2 += (*v as f64).powi(2);
            }
        }
        let mean = sum / count.max(1.0);
        (mean, (sum2 / count.max(1.0) - mean * mean).max(0.0).sqrt())
    };
    let (mean, deviation) = over(&|r2| r2 > half * half);
    // Rounding leaves a tiny variance where every pixel is the same.
    if deviation > 1e-6 * mean.abs() && deviation > 0.0 {
        return (mean, deviation);
    }
    let (mean, deviation) = over(&|_| true);
    if deviation > 1e-6 * mean.abs() {
        (mean, deviation)
    } else {
        (mean, 0.0)
    }
}

/// A new file that disappears with the process.
fn scratch_file(directory: &Path) -> Result<File, RefineError> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let name = format!(
        "nilas-{}-{}.particles",
        std::process::id(),
        NEXT.fetch_add(1, Ordering::Relaxed)
    );
    let path = directory.join(name);
    let failed = |source| RefineError::Scratch {
        directory: directory.display().to_string(),
        source,
    };
    let file = File::options()
        .read(true)
        .write(true)
        .create_new(true)
        .open(&path)
        .map_err(failed)?;
    // The name goes at once: a killed process leaves nothing behind.
    std::fs::remove_file(&path).map_err(failed)?;
    Ok(file)
}

fn write_at(file: &File, bytes: &[u8], offset: u64) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, offset)
}

fn read_at(file: &File, bytes: &mut [u8], offset: u64) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, offset)
}
