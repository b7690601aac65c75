//! The specimen as clouds of points: one cloud for all atoms that share a form factor, or for the voxels of a map.

use crate::molecule::{Molecule, distance_squared};
use crate::scattering::{
    Element, ICE_POTENTIAL_VOLT, POTENTIAL_PER_SCATTERING_LENGTH, electron_scattering_factor_angstrom,
};
use std::collections::BTreeMap;
use std::f64::consts::PI;

/// How atoms become potential.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScatteringModel {
    /// Subtract the ice that each atom displaces (a Gaussian of its volume, Fraser et al. 1978).
    pub displaced_solvent: bool,
    /// Add the hydrogens that a model without any leaves out, spread on a shell around C, N and O.
    pub implicit_hydrogens: bool,
    /// Use this B factor (Å²) for all atoms in place of their own.
    pub uniform_b_factor: Option<f64>,
    /// Atoms' own B factors are grouped into this many levels (1 to 8), each with its mean.
    pub b_factor_levels: usize,
}

impl Default for ScatteringModel {
    fn default() -> Self {
        ScatteringModel {
            displaced_solvent: true,
            implicit_hydrogens: true,
            uniform_b_factor: None,
            b_factor_levels: 2,
        }
    }
}

/// Largest B factor used, Å²: atoms without order carry values that mean "nothing seen here".
const MAX_B_FACTOR: f64 = 200.0;

#[derive(Clone, Copy)]
pub(crate) enum FormFactor {
    Atom {
        element: Element,
        b_factor: f64,
        hydrogens: f64,
        displaced_solvent: bool,
    },
    Voxel {
        volume: f64,
        nyquist: f64,
    },
}

impl FormFactor {
    /// Transform at `k` (1/Å) for a point of weight 1, in V·Å³.
    pub(crate) fn at(&self, k: f64) -> f64 {
        match *self {
            FormFactor::Voxel { volume, nyquist } => {
                if k < nyquist {
                    volume
                } else {
                    0.0
                }
            }
            FormFactor::Atom {
                element,
                b_factor,
                hydrogens,
                displaced_solvent,
            } => {
                let mut length = electron_scattering_factor_angstrom(element, k);
                let mut volume_term = displaced(element, k);
                if hydrogens > 0.0 {
                    // Hydrogens sit anywhere on a sphere of the bond length: their mean is a sinc.
                    let phase = 2.0 * PI * k * 1.09;
                    let shell = if phase < 1e-6 { 1.0 } else { phase.sin() / phase };
                    length += hydrogens * shell * electron_scattering_factor_angstrom(Element::H, k);
                    volume_term += hydrogens * displaced(Element::H, k);
                }
                let mut potential = POTENTIAL_PER_SCATTERING_LENGTH * length;
                if displaced_solvent {
                    potential -= ICE_POTENTIAL_VOLT * volume_term;
                }
                potential * (-b_factor * k * k / 4.0).exp()
            }
        }
    }
}

/// Transform of the displaced volume, Å³: v exp(−π k² v^(2/3)).
fn displaced(element: Element, k: f64) -> f64 {
    let v = element.displaced_volume_cubic_angstrom();
    v * (-PI * k * k * v.powf(2.0 / 3.0)).exp()
}

pub(crate) struct PointClass {
    /// Å, relative to the particle's centre.
    pub(crate) positions: Vec<[f64; 3]>,
    pub(crate) weights: Vec<f32>,
    pub(crate) form: FormFactor,
}

pub(crate) struct PointCloud {
    pub(crate) classes: Vec<PointClass>,
    /// Largest distance of a point from the centre, Å.
    pub(crate) radius: f64,
}

impl PointCloud {
    pub(crate) fn from_molecule(molecule: &Molecule, model: &ScatteringModel) -> PointCloud {
        let centre = molecule.centre_of_mass_angstrom();
        let add_hydrogens = model.implicit_hydrogens && !molecule.has_hydrogens();
        let mut by_element: BTreeMap<Element, Vec<(f64, [f64; 3], f32)>> = BTreeMap::new();
        for atom in molecule.atoms.iter().filter(|atom| atom.occupancy > 0.0) {
            let b = model
                .uniform_b_factor
                .unwrap_or(atom.b_factor)
                .clamp(0.0, MAX_B_FACTOR);
            let position = std::array::from_fn(|i| atom.position_angstrom[i] - centre[i]);
            by_element
                .entry(atom.element)
                .or_default()
                .push((b, position, atom.occupancy as f32));
        }
        let total = molecule.atoms.len();
        let mut classes = Vec::new();
        for (element, mut atoms) in by_element {
            atoms.sort_by(|a, b| a.0.total_cmp(&b.0));
            // Splitting a rare element costs a transform and changes nothing visible.
            let rare = atoms.len() * 20 < total;
            let same = atoms.first().map(|a| a.0) == atoms.last().map(|a| a.0);
            let levels = if rare || same {
                1
            } else {
                model.b_factor_levels.clamp(1, 8)
            };
            for group in atoms.chunks(atoms.len().div_ceil(levels).max(1)) {
                let b_factor = group.iter().map(|a| a.0).sum::<f64>() / group.len() as f64;
                let hydrogens = if add_hydrogens {
                    mean_hydrogens(element)
                } else {
                    0.0
                };
                classes.push(PointClass {
                    positions: group.iter().map(|a| a.1).collect(),
                    weights: group.iter().map(|a| a.2).collect(),
                    form: FormFactor::Atom {
                        element,
                        b_factor,
                        hydrogens,
                        displaced_solvent: model.displaced_solvent,
                    },
                });
            }
        }
        PointCloud {
            radius: radius(&classes),
            classes,
        }
    }

    /// Voxels of a map of shape (n, n, n) inside the sphere that fits its box; centre at voxel n/2.
    pub(crate) fn from_map(data: &[f32], n: usize, voxel_size_angstrom: f64) -> PointCloud {
        let strongest = data.iter().fold(0.0f32, |m, v| m.max(v.abs()));
        let half = (n / 2) as f64;
        let limit = (half - 1.0).max(0.0).powi(2);
        let mut positions = Vec::new();
        let mut weights = Vec::new();
        for (index, &value) in data.iter().enumerate() {
            let (x, y, z) = (index % n, index / n % n, index / (n * n));
            let voxel = [x, y, z].map(|i| i as f64 - half);
            if value.abs() > 1e-5 * strongest && voxel.iter().map(|v| v * v).sum::<f64>() <= limit {
                positions.push(voxel.map(|v| v * voxel_size_angstrom));
                weights.push(value);
            }
        }
        let form = FormFactor::Voxel {
            volume: voxel_size_angstrom.powi(3),
            nyquist: 0.5 / voxel_size_angstrom,
        };
        let classes = if positions.is_empty() {
            vec![]
        } else {
            vec![PointClass {
                positions,
                weights,
                form,
            }]
        };
        PointCloud {
            radius: radius(&classes),
            classes,
        }
    }
}

fn radius(classes: &[PointClass]) -> f64 {
    let points = classes.iter().flat_map(|class| &class.positions);
    points
        .map(|p| distance_squared(*p, [0.0; 3]))
        .fold(0.0, f64::max)
        .sqrt()
}

/// Hydrogens per heavy atom in an average protein.
fn mean_hydrogens(element: Element) -> f64 {
    match element {
        Element::C => 1.25,
        Element::N => 1.05,
        Element::O => 0.15,
        _ => 0.0,
    }
}
