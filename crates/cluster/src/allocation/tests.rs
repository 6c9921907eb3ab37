//! Plans over small clusters, and what the deciders say.

use model::id::{AllocationId, IndexUuid, PrimaryTerm, ShardId, ShardNumber};
use serde_json::{Map, Value, json};

use super::*;
use crate::apply::apply;
use crate::command::{AssignReplica, Command, CreateIndex};
use crate::state::{Node, State};

mod failures;

fn object(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}

fn id(name: &str) -> NodeId {
    NodeId(name.into())
}

/// `a`, or `a/zone=x` with an attribute.
fn join(state: &State, text: &str) -> State {
    let (name, attributes) = text.split_once('/').unwrap_or((text, ""));
    let attributes = attributes.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()));
    let node = Node {
        name: format!("node-{name}").into(),
        peer_address: "10.1.2.3:9300".into(),
        roles: ["data".to_owned()].into(),
        attributes: attributes.into_iter().collect(),
        ..Node::default()
    };
    apply(state, &Command::NodeJoined { id: id(name), node }).unwrap()
}

fn of(nodes: &[&str]) -> State {
    nodes.iter().fold(State::default(), |state, node| join(&state, node))
}

fn create(state: &State, name: &str, mut settings: Value) -> State {
    if settings.get("number_of_replicas").is_none() {
        settings["number_of_replicas"] = json!(0);
    }
    let command = CreateIndex {
        name: name.into(),
        uuid: IndexUuid(format!("uuid-{name}").into()),
        creation_date_ms: 1,
        settings: object(settings),
        mappings: None,
        aliases: Map::new(),
        resized_from: None,
    };
    apply(state, &Command::CreateIndex(command)).unwrap()
}

fn set(state: &State, settings: Value) -> State {
    apply(state, &Command::PutClusterSettings { persistent: object(settings), transient: Map::new() }).unwrap()
}

/// Plans, carries it out, and starts what was assigned, until nothing is due.
fn settle(state: &State, facts: &Facts) -> State {
    let mut state = state.clone();
    for _ in 0..50 {
        let plan = planner(&state, facts);
        assert_eq!(plan, planner(&state, facts), "a plan depends on nothing else");
        if plan.is_empty() {
            return state;
        }
        for command in &plan {
            state = apply(&state, command).unwrap();
        }
        for command in &plan {
            let (shard, allocation, term) = match command {
                Command::AppointPrimary { shard, allocation, term, .. } => (shard, allocation, *term),
                Command::AssignReplica(wanted) => (&wanted.shard, &wanted.allocation, wanted.term),
                _ => continue,
            };
            state = apply(&state, &arrival(&state, (shard, allocation, term))).unwrap();
        }
    }
    panic!("the plan never ends");
}

/// What is told when a copy has everything: one that takes the place of the primary is handed over to.
fn arrival(state: &State, (shard, allocation, term): (&ShardId, &AllocationId, PrimaryTerm)) -> Command {
    let table = state.index_by_uuid(&shard.index).unwrap().shard(shard.number).unwrap();
    let replaces = table.copies[allocation].replaces.as_ref();
    let (shard, allocation) = (shard.clone(), allocation.clone());
    if replaces.is_some() && replaces == table.primary().map(|(id, _)| id) {
        return Command::HandOver { shard, to: allocation, term };
    }
    Command::CopyStarted { shard, allocation, term }
}

/// The copies of each shard, the primary first: `a>b a>c`.
fn copies(state: &State, index: &str) -> String {
    let shard = |table: &crate::state::ShardTable| {
        let primary = table.primary().map_or("-", |(_, copy)| &copy.node.0);
        let mut replicas: Vec<&str> = table.replicas().map(|(_, copy)| &*copy.node.0).collect();
        replicas.sort_unstable();
        format!("{primary}>{}", replicas.join(""))
    };
    state.index(index).unwrap().shards.iter().map(shard).collect::<Vec<_>>().join(" ")
}

fn at(now_ms: u64) -> Facts {
    Facts { now_ms, ..Facts::default() }
}

fn left(state: &State, node: &str, at_ms: u64) -> State {
    apply(state, &Command::NodeLeft { id: id(node), at_ms }).unwrap()
}

fn replicas(state: &State, index: &str, count: u32) -> State {
    let settings = object(json!({"index.number_of_replicas": count}));
    let indexes = vec![state.index(index).unwrap().uuid.clone()];
    apply(state, &Command::PutSettings { indexes, settings, preserve_existing: false }).unwrap()
}

#[test]
fn replicas_go_where_no_other_copy_is() {
    let films = json!({"number_of_shards": 3, "number_of_replicas": 1});
    assert_eq!(copies(&settle(&create(&of(&["a"]), "films", films.clone()), &at(0)), "films"), "a> a> a>");
    let state = settle(&create(&of(&["a", "b", "c"]), "films", films), &at(0));
    assert_eq!(copies(&state, "films"), "a>b b>c c>a");
    let more = settle(&replicas(&state, "films", 2), &at(0));
    assert_eq!(copies(&more, "films"), "a>bc b>ac c>ab");
    assert_eq!(copies(&settle(&replicas(&more, "films", 5), &at(0)), "films"), "a>bc b>ac c>ab", "nodes are lacking");
    assert_eq!(copies(&settle(&replicas(&more, "films", 0), &at(0)), "films"), "a> b> c>");
    let zones = of(&["a/zone=x", "b/zone=x", "c/zone=y"]);
    let aware = set(&zones, json!({"cluster.routing.allocation.awareness.attributes": "zone"}));
    let state = settle(&create(&aware, "films", json!({"number_of_replicas": 1})), &at(0));
    assert_eq!(copies(&state, "films"), "a>c");
}

#[test]
fn a_replica_succeeds_at_once_and_its_place_waits_for_the_node_that_left() {
    let films = json!({"number_of_shards": 3, "number_of_replicas": 1});
    let state = settle(&create(&of(&["a", "b", "c"]), "films", films), &at(0));
    let gone = settle(&left(&state, "b", 1_000), &at(2_000));
    assert_eq!(copies(&gone, "films"), "a> c> c>a");
    assert_eq!(copies(&settle(&gone, &at(60_999)), "films"), "a> c> c>a");
    assert_eq!(copies(&settle(&gone, &at(61_000)), "films"), "a>c c>a c>a");
    assert_eq!(copies(&settle(&join(&gone, "b"), &at(3_000)), "films"), "a>b c>b c>a");
    let now = object(json!({"index.unassigned.node_left.delayed_timeout": 0}));
    let indexes = vec![state.index("films").unwrap().uuid.clone()];
    let hasty = Command::PutSettings { indexes, settings: now, preserve_existing: false };
    assert_eq!(copies(&settle(&apply(&gone, &hasty).unwrap(), &at(2_000)), "films"), "a>c c>a c>a");
}

#[test]
fn who_comes_back_as_the_primary_is_not_waited_for_as_a_replica() {
    let films = json!({"number_of_replicas": 1});
    let state = settle(&create(&of(&["a", "b"]), "films", films), &at(0));
    assert_eq!(copies(&state, "films"), "a>b");
    let gone = left(&left(&state, "a", 1_000), "b", 1_000);
    let back = settle(&join(&join(&gone, "b"), "c"), &at(2_000));
    assert_eq!(copies(&back, "films"), "b>", "a is waited for, which was the primary");
    assert_eq!(copies(&settle(&join(&back, "a"), &at(3_000)), "films"), "b>a");
    let back = settle(&join(&join(&gone, "a"), "c"), &at(2_000));
    assert_eq!(copies(&back, "films"), "a>", "b is waited for");
    assert_eq!(copies(&settle(&join(&back, "b"), &at(3_000)), "films"), "a>b");
}

#[test]
fn few_replicas_recover_at_a_time() {
    let films = json!({"number_of_shards": 6, "number_of_replicas": 0});
    let state = settle(&create(&of(&["a"]), "films", films), &at(0));
    let state = replicas(&join(&state, "b"), "films", 1);
    assert_eq!(planner(&state, &at(0)).len(), 2, "two on one node");
    let state = set(&state, json!({"cluster.routing.allocation.node_concurrent_recoveries": 3}));
    assert_eq!(planner(&state, &at(0)).len(), 3);
    let state = set(&state, json!({"cluster.routing.allocation.node_concurrent_incoming_recoveries": 1}));
    assert_eq!(planner(&state, &at(0)).len(), 1);
    assert_eq!(copies(&settle(&state, &at(0)), "films"), ["a>b"; 6].join(" "));
}

/// Shards of each node, by index: `a:2 b:1`.
fn placed(state: &State, index: &str) -> String {
    let index = state.index(index).unwrap();
    let count = |node: &NodeId| {
        index.shards.iter().filter(|table| table.primary().is_some_and(|(_, copy)| copy.node == *node)).count()
    };
    let each = state.nodes.keys().map(|node| (node, count(node))).filter(|(_, count)| *count > 0);
    each.map(|(node, count)| format!("{}:{count}", node.0)).collect::<Vec<_>>().join(" ")
}

/// Creates an index of `shards` shards with settings, and says where they came to lie.
#[track_caller]
fn check(nodes: &[&str], cluster: Value, index: Value, expected: &str) {
    let mut state = of(nodes);
    if cluster != json!({}) {
        state = set(&state, cluster);
    }
    let state = settle(&create(&state, "films", index), &Facts::default());
    assert_eq!(placed(&state, "films"), expected);
}

#[test]
fn new_shards_go_where_they_burden_least() {
    check(&["a", "b", "c"], json!({}), json!({"number_of_shards": 6}), "a:2 b:2 c:2");
    check(&["a", "b", "c"], json!({}), json!({"number_of_shards": 4}), "a:2 b:1 c:1");
    check(&[], json!({}), json!({"number_of_shards": 4}), "");
    let state = settle(&create(&of(&["a", "b"]), "one", json!({"number_of_shards": 3})), &Facts::default());
    let state = settle(&create(&join(&state, "c"), "two", json!({"number_of_shards": 3})), &Facts::default());
    assert_eq!(placed(&state, "one"), "a:1 b:1 c:1", "a copy moves to the node that came");
    assert_eq!(placed(&state, "two"), "a:1 b:1 c:1");
}

#[test]
fn a_node_that_comes_gets_its_part_and_no_more() {
    let films = json!({"number_of_shards": 6, "number_of_replicas": 1});
    let two = settle(&create(&of(&["a", "b"]), "films", films), &at(0));
    let plan = planner(&join(&two, "c"), &at(0));
    assert_eq!(plan.len(), 2, "two at a time: {plan:?}");
    let three = settle(&join(&two, "c"), &at(0));
    let held = |state: &State, node: &str| {
        let tables = &state.index("films").unwrap().shards;
        tables.iter().flat_map(|table| table.copies.values()).filter(|copy| copy.node == id(node)).count()
    };
    assert_eq!(["a", "b", "c"].map(|node| held(&three, node)), [4, 4, 4]);
    let moved = three.index("films").unwrap().shards.iter().filter(|table| table.assigned > 1).count();
    assert_eq!(moved, 4, "nothing moves twice");
    let held_back = set(&two, json!({"cluster.routing.rebalance.enable": "none"}));
    assert_eq!(planner(&join(&held_back, "c"), &at(0)), []);
    let primaries = set(&two, json!({"cluster.routing.rebalance.enable": "primaries"}));
    let primaries = settle(&join(&primaries, "c"), &at(0));
    assert_eq!(placed(&primaries, "films"), "a:1 b:1 c:4");
    // Another replica is missing: it comes first, and there is nothing to be evened out then.
    let more = replicas(&join(&two, "c"), "films", 2);
    let is_move = |command: &Command| matches!(command, Command::AssignReplica(wanted) if wanted.replaces.is_some());
    assert!(!planner(&more, &at(0)).iter().any(is_move));
}

#[test]
fn an_excluded_node_is_emptied() {
    let films = json!({"number_of_shards": 3, "number_of_replicas": 1});
    let three = settle(&create(&of(&["a", "b", "c"]), "films", films.clone()), &at(0));
    let drained = settle(&set(&three, json!({"cluster.routing.allocation.exclude._name": "node-b"})), &at(0));
    assert_eq!(copies(&drained, "films"), "a>c a>c c>a");
    // With no other place they stay, and serve.
    let two = settle(&create(&of(&["a", "b"]), "films", films), &at(0));
    let stuck = settle(&set(&two, json!({"cluster.routing.allocation.exclude._name": "node-b"})), &at(0));
    assert_eq!(copies(&stuck, "films"), copies(&two, "films"));
    // One that expands has no copy where it may have none.
    let all = settle(&create(&of(&["a", "b", "c"]), "all", json!({"auto_expand_replicas": "0-all"})), &at(0));
    assert_eq!(copies(&all, "all"), "a>bc");
    let fewer = settle(&set(&all, json!({"cluster.routing.allocation.exclude._name": "node-a"})), &at(0));
    assert_eq!(copies(&fewer, "all"), "c>b");
}

#[test]
fn copies_leave_a_disk_that_is_nearly_full_one_by_one() {
    let state = settle(&create(&of(&["a", "b"]), "films", json!({"number_of_shards": 4})), &Facts::default());
    let plan = planner(&state, &disks(&[("a", 93), ("b", 10)]));
    assert_eq!(plan.len(), 1, "{plan:?}");
    assert_eq!(planner(&state, &disks(&[("a", 93), ("b", 88)])), [], "there is no room elsewhere");
}

#[test]
fn a_move_that_fails_is_tried_again_later() {
    let state = settle(&create(&of(&["a", "b"]), "films", json!({})), &at(0));
    let mut state = set(&state, json!({"cluster.routing.allocation.exclude._name": "node-a"}));
    let mut tried = 0;
    let mut now = 0;
    while let Some(Command::AssignReplica(wanted)) = planner(&state, &at(now)).pop() {
        tried += 1;
        let AssignReplica { shard, allocation, .. } = wanted.clone();
        let reason = "x".to_owned();
        let failed = Command::CopyFailed { shard, allocation, term: Some(wanted.term), reason, at_ms: now };
        state = apply(&apply(&state, &Command::AssignReplica(wanted)).unwrap(), &failed).unwrap();
        assert_eq!(planner(&state, &at(now)), []);
        now += 5_000;
    }
    assert_eq!(tried, 5);
    assert_eq!(copies(&state, "films"), "a>", "it serves where it is");
    let state = settle(&apply(&state, &Command::RetryFailed).unwrap(), &at(now));
    assert_eq!(copies(&state, "films"), "b>");
}

#[test]
fn an_operator_moves_copies() {
    use model::allocation::RerouteCommand;
    let films = json!({"number_of_replicas": 1});
    let state = settle(&create(&of(&["a", "b", "c"]), "films", films), &at(0));
    let moved = |state: &State, from: &str, to: &str| {
        let (index, from_node, to_node) = ("films".to_owned(), from.to_owned(), to.to_owned());
        reroute(state, &at(0), &RerouteCommand::Move { index, shard: 0, from_node, to_node })
    };
    for (from, to, why) in [
        ("c", "a", "[move_allocation] can't move [films][0], failed to find it on node [c]"),
        ("a", "b", "a copy of this shard is already allocated to this node"),
    ] {
        let refused = format!("{:?}", moved(&state, from, to).unwrap_err());
        assert!(refused.contains(why), "{refused}");
    }
    let granted = moved(&state, "a", "c").unwrap();
    let [Command::AssignReplica(wanted)] = granted.commands.as_slice() else { panic!("{granted:?}") };
    let moving = apply(&state, &granted.commands[0]).unwrap();
    assert_eq!(planner(&moving, &at(0)), [], "nothing else is due meanwhile");
    let again = format!("{:?}", moved(&moving, "a", "c").unwrap_err());
    assert!(again.contains("shard is not started (state = RELOCATING)"), "{again}");
    let shown = crate::health::index_health(moving.index("films").unwrap(), 0);
    assert_eq!((shown.status(), shown.copies.len()), (model::admin::HealthStatus::Green, 2));
    let done = apply(&moving, &arrival(&moving, (&wanted.shard, &wanted.allocation, wanted.term))).unwrap();
    assert_eq!(copies(&done, "films"), "c>b");
    assert_eq!(done.index("films").unwrap().shards[0].in_sync.len(), 2);
    assert_eq!(planner(&done, &at(0)), []);
}

#[test]
fn an_operator_assigns_what_is_not_assigned_by_itself() {
    use model::allocation::RerouteCommand;
    let state = set(&of(&["a", "b"]), json!({"cluster.routing.allocation.enable": "primaries"}));
    let state = settle(&create(&state, "films", json!({"number_of_replicas": 1})), &at(0));
    assert_eq!(copies(&state, "films"), "a>", "a replica is not");
    let state = set(&state, json!({"cluster.routing.allocation.enable": "none"}));
    let asked = |node: &str| {
        let wanted = RerouteCommand::AllocateReplica { index: "films".to_owned(), shard: 0, node: node.to_owned() };
        reroute(&state, &at(0), &wanted)
    };
    let granted = asked("b").unwrap();
    let enable = granted.verdicts.iter().find(|(name, _)| *name == "enable").unwrap();
    assert!(enable.1.reason.starts_with("explicitly ignoring any disabling of allocation"), "{granted:?}");
    let [Command::AssignReplica(wanted)] = granted.commands.as_slice() else { panic!("{granted:?}") };
    let assigned = apply(&state, &granted.commands[0]).unwrap();
    let done = apply(&assigned, &arrival(&assigned, (&wanted.shard, &wanted.allocation, wanted.term))).unwrap();
    assert_eq!(copies(&done, "films"), "a>b");
    assert!(matches!(asked("a"), Err(Refusal::Deciders { .. })), "what others say counts");
}

#[test]
fn filters_and_limits_hold() {
    let zones = ["a/zone=x", "b/zone=y", "c"];
    let four = |key: &str, value: &str| json!({"number_of_shards": 4, key: value});
    check(&zones, json!({}), four("routing.allocation.require.zone", "x"), "a:4");
    check(&zones, json!({}), four("routing.allocation.include.zone", "x,y"), "a:2 b:2");
    check(&zones, json!({}), four("routing.allocation.exclude._name", "node-a,node-c"), "b:4");
    check(&zones, json!({}), four("routing.allocation.require._ip", "10.1.0.0/16"), "a:2 b:1 c:1");
    check(&zones, json!({}), four("routing.allocation.require._ip", "11.0.0.0/8"), "");
    check(&zones, json!({"cluster.routing.allocation.exclude._id": "a"}), json!({"number_of_shards": 4}), "b:2 c:2");
    check(&zones, json!({}), four("routing.allocation.total_shards_per_node", "1"), "a:1 b:1 c:1");
    check(
        &zones,
        json!({"cluster.routing.allocation.total_shards_per_node": 1}),
        json!({"number_of_shards": 4}),
        "a:1 b:1 c:1",
    );
    check(
        &zones,
        json!({"cluster.routing.allocation.awareness.attributes": "zone"}),
        json!({"number_of_shards": 4}),
        "a:2 b:2",
    );
    check(&zones, json!({"cluster.routing.allocation.enable": "none"}), json!({"number_of_shards": 4}), "");
    check(
        &zones,
        json!({"cluster.routing.allocation.enable": "none"}),
        four("routing.allocation.enable", "new_primaries"),
        "a:2 b:1 c:1",
    );
}

#[test]
fn shards_of_a_node_that_left_come_back_with_it() {
    let state = settle(&create(&of(&["a", "b"]), "films", json!({"number_of_shards": 4})), &Facts::default());
    let gone = apply(&state, &Command::NodeLeft { id: id("b"), at_ms: 7 }).unwrap();
    let gone = settle(&join(&gone, "c"), &Facts::default());
    assert_eq!(placed(&gone, "films"), "a:2", "their data lie on b alone");
    let index = gone.index("films").unwrap();
    let lost = index.shards.iter().position(|table| table.primary().is_none()).unwrap();
    let why = explain(&gone, &Facts::default(), (index, ShardNumber(lost as u32)), true, None).unwrap();
    assert_eq!(why.waits_for, [id("b")]);
    assert!(why.nodes.iter().all(|node| node.answer == Answer::No));
    let back = settle(&join(&gone, "b"), &Facts::default());
    assert_eq!(placed(&back, "films"), "a:1 b:2 c:1", "c has its part, too, now that all is whole");
    assert!(back.index("films").unwrap().shards.iter().all(|table| table.unassigned.is_none()));
}

fn disks(each: &[(&str, u64)]) -> Facts {
    let disk = |percent: u64| Disk { total_bytes: 100 << 30, available_bytes: (100 - percent) << 30 };
    Facts { disks: each.iter().map(|(node, used)| (id(node), disk(*used))).collect(), ..Facts::default() }
}

#[test]
fn full_disks_get_nothing_and_then_take_nothing() {
    let facts = disks(&[("a", 96), ("b", 50), ("c", 70)]);
    let empty = of(&["a", "b", "c"]);
    let state = settle(&create(&empty, "films", json!({"number_of_shards": 4})), &facts);
    assert_eq!(placed(&state, "films"), "b:2 c:2");
    let blocked = |state: &State| state.index("films").unwrap().settings.typed().blocks.read_only_allow_delete;
    assert!(!blocked(&state));
    // Where nothing can move.
    let state = set(&state, json!({"cluster.routing.allocation.enable": "new_primaries"}));
    let full = settle(&state, &disks(&[("b", 96)]));
    assert!(blocked(&full));
    assert!(blocked(&settle(&full, &disks(&[("b", 50)]))), "of c nothing is known");
    assert!(blocked(&settle(&full, &disks(&[("b", 92), ("c", 1)]))), "above the high mark");
    assert!(!blocked(&settle(&full, &disks(&[("b", 50), ("c", 1)]))));
    let off = set(&full, json!({"cluster.routing.allocation.disk.threshold_enabled": false}));
    assert!(!blocked(&settle(&off, &disks(&[("b", 96)]))), "nobody looks at disks");
    // Among equals the one with more room is first.
    let state = settle(&create(&empty, "films", json!({})), &disks(&[("a", 60), ("b", 50), ("c", 70)]));
    assert_eq!(placed(&state, "films"), "b:1");
}

#[test]
fn a_block_that_an_operator_has_set_is_not_lifted() {
    let state = settle(&create(&of(&["a"]), "films", json!({})), &disks(&[("a", 10)]));
    let blocked = |state: &State| state.index("films").unwrap().settings.typed().blocks.read_only_allow_delete;
    let block = |state: &State, value: Value| {
        let settings = object(json!({"index.blocks.read_only_allow_delete": value}));
        let indexes = vec![IndexUuid("uuid-films".into())];
        apply(state, &Command::PutSettings { indexes, settings, preserve_existing: false }).unwrap()
    };
    let by_hand = block(&state, json!(true));
    assert!(blocked(&settle(&by_hand, &disks(&[("a", 10)]))));
    // One that the cluster has set is his, too, once he has spoken.
    let full = settle(&state, &disks(&[("a", 97)]));
    assert_eq!(full.flooded.len(), 1);
    let taken_over = block(&full, json!(true));
    assert!(taken_over.flooded.is_empty());
    assert!(blocked(&settle(&taken_over, &disks(&[("a", 10)]))));
    let freed = settle(&full, &disks(&[("a", 10)]));
    assert!(!blocked(&freed) && freed.flooded.is_empty());
    let gone = apply(&full, &Command::DeleteIndexes { names: vec!["films".into()] }).unwrap();
    assert!(gone.flooded.is_empty());
}

#[test]
fn what_an_operator_gives_up_starts_empty_and_nothing_else_does() {
    let here = |state: &State| {
        let table = &state.index("films").unwrap().shards[0];
        table.primary().map(|(id, copy)| (id.clone(), copy.node.clone()))
    };
    let nowhere = Facts::default();
    let state = settle(&create(&of(&["a", "b"]), "films", json!({})), &nowhere);
    let (first, home) = here(&state).expect("a primary");
    let shard = ShardId { index: IndexUuid("uuid-films".into()), number: ShardNumber(0) };
    let discard = Command::DiscardShard { shard: shard.clone() };
    assert!(apply(&state, &discard).unwrap_err().reason.contains("it has a primary"));
    let bereft = settle(&apply(&state, &Command::NodeLeft { id: home.clone(), at_ms: 5 }).unwrap(), &nowhere);
    assert_eq!(here(&bereft), None, "the data lie on the node that left");
    let term = bereft.index("films").unwrap().shards[0].term;
    let empty = settle(&apply(&bereft, &discard).unwrap(), &nowhere);
    let (second, other) = here(&empty).expect("a primary");
    assert!(second != first && other != home);
    assert!(empty.index("films").unwrap().shards[0].term > term, "writes of the old primary are refused");
    // The old data come back too late.
    let back = settle(&join(&empty, &home.0), &nowhere);
    assert_eq!(here(&back), Some((second, other)));
    let absent = Command::DiscardShard { shard: ShardId { number: ShardNumber(7), ..shard } };
    assert!(apply(&state, &absent).is_err());
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    for (settings, reason) in [
        (json!({"cluster.routing.allocation.enable": "some"}), "Illegal allocation.enable value [SOME]"),
        (
            json!({"cluster.routing.allocation.disk.watermark.low": "99%"}),
            "low disk watermark [99%] more than high disk watermark [90%]",
        ),
        (
            json!({"cluster.routing.allocation.disk.watermark.low": "100gb"}),
            "unable to consistently parse [cluster.routing.allocation.disk.watermark.low=100gb], [cluster.routing.allocation.disk.watermark.high=90%], and [cluster.routing.allocation.disk.watermark.flood_stage=95%] as percentage or bytes",
        ),
        (
            json!({"cluster.routing.allocation.total_shards_per_node": -2}),
            "Failed to parse value [-2] for setting [cluster.routing.allocation.total_shards_per_node] must be >= -1",
        ),
        (
            json!({"cluster.routing.allocation.exclude._ip": "x"}),
            "invalid IP address [x] for [cluster.routing.allocation.exclude._ip]",
        ),
        (
            json!({"cluster.routing.allocation.balance.shard": "x"}),
            "Failed to parse value [x] for setting [cluster.routing.allocation.balance.shard]",
        ),
    ] {
        let command = Command::PutClusterSettings { persistent: object(settings), transient: Map::new() };
        assert_eq!(apply(&State::default(), &command).expect_err(reason).reason, reason);
    }
}
