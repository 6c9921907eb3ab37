//! Judged collections: as many relevant documents are found, as far up, as by an independent BM25, however many shards there are.
//!
//! The collections are data that developers share beside the repository; where they are not, the test says that it is skipped.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::server::Server;

const DEPTH: usize = 10;
const TOLERANCE: f64 = 0.005;

fn folder() -> Option<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = workspace.join("../shared/data/relevance");
    folder.join("bm25_reference.json").exists().then_some(folder)
}

fn lines(text: &str) -> impl Iterator<Item = Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON"))
}

fn text<'a>(line: &'a Value, field: &str) -> &'a str {
    line[field].as_str().expect("text")
}

/// Both analyses that the reference has figures of: words as they are, and without stop words and stemmed.
fn create(server: &Server, index: &str, shards: u32) {
    let index_settings = json!({
        "settings": {"number_of_shards": shards, "refresh_interval": -1, "analysis": {
            "filter": {"english": {"type": "stemmer", "language": "porter2"}},
            "analyzer": {"stop+stem": {"tokenizer": "standard", "filter": ["lowercase", "stop", "english"]}}}},
        "mappings": {"properties": {"text": {"type": "text", "fields": {"stop+stem": {"type": "text", "analyzer": "stop+stem"}}}}}
    });
    server.ok("PUT", &format!("/{index}"), &index_settings.to_string());
}

fn load(server: &Server, indexes: &[String], corpus: &Path) {
    let file = std::fs::File::open(corpus).expect("a corpus");
    let mut all = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut all).expect("a corpus in gzip");
    let mut body = String::new();
    let documents: Vec<Value> = lines(&all).collect();
    for batch in documents.chunks(2_000) {
        body.clear();
        for document in batch {
            let both = format!("{} {}", text(document, "title"), text(document, "text"));
            body += &format!("{}\n{}\n", json!({"index": {"_id": document["_id"]}}), json!({"text": both}));
        }
        for index in indexes {
            assert_eq!(server.ok("POST", &format!("/{index}/_bulk"), &body)["errors"], false);
        }
    }
    for index in indexes {
        server.ok("POST", &format!("/{index}/_refresh"), "");
    }
}

/// Relevant documents by query.
fn judgements(path: &Path) -> BTreeMap<String, BTreeMap<String, f64>> {
    let mut all: BTreeMap<String, BTreeMap<String, f64>> = BTreeMap::new();
    for line in std::fs::read_to_string(path).expect("judgements").lines().skip(1) {
        let mut columns = line.split('\t');
        let (query, document) = (columns.next().expect("a query"), columns.next().expect("a document"));
        let gain = columns.next().expect("a gain").parse().expect("a number");
        all.entry(query.to_owned()).or_default().insert(document.to_owned(), gain);
    }
    all
}

/// Normalised discounted cumulative gain of the first ten hits.
fn ndcg(hits: &Value, relevant: &BTreeMap<String, f64>) -> f64 {
    let discounted = |gains: &mut dyn Iterator<Item = f64>| -> f64 {
        gains.take(DEPTH).enumerate().map(|(rank, gain)| gain / (rank as f64 + 2.0).log2()).sum()
    };
    let hits = hits.as_array().expect("hits");
    let found = discounted(&mut hits.iter().map(|hit| relevant.get(text(hit, "_id")).copied().unwrap_or(0.0)));
    let mut ideal: Vec<f64> = relevant.values().copied().collect();
    ideal.sort_by(|a, b| b.total_cmp(a));
    found / discounted(&mut ideal.into_iter())
}

/// The mean over all judged queries.
fn measure(server: &Server, index: &str, field: &str, folder: &Path) -> f64 {
    let judged = judgements(&folder.join("qrels.tsv"));
    let queries = std::fs::read_to_string(folder.join("queries.jsonl")).expect("queries");
    let queries: Vec<Value> = lines(&queries).filter(|query| judged.contains_key(text(query, "_id"))).collect();
    let mut sum = 0.0;
    for batch in queries.chunks(100) {
        let ask = |query: &Value| {
            json!({"size": DEPTH, "_source": false, "query": {"match": {(field): query["text"]}}}).to_string()
        };
        let body: String = batch.iter().map(|query| format!("{{}}\n{}\n", ask(query))).collect();
        let answer = server.ok("POST", &format!("/{index}/_msearch"), &body);
        for (query, response) in batch.iter().zip(answer["responses"].as_array().expect("responses")) {
            sum += ndcg(&response["hits"]["hits"], &judged[text(query, "_id")]);
        }
    }
    sum / queries.len() as f64
}

fn check(collection: &str) {
    let Some(folder) = folder() else {
        eprintln!("skipped: {collection} is not in ../shared/data/relevance");
        return;
    };
    let reference = std::fs::read_to_string(folder.join("bm25_reference.json")).expect("the reference");
    let reference: Value = serde_json::from_str(&reference).expect("JSON");
    let server = Server::start();
    let indexes = ["one".to_owned(), "three".to_owned()];
    for (index, shards) in indexes.iter().zip([1, 3]) {
        create(&server, index, shards);
    }
    let folder = folder.join(collection);
    load(&server, &indexes, &folder.join("corpus.jsonl.gz"));
    for (field, analysis) in [("text", "plain"), ("text.stop+stem", "stop+stem")] {
        let expected = reference[collection][analysis]["ndcg_cut_10"].as_f64().expect("a figure");
        let figures = indexes.each_ref().map(|index| measure(&server, index, field, &folder));
        eprintln!(
            "{collection} {analysis}: expected {expected:.4}, 1 shard {:.4}, 3 shards {:.4}",
            figures[0], figures[1]
        );
        for figure in figures {
            assert!((figure - expected).abs() <= TOLERANCE, "{collection} {analysis}: {figure}, not {expected}");
        }
        assert!((figures[0] - figures[1]).abs() < 1e-9, "{collection} {analysis}: shards do not change what is found");
    }
}

#[test]
fn cranfield_as_the_reference() {
    check("cranfield");
}

#[test]
fn vaswani_as_the_reference() {
    check("vaswani");
}

#[test]
fn xquad_en_as_the_reference() {
    check("xquad-en");
}
