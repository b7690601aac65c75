//! Tests of the parameter macro and its checks.

use super::*;
use serde_json::{Map, Value, json};
use std::path::PathBuf;

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
