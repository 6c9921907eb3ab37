//! Documents that lie on shards by their vectors: what a search asks and finds, and that ids lead to documents wherever they lie.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::server::Server;

const DIMENSION: usize = 12;
const SHARDS: u64 = 8;
const COUNT: u64 = 3_000;

/// Numbers from -1 to 1, the same everywhere.
fn chance(seed: u64) -> f64 {
    let mixed = (seed ^ seed >> 31).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ mixed >> 29).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    ((mixed ^ mixed >> 32) & 0xffff) as f64 / 32_768.0 - 1.0
}

/// Around forty places.
fn vector(n: u64) -> Vec<f64> {
    let at = |i: u64| 2.0 * chance(1_000_003 * (n % 40) + i) + 0.4 * chance(7_919 * n + 31 * i + 5);
    (0..DIMENSION as u64).map(at).collect()
}

fn index(server: &Server, name: &str, space: &str) {
    let method = json!({"name": "hnsw", "engine": "lucene", "space_type": space});
    let body = json!({
        "settings": {"number_of_shards": SHARDS, "number_of_replicas": 0, "index.routing.centroids.field": "v"},
        "mappings": {"properties": {
            "v": {"type": "knn_vector", "dimension": DIMENSION, "method": method}, "n": {"type": "integer"}}},
    });
    server.ok("PUT", &format!("/{name}"), &body.to_string());
}

fn bulk(server: &Server, name: &str, numbers: std::ops::Range<u64>, with_ids: bool) {
    let mut lines = String::new();
    for n in numbers {
        let action = if with_ids { json!({"index": {"_id": n.to_string()}}) } else { json!({"index": {}}) };
        lines += &format!("{action}\n{}\n", json!({"n": n, "v": vector(n)}));
    }
    let answer = server.ok("POST", &format!("/{name}/_bulk?refresh=true"), &lines);
    assert_eq!(answer["errors"], false, "{answer}");
}

/// The numbers of documents that a search finds, and how many shards it passed over.
fn near(server: &Server, name: &str, knn: &Value, size: u64) -> (Vec<u64>, u64) {
    let body = json!({"query": {"knn": {"v": knn}}, "size": size, "_source": ["n"]});
    let answer = server.ok("POST", &format!("/{name}/_search"), &body.to_string());
    let shards = &answer["_shards"];
    assert_eq!(
        (&shards["total"], &shards["successful"], &shards["failed"]),
        (&json!(SHARDS), &json!(SHARDS), &json!(0))
    );
    let hits = answer["hits"]["hits"].as_array().expect("hits");
    let numbers = hits.iter().map(|hit| hit["_source"]["n"].as_u64().expect("a number")).collect();
    (numbers, shards["skipped"].as_u64().expect("a number"))
}

/// The ten nearest of the first `count`.
fn nearest(target: &[f64], cosine: bool, counts: &dyn Fn(u64) -> bool) -> BTreeSet<u64> {
    let distance = |n: u64| -> f64 {
        let v = vector(n);
        let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        if cosine {
            return -product(&v, target) / product(&v, &v).sqrt();
        }
        v.iter().zip(target).map(|(a, b)| (a - b) * (a - b)).sum()
    };
    let mut all: Vec<(f64, u64)> = (0..COUNT).filter(|n| counts(*n)).map(|n| (distance(n), n)).collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    all.into_iter().take(10).map(|(_, n)| n).collect()
}

#[test]
fn few_shards_are_asked_and_the_neighbours_found() {
    let server = Server::start();
    for (name, space) in [("plain", "l2"), ("turned", "cosinesimil")] {
        index(&server, name, space);
        // The first are too few to learn from.
        bulk(&server, name, 0..50, true);
        assert_eq!(near(&server, name, &json!({"vector": vector(7), "k": 10}), 10).1, 0, "all are asked");
        for start in (50..COUNT).step_by(590) {
            bulk(&server, name, start..start + 590, true);
        }
        let (mut hit, mut skipped) = (0, 0);
        for q in 0..30 {
            let target = vector(1_000_000 + 37 * q);
            let (found, spared) = near(&server, name, &json!({"vector": target, "k": 10}), 10);
            let wanted = nearest(&target, space != "l2", &|_| true);
            assert_eq!(found.len(), 10);
            hit += found.iter().filter(|n| wanted.contains(n)).count();
            skipped += spared;
        }
        assert!(hit >= 285, "{name}: {hit} of 300");
        assert!(skipped >= 30 * SHARDS / 2, "{name}: {skipped} of {} passed over", 30 * SHARDS);
    }
    // So many as the search says, and that of the first documents.
    let knn = |extra: Value| {
        let mut knn = json!({"vector": vector(1_000_007), "k": 10});
        knn.as_object_mut().expect("an object").extend(extra.as_object().expect("an object").clone());
        knn
    };
    let (_, skipped) = near(&server, "plain", &knn(json!({"method_parameters": {"slop": 2}})), 10);
    assert!((SHARDS - 3..=SHARDS - 2).contains(&skipped), "{skipped}");
    // Under a filter all come that there are.
    let filter = json!({"filter": {"range": {"n": {"gte": 1_000, "lt": 1_012}}}});
    let (found, _) = near(&server, "plain", &knn(filter), 10);
    let found: BTreeSet<u64> = found.into_iter().collect();
    assert_eq!(found, nearest(&vector(1_000_007), false, &|n| (1_000..1_012).contains(&n)));
}

#[test]
fn ids_lead_to_documents_wherever_they_lie() {
    let server = Server::start();
    index(&server, "books", "l2");
    bulk(&server, "books", 0..600, true);
    for n in [0, 17, 423, 599] {
        let path = format!("/books/_doc/{n}");
        assert_eq!(server.ok("GET", &path, "")["_source"]["n"], n);
        // A document stays where it is, whatever becomes of its vector.
        let routing = server.ok("GET", &path, "")["_routing"].clone();
        let replaced =
            server.ok("PUT", &format!("{path}?refresh=true"), &json!({"n": n, "v": vector(n + 20)}).to_string());
        assert_eq!((&replaced["result"], &replaced["_version"]), (&json!("updated"), &json!(2)));
        assert_eq!(server.ok("GET", &path, "")["_routing"], routing);
        let updated = server.ok("POST", &format!("/books/_update/{n}?refresh=true"), r#"{"doc": {"n": 9999}}"#);
        assert_eq!(updated["_version"], 3);
        assert_eq!(server.ask("PUT", &format!("/books/_create/{n}"), "{}").0, 409);
        assert_eq!(server.ok("DELETE", &format!("{path}?refresh=true"), "")["result"], "deleted");
        assert_eq!(server.ask("GET", &path, "").0, 404);
        assert_eq!(server.ask("DELETE", &path, "").0, 404);
    }
    assert_eq!(server.ok("GET", "/books/_count", "")["count"], 596);
    // Twice in one request is one document.
    let twice: String = [1, 300]
        .map(|at| format!("{}\n{}\n", json!({"index": {"_id": "new"}}), json!({"n": at, "v": vector(at)})))
        .concat();
    server.ok("POST", "/books/_bulk?refresh=true", &twice);
    assert_eq!(server.ok("GET", "/books/_count", "")["count"], 597);
    assert_eq!(server.ok("GET", "/books/_doc/new", "")["_source"]["n"], 300);
    let many = server.ok("POST", "/books/_mget", r#"{"ids": ["1", "new", "none"]}"#);
    let found: Vec<&Value> = many["docs"].as_array().expect("docs").iter().map(|doc| &doc["found"]).collect();
    assert_eq!(found, [true, true, false]);
}

/// What is learned from the first documents may not fit the last.
#[test]
fn a_shard_that_outgrows_the_others_is_told_of() {
    let server = Server::start();
    let told = || server.ok("GET", "/_plugins/_knn/stats", "").get("overfull_shards").cloned();
    assert_eq!(told(), None, "no index lies by vectors");
    index(&server, "books", "l2");
    bulk(&server, "books", 0..1_200, false);
    assert_eq!(told(), Some(json!([])));
    // All at one of the forty places.
    let lines: String =
        (0..1_500u64).map(|n| format!("{{\"index\": {{}}}}\n{}\n", json!({"n": n, "v": vector(40 * n + 3)}))).collect();
    assert_eq!(server.ok("POST", "/books/_bulk?refresh=true", &lines)["errors"], false);
    let overfull = told().expect("it is told");
    let [shard] = overfull.as_array().expect("a list").as_slice() else { panic!("{overfull}") };
    assert_eq!((&shard["index"], &shard["even_part"]), (&json!("books"), &json!(2_700 / SHARDS)));
    assert!(shard["docs"].as_u64().expect("a number") >= 1_500, "{shard}");
}

#[test]
fn what_cannot_be_spread_is_refused() {
    let server = Server::start();
    let refused = |settings: Value, field: Value| {
        let mut settings = settings;
        settings["index.routing.centroids.field"] = json!("v");
        let body = json!({"settings": settings, "mappings": {"properties": {"v": field}}});
        let (status, answer) = server.ask("PUT", "/wrong", &body.to_string());
        assert_eq!(status, 400, "{answer}");
        answer["error"]["reason"].as_str().expect("a reason").to_owned()
    };
    let product = json!({"type": "knn_vector", "dimension": 2, "space_type": "innerproduct"});
    assert!(refused(json!({}), product).contains("[l2] or [cosinesimil]"));
    assert!(refused(json!({}), json!({"type": "keyword"})).contains("no field of vectors"));
    let vector = json!({"type": "knn_vector", "dimension": 2});
    let partitioned = json!({"number_of_shards": 4, "routing_partition_size": 2});
    assert!(refused(partitioned, vector).contains("routing_partition_size"));
}
