//! The recipe of `import_particles`: read the list, find the stacks, look at them, take over.

use super::images::{Seen, judge, look, warnings as image_warnings};
use super::load::{kind, load, settle_pixel_size};
use super::metadata::{check_optics, override_optics};
use super::{Plan, paths};
use crate::context::{JobContext, read_failure};
use crate::failure;
use crate::figures;
use crate::job::Finished;
use crate::particles::{ParticleImages, halves, poses};
use nilas_dataset::{Dataset, fresh_uids};
use nilas_formats::mrc::MrcFile;
use nilas_model::Failure;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Below this number a map can't be expected.
const FEW: usize = 100;

pub(super) fn run(context: &mut JobContext, plan: Plan) -> Result<Finished, Failure> {
    let params = &plan.params;
    let kind = kind(&plan.path)?;
    let mut notes = Vec::new();
    let mut table = load(&plan, kind, &mut notes)?;
    context.info(format!(
        "{}: a {} of {} particles.",
        plan.path.display(),
        kind.name(),
        table.rows()
    ))?;
    for note in notes {
        context.info(note)?;
    }
    let mut warnings = Vec::new();
    let names: Vec<String> = table
        .texts("blob/path")
        .map_err(failure::bug)?
        .iter()
        .map(|p| strip(p).to_owned())
        .collect();
    let files = paths::resolve(&plan, names.iter().map(String::as_str))?;
    let stacks = open_stacks(context, &files)?;
    check_slices(&table, &names, &stacks)?;
    set_shapes(&mut table, &names, &stacks)?;
    let header_sizes: Vec<f64> = stacks.values().filter_map(|s| s.pixel_size_angstrom).collect();
    warnings.extend(settle_pixel_size(
        &mut table,
        params,
        header_sizes.first().copied(),
    )?);
    override_optics(&mut table, params)?;
    warnings.extend(check_optics(&table)?);
    if params.dark_protein {
        table.set_all("blob/sign", -1.0f32).map_err(failure::bug)?;
    } else if !table.has("blob/sign") {
        table.set_all("blob/sign", 1.0f32).map_err(failure::bug)?;
    }
    link(context, &mut table, &names, &files)?;

    let images = ParticleImages::new(&table, context.project_dir(), "params.path")?;
    // The links exist only in the staging directory until the job completes.
    let staged = staged(context, &table)?;
    let staged = ParticleImages::new(&staged, context.project_dir(), "params.path")?;
    let sample = if params.check_all_images || params.drop_bad_images {
        images.len()
    } else {
        params.sampled_images
    };
    let mut seen = look(context, &staged, sample)?;
    if params.drop_bad_images && !seen.bad.is_empty() {
        warnings.push(format!(
            "{} images were left out: {} with NaN or infinite values, {} with one value only.",
            seen.bad.len(),
            seen.not_finite,
            seen.constant
        ));
        let bad: std::collections::HashSet<usize> = seen.bad.drain(..).collect();
        table = table.filter(|row| !bad.contains(&row));
        if table.is_empty() {
            return Err(failure::input(
                "params.path",
                "No usable image is left.",
                "Extract the particles again.",
            ));
        }
    }
    judge(&seen, &staged)?;
    warnings.extend(image_warnings(&seen, params.dark_protein));
    if table.rows() < FEW {
        warnings.push(format!(
            "There are only {} particles: a map can't be expected from so few.",
            table.rows()
        ));
    }
    report(context, &table, &images, seen, &warnings, files.len())?;

    let summary = format!(
        "{} particles, {} px, {} Å/px",
        table.rows(),
        images.box_size(),
        (images.pixel_size_angstrom() * 1e4).round() / 1e4
    );
    let output = context.write_particles("particles", "Particles", &summary, &table, None, Vec::new())?;
    let mut resolved_params = params.to_map();
    resolved_params.insert(
        "pixel_size_angstrom".to_owned(),
        images.pixel_size_angstrom().into(),
    );
    resolved_params.insert("path".to_owned(), plan.path.to_string_lossy().into_owned().into());
    Ok(Finished {
        outputs: vec![output],
        resolved_params,
    })
}

/// CryoSPARC marks paths relative to the dataset's own folder.
fn strip(path: &str) -> &str {
    path.strip_prefix('>').unwrap_or(path)
}

struct Stack {
    slices: usize,
    /// Rows, columns.
    shape: [usize; 2],
    pixel_size_angstrom: Option<f64>,
}

/// Opens every stack once: a missing or shortened one stops the import here, not in the middle of a refinement.
fn open_stacks(
    context: &JobContext,
    files: &BTreeMap<String, PathBuf>,
) -> Result<BTreeMap<String, Stack>, Failure> {
    let mut stacks = BTreeMap::new();
    let mut notes: BTreeMap<String, usize> = BTreeMap::new();
    let mut progress = context.progress("stacks opened", files.len() as u64);
    for (name, path) in files {
        context.check_cancelled()?;
        let file = MrcFile::open(path).map_err(|e| read_failure(e, "params.path"))?;
        for note in file.notes() {
            *notes.entry(note.clone()).or_default() += 1;
        }
        let stack = Stack {
            slices: file.slices(),
            shape: file.slice_shape(),
            pixel_size_angstrom: file.pixel_size_angstrom(),
        };
        stacks.insert(name.clone(), stack);
        progress.add(1)?;
    }
    for (note, count) in notes {
        context.info(format!("{count} of {} stacks: {note}", files.len()))?;
    }
    Ok(stacks)
}

fn check_slices(table: &Dataset, names: &[String], stacks: &BTreeMap<String, Stack>) -> Result<(), Failure> {
    let indices = table.numbers("blob/idx").map_err(failure::bug)?;
    for (row, (name, index)) in names.iter().zip(&indices).enumerate() {
        let slices = stacks.get(name).map_or(0, |s| s.slices);
        if !(*index >= 0.0 && (*index as usize) < slices) {
            return Err(failure::input(
                "params.path",
                format!(
                    "Particle {} is slice {} of {name}, which has {slices}.",
                    row + 1,
                    index + 1.0
                ),
                "The list and the stack do not belong together, or the stack was cut short: extract the particles again.",
            ));
        }
    }
    Ok(())
}

/// Box sizes are those of the stacks, whatever the list says.
fn set_shapes(
    table: &mut Dataset,
    names: &[String],
    stacks: &BTreeMap<String, Stack>,
) -> Result<(), Failure> {
    let shapes = names
        .iter()
        .flat_map(|name| stacks.get(name).map_or([0, 0], |s| s.shape))
        .map(|edge| edge as u32)
        .collect();
    table.set_array("blob/shape", &[2], shapes).map_err(failure::bug)
}

/// Links the stacks into the job's directory, so that the paths in the dataset are relative to the
/// project as other programs expect; where links can't be made the absolute path is kept.
fn link(
    context: &JobContext,
    table: &mut Dataset,
    names: &[String],
    files: &BTreeMap<String, PathBuf>,
) -> Result<(), Failure> {
    let folder = context.staging_dir().join("imported");
    std::fs::create_dir_all(&folder).map_err(|e| failure::io(&e, "making", &folder))?;
    let mut rng = ChaCha8Rng::seed_from_u64(context.record().id.0);
    let ids = fresh_uids(files.len(), &[], &mut rng);
    let mut linked: BTreeMap<&str, String> = BTreeMap::new();
    for ((name, target), id) in files.iter().zip(ids) {
        let link = format!(
            "{id:021}_{}",
            target.file_name().unwrap_or_default().to_string_lossy()
        );
        let (here, relative) = context.output_path(&format!("imported/{link}"));
        let path = match std::os::unix::fs::symlink(target, &here) {
            Ok(()) => relative,
            Err(e) if failure::classify(&e) == failure::IoCause::DiskFull => {
                return Err(failure::io(&e, "linking", &here));
            }
            Err(_) => target.to_string_lossy().into_owned(),
        };
        linked.insert(name, path);
    }
    let paths: Vec<&str> = names
        .iter()
        .map(|name| linked.get(name.as_str()).map_or("", String::as_str))
        .collect();
    table.set_texts("blob/path", paths).map_err(failure::bug)
}

/// The dataset with the paths of the links as they are before the job completes.
fn staged(context: &JobContext, table: &Dataset) -> Result<Dataset, Failure> {
    let (here, relative) = context.output_path("imported");
    let here = here
        .strip_prefix(context.project_dir())
        .unwrap_or(&here)
        .to_string_lossy()
        .into_owned();
    let paths: Vec<String> = table
        .texts("blob/path")
        .map_err(failure::bug)?
        .iter()
        .map(|p| p.replacen(&relative, &here, 1))
        .collect();
    let mut table = table.clone();
    table.set_texts("blob/path", paths).map_err(failure::bug)?;
    Ok(table)
}

fn report(
    context: &mut JobContext,
    table: &Dataset,
    images: &ParticleImages,
    seen: Seen,
    warnings: &[String],
    stacks: usize,
) -> Result<(), Failure> {
    let pixel = images.pixel_size_angstrom();
    let poses = poses(table, "params.path")?;
    let halves = halves(table);
    let yes = |there: bool| if there { "yes" } else { "no" }.to_owned();
    let mut rows = vec![
        vec!["particles".to_owned(), table.rows().to_string()],
        vec!["stacks".to_owned(), stacks.to_string()],
        vec![
            "box size".to_owned(),
            format!(
                "{} px, {:.1} Å",
                images.box_size(),
                images.box_size() as f64 * pixel
            ),
        ],
        vec![
            "pixel size".to_owned(),
            format!("{pixel:.4} Å (Nyquist {:.2} Å)", 2.0 * pixel),
        ],
        vec!["contrast transfer".to_owned(), yes(table.has("ctf/df1_A"))],
        vec!["poses and shifts".to_owned(), yes(poses.is_some())],
        vec!["half sets".to_owned(), yes(halves.is_some())],
        vec!["images looked at".to_owned(), seen.looked_at.to_string()],
        vec!["repeated images".to_owned(), seen.repeated.to_string()],
    ];
    for warning in warnings {
        context.warn(warning.clone())?;
        rows.push(vec!["warning".to_owned(), warning.clone()]);
    }
    context.figure(
        &figures::table("checks", "Checks", &["what", "found"], rows),
        None,
    )?;
    context.figure(
        &figures::montage(
            "sample_particles",
            "Some of the particles",
            seen.shown,
            Some(pixel),
        ),
        None,
    )?;
    if let (Ok(u), Ok(v)) = (table.numbers("ctf/df1_A"), table.numbers("ctf/df2_A")) {
        let defocus: Vec<f64> = u.iter().zip(&v).map(|(u, v)| 0.5 * (u + v)).collect();
        context.figure(
            &figures::histogram("defocus", "Defocus", "mean defocus (Å)", &defocus, 40, &[]),
            None,
        )?;
        context.statistic(
            "mean_defocus_angstrom",
            defocus.iter().sum::<f64>() / defocus.len() as f64,
        )?;
    }
    if let Some(poses) = poses {
        let rotations: Vec<_> = poses.iter().map(|p| p.rotation).collect();
        context.figure(
            &figures::orientations("orientations", "Viewing directions in the file", &rotations),
            None,
        )?;
    }
    context.statistic("particles", table.rows() as f64)?;
    context.statistic("box_size_px", images.box_size() as f64)?;
    context.statistic("pixel_size_angstrom", pixel)?;
    context.statistic("warnings", warnings.len() as f64)
}
