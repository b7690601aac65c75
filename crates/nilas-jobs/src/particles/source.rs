//! Particle images as the alignment takes them.

use super::ParticleImages;
use crate::context::read_failure;
use crate::failure;
use crate::job::Request;
use nilas_formats::FormatError;
use nilas_geometry::PointGroup;
use nilas_model::{Failure, Problem};
use nilas_refine::{ImageSource, SourceError};

/// Fewest particles that an alignment can begin with.
const FEWEST: u64 = 20;

impl ImageSource for ParticleImages {
    fn len(&self) -> usize {
        ParticleImages::len(self)
    }

    fn box_size(&self) -> usize {
        ParticleImages::box_size(self)
    }

    fn read(&self, indices: &[usize], out: &mut [f32]) -> Result<(), SourceError> {
        Ok(ParticleImages::read(self, indices, out)?)
    }
}

/// What an image that can't be read means.
pub fn source_failure(error: SourceError, field: &str) -> Failure {
    match error.downcast::<FormatError>() {
        Ok(format) => read_failure(*format, field),
        Err(other) => failure::bug(other),
    }
}

/// The point group of a `symmetry` parameter.
///
/// # Errors
/// A problem of that field (the parameters' own check finds it first).
pub fn point_group(name: &str) -> Result<PointGroup, Vec<Problem>> {
    PointGroup::parse(name).map_err(|e| {
        vec![Problem {
            field: "params.symmetry".to_owned(),
            message: e.to_string(),
            hint: "Give a point group such as C1, D2 or O.".to_owned(),
        }]
    })
}

/// The problem of an input with too few particles for an alignment, when their number is known already.
pub fn too_few(request: &Request, input: &str) -> Option<Problem> {
    let count = request.count(input).filter(|_| request.has(input))?;
    (count < FEWEST).then(|| Problem {
        field: format!("inputs.{input}"),
        message: format!("{count} particles are too few: at least {FEWEST} are needed, and hundreds for a map worth looking at."),
        hint: "Connect more particles.".to_owned(),
    })
}
