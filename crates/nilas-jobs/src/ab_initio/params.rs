//! Parameters of `ab_initio`.

use crate::params::{integer, number, symmetry};

crate::params! {
    /// What `ab_initio` can be told.
    pub struct Params {
        /// How many maps to look for. Above 1 the particles are sorted into as many classes.
        pub classes: usize = integer(1).title("Classes").at_least(1.0).at_most(20.0).section("Reconstruction"),
        /// Point group of the particle. Imposed from the first step: give C1 unless it is sure.
        pub symmetry: String = symmetry("C1").title("Symmetry").section("Reconstruction"),
        /// Resolution of the finished map. Automatic takes 12 Å, or what the pixel size allows.
        pub maximum_resolution_angstrom: Option<f64> =
            number(12.0).title("Maximum resolution").unit("Å").above(0.0).at_most(100.0).automatic().section("Reconstruction"),
        /// Resolution of the first steps. Automatic takes a seventh of the particle's diameter, between 20 and 40 Å.
        pub initial_resolution_angstrom: Option<f64> =
            number(30.0).title("Initial resolution").unit("Å").above(0.0).at_most(500.0).automatic().section("Reconstruction").advanced(),
        /// Independent attempts from random starts; the one that explains held-out particles best is continued.
        pub starts: usize = integer(3).title("Random starts").at_least(1.0).at_most(20.0).section("Reconstruction"),
        /// Largest extent of the particle. Automatic takes 0.8 of the box.
        pub particle_diameter_angstrom: Option<f64> =
            number(150.0).title("Particle diameter").unit("Å").above(0.0).automatic().section("Reconstruction"),
        /// Use at most this many particles to find the map; all of them get a pose in the end.
        pub particles_used: Option<usize> =
            integer(20_000).title("Particles used").at_least(50.0).automatic().section("Reconstruction").advanced(),
        /// Steps of the start that is continued. Automatic fits most data; more may help with very many particles.
        pub iterations: Option<usize> =
            integer(100).title("Iterations").at_least(10.0).at_most(10_000.0).automatic().section("Reconstruction").advanced(),
        /// Seed of all random choices. The same seed gives the same result.
        pub seed: u64 = integer(0).title("Seed").at_least(0.0).section("Reconstruction").advanced(),
    }
}
