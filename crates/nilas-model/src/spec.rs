//! What a job type says of itself: inputs, outputs and parameters. The web form, the CLI help, the
//! manual page, the JSON schema and the check of saved jobs are all made from these.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The kind of data in an input or output group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DataKind {
    /// Extracted particle images with metadata.
    Particle,
    /// A map with its half maps, sharpened map and masks.
    Volume,
    /// A mask.
    Mask,
    /// Movies or micrographs.
    Exposure,
}

/// A named input of a job type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct InputSpec {
    /// Name, for example `particles`.
    pub name: String,
    /// Heading.
    pub title: String,
    /// What it is used for.
    pub help: String,
    /// What it takes.
    pub kind: DataKind,
    /// Least number of connections (0 = optional).
    pub min: u32,
    /// Most connections; several are concatenated (particles) or used in order (volumes).
    pub max: u32,
    /// Slots (column prefixes) that must be there, for example `blob`, `ctf`.
    pub slots: Vec<String>,
}

/// A named output of a job type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OutputSpec {
    /// Name; for one output a class it is a stem (`volume` stands for `volume_0`, `volume_1`, ...).
    pub name: String,
    /// Heading.
    pub title: String,
    /// What it is.
    pub help: String,
    /// What it holds.
    pub kind: DataKind,
    /// Slots that this job writes.
    pub slots: Vec<String>,
    /// Name of the input whose other slots are passed through.
    pub passthrough: Option<String>,
    /// Parameter that gives the number of such outputs (for one a class), when it is above 1.
    pub count_param: Option<String>,
}

/// Type and range of a parameter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ParamKind {
    /// A whole number.
    Integer {
        /// Least value.
        min: Option<i64>,
        /// Greatest value.
        max: Option<i64>,
    },
    /// A real number.
    Number {
        /// Least value.
        min: Option<f64>,
        /// Greatest value.
        max: Option<f64>,
        /// `min` itself is not allowed.
        #[serde(default)]
        exclusive_min: bool,
    },
    /// Yes or no.
    Boolean,
    /// Text.
    Text,
    /// A file or folder on the server.
    Path,
    /// One of some words.
    Choice {
        /// The words.
        options: Vec<String>,
    },
    /// A point group: C1, C4, D2, T, O, I1 ...
    Symmetry,
}

/// One parameter of a job type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ParamSpec {
    /// Name, snake case with the unit as suffix where there is one.
    pub name: String,
    /// Heading.
    pub title: String,
    /// What it does and when to change it.
    pub help: String,
    /// Unit for display (`Å`, `kV`, `°`), empty when there is none.
    pub unit: String,
    /// Type and range.
    #[serde(flatten)]
    pub kind: ParamKind,
    /// Default; `null` means "must be given" when `required`, else "automatic".
    #[schema(value_type = Object)]
    pub default: Value,
    /// The job can't run without a value.
    pub required: bool,
    /// Shown under "advanced".
    pub advanced: bool,
    /// Section of the form.
    pub section: String,
}

/// What a job type says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct JobSpec {
    /// Type name = folder name = CLI name = manual page.
    pub name: String,
    /// Heading.
    pub title: String,
    /// One sentence.
    pub summary: String,
    /// Section of the job menu: `import`, `simulate`, `reconstruct`, `refine`, ...
    pub category: String,
    /// Manual text (Markdown).
    pub manual: String,
    /// Inputs.
    pub inputs: Vec<InputSpec>,
    /// Outputs.
    pub outputs: Vec<OutputSpec>,
    /// Parameters in the order of the form.
    pub params: Vec<ParamSpec>,
}

/// A problem with a job's parameters or inputs, found before it runs. All are reported at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Problem {
    /// `params.symmetry`, `inputs.particles`, or empty for the whole job.
    pub field: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: String,
}
