//! Indexes that come back from a snapshot.

use std::collections::BTreeMap;

use model::recovery::RestoredFrom;

use super::*;
use crate::restore::{RestoreIndexes, Wanted, restored};
use crate::state::IndexMetadata;

/// What becomes of the index `films` of a snapshot.
fn back(name: &str, settings: &Value, ignored: &[&str]) -> Result<IndexMetadata, Error> {
    let body = json!({"settings": {"number_of_shards": 2, "refresh_interval": "7s"}, "aliases": {"movies": {}}});
    let mut saved = (**after(&[create("films", body)]).unwrap().index("films").unwrap()).clone();
    saved.shards.iter_mut().for_each(|table| table.term = PrimaryTerm(4));
    let ignored: Vec<String> = ignored.iter().map(ToString::to_string).collect();
    let from =
        RestoredFrom { repository: "vault".into(), snapshot: "s".into(), uuid: "u".into(), index: "films".into() };
    let wanted = Wanted {
        name: name.into(),
        uuid: uuid("new"),
        aliases: saved.aliases.clone(),
        settings: &object(settings.clone()),
        ignored: &ignored,
        from,
        has: &[true, false],
        at_ms: 9,
    };
    restored(&saved, wanted)
}

fn restore(state: &State, index: IndexMetadata) -> Result<State, Error> {
    let wanted = RestoreIndexes { indexes: vec![Arc::new(index)], streams: BTreeMap::new() };
    apply(state, &Command::RestoreIndexes(wanted))
}

#[test]
fn shards_say_what_they_begin_with_until_they_have_started() {
    let state = restore(&State::default(), back("old", &json!({}), &[]).unwrap()).unwrap();
    let (node, allocation, term) = (NodeId("n".into()), AllocationId("a".into()), PrimaryTerm(5));
    let shard = ShardId { index: uuid("new"), number: ShardNumber(0) };
    let tables = &state.index("old").unwrap().shards;
    assert_eq!((tables[0].restores.is_some(), tables[1].restores.is_some()), (true, false));
    let joined =
        Command::NodeJoined { id: node.clone(), node: Node { roles: ["data".to_owned()].into(), ..Node::default() } };
    // Documents bear terms up to 4: what is written from now on bears a later one.
    let appointed =
        Command::AppointPrimary { shard: shard.clone(), node, allocation: allocation.clone(), term, from: None };
    let state = [joined, appointed].iter().try_fold(state, |state, command| apply(&state, command)).unwrap();
    assert!(state.index("old").unwrap().shards[0].restores.is_some());
    let state = apply(&state, &Command::CopyStarted { shard, allocation, term }).unwrap();
    assert_eq!(state.index("old").unwrap().shards[0].restores, None);
}

#[test]
fn settings_change_but_for_those_by_which_documents_lie() {
    let typed = |index: IndexMetadata| (index.settings.typed().replicas, index.settings.given().clone());
    let (replicas, given) = typed(back("old", &json!({"index": {"number_of_replicas": 3}}), &["refresh*"]).unwrap());
    assert_eq!((replicas, given.get("index.refresh_interval")), (3, None));
    for settings in [json!({"number_of_shards": 2}), json!({"index.number_of_routing_shards": 2})] {
        let error = back("old", &settings, &[]).unwrap_err();
        assert!(error.reason.starts_with("[vault:s/u] cannot modify UnmodifiableOnRestore setting ["), "{error}");
    }
    let error = back("old", &json!({}), &["index.number_of_shards"]).unwrap_err();
    assert_eq!(
        error.reason,
        "[vault:s/u] cannot remove UnmodifiableOnRestore setting [index.number_of_shards] on restore"
    );
    // A pattern leaves them as they are.
    assert_eq!(back("old", &json!({}), &["*"]).unwrap().settings.typed().shards, 2);
}

#[test]
fn a_closed_index_gives_way_and_an_open_one_does_not() {
    let open = with(&["films"]);
    refused(
        &open,
        &Command::RestoreIndexes(RestoreIndexes {
            indexes: vec![Arc::new(back("films", &json!({}), &[]).unwrap())],
            streams: BTreeMap::new(),
        }),
        "index [films/uuid-films] already exists",
    );
    let closed = apply(&open, &Command::CloseIndexes { indexes: vec![uuid("films")] }).unwrap();
    let state = restore(&closed, back("films", &json!({}), &[]).unwrap()).unwrap();
    assert_eq!(state.index("films").unwrap().uuid, uuid("new"));
    assert!(state.graveyard.contains(&uuid("films")));
    // Its alias is another index' name.
    assert!(restore(&with(&["movies"]), back("films", &json!({}), &[]).unwrap()).is_err());
}
