//! `nilas volume`: questions about maps.

use anyhow::{Context, bail};
use nilas_formats::mrc::MrcFile;
use nilas_volume::align::{AlignOptions, align};
use nilas_volume::{FscCurve, Volume, filter, fsc};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Questions about maps.
#[derive(Debug, clap::Subcommand)]
pub enum VolumeCommand {
    /// Fourier shell correlation of two maps.
    Fsc(FscArgs),
}

/// Two maps, and how to compare them.
#[derive(Debug, clap::Args)]
pub struct FscArgs {
    /// First map (MRC).
    pub a: PathBuf,
    /// Second map (MRC).
    pub b: PathBuf,
    /// Compare inside of this mask (MRC, values 0 to 1).
    #[arg(long)]
    pub mask: Option<PathBuf>,
    /// Find rotation, shift and hand of the second map against the first one first.
    #[arg(long)]
    pub align: bool,
    /// With --align: do not try the mirrored map.
    #[arg(long, requires = "align")]
    pub keep_hand: bool,
    /// Voxel size of the first map in Å, in place of its header's.
    #[arg(long)]
    pub voxel_size_a: Option<f64>,
    /// Voxel size of the second map in Å, in place of its header's.
    #[arg(long)]
    pub voxel_size_b: Option<f64>,
    /// Voxel size of the mask in Å, in place of its header's.
    #[arg(long)]
    pub voxel_size_mask: Option<f64>,
    /// Write the (aligned, resampled) second map to this file.
    #[arg(long)]
    pub save_b: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// Runs a subcommand.
///
/// # Errors
/// Files that can't be read or maps that can't be compared.
pub fn run(command: &VolumeCommand) -> anyhow::Result<()> {
    match command {
        VolumeCommand::Fsc(args) => compare(args),
    }
}

fn read(path: &Path, voxel_size: Option<f64>) -> anyhow::Result<Volume> {
    let file = MrcFile::open(path)?;
    let map = file.read_volume()?;
    let [nz, ny, nx] = map.shape;
    if nx != ny || ny != nz {
        bail!(
            "{} has {nx} x {ny} x {nz} voxels; a map must be a cube",
            path.display()
        );
    }
    let size = voxel_size.or(map.voxel_size_angstrom[0]).with_context(|| {
        format!(
            "the header of {} does not say the voxel size: give --voxel-size-a or --voxel-size-b",
            path.display()
        )
    })?;
    Volume::new(nx, size, map.data).with_context(|| path.display().to_string())
}

/// Puts `b` on the grid of `a` where that needs no interpolation: by cutting the larger box at equal voxel size, by
/// Fourier cropping at equal box edge.
fn same_grid(a: Volume, b: Volume) -> anyhow::Result<(Volume, Volume)> {
    let same = |x: f64, y: f64| (x / y - 1.0).abs() < 1e-3;
    if a.n == b.n && same(a.voxel_size_angstrom, b.voxel_size_angstrom) {
        return Ok((a, b));
    }
    if same(a.voxel_size_angstrom, b.voxel_size_angstrom) {
        // Where only one of the maps is, there is nothing to compare.
        let n = a.n.min(b.n);
        return Ok((filter::with_box(&a, n, 0.0)?, filter::with_box(&b, n, 0.0)?));
    }
    if same(a.box_angstrom(), b.box_angstrom()) {
        let n = a.n.min(b.n);
        return Ok((filter::resample(&a, n)?, filter::resample(&b, n)?));
    }
    bail!(
        "the maps lie on different grids ({} voxels of {:.4} Å, {} voxels of {:.4} Å): give the voxel size with \
         --voxel-size-a or --voxel-size-b if a header is wrong, or resample one of them",
        a.n,
        a.voxel_size_angstrom,
        b.n,
        b.voxel_size_angstrom
    )
}

/// Puts a mask on the grid of a map where that needs no interpolation.
fn onto(mask: Volume, map: &Volume) -> anyhow::Result<Volume> {
    let n = map.n;
    let same = |x: f64, y: f64| (x / y - 1.0).abs() < 1e-3;
    if same(mask.voxel_size_angstrom, map.voxel_size_angstrom) {
        return Ok(filter::with_box(&mask, n, 0.0)?);
    }
    if same(mask.box_angstrom(), map.box_angstrom()) {
        return Ok(filter::resample(&mask, n)?);
    }
    bail!(
        "{} voxels of {:.4} Å do not fit to {n} of {:.4} Å: give --voxel-size-mask if its header is wrong",
        mask.n,
        mask.voxel_size_angstrom,
        map.voxel_size_angstrom
    )
}

fn compare(args: &FscArgs) -> anyhow::Result<()> {
    let (a, mut b) = same_grid(
        read(&args.a, args.voxel_size_a)?,
        read(&args.b, args.voxel_size_b)?,
    )?;
    let mut report = json!({
        "a": args.a, "b": args.b, "n": a.n, "voxel_size_angstrom": a.voxel_size_angstrom, "aligned": Value::Null,
    });
    if args.align {
        let options = AlignOptions {
            try_mirror: !args.keep_hand,
            ..AlignOptions::default()
        };
        let found = align(&b, &a, &options)?;
        b = found.apply(&b, &a)?;
        let motion = found.motion();
        let vector = motion.rotation.to_rotvec();
        report["aligned"] = json!({
            "rotation_vector_deg": vector.map(f64::to_degrees),
            "angle_deg": vector.iter().map(|v| v * v).sum::<f64>().sqrt().to_degrees(),
            "shift_angstrom": motion.shift_angstrom,
            "mirrored": found.mirrored,
            "correlation": found.cc,
            "correlation_of_other_hand": found.cc_other_hand,
        });
    }
    if let Some(path) = &args.save_b {
        nilas_formats::mrc::write_volume(
            path,
            [b.n; 3],
            b.voxel_size_angstrom,
            &b.data,
            nilas_formats::mrc::MrcMode::F32,
        )?;
    }
    let curve = match &args.mask {
        None => fsc::fsc(&a, &b)?,
        Some(path) => {
            let mask = onto(read(path, args.voxel_size_mask)?, &a).context("the mask")?;
            let curves = fsc::masked_corrected_fsc(&a, &b, &mask, 0)?;
            report["mask"] = json!(path);
            report["fsc_unmasked"] = json!(curves.unmasked.correlation);
            report["fsc_corrected"] = json!(curves.corrected.correlation);
            report["resolution_at_0_143_corrected_angstrom"] = crossing(&curves.corrected, 0.143);
            curves.masked
        }
    };
    report["frequency_per_angstrom"] = json!(curve.frequencies());
    report["fsc"] = json!(curve.correlation);
    report["resolution_at_0_5_angstrom"] = crossing(&curve, 0.5);
    report["resolution_at_0_143_angstrom"] = crossing(&curve, 0.143);
    report["crosses_0_5"] = json!(curve.crossing(0.5).crossed);
    report["crosses_0_143"] = json!(curve.crossing(0.143).crossed);
    if args.json {
        println!("{report}");
    } else {
        print_report(&report, &curve);
    }
    Ok(())
}

fn crossing(curve: &FscCurve, threshold: f64) -> Value {
    json!(curve.crossing(threshold).resolution_angstrom)
}

fn print_report(report: &Value, curve: &FscCurve) {
    println!("{} voxels of {} Å", report["n"], report["voxel_size_angstrom"]);
    if report["aligned"].is_object() {
        let found = &report["aligned"];
        println!(
            "second map turned by {:.2}°, shifted by {} Å, {}; correlation {:.4}",
            found["angle_deg"].as_f64().unwrap_or(f64::NAN),
            found["shift_angstrom"],
            if found["mirrored"] == true {
                "mirrored"
            } else {
                "not mirrored"
            },
            found["correlation"].as_f64().unwrap_or(f64::NAN)
        );
    }
    println!("   d (Å)     FSC");
    for (frequency, value) in curve.frequencies().iter().zip(&curve.correlation).skip(1) {
        println!("{:8.2}  {value:6.3}", 1.0 / frequency);
    }
    for threshold in [0.5, 0.143] {
        let at = curve.crossing(threshold);
        if at.crossed {
            println!("FSC = {threshold} at {:.2} Å", at.resolution_angstrom);
        } else {
            println!(
                "FSC stays above {threshold} up to {:.2} Å (Nyquist)",
                at.resolution_angstrom
            );
        }
    }
}
