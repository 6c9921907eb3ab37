//! Shapes of aggregations' answers.
//!
//! In: answers as the model has them, where what is shown is decided. Out: JSON with the keys in OpenSearch's order. Recursive as the
//! aggregations nest, which is limited where they are read.

use model::aggregation::answer::{Answer, Body, Bucket, Buckets, TopHits};
use serde_json::Value;

use super::hits::{Shape, hit, total};
use super::json::Json;

/// `aggregations`: an object by name.
pub(crate) fn aggregations(json: &mut Json, answers: &[Answer], shape: &Shape) {
    json.key("aggregations");
    json.begin_object();
    fields(json, answers, shape);
    json.end_object();
}

fn fields(json: &mut Json, answers: &[Answer], shape: &Shape) {
    for answer in answers {
        match shape.typed_keys {
            true => json.key(&format!("{}#{}", answer.kind, answer.name)),
            false => json.key(&answer.name),
        }
        json.begin_object();
        if let Some(meta) = &answer.meta {
            json.key("meta");
            json.map(meta);
        }
        body(json, answer, shape);
        json.end_object();
    }
}

fn body(json: &mut Json, answer: &Answer, shape: &Shape) {
    match &answer.body {
        Body::Value { value, text } => {
            field(json, "value", &value.json());
            if let Some(text) = text {
                json.field_str("value_as_string", text);
            }
        }
        Body::Metric(metric) => metric.shown.iter().for_each(|(key, value)| field(json, key, value)),
        Body::Bucket(bucket) => inside(json, answer.kind, bucket, shape),
        Body::Buckets(buckets) => several(json, answer.kind, buckets, shape),
        Body::TopHits(top) => top_hits(json, top, shape),
        Body::Made(value) => field(json, "value", value),
    }
}

fn field(json: &mut Json, key: &str, value: &Value) {
    json.key(key);
    json.value(value);
}

/// What a histogram says of its buckets as a whole stands behind them, anything else before.
fn is_behind(key: &str) -> bool {
    key == "interval"
}

fn several(json: &mut Json, kind: &str, buckets: &Buckets, shape: &Shape) {
    let (behind, before): (Vec<_>, Vec<_>) = buckets.beside.iter().partition(|(key, _)| is_behind(key));
    before.into_iter().for_each(|(key, value)| field(json, key, value));
    json.key("buckets");
    if buckets.keyed {
        json.begin_object();
        for bucket in &buckets.list {
            json.key(bucket.text.as_deref().unwrap_or_default());
            one(json, kind, bucket, shape);
        }
        json.end_object();
    } else {
        json.begin_array();
        buckets.list.iter().for_each(|bucket| one(json, kind, bucket, shape));
        json.end_array();
    }
    behind.into_iter().for_each(|(key, value)| field(json, key, value));
}

fn one(json: &mut Json, kind: &str, bucket: &Bucket, shape: &Shape) {
    json.begin_object();
    inside(json, kind, bucket, shape);
    json.end_object();
}

/// A bucket without its braces: the key, where it begins and ends, the count, what else is said of it, the answers inside.
fn inside(json: &mut Json, kind: &str, bucket: &Bucket, shape: &Shape) {
    let text = bucket.text.as_deref().filter(|_| bucket.shows_text);
    let text_first = kind.ends_with("histogram");
    let texts = |json: &mut Json, now: bool| {
        if let Some(text) = text.filter(|_| now) {
            json.field_str("key_as_string", text);
        }
    };
    texts(json, text_first);
    if let Some(key) = &bucket.shown_key {
        field(json, "key", key);
    }
    texts(json, !text_first);
    let (bounds, rest): (Vec<_>, Vec<_>) = bucket.beside.iter().partition(|(key, _)| is_bound(key));
    bounds.into_iter().for_each(|(key, value)| field(json, key, value));
    json.field_u64("doc_count", bucket.doc_count);
    rest.into_iter().for_each(|(key, value)| field(json, key, value));
    fields(json, &bucket.answers, shape);
}

/// What stands between a bucket's key and its count.
fn is_bound(key: &str) -> bool {
    matches!(key, "from" | "from_as_string" | "to" | "to_as_string" | "min" | "max" | "min_as_string" | "max_as_string")
}

fn top_hits(json: &mut Json, top: &TopHits, shape: &Shape) {
    json.key("hits");
    json.begin_object();
    total(json, Some(top.total), shape.total_as_int);
    json.key("max_score");
    match top.max_score {
        Some(score) => json.f32(score),
        None => json.null(),
    }
    json.key("hits");
    json.begin_array();
    // Of the search's own hits it was asked apart.
    let own = Shape { without_ids: top.without_ids, ..shape.clone() };
    top.hits.iter().for_each(|one| hit(json, one, &own));
    json.end_array();
    json.end_object();
}
