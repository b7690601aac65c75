//! Poses, shifts and half sets, from and to the `alignments3D` slot.

use crate::failure;
use nilas_dataset::{Dataset, DatasetError};
use nilas_geometry::Rotation;
use nilas_model::Failure;

/// Orientation and place of a particle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pose {
    /// `x_image = A x_volume`.
    pub rotation: Rotation,
    /// Translation to apply to the image to centre the particle, Å.
    pub shift_angstrom: [f64; 2],
}

/// The poses of all particles, `None` when the dataset has none.
///
/// # Errors
/// Columns that are there but not as they should be.
pub fn poses(particles: &Dataset, field: &str) -> Result<Option<Vec<Pose>>, Failure> {
    if !particles.has_all(&["alignments3D/pose", "alignments3D/shift"]) {
        return Ok(None);
    }
    let table = |e: DatasetError| {
        failure::input(
            field,
            format!("The poses can't be read: {e}."),
            "Import the particles again.",
        )
    };
    let rotations = particles.numbers_or("alignments3D/pose", 3, 0.0).map_err(table)?;
    let shifts = particles
        .numbers_or("alignments3D/shift", 2, 0.0)
        .map_err(table)?;
    // Shifts are in pixels of the alignment, which may have been binned.
    let size = if particles.has("alignments3D/psize_A") {
        "alignments3D/psize_A"
    } else {
        "blob/psize_A"
    };
    let sizes = particles.numbers(size).map_err(table)?;
    let all = (0..particles.rows()).map(|i| Pose {
        rotation: Rotation::from_cryosparc_pose([
            rotations[3 * i],
            rotations[3 * i + 1],
            rotations[3 * i + 2],
        ]),
        shift_angstrom: [shifts[2 * i] * sizes[i], shifts[2 * i + 1] * sizes[i]],
    });
    let all: Vec<Pose> = all.collect();
    let finite = |p: &Pose| {
        p.rotation
            .m
            .iter()
            .flatten()
            .chain(&p.shift_angstrom)
            .all(|v| v.is_finite())
    };
    match all.iter().position(|p| !finite(p)) {
        None => Ok(Some(all)),
        Some(row) => Err(failure::input(
            field,
            format!("The pose of particle {} is not a number.", row + 1),
            "Correct the file and import it again, or import it without poses.",
        )),
    }
}

/// Half-set numbers (0 or 1) of all particles, `None` when there are none or all are in one half.
pub fn halves(particles: &Dataset) -> Option<Vec<u8>> {
    let split = particles.numbers("alignments3D/split").ok()?;
    let halves: Vec<u8> = split.iter().map(|s| u8::from(*s >= 0.5)).collect();
    let ones = halves.iter().filter(|h| **h == 1).count();
    (ones > 0 && ones < halves.len()).then_some(halves)
}

/// Writes poses into the `alignments3D` slot of a dataset; shifts in pixels of `pixel_size_angstrom`.
///
/// # Errors
/// When the number of poses is not the number of rows (a defect).
pub fn write_poses(
    particles: &mut Dataset,
    poses: &[Pose],
    halves: Option<&[u8]>,
    pixel_size_angstrom: f64,
) -> Result<(), Failure> {
    let mut write = || -> Result<(), DatasetError> {
        if let Some(halves) = halves {
            particles.set(
                "alignments3D/split",
                halves.iter().map(|h| u32::from(*h)).collect::<Vec<u32>>(),
            )?;
        }
        let shifts = poses
            .iter()
            .flat_map(|p| p.shift_angstrom)
            .map(|s| (s / pixel_size_angstrom) as f32)
            .collect();
        particles.set_array("alignments3D/shift", &[2], shifts)?;
        let vectors = poses
            .iter()
            .flat_map(|p| p.rotation.to_cryosparc_pose())
            .map(|v| v as f32)
            .collect();
        particles.set_array("alignments3D/pose", &[3], vectors)?;
        particles.set_all("alignments3D/psize_A", pixel_size_angstrom as f32)
    };
    write().map_err(failure::bug)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn poses_and_shifts_come_back() {
        let mut particles = Dataset::from_uids(vec![1, 2]);
        let given = [
            Pose {
                rotation: Rotation::from_euler_deg(10.0, 20.0, 30.0),
                shift_angstrom: [3.0, -4.5],
            },
            Pose {
                rotation: Rotation::from_euler_deg(-170.0, 179.0, 5.0),
                shift_angstrom: [0.0, 1.25],
            },
        ];
        write_poses(&mut particles, &given, Some(&[0, 1]), 1.5).unwrap();
        assert_eq!(particles.get::<f32>("alignments3D/shift").unwrap()[0], 2.0);
        let read = poses(&particles, "inputs.particles").unwrap().unwrap();
        for (a, b) in given.iter().zip(&read) {
            assert!(a.rotation.angle_to(&b.rotation) < 1e-5);
            assert!((a.shift_angstrom[0] - b.shift_angstrom[0]).abs() < 1e-5);
        }
        assert_eq!(halves(&particles), Some(vec![0, 1]));
    }
}
