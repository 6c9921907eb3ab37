//! `_mapping`: shown whole or by field, and added to.

use std::sync::Arc;

use model::admin::PutMapping;
use model::error::Error;
use model::mapping::{Field, Mapping, simple_match};
use model::target::Expand;
use serde_json::{Map, Value, json};

use super::body;
use crate::endpoint::{Server, options};
use crate::params::split;
use crate::render::admin::field_defaults;
use crate::reply::Reply;
use crate::request::Request;

/// Names that OpenSearch knows in every mapping besides those of its fields, whether documents have something by them or not.
const METADATA: [&str; 12] = [
    "_data_stream_timestamp",
    "_doc_count",
    "_feature",
    "_field_names",
    "_id",
    "_ignored",
    "_index",
    "_nested_path",
    "_routing",
    "_seq_no",
    "_source",
    "_version",
];

const OPEN: Expand = Expand { open: true, closed: false, hidden: false };

pub(super) async fn show(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let mut target = request.target()?;
    target.options.expand_wildcards.get_or_insert(OPEN);
    options::cluster_manager_timeout(&mut request.params)?;
    request.params.flag("local")?;
    request.finish()?;
    let indexes = server.readable(&target)?;
    let shown = indexes.iter().map(|index| (index.name.to_string(), json!({"mappings": index.mapping.render()})));
    Ok(Reply::value(&Value::Object(shown.collect())))
}

pub(super) async fn put(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let target = options::of_some(request.target()?);
    let bytes = request.body();
    let params = &mut request.params;
    let patience = options::patience(params)?;
    let write_index_only = params.flag("write_index_only")?.unwrap_or(false);
    let mapping = body::map(body::required(&bytes)?)?;
    if mapping.contains_key("_doc") {
        return Err(Error::illegal_argument("Types cannot be provided in put mapping requests"));
    }
    request.finish()?;
    server.within(patience).put_mapping(PutMapping { target, mapping: mapping.into(), write_index_only }).await?;
    Ok(Reply::acknowledged())
}

pub(super) async fn show_fields(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let fields = split(request.required("fields")?);
    let mut target = request.target()?;
    target.options.expand_wildcards.get_or_insert(OPEN);
    request.params.flag("local")?;
    let with_defaults = request.params.flag("include_defaults")?.unwrap_or(false);
    request.finish()?;
    let mut answer = Map::new();
    // Closed indexes have no fields to show.
    for index in server.gateway.indexes(&target)?.iter().filter(|index| index.open) {
        let shown = of_fields(&index.mapping, &fields, with_defaults);
        answer.insert(index.name.to_string(), json!({"mappings": shown}));
    }
    if answer.is_empty() && !fields.is_empty() {
        return Ok(Reply::value(&json!({})).with_status(404));
    }
    Ok(Reply::value(&answer.into()))
}

fn of_fields(mapping: &Mapping, patterns: &[String], with_defaults: bool) -> Map<String, Value> {
    let wanted = |path: &str| patterns.iter().any(|pattern| pattern == path || simple_match(pattern, path));
    let mut shown = Map::new();
    // A mapping that nobody has given anything has none of its own either.
    let given = mapping.render().as_object().is_some_and(|body| !body.is_empty());
    for path in METADATA.into_iter().filter(|path| given && wanted(path)) {
        shown.insert(path.into(), json!({"full_name": path, "mapping": {}}));
    }
    let mut open: Vec<&Arc<Field>> = mapping.all_fields();
    open.reverse();
    while let Some(field) = open.pop() {
        open.extend(field.fields.values().rev());
        if !wanted(&field.path) {
            continue;
        }
        let last = field.path.rsplit('.').next().unwrap_or(&field.path);
        let described = if with_defaults { field_defaults::described(field) } else { field.render() };
        shown.insert(field.path.to_string(), json!({"full_name": field.path.as_ref(), "mapping": {last: described}}));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(patterns: &[&str], expected: &str) {
        let body = json!({"properties": {
            "t": {"type": "text", "fields": {"raw": {"type": "keyword"}}},
            "o": {"properties": {"n": {"type": "integer"}}},
        }});
        let mapping = Mapping::parse(&body).unwrap();
        let patterns: Vec<String> = patterns.iter().map(|&pattern| pattern.to_owned()).collect();
        assert_eq!(Value::Object(of_fields(&mapping, &patterns, false)).to_string(), expected);
    }

    #[test]
    fn fields_by_path_and_pattern() {
        check(&["o.n"], r#"{"o.n":{"full_name":"o.n","mapping":{"n":{"type":"integer"}}}}"#);
        check(&["t.*"], r#"{"t.raw":{"full_name":"t.raw","mapping":{"raw":{"type":"keyword"}}}}"#);
        check(&["_id", "nothing", "o"], r#"{"_id":{"full_name":"_id","mapping":{}}}"#);
    }
}
