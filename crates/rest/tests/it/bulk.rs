//! `_bulk`: its lines, its batches, and what is wrong with them.

use model::write::{Action, Refresh};
use rest::http::Settings;

use crate::client::Server;

#[test]
fn all_four_actions() {
    let server = Server::start();
    let body = "{\"index\":{\"_id\":\"1\",\"routing\":\"r\"}}\r\n{\"a\":1}\r\n\n{\"create\":{\"_index\":\"g\"}}\n{}\n{\"delete\":{\"_id\":\"2\"}}\n{\"update\":{\"_id\":\"3\"}}\n{\"doc\":{}}\n{\"index\":{\"_index\":\"missing\"}}\n{}\n";
    let response = server.ask("POST", "/f/_bulk", body);
    let text = response.text();
    let (took, items) = text.split_once(",\"errors\":true,\"items\":").expect(&text);
    assert!(took.starts_with("{\"took\":"));
    let expected = concat!(
        r#"[{"index":{"_index":"f","_id":"1","_version":1,"result":"created","_shards":{"total":1,"successful":1,"failed":0},"_seq_no":0,"_primary_term":1,"status":201}},"#,
        r#"{"create":{"_index":"g","_id":"made","_version":1,"result":"created","_shards":{"total":1,"successful":1,"failed":0},"_seq_no":1,"_primary_term":1,"status":201}},"#,
        r#"{"delete":{"_index":"f","_id":"2","_version":1,"result":"not_found","_shards":{"total":1,"successful":1,"failed":0},"_seq_no":2,"_primary_term":1,"status":404}},"#,
        r#"{"update":{"_index":"f","_id":"3","_version":1,"result":"noop","_shards":{"total":1,"successful":1,"failed":0},"_seq_no":3,"_primary_term":1,"status":200}},"#,
        r#"{"index":{"_index":"missing","_id":null,"status":404,"error":{"type":"index_not_found_exception","reason":"no such index [missing]","index":"missing","resource.id":"missing","resource.type":"index_or_alias","index_uuid":"_na_"}}}]}"#,
    );
    assert_eq!(items, expected);
    let writes = server.gateway.writes.lock().unwrap();
    assert_eq!(writes[0].writes[0].action, Action::Index((*b"{\"a\":1}").into()), "without the carriage return");
    assert_eq!(writes[0].writes[0].routing.as_deref(), Some("r"));
}

#[test]
fn what_is_wrong_with_a_line_spoils_the_request() {
    let server = Server::start();
    let ok = "{\"index\":{\"_id\":\"1\"}}\n{}\n";
    for (body, expected) in [
        ("{\"replace\":{}}\n{}\n", "expected one of [create, delete, index, update] but found [replace]"),
        ("{}\n{}\n", "Malformed action/metadata line [3], expected FIELD_NAME but found [END_OBJECT]"),
        ("{\"index\":{\"_id\":\"1\"}}\n{}", "The bulk request must be terminated by a newline [\\\\n]"),
        ("{\"delete\":{}}\n", "1: id is missing;"),
        ("{\"update\":{\"_id\":\"1\"}}\n{}\n", "1: script or doc is missing;"),
        (
            "{\"create\":{\"_id\":\"1\",\"version\":3,\"version_type\":\"external\"}}\n{}\n",
            "create operations only support internal versioning",
        ),
        ("\u{1}\n", "json_parse_exception"),
    ] {
        server.refuses("POST /f/_bulk", &format!("{ok}{body}"), 400, expected);
    }
    server.refuses("POST /_bulk", ok, 400, "1: index is missing;");
    server.refuses("POST /_bulk", "\n\n", 400, "1: no requests added;");
    server.refuses("POST /_bulk", "", 400, "request body is required");
    server.refuses("GET /_bulk", "", 405, "allowed: [PUT, POST]");
    server.refuses("POST /f/_bulk?refresh=perhaps", ok, 400, "Unknown value for refresh: [perhaps].");
    let untyped = server.connect().ask("POST", "/f/_bulk", &[], ok.as_bytes());
    assert_eq!(untyped.status, 406);
    assert!(server.gateway.writes.lock().unwrap().is_empty(), "nothing was written");
}

#[test]
fn what_is_wrong_with_a_write_spoils_its_item() {
    let server = Server::start();
    let body = "{\"index\":{\"_id\":\"\"}}\n{}\n{\"update\":{\"_id\":\"1\"}}\n{\"script\":{\"id\":\"x\"}}\n{\"index\":{\"_id\":\"2\",\"pipeline\":\"p\"}}\n{}\n{\"index\":{\"_id\":\"3\"}}\n{\"half\n{\"index\":{\"_id\":\"4\"}}\n{}\n";
    let path = "/f/_bulk?filter_path=items.*.status,items.*.error.reason";
    server.check(
        &format!("POST {path}"),
        body,
        200,
        concat!(
            r#"{"items":[{"index":{"status":400,"error":{"reason":"if _id is specified it must not be empty"}}},"#,
            r#"{"update":{"status":501,"error":{"reason":"stored script [x] is not implemented yet"}}},"#,
            r#"{"index":{"status":201}},{"index":{"status":400,"error":{"reason":"failed to parse"}}},"#,
            r#"{"index":{"status":201}}]}"#,
        ),
    );
    let writes = server.gateway.writes.lock().unwrap();
    let pipelines: Vec<Option<&str>> = writes[0].writes.iter().map(|write| write.pipeline.as_deref()).collect();
    assert_eq!(pipelines, [Some("p"), None, None]);
}

#[test]
fn a_long_request_is_written_in_batches() {
    let server = Server::with(Settings { max_content_length: 10_000, ..Settings::default() });
    let mut body = String::new();
    for number in 0..3000 {
        body += &format!("{{\"index\":{{\"_id\":\"{number}\"}}}}\n{{\"text\":\"{}\"}}\n", "x".repeat(number % 50));
    }
    let response = server.ask("POST", "/f/_bulk?refresh=true", &body);
    let answer: serde_json::Value = serde_json::from_slice(&response.body).unwrap();
    let items = answer["items"].as_array().unwrap();
    assert_eq!((items.len(), answer["errors"].as_bool()), (3000, Some(false)));
    for (number, item) in items.iter().enumerate() {
        assert_eq!(item["index"]["_seq_no"], number, "in order");
        assert_eq!(item["index"]["forced_refresh"], true);
    }
    let writes = server.gateway.writes.lock().unwrap();
    assert_eq!(writes.iter().map(|request| request.writes.len()).collect::<Vec<_>>(), [1024, 1024, 952]);
    assert!(writes.iter().all(|request| request.refresh == Refresh::Later));
    assert_eq!(server.gateway.refreshed.lock().unwrap()[0].names, ["f"], "once, at the end");
}

#[test]
fn a_late_mistake_is_said_although_the_client_still_sends() {
    let server = Server::start();
    let mut body = "{\"index\":{\"_id\":\"1\"}}\n{}\n".repeat(1024) + "nonsense\n";
    body += &"{\"index\":{\"_id\":\"1\"}}\n{}\n".repeat(200_000);
    server.refuses("POST /f/_bulk", &body, 400, "json_parse_exception");
    assert_eq!(server.gateway.writes.lock().unwrap().len(), 1, "what came before it was written");
}

#[test]
fn a_line_that_is_too_long() {
    let server = Server::with(Settings { max_content_length: 1 << 20, ..Settings::default() });
    let body = format!("{{\"index\":{{}}}}\n{{\"a\":\"{}\"}}\n", "x".repeat(2 << 20));
    server.refuses("POST /f/_bulk", &body, 413, "line [2] of the bulk request is longer than");
    let held = server.settings.counters.in_flight_bytes.load(std::sync::atomic::Ordering::Relaxed);
    assert_eq!(held, 0);
}

#[test]
fn a_line_of_a_hundred_megabytes_is_taken_or_refused() {
    let server =
        Server::with(Settings { max_content_length: 200 << 20, max_in_flight_bytes: 50 << 20, ..Settings::default() });
    let mut body = b"{\"index\":{}}\n".to_vec();
    body.resize(100 << 20, b'x');
    body.push(b'\n');
    let response = server.connect().ask("POST", "/f/_bulk", &[("content-type", "application/x-ndjson")], &body);
    assert_eq!(response.status, 429, "{}", response.text());
}

#[test]
fn it_comes_in_chunks_and_compressed() {
    let server = Server::start();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    for number in 0..500 {
        std::io::Write::write_all(&mut encoder, format!("{{\"delete\":{{\"_id\":\"{number}\"}}}}\n").as_bytes())
            .unwrap();
    }
    let zipped = encoder.finish().unwrap();
    let mut connection = server.connect();
    connection.send(b"POST /f/_bulk?filter_path=errors HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-ndjson\r\ncontent-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n");
    for chunk in zipped.chunks(7) {
        connection.send(format!("{:x}\r\n", chunk.len()).as_bytes());
        connection.send(chunk);
        connection.send(b"\r\n");
    }
    connection.send(b"0\r\n\r\n");
    let response = connection.read(false);
    assert_eq!((response.status, response.text().as_str()), (200, r#"{"errors":false}"#));
    assert_eq!(server.gateway.writes.lock().unwrap()[0].writes.len(), 500);
}

#[test]
fn a_request_needs_memory_for_a_batch_and_not_for_all() {
    let server = Server::with(Settings { max_in_flight_bytes: 12 << 20, ..Settings::default() });
    let line = format!("{{\"index\":{{\"_id\":\"1\"}}}}\n{{\"text\":\"{}\"}}\n", "x".repeat(4096));
    let times = 12_000;
    let mut connection = server.connect();
    let head = "POST /f/_bulk?filter_path=errors HTTP/1.1\r\nhost: x\r\ncontent-type: application/json";
    connection.send(format!("{head}\r\ncontent-length: {}\r\n\r\n", line.len() * times).as_bytes());
    for _ in 0..times {
        connection.send(line.as_bytes());
        // The fake gateway keeps what it gets.
        server.gateway.writes.lock().unwrap().clear();
    }
    let response = connection.read(false);
    assert_eq!((response.status, response.text().as_str()), (200, r#"{"errors":false}"#));
    assert_eq!(server.settings.counters.tripped.load(std::sync::atomic::Ordering::Relaxed), 0);
}
