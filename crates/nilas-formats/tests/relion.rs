//! Particle STAR files to datasets and back, on real files and against SciPy.
#![allow(clippy::unwrap_used)]

mod testdata;

use nilas_dataset::Dataset;
use nilas_formats::cs;
use nilas_formats::relion::{self, AlignmentKind, Imported, ReadOptions};
use nilas_formats::star::{StarFile, Table};
use nilas_geometry::Rotation;
use rand::SeedableRng;
use std::collections::HashMap;
use std::path::Path;

fn rng() -> rand_chacha::ChaCha8Rng {
    rand_chacha::ChaCha8Rng::seed_from_u64(3)
}

fn import(text: &str) -> Imported {
    let star = StarFile::parse("test.star", text).unwrap();
    relion::from_star(Path::new("test.star"), &star, &ReadOptions::default(), &mut rng()).unwrap()
}

fn fails(text: &str) -> String {
    let star = StarFile::parse("test.star", text).unwrap();
    relion::from_star(Path::new("test.star"), &star, &ReadOptions::default(), &mut rng())
        .unwrap_err()
        .to_string()
}

/// STAR -> dataset -> `.cs` bytes -> dataset -> STAR text -> STAR.
fn there_and_back(particles: &Dataset) -> StarFile {
    let stored = cs::from_bytes("x.cs", &cs::to_npy_bytes(particles).unwrap()).unwrap();
    assert_eq!(&stored, particles);
    StarFile::parse(
        "back.star",
        &relion::to_star(&stored).unwrap().star.to_text().unwrap(),
    )
    .unwrap()
}

/// What a file says about a particle: the particle's own value, else that of its optics group.
fn said<'a>(star: &'a StarFile, table: &'a Table, label: &str, row: usize) -> Option<&'a str> {
    if let Some(column) = table.column(label) {
        return column.get(row);
    }
    let optics = star.block("optics")?.table()?;
    let group = table.column("rlnOpticsGroup").and_then(|c| c.get(row));
    let at = optics
        .column("rlnOpticsGroup")?
        .iter()
        .position(|g| Some(g) == group)
        .or((optics.rows() == 1).then_some(0))?;
    optics.column(label)?.get(at)
}

fn particle_table(star: &StarFile) -> &Table {
    star.block("particles")
        .and_then(|b| b.table())
        .or_else(|| {
            star.blocks
                .iter()
                .find_map(|b| b.table().filter(|t| t.column("rlnImageName").is_some()))
        })
        .unwrap()
}

fn same_value(label: &str, a: &str, b: &str) -> bool {
    if a == b {
        return true;
    }
    if label == "rlnImageName" {
        let parts = |s: &str| {
            s.split_once('@').map_or((1, s.to_string()), |(n, p)| {
                (n.parse::<u32>().unwrap(), p.to_string())
            })
        };
        return parts(a) == parts(b);
    }
    let numbers = |s: &str| -> Option<Vec<f64>> {
        s.trim_matches(['[', ']'])
            .split(',')
            .map(|v| v.parse().ok())
            .collect()
    };
    match (numbers(a), numbers(b)) {
        (Some(a), Some(b)) => {
            a.len() == b.len()
                && a.iter()
                    .zip(&b)
                    .all(|(a, b)| (a - b).abs() <= 2e-7 * a.abs() + 1e-5)
        }
        _ => false,
    }
}

#[test]
fn star_to_cs_to_star_loses_nothing() {
    let mut files = testdata::files_below("05_star_formats");
    files.extend(testdata::files_below("03_betagal_EMPIAR10204"));
    files.extend(testdata::files_below("04_cryosparc"));
    files.extend(testdata::files_below("06_small_stacks"));
    files.retain(|p| p.extension().is_some_and(|e| e == "star"));
    let (mut checked, mut values) = (0, 0);
    for path in &files {
        let Ok(star) = StarFile::read(path) else { continue };
        let has_images = star
            .blocks
            .iter()
            .any(|b| b.tables.iter().any(|t| t.column("rlnImageName").is_some()));
        let optics_ok = star.block("particles").is_some() || star.block("optics").is_none();
        if !has_images || !optics_ok {
            continue;
        }
        let read = relion::read_particles(path, &ReadOptions::default(), &mut rng())
            .unwrap_or_else(|e| panic!("{e}"));
        let back = there_and_back(&read.particles);
        let (before, after) = (particle_table(&star), particle_table(&back));
        assert_eq!(before.rows(), after.rows(), "{}", path.display());
        let mut labels: Vec<&str> = before.names().iter().map(String::as_str).collect();
        if let Some(optics) = star.block("optics").and_then(|b| b.table()) {
            labels.extend(optics.names().iter().map(String::as_str));
        }
        let angles = ["rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi"];
        let all_angles = angles.iter().all(|l| before.column(l).is_some());
        for row in 0..before.rows() {
            for &label in &labels {
                let a = said(&star, before, label, row).unwrap();
                // Pixels became angstrom; a beam tilt or matrix without effect is not written.
                let b = match (label, said(&back, after, label, row)) {
                    ("rlnOriginX" | "rlnOriginY", None) => {
                        let pixel: f64 = said(&back, after, "rlnImagePixelSize", row)
                            .unwrap()
                            .parse()
                            .unwrap();
                        let angst: f64 = said(&back, after, &format!("{label}Angst"), row)
                            .unwrap()
                            .parse()
                            .unwrap();
                        (angst / pixel).to_string()
                    }
                    ("rlnBeamTiltX" | "rlnBeamTiltY" | "rlnMagMat01" | "rlnMagMat10", None) => "0".into(),
                    ("rlnMagMat00" | "rlnMagMat11", None) => "1".into(),
                    (_, b) => b
                        .unwrap_or_else(|| panic!("{}: {label} was lost", path.display()))
                        .to_string(),
                };
                let free = all_angles && angles.contains(&label);
                assert!(
                    free || same_value(label, a, &b),
                    "{}: row {row} {label}: {a} became {b}",
                    path.display()
                );
                values += 1;
            }
            if all_angles {
                let pose = |star: &StarFile, table: &Table| {
                    let e = angles.map(|l| said(star, table, l, row).unwrap().parse::<f64>().unwrap());
                    Rotation::from_euler_deg(e[0], e[1], e[2])
                };
                let off = pose(&star, before).angle_to(&pose(&back, after)).to_degrees();
                assert!(
                    off < 1e-5,
                    "{}: row {row}: pose moved by {off} degrees",
                    path.display()
                );
            }
        }
        checked += 1;
    }
    println!("{checked} files, {values} values");
    assert!(files.is_empty() || checked >= 20, "{checked}");
}

#[test]
fn published_betagal_particles_have_their_meaning() {
    let Some(path) = testdata::file("03_betagal_EMPIAR10204/derived/joined_dev.star") else {
        return;
    };
    let options = ReadOptions {
        micrograph_shape: Some([3710, 3838]),
        ..Default::default()
    };
    let read = relion::read_particles(&path, &options, &mut rng()).unwrap();
    let d = &read.particles;
    assert_eq!((d.rows(), read.notes.len()), (546, 0), "{:?}", read.notes);
    assert_eq!(d.get_array::<u32, 2>("blob/shape").unwrap()[0], [64, 64]);
    assert_eq!(
        (
            d.get::<u32>("blob/idx").unwrap()[1],
            &*d.texts("blob/path").unwrap()[1]
        ),
        (1, "bgal_dev.mrcs")
    );
    assert_eq!(d.get::<f32>("ctf/accel_kv").unwrap()[0], 200.0);
    assert!((d.get::<f32>("ctf/df_angle_rad").unwrap()[0] - 83.551_61f32.to_radians()).abs() < 1e-6);
    let shift = d.get_array::<f32, 2>("alignments3D/shift").unwrap()[0];
    assert!((shift[0] + 8.029_39 / 3.54).abs() < 1e-6 && (shift[1] + 4.911_474 / 3.54).abs() < 1e-6);
    assert_eq!(d.get::<u32>("alignments3D/split").unwrap()[..2], [1, 0]);
    assert!((d.get::<f32>("location/center_x_frac").unwrap()[0] - 1614.2177 / 3838.0).abs() < 1e-6);
    let back = there_and_back(d);
    let x: f64 = particle_table(&back)
        .column("rlnCoordinateX")
        .unwrap()
        .get(0)
        .unwrap()
        .parse()
        .unwrap();
    assert!((x - 1614.217657).abs() < 5e-4, "{x}");
    let again = relion::read_particles(&path, &options, &mut rng()).unwrap();
    assert_eq!(
        again.particles, read.particles,
        "the same seed gives the same uids"
    );
}

#[test]
fn poses_are_those_of_scipy_and_pyem() {
    // algorithms.md 0.10 no. 5 and data-and-api.md 9: with R = scipy from_rotvec(pose), rot, tilt, psi are R's intrinsic ZYZ angles.
    let mut text =
        String::from("data_particles\nloop_\n_rlnImageName\n_rlnAngleRot\n_rlnAngleTilt\n_rlnAnglePsi\n");
    let mut random = rng();
    let mut eulers: Vec<[f64; 3]> = vec![
        [30., 60., 90.],
        [0., 0., 10.],
        [0., 180., -20.],
        [-170., 179.9, 5.],
        [12., 1e-3, 30.],
    ];
    eulers.extend((0..500).map(|_| Rotation::random(&mut random).to_euler_deg()));
    for (i, e) in eulers.iter().enumerate() {
        text.push_str(&format!("{}@a.mrcs {} {} {}\n", i + 1, e[0], e[1], e[2]));
    }
    let d = import(&text).particles;
    let poses = d.get_array::<f32, 3>("alignments3D/pose").unwrap();
    let code = r#"
import sys, numpy as np
from scipy.spatial.transform import Rotation as R
worst = 0
for line in open(sys.argv[1]):
    v = np.array(line.split(), dtype=float)
    a = R.from_rotvec(v[:3]); b = R.from_euler('ZYZ', v[3:], degrees=True)
    worst = max(worst, np.degrees((a.inv() * b).magnitude()))
print(worst)
"#;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("poses.txt");
    let lines: Vec<String> = poses
        .iter()
        .zip(&eulers)
        .map(|(p, e)| (p.map(f64::from), e))
        .map(|(p, e)| format!("{} {} {} {} {} {}\n", p[0], p[1], p[2], e[0], e[1], e[2]))
        .collect();
    std::fs::write(&file, lines.concat()).unwrap();
    if let Some(answer) = testdata::python("scipy", code, &[&file.to_string_lossy()]) {
        let worst: f64 = answer.trim().parse().unwrap();
        println!("poses differ from SciPy's by at most {worst:.2e} degrees");
        assert!(worst < 1e-5, "{worst}");
    }
    let back = there_and_back(&d);
    let table = particle_table(&back);
    for (row, e) in eulers.iter().enumerate() {
        let got = ["rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi"]
            .map(|l| table.column(l).unwrap().get(row).unwrap().parse::<f64>().unwrap());
        let off = Rotation::from_euler_deg(e[0], e[1], e[2])
            .angle_to(&Rotation::from_euler_deg(got[0], got[1], got[2]));
        assert!(off.to_degrees() < 1e-5, "{e:?} became {got:?}");
    }
}

#[test]
fn units_groups_and_aberrations() {
    let text = "
data_optics
loop_
_rlnOpticsGroup
_rlnOpticsGroupName
_rlnVoltage
_rlnSphericalAberration
_rlnImagePixelSize
_rlnBeamTiltX
_rlnBeamTiltY
_rlnOddZernike
_rlnMagMat00
_rlnMagMat01
_rlnMagMat10
_rlnMagMat11
2 two 300 2.7 1.5 0.5 -0.25 [1,2,3] 1.01 0.02 0.03 0.99
5 five 200 1.4 2.0 0 0 [4] 1 0 0 1

data_particles
loop_
_rlnImageName
_rlnOpticsGroup
_rlnDefocusU
_rlnDefocusV
_rlnDefocusAngle
_rlnPhaseShift
_rlnOriginXAngst
_rlnOriginYAngst
_rlnAngleRot
_rlnAngleTilt
_rlnAnglePsi
_rlnClassNumber
_rlnOdd_thing
_mine
3@a.mrcs 2 10000 9000 45 90 3 -6 10 20 30 0 007 x
1@b.mrcs 5 11000 9500 -45 0 4 8 11 21 31 1 008 'y z'
";
    let read = import(text);
    let d = &read.particles;
    assert_eq!(d.get::<u32>("ctf/exp_group_id").unwrap(), &[1, 4]);
    assert_eq!(d.get::<f32>("alignments3D/shift").unwrap(), &[2., -4., 2., 4.]);
    assert!((d.get::<f32>("ctf/phase_shift_rad").unwrap()[0] - std::f32::consts::FRAC_PI_2).abs() < 1e-6);
    let tilt = d.get_array::<f32, 2>("ctf/tilt_A").unwrap();
    assert!((f64::from(tilt[0][0]) - 2.7e7 * (0.5e-3f64).sin()).abs() < 1e-3 && tilt[1] == [0., 0.]);
    let mag = d.get_array::<f32, 4>("ctf/anisomag").unwrap()[0];
    assert!(
        mag.iter()
            .zip([0.01, 0.02, 0.03, -0.01])
            .all(|(a, b)| (a - b).abs() < 1e-6),
        "{mag:?}"
    );
    assert_eq!(
        d.get::<f64>("rlnoptics/OddZernike").unwrap(),
        &[1., 2., 3., 4., 0., 0.]
    );
    assert_eq!(
        d.get::<i32>("rln/ClassNumber").unwrap(),
        &[0, 1],
        "class 0 means none, so it stays RELION's"
    );
    assert_eq!(
        &*d.texts("rln/Odd_thing").unwrap()[0],
        "007",
        "leading zeros survive"
    );
    assert_eq!(&*d.texts("star/mine").unwrap()[1], "y z");
    let back = there_and_back(d);
    let t = particle_table(&back);
    for (label, want) in [
        ("rlnBeamTiltX", 0.5),
        ("rlnBeamTiltY", -0.25),
        ("rlnMagMat01", 0.02),
        ("rlnMagMat11", 0.99),
        ("rlnPhaseShift", 90.),
    ] {
        let got: f64 = said(&back, t, label, 0).unwrap().parse().unwrap();
        assert!((got - want).abs() < 1e-5, "{label} {got}");
    }
    assert_eq!(said(&back, t, "rlnOpticsGroupName", 1), Some("five"));
    assert_eq!(t.column("mine").unwrap().get(1), Some("y z"));
    // One exposure group with two pixel sizes must become two optics groups.
    let mut mixed = d.clone();
    mixed.set("ctf/exp_group_id", vec![0u32, 0]).unwrap();
    let out = relion::to_star(&mixed).unwrap();
    assert_eq!(out.star.block("optics").unwrap().table().unwrap().rows(), 2);
    assert!(out.notes.iter().any(|n| n.contains("numbered anew")));
}

#[test]
fn in_plane_angles_are_2d_alignments() {
    let text = "data_\nloop_\n_rlnImageName\n_rlnAngleRot\n_rlnAngleTilt\n_rlnAnglePsi\n_rlnOriginX\n_rlnOriginY\n_rlnClassNumber\n1@a.mrcs 0 0 90 1 2 3\n";
    let d = import(text).particles;
    assert!((d.get::<f32>("alignments2D/pose").unwrap()[0] - std::f32::consts::FRAC_PI_2).abs() < 1e-6);
    assert_eq!(d.get::<f32>("alignments2D/shift").unwrap(), &[1., 2.]);
    assert_eq!(d.get::<u32>("alignments2D/class").unwrap(), &[2]);
    let back = there_and_back(&d);
    let t = particle_table(&back);
    assert_eq!(t.column("rlnAnglePsi").unwrap().get(0), Some("90.000003"));
    let star = StarFile::parse("x", text).unwrap();
    let options = ReadOptions {
        alignment: AlignmentKind::ThreeD,
        ..Default::default()
    };
    let d = relion::from_star(Path::new("x"), &star, &options, &mut rng())
        .unwrap()
        .particles;
    assert!(d.has("alignments3D/pose"));
}

#[test]
fn bad_particle_files_are_refused_with_their_place() {
    assert!(fails("data_a\nloop_\n_x\n1\n").contains("no particle table"));
    let e = fails("data_particles\nloop_\n_rlnImageName\n_rlnDefocusU\n_rlnDefocusV\n1@a 1 2\n2@a 1 abc\n");
    assert!(e.contains("line 7") && e.contains("rlnDefocusV is 'abc'"), "{e}");
    assert!(fails("data_particles\nloop_\n_rlnImageName\n0@a\n").contains("from 1"));
    assert!(fails("data_particles\nloop_\n_rlnImageName\nx@a\n").contains("NUMBER@FILE"));
    let optics = "data_optics\nloop_\n_rlnOpticsGroup\n1\n2\n";
    assert!(
        fails(&format!("{optics}data_particles\nloop_\n_rlnImageName\n1@a\n"))
            .contains("without the column rlnOpticsGroup")
    );
    assert!(
        fails(&format!(
            "{optics}data_particles\nloop_\n_rlnImageName\n_rlnOpticsGroup\n1@a 3\n"
        ))
        .contains("group 3 is not")
    );
    assert!(
        fails("data_optics\nloop_\n_rlnOpticsGroup\n1\n1\ndata_particles\nloop_\n_rlnImageName\n1@a\n")
            .contains("twice")
    );
    let empty = import("data_particles\nloop_\n_rlnImageName\n");
    assert_eq!(empty.particles.rows(), 0);
    assert!(empty.notes.iter().any(|n| n.contains("empty")));
    let no_pixel = import(
        "data_particles\nloop_\n_rlnImageName\n_rlnAngleRot\n_rlnAngleTilt\n_rlnAnglePsi\n_rlnOriginXAngst\n_rlnOriginYAngst\n1@a 1 2 3 4.5 5\n",
    );
    assert!(no_pixel.notes.iter().any(|n| n.contains("no pixel size")));
    let back = there_and_back(&no_pixel.particles);
    assert_eq!(
        particle_table(&back).column("rlnOriginXAngst").unwrap().get(0),
        Some("4.5")
    );
}

#[test]
fn cryosparc_particles_become_relion_particles() {
    let Some(path) = testdata::file("04_cryosparc/T20S_P9_J209/cryosparc_P9_J209_000_particles.cs") else {
        return;
    };
    let d = cs::read(path).unwrap();
    let back = there_and_back(&d);
    let again = relion::from_star(
        Path::new("x"),
        &back,
        &ReadOptions {
            sign: -1.0,
            ..Default::default()
        },
        &mut rng(),
    )
    .unwrap()
    .particles;
    let mut worst: HashMap<&str, f64> = HashMap::new();
    for name in [
        "blob/psize_A",
        "blob/idx",
        "ctf/df1_A",
        "ctf/df2_A",
        "ctf/amp_contrast",
        "alignments3D/shift",
        "alignments3D/split",
        "alignments3D/class",
        "ctf/exp_group_id",
        "ctf/tilt_A",
    ] {
        let (a, b) = (d.numbers(name).unwrap(), again.numbers(name).unwrap());
        let off = a
            .iter()
            .zip(&b)
            .map(|(a, b)| (a - b).abs() / (1.0 + a.abs()))
            .fold(0.0, f64::max);
        worst.insert(name, off);
        assert!(off < 1e-6, "{name} {off}");
    }
    assert_eq!(d.texts("blob/path").unwrap(), again.texts("blob/path").unwrap());
    let (a, b) = (
        d.get_array::<f32, 3>("alignments3D/pose").unwrap(),
        again.get_array::<f32, 3>("alignments3D/pose").unwrap(),
    );
    let off = a
        .iter()
        .zip(b)
        .map(|(a, b)| {
            Rotation::from_cryosparc_pose(a.map(f64::from))
                .angle_to(&Rotation::from_cryosparc_pose(b.map(f64::from)))
        })
        .fold(0.0, f64::max);
    println!("{} poses, worst {:.2e} degrees", d.rows(), off.to_degrees());
    assert!(off.to_degrees() < 1e-5);
}
