//! `knn`: as a query, in OpenSearch's words, and beside the query, in Elasticsearch's.

use model::error::{Error, ErrorKind};
use model::query::compound::Boolean;
use model::query::vector::{Knn, Reach};
use model::query::{Kind, Query};
use serde_json::{Map, Value};

use super::field::{Carried, Field, fields};
use super::queries::within;
use crate::params::number_format;

/// The most neighbours that one search may ask of a shard.
const MAX_K: i32 = 10_000;

/// What has been read of one search.
#[derive(Default)]
struct Asked {
    vector: Option<Vec<f32>>,
    k: Option<i32>,
    max_distance: Option<f32>,
    min_score: Option<f32>,
    filter: Option<Query>,
    ef_search: Option<i32>,
    slop: Option<i32>,
    oversample: Option<f32>,
    rescored: bool,
    similarity: Option<f32>,
    nprobes: bool,
    ignore_unmapped: bool,
    expand_nested_docs: bool,
    by_passage: bool,
}

/// `{"knn": {field: {"vector": [..], "k": ..}}}`
pub(super) fn knn(object: &Map<String, Value>, depth: usize) -> Result<Query, Error> {
    let mut given = object.iter();
    let Some((name, value)) = given.next() else { return Err(no_vector()) };
    if let Some((second, _)) = given.next() {
        let reason = format!("[knn] query doesn't support multiple fields, found [{name}] and [{second}]");
        return Err(Error::parsing(reason));
    }
    let Value::Object(options) = value else {
        let token = model::json::token(value);
        let reason = format!("Failed to parse list:  expecting START_ARRAY but got {token}");
        return Err(Error::new(ErrorKind::XContentParse, reason));
    };
    let (mut asked, mut carried) = (Asked::default(), Carried::new());
    for field in fields("knn", options) {
        if carried.take_declared(field)? {
            continue;
        }
        let field = declared(field)?;
        asked.take(field, depth).map_err(|error| field.failed(error))?;
    }
    Ok(carried.query(Kind::Knn(Box::new(asked.finish(name)?))))
}

/// An option with a value of a kind that it takes.
fn declared(field: Field<'_>) -> Result<Field<'_>, Error> {
    field.typed(match field.key {
        "vector" => &["START_ARRAY", "VALUE_NUMBER", "VALUE_STRING"],
        "k" | "max_distance" | "min_score" => &["VALUE_NUMBER", "VALUE_STRING"],
        "filter" | "method_parameters" => &["START_OBJECT"],
        "rescore" => &["START_OBJECT", "VALUE_BOOLEAN"],
        "ignore_unmapped" | "expand_nested_docs" => &["VALUE_BOOLEAN", "VALUE_STRING"],
        _ => return Err(field.undeclared()),
    })
}

fn no_vector() -> Error {
    Error::illegal_argument("[knn] field 'vector' requires to be non-null and non-empty")
}

impl Asked {
    fn take(&mut self, field: Field<'_>, depth: usize) -> Result<(), Error> {
        match field.key {
            "vector" => self.vector = Some(vector(field)?),
            "k" => self.k = Some(field.int()?),
            "max_distance" => self.max_distance = Some(field.float()?),
            "min_score" => self.min_score = Some(field.float()?),
            "filter" => self.filter = Some(filter(field.value, depth)?),
            "method_parameters" => self.method_parameters(field)?,
            "rescore" => self.rescore(field)?,
            "ignore_unmapped" => self.ignore_unmapped = field.flag()?,
            "expand_nested_docs" => self.expand_nested_docs = field.flag()?,
            _ => return Err(field.undeclared()),
        }
        Ok(())
    }

    fn method_parameters(&mut self, field: Field<'_>) -> Result<(), Error> {
        let Value::Object(parameters) = field.value else { return Err(field.mistyped()) };
        if parameters.is_empty() {
            return Err(Error::parsing("[knn] method_parameters cannot be empty"));
        }
        for parameter in fields("knn", parameters) {
            let name = parameter.key;
            let integer = || parameter.int().map_err(|_| Error::parsing(format!("{name} value must be an integer")));
            match name {
                "ef_search" => self.ef_search = Some(integer()?),
                "slop" => self.slop = Some(integer()?),
                "nprobes" => {
                    integer()?;
                    self.nprobes = true;
                }
                _ => return Err(Error::parsing(format!("[knn] unknown method parameter found [{name}]"))),
            }
        }
        Ok(())
    }

    fn rescore(&mut self, field: Field<'_>) -> Result<(), Error> {
        self.rescored = true;
        match field.value {
            Value::Bool(true) => {}
            Value::Bool(false) => self.oversample = Some(1.0),
            Value::Object(options) => {
                for option in fields("rescore", options) {
                    match option.key {
                        "oversample_factor" => self.oversample = Some(option.float()?),
                        _ => return Err(option.undeclared()),
                    }
                }
            }
            _ => return Err(field.mistyped()),
        }
        Ok(())
    }

    fn finish(self, field: &str) -> Result<Knn, Error> {
        let refused = |reason: &str| Err(Error::illegal_argument(reason));
        for (name, radius) in [("max_distance", self.max_distance), ("min_score", self.min_score)] {
            if self.rescored && radius.is_some() {
                return refused(&format!("The following fields are not allowed together: [{name}, rescore] "));
            }
        }
        let Some(vector) = self.vector else { return refused("[knn] requires query vector") };
        let reach = match (self.k, self.max_distance, self.min_score) {
            (Some(k), None, None) if k > 0 && k <= MAX_K => Reach::Nearest(k as u32),
            (Some(_), None, None) => return refused("[knn] requires k to be in the range (0, 10000]"),
            (None, Some(distance), None) => Reach::Distance(distance),
            (None, None, Some(score)) if score > 0.0 => Reach::Score(score),
            (None, None, Some(_)) => return refused("[knn] requires minScore to be greater than 0"),
            _ => return refused("[knn] requires exactly one of k, distance or score to be set"),
        };
        if self.ef_search.is_some_and(|ef| ef <= 0) {
            return refused(
                "[knn] errors in method parameter [Validation Failed: 1: Validation Failed: 1: ef_search should be greater than 0;;]",
            );
        }
        if self.slop.is_some_and(|slop| slop <= 0) {
            return refused(
                "[knn] errors in method parameter [Validation Failed: 1: Validation Failed: 1: slop should be greater than 0;;]",
            );
        }
        if let Some(factor) = self.oversample {
            let wrong = match factor {
                factor if factor < 1.0 => Some("less than [1.000000]"),
                factor if factor > 100.0 => Some("more than [100.000000]"),
                _ => None,
            };
            if let Some(wrong) = wrong {
                return refused(&format!(
                    "[knn] errors in rescore parameter [Validation Failed: 1: Oversample factor [{factor:.6}] cannot be {wrong};]"
                ));
            }
        }
        Ok(Knn {
            filter: self.filter,
            // Each candidate costs; more than the most neighbours are never of use.
            ef_search: self.ef_search.map(|ef| ef.min(MAX_K) as u32),
            oversample: self.oversample,
            slop: self.slop.map(|slop| slop as u32),
            similarity: self.similarity,
            ignore_unmapped: self.ignore_unmapped,
            expand_nested_docs: self.expand_nested_docs,
            nprobes: self.nprobes,
            by_passage: self.by_passage,
            ..Knn::new(field, vector, reach)
        })
    }
}

fn vector(field: Field<'_>) -> Result<Vec<f32>, Error> {
    // One number is a list of one.
    let values = match field.value {
        Value::Array(values) => values.as_slice(),
        one => std::slice::from_ref(one),
    };
    if values.is_empty() {
        return Err(no_vector());
    }
    let number = |value: &Value| match value {
        Value::Number(number) => Ok(number.as_f64().unwrap_or(f64::INFINITY) as f32),
        Value::String(text) => text.trim().parse::<f32>().map_err(|_| number_format(text)),
        _ => Err(Field { value, ..field }.mistyped()),
    };
    values.iter().map(number).collect()
}

/// One query, or several that must all match.
fn filter(value: &Value, depth: usize) -> Result<Query, Error> {
    let Value::Array(items) = value else { return within(value, depth + 1) };
    let filter = items.iter().map(|item| within(item, depth + 1)).collect::<Result<Vec<_>, Error>>()?;
    Ok(Query::new(Kind::Bool(Boolean { filter, ..Boolean::default() })))
}

/// `knn` beside `query`: one search or several. What they find is added to what the query finds.
pub(super) fn beside(value: &Value) -> Result<Vec<Query>, Error> {
    match value {
        Value::Array(items) => items.iter().map(one_beside).collect(),
        one => Ok(vec![one_beside(one)?]),
    }
}

fn one_beside(value: &Value) -> Result<Query, Error> {
    let Value::Object(options) = value else {
        let token = model::json::token(value);
        return Err(Error::parsing(format!("[knn] wants an object, and got [{token}]")));
    };
    search(options)
}

/// A search as it stands beside a query, or in a retriever.
pub(super) fn search(options: &Map<String, Value>) -> Result<Query, Error> {
    let (mut asked, mut carried, mut name) = (Asked { by_passage: true, ..Asked::default() }, Carried::new(), None);
    for field in fields("knn", options) {
        match field.key {
            "field" => name = Some(field.text()?),
            "query_vector" => asked.vector = Some(vector(field).map_err(|error| field.failed(error))?),
            "num_candidates" => asked.ef_search = Some(field.int()?),
            "similarity" => asked.similarity = Some(field.float()?),
            "k" => asked.k = Some(field.int()?),
            "filter" => asked.filter = Some(filter(field.value, 1)?),
            "query_vector_builder" | "inner_hits" | "rescore_vector" => return Err(field.not_implemented()),
            _ if carried.take_declared(field)? => {}
            _ => return Err(field.undeclared()),
        }
    }
    let name = name.ok_or_else(|| Error::parsing("[knn] requires [field]"))?;
    if let (Some(k), Some(candidates)) = (asked.k, asked.ef_search)
        && candidates < k
    {
        let reason = format!("[num_candidates] cannot be less than [k], found {candidates} and {k}");
        return Err(Error::illegal_argument(reason));
    }
    // Without k as many as are shown unless the search says otherwise.
    asked.k = asked.k.or(Some(10));
    Ok(carried.query(Kind::Knn(Box::new(asked.finish(&name)?))))
}

/// The query of a search with `knn` beside it.
pub(super) fn together(query: Option<Query>, mut beside: Vec<Query>) -> Query {
    match query {
        None if beside.len() == 1 => beside.remove(0),
        query => {
            let should = query.into_iter().chain(beside).collect();
            Query::new(Kind::Bool(Boolean { should, ..Boolean::default() }))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::query;
    use super::*;

    fn read(value: &Value) -> Result<Knn, Error> {
        match query(&json!({"knn": value}))?.kind {
            Kind::Knn(knn) => Ok(*knn),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn searches_are_read_whole() {
        let found = read(&json!({"v": {"vector": [1, "2", 3.5], "k": "4", "filter": {"match_all": {}},
            "method_parameters": {"ef_search": 7}, "rescore": {"oversample_factor": 2}}}));
        let expected = Knn {
            filter: Some(Query::match_all()),
            ef_search: Some(7),
            oversample: Some(2.0),
            ..Knn::new("v", vec![1.0, 2.0, 3.5], Reach::Nearest(4))
        };
        assert_eq!(found, Ok(expected));
        let radial = read(&json!({"v": {"vector": [1], "max_distance": -1.5}})).expect("a search");
        assert_eq!(radial.reach, Reach::Distance(-1.5));
    }

    #[test]
    fn refusals_are_opensearchs() {
        let check = |value: Value, kind: ErrorKind, reason: &str| {
            let error = read(&value).expect_err("refused");
            assert_eq!((error.kind, &*error.reason), (kind, reason), "{value}");
        };
        use ErrorKind::{IllegalArgument, Parsing, XContentParse};
        let one_of = "[knn] requires exactly one of k, distance or score to be set";
        check(json!({}), IllegalArgument, "[knn] field 'vector' requires to be non-null and non-empty");
        check(json!({"v": {"k": 2}}), IllegalArgument, "[knn] requires query vector");
        check(json!({"v": {"vector": [1]}}), IllegalArgument, one_of);
        check(json!({"v": {"vector": [1], "k": 1, "min_score": 1}}), IllegalArgument, one_of);
        check(json!({"v": {"vector": [1], "k": 0}}), IllegalArgument, "[knn] requires k to be in the range (0, 10000]");
        check(json!({"v": {"vector": [1], "foo": 0}}), XContentParse, "[knn] unknown field [foo]");
        check(json!({"v": {"vector": ["x"]}}), XContentParse, "[knn] failed to parse field [vector]");
        check(json!({"v": {}, "t": {}}), Parsing, "[knn] query doesn't support multiple fields, found [v] and [t]");
    }

    #[test]
    fn searches_beside_the_query_are_added_to_it() {
        let search = json!({"field": "v", "query_vector": [1, 2], "k": 3, "num_candidates": 9, "boost": 0.5});
        let found = beside(&search).expect("one");
        let wanted = Knn { ef_search: Some(9), by_passage: true, ..Knn::new("v", vec![1.0, 2.0], Reach::Nearest(3)) };
        assert_eq!(found, [Query { boost: 0.5, ..Query::new(Kind::Knn(Box::new(wanted))) }]);
        assert_eq!(together(None, found.clone()), found[0]);
        let Kind::Bool(both) = together(Some(Query::match_all()), found.clone()).kind else { panic!("no bool") };
        assert_eq!(both.should, [Query::match_all(), found[0].clone()]);
        assert!(beside(&json!({"field": "v", "query_vector": [1], "k": 5, "num_candidates": 2})).is_err());
    }
}
