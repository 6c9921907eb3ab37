//! Buckets by queries, the single buckets, and samples.

use model::aggregation::request::Kind;
use model::aggregation::request::bucket::{AdjacencyMatrix, DiversifiedSampler, FilterList, Filters};
use model::error::{Error, ErrorKind};
use model::query::Query;
use serde_json::{Map, Value};

use super::super::field::Field;
use super::super::queries::query;
use super::declared::At;
use super::source::{Keys, SourceReader, only};
use super::terms::count;
use super::{Asked, late};

/// `filter`: the whole object is a query.
pub(super) fn filter(asked: Asked<'_>) -> Result<Kind, Error> {
    let read = query(&Value::Object(asked.object.clone()))?;
    Ok(Kind::Filter(Box::new(read)))
}

/// A key that an aggregation does not know, or not with such a value.
fn unknown_key(asked: Asked<'_>, field: Field<'_>) -> Error {
    Error::parsing(format!("Unknown key for a {} in [{}]: [{}].", field.token(), asked.name, field.key))
}

/// `filters`.
pub(super) fn filters(asked: Asked<'_>) -> Result<Kind, Error> {
    let (mut list, mut other, mut other_key) = (None, None, None);
    for field in asked.fields() {
        match (field.key, field.value) {
            ("filters", Value::Object(object)) => list = Some(FilterList::Named(named(object)?)),
            ("filters", Value::Array(items)) => {
                list = Some(FilterList::Anonymous(items.iter().map(query).collect::<Result<_, _>>()?));
            }
            ("other_bucket", Value::Bool(flag)) => other = Some(*flag),
            ("other_bucket_key", Value::String(key)) => other_key = Some(key.clone()),
            _ => return Err(unknown_key(asked, field)),
        }
    }
    let filters = list.filter(|list| match list {
        FilterList::Anonymous(filters) => !filters.is_empty(),
        FilterList::Named(filters) => !filters.is_empty(),
    });
    let filters = filters.ok_or_else(|| Error::illegal_argument("[filters] cannot be empty."))?;
    let has_other = other.unwrap_or(other_key.is_some());
    let other_bucket = has_other.then(|| other_key.unwrap_or_else(|| "_other_".to_owned()));
    Ok(Kind::Filters(Box::new(Filters { filters, other_bucket })))
}

/// In order of names.
fn named(object: &Map<String, Value>) -> Result<Vec<(String, Query)>, Error> {
    let mut filters: Vec<(String, Query)> =
        object.iter().map(|(name, value)| Ok((name.clone(), query(value)?))).collect::<Result<_, Error>>()?;
    filters.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(filters)
}

/// `missing`.
pub(super) fn missing(asked: Asked<'_>) -> Result<Kind, Error> {
    only(asked, Keys::USUAL).map(Kind::Missing)
}

/// `children`: those of a kind.
pub(super) fn children(asked: Asked<'_>) -> Result<Kind, Error> {
    child_kind(asked, "children").map(|kind| Kind::Children { kind })
}

/// `parent`: those of documents of a kind.
pub(super) fn parent(asked: Asked<'_>) -> Result<Kind, Error> {
    child_kind(asked, "parent").map(|kind| Kind::Parent { kind })
}

fn child_kind(asked: Asked<'_>, what: &str) -> Result<String, Error> {
    let mut kind = None;
    for field in asked.fields() {
        match (field.key, field.value) {
            ("type", Value::String(given)) => kind = Some(given.clone()),
            (key, Value::String(_)) => {
                let reason = format!("Unknown key for a VALUE_STRING in [{}]: [{key}].", asked.name);
                return Err(Error::parsing(reason));
            }
            _ => {
                let reason = format!("Unexpected token {} in [{}].", field.token(), asked.name);
                return Err(Error::parsing(reason));
            }
        }
    }
    let name = asked.name;
    kind.ok_or_else(|| Error::parsing(format!("Missing [child_type] field for {what} aggregation [{name}]")))
}

/// `global`: an empty object.
pub(super) fn global(asked: Asked<'_>) -> Result<Kind, Error> {
    match asked.fields().next() {
        None => Ok(Kind::Global),
        Some(field) => {
            let found = field.token();
            let expected = "Expected [FIELD_NAME] under a [START_OBJECT]";
            Err(Error::parsing(format!("{expected}, but got a [{found}] in [{}]", asked.name)))
        }
    }
}

/// `nested`.
pub(super) fn nested(asked: Asked<'_>) -> Result<Kind, Error> {
    let path = path(asked)?
        .ok_or_else(|| Error::parsing(format!("Missing [path] field for nested aggregation [{}]", asked.name)))?;
    Ok(Kind::Nested { path })
}

/// `reverse_nested`.
pub(super) fn reverse_nested(asked: Asked<'_>) -> Result<Kind, Error> {
    path(asked).map(|path| Kind::ReverseNested { path })
}

fn path(asked: Asked<'_>) -> Result<Option<String>, Error> {
    let mut path = None;
    for field in asked.fields() {
        match (field.key, field.value) {
            ("path", Value::String(text)) => path = Some(text.clone()),
            (_, Value::String(_)) => return Err(unknown_key(asked, field)),
            _ => return Err(Error::parsing(format!("Unexpected token {} in [{}].", field.token(), asked.name))),
        }
    }
    Ok(path)
}

/// `adjacency_matrix`.
pub(super) fn adjacency_matrix(asked: Asked<'_>) -> Result<Kind, Error> {
    let mut found = AdjacencyMatrix { filters: Vec::new(), separator: "&".to_owned(), show_only_intersecting: false };
    for field in asked.fields() {
        match (field.key, field.value) {
            ("filters", Value::Array(_)) => {
                let reason = "[filters] doesn't support arrays. Use a single object with multiple fields.";
                return Err(Error::illegal_argument(reason)).at(field);
            }
            ("filters", _) => found.filters = crossed(field)?,
            ("separator", _) => found.separator = field.string()?.to_owned(),
            ("show_only_intersecting", _) => found.show_only_intersecting = field.declared_flag()?,
            _ => return Err(field.unknown(&["filters", "separator", "show_only_intersecting"])),
        }
    }
    if found.filters.is_empty() {
        let reason = format!("[{}] is missing : filters parameter", asked.name);
        return Err(Error::new(ErrorKind::IllegalState, reason));
    }
    Ok(Kind::AdjacencyMatrix(Box::new(found)))
}

fn crossed(field: Field<'_>) -> Result<Vec<(String, Query)>, Error> {
    let read = |(name, value): (&String, &Value)| {
        let one = Field { owner: "filters", key: name, value };
        Ok((name.clone(), query(value).at(one)?))
    };
    let mut filters: Vec<(String, Query)> = field.object()?.iter().map(read).collect::<Result<_, Error>>().at(field)?;
    filters.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(filters)
}

const NO_HITS: &str =
    "numHits must be > 0; please use TotalHitCountCollectorManager if you just need the total hit count";

/// `sampler`.
pub(super) fn sampler(asked: Asked<'_>) -> Result<Kind, Error> {
    let mut shard_size = 100;
    for field in asked.fields() {
        match (field.key, field.value) {
            ("shard_size", Value::Number(_)) => shard_size = field.int()?,
            (key, _) => {
                let reason = format!("Unsupported property \"{key}\" for aggregation \"{}", asked.name);
                return Err(Error::parsing(reason));
            }
        }
    }
    match u32::try_from(shard_size) {
        Ok(shard_size) if shard_size > 0 => Ok(Kind::Sampler { shard_size }),
        _ => Err(late(Error::new(ErrorKind::IllegalArgument, NO_HITS))),
    }
}

/// `diversified_sampler`.
pub(super) fn diversified_sampler(asked: Asked<'_>) -> Result<Kind, Error> {
    let mut source = SourceReader::new(asked, Keys::PLAIN);
    let (mut shard_size, mut max_docs_per_value) = (100, 1);
    for field in asked.fields() {
        match field.key {
            "shard_size" => shard_size = up_to_int(asked, field, "shardSize")?,
            "max_docs_per_value" => max_docs_per_value = up_to_int(asked, field, "maxDocsPerValue")?,
            "execution_hint" => drop(field.string()?),
            _ => source.take_last(field, &["shard_size", "max_docs_per_value", "execution_hint"])?,
        }
    }
    let source = source.finish()?;
    Ok(Kind::DiversifiedSampler(Box::new(DiversifiedSampler { source, shard_size, max_docs_per_value })))
}

/// A 32 bit number from zero.
fn up_to_int(asked: Asked<'_>, field: Field<'_>, what: &str) -> Result<u32, Error> {
    let number = field.declared_int()?;
    asked.not_negative(what, number).at(field).map(i32::unsigned_abs)
}

/// As [`count`], up to `most`.
pub(super) fn capped(asked: Asked<'_>, field: Field<'_>, what: &str, most: u32) -> Result<u32, Error> {
    Ok(u32::try_from(count(asked, field, what)?).unwrap_or(most).min(most))
}
