//! Particle images where they lie: random access through the `blob` slot, never the whole stack in memory.

use crate::failure;
use nilas_dataset::Dataset;
use nilas_formats::FormatError;
use nilas_formats::mrc::MrcFile;
use nilas_model::Failure;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Open files at one time; stacks of one project can be thousands.
const OPEN_FILES: usize = 64;

/// The images of a particle dataset, all of one box and pixel size.
pub struct ParticleImages {
    files: Vec<PathBuf>,
    place: Vec<(u32, u32)>,
    sign: Vec<f32>,
    box_size: usize,
    pixel_size_angstrom: f64,
    open: Mutex<Vec<(u32, Arc<MrcFile>)>>,
}

impl ParticleImages {
    /// Reads where the images lie. `field` is blamed for what is wrong.
    ///
    /// # Errors
    /// Missing columns, mixed box or pixel sizes, a box that is odd or not square.
    pub fn new(particles: &Dataset, project_dir: &Path, field: &str) -> Result<Self, Failure> {
        let table = |e: nilas_dataset::DatasetError| {
            failure::input(
                field,
                format!("The particles can't be read: {e}."),
                "Import the particles again.",
            )
        };
        if particles.is_empty() {
            return Err(failure::input(
                field,
                "There are no particles.",
                "Connect an output that holds particles.",
            ));
        }
        let paths = particles.texts("blob/path").map_err(table)?;
        let indices = particles.numbers("blob/idx").map_err(table)?;
        let shapes = particles.numbers("blob/shape").map_err(table)?;
        let pixel_sizes = particles.numbers("blob/psize_A").map_err(table)?;
        let signs = particles.numbers_or("blob/sign", 1, 1.0).map_err(table)?;
        let box_size = one_box(&shapes, field)?;
        let pixel_size_angstrom = one_pixel_size(&pixel_sizes, field)?;
        let mut files = Vec::new();
        let mut number_of: HashMap<&str, u32> = HashMap::new();
        let mut place = Vec::with_capacity(paths.len());
        for (path, index) in paths.iter().zip(&indices) {
            let path: &str = path;
            let file = *number_of.entry(path).or_insert_with(|| {
                files.push(project_dir.join(path.strip_prefix('>').unwrap_or(path)));
                files.len() as u32 - 1
            });
            place.push((file, *index as u32));
        }
        let sign = signs.iter().map(|s| if *s < 0.0 { -1.0 } else { 1.0 }).collect();
        Ok(ParticleImages {
            files,
            place,
            sign,
            box_size,
            pixel_size_angstrom,
            open: Mutex::new(Vec::new()),
        })
    }

    /// Number of particles.
    pub fn len(&self) -> usize {
        self.place.len()
    }

    /// No particles; can't happen after [`ParticleImages::new`].
    pub fn is_empty(&self) -> bool {
        self.place.is_empty()
    }

    /// Edge of the images in pixels.
    pub fn box_size(&self) -> usize {
        self.box_size
    }

    /// Pixel size of the images.
    pub fn pixel_size_angstrom(&self) -> f64 {
        self.pixel_size_angstrom
    }

    /// File and slice of a particle, for messages.
    pub fn place(&self, particle: usize) -> String {
        match self.place.get(particle) {
            Some((file, slice)) => format!("slice {} of {}", slice + 1, self.files[*file as usize].display()),
            None => format!("particle {particle}, which does not exist"),
        }
    }

    /// Reads the images of `particles` into `out`, each `box_size²` values `[y][x]`, in this order; contrast is
    /// turned so that protein is bright. May be called from several threads.
    ///
    /// # Errors
    /// A stack that is missing, too short, of another box size or can't be read any more.
    pub fn read(&self, particles: &[usize], out: &mut [f32]) -> Result<(), FormatError> {
        let pixels = self.box_size * self.box_size;
        // In the order of the files, so that each is opened once however the particles are shuffled.
        let mut order: Vec<usize> = (0..particles.len()).collect();
        order.sort_by_key(|&i| self.place[particles[i]]);
        for i in order {
            let (file, slice) = self.place[particles[i]];
            let stack = self.file(file)?;
            let image = &mut out[i * pixels..(i + 1) * pixels];
            if stack.slice_len() != pixels {
                return Err(FormatError::NoSuch {
                    path: self.files[file as usize].clone(),
                    message: format!(
                        "images of {:?} pixels where {1} x {1} was said",
                        stack.slice_shape(),
                        self.box_size
                    ),
                });
            }
            stack.read_slice(slice as usize, image)?;
            if self.sign[particles[i]] < 0.0 {
                image.iter_mut().for_each(|v| *v = -*v);
            }
        }
        Ok(())
    }

    /// An open stack; the ones used longest ago are closed.
    fn file(&self, number: u32) -> Result<Arc<MrcFile>, FormatError> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = open.iter().position(|(n, _)| *n == number) {
            let entry = open.remove(at);
            let file = Arc::clone(&entry.1);
            open.push(entry);
            return Ok(file);
        }
        let file = Arc::new(MrcFile::open(&self.files[number as usize])?);
        if open.len() >= OPEN_FILES {
            open.remove(0);
        }
        open.push((number, Arc::clone(&file)));
        Ok(file)
    }
}

impl std::fmt::Debug for ParticleImages {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ParticleImages")
            .field("len", &self.len())
            .field("box_size", &self.box_size)
            .finish_non_exhaustive()
    }
}

fn one_box(shapes: &[f64], field: &str) -> Result<usize, Failure> {
    let mut sizes: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    for shape in shapes.chunks_exact(2) {
        *sizes.entry((shape[0] as usize, shape[1] as usize)).or_default() += 1;
    }
    if sizes.len() > 1 {
        let list: Vec<String> = sizes
            .iter()
            .map(|((y, x), n)| format!("{n} of {x} x {y} px"))
            .collect();
        return Err(failure::input(
            field,
            format!("The particles have different box sizes: {}.", list.join(", ")),
            "Extract all particles with one box size, or import and process them in separate jobs.",
        ));
    }
    let (ny, nx) = sizes.into_keys().next().unwrap_or((0, 0));
    if nx != ny || nx == 0 {
        return Err(failure::input(
            field,
            format!("The images are {nx} x {ny} px; particles must be square."),
            "Extract the particles again with a square box.",
        ));
    }
    if nx % 2 != 0 {
        return Err(failure::input(
            field,
            format!("The box size is {nx} px, an odd number."),
            format!(
                "Extract the particles again with an even box, for example {} px.",
                nx + 1
            ),
        ));
    }
    Ok(nx)
}

fn one_pixel_size(sizes: &[f64], field: &str) -> Result<f64, Failure> {
    let (least, greatest) = sizes
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), &v| {
            (a.min(v), b.max(v))
        });
    if !(least > 0.0 && greatest.is_finite()) {
        return Err(failure::input(
            field,
            format!("The pixel size of some particles is {least} Å."),
            "Import the particles again with the right pixel size.",
        ));
    }
    if greatest / least > 1.0 + 1e-4 {
        return Err(failure::input(
            field,
            format!("The pixel sizes of the particles run from {least} to {greatest} Å."),
            "Process particles of different pixel size in separate jobs.",
        ));
    }
    Ok(shortest(least))
}

/// The shortest decimal that is this single-precision number: 3.54, not 3.5399999618530273.
pub fn shortest(value: f64) -> f64 {
    (value as f32).to_string().parse().unwrap_or(value)
}
