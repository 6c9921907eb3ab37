//! `match` and its kin: text that is analysed.

use model::error::{Error, ErrorKind};
use model::query::full_text::{Match, MatchOptions, MatchPhrase, MultiMatch, MultiMatchKind, ZeroTerms};
use model::query::{Kind, Query};
use serde_json::{Map, Value};
use std::collections::HashMap;

use super::field::{Carried, Field, fields, text_of};
use crate::params::number_format;

/// The one field that a query is about, and what it says of it.
pub(super) fn single<'a>(owner: &'a str, object: &'a Map<String, Value>) -> Result<Option<Field<'a>>, Error> {
    let mut given = fields(owner, object);
    let Some(first) = given.next() else { return Ok(None) };
    match given.next() {
        None => Ok(Some(first)),
        Some(second) => {
            let reason =
                format!("[{owner}] query doesn't support multiple fields, found [{}] and [{}]", first.key, second.key);
            Err(Error::parsing(reason))
        }
    }
}

fn requires_field(owner: &str) -> Error {
    Error::illegal_argument(format!("[{owner}] requires fieldName"))
}

/// `match`.
pub(super) fn match_query(object: &Map<String, Value>) -> Result<Query, Error> {
    let no_text = || Error::parsing("No text specified for text query");
    let field = single("match", object)?.ok_or_else(no_text)?;
    let mut carried = Carried::new();
    let mut options = MatchOptions::default();
    let mut text = None;
    match field.value {
        Value::Object(object) => {
            for option in fields("match", object) {
                let option = option.scalar()?;
                match option.key {
                    "query" => text = Some(option.value.clone()),
                    "lenient" => options.lenient = Some(option.flag()?),
                    "zero_terms_query" => options.zero_terms = option.zero_terms()?,
                    "cutoff_frequency" => options.cutoff_frequency = Some(option.float()?),
                    _ if words(option, &mut options)? || carried.take(option)? => {}
                    _ => return Err(option.unsupported()),
                }
            }
        }
        Value::Null => {}
        _ => text = Some(field.scalar()?.value.clone()),
    }
    let text = text.ok_or_else(no_text)?;
    Ok(carried.query(Kind::Match(Match { field: field.key.to_owned(), text, options })))
}

/// `match_bool_prefix`.
pub(super) fn match_bool_prefix(object: &Map<String, Value>) -> Result<Query, Error> {
    const OWNER: &str = "match_bool_prefix";
    let field = single(OWNER, object)?.ok_or_else(|| requires_field(OWNER))?;
    let mut carried = Carried::new();
    let mut options = MatchOptions::default();
    let mut text = None;
    match field.value {
        Value::Object(object) => {
            for option in fields(OWNER, object) {
                let option = option.scalar()?;
                match option.key {
                    "query" => text = Some(option.value.clone()),
                    "auto_generate_synonyms_phrase_query" => return Err(option.unsupported()),
                    _ if words(option, &mut options)? || carried.take(option)? => {}
                    _ => return Err(option.unsupported()),
                }
            }
        }
        Value::Null => {}
        _ => text = Some(field.scalar()?.value.clone()),
    }
    let text = text.ok_or_else(|| Error::illegal_argument(format!("[{OWNER}] requires query value")))?;
    Ok(carried.query(Kind::MatchBoolPrefix(Match { field: field.key.to_owned(), text, options })))
}

/// The options of words that `match`, `match_bool_prefix` and `multi_match` share; whether `option` was one.
fn words(option: Field<'_>, options: &mut MatchOptions) -> Result<bool, Error> {
    let owner = option.owner;
    match option.key {
        "operator" => options.operator = option.operator()?,
        "minimum_should_match" => options.minimum_should_match = Some(option.text()?),
        "analyzer" => options.analyzer = Some(option.text()?),
        "fuzziness" => options.fuzziness = Some(option.fuzziness()?),
        "prefix_length" => {
            let refuse = || Error::illegal_argument(format!("[{owner}] requires prefix length to be non-negative."));
            options.fuzzy.prefix_length = option.count(refuse)?;
        }
        "max_expansions" => options.fuzzy.max_expansions = expansions(option)?,
        "fuzzy_transpositions" => options.fuzzy.transpositions = option.flag()?,
        "fuzzy_rewrite" => options.fuzzy.rewrite = Some(option.text()?),
        "auto_generate_synonyms_phrase_query" => options.auto_generate_synonyms_phrase_query = option.flag()?,
        _ => return Ok(false),
    }
    Ok(true)
}

fn expansions(option: Field<'_>) -> Result<u32, Error> {
    let refuse = || Error::illegal_argument(format!("[{}] requires maxExpansions to be positive.", option.owner));
    option.count(refuse).and_then(|count| if count == 0 { Err(refuse()) } else { Ok(count) })
}

/// `match_phrase`.
pub(super) fn match_phrase(object: &Map<String, Value>) -> Result<Query, Error> {
    let (carried, phrase) = phrase("match_phrase", object)?;
    Ok(carried.query(Kind::MatchPhrase(phrase)))
}

/// `match_phrase_prefix`.
pub(super) fn match_phrase_prefix(object: &Map<String, Value>) -> Result<Query, Error> {
    let (carried, phrase) = phrase("match_phrase_prefix", object)?;
    Ok(carried.query(Kind::MatchPhrasePrefix(phrase)))
}

fn phrase(owner: &'static str, object: &Map<String, Value>) -> Result<(Carried, MatchPhrase), Error> {
    let field = single(owner, object)?.ok_or_else(|| requires_field(owner))?;
    let mut carried = Carried::new();
    let mut phrase = MatchPhrase {
        field: field.key.to_owned(),
        text: Value::Null,
        slop: 0,
        analyzer: None,
        zero_terms: ZeroTerms::None,
        max_expansions: 50,
    };
    match field.value {
        Value::Object(object) => {
            for option in fields(owner, object) {
                let option = option.scalar()?;
                match option.key {
                    "query" => phrase.text = option.value.clone(),
                    "analyzer" => phrase.analyzer = Some(option.text()?),
                    "slop" => phrase.slop = option.count(|| Error::illegal_argument("No negative slop allowed."))?,
                    "zero_terms_query" => phrase.zero_terms = option.zero_terms()?,
                    "max_expansions" if owner == "match_phrase_prefix" => {
                        phrase.max_expansions =
                            option.count(|| Error::illegal_argument("No negative maxExpansions allowed."))?;
                    }
                    _ if carried.take(option)? => {}
                    _ => return Err(option.unsupported()),
                }
            }
        }
        Value::Null => {}
        _ => phrase.text = field.scalar()?.value.clone(),
    }
    if phrase.text.is_null() {
        return Err(Error::illegal_argument(format!("[{owner}] requires query value")));
    }
    Ok((carried, phrase))
}

/// `multi_match`.
pub(super) fn multi_match(object: &Map<String, Value>) -> Result<Query, Error> {
    const OWNER: &str = "multi_match";
    let mut carried = Carried::new();
    let mut text = None;
    let mut asked = MultiMatch {
        text: Value::Null,
        fields: Vec::new(),
        kind: MultiMatchKind::BestFields,
        tie_breaker: None,
        options: MatchOptions::default(),
        max_expansions: 50,
    };
    let mut slop = false;
    for option in fields(OWNER, object) {
        if option.key == "fields" {
            asked.fields = field_list(option)?;
            continue;
        }
        let option = option.scalar()?;
        match option.key {
            "query" => text = Some(option.value.clone()),
            "type" => asked.kind = multi_match_kind(&option.text()?)?,
            "tie_breaker" => asked.tie_breaker = Some(option.float()?),
            "lenient" => asked.options.lenient = Some(option.flag()?),
            "zero_terms_query" => asked.options.zero_terms = option.zero_terms()?,
            "slop" => {
                asked.options.slop = option.count(|| Error::illegal_argument("No negative slop allowed."))?;
                slop = true;
            }
            "cutoff_frequency" => asked.options.cutoff_frequency = Some(option.float()?),
            _ if words(option, &mut asked.options)? || carried.take(option)? => {}
            _ => return Err(option.unsupported()),
        }
    }
    asked.max_expansions = asked.options.fuzzy.max_expansions;
    asked.text = text.ok_or_else(|| Error::parsing("No text specified for multi_match query"))?;
    let whole =
        matches!(asked.kind, MultiMatchKind::CrossFields | MultiMatchKind::Phrase | MultiMatchKind::PhrasePrefix);
    if whole && asked.options.fuzziness.is_some() {
        return Err(Error::parsing(format!("Fuzziness not allowed for type [{}]", multi_match_name(asked.kind))));
    }
    if slop && asked.kind == MultiMatchKind::BoolPrefix {
        return Err(Error::parsing("[slop] not allowed for type [bool_prefix]"));
    }
    match asked.kind {
        _ if asked.options.cutoff_frequency.is_none() => {}
        MultiMatchKind::BoolPrefix => {
            return Err(Error::parsing("[cutoff_frequency] not allowed for type [bool_prefix]"));
        }
        MultiMatchKind::CrossFields => {
            return Err(Error::not_implemented("[cutoff_frequency] of [multi_match] of type [cross_fields]"));
        }
        _ => {}
    }
    Ok(carried.query(Kind::MultiMatch(Box::new(asked))))
}

/// `best_fields` ..
pub(super) fn multi_match_kind(name: &str) -> Result<MultiMatchKind, Error> {
    Ok(match name {
        "best_fields" | "boolean" => MultiMatchKind::BestFields,
        "most_fields" => MultiMatchKind::MostFields,
        "cross_fields" => MultiMatchKind::CrossFields,
        "phrase" => MultiMatchKind::Phrase,
        "phrase_prefix" => MultiMatchKind::PhrasePrefix,
        "bool_prefix" => MultiMatchKind::BoolPrefix,
        _ => {
            let reason = format!("failed to parse [multi_match] query type [{name}]. unknown type.");
            return Err(Error::new(ErrorKind::Parse, reason));
        }
    })
}

fn multi_match_name(kind: MultiMatchKind) -> &'static str {
    match kind {
        MultiMatchKind::BestFields => "best_fields",
        MultiMatchKind::MostFields => "most_fields",
        MultiMatchKind::CrossFields => "cross_fields",
        MultiMatchKind::Phrase => "phrase",
        MultiMatchKind::PhrasePrefix => "phrase_prefix",
        MultiMatchKind::BoolPrefix => "bool_prefix",
    }
}

/// `fields`: names with their factors (`title^2`), one or several. Of a name given twice, the last factor counts.
pub(super) fn field_list(option: Field<'_>) -> Result<Vec<(String, f32)>, Error> {
    let one = std::slice::from_ref(option.value);
    let given = match option.value {
        Value::Array(items) => items,
        Value::Object(_) | Value::Null => return Err(option.unsupported()),
        _ => one,
    };
    let mut found: Vec<(String, f32)> = Vec::with_capacity(given.len());
    let mut places: HashMap<String, usize> = HashMap::with_capacity(given.len());
    for item in given {
        let text = text_of(item).ok_or_else(|| Field { value: item, ..option }.unknown_token())?;
        let (name, factor) = match text.split_once('^') {
            None => (text.as_str(), 1.0),
            Some((name, factor)) => match factor.trim().parse::<f32>() {
                Ok(number) if number.is_finite() => (name, number),
                _ => return Err(number_format(factor)),
            },
        };
        if factor < 0.0 {
            return Err(Error::illegal_argument(format!("negative [boost] are not allowed in [{}]", option.owner)));
        }
        match places.get(name) {
            Some(&place) => found[place].1 = factor,
            None => {
                places.insert(name.to_owned(), found.len());
                found.push((name.to_owned(), factor));
            }
        }
    }
    Ok(found)
}
