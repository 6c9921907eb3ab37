//! The same documents in indexes of 1, 3 and 8 shards answer alike: totals, order, scores, sort values, page by page.

use serde_json::{Value, json};

use super::server::Server;

const DOCS: u64 = 500;
const SHARDS: [u64; 3] = [1, 3, 8];

/// Xorshift, so that every run makes the same documents.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    /// Low numbers often, high ones seldom, as words come.
    fn word(&mut self) -> String {
        let at = self.below(60) * self.below(60) / 60;
        format!("w{at}")
    }

    fn words(&mut self, count: u64) -> String {
        (0..count).map(|_| self.word()).collect::<Vec<_>>().join(" ")
    }
}

fn document(number: u64, dice: &mut Dice) -> Value {
    let (title, body) = (1 + dice.below(4), 3 + dice.below(40));
    let mut document = json!({
        "title": dice.words(title), "body": dice.words(body), "number": number, "price": dice.below(1000) as f64 / 8.0,
        "stock": dice.below(12), "tags": [format!("t{}", dice.below(5)), format!("t{}", dice.below(9))],
        "day": format!("2024-{:02}-{:02}T10:00:00Z", 1 + dice.below(12), 1 + dice.below(28)), "sold": dice.below(2) == 0,
        "home": format!("10.0.{}.{}", dice.below(4), dice.below(250))
    });
    if dice.below(5) == 0 {
        document["rare"] = json!(format!("r{}", dice.below(3)));
    }
    document
}

/// The same documents everywhere; how they came, in which batches, refreshed and flushed when, differs.
fn fill(server: &Server) {
    let mappings = json!({"properties": {"tags": {"type": "keyword"}, "rare": {"type": "keyword"}, "home": {"type": "ip"},
        "title": {"type": "text"}, "body": {"type": "text"}}});
    for shards in SHARDS {
        let index = json!({"settings": {"number_of_shards": shards, "refresh_interval": -1}, "mappings": mappings});
        server.ok("PUT", &format!("/s{shards}"), &index.to_string());
        let mut dice = Dice(42);
        let mut lines = String::new();
        for number in 0..DOCS {
            let document = document(number, &mut dice);
            lines += &format!("{}\n{document}\n", json!({"index": {"_id": format!("d{}", number * 7919 % 1009)}}));
            if number % (40 * shards) == 0 || number + 1 == DOCS {
                let answer = server.ok("POST", &format!("/s{shards}/_bulk?refresh={}", number % 3 == 0), &lines);
                assert_eq!(answer["errors"], false, "{answer}");
                lines.clear();
            }
            if shards == 3 && number == DOCS / 2 {
                server.ok("POST", "/s3/_flush", "");
            }
        }
        server.ok("POST", &format!("/s{shards}/_refresh"), "");
    }
}

fn queries() -> Vec<Value> {
    vec![
        json!({"match_all": {}}),
        json!({"match_none": {}}),
        json!({"match": {"body": "w1 w7 w30"}}),
        json!({"match": {"body": {"query": "w1 w7 w3", "operator": "and"}}}),
        json!({"match": {"body": {"query": "w1 w7 w3 w9", "minimum_should_match": "75%"}}}),
        json!({"match": {"body": {"query": "w17", "fuzziness": 1}}}),
        json!({"match_phrase": {"body": "w0 w1"}}),
        json!({"match_phrase": {"body": {"query": "w0 w5", "slop": 3}}}),
        json!({"match_phrase_prefix": {"body": "w0 w1"}}),
        json!({"match_bool_prefix": {"body": "w9 w2"}}),
        json!({"multi_match": {"query": "w1 w20", "fields": ["title^3", "body"]}}),
        json!({"multi_match": {"query": "w1 w20", "fields": ["title", "body"], "type": "most_fields"}}),
        json!({"multi_match": {"query": "w1 w20", "fields": ["title", "body"], "type": "cross_fields", "operator": "and"}}),
        json!({"multi_match": {"query": "w0 w1", "fields": ["title", "body"], "type": "phrase"}}),
        json!({"query_string": {"query": "title:w3 OR (body:w5 AND NOT w8) body:\"w0 w2\"~2"}}),
        json!({"simple_query_string": {"query": "w4 +w6 -w10", "fields": ["title", "body"]}}),
        json!({"term": {"tags": "t1"}}),
        json!({"term": {"body": {"value": "w12", "boost": 2.5}}}),
        json!({"terms": {"tags": ["t1", "t7"]}}),
        json!({"range": {"price": {"gte": 10, "lt": 60.5}}}),
        json!({"range": {"day": {"gte": "2024-03-01||/M", "lte": "2024-06"}}}),
        json!({"exists": {"field": "rare"}}),
        json!({"prefix": {"rare": "r"}}),
        json!({"wildcard": {"tags": {"value": "?3"}}}),
        json!({"regexp": {"tags": "t[2-4]"}}),
        json!({"fuzzy": {"body": {"value": "w2", "fuzziness": 1}}}),
        json!({"ids": {"values": ["d0", "d5", "d900", "none"]}}),
        json!({"term": {"home": "10.0.1.0/24"}}),
        json!({"bool": {"must": [{"match": {"body": "w1"}}], "should": [{"term": {"tags": "t2"}}, {"match": {"title": "w0"}}],
            "must_not": [{"term": {"sold": true}}], "filter": [{"range": {"stock": {"gt": 2}}}]}}),
        json!({"bool": {"should": [{"match": {"body": "w3"}}, {"match": {"body": "w4"}}, {"match": {"title": "w5"}}], "minimum_should_match": 2}}),
        json!({"boosting": {"positive": {"match": {"body": "w2"}}, "negative": {"term": {"tags": "t0"}}, "negative_boost": 0.3}}),
        json!({"constant_score": {"filter": {"term": {"sold": false}}, "boost": 1.5}}),
        json!({"dis_max": {"queries": [{"match": {"body": "w2"}}, {"match": {"title": "w2"}}], "tie_breaker": 0.4}}),
        json!({"function_score": {"query": {"match": {"body": "w6"}}, "field_value_factor": {"field": "stock", "modifier": "log1p"}}}),
    ]
}

fn sorts() -> Vec<Value> {
    vec![
        Value::Null,
        json!([{"price": "desc"}, {"number": "asc"}]),
        json!([{"rare": {"order": "asc", "missing": "_first"}}, {"number": "desc"}]),
        json!([{"tags": {"order": "desc", "mode": "min"}}, "_score", {"number": "asc"}]),
        json!(["day", {"stock": {"order": "desc"}}, "number"]),
    ]
}

/// Two numbers that are the same but for the rounding of their sums.
fn is_near(a: &Value, b: &Value) -> bool {
    match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => (a - b).abs() <= 1e-6 * a.abs().max(b.abs()).max(1.0),
        _ => a == b,
    }
}

fn check_same(one: &Value, other: &Value, what: &str) {
    assert_eq!(one["hits"]["total"], other["hits"]["total"], "{what}");
    assert!(is_near(&one["hits"]["max_score"], &other["hits"]["max_score"]), "{what}");
    let hits = |answer: &Value| answer["hits"]["hits"].as_array().expect("hits").clone();
    let (one, other) = (hits(one), hits(other));
    let ids =
        |hits: &[Value]| hits.iter().map(|hit| hit["_id"].as_str().expect("an id").to_owned()).collect::<Vec<_>>();
    assert_eq!(ids(&one), ids(&other), "{what}");
    for (one, other) in one.iter().zip(&other) {
        assert!(is_near(&one["_score"], &other["_score"]), "{what}: {one} {other}");
        assert_eq!(
            one.get("sort").and_then(Value::as_array).map(Vec::len),
            other.get("sort").and_then(Value::as_array).map(Vec::len)
        );
        for (one, other) in
            one["sort"].as_array().into_iter().flatten().zip(other["sort"].as_array().into_iter().flatten())
        {
            assert!(is_near(one, other), "{what}: {one} {other}");
        }
    }
}

#[test]
fn k_shards_answer_as_one() {
    let server = Server::start();
    fill(&server);
    let mut matched = 0;
    for query in queries() {
        for sort in sorts() {
            for (from, size) in [(0, 10), (7, 25)] {
                let mut body = json!({"query": query, "from": from, "size": size, "track_total_hits": true, "track_scores": true, "_source": false});
                if !sort.is_null() {
                    body["sort"] = sort.clone();
                }
                let answers = SHARDS.map(|shards| server.ok("POST", &format!("/s{shards}/_search"), &body.to_string()));
                for (other, shards) in answers.iter().zip(SHARDS).skip(1) {
                    check_same(&answers[0], other, &format!("{shards} shards, {body}"));
                }
                matched += usize::from(answers[0]["hits"]["total"]["value"].as_u64() > Some(0));
            }
        }
    }
    let asked = queries().len() * sorts().len() * 2;
    assert_eq!(matched, asked - sorts().len() * 2, "every query but match_none finds something");
    assert_eq!(server.complaints(), Vec::<String>::new());
}

#[test]
fn search_after_sees_every_document_once() {
    let server = Server::start();
    fill(&server);
    for sort in sorts().into_iter().filter(|sort| !sort.is_null()) {
        let mut orders: Vec<Vec<String>> = Vec::new();
        for shards in SHARDS {
            let (mut seen, mut after) = (Vec::new(), Value::Null);
            loop {
                let mut body = json!({"query": {"match_all": {}}, "size": 73, "sort": sort, "_source": false});
                if !after.is_null() {
                    body["search_after"] = after;
                }
                let answer = server.ok("POST", &format!("/s{shards}/_search"), &body.to_string());
                let hits = answer["hits"]["hits"].as_array().expect("hits");
                seen.extend(hits.iter().map(|hit| hit["_id"].as_str().expect("an id").to_owned()));
                let Some(last) = hits.last() else { break };
                after = last["sort"].clone();
            }
            orders.push(seen);
        }
        let mut ids = orders[0].clone();
        ids.sort();
        ids.dedup();
        assert_eq!((ids.len() as u64, orders[0].len() as u64), (DOCS, DOCS), "{sort}");
        assert!(orders.iter().all(|order| *order == orders[0]), "{sort}");
    }
}
