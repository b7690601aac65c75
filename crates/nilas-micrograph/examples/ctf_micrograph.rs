//! Fits one micrograph: `ctf_micrograph FILE.mrc PIXEL_ANGSTROM KV CS_MM AMPLITUDE_CONTRAST`; for timing and a quick look.
#![allow(clippy::unwrap_used)]

use nilas_formats::mrc::MrcFile;
use nilas_micrograph::{CtfSettings, Micrograph, Microscope, estimate};

fn main() {
    let number = |i: usize| std::env::args().nth(i).unwrap().parse::<f64>().unwrap();
    let file = MrcFile::open(std::env::args().nth(1).unwrap()).unwrap();
    let [height, width] = file.slice_shape();
    let data = file.read_all().unwrap();
    let micrograph = Micrograph {
        width,
        height,
        pixel_size_angstrom: number(2),
        data: &data,
    };
    let scope = Microscope {
        voltage_kv: number(3),
        cs_mm: number(4),
        amplitude_contrast: number(5),
    };
    let began = std::time::Instant::now();
    let found = estimate(&micrograph, &scope, &CtfSettings::default(), &|| false).unwrap();
    let [u, v] = found.defocus.uv_angstrom();
    println!(
        "U {u:.0} V {v:.0} A at {:.1} deg, error {:.1} A, rings to {:.2} A, margin {:.0}, surface {:?}, {:.2} s",
        found.defocus.angle_rad().to_degrees(),
        found.defocus_sigma_angstrom,
        found.fit_resolution_angstrom.unwrap_or(f64::NAN),
        found.margin,
        found.surface.map(|s| (s.shape, s.gradient, s.sigma_angstrom)),
        began.elapsed().as_secs_f64()
    );
}
