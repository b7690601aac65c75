//! The manual page of a job type, made from its specification.

use nilas_model::{JobSpec, ParamKind, ParamSpec};
use serde_json::Value;
use std::fmt::Write;

/// The manual page of a job type as Markdown.
pub fn render(spec: &JobSpec) -> String {
    let mut page = format!(
        "# {} (`{}`)\n\n{}\n\n{}\n",
        spec.title,
        spec.name,
        spec.summary,
        spec.manual.trim()
    );
    if !spec.inputs.is_empty() {
        page.push_str("\n## Inputs\n\n| name | takes | how many | what for |\n|---|---|---|---|\n");
        for input in &spec.inputs {
            let slots = input
                .slots
                .iter()
                .map(|s| format!("`{s}`"))
                .collect::<Vec<_>>()
                .join(", ");
            let count = match (input.min, input.max) {
                (0, 1) => "optional".to_owned(),
                (a, b) if a == b => a.to_string(),
                (a, u32::MAX) => format!("{a} or more"),
                (a, b) => format!("{a} to {b}"),
            };
            let kind = format!("{:?}", input.kind).to_lowercase();
            let with = if slots.is_empty() {
                String::new()
            } else {
                format!(" with {slots}")
            };
            line(
                &mut page,
                &[
                    &format!("`{}`", input.name),
                    &format!("{kind}{with}"),
                    &count,
                    &input.help,
                ],
            );
        }
    }
    page.push_str("\n## Outputs\n\n| name | holds | what it is |\n|---|---|---|\n");
    for output in &spec.outputs {
        let mut slots = output
            .slots
            .iter()
            .map(|s| format!("`{s}`"))
            .collect::<Vec<_>>()
            .join(", ");
        if let Some(input) = &output.passthrough {
            let _ = write!(slots, "; everything else of `{input}` is passed through");
        }
        let name = match &output.count_param {
            Some(param) => format!(
                "`{0}` (`{0}_0`, `{0}_1`, ... when `{param}` is above 1)",
                output.name
            ),
            None => format!("`{}`", output.name),
        };
        line(&mut page, &[&name, &slots, &output.help]);
    }
    page.push_str(
        "\n## Parameters\n\n| name | default | unit | range | what it does |\n|---|---|---|---|---|\n",
    );
    for param in &spec.params {
        let mut help = format!("**{}.** {}", param.title, param.help);
        if param.advanced {
            help.push_str(" *(advanced)*");
        }
        line(
            &mut page,
            &[
                &format!("`{}`", param.name),
                &default_text(param),
                &param.unit,
                &range(&param.kind),
                &help,
            ],
        );
    }
    page
}

fn line(page: &mut String, cells: &[&str]) {
    let cells: Vec<String> = cells
        .iter()
        .map(|c| c.replace('|', "\\|").replace('\n', " "))
        .collect();
    let _ = writeln!(page, "| {} |", cells.join(" | "));
}

fn default_text(param: &ParamSpec) -> String {
    match &param.default {
        Value::Null if param.required => "must be given".to_owned(),
        Value::Null => "automatic".to_owned(),
        Value::String(text) if text.is_empty() => "none".to_owned(),
        Value::String(text) => format!("`{text}`"),
        other => format!("`{other}`"),
    }
}

fn range(kind: &ParamKind) -> String {
    let between = |min: Option<String>, max: Option<String>, exclusive: bool| match (min, max) {
        (Some(a), Some(b)) if exclusive => format!("above {a}, up to {b}"),
        (Some(a), Some(b)) => format!("{a} to {b}"),
        (Some(a), None) if exclusive => format!("above {a}"),
        (Some(a), None) => format!("{a} or more"),
        (None, Some(b)) => format!("up to {b}"),
        (None, None) => String::new(),
    };
    match kind {
        ParamKind::Integer { min, max } => {
            between(min.map(|v| v.to_string()), max.map(|v| v.to_string()), false)
        }
        ParamKind::Number {
            min,
            max,
            exclusive_min,
        } => between(
            min.map(|v| v.to_string()),
            max.map(|v| v.to_string()),
            *exclusive_min,
        ),
        ParamKind::Boolean => "yes or no".to_owned(),
        ParamKind::Text => "text".to_owned(),
        ParamKind::Path => "file on the server".to_owned(),
        ParamKind::Choice { options } => options
            .iter()
            .map(|o| format!("`{o}`"))
            .collect::<Vec<_>>()
            .join(", "),
        ParamKind::Symmetry => "C1, C2 ..., D2 ..., T, O, I, I1-I4".to_owned(),
    }
}
