//! `query_string` and `simple_query_string`: the options around the text.

use model::error::Error;
use model::query::full_text::{Fuzziness, FuzzyOptions, MultiMatchKind, Operator};
use model::query::query_string::{QueryString, SimpleQueryString, StringOptions};
use model::query::{Kind, Query};
use serde_json::{Map, Value};

use super::field::{Carried, Field, fields};
use super::full_text::{field_list, multi_match_kind};
use super::term_level::late;
use crate::query_string::simple::Flags;
use crate::query_string::{Bare, Settings, classic, simple};

/// What stands around the text of a `query_string` until the text is read.
pub(super) struct Asked {
    pub(super) text: Option<String>,
    pub(super) default_field: Option<String>,
    pub(super) allow_leading_wildcard: bool,
    escape: bool,
    /// All but its syntax.
    pub(super) query: QueryString,
}

impl Asked {
    pub(super) fn new() -> Self {
        Self {
            text: None,
            default_field: None,
            allow_leading_wildcard: true,
            escape: false,
            query: QueryString {
                syntax: model::query::query_string::Clause::Empty,
                fields: Vec::new(),
                options: StringOptions {
                    default_operator: Operator::Or,
                    analyzer: None,
                    lenient: None,
                    minimum_should_match: None,
                    auto_generate_synonyms_phrase_query: true,
                },
                kind: MultiMatchKind::BestFields,
                tie_breaker: None,
                phrase_slop: 0,
                fuzziness: Fuzziness::Auto { low: 3, high: 6 },
                fuzzy: FuzzyOptions::default(),
                quote_analyzer: None,
                quote_field_suffix: None,
                time_zone: None,
                analyze_wildcard: false,
                rewrite: None,
            },
        }
    }

    /// Reads the text.
    pub(super) fn finish(self) -> Result<QueryString, Error> {
        let Self { text, default_field, allow_leading_wildcard, escape, mut query } = self;
        let text = text.ok_or_else(|| Error::parsing("[query_string] must be provided with a [query]"))?;
        let bare = match (&default_field, query.fields.is_empty()) {
            (Some(_), false) => {
                return Err(late("[query_string] cannot use [fields] parameter in conjunction with [default_field]"));
            }
            (None, false) => Bare::Fields,
            (Some(field), true) if field != "*" => Bare::OneField,
            _ => Bare::Everything,
        };
        let settings = Settings { operator: query.options.default_operator, allow_leading_wildcard, bare };
        query.syntax = match escape {
            true => classic::parse(&escaped(&text), settings)?,
            false => classic::parse(&text, settings)?,
        };
        query.fields.extend(default_field.map(|field| (field, 1.0)));
        Ok(query)
    }
}

/// `text` with a backslash before whatever means something in the language.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if "\\+-!():^[]\"{}~*?|&/".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// `query_string`.
pub(super) fn query_string(object: &Map<String, Value>) -> Result<Query, Error> {
    const OWNER: &str = "query_string";
    let mut carried = Carried::new();
    let mut asked = Asked::new();
    for option in fields(OWNER, object) {
        match option.value {
            Value::Array(_) if option.key == "fields" => asked.query.fields = field_list(option)?,
            Value::Array(_) => return Err(option.unsupported()),
            Value::Object(_) | Value::Null if option.key != "time_zone" => return Err(option.unknown_token()),
            _ if carried.take(option)? => {}
            _ => query_string_option(option, &mut asked)?,
        }
    }
    Ok(carried.query(Kind::QueryString(Box::new(asked.finish()?))))
}

fn query_string_option(option: Field<'_>, asked: &mut Asked) -> Result<(), Error> {
    let query = &mut asked.query;
    match option.key {
        "query" => asked.text = Some(option.text()?),
        "default_field" => asked.default_field = Some(option.text()?),
        "default_operator" => query.options.default_operator = option.operator()?,
        "analyzer" => query.options.analyzer = Some(option.text()?),
        "quote_analyzer" => query.quote_analyzer = Some(option.text()?),
        "allow_leading_wildcard" => asked.allow_leading_wildcard = option.flag()?,
        // A bound on work that Shoal bounds anyway.
        "max_determinized_states" => drop(option.int()?),
        "enable_position_increments" => {
            if !option.flag()? {
                return Err(option.not_implemented());
            }
        }
        "escape" => asked.escape = option.flag()?,
        "fuzzy_prefix_length" => query.fuzzy.prefix_length = option.count(|| negative(option))?,
        "fuzzy_max_expansions" => query.fuzzy.max_expansions = option.count(|| negative(option))?,
        "fuzzy_rewrite" => query.fuzzy.rewrite = Some(option.text()?),
        "fuzzy_transpositions" => query.fuzzy.transpositions = option.flag()?,
        "fuzziness" => query.fuzziness = option.fuzziness()?,
        "phrase_slop" => query.phrase_slop = option.count(|| negative(option))?,
        "tie_breaker" => {
            let share = option.float()?;
            if !(0.0..=1.0).contains(&share) {
                return Err(late("tieBreakerMultiplier must be in [0, 1]"));
            }
            query.tie_breaker = Some(share);
        }
        "analyze_wildcard" => query.analyze_wildcard = option.flag()?,
        "rewrite" => query.rewrite = Some(option.text()?),
        "minimum_should_match" => query.options.minimum_should_match = Some(option.text()?),
        "quote_field_suffix" => query.quote_field_suffix = Some(option.text()?),
        "lenient" => query.options.lenient = Some(option.flag()?),
        "time_zone" => query.time_zone = option.text_or_null()?,
        "type" => query.kind = multi_match_kind(&option.text()?)?,
        "auto_generate_synonyms_phrase_query" => query.options.auto_generate_synonyms_phrase_query = option.flag()?,
        _ => return Err(option.unsupported()),
    }
    Ok(())
}

fn negative(option: Field<'_>) -> Error {
    Error::illegal_argument(format!("[{}] [{}] cannot be negative", option.owner, option.key))
}

/// `simple_query_string`.
pub(super) fn simple_query_string(object: &Map<String, Value>) -> Result<Query, Error> {
    let mut carried = Carried::new();
    let mut text = None;
    let mut flags = Flags::ALL;
    let Asked { query: QueryString { mut fields, mut options, mut fuzzy, .. }, .. } = Asked::new();
    let (mut quote_field_suffix, mut analyze_wildcard) = (None, false);
    for option in self::fields("simple_query_string", object) {
        match (option.key, option.value) {
            ("fields", Value::Array(_)) => fields = field_list(option)?,
            (_, Value::Array(_)) => return Err(option.unsupported()),
            (_, Value::Object(_) | Value::Null) => return Err(option.unknown_token()),
            ("query", _) => text = Some(option.text()?),
            ("flags", Value::Number(_)) => {
                let bits = option.int()?;
                flags = if bits < 0 { Flags::ALL } else { Flags(bits) };
            }
            ("flags", _) => flags = Flags::parse(&option.text()?)?,
            ("default_operator", _) => options.default_operator = option.operator()?,
            ("analyzer", _) => options.analyzer = Some(option.text()?),
            ("lenient", _) => options.lenient = Some(option.flag()?),
            ("minimum_should_match", _) => options.minimum_should_match = Some(option.text()?),
            ("auto_generate_synonyms_phrase_query", _) => {
                options.auto_generate_synonyms_phrase_query = option.flag()?
            }
            ("analyze_wildcard", _) => analyze_wildcard = option.flag()?,
            ("quote_field_suffix", _) => quote_field_suffix = Some(option.text()?),
            ("fuzzy_prefix_length", _) => fuzzy.prefix_length = option.count(|| negative(option))?,
            ("fuzzy_max_expansions", _) => fuzzy.max_expansions = option.count(|| negative(option))?,
            ("fuzzy_transpositions", _) => fuzzy.transpositions = option.flag()?,
            // Without effect for many versions of OpenSearch.
            ("locale" | "lowercase_expanded_terms", _) => {}
            _ if carried.take(option)? => {}
            _ => return Err(Error::parsing(format!("[simple_query_string] unsupported field [{}]", option.key))),
        }
    }
    let text = text.ok_or_else(|| Error::parsing("[simple_query_string] query text missing"))?;
    let syntax = simple::parse(&text, options.default_operator, flags)?;
    let asked = SimpleQueryString { syntax, fields, options, fuzzy, quote_field_suffix, analyze_wildcard };
    Ok(carried.query(Kind::SimpleQueryString(Box::new(asked))))
}
