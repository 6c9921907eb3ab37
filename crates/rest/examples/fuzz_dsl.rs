//! Feeds the search language with bodies grown from its own words, mutated as trees and as bytes:
//! `fuzz_dsl [--seconds N] [--seed S]`.
//!
//! A panic, or a stack that runs out, is the failure, and so is a status that is neither 4xx nor 501, OpenSearch's own 500s about
//! aggregations excepted. The recorded requests of `testdata/requests.txt` and `testdata/aggregations.txt` are the first seeds.

use std::time::{Duration, Instant};

use model::error::ErrorKind;
use model::target::Target;
use rest::dsl::{apply_params, search_request};
use rest::params::Params;
use serde_json::{Map, Value};

#[path = "fuzz/random.rs"]
mod random;

use random::{Random, arguments};

fn main() {
    let (seconds, seed) = arguments();
    let mut random = Random::new(seed);
    let end = Instant::now() + Duration::from_secs(seconds);
    let recorded = [include_str!("../testdata/requests.txt"), include_str!("../testdata/aggregations.txt")];
    let seeds: Vec<Value> = recorded
        .into_iter()
        .flat_map(str::lines)
        .filter_map(|line| serde_json::from_str(line.rsplit_once('\t')?.0).ok())
        .collect();
    let mut words: Vec<String> = Vec::new();
    let mut values: Vec<Value> =
        vec![Value::Null, true.into(), (-1).into(), i64::MAX.into(), 1e300.into(), "".into(), "é😀".into()];
    seeds.iter().for_each(|body| gather(body, &mut words, &mut values));
    let (mut bodies, mut read) = (0u64, 0u64);
    while Instant::now() < end {
        for _ in 0..100 {
            let mut body = seeds[random.below(seeds.len())].clone();
            for _ in 0..random.below(4) {
                mutate(&mut body, &mut random, &words, &values);
            }
            let mut bytes = body.to_string().into_bytes();
            if random.below(3) == 0 {
                spoil(&mut bytes, &mut random);
            }
            bodies += 1;
            read += u64::from(try_body(&bytes));
            try_params(&bytes, &mut random);
        }
    }
    println!("{bodies} bodies, {read} taken, no failure (seed {seed})");
}

fn try_body(bytes: &[u8]) -> bool {
    match search_request(bytes, Target::default()) {
        Ok(request) => {
            assert_eq!(request.query.clone(), request.query);
            drop(request.aggregations.clone());
            true
        }
        Err(error) => {
            let status = error.status();
            let known = matches!(error.kind, ErrorKind::AggregationInitialization | ErrorKind::AggregationExecution);
            let fits = known || (400..500).contains(&status) || status == 501;
            assert!(fits, "{status} for {}", String::from_utf8_lossy(bytes));
            false
        }
    }
}

fn try_params(bytes: &[u8], random: &mut Random) {
    const NAMES: [&str; 12] = [
        "q",
        "df",
        "from",
        "size",
        "sort",
        "_source",
        "timeout",
        "track_total_hits",
        "explain",
        "default_operator",
        "routing",
        "x",
    ];
    let start = random.below(bytes.len().max(1));
    let value = String::from_utf8_lossy(&bytes[start..bytes.len().min(start + 20)]).into_owned();
    let mut params = Params::parse(&format!("{}={value}", NAMES[random.below(NAMES.len())]));
    if let Ok(mut request) = search_request(b"", Target::default()) {
        let _ = apply_params(&mut request, &mut params).and_then(|()| params.finish("/_search"));
    }
}

/// Collects keys and small values to build from.
fn gather(value: &Value, words: &mut Vec<String>, values: &mut Vec<Value>) {
    match value {
        Value::Object(object) => {
            for (key, inner) in object {
                words.push(key.clone());
                gather(inner, words, values);
            }
            values.push(value.clone());
        }
        Value::Array(items) => items.iter().for_each(|item| gather(item, words, values)),
        scalar => values.push(scalar.clone()),
    }
}

/// Changes one place of the tree.
fn mutate(value: &mut Value, random: &mut Random, words: &[String], values: &[Value]) {
    match value {
        Value::Object(object) if !object.is_empty() && random.below(4) > 0 => {
            let at = random.below(object.len());
            if let Some(inner) = object.values_mut().nth(at) {
                mutate(inner, random, words, values);
            }
        }
        Value::Array(items) if !items.is_empty() && random.below(4) > 0 => {
            let at = random.below(items.len());
            mutate(&mut items[at], random, words, values);
        }
        _ => *value = replacement(value.take(), random, words, values),
    }
}

fn replacement(old: Value, random: &mut Random, words: &[String], values: &[Value]) -> Value {
    let word = words[random.below(words.len())].clone();
    let other = values[random.below(values.len())].clone();
    match random.below(24) {
        0..8 => other,
        8 => Value::Array(vec![old, other]),
        9 => Value::Object(Map::from_iter([(word, old)])),
        10..16 => match old {
            Value::Object(mut object) => {
                object.insert(word, other);
                Value::Object(object)
            }
            _ => other,
        },
        16..19 => serde_json::json!({ "bool": { "must": [old, other] } }),
        19 => (0..random.below(130)).fold(old, |inner, _| serde_json::json!({ "a": { "global": {}, "aggs": inner } })),
        20 => (0..random.below(130)).fold(old, |inner, _| serde_json::json!({ "constant_score": { "filter": inner } })),
        _ => Value::String(word),
    }
}

/// Changes the bytes.
fn spoil(bytes: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..1 + random.below(4) {
        if bytes.is_empty() {
            return;
        }
        let at = random.below(bytes.len());
        match random.below(5) {
            0 => bytes[at] = random.next() as u8,
            1 => bytes.truncate(at),
            2 => {
                let piece = b"{}[],:\"\\0-.e\n/*"[random.below(15)];
                bytes.insert(at, piece);
            }
            3 => drop(bytes.remove(at)),
            _ => {
                let tail = bytes[at..].to_vec();
                bytes.extend_from_slice(&tail);
            }
        }
    }
}
