//! What takes longer than its index allows is told in the log.

use serde_json::json;

use super::server::Server;

fn lines(server: &Server, kind: &str) -> Vec<String> {
    server.log().lines().filter(|line| line.contains(kind)).map(str::to_owned).collect()
}

#[test]
fn searches_and_writes_above_their_thresholds_are_logged() {
    const QUERY: &str = "[index.search.slowlog.query]";
    const FETCH: &str = "[index.search.slowlog.fetch]";
    const INDEX: &str = "[index.indexing.slowlog.index]";
    // Shoal's own lines may be fewer: these are decided by their indexes.
    let server = Server::start_with(&["log.level=info"]);
    let settings = json!({"number_of_replicas": 0, "index.search.slowlog.threshold.query.warn": "0",
        "index.search.slowlog.threshold.fetch.trace": "0", "index.indexing.slowlog.threshold.index.debug": "0",
        "index.indexing.slowlog.source": 17});
    server.ok("PUT", "/slow", &json!({ "settings": settings }).to_string());
    server.ok("PUT", "/slow/_doc/1?refresh=true&routing=r", r#"{"title": "The old man and the sea"}"#);
    let [written] = lines(&server, INDEX).try_into().expect("one line");
    assert!(written.contains("DEBUG") && written.contains("id[1], routing[r]"), "{written}");
    assert!(written.ends_with(r#"source[{"title":"The old]"#), "{written}");

    server.ok("POST", "/slow/_search?routing=r", r#"{"query": {"match": {"title": "sea"}},  "stats": ["shore"]}"#);
    let [found] = lines(&server, QUERY).try_into().expect("one line");
    assert!(found.contains("WARN") && found.contains("[slow][0] took["), "{found}");
    let told = r#"total_hits[1 hits], stats[shore], search_type[QUERY_THEN_FETCH], total_shards[1], source[{"query":{"match":{"title":"sea"}},"stats":["shore"]}]"#;
    assert!(found.ends_with(told), "{found}");
    let [fetched] = lines(&server, FETCH).try_into().expect("one line");
    assert!(fetched.contains("TRACE") && fetched.contains("total_hits[1 hits]"), "{fetched}");

    // Less than the log is for, and less than anything takes.
    let settings = json!({"index.search.slowlog.level": "warn", "index.search.slowlog.threshold.query.warn": "1h",
        "index.indexing.slowlog.threshold.index.debug": "-1"});
    server.ok("PUT", "/slow/_settings", &settings.to_string());
    server.ok("PUT", "/slow/_doc/2?refresh=true", r#"{"title": "Deep sea"}"#);
    server.ok("POST", "/slow/_search", r#"{"query": {"match": {"title": "sea"}}}"#);
    assert_eq!([QUERY, FETCH, INDEX].map(|kind| lines(&server, kind).len()), [1, 1, 1]);
}
