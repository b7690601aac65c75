//! Parameters of `simulate_particles`.

use crate::params::{boolean, choice, integer, number, path};
use std::path::PathBuf;

crate::params! {
    /// What `simulate_particles` can be told.
    pub struct Params {
        /// The specimen: an atomic model (PDB or mmCIF) or a map (MRC). When none is given, an asymmetric
        /// protein-like structure is made by formula.
        pub source_path: Option<PathBuf> = path().title("Atomic model or map").section("Specimen"),
        /// Mass of the structure that is made by formula when no file is given.
        pub demo_mass_kda: f64 =
            number(150.0).title("Mass of the made structure").unit("kDa").at_least(10.0).at_most(2000.0).section("Specimen"),
        /// Add the hydrogens that an atomic model leaves out.
        pub implicit_hydrogens: bool = boolean(true).title("Implicit hydrogens").section("Specimen").advanced(),
        /// Subtract the ice that the atoms displace.
        pub displaced_solvent: bool = boolean(true).title("Displaced solvent").section("Specimen").advanced(),
        /// One B-factor for all atoms in place of their own.
        pub atomic_b_factor_angstrom2: Option<f64> =
            number(40.0).title("Atomic B-factor").unit("Å²").at_least(0.0).at_most(2000.0).automatic().section("Specimen").advanced(),
        /// How many particles to make.
        pub number_of_particles: usize =
            integer(5000).title("Particles").at_least(1.0).at_most(10_000_000.0).section("Images"),
        /// Edge of the images; even.
        pub box_size: usize = integer(128).title("Box size").unit("px").at_least(16.0).at_most(1024.0).section("Images"),
        /// Pixel size of the images.
        pub pixel_size_angstrom: f64 =
            number(2.2).title("Pixel size").unit("Å/px").above(0.0).at_most(50.0).section("Images"),
        /// Signal-to-noise ratio: variance of the noise-free image (after the contrast transfer function,
        /// mean over particles) over the variance of the noise. 0 makes no noise at all.
        pub snr: f64 = number(0.1).title("Signal-to-noise ratio").at_least(0.0).at_most(1e6).section("Images"),
        /// Where the variance of the signal is measured: in the disc that holds the particle, or in the full box.
        pub snr_region: String = choice(&["particle_disc", "full_box"], "particle_disc").title("SNR region").section("Images").advanced(),
        /// Spectrum of the noise: coloured as on a real camera, or white.
        pub noise: String = choice(&["coloured", "white"], "coloured").title("Noise").section("Images"),
        /// Viewing directions: all equally likely, or crowded around some.
        pub orientations: String = choice(&["uniform", "preferred"], "uniform").title("Orientations").section("Particles"),
        /// How tightly preferred views crowd: about 1/κ rad² wide.
        pub preferred_concentration: f64 =
            number(8.0).title("Concentration κ").at_least(0.0).at_most(1e4).section("Particles").advanced(),
        /// Share of particles that take any view when views are preferred.
        pub preferred_uniform_share: f64 =
            number(0.1).title("Uniform share").at_least(0.0).at_most(1.0).section("Particles").advanced(),
        /// Standard deviation of the particles' distance from the box centre, along x and y each.
        pub shift_sigma_angstrom: f64 =
            number(4.0).title("Off-centre").unit("Å").at_least(0.0).at_most(1000.0).section("Particles"),
        /// Coefficient of variation of the particles' contrast.
        pub scale_variation: f64 =
            number(0.1).title("Contrast variation").at_least(0.0).at_most(1.0).section("Particles"),
        /// Share of images without an intact particle.
        pub junk_fraction: f64 = number(0.0).title("Junk").at_least(0.0).at_most(1.0).section("Particles"),
        /// Acceleration voltage.
        pub voltage_kv: f64 = number(300.0).title("Voltage").unit("kV").at_least(10.0).at_most(3000.0).section("Microscope"),
        /// Spherical aberration.
        pub cs_mm: f64 = number(2.7).title("Spherical aberration").unit("mm").at_least(0.0).at_most(20.0).section("Microscope"),
        /// Amplitude contrast as a fraction.
        pub amplitude_contrast: f64 =
            number(0.1).title("Amplitude contrast").at_least(0.0).at_most(1.0).section("Microscope"),
        /// Envelope of the microscope.
        pub b_factor_angstrom2: f64 =
            number(60.0).title("Envelope B-factor").unit("Å²").at_least(0.0).at_most(5000.0).section("Microscope"),
        /// Smallest mean defocus of a micrograph (underfocus positive).
        pub defocus_min_angstrom: f64 =
            number(8000.0).title("Least defocus").unit("Å").at_least(0.0).at_most(100_000.0).section("Microscope"),
        /// Largest mean defocus of a micrograph.
        pub defocus_max_angstrom: f64 =
            number(22000.0).title("Greatest defocus").unit("Å").at_least(0.0).at_most(100_000.0).section("Microscope"),
        /// Largest difference of the two defoci; uniform from 0 for each micrograph.
        pub astigmatism_max_angstrom: f64 =
            number(400.0).title("Astigmatism").unit("Å").at_least(0.0).at_most(20_000.0).section("Microscope"),
        /// Standard deviation of the error of the defocus that is reported with the particles.
        pub defocus_error_angstrom: f64 =
            number(0.0).title("Defocus error").unit("Å").at_least(0.0).at_most(20_000.0).section("Microscope").advanced(),
        /// Particles that share the defocus of a micrograph.
        pub particles_per_micrograph: usize =
            integer(100).title("Particles per micrograph").at_least(1.0).at_most(100_000.0).section("Microscope").advanced(),
        /// Give the particles their true poses and shifts. Off for anything that is to find them itself.
        pub include_poses: bool = boolean(false).title("Include true poses").section("Output"),
        /// Store images as 16-bit floats: half the space, rounding far below the noise.
        pub float16: bool = boolean(false).title("16-bit floats").section("Output"),
        /// Seed of all random choices. The same seed gives the same images on any number of processors.
        pub seed: u64 = integer(1).title("Seed").at_least(0.0).section("Output"),
    }
}
