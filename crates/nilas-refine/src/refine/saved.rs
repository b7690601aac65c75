//! Saving and loading a state: little-endian binary, versioned, closed by a checksum.

use super::state::{ParticleState, RefineState};
use crate::error::RefineError;
use crate::noise::NoiseModel;
use nilas_geometry::Rotation;
use nilas_volume::Volume;
use std::io::{Read, Write};

const MAGIC: &[u8; 8] = b"NILASRF2";

/// Collects the bytes of a state.
#[derive(Default)]
struct Out(Vec<u8>);

impl Out {
    fn u64(&mut self, v: u64) {
        self.0.extend_from_slice(&v.to_le_bytes());
    }

    fn size(&mut self, v: usize) {
        self.u64(v as u64);
    }

    fn f64(&mut self, v: f64) {
        self.u64(v.to_bits());
    }

    fn volume(&mut self, v: &Volume) {
        self.size(v.n);
        self.f64(v.voxel_size_angstrom);
        v.data
            .iter()
            .for_each(|x| self.0.extend_from_slice(&x.to_le_bytes()));
    }
}

/// Reads back what [`Out`] wrote.
struct In<'a>(&'a [u8]);

impl In<'_> {
    fn take(&mut self, n: usize) -> Result<&[u8], RefineError> {
        if self.0.len() < n {
            return Err(RefineError::State("it ends early".into()));
        }
        let (head, tail) = self.0.split_at(n);
        self.0 = tail;
        Ok(head)
    }

    fn u64(&mut self) -> Result<u64, RefineError> {
        let mut b = [0; 8];
        b.copy_from_slice(self.take(8)?);
        Ok(u64::from_le_bytes(b))
    }

    fn size(&mut self) -> Result<usize, RefineError> {
        usize::try_from(self.u64()?).map_err(|_| RefineError::State("a count is too large".into()))
    }

    fn f64(&mut self) -> Result<f64, RefineError> {
        Ok(f64::from_bits(self.u64()?))
    }

    fn noise(&mut self) -> Result<NoiseModel, RefineError> {
        let mut power = Vec::new();
        for _ in 0..self.size()? {
            let shells = self.size()?;
            power.push((0..shells).map(|_| self.f64()).collect::<Result<Vec<_>, _>>()?);
        }
        Ok(NoiseModel { power })
    }

    fn volume(&mut self) -> Result<Volume, RefineError> {
        let n = self.size()?;
        let voxel = self.f64()?;
        let bytes = n
            .checked_pow(3)
            .and_then(|v| v.checked_mul(4))
            .ok_or_else(|| RefineError::State("a map is too large".into()))?;
        let data = self
            .take(bytes)?
            .chunks_exact(4)
            .map(|c| f32::from_le_bytes([c[0], c[1], c[2], c[3]]))
            .collect();
        Ok(Volume::new(n, voxel, data)?)
    }
}

impl RefineState {
    /// Writes the whole state.
    ///
    /// # Errors
    /// The writer's.
    pub fn save(&self, mut to: impl Write) -> std::io::Result<()> {
        let mut o = Out::default();
        o.size(self.iteration);
        o.size(self.box_size);
        o.u64(self.seed);
        for v in [
            self.radius,
            self.initial_radius,
            self.scale_radius,
            self.settled,
            self.global_done,
        ] {
            o.size(v);
        }
        o.size(usize::from(self.global));
        o.size(usize::from(self.converged));
        self.support.iter().for_each(|v| o.f64(*v));
        for model in &self.noise {
            o.size(model.power.len());
            for g in &model.power {
                o.size(g.len());
                g.iter().for_each(|v| o.f64(*v));
            }
        }
        self.references
            .iter()
            .chain(&self.masks)
            .for_each(|v| o.volume(v));
        o.size(self.particles.len());
        for p in &self.particles {
            p.rotation.m.iter().flatten().for_each(|v| o.f64(*v));
            for v in [p.shift[0], p.shift[1], p.scale, p.log_likelihood, p.posterior] {
                o.f64(v);
            }
            o.f64(p.rotation_sigma);
            o.f64(p.shift_sigma);
            o.size(usize::from(p.half) | (usize::from(p.has_pose) << 8));
        }
        to.write_all(MAGIC)?;
        to.write_all(&(o.0.len() as u64).to_le_bytes())?;
        to.write_all(&o.0)?;
        to.write_all(&checksum(&o.0).to_le_bytes())
    }

    /// Reads what [`RefineState::save`] wrote.
    ///
    /// # Errors
    /// Not such a file, cut short, or changed since.
    pub fn load(mut from: impl Read) -> Result<Self, RefineError> {
        let mut all = Vec::new();
        from.read_to_end(&mut all)
            .map_err(|e| RefineError::State(e.to_string()))?;
        let mut head = In(&all);
        if head.take(8)? != MAGIC {
            return Err(RefineError::State(
                "this is not a saved refinement of this version".into(),
            ));
        }
        let length = head.size()?;
        let body = head.take(length)?.to_vec();
        if head.u64()? != checksum(&body) {
            return Err(RefineError::State("it is damaged (checksum)".into()));
        }
        Self::parse(&mut In(&body))
    }

    fn parse(i: &mut In) -> Result<Self, RefineError> {
        let (iteration, box_size, seed) = (i.size()?, i.size()?, i.u64()?);
        let (radius, initial_radius, scale_radius) = (i.size()?, i.size()?, i.size()?);
        let (settled, global_done) = (i.size()?, i.size()?);
        let (global, converged) = (i.u64()? != 0, i.u64()? != 0);
        let support = [i.f64()?, i.f64()?];
        let noise = [i.noise()?, i.noise()?];
        let references = [i.volume()?, i.volume()?];
        let masks = [i.volume()?, i.volume()?];
        let count = i.size()?;
        let mut particles = Vec::new();
        for _ in 0..count {
            let mut m = [[0.0; 3]; 3];
            for v in m.iter_mut().flatten() {
                *v = i.f64()?;
            }
            let shift = [i.f64()?, i.f64()?];
            let (scale, log_likelihood, posterior) = (i.f64()?, i.f64()?, i.f64()?);
            let (rotation_sigma, shift_sigma) = (i.f64()?, i.f64()?);
            let flags = i.u64()?;
            particles.push(ParticleState {
                rotation: Rotation { m },
                shift,
                scale,
                half: (flags & 1) as u8,
                has_pose: flags & 0x100 != 0,
                log_likelihood,
                posterior,
                rotation_sigma,
                shift_sigma,
            });
        }
        Ok(Self {
            iteration,
            box_size,
            seed,
            particles,
            noise,
            references,
            masks,
            radius,
            initial_radius,
            scale_radius,
            global,
            settled,
            converged,
            global_done,
            support,
        })
    }
}

fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |h, b| {
        (h ^ u64::from(*b)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
