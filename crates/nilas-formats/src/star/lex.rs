//! One line to values.

/// A value and whether it stood in quotes (a quoted `_x` is no label).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    pub(crate) text: &'a str,
    pub(crate) quoted: bool,
}

/// Splits a line at blanks. A `#` at the start of a value begins a comment; a quote ends at the same quote followed by a blank
/// or the end of the line (so that `'5'-end'` is one value).
///
/// # Errors
/// A quote without end.
pub(crate) fn split<'a>(line: &'a str, out: &mut Vec<Token<'a>>) -> Result<(), String> {
    out.clear();
    let bytes = line.as_bytes();
    let blank = |i: usize| bytes.get(i).is_none_or(u8::is_ascii_whitespace);
    let mut at = 0;
    loop {
        while at < bytes.len() && blank(at) {
            at += 1;
        }
        match bytes.get(at) {
            None | Some(b'#') => return Ok(()),
            Some(&quote @ (b'"' | b'\'')) => {
                let start = at + 1;
                let end = (start..bytes.len()).find(|&i| bytes[i] == quote && blank(i + 1));
                let Some(end) = end else {
                    return Err(format!("a quote without end: {}", clip(&line[at..])));
                };
                out.push(Token {
                    text: &line[start..end],
                    quoted: true,
                });
                at = end + 1;
            }
            Some(_) => {
                let start = at;
                while !blank(at) {
                    at += 1;
                }
                out.push(Token {
                    text: &line[start..at],
                    quoted: false,
                });
            }
        }
    }
}

/// The start of a text, for messages.
pub(crate) fn clip(text: &str) -> String {
    let mut short: String = text.chars().take(60).collect();
    if short.len() < text.len() {
        short.push_str("...");
    }
    short
}
