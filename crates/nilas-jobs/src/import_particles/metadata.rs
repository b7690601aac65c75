//! Checks of what the file says about optics.

use super::Params;
use crate::failure;
use nilas_dataset::{Dataset, DatasetError};
use nilas_model::Failure;

/// Puts the microscope settings that were given in place of those of the file.
pub(super) fn override_optics(table: &mut Dataset, params: &Params) -> Result<(), Failure> {
    let given = [
        ("ctf/accel_kv", params.voltage_kv),
        ("ctf/cs_mm", params.cs_mm),
        ("ctf/amp_contrast", params.amplitude_contrast),
    ];
    if !table.has("ctf/df1_A") {
        return Ok(());
    }
    for (column, value) in given {
        if let Some(value) = value {
            table.set_all(column, value as f32).map_err(failure::bug)?;
        }
    }
    Ok(())
}

/// Stops when the contrast transfer can't be right; gives back what is only odd.
pub(super) fn check_optics(table: &Dataset) -> Result<Vec<String>, Failure> {
    let mut warnings = Vec::new();
    if !table.has("ctf/df1_A") {
        warnings.push(
            "The file has no defocus: without contrast transfer parameters the particles can be looked at but not refined."
                .to_owned(),
        );
        return Ok(warnings);
    }
    if table
        .numbers("rlnoptics/CtfDataAreCtfPremultiplied")
        .is_ok_and(|flags| flags.iter().any(|f| *f != 0.0))
    {
        return Err(failure::input(
            "params.path",
            "The images are multiplied by their contrast transfer function already.",
            "Extract the particles again without CTF premultiplication.",
        ));
    }
    for (column, name, what) in [
        ("ctf/accel_kv", "voltage_kv", "acceleration voltage"),
        ("ctf/cs_mm", "cs_mm", "spherical aberration"),
        ("ctf/amp_contrast", "amplitude_contrast", "amplitude contrast"),
    ] {
        if !table.has(column) {
            return Err(failure::input(
                &format!("params.{name}"),
                format!("The file has a defocus but does not say the {what}."),
                format!("Give {name}."),
            ));
        }
    }
    let read = |name: &str| table.numbers(name);
    let odd = |e: DatasetError| failure::input("params.path", e, "Correct the file.");
    let (u, v) = (read("ctf/df1_A").map_err(odd)?, read("ctf/df2_A").map_err(odd)?);
    let rows = u.len();
    if let Some(row) = u
        .iter()
        .zip(&v)
        .position(|(u, v)| !u.is_finite() || !v.is_finite())
    {
        return Err(failure::input(
            "params.path",
            format!("The defocus of particle {} is not a number.", row + 1),
            "Estimate the contrast transfer again and import the result.",
        ));
    }
    if u.iter().chain(&v).all(|d| *d == 0.0) {
        return Err(failure::input(
            "params.path",
            format!("The defocus of all {rows} particles is 0."),
            "Estimate the contrast transfer before extracting, and import the file that holds the defocus.",
        ));
    }
    let count = |test: &dyn Fn(f64, f64) -> bool| u.iter().zip(&v).filter(|(u, v)| test(**u, **v)).count();
    let mut tell = |n: usize, what: &str| {
        if n > 0 {
            warnings.push(format!("{n} of {rows} particles have {what}: the estimate of their contrast transfer has probably failed."));
        }
    };
    tell(count(&|u, v| u <= 0.0 || v <= 0.0), "a defocus of 0 or below");
    tell(count(&|u, v| u.max(v) > 80_000.0), "a defocus above 80,000 Å");
    tell(
        count(&|u, v| u > 0.0 && v > 0.0 && (u - v).abs() > 0.25 * (u + v)),
        "an astigmatism above half of their defocus",
    );
    let voltage = read("ctf/accel_kv").map_err(odd)?;
    let cs = read("ctf/cs_mm").map_err(odd)?;
    let amplitude = read("ctf/amp_contrast").map_err(odd)?;
    for (values, name, ok) in [
        (&voltage, "voltage_kv", (10.0, 3000.0)),
        (&cs, "cs_mm", (-0.1, 20.0)),
        (&amplitude, "amplitude_contrast", (0.0, 1.0)),
    ] {
        if let Some(row) = values.iter().position(|x| !(ok.0..=ok.1).contains(x)) {
            return Err(failure::input(
                &format!("params.{name}"),
                format!(
                    "Particle {} has {name} = {}, which no microscope has.",
                    row + 1,
                    values[row]
                ),
                format!("Give {name} as a parameter, or correct the file."),
            ));
        }
    }
    Ok(warnings)
}
