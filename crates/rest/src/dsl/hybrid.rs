//! `hybrid`, and Elasticsearch's `retriever` and `rank` for the same: several queries ranked together.

use model::error::Error;
use model::query::compound::Boolean;
use model::query::hybrid::{Fusion, Hybrid, MAX_QUERIES};
use model::query::{Kind, Query};
use model::search::SearchRequest;
use serde_json::{Map, Value};

use super::field::{Carried, Field, fields};
use super::knn;
use super::queries::within;

/// `hybrid`.
pub(super) fn hybrid(object: &Map<String, Value>, depth: usize) -> Result<Query, Error> {
    if depth > 1 {
        return Err(wrapped());
    }
    let mut carried = Carried::new();
    let mut found = Hybrid { queries: Vec::new(), filter: None, depth: None, fusion: None };
    for field in fields("hybrid", object) {
        match (field.key, field.value) {
            ("queries", Value::Array(items)) => {
                found.queries = items.iter().map(|item| within(item, depth + 1)).collect::<Result<_, _>>()?;
            }
            ("queries", Value::Object(_)) => found.queries = vec![within(field.value, depth + 1)?],
            ("filter", Value::Object(_)) => found.filter = Some(within(field.value, depth + 1)?),
            ("pagination_depth", _) => found.depth = Some(window(field)?),
            _ if field.is_scalar() && carried.take(field)? => {}
            _ => return Err(field.unsupported()),
        }
    }
    if found.queries.is_empty() {
        return Err(Error::parsing("[hybrid] requires 'queries' field with at least one clause"));
    }
    check_count(&found.queries)?;
    Ok(carried.query(Kind::Hybrid(Box::new(found))))
}

fn check_count(queries: &[Query]) -> Result<(), Error> {
    if queries.len() > MAX_QUERIES {
        return Err(Error::parsing(format!(
            "Number of sub-queries exceeds maximum supported by [hybrid] query, max {MAX_QUERIES}"
        )));
    }
    Ok(())
}

fn wrapped() -> Error {
    Error::illegal_argument("hybrid query must be a top level query and cannot be wrapped into other queries")
}

fn window(field: Field<'_>) -> Result<u64, Error> {
    let number = field.int()?;
    u64::try_from(number).ok().filter(|number| (1..=10_000).contains(number)).ok_or_else(|| {
        Error::illegal_argument(format!("{} should be between 1 and 10000, found [{number}]", field.key))
    })
}

/// `retriever`: `standard`, `knn`, or `rrf` over several of them.
pub(super) fn retriever(object: &Map<String, Value>, request: &mut SearchRequest) -> Result<(), Error> {
    request.query = match only("retriever", object)? {
        ("rrf", options) => rrf(options)?,
        one => single(one)?,
    };
    Ok(())
}

/// A retriever that is one query.
fn single((kind, options): (&str, &Map<String, Value>)) -> Result<Query, Error> {
    match kind {
        "standard" => standard(options),
        "knn" => knn::search(options),
        _ => Err(Error::not_implemented(format!("the retriever [{kind}]"))),
    }
}

fn only<'v>(name: &str, object: &'v Map<String, Value>) -> Result<(&'v str, &'v Map<String, Value>), Error> {
    match object.iter().next() {
        Some((kind, Value::Object(options))) if object.len() == 1 => Ok((kind, options)),
        _ => Err(Error::parsing(format!("[{name}] expects one object, which says its kind"))),
    }
}

fn standard(options: &Map<String, Value>) -> Result<Query, Error> {
    let (mut query, mut filter) = (Query::match_all(), Vec::new());
    for field in fields("standard", options) {
        match (field.key, field.value) {
            ("query", _) => query = within(field.value, 2)?,
            ("filter", Value::Array(items)) => {
                filter = items.iter().map(|item| within(item, 2)).collect::<Result<_, _>>()?;
            }
            ("filter", _) => filter = vec![within(field.value, 2)?],
            _ => return Err(field.not_implemented()),
        }
    }
    Ok(if filter.is_empty() {
        query
    } else {
        Query::new(Kind::Bool(Boolean { must: vec![query], filter, ..Boolean::default() }))
    })
}

fn rrf(options: &Map<String, Value>) -> Result<Query, Error> {
    let (mut ranks, mut queries, mut filter) = (Ranks::default(), Vec::new(), None);
    for field in fields("rrf", options) {
        match (field.key, field.value) {
            ("retrievers", Value::Array(items)) => {
                for item in items {
                    let Value::Object(item) = item else { return Err(field.unsupported()) };
                    queries.push(single(only("retrievers", item)?)?);
                }
            }
            ("filter", Value::Object(_)) => filter = Some(within(field.value, 2)?),
            _ => ranks.read(field)?,
        }
    }
    if queries.len() < 2 {
        return Err(Error::illegal_argument("[rrf] requires at least two retrievers"));
    }
    ranks.of(queries, filter)
}

/// What is said of reciprocal ranks.
#[derive(Default)]
pub(super) struct Ranks {
    constant: Option<u32>,
    window: Option<u64>,
}

impl Ranks {
    /// `rank`.
    pub(super) fn beside(object: &Map<String, Value>) -> Result<Self, Error> {
        let mut ranks = Self::default();
        match only("rank", object)? {
            ("rrf", options) => fields("rrf", options).try_for_each(|field| ranks.read(field))?,
            (kind, _) => return Err(Error::not_implemented(format!("[rank] of kind [{kind}]"))),
        }
        Ok(ranks)
    }

    fn read(&mut self, field: Field<'_>) -> Result<(), Error> {
        match field.key {
            "rank_constant" => self.constant = Some(window(field)? as u32),
            "rank_window_size" | "window_size" => self.window = Some(window(field)?),
            _ => return Err(field.unsupported()),
        }
        Ok(())
    }

    /// The query of a search with `rank`, `knn` and perhaps a query of its own.
    pub(super) fn together(self, query: Option<Query>, beside: Vec<Query>) -> Result<Query, Error> {
        let queries: Vec<Query> = query.into_iter().chain(beside).collect();
        if queries.len() < 2 {
            return Err(Error::illegal_argument("[rank] requires a [query] and a [knn] beside it, or several [knn]"));
        }
        self.of(queries, None)
    }

    fn of(self, queries: Vec<Query>, filter: Option<Query>) -> Result<Query, Error> {
        check_count(&queries)?;
        let fusion = Fusion::ReciprocalRank { constant: self.constant.unwrap_or(60), weights: Vec::new() };
        Ok(Query::new(Kind::Hybrid(Box::new(Hybrid { queries, filter, depth: self.window, fusion: Some(fusion) }))))
    }
}
