//! The contrast transfer of exposures as columns: `ctf/*` for every program, `ctf_stats/*` with the quality of the fit,
//! `defocus_surface/*` with the defocus over the field.

use nilas_dataset::{Dataset, DatasetError};

/// Coefficients that a surface may have.
pub const SURFACE_COEFFICIENTS: usize = 16;

/// One row of the columns. Lengths in Å, angles in radians.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ContrastRow {
    /// Group of exposures with common optics.
    pub group: u32,
    /// kV.
    pub voltage_kv: f64,
    /// mm.
    pub cs_mm: f64,
    /// Fraction.
    pub amplitude_contrast: f64,
    /// Greater defocus.
    pub defocus_u_angstrom: f64,
    /// Lesser defocus.
    pub defocus_v_angstrom: f64,
    /// Azimuth of the greater from +x towards +y (row index).
    pub defocus_angle_rad: f64,
    /// Phase plate.
    pub phase_shift_rad: f64,
    /// Standard error of the mean defocus.
    pub defocus_sigma_angstrom: f64,
    /// Correlation of spectrum and fitted rings.
    pub cross_correlation: f64,
    /// Resolution to which rings agree with the fit; 0 where there are no certain rings.
    pub fit_resolution_angstrom: f64,
    /// Log-likelihood of rings over none.
    pub evidence: f64,
    /// Log-likelihood over the best fit at another defocus.
    pub margin: f64,
    /// Least and greatest defocus over the field.
    pub defocus_range_angstrom: [f64; 2],
    /// Slope of the defocus along x and y, Å per Å.
    pub gradient: [f64; 2],
    /// Relative thickness of the ice; 0 where it can't be measured.
    pub ice_thickness_relative: f64,
    /// Excess of the ring at 3.7 Å; 0 where it can't be measured.
    pub ice_ring_excess: f64,
    /// Side of the picture of the spectrum.
    pub spectrum_side: u32,
    /// Picture of the spectrum, relative to the project directory.
    pub spectrum_path: String,
    /// Curves of the fit, relative to the project directory.
    pub curves_path: String,
    /// `constant`, `plane`, `quadratic`, `cubic`.
    pub surface_shape: String,
    /// Its coefficients, zeros behind them.
    pub surface_angstrom: Vec<f64>,
    /// Standard error of the surface.
    pub surface_sigma_angstrom: f64,
    /// Its log-likelihood over a constant.
    pub surface_gain: f64,
}

/// Writes the rows as columns beside the uids that the table has.
///
/// # Errors
/// As many rows as the table has are needed.
pub fn set_contrast(table: &mut Dataset, rows: &[ContrastRow]) -> Result<(), DatasetError> {
    let n = rows.len();
    let f = |value: fn(&ContrastRow) -> f64| -> Vec<f32> { rows.iter().map(|r| value(r) as f32).collect() };
    table.set_texts("ctf/type", vec!["imported"; n])?;
    table.set(
        "ctf/exp_group_id",
        rows.iter().map(|r| r.group).collect::<Vec<u32>>(),
    )?;
    table.set("ctf/accel_kv", f(|r| r.voltage_kv))?;
    table.set("ctf/cs_mm", f(|r| r.cs_mm))?;
    table.set("ctf/amp_contrast", f(|r| r.amplitude_contrast))?;
    table.set("ctf/df1_A", f(|r| r.defocus_u_angstrom))?;
    table.set("ctf/df2_A", f(|r| r.defocus_v_angstrom))?;
    table.set("ctf/df_angle_rad", f(|r| r.defocus_angle_rad))?;
    table.set("ctf/phase_shift_rad", f(|r| r.phase_shift_rad))?;
    table.set("ctf/scale", vec![1.0f32; n])?;
    table.set("ctf/scale_const", vec![0.0f32; n])?;
    for (name, width) in [
        ("shift_A", 2),
        ("tilt_A", 2),
        ("trefoil_A", 2),
        ("tetra_A", 4),
        ("anisomag", 4),
    ] {
        table.set_array(&format!("ctf/{name}"), &[width], vec![0.0f32; width * n])?;
    }
    table.set("ctf/bfactor", vec![0.0f32; n])?;
    table.set("ctf/cross_corr_ctffind4", f(|r| r.cross_correlation))?;
    table.set("ctf/ctf_fit_to_A", f(|r| r.fit_resolution_angstrom))?;

    table.set_texts("ctf_stats/type", vec!["nilas"; n])?;
    table.set("ctf_stats/cross_corr", f(|r| r.cross_correlation))?;
    table.set("ctf_stats/ctf_fit_to_A", f(|r| r.fit_resolution_angstrom))?;
    let pairs = |value: fn(&ContrastRow) -> [f64; 2]| -> Vec<f32> {
        rows.iter().flat_map(value).map(|v| v as f32).collect()
    };
    table.set_array("ctf_stats/df_range", &[2], pairs(|r| r.defocus_range_angstrom))?;
    table.set_array("ctf_stats/df_tilt_normal", &[2], pairs(|r| r.gradient))?;
    table.set("ctf_stats/df_sigma_A", f(|r| r.defocus_sigma_angstrom))?;
    table.set("ctf_stats/evidence", f(|r| r.evidence))?;
    table.set("ctf_stats/margin", f(|r| r.margin.min(1e30)))?;
    table.set("ctf_stats/ice_thickness_rel", f(|r| r.ice_thickness_relative))?;
    table.set("ctf_stats/ice_ring_excess", f(|r| r.ice_ring_excess))?;
    let sides: Vec<u32> = rows.iter().map(|r| r.spectrum_side).collect();
    table.set("ctf_stats/spectrum_dim", sides)?;
    table.set_texts("ctf_stats/diag_image_path", rows.iter().map(|r| &r.spectrum_path))?;
    table.set_texts("ctf_stats/fit_data_path", rows.iter().map(|r| &r.curves_path))?;

    table.set_texts("defocus_surface/shape", rows.iter().map(|r| &r.surface_shape))?;
    let mut coefficients = vec![0.0f32; n * SURFACE_COEFFICIENTS];
    for (out, row) in coefficients.chunks_exact_mut(SURFACE_COEFFICIENTS).zip(rows) {
        for (o, c) in out.iter_mut().zip(&row.surface_angstrom) {
            *o = *c as f32;
        }
    }
    table.set_array(
        "defocus_surface/coefficients_A",
        &[SURFACE_COEFFICIENTS],
        coefficients,
    )?;
    table.set("defocus_surface/sigma_A", f(|r| r.surface_sigma_angstrom))?;
    table.set("defocus_surface/gain", f(|r| r.surface_gain))
}
