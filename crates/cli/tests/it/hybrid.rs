//! Hybrid search against its parts: each query asked alone, scores fused here by definition, over one shard and over three.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::server::Server;

const WORDS: [&str; 6] = ["coral", "reef", "wave", "sand", "tide", "foam"];

fn fill(server: &Server) {
    for shards in [1, 3] {
        let index = json!({"settings": {"number_of_shards": shards}, "mappings": {"properties": {
            "text": {"type": "text"}, "n": {"type": "integer"}, "tag": {"type": "keyword"}}}});
        server.ok("PUT", &format!("/h{shards}"), &index.to_string());
        let mut lines = String::new();
        for n in 0..60usize {
            let text: Vec<&str> = (0..1 + n % 5).map(|at| WORDS[(n * 7 + at * at * 3) % 6]).collect();
            let document = json!({"text": text.join(" "), "n": n, "tag": format!("t{}", n % 3)});
            lines += &format!("{}\n{document}\n", json!({"index": {"_id": format!("{n:02}")}}));
        }
        server.ok("POST", &format!("/h{shards}/_bulk?refresh=true"), &lines);
    }
}

fn queries() -> [Value; 2] {
    let by_number = json!({"function_score": {"query": {"range": {"n": {"gte": 20, "lt": 50}}},
        "field_value_factor": {"field": "n"}, "boost_mode": "replace"}});
    [json!({"match": {"text": "coral tide"}}), by_number]
}

fn hits(answer: &Value) -> Vec<(String, f64)> {
    let list = answer["hits"]["hits"].as_array().expect("hits");
    let hit = |hit: &Value| (hit["_id"].as_str().expect("an id").to_owned(), hit["_score"].as_f64().expect("a score"));
    list.iter().map(hit).collect()
}

/// Each query's best `depth`, alone.
fn parts(server: &Server, index: &str, depth: usize) -> Vec<Vec<(String, f64)>> {
    let ask = |query: Value| {
        server.ok("POST", &format!("/{index}/_search"), &json!({"query": query, "size": depth}).to_string())
    };
    queries().into_iter().map(|query| hits(&ask(query))).collect()
}

/// What `scale` makes of each query's hits (place, score, least, greatest), combined by `combine`.
fn fused(
    parts: &[Vec<(String, f64)>],
    scale: impl Fn(usize, f64, f64, f64) -> f64,
    combine: impl Fn(&[Option<f64>]) -> f64,
) -> Vec<(String, f64)> {
    let mut all: BTreeMap<&str, Vec<Option<f64>>> = BTreeMap::new();
    for (query, hits) in parts.iter().enumerate() {
        let least = hits.iter().map(|hit| hit.1).fold(f64::INFINITY, f64::min);
        let greatest = hits.iter().map(|hit| hit.1).fold(f64::NEG_INFINITY, f64::max);
        for (place, (id, score)) in hits.iter().enumerate() {
            all.entry(id).or_insert_with(|| vec![None; parts.len()])[query] =
                Some(scale(place, *score, least, greatest));
        }
    }
    let mut fused: Vec<(String, f64)> = all.into_iter().map(|(id, parts)| (id.to_owned(), combine(&parts))).collect();
    fused.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    fused
}

fn same(found: &[(String, f64)], expected: &[(String, f64)]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found.1 - expected.1).abs() < 1e-4, "{found:?} for {expected:?}");
    }
    // Scores that round alike may change places.
    let ids = |list: &[(String, f64)]| list.iter().map(|hit| hit.0.clone()).collect::<std::collections::BTreeSet<_>>();
    assert_eq!(ids(found), ids(expected));
}

fn min_max(_: usize, score: f64, least: f64, greatest: f64) -> f64 {
    if score == least { 0.001 } else { (score - least) / (greatest - least) }
}

#[test]
fn hybrid_searches_are_fused_of_their_parts() {
    let server = Server::start();
    fill(&server);
    let pipeline = json!({"phase_results_processors": [{"normalization-processor": {
        "normalization": {"technique": "min_max"},
        "combination": {"technique": "arithmetic_mean", "parameters": {"weights": [0.3, 0.7]}}}}]});
    server.ok("PUT", "/_search/pipeline/weighed", &pipeline.to_string());
    assert_eq!(server.ok("GET", "/_search/pipeline/w*", "")["weighed"], pipeline);
    let ranks = json!({"phase_results_processors": [{"score-ranker-processor": {"combination": {"technique": "rrf", "rank_constant": 20}}}]});
    for index in ["h1", "h3"] {
        let parts = parts(&server, index, 40);
        let body = |pipeline: Option<&Value>| {
            let mut body = json!({"query": {"hybrid": {"queries": queries(), "pagination_depth": 40}}, "size": 80, "_source": ["n"],
                "aggs": {"tags": {"terms": {"field": "tag"}}}});
            if let Some(pipeline) = pipeline {
                body["search_pipeline"] = pipeline.clone();
            }
            body.to_string()
        };
        let mean =
            |parts: &[Option<f64>]| parts.iter().map(|part| part.unwrap_or(0.0)).sum::<f64>() / parts.len() as f64;
        let plain = server.ok("POST", &format!("/{index}/_search"), &body(None));
        same(&hits(&plain), &fused(&parts, min_max, mean));
        let union =
            json!({"query": {"bool": {"should": queries()}}, "size": 0, "aggs": {"tags": {"terms": {"field": "tag"}}}});
        let union = server.ok("POST", &format!("/{index}/_search"), &union.to_string());
        assert_eq!(plain["hits"]["total"], union["hits"]["total"]);
        assert_eq!(plain["aggregations"], union["aggregations"]);
        assert_eq!(plain["hits"]["max_score"], plain["hits"]["hits"][0]["_score"]);
        let weighed = server.ok("POST", &format!("/{index}/_search?search_pipeline=weighed"), &body(None));
        let by_weight = |parts: &[Option<f64>]| parts[0].unwrap_or(0.0) * 0.3 + parts[1].unwrap_or(0.0) * 0.7;
        same(&hits(&weighed), &fused(&parts, min_max, by_weight));
        let ranked = server.ok("POST", &format!("/{index}/_search"), &body(Some(&ranks)));
        let reciprocal = |place: usize, _, _, _| 1.0 / (20.0 + place as f64 + 1.0);
        let sum = |parts: &[Option<f64>]| parts.iter().flatten().sum::<f64>();
        same(&hits(&ranked), &fused(&parts, reciprocal, sum));
    }
    pages_and_explanations(&server);
}

fn pages_and_explanations(server: &Server) {
    let ask = |more: Value| {
        let mut body = json!({"query": {"hybrid": {"queries": queries(), "pagination_depth": 40}}, "_source": false});
        body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        server.ok("POST", "/h3/_search", &body.to_string())
    };
    let all = hits(&ask(json!({"size": 30})));
    let pages: Vec<_> = (0..3).flat_map(|page| hits(&ask(json!({"size": 10, "from": page * 10})))).collect();
    assert_eq!(pages, all);
    let filtered = ask(json!({"size": 30, "post_filter": {"term": {"tag": "t1"}}}));
    assert!(hits(&filtered).iter().all(|(id, _)| id.parse::<u32>().expect("a number") % 3 == 1));
    let explained = ask(json!({"size": 1, "explain": true}));
    let told = &explained["hits"]["hits"][0]["_explanation"];
    assert_eq!(told["value"], explained["hits"]["hits"][0]["_score"]);
    assert_eq!(told["details"].as_array().map(Vec::len), Some(2), "{told}");
    let sorted = ask(json!({"size": 5, "sort": [{"n": "desc"}]}));
    let union = json!({"query": {"bool": {"should": queries()}}, "size": 5, "_source": false, "sort": [{"n": "desc"}]});
    let union = server.ok("POST", "/h3/_search", &union.to_string());
    assert_eq!(sorted["hits"]["hits"], union["hits"]["hits"]);
    let retriever = json!({"retriever": {"rrf": {"rank_constant": 20, "rank_window_size": 40, "retrievers": [
        {"standard": {"query": queries()[0]}}, {"standard": {"query": queries()[1]}}]}}, "size": 5});
    let retrieved = server.ok("POST", "/h3/_search", &retriever.to_string());
    assert_eq!(retrieved["hits"]["hits"].as_array().map(Vec::len), Some(5));
    let (status, _) =
        server.ask("POST", "/h1/_search", r#"{"query":{"bool":{"must":{"hybrid":{"queries":[{"match_all":{}}]}}}}}"#);
    assert_eq!(status, 400);
    let (status, _) = server.ask("POST", "/h1/_search?search_pipeline=nope", r#"{"query":{"match_all":{}}}"#);
    assert_eq!(status, 400);
    let filter = json!({"request_processors": [{"filter_query": {"query": {"term": {"tag": "t2"}}}}],
        "response_processors": [{"rename_field": {"field": "n", "target_field": "number"}}]});
    server.ok("PUT", "/_search/pipeline/only", &filter.to_string());
    server.ok("PUT", "/h1/_settings", r#"{"index.search.default_pipeline":"only"}"#);
    let found = server.ok("POST", "/h1/_search", r#"{"size":60}"#);
    assert_eq!(found["hits"]["total"]["value"], 20);
    assert!(found["hits"]["hits"][0]["_source"]["number"].is_number());
    server.ok("DELETE", "/_search/pipeline/only", "");
}

/// Elasticsearch's two ways of asking for reciprocal ranks of words and vectors, beside a `hybrid` query with a pipeline.
#[test]
fn retrievers_and_ranks_are_the_same_fusion() {
    let server = Server::start();
    let index = json!({"settings": {"number_of_shards": 2}, "mappings": {"properties": {
        "text": {"type": "text"}, "v": {"type": "knn_vector", "dimension": 2, "space_type": "l2"}}}});
    server.ok("PUT", "/reefs", &index.to_string());
    let document = |n: usize| json!({"text": WORDS[n % 6], "v": [n as f64 / 7.0, (n * n % 11) as f64]});
    let lines: String =
        (0..40).map(|n| format!("{}\n{}\n", json!({"index": {"_id": format!("{n:02}")}}), document(n))).collect();
    server.ok("POST", "/reefs/_bulk?refresh=true", &lines);
    let pipeline = json!({"phase_results_processors": [{"score-ranker-processor": {
        "combination": {"technique": "rrf", "rank_constant": 7}}}]});
    server.ok("PUT", "/_search/pipeline/ranks", &pipeline.to_string());
    let ask = |path: &str, body: Value| {
        let mut body = body;
        body["size"] = json!(8);
        hits(&server.ok("POST", path, &body.to_string()))
    };
    let words = json!({"match": {"text": "tide"}});
    let near = json!({"field": "v", "query_vector": [2.5, 3.0], "k": 10, "num_candidates": 40});
    let queries = json!([words, {"knn": {"v": {"vector": [2.5, 3.0], "k": 10}}}]);
    let hybrid = json!({"query": {"hybrid": {"queries": queries, "pagination_depth": 20}}});
    let expected = ask("/reefs/_search?search_pipeline=ranks", hybrid);
    assert_eq!(expected.len(), 8);
    let said = |more: Value| {
        let mut said = json!({"rank_constant": 7, "rank_window_size": 20});
        said.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
        json!({ "rrf": said })
    };
    let retrievers = json!({"retrievers": [{"standard": {"query": words}}, {"knn": near}]});
    assert_eq!(ask("/reefs/_search", json!({"retriever": said(retrievers)})), expected);
    assert_eq!(ask("/reefs/_search", json!({"query": words, "knn": near, "rank": said(json!({}))})), expected);
    let alone = ask("/reefs/_search", json!({"knn": near}));
    assert_eq!(ask("/reefs/_search", json!({"retriever": {"knn": near}})), alone);
    let refused = |body: Value, reason: &str| {
        let (status, answer) = server.ask("POST", "/reefs/_search", &body.to_string());
        let told = answer["error"]["root_cause"][0]["reason"].as_str().unwrap_or_default().to_owned();
        assert!(status == 400 && told.contains(reason), "{body}: {status} {answer}");
    };
    refused(json!({"query": words, "rank": {"rrf": {}}}), "[rank] requires");
    refused(json!({"query": words, "retriever": {"knn": near}}), "[retriever] cannot stand beside [query]");
    refused(json!({"knn": near, "rank": {"rrf": {"rank_constant": 0}}}), "rank_constant should be between 1 and 10000");
}
