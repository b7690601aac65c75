//! Parameters of `import_particles`.

use crate::params::{boolean, integer, number, path};
use std::path::PathBuf;

crate::params! {
    /// What `import_particles` can be told.
    pub struct Params {
        /// A RELION STAR file, a CryoSPARC `.cs` file, or an MRC stack of particles (`.mrcs`, `.mrc`).
        pub path: PathBuf = path().title("Particle file").section("Input").required(),
        /// Folder to which image paths in the file are relative. Automatic tries the folder of the file and
        /// every folder above it.
        pub image_root: Option<PathBuf> = path().title("Image root").section("Input"),
        /// Take only the first this many particles of the file; automatic takes all.
        pub first: Option<usize> = integer(1).title("First particles only").at_least(1.0).automatic().section("Input"),
        /// Pixel size of the images. Automatic takes what the file says, or the header of the stack.
        pub pixel_size_angstrom: Option<f64> =
            number(1.0).title("Pixel size").unit("Å/px").above(0.0).at_most(1000.0).automatic().section("Microscope"),
        /// Acceleration voltage. Automatic takes what the file says.
        pub voltage_kv: Option<f64> =
            number(300.0).title("Voltage").unit("kV").at_least(10.0).at_most(3000.0).automatic().section("Microscope"),
        /// Spherical aberration. Automatic takes what the file says.
        pub cs_mm: Option<f64> =
            number(2.7).title("Spherical aberration").unit("mm").at_least(0.0).at_most(20.0).automatic().section("Microscope"),
        /// Amplitude contrast as a fraction. Automatic takes what the file says.
        pub amplitude_contrast: Option<f64> =
            number(0.1).title("Amplitude contrast").at_least(0.0).at_most(1.0).automatic().section("Microscope"),
        /// Switch on when protein is dark in the images (as in a raw micrograph): the images are then
        /// multiplied by -1 wherever they are read.
        pub dark_protein: bool = boolean(false).title("Protein is dark").section("Images"),
        /// Leave poses and shifts of the file out.
        pub ignore_poses: bool = boolean(false).title("Ignore poses").section("Input"),
        /// Leave the half-set assignment of the file out.
        pub ignore_halves: bool = boolean(false).title("Ignore half sets").section("Input").advanced(),
        /// Look at every image for NaN, infinities and constant values. Otherwise a sample is looked at.
        pub check_all_images: bool = boolean(false).title("Check all images").section("Images"),
        /// Leave out images that hold NaN or infinite values or only one value, instead of stopping. Looks at
        /// every image.
        pub drop_bad_images: bool = boolean(false).title("Drop bad images").section("Images"),
        /// How many images are looked at, spread evenly over the file, unless all are.
        pub sampled_images: usize =
            integer(200).title("Sampled images").at_least(1.0).at_most(100000.0).section("Images").advanced(),
        /// Seed of the random numbers that become the particles' ids.
        pub seed: u64 = integer(0).title("Seed").at_least(0.0).section("Input").advanced(),
    }
}
