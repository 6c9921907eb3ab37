//! Invented documents and what is asked of them, the same every time.

use serde_json::{Value, json};

const VOCABULARY: u64 = 20_000;
const WORDS: u64 = 24;

/// Scrambles a number, the same everywhere.
fn chance(seed: u64) -> u64 {
    let mixed = (seed ^ seed >> 31).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed ^ mixed >> 29).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 16
}

/// Frequent words are frequent.
fn word(seed: u64) -> String {
    let share = (chance(seed) % 100_000) as f64 / 100_000.0;
    format!("word{}", (VOCABULARY as f64 * share * share * share) as u64)
}

fn words(seed: u64, count: u64) -> String {
    (0..count).map(|at| word(seed * 97 + at)).collect::<Vec<_>>().join(" ")
}

/// The lines of a `_bulk` that writes the documents of these numbers.
pub(crate) fn lines(index: &str, numbers: std::ops::Range<u64>) -> Vec<u8> {
    let mut out = String::new();
    for n in numbers {
        let document = json!({
            "body": words(n, WORDS), "tag": format!("tag{}", chance(n) % 50), "n": n,
            "price": (chance(n + 7) % 100_000) as f64 / 100.0,
        });
        out.push_str(&format!("{{\"index\":{{\"_index\":\"{index}\",\"_id\":\"{n}\"}}}}\n{document}\n"));
    }
    out.into_bytes()
}

pub(crate) fn mappings() -> Value {
    json!({"properties": {"body": {"type": "text"}, "tag": {"type": "keyword"}, "n": {"type": "long"}, "price": {"type": "double"}}})
}

/// The ten best of those that have one of two words.
pub(crate) fn matches(n: u64) -> Value {
    json!({"query": {"match": {"body": words(1_000_003 + n, 2)}}, "_source": ["n"]})
}

/// An average in each of fifty groups, over nearly all documents, with nothing that was kept.
pub(crate) fn groups(n: u64) -> Value {
    json!({"size": 0, "query": {"range": {"price": {"gte": (n % 64) as f64 / 10.0}}},
        "aggs": {"tags": {"terms": {"field": "tag", "size": 50}, "aggs": {"mean": {"avg": {"field": "price"}}}}}})
}
