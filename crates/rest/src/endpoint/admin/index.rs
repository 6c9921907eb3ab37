//! `PUT`, `GET`, `HEAD` and `DELETE /{index}`.

use std::sync::Arc;

use model::admin::CreateIndex;
use model::error::{Error, ErrorKind};
use model::target::Expand;
use serde_json::{Map, Value, json};

use super::{alias, body};
use crate::endpoint::{Server, options};
use crate::render::admin::aliases;
use crate::render::admin::settings::settings;
use crate::reply::Reply;
use crate::request::Request;

pub(super) async fn create(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let name = request.required("index")?.to_owned();
    let bytes = request.body();
    let params = &mut request.params;
    let patience = options::cluster_manager_timeout(params)?;
    let mut asked = CreateIndex {
        name,
        active_shards: options::active_shards(params)?,
        timeout_ms: options::timeout_ms(params)?,
        ..CreateIndex::default()
    };
    if !bytes.is_empty() {
        read(&bytes, &mut asked)?;
    }
    request.finish()?;
    let made = server.within(patience).create_index(asked).await?;
    Ok(Reply::value(&json!({
        "acknowledged": true,
        "shards_acknowledged": made.shards_acknowledged,
        "index": made.name.as_ref(),
    })))
}

fn read(bytes: &[u8], asked: &mut CreateIndex) -> Result<(), Error> {
    for (key, value) in body::map(bytes)? {
        match (key.as_str(), value) {
            ("settings", Value::Object(settings)) => asked.settings = settings,
            ("mappings", value @ Value::Object(_)) => asked.mappings = Some(value),
            ("aliases", Value::Object(aliases)) => asked.aliases = aliases,
            ("settings" | "mappings" | "aliases", _) => {
                return Err(Error::new(ErrorKind::Parse, format!("key [{key}] must be an object")));
            }
            _ => return Err(Error::new(ErrorKind::Parse, format!("unknown key [{key}] for create index"))),
        }
    }
    for (name, options) in &asked.aliases {
        if let Some(filter) = options.get("filter").filter(|filter| filter.is_object()) {
            alias::check_filter(name, filter)?;
        }
    }
    Ok(())
}

/// GET, and HEAD for whether it is there.
pub(super) async fn show(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let mut target = request.target()?;
    target.options.expand_wildcards.get_or_insert(Expand { open: true, closed: false, hidden: false });
    let params = &mut request.params;
    options::cluster_manager_timeout(params)?;
    params.flag("local")?;
    let flat = params.flag("flat_settings")?.unwrap_or(false);
    let with_defaults = params.flag("include_defaults")?.unwrap_or(false);
    request.finish()?;
    let mut answer = Map::new();
    for index in server.readable(&target)? {
        let mut shown = Map::new();
        shown.insert("aliases".into(), aliases::of(&index, |_| true).into());
        shown.insert("mappings".into(), index.mapping.render());
        shown.insert("settings".into(), settings(&index.settings, flat));
        if with_defaults {
            shown.insert("defaults".into(), settings(&index.default_settings, flat));
        }
        if let Some(stream) = &index.data_stream {
            shown.insert("data_stream".into(), stream.as_ref().into());
        }
        answer.insert(index.name.to_string(), shown.into());
    }
    Ok(Reply::value(&answer.into()))
}

pub(super) async fn delete(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let target = request.target()?;
    let patience = options::patience(&mut request.params)?;
    request.finish()?;
    if target.names.is_empty() {
        return Err(options::refusal("index / indices is missing"));
    }
    server.within(patience).delete_indexes(target).await?;
    Ok(Reply::acknowledged())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_checked_before_anything_is_made() {
        let check = |text: &str, expected: &str| {
            let mut asked = CreateIndex::default();
            let error = read(text.as_bytes(), &mut asked).expect_err(text);
            assert_eq!((error.status(), error.reason.as_str()), (400, expected), "{text}");
        };
        check(r#"{"setings": {}}"#, "unknown key [setings] for create index");
        check(r#"{"settings": 5}"#, "key [settings] must be an object");
        check(r#"{"mappings": []}"#, "key [mappings] must be an object");
        check(r#"{"aliases": {"a": {"filter": {"nope": {}}}}}"#, "failed to parse filter for alias [a]");
        let mut asked = CreateIndex::default();
        read(br#"{"aliases": {"a": {}}, "settings": {"index": {"x": 1}}, "mappings": {}}"#, &mut asked).unwrap();
        assert_eq!((asked.aliases.len(), asked.settings.len(), asked.mappings), (1, 1, Some(json!({}))));
    }
}
