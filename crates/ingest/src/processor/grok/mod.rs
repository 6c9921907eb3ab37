//! `grok`: a text read by expressions that name others (`%{NUMBER:bytes:int}`); what the named parts find become fields.
//!
//! Expressions are those of the crate `regex`, whose time is bounded: look-around and back-references are refused.

mod library;

use std::collections::BTreeMap;

use model::error::Error;
use regex::{Regex, RegexBuilder};
use serde_json::{Number, Value};

use super::Of;
use crate::document::{Document, not_castable};
use crate::options::Options;

pub(crate) use library::PATTERNS;

/// Bytes of an expression when all names are filled in, and of what it is compiled to.
const MAX_EXPRESSION: usize = 1 << 20;
const MAX_COMPILED: usize = 16 << 20;
/// Names inside of names.
const MAX_DEPTH: usize = 50;

#[derive(Clone, Debug)]
pub(crate) struct Grok {
    of: Of,
    patterns: Vec<Pattern>,
    /// The document shall say which pattern it was.
    trace: bool,
    /// Several parts of one name become a list.
    all: bool,
}

#[derive(Clone, Debug)]
struct Pattern {
    regex: Regex,
    /// Of each group with a name of ours: the field, and what its value becomes.
    captures: Vec<(usize, String, As)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum As {
    Text,
    Integer,
    Long,
    Float,
    Double,
    Boolean,
}

impl Grok {
    pub(in crate::processor) fn read(options: &mut Options) -> Result<Self, Error> {
        let field = options.required_text("field")?;
        let given = options.texts("patterns")?;
        let given = given.ok_or_else(|| options.refused("patterns", "required property is missing"))?;
        if given.is_empty() {
            return Err(options.refused("patterns", "List of patterns must not be empty"));
        }
        let mut own = BTreeMap::new();
        match options.take("pattern_definitions") {
            None => {}
            Some(Value::Object(definitions)) => {
                for (name, definition) in definitions {
                    let text = definition.as_str().map(str::to_owned);
                    let text =
                        text.ok_or_else(|| options.refused("pattern_definitions", "property isn't a map of texts"))?;
                    own.insert(name, text);
                }
            }
            Some(_) => return Err(options.refused("pattern_definitions", "property isn't a map")),
        }
        let (trace, all) = (options.flag("trace_match", false)?, options.flag("capture_all_matches", false)?);
        let of = Of { target: field.clone(), field, ignore_missing: options.flag("ignore_missing", false)? };
        let mut patterns = Vec::with_capacity(given.len());
        for text in &given {
            let refused =
                |why: String| options.refused("patterns", &format!("Invalid regex pattern found in: [{text}]. {why}"));
            patterns.push(Pattern::read(text, &own).map_err(refused)?);
        }
        Ok(Self { of, patterns, trace, all })
    }

    pub(in crate::processor) fn process(&self, document: &mut Document) -> Result<(), Error> {
        let Some(value) = self.of.value(document)? else { return Ok(()) };
        let text = value.as_str().ok_or_else(|| not_castable(&self.of.field, value, "java.lang.String"))?.to_owned();
        for (at, pattern) in self.patterns.iter().enumerate() {
            let Some(fields) = pattern.fields(&text, self.all) else { continue };
            for (name, value) in fields? {
                document.set(&name, value)?;
            }
            if self.trace {
                document.ingest.insert("_grok_match_index".to_owned(), at.to_string().into());
            }
            return Ok(());
        }
        Err(Error::illegal_argument(format!("Provided Grok expressions do not match field value: [{text}]")))
    }
}

impl Pattern {
    fn read(text: &str, own: &BTreeMap<String, String>) -> Result<Self, String> {
        let mut filled = Filled { own, out: String::new(), names: Vec::new() };
        filled.fill(text, &mut Vec::new())?;
        let regex = RegexBuilder::new(&filled.out).size_limit(MAX_COMPILED).build().map_err(|why| why.to_string())?;
        let mut captures = Vec::new();
        for (group, name) in regex.capture_names().enumerate() {
            let Some(name) = name else { continue };
            let ours = name.strip_prefix(OURS).and_then(|number| filled.names.get(number.parse::<usize>().ok()?));
            let (field, kind) = ours.cloned().unwrap_or_else(|| (name.to_owned(), As::Text));
            captures.push((group, field, kind));
        }
        Ok(Self { regex, captures })
    }

    /// What the named parts found, where the text matches.
    fn fields(&self, text: &str, all: bool) -> Option<Result<Vec<(String, Value)>, Error>> {
        let found = self.regex.captures(text)?;
        let mut fields: Vec<(String, Vec<Value>)> = Vec::new();
        for (group, name, kind) in &self.captures {
            let Some(part) = found.get(*group) else { continue };
            let value = match kind.value(part.as_str()) {
                Ok(value) => value,
                Err(error) => return Some(Err(error)),
            };
            match fields.iter_mut().find(|(known, _)| known == name) {
                Some((_, values)) => values.push(value),
                None => fields.push((name.clone(), vec![value])),
            }
        }
        let one = |(name, mut values): (String, Vec<Value>)| {
            let value = if all && values.len() > 1 { Value::Array(values) } else { values.swap_remove(0) };
            (name, value)
        };
        Some(Ok(fields.into_iter().map(one).collect()))
    }
}

/// What the names of our groups begin with: fields have dots, which groups may not have.
const OURS: &str = "g_";

/// An expression while its names are filled in.
struct Filled<'a> {
    own: &'a BTreeMap<String, String>,
    out: String,
    names: Vec<(String, As)>,
}

impl Filled<'_> {
    /// `way`: the names that this text stands in.
    fn fill(&mut self, text: &str, way: &mut Vec<String>) -> Result<(), String> {
        let mut rest = text;
        while let Some(at) = rest.find("%{") {
            self.out.push_str(&rest[..at]);
            let end = rest[at..].find('}').ok_or("a name is not closed")? + at;
            self.name(&rest[at + 2..end], way)?;
            rest = &rest[end + 1..];
        }
        self.out.push_str(rest);
        if self.out.len() > MAX_EXPRESSION {
            return Err(format!("it is longer than [{MAX_EXPRESSION}] bytes"));
        }
        Ok(())
    }

    /// `NAME`, `NAME:field`, `NAME:field:type`.
    fn name(&mut self, inside: &str, way: &mut Vec<String>) -> Result<(), String> {
        let mut parts = inside.splitn(3, ':');
        let (name, field, kind) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
        let library = || PATTERNS.iter().find(|(known, _)| *known == name).map(|(_, text)| (*text).to_owned());
        let Some(text) = self.own.get(name).cloned().or_else(library) else {
            return Err(format!("Unable to find pattern [{name}] in Grok's pattern dictionary"));
        };
        if way.iter().any(|outer| outer == name) {
            return Err(format!("circular reference in pattern [{name}][{text}]"));
        }
        if way.len() >= MAX_DEPTH {
            return Err(format!("names nest deeper than [{MAX_DEPTH}]"));
        }
        match field.filter(|field| !field.is_empty()) {
            Some(field) => {
                self.out.push_str(&format!("(?P<{OURS}{}>", self.names.len()));
                self.names.push((field.to_owned(), As::of(kind)));
            }
            None => self.out.push_str("(?:"),
        }
        way.push(name.to_owned());
        self.fill(&text, way)?;
        way.pop();
        self.out.push(')');
        Ok(())
    }
}

impl As {
    /// A type that nobody knows leaves texts as they are.
    fn of(name: Option<&str>) -> Self {
        match name {
            Some("int") => Self::Integer,
            Some("long") => Self::Long,
            Some("float") => Self::Float,
            Some("double") => Self::Double,
            Some("boolean") => Self::Boolean,
            _ => Self::Text,
        }
    }

    fn value(self, text: &str) -> Result<Value, Error> {
        let wrong = || {
            let cause = Error::new(model::error::ErrorKind::NumberFormat, format!("For input string: \"{text}\""));
            Error::illegal_argument(format!("[{text}] is no such number")).with_cause(cause)
        };
        Ok(match self {
            Self::Text => text.into(),
            Self::Boolean => text.eq_ignore_ascii_case("true").into(),
            Self::Integer => text.parse::<i32>().map_err(|_| wrong())?.into(),
            Self::Long => text.parse::<i64>().map_err(|_| wrong())?.into(),
            Self::Float | Self::Double => {
                let number: f64 = text.parse().map_err(|_| wrong())?;
                Value::Number(Number::from_f64(number).ok_or_else(wrong)?)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(pattern: &str, text: &str, expected: Value) {
        let read = Pattern::read(pattern, &BTreeMap::new()).expect(pattern);
        let found = read
            .fields(text, false)
            .map(|fields| fields.expect(pattern).into_iter().collect::<serde_json::Map<_, _>>());
        assert_eq!(found.map_or(Value::Null, Value::Object), expected, "{pattern} of {text}");
    }

    #[test]
    fn every_pattern_of_the_library_reads() {
        for (name, _) in PATTERNS {
            let read = Pattern::read(&format!("%{{{name}}}"), &BTreeMap::new());
            assert!(read.is_ok(), "{name}: {read:?}");
        }
    }

    #[test]
    fn parts_become_fields() {
        check(
            "%{WORD:w} %{NUMBER:n:int} %{IP:a.ip}",
            "abc 12 10.0.0.1",
            json!({"w": "abc", "n": 12, "a.ip": "10.0.0.1"}),
        );
        check("%{NUMBER:f:float}", "x 1.5", json!({"f": 1.5}));
        check("%{NUMBER:n}", "abc", Value::Null);
        check("(?<x>[a-z]+)", "12 ab", json!({"x": "ab"}));
        check("%{IP:ip}", "from ::1 on", json!({"ip": "::1"}));
        check("%{IP:ip}", "2001:db8::ff00:42:8329", json!({"ip": "2001:db8::ff00:42:8329"}));
        check(
            "%{TIMESTAMP_ISO8601:t} %{LOGLEVEL:l} %{UUID:u} %{URI:r}",
            "2020-01-02T03:04:05.678Z WARN 123e4567-e89b-12d3-a456-426614174000 http://x.y/z?q=1",
            json!({"t": "2020-01-02T03:04:05.678Z", "l": "WARN", "u": "123e4567-e89b-12d3-a456-426614174000", "r": "http://x.y/z?q=1"}),
        );
        check(
            "%{SYSLOGBASE} %{GREEDYDATA:m}",
            "Jan  5 12:00:00 host prog[12]: hello there",
            json!({"timestamp": "Jan  5 12:00:00", "logsource": "host", "program": "prog", "pid": "12", "m": "hello there"}),
        );
    }

    #[test]
    fn what_is_refused() {
        let own: BTreeMap<String, String> =
            [("A".to_owned(), "%{B}".to_owned()), ("B".to_owned(), "%{A}".to_owned())].into();
        let told = |pattern: &str| Pattern::read(pattern, &own).err().unwrap_or_default();
        assert_eq!(told("%{NOPE:x}"), "Unable to find pattern [NOPE] in Grok's pattern dictionary");
        assert!(told("%{A}").starts_with("circular reference in pattern [A]"));
        assert!(!told("(unclosed").is_empty() && !told("a(?=b)").is_empty());
    }
}
