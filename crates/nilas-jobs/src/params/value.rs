//! Reading and checking what was set.

use nilas_geometry::PointGroup;
use nilas_model::{ParamKind, ParamSpec, Problem};
use serde_json::{Map, Value};
use std::path::PathBuf;

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

/// Parsed parameters together with further problems, so that a user hears of all of them at once.
///
/// # Errors
/// The problems of the parameters and the further ones.
pub fn also<P>(
    parsed: Result<P, Vec<Problem>>,
    more: impl IntoIterator<Item = Problem>,
) -> Result<P, Vec<Problem>> {
    let mut more: Vec<Problem> = more.into_iter().collect();
    match parsed {
        Ok(params) if more.is_empty() => Ok(params),
        Ok(_) => Err(more),
        Err(mut problems) => {
            more.retain(|m| problems.iter().all(|p| p.field != m.field));
            problems.extend(more);
            Err(problems)
        }
    }
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
