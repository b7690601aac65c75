//! Parameters of `import_volumes`.

use crate::params::{boolean, choice, number, path};
use std::path::PathBuf;

crate::params! {
    /// What `import_volumes` can be told.
    pub struct Params {
        /// An MRC or CCP4 map (`.mrc`, `.map`, `.ccp4`, also `.gz` or `.bz2`): a cube with an even edge.
        pub path: PathBuf = path().title("Map file").section("Input").required(),
        /// What the file holds: a density map, or a mask with values from 0 to 1.
        pub kind: String = choice(&["map", "mask"], "map").title("Kind").section("Input"),
        /// Voxel size. Automatic takes what the header says.
        pub pixel_size_angstrom: Option<f64> =
            number(1.0).title("Voxel size").unit("Å").above(0.0).at_most(1000.0).automatic().section("Input"),
        /// Low-pass filter the map to this resolution on import. Automatic leaves it as it is.
        pub lowpass_angstrom: Option<f64> =
            number(30.0).title("Low-pass").unit("Å").above(0.0).at_most(10000.0).automatic().section("Map"),
        /// Mirror the map (change its hand) on import.
        pub flip_hand: bool = boolean(false).title("Flip the hand").section("Map"),
    }
}
