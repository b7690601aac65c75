//! Writing a parameter down: type, range, default, unit.

use nilas_model::{ParamKind, ParamSpec};
use serde_json::Value;

/// Title, unit, type, range and default of a parameter, while it is being written down.
#[derive(Debug, Clone)]
pub struct Field {
    spec: ParamSpec,
}

fn field(kind: ParamKind, default: Value) -> Field {
    Field {
        spec: ParamSpec {
            name: String::new(),
            title: String::new(),
            help: String::new(),
            unit: String::new(),
            kind,
            default,
            required: false,
            advanced: false,
            section: String::new(),
        },
    }
}

/// A whole number.
pub fn integer(default: i64) -> Field {
    field(ParamKind::Integer { min: None, max: None }, default.into())
}

/// A real number.
pub fn number(default: f64) -> Field {
    field(
        ParamKind::Number {
            min: None,
            max: None,
            exclusive_min: false,
        },
        default.into(),
    )
}

/// Yes or no.
pub fn boolean(default: bool) -> Field {
    field(ParamKind::Boolean, default.into())
}

/// Text.
pub fn text(default: &str) -> Field {
    field(ParamKind::Text, default.into())
}

/// A file or folder on the server; automatic (none) unless made [`Field::required`].
pub fn path() -> Field {
    field(ParamKind::Path, Value::Null)
}

/// One of some words.
pub fn choice(options: &[&str], default: &str) -> Field {
    field(
        ParamKind::Choice {
            options: options.iter().map(|&o| o.to_owned()).collect(),
        },
        default.into(),
    )
}

/// A point group.
pub fn symmetry(default: &str) -> Field {
    field(ParamKind::Symmetry, default.into())
}

impl Field {
    /// Heading.
    pub fn title(mut self, title: &str) -> Self {
        self.spec.title = title.to_owned();
        self
    }

    /// Unit for display.
    pub fn unit(mut self, unit: &str) -> Self {
        self.spec.unit = unit.to_owned();
        self
    }

    /// Section of the form.
    pub fn section(mut self, section: &str) -> Self {
        self.spec.section = section.to_owned();
        self
    }

    /// Shown under "advanced".
    pub fn advanced(mut self) -> Self {
        self.spec.advanced = true;
        self
    }

    /// The job can't run without a value.
    pub fn required(mut self) -> Self {
        self.spec.default = Value::Null;
        self.spec.required = true;
        self
    }

    /// No value means that the job decides.
    pub fn automatic(mut self) -> Self {
        self.spec.default = Value::Null;
        self
    }

    /// Least value.
    pub fn at_least(mut self, least: f64) -> Self {
        match &mut self.spec.kind {
            ParamKind::Integer { min, .. } => *min = Some(least.ceil() as i64),
            ParamKind::Number {
                min, exclusive_min, ..
            } => (*min, *exclusive_min) = (Some(least), false),
            _ => {}
        }
        self
    }

    /// Values must be greater than this.
    pub fn above(mut self, bound: f64) -> Self {
        match &mut self.spec.kind {
            ParamKind::Integer { min, .. } => *min = Some(bound.floor() as i64 + 1),
            ParamKind::Number {
                min, exclusive_min, ..
            } => (*min, *exclusive_min) = (Some(bound), true),
            _ => {}
        }
        self
    }

    /// Greatest value.
    pub fn at_most(mut self, greatest: f64) -> Self {
        match &mut self.spec.kind {
            ParamKind::Integer { max, .. } => *max = Some(greatest.floor() as i64),
            ParamKind::Number { max, .. } => *max = Some(greatest),
            _ => {}
        }
        self
    }

    /// The finished specification.
    pub fn into_spec(mut self, name: &str, help: &str) -> ParamSpec {
        self.spec.name = name.to_owned();
        self.spec.help = help.split_whitespace().collect::<Vec<_>>().join(" ");
        self.spec
    }
}
