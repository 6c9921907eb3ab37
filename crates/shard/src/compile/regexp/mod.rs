//! Lucene's regular expressions: their syntax, and which automaton accepts what they do.
//!
//! Always anchored, `.` is any character; `|`, `?`, `*`, `+`, `{n,m}`, classes, `"quoted"`, `\d \s \w` and, where their flags are set, `@`
//! (any string), `#` (nothing at all), `<n-m>` (numbers), `&` (both) and `~` (not). Expressions without `&` and `~` become expressions of the
//! `regex` crate ([`source`]), the others are determinized here ([`algebra`]).

use std::iter::Peekable;
use std::str::CharIndices;
use std::sync::Arc;

use model::error::{Error, ErrorKind};
use search::bound::RegexpFlags;

use super::automaton::{DenseAutomaton, too_complex};
use crate::score::Outcome;
use crate::segment::TermAutomaton;

mod algebra;
mod interval;
mod source;

/// Nested groups and repetitions of repetitions at most.
const MAX_DEPTH: u32 = 100;
/// Repetitions at most: larger ones exceed the automaton's limit anyway.
const MAX_REPETITIONS: u32 = 10_000;
/// The last character.
const LAST: u32 = 0x0010_ffff;

/// Ranges of characters, both ends inside.
type Ranges = Vec<(u32, u32)>;

/// What an expression says.
#[derive(Clone, Debug, PartialEq)]
enum Expression {
    /// No text at all.
    Nothing,
    One(Ranges),
    /// One behind the other; none: the empty text.
    All(Vec<Expression>),
    Any(Vec<Expression>),
    Both(Vec<Expression>),
    Not(Box<Expression>),
    Repeated(Box<Expression>, u32, Option<u32>),
}

/// The automaton of `pattern`.
///
/// # Errors
/// Wrong syntax, in OpenSearch's words; an automaton that grows too large.
pub(super) fn automaton(
    pattern: &str,
    flags: RegexpFlags,
    case_insensitive: bool,
    max_states: u32,
) -> Outcome<Arc<dyn TermAutomaton>> {
    let expression = parse(pattern, flags, case_insensitive)?;
    Ok(match source::of(&expression) {
        Some(source) => Arc::new(DenseAutomaton::new(&source, max_states)?),
        None => Arc::new(algebra::Determinized::new(&expression, max_states).ok_or_else(|| too_complex(max_states))?),
    })
}

fn parse(pattern: &str, flags: RegexpFlags, case_insensitive: bool) -> Result<Expression, Error> {
    let chars = pattern.char_indices().peekable();
    let mut parser = Parser { chars, length: pattern.len(), flags, case_insensitive, depth: 0 };
    if pattern.is_empty() {
        return Ok(Expression::All(Vec::new()));
    }
    let whole = parser.union()?;
    match parser.chars.peek() {
        Some(_) => Err(parser.wrong("end-of-string expected")),
        None => Ok(whole),
    }
}

struct Parser<'a> {
    chars: Peekable<CharIndices<'a>>,
    length: usize,
    flags: RegexpFlags,
    case_insensitive: bool,
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

    fn deeper(&mut self) -> Result<(), Error> {
        self.depth += 1;
        match self.depth > MAX_DEPTH {
            true => Err(refusal(format!("groups are nested deeper than {MAX_DEPTH}"))),
            false => Ok(()),
        }
    }

    fn union(&mut self) -> Result<Expression, Error> {
        self.deeper()?;
        let mut parts = vec![self.intersection()?];
        while self.take('|') {
            parts.push(self.intersection()?);
        }
        self.depth -= 1;
        Ok(one_or(parts, Expression::Any))
    }

    fn intersection(&mut self) -> Result<Expression, Error> {
        let mut parts = vec![self.concatenation()?];
        while self.flags.intersection && self.take('&') {
            parts.push(self.concatenation()?);
        }
        Ok(one_or(parts, Expression::Both))
    }

    fn concatenation(&mut self) -> Result<Expression, Error> {
        let mut parts = Vec::new();
        loop {
            parts.push(self.repetition()?);
            match self.peek() {
                None | Some(')' | '|') => break,
                Some('&') if self.flags.intersection => break,
                Some(_) => {}
            }
        }
        Ok(one_or(parts, Expression::All))
    }

    fn repetition(&mut self) -> Result<Expression, Error> {
        let mut found = self.complement()?;
        let mut depth = 0;
        while let Some(operator) = self.peek() {
            let (least, most) = match operator {
                '?' => (0, Some(1)),
                '*' => (0, None),
                '+' => (1, None),
                '{' => {
                    self.chars.next();
                    let counts = self.counts()?;
                    found = Expression::Repeated(Box::new(found), counts.0, counts.1);
                    continue;
                }
                _ => break,
            };
            self.chars.next();
            depth += 1;
            if depth > MAX_DEPTH {
                return Err(refusal(format!("repetitions are nested deeper than {MAX_DEPTH}")));
            }
            found = Expression::Repeated(Box::new(found), least, most);
        }
        Ok(found)
    }

    /// `n}`, `n,}` or `n,m}`.
    fn counts(&mut self) -> Result<(u32, Option<u32>), Error> {
        let least = self.number()?;
        let mut most = Some(least);
        if self.take(',') {
            most = match self.peek() {
                Some('}') => None,
                _ => Some(self.number()?),
            };
        }
        if let Some(most) = most.filter(|most| *most < least) {
            return Err(refusal(format!("invalid repetition range(out of order): {least}..{most}")));
        }
        if self.take('}') { Ok((least, most)) } else { Err(self.wrong("expected '}'")) }
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

    fn complement(&mut self) -> Result<Expression, Error> {
        if !(self.flags.complement && self.take('~')) {
            return self.simple();
        }
        self.deeper()?;
        let inner = self.complement()?;
        self.depth -= 1;
        Ok(Expression::Not(Box::new(inner)))
    }

    fn simple(&mut self) -> Result<Expression, Error> {
        let flags = self.flags;
        let any = || Expression::One(vec![(0, LAST)]);
        Ok(match self.next()? {
            '.' => any(),
            '#' if flags.empty => Expression::Nothing,
            '@' if flags.any_string => Expression::Repeated(Box::new(any()), 0, None),
            '"' => {
                let mut quoted = Vec::new();
                loop {
                    match self.chars.next() {
                        Some((_, '"')) => break,
                        Some((_, c)) => quoted.push(self.character(c)),
                        None => return Err(self.wrong("expected '\"'")),
                    }
                }
                Expression::All(quoted)
            }
            '(' if self.take(')') => Expression::All(Vec::new()),
            '(' => {
                let inner = self.union()?;
                if !self.take(')') {
                    return Err(self.wrong("expected ')'"));
                }
                inner
            }
            '[' => self.class()?,
            '<' if flags.interval => self.interval()?,
            '\\' => match self.next()? {
                c if predefined(c).is_some() => Expression::One(predefined(c).unwrap_or_default()),
                c => self.character(c),
            },
            c => self.character(c),
        })
    }

    fn character(&self, c: char) -> Expression {
        Expression::One(normal(self.spellings(c)))
    }

    /// The character, and where case does not matter its other cases.
    fn spellings(&self, c: char) -> Ranges {
        let mut found = vec![(u32::from(c), u32::from(c))];
        if self.case_insensitive {
            let single = |mut cases: std::vec::IntoIter<char>| cases.next().filter(|_| cases.len() == 0);
            let lower = single(c.to_lowercase().collect::<Vec<_>>().into_iter());
            let upper = single(c.to_uppercase().collect::<Vec<_>>().into_iter());
            found.extend(lower.into_iter().chain(upper).map(|c| (u32::from(c), u32::from(c))));
        }
        found
    }

    /// Ranges keep their case whatever the rest does, as in Lucene.
    fn class(&mut self) -> Result<Expression, Error> {
        let negated = self.take('^');
        let mut ranges = Vec::new();
        loop {
            match self.peek() {
                None => return Err(self.wrong("expected ']'")),
                Some(']') if !ranges.is_empty() => break,
                Some(_) => {}
            }
            let from = match self.class_character()? {
                Ok(from) => from,
                Err(set) => {
                    ranges.extend(set);
                    continue;
                }
            };
            if !self.take('-') {
                ranges.extend(self.spellings(from));
            } else if self.peek() == Some(']') {
                // A hyphen before the bracket is itself.
                ranges.extend(self.spellings(from));
                ranges.push((u32::from('-'), u32::from('-')));
            } else {
                let to = self.class_character()?.unwrap_or(from);
                if to < from {
                    let (from, to) = (u32::from(from), u32::from(to));
                    return Err(refusal(format!("invalid range: from ({from}) cannot be > to ({to})")));
                }
                ranges.push((u32::from(from), u32::from(to)));
            }
        }
        self.chars.next();
        let ranges = normal(ranges);
        Ok(Expression::One(if negated { others(&ranges) } else { ranges }))
    }

    /// One character of a class, or a predefined set.
    fn class_character(&mut self) -> Result<Result<char, Ranges>, Error> {
        let c = self.next()?;
        if c != '\\' {
            return Ok(Ok(c));
        }
        let escaped = self.next()?;
        Ok(predefined(escaped).map_or(Ok(escaped), Err))
    }

    /// `n-m>`.
    fn interval(&mut self) -> Result<Expression, Error> {
        let from = self.digits();
        let hyphen = self.take('-');
        let to = self.digits();
        match interval::of(&from, &to) {
            Some(found) if hyphen && self.take('>') => Ok(found),
            _ => Err(self.wrong("interval syntax error")),
        }
    }
}

fn one_or(mut parts: Vec<Expression>, several: fn(Vec<Expression>) -> Expression) -> Expression {
    if parts.len() == 1 { parts.remove(0) } else { several(parts) }
}

/// `\d`, `\s`, `\w` and their opposites.
fn predefined(c: char) -> Option<Ranges> {
    let range = |from: char, to: char| (u32::from(from), u32::from(to));
    let set = match c.to_ascii_lowercase() {
        'd' => vec![range('0', '9')],
        's' => vec![range('\t', '\n'), range('\r', '\r'), range(' ', ' ')],
        'w' => vec![range('0', '9'), range('A', 'Z'), range('_', '_'), range('a', 'z')],
        _ => return None,
    };
    Some(if c.is_ascii_uppercase() { others(&set) } else { set })
}

/// Ascending, apart from one another.
fn normal(mut ranges: Ranges) -> Ranges {
    ranges.sort_unstable();
    let mut merged: Ranges = Vec::with_capacity(ranges.len());
    for (from, to) in ranges {
        match merged.last_mut() {
            Some(last) if from <= last.1.saturating_add(1) => last.1 = last.1.max(to),
            _ => merged.push((from, to)),
        }
    }
    merged
}

/// The characters outside of normal ranges.
fn others(ranges: &[(u32, u32)]) -> Ranges {
    let mut found = Vec::new();
    let mut next = 0;
    for &(from, to) in ranges {
        if from > next {
            found.push((next, from - 1));
        }
        next = to + 1;
    }
    if next <= LAST {
        found.push((next, LAST));
    }
    found
}

/// OpenSearch's error for a pattern that it cannot read.
fn refusal(reason: String) -> Error {
    let cause = Error::illegal_argument(reason.clone());
    Error::new(ErrorKind::QueryShard, format!("failed to create query: {reason}")).with_cause(cause)
}

#[cfg(test)]
mod tests;
