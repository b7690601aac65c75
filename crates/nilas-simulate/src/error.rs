//! What can go wrong in a simulation.

/// Why particles could not be simulated. Every message says what to change.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SimulateError {
    /// The specimen holds nothing that scatters.
    #[error("specimen {specimen} holds no atoms and no density")]
    EmptySpecimen {
        /// Position of the specimen in the list.
        specimen: usize,
    },
    /// No specimen was given.
    #[error("no specimen given: give at least one atomic model or map")]
    NoSpecimen,
    /// An element symbol that the scattering table doesn't have.
    #[error("unknown element symbol {symbol:?}: the table holds hydrogen to californium")]
    UnknownElement {
        /// The symbol as it was given.
        symbol: String,
    },
    /// The particle doesn't fit into the box.
    #[error(
        "the particle's diameter {diameter_angstrom:.1} Å does not fit the box of {box_angstrom:.1} Å: use a larger box or larger pixels"
    )]
    BoxTooSmall {
        /// Largest distance through the centre, in Å.
        diameter_angstrom: f64,
        /// Box edge, in Å.
        box_angstrom: f64,
    },
    /// A parameter out of its range.
    #[error("{name} = {value}: {expected}")]
    Parameter {
        /// Name of the parameter.
        name: &'static str,
        /// The value given.
        value: String,
        /// What is allowed.
        expected: &'static str,
    },
    /// A buffer of the wrong length.
    #[error("buffer holds {got} values where {expected} are needed")]
    Shape {
        /// Length that was given.
        got: usize,
        /// Length that is needed.
        expected: usize,
    },
    /// A particle index beyond the number of particles.
    #[error("particle {index} asked of a simulation of {count}")]
    Index {
        /// The index asked for.
        index: usize,
        /// How many particles there are.
        count: usize,
    },
    /// A transform failed: a defect of this crate.
    #[error("Fourier transform failed: {0}")]
    Transform(String),
}
