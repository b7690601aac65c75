//! The orientation distribution.

use super::{figure, with_note};
use nilas_geometry::Rotation;
use nilas_geometry::sphere::view_histogram;
use nilas_model::figure::Axis;
use nilas_model::{Figure, FigureData};

const AZIMUTH_BINS: usize = 72;
const ELEVATION_BINS: usize = 36;

/// How many particles look along which direction: azimuth and elevation of the beam in the frame of the map.
pub fn orientations(id: &str, title: &str, poses: &[Rotation]) -> Figure {
    let degrees = |label: &str, half: f64| Axis {
        label: label.to_owned(),
        min: Some(-half),
        max: Some(half),
        ..Axis::default()
    };
    let data = FigureData::HeatMap {
        x: degrees("azimuth (°)", 180.0),
        y: degrees("elevation (°)", 90.0),
        value_label: "particles".to_owned(),
        columns: AZIMUTH_BINS as u32,
        values: view_histogram(poses, AZIMUTH_BINS, ELEVATION_BINS),
    };
    let note = format!(
        "Viewing directions of {} particles in bins of 5°; bins near the poles cover less of the sphere.",
        poses.len()
    );
    with_note(figure(id, title, data), note)
}
