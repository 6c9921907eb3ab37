//! `more_like_this`.

use model::error::{Error, ErrorKind};
use model::query::more_like_this::{Like, MoreLikeThis};
use model::query::{Kind, Query};
use serde_json::{Map, Value};

use super::field::{Carried, Field, fields, text_of};

/// Texts and documents of one query.
const MOST: usize = 1000;

pub(super) fn more_like_this(object: &Map<String, Value>) -> Result<Query, Error> {
    let mut carried = Carried::new();
    let mut asked = MoreLikeThis {
        fields: Vec::new(),
        likes: Vec::new(),
        unlikes: Vec::new(),
        max_query_terms: 25,
        min_term_freq: 2,
        min_doc_freq: 5,
        max_doc_freq: u64::from(u32::MAX >> 1),
        min_word_length: 0,
        max_word_length: 0,
        stop_words: Vec::new(),
        analyzer: None,
        minimum_should_match: "30%".to_owned(),
        boost_terms: 0.0,
        include: false,
        fail_on_unsupported_field: true,
    };
    let mut named = false;
    for field in fields("more_like_this", object) {
        match field.key {
            "fields" => {
                named = true;
                asked.fields = texts(field)?;
            }
            "like" => asked.likes = likes(field)?,
            "unlike" => asked.unlikes = likes(field)?,
            "stop_words" => asked.stop_words = texts(field)?,
            _ if number(&mut asked, field)? => {}
            "analyzer" => asked.analyzer = field.text_or_null()?,
            "minimum_should_match" => asked.minimum_should_match = field.text()?,
            "boost_terms" => asked.boost_terms = field.float()?,
            "include" => asked.include = field.flag()?,
            "fail_on_unsupported_field" => asked.fail_on_unsupported_field = field.flag()?,
            _ if carried.take(field)? => {}
            _ => return Err(Error::parsing(format!("[mlt] query does not support [{}]", field.key))),
        }
    }
    if asked.likes.is_empty() {
        return Err(Error::parsing("more_like_this requires 'like' to be specified"));
    }
    if named && asked.fields.is_empty() {
        return Err(Error::parsing("more_like_this requires 'fields' to be non-empty"));
    }
    Ok(carried.query(Kind::MoreLikeThis(Box::new(asked))))
}

fn number(asked: &mut MoreLikeThis, field: Field<'_>) -> Result<bool, Error> {
    let negative = || Error::illegal_argument(format!("[{}] must not be negative", field.key));
    match field.key {
        "max_query_terms" => {
            asked.max_query_terms = field.count(negative)?;
            if asked.max_query_terms == 0 {
                return Err(Error::illegal_argument("requires \'maxQueryTerms\' to be greater than 0"));
            }
        }
        "min_term_freq" => asked.min_term_freq = field.count(negative)?,
        "min_doc_freq" => asked.min_doc_freq = u64::from(field.count(negative)?),
        "max_doc_freq" => asked.max_doc_freq = u64::from(field.count(negative)?),
        "min_word_length" => asked.min_word_length = field.count(negative)?,
        "max_word_length" => asked.max_word_length = field.count(negative)?,
        _ => return Ok(false),
    }
    Ok(true)
}

fn texts(field: Field<'_>) -> Result<Vec<String>, Error> {
    match field.value {
        Value::Array(items) => items.iter().map(|item| text_of(item).ok_or_else(|| field.unknown_token())).collect(),
        _ => Ok(vec![field.text()?]),
    }
}

fn likes(field: Field<'_>) -> Result<Vec<Like>, Error> {
    let items = match field.value {
        Value::Array(items) => items.as_slice(),
        one => std::slice::from_ref(one),
    };
    if items.len() > MOST {
        return Err(Error::illegal_argument(format!("more_like_this takes at most [{MOST}] texts and documents")));
    }
    items.iter().map(|item| like(field, item)).collect()
}

fn like(field: Field<'_>, item: &Value) -> Result<Like, Error> {
    let object = match item {
        Value::String(text) => return Ok(Like::Text(text.clone())),
        Value::Object(object) => object,
        _ => {
            let reason = "content of 'like' parameter should either be a string or an object";
            return Err(Error::illegal_argument(reason));
        }
    };
    let (mut index, mut id, mut routing, mut source) = (None, None, None, None);
    for (key, value) in object {
        match key.as_str() {
            "_index" => index = text_of(value),
            "_id" => id = text_of(value),
            "routing" | "_routing" => routing = text_of(value),
            "doc" => source = Some(value.clone()),
            "fields" | "per_field_analyzer" | "version" | "_version" | "version_type" | "_version_type" => {
                return Err(Error::not_implemented(format!("[{key}] of an item of [{}]", field.key)));
            }
            _ => return Err(unread(&format!("unknown field [{key}]"))),
        }
    }
    match (id, source) {
        (Some(id), None) => Ok(Like::Document { index, id, routing }),
        (None, Some(source)) => Ok(Like::Source { id: None, source }),
        (Some(_), Some(_)) => Err(unread("either [id] or [doc] can be specified, but not both!")),
        (None, None) => Err(unread("neither [id] nor [doc] is specified!")),
    }
}

fn unread(what: &str) -> Error {
    Error::new(ErrorKind::Parse, format!("failed to parse More Like This item. {what}"))
}
