//! Commands and what they make of the metadata; scripts of the shards' life.

use std::sync::Arc;

use model::admin::{AliasAction, AliasInfo, HealthStatus};
use model::error::Error;
use model::id::{AllocationId, IndexUuid, PrimaryTerm, ShardId, ShardNumber};
use model::target::{Expand, Target, TargetOptions};
use serde_json::{Map, Value, json};

use super::apply;
use crate::command::{AssignReplica, Command, CreateIndex};
use crate::health;
use crate::resolve::{self, Options, WriteTarget};
use crate::state::{Node, NodeId, State};

mod data_streams;
mod restore;

fn object(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}

fn uuid(name: &str) -> IndexUuid {
    IndexUuid(format!("uuid-{name}").into())
}

fn create(name: &str, body: Value) -> Command {
    let part = |key: &str| body.get(key).cloned().unwrap_or(json!({}));
    Command::CreateIndex(CreateIndex {
        name: name.into(),
        uuid: uuid(name),
        creation_date_ms: 1,
        settings: object(part("settings")),
        mappings: body.get("mappings").cloned(),
        aliases: object(part("aliases")),
        resized_from: None,
    })
}

fn after(commands: &[Command]) -> Result<State, Error> {
    commands.iter().try_fold(State::default(), |state, command| apply(&state, command))
}

#[track_caller]
fn refused(state: &State, command: &Command, reason: &str) {
    let error = apply(state, command).expect_err(reason);
    assert_eq!(error.reason, reason);
}

fn with(names: &[&str]) -> State {
    after(&names.iter().map(|name| create(name, json!({}))).collect::<Vec<_>>()).unwrap()
}

#[test]
fn names_follow_the_rules() {
    let chars = "must not contain the following characters [ , \", *, \\, <, |, ,, >, /, ?]";
    for (name, why) in [
        ("Films", "must be lowercase"),
        ("_films", "must not start with '_', '-', or '+'"),
        ("a b", chars),
        ("a#b", "must not contain '#'"),
        ("a:b", "must not contain ':'"),
        ("..", "must not be '.' or '..'"),
    ] {
        refused(&State::default(), &create(name, json!({})), &format!("Invalid index name [{name}], {why}"));
    }
    let long = "x".repeat(256);
    refused(
        &State::default(),
        &create(&long, json!({})),
        &format!("Invalid index name [{long}], index name is too long, (256 > 255)"),
    );
    refused(&with(&["films"]), &create("films", json!({})), "index [films/uuid-films] already exists");
    let aliased = after(&[create("films", json!({"aliases": {"movies": {}}}))]).unwrap();
    refused(&aliased, &create("movies", json!({})), "Invalid index name [movies], already exists as alias");
}

#[test]
fn settings_are_checked_by_the_table() {
    for (settings, reason) in [
        (json!({"number_of_shards": 0}), "Failed to parse value [0] for setting [index.number_of_shards] must be >= 1"),
        (
            json!({"index": {"number_of_shards": 1025}}),
            "Failed to parse value [1025] for setting [index.number_of_shards] must be <= 1024",
        ),
        (json!({"number_of_shards": "x"}), "Failed to parse value [x] for setting [index.number_of_shards]"),
        (json!({"number_of_shards": [1]}), "Failed to parse value [[1]] for setting [index.number_of_shards]"),
        (
            json!({"number_of_shard": 1}),
            "unknown setting [index.number_of_shard] did you mean [index.number_of_shards]?",
        ),
        (
            json!({"foo": 1}),
            "unknown setting [index.foo] please check that any required plugins are installed, or check the breaking changes documentation for removed settings",
        ),
        (
            json!({"refresh_interval": "5x"}),
            "failed to parse setting [index.refresh_interval] with value [5x] as a time value: unit is missing or unrecognized",
        ),
        (
            json!({"refresh_interval": "-2s"}),
            "failed to parse setting [index.refresh_interval] with value [-2s] as a time value: negative durations are not supported",
        ),
        (
            json!({"translog.sync_interval": "1ms"}),
            "failed to parse value [1ms] for setting [index.translog.sync_interval], must be >= [100ms]",
        ),
        (
            json!({"translog": {"flush_threshold_size": 5}}),
            "failed to parse setting [index.translog.flush_threshold_size] with value [5] as a size in bytes: unit is missing or unrecognized",
        ),
        (
            json!({"number_of_shards": 2, "number_of_routing_shards": 7}),
            "the number of source shards [2] must be a factor of [7]",
        ),
        (json!({"uuid": "x"}), "Validation Failed: 1: private index setting [index.uuid] can not be set explicitly;"),
        (
            json!({"codec": "x"}),
            "unknown value for [index.codec] must be one of [default, lz4, best_compression, zlib] but was: x",
        ),
        (
            json!({"write.wait_for_active_shards": 5}),
            "invalid index.write.wait_for_active_shards[5]: cannot be greater than number of shard copies [2]",
        ),
        (
            json!({"auto_expand_replicas": "x"}),
            "failed to parse [index.auto_expand_replicas] from value: [x] at index -1",
        ),
    ] {
        refused(&State::default(), &create("a", json!({"settings": settings})), reason);
    }
    let body = json!({"settings": {"index": {"number_of_shards": "3", "analysis": {"analyzer": {"a": {"type": "custom", "filter": ["x", "y"]}}}}, "refresh_interval": -1}});
    let state = after(&[create("a", body)]).unwrap();
    let settings = &state.index("a").unwrap().settings;
    assert_eq!(settings.typed().shards, 3);
    assert_eq!(settings.typed().refresh_interval_ms, None);
    assert_eq!(settings.analysis(), json!({"analyzer": {"a": {"type": "custom", "filter": ["x", "y"]}}}));
    assert_eq!(settings.given()["index.refresh_interval"], "-1");
    assert_eq!(settings.defaults()["index.max_result_window"], "10000");
}

#[test]
fn settings_change_only_when_they_may() {
    let state = with(&["a"]);
    let put = |settings: Value| Command::PutSettings {
        indexes: vec![uuid("a")],
        settings: object(settings),
        preserve_existing: false,
    };
    refused(
        &state,
        &put(json!({"codec": "zlib", "number_of_shards": 2})),
        "Can't update non dynamic settings [[index.codec, index.number_of_shards]] for open indices [[a/uuid-a]]",
    );
    refused(
        &state,
        &put(json!({"uuid": "x"})),
        "can not update private setting [index.uuid]; this setting is managed by OpenSearch",
    );
    refused(&state, &put(json!({})), "Validation Failed: 1: no settings to update;");
    let set = apply(&state, &put(json!({"settings": {"refresh_interval": "5s"}}))).unwrap();
    assert_eq!(set.index("a").unwrap().settings.typed().refresh_interval_ms, Some(5000));
    let reset = apply(&set, &put(json!({"refresh_interval": null}))).unwrap();
    assert_eq!(reset.index("a").unwrap().settings.typed().refresh_interval_ms, Some(1000));
    let closed = apply(&state, &Command::CloseIndexes { indexes: vec![uuid("a")] }).unwrap();
    refused(&closed, &put(json!({"number_of_shards": 2})), "final a setting [index.number_of_shards], not updateable");
    assert!(apply(&closed, &put(json!({"codec": "zlib"}))).is_ok());
    let cluster = |body: Value| Command::PutClusterSettings { persistent: object(body), transient: Map::new() };
    refused(&state, &cluster(json!({"foo": 1})), "persistent setting [foo], not recognized");
    refused(
        &state,
        &cluster(json!({"cluster": {"name": "x"}})),
        "persistent setting [cluster.name], not dynamically updateable",
    );
    refused(
        &state,
        &cluster(json!({"search.max_buckets": -5})),
        "Failed to parse value [-5] for setting [search.max_buckets] must be >= 0",
    );
    assert_eq!(
        apply(&state, &cluster(json!({"search": {"max_buckets": 5}}))).unwrap().settings.text("search.max_buckets"),
        "5"
    );
}

#[test]
fn mappings_merge_in_all_indexes_or_in_none() {
    let state = after(&[
        create(
            "a",
            json!({"mappings": {"properties": {"f": {"type": "long"}}}, "settings": {"mapping.total_fields.limit": 2}}),
        ),
        create("b", json!({"mappings": {"properties": {"f": {"type": "text"}}}})),
    ])
    .unwrap();
    let put = |names: &[&str], mapping: Value| Command::PutMapping {
        indexes: names.iter().map(|name| uuid(name)).collect(),
        mapping,
    };
    refused(
        &state,
        &put(&["a", "b"], json!({"properties": {"f": {"type": "long"}, "g": {"type": "ip"}}})),
        "mapper [f] cannot be changed from type [text] to [long]",
    );
    refused(
        &state,
        &put(&["a"], json!({"properties": {"g": {"type": "ip"}, "h": {"type": "ip"}}})),
        "Limit of total fields [2] has been exceeded",
    );
    let wide = apply(&state, &put(&["a"], json!({"properties": {"g": {"type": "ip"}}}))).unwrap();
    assert_eq!(wide.index("a").unwrap().versions.mapping.0, 2);
    assert_eq!(wide.version, state.version.next());
    assert_eq!(
        apply(&wide, &put(&["a"], json!({"properties": {"g": {"type": "ip"}}}))).unwrap(),
        wide,
        "nothing new, nothing changes"
    );
    refused(
        &State::default(),
        &create("c", json!({"mappings": {"zzz": 1}})),
        "Failed to parse mapping [_doc]: Root mapping definition has unsupported parameters:  [zzz : 1]",
    );
}

fn add(index: &str, alias: &str, info: Value) -> AliasAction {
    let alias_info: AliasInfo = serde_json::from_value(info).unwrap();
    AliasAction::Add { indexes: vec![index.into()], aliases: vec![alias.into()], alias: alias_info, must_exist: None }
}

fn aliases(actions: Vec<AliasAction>) -> Command {
    Command::UpdateAliases { actions }
}

#[test]
fn aliases_change_as_one() {
    let state = with(&["a1", "a2", "b"]);
    let remove = |alias: &str, must_exist| AliasAction::Remove {
        indexes: vec!["*".into()],
        aliases: vec![alias.into()],
        must_exist,
    };
    for (actions, reason) in [
        (vec![], "No action specified"),
        (vec![add("a1", "a2", json!({}))], "Invalid alias name [a2], an index exists with the same name as the alias"),
        (vec![add("nope", "x", json!({}))], "no such index [nope]"),
        (vec![add("nope*", "x", json!({}))], "no such index [nope*]"),
        (vec![add("a1", "_x", json!({}))], "Invalid alias name [_x]: must not start with '_', '-', or '+'"),
        (
            vec![add("a1", "x", json!({"index_routing": "1,2"}))],
            "alias [x] has several index routing values associated with it",
        ),
        (vec![add("a*", "x", json!({"is_write_index": true}))], "alias [x] has more than one write index [a1,a2]"),
        (vec![remove("nope", None)], "aliases [nope] missing"),
    ] {
        refused(&state, &aliases(actions), reason);
    }
    let swapped =
        apply(&state, &aliases(vec![add("a1", "x", json!({})), remove("x", None), add("a2", "x", json!({}))])).unwrap();
    assert_eq!(swapped.alias("x").iter().map(|index| index.name.to_string()).collect::<Vec<_>>(), ["a2"]);
    assert_eq!(apply(&state, &aliases(vec![remove("nope", Some(false))])).unwrap(), state);
    refused(
        &swapped,
        &aliases(vec![add("x", "y", json!({}))]),
        "The provided expression [x] matches an alias, specify the corresponding concrete indices instead.",
    );
}

fn world() -> State {
    let filter = json!({"filter": {"term": {"u": 1}}, "search_routing": "1,2", "index_routing": "1"});
    after(&[
        create("a1", json!({})),
        create("a2", json!({})),
        create("b1", json!({"settings": {"hidden": true}})),
        create("c", json!({})),
        create(".dot", json!({})),
        Command::CloseIndexes { indexes: vec![uuid("c")] },
        aliases(vec![add("a1", "x", filter), add("a*", "w", json!({})), add("a1", "h", json!({"is_hidden": true}))]),
    ])
    .unwrap()
}

fn resolved(state: &State, names: &str, options: Options, given: TargetOptions) -> Result<String, String> {
    let names = names.split(',').filter(|_| !names.is_empty()).map(str::to_owned).collect();
    let found = resolve::resolve(state, &Target { names, options: given }, options);
    found
        .map(|found| found.iter().map(|one| one.index.name.to_string()).collect::<Vec<_>>().join(","))
        .map_err(|error| error.reason)
}

#[test]
fn names_resolve_to_indexes() {
    let state = world();
    let ok = |names: &str| Ok(names.to_owned());
    for (names, expected) in [
        ("a1", ok("a1")),
        ("a*", ok("a1,a2")),
        ("", ok(".dot,a1,a2")),
        ("_all", ok(".dot,a1,a2")),
        ("a1,a2", ok("a1,a2")),
        ("a*,-a1", ok("a2")),
        ("a1,-a1", Err("no such index [-a1]".to_owned())),
        ("*,-*", ok("")),
        ("nope", Err("no such index [nope]".to_owned())),
        ("nope*", ok("")),
        ("a1,nope", Err("no such index [nope]".to_owned())),
        ("c", Err("closed".to_owned())),
        ("c*", ok("")),
        ("b1", ok("b1")),
        ("b*", ok("")),
        (".d*", ok(".dot")),
        ("*dot", ok(".dot")),
        ("x", ok("a1")),
        ("w*", ok("a1,a2")),
        ("h", ok("a1")),
        ("h*", ok("")),
        ("_x", Err("Invalid index name [_x], must not start with '_'.".to_owned())),
        ("_all,-a1", Err("Invalid index name [_all], must not start with '_'.".to_owned())),
    ] {
        assert_eq!(resolved(&state, names, Options::open(), TargetOptions::default()), expected, "{names}");
    }
    let expand = |open, closed, hidden| TargetOptions {
        expand_wildcards: Some(Expand { open, closed, hidden }),
        ..TargetOptions::default()
    };
    let lenient = TargetOptions { ignore_unavailable: Some(true), ..TargetOptions::default() };
    let strict = TargetOptions { allow_no_indices: Some(false), ..TargetOptions::default() };
    let closed = "To expand [CLOSE] wildcard, please set forbid_closed_indices to `false`";
    for (names, options, expected) in [
        ("*", expand(true, true, true), ok(".dot,a1,a2,b1,c")),
        ("*", expand(false, true, false), Err(closed.to_owned())),
        ("a*", expand(false, true, false), ok("")),
        ("*", expand(false, false, false), ok("")),
        ("nope,a1,c", lenient, ok("a1")),
        ("nope*", strict, Err("no such index [nope*]".to_owned())),
    ] {
        assert_eq!(resolved(&state, names, Options::open(), options), expected, "{names} {options:?}");
    }
    let passed_over = TargetOptions { ignore_unavailable: Some(true), ..expand(true, true, false) };
    assert_eq!(resolved(&state, "*", Options::open(), passed_over), ok(".dot,a1,a2"));
    assert_eq!(resolved(&state, "*", Options::metadata(), expand(false, true, false)), ok("c"));
    assert_eq!(resolved(&state, "c", Options::metadata(), TargetOptions::default()), ok("c"));
}

#[test]
fn aliases_bring_filters_and_routing() {
    let state = world();
    let one = |names: &[&str]| {
        let target =
            Target { names: names.iter().map(|name| (*name).to_owned()).collect(), options: TargetOptions::default() };
        resolve::resolve(&state, &target, Options::open()).unwrap().remove(0)
    };
    assert_eq!(one(&["x"]).filters, [json!({"term": {"u": 1}})]);
    assert!(one(&["x", "a1"]).filters.is_empty(), "reached by its own name too");
    assert!(one(&["x", "w"]).filters.is_empty(), "reached by an alias without filter too");
    let routing = |names: &[&str], asked: &[&str]| {
        let asked: Vec<String> = asked.iter().map(|value| (*value).to_owned()).collect();
        one(names).routing(&asked).map(|values| values.into_iter().collect::<Vec<_>>().join(","))
    };
    assert_eq!(routing(&["x"], &[]).as_deref(), Some("1,2"));
    assert_eq!(routing(&["x"], &["2", "3"]).as_deref(), Some("2"));
    assert_eq!(routing(&["x"], &["3"]), None, "no value is that of the alias");
    assert_eq!(routing(&["x", "w"], &[]), None);
    assert_eq!(routing(&["a1"], &["3"]).as_deref(), Some("3"));
}

#[test]
fn writes_go_to_one_index() {
    let state = world();
    let target = |name: &str| resolve::write_target(&state, name, false).map_err(|error| error.reason);
    assert!(matches!(target("a1"), Ok(WriteTarget::Index { routing: None, .. })));
    assert!(matches!(target("x"), Ok(WriteTarget::Index { routing: Some(routing), .. }) if routing == "1"));
    assert_eq!(target("nope"), Ok(WriteTarget::Missing));
    assert_eq!(target("c"), Err("closed".to_owned()));
    assert!(target("w").unwrap_err().starts_with("no write index is defined for alias [w]."));
    let writable = apply(&state, &aliases(vec![add("a2", "w", json!({"is_write_index": true}))])).unwrap();
    assert!(
        matches!(resolve::write_target(&writable, "w", true), Ok(WriteTarget::Index { index, .. }) if *index.name == *"a2")
    );
    let required = resolve::write_target(&state, "nope", true).unwrap_err().reason;
    assert_eq!(required, "no such index [nope] and [require_alias] request flag is [true] and [nope] is not an alias");
    let several = resolve::read_target(&state, "w").unwrap_err().reason;
    assert_eq!(
        several,
        "alias [w] has more than one index associated with it [a1, a2], can't execute a single index op"
    );
    assert!(resolve::write_routing("x", Some("1"), Some("2")).is_err());
}

#[test]
fn shards_live_as_the_script_says() {
    play(include_str!("../../testdata/shard_life.txt"));
}

#[test]
fn replicas_live_as_the_script_says() {
    play(include_str!("../../testdata/replica_life.txt"));
}

fn allocation_id(text: &str) -> AllocationId {
    AllocationId(text.into())
}

fn failed(id: &str, term: Option<PrimaryTerm>) -> Command {
    let shard = ShardId { index: uuid("films"), number: ShardNumber(0) };
    Command::CopyFailed { shard, allocation: allocation_id(id), term, reason: "disk".into(), at_ms: 5 }
}

fn replica(state: &State, id: &str, node: &str, replaces: Option<&str>) -> Command {
    let table = &state.index("films").unwrap().shards[0];
    Command::AssignReplica(AssignReplica {
        shard: ShardId { index: uuid("films"), number: ShardNumber(0) },
        node: NodeId(node.into()),
        allocation: AllocationId(id.into()),
        term: table.term,
        turn: table.assigned + 1,
        replaces: replaces.map(|id| AllocationId(id.into())),
        why: table.missing.first().cloned(),
    })
}

/// Plays a script: a command a line, then what the shard looks like (`term; in sync; copies`), or the refusal.
fn play(script: &str) {
    let node = Node { name: "n".into(), roles: ["data".to_owned()].into(), ..Node::default() };
    let mut state = with(&["films"]);
    for id in ["a", "b", "c"] {
        state = apply(&state, &Command::NodeJoined { id: NodeId(id.into()), node: node.clone() }).unwrap();
    }
    let shard = ShardId { index: uuid("films"), number: ShardNumber(0) };
    let allocation = allocation_id;
    for line in script.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (words, expected) = line.split_once("->").unwrap();
        let words: Vec<&str> = words.split_whitespace().collect();
        let next = state.index("films").unwrap().shards[0].term.next();
        let appoint = |id: &str, node: &str, from: Option<&str>, term: PrimaryTerm| Command::AppointPrimary {
            shard: shard.clone(),
            node: NodeId(node.into()),
            allocation: allocation(id),
            term,
            from: from.map(allocation),
        };
        let command = match words.as_slice() {
            ["appoint", id, "on", node] => appoint(id, node, None, next),
            ["appoint", id, "on", node, "from", from] => appoint(id, node, Some(from), next),
            ["appoint", id, "on", node, "from", from, "term", term] => {
                appoint(id, node, Some(from), PrimaryTerm(term.parse().unwrap()))
            }
            ["started", id, "term", term] => Command::CopyStarted {
                shard: shard.clone(),
                allocation: allocation(id),
                term: PrimaryTerm(term.parse().unwrap()),
            },
            ["failed", id] => failed(id, None),
            ["failed", id, "term", term] => failed(id, Some(PrimaryTerm(term.parse().unwrap()))),
            ["promote", id] => Command::PromoteReplica { shard: shard.clone(), allocation: allocation(id), term: next },
            ["replica", id, "on", node] => replica(&state, id, node, None),
            ["replica", id, "on", node, "for", from] => replica(&state, id, node, Some(from)),
            ["hand", "over", "to", id, "term", term] => {
                Command::HandOver { shard: shard.clone(), to: allocation(id), term: PrimaryTerm(term.parse().unwrap()) }
            }
            ["remove", id] => Command::RemoveReplica { shard: shard.clone(), allocation: allocation(id) },
            ["cancel", id] => Command::CancelCopy { shard: shard.clone(), allocation: allocation(id), at_ms: 5 },
            ["left", id] => Command::NodeLeft { id: NodeId((*id).into()), at_ms: 5 },
            ["joined", id, process] => Command::NodeJoined {
                id: NodeId((*id).into()),
                node: Node { ephemeral_id: (*process).into(), ..node.clone() },
            },
            ["close"] => Command::CloseIndexes { indexes: vec![uuid("films")] },
            ["open"] => Command::OpenIndexes { indexes: vec![uuid("films")], at_ms: 5 },
            other => panic!("{other:?}"),
        };
        let found = match apply(&state, &command) {
            Ok(next) => {
                state = next;
                describe(&state)
            }
            Err(error) => format!("refused: {}", error.reason.split_once(": ").unwrap().1),
        };
        assert_eq!(found, expected.trim(), "{line}");
    }
}

fn describe(state: &State) -> String {
    let index = state.index("films").unwrap();
    let table = &index.shards[0];
    let in_sync: Vec<&str> = table.in_sync.keys().map(|id| id.0.as_ref()).collect();
    let copies = table.copies.iter().map(|(id, copy)| {
        format!(
            "{}@{}{}{}",
            id.0,
            copy.node.0,
            if copy.primary { " primary" } else { "" },
            if copy.started { " started" } else { "" }
        ) + &copy.replaces.as_ref().map_or(String::new(), |id| format!(" for {}", id.0))
    });
    let status = health::index_health(index, 0).status().name();
    let why = table.unassigned.as_ref().map_or(String::new(), |why| format!(", {}", why.reason.name()));
    let missing: String = table.missing.iter().map(|why| format!(", misses {}", why.reason.name())).collect();
    format!(
        "term {}, in sync [{}], copies [{}], {status}{why}{missing}",
        table.term,
        in_sync.join(" "),
        copies.collect::<Vec<_>>().join(", ")
    )
}

#[test]
fn health_is_that_of_the_worst_index() {
    assert_eq!(health::cluster_status(&State::default()), HealthStatus::Green);
    assert_eq!(health::cluster_status(&with(&["a"])), HealthStatus::Red);
}

mod properties {
    use proptest::prelude::*;

    use super::*;

    fn command() -> impl Strategy<Value = Command> {
        let name = || prop_oneof![Just("a"), Just("b"), Just("c")];
        let body = prop_oneof![
            Just(json!({})),
            Just(
                json!({"settings": {"number_of_shards": 2, "auto_expand_replicas": "0-all"}, "aliases": {"x": {"is_write_index": true}}})
            ),
            Just(
                json!({"mappings": {"dynamic": "strict", "properties": {"a.b": {"type": "text", "fields": {"k": {"type": "keyword"}}}}}})
            ),
        ];
        let mapping = prop_oneof![
            Just(json!({"properties": {"a": {"properties": {"c": {"type": "date", "format": "yyyy"}}}}})),
            Just(json!({"properties": {"n": {"type": "scaled_float", "scaling_factor": 10}}, "_meta": {"v": 1.5}})),
        ];
        let node = Node { name: "n".into(), roles: ["data".to_owned()].into(), ..Node::default() };
        prop_oneof![
            (name(), body).prop_map(|(name, body)| create(name, body)),
            name().prop_map(|name| Command::DeleteIndexes { names: vec![name.into()] }),
            (name(), mapping).prop_map(|(name, mapping)| Command::PutMapping { indexes: vec![uuid(name)], mapping }),
            name().prop_map(|name| Command::PutSettings {
                indexes: vec![uuid(name)],
                settings: object(json!({"refresh_interval": "3s"})),
                preserve_existing: true
            }),
            name().prop_map(|name| aliases(vec![add(name, "x", json!({"filter": {"term": {"f": 1}}}))])),
            name().prop_map(|name| Command::CloseIndexes { indexes: vec![uuid(name)] }),
            Just(Command::NodeJoined { id: NodeId("n".into()), node }),
            (name(), 0_u32..3).prop_map(|(name, at)| Command::AppointPrimary {
                shard: ShardId { index: uuid(name), number: ShardNumber(at) },
                node: NodeId("n".into()),
                allocation: AllocationId(format!("{name}{at}").into()),
                term: PrimaryTerm(1),
                from: None,
            }),
        ]
    }

    proptest! {
        #[test]
        fn the_same_commands_give_the_same_state_and_it_survives_the_disk(commands in prop::collection::vec(command(), 0..24)) {
            let (mut one, mut two) = (State::default(), State::default());
            for command in &commands {
                let sent: Command = serde_json::from_str(&serde_json::to_string(command).unwrap()).unwrap();
                prop_assert_eq!(&sent, command);
                let (first, second) = (apply(&one, command), apply(&two, &sent));
                prop_assert_eq!(&first, &second);
                if let Ok(next) = first {
                    prop_assert!(next.version >= one.version);
                    one = next;
                }
                // The second lives on a disk.
                two = serde_json::from_str(&serde_json::to_string(&one).unwrap()).unwrap();
                prop_assert_eq!(&two, &one);
            }
        }
    }
}

#[test]
fn what_clients_read_names_everything() {
    let state = with(&["a"]);
    let info = crate::info::index_info(&state, state.index("a").unwrap(), 0);
    assert_eq!(info.settings["index.uuid"], "uuid-a");
    assert_eq!(info.settings["index.number_of_replicas"], "1");
    assert_eq!(info.shards.len(), 2);
    let name: Arc<str> = "a".into();
    assert_eq!(info.name, name);
}
