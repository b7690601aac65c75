//! The contrast transfer of each particle, from the `ctf` slot.

use crate::failure;
use nilas_dataset::{Dataset, DatasetError};
use nilas_model::Failure;
use nilas_optics::{Ctf, wavelength_angstrom};
use std::collections::HashMap;
use std::f64::consts::PI;

/// The contrast transfer function of every particle. `field` is blamed for what is wrong.
///
/// # Errors
/// Missing columns, or values that no microscope has, with the first row that has them.
pub fn contrast_transfer(particles: &Dataset, field: &str) -> Result<Vec<Ctf>, Failure> {
    let ctfs = read(particles).map_err(|e| {
        failure::input(
            field,
            format!("The contrast transfer of the particles can't be read: {e}."),
            "Import the particles again, from a file that holds defocus and microscope settings.",
        )
    })?;
    for (row, ctf) in ctfs.iter().enumerate() {
        if let Err(error) = ctf.validate() {
            return Err(failure::input(
                field,
                format!(
                    "Particle {} has an impossible contrast transfer: {error}.",
                    row + 1
                ),
                "Correct the microscope settings or the defocus in the file and import it again.",
            ));
        }
    }
    Ok(ctfs)
}

fn read(particles: &Dataset) -> Result<Vec<Ctf>, DatasetError> {
    let scalar = |name: &str| particles.numbers(&format!("ctf/{name}"));
    let scalar_or = |name: &str, default: f64| particles.numbers_or(&format!("ctf/{name}"), 1, default);
    let vector_or = |name: &str, width: usize| particles.numbers_or(&format!("ctf/{name}"), width, 0.0);
    let voltage = scalar("accel_kv")?;
    let cs = scalar("cs_mm")?;
    let amplitude = scalar("amp_contrast")?;
    let (u, v, angle) = (scalar("df1_A")?, scalar("df2_A")?, scalar("df_angle_rad")?);
    let phase_shift = scalar_or("phase_shift_rad", 0.0)?;
    let b_factor = scalar_or("bfactor", 0.0)?;
    let scale = scalar_or("scale", 1.0)?;
    let tilt = vector_or("tilt_A", 2)?;
    let trefoil = vector_or("trefoil_A", 2)?;
    let tetra = vector_or("tetra_A", 4)?;
    let magnification = vector_or("anisomag", 4)?;
    let odd = zernike(particles, "rlnoptics/OddZernike")?;
    let even = zernike(particles, "rlnoptics/EvenZernike")?;
    let row = |i: usize| {
        let wavelength = wavelength_angstrom(voltage[i]);
        let tilt_mrad = |t: f64| {
            // The stored length is sin(tilt) Cs; without Cs there is nothing to divide by.
            if cs[i].abs() < 1e-6 {
                0.0
            } else {
                1e3 * (1e-7 * t / cs[i]).clamp(-1.0, 1.0).asin()
            }
        };
        let third = 2.0 * PI / 3.0 * wavelength.powi(2);
        let [second, fourth] = [2.0 * PI * wavelength.powi(3), PI / 2.0 * wavelength.powi(3)];
        let m = &magnification[4 * i..4 * i + 4];
        Ctf {
            voltage_kv: voltage[i],
            cs_mm: cs[i],
            amplitude_contrast: amplitude[i],
            defocus_u_angstrom: u[i],
            defocus_v_angstrom: v[i],
            defocus_angle_rad: angle[i],
            phase_shift_rad: phase_shift[i],
            b_factor_angstrom2: b_factor[i],
            scale: scale[i],
            beam_tilt_mrad: [tilt_mrad(tilt[2 * i]), tilt_mrad(tilt[2 * i + 1])],
            trefoil_rad_angstrom3: [third * trefoil[2 * i], third * trefoil[2 * i + 1]],
            tetrafoil_rad_angstrom4: [
                -second * tetra[4 * i],
                second * tetra[4 * i + 1],
                fourth * tetra[4 * i + 2],
                -fourth * tetra[4 * i + 3],
            ],
            odd_zernike: odd.get(i).cloned().unwrap_or_default(),
            even_zernike: even.get(i).cloned().unwrap_or_default(),
            magnification: [[1.0 + m[0], m[1]], [m[2], 1.0 + m[3]]],
        }
    };
    Ok((0..particles.rows()).map(row).collect())
}

/// RELION's aberration coefficients of every particle; nothing where the column is not there.
fn zernike(particles: &Dataset, name: &str) -> Result<Vec<Vec<f64>>, DatasetError> {
    if !particles.has(name) {
        return Ok(Vec::new());
    }
    let width = particles.column(name)?.width().max(1);
    Ok(particles
        .numbers(name)?
        .chunks_exact(width)
        .map(<[f64]>::to_vec)
        .collect())
}

/// The optics group of every particle as a number from 0, in the order in which they first occur, and how
/// many there are.
///
/// # Errors
/// When the column holds something else than numbers.
pub fn optics_groups(particles: &Dataset, field: &str) -> Result<(Vec<u32>, usize), Failure> {
    let ids = particles.numbers_or("ctf/exp_group_id", 1, 0.0).map_err(|e| {
        failure::input(
            field,
            format!("The optics groups can't be read: {e}."),
            "Import the particles again.",
        )
    })?;
    let mut known: HashMap<u64, u32> = HashMap::new();
    let groups = ids
        .iter()
        .map(|id| {
            let next = known.len() as u32;
            *known.entry(id.to_bits()).or_insert(next)
        })
        .collect();
    Ok((groups, known.len()))
}
