//! Input that is broken or meant to break: a clear answer for each, nothing half-applied, memory that stays bounded, a node that lives on.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use super::server::Server;

const PATIENCE: Duration = Duration::from_secs(60);
/// Of the process, in bytes: all of this file's attacks together do not make it larger.
const MEMORY: u64 = 900 << 20;

/// Sends bytes as they are, piece by piece, and reads until the connection ends. A server may answer and close before all is sent.
fn raw(server: &Server, pieces: impl Iterator<Item = Vec<u8>>) -> (u16, String) {
    let mut stream = TcpStream::connect(server.url().trim_start_matches("http://")).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time");
    stream.set_write_timeout(Some(PATIENCE)).expect("a time");
    for piece in pieces {
        if stream.write_all(&piece).is_err() {
            break;
        }
    }
    let mut bytes = Vec::new();
    // The end may be a reset, after the answer.
    let _ = stream.read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let status = text.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
    (status, text)
}

fn head(method: &str, target: &str, framing: &str) -> Vec<u8> {
    let kind = if target.contains("_bulk") { "application/x-ndjson" } else { "application/json" };
    format!("{method} {target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: {kind}\r\n{framing}\r\n\r\n")
        .into_bytes()
}

/// A request with a body that need not be text.
fn bytes(server: &Server, method: &str, target: &str, body: &[u8]) -> (u16, String) {
    let head = head(method, target, &format!("content-length: {}", body.len()));
    raw(server, [head, body.to_vec()].into_iter())
}

/// A request whose body is made while it is sent.
fn chunked(server: &Server, method: &str, target: &str, pieces: impl Iterator<Item = Vec<u8>>) -> (u16, String) {
    let framed = pieces.map(|piece| [format!("{:x}\r\n", piece.len()).as_bytes(), &piece, b"\r\n"].concat());
    let head = std::iter::once(head(method, target, "transfer-encoding: chunked"));
    raw(server, head.chain(framed).chain(std::iter::once(b"0\r\n\r\n".to_vec())))
}

fn megabytes(count: usize) -> impl Iterator<Item = Vec<u8>> {
    std::iter::repeat_n(vec![b'a'; 1 << 20], count)
}

/// The most memory that the process has had.
fn peak(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) << 10
}

/// It lives, it still has its one document, and no other.
fn lives_on(server: &Server) {
    server.ok("POST", "/reef/_refresh", "");
    assert_eq!(server.ok("GET", "/reef/_count", "")["count"], 1);
    assert_eq!(server.ok("GET", "/reef/_source/1", ""), json!({"name": "coral", "depth": 3}));
    let mappings = server.ok("GET", "/reef/_mapping", "");
    let fields = mappings["reef"]["mappings"]["properties"].as_object().expect("fields");
    assert_eq!(fields.keys().collect::<Vec<_>>(), ["depth", "name"], "nothing half-applied");
    assert!(peak(server) < MEMORY, "{} MB", peak(server) >> 20);
    assert_eq!(server.complaints(), Vec::<String>::new());
}

fn reef() -> Server {
    let server = Server::start();
    let mappings = json!({"mappings": {"properties": {"name": {"type": "keyword"}, "depth": {"type": "integer"}}}});
    server.ok("PUT", "/reef", &mappings.to_string());
    server.ok("PUT", "/reef/_doc/1?refresh=true", r#"{"name": "coral", "depth": 3}"#);
    server
}

fn refused(server: &Server, method: &str, target: &str, body: &[u8], what: &str) {
    let (status, answer) = bytes(server, method, target, body);
    let end: String = answer.chars().rev().take(600).collect::<Vec<_>>().into_iter().rev().collect();
    assert!((400..500).contains(&status), "{what}: {status} {end}");
    assert!(answer.contains("\"type\":") && answer.contains("\"reason\":"), "{what}: {end}");
}

#[test]
fn broken_json_and_text() {
    let server = reef();
    let broken: [(&str, &[u8]); 9] = [
        ("half a document", br#"{"name": "ee"#),
        ("half an object", br#"{"new": 1, "name": {"#),
        ("two documents", br#"{"new": 1} {"new": 2}"#),
        ("invalid UTF-8", b"{\"new\": \"\xff\xfe\xc3\x28\"}"),
        ("half a surrogate pair", br#"{"new": 1, "name": "\ud800"#),
        ("a control character", b"{\"new\": \"a\x01b\"}"),
        ("an array", br#"[{"new": 1}]"#),
        ("a wrong type", br#"{"new": 1, "depth": "deep"}"#),
        ("a number beyond all", br#"{"new": 1, "depth": 1e400}"#),
    ];
    for (what, body) in broken {
        refused(&server, "PUT", "/reef/_doc/2", body, what);
        assert_eq!(server.ask("GET", "/reef/_doc/2", "").0, 404, "{what}");
        if what != "an array" && !what.starts_with("a wrong") && !what.starts_with("a number") {
            refused(&server, "POST", "/reef/_search", body, what);
            refused(&server, "PUT", "/other", body, what);
        }
    }
    assert_eq!(server.ask("HEAD", "/other", "").0, 404);
    lives_on(&server);
}

#[test]
fn deep_nesting() {
    let server = reef();
    let nested = |open: &str, inner: &str, close: &str| [&open.repeat(10_000), inner, &close.repeat(10_000)].concat();
    refused(&server, "PUT", "/reef/_doc/2", nested(r#"{"new":"#, "1", "}").as_bytes(), "objects");
    refused(&server, "PUT", "/reef/_doc/2", format!(r#"{{"new":{}}}"#, nested("[", "1", "]")).as_bytes(), "arrays");
    for (open, close) in
        [(r#"{"bool":{"must":"#, "}}"), (r#"{"bool":{"should":["#, "]}}"), (r#"{"constant_score":{"filter":"#, "}}")]
    {
        let query = format!(r#"{{"query":{}}}"#, nested(open, r#"{"match_all":{}}"#, close));
        refused(&server, "POST", "/reef/_search", query.as_bytes(), open);
    }
    let string = nested("(", "coral", ")");
    for kind in ["query_string", "simple_query_string"] {
        let (status, answer) =
            server.ask("POST", "/reef/_search", &json!({"query": {(kind): {"query": string}}}).to_string());
        // simple_query_string never fails for syntax.
        assert!(status == 400 || (status == 200 && kind == "simple_query_string"), "{kind}: {status} {answer}");
    }
    let mapping = format!(r#"{{"mappings":{}}}"#, nested(r#"{"properties":{"a":"#, r#"{"type":"text"}"#, "}}"));
    refused(&server, "PUT", "/other", mapping.as_bytes(), "a mapping");
    lives_on(&server);
}

#[test]
fn long_lines_and_bodies() {
    let server = reef();
    let around = |start: &str, end: &str| {
        let (start, end) = (start.as_bytes().to_vec(), end.as_bytes().to_vec());
        std::iter::once(start).chain(megabytes(110)).chain(std::iter::once(end))
    };
    let check = |what: &str, (status, answer): (u16, String)| {
        assert!((400..500).contains(&status), "{what}: {status} {}", &answer[..answer.len().min(600)]);
    };
    check("a document", chunked(&server, "PUT", "/reef/_doc/2", around(r#"{"new":""#, "\"}")));
    check("a search", chunked(&server, "POST", "/reef/_search", around(r#"{"query":{"term":{"name":""#, "\"}}}")));
    check(
        "a length announced",
        raw(&server, std::iter::once(head("PUT", "/reef/_doc/2", "content-length: 99999999999"))),
    );
    // Of a bulk, what came before a line that is too long stays, as each item is for itself; this one begins with it.
    let line = around("{\"index\":{\"_id\":\"2\"}}\n{\"new\":\"", "\"}\n");
    let (status, answer) = chunked(&server, "POST", "/reef/_bulk", line);
    assert!(
        (400..500).contains(&status) || answer.contains("\"errors\":true"),
        "{status} {}",
        &answer[..answer.len().min(600)]
    );
    check("a line without an end", chunked(&server, "POST", "/reef/_bulk", megabytes(110)));
    eprintln!("peak {} MB", peak(&server) >> 20);
    lives_on(&server);
}

#[test]
fn queries_that_ask_too_much() {
    let server = reef();
    let clauses: Vec<Value> = (0..20_000).map(|n| json!({"term": {"name": format!("n{n}")}})).collect();
    let terms: Vec<String> = (0..70_000).map(|n| format!("n{n}")).collect();
    let words = (0..20_000).map(|n| format!("n{n}")).collect::<Vec<_>>().join(" ");
    let queries = [
        json!({"query": {"match_all": {}}, "from": 10_000, "size": 1}),
        json!({"query": {"match_all": {}}, "from": 0, "size": 2_000_000_000}),
        json!({"query": {"match_all": {}}, "from": -1}),
        json!({"query": {"match_all": {}}, "size": -2}),
        json!({"query": {"bool": {"should": clauses}}}),
        json!({"query": {"terms": {"name": terms}}}),
        json!({"query": {"query_string": {"query": words, "default_field": "name"}}}),
        json!({"query": {"regexp": {"name": "((((a{1,100}){1,100}){1,100}){1,100})"}}}),
        json!({"query": {"regexp": {"name": "a".repeat(5_000)}}}),
        json!({"query": {"regexp": {"name": "[a"}}}),
        json!({"query": {"range": {"depth": {"gte": "deep"}}}}),
        json!({"query": {"term": {"depth": {"value": [1, 2]}}}}),
        json!({"query": {"match": 7}}),
        json!({"query": {"nothing_such": {}}}),
        json!({"query": [], "size": 1}),
        json!({"sort": [{"name": {"order": "sideways"}}]}),
        json!({"size": "many"}),
        json!({"search_after": [1, 2, 3], "sort": ["depth"]}),
    ];
    for query in queries {
        let body = query.to_string();
        refused(&server, "POST", "/reef/_search", body.as_bytes(), &body[..body.len().min(160)]);
    }
    // Whose automaton is exponential without a bound.
    for pattern in ["(a|b)*a(a|b){40}", "(.*a){30}", "((a|b)*c(a|b)*){20}d"] {
        let (status, answer) =
            server.ask("POST", "/reef/_search", &json!({"query": {"regexp": {"name": pattern}}}).to_string());
        assert!(status == 200 || status == 400, "{status} {answer}");
    }
    // What is wide but allowed is answered.
    for pattern in ["*".repeat(1_000) + "a", "?*".repeat(300), "*a*".repeat(200)] {
        let (status, answer) =
            server.ask("POST", "/reef/_search", &json!({"query": {"wildcard": {"name": pattern}}}).to_string());
        assert!(status == 200 || status == 400, "{status} {answer}");
    }
    lives_on(&server);
}

#[test]
fn garbage_instead_of_http() {
    let server = reef();
    let garbage: [&[u8]; 7] = [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"*1\r\n$4\r\nPING\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /reef/_bulk HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzzz\r\n",
        b"PUT /reef/_doc/2 HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ncontent-length: 7\r\n\r\n{}",
        b"GET /%zz%ff/_search HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
    ];
    for bytes in garbage {
        let mut stream = TcpStream::connect(server.url().trim_start_matches("http://")).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time");
        stream.write_all(bytes).expect("room to send");
        stream.shutdown(std::net::Shutdown::Write).expect("an end");
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let text = String::from_utf8_lossy(&answer);
        assert!(text.is_empty() || text.starts_with("HTTP/1.1 4"), "{bytes:?}: {text}");
    }
    let long = format!("GET /reef/_search?q={} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n", "a".repeat(1 << 20));
    let (status, text) = raw(&server, std::iter::once(long.into_bytes()));
    assert!((400..500).contains(&status), "{status} {text}");
    let headers = (0..100_000).map(|n| format!("x-{n}: {n}\r\n").into_bytes());
    let (status, _) = raw(&server, std::iter::once(b"GET / HTTP/1.1\r\nhost: a\r\n".to_vec()).chain(headers));
    assert!(status == 0 || (400..500).contains(&status), "{status}");
    // A body that ends early: the connection is gone, its document never was.
    let half = [head("PUT", "/reef/_doc/2", "content-length: 100"), b"{\"new\": 1".to_vec()];
    let mut stream = TcpStream::connect(server.url().trim_start_matches("http://")).expect("a connection");
    half.iter().for_each(|piece| stream.write_all(piece).expect("room to send"));
    drop(stream);
    assert_eq!(server.ask("GET", "/reef/_doc/2", "").0, 404);
    lives_on(&server);
}
