//! What is the same for every endpoint: paths, methods, types, formats, limits, connections.

use std::io::Write;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rest::http::{Settings, Timeouts};

use crate::client::Server;

const JSON: (&str, &str) = ("content-type", "application/json");

#[test]
fn root_says_who_is_there() {
    let server = Server::start();
    let response = server.ask("GET", "/", "");
    let body: serde_json::Value = serde_json::from_slice(&response.body).unwrap();
    assert_eq!((body["cluster_name"].as_str(), body["version"]["number"].as_str()), (Some("reef"), Some("3.4.0")));
    assert_eq!(response.header("content-type"), Some("application/json; charset=UTF-8"));
    assert_eq!(response.header("x-opensearch-version"), Some("OpenSearch/3.4.0 (opensearch)"));
}

#[test]
fn unknown_paths_and_methods() {
    let server = Server::start();
    server.check("GET /x/y?a=1", "", 400, r#"{"error":"no handler found for uri [/x/y] and method [GET]"}"#);
    server.check("GET /a//_search", "", 400, r#"{"error":"no handler found for uri [/a//_search] and method [GET]"}"#);
    server.check("GET /%zz", "", 400, r#"{"error":"invalid uri has been requested"}"#);
    let response = server.ask("DELETE", "/films/_search", "");
    assert_eq!((response.status, response.header("allow")), (405, Some("GET,POST")));
    assert_eq!(
        response.text(),
        r#"{"error":"Incorrect HTTP method for uri [/films/_search] and method [DELETE], allowed: [GET, POST]","status":405}"#
    );
    let options = server.ask("OPTIONS", "/films/_bulk", "");
    assert_eq!((options.status, options.header("allow"), options.body.len()), (200, Some("PUT,POST"), 0));
    server.refuses("GET /_search?q=%zz", "", 400, "bad_parameter_exception");
    server.refuses("GET /_x/_search", "", 400, "Invalid index name [_x], must not start with '_'.");
}

#[test]
fn what_is_missing_is_named() {
    let server = Server::start();
    for (method, path) in [("PUT", "/_cluster/routing/awareness/zone/weights"), ("GET", "/_nodes/usage")] {
        server.refuses(&format!("{method} {path}"), "", 501, "not_implemented_exception");
    }
    server.refuses("GET /_search?verbose_pipeline=true", "", 501, "[verbose_pipeline] of a search");
}

#[test]
fn unknown_parameters_are_refused_everywhere() {
    let server = Server::start();
    for (method, path) in [
        ("GET", "/"),
        ("GET", "/films/_doc/1"),
        ("GET", "/films/_source/1"),
        ("PUT", "/films/_doc/1"),
        ("PUT", "/films/_create/1"),
        ("DELETE", "/films/_doc/1"),
        ("GET", "/films/_search"),
        ("GET", "/films/_count"),
        ("GET", "/films/_validate/query"),
        ("GET", "/films/_explain/1"),
        ("POST", "/films/_bulk"),
    ] {
        let body = if method == "GET" { "" } else { "{}" };
        server.refuses(&format!("{method} {path}?no_such=1"), body, 400, "contains unrecognized parameter: [no_such]");
    }
    assert!(server.gateway.writes.lock().unwrap().is_empty(), "nothing was done");
}

#[test]
fn content_types() {
    let server = Server::start();
    let put = |headers: &[(&str, &str)]| server.connect().ask("PUT", "/films/_doc/1", headers, b"{}");
    let refused = put(&[("content-type", "text/plain")]);
    assert_eq!(refused.status, 406);
    assert_eq!(refused.text(), r#"{"error":"Content-Type header [text/plain] is not supported","status":406}"#);
    assert_eq!(put(&[]).text(), r#"{"error":"Content-Type header [] is not supported","status":406}"#);
    assert!(put(&[("content-type", "")]).text().contains("content_type_header_exception"));
    assert_eq!(put(&[("content-type", "application/cbor")]).status, 501);
    assert_eq!(put(&[("content-type", "Application/JSON; charset=utf-8")]).status, 201);
    assert_eq!(put(&[JSON, ("content-encoding", "br")]).status, 415);
    // Without a body nothing needs a type.
    assert_eq!(server.connect().ask("GET", "/", &[("content-type", "text/plain")], b"").status, 200);
}

#[test]
fn forms_of_an_answer() {
    let server = Server::start();
    *server.gateway.source.lock().unwrap() = Some(br#"{"a": 1.50, "big":99999999999999999999}"#.to_vec());
    let head = r#"{"_index":"f","_id":"1","_version":2,"_seq_no":7,"_primary_term":1,"found":true,"_source":"#;
    server.check("GET /f/_doc/1", "", 200, &format!("{head}{}}}", r#"{"a": 1.50, "big":99999999999999999999}"#));
    server.check("GET /f/_doc/1?filter_path=_source.big", "", 200, r#"{"_source":{"big":99999999999999999999}}"#);
    server.check("GET /f/_doc/1?filter_path=-_source,-_*", "", 200, r#"{"found":true}"#);
    server.check("GET /f/_doc/1?pretty&filter_path=found", "", 200, "{\n  \"found\" : true\n}\n");
    let yaml = server.ask("GET", "/f/_doc/1?format=yaml&filter_path=_id,found", "");
    assert_eq!(
        (yaml.text().as_str(), yaml.header("content-type")),
        ("---\n_id: \"1\"\nfound: true\n", Some("application/yaml"))
    );
    server.refuses("GET /f/_doc/1?format=cbor", "", 501, "cbor");
    server.refuses("GET /f/_doc/1?pretty=maybe", "", 400, "Failed to parse value [maybe]");
    // Errors are not filtered.
    server.refuses("GET /missing/_doc/1?filter_path=status", "", 404, r#""type":"index_not_found_exception""#);
}

#[test]
fn head_keeps_the_connection() {
    let server = Server::start();
    let mut connection = server.connect();
    let missing = connection.ask("HEAD", "/f/_doc/1", &[], b"");
    assert_eq!((missing.status, missing.header("content-length")), (404, Some("38")));
    *server.gateway.source.lock().unwrap() = Some(b"{}".to_vec());
    assert_eq!(connection.ask("HEAD", "/f/_doc/1", &[], b"").status, 200);
    assert_eq!(connection.ask("HEAD", "/missing/_doc/1", &[], b"").status, 404);
    assert_eq!(connection.ask("GET", "/f/_source/1", &[("x-opaque-id", "q")], b"").header("x-opaque-id"), Some("q"));
    assert_eq!(server.settings.counters.total_opened.load(Ordering::Relaxed), 1);
    assert_eq!(server.settings.counters.requests.load(Ordering::Relaxed), 4);
}

#[test]
fn bodies_that_are_too_large() {
    let server = Server::with(Settings { max_content_length: 1000, ..Settings::default() });
    let large = format!(r#"{{"a":"{}"}}"#, "x".repeat(2000));
    let refused = server.connect().ask("PUT", "/f/_doc/1", &[JSON], large.as_bytes());
    assert_eq!((refused.status, refused.body.len()), (413, 0));
    // What it is when it is decompressed counts.
    let zipped = gzip(large.as_bytes());
    assert!(zipped.len() < 200);
    let headers = [JSON, ("content-encoding", "gzip")];
    assert_eq!(server.connect().ask("PUT", "/f/_doc/1", &headers, &zipped).status, 413);
    let small = gzip(br#"{"a":1}"#);
    assert_eq!(server.connect().ask("PUT", "/f/_doc/1", &headers, &small).status, 201);
    assert_eq!(server.connect().ask("PUT", "/f/_doc/1", &headers, b"no gzip").status, 400);
    assert_eq!(server.settings.counters.in_flight_bytes.load(Ordering::Relaxed), 0);
}

#[test]
fn too_much_in_flight_is_refused() {
    let server = Server::with(Settings { max_in_flight_bytes: 1000, ..Settings::default() });
    let large = format!(r#"{{"a":"{}"}}"#, "x".repeat(2000));
    server.refuses("PUT /f/_doc/1", &large, 429, "circuit_breaking_exception");
    server.refuses("PUT /f/_doc/1", &large, 429, r#""durability":"TRANSIENT""#);
    assert_eq!(server.ask("PUT", "/f/_doc/1", "{}").status, 201);
    assert_eq!(server.settings.counters.in_flight_bytes.load(Ordering::Relaxed), 0);
    assert_eq!(server.settings.counters.tripped.load(Ordering::Relaxed), 2);
}

#[test]
fn answers_are_compressed_where_that_is_asked_for() {
    let server = Server::start();
    let text = format!(r#"{{"a":"{}"}}"#, "x".repeat(2000));
    *server.gateway.source.lock().unwrap() = Some(text.clone().into_bytes());
    let response = server.connect().ask("GET", "/f/_source/1", &[("accept-encoding", "gzip")], b"");
    assert_eq!(response.header("content-encoding"), Some("gzip"));
    let mut plain = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&response.body[..]), &mut plain).unwrap();
    assert_eq!(plain, text);
}

#[test]
fn a_client_that_goes_away_cancels_its_request() {
    let server = Server::start();
    server.gateway.hang.store(true, Ordering::SeqCst);
    let mut connection = server.connect();
    connection.send(b"GET /f/_search HTTP/1.1\r\nhost: x\r\n\r\n");
    eventually(|| server.gateway.searches.lock().unwrap().len() == 1);
    drop(connection);
    eventually(|| server.gateway.cancelled.load(Ordering::SeqCst) == 1);
    eventually(|| server.settings.counters.open.load(Ordering::Relaxed) == 0);
}

#[test]
fn a_stop_waits_for_what_runs_but_not_for_ever() {
    let mut server = Server::with(Settings { drain: Duration::from_millis(300), ..Settings::default() });
    server.gateway.hang.store(true, Ordering::SeqCst);
    let mut connection = server.connect();
    connection.send(b"GET /f/_search HTTP/1.1\r\nhost: x\r\n\r\n");
    eventually(|| server.gateway.searches.lock().unwrap().len() == 1);
    let began = Instant::now();
    server.stop();
    server.ended.recv_timeout(Duration::from_secs(10)).unwrap();
    assert!(began.elapsed() >= Duration::from_millis(300));
}

#[test]
fn no_bytes_break_the_server() {
    let server = Server::start();
    let deep = "[".repeat(10_000);
    server.refuses("POST /f/_search", &format!(r#"{{"query":{deep}"#), 400, "Nesting is deeper");
    server.refuses("POST /f/_msearch", &format!("{{}}\n{{\"query\":{deep}\n"), 400, "Nesting is deeper");
    server.refuses("POST /_mget", &deep, 400, "Nesting is deeper");
    let invalid = server.connect().ask("POST", "/f/_search", &[JSON], b"{\"query\":\"\xff\xfe\"}");
    assert!(invalid.status == 400 && invalid.text().contains("Invalid UTF-8"));
    for path in [
        "/%00",
        "/f/_doc/%00",
        "/f/_doc/%ff%fe",
        "/f/_doc/%F0%9F%98%80",
        "/%2e%2e/_doc/%2f",
        "/f/_doc/a;b?x;y&&=&==%20",
    ] {
        let status = server.ask("GET", path, "").status;
        assert!((400..500).contains(&status), "{path}: {status}");
    }
    assert_eq!(server.ask("GET", "/", "").status, 200);
}

fn eventually(holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(10), "it never came to be");
        std::thread::yield_now();
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Times out after a moment in every way there is.
fn impatient() -> Settings {
    let moment = Duration::from_millis(200);
    Settings { timeouts: Timeouts { header: moment, idle: moment, stall: moment }, ..Settings::default() }
}

#[test]
fn a_head_that_comes_drop_by_drop_is_not_waited_for() {
    let server = Server::with(impatient());
    let open = || server.settings.counters.open.load(Ordering::Relaxed);
    let mut connections: Vec<_> = (0..20).map(|_| server.connect()).collect();
    eventually(|| open() == 20);
    let began = Instant::now();
    while open() > 0 {
        assert!(began.elapsed() < Duration::from_secs(20), "{} are still open", open());
        // Who is cut off cannot send any more.
        connections.retain_mut(|connection| connection.try_send(b"x: y\r\n").is_ok());
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(server.ask("GET", "/", "").status, 200);
}

#[test]
fn a_connection_is_closed_when_nothing_is_asked_but_not_while_a_request_runs() {
    let server = Server::with(impatient());
    let open = || server.settings.counters.open.load(Ordering::Relaxed);
    let mut idle = server.connect();
    assert_eq!(idle.ask("GET", "/", &[], b"").status, 200);
    eventually(|| open() == 0);
    server.gateway.hang.store(true, Ordering::SeqCst);
    let mut busy = server.connect();
    busy.send(b"GET /f/_search HTTP/1.1\r\nhost: x\r\n\r\n");
    eventually(|| server.gateway.searches.lock().unwrap().len() == 1);
    std::thread::sleep(3 * server.settings.timeouts.idle);
    assert_eq!((open(), server.gateway.cancelled.load(Ordering::SeqCst)), (1, 0));
}

#[test]
fn a_body_that_stops_is_refused_and_an_answer_that_nobody_reads_is_given_up() {
    let server = Server::with(impatient());
    let mut halted = server.connect();
    halted.send(
        b"PUT /f/_doc/1 HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{\"a\":",
    );
    let answer = halted.read(false);
    assert!(answer.status == 400 && answer.text().contains("nothing came of the request body"), "{}", answer.text());
    *server.gateway.source.lock().unwrap() = Some(vec![b'x'; 64 << 20]);
    let mut deaf = server.connect();
    deaf.send(b"GET /f/_source/1 HTTP/1.1\r\nhost: x\r\n\r\n");
    eventually(|| server.settings.counters.requests.load(Ordering::Relaxed) == 2);
    eventually(|| server.settings.counters.open.load(Ordering::Relaxed) == 0);
}

#[test]
fn connections_beyond_the_limit_are_told_so() {
    let server = Server::with(Settings { max_connections: 2, ..Settings::default() });
    let held = [server.connect(), server.connect()];
    eventually(|| server.settings.counters.open.load(Ordering::Relaxed) == 2);
    let refused = server.connect().read(false);
    assert!(refused.status == 503 && refused.text().contains("too many connections"), "{}", refused.text());
    drop(held);
    eventually(|| server.settings.counters.open.load(Ordering::Relaxed) == 0);
    assert_eq!(server.ask("GET", "/", "").status, 200);
}
