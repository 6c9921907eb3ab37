//! Regular expressions as Java writes them, without look-around and back-references, which take time without bound.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::error::ErrorKind;
use regex::{Captures, Regex, RegexBuilder};

use super::texts::{MAX_TEXT, bounded, too_long, units};
use crate::expression::fault::Fault;
use crate::expression::value::Value;
use crate::program::object::{Function, Object};
use crate::program::run::Frame;

/// Bytes that a compiled pattern may take.
const MAX_COMPILED: usize = 1 << 20;

#[derive(Debug)]
pub struct Pattern {
    source: String,
    regex: Regex,
    /// The same, from the beginning to the end of a text.
    whole: Regex,
}

/// A pattern on its way through a text.
#[derive(Debug)]
pub struct Matcher {
    pattern: Arc<Pattern>,
    text: Arc<str>,
    /// Where it looks next, in bytes.
    next: usize,
    /// Where the groups of what was found last begin and end, in bytes.
    found: Vec<Option<(usize, usize)>>,
}

impl Pattern {
    pub(crate) fn new(source: &str, flags: &str, at: usize) -> Result<Self, Fault> {
        let has = |flag: char| flags.contains(flag);
        let text = if has('l') { regex::escape(source) } else { ascii_classes(source, has('U')) };
        let compiled = |text: &str| {
            RegexBuilder::new(text)
                .case_insensitive(has('i'))
                .multi_line(has('m'))
                .dot_matches_new_line(has('s'))
                .ignore_whitespace(has('x'))
                .size_limit(MAX_COMPILED)
                .build()
        };
        let wrong = |error: regex::Error| {
            let missing = ["look-around", "backreferences"].into_iter().find(|what| error.to_string().contains(what));
            match missing {
                Some(what) => Fault::missing(at, &format!("{what} of regular expressions")),
                None => Fault::new(at, ErrorKind::PatternSyntax, format!("Error compiling regex: [{source}]: {error}")),
            }
        };
        let whole = compiled(&format!(r"\A(?:{text}{})\z", if has('x') { "\n" } else { "" })).map_err(wrong)?;
        Ok(Self { source: source.to_owned(), regex: compiled(&text).map_err(wrong)?, whole })
    }

    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    pub(crate) fn finds(&self, text: &str, whole: bool) -> bool {
        if whole { self.whole.is_match(text) } else { self.regex.is_match(text) }
    }

    /// The parts between matches, without the empty ones in the end.
    fn split(&self, text: &str) -> Vec<Object> {
        let mut parts: Vec<&str> = self.regex.split(text).collect();
        if parts.len() > 1 && parts[0].is_empty() && self.regex.find(text).is_some_and(|first| first.is_empty()) {
            parts.remove(0);
        }
        while parts.len() > 1 && parts.last().is_some_and(|part| part.is_empty()) {
            parts.pop();
        }
        parts.into_iter().map(Object::text).collect()
    }
}

/// `\d`, `\s` and `\w` are of ASCII alone in Java, unless it is told otherwise.
fn ascii_classes(source: &str, unicode: bool) -> String {
    if unicode {
        return source.to_owned();
    }
    let mut text = String::with_capacity(source.len());
    let mut letters = source.chars();
    while let Some(letter) = letters.next() {
        match (letter, if letter == '\\' { letters.next() } else { None }) {
            (_, None) => text.push(letter),
            (_, Some('d')) => text.push_str("[0-9]"),
            (_, Some('D')) => text.push_str("[^0-9]"),
            (_, Some('w')) => text.push_str("[a-zA-Z0-9_]"),
            (_, Some('W')) => text.push_str("[^a-zA-Z0-9_]"),
            (_, Some('s')) => text.push_str("[ \\t\\n\\x0B\\f\\r]"),
            (_, Some('S')) => text.push_str("[^ \\t\\n\\x0B\\f\\r]"),
            (_, Some(other)) => text.extend(['\\', other]),
        }
    }
    text
}

/// A method of a pattern; `None`: there is no such one.
pub(crate) fn method(
    frame: &mut Frame<'_, '_>,
    pattern: &Arc<Pattern>,
    (name, at): (&str, usize),
    arguments: &[Object],
) -> Result<Option<Object>, Fault> {
    let text = arguments.first().and_then(Object::as_text);
    Ok(Some(match (name, text) {
        ("matcher", Some(text)) => {
            let (pattern, text) = (pattern.clone(), text.into());
            Object::Matcher(Arc::new(Mutex::new(Matcher { pattern, text, next: 0, found: Vec::new() })))
        }
        ("split", Some(text)) => {
            let parts = pattern.split(text);
            frame.array(parts, at)?
        }
        ("splitAsStream", Some(text)) => {
            let parts = pattern.split(text);
            super::streams::stream(frame, parts, super::streams::Of::Objects, at)?
        }
        ("pattern" | "toString", None) => Object::text(&pattern.source),
        _ => return Ok(None),
    }))
}

fn locked(matcher: &Mutex<Matcher>) -> MutexGuard<'_, Matcher> {
    matcher.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Matcher {
    fn take(&mut self, whole: bool) -> bool {
        let regex = if whole { &self.pattern.whole } else { &self.pattern.regex };
        let from = if whole { 0 } else { self.next };
        self.found = match (from <= self.text.len()).then(|| regex.captures_at(&self.text, from)).flatten() {
            Some(found) => {
                // Behind an empty match the next one is further on.
                let last = found.get(0).map_or(0..0, |found| found.range());
                let step = self.text[last.end..].chars().next().map_or(1, char::len_utf8);
                self.next = if last.is_empty() { last.end + step } else { last.end };
                found.iter().map(|group| group.map(|group| (group.start(), group.end()))).collect()
            }
            None => {
                self.next = self.text.len() + 1;
                Vec::new()
            }
        };
        !self.found.is_empty()
    }

    /// The number of a group that is named or numbered.
    fn group(&self, group: Option<&Object>, at: usize) -> Result<usize, Fault> {
        if self.found.is_empty() {
            return Err(Fault::new(at, ErrorKind::IllegalState, "No match found"));
        }
        let number = match group {
            None => Some(0),
            Some(Object::Plain(Value::Int(number))) => usize::try_from(*number).ok(),
            Some(name) => self.pattern.regex.capture_names().position(|known| known == name.as_text()),
        };
        let none = || Fault::new(at, ErrorKind::IndexOutOfBounds, "No group of this number or name");
        number.filter(|number| *number < self.found.len()).ok_or_else(none)
    }

    fn place(
        &self,
        unit: impl Fn((usize, usize)) -> usize,
        group: Option<&Object>,
        at: usize,
    ) -> Result<Object, Fault> {
        let number = self.group(group, at)?;
        let place = self.found[number].map_or(-1, |range| units(&self.text[..unit(range)]) as i32);
        Ok(Object::Plain(Value::Int(place)))
    }
}

/// A method of a matcher; `None`: there is no such one.
pub(crate) fn matcher(
    frame: &mut Frame<'_, '_>,
    matcher: &Mutex<Matcher>,
    (name, at): (&str, usize),
    arguments: &[Object],
) -> Result<Option<Object>, Fault> {
    let mut matcher = locked(matcher);
    frame.spend(matcher.text.len(), at)?;
    Ok(Some(match (name, arguments) {
        ("find", []) => Object::bool(matcher.take(false)),
        ("matches", []) => Object::bool(matcher.take(true)),
        ("lookingAt", []) => {
            matcher.next = 0;
            let found = matcher.take(false) && matcher.found[0].is_some_and(|range| range.0 == 0);
            Object::bool(found)
        }
        ("reset", []) => {
            (matcher.next, matcher.found) = (0, Vec::new());
            Object::NULL
        }
        ("group", []) => group(&matcher, None, at)?,
        ("group" | "namedGroup", [which]) => group(&matcher, Some(which), at)?,
        ("groupCount", []) => super::methods::int(matcher.pattern.regex.captures_len() - 1),
        ("start", []) => matcher.place(|range| range.0, None, at)?,
        ("start", [which]) => matcher.place(|range| range.0, Some(which), at)?,
        ("end", []) => matcher.place(|range| range.1, None, at)?,
        ("end", [which]) => matcher.place(|range| range.1, Some(which), at)?,
        ("replaceAll" | "replaceFirst", [Object::Plain(Value::Text(new))]) => {
            let (most, new) = (usize::from(name == "replaceFirst"), replacement(new));
            bounded(matcher.pattern.regex.replacen(&matcher.text, most, new.as_str()).into_owned(), at)?
        }
        _ => return Ok(None),
    }))
}

fn group(matcher: &Matcher, which: Option<&Object>, at: usize) -> Result<Object, Fault> {
    let number = matcher.group(which, at)?;
    Ok(matcher.found[number].map_or(Object::NULL, |(from, to)| Object::text(&matcher.text[from..to])))
}

/// What Java puts in place of a match, in the words of the crate `regex`: `$1` as `${1}`, which letters may follow; `\x` as `x`.
pub fn replacement(text: &str) -> String {
    let (mut out, mut letters) = (String::with_capacity(text.len()), text.chars().peekable());
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some('$') => out.push_str("$$"),
                other => out.extend(other),
            },
            '$' => {
                let mut number = String::new();
                while let Some(digit) = letters.next_if(char::is_ascii_digit) {
                    number.push(digit);
                }
                out.push_str(&if number.is_empty() { "$$".to_owned() } else { format!("${{{number}}}") });
            }
            other => out.push(other),
        }
    }
    out
}

/// A text with what a function makes of each match, or of the first.
pub(crate) fn replaced(
    frame: &mut Frame<'_, '_>,
    text: &str,
    (pattern, function): (&Arc<Pattern>, &Function),
    (all, at): (bool, usize),
) -> Result<Object, Fault> {
    let groups = |found: Captures<'_>| -> Vec<Option<(usize, usize)>> {
        found.iter().map(|group| group.map(|group| (group.start(), group.end()))).collect()
    };
    let found: Vec<_> = pattern.regex.captures_iter(text).take(if all { usize::MAX } else { 1 }).map(groups).collect();
    frame.take(found.len(), at)?;
    let shared: Arc<str> = text.into();
    let (mut out, mut done) = (String::new(), 0);
    for found in found {
        let Some(Some((from, to))) = found.first().copied() else { continue };
        let state = Matcher { pattern: pattern.clone(), text: shared.clone(), next: to, found };
        let new = frame.call(function, vec![Object::Matcher(Arc::new(Mutex::new(state)))], at)?;
        out.push_str(&text[done..from]);
        out.push_str(&frame.shown(&new, at)?);
        done = to;
        if out.len() > MAX_TEXT {
            return Err(too_long(at));
        }
    }
    out.push_str(&text[done..]);
    bounded(out, at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replacements_are_javas() {
        assert_eq!(replacement("a$1b\\$2 \\\\ $"), "a${1}b$$2 \\ $$");
    }
}
