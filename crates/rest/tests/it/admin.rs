//! Indexes, mappings, settings, aliases, maintenance, analysis: a request, what the gateway was asked, the answer.

use crate::client::Server;
use crate::fake::Fake;
use crate::script::Script;

fn server() -> Server {
    let server = Server::start();
    server.gateway.play(Script::default());
    server
}

fn script(gateway: &Fake) -> &Script {
    gateway.script.get().expect("it was given")
}

/// The gateway must have been asked something that contains `expected`.
fn asks(server: &Server, ask: &str, body: &str, expected: &str) {
    script(&server.gateway).calls();
    let (method, path) = ask.split_once(' ').unwrap();
    let response = server.ask(method, path, body);
    assert_eq!(response.status, 200, "{ask}: {}", response.text());
    let calls = script(&server.gateway).calls();
    assert!(calls.contains(expected), "{ask}: {calls}");
}

#[test]
fn indexes_are_made_shown_and_deleted() {
    let server = server();
    let made = r#"{"acknowledged":true,"shards_acknowledged":true,"index":"new"}"#;
    server.check("PUT /new?wait_for_active_shards=all&cluster_manager_timeout=3s", "", 200, made);
    let call = script(&server.gateway).calls();
    assert!(call.contains("active_shards: Some(All)") && call.contains("name: \"new\""), "{call}");
    asks(&server, "PUT /n", r#"{"settings": {"number_of_shards": 2}}"#, r#"{"number_of_shards": Number(2)}"#);
    server.refuses("PUT /new", r#"{"setings": {}}"#, 400, "unknown key [setings] for create index");
    server.refuses("PUT /new", "[]", 400, "not_x_content_exception");
    server.refuses("PUT /new?colour=1", "", 400, "contains unrecognized parameter: [colour]");
    server.refuses("PUT /new?master_timeout=1s&cluster_manager_timeout=1s", "", 400, "Please only use one of");
    server.check(
        "GET /books?flat_settings=true",
        "",
        200,
        r#"{"books":{"aliases":{},"mappings":{"properties":{"n":{"type":"integer"}}},"settings":{"index.number_of_replicas":"1","index.number_of_shards":"1"}}}"#,
    );
    server.check(
        "GET /recent?include_defaults&filter_path=*.settings,*.defaults,*.aliases",
        "",
        200,
        r#"{"films":{"aliases":{"all":{},"recent":{"filter":{"term":{"n":1}},"is_write_index":true}},"settings":{"index":{"number_of_replicas":"0","number_of_shards":"2"}},"defaults":{"index":{"max_result_window":"10000"}}}}"#,
    );
    assert_eq!(server.ask("HEAD", "/films", "").status, 200);
    assert_eq!(server.ask("HEAD", "/nothing", "").status, 404);
    server.refuses("GET /nothing", "", 404, "no such index [nothing]");
    asks(&server, "DELETE /films,books?timeout=1s", "", r#"names: ["films", "books"]"#);
    server.refuses("DELETE /", "", 400, "index / indices is missing");
    assert_eq!(script(&server.gateway).calls(), "");
}

#[test]
fn mappings() {
    let server = server();
    server.check("GET /books/_mapping", "", 200, r#"{"books":{"mappings":{"properties":{"n":{"type":"integer"}}}}}"#);
    server.check(
        "GET /_mapping/field/n,x",
        "",
        200,
        r#"{"books":{"mappings":{"n":{"full_name":"n","mapping":{"n":{"type":"integer"}}}}},"films":{"mappings":{}}}"#,
    );
    server.check("GET /z*/_mapping/field/n", "", 404, "{}");
    asks(&server, "POST /films/_mappings?write_index_only=true", r#"{"properties": {}}"#, "write_index_only: true");
    server.refuses("PUT /films/_mapping", "", 400, "request body is required");
    server.refuses("PUT /films/_mapping", r#"{"_doc": {}}"#, 400, "Types cannot be provided in put mapping requests");
}

#[test]
fn settings() {
    let server = server();
    server.check(
        "GET /films/_settings/index.number_of_s*",
        "",
        200,
        r#"{"films":{"settings":{"index":{"number_of_shards":"2"}}}}"#,
    );
    server.check("GET /_settings/index.blocks.write", "", 200, "{}");
    server.check(
        "GET /films/_settings/*.max*,*shards?flat_settings&include_defaults=true",
        "",
        200,
        r#"{"films":{"settings":{"index.number_of_shards":"2"},"defaults":{"index.max_result_window":"10000"}}}"#,
    );
    let body = r#"{"index": {"refresh_interval": "1s"}}"#;
    asks(&server, "PUT /films/_settings?preserve_existing=true", body, "preserve_existing: true");
    for body in ["{}", "[]", r#"{"settings": {}}"#] {
        server.refuses("PUT /films/_settings", body, 400, "no settings to update");
    }
    server.refuses("PUT /films/_settings", "", 400, "request body is required");
}

#[test]
fn aliases_are_shown() {
    let server = server();
    server.check(
        "GET /_alias",
        "",
        200,
        r#"{"books":{"aliases":{}},"films":{"aliases":{"all":{},"recent":{"filter":{"term":{"n":1}},"is_write_index":true}}}}"#,
    );
    server.check("GET /_alias/a*", "", 200, r#"{"films":{"aliases":{"all":{}}}}"#);
    server.check("GET /_alias/z*", "", 200, "{}");
    server.check(
        "GET /films/_alias/all,nope,no",
        "",
        404,
        r#"{"error":"aliases [no,nope] missing","status":404,"films":{"aliases":{"all":{}}}}"#,
    );
    assert_eq!(server.ask("HEAD", "/_alias/all", "").status, 200);
    assert_eq!(server.ask("HEAD", "/books/_alias/all", "").status, 404);
    server.refuses("GET /nothing/_alias", "", 404, "no such index [nothing]");
}

#[test]
fn aliases_are_changed() {
    let server = server();
    let body = r#"{"routing": "r", "filter": {"term": {"n": 1}}}"#;
    asks(&server, "PUT /films/_alias/x", body, r#"indexes: ["films"], aliases: ["x"]"#);
    asks(&server, "POST /_aliases/x", r#"{"index": "films", "is_write_index": true}"#, "is_write_index: Some(true)");
    asks(&server, "PUT /films/_alias", r#"{"alias": "y"}"#, r#"aliases: ["y"]"#);
    asks(&server, "DELETE /films/_alias/a,b*", "", r#"Remove { indexes: ["films"], aliases: ["a", "b*"]"#);
    server.refuses("PUT /_alias/x", "", 400, "[indices] can't be empty");
    server.refuses("PUT /films/_alias/x", r#"{"filter": {"nope": {}}}"#, 400, "failed to parse filter for alias [x]");
    let body = r#"{"actions": [{"add": {"index": "films", "alias": "a"}}, {"remove_index": {"index": "books"}}]}"#;
    asks(&server, "POST /_aliases", body, r#"RemoveIndex { indexes: ["books"]"#);
    server.refuses("POST /_aliases", "", 400, "request body is required");
    server.refuses("POST /_aliases", r#"{"actions": []}"#, 400, "No action specified");
    server.refuses("POST /_aliases", r#"{"actions": [{"rename": {}}]}"#, 400, "[alias_action] unknown field [rename]");
    let body = r#"{"actions": [{"add": {"index": "i", "alias": "a", "filter": {"nope": {}}}}]}"#;
    server.refuses("POST /_aliases", body, 400, "failed to parse filter for alias [a]");
    server.refuses("DELETE /_alias/x", "", 405, "allowed: [GET, PUT, POST, HEAD]");
}

#[test]
fn maintenance() {
    let server = server();
    let done = r#"{"_shards":{"total":1,"successful":1,"failed":0}}"#;
    server.check("POST /films/_refresh", "", 200, done);
    server.check("GET /_refresh", "", 200, done);
    asks(&server, "POST /films/_flush?force=true", "", "force: true, wait_if_ongoing: true");
    server.refuses(
        "POST /_flush?force&wait_if_ongoing=false",
        "",
        400,
        "wait_if_ongoing must be true for a force flush",
    );
    asks(&server, "POST /_forcemerge?max_num_segments=2&flush=false", "", "max_num_segments: Some(2)");
    asks(&server, "POST /_forcemerge?max_num_segments=0&only_expunge_deletes", "", "max_num_segments: None");
    for (flags, caches) in [
        ("?query=true&fields=a", "Caches { request: false, query: true }"),
        ("?request=true&query=false", "Caches { request: true, query: false }"),
        ("?fielddata=true", "Caches { request: false, query: false }"),
        ("", "Caches { request: true, query: true }"),
    ] {
        asks(&server, &format!("POST /films/_cache/clear{flags}"), "", caches);
    }
    let closed = r#"{"acknowledged":true,"shards_acknowledged":true,"indices":{"films":{"closed":true}}}"#;
    server.check("POST /films/_close", "", 200, closed);
    asks(&server, "POST /films/_open?wait_for_active_shards=1", "", r#"names: ["films"]"#);
    server.refuses("POST /_close", "", 400, "index is missing");
    server.refuses("DELETE /films/_refresh", "", 405, "allowed: [GET, POST]");
}

#[test]
fn closing_again_closes_nothing() {
    let server = Server::start();
    let mut closed = Script::default();
    closed.indexes[1].open = false;
    server.gateway.play(closed);
    let nothing = r#"{"acknowledged":true,"shards_acknowledged":false,"indices":{}}"#;
    server.check("POST /films/_close", "", 200, nothing);
    server.check("GET /films/_mapping/field/t", "", 404, "{}");
}

#[test]
fn statistics_by_metric_and_level() {
    let server = server();
    server.check(
        "GET /films/_stats/docs",
        "",
        200,
        r#"{"_shards":{"total":2,"successful":2,"failed":0},"_all":{"primaries":{"docs":{"count":5,"deleted":2}},"total":{"docs":{"count":5,"deleted":2}}},"indices":{"films":{"uuid":"films-uuid","primaries":{"docs":{"count":5,"deleted":2}},"total":{"docs":{"count":5,"deleted":2}}}}}"#,
    );
    server.check(
        "GET /films/_stats/get?level=cluster&filter_path=_all.total",
        "",
        200,
        r#"{"_all":{"total":{"get":{"total":8,"getTime":"16ms","time_in_millis":16,"exists_total":6,"exists_time_in_millis":12,"missing_total":2,"missing_time_in_millis":4,"current":0}}}}"#,
    );
    server.check(
        "GET /_stats/docs?level=shards&filter_path=indices.books.shards",
        "",
        200,
        r#"{"indices":{"books":{"shards":{"0":[{"routing":{"state":"STARTED","primary":true,"node":"node-id-1","relocating_node":null},"docs":{"count":2,"deleted":1},"seq_no":{"max_seq_no":2,"local_checkpoint":-1,"global_checkpoint":-1}}]}}}}"#,
    );
    server.refuses("GET /_stats/colour", "", 400, "request [/_stats/colour] contains unrecognized metric: [colour]");
    server.refuses(
        "GET /_stats?level=planet",
        "",
        400,
        "level parameter must be one of [cluster] or [indices] or [shards]",
    );
    server.refuses("GET /_stats/docs?fields=x", "", 400, "contains unrecognized parameter: [fields]");
    assert_eq!(server.ask("GET", "/_stats/docs?groups=x", "").status, 200);
    assert_eq!(server.ask("GET", "/_stats?groups=x&fields=*", "").status, 200);
    server.refuses("GET /nothing/_stats", "", 404, "no such index [nothing]");
}

#[test]
fn segments_and_names() {
    let server = server();
    server.check(
        "GET /books/_segments",
        "",
        200,
        r#"{"_shards":{"total":1,"successful":1,"failed":0},"indices":{"books":{"shards":{"0":[{"routing":{"state":"STARTED","primary":true,"node":"node-id-1"},"num_committed_segments":1,"num_search_segments":1,"segments":{"_a":{"generation":10,"num_docs":2,"deleted_docs":0,"size_in_bytes":1536,"memory_in_bytes":64,"committed":true,"search":true,"version":"10.3.2","compound":false,"attributes":{}}}}]}}}}"#,
    );
    server.check(
        "GET /_resolve/index/f*,recent",
        "",
        200,
        r#"{"indices":[{"name":"films","aliases":["all","recent"],"attributes":["open"]}],"aliases":[{"name":"recent","indices":["films"]}],"data_streams":[]}"#,
    );
    server.check("GET /_resolve/index/nope", "", 200, r#"{"indices":[],"aliases":[],"data_streams":[]}"#);
}

#[test]
fn analysis() {
    let server = server();
    let body = r#"{"text": "Lamp", "tokenizer": "standard", "filter": ["lowercase"]}"#;
    let tokens = r#"{"tokens":[{"token":"lamp","start_offset":0,"end_offset":4,"type":"word","position":0}]}"#;
    server.check("POST /films/_analyze", body, 200, tokens);
    let call = script(&server.gateway).calls();
    assert!(call.contains(r#"index: Some("films"), text: ["Lamp"]"#), "{call}");
    server.check(
        "GET /_analyze?source=%7B%22text%22%3A%22x%22%7D&source_content_type=application/json",
        "",
        200,
        tokens,
    );
    server.refuses("GET /_analyze", "", 400, "request body or source parameter is required");
    server.refuses("GET /_analyze", "{}", 400, "1: text is missing;");
}
