//! Fields of hashes that expire: they leave the indexes that they are in, on a node that was killed meanwhile too.

use serde_json::json;

use super::client::Client;
use super::connections::until;
use super::start;

#[test]
fn redis_fields_that_expire_leave_their_indexes_whatever_happens_to_the_node() {
    let mut server = start(&["resp.appendfsync=always"]);
    let mut client = Client::connect(&server);
    assert_eq!(client.say("FT.CREATE i PREFIX 1 d: SCHEMA t TEXT n NUMERIC"), "OK");
    for number in 1..=3 {
        assert_eq!(client.say(&format!("HSET d:{number} t hello n {number}")), 2);
    }
    assert_eq!(client.say("HPEXPIRE d:1 300 FIELDS 1 t"), json!([1]));
    assert_eq!(client.say("HPEXPIRE d:2 300 FIELDS 2 t n"), json!([1, 1]));
    assert_eq!(client.say("HEXPIREAT d:3 4102444800 FIELDS 1 t"), json!([1]));
    until(&mut client, "FT.SEARCH i hello NOCONTENT", &json!([1, "d:3"]));
    until(&mut client, "FT.SEARCH i * NOCONTENT SORTBY n", &json!([2, "d:1", "d:3"]));
    assert_eq!(client.say("HGETALL d:1"), json!(["n", "1"]));
    assert_eq!(client.say("EXISTS d:2"), 0);
    until(&mut client, "DBSIZE", &json!(2));

    server.kill();
    server.restart();
    let mut client = Client::connect(&server);
    until(&mut client, "HEXPIRETIME d:3 FIELDS 2 t n", &json!([4_102_444_800_i64, -1]));
    until(&mut client, "HPEXPIRE d:3 300 FIELDS 1 t", &json!([1]));

    // Its time comes while nobody is there, or soon after: the next start finds out.
    server.kill();
    server.restart();
    let mut client = Client::connect(&server);
    until(&mut client, "FT.SEARCH i hello NOCONTENT", &json!([0]));
    until(&mut client, "HGETALL d:3", &json!(["n", "3"]));
}
