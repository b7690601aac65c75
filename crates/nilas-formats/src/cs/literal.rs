//! Python literals as they stand in a numpy header: dicts, lists, tuples, strings, whole numbers, True and False.

/// Deepest nesting that is followed.
const MAX_DEPTH: usize = 12;

/// A parsed literal.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Literal {
    Text(String),
    Int(u64),
    Bool(bool),
    /// A list or a tuple.
    Sequence(Vec<Literal>),
    Dict(Vec<(Literal, Literal)>),
}

/// Parses one literal with blanks around it.
///
/// # Errors
/// `(byte, message)` where it is none.
pub(crate) fn parse(text: &str) -> Result<Literal, (usize, String)> {
    let mut p = Parser {
        bytes: text.as_bytes(),
        text,
        at: 0,
    };
    let value = p.value(0)?;
    p.blanks();
    if p.at < p.bytes.len() {
        return Err((p.at, "text after the header's dictionary".into()));
    }
    Ok(value)
}

struct Parser<'a> {
    bytes: &'a [u8],
    text: &'a str,
    at: usize,
}

impl Parser<'_> {
    fn blanks(&mut self) {
        while self.bytes.get(self.at).is_some_and(|b| b.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    fn peek(&mut self) -> Option<u8> {
        self.blanks();
        self.bytes.get(self.at).copied()
    }

    fn fail<T>(&self, message: &str) -> Result<T, (usize, String)> {
        Err((self.at, message.into()))
    }

    fn value(&mut self, depth: usize) -> Result<Literal, (usize, String)> {
        if depth > MAX_DEPTH {
            return self.fail("nested too deeply");
        }
        match self.peek() {
            Some(b'{') => self.dict(depth),
            Some(b'[') => self.sequence(b']', depth),
            Some(b'(') => self.sequence(b')', depth),
            Some(b'\'' | b'"') => self.string().map(Literal::Text),
            Some(b'u') if matches!(self.bytes.get(self.at + 1), Some(b'\'' | b'"')) => {
                self.at += 1;
                self.string().map(Literal::Text)
            }
            Some(b'0'..=b'9') => self.integer(),
            Some(_) if self.text[self.at..].starts_with("True") => {
                self.at += 4;
                Ok(Literal::Bool(true))
            }
            Some(_) if self.text[self.at..].starts_with("False") => {
                self.at += 5;
                Ok(Literal::Bool(false))
            }
            Some(_) => self.fail("no Python literal"),
            None => self.fail("the header ends early"),
        }
    }

    fn integer(&mut self) -> Result<Literal, (usize, String)> {
        let start = self.at;
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        let value = self.text[start..self.at]
            .parse()
            .map_err(|_| (start, "number too large".to_string()))?;
        // Python 2 wrote long integers with an L.
        if self.bytes.get(self.at) == Some(&b'L') {
            self.at += 1;
        }
        Ok(Literal::Int(value))
    }

    fn string(&mut self) -> Result<String, (usize, String)> {
        let quote = char::from(self.bytes[self.at]);
        let start = self.at;
        self.at += 1;
        let mut out = String::new();
        let mut chars = self.text[self.at..].char_indices();
        while let Some((i, c)) = chars.next() {
            if c == quote {
                self.at += i + 1;
                return Ok(out);
            }
            if c != '\\' {
                out.push(c);
                continue;
            }
            match chars.next().map(|(_, c)| c) {
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some('r') => out.push('\r'),
                Some(c @ ('\\' | '\'' | '"')) => out.push(c),
                _ => return Err((self.at + i, "an escape that is not read".into())),
            }
        }
        Err((start, "a string without end".into()))
    }

    fn sequence(&mut self, close: u8, depth: usize) -> Result<Literal, (usize, String)> {
        self.at += 1;
        let mut out = Vec::new();
        loop {
            if self.peek() == Some(close) {
                self.at += 1;
                return Ok(Literal::Sequence(out));
            }
            out.push(self.value(depth + 1)?);
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b) if b == close => {}
                _ => return self.fail("a comma or a closing bracket is missing"),
            }
        }
    }

    fn dict(&mut self, depth: usize) -> Result<Literal, (usize, String)> {
        self.at += 1;
        let mut out = Vec::new();
        loop {
            if self.peek() == Some(b'}') {
                self.at += 1;
                return Ok(Literal::Dict(out));
            }
            let key = self.value(depth + 1)?;
            if self.peek() != Some(b':') {
                return self.fail("a colon is missing");
            }
            self.at += 1;
            let value = self.value(depth + 1)?;
            out.push((key, value));
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {}
                _ => return self.fail("a comma or a closing brace is missing"),
            }
        }
    }
}
