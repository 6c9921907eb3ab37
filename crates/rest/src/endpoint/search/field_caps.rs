//! `_field_caps`: what the fields of indexes can do, put together over them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::admin::IndexInfo;
use model::error::Error;
use model::mapping::{Field, FieldKind, Found, Mapping, Variant, simple_match};
use serde_json::{Map, Value, json};

use crate::dsl;
use crate::endpoint::Server;
use crate::json;
use crate::reply::Reply;
use crate::request::Request;

/// Fields that every index has: name, type, searchable, aggregatable.
const OWN: [(&str, &str, bool, bool); 12] = [
    ("_data_stream_timestamp", "_data_stream_timestamp", false, false),
    ("_doc_count", "long", false, false),
    ("_feature", "_feature", false, false),
    ("_field_names", "_field_names", true, false),
    ("_id", "_id", true, true),
    ("_ignored", "_ignored", true, false),
    ("_index", "_index", true, true),
    ("_nested_path", "_nested_path", true, false),
    ("_routing", "_routing", true, false),
    ("_seq_no", "_seq_no", true, true),
    ("_source", "_source", false, false),
    ("_version", "_version", false, false),
];

pub(super) async fn field_caps(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let target = request.target()?;
    let bytes = request.body_or_source()?;
    let fields = request.params.list("fields").unwrap_or_default();
    let include_unmapped = request.params.flag("include_unmapped")?.unwrap_or(false);
    if fields.is_empty() {
        return Err(Error::illegal_argument("specified fields can't be null or empty"));
    }
    if !bytes.is_empty() {
        check_body(&bytes)?;
    }
    request.finish()?;
    let indexes: Vec<IndexInfo> = server.gateway.indexes(&target)?.into_iter().filter(|index| index.open).collect();
    let mut found = Collected::new();
    for index in &indexes {
        of_index(index, &fields, &mut found);
    }
    let all: Vec<Arc<str>> = indexes.iter().map(|index| index.name.clone()).collect();
    let shown = found.into_iter().map(|(path, kinds)| (path, shown(&kinds, &all, include_unmapped)));
    let shown: Map<String, Value> = shown.collect();
    let names: Vec<&str> = all.iter().map(AsRef::as_ref).collect();
    Ok(Reply::value(&json!({"indices": names, "fields": shown})))
}

/// A filter of indexes may only leave out those that cannot match; it is read, and none is left out.
fn check_body(bytes: &[u8]) -> Result<(), Error> {
    for (key, value) in json::object(bytes)?.unwrap_or_default() {
        if key != "index_filter" {
            return Err(Error::parsing(format!("request does not support [{key}]")));
        }
        dsl::query(&value)?;
    }
    Ok(())
}

/// One field, in one index.
struct Caps {
    index: Arc<str>,
    searchable: bool,
    aggregatable: bool,
    meta: Map<String, Value>,
}

/// By path and type.
type Collected = BTreeMap<String, BTreeMap<String, Vec<Caps>>>;

fn of_index(index: &IndexInfo, fields: &[String], found: &mut Collected) {
    let wanted = |path: &str| fields.iter().any(|field| simple_match(field, path));
    let mut add = |path: &str, kind: &str, searchable: bool, aggregatable: bool, meta: Map<String, Value>| {
        let kinds = found.entry(path.to_owned()).or_default();
        kinds.entry(kind.to_owned()).or_default().push(Caps {
            index: index.name.clone(),
            searchable,
            aggregatable,
            meta,
        });
    };
    for (name, kind, searchable, aggregatable) in OWN {
        if wanted(name) {
            add(name, kind, searchable, aggregatable, Map::new());
        }
    }
    let mapping: &Mapping = &index.mapping;
    let mut objects = BTreeSet::new();
    for (path, field) in mapping.fields_matching("*") {
        if wanted(&path) {
            // With it the objects around it.
            let parents = path.match_indices('.').map(|(at, _)| path[..at].to_owned());
            objects.extend(parents.filter(|parent| matches!(mapping.find(parent), Found::Object(_))));
            let meta = field.explicit.get("meta").and_then(Value::as_object).cloned().unwrap_or_default();
            add(&path, &kind_of(field), searchable(field), aggregatable(field), meta);
        }
    }
    for object in &objects {
        let nested = mapping.nested_paths().iter().any(|path| **path == **object);
        add(object, if nested { "nested" } else { "object" }, false, false, Map::new());
    }
}

/// The type as mappings name it.
fn kind_of(field: &Field) -> String {
    match field.variant {
        Variant::TokenCount => field.kind.name(),
        Variant::Beginnings(_) => "prefix",
        _ => field.type_name(),
    }
    .to_owned()
}

fn searchable(field: &Field) -> bool {
    // Vectors are found by what is near, not by what they are.
    let never = matches!(
        field.kind,
        FieldKind::Binary | FieldKind::Features { many: true } | FieldKind::KnnVector | FieldKind::Percolator
    );
    field.index && !never
}

fn aggregatable(field: &Field) -> bool {
    match field.kind {
        FieldKind::Text => field.fielddata,
        FieldKind::KnnVector => true,
        FieldKind::Binary | FieldKind::FlatObject | FieldKind::Features { .. } | FieldKind::Percolator => false,
        _ => field.doc_values,
    }
}

fn shown(kinds: &BTreeMap<String, Vec<Caps>>, all: &[Arc<str>], include_unmapped: bool) -> Value {
    let names =
        |caps: &mut dyn Iterator<Item = &Caps>| -> Vec<String> { caps.map(|caps| caps.index.to_string()).collect() };
    let mut shown: Map<String, Value> = Map::new();
    let mapped: BTreeSet<&Arc<str>> = kinds.values().flatten().map(|caps| &caps.index).collect();
    let unmapped: Vec<&str> = all.iter().filter(|name| !mapped.contains(name)).map(AsRef::as_ref).collect();
    let several = kinds.len() > 1 || (include_unmapped && !unmapped.is_empty());
    for (kind, caps) in kinds {
        let (can_search, can_aggregate) =
            (caps.iter().all(|caps| caps.searchable), caps.iter().all(|caps| caps.aggregatable));
        let mut body = json!({"type": kind, "searchable": can_search, "aggregatable": can_aggregate});
        if several {
            body["indices"] = names(&mut caps.iter()).into();
        }
        // Where all are alike, nobody is named.
        if !can_search && caps.iter().any(|caps| caps.searchable) {
            body["non_searchable_indices"] = names(&mut caps.iter().filter(|caps| !caps.searchable)).into();
        }
        if !can_aggregate && caps.iter().any(|caps| caps.aggregatable) {
            body["non_aggregatable_indices"] = names(&mut caps.iter().filter(|caps| !caps.aggregatable)).into();
        }
        let mut meta: BTreeMap<&String, BTreeSet<String>> = BTreeMap::new();
        for (key, value) in caps.iter().flat_map(|caps| &caps.meta) {
            meta.entry(key).or_default().insert(value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        }
        if !meta.is_empty() {
            body["meta"] = json!(meta);
        }
        shown.insert(kind.clone(), body);
    }
    if include_unmapped && !unmapped.is_empty() {
        let body = json!({"type": "unmapped", "searchable": false, "aggregatable": false, "indices": unmapped});
        shown.insert("unmapped".into(), body);
    }
    shown.into()
}
