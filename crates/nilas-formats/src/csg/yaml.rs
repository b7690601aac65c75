//! The part of YAML that result groups use: nested mappings in block or flow style, plain and quoted scalars that may run over
//! several lines, comments. Lists, anchors, tags and block scalars are refused.

/// Deepest nesting that is followed.
const MAX_DEPTH: usize = 16;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    Scalar(String),
    Map(Vec<(String, Node)>),
}

impl Node {
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        match self {
            Node::Map(entries) => entries.iter().find(|(k, _)| k == key).map(|(_, v)| v),
            Node::Scalar(_) => None,
        }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Node::Scalar(text) => Some(text),
            Node::Map(_) => None,
        }
    }
}

/// Line number and message.
type Bad = (usize, String);

/// One logical line: continuation lines are joined to it.
struct Line {
    number: usize,
    indent: usize,
    text: String,
}

/// Parses a document whose root is a mapping.
pub(crate) fn parse(text: &str) -> Result<Node, Bad> {
    let lines = logical_lines(text)?;
    let mut at = 0;
    let indent = lines.first().map_or(0, |l| l.indent);
    let root = block(&lines, &mut at, indent, 0)?;
    match lines.get(at) {
        Some(line) => Err((line.number, "the indentation fits no level above".into())),
        None => Ok(root),
    }
}

/// How far a scalar that starts a value is open at the end of its line.
fn open_quote(text: &str) -> Option<char> {
    let value = value_start(text);
    let quote = value.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    if quoted(value).is_ok() { None } else { Some(quote) }
}

/// The text after `key: `.
fn value_start(text: &str) -> &str {
    match split_key(text) {
        Some((_, value)) => value,
        None => text,
    }
}

fn logical_lines(text: &str) -> Result<Vec<Line>, Bad> {
    let mut out: Vec<Line> = Vec::new();
    let mut blanks = 0;
    for (i, raw) in text.lines().enumerate() {
        let number = i + 1;
        let trimmed = raw.trim();
        let indent = raw.len() - raw.trim_start_matches(' ').len();
        let open = out.last().is_some_and(|l| open_quote(&l.text).is_some());
        if let (true, Some(last)) = (open, out.last_mut()) {
            // YAML folds a line break in quotes to a blank, and blank lines to line breaks.
            if trimmed.is_empty() {
                blanks += 1;
            } else {
                last.text.push_str(&if blanks > 0 {
                    "\n".repeat(blanks)
                } else {
                    " ".into()
                });
                last.text.push_str(trimmed);
                blanks = 0;
            }
            continue;
        }
        if trimmed.is_empty() || trimmed.starts_with('#') || trimmed == "---" || trimmed.starts_with('%') {
            continue;
        }
        if raw.trim_start_matches(' ').starts_with('\t') {
            return Err((number, "a tab in the indentation".into()));
        }
        let continues = out.last().is_some_and(|l| {
            let value = value_start(&l.text);
            indent > l.indent && !value.is_empty() && (split_key(trimmed).is_none() || value.starts_with('{'))
        });
        match out.last_mut() {
            Some(last) if continues => {
                last.text.push(' ');
                last.text.push_str(trimmed);
            }
            _ => out.push(Line {
                number,
                indent,
                text: trimmed.into(),
            }),
        }
    }
    match out.last() {
        Some(l) if open_quote(&l.text).is_some() => Err((l.number, "a quote without end".into())),
        _ => Ok(out),
    }
}

/// `key: value` or `key:`; the key may be quoted.
fn split_key(text: &str) -> Option<(String, &str)> {
    if text.starts_with(['\'', '"']) {
        let (key, rest) = quoted(text).ok()?;
        let rest = rest.trim_start().strip_prefix(':')?;
        return (rest.is_empty() || rest.starts_with(' ')).then(|| (key, rest.trim()));
    }
    if text.starts_with(['{', '[', '-', '&', '*', '!', '|', '>', '#']) {
        return None;
    }
    let at = text.find(": ").or_else(|| text.strip_suffix(':').map(str::len))?;
    Some((text[..at].trim_end().to_string(), text[at + 1..].trim()))
}

fn block(lines: &[Line], at: &mut usize, indent: usize, depth: usize) -> Result<Node, Bad> {
    let mut entries: Vec<(String, Node)> = Vec::new();
    while let Some(line) = lines.get(*at) {
        if line.indent < indent {
            break;
        }
        let bad = |message: &str| (line.number, message.to_string());
        if depth > MAX_DEPTH {
            return Err(bad("nested too deeply"));
        }
        if line.indent > indent {
            return Err(bad("more indentation than the line before"));
        }
        let Some((key, value)) = split_key(&line.text) else {
            return Err(bad(
                "neither 'key: value' nor a mapping; lists and tags are not read",
            ));
        };
        if entries.iter().any(|(k, _)| *k == key) {
            return Err(bad(&format!("the key '{key}' occurs twice")));
        }
        *at += 1;
        let node = if value.is_empty() {
            match lines.get(*at) {
                Some(next) if next.indent > indent => block(lines, at, next.indent, depth + 1)?,
                _ => Node::Scalar(String::new()),
            }
        } else {
            inline(value).map_err(|m| bad(&m))?
        };
        entries.push((key, node));
    }
    Ok(Node::Map(entries))
}

/// A value on the line of its key.
fn inline(value: &str) -> Result<Node, String> {
    if value.starts_with('{') {
        let (node, rest) = flow(value, 0)?;
        return after(rest).map(|()| node);
    }
    if value.starts_with(['\'', '"']) {
        let (text, rest) = quoted(value)?;
        return after(rest).map(|()| Node::Scalar(text));
    }
    if value.starts_with(['[', '&', '*', '!', '|', '@', '`']) || value.starts_with("> ") || value == ">" {
        return Err("lists, anchors, tags and block scalars are not read".into());
    }
    let plain = value.split(" #").next().unwrap_or("").trim_end();
    Ok(Node::Scalar(if matches!(plain, "null" | "~") {
        String::new()
    } else {
        plain.into()
    }))
}

/// Only a comment may follow.
fn after(rest: &str) -> Result<(), String> {
    let rest = rest.trim_start();
    if rest.is_empty() || rest.starts_with('#') {
        Ok(())
    } else {
        Err(format!("text after the value: '{rest}'"))
    }
}

/// `{a: b, c: 'd'}`; returns what follows.
fn flow(text: &str, depth: usize) -> Result<(Node, &str), String> {
    if depth > MAX_DEPTH {
        return Err("nested too deeply".into());
    }
    let mut rest = text[1..].trim_start();
    let mut entries = Vec::new();
    loop {
        if let Some(end) = rest.strip_prefix('}') {
            return Ok((Node::Map(entries), end));
        }
        let colon = rest.find(':').ok_or("a mapping in braces without end")?;
        let (key, after_key) = if rest.starts_with(['\'', '"']) {
            let (key, r) = quoted(rest)?;
            (key, r.trim_start().strip_prefix(':').ok_or("a colon is missing")?)
        } else {
            (rest[..colon].trim().to_string(), &rest[colon + 1..])
        };
        rest = after_key.trim_start();
        let node;
        (node, rest) = if rest.starts_with('{') {
            flow(rest, depth + 1)?
        } else if rest.starts_with(['\'', '"']) {
            let (text, r) = quoted(rest)?;
            (Node::Scalar(text), r)
        } else {
            let end = rest.find([',', '}']).ok_or("a mapping in braces without end")?;
            (Node::Scalar(rest[..end].trim().into()), &rest[end..])
        };
        entries.push((key, node));
        rest = rest.trim_start();
        match rest.strip_prefix(',') {
            Some(more) => rest = more.trim_start(),
            None if rest.starts_with('}') => {}
            None => return Err("a comma or a closing brace is missing".into()),
        }
    }
}

/// A quoted scalar at the start; returns what follows.
fn quoted(text: &str) -> Result<(String, &str), String> {
    let mut chars = text.char_indices();
    let Some((_, quote)) = chars.next() else {
        return Err("a value is missing".into());
    };
    let mut out = String::new();
    while let Some((i, c)) = chars.next() {
        if c == quote {
            if quote == '\'' && text[i + 1..].starts_with('\'') {
                chars.next();
                out.push('\'');
                continue;
            }
            return Ok((out, &text[i + 1..]));
        }
        if c != '\\' || quote == '\'' {
            out.push(c);
            continue;
        }
        let escape = chars.next().map(|(_, c)| c).ok_or("a quote without end")?;
        let digits = match escape {
            'n' => {
                out.push('\n');
                continue;
            }
            't' => {
                out.push('\t');
                continue;
            }
            'r' => {
                out.push('\r');
                continue;
            }
            '0' => {
                out.push('\0');
                continue;
            }
            '"' | '\\' | '/' | ' ' => {
                out.push(escape);
                continue;
            }
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => return Err(format!("the escape '\\{escape}' is not read")),
        };
        let mut code = 0u32;
        for _ in 0..digits {
            let digit = chars
                .next()
                .and_then(|(_, c)| c.to_digit(16))
                .ok_or("a broken escape")?;
            code = code.wrapping_shl(4) | digit;
        }
        out.push(char::from_u32(code).ok_or("an escape of no character")?);
    }
    Err("a quote without end".into())
}

/// A scalar as it stands in a block mapping: plain where that is safe, else in single quotes, else in double quotes.
pub(crate) fn scalar(text: &str) -> String {
    let word = |c: char| {
        c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/' | '-' | ' ' | ',' | '(' | ')' | '+')
    };
    let starts_well = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '_');
    let lower = text.to_ascii_lowercase();
    let reserved = matches!(
        lower.as_str(),
        "yes" | "no" | "on" | "off" | "true" | "false" | "null" | "y" | "n"
    );
    if starts_well && !reserved && text.chars().all(word) && !text.ends_with(' ') && !text.contains(" #") {
        return text.into();
    }
    if text.chars().all(|c| !c.is_control()) {
        return format!("'{}'", text.replace('\'', "''"));
    }
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => out.push_str(&format!("\\U{:08x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
