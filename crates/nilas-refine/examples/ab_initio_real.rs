//! Ab-initio on real particles against a reference map; prints JSON.
//! `cargo run --release -p nilas-refine --example ab_initio_real -- star=F.star stack=F.mrcs reference=F.mrc pixel=3.54
//! [symmetry=C1] [seed=1] [starts=3] [iterations=60] [initial=Å] [resolution=12] [verbose=0] [diameter=Å] [out=F.mrc]`: all particles of the STAR
//! file must lie in the one stack.

use nilas_formats::mrc::{MrcFile, MrcMode, write_volume};
use nilas_formats::relion::{ReadOptions, read_particles};
use nilas_optics::Ctf;
use nilas_refine::ab_initio::{AbInitioParams, IterationReport, Observer, ParticleInput, run};
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

struct Talk(bool);

impl Observer for Talk {
    fn iteration(&mut self, r: &IterationReport) {
        if self.0 && r.iteration.is_multiple_of(5) {
            let fsc: Vec<String> = r.half_fsc[0]
                .iter()
                .skip(1)
                .step_by(2)
                .map(|v| format!("{v:.2}"))
                .collect();
            eprintln!(
                "start {} it {:3} res {:5.1} n {:4} evidence {:8.2} entropy {:5.2} shares {:.2?} fsc {} noise {:.2?}",
                r.start,
                r.iteration,
                r.resolution_angstrom,
                r.images,
                r.log_evidence,
                r.entropy,
                r.class_shares,
                fsc.join(" "),
                &r.noise[..r.noise.len().min(6)],
            );
        }
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
    let defaults = AbInitioParams::default();
    let params = AbInitioParams {
        pixel_size_angstrom: pixel,
        symmetry: options.get("symmetry").cloned().unwrap_or("C1".into()),
        seed: number("seed", 1.0) as u64,
        starts: number("starts", defaults.starts as f64) as usize,
        iterations: number("iterations", defaults.iterations as f64) as usize,
        initial_resolution_angstrom: Some(number("initial", 0.0)).filter(|d| *d > 0.0),
        final_resolution_angstrom: number("resolution", 12.0),
        particle_diameter_angstrom: Some(number("diameter", 0.0)).filter(|d| *d > 0.0),
        ..defaults
    };
    let start = std::time::Instant::now();
    let result = run(
        &source,
        &inputs,
        &params,
        None,
        &mut Talk(number("verbose", 0.0) > 0.0),
    )?;
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
        "{{\"particles\": {}, \"symmetry\": \"{}\", \"seed\": {}, \"seconds\": {seconds:.1}, \"fsc05\": \"{:?}\", \"mirrored\": {}, \"starts\": \"{:.2?}\", \"chosen\": {}, \"halves_angstrom\": {:.1}, \"halves_shared_angstrom\": {:.1}, \"warnings\": {:?}, \"fsc\": [{}]}}",
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
        result.halves.resolution_angstrom,
        result.halves.shared_angstrom,
        result.warnings,
        values.join(", "),
    );
    Ok(())
}
