//! `intervals`.

use model::error::{Error, ErrorKind};
use model::query::full_text::{Fuzziness, FuzzyOptions};
use model::query::interval::{Filter, Intervals, Rule, Source, Together};
use model::query::term_level::{Fuzzy, Pattern};
use model::query::{Kind, Query};
use serde_json::{Map, Value};

use super::field::{Carried, Field, build_failed, fields, required};
use super::queries::MAX_QUERY_DEPTH;

/// Words that a pattern may stand for.
const MAX_WORDS: u32 = 128;
const RULES: &str = "[match, any_of, all_of, prefix, wildcard, regexp]";

pub(super) fn intervals(object: &Map<String, Value>, depth: usize) -> Result<Query, Error> {
    let mut given = fields("intervals", object);
    let field = given.next().ok_or_else(|| Error::parsing("Expected [FIELD_NAME] but got [END_OBJECT]"))?;
    let Value::Object(inner) = field.value else {
        return Err(Error::parsing(format!("Expected [START_OBJECT] but got [{}]", field.token())));
    };
    if let Some(other) = given.next() {
        let reason =
            format!("[intervals] query doesn't support multiple fields, found [{}] and [{}]", field.key, other.key);
        return Err(Error::parsing(reason));
    }
    let (mut carried, mut found) = (Carried::new(), None::<(&str, Source)>);
    for option in fields("intervals", inner) {
        if carried.take(option)? {
            continue;
        }
        if let Some((first, _)) = &found {
            let reason = format!("Only one interval rule can be specified, found [{first}] and [{}]", option.key);
            return Err(Error::parsing(reason));
        }
        found = Some((option.key, source(option, depth)?));
    }
    let (_, source) = found.ok_or_else(|| Error::parsing("Missing intervals from interval query definition"))?;
    Ok(carried.query(Kind::Intervals(Box::new(Intervals { field: field.key.to_owned(), source }))))
}

/// The rule that `field` names.
fn source(field: Field<'_>, depth: usize) -> Result<Source, Error> {
    if depth > MAX_QUERY_DEPTH {
        let reason = format!("queries nest deeper than the allowed {MAX_QUERY_DEPTH} levels");
        return Err(Error::new(ErrorKind::TooManyClauses, reason));
    }
    let Value::Object(options) = field.value else {
        return Err(Error::parsing(format!("Expected [START_OBJECT] but got [{}]", field.token())));
    };
    match field.key {
        "match" => matching(options, depth),
        "all_of" => all_of(options, depth),
        "any_of" => any_of(options, depth),
        "prefix" => words(options, "prefix"),
        "wildcard" => words(options, "wildcard"),
        "regexp" => words(options, "regexp"),
        "fuzzy" => fuzzy(options),
        other => Err(Error::parsing(format!("Unknown interval type [{other}], expecting one of {RULES}"))),
    }
}

/// An object with one rule.
fn one(value: &Value, depth: usize) -> Result<Source, Error> {
    let wrong = || Error::parsing("Expected [FIELD_NAME] but got [END_OBJECT]");
    let object = value.as_object().ok_or_else(|| Error::parsing("Expected [START_OBJECT]"))?;
    source(fields("intervals", object).next().ok_or_else(wrong)?, depth + 1)
}

/// `ordered`, `mode`, `max_gaps` while they are read.
#[derive(Default)]
struct Asked {
    ordered: Option<bool>,
    mode: Option<String>,
    max_gaps: Option<i32>,
}

impl Asked {
    fn take(&mut self, option: Field<'_>) -> Result<bool, Error> {
        match option.key {
            "ordered" => self.ordered = Some(option.flag()?),
            "mode" => self.mode = Some(option.typed(&["VALUE_STRING"])?.text()?),
            "max_gaps" => self.max_gaps = Some(option.int()?),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn together(self, owner: &str) -> Result<Together, Error> {
        let (ordered, apart) = match self.mode.as_deref() {
            None => (self.ordered.unwrap_or(false), false),
            Some("ordered") => (true, false),
            Some("unordered") => (false, false),
            Some("unordered_no_overlap") => (false, true),
            Some(other) => {
                let cause = Error::illegal_argument(format!("no mode can be parsed from ordinal {other}"));
                return Err(build_failed(owner, cause));
            }
        };
        let max_gaps = self.max_gaps.and_then(|gaps| u32::try_from(gaps).ok());
        Ok(Together { ordered, apart, max_gaps })
    }
}

fn matching(options: &Map<String, Value>, depth: usize) -> Result<Source, Error> {
    let (mut asked, mut query, mut filter) = (Asked::default(), None, None);
    let (mut analyzer, mut use_field) = (None, None);
    for option in fields("match", options) {
        match option.key {
            "query" => query = Some(option.typed(&["VALUE_STRING"])?.text()?),
            "analyzer" => analyzer = Some(option.typed(&["VALUE_STRING"])?.text()?),
            "use_field" => use_field = Some(option.typed(&["VALUE_STRING"])?.text()?),
            "filter" => filter = Some(Box::new(read_filter(option, depth)?)),
            _ if asked.take(option)? => {}
            _ => return Err(option.undeclared()),
        }
    }
    let query = query.ok_or_else(|| required("query"))?;
    Ok(Source { rule: Rule::Match { query, together: asked.together("match")?, analyzer, use_field }, filter })
}

fn list(option: Field<'_>, depth: usize) -> Result<Vec<Source>, Error> {
    let items = option.typed(&["START_ARRAY"])?.value.as_array();
    items.into_iter().flatten().map(|item| one(item, depth)).collect()
}

fn all_of(options: &Map<String, Value>, depth: usize) -> Result<Source, Error> {
    let (mut asked, mut intervals, mut filter) = (Asked::default(), None, None);
    for option in fields("all_of", options) {
        match option.key {
            "intervals" => intervals = Some(list(option, depth)?),
            "filter" => filter = Some(Box::new(read_filter(option, depth)?)),
            _ if asked.take(option)? => {}
            _ => return Err(option.undeclared()),
        }
    }
    let intervals = intervals.ok_or_else(|| required("intervals"))?;
    Ok(Source { rule: Rule::AllOf { intervals, together: asked.together("all_of")? }, filter })
}

fn any_of(options: &Map<String, Value>, depth: usize) -> Result<Source, Error> {
    let (mut intervals, mut filter) = (None, None);
    for option in fields("any_of", options) {
        match option.key {
            "intervals" => intervals = Some(list(option, depth)?),
            "filter" => filter = Some(Box::new(read_filter(option, depth)?)),
            _ => return Err(option.undeclared()),
        }
    }
    Ok(Source { rule: Rule::AnyOf(intervals.ok_or_else(|| required("intervals"))?), filter })
}

/// `prefix`, `wildcard` and `regexp`, by `owner`.
fn words(options: &Map<String, Value>, owner: &'static str) -> Result<Source, Error> {
    let (mut text, mut use_field, mut max_expansions) = (None, None, None);
    let key = if owner == "prefix" { "prefix" } else { "pattern" };
    let mut pattern = Pattern {
        field: String::new(),
        pattern: String::new(),
        case_insensitive: false,
        rewrite: None,
        flags: None,
        max_determinized_states: 10_000,
    };
    for option in fields(owner, options) {
        match option.key {
            name if name == key => text = Some(option.typed(&["VALUE_STRING"])?.text()?),
            "use_field" => use_field = Some(option.typed(&["VALUE_STRING"])?.text()?),
            "max_expansions" if owner != "prefix" => {
                max_expansions =
                    Some(option.count(|| Error::illegal_argument("[max_expansions] must not be negative"))?);
            }
            "case_insensitive" if owner == "regexp" => pattern.case_insensitive = option.flag()?,
            "analyzer" | "flags" | "flags_value" => return Err(option.not_implemented()),
            _ => return Err(option.undeclared()),
        }
    }
    pattern.pattern = text.ok_or_else(|| required(key))?;
    let kind = match owner {
        "prefix" => Kind::Prefix(pattern),
        "regexp" => Kind::Regexp(pattern),
        _ => Kind::Wildcard(pattern),
    };
    Ok(Source { rule: Rule::Words { query: Box::new(Query::new(kind)), use_field, max_expansions }, filter: None })
}

fn fuzzy(options: &Map<String, Value>) -> Result<Source, Error> {
    let (mut term, mut use_field) = (None, None);
    let (mut fuzziness, mut prefix_length, mut transpositions) = (Fuzziness::Auto { low: 3, high: 6 }, 0, true);
    for option in fields("fuzzy", options) {
        match option.key {
            "term" => term = Some(option.typed(&["VALUE_STRING"])?.text()?),
            "use_field" => use_field = Some(option.typed(&["VALUE_STRING"])?.text()?),
            "fuzziness" => fuzziness = option.fuzziness()?,
            "prefix_length" => {
                prefix_length = option.count(|| Error::illegal_argument("[prefix_length] must not be negative"))?;
            }
            "transpositions" => transpositions = option.flag()?,
            "analyzer" => return Err(option.not_implemented()),
            _ => return Err(option.undeclared()),
        }
    }
    let term = term.ok_or_else(|| required("term"))?;
    let options = FuzzyOptions { prefix_length, transpositions, max_expansions: MAX_WORDS, ..FuzzyOptions::default() };
    let query = Kind::Fuzzy(Fuzzy { field: String::new(), value: term.into(), fuzziness, options });
    Ok(Source {
        rule: Rule::Words { query: Box::new(Query::new(query)), use_field, max_expansions: None },
        filter: None,
    })
}

fn read_filter(option: Field<'_>, depth: usize) -> Result<Filter, Error> {
    let wrong = || Error::parsing("Expected [FIELD_NAME] but got [END_OBJECT]");
    let object = option.typed(&["START_OBJECT"])?.value.as_object();
    let object = object.ok_or_else(wrong)?;
    let inner = fields("filter", object).next().ok_or_else(wrong)?;
    if inner.key == "script" {
        return Err(Error::not_implemented("[script] of a filter of [intervals]"));
    }
    Ok(Filter { relation: inner.key.to_owned(), source: one(inner.value, depth)? })
}
