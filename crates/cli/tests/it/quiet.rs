//! What happens in a shard that nobody writes to.

use serde_json::{Value, json};

use crate::nodes::until;
use crate::server::Server;

const SEGMENTS: &str = "/_cat/segments/films?format=json";

fn count(segments: &Value) -> usize {
    segments.as_array().expect("segments").len()
}

#[test]
fn it_becomes_one_segment_for_many_who_search() {
    let server = Server::start();
    server.ok("PUT", "/films", &json!({"settings": {"number_of_shards": 1, "refresh_interval": -1}}).to_string());
    for part in 0..3 {
        for n in 0..4 {
            server.ok("PUT", &format!("/films/_doc/{part}-{n}"), &json!({"title": format!("part {part}")}).to_string());
        }
        server.ok("POST", "/films/_flush", "");
        server.ok("POST", "/films/_refresh", "");
    }
    assert_eq!(count(&server.ok("GET", SEGMENTS, "")), 3);
    let found = || server.ok("POST", "/films/_search", &json!({"query": {"match": {"title": "part 2"}}}).to_string());
    let before = found();
    (0..100).for_each(|_| assert_eq!(found()["hits"], before["hits"]));
    until(&server, SEGMENTS, |segments| count(segments) == 1);
    assert_eq!(found()["hits"], before["hits"]);
}
