//! What indexes define for analysis, and what of the built-in they use: a section of `_cluster/stats`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::admin::IndexInfo;
use model::mapping::Field;
use serde_json::{Map, Value, json};

use crate::render::admin::settings::settings;

/// Names with how often they occur, and in how many indexes.
type Counts = BTreeMap<String, (u64, u64)>;

const KINDS: [&str; 4] = ["char_filter", "tokenizer", "filter", "analyzer"];

pub(super) fn analysis(indexes: &[IndexInfo]) -> Value {
    let mut types: [Counts; 4] = Default::default();
    let mut built_in: [Counts; 4] = Default::default();
    for index in indexes {
        let defined = settings(&index.settings, false);
        let defined = &defined["index"]["analysis"];
        let used = used(index, defined);
        for (at, kind) in KINDS.into_iter().enumerate() {
            let own = defined[kind].as_object();
            let of_type = |definition: &Value| definition["type"].as_str().unwrap_or("custom").to_owned();
            count(&mut types[at], own.into_iter().flat_map(Map::values).map(of_type));
            let foreign = used[at].iter().filter(|name| !own.is_some_and(|own| own.contains_key(*name)));
            count(&mut built_in[at], foreign.cloned());
        }
    }
    let mut shown = Map::new();
    for (kind, counts) in KINDS.iter().zip(&types) {
        shown.insert(format!("{kind}_types"), listed(counts));
    }
    for (kind, counts) in KINDS.iter().zip(&built_in) {
        shown.insert(format!("built_in_{kind}s"), listed(counts));
    }
    shown.into()
}

/// One index' names.
fn count(counts: &mut Counts, names: impl Iterator<Item = String>) {
    let mut here = BTreeSet::new();
    for name in names {
        let entry = counts.entry(name.clone()).or_default();
        entry.0 += 1;
        entry.1 += u64::from(here.insert(name));
    }
}

fn listed(counts: &Counts) -> Value {
    let one = |(name, (count, indexes)): (&String, &(u64, u64))| json!({"name": name, "count": count, "index_count": indexes});
    counts.iter().map(one).collect()
}

/// What the index' own analyzers are made of, and which analyzers its fields name.
fn used(index: &IndexInfo, defined: &Value) -> [Vec<String>; 4] {
    let mut used: [Vec<String>; 4] = Default::default();
    for kind in ["analyzer", "normalizer"] {
        for definition in defined[kind].as_object().into_iter().flat_map(Map::values) {
            for (at, part) in KINDS.iter().take(3).enumerate() {
                match &definition[part] {
                    Value::String(names) => used[at].extend(names.split(',').map(|name| name.trim().to_owned())),
                    Value::Array(names) => used[at].extend(names.iter().filter_map(Value::as_str).map(str::to_owned)),
                    _ => {}
                }
            }
        }
    }
    let mut fields: Vec<&Arc<Field>> = index.mapping.all_fields();
    while let Some(field) = fields.pop() {
        fields.extend(field.fields.values());
        let named = [&field.analyzer, &field.search_analyzer, &field.search_quote_analyzer];
        used[3].extend(named.into_iter().flatten().map(ToString::to_string));
    }
    used
}
