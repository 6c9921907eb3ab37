//! Lucene's regular expressions, translated to the syntax of the `regex` crate.
//!
//! Always anchored, `.` is any character; `|`, `?`, `*`, `+`, `{n,m}`, classes, `"quoted"`, `\d \s \w` and, where their flags
//! are set, `@` (any string), `#` (nothing at all) and `<n-m>` (numbers). Intersection and complement are not there yet.

use std::iter::Peekable;
use std::str::CharIndices;

use model::error::{Error, ErrorKind};
use search::bound::RegexpFlags;

use super::pattern::push_literal;

/// Nested groups at most.
const MAX_DEPTH: u32 = 100;
/// Repetitions at most: larger ones exceed the automaton's limit anyway.
const MAX_REPETITIONS: u32 = 10_000;

/// The equivalent of `pattern`.
///
/// # Errors
/// Wrong syntax, in OpenSearch's words; an operator that is not there yet.
pub(super) fn translate(pattern: &str, flags: RegexpFlags, case_insensitive: bool) -> Result<String, Error> {
    let mut parser = Parser { chars: pattern.char_indices().peekable(), length: pattern.len(), flags, depth: 0 };
    let mut out = String::from(if case_insensitive { "(?is:" } else { "(?s:" });
    if !pattern.is_empty() {
        parser.union(&mut out)?;
        if parser.chars.peek().is_some() {
            return Err(parser.wrong("end-of-string expected"));
        }
    }
    out.push(')');
    Ok(out)
}

struct Parser<'a> {
    chars: Peekable<CharIndices<'a>>,
    length: usize,
    flags: RegexpFlags,
    depth: u32,
}

impl Parser<'_> {
    fn position(&mut self) -> usize {
        self.chars.peek().map_or(self.length, |(at, _)| *at)
    }

    /// An error at the current position.
    fn wrong(&mut self, what: &str) -> Error {
        let reason = format!("{what} at position {}", self.position());
        refusal(reason)
    }

    fn peek(&mut self) -> Option<char> {
        self.chars.peek().map(|(_, c)| *c)
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.chars.next();
        }
        found
    }

    fn next(&mut self) -> Result<char, Error> {
        self.chars.next().map(|(_, c)| c).ok_or_else(|| refusal("unexpected end-of-string".into()))
    }

    fn union(&mut self, out: &mut String) -> Result<(), Error> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(refusal(format!("groups are nested deeper than {MAX_DEPTH}")));
        }
        loop {
            self.concatenation(out)?;
            if self.flags.intersection && self.peek() == Some('&') {
                return Err(Error::not_implemented("the regular expression operator [&] (INTERSECTION)"));
            }
            if !self.take('|') {
                break;
            }
            out.push('|');
        }
        self.depth -= 1;
        Ok(())
    }

    fn concatenation(&mut self, out: &mut String) -> Result<(), Error> {
        loop {
            self.repetition(out)?;
            match self.peek() {
                None | Some(')' | '|') => return Ok(()),
                Some('&') if self.flags.intersection => return Ok(()),
                Some(_) => {}
            }
        }
    }

    fn repetition(&mut self, out: &mut String) -> Result<(), Error> {
        let start = out.len();
        out.push_str("(?:");
        self.simple(out)?;
        out.push(')');
        while let Some(operator) = self.peek() {
            match operator {
                '?' | '*' | '+' => {
                    self.chars.next();
                    out.push(operator);
                }
                '{' => {
                    self.chars.next();
                    let range = self.counts()?;
                    out.push_str(&range);
                }
                _ => break,
            }
            // Repetitions of repetitions: the regex crate reads `a+?` as lazy, so each is closed off.
            out.insert_str(start, "(?:");
            out.push(')');
        }
        Ok(())
    }

    /// `n}`, `n,}` or `n,m}`.
    fn counts(&mut self) -> Result<String, Error> {
        let least = self.number()?;
        let range = if self.take(',') {
            match self.peek() {
                Some('}') => format!("{{{least},}}"),
                _ => {
                    let most = self.number()?;
                    if most < least {
                        return Err(refusal(format!("invalid repetition range(out of order): {least}..{most}")));
                    }
                    format!("{{{least},{most}}}")
                }
            }
        } else {
            format!("{{{least}}}")
        };
        if self.take('}') { Ok(range) } else { Err(self.wrong("expected '}'")) }
    }

    fn number(&mut self) -> Result<u32, Error> {
        let digits = self.digits();
        if digits.is_empty() {
            return Err(self.wrong("integer expected"));
        }
        match digits.parse() {
            Ok(number) if number <= MAX_REPETITIONS => Ok(number),
            _ => Err(refusal(format!("a repetition of [{digits}] is more than [{MAX_REPETITIONS}]"))),
        }
    }

    fn digits(&mut self) -> String {
        let mut digits = String::new();
        while let Some(c) = self.peek().filter(char::is_ascii_digit) {
            digits.push(c);
            self.chars.next();
        }
        digits
    }

    fn simple(&mut self, out: &mut String) -> Result<(), Error> {
        let flags = self.flags;
        match self.next()? {
            '.' => out.push('.'),
            '~' if flags.complement => {
                return Err(Error::not_implemented("the regular expression operator [~] (COMPLEMENT)"));
            }
            '#' if flags.empty => out.push_str("[^\\x{0}-\\x{10ffff}]"),
            '@' if flags.any_string => out.push_str(".*"),
            '"' => loop {
                match self.chars.next() {
                    Some((_, '"')) => break,
                    Some((_, c)) => push_literal(out, c),
                    None => return Err(self.wrong("expected '\"'")),
                }
            },
            '(' => {
                if !self.take(')') {
                    self.union(out)?;
                    if !self.take(')') {
                        return Err(self.wrong("expected ')'"));
                    }
                }
            }
            '[' => self.class(out)?,
            '<' if flags.interval => self.interval(out)?,
            '\\' => self.escape(out)?,
            c => push_literal(out, c),
        }
        Ok(())
    }

    fn escape(&mut self, out: &mut String) -> Result<(), Error> {
        match self.next()? {
            'd' => out.push_str("[0-9]"),
            'D' => out.push_str("[^0-9]"),
            's' => out.push_str("[ \\t\\n\\r]"),
            'S' => out.push_str("[^ \\t\\n\\r]"),
            'w' => out.push_str("[0-9A-Z_a-z]"),
            'W' => out.push_str("[^0-9A-Z_a-z]"),
            c => push_literal(out, c),
        }
        Ok(())
    }

    fn class(&mut self, out: &mut String) -> Result<(), Error> {
        out.push_str(if self.take('^') { "[^" } else { "[" });
        let start = out.len();
        loop {
            match self.peek() {
                None => return Err(self.wrong("expected ']'")),
                Some(']') if out.len() > start => break,
                Some(_) => {}
            }
            let Some(from) = self.class_character(out)? else { continue };
            let to = if self.take('-') {
                match self.peek() {
                    // A hyphen before the bracket is itself.
                    Some(']') => {
                        push_literal(out, '-');
                        from
                    }
                    _ => match self.class_character(out)? {
                        Some(to) => to,
                        None => from,
                    },
                }
            } else {
                from
            };
            if to < from {
                return Err(refusal(format!(
                    "invalid range: from ({}) cannot be > to ({})",
                    u32::from(from),
                    u32::from(to)
                )));
            }
            push_literal(out, from);
            out.push('-');
            push_literal(out, to);
        }
        self.chars.next();
        out.push(']');
        Ok(())
    }

    /// One character of a class, or `None` when it was a predefined set, which is written.
    fn class_character(&mut self, out: &mut String) -> Result<Option<char>, Error> {
        let c = self.next()?;
        if c != '\\' {
            return Ok(Some(c));
        }
        match self.peek() {
            Some('d' | 'D' | 's' | 'S' | 'w' | 'W') => {
                self.escape(out)?;
                Ok(None)
            }
            _ => Ok(Some(self.next()?)),
        }
    }

    /// `n-m>`: the decimal numbers from n to m; as many digits where both are written with as many.
    fn interval(&mut self, out: &mut String) -> Result<(), Error> {
        let from = self.digits();
        let hyphen = self.take('-');
        let to = self.digits();
        let (Ok(low), Ok(high)) = (from.parse::<u32>(), to.parse::<u32>()) else {
            return Err(self.wrong("interval syntax error"));
        };
        if !hyphen || !self.take('>') {
            return Err(self.wrong("interval syntax error"));
        }
        let (low, high) = (low.min(high), low.max(high));
        if from.len() == to.len() {
            let width = from.len();
            out.push_str(&between(format!("{low:0width$}").as_bytes(), format!("{high:0width$}").as_bytes()));
            return Ok(());
        }
        out.push_str("0*(?:");
        let (least, most) = (low.to_string().len(), high.to_string().len());
        for width in least..=most {
            let first = if width == least { low.to_string() } else { format!("1{}", "0".repeat(width - 1)) };
            let last = if width == most { high.to_string() } else { "9".repeat(width) };
            if width > least {
                out.push('|');
            }
            out.push_str(&between(first.as_bytes(), last.as_bytes()));
        }
        out.push(')');
        Ok(())
    }
}

/// Numbers of one width from `low` to `high`.
fn between(low: &[u8], high: &[u8]) -> String {
    let (Some((&first, low_rest)), Some((&last, high_rest))) = (low.split_first(), high.split_first()) else {
        return String::new();
    };
    let digit = |byte: u8| char::from(byte);
    if first == last {
        return format!("{}{}", digit(first), between(low_rest, high_rest));
    }
    let (zeros, nines) = ("0".repeat(low_rest.len()), "9".repeat(low_rest.len()));
    let mut parts = vec![
        format!("{}{}", digit(first), between(low_rest, nines.as_bytes())),
        format!("{}{}", digit(last), between(zeros.as_bytes(), high_rest)),
    ];
    if first + 1 < last {
        parts.push(format!("[{}-{}][0-9]{{{}}}", digit(first + 1), digit(last - 1), low_rest.len()));
    }
    format!("(?:{})", parts.join("|"))
}

/// OpenSearch's error for a pattern that it cannot read.
fn refusal(reason: String) -> Error {
    let cause = Error::illegal_argument(reason.clone());
    Error::new(ErrorKind::QueryShard, format!("failed to create query: {reason}")).with_cause(cause)
}

#[cfg(test)]
mod tests {
    use super::super::automaton::DenseAutomaton;
    use super::*;
    use crate::segment::TermAutomaton;

    const ALL: RegexpFlags =
        RegexpFlags { complement: false, interval: true, intersection: true, any_string: true, empty: true };

    fn check(pattern: &str, accepted: &[&str], refused: &[&str]) {
        let automaton = DenseAutomaton::new(&translate(pattern, ALL, false).expect(pattern), 10_000).expect(pattern);
        let accepts = |term: &str| automaton.is_match(term.bytes().fold(0, |state, byte| automaton.step(state, byte)));
        accepted.iter().for_each(|term| assert!(accepts(term), "{pattern} should accept {term}"));
        refused.iter().for_each(|term| assert!(!accepts(term), "{pattern} should refuse {term}"));
    }

    #[test]
    fn operators_mean_what_they_mean_in_lucene() {
        check("a|ab", &["a", "ab"], &["abc", ""]);
        check("ali.*", &["ali", "alien", "ali\n"], &["al"]);
        check("a{2,3}b+?", &["aab", "aaa", "aaabb"], &["ab", "aaaab"]);
        check("[a-c^\\]]x", &["bx", "^x", "]x"], &["dx", "x"]);
        check("[^a-c]", &["d", "ä"], &["a", ""]);
        check("\"a.b\"\\.", &["a.b."], &["axb."]);
        check("a@", &["a", "abc"], &["b"]);
        check("a#|b", &["b"], &["a", "ab"]);
        check("()x", &["x"], &[""]);
        check("\\d+\\w", &["12a"], &["a"]);
        check("", &[""], &["a"]);
    }

    #[test]
    fn intervals_are_numbers() {
        let numbers: Vec<String> = (0..2000).map(|n| n.to_string()).collect();
        for (low, high) in [(0, 9), (5, 123), (99, 100), (7, 7), (10, 1999)] {
            let (inside, outside): (Vec<&str>, Vec<&str>) =
                numbers.iter().map(String::as_str).partition(|n| n.parse().is_ok_and(|n: i32| n >= low && n <= high));
            check(&format!("<{low}-{high}>"), &inside, &outside);
        }
        check("<01-12>", &["01", "12"], &["1", "13", "001"]);
    }

    #[test]
    fn mistakes_are_named() {
        let reason = |pattern: &str| translate(pattern, ALL, false).expect_err("wrong").reason;
        assert_eq!(reason("(a"), "failed to create query: expected ')' at position 2");
        assert_eq!(reason("a&b"), "the regular expression operator [&] (INTERSECTION) is not implemented yet");
        assert!(translate(&"(".repeat(100_000), ALL, false).is_err());
    }
}
