//! Ab-initio on real particles against a reference map; prints JSON.
//! `cargo run --release -p nilas-refine --example ab_initio_real -- star=F.star stack=F.mrcs reference=F.mrc pixel=3.54
//! [symmetry=C1] [seed=1] [starts=3] [iterations=100] [initial=35] [resolution=12] [diameter=Å] [out=F.mrc]`: all particles of the STAR
//! file must lie in the one stack.

use nilas_formats::mrc::{MrcFile, MrcMode, write_volume};
use nilas_formats::relion::{ReadOptions, read_particles};
use nilas_optics::Ctf;
use nilas_refine::ab_initio::{AbInitioParams, ParticleInput, Silent, run};
use nilas_refine::{ImageSource, SourceError};
use nilas_volume::align::{AlignOptions, align};
use nilas_volume::{Volume, fsc};
use rand::SeedableRng;
use std::collections::HashMap;

type AnyError = Box<dyn std::error::Error>;

struct OneStack(MrcFile);

impl ImageSource for OneStack {
    fn len(&self) -> usize {
        self.0.slices()
    }
    fn box_size(&self) -> usize {
        self.0.slice_shape()[1]
    }
    fn read(&self, indices: &[usize], out: &mut [f32]) -> Result<(), SourceError> {
        for (out, i) in out.chunks_exact_mut(self.0.slice_len()).zip(indices) {
            self.0.read_slice(*i, out)?;
        }
        Ok(())
    }
}

fn main() -> Result<(), AnyError> {
    let options: HashMap<String, String> = std::env::args()
        .skip(1)
        .filter_map(|a| a.split_once('=').map(|(k, v)| (k.to_string(), v.to_string())))
        .collect();
    let needed = |key: &str| options.get(key).ok_or(format!("{key}=... is needed"));
    let number = |key: &str, default: f64| options.get(key).and_then(|v| v.parse().ok()).unwrap_or(default);
    let pixel = number("pixel", 1.0);
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    let table = read_particles(needed("star")?, &ReadOptions::default(), &mut rng)?.particles;
    let column = |name: &str| table.numbers(name);
    let (u, v, angle) = (
        column("ctf/df1_A")?,
        column("ctf/df2_A")?,
        column("ctf/df_angle_rad")?,
    );
    let (kv, cs, q0) = (
        column("ctf/accel_kv")?,
        column("ctf/cs_mm")?,
        column("ctf/amp_contrast")?,
    );
    let index = column("blob/idx")?;
    let inputs: Vec<ParticleInput> = (0..u.len())
        .map(|i| ParticleInput {
            image: index[i] as usize,
            ctf: Ctf {
                voltage_kv: kv[i],
                cs_mm: cs[i],
                amplitude_contrast: q0[i],
                defocus_u_angstrom: u[i],
                defocus_v_angstrom: v[i],
                defocus_angle_rad: angle[i],
                ..Ctf::default()
            },
        })
        .collect();
    let source = OneStack(MrcFile::open(needed("stack")?)?);
    let params = AbInitioParams {
        pixel_size_angstrom: pixel,
        symmetry: options.get("symmetry").cloned().unwrap_or("C1".into()),
        seed: number("seed", 1.0) as u64,
        starts: number("starts", 3.0) as usize,
        iterations: number("iterations", 100.0) as usize,
        initial_resolution_angstrom: number("initial", 35.0),
        final_resolution_angstrom: number("resolution", 12.0),
        particle_diameter_angstrom: Some(number("diameter", 0.0)).filter(|d| *d > 0.0),
        ..Default::default()
    };
    let start = std::time::Instant::now();
    let result = run(&source, &inputs, &params, None, &mut Silent)?;
    let seconds = start.elapsed().as_secs_f64();
    let class = &result.classes[0];
    let map = Volume::new(class.n, class.voxel_size_angstrom, class.map.clone())?;
    if let Some(path) = options.get("out") {
        write_volume(path, [map.n; 3], map.voxel_size_angstrom, &map.data, MrcMode::F32)?;
    }
    let reference = MrcFile::open(needed("reference")?)?;
    let n = reference.slice_shape()[1];
    let reference = Volume::new(n, pixel, reference.read_all()?)?;
    let reference = nilas_volume::filter::with_box(&reference, map.n, 0.0)?;
    let found = align(&map, &reference, &AlignOptions::default())?;
    let curve = fsc::fsc(&found.apply(&map, &reference)?, &reference)?;
    let values: Vec<String> = curve
        .correlation
        .iter()
        .skip(1)
        .map(|v| format!("{v:.2}"))
        .collect();
    println!(
        "{{\"particles\": {}, \"symmetry\": \"{}\", \"seed\": {}, \"seconds\": {seconds:.1}, \"fsc05\": \"{:?}\", \"mirrored\": {}, \"starts\": \"{:.2?}\", \"chosen\": {}, \"warnings\": {:?}, \"fsc\": [{}]}}",
        inputs.len(),
        params.symmetry,
        params.seed,
        curve.crossing(0.5),
        found.mirrored,
        result
            .starts
            .iter()
            .map(|s| (
                s.held_out_log_evidence,
                s.sphere_log_evidence,
                s.agreement_angstrom
            ))
            .collect::<Vec<_>>(),
        result.chosen_start,
        result.warnings,
        values.join(", "),
    );
    Ok(())
}
