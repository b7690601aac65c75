//! SPDX licence expressions: is every part that binds us on the list?

use anyhow::{Result, bail};
use std::collections::BTreeSet;

/// Whether `expression` can be met with licences of `allowed` alone.
///
/// `OR` needs one side, `AND` both; `A WITH B` is one name. `/` is the old way to write `OR`.
pub fn satisfied(expression: &str, allowed: &BTreeSet<String>) -> Result<bool> {
    let spaced = expression
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut parser = Parser {
        words: &words,
        at: 0,
        allowed,
    };
    let answer = parser.any()?;
    if parser.at != words.len() {
        bail!(
            "licence expression \"{expression}\": unexpected \"{}\"",
            words[parser.at]
        );
    }
    Ok(answer)
}

struct Parser<'a> {
    words: &'a [&'a str],
    at: usize,
    allowed: &'a BTreeSet<String>,
}

impl Parser<'_> {
    fn take(&mut self, word: &str) -> bool {
        let hit = self.words.get(self.at) == Some(&word);
        self.at += usize::from(hit);
        hit
    }

    fn any(&mut self) -> Result<bool> {
        let mut answer = self.all()?;
        while self.take("OR") {
            answer |= self.all()?;
        }
        Ok(answer)
    }

    fn all(&mut self) -> Result<bool> {
        let mut answer = self.one()?;
        while self.take("AND") {
            answer &= self.one()?;
        }
        Ok(answer)
    }

    fn one(&mut self) -> Result<bool> {
        if self.take("(") {
            let answer = self.any()?;
            if !self.take(")") {
                bail!("licence expression without its closing bracket");
            }
            return Ok(answer);
        }
        let Some(name) = self
            .words
            .get(self.at)
            .filter(|w| !["OR", "AND", "WITH", ")"].contains(*w))
        else {
            bail!("licence expression ends early");
        };
        let mut name = name.trim_end_matches('+').to_owned();
        self.at += 1;
        if self.take("WITH") {
            let Some(exception) = self.words.get(self.at) else {
                bail!("licence expression ends after WITH");
            };
            name = format!("{name} WITH {exception}");
            self.at += 1;
        }
        Ok(self.allowed.contains(&name))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn expressions_are_weighed() {
        let allowed = ["MIT", "Zlib", "Apache-2.0 WITH LLVM-exception"]
            .map(String::from)
            .into();
        for (expression, answer) in [
            ("MIT", true),
            ("GPL-3.0-only", false),
            ("MIT/Apache-2.0", true),
            ("MIT AND GPL-3.0-only", false),
            ("GPL-3.0-only OR MIT AND Zlib", true),
            ("(GPL-3.0-only OR MIT) AND BSD-3-Clause", false),
            ("Apache-2.0 WITH LLVM-exception", true),
            ("Apache-2.0", false),
        ] {
            assert_eq!(satisfied(expression, &allowed).unwrap(), answer, "{expression}");
        }
        for broken in ["", "MIT OR", "(MIT", "MIT MIT", "MIT WITH", ") MIT"] {
            assert!(satisfied(broken, &allowed).is_err(), "{broken}");
        }
    }
}
