//! `_resolve/index/{name}`: which indexes and aliases names and patterns stand for.

use std::sync::Arc;

use model::admin::{DataStreamInfo, IndexInfo};
use model::error::{Error, ErrorKind};
use model::mapping::simple_match;
use model::target::Expand;
use serde_json::{Map, Value, json};

use crate::endpoint::Server;
use crate::params::split;
use crate::reply::Reply;
use crate::request::{Request, expand, option};

pub(super) async fn resolve(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let names = split(request.required("name")?);
    let states = request.params.take("expand_wildcards").map(|text| expand(&text)).transpose()?;
    // What is named and not there is left out in any case.
    option(&mut request.params, "ignore_unavailable")?;
    option(&mut request.params, "ignore_throttled")?;
    let must_find = option(&mut request.params, "allow_no_indices")? == Some(false);
    request.finish()?;
    let states = states.unwrap_or(Expand { open: true, closed: false, hidden: false });
    let must_find = must_find && states.any();
    let view = server.gateway.cluster();
    let mut shown = answer(&view.indexes, &names, states);
    let asked = |stream: &&DataStreamInfo| asked_for(&stream.name, false, &names, states);
    shown["data_streams"] = view.data_streams.iter().filter(asked).map(stream).collect();
    if let Some(pattern) = names.iter().find(|name| must_find && name.contains('*') && !name.starts_with('-')) {
        let one = std::slice::from_ref(pattern);
        let streams = view.data_streams.iter().any(|stream| asked_for(&stream.name, false, one, states));
        let found = answer(&view.indexes, one, states);
        if !streams && [&found["indices"], &found["aliases"]].iter().all(|list| **list == json!([])) {
            let error = Error::new(ErrorKind::IndexNotFound, format!("no such index [{pattern}]"));
            return Err(error.with_detail("index", pattern.as_str()).with_detail("index_uuid", "_na_"));
        }
    }
    Ok(Reply::value(&shown))
}

fn stream(stream: &DataStreamInfo) -> Value {
    let indexes: Vec<&str> = stream.indexes.iter().map(|index| index.name.as_ref()).collect();
    json!({"name": stream.name.as_ref(), "backing_indices": indexes, "timestamp_field": stream.timestamp_field})
}

fn answer(indexes: &[IndexInfo], names: &[String], states: Expand) -> Value {
    let wanted = |index: &&IndexInfo| asked_for(&index.name, index.hidden, names, states) && fits(index, names, states);
    let shown: Vec<Value> = indexes.iter().filter(wanted).map(one).collect();
    let mut aliases: Vec<(&str, Vec<&str>)> = Vec::new();
    for index in indexes {
        for (alias, info) in &index.aliases {
            if !asked_for(alias, info.is_hidden == Some(true), names, states) {
                continue;
            }
            match aliases.iter_mut().find(|(name, _)| *name == alias.as_ref()) {
                Some((_, of)) => of.push(&index.name),
                None => aliases.push((alias, vec![&index.name])),
            }
        }
    }
    aliases.sort();
    let aliases: Vec<Value> =
        aliases.into_iter().map(|(name, indexes)| json!({"name": name, "indices": indexes})).collect();
    json!({"indices": shown, "aliases": aliases, "data_streams": []})
}

/// A name stands for itself in any state; a pattern only for what is shown.
fn asked_for(name: &str, hidden: bool, names: &[String], states: Expand) -> bool {
    let mut asked = false;
    let mut patterns_seen = false;
    for given in names {
        let pattern = given.contains('*') || given == "_all";
        match given.strip_prefix('-').filter(|_| patterns_seen) {
            Some(excluded) => asked &= !simple_match(excluded, name),
            None if pattern => {
                patterns_seen = true;
                let shown = !hidden || states.hidden || (given.starts_with('.') && name.starts_with('.'));
                asked |= shown && states.any() && (given == "_all" || simple_match(given, name));
            }
            None => asked |= given == name,
        }
    }
    asked
}

fn fits(index: &IndexInfo, names: &[String], states: Expand) -> bool {
    let named = names.iter().any(|name| name == index.name.as_ref());
    named || if index.open { states.open } else { states.closed }
}

fn one(index: &IndexInfo) -> Value {
    let mut shown = Map::new();
    shown.insert("name".into(), index.name.as_ref().into());
    if !index.aliases.is_empty() {
        let aliases: Vec<&str> = index.aliases.keys().map(AsRef::as_ref).collect();
        shown.insert("aliases".into(), json!(aliases));
    }
    let mut attributes = vec![if index.open { "open" } else { "closed" }];
    attributes.extend(index.hidden.then_some("hidden"));
    attributes.sort_unstable();
    shown.insert("attributes".into(), json!(attributes));
    if let Some(stream) = &index.data_stream {
        shown.insert("data_stream".into(), stream.as_ref().into());
    }
    shown.into()
}
