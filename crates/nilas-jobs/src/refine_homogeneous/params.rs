//! Parameters of `refine_homogeneous`.

use crate::params::{boolean, integer, number, symmetry};

crate::params! {
    /// What `refine_homogeneous` can be told.
    pub struct Params {
        /// Point group of the particle. The starting map must have its axes where this group has them.
        pub symmetry: String = symmetry("C1").title("Symmetry").section("Refinement"),
        /// The starting map is low-passed to this resolution, so that nothing finer is inherited from it.
        pub initial_lowpass_angstrom: f64 =
            number(30.0).title("Initial low-pass").unit("Å").above(0.0).at_most(200.0).section("Refinement"),
        /// Fit the contrast of each particle.
        pub per_particle_scale: bool = boolean(true).title("Per-particle scale").section("Refinement"),
        /// Largest extent of the particle. Automatic takes 0.85 of the box.
        pub particle_diameter_angstrom: Option<f64> =
            number(150.0).title("Particle diameter").unit("Å").above(0.0).automatic().section("Refinement"),
        /// Never use information beyond this resolution. Automatic goes as far as the half maps agree.
        pub maximum_resolution_angstrom: Option<f64> =
            number(3.0).title("Maximum resolution").unit("Å").above(0.0).automatic().section("Refinement").advanced(),
        /// Stop after this many iterations even when the result still changes.
        pub maximum_iterations: usize =
            integer(25).title("Maximum iterations").at_least(1.0).at_most(200.0).section("Refinement").advanced(),
        /// Use the half-set assignment of the particles when there is one; otherwise halves are drawn at random.
        pub use_input_halves: bool =
            boolean(true).title("Use the halves of the input").section("Refinement").advanced(),
        /// Begin with the poses of the particles instead of searching all orientations.
        pub use_input_poses: bool =
            boolean(false).title("Begin with the poses of the input").section("Refinement").advanced(),
        /// Seed of all random choices. The same seed gives the same result.
        pub seed: u64 = integer(0).title("Seed").at_least(0.0).section("Refinement").advanced(),
    }
}
