//! Parameters: one struct per job type, with help, unit, default and range of a field in one place.
//!
//! The doc comment of a field is its help text; the expression after `=` is its [`Field`]:
//!
//! ```
//! use nilas_jobs::params::{boolean, number, symmetry};
//! nilas_jobs::params! {
//!     /// What this job can be told.
//!     pub struct Params {
//!         /// Point group of the particle. Leave C1 when unsure.
//!         pub symmetry: String = symmetry("C1").title("Symmetry"),
//!         /// The starting map is low-passed to this resolution.
//!         pub lowpass_angstrom: f64 = number(30.0).title("Low-pass").unit("Å").above(0.0),
//!         /// Mask diameter; automatic takes 0.85 of the box.
//!         pub mask_diameter_angstrom: Option<f64> = number(1.0).title("Mask diameter").unit("Å").above(0.0).automatic(),
//!         /// Fit one scale per particle.
//!         pub per_particle_scale: bool = boolean(true).title("Per-particle scale").advanced(),
//!     }
//! }
//! let mut set = serde_json::Map::new();
//! set.insert("lowpass_angstrom".into(), serde_json::json!(20));
//! let params = Params::parse(&set).expect("valid parameters");
//! assert_eq!((params.lowpass_angstrom, params.mask_diameter_angstrom), (20.0, None));
//! ```

use nilas_geometry::PointGroup;
use nilas_model::{ParamKind, ParamSpec, Problem};
use serde_json::{Map, Value};
use std::path::PathBuf;

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

/// A Rust type that a parameter can have.
pub trait ParamValue: Sized {
    /// From a value that [`check_value`] let through; `None` when the type does not fit.
    fn from_value(value: &Value) -> Option<Self>;
    /// Back to JSON.
    fn to_value(&self) -> Value;
}

macro_rules! whole {
    ($($t:ty),*) => {$(
        impl ParamValue for $t {
            fn from_value(value: &Value) -> Option<Self> {
                whole_number(value).and_then(|n| n.try_into().ok())
            }
            fn to_value(&self) -> Value {
                (*self).into()
            }
        }
    )*};
}
whole!(i64, u64, u32, usize);

impl ParamValue for f64 {
    fn from_value(value: &Value) -> Option<Self> {
        value.as_f64()
    }
    fn to_value(&self) -> Value {
        (*self).into()
    }
}

impl ParamValue for bool {
    fn from_value(value: &Value) -> Option<Self> {
        value.as_bool()
    }
    fn to_value(&self) -> Value {
        (*self).into()
    }
}

impl ParamValue for String {
    fn from_value(value: &Value) -> Option<Self> {
        value.as_str().map(str::to_owned)
    }
    fn to_value(&self) -> Value {
        self.as_str().into()
    }
}

impl ParamValue for PathBuf {
    fn from_value(value: &Value) -> Option<Self> {
        value.as_str().map(PathBuf::from)
    }
    fn to_value(&self) -> Value {
        self.to_string_lossy().into_owned().into()
    }
}

impl<T: ParamValue> ParamValue for Option<T> {
    fn from_value(value: &Value) -> Option<Self> {
        if value.is_null() {
            Some(None)
        } else {
            T::from_value(value).map(Some)
        }
    }
    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::to_value)
    }
}

fn whole_number(value: &Value) -> Option<i64> {
    match (value.as_i64(), value.as_f64()) {
        (Some(n), _) => Some(n),
        // A form or a TOML file may well say 5.0.
        (None, Some(x)) if x.fract() == 0.0 && x.abs() < 9.0e15 => Some(x as i64),
        _ => None,
    }
}

fn range_text(min: Option<String>, max: Option<String>, exclusive_min: bool, unit: &str) -> String {
    let unit = if unit.is_empty() {
        String::new()
    } else {
        format!(" {unit}")
    };
    match (min, max) {
        (Some(a), Some(b)) if exclusive_min => format!("Give a value above {a} and up to {b}{unit}."),
        (Some(a), Some(b)) => format!("Give a value from {a} to {b}{unit}."),
        (Some(a), None) if exclusive_min => format!("Give a value above {a}{unit}."),
        (Some(a), None) => format!("Give a value of at least {a}{unit}."),
        (None, Some(b)) => format!("Give a value of at most {b}{unit}."),
        (None, None) => String::new(),
    }
}

/// Whether a value fits a specification.
///
/// # Errors
/// What is wrong and what would be right.
pub fn check_value(spec: &ParamSpec, value: &Value) -> Result<(), (String, String)> {
    if value.is_null() {
        return if spec.required {
            Err((format!("{} must be given.", spec.title), spec.help.clone()))
        } else if spec.default.is_null() {
            Ok(())
        } else {
            Err((
                format!("{} can't be empty.", spec.title),
                format!("Leave it out to take {}.", spec.default),
            ))
        };
    }
    let wrong = |what: &str| (format!("{value} is not {what}."), spec.help.clone());
    match &spec.kind {
        ParamKind::Integer { min, max } => {
            let n = whole_number(value).ok_or_else(|| wrong("a whole number"))?;
            if min.is_some_and(|m| n < m) || max.is_some_and(|m| n > m) {
                let hint = range_text(
                    min.map(|m| m.to_string()),
                    max.map(|m| m.to_string()),
                    false,
                    &spec.unit,
                );
                return Err((format!("{n} is out of range."), hint));
            }
        }
        ParamKind::Number {
            min,
            max,
            exclusive_min,
        } => {
            let x = value
                .as_f64()
                .filter(|x| x.is_finite())
                .ok_or_else(|| wrong("a number"))?;
            let below = min.is_some_and(|m| x < m || (*exclusive_min && x == m));
            if below || max.is_some_and(|m| x > m) {
                let hint = range_text(
                    min.map(|m| m.to_string()),
                    max.map(|m| m.to_string()),
                    *exclusive_min,
                    &spec.unit,
                );
                return Err((format!("{x} is out of range."), hint));
            }
        }
        ParamKind::Boolean => drop(value.as_bool().ok_or_else(|| wrong("true or false"))?),
        ParamKind::Text => drop(value.as_str().ok_or_else(|| wrong("text"))?),
        ParamKind::Path => {
            let text = value.as_str().ok_or_else(|| wrong("a path"))?;
            if text.trim().is_empty() && spec.required {
                return Err((format!("{} must be given.", spec.title), spec.help.clone()));
            }
            if text.contains('\0') {
                return Err(("A path can't hold a NUL character.".to_owned(), spec.help.clone()));
            }
        }
        ParamKind::Choice { options } => {
            let text = value.as_str().ok_or_else(|| wrong("one of the options"))?;
            if !options.iter().any(|o| o == text) {
                return Err((
                    format!("'{text}' is not an option."),
                    format!("Take one of: {}.", options.join(", ")),
                ));
            }
        }
        ParamKind::Symmetry => {
            let text = value.as_str().ok_or_else(|| wrong("a point group"))?;
            if let Err(error) = PointGroup::parse(text) {
                return Err((
                    format!("'{text}' is not a point group ({error})."),
                    "Write C1, C2, C3 ... for cyclic, D2, D3 ... for dihedral, T, O, or I, I1, I2, I3, I4."
                        .to_owned(),
                ));
            }
        }
    }
    Ok(())
}

/// Reads one parameter; adds a problem and gives `None` when it can't be used.
pub fn read<T: ParamValue>(
    spec: &ParamSpec,
    set: &Map<String, Value>,
    problems: &mut Vec<Problem>,
) -> Option<T> {
    let value = set.get(&spec.name).unwrap_or(&spec.default);
    // An emptied path field of a form is no path.
    let emptied = matches!(spec.kind, ParamKind::Path)
        && !spec.required
        && value.as_str().is_some_and(|s| s.trim().is_empty());
    let value = if emptied { &Value::Null } else { value };
    if let Err((message, hint)) = check_value(spec, value) {
        problems.push(Problem {
            field: format!("params.{}", spec.name),
            message,
            hint,
        });
        return None;
    }
    let read = T::from_value(value);
    if read.is_none() {
        problems.push(Problem {
            field: format!("params.{}", spec.name),
            message: format!("{value} does not fit this parameter."),
            hint: spec.help.clone(),
        });
    }
    read
}

/// A problem for every name that is no parameter.
pub fn unknown_names(specs: &[ParamSpec], set: &Map<String, Value>) -> Vec<Problem> {
    set.keys()
        .filter(|name| !specs.iter().any(|s| s.name == **name))
        .map(|name| Problem {
            field: format!("params.{name}"),
            message: format!("There is no parameter '{name}'."),
            hint: suggest(name, specs.iter().map(|s| s.name.as_str())),
        })
        .collect()
}

/// "Did you mean ...", or the list of names when none is near.
pub fn suggest<'a>(name: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    let near = known
        .clone()
        .map(|k| {
            (
                if k.contains(name) || name.contains(k) {
                    1
                } else {
                    edit_distance(name, k)
                },
                k,
            )
        })
        .min()
        .filter(|(distance, k)| *distance <= 2.max(k.len() / 3));
    match near {
        Some((_, k)) => format!("Did you mean '{k}'?"),
        None => format!("Known are: {}.", known.collect::<Vec<_>>().join(", ")),
    }
}

fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

/// Declares the parameters of a job type; see the [module](crate::params).
#[macro_export]
macro_rules! params {
    (
        $(#[doc = $struct_doc:literal])*
        pub struct $struct_name:ident {
            $(
                $(#[doc = $doc:literal])*
                pub $name:ident : $ty:ty = $field:expr
            ),* $(,)?
        }
    ) => {
        $(#[doc = $struct_doc])*
        #[derive(Debug, Clone, PartialEq)]
        pub struct $struct_name {
            $( $(#[doc = $doc])* pub $name: $ty, )*
        }

        impl $struct_name {
            /// The parameters as the form, the manual and the CLI show them.
            pub fn specs() -> Vec<::nilas_model::ParamSpec> {
                vec![ $( $crate::params::Field::into_spec($field, stringify!($name), concat!($($doc, "\n"),*)), )* ]
            }

            /// Reads and checks what was set; everything else takes its default.
            ///
            /// # Errors
            /// All problems at once, each with its field.
            pub fn parse(
                set: &::serde_json::Map<String, ::serde_json::Value>,
            ) -> Result<Self, Vec<::nilas_model::Problem>> {
                let specs = Self::specs();
                let mut problems = $crate::params::unknown_names(&specs, set);
                let mut next = specs.iter();
                $( let $name: Option<$ty> = next.next().and_then(|spec| $crate::params::read(spec, set, &mut problems)); )*
                match ($($name,)*) {
                    ($(Some($name),)*) if problems.is_empty() => Ok(Self { $($name),* }),
                    _ => Err(problems),
                }
            }

            /// All parameters as JSON, defaults included.
            pub fn to_map(&self) -> ::serde_json::Map<String, ::serde_json::Value> {
                let mut map = ::serde_json::Map::new();
                $( map.insert(stringify!($name).to_owned(), $crate::params::ParamValue::to_value(&self.$name)); )*
                map
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    crate::params! {
        /// For the tests.
        pub struct Sample {
            /// How many.
            pub count: usize = integer(5).title("Count").at_least(1.0).at_most(10.0),
            /// How wide.
            pub width_angstrom: Option<f64> = number(1.0).title("Width").unit("Å").above(0.0).automatic(),
            /// Where from.
            pub path: PathBuf = path().title("File").required(),
            /// Group.
            pub symmetry: String = symmetry("C1").title("Symmetry"),
            /// Kind.
            pub kind: String = choice(&["a", "b"], "a").title("Kind"),
        }
    }

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn all_problems_come_at_once_with_their_fields() {
        let problems = Sample::parse(&map(json!({
            "count": 11, "width_angstrom": 0.0, "symmetry": "Q7", "kind": "c", "widht": 3
        })))
        .expect_err("six problems");
        let fields: Vec<&str> = problems.iter().map(|p| p.field.as_str()).collect();
        for field in [
            "params.count",
            "params.width_angstrom",
            "params.path",
            "params.symmetry",
            "params.kind",
            "params.widht",
        ] {
            assert!(fields.contains(&field), "{field} not in {fields:?}");
        }
        assert_eq!(fields.len(), 6);
        assert!(
            problems
                .iter()
                .all(|p| !p.message.is_empty() && !p.hint.is_empty()),
            "{problems:?}"
        );
    }

    #[test]
    fn unknown_names_get_a_suggestion() {
        let problems = Sample::parse(&map(json!({"path": "x", "symetry": "C2"}))).expect_err("unknown name");
        assert_eq!(problems[0].hint, "Did you mean 'symmetry'?");
    }

    #[test]
    fn values_round_trip_through_json() {
        let sample = Sample::parse(&map(
            json!({"path": "/a b/ü.star", "count": 3.0, "width_angstrom": 2.5}),
        ))
        .expect("valid");
        assert_eq!((sample.count, sample.width_angstrom), (3, Some(2.5)));
        assert_eq!(Sample::parse(&sample.to_map()).expect("valid"), sample);
    }
}
