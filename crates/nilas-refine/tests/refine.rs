//! The engine on simulated particles: truth, honesty, odd inputs, determinism, continuation.
#![allow(clippy::unwrap_used)]

use nilas_geometry::{PointGroup, Rotation};
use nilas_optics::Ctf;
use nilas_refine::reconstruct::reconstruct;
use nilas_refine::refine::{RefineOutcome, RefineParams, RefineState, Resolution, run};
use nilas_refine::{
    ImageSource, IterationReport, Observer, Particle, Pose, RefineError, Silent, SourceError,
};
use nilas_simulate::{Simulation, SimulationParams, Specimen, demo_molecule};
use nilas_volume::{Volume, fsc::fsc};
use std::sync::OnceLock;

const N: usize = 48;
const PIXEL: f64 = 4.0;

struct Memory {
    n: usize,
    data: Vec<f32>,
}

impl ImageSource for Memory {
    fn len(&self) -> usize {
        self.data.len() / (self.n * self.n)
    }
    fn box_size(&self) -> usize {
        self.n
    }
    fn read(&self, indices: &[usize], out: &mut [f32]) -> Result<(), SourceError> {
        let m = self.n * self.n;
        for (i, o) in indices.iter().zip(out.chunks_exact_mut(m)) {
            let from = self
                .data
                .get(i * m..(i + 1) * m)
                .ok_or_else(|| format!("no image {i}"))?;
            o.copy_from_slice(from);
        }
        Ok(())
    }
}

struct Set {
    source: Memory,
    particles: Vec<Particle>,
    truth: Volume,
}

fn simulate(count: usize, snr: f64) -> Set {
    let params = SimulationParams {
        box_size: N,
        pixel_size_angstrom: PIXEL,
        count,
        snr,
        ..Default::default()
    };
    let simulation = Simulation::new(vec![Specimen::molecule(demo_molecule(120.0, 3))], params).unwrap();
    let (mut data, mut truths) = (Vec::new(), Vec::new());
    simulation
        .generate::<nilas_simulate::SimulateError>(32, |_, images, t| {
            data.extend_from_slice(images);
            truths.extend_from_slice(t);
            Ok(())
        })
        .unwrap();
    let map = simulation.truth_map(0).unwrap();
    let particles = truths
        .iter()
        .enumerate()
        .map(|(image, t)| Particle {
            image,
            ctf: Ctf {
                voltage_kv: t.optics.voltage_kv,
                cs_mm: t.optics.cs_mm,
                amplitude_contrast: t.optics.amplitude_contrast,
                defocus_u_angstrom: t.optics.defocus_u_angstrom,
                defocus_v_angstrom: t.optics.defocus_v_angstrom,
                defocus_angle_rad: t.optics.defocus_angle_deg.to_radians(),
                ..Default::default()
            },
            optics_group: 7,
            half: None,
            pose: Some(Pose {
                rotation: Rotation { m: t.rotation },
                shift_angstrom: t.shift_angstrom,
            }),
            scale: 1.0,
        })
        .collect();
    Set {
        source: Memory { n: N, data },
        particles,
        truth: Volume::new(map.n, map.voxel_size_angstrom, map.data).unwrap(),
    }
}

fn shared() -> &'static Set {
    static SET: OnceLock<Set> = OnceLock::new();
    SET.get_or_init(|| simulate(240, 0.25))
}

fn blind(set: &Set) -> Vec<Particle> {
    set.particles
        .iter()
        .map(|p| Particle {
            pose: None,
            ..p.clone()
        })
        .collect()
}

fn against_truth(o: &RefineOutcome, truth: &Volume) -> (f64, f64) {
    let curve = fsc(
        &o.map.times(&o.mask_fsc).unwrap(),
        &truth.times(&o.mask_fsc).unwrap(),
    )
    .unwrap();
    // Predicted and found without a mask: what a mask alone correlates would be in one curve and not in the other.
    let plain = fsc(&o.map, truth).unwrap();
    let last = N / 2 - 1;
    let worst = (1..=last)
        .take_while(|r| o.fsc.corrected.correlation[*r] > 0.143)
        .map(|r| (nilas_volume::fsc::cref(o.fsc.unmasked.correlation[r]) - plain.correlation[r]).abs())
        .fold(0.0, f64::max);
    (curve.crossing(0.5).shell.min(last as f64), worst)
}

#[derive(Default)]
struct Recorder {
    reports: Vec<IterationReport>,
    saved: Vec<Vec<u8>>,
    stop_after: Option<usize>,
}

impl Observer for Recorder {
    fn cancelled(&self) -> bool {
        self.stop_after.is_some_and(|n| self.reports.len() >= n)
    }
    fn iteration(&mut self, r: &IterationReport) {
        self.reports.push(r.clone());
    }
    fn checkpoint(&mut self, state: &RefineState) {
        let mut bytes = Vec::new();
        state.save(&mut bytes).unwrap();
        self.saved.push(bytes);
    }
}

#[test]
fn refinement_reaches_what_true_poses_reach_and_says_so_honestly() {
    let set = shared();
    let dir = tempfile::tempdir().unwrap();
    let params = RefineParams::new(PIXEL);
    let oracle = reconstruct(
        &set.source,
        &set.particles,
        &params,
        None,
        dir.path(),
        &mut Silent,
    )
    .unwrap();
    let mut recorder = Recorder::default();
    let found = run(
        &set.source,
        &blind(set),
        &params,
        &set.truth,
        None,
        None,
        dir.path(),
        &mut recorder,
    )
    .unwrap();
    let (oracle_shell, oracle_gap) = against_truth(&oracle, &set.truth);
    let (shell, gap) = against_truth(&found, &set.truth);
    let mut angles: Vec<f64> = (found.particles.iter().zip(&set.particles))
        .filter_map(|(f, p)| p.pose.map(|q| f.pose.rotation.angle_to(&q.rotation).to_degrees()))
        .collect();
    angles.sort_by(f64::total_cmp);
    println!(
        "truth shells: true poses {oracle_shell:.1} (Cref off by {oracle_gap:.3}), refined {shell:.1} ({gap:.3}); \
         median angle error {:.2} deg; {} iterations; z {:?}",
        angles[angles.len() / 2],
        found.iterations,
        found.support_z
    );
    assert!(shell > oracle_shell - 2.0);
    assert!(angles[angles.len() / 2] < 3.0);
    assert!(found.resolution.angstrom().is_some());
    assert!(found.support_z.unwrap() > 10.0);
    assert!(gap < 0.08, "few particles: the limit of 0.05 is for real sets");
    assert!(found.particles.iter().any(|p| p.half == 0) && found.particles.iter().any(|p| p.half == 1));
    // The scratch file leaves nothing behind.
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);

    // Continuing from a checkpoint gives the same result to the bit.
    assert!(recorder.saved.len() >= 3);
    let state = RefineState::load(&recorder.saved[1][..]).unwrap();
    let again = run(
        &set.source,
        &blind(set),
        &params,
        &set.truth,
        None,
        Some(state),
        dir.path(),
        &mut Silent,
    )
    .unwrap();
    assert_eq!(again.map.data, found.map.data);
    let same = |a: &RefineOutcome, b: &RefineOutcome| {
        a.particles
            .iter()
            .zip(&b.particles)
            .all(|(x, y)| x.pose == y.pose && x.scale == y.scale)
    };
    assert!(same(&again, &found));
    // A damaged or foreign state is refused.
    let mut damaged = recorder.saved[1].clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    assert!(matches!(
        RefineState::load(&damaged[..]),
        Err(RefineError::State(_))
    ));
    assert!(matches!(
        RefineState::load(&recorder.saved[1][..100]),
        Err(RefineError::State(_))
    ));
    let state = RefineState::load(&recorder.saved[1][..]).unwrap();
    let fewer = &blind(set)[..100];
    let e = run(
        &set.source,
        fewer,
        &params,
        &set.truth,
        None,
        Some(state),
        dir.path(),
        &mut Silent,
    );
    assert!(matches!(e, Err(RefineError::State(_))));
}

#[test]
fn noise_gives_no_map() {
    let set = shared();
    let mut data = vec![0.0f32; 240 * N * N];
    let mut s = 88172645463325252u64;
    let mut uniform = move || {
        s ^= s << 13;
        s ^= s >> 7;
        s ^= s << 17;
        (s >> 11) as f64 / (1u64 << 53) as f64
    };
    for v in &mut data {
        *v = ((0..6).map(|_| uniform()).sum::<f64>() - 3.0) as f32;
    }
    let source = Memory { n: N, data };
    let dir = tempfile::tempdir().unwrap();
    let params = RefineParams::new(PIXEL);
    let o = run(
        &source,
        &blind(set),
        &params,
        &set.truth,
        None,
        None,
        dir.path(),
        &mut Silent,
    )
    .unwrap();
    println!("noise: {:?}, z {:?}", o.resolution, o.support_z);
    assert_eq!(o.resolution, Resolution::Unsupported);
}

#[test]
fn bad_inputs_are_refused_before_any_work() {
    let set = shared();
    let dir = tempfile::tempdir().unwrap();
    let params = RefineParams::new(PIXEL);
    let go = |source: &Memory, particles: &[Particle], params: &RefineParams| {
        run(
            source,
            particles,
            params,
            &set.truth,
            None,
            None,
            dir.path(),
            &mut Silent,
        )
    };
    let copy = |count: usize| Memory {
        n: N,
        data: set.source.data[..count * N * N].to_vec(),
    };
    let mut nan = copy(40);
    nan.data[17 * N * N + 5] = f32::NAN;
    assert!(matches!(
        go(&nan, &blind(set)[..40], &params),
        Err(RefineError::NotFinite { image: 17 })
    ));
    assert!(matches!(
        go(&copy(3), &blind(set)[..3], &params),
        Err(RefineError::TooFew { found: 3, .. })
    ));
    let zeros = Memory {
        n: N,
        data: vec![0.0; 40 * N * N],
    };
    assert!(matches!(
        go(&zeros, &blind(set)[..40], &params),
        Err(RefineError::TooFew { found: 0, .. })
    ));
    let one = &set.source.data[..N * N];
    let same = Memory {
        n: N,
        data: one.iter().copied().cycle().take(40 * N * N).collect(),
    };
    assert!(matches!(
        go(&same, &blind(set)[..40], &params),
        Err(RefineError::Duplicates { .. })
    ));
    assert!(matches!(
        go(&copy(20), &blind(set)[..40], &params),
        Err(RefineError::NoSuchImage {
            particle: 20,
            image: 20,
            count: 20
        })
    ));
    let odd = Memory {
        n: 47,
        data: vec![1.0; 20 * 47 * 47],
    };
    assert!(go(&odd, &blind(set)[..20], &params).is_err());
    for bad in [0.0, -1.0, f64::NAN] {
        let p = RefineParams {
            pixel_size_angstrom: bad,
            ..params.clone()
        };
        assert!(matches!(
            go(&copy(40), &blind(set)[..40], &p),
            Err(RefineError::Parameter { .. })
        ));
    }
    let nowhere = run(
        &set.source,
        &blind(set),
        &params,
        &set.truth,
        None,
        None,
        std::path::Path::new("/nowhere/at/all"),
        &mut Silent,
    );
    assert!(matches!(nowhere, Err(RefineError::Scratch { .. })));
    let mut no_pose = set.particles.clone();
    no_pose[5].pose = None;
    let e = reconstruct(&set.source, &no_pose, &params, None, dir.path(), &mut Silent);
    assert!(matches!(e, Err(RefineError::NoPose(5))));
}

#[test]
fn cancelling_stops_and_leaves_nothing() {
    let set = shared();
    let dir = tempfile::tempdir().unwrap();
    let mut observer = Recorder {
        stop_after: Some(0),
        ..Default::default()
    };
    let params = RefineParams::new(PIXEL);
    let e = run(
        &set.source,
        &blind(set),
        &params,
        &set.truth,
        None,
        None,
        dir.path(),
        &mut observer,
    );
    assert!(matches!(e, Err(RefineError::Cancelled)));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn symmetry_is_the_same_as_four_times_the_particles() {
    let set = shared();
    let dir = tempfile::tempdir().unwrap();
    let group = PointGroup::parse("D2").unwrap();
    let params = RefineParams {
        group: group.clone(),
        ..RefineParams::new(PIXEL)
    };
    let some = &set.particles[..60];
    let sym = reconstruct(&set.source, some, &params, None, dir.path(), &mut Silent).unwrap();
    let m = &sym.map_plain;
    // The map is its own copy under the two-fold along z: (x, y) -> (-x, -y).
    let (mut error, mut power) = (0.0, 0.0);
    for z in 1..N {
        for y in 1..N {
            for x in 1..N {
                let (a, b) = (m.data[m.index(x, y, z)], m.data[m.index(N - x, N - y, z)]);
                error += f64::from(a - b).powi(2);
                power += f64::from(a).powi(2);
            }
        }
    }
    assert!(error < 1e-6 * power);
}
