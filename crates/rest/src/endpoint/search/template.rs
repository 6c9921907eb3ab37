//! Templates of searches: `_search/template`, `_msearch/template`, `_render/template`; scripts and templates kept under a name (`_scripts`).

use std::sync::Arc;

use model::definition::Definition;
use model::error::{Error, ErrorKind};
use model::json::token;
use script::template::{Escape, Template};
use serde_json::{Map, Value, json};

use super::one;
use crate::endpoint::Server;
use crate::endpoint::admin::body;
use crate::endpoint::options::{self, Refusals};
use crate::endpoint::stored::found;
use crate::json;
use crate::reply::Reply;
use crate::request::Request;

pub(super) async fn search(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let body = request.body_or_source()?;
    let asked = Asked::read(json::named_object(&body, "search_template")?.unwrap_or_default(), "search_template")?;
    let rendered = asked.search(&server)?;
    one::searched(server, request, rendered.into_bytes().into(), true).await
}

pub(super) async fn render(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let body = request.body_or_source()?;
    let named = request.part("id").map(str::to_owned);
    request.finish()?;
    if body.is_empty() {
        return Err(Error::new(ErrorKind::Parse, "request body or source parameter is required"));
    }
    let mut asked = Asked::read(json::named_object(&body, "search_template")?.unwrap_or_default(), "search_template")?;
    if named.is_some() {
        asked.id = named;
    }
    let rendered = asked.rendered(&server)?;
    let output = match serde_json::from_str::<Value>(&rendered) {
        Ok(output) => output,
        Err(why) => return Err(Error::new(ErrorKind::JsonParse, format!("the rendered template is no JSON: {why}"))),
    };
    Ok(Reply::value(&json!({"template_output": output})))
}

/// Searches as templates, two lines each: the same with their templates filled in, one line each.
///
/// # Errors
/// Of a line: it stands where the search would.
pub(super) fn filled(server: &Server, line: &[u8]) -> Result<Vec<u8>, Error> {
    let asked = Asked::read(json::named_object(line, "search_template")?.unwrap_or_default(), "search_template")?;
    asked.search(server).map(String::into_bytes)
}

/// What is to be filled in.
#[derive(Default)]
struct Asked {
    id: Option<String>,
    /// A template as text.
    source: Option<String>,
    params: Value,
    explain: bool,
    profile: bool,
}

impl Asked {
    fn read(body: Map<String, Value>, owner: &str) -> Result<Self, Error> {
        let mut asked = Self { params: json!({}), ..Self::default() };
        for (key, value) in body {
            match (key.as_str(), value) {
                ("id", Value::String(id)) => asked.id = Some(id),
                ("source", Value::String(text)) => asked.source = Some(text),
                ("source", Value::Object(object)) => asked.source = Some(Value::Object(object).to_string()),
                ("params", params @ Value::Object(_)) => asked.params = params,
                ("explain", Value::Bool(explain)) => asked.explain = explain,
                ("profile", Value::Bool(profile)) => asked.profile = profile,
                ("id" | "source" | "params" | "explain" | "profile", other) => {
                    let reason = format!("[{owner}] {key} doesn't support values of type: {}", token(&other));
                    return Err(Error::new(ErrorKind::XContentParse, reason));
                }
                _ => {
                    let reason = format!("[{owner}] unknown field [{key}]");
                    return Err(Error::new(ErrorKind::XContentParse, reason));
                }
            }
        }
        Ok(asked)
    }

    fn rendered(&self, server: &Server) -> Result<String, Error> {
        let text = match (&self.id, &self.source) {
            (_, Some(text)) => text.clone(),
            (Some(id), None) => stored(server, id)?,
            (None, None) => {
                let mut refusals = Refusals::default();
                refusals.add("template is missing");
                refusals.add("template's script type is missing");
                return Err(refusals.finish().err().unwrap_or_else(|| Error::illegal_argument("template is missing")));
            }
        };
        fill(&text, &self.params)
    }

    /// The search that it is, with what is asked for beside the template.
    fn search(&self, server: &Server) -> Result<String, Error> {
        let rendered = self.rendered(server)?;
        if !self.explain && !self.profile {
            return Ok(rendered);
        }
        let Ok(mut body) = serde_json::from_str::<Map<String, Value>>(&rendered) else { return Ok(rendered) };
        for (key, _) in [("explain", self.explain), ("profile", self.profile)].into_iter().filter(|(_, asked)| *asked) {
            body.insert(key.into(), true.into());
        }
        Ok(Value::Object(body).to_string())
    }
}

/// A template with its holes filled in.
///
/// # Errors
/// What does not read, or gets too long.
pub(super) fn fill(text: &str, params: &Value) -> Result<String, Error> {
    let rendered = Template::parse(text).and_then(|template| template.render(params, Escape::Json));
    rendered.map_err(|why| {
        let cause = Error::new(ErrorKind::Mustache, why.0.as_str());
        let error = Error::new(ErrorKind::Script, why.0).with_detail("script_stack", Vec::<Value>::new());
        error.with_detail("script", text).with_detail("lang", "mustache").with_cause(cause)
    })
}

fn stored(server: &Server, id: &str) -> Result<String, Error> {
    let missing = || Error::new(ErrorKind::ResourceNotFound, format!("unable to find script [{id}] in cluster state"));
    let script = found(server, id).ok_or_else(missing)?;
    match (script["lang"].as_str(), script["source"].as_str()) {
        (Some("mustache"), Some(source)) => Ok(source.to_owned()),
        (lang, _) => {
            let reason = format!("script [{id}] is not a template but written in [{}]", lang.unwrap_or_default());
            Err(Error::illegal_argument(reason))
        }
    }
}

pub(super) async fn put(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let id = request.required("id")?.to_owned();
    let body = request.body();
    request.params.take("context");
    let patience = options::patience(&mut request.params)?;
    request.finish()?;
    let body = json::object(body::required(&body)?)?
        .ok_or_else(|| Error::illegal_argument("must specify <content> for put stored script request"))?;
    let mut script = None;
    for (key, value) in body {
        match (key.as_str(), value) {
            ("script", Value::Object(object)) => script = Some(object),
            _ => return Err(Error::parsing(format!("unexpected field [{key}], expected [script]"))),
        }
    }
    let script = script.ok_or_else(|| Error::parsing("must specify <script>"))?;
    let definition = checked(script)?;
    server.within(patience).put_definition(Definition::Script, id, definition).await?;
    Ok(Reply::acknowledged())
}

fn checked(mut script: Map<String, Value>) -> Result<Value, Error> {
    let lang = match script.shift_remove("lang") {
        Some(Value::String(lang)) => lang,
        _ => return Err(Error::illegal_argument("must specify lang for stored script")),
    };
    let (source, object) = match script.shift_remove("source") {
        Some(Value::String(source)) => (source, false),
        Some(object @ Value::Object(_)) => (object.to_string(), true),
        _ => return Err(Error::illegal_argument("must specify source for stored script")),
    };
    let mut options = match script.shift_remove("options") {
        Some(Value::Object(options)) => options,
        _ => Map::new(),
    };
    match lang.as_str() {
        "mustache" => {
            Template::parse(&source).map_err(|why| Error::illegal_argument(why.0))?;
            if object {
                options.insert("content_type".into(), "application/json; charset=UTF-8".into());
            }
        }
        // What is wrong with it is found when it is used.
        "painless" if !object => {}
        "painless" => return Err(Error::illegal_argument("the source of a script in [painless] must be a text")),
        "expression" => return Err(Error::not_implemented(format!("stored scripts in [{lang}]"))),
        _ => {
            let reason = format!("unable to put stored script with unsupported lang [{lang}]");
            return Err(Error::illegal_argument(reason));
        }
    }
    let mut definition = json!({"lang": lang, "source": source});
    if !options.is_empty() {
        definition["options"] = Value::Object(options);
    }
    Ok(definition)
}

pub(super) async fn show(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let id = request.required("id")?.to_owned();
    options::cluster_manager_timeout(&mut request.params)?;
    request.finish()?;
    Ok(match found(&server, &id) {
        Some(script) => Reply::value(&json!({"_id": id, "found": true, "script": script})),
        None => Reply::value(&json!({"_id": id, "found": false})).with_status(404),
    })
}

pub(super) async fn delete(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let id = request.required("id")?.to_owned();
    let patience = options::patience(&mut request.params)?;
    request.finish()?;
    server.within(patience).delete_definitions(Definition::Script, id).await?;
    Ok(Reply::acknowledged())
}
