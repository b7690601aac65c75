//! Parameters of `ctf_estimation`.

use crate::params::{boolean, integer, number};

crate::params! {
    /// What `ctf_estimation` can be told.
    pub struct Params {
        /// Least defocus looked for.
        pub least_defocus_angstrom: f64 =
            number(1000.0).title("Least defocus").unit("Å").at_least(0.0).at_most(199000.0).section("Search"),
        /// Greatest defocus looked for.
        pub greatest_defocus_angstrom: f64 =
            number(50000.0).title("Greatest defocus").unit("Å").above(0.0).at_most(200000.0).section("Search"),
        /// Greatest astigmatism (U - V) looked for.
        pub greatest_astigmatism_angstrom: f64 =
            number(3000.0).title("Greatest astigmatism").unit("Å").at_least(0.0).at_most(50000.0).section("Search"),
        /// Look for the phase shift of a phase plate. Leave off without one: phase shift and defocus can stand in
        /// for each other.
        pub find_phase_shift: bool = boolean(false).title("Find phase shift").section("Phase plate"),
        /// Least phase shift looked for.
        pub least_phase_shift_deg: f64 =
            number(0.0).title("Least phase shift").unit("°").at_least(-180.0).at_most(180.0).section("Phase plate").advanced(),
        /// Greatest phase shift looked for, at most 180° above the least.
        pub greatest_phase_shift_deg: f64 =
            number(180.0).title("Greatest phase shift").unit("°").at_least(-180.0).at_most(360.0).section("Phase plate").advanced(),
        /// Fit the defocus over the field: a plane for a tilted specimen, a curved surface for a bent one, as far as the
        /// data ask for it.
        pub local_defocus: bool = boolean(true).title("Defocus over the field").section("Field"),
        /// Amplitude contrast as a fraction. Automatic takes what the import was told, else 0.1.
        pub amplitude_contrast: Option<f64> =
            number(0.1).title("Amplitude contrast").at_least(0.0).at_most(0.9).automatic().section("Fit").advanced(),
        /// Low-resolution end of the fit.
        pub low_resolution_angstrom: f64 =
            number(30.0).title("Low-resolution end").unit("Å").above(0.0).at_most(500.0).section("Fit"),
        /// High-resolution end of the fit; nothing beyond 0.95 of Nyquist is used.
        pub high_resolution_angstrom: f64 =
            number(3.0).title("High-resolution end").unit("Å").above(0.0).at_most(100.0).section("Fit"),
        /// Side of the tiles whose spectra are averaged. Automatic takes 720 Å, more where the rings are fine.
        pub tile_side_angstrom: Option<f64> =
            number(720.0).title("Tile side").unit("Å").above(0.0).at_most(20000.0).automatic().section("Fit").advanced(),
        /// How many micrographs are shown with spectrum and rings, spread evenly over the exposures.
        pub shown_micrographs: usize =
            integer(12).title("Micrographs shown").at_least(1.0).at_most(200.0).section("Figures").advanced(),
    }
}
