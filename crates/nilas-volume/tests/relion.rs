//! RELION's own program projects a map with given poses, shifts and CTFs; ours must be the same images. This holds Euler
//! angles, shift sign, CTF sign, astigmatism's azimuth and phase shift to RELION's numbers at once.
#![allow(clippy::unwrap_used)]

mod project;

use nilas_geometry::Rotation;
use nilas_kernels::slice::SplineVolume;
use nilas_optics::Ctf;
use nilas_volume::Volume;
use project::{compare, project};
use std::fmt::Write as _;
use std::process::Command;

const N: usize = 64;
const PIXEL: f64 = 2.0;

/// rot, tilt, psi (deg), x and y shift (Å), defocus U and V (Å), azimuth (deg), phase shift (deg).
const PARTICLES: [[f64; 9]; 6] = [
    [30.0, 60.0, 90.0, 0.0, 0.0, 15_000.0, 15_000.0, 0.0, 0.0],
    [-100.0, 25.0, 140.0, 3.0, -5.5, 15_000.0, 9_000.0, 30.0, 0.0],
    [12.0, 170.0, -33.0, -4.0, 2.0, 22_000.0, 12_000.0, -65.0, 40.0],
    [0.0, 0.0, 0.0, 6.0, 0.0, 8_000.0, 8_000.0, 0.0, 90.0],
    [179.0, 91.0, -179.0, 0.0, 7.0, 12_000.0, 11_000.0, 100.0, 0.0],
    [-45.0, 120.0, 5.0, -1.3, 0.7, 18_000.0, 14_000.0, 45.0, 0.0],
];

fn write_map(path: &std::path::Path, volume: &Volume) {
    let mut header = vec![0u8; 1024];
    let n = volume.n as i32;
    for (word, value) in [
        (1, n),
        (2, n),
        (3, n),
        (4, 2),
        (8, n),
        (9, n),
        (10, n),
        (17, 1),
        (18, 2),
        (19, 3),
        (23, 1),
    ] {
        header[4 * (word - 1)..4 * word].copy_from_slice(&value.to_le_bytes());
    }
    for (word, value) in [(11, N as f32 * PIXEL as f32); 3]
        .iter()
        .enumerate()
        .map(|(i, (w, v))| (w + i, *v))
    {
        header[4 * (word - 1)..4 * word].copy_from_slice(&value.to_le_bytes());
    }
    header[208..212].copy_from_slice(b"MAP ");
    header[212..214].copy_from_slice(&[0x44, 0x44]);
    header.extend(volume.data.iter().flat_map(|v| v.to_le_bytes()));
    std::fs::write(path, header).unwrap();
}

fn star() -> String {
    let mut text = "\ndata_optics\n\nloop_\n_rlnOpticsGroup #1\n_rlnOpticsGroupName #2\n_rlnVoltage #3\n\
        _rlnSphericalAberration #4\n_rlnAmplitudeContrast #5\n_rlnImagePixelSize #6\n_rlnImageSize #7\n\
        _rlnImageDimensionality #8\n1 a 300.0 2.7 0.1 2.0 64 2\n\ndata_particles\n\nloop_\n"
        .to_owned();
    let columns = [
        "ImageName",
        "OpticsGroup",
        "AngleRot",
        "AngleTilt",
        "AnglePsi",
        "OriginXAngst",
        "OriginYAngst",
    ];
    let columns = columns
        .into_iter()
        .chain(["DefocusU", "DefocusV", "DefocusAngle", "PhaseShift"]);
    for (i, column) in columns.enumerate() {
        writeln!(text, "_rln{column} #{}", i + 1).unwrap();
    }
    for (i, p) in PARTICLES.iter().enumerate() {
        let numbers: Vec<String> = p.iter().map(f64::to_string).collect();
        writeln!(text, "{:06}@x.mrcs 1 {}", i + 1, numbers.join(" ")).unwrap();
    }
    text
}

#[test]
fn relion_makes_the_same_images() {
    if Command::new("relion_project").arg("--version").output().is_err() {
        println!("skipped: relion_project is not installed");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let blobs: Vec<[f64; 3]> = (0..30)
        .map(|i| {
            let t = f64::from(i);
            [
                12.0 * (1.3 * t).sin(),
                11.0 * (2.1 * t + 0.5).cos(),
                10.0 * (0.7 * t + 1.0).sin() * (0.2 * t).cos(),
            ]
        })
        .collect();
    let volume = Volume::from_fn(N, PIXEL, |p| {
        let near = |c: &[f64; 3]| (0..3).map(|i| (p[i] - c[i]).powi(2)).sum::<f64>();
        blobs.iter().map(|c| (-near(c) / 4.5).exp() as f32).sum()
    })
    .unwrap();
    write_map(&folder.path().join("map.mrc"), &volume);
    std::fs::write(folder.path().join("p.star"), star()).unwrap();
    let run = Command::new("relion_project")
        .args([
            "--i", "map.mrc", "--ang", "p.star", "--o", "proj", "--ctf", "--angpix", "2",
        ])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let stack = std::fs::read(folder.path().join("proj.mrcs")).unwrap();
    let values: Vec<f64> = stack[1024..]
        .chunks_exact(4)
        .map(|c| f64::from(f32::from_le_bytes(c.try_into().unwrap())))
        .collect();
    assert_eq!(values.len(), PARTICLES.len() * N * N);
    let spline = SplineVolume::from_real(&volume.data, N, N / 2 - 1).unwrap();
    for (i, p) in PARTICLES.iter().enumerate() {
        let ctf = Ctf {
            defocus_u_angstrom: p[5],
            defocus_v_angstrom: p[6],
            defocus_angle_rad: p[7].to_radians(),
            phase_shift_rad: p[8].to_radians(),
            ..Ctf::default()
        };
        let step = 1.0 / (N as f64 * PIXEL);
        let rotation = Rotation::from_euler_deg(p[0], p[1], p[2]);
        let shift = [p[3] / PIXEL, p[4] / PIXEL];
        let ours = project(&spline, &rotation, shift, |kx, ky| {
            ctf.value(kx * step, ky * step)
        });
        let theirs = &values[i * N * N..(i + 1) * N * N];
        let (cc, amplitude) = compare(&ours, theirs, N);
        println!("RELION image {i}: correlation {cc:.6}, amplitude {amplitude:.5}");
        assert!(cc > 0.999, "image {i} {p:?}: {cc}");
    }
}
