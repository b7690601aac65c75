//! Truth test: simulated particles, refined from a low-passed start, beside a reconstruction with the true poses.
//!
//! `cargo run --release -p nilas-refine --example refine_simulated -- count=2000 box=128 pixel=1.77 snr=0.1 seed=1`
//! Prints one JSON object per iteration and one for the comparison with the truth.
#![allow(clippy::unwrap_used)]

use nilas_geometry::{PointGroup, Rotation};
use nilas_optics::Ctf;
use nilas_refine::reconstruct::reconstruct;
use nilas_refine::refine::{RefineOutcome, RefineParams, run};
use nilas_refine::{ImageSource, IterationReport, Observer, Particle, Pose, SourceError};
use nilas_simulate::{Simulation, SimulationParams, Specimen, demo_molecule};
use nilas_volume::Volume;
use nilas_volume::fsc::{fsc, masked_corrected_fsc};
use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::time::Instant;

/// Images in a flat file, so that memory figures are the engine's own.
struct RawStack {
    file: File,
    count: usize,
    n: usize,
}

impl ImageSource for RawStack {
    fn len(&self) -> usize {
        self.count
    }
    fn box_size(&self) -> usize {
        self.n
    }
    fn read(&self, indices: &[usize], out: &mut [f32]) -> Result<(), SourceError> {
        let m = self.n * self.n;
        for (i, o) in indices.iter().zip(out.chunks_exact_mut(m)) {
            self.file
                .read_exact_at(bytemuck::cast_slice_mut(o), (i * m * 4) as u64)?;
        }
        Ok(())
    }
}

struct Print {
    truth: Volume,
    truths: Vec<(Rotation, [f64; 2])>,
    group: PointGroup,
}

impl Observer for Print {
    fn iteration(&mut self, r: &IterationReport) {
        let mean = r.half_maps[0]
            .average(&r.half_maps[1])
            .unwrap()
            .times(&r.mask)
            .unwrap();
        let against = fsc(&mean, &self.truth.times(&r.mask).unwrap()).unwrap();
        let mut angles: Vec<f64> = (r.particles.iter().zip(&self.truths))
            .map(|(p, t)| self.group.distance(&p.pose.rotation, &t.0).to_degrees())
            .collect();
        let mut shifts: Vec<f64> = (r.particles.iter().zip(&self.truths))
            .map(|(p, t)| (p.pose.shift_angstrom[0] - t.1[0]).hypot(p.pose.shift_angstrom[1] - t.1[1]))
            .collect();
        angles.sort_by(f64::total_cmp);
        shifts.sort_by(f64::total_cmp);
        let far = angles.iter().filter(|a| **a > 10.0).count() as f64 / angles.len() as f64;
        let mut sigma: Vec<f64> = r
            .particles
            .iter()
            .map(|p| p.rotation_sigma_rad.to_degrees())
            .collect();
        sigma.sort_by(f64::total_cmp);
        println!(
            "{{\"iteration\":{},\"search\":\"{:?}\",\"aligned_at\":{:.2},\"resolution\":{:.2},\"truth_0.5\":{:.2},\"angle_error_median_deg\":{:.2},\"p90\":{:.2},\"far\":{:.3},\"sigma_deg\":{:.2},\"shift_error_median_A\":{:.2},\"change_deg\":{:.2},\"audit_better\":{:.3},\"ll\":{:.1},\"e_s\":{:.1},\"i_s\":{:.1},\"m_s\":{:.1}}}",
            r.iteration,
            r.search,
            r.alignment_resolution_angstrom,
            r.resolution_angstrom,
            against.crossing(0.5).resolution_angstrom,
            angles[angles.len() / 2],
            angles[angles.len() * 9 / 10],
            far,
            sigma[sigma.len() / 2],
            shifts[shifts.len() / 2],
            r.median_rotation_change_rad.to_degrees(),
            r.audit_better_share,
            r.mean_log_likelihood,
            r.timings.expectation_seconds,
            r.timings.insertion_seconds,
            r.timings.maps_seconds,
        );
    }
}

/// One line on an outcome beside the truth; its curves where asked for.
fn compare(name: &str, o: &RefineOutcome, truth: &Volume, curves: bool) {
    let m = &o.mask_fsc;
    let curve = fsc(&o.map.times(m).unwrap(), &truth.times(m).unwrap()).unwrap();
    // What a mask alone correlates is taken off both predictions and truth, or there is no mask on either.
    let corrected = masked_corrected_fsc(&o.map, truth, m, 1).unwrap().corrected;
    let plain = fsc(&o.map, truth).unwrap();
    let last = o
        .resolution
        .angstrom()
        .map_or(0, |d| (o.map.box_angstrom() / d).floor() as usize);
    let worst = |predicted: &[f64], found: &[f64]| {
        (1..=last.min(found.len() - 2))
            .map(|r| (predicted[r] - found[r], r))
            .max_by(|a, b| a.0.abs().total_cmp(&b.0.abs()))
            .unwrap_or((0.0, 0))
    };
    let (in_mask, no_mask) = (
        worst(&o.cref, &corrected.correlation),
        worst(&o.fsc.unmasked.cref(), &plain.correlation),
    );
    println!(
        "{{\"case\":\"{name}\",\"resolution\":{:?},\"truth_0.5_A\":{:.3},\"truth_shell\":{:.1},\"half_shell\":{:.1},\"cref_minus_truth\":{:.3},\"at_shell\":{},\"cref_minus_truth_in_mask\":{:.3},\"in_mask_at\":{},\"support_z\":{:?},\"iterations\":{}}}",
        o.resolution.angstrom(),
        curve.crossing(0.5).resolution_angstrom,
        curve.crossing(0.5).shell,
        o.fsc.corrected.crossing(0.143).shell,
        no_mask.0,
        no_mask.1,
        in_mask.0,
        in_mask.1,
        o.support_z,
        o.iterations
    );
    if curves {
        println!("cref  {:.2?}", &o.cref);
        println!("truth {:.2?}", &corrected.correlation);
        println!("randomised {:.2?}", &o.fsc.randomised.correlation);
        println!("cref, no mask  {:.2?}", o.fsc.unmasked.cref());
        println!("truth, no mask {:.2?}", &plain.correlation);
    }
}

fn main() {
    let args: HashMap<String, String> = std::env::args()
        .skip(1)
        .filter_map(|a| a.split_once('=').map(|(k, v)| (k.to_string(), v.to_string())))
        .collect();
    let number = |k: &str, d: f64| args.get(k).map_or(d, |v| v.parse().unwrap());
    let (n, pixel) = (number("box", 128.0) as usize, number("pixel", 1.77));
    let mut sp = SimulationParams {
        box_size: n,
        pixel_size_angstrom: pixel,
        count: number("count", 1000.0) as usize,
        seed: number("seed", 1.0) as u64,
        snr: number("snr", 0.1),
        shift_sigma_angstrom: number("shift", 4.0),
        ..Default::default()
    };
    sp.optics.b_factor = number("b_factor", 0.0);
    if let Some(b) = args.get("atomic_b_factor") {
        sp.scattering.uniform_b_factor = Some(b.parse().unwrap());
    }
    let noise_only = number("noise_only", 0.0) > 0.0;
    if noise_only {
        sp.snr = 1e-9;
    }
    let molecule = demo_molecule(number("kda", 150.0), number("molecule", 3.0) as u64);
    let count = sp.count;
    let start = Instant::now();
    let simulation = Simulation::new(vec![Specimen::molecule(molecule)], sp).unwrap();
    let file = tempfile::tempfile_in(std::env::temp_dir()).unwrap();
    let mut truths = Vec::new();
    simulation
        .generate::<nilas_simulate::SimulateError>(64, |first, images, t| {
            file.write_all_at(bytemuck::cast_slice(images), (first * n * n * 4) as u64)
                .unwrap();
            truths.extend_from_slice(t);
            Ok(())
        })
        .unwrap();
    eprintln!(
        "simulated in {:.1} s, diameter {:.0} A",
        start.elapsed().as_secs_f64(),
        simulation.diameter_angstrom()
    );
    let source = RawStack { file, count, n };
    let map = simulation.truth_map(0).unwrap();
    let truth = Volume::new(map.n, map.voxel_size_angstrom, map.data).unwrap();
    let particles: Vec<Particle> = truths
        .iter()
        .enumerate()
        .map(|(i, t)| Particle {
            image: i,
            ctf: Ctf {
                voltage_kv: t.reported_optics.voltage_kv,
                cs_mm: t.reported_optics.cs_mm,
                amplitude_contrast: t.reported_optics.amplitude_contrast,
                defocus_u_angstrom: t.reported_optics.defocus_u_angstrom,
                defocus_v_angstrom: t.reported_optics.defocus_v_angstrom,
                defocus_angle_rad: t.reported_optics.defocus_angle_deg.to_radians(),
                ..Default::default()
            },
            optics_group: 1,
            half: None,
            pose: Some(Pose {
                rotation: Rotation { m: t.rotation },
                shift_angstrom: t.shift_angstrom,
            }),
            scale: 1.0,
        })
        .collect();
    let scratch = std::env::temp_dir();
    let mut params = RefineParams::new(pixel);
    params.seed = number("refine_seed", number("seed", 1.0)) as u64;
    params.initial_low_pass_angstrom = number("low_pass", 30.0);
    params.local_only = number("local", 0.0) > 0.0;
    let mut print = Print {
        truth: truth.clone(),
        truths: truths
            .iter()
            .map(|t| (Rotation { m: t.rotation }, t.shift_angstrom))
            .collect(),
        group: params.group.clone(),
    };
    let oracle = reconstruct(
        &source,
        &particles,
        &params,
        None,
        &scratch,
        &mut nilas_refine::Silent,
    )
    .unwrap();
    if args.contains_key("known") {
        compare("true poses", &oracle, &truth, args.contains_key("curves"));
        return;
    }
    let blind: Vec<Particle> = particles
        .iter()
        .map(|p| Particle {
            pose: p.pose.filter(|_| params.local_only),
            ..p.clone()
        })
        .collect();
    let start = Instant::now();
    let found = run(&source, &blind, &params, &truth, None, None, &scratch, &mut print).unwrap();
    let seconds = start.elapsed().as_secs_f64();
    for (name, o) in [("true poses", &oracle), ("refined", &found)] {
        compare(name, o, &truth, args.contains_key("curves"));
    }
    println!("{{\"refine_seconds\":{seconds:.1},\"particles\":{count},\"box\":{n}}}");
}
