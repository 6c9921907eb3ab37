//! Copies that are away, and data that are lost: who is waited for, what is said of it, and what an operator may do.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::nodes::{Peers, until};
use crate::replicas::{copies, create};
use crate::server::Server;

fn settings(server: &Server, change: &Value) {
    server.ok("PUT", "/films/_settings", &json!({"index": change}).to_string());
}

fn explain(server: &Server, primary: bool) -> Value {
    let asked = json!({"index": "films", "shard": 0, "primary": primary});
    server.ok("POST", "/_cluster/allocation/explain", &asked.to_string())
}

fn stores(server: &Server) -> Vec<Value> {
    let all = server.ok("GET", "/films/_shard_stores?status=all", "");
    all["indices"]["films"]["shards"]["0"]["stores"].as_array().cloned().unwrap_or_default()
}

/// Name and place of the node that holds the primary, or the replica.
fn holder(server: &Server, primary: bool) -> usize {
    let (_, id) = copies(server, "films", primary).remove(0);
    let name = server.ok("GET", "/_nodes", "")["nodes"][&id]["name"].clone();
    ["n0", "n1", "n2"].iter().position(|known| name == *known).expect("one of three")
}

fn write(server: &Server, ids: std::ops::Range<u32>) {
    for id in ids {
        server.ok("PUT", &format!("/films/_doc/{id}"), r#"{"t":"pearl"}"#);
    }
}

/// The replica's node leaves, is waited for, and comes back when it may not have the copy any more.
fn let_it_grow_old(peers: &mut Peers, first: usize, second: usize) {
    let third = 3 - first - second;
    peers.servers[second].kill();
    let health = until(&peers.servers[third], "/_cluster/health?level=shards", |health| health["number_of_nodes"] == 2);
    assert_eq!((&health["delayed_unassigned_shards"], &health["status"]), (&json!(1), &json!("yellow")), "{health}");
    assert_eq!(health["indices"]["films"]["shards"]["0"]["unassigned_shards"], 1, "{health}");
    let told = explain(&peers.servers[third], false);
    assert_eq!(
        (&told["can_allocate"], &told["configured_delay_in_millis"]),
        (&json!("allocation_delayed"), &json!(60_000)),
        "{told}"
    );
    assert!(told["remaining_delay_in_millis"].as_u64() <= Some(60_000), "{told}");
    assert_eq!(told["unassigned_info"]["reason"], "NODE_LEFT");
    let state = peers.servers[third].ok("GET", "/_cluster/state/routing_table/films", "").to_string();
    assert!(state.contains(r#""delayed":true"#), "{state}");
    // It may not come back, and nobody else may have it: what it has grows old.
    settings(&peers.servers[third], &json!({"routing.allocation.require._name": format!("n{first}")}));
    settings(&peers.servers[third], &json!({"unassigned.node_left.delayed_timeout": "0s"}));
    let health = peers.servers[third].ok("GET", "/_cluster/health", "");
    assert_eq!(
        (&health["delayed_unassigned_shards"], &health["unassigned_shards"]),
        (&json!(0), &json!(1)),
        "{health}"
    );
    write(&peers.servers[third], 10..15);
    peers.servers[second].restart();
    let door = &peers.servers[third];
    until(door, "/_cluster/health", |health| health["number_of_nodes"] == 3);
    let found = stores(door);
    assert_eq!(found.iter().map(|store| &store["allocation"]).collect::<Vec<_>>(), ["primary", "unused"], "{found:?}");
}

#[test]
fn an_index_that_was_deleted_while_a_node_was_away_leaves_nothing_there() {
    let mut peers = Peers::start();
    create(&peers.servers[0], "films", 1, 2);
    create(&peers.servers[0], "songs", 1, 2);
    until(&peers.servers[0], "/_cluster/health", |health| health["status"] == "green");
    let uuid = peers.servers[0].ok("GET", "/films/_settings", "")["films"]["settings"]["index"]["uuid"].clone();
    let folder = peers.servers[2].data().join("indexes").join(uuid.as_str().expect("a uuid"));
    peers.servers[2].kill();
    until(&peers.servers[0], "/_cluster/health", |health| health["number_of_nodes"] == 2);
    peers.servers[0].ok("DELETE", "/films", "");
    assert!(folder.exists());
    peers.servers[2].restart();
    until(&peers.servers[0], "/_cluster/health", |health| health["status"] == "green");
    let deadline = Instant::now() + Duration::from_secs(30);
    while folder.exists() {
        assert!(Instant::now() < deadline, "{} stays", folder.display());
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn stale_data_serve_again_when_an_operator_accepts_the_loss() {
    let mut peers = Peers::start();
    create(&peers.servers[0], "films", 1, 1);
    until(&peers.servers[0], "/_cluster/health", |health| health["status"] == "green");
    let (first, second) = (holder(&peers.servers[0], true), holder(&peers.servers[0], false));
    let third = 3 - first - second;
    write(&peers.servers[third], 0..10);
    // A copy that serves may stay, and would make nothing better elsewhere.
    let told = explain(&peers.servers[third], true);
    assert_eq!(
        (&told["can_remain_on_current_node"], &told["can_rebalance_cluster"]),
        (&json!("yes"), &json!("yes")),
        "{told}"
    );
    assert_eq!(told["can_rebalance_to_other_node"], "no", "{told}");
    let decided: Vec<&Value> =
        told["node_allocation_decisions"].as_array().into_iter().flatten().map(|node| &node["node_decision"]).collect();
    assert!(decided.contains(&&json!("worse_balance")) && decided.contains(&&json!("no")), "{told}");

    let_it_grow_old(&mut peers, first, second);

    // The primary is gone, too.
    peers.servers[first].kill();
    let door = &peers.servers[third];
    until(door, "/_cluster/health", |health| health["number_of_nodes"] == 2 && health["status"] == "red");
    settings(door, &json!({"routing.allocation.require._name": null}));
    assert_eq!(explain(door, true)["can_allocate"], "no_valid_shard_copy");
    let stale = |node: usize, accept: bool| {
        let command = json!({"index": "films", "shard": 0, "node": format!("n{node}"), "accept_data_loss": accept});
        json!({"commands": [{"allocate_stale_primary": command}]}).to_string()
    };
    let (status, refused) = door.ask("POST", "/_cluster/reroute", &stale(second, false));
    assert!(status == 400 && refused.to_string().contains("accept_data_loss parameter to true"), "{refused}");
    let (status, refused) = door.ask("POST", "/_cluster/reroute", &stale(third, true));
    assert!(status == 400 && refused.to_string().contains("No data for shard [0] of index [films]"), "{refused}");
    door.ok("POST", "/_cluster/reroute", &stale(second, true));
    until(door, "/_cluster/health", |health| health["status"] == "green");
    assert_eq!(holder(door, true), second);
    door.ok("POST", "/films/_refresh", "");
    let count = |server: &Server, preference: &str| {
        let target = format!("/films/_search?size=0&preference={preference}");
        server.ok("GET", &target, "")["hits"]["total"]["value"].clone()
    };
    assert_eq!((count(door, "_primary"), count(door, "_replica")), (json!(10), json!(10)));
    write(door, 20..23);

    // What was lost does not come back into what is.
    peers.servers[first].restart();
    let door = &peers.servers[third];
    until(door, "/_cluster/health", |health| health["number_of_nodes"] == 3 && health["status"] == "green");
    until(door, "/films/_shard_stores?status=all", |_| {
        stores(door).iter().map(|store| store["allocation"].clone()).collect::<Vec<_>>() == ["primary", "replica"]
    });
    door.ok("POST", "/films/_refresh", "");
    assert_eq!((count(door, "_primary"), count(door, "_replica")), (json!(13), json!(13)));
}

#[test]
fn a_copy_that_must_not_stay_and_can_go_nowhere_is_explained() {
    let peers = Peers::start();
    let door = &peers.servers[0];
    create(door, "films", 1, 0);
    until(door, "/_cluster/health", |health| health["status"] == "green");
    settings(door, &json!({"routing.allocation.exclude._name": "n*"}));
    let told = explain(door, true);
    assert_eq!(
        (&told["can_remain_on_current_node"], &told["can_move_to_other_node"]),
        (&json!("no"), &json!("no")),
        "{told}"
    );
    assert_eq!(told["can_remain_decisions"][0]["decider"], "filter", "{told}");
    assert_eq!(told["node_allocation_decisions"].as_array().map(Vec::len), Some(2), "{told}");
}
