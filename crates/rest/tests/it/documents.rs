//! Documents one by one: request to model, model to bytes.

use model::id::{PrimaryTerm, SeqNo, Version};
use model::search::SourceFilter;
use model::write::{Action, ActiveShards, Refresh, VersionType, Write, WriteRequest};

use crate::client::Server;

/// The one write that `server` was asked for last.
fn last(server: &Server) -> (WriteRequest, Write) {
    let request = server.gateway.writes.lock().unwrap().pop().expect("a write");
    let write = request.writes[0].clone();
    (request, write)
}

#[test]
fn index_with_every_parameter() {
    let server = Server::start();
    let path = "/f/_doc/%C3%BC%20b%2Fc?routing=r+1&refresh=wait_for&timeout=5s&wait_for_active_shards=all&require_alias=true\
        &version=7&version_type=external_gte&pipeline=_none&op_type=index";
    let response = server.ask("PUT", path, "{\"a\": 1}\n");
    assert_eq!(response.status, 201);
    assert_eq!(response.header("location"), Some("/f/_doc/%C3%BC+b%2Fc?routing=r+1"));
    let (request, write) = last(&server);
    assert_eq!((request.refresh, request.timeout_ms), (Refresh::WaitFor, 5000));
    assert_eq!(request.active_shards, Some(ActiveShards::All));
    assert_eq!((write.id.as_deref(), write.routing.as_deref()), (Some("ü b/c"), Some("r 1")));
    assert_eq!(write.condition.version, Some((Version(7), VersionType::ExternalGte)));
    assert!(write.require_alias);
    assert_eq!(write.action, Action::Index((*b"{\"a\": 1}\n").into()), "as it came");
}

#[test]
fn create_and_generated_ids() {
    let server = Server::start();
    server.check("POST /f/_doc?refresh",
        "{}",
        201,
        r#"{"_index":"f","_id":"made","_version":1,"result":"created","forced_refresh":true,"_shards":{"total":1,"successful":1,"failed":0},"_seq_no":0,"_primary_term":1}"#,
    );
    assert_eq!(last(&server).1.id, None);
    server.ask("POST", "/f/_create/1", "{}");
    assert!(matches!(last(&server).1.action, Action::Create(_)));
    server.ask("PUT", "/f/_doc/1?op_type=create", "{}");
    assert!(matches!(last(&server).1.action, Action::Create(_)));
    server.refuses("PUT /f/_doc/1?op_type=replace", "{}", 400, "opType must be 'create' or 'index', found: [replace]");
    server.refuses("PUT /f/_doc/1", "", 400, "request body is required");
    server.refuses("PUT /f/_doc/1?refresh=perhaps", "{}", 400, "Unknown value for refresh: [perhaps].");
    server.refuses(
        &format!("PUT /f/_doc/{}", "a".repeat(513)),
        "{}",
        400,
        "is too long, must be no longer than 512 bytes but was: 513",
    );
    server.refuses("PUT /missing/_doc/1", "{}", 404, "no such index [missing]");
}

#[test]
fn delete() {
    let server = Server::start();
    server.check("DELETE /f/_doc/1?if_seq_no=3&if_primary_term=1",
        "",
        404,
        r#"{"_index":"f","_id":"1","_version":1,"result":"not_found","_shards":{"total":1,"successful":1,"failed":0},"_seq_no":0,"_primary_term":1}"#,
    );
    assert_eq!(last(&server).1.condition.if_seq_no, Some((SeqNo(3), PrimaryTerm(1))));
}

#[test]
fn update() {
    let server = Server::start();
    let body = r#"{"doc":{"n":1},"upsert":{"n":2},"doc_as_upsert":false,"detect_noop":false,"_source":["n"]}"#;
    server.check("POST /f/_update/1?retry_on_conflict=3",
        body,
        200,
        r#"{"_index":"f","_id":"1","_version":1,"result":"noop","_shards":{"total":0,"successful":0,"failed":0},"_seq_no":0,"_primary_term":1}"#,
    );
    let (_, write) = last(&server);
    let Action::Update(update) = write.action else { panic!("an update") };
    assert_eq!(update.doc, Some(serde_json::json!({"n": 1})));
    assert_eq!((update.detect_noop, update.retry_on_conflict), (false, 3));
    assert_eq!(update.source.unwrap().includes, ["n"]);
    server.refuses("POST /f/_update/1", "{}", 400, "script or doc is missing");
    server.refuses("POST /f/_update/1", "", 400, "script or doc is missing");
    server.refuses("POST /f/_update/1", r#"{"dok":{}}"#, 400, "unknown field [dok] did you mean [doc]?");
    server.refuses("POST /f/_update/1", r#"{"doc":5}"#, 400, "doc doesn't support values of type: VALUE_NUMBER");
    server.refuses("POST /f/_update/1", r#"{"script":{"id":"x"}}"#, 404, "unable to find script [x]");
    server.refuses("POST /f/_update/1", r#"{"script":[]}"#, 400, "failed to parse field [script]");
    server.refuses("POST /f/_update/1", r#"{"script":"x","doc":{}}"#, 400, "can't provide both script and doc");
    server.refuses("POST /f/_update/1", "[]", 400, "Expected START_OBJECT but was: START_ARRAY");
    server.refuses("PUT /f/_update/1", "{}", 405, "allowed: [POST]");
}

#[test]
fn get_with_every_parameter() {
    let server = Server::start();
    server.check("GET /f/_doc/1", "", 404, r#"{"_index":"f","_id":"1","found":false}"#);
    server.ask("GET", "/f/_doc/1?routing=r&realtime=false&refresh=true&preference=p&stored_fields=_source,k&version=3&_source_excludes=x.*", "");
    let asked = server.gateway.gets.lock().unwrap().pop().unwrap();
    assert_eq!((asked.routing.as_deref(), asked.realtime, asked.refresh), (Some("r"), false, true));
    assert_eq!((asked.stored_fields, asked.version), (vec!["k".to_owned()], Some((Version(3), VersionType::Internal))));
    assert_eq!(asked.source, Some(SourceFilter { enabled: true, includes: vec![], excludes: vec!["x.*".into()] }));
    server.refuses("GET /f/_source/1", "", 404, "Document not found [f]/[1]");
    server.refuses(
        "GET /f/_doc/1?_source_include=title",
        "",
        400,
        "contains unrecognized parameter: [_source_include]",
    );
}

#[test]
fn mget_answers_one_by_one() {
    let server = Server::start();
    *server.gateway.source.lock().unwrap() = Some(b"{\"a\":1} // c".to_vec());
    let body = r#"{"docs":[{"_index":"missing","_id":"1"},{"_id":2,"routing":"r","_source":false,"version":4}]}"#;
    let text = server.ask("GET", "/f/_mget", body).text();
    assert!(
        text.starts_with(
            r#"{"docs":[{"_index":"missing","_id":"1","error":{"root_cause":[{"type":"index_not_found_exception""#
        ),
        "{text}"
    );
    assert!(text.ends_with("{\"_index\":\"f\",\"_id\":\"2\",\"_version\":2,\"_seq_no\":7,\"_primary_term\":1,\"found\":true,\"_source\":{\"a\":1} // c\n}]}"), "{text}");
    server.refuses("GET /_mget", r#"{"ids":["1"]}"#, 400, "index is missing for doc 0");
    server.refuses("GET /f/_mget", r#"{"docs":[{}]}"#, 400, "id is missing for doc 0");
    server.refuses("GET /f/_mget", "{}", 400, "no documents to get");
    server.refuses("GET /f/_mget", "", 400, "request body or source parameter is required");
    server.refuses(
        "GET /f/_mget",
        r#"{"idds":[]}"#,
        400,
        "unknown key [idds] for a START_ARRAY, expected [docs] or [ids]",
    );
    server.refuses("GET /f/_mget", r#"{"docs":["1"]}"#, 400, "docs array element should include an object");
    server.refuses("GET /f/_mget", r#"{"docs":[{"_id":"1","colour":"red"}]}"#, 400, "unknown field [colour]");
}
