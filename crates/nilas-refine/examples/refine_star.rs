//! Real particles from a RELION 3.1 STAR file: reconstruction with its poses, and refinement from a reference map.
//!
//! `cargo run --release -p nilas-refine --example refine_star -- star=joined_dev.star sym=D2 reference=map.mrc out=DIR`
//! Other maps to compare with by FSC (same grid): `compare=relion.mrc`. One JSON object per result.
#![allow(clippy::unwrap_used)]

use nilas_formats::mrc::{MrcFile, MrcMode, write_volume};
use nilas_formats::star::StarFile;
use nilas_geometry::{PointGroup, Rotation};
use nilas_optics::Ctf;
use nilas_refine::reconstruct::reconstruct;
use nilas_refine::refine::{RefineOutcome, RefineParams, run};
use nilas_refine::{ImageSource, IterationReport, Observer, Particle, Pose, SourceError};
use nilas_volume::{Volume, fsc::fsc};
use std::collections::HashMap;
use std::path::Path;
use std::time::Instant;

struct Stack(MrcFile);

impl ImageSource for Stack {
    fn len(&self) -> usize {
        self.0.slices()
    }
    fn box_size(&self) -> usize {
        self.0.slice_shape()[0]
    }
    fn read(&self, indices: &[usize], out: &mut [f32]) -> Result<(), SourceError> {
        let m = self.box_size() * self.box_size();
        for (i, o) in indices.iter().zip(out.chunks_exact_mut(m)) {
            self.0.read_slice(*i, o)?;
        }
        Ok(())
    }
}

struct Print;

impl Observer for Print {
    fn iteration(&mut self, r: &IterationReport) {
        println!(
            "{{\"iteration\":{},\"search\":\"{:?}\",\"aligned_at\":{:.2},\"resolution\":{:.2},\"change_deg\":{:.2},\"audit_better\":{:.3},\"ll\":{:.1},\"seconds\":[{:.1},{:.1},{:.1}]}}",
            r.iteration,
            r.search,
            r.alignment_resolution_angstrom,
            r.resolution_angstrom,
            r.median_rotation_change_rad.to_degrees(),
            r.audit_better_share,
            r.mean_log_likelihood,
            r.timings.expectation_seconds,
            r.timings.insertion_seconds,
            r.timings.maps_seconds
        );
    }
}

fn volume(path: &str, n: usize, a: f64) -> Volume {
    let file = MrcFile::open(path).unwrap();
    let v = Volume::new(file.slice_shape()[0], a, file.read_all().unwrap()).unwrap();
    nilas_volume::filter::with_box(&v, n, 0.0).unwrap()
}

fn main() {
    let args: HashMap<String, String> = std::env::args()
        .skip(1)
        .filter_map(|a| a.split_once('=').map(|(k, v)| (k.to_string(), v.to_string())))
        .collect();
    let star = StarFile::read(&args["star"]).unwrap();
    let table = star.block("particles").unwrap().table().unwrap();
    let optics = star.block("optics").unwrap().table().unwrap();
    let group = |name: &str| {
        optics
            .column(name)
            .unwrap()
            .get(0)
            .unwrap()
            .parse::<f64>()
            .unwrap()
    };
    let a = group("rlnImagePixelSize");
    let number = |row: usize, name: &str| {
        table
            .column(name)
            .and_then(|c| c.get(row))
            .map_or(0.0, |v| v.parse::<f64>().unwrap())
    };
    let first = table
        .column("rlnImageName")
        .unwrap()
        .get(0)
        .unwrap()
        .split_once('@')
        .unwrap()
        .1
        .to_string();
    let stack = Stack(MrcFile::open(Path::new(&args["star"]).with_file_name(first)).unwrap());
    let n = stack.box_size();
    let particles: Vec<Particle> = (0..table.rows())
        .map(|i| Particle {
            image: table
                .column("rlnImageName")
                .unwrap()
                .get(i)
                .unwrap()
                .split_once('@')
                .unwrap()
                .0
                .parse::<usize>()
                .unwrap()
                - 1,
            ctf: Ctf {
                voltage_kv: group("rlnVoltage"),
                cs_mm: group("rlnSphericalAberration"),
                amplitude_contrast: group("rlnAmplitudeContrast"),
                defocus_u_angstrom: number(i, "rlnDefocusU"),
                defocus_v_angstrom: number(i, "rlnDefocusV"),
                defocus_angle_rad: number(i, "rlnDefocusAngle").to_radians(),
                ..Default::default()
            },
            optics_group: 1,
            half: Some((number(i, "rlnRandomSubset") as u8).wrapping_sub(1)),
            pose: Some(Pose {
                rotation: Rotation::from_euler_deg(
                    number(i, "rlnAngleRot"),
                    number(i, "rlnAngleTilt"),
                    number(i, "rlnAnglePsi"),
                ),
                shift_angstrom: [number(i, "rlnOriginXAngst"), number(i, "rlnOriginYAngst")],
            }),
            scale: 1.0,
        })
        .collect();
    let mut params = RefineParams::new(a);
    params.group = PointGroup::parse(args.get("sym").map_or("C1", String::as_str)).unwrap();
    let reference = args.get("reference").map(|p| volume(p, n, a));
    let others: Vec<(String, Volume)> = args
        .get("compare")
        .map(|p| (p.clone(), volume(p, n, a)))
        .into_iter()
        .collect();
    let scratch = std::env::temp_dir();
    let show = |name: &str, o: &RefineOutcome, seconds: f64| {
        println!(
            "{{\"case\":\"{name}\",\"seconds\":{seconds:.1},\"resolution\":{:?},\"support_z\":{:?},\"iterations\":{}}}",
            o.resolution, o.support_z, o.iterations
        );
        println!("half {:.2?}", &o.fsc.corrected.correlation[1..]);
        let against = |what: &str, v: &Volume| {
            let whole = fsc(&o.map, v).unwrap();
            let inside = fsc(&o.map.times(&o.mask_fsc).unwrap(), &v.times(&o.mask_fsc).unwrap()).unwrap();
            println!(
                "{{\"against\":\"{what}\",\"fsc_0.5_A\":{:.2},\"masked_0.5_A\":{:.2}}}",
                whole.crossing(0.5).resolution_angstrom,
                inside.crossing(0.5).resolution_angstrom
            );
            println!(
                "fsc {:.3?}\nmasked {:.3?}",
                &whole.correlation[1..],
                &inside.correlation[1..]
            );
        };
        if let Some(r) = &reference {
            against("reference", r);
        }
        for (p, v) in &others {
            against(p, v);
            let plain = fsc(
                &o.map_plain.times(&o.mask_fsc).unwrap(),
                &v.times(&o.mask_fsc).unwrap(),
            )
            .unwrap();
            println!("plain {:.3?}", &fsc(&o.map_plain, v).unwrap().correlation[1..]);
            println!("plain masked {:.3?}", &plain.correlation[1..]);
        }
        if let Some(dir) = args.get("out") {
            let path = format!("{dir}/{name}.mrc");
            write_volume(path, [n, n, n], a, &o.map.data, MrcMode::F32).unwrap();
        }
    };
    let start = Instant::now();
    let known = reconstruct(
        &stack,
        &particles,
        &params,
        None,
        &scratch,
        &mut nilas_refine::Silent,
    )
    .unwrap();
    show("published_poses", &known, start.elapsed().as_secs_f64());
    if let (Some(r), None) = (&reference, args.get("skip_refine")) {
        let blind: Vec<Particle> = particles
            .iter()
            .map(|p| Particle {
                pose: None,
                ..p.clone()
            })
            .collect();
        let start = Instant::now();
        let found = run(&stack, &blind, &params, r, None, None, &scratch, &mut Print).unwrap();
        show("refined", &found, start.elapsed().as_secs_f64());
        let mut d: Vec<f64> = (found.particles.iter().zip(&particles))
            .filter_map(|(f, p)| {
                p.pose
                    .map(|q| params.group.distance(&f.pose.rotation, &q.rotation).to_degrees())
            })
            .collect();
        d.sort_by(f64::total_cmp);
        println!(
            "{{\"median_deg_to_published\":{:.2},\"p90\":{:.2}}}",
            d[d.len() / 2],
            d[d.len() * 9 / 10]
        );
    }
}
