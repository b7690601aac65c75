//! Contract of every registered job type: its specification.
#![allow(clippy::unwrap_used)]

use nilas_jobs::params::check_value;
use nilas_jobs::{JobType, find, manual, registry};
use nilas_model::ParamKind;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::path::Path;

fn each(check: impl Fn(&JobType)) {
    assert!(!registry().is_empty());
    registry().iter().for_each(check);
}

fn is_name(text: &str) -> bool {
    text.chars().next().is_some_and(|c| c.is_ascii_lowercase())
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

#[test]
fn the_six_names_of_the_contract_are_there() {
    for name in [
        "import_particles",
        "import_volumes",
        "simulate_particles",
        "ab_initio",
        "refine_homogeneous",
        "reconstruct",
    ] {
        assert!(find(name).is_some(), "{name}");
    }
}

#[test]
fn names_are_unique_and_equal_to_the_folder() {
    let mut seen = BTreeSet::new();
    each(|job_type| {
        let spec = (job_type.spec)();
        assert_eq!(job_type.name, spec.name);
        assert!(is_name(job_type.name), "{}", job_type.name);
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("src")
            .join(job_type.name);
        for file in ["mod.rs", "params.rs", "plan.rs", "run.rs"] {
            assert!(folder.join(file).is_file(), "{}/{file}", job_type.name);
        }
    });
    for job_type in registry() {
        assert!(seen.insert(job_type.name), "{} twice", job_type.name);
    }
}

#[test]
fn everything_has_a_title_and_a_help_text() {
    each(|job_type| {
        let spec = (job_type.spec)();
        assert!(!spec.title.is_empty() && !spec.summary.is_empty() && !spec.category.is_empty());
        assert!(
            spec.manual.len() > 200,
            "{}: the manual says too little",
            spec.name
        );
        assert!(!spec.outputs.is_empty());
        let mut names = BTreeSet::new();
        for input in &spec.inputs {
            assert!(
                is_name(&input.name) && !input.title.is_empty() && input.help.len() > 10,
                "{input:?}"
            );
            assert!(input.min <= input.max && input.max >= 1, "{input:?}");
            assert!(names.insert(input.name.clone()));
        }
        let mut names = BTreeSet::new();
        for output in &spec.outputs {
            assert!(
                is_name(&output.name) && !output.title.is_empty() && output.help.len() > 10,
                "{output:?}"
            );
            assert!(names.insert(output.name.clone()));
            if let Some(input) = &output.passthrough {
                assert!(
                    spec.inputs.iter().any(|i| i.name == *input),
                    "{}: passes {input} through",
                    spec.name
                );
            }
            if let Some(param) = &output.count_param {
                assert!(
                    spec.params.iter().any(|p| p.name == *param),
                    "{}: counted by {param}",
                    spec.name
                );
            }
        }
        let mut names = BTreeSet::new();
        for param in &spec.params {
            let place = format!("{}.{}", spec.name, param.name);
            assert!(is_name(&param.name), "{place}");
            assert!(names.insert(param.name.clone()), "{place} twice");
            assert!(
                !param.title.is_empty() && param.help.len() > 10 && !param.section.is_empty(),
                "{place}"
            );
        }
    });
}

#[test]
fn defaults_fit_their_own_ranges_and_units_are_in_the_names() {
    each(|job_type| {
        for param in (job_type.spec)().params {
            let place = format!("{}.{}", job_type.name, param.name);
            if !param.default.is_null() {
                check_value(&param, &param.default).unwrap_or_else(|e| panic!("{place}: {e:?}"));
            }
            for (unit, suffix) in [
                ("Å", "_angstrom"),
                ("Å²", "_angstrom2"),
                ("kV", "_kv"),
                ("mm", "_mm"),
                ("°", "_deg"),
            ] {
                assert_eq!(
                    param.unit.trim_end_matches("/px") == unit,
                    param.name.ends_with(suffix),
                    "{place}: unit {}",
                    param.unit
                );
            }
        }
    });
}

/// Required parameters filled with something of the right type.
fn filled(job_type: &JobType) -> Map<String, Value> {
    let mut map = Map::new();
    for param in (job_type.spec)().params.iter().filter(|p| p.required) {
        let value = match param.kind {
            ParamKind::Path | ParamKind::Text => json!("/no/such/file"),
            ParamKind::Boolean => json!(true),
            _ => json!(1),
        };
        map.insert(param.name.clone(), value);
    }
    map
}

#[test]
fn every_parameter_refuses_what_it_should_and_names_itself() {
    each(|job_type| {
        let spec = (job_type.spec)();
        for param in &spec.params {
            let bad: Vec<Value> = match &param.kind {
                ParamKind::Integer { min, max } => {
                    let mut bad = vec![json!("three"), json!(1.5), json!([1])];
                    bad.extend(min.map(|m| json!(m - 1)));
                    bad.extend(max.map(|m| json!(m + 1)));
                    bad
                }
                ParamKind::Number {
                    min,
                    max,
                    exclusive_min,
                } => {
                    let mut bad = vec![json!("wide"), json!(true)];
                    bad.extend(min.map(|m| json!(m - 1.0)));
                    bad.extend(min.filter(|_| *exclusive_min).map(|m| json!(m)));
                    bad.extend(max.map(|m| json!(m + 1.0)));
                    bad
                }
                ParamKind::Boolean => vec![json!("yes"), json!(1)],
                ParamKind::Text => vec![json!(1)],
                ParamKind::Path => vec![json!(1), json!("a\0b")],
                ParamKind::Choice { .. } => vec![json!("no such word"), json!(0)],
                ParamKind::Symmetry => vec![json!("C0"), json!("X3"), json!(""), json!(2)],
            };
            for value in bad {
                let mut params = filled(job_type);
                params.insert(param.name.clone(), value.clone());
                let request = nilas_jobs::Request {
                    project_dir: "/".into(),
                    params,
                    inputs: std::collections::BTreeMap::new(),
                };
                let problems = (job_type.problems)(&request);
                let field = format!("params.{}", param.name);
                assert!(
                    problems.iter().any(|p| p.field == field && !p.hint.is_empty()),
                    "{}: {field} = {value} gave {problems:?}",
                    spec.name
                );
            }
        }
    });
}

#[test]
fn unknown_parameters_are_problems() {
    each(|job_type| {
        let mut params = filled(job_type);
        params.insert("no_such_parameter".to_owned(), json!(1));
        let request = nilas_jobs::Request {
            project_dir: "/".into(),
            params,
            inputs: std::collections::BTreeMap::new(),
        };
        let problems = (job_type.problems)(&request);
        assert!(
            problems.iter().any(|p| p.field == "params.no_such_parameter"),
            "{}: {problems:?}",
            job_type.name
        );
    });
}

#[test]
fn the_manual_names_every_input_output_and_parameter() {
    each(|job_type| {
        let spec = (job_type.spec)();
        let page = manual::render(&spec);
        let names = spec
            .inputs
            .iter()
            .map(|i| &i.name)
            .chain(spec.outputs.iter().map(|o| &o.name));
        for name in names.chain(spec.params.iter().map(|p| &p.name)) {
            assert!(page.contains(&format!("`{name}`")), "{}: {name}", spec.name);
        }
    });
}
