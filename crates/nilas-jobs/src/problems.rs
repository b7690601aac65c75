//! All problems of a request at once: a value that can't be used must not hide what else is wrong.
//!
//! A job type's plan can only compare parameters once it could read them, so one value out of range would hide
//! that the box is odd. Here the plan is asked again with the faulty values replaced by sound ones; a problem
//! that stands whatever they are replaced by is the request's own.

use crate::job::Request;
use nilas_model::{ParamKind, ParamSpec, Problem};
use serde_json::Value;
use std::collections::BTreeSet;

/// Everything that `plan` finds wrong with a request, also behind values that it can't use.
///
/// `plan` gives the problems of a request as far as it comes; it is called a few times. Empty when there are none.
pub fn all_problems(
    specs: &[ParamSpec],
    request: &Request,
    plan: impl Fn(&Request) -> Vec<Problem>,
) -> Vec<Problem> {
    let mut found = plan(request);
    let variants = specs
        .iter()
        .map(|spec| substitutes(spec).len())
        .max()
        .unwrap_or(0);
    // Each round mends at least one more parameter, or it is the last one.
    for _ in 0..=request.params.len() + specs.len() {
        let faulty: BTreeSet<String> = found
            .iter()
            .filter_map(|p| p.field.strip_prefix("params.").map(str::to_owned))
            .collect();
        if faulty.is_empty() {
            break;
        }
        let mut standing: Option<Vec<Problem>> = None;
        for variant in 0..variants.max(1) {
            let mended = mend(specs, request, &faulty, variant);
            let seen = plan(&mended);
            standing = Some(match standing {
                None => seen,
                Some(before) => before.into_iter().filter(|p| seen.contains(p)).collect(),
            });
        }
        let fields: BTreeSet<String> = found.iter().map(|p| p.field.clone()).collect();
        let new: Vec<Problem> = standing
            .unwrap_or_default()
            .into_iter()
            .filter(|p| !fields.contains(&p.field))
            .collect();
        if new.is_empty() {
            break;
        }
        found.extend(new);
    }
    found
}

/// The request with its faulty parameters replaced, those that are no parameters left out.
fn mend(specs: &[ParamSpec], request: &Request, faulty: &BTreeSet<String>, variant: usize) -> Request {
    let mut mended = request.clone();
    for name in faulty {
        mended.params.remove(name);
        let Some(spec) = specs.iter().find(|spec| spec.name == *name) else {
            continue;
        };
        let choices = substitutes(spec);
        if let Some(value) = choices.get(variant % choices.len().max(1)) {
            mended.params.insert(name.clone(), value.clone());
        }
    }
    mended
}

/// Sound values of a parameter, as different from each other as it allows.
fn substitutes(spec: &ParamSpec) -> Vec<Value> {
    let mut values: Vec<Value> = Vec::new();
    if !spec.default.is_null() || !spec.required {
        values.push(spec.default.clone());
    }
    match &spec.kind {
        ParamKind::Integer { min, max } => {
            let low = min.unwrap_or(-1_000_000);
            // Even and odd, small and large.
            values.extend([low, low.saturating_add(1)].map(Value::from));
            values.push(max.unwrap_or(low.saturating_add(1_000_000_000)).into());
        }
        ParamKind::Number {
            min,
            max,
            exclusive_min,
        } => {
            let low = min.unwrap_or(-1.0e9);
            let low = if *exclusive_min { low + 1.0e-6 } else { low };
            values.push(low.into());
            values.push(max.unwrap_or(low.abs().max(1.0) * 1.0e9).into());
        }
        ParamKind::Boolean => values.extend([true.into(), false.into()]),
        ParamKind::Choice { options } => values.extend(options.iter().map(|o| o.as_str().into())),
        ParamKind::Text if spec.required => values.push("x".into()),
        // A file that any machine has and that can be read; what is wrong with it is not the user's.
        ParamKind::Path if spec.required => values.push("/dev/null".into()),
        ParamKind::Symmetry => values.extend(["C1", "D2", "O"].map(Value::from)),
        ParamKind::Text | ParamKind::Path => {}
    }
    values
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
            /// From where.
            pub first: f64 = number(1.0).title("First").at_least(0.0).at_most(100.0),
            /// To where.
            pub last: f64 = number(50.0).title("Last").at_least(0.0).at_most(100.0),
            /// Whether it is so.
            pub on: bool = boolean(false).title("On"),
            /// Where from.
            pub path: std::path::PathBuf = path().title("File").required(),
        }
    }
    use crate::params::{boolean, integer, number, path};

    fn wrong(name: &str, message: String) -> Problem {
        Problem {
            field: format!("params.{name}"),
            message,
            hint: "Mend it.".to_owned(),
        }
    }

    /// A plan as job types write them: it compares only what it could read, and one thing after another.
    fn plan(request: &Request) -> Vec<Problem> {
        let sample = match Sample::parse(&request.params) {
            Ok(sample) => sample,
            Err(problems) => return problems,
        };
        if sample.count == 7 {
            return vec![wrong("count", "7 is odd luck.".to_owned())];
        }
        let mut problems = Vec::new();
        if sample.first > sample.last {
            problems.push(wrong(
                "first",
                format!("{} is after {}.", sample.first, sample.last),
            ));
        }
        if sample.on && request.inputs.is_empty() {
            problems.push(wrong("on", "There is nothing to be on about.".to_owned()));
        }
        problems
    }

    fn fields(params: Value) -> Vec<String> {
        let request = Request {
            project_dir: "/".into(),
            params: params.as_object().cloned().unwrap_or_default(),
            inputs: std::collections::BTreeMap::new(),
        };
        let problems = all_problems(&Sample::specs(), &request, plan);
        problems.into_iter().map(|p| p.field).collect()
    }

    #[test]
    fn what_stands_behind_faulty_values_is_found() {
        assert_eq!(
            fields(json!({"path": "x", "count": 11, "first": 60, "on": true})),
            ["params.count", "params.first", "params.on"]
        );
        // Three stages deep: a missing value, then the count, then the comparison.
        assert_eq!(
            fields(json!({"count": 7, "first": 60, "typo": 1})),
            ["params.typo", "params.path", "params.count", "params.first"]
        );
    }

    #[test]
    fn nothing_is_made_up_about_values_that_depend_on_faulty_ones() {
        // 60 is after the default of `last`, but nobody knows yet what `last` was meant to be.
        assert_eq!(
            fields(json!({"path": "x", "first": 60, "last": "many"})),
            ["params.last"]
        );
        assert_eq!(
            fields(json!({"path": "x", "first": -1, "last": 0.5})),
            ["params.first"]
        );
        let sound = Sample::parse(json!({"path": "x"}).as_object().expect("an object")).expect("sound");
        assert!(fields(Value::Object(sound.to_map())).is_empty());
    }
}
