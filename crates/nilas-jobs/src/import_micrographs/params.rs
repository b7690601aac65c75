//! Parameters of `import_micrographs`.

use crate::params::{boolean, integer, number, path};
use std::path::PathBuf;

crate::params! {
    /// What `import_micrographs` can be told.
    pub struct Params {
        /// The micrographs: a file, a folder, or a pattern with `*`, `?`, `[abc]`, and `**` for any number of folders,
        /// for example `/data/session/**/*_sum.mrc`.
        pub path: PathBuf = path().title("Micrographs").section("Input").required(),
        /// Take only the first this many files in natural order; automatic takes all.
        pub first: Option<usize> = integer(1).title("First files only").at_least(1.0).automatic().section("Input"),
        /// Pixel size of the micrographs. Automatic takes what their headers say.
        pub pixel_size_angstrom: Option<f64> =
            number(1.0).title("Pixel size").unit("Å/px").above(0.0).at_most(1000.0).automatic().section("Microscope"),
        /// Acceleration voltage.
        pub voltage_kv: f64 =
            number(300.0).title("Voltage").unit("kV").at_least(10.0).at_most(3000.0).required().section("Microscope"),
        /// Spherical aberration; 0 or 0.01 for a microscope with a corrector.
        pub cs_mm: f64 =
            number(2.7).title("Spherical aberration").unit("mm").at_least(0.0).at_most(20.0).required().section("Microscope"),
        /// Amplitude contrast as a fraction: 0.1 is usual, 0.07 for counting cameras at 300 kV.
        pub amplitude_contrast: f64 =
            number(0.1).title("Amplitude contrast").at_least(0.0).at_most(0.9).section("Microscope"),
        /// Exposure of the whole micrograph in electrons per Å². Only written down; 0 where it is not known.
        pub total_dose: f64 =
            number(0.0).title("Total exposure").unit("e/Å²").at_least(0.0).at_most(100000.0).section("Microscope"),
        /// A phase plate was in the microscope.
        pub phase_plate: bool = boolean(false).title("Phase plate").section("Microscope").advanced(),
        /// The specimen is in negative stain.
        pub negative_stain: bool = boolean(false).title("Negative stain").section("Microscope").advanced(),
        /// Number of the group of exposures with common optics.
        pub exposure_group: u32 =
            integer(1).title("Exposure group").at_least(0.0).at_most(1000000.0).section("Microscope").advanced(),
        /// Read every pixel of every file and look for NaN, infinities and blank images. Otherwise a sample is looked at.
        pub check_all_pixels: bool = boolean(false).title("Check all pixels").section("Checks"),
        /// How many micrographs are read whole, spread evenly over the files, unless all are.
        pub sampled_micrographs: usize =
            integer(12).title("Sampled micrographs").at_least(1.0).at_most(100000.0).section("Checks").advanced(),
        /// Stop when any file can't be used. Otherwise such files are set aside with their reason.
        pub stop_at_bad_files: bool = boolean(false).title("Stop at bad files").section("Checks"),
        /// Seed of the random numbers that become the exposures' ids.
        pub seed: u64 = integer(0).title("Seed").at_least(0.0).section("Input").advanced(),
    }
}
