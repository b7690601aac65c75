//! Atomic models as the simulator takes them.

use crate::scattering::Element;

/// One atom of a model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Atom {
    /// Which element.
    pub element: Element,
    /// Position in Å: x, y, z.
    pub position_angstrom: [f64; 3],
    /// Isotropic displacement parameter B, in Å².
    pub b_factor: f64,
    /// Fraction of molecules that have the atom here, 0 to 1.
    pub occupancy: f64,
}

/// Atoms that move together.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Molecule {
    /// The atoms, in any order.
    pub atoms: Vec<Atom>,
}

impl Molecule {
    /// Mass of the atoms given, in Da (hydrogens that the model leaves out are not counted).
    pub fn mass_da(&self) -> f64 {
        self.atoms
            .iter()
            .map(|atom| atom.occupancy * atom.element.mass_da())
            .sum()
    }

    /// True when at least one hydrogen is among the atoms.
    pub fn has_hydrogens(&self) -> bool {
        self.atoms.iter().any(|atom| atom.element == Element::H)
    }

    /// Centre of mass, in Å; the origin for a molecule without mass.
    pub fn centre_of_mass_angstrom(&self) -> [f64; 3] {
        let mut sum = [0.0; 3];
        let mut total = 0.0;
        for atom in &self.atoms {
            let mass = atom.occupancy * atom.element.mass_da();
            total += mass;
            for (s, p) in sum.iter_mut().zip(atom.position_angstrom) {
                *s += mass * p;
            }
        }
        if total > 0.0 {
            sum.map(|s| s / total)
        } else {
            [0.0; 3]
        }
    }

    /// Largest distance of an atom from `centre`, in Å.
    pub fn radius_angstrom(&self, centre: [f64; 3]) -> f64 {
        self.atoms
            .iter()
            .map(|atom| distance_squared(atom.position_angstrom, centre))
            .fold(0.0, f64::max)
            .sqrt()
    }
}

pub(crate) fn distance_squared(a: [f64; 3], b: [f64; 3]) -> f64 {
    a.iter().zip(b).map(|(p, q)| (p - q) * (p - q)).sum()
}
