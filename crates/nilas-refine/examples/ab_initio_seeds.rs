//! Success of ab-initio over random seeds on simulated particles; prints one JSON object per seed and a summary.
//! `cargo run --release -p nilas-refine --example ab_initio_seeds -- [key=value ...]`, keys: model=FILE.pdb (none: the
//! demonstration molecule), particles=5000, box=128, pixel=2.0, snr=0.1, region=box|disc, seeds=10, first=1, starts=3,
//! iterations=60, resolution=12, diameter=0 (0: default), classes=1, symmetry=C1, junk=0, verbose=0, simulation_seed=1.
//! A seed succeeds when its map agrees with the truth to 20 Å or better (FSC 0.5, mirror allowed) in the frame that the
//! poses give.

use nilas_geometry::Rotation;
use nilas_optics::Ctf;
use nilas_refine::MemorySource;
use nilas_refine::ab_initio::{
    AbInitioParams, IterationReport, Observer, ParticleInput, ParticleResult, run,
};
use nilas_simulate::{
    Atom, Element, Molecule, ParticleTruth, SimulateError, Simulation, SimulationParams, SnrRegion, Specimen,
    demo_molecule,
};
use nilas_volume::align::{AlignOptions, align};
use nilas_volume::{Volume, fsc};
use std::collections::HashMap;

type AnyError = Box<dyn std::error::Error + Send + Sync>;

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

fn read_pdb(path: &str) -> std::io::Result<Molecule> {
    let number =
        |line: &str, from: usize, to: usize| line.get(from..to).and_then(|s| s.trim().parse::<f64>().ok());
    let text = std::fs::read_to_string(path)?;
    let atoms = text
        .lines()
        .filter(|line| line.starts_with("ATOM"))
        .filter_map(|line| {
            Some(Atom {
                element: Element::from_symbol(line.get(76..78)?).ok()?,
                position_angstrom: [
                    number(line, 30, 38)?,
                    number(line, 38, 46)?,
                    number(line, 46, 54)?,
                ],
                b_factor: number(line, 60, 66).unwrap_or(50.0),
                occupancy: number(line, 54, 60).unwrap_or(1.0),
            })
        })
        .collect();
    Ok(Molecule { atoms })
}

/// The frame in which the found poses agree best with the true ones, for one hand: `A_found = A_true Q`.
fn frame(found: &[ParticleResult], truth: &[ParticleTruth], mirrored: bool) -> (Rotation, f64) {
    let flip = Rotation {
        m: [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, -1.0]],
    };
    let relative: Vec<Rotation> = found
        .iter()
        .zip(truth)
        .filter(|(_, t)| t.class.is_some())
        .map(|(f, t)| {
            let mut a = Rotation { m: t.rotation };
            if mirrored {
                a = flip.mul(&a).mul(&flip);
            }
            a.transpose().mul(&f.rotation)
        })
        .collect();
    let near = |q: &Rotation, reach: f64| relative.iter().filter(|r| r.angle_to(q) < reach).count();
    let step = relative.len().div_ceil(300).max(1);
    let Some(mode) = relative.iter().step_by(step).max_by_key(|q| near(q, 0.2)) else {
        return (Rotation::identity(), 0.0);
    };
    // Mean rotation of the cluster, in the tangent space of its mode.
    let mut mean = *mode;
    for _ in 0..5 {
        let cluster: Vec<[f64; 3]> = relative
            .iter()
            .filter(|r| r.angle_to(&mean) < 0.25)
            .map(|r| mean.transpose().mul(r).to_rotvec())
            .collect();
        let n = cluster.len().max(1) as f64;
        let step = [0, 1, 2].map(|i| cluster.iter().map(|w| w[i]).sum::<f64>() / n);
        mean = mean.mul(&Rotation::from_rotvec(step));
    }
    let share = near(&mean, 0.25) as f64 / relative.len().max(1) as f64;
    (mean, share)
}

/// `V(Q x + shift)`, optionally of the mirrored volume, trilinear.
fn turned(v: &Volume, q: &Rotation, mirrored: bool, shift: [f64; 3]) -> Result<Volume, AnyError> {
    let n = v.n;
    let half = (n / 2) as f64;
    let mut data = vec![0.0f32; v.data.len()];
    for (i, out) in data.iter_mut().enumerate() {
        let p = [i % n, i / n % n, i / (n * n)].map(|c| c as f64 - half);
        let mut r = q.apply([p[0] + shift[0], p[1] + shift[1], p[2] + shift[2]]);
        if mirrored {
            r[2] = -r[2];
        }
        let c = r.map(|c| c + half);
        let b = c.map(f64::floor);
        if b.iter().all(|b| *b >= 0.0 && *b < (n - 1) as f64) {
            let f = [0, 1, 2].map(|k| (c[k] - b[k]) as f32);
            let b = b.map(|b| b as usize);
            let mut sum = 0.0;
            for corner in 0..8 {
                let d = [corner & 1, corner >> 1 & 1, corner >> 2];
                let w: f32 = (0..3)
                    .map(|k| if d[k] == 1 { f[k] } else { 1.0 - f[k] })
                    .product();
                sum += w * v.data[((b[2] + d[2]) * n + b[1] + d[1]) * n + b[0] + d[0]];
            }
            *out = sum;
        }
    }
    Ok(Volume::new(n, v.voxel_size_angstrom, data)?)
}

/// FSC 0.5 against the truth in the frame of the poses, after the best translation.
fn agreement(
    map: &Volume,
    truth: &Volume,
    q: &Rotation,
    mirrored: bool,
) -> Result<(f64, Vec<f64>), AnyError> {
    let mut shift = [0.0f64; 3];
    let mean = |curve: &[f64]| curve.iter().skip(1).take(10).sum::<f64>();
    let score = |s: [f64; 3]| -> Result<f64, AnyError> {
        Ok(mean(&fsc::fsc(map, &turned(truth, q, mirrored, s)?)?.correlation))
    };
    let mut best = score(shift)?;
    for step in [2.0, 1.0] {
        loop {
            let mut improved = false;
            for axis in 0..3 {
                for sign in [-1.0, 1.0] {
                    let mut trial = shift;
                    trial[axis] += sign * step;
                    let s = score(trial)?;
                    if s > best + 1e-6 {
                        (best, shift, improved) = (s, trial, true);
                    }
                }
            }
            if !improved {
                break;
            }
        }
    }
    let curve = fsc::fsc(map, &turned(truth, q, mirrored, shift)?)?.correlation;
    let edge = map.n as f64 * map.voxel_size_angstrom;
    let shell = curve
        .iter()
        .skip(1)
        .position(|v| *v < 0.5)
        .map_or(curve.len(), |s| s + 1);
    // Linear between the shells about the crossing.
    let (above, below) = (curve[shell - 1], curve.get(shell).copied().unwrap_or(0.0));
    let at = shell as f64 - 1.0 + (above - 0.5) / (above - below).max(1e-9);
    Ok((edge / at.max(0.5), curve))
}

fn main() -> Result<(), AnyError> {
    let options: HashMap<String, String> = std::env::args()
        .skip(1)
        .filter_map(|a| a.split_once('=').map(|(k, v)| (k.to_string(), v.to_string())))
        .collect();
    let number = |key: &str, default: f64| options.get(key).and_then(|v| v.parse().ok()).unwrap_or(default);
    let molecule = match options.get("model") {
        Some(path) => read_pdb(path)?,
        None => demo_molecule(200.0, 1),
    };
    let box_size = number("box", 128.0) as usize;
    let pixel = number("pixel", 2.0);
    let simulation = Simulation::new(
        vec![Specimen::molecule(molecule)],
        SimulationParams {
            count: number("particles", 5000.0) as usize,
            box_size,
            pixel_size_angstrom: pixel,
            snr: number("snr", 0.1),
            snr_region: if options.get("region").is_some_and(|r| r == "disc") {
                SnrRegion::ParticleDisc
            } else {
                SnrRegion::FullBox
            },
            junk_fraction: number("junk", 0.0),
            seed: number("simulation_seed", 1.0) as u64,
            ..Default::default()
        },
    )?;
    let mut pixels = Vec::new();
    let mut truths: Vec<ParticleTruth> = Vec::new();
    simulation.generate::<SimulateError>(500, |_, images, t| {
        pixels.extend_from_slice(images);
        truths.extend_from_slice(t);
        Ok(())
    })?;
    let stack = MemorySource::new(box_size, pixels)?;
    let map = simulation.truth_map(0)?;
    let truth_map = Volume::new(map.n, map.voxel_size_angstrom, map.data)?;
    let inputs: Vec<ParticleInput> = truths
        .iter()
        .map(|t| {
            let o = t.reported_optics;
            ParticleInput {
                image: t.index,
                ctf: Ctf {
                    voltage_kv: o.voltage_kv,
                    cs_mm: o.cs_mm,
                    amplitude_contrast: o.amplitude_contrast,
                    defocus_u_angstrom: o.defocus_u_angstrom,
                    defocus_v_angstrom: o.defocus_v_angstrom,
                    defocus_angle_rad: o.defocus_angle_deg.to_radians(),
                    ..Ctf::default()
                },
            }
        })
        .collect();
    let (mut right, mut total_seconds) = (0, 0.0);
    let seeds = number("seeds", 10.0) as u64;
    let first = number("first", 1.0) as u64;
    for seed in first..first + seeds {
        let defaults = AbInitioParams::default();
        let params = AbInitioParams {
            pixel_size_angstrom: pixel,
            seed,
            symmetry: options.get("symmetry").cloned().unwrap_or("C1".into()),
            classes: number("classes", 1.0) as usize,
            starts: number("starts", defaults.starts as f64) as usize,
            iterations: number("iterations", defaults.iterations as f64) as usize,
            final_resolution_angstrom: number("resolution", 12.0),
            particle_diameter_angstrom: Some(number("diameter", 0.0)).filter(|d| *d > 0.0),
            ..defaults
        };
        let start = std::time::Instant::now();
        let result = run(
            &stack,
            &inputs,
            &params,
            None,
            &mut Talk(number("verbose", 0.0) > 0.0),
        )?;
        let seconds = start.elapsed().as_secs_f64();
        total_seconds += seconds;
        let hands = [false, true].map(|mirrored| (frame(&result.particles, &truths, mirrored), mirrored));
        let ((q, share), mirrored) = if hands[0].0.1 >= hands[1].0.1 {
            hands[0]
        } else {
            hands[1]
        };
        let class = &result.classes[0];
        let found = Volume::new(class.n, class.voxel_size_angstrom, class.map.clone())?;
        let (resolution, curve, mirrored) = if params.symmetry == "C1" {
            let (resolution, curve) = agreement(&found, &truth_map, &q, mirrored)?;
            (resolution, curve, mirrored)
        } else {
            // Poses tell the frame only up to the group.
            let laid = align(&found, &truth_map, &AlignOptions::default())?;
            let curve = fsc::fsc(&laid.apply(&found, &truth_map)?, &truth_map)?;
            let resolution = curve.crossing(0.5).resolution_angstrom;
            (resolution, curve.correlation, laid.mirrored)
        };
        right += usize::from(resolution <= 20.0);
        let starts: Vec<String> = result
            .starts
            .iter()
            .map(|s| {
                format!(
                    "[{:.3}, {:.3}, {:.2}]",
                    s.held_out_log_evidence, s.sphere_log_evidence, s.entropy
                )
            })
            .collect();
        let curve: Vec<String> = curve.iter().skip(1).take(26).map(|v| format!("{v:.2}")).collect();
        println!(
            "{{\"seed\": {seed}, \"seconds\": {seconds:.1}, \"fsc05_angstrom\": {resolution:.2}, \"poses_right\": {share:.3}, \"mirrored\": {mirrored}, \"chosen\": {}, \"starts\": [{}], \"halves_angstrom\": {:.1}, \"halves_shared_angstrom\": {:.1}, \"warnings\": {}, \"fsc\": [{}]}}",
            result.chosen_start,
            starts.join(", "),
            result.halves.resolution_angstrom,
            result.halves.shared_angstrom,
            result.warnings.len(),
            curve.join(", "),
        );
    }
    println!(
        "{{\"right\": {right}, \"of\": {seeds}, \"mean_seconds\": {:.1}, \"snr2_to_8_angstrom\": {:.0}}}",
        total_seconds / seeds as f64,
        simulation.spectral_snr(0, 8.0)?,
    );
    Ok(())
}
