//! Parameters of `reconstruct`.

use crate::params::{boolean, integer, number, symmetry};

crate::params! {
    /// What `reconstruct` can be told.
    pub struct Params {
        /// Point group that is imposed on the map.
        pub symmetry: String = symmetry("C1").title("Symmetry").section("Reconstruction"),
        /// Diameter of the particle, for the masks. Automatic finds it from the map.
        pub mask_diameter_angstrom: Option<f64> =
            number(150.0).title("Mask diameter").unit("Å").above(0.0).automatic().section("Reconstruction"),
        /// Reconstruct to this resolution. Automatic goes to the Nyquist limit.
        pub maximum_resolution_angstrom: Option<f64> =
            number(3.0).title("Maximum resolution").unit("Å").above(0.0).automatic().section("Reconstruction"),
        /// Use the half-set assignment of the particles when there is one; otherwise halves are drawn at random.
        pub use_input_halves: bool = boolean(true).title("Use the halves of the input").section("Reconstruction").advanced(),
        /// Seed of all random choices. The same seed gives the same result.
        pub seed: u64 = integer(0).title("Seed").at_least(0.0).section("Reconstruction").advanced(),
    }
}
