//! Documents and indexes over HTTP: what a write answers, when it is seen, and what a restart keeps.

use serde_json::{Value, json};

use super::server::Server;

/// How many documents of an index a search finds now.
fn found(server: &Server, index: &str) -> u64 {
    server.ok("GET", &format!("/{index}/_count"), "")["count"].as_u64().expect("a count")
}

fn error(answer: &(u16, Value)) -> (u16, &str) {
    (answer.0, answer.1["error"]["type"].as_str().unwrap_or_default())
}

#[test]
fn a_document_from_its_creation_to_its_deletion() {
    let server = Server::start();
    let made = server.ask("PUT", "/fish/_create/1", r#"{"name": "eel", "length": 90}"#);
    assert_eq!((made.0, &made.1["result"], &made.1["_version"]), (201, &json!("created"), &json!(1)), "{made:?}");
    let again = server.ask("PUT", "/fish/_create/1", "{}");
    assert_eq!(error(&again), (409, "version_conflict_engine_exception"));
    let replaced = server.ok("PUT", "/fish/_doc/1", r#"{"name": "moray", "length": 150}"#);
    assert_eq!(
        (&replaced["result"], &replaced["_version"], &replaced["_seq_no"]),
        (&json!("updated"), &json!(2), &json!(1))
    );
    let updated = server.ok("POST", "/fish/_update/1", r#"{"doc": {"length": 151}}"#);
    assert_eq!((&updated["result"], &updated["_version"]), (&json!("updated"), &json!(3)));
    let same = server.ok("POST", "/fish/_update/1", r#"{"doc": {"length": 151}}"#);
    assert_eq!((&same["result"], &same["_version"]), (&json!("noop"), &json!(3)));
    let got = server.ok("GET", "/fish/_doc/1", "");
    assert_eq!(got["_source"], json!({"name": "moray", "length": 151}));
    assert_eq!((&got["_version"], &got["_seq_no"], &got["found"]), (&json!(3), &json!(2), &json!(true)));
    assert_eq!(server.ask("HEAD", "/fish/_doc/1", "").0, 200);
    let deleted = server.ok("DELETE", "/fish/_doc/1", "");
    assert_eq!((&deleted["result"], &deleted["_version"]), (&json!("deleted"), &json!(4)));
    let gone = server.ask("GET", "/fish/_doc/1", "");
    assert_eq!((gone.0, &gone.1["found"]), (404, &json!(false)));
    assert_eq!(server.ask("DELETE", "/fish/_doc/1", "").0, 404);
    assert_eq!(error(&server.ask("POST", "/fish/_update/1", r#"{"doc": {}}"#)), (404, "document_missing_exception"));
    let upserted = server.ask("POST", "/fish/_update/1", r#"{"doc": {"name": "ray"}, "doc_as_upsert": true}"#);
    assert_eq!((upserted.0, &upserted.1["result"]), (201, &json!("created")));
    let generated = server.ask("POST", "/fish/_doc", r#"{"name": "sole"}"#);
    assert_eq!((generated.0, generated.1["_id"].as_str().map(str::len)), (201, Some(20)));
    assert_eq!(server.complaints(), Vec::<String>::new());
}

#[test]
fn conditions_and_outer_versions() {
    let server = Server::start();
    server.ok("PUT", "/fish/_doc/1", "{}");
    let stale = server.ask("PUT", "/fish/_doc/1?if_seq_no=5&if_primary_term=1", "{}");
    assert_eq!(error(&stale), (409, "version_conflict_engine_exception"));
    server.ok("PUT", "/fish/_doc/1?if_seq_no=0&if_primary_term=1", "{}");
    assert_eq!(server.ask("DELETE", "/fish/_doc/1?if_seq_no=0&if_primary_term=1", "").0, 409);
    let outer = server.ok("PUT", "/fish/_doc/2?version=40&version_type=external", "{}");
    assert_eq!(outer["_version"], 40);
    assert_eq!(server.ask("PUT", "/fish/_doc/2?version=40&version_type=external", "{}").0, 409);
    server.ok("PUT", "/fish/_doc/2?version=40&version_type=external_gte", "{}");
    server.ok("DELETE", "/fish/_doc/2?version=41&version_type=external", "");
    let late = server.ask("PUT", "/fish/_doc/2?version=40&version_type=external", "{}");
    assert_eq!(late.0, 409, "an old version does not bring a deleted document back: {late:?}");
}

#[test]
fn bulk_answers_item_by_item_and_a_bad_one_spoils_only_itself() {
    let server = Server::start();
    server.ok("PUT", "/fish", r#"{"mappings": {"properties": {"length": {"type": "integer"}}}}"#);
    let lines = [
        r#"{"index": {"_id": "1"}}"#,
        r#"{"length": 1}"#,
        r#"{"create": {"_id": "1"}}"#,
        r#"{"length": 2}"#,
        r#"{"index": {"_id": "2"}}"#,
        r#"{"length": "long"}"#,
        r#"{"update": {"_id": "1"}}"#,
        r#"{"doc": {"name": "eel"}}"#,
        r#"{"index": {"_id": "3"}}"#,
        r#"{"length": "#,
        r#"{"delete": {"_id": "9"}}"#,
        r#"{"index": {"_id": "4", "_index": "Upper"}}"#,
        r#"{}"#,
        r#"{"create": {"_id": "5"}}"#,
        r#"{"length": 5}"#,
    ];
    let answer = server.ok("POST", "/fish/_bulk?refresh=true", &(lines.join("\n") + "\n"));
    assert_eq!(answer["errors"], true);
    let items = answer["items"].as_array().expect("items");
    let statuses: Vec<u64> = items
        .iter()
        .map(|item| {
            item.as_object().expect("an item").values().next().expect("one")["status"].as_u64().expect("a status")
        })
        .collect();
    assert_eq!(statuses, [201, 409, 400, 200, 400, 404, 400, 201], "{answer}");
    assert_eq!(found(&server, "fish"), 2);
    let docs = server.ok("POST", "/fish/_mget", r#"{"ids": ["1", "2", "5"]}"#);
    let sources: Vec<Option<&Value>> =
        docs["docs"].as_array().expect("docs").iter().map(|doc| doc.get("_source")).collect();
    assert_eq!(sources, [Some(&json!({"length": 1, "name": "eel"})), None, Some(&json!({"length": 5}))]);
}

#[test]
fn searches_see_what_a_refresh_has_shown() {
    let server = Server::start();
    server.ok("PUT", "/fish", r#"{"settings": {"refresh_interval": -1}}"#);
    server.ok("PUT", "/fish/_doc/1", "{}");
    assert_eq!(found(&server, "fish"), 0, "not before a refresh");
    assert_eq!(server.ask("GET", "/fish/_doc/1", "").0, 200, "but by its id");
    assert_eq!(server.ask("GET", "/fish/_doc/1?realtime=false", "").0, 404);
    server.ok("POST", "/fish/_refresh", "");
    assert_eq!(found(&server, "fish"), 1);
    let forced = server.ok("PUT", "/fish/_doc/2?refresh=true", "{}");
    assert_eq!(forced["forced_refresh"], true);
    assert_eq!(found(&server, "fish"), 2);
    server.ok("DELETE", "/fish/_doc/2", "");
    assert_eq!(found(&server, "fish"), 2, "deletions too wait for a refresh");
    server.ok("PUT", "/fish/_settings", r#"{"refresh_interval": "200ms"}"#);
    server.ok("PUT", "/fish/_doc/3?refresh=wait_for", "{}");
    assert_eq!(found(&server, "fish"), 2, "one more, one less");
}

#[test]
fn of_many_clients_each_sees_what_it_refreshed() {
    let server = Server::start();
    server.ok("PUT", "/fish", r#"{"settings": {"refresh_interval": -1, "number_of_shards": 2}}"#);
    std::thread::scope(|scope| {
        for client in 0..4 {
            let server = &server;
            scope.spawn(move || {
                for number in 0..40 {
                    let id = format!("{client}-{number}");
                    server.ok("PUT", &format!("/fish/_doc/{id}?refresh=true"), "{}");
                    let query = json!({"query": {"ids": {"values": [id]}}}).to_string();
                    assert_eq!(server.ok("POST", "/fish/_count", &query)["count"], 1, "{id}");
                }
            });
        }
    });
}

#[test]
fn a_restart_keeps_mappings_settings_and_aliases() {
    let mut server = Server::start();
    let made = json!({
        "settings": {"number_of_shards": 2, "refresh_interval": "5s", "analysis": {"analyzer": {"mine": {"tokenizer": "whitespace"}}}},
        "mappings": {"properties": {"name": {"type": "text", "analyzer": "mine"}}},
        "aliases": {"small": {"filter": {"range": {"length": {"lt": 10}}}}, "all": {"is_write_index": true}}
    });
    server.ok("PUT", "/fish", &made.to_string());
    server.ok("PUT", "/other", "");
    server.ok("PUT", "/all/_doc/1?refresh=true", r#"{"length": 3, "home": {"sea": "north"}}"#);
    server.ok(
        "POST",
        "/_aliases",
        r#"{"actions": [{"add": {"index": "other", "alias": "more"}}, {"remove": {"index": "fish", "alias": "all"}}]}"#,
    );
    server.ok("PUT", "/fish/_settings", r#"{"index": {"max_result_window": 77}}"#);
    server.ok("PUT", "/gone", "");
    server.ok("DELETE", "/gone", "");
    let before = server.ok("GET", "/fish,other", "");
    assert_eq!(before["fish"]["mappings"]["properties"]["length"]["type"], "long", "{before}");
    for kill in [true, false] {
        if kill {
            server.kill()
        } else {
            assert!(server.stop().success())
        }
        server.restart();
        assert_eq!(server.ok("GET", "/fish,other", ""), before);
        assert_eq!(server.ask("HEAD", "/gone", "").0, 404);
        assert_eq!(found(&server, "small"), 1);
        assert_eq!(server.ask("GET", "/all/_count", "").0, 404, "a removed alias stays removed");
    }
    assert_eq!(server.complaints(), Vec::<String>::new());
}
