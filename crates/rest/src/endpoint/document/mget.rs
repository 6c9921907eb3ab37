//! `_mget`: documents by the list, each with an answer of its own.

use std::sync::Arc;

use model::document::text_of;
use model::error::{Error, ErrorKind};
use model::json::token;
use model::search::{GetRequest, SourceFilter};
use serde_json::{Map, Value};

use super::get::{got, stored_source, version};
use crate::dsl;
use crate::endpoint::Server;
use crate::endpoint::options::{Refusals, no_fields, version_type};
use crate::json;
use crate::render::document;
use crate::render::json::Json;
use crate::reply::Reply;
use crate::request::Request;

pub(super) async fn mget(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let body = request.object_or_source()?;
    let source = request.source_filter();
    let index = request.part("index").map(str::to_owned);
    let params = &mut request.params;
    params.take("preference");
    if params.has("fields") {
        let instead = "[stored_fields] to retrieve stored fields or _source filtering if the field is not stored";
        return Err(no_fields("The", instead));
    }
    let all = ForAll {
        index,
        routing: params.text("routing"),
        realtime: params.flag("realtime")?.unwrap_or(true),
        refresh: params.flag("refresh")?.unwrap_or(false),
        stored: params.list("stored_fields").unwrap_or_default(),
        source,
    };
    if body.is_empty() {
        return Err(Error::new(ErrorKind::Parse, "request body or source parameter is required"));
    }
    let asked = all.read(&body)?;
    request.finish()?;
    let mut json = Json::default();
    json.begin_object();
    json.key("docs");
    json.begin_array();
    for one in asked {
        let (index, id) = (one.index.clone(), one.id.clone());
        match got(&server, one).await {
            Ok(answer) => document::got(&mut json, &answer),
            Err(error) => document::unread(&mut json, &index, &id, &error),
        }
    }
    json.end_array();
    json.end_object();
    Ok(Reply::ok(json))
}

/// What the path and the parameters say for documents that do not say it themselves.
struct ForAll {
    index: Option<String>,
    routing: Option<String>,
    realtime: bool,
    refresh: bool,
    stored: Vec<String>,
    source: Option<SourceFilter>,
}

impl ForAll {
    fn read(&self, body: &[u8]) -> Result<Vec<GetRequest>, Error> {
        let object = match json::parse(body)? {
            Value::Object(object) => object,
            other => {
                let reason = format!("unexpected token [{}], expected [START_OBJECT]", token(&other));
                return Err(Error::parsing(reason));
            }
        };
        let mut asked = Vec::new();
        let mut refusals = Refusals::default();
        for (key, value) in &object {
            let Value::Array(items) = value else {
                let reason = "expected [FIELD_NAME] or [START_ARRAY]";
                return Err(Error::parsing(format!("unexpected token [{}], {reason}", token(value))));
            };
            match key.as_str() {
                "docs" => {
                    for item in items {
                        self.doc(item, &mut asked, &mut refusals)?;
                    }
                }
                "ids" => {
                    for item in items {
                        let wrong = || Error::illegal_argument("ids array element should only contain ids");
                        let id = text_of(item).ok_or_else(wrong)?;
                        self.check(self.index.as_deref(), Some(&id), asked.len(), &mut refusals);
                        asked.push(self.request(id));
                    }
                }
                _ => {
                    let reason = format!("unknown key [{key}] for a START_ARRAY, expected [docs] or [ids]");
                    return Err(Error::parsing(reason));
                }
            }
        }
        if asked.is_empty() {
            refusals.add("no documents to get");
        }
        refusals.finish()?;
        Ok(asked)
    }

    fn request(&self, id: String) -> GetRequest {
        let (stored_fields, source) = stored_source(self.stored.clone(), self.source.clone());
        GetRequest {
            index: self.index.clone().unwrap_or_default(),
            id,
            routing: self.routing.clone(),
            realtime: self.realtime,
            refresh: self.refresh,
            source,
            stored_fields,
            version: None,
        }
    }

    fn check(&self, index: Option<&str>, id: Option<&str>, at: usize, refusals: &mut Refusals) {
        if index.is_none() {
            refusals.add(&format!("index is missing for doc {at}"));
        }
        if id.is_none() {
            refusals.add(&format!("id is missing for doc {at}"));
        }
    }

    fn doc(&self, item: &Value, asked: &mut Vec<GetRequest>, refusals: &mut Refusals) -> Result<(), Error> {
        let Value::Object(object) = item else {
            return Err(Error::illegal_argument("docs array element should include an object"));
        };
        let mut request = self.request(String::new());
        let mut index = self.index.clone();
        let mut id = None;
        let (mut number, mut kind) = (None, None);
        for (key, value) in object {
            match (key.as_str(), text_of(value)) {
                ("_index", text) => index = text,
                ("_id", text) => id = text,
                ("routing", text) => request.routing = text.filter(|text| !text.is_empty()),
                ("version", Some(text)) => number = Some(long(&text)?),
                ("version_type", Some(text)) => kind = Some(version_type(&text)?),
                ("stored_fields" | "_source", _) => {}
                ("fields", _) => {
                    let reason = "Unsupported field [fields] used, expected [stored_fields] instead";
                    return Err(Error::parsing(reason));
                }
                _ => {
                    let reason = format!("failed to parse multi get request. unknown field [{key}]");
                    return Err(Error::new(ErrorKind::Parse, reason));
                }
            }
        }
        show(object, &mut request)?;
        self.check(index.as_deref(), id.as_deref(), asked.len(), refusals);
        request.index = index.unwrap_or_default();
        request.id = id.unwrap_or_default();
        request.version = version(number, kind)?;
        asked.push(request);
        Ok(())
    }
}

/// `stored_fields` and `_source` of one document.
fn show(object: &Map<String, Value>, request: &mut GetRequest) -> Result<(), Error> {
    let stored = match object.get("stored_fields") {
        None => None,
        Some(Value::Array(items)) => Some(items.iter().filter_map(text_of).collect()),
        Some(value) => Some(text_of(value).into_iter().collect::<Vec<_>>()),
    };
    let source = object.get("_source").map(dsl::source_filter).transpose()?;
    if stored.is_none() && source.is_none() {
        return Ok(());
    }
    let stored = stored.unwrap_or_else(|| std::mem::take(&mut request.stored_fields));
    let source = source.or_else(|| request.source.take());
    (request.stored_fields, request.source) = stored_source(stored, source);
    Ok(())
}

fn long(text: &str) -> Result<i64, Error> {
    text.parse().map_err(|_| crate::params::number_format(text))
}
