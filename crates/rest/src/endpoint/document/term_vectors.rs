//! `_termvectors`, `_mtermvectors`: the words of documents, field by field.

use std::sync::Arc;

use model::error::{Error, ErrorKind};
use model::json::token;
use model::search::{GetRequest, SourceFilter};
use model::term_vectors::{FieldTerms, TermFilter, TermVectors, TermVectorsRequest};
use serde_json::{Map, Value, json};

use super::get::version;
use crate::endpoint::Server;
use crate::endpoint::options::{Refusals, refusal, version_type};
use crate::params::Params;
use crate::reply::Reply;
use crate::request::Request;

/// Words that a filter keeps where nobody says.
const MAX_TERMS: usize = 25;

pub(super) async fn one(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let mut asked = asked(&mut request)?;
    if let Some(id) = request.part("id") {
        asked.get.id = id.to_owned();
    }
    let body = request.object_or_source()?;
    request.finish()?;
    if let Some(object) = crate::json::object(&body)? {
        // Fields of the path's parameters and of the body add up.
        let more = asked.fields.take();
        read(&mut asked, &object)?;
        if let Some(more) = more {
            asked.fields.get_or_insert_default().extend(more);
        }
    }
    if asked.get.id.is_empty() && asked.doc.is_none() {
        return Err(refusal("id or doc is missing"));
    }
    Ok(Reply::value(&answer(&server, asked).await?))
}

pub(super) async fn many(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let mut all = asked(&mut request)?;
    let mut ids = request.params.list("ids").unwrap_or_default();
    let body = request.object_or_source()?;
    request.finish()?;
    let object = crate::json::object(&body)?.unwrap_or_default();
    let mut docs = Vec::new();
    for (key, value) in &object {
        match (key.as_str(), value) {
            // They hold for documents that are named behind them, and for all ids.
            ("parameters", Value::Object(parameters)) => read(&mut all, parameters)?,
            ("ids", Value::Array(items)) => ids.extend(items.iter().filter_map(text)),
            ("docs", Value::Array(items)) => {
                for item in items {
                    let wrong = || Error::illegal_argument("docs array element should include an object");
                    let mut one = all.clone();
                    read(&mut one, item.as_object().ok_or_else(wrong)?)?;
                    docs.push(one);
                }
            }
            _ => {
                let reason = format!("no parameter named [{key}] and type {}", token(value));
                return Err(Error::new(ErrorKind::Parse, reason));
            }
        }
    }
    docs.extend(ids.into_iter().map(|id| {
        let mut one = all.clone();
        one.get.id = id;
        one
    }));
    let mut refusals = Refusals::default();
    if docs.is_empty() {
        refusals.add("multi term vectors: no documents requested");
    }
    for (at, one) in docs.iter().enumerate() {
        if one.get.index.is_empty() {
            refusals.add(&format!("at multi term vectors for doc {at}: index is missing"));
        }
        if one.get.id.is_empty() && one.doc.is_none() {
            refusals.add(&format!("at multi term vectors for doc {at}: id or doc is missing"));
        }
    }
    refusals.finish()?;
    let mut shown = Vec::with_capacity(docs.len());
    for one in docs {
        let (index, id) = (one.get.index.clone(), one.get.id.clone());
        shown.push(match answer(&server, one).await {
            Ok(found) => found,
            Err(error) => json!({"_index": index, "_id": id, "error": told(&error)}),
        });
    }
    Ok(Reply::value(&json!({"docs": shown})))
}

/// An error as answers show it.
fn told(failure: &Error) -> Value {
    let mut json = crate::render::json::Json::default();
    crate::render::error::error(&mut json, failure, true);
    serde_json::from_slice(&json.finish()).unwrap_or_default()
}

/// What the path and the parameters say.
fn asked(request: &mut Request) -> Result<TermVectorsRequest, Error> {
    let index = request.part("index").unwrap_or_default().to_owned();
    let params: &mut Params = &mut request.params;
    params.take("preference");
    // Nothing is kept with a word but where it stands.
    params.flag("payloads")?;
    let number = params.long("version")?;
    let kind = params.take("version_type").map(|text| version_type(&text)).transpose()?;
    Ok(TermVectorsRequest {
        get: GetRequest {
            routing: params.text("routing"),
            realtime: params.flag("realtime")?.unwrap_or(true),
            source: Some(SourceFilter::everything()),
            version: version(number, kind)?,
            ..GetRequest::new(index, "")
        },
        doc: None,
        fields: params.list("fields"),
        offsets: params.flag("offsets")?.unwrap_or(true),
        positions: params.flag("positions")?.unwrap_or(true),
        term_statistics: params.flag("term_statistics")?.unwrap_or(false),
        field_statistics: params.flag("field_statistics")?.unwrap_or(true),
        filter: None,
        analyzers: Vec::new(),
    })
}

/// What a body says of one document.
fn read(asked: &mut TermVectorsRequest, object: &Map<String, Value>) -> Result<(), Error> {
    let (mut number, mut kind) = (None, None);
    for (key, value) in object {
        let flag = || value.as_bool().ok_or_else(|| refused(&format!("[{key}] is no boolean")));
        match key.as_str() {
            "fields" => match value {
                Value::Array(items) => asked.fields = Some(items.iter().filter_map(text).collect()),
                _ => return Err(refused("field [fields] must be an array")),
            },
            "offsets" => asked.offsets = flag()?,
            "positions" => asked.positions = flag()?,
            "payloads" => drop(flag()?),
            "term_statistics" | "termStatistics" => asked.term_statistics = flag()?,
            "field_statistics" | "fieldStatistics" => asked.field_statistics = flag()?,
            "per_field_analyzer" | "perFieldAnalyzer" => match value {
                Value::Object(names) => {
                    asked.analyzers =
                        names.iter().filter_map(|(field, name)| Some((field.clone(), text(name)?))).collect();
                }
                _ => return Err(refused("per_field_analyzer is no object")),
            },
            "filter" => match value {
                Value::Object(options) => asked.filter = Some(filter(options)?),
                _ => return Err(refused("filter is no object")),
            },
            "_index" => asked.get.index = text(value).unwrap_or_default(),
            "_id" => {
                if asked.doc.is_some() {
                    return Err(refused("either [id] or [doc] can be specified, but not both!"));
                }
                asked.get.id = text(value).unwrap_or_default();
            }
            "doc" => {
                if !asked.get.id.is_empty() {
                    return Err(refused("either [id] or [doc] can be specified, but not both!"));
                }
                asked.doc = Some(value.clone());
            }
            "routing" | "_routing" => asked.get.routing = text(value),
            "version" | "_version" => number = value.as_i64(),
            "version_type" | "_version_type" => kind = text(value).map(|text| version_type(&text)).transpose()?,
            _ => return Err(refused(&format!("unknown field [{key}]"))),
        }
    }
    if number.is_some() {
        asked.get.version = version(number, kind)?;
    }
    Ok(())
}

fn refused(what: &str) -> Error {
    Error::new(ErrorKind::Parse, format!("failed to parse term vectors request. {what}"))
}

fn filter(options: &Map<String, Value>) -> Result<TermFilter, Error> {
    let mut found = TermFilter {
        max_num_terms: MAX_TERMS,
        min_term_freq: 1,
        max_term_freq: u32::MAX,
        min_doc_freq: 1,
        max_doc_freq: u64::MAX,
        min_word_length: 0,
        max_word_length: 0,
    };
    for (key, value) in options {
        let wrong = || refused(&format!("[{key}] is no such number"));
        let number = value.as_u64().ok_or_else(wrong)?;
        let small = || u32::try_from(number).map_err(|_| wrong());
        match key.as_str() {
            "max_num_terms" => found.max_num_terms = small()? as usize,
            "min_term_freq" => found.min_term_freq = small()?,
            "max_term_freq" => found.max_term_freq = small()?,
            "min_doc_freq" => found.min_doc_freq = number,
            "max_doc_freq" => found.max_doc_freq = number,
            "min_word_length" => found.min_word_length = small()? as usize,
            "max_word_length" => found.max_word_length = small()? as usize,
            _ => return Err(refused(&format!("unknown filter [{key}]"))),
        }
    }
    Ok(found)
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

async fn answer(server: &Server, asked: TermVectorsRequest) -> Result<Value, Error> {
    let wanted = (asked.positions, asked.offsets);
    let found = server.gateway.term_vectors(asked).await?;
    let TermVectors { index, id, version, found, fields } = found;
    let mut shown = Map::new();
    shown.insert("_index".into(), (*index).into());
    if let Some(id) = id {
        shown.insert("_id".into(), id.into());
    }
    shown.insert("_version".into(), version.into());
    shown.insert("found".into(), found.into());
    shown.insert("took".into(), 0.into());
    if found {
        let fields = fields.iter().map(|field| (field.field.to_string(), one_field(field, wanted)));
        shown.insert("term_vectors".into(), Value::Object(fields.collect()));
    }
    Ok(Value::Object(shown))
}

fn one_field(field: &FieldTerms, (positions, offsets): (bool, bool)) -> Value {
    let mut shown = Map::new();
    if let Some(counts) = field.statistics {
        let (docs, times) = (counts.sum_doc_freq, counts.sum_ttf);
        let counts = json!({"sum_doc_freq": docs, "doc_count": counts.doc_count, "sum_ttf": times});
        shown.insert("field_statistics".into(), counts);
    }
    let mut terms = Map::new();
    for term in &field.terms {
        let mut one = Map::new();
        if let Some((documents, times)) = term.counts {
            one.insert("doc_freq".into(), documents.into());
            one.insert("ttf".into(), times.into());
        }
        one.insert("term_freq".into(), term.freq.into());
        if positions || offsets {
            let place = |place: &model::term_vectors::TermPlace| {
                let mut token = Map::new();
                if positions {
                    token.insert("position".into(), place.position.into());
                }
                if offsets {
                    token.insert("start_offset".into(), place.start.into());
                    token.insert("end_offset".into(), place.end.into());
                }
                Value::Object(token)
            };
            one.insert("tokens".into(), term.tokens.iter().map(place).collect());
        }
        if let Some(score) = term.score {
            one.insert("score".into(), f64::from(score).into());
        }
        terms.insert(term.text.clone(), Value::Object(one));
    }
    shown.insert("terms".into(), Value::Object(terms));
    Value::Object(shown)
}
