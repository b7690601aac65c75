//! Particles as whitened polar rings: what one image is reduced to before anything else happens.

use super::AbInitioError;
use nilas_kernels::Complex32;
use nilas_kernels::fft::{Fft2, centre_2d, good_even_size, unsigned};
use nilas_kernels::slice::deapodisation;
use nilas_optics::Ctf;
use std::sync::Arc;

/// Geometry shared by all images of a run.
pub(super) struct PolarPlan {
    /// Side of the images, pixels.
    pub box_size: usize,
    pub pixel_size: f64,
    /// Largest ring, Fourier pixels of the box.
    pub rings: usize,
    /// Angles on the full circle.
    pub angles: usize,
    /// Side of the images after cropping to the band that is used.
    pub crop: usize,
    pad: usize,
    /// `[ring][angles / 2]` sample places, Fourier pixels of the box.
    pub kx: Vec<f32>,
    pub ky: Vec<f32>,
    /// The same in 1/Å.
    frequencies: Vec<[f32; 2]>,
    full: Arc<Fft2>,
    small: Arc<Fft2>,
    padded: Arc<Fft2>,
    /// (crop, crop): soft disc over the kernel's envelope.
    window: Vec<f32>,
    /// (box, box): 1 in the corners that the particle doesn't reach.
    background: Vec<f32>,
    /// Share of an image's noise power that the window lets through.
    pub coverage: f64,
    /// Noise power per ring (unitary transform of images of unit background).
    pub noise: Vec<f32>,
    /// Mean power of the images beyond the background's per ring, in units of the background's; 0 until measured.
    pub excess: Vec<f32>,
}

/// Scratch memory of one thread.
#[derive(Default)]
pub(super) struct PolarScratch {
    pixels: Vec<f32>,
    half: Vec<Complex32>,
    small_half: Vec<Complex32>,
    small_pixels: Vec<f32>,
    padded_pixels: Vec<f32>,
    padded_half: Vec<Complex32>,
    transfer: Vec<f32>,
    turn: Vec<[f32; 2]>,
}

/// Mean and deviation of the pixels that the particle does not reach.
struct Background {
    mean: f32,
    deviation: f32,
}

impl PolarPlan {
    pub fn new(box_size: usize, pixel_size: f64, rings: usize, angles: usize) -> Result<Self, AbInitioError> {
        let crop = good_even_size(3 * rings + 2).min(box_size);
        let pad = good_even_size(crop + crop / 2);
        let half_angles = angles / 2;
        let place = |f: fn(f64) -> f64| -> Vec<f32> {
            (0..rings * half_angles)
                .map(|i| {
                    let (ring, j) = ((i / half_angles + 1) as f64, (i % half_angles) as f64);
                    (ring * f(std::f64::consts::TAU * j / angles as f64)) as f32
                })
                .collect()
        };
        let (kx, ky) = (place(f64::cos), place(f64::sin));
        let per_cycle = (1.0 / (box_size as f64 * pixel_size)) as f32;
        let frequencies = kx
            .iter()
            .zip(&ky)
            .map(|(x, y)| [x * per_cycle, y * per_cycle])
            .collect();
        let envelope = deapodisation(crop, pad);
        let (centre, edge) = (crop as f64 / 2.0, crop as f64 * 0.06);
        let disc = |i: usize| {
            let r = ((i % crop) as f64 - centre).hypot((i / crop) as f64 - centre);
            soft_disc(r, centre - edge - 1.0, edge)
        };
        let coverage = (0..crop * crop).map(|i| disc(i).powi(2)).sum::<f64>() / (crop * crop) as f64;
        let window = (0..crop * crop)
            .map(|i| {
                let (x, y) = (i % crop, i / crop);
                (disc(i) / (envelope[x] * envelope[y])) as f32
            })
            .collect();
        let half_box = box_size as f64 / 2.0;
        let background = (0..box_size * box_size)
            .map(|i| {
                let r = ((i % box_size) as f64 - half_box).hypot((i / box_size) as f64 - half_box);
                1.0 - soft_disc(r, 0.96 * half_box, 0.04 * half_box) as f32
            })
            .collect();
        Ok(Self {
            box_size,
            pixel_size,
            rings,
            angles,
            crop,
            pad,
            kx,
            ky,
            frequencies,
            full: Fft2::square(box_size)?,
            small: Fft2::square(crop)?,
            padded: Fft2::square(pad)?,
            window,
            background,
            coverage,
            noise: vec![1.0; rings],
            excess: vec![0.0; rings],
        })
    }

    /// Box edge in Å: one Fourier pixel is its inverse.
    pub fn edge_angstrom(&self) -> f64 {
        self.box_size as f64 * self.pixel_size
    }

    /// Samples per particle.
    pub fn samples(&self) -> usize {
        self.kx.len()
    }

    fn background(&self, image: &[f32]) -> Option<Background> {
        let (mut weight, mut sum, mut squares) = (0.0f64, 0.0f64, 0.0f64);
        for (w, v) in self.background.iter().zip(image) {
            let (w, v) = (f64::from(*w), f64::from(*v));
            weight += w;
            sum += w * v;
            squares += w * v * v;
        }
        let mean = sum / weight;
        let variance = squares / weight - mean * mean;
        (variance.is_finite() && variance > 0.0).then(|| Background {
            mean: mean as f32,
            deviation: variance.sqrt() as f32,
        })
    }

    /// Adds one image's background power per ring to `sums`; false for an image without background variance.
    pub fn add_noise_power(
        &self,
        image: &[f32],
        sums: &mut [f64],
        scratch: &mut PolarScratch,
    ) -> Result<bool, AbInitioError> {
        let Some(Background { mean, deviation }) = self.background(image) else {
            return Ok(false);
        };
        let n = self.box_size;
        scratch.pixels.clear();
        scratch.pixels.extend(
            image
                .iter()
                .zip(&self.background)
                .map(|(v, w)| (v - mean) / deviation * w),
        );
        scratch.half.resize(n * (n / 2 + 1), Complex32::default());
        self.full.forward(&scratch.pixels, &mut scratch.half)?;
        let coverage = self.background.iter().map(|w| f64::from(w * w)).sum::<f64>() / (n * n) as f64;
        let mut counts = vec![0.0f64; self.rings];
        let mut power = vec![0.0f64; self.rings];
        for (i, v) in scratch.half.iter().enumerate() {
            let kx = i % (n / 2 + 1);
            let y = i / (n / 2 + 1);
            let ky = y.min(n - y);
            let ring = ((kx * kx + ky * ky) as f64).sqrt().round() as usize;
            if (1..=self.rings).contains(&ring) {
                counts[ring - 1] += 1.0;
                power[ring - 1] += f64::from(v.norm_sqr());
            }
        }
        for ((sum, power), count) in sums.iter_mut().zip(power).zip(counts) {
            *sum += power / count / coverage;
        }
        Ok(true)
    }

    /// One image to rings: `c X / v` into `samples`, mean `c² / v` and mean `|X|² / v` per ring. False (and zeros) for an
    /// image without background variance, which carries no information.
    pub fn reduce(
        &self,
        image: &[f32],
        ctf: &Ctf,
        samples: &mut [Complex32],
        transfer_power: &mut [f32],
        power: &mut [f32],
        scratch: &mut PolarScratch,
    ) -> Result<bool, AbInitioError> {
        let Some(Background { mean, deviation }) = self.background(image) else {
            samples.fill(Complex32::default());
            transfer_power.fill(0.0);
            power.fill(0.0);
            return Ok(false);
        };
        let (n, m) = (self.box_size, self.crop);
        let PolarScratch {
            pixels,
            half,
            small_half,
            small_pixels,
            padded_pixels,
            padded_half,
            transfer,
            turn,
        } = scratch;
        pixels.clear();
        pixels.extend(image.iter().map(|v| (v - mean) / deviation));
        half.resize(n * (n / 2 + 1), Complex32::default());
        self.full.forward(pixels, half)?;
        centre_2d(half, n);
        small_half.clear();
        small_half.resize(m * (m / 2 + 1), Complex32::default());
        let reach = (m / 2) as i64 - i64::from(m < n || m % 2 == 0);
        for ky in -reach..=reach {
            let (from, to) = (unsigned(ky, n) * (n / 2 + 1), unsigned(ky, m) * (m / 2 + 1));
            let count = reach as usize + 1;
            small_half[to..to + count].copy_from_slice(&half[from..from + count]);
        }
        centre_2d(small_half, m);
        small_pixels.resize(m * m, 0.0);
        self.small.inverse(small_half, small_pixels)?;
        let p = self.pad;
        padded_pixels.clear();
        padded_pixels.resize(p * p, 0.0);
        let offset = p / 2 - m / 2;
        for y in 0..m {
            let row = &mut padded_pixels[(y + offset) * p + offset..][..m];
            for x in 0..m {
                row[x] = small_pixels[y * m + x] * self.window[y * m + x];
            }
        }
        padded_half.resize(p * (p / 2 + 1), Complex32::default());
        self.padded.forward(padded_pixels, padded_half)?;
        centre_2d(padded_half, p);
        transfer.resize(self.samples(), 0.0);
        ctf.fill(&self.frequencies, transfer);
        let odd = ctf.has_odd_phase();
        if odd {
            turn.resize(self.samples(), [1.0, 0.0]);
            ctf.fill_odd_phase(&self.frequencies, turn);
        }
        // Unitary scaling of the padded transform against the image's own.
        let scale = p as f32 / m as f32;
        let ratio = p as f32 / m as f32;
        let half_angles = self.angles / 2;
        for ring in 0..self.rings {
            let inverse_noise = 1.0 / self.noise[ring];
            let (mut c2, mut x2) = (0.0f32, 0.0f32);
            for i in ring * half_angles..(ring + 1) * half_angles {
                let mut v = interpolate(padded_half, p, self.kx[i] * ratio, self.ky[i] * ratio) * scale;
                if odd {
                    v *= Complex32::new(turn[i][0], -turn[i][1]);
                }
                c2 += transfer[i] * transfer[i];
                x2 += v.norm_sqr();
                samples[i] = v * (transfer[i] * inverse_noise);
            }
            transfer_power[ring] = c2 * inverse_noise / half_angles as f32;
            power[ring] = x2 * inverse_noise / half_angles as f32;
        }
        Ok(true)
    }
}

/// 1 inside `radius`, falling to 0 over `edge` as a cosine.
fn soft_disc(r: f64, radius: f64, edge: f64) -> f64 {
    let t = ((r - radius) / edge).clamp(0.0, 1.0);
    0.5 + 0.5 * (std::f64::consts::PI * t).cos()
}

/// Cubic B-spline interpolation of a centred half transform of side `n` at a place well inside its Nyquist.
fn interpolate(half: &[Complex32], n: usize, kx: f32, ky: f32) -> Complex32 {
    let width = n / 2 + 1;
    let (fx, fy) = (kx.floor(), ky.floor());
    let (wx, wy) = (spline(kx - fx), spline(ky - fy));
    let (x0, y0) = (fx as i64 - 1, fy as i64 - 1);
    let mut sum = Complex32::default();
    for (j, wy) in wy.iter().enumerate() {
        let y = y0 + j as i64;
        for (i, wx) in wx.iter().enumerate() {
            let x = x0 + i as i64;
            let v = if x >= 0 {
                half[unsigned(y, n) * width + x as usize]
            } else {
                half[unsigned(-y, n) * width + (-x) as usize].conj()
            };
            sum += v * (wx * wy);
        }
    }
    sum
}

fn spline(f: f32) -> [f32; 4] {
    let g = 1.0 - f;
    let middle = |t: f32| 2.0 / 3.0 - t * t * (1.0 - 0.5 * t);
    [g * g * g / 6.0, middle(f), middle(g), f * f * f / 6.0]
}
