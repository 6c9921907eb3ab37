//! Copies that fail: how often they are tried again, and where.

use super::*;

/// Assigns what the plan asks for, and has it fail.
fn fail(state: &State, wanted: &Command, at_ms: u64) -> State {
    let (shard, allocation) = match wanted {
        Command::AppointPrimary { shard, allocation, .. } => (shard, allocation),
        Command::AssignReplica(wanted) => (&wanted.shard, &wanted.allocation),
        other => panic!("{other:?} gives no copy a place"),
    };
    let (shard, allocation) = (shard.clone(), allocation.clone());
    let failed = Command::CopyFailed { shard, allocation, term: None, reason: "x".into(), at_ms };
    apply(&apply(state, wanted).unwrap(), &failed).unwrap()
}

fn films() -> ShardId {
    ShardId { index: IndexUuid("uuid-films".into()), number: ShardNumber(0) }
}

/// The primary, which serves, fails.
fn primary_fails(state: &State, at_ms: u64) -> State {
    let (allocation, _) = state.index("films").unwrap().shards[0].primary().unwrap();
    let (shard, allocation) = (films(), allocation.clone());
    apply(state, &Command::CopyFailed { shard, allocation, term: None, reason: "disk".into(), at_ms }).unwrap()
}

/// `node` as another process than before.
fn again(state: &State, node: &str) -> State {
    let process = Node { ephemeral_id: "another".into(), ..state.nodes[&id(node)].clone() };
    apply(state, &Command::NodeJoined { id: id(node), node: process }).unwrap()
}

#[test]
fn a_copy_that_fails_to_start_is_tried_again_a_few_times() {
    let mut state = create(&of(&["a"]), "films", json!({"allocation.max_retries": 2}));
    let mut tried = 0;
    while let Some(wanted) = planner(&state, &at(0)).pop() {
        (state, tried) = (fail(&state, &wanted, 1), tried + 1);
    }
    assert_eq!((tried, state.index("films").unwrap().shards[0].term), (2, PrimaryTerm(2)));
    let state = settle(&apply(&state, &Command::RetryFailed).unwrap(), &at(0));
    assert_eq!(placed(&state, "films"), "a:1");
    let state = primary_fails(&state, 1);
    assert_eq!(planner(&state, &at(0)), [], "what failed while it served waits for an operator");
}

/// A replica that fails wherever it is put, and where it was.
fn tries(state: &mut State, now: &mut u64) -> String {
    let mut nodes = Vec::new();
    while let Some(wanted) = planner(state, &at(*now)).pop() {
        let Command::AssignReplica(assigned) = &wanted else { panic!("{wanted:?}") };
        nodes.push(assigned.node.0.to_string());
        *state = fail(state, &wanted, *now);
        assert_eq!(planner(state, &at(*now)), [], "a moment is waited");
        *now += 1_000;
    }
    nodes.join(" ")
}

#[test]
fn a_replica_that_fails_to_start_is_tried_again_a_few_times() {
    let settings = json!({"number_of_replicas": 1, "allocation.max_retries": 2});
    let mut state = create(&of(&["a", "b"]), "films", settings);
    state = replicas(&settle(&replicas(&state, "films", 0), &at(0)), "films", 1);
    let mut now = 0;
    assert_eq!(tries(&mut state, &mut now), "b b");
    let state = settle(&apply(&state, &Command::RetryFailed).unwrap(), &at(now));
    assert_eq!(copies(&state, "films"), "a>b");
}

#[test]
fn a_node_where_a_copy_has_failed_twice_comes_last() {
    let mut state = create(&of(&["a", "b", "c"]), "films", json!({"number_of_replicas": 1}));
    state = replicas(&settle(&replicas(&state, "films", 0), &at(0)), "films", 1);
    let mut now = 0;
    assert_eq!(tries(&mut state, &mut now), "b b c b c");
}

#[test]
fn a_process_that_begins_has_everything_tried_again() {
    let mut state = create(&of(&["a", "b"]), "films", json!({"number_of_replicas": 1, "allocation.max_retries": 2}));
    state = replicas(&settle(&replicas(&state, "films", 0), &at(0)), "films", 1);
    let mut now = 0;
    assert_eq!(tries(&mut state, &mut now), "b b");
    assert_eq!(copies(&settle(&again(&state, "b"), &at(now)), "films"), "a>b");
    assert_eq!(copies(&settle(&join(&state, "c"), &at(now)), "films"), "a>c", "whichever node it is");
}

#[test]
fn what_failed_while_it_served_is_opened_again_by_a_process_that_has_its_data() {
    let whole = settle(&create(&of(&["a", "b"]), "films", json!({})), &at(0));
    assert_eq!(copies(&whole, "films"), "a>");
    let red = primary_fails(&whole, 1);
    let other = again(&red, "b");
    assert_eq!(planner(&other, &at(0)), [], "b has none of it");
    assert_eq!(copies(&settle(&again(&other, "a"), &at(0)), "films"), "a>");
}
