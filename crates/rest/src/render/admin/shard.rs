//! Shard copies, as the routing table and tables of shards show them.

use model::admin::{IndexHealth, IndexInfo, ShardInfo, ShardState};
use serde_json::{Map, Value, json};

use super::instant;

/// A number among an index' settings; `otherwise` where it is missing.
pub(crate) fn count_setting(index: &IndexInfo, name: &str, otherwise: u32) -> u32 {
    index.settings.get(name).and_then(Value::as_str).and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// Health as it follows from the copies.
pub(crate) fn health(index: &IndexInfo) -> IndexHealth {
    IndexHealth {
        name: index.name.clone(),
        shards: count_setting(index, "index.number_of_shards", 1),
        replicas: count_setting(index, "index.number_of_replicas", 1),
        copies: index.shards.clone(),
    }
}

/// Whether a copy answers.
pub(crate) fn is_active(copy: &ShardInfo) -> bool {
    matches!(copy.state, ShardState::Started | ShardState::Relocating)
}

/// One entry of the routing table.
pub(crate) fn routing(index: &str, copy: &ShardInfo) -> Value {
    let mut shown = Map::new();
    shown.insert("state".into(), copy.state.name().into());
    shown.insert("primary".into(), copy.primary.into());
    shown.insert("searchOnly".into(), false.into());
    shown.insert("node".into(), json!(copy.node.as_deref()));
    shown.insert("relocating_node".into(), json!(copy.relocating_node.as_deref()));
    shown.insert("shard".into(), copy.number.0.into());
    shown.insert("index".into(), index.into());
    if let Some(why) = &copy.unassigned {
        let source = match (copy.primary, why.fresh) {
            (false, _) => "PEER",
            (true, true) => "EMPTY_STORE",
            (true, false) => "EXISTING_STORE",
        };
        shown.insert("recovery_source".into(), json!({"type": source}));
        let mut info = json!({"reason": why.reason, "at": instant(why.at_ms)});
        if why.failed_attempts > 0 {
            info["failed_attempts"] = why.failed_attempts.into();
        }
        info["delayed"] = why.delayed.into();
        if let Some(details) = &why.details {
            info["details"] = details.as_str().into();
        }
        info["allocation_status"] = why.status.into();
        shown.insert("unassigned_info".into(), info);
    }
    if let Some(id) = &copy.allocation_id {
        shown.insert("allocation_id".into(), json!({"id": id.as_ref()}));
    }
    shown.into()
}
