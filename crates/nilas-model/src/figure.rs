//! Figures are data, not bitmaps: the browser draws them, the CLI can render the same data to PNG.

use serde::{Deserialize, Serialize};

/// A figure, stored as `figures/<id>.json` in the job directory.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Figure {
    /// File stem: `[a-z0-9_]+`.
    pub id: String,
    /// Caption: what one sees and how to read it.
    pub title: String,
    /// A sentence or two below the figure.
    #[serde(default)]
    pub note: String,
    /// What to draw.
    pub data: FigureData,
}

/// An axis of a figure.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Axis {
    /// Label with unit, for example `spatial frequency (1/Å)`.
    pub label: String,
    /// Fixed lower end, else from the data.
    pub min: Option<f64>,
    /// Fixed upper end, else from the data.
    pub max: Option<f64>,
    /// Logarithmic axis.
    #[serde(default)]
    pub log: bool,
    /// The axis holds 1/Å and ticks are labelled with the resolution in Å as well.
    #[serde(default)]
    pub reciprocal_angstrom: bool,
}

/// One curve of a figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Curve {
    /// Legend entry.
    pub name: String,
    /// Abscissae.
    pub x: Vec<f64>,
    /// Ordinates, as many as `x`.
    pub y: Vec<f64>,
    /// Drawn dashed.
    #[serde(default)]
    pub dashed: bool,
}

/// A horizontal or vertical guide line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Guide {
    /// `x` for a vertical line at that abscissa, `y` for a horizontal one.
    pub axis: char,
    /// Where.
    pub at: f64,
    /// Label, for example `0.143`.
    pub label: String,
}

/// A grey-scale image; values are scaled to bytes by the writer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct GreyImage {
    /// Columns.
    pub width: u32,
    /// Rows; row 0 is drawn at the bottom (MRC order).
    pub height: u32,
    /// Base64 (standard alphabet, padded) of `height * width` bytes, row 0 first.
    pub pixels_base64: String,
    /// Value of byte 0.
    pub black: f64,
    /// Value of byte 255.
    pub white: f64,
    /// Text below the image.
    #[serde(default)]
    pub label: String,
}

/// What a figure shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FigureData {
    /// Curves over a common abscissa.
    Curves {
        /// Abscissa.
        x: Axis,
        /// Ordinate.
        y: Axis,
        /// The curves.
        curves: Vec<Curve>,
        /// Guide lines.
        #[serde(default)]
        guides: Vec<Guide>,
    },
    /// A histogram.
    Histogram {
        /// Abscissa.
        x: Axis,
        /// Bin edges, one more than `counts`.
        edges: Vec<f64>,
        /// Items per bin.
        counts: Vec<f64>,
        /// Guide lines.
        #[serde(default)]
        guides: Vec<Guide>,
    },
    /// A heat map on a regular grid, row 0 at the bottom.
    HeatMap {
        /// Abscissa; `min` and `max` give the extent.
        x: Axis,
        /// Ordinate; `min` and `max` give the extent.
        y: Axis,
        /// Label of the colour scale.
        value_label: String,
        /// Columns.
        columns: u32,
        /// Row-major values, row 0 first.
        values: Vec<f64>,
    },
    /// Points.
    Scatter {
        /// Abscissa.
        x: Axis,
        /// Ordinate.
        y: Axis,
        /// Abscissae.
        xs: Vec<f64>,
        /// Ordinates.
        ys: Vec<f64>,
    },
    /// Images side by side: slices, projections, class averages, sample particles.
    Montage {
        /// The images in reading order.
        images: Vec<GreyImage>,
        /// Ångström per pixel, for a scale bar.
        pixel_size_angstrom: Option<f64>,
    },
    /// A small table.
    Table {
        /// Column headings with units.
        columns: Vec<String>,
        /// Rows of as many cells.
        rows: Vec<Vec<String>>,
    },
}
