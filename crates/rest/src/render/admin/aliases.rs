//! Aliases of an index, as OpenSearch shows them.

use model::admin::{AliasInfo, IndexInfo};
use serde_json::{Map, Value};

/// Those that are `wanted`, by name.
pub(crate) fn of(index: &IndexInfo, wanted: impl Fn(&str) -> bool) -> Map<String, Value> {
    let aliases = index.aliases.iter().filter(|(name, _)| wanted(name));
    aliases.map(|(name, info)| (name.to_string(), one(info).into())).collect()
}

fn one(info: &AliasInfo) -> Map<String, Value> {
    let mut shown = Map::new();
    if let Some(filter) = &info.filter {
        shown.insert("filter".into(), filter.clone());
    }
    for (key, routing) in [("index_routing", &info.index_routing), ("search_routing", &info.search_routing)] {
        if let Some(routing) = routing {
            shown.insert(key.into(), routing.as_str().into());
        }
    }
    for (key, flag) in [("is_write_index", info.is_write_index), ("is_hidden", info.is_hidden)] {
        if let Some(flag) = flag {
            shown.insert(key.into(), flag.into());
        }
    }
    shown
}
