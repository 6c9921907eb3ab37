//! An index made of another: as many shards (clone), fewer (shrink) or more (split).
//!
//! In: the index that there is, and what is wanted. Out: the settings of the new one, or why it cannot be, in OpenSearch's words. Not here: copying
//! documents.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::error::{Error, ErrorKind};
use model::id::IndexUuid;
use model::resize::{Resize, ResizeKind};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::routing::default_routing_shards;
use crate::settings::{IndexSettings, flat};
use crate::state::IndexMetadata;

const SHARDS: &str = "index.number_of_shards";
const ROUTING_SHARDS: &str = "index.number_of_routing_shards";

/// What an index does not take along.
const OWN: [&str; 5] =
    [SHARDS, ROUTING_SHARDS, "index.number_of_replicas", "index.resize.source.name", "index.resize.source.uuid"];

/// Where the documents of an index come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResizedFrom {
    pub name: Arc<str>,
    pub uuid: IndexUuid,
}

/// How to make the new index.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// It is made with these.
    pub settings: Map<String, Value>,
    /// What would stand in the way of documents that are copied: set when they are there.
    pub later: Map<String, Value>,
}

/// What the new index is like. `source_bytes`: how large the primaries of the index are that there is.
///
/// # Errors
/// `illegal_argument_exception`, `illegal_state_exception` for numbers of shards that do not go together.
pub fn plan(source: &IndexMetadata, asked: &Resize, source_bytes: u64) -> Result<Plan, Error> {
    let given = flat::index_settings(&asked.index.settings);
    let shards = count(source, asked, &given, source_bytes)?;
    let typed = source.settings.typed();
    check_count(asked.kind, typed.shards, shards)?;
    if given.contains_key(ROUTING_SHARDS) {
        return Err(Error::illegal_argument(format!("cannot provide {ROUTING_SHARDS} on resize")));
    }
    let mut all: BTreeMap<String, Value> = source.settings.given().clone();
    all.retain(|name, _| !OWN.contains(&name.as_str()));
    for (name, value) in given {
        if value.is_null() {
            all.remove(&name);
        } else {
            all.insert(name, value);
        }
    }
    all.insert(SHARDS.to_owned(), shards.to_string().into());
    all.entry("index.routing_partition_size".to_owned()).or_insert_with(|| "1".into());
    if let Some(routing) = routing_shards(source, shards)? {
        all.insert(ROUTING_SHARDS.to_owned(), routing.to_string().into());
    }
    let (later, settings) = all.into_iter().partition(|(name, _)| comes_later(name));
    Ok(Plan { settings, later })
}

fn comes_later(name: &str) -> bool {
    const LATER: [&str; 3] = ["index.default_pipeline", "index.final_pipeline", "index.write.wait_for_active_shards"];
    name.starts_with("index.blocks.") || LATER.contains(&name)
}

/// How many shards are wanted.
fn count(
    source: &IndexMetadata,
    asked: &Resize,
    given: &BTreeMap<String, Value>,
    source_bytes: u64,
) -> Result<u32, Error> {
    if let Some(value) = given.get(SHARDS).filter(|value| !value.is_null()) {
        let alone = [(SHARDS.to_owned(), value.clone())].into_iter().collect();
        return Ok(IndexSettings::create(&alone)?.typed().shards);
    }
    let own = source.settings.typed().shards;
    Ok(match (asked.kind, asked.max_shard_bytes) {
        (ResizeKind::Shrink, None) => 1,
        (ResizeKind::Shrink, Some(most)) => {
            let needed = source_bytes.div_ceil(most.max(1)).max(1);
            (1..=own).find(|count| own.is_multiple_of(*count) && u64::from(*count) >= needed).unwrap_or(own)
        }
        (ResizeKind::Clone | ResizeKind::Split, _) => own,
    })
}

fn check_count(kind: ResizeKind, from: u32, to: u32) -> Result<(), Error> {
    let refuse = |reason: String| Err(Error::illegal_argument(reason));
    match kind {
        ResizeKind::Shrink if from == 1 => refuse("can't shrink an index with only one shard".to_owned()),
        ResizeKind::Shrink if from < to => {
            refuse(format!("the number of target shards [{to}] must be less that the number of source shards [{from}]"))
        }
        ResizeKind::Shrink if !from.is_multiple_of(to) => {
            refuse(format!("the number of source shards [{from}] must be a multiple of [{to}]"))
        }
        ResizeKind::Split if from > to => {
            refuse(format!("the number of source shards [{from}] must be less that the number of target shards [{to}]"))
        }
        ResizeKind::Split if !to.is_multiple_of(from) => {
            refuse(format!("the number of source shards [{from}] must be a factor of [{to}]"))
        }
        ResizeKind::Clone if from != to => refuse(format!(
            "the number of target shards ({to}) must be the same as the number of source shards ({from})"
        )),
        _ => Ok(()),
    }
}

/// The spread is that of the source, so that what was split can be split further as the source could; of one shard it begins anew. `None`: it is what an
/// index of so many shards has anyhow.
fn routing_shards(source: &IndexMetadata, shards: u32) -> Result<Option<u32>, Error> {
    let typed = source.settings.typed();
    let own = typed.routing_shards;
    let begins_anew = typed.shards == 1 && !source.settings.given().contains_key(ROUTING_SHARDS);
    if begins_anew || own == default_routing_shards(shards) {
        return Ok(None);
    }
    if !own.is_multiple_of(shards) {
        return Err(Error::new(
            ErrorKind::IllegalState,
            format!("the number of routing shards [{own}] must be a multiple of the target shards [{shards}]"),
        ));
    }
    Ok(Some(own))
}

#[cfg(test)]
mod tests {
    use model::admin::CreateIndex;
    use serde_json::json;

    use super::*;
    use crate::apply::apply;
    use crate::command::{Command, CreateIndex as NewIndex};
    use crate::state::State;

    fn source(settings: Value) -> Arc<IndexMetadata> {
        let create = Command::CreateIndex(NewIndex {
            name: "a".into(),
            uuid: IndexUuid("a".into()),
            creation_date_ms: 0,
            settings: settings.as_object().unwrap().clone(),
            mappings: None,
            aliases: Map::new(),
            resized_from: None,
        });
        apply(&State::default(), &create).unwrap().index("a").unwrap().clone()
    }

    /// The settings as text, or the refusal.
    fn check(of: Value, kind: ResizeKind, settings: Value, expected: &str) {
        let settings = settings.as_object().unwrap().clone();
        let index = CreateIndex { settings, ..CreateIndex::default() };
        let asked = Resize { kind, source: "a".into(), index, max_shard_bytes: None };
        let said = match plan(&source(of.clone()), &asked, 0) {
            Ok(plan) => format!("{} {}", Value::from(plan.settings), Value::from(plan.later)),
            Err(error) => error.reason,
        };
        assert!(said.contains(expected), "{of} {kind:?}: {said}");
    }

    #[test]
    fn settings_are_taken_along() {
        let of = json!({"number_of_shards": 2, "number_of_replicas": 0, "priority": 3, "blocks.write": true});
        check(
            of.clone(),
            ResizeKind::Clone,
            json!({}),
            r#"{"index.number_of_shards":"2","index.priority":"3","index.routing_partition_size":"1"} {"index.blocks.write":"true"}"#,
        );
        check(
            of.clone(),
            ResizeKind::Clone,
            json!({"index.blocks.write": null, "index.priority": 4}),
            r#""index.priority":"4","index.routing_partition_size":"1"} {}"#,
        );
        check(of.clone(), ResizeKind::Shrink, json!({}), r#""index.number_of_shards":"1""#);
        check(of, ResizeKind::Split, json!({"index.number_of_shards": 8}), r#""index.number_of_shards":"8""#);
    }

    #[test]
    fn numbers_of_shards_go_together() {
        let two = || json!({"number_of_shards": 2});
        check(two(), ResizeKind::Split, json!({"index.number_of_shards": 3}), "must be a factor of [3]");
        check(two(), ResizeKind::Split, json!({"index.number_of_shards": 1}), "must be less that the number of target");
        check(
            two(),
            ResizeKind::Shrink,
            json!({"index.number_of_shards": 4}),
            "must be less that the number of source",
        );
        check(
            json!({"number_of_shards": 6}),
            ResizeKind::Shrink,
            json!({"index.number_of_shards": 4}),
            "must be a multiple of [4]",
        );
        check(json!({}), ResizeKind::Shrink, json!({}), "can't shrink an index with only one shard");
        check(two(), ResizeKind::Clone, json!({"index.number_of_shards": 3}), "must be the same as");
        check(two(), ResizeKind::Clone, json!({"index.number_of_routing_shards": 8}), "cannot provide");
        let narrow = || json!({"number_of_shards": 6, "number_of_routing_shards": 12});
        check(
            narrow(),
            ResizeKind::Split,
            json!({"index.number_of_shards": 24}),
            "[12] must be a multiple of the target shards [24]",
        );
        check(
            narrow(),
            ResizeKind::Split,
            json!({"index.number_of_shards": 12}),
            r#""index.number_of_routing_shards":"12""#,
        );
        check(
            json!({}),
            ResizeKind::Split,
            json!({"index.number_of_shards": 7}),
            r#""index.number_of_shards":"7","index.routing_partition_size":"1"} {}"#,
        );
    }
}
