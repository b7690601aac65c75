//! The recipe of `simulate_particles`: specimen, images, truth.

use super::{Params, Plan};
use crate::context::{JobContext, MapToWrite, read_cube, read_failure, write_failure};
use crate::failure;
use crate::figures;
use crate::job::Finished;
use crate::particles::{Pose, write_poses};
use nilas_dataset::{Dataset, DatasetError, fresh_uids};
use nilas_formats::mrc::{MrcMode, MrcStackWriter};
use nilas_formats::pdb;
use nilas_geometry::Rotation;
use nilas_model::{DataKind, Failure};
use nilas_simulate::{
    Atom, Element, Molecule, NoiseSpectrum, Optics, Orientations, ParticleTruth, ScatteringModel,
    SimulateError, Simulation, SimulationParams, SnrRegion, Specimen, demo_molecule,
};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::path::Path;

/// Images made between two looks at the clock.
const BATCH: usize = 64;
/// Images shown in the figure.
const SHOWN: usize = 16;

enum Stop {
    Simulate(SimulateError),
    Failure(Failure),
}

impl From<SimulateError> for Stop {
    fn from(error: SimulateError) -> Self {
        Stop::Simulate(error)
    }
}

impl From<Stop> for Failure {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Simulate(error) => simulate_failure(error),
            Stop::Failure(failure) => failure,
        }
    }
}

fn simulate_failure(error: SimulateError) -> Failure {
    match &error {
        SimulateError::BoxTooSmall { .. } => {
            failure::input("params.box_size", &error, "Take a larger box or larger pixels.")
        }
        SimulateError::EmptySpecimen { .. } => failure::input(
            "params.source_path",
            &error,
            "Give a file that holds atoms or density.",
        ),
        SimulateError::UnknownElement { .. } => failure::input(
            "params.source_path",
            &error,
            "Correct the element column of the model.",
        ),
        SimulateError::Parameter { name, .. } => {
            failure::input(&format!("params.{name}"), &error, "Change this parameter.")
        }
        _ => failure::bug(error),
    }
}

pub(super) fn run(context: &mut JobContext, plan: Plan) -> Result<Finished, Failure> {
    let params = &plan.params;
    let specimen = specimen(context, params, plan.source.as_deref())?;
    let simulation = Simulation::new(vec![specimen], simulation_params(params)).map_err(simulate_failure)?;
    context.info(format!(
        "Making {} images of {1} x {1} px at {2} Å/px of a specimen of {3:.0} Å diameter.",
        simulation.len(),
        params.box_size,
        params.pixel_size_angstrom,
        simulation.diameter_angstrom()
    ))?;
    context.statistic("specimen_diameter_angstrom", simulation.diameter_angstrom())?;
    let map = simulation.truth_map(0).map_err(simulate_failure)?;
    context.figure(
        &figures::orthogonal_slices(
            "truth_slices",
            "True map: central slices",
            &map.data,
            map.n,
            map.voxel_size_angstrom,
        ),
        None,
    )?;
    context.figure(
        &figures::projections(
            "truth_projections",
            "True map: projections",
            &map.data,
            map.n,
            map.voxel_size_angstrom,
        ),
        None,
    )?;
    let (truths, stack) = images(context, &simulation, params)?;
    let (particles, truth) = datasets(context, params, &truths, &stack).map_err(failure::bug)??;
    let poses: Vec<Rotation> = truths.iter().map(|t| Rotation { m: t.rotation }).collect();
    context.figure(
        &figures::orientations("orientations", "True viewing directions", &poses),
        None,
    )?;
    let defocus: Vec<f64> = truths
        .iter()
        .map(|t| 0.5 * (t.optics.defocus_u_angstrom + t.optics.defocus_v_angstrom))
        .collect();
    context.figure(
        &figures::histogram("defocus", "Defocus", "mean defocus (Å)", &defocus, 40, &[]),
        None,
    )?;
    let snr = (0..truths.len().min(SHOWN))
        .map(|i| simulation.spectral_snr(i, 10.0))
        .collect::<Result<Vec<f64>, _>>()
        .map_err(simulate_failure)?;
    context.statistic(
        "spectral_snr_to_10_angstrom",
        snr.iter().sum::<f64>() / snr.len() as f64,
    )?;
    context.statistic("particles", truths.len() as f64)?;

    let summary = format!(
        "{} particles, {} px, {} Å/px",
        truths.len(),
        params.box_size,
        params.pixel_size_angstrom
    );
    let outputs = vec![
        context.write_particles(
            "particles",
            "Particles",
            &summary,
            &particles,
            None,
            vec![stack.clone()],
        )?,
        context.write_particles("truth", "Truth", &summary, &truth, None, vec![stack])?,
        context.write_volume(
            "truth_volume",
            DataKind::Volume,
            "True map",
            &[MapToWrite {
                slot: "map",
                data: &map.data,
            }],
            map.n,
            map.voxel_size_angstrom,
        )?,
    ];
    Ok(Finished {
        outputs,
        resolved_params: params.to_map(),
    })
}

fn specimen(context: &JobContext, params: &Params, source: Option<&Path>) -> Result<Specimen, Failure> {
    let Some(path) = source else {
        let molecule = demo_molecule(params.demo_mass_kda, params.seed);
        context.info(format!(
            "No file given: a structure of {} atoms, {:.0} kDa, is made by formula.",
            molecule.atoms.len(),
            molecule.mass_da() / 1000.0
        ))?;
        return Ok(Specimen::molecule(molecule));
    };
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase();
    if [".mrc", ".map", ".ccp4", ".mrc.gz", ".map.gz", ".mrc.bz2"]
        .iter()
        .any(|e| name.ends_with(e))
    {
        let map = read_cube(path.to_owned(), None, "params.source_path")?;
        context.info(format!(
            "Map of {} voxels, {:.3} Å.",
            map.n, map.voxel_size_angstrom
        ))?;
        return Specimen::map(map.data, map.n, map.voxel_size_angstrom).map_err(simulate_failure);
    }
    let atoms = pdb::read_atoms(path).map_err(|e| read_failure(e, "params.source_path"))?;
    let mut molecule = Molecule::default();
    // Ordered water belongs to the solvent that is modelled as a whole.
    for atom in atoms.iter().filter(|a| a.residue != "HOH") {
        molecule.atoms.push(Atom {
            element: Element::from_symbol(atom.symbol()).map_err(simulate_failure)?,
            position_angstrom: atom.position_angstrom,
            b_factor: atom.b_factor,
            occupancy: atom.occupancy,
        });
    }
    context.info(format!(
        "Model of {} atoms, {:.0} kDa.",
        molecule.atoms.len(),
        molecule.mass_da() / 1000.0
    ))?;
    Ok(Specimen::molecule(molecule))
}

fn simulation_params(p: &Params) -> SimulationParams {
    SimulationParams {
        box_size: p.box_size,
        pixel_size_angstrom: p.pixel_size_angstrom,
        count: p.number_of_particles,
        seed: p.seed,
        snr: if p.snr == 0.0 { f64::INFINITY } else { p.snr },
        snr_region: if p.snr_region == "full_box" {
            SnrRegion::FullBox
        } else {
            SnrRegion::ParticleDisc
        },
        noise: if p.noise == "white" {
            NoiseSpectrum::WHITE
        } else {
            NoiseSpectrum::default()
        },
        orientations: if p.orientations == "preferred" {
            Orientations::Preferred {
                directions: vec![[0.0, 0.0, 1.0], [0.6, 0.0, 0.8]],
                concentration: p.preferred_concentration,
                uniform_fraction: p.preferred_uniform_share,
            }
        } else {
            Orientations::Uniform
        },
        shift_sigma_angstrom: p.shift_sigma_angstrom,
        scale_variation: p.scale_variation,
        optics: Optics {
            voltage_kv: p.voltage_kv,
            cs_mm: p.cs_mm,
            amplitude_contrast: p.amplitude_contrast,
            b_factor: p.b_factor_angstrom2,
            ..Optics::default()
        },
        defocus_range_angstrom: [p.defocus_min_angstrom, p.defocus_max_angstrom],
        astigmatism_max_angstrom: p.astigmatism_max_angstrom,
        reported_defocus_error_angstrom: p.defocus_error_angstrom,
        particles_per_micrograph: p.particles_per_micrograph,
        junk_fraction: p.junk_fraction,
        scattering: ScatteringModel {
            displaced_solvent: p.displaced_solvent,
            implicit_hydrogens: p.implicit_hydrogens,
            uniform_b_factor: p.atomic_b_factor_angstrom2,
            ..ScatteringModel::default()
        },
        ..SimulationParams::default()
    }
}

/// Makes and stores the images; gives back the truths and the path of the stack.
fn images(
    context: &JobContext,
    simulation: &Simulation,
    params: &Params,
) -> Result<(Vec<ParticleTruth>, String), Failure> {
    let n = params.box_size;
    let (path, relative) = context.output_path(&format!("{}_particles.mrcs", context.job_name()));
    let mode = if params.float16 {
        MrcMode::F16
    } else {
        MrcMode::F32
    };
    let mut stack =
        MrcStackWriter::create(&path, [n, n], params.pixel_size_angstrom, mode).map_err(write_failure)?;
    let mut truths = Vec::with_capacity(simulation.len());
    let mut shown = Vec::new();
    let mut progress = context.progress("images made", simulation.len() as u64);
    let made: Result<(), Stop> = simulation.generate(BATCH, |_, images, batch| {
        let mut store = || -> Result<(), Failure> {
            context.check_cancelled()?;
            for image in images.chunks_exact(n * n) {
                if shown.len() < SHOWN {
                    shown.push(figures::grey_image(image, n, ""));
                }
                stack.push(image).map_err(write_failure)?;
            }
            truths.extend_from_slice(batch);
            progress.at(truths.len() as u64)
        };
        store().map_err(Stop::Failure)
    });
    made?;
    stack.finish().map_err(write_failure)?;
    context.figure(
        &figures::montage(
            "sample_particles",
            "The first images",
            shown,
            Some(params.pixel_size_angstrom),
        ),
        None,
    )?;
    Ok((truths, relative))
}

/// The dataset that a program may see, and the truth.
fn datasets(
    context: &JobContext,
    params: &Params,
    truths: &[ParticleTruth],
    stack: &str,
) -> Result<Result<(Dataset, Dataset), Failure>, DatasetError> {
    let count = truths.len();
    // The job's number is mixed in so that two simulations with one seed can be joined.
    let mut rng = ChaCha8Rng::seed_from_u64(params.seed ^ (context.record().id.0 << 32));
    let mut base = Dataset::from_uids(fresh_uids(count, &[], &mut rng));
    base.set_texts("blob/path", vec![stack; count])?;
    base.set("blob/idx", (0..count as u32).collect())?;
    base.set_array("blob/shape", &[2], vec![params.box_size as u32; 2 * count])?;
    base.set_all("blob/psize_A", params.pixel_size_angstrom as f32)?;
    base.set_all("blob/sign", 1.0f32)?;
    let mut micrographs = fresh_uids(
        truths.iter().map(|t| t.micrograph + 1).max().unwrap_or(1),
        &[],
        &mut rng,
    );
    micrographs.truncate(count.max(1));
    base.set(
        "location/micrograph_uid",
        truths
            .iter()
            .map(|t| micrographs[t.micrograph])
            .collect::<Vec<u64>>(),
    )?;
    base.set_all("location/exp_group_id", 1u32)?;

    let mut particles = base.clone();
    set_optics(&mut particles, truths.iter().map(|t| &t.reported_optics))?;
    let mut truth = base;
    set_optics(&mut truth, truths.iter().map(|t| &t.optics))?;
    let poses: Vec<Pose> = truths
        .iter()
        .map(|t| Pose {
            rotation: Rotation { m: t.rotation },
            shift_angstrom: t.shift_angstrom,
        })
        .collect();
    let pixel = params.pixel_size_angstrom;
    if let Err(failure) = write_poses(&mut truth, &poses, None, pixel) {
        return Ok(Err(failure));
    }
    if params.include_poses
        && let Err(failure) = write_poses(&mut particles, &poses, None, pixel)
    {
        return Ok(Err(failure));
    }
    truth.set(
        "truth/scale",
        truths.iter().map(|t| t.scale as f32).collect::<Vec<f32>>(),
    )?;
    // Junk has no class: the number after the last one.
    truth.set(
        "truth/class",
        truths
            .iter()
            .map(|t| t.class.map_or(1, |c| c as u32))
            .collect::<Vec<u32>>(),
    )?;
    Ok(Ok((particles, truth)))
}

fn set_optics<'a>(
    table: &mut Dataset,
    optics: impl Iterator<Item = &'a Optics> + Clone,
) -> Result<(), DatasetError> {
    let rows = table.rows();
    let mut column = |name: &str, value: fn(&Optics) -> f64| {
        table.set(
            &format!("ctf/{name}"),
            optics.clone().map(|o| value(o) as f32).collect::<Vec<f32>>(),
        )
    };
    column("accel_kv", |o| o.voltage_kv)?;
    column("cs_mm", |o| o.cs_mm)?;
    column("amp_contrast", |o| o.amplitude_contrast)?;
    column("df1_A", |o| o.defocus_u_angstrom)?;
    column("df2_A", |o| o.defocus_v_angstrom)?;
    column("df_angle_rad", |o| o.defocus_angle_deg.to_radians())?;
    column("phase_shift_rad", |o| o.phase_shift_rad)?;
    // The envelope is a property of the images, not something that a fit of the defocus would report.
    table.set_texts("ctf/type", vec!["imported"; rows])?;
    table.set_all("ctf/exp_group_id", 1u32)?;
    table.set_all("ctf/bfactor", 0.0f32)?;
    table.set_all("ctf/scale", 1.0f32)
}
