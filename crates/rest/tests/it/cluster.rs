//! Health, metadata, settings and counts of the cluster and its nodes; the process' own endpoints.

use serde_json::{Value, json};

use crate::client::Server;
use crate::script::Script;

fn server() -> Server {
    let server = Server::start();
    server.gateway.play(Script::default());
    server
}

fn tree(server: &Server, path: &str) -> Value {
    let response = server.ask("GET", path, "");
    assert_eq!(response.status, 200, "{path}: {}", response.text());
    serde_json::from_slice(&response.body).unwrap()
}

#[test]
fn health_of_the_cluster_and_of_indexes() {
    let server = server();
    server.check(
        "GET /_cluster/health/books?wait_for_status=yellow&wait_for_nodes=%3E%3D1",
        "",
        200,
        r#"{"cluster_name":"reef","status":"yellow","timed_out":false,"number_of_nodes":1,"number_of_data_nodes":1,"discovered_master":true,"discovered_cluster_manager":true,"active_primary_shards":1,"active_shards":1,"relocating_shards":0,"initializing_shards":0,"unassigned_shards":1,"delayed_unassigned_shards":0,"number_of_pending_tasks":0,"number_of_in_flight_fetch":0,"task_max_waiting_in_queue_millis":0,"active_shards_percent_as_number":75.0}"#,
    );
    let call = server.gateway.script.get().unwrap().calls();
    assert!(call.contains("status: Some(Yellow)") && call.contains("nodes: Some(\">=1\")"), "{call}");
    server.check(
        "GET /_cluster/health/films?level=shards&filter_path=status,indices",
        "",
        200,
        r#"{"status":"green","indices":{"films":{"status":"green","number_of_shards":2,"number_of_replicas":0,"active_primary_shards":2,"active_shards":2,"relocating_shards":0,"initializing_shards":0,"unassigned_shards":0,"shards":{"0":{"status":"green","primary_active":true,"active_shards":1,"relocating_shards":0,"initializing_shards":0,"unassigned_shards":0},"1":{"status":"green","primary_active":true,"active_shards":1,"relocating_shards":0,"initializing_shards":0,"unassigned_shards":0}}}}}"#,
    );
    assert!(tree(&server, "/_cluster/health/films?level=planet").get("indices").is_none());
    server.refuses("GET /_cluster/health?wait_for_status=pink", "", 400, "ClusterHealthStatus.PINK");
    server.refuses("GET /_cluster/health?wait_for_nodes=many", "", 400, "number_format_exception");
    server.refuses("GET /_cluster/health?awareness_attribute=zone", "", 400, "level=awareness_attributes is required");
    server.refuses("GET /_cluster/health?colour=1", "", 400, "[colour]");
    server.refuses("POST /_cluster/health", "", 405, "allowed: [GET]");
}

#[test]
fn health_that_does_not_come() {
    let server = Server::start();
    server.gateway.play(Script { timed_out: true, ..Script::default() });
    server.refuses(
        "GET /_cluster/health/books?wait_for_status=green",
        "",
        408,
        r#""status":"yellow","timed_out":true"#,
    );
    server.refuses("GET /_cluster/health/nothing", "", 408, r#""status":"red","timed_out":true"#);
}

#[test]
fn state_by_section() {
    let server = server();
    server.check(
        "GET /_cluster/state/version,foo",
        "",
        200,
        r#"{"cluster_name":"reef","cluster_uuid":"cluster-uuid","version":5,"state_uuid":"state-uuid"}"#,
    );
    let whole = tree(&server, "/_cluster/state");
    let keys: Vec<&str> = whole.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = "cluster_name cluster_uuid version state_uuid master_node cluster_manager_node blocks nodes metadata \
                    routing_table routing_nodes";
    assert_eq!(keys.join(" "), expected);
    let coordination = &whole["metadata"]["cluster_coordination"];
    assert_eq!((&coordination["term"], &coordination["last_committed_config"]), (&json!(3), &json!(["node-id-1"])));
    let films = &whole["metadata"]["indices"]["films"];
    assert_eq!((&films["routing_num_shards"], &films["state"]), (&json!(1024), &json!("open")));
    assert_eq!(films["mappings"], json!({"_doc": {"properties": {"t": {"type": "text"}}}}));
    assert_eq!(films["in_sync_allocations"], json!({"0": ["allocation-0"], "1": ["allocation-1"]}));
    let copies = tree(&server, "/_cluster/state/routing_table,routing_nodes/books");
    assert_eq!(copies["routing_table"]["indices"]["books"]["shards"]["0"][1]["state"], json!("UNASSIGNED"));
    assert_eq!(copies["routing_nodes"]["unassigned"][0]["unassigned_info"]["reason"], json!("INDEX_CREATED"));
    assert_eq!(tree(&server, "/_cluster/state/metadata/nothing")["metadata"]["indices"], json!({}));
    server.check("GET /_cluster/pending_tasks", "", 200, r#"{"tasks":[]}"#);
    let waits =
        "GET /_cluster/state?wait_for_metadata_version=999999&wait_for_timeout=1ms&filter_path=wait_for_timed_out";
    server.check(waits, "", 200, r#"{"wait_for_timed_out":true}"#);
    server.refuses("GET /_cluster/state?wait_for_metadata_version=0", "", 400, "should be >= 1, but instead is [0]");
}

#[test]
fn blocks_of_indexes() {
    let server = Server::start();
    let mut script = Script::default();
    script.indexes[0].open = false;
    script.indexes[1].settings.insert("index.blocks.write".into(), "true".into());
    server.gateway.play(script);
    let blocks = tree(&server, "/_cluster/state/blocks");
    assert_eq!(blocks["blocks"]["indices"]["books"]["4"]["description"], json!("index closed"));
    assert_eq!(blocks["blocks"]["indices"]["films"]["8"]["levels"], json!(["write"]));
}

#[test]
fn settings_of_the_cluster() {
    let server = server();
    server.check(
        "GET /_cluster/settings",
        "",
        200,
        r#"{"persistent":{"search":{"max_buckets":"1000"}},"transient":{}}"#,
    );
    server.check(
        "GET /_cluster/settings?flat_settings=true&include_defaults=true",
        "",
        200,
        r#"{"persistent":{"search.max_buckets":"1000"},"transient":{},"defaults":{}}"#,
    );
    server.check(
        "PUT /_cluster/settings",
        r#"{"persistent": {"search": {"max_buckets": 1000}}}"#,
        200,
        r#"{"acknowledged":true,"persistent":{"search":{"max_buckets":"1000"}},"transient":{}}"#,
    );
    server.check(
        "PUT /_cluster/settings",
        r#"{"transient": {"a.b": 1}}"#,
        200,
        r#"{"acknowledged":true,"persistent":{},"transient":{}}"#,
    );
    server.refuses("PUT /_cluster/settings", "", 400, "request body is required");
    server.refuses("PUT /_cluster/settings", r#"{"eternal": {"a": 1}}"#, 400, "no settings to update");
}

#[test]
fn nodes_and_their_counts() {
    let server = server();
    server.check(
        "GET /_nodes/process",
        "",
        200,
        r#"{"_nodes":{"total":1,"successful":1,"failed":0},"cluster_name":"reef","nodes":{"node-id-1":{"name":"one","transport_address":"127.0.0.1:9300","host":"127.0.0.1","ip":"127.0.0.1","version":"3.4.0","build_type":"tar","build_hash":"unknown","roles":["cluster_manager","data","ingest"],"attributes":{"zone":"a"},"process":{"refresh_interval_in_millis":0,"id":7,"mlockall":false}}}}"#,
    );
    let all = &tree(&server, "/_nodes")["nodes"]["node-id-1"];
    for section in ["settings", "os", "process", "transport", "http", "plugins", "modules"] {
        assert!(all.get(section).is_some(), "{section}");
    }
    server.check(
        "GET /_nodes/nobody",
        "",
        200,
        r#"{"_nodes":{"total":0,"successful":0,"failed":0},"cluster_name":"reef","nodes":{}}"#,
    );
    server.refuses("GET /_nodes/jvm", "", 501, "[jvm] of _nodes");
    let stats = &tree(&server, "/_nodes/_local/stats")["nodes"]["node-id-1"];
    assert_eq!(stats["indices"]["docs"], json!({"count": 7, "deleted": 1}));
    assert_eq!(stats["jvm"]["mem"]["heap_used_percent"], json!(25));
    assert_eq!(stats["jvm"]["uptime_in_millis"], json!(440_486));
    assert_eq!(stats["thread_pool"]["search"]["rejected"], json!(3));
    // Of the server that answers: this very connection.
    assert!(stats["http"]["total_opened"].as_u64().unwrap() >= 1);
    let some = &tree(&server, "/_nodes/stats/indices,fs/docs,store")["nodes"]["node-id-1"];
    let keys: Vec<&String> = some["indices"].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["docs", "store"]);
    assert!(some.get("os").is_none() && some.get("fs").is_some());
    server.refuses("GET /_nodes/stats/colour", "", 400, "contains unrecognized metric: [colour]");
    server.refuses("GET /_nodes/stats/os/docs", "", 400, "but indices stats not requested");
    server.refuses("GET /_nodes/stats/search_pipeline", "", 501, "[search_pipeline] of _nodes/stats");
    let load = &tree(&server, "/_nodes/stats/caches,resource_usage_stats,search_backpressure")["nodes"]["node-id-1"];
    assert_eq!(load["caches"]["request_cache"]["item_count"], json!(4));
    assert_eq!(load["resource_usage_stats"]["node-id-1"]["memory_utilization_percent"], json!("50.0"));
    assert_eq!(load["search_backpressure"]["mode"], json!("disabled"));
    let levels = |level: &str| {
        let target = format!("/_nodes/stats/indices/docs?level={level}");
        tree(&server, &target)["nodes"]["node-id-1"]["indices"].clone()
    };
    assert_eq!(levels("node").as_object().unwrap().len(), 1);
    assert_eq!(levels("indices")["indices"]["books"], json!({"docs": {"count": 2, "deleted": 1}}));
    let shards = levels("shards")["shards"].clone();
    let numbers: Vec<&String> =
        shards["films"].as_array().unwrap().iter().flat_map(|one| one.as_object().unwrap().keys()).collect();
    assert_eq!(numbers, ["0", "1"]);
    assert_eq!(shards["books"][0]["0"]["routing"]["node"], "node-id-1");
    assert!(tree(&server, "/_nodes/stats/os?level=indices")["nodes"]["node-id-1"].get("indices").is_none());
    server.refuses("GET /_nodes/stats?level=planet", "", 400, "[node] or [indices] or [shards] but was [planet]");
}

#[test]
fn the_cluster_in_numbers() {
    let server = server();
    let stats = tree(&server, "/_cluster/stats");
    assert_eq!((&stats["status"], &stats["indices"]["count"]), (&json!("yellow"), &json!(2)));
    assert_eq!(stats["indices"]["shards"]["total"], json!(3));
    let types = json!([
        {"name": "integer", "count": 1, "index_count": 1},
        {"name": "text", "count": 1, "index_count": 1},
    ]);
    assert_eq!(stats["indices"]["mappings"]["field_types"], types);
    assert_eq!(stats["indices"]["analysis"]["built_in_analyzers"], json!([]));
    assert_eq!(stats["nodes"]["count"]["data"], json!(1));
    assert_eq!(tree(&server, "/_cluster/stats/nodes/nobody")["nodes"]["count"]["total"], json!(0));
}

#[test]
fn analysis_that_indexes_define_is_counted() {
    let server = Server::start();
    let mut script = Script::default();
    let settings = [
        ("analyzer.mine.tokenizer", json!("standard")),
        ("analyzer.mine.filter", json!(["lowercase", "own"])),
        ("filter.own.type", json!("stop")),
    ];
    for (name, value) in settings {
        script.indexes[0].settings.insert(format!("index.analysis.{name}"), value);
    }
    server.gateway.play(script);
    let analysis = &tree(&server, "/_cluster/stats")["indices"]["analysis"];
    let one = |name: &str| json!([{"name": name, "count": 1, "index_count": 1}]);
    assert_eq!(analysis["analyzer_types"], one("custom"));
    assert_eq!(analysis["filter_types"], one("stop"));
    assert_eq!(analysis["built_in_filters"], one("lowercase"));
    assert_eq!(analysis["built_in_tokenizers"], one("standard"));
}

#[test]
fn the_process_tells_how_it_is() {
    let server = Server::start();
    server.gateway.play(Script { ready: false, ..Script::default() });
    let metrics = server.ask("GET", "/_prometheus/metrics", "");
    assert_eq!((metrics.status, metrics.text().as_str()), (200, "shoal_up 1\n"));
    assert_eq!(metrics.header("content-type"), Some("text/plain; version=0.0.4"));
    server.check("GET /_health/live", "", 200, r#"{"status":"live"}"#);
    server.refuses("GET /_health/ready", "", 503, r#"{"status":"not ready","reason":"shard films[0]"#);
    assert_eq!(Server::start().ask("GET", "/_health/ready", "").text(), r#"{"status":"ready"}"#);
}

#[test]
fn a_reroute_shows_the_state_and_moves_nothing() {
    let server = Server::start();
    let answer = server.ask("POST", "/_cluster/reroute?retry_failed=true&explain=true&metric=none", "");
    let answer: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!((&answer["acknowledged"], &answer["explanations"]), (&true.into(), &serde_json::json!([])));
    assert_eq!(answer["state"].as_object().map(serde_json::Map::len), Some(1), "{answer}");
    let commands = r#"{"commands":[{"move":{"index":"a","shard":0,"from_node":"x","to_node":"y"}}]}"#;
    server.refuses("POST /_cluster/reroute", commands, 501, "[commands] of _cluster/reroute");
    server.refuses("POST /_cluster/reroute?foo=1", "", 400, "unrecognized parameter: [foo]");
}
