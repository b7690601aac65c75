//! Figures as data, made from plain arrays.

mod captions;
mod curves;
mod images;
mod views;

pub use captions::explained;
pub use curves::{fourier_shell_correlation, guinier, histogram, traces};
pub use images::{base64, grey_image, montage, orthogonal_slices, projections};
pub use views::orientations;

use nilas_model::figure::Axis;
use nilas_model::{Figure, FigureData};

/// A figure with an empty note.
pub fn figure(id: &str, title: &str, data: FigureData) -> Figure {
    Figure {
        id: id.to_owned(),
        title: title.to_owned(),
        note: String::new(),
        data,
    }
}

/// The same figure with a sentence below it.
pub fn with_note(mut figure: Figure, note: impl Into<String>) -> Figure {
    figure.note = note.into();
    figure
}

/// A linear axis that takes its range from the data.
pub fn axis(label: &str) -> Axis {
    Axis {
        label: label.to_owned(),
        ..Axis::default()
    }
}

/// A small table.
pub fn table(id: &str, title: &str, columns: &[&str], rows: Vec<Vec<String>>) -> Figure {
    figure(
        id,
        title,
        FigureData::Table {
            columns: columns.iter().map(|&c| c.to_owned()).collect(),
            rows,
        },
    )
}
