//! Queries of the model against one mapping, compared in Lucene's notation with what OpenSearch makes of them.

use std::sync::Arc;

use model::error::Error;
use model::id::{IndexRef, IndexUuid};
use model::mapping::Mapping;
use model::query::{Kind, Query};
use serde_json::{Value, json};

use super::{BindContext, BindSettings, bind};
use crate::describe::lucene;

mod bounds;
mod full_text;
mod scores;
mod sorting;
mod values;

/// 2024-06-15T12:00:00Z
const NOW_MS: i64 = 1_718_452_800_000;

fn mapping() -> Value {
    json!({"properties": {
        "t": {"type": "text", "fields": {"raw": {"type": "keyword"}}},
        "t2": {"type": "text"},
        "stopped": {"type": "text", "analyzer": "stopped"},
        "plain": {"type": "text", "index_options": "freqs"},
        "hidden": {"type": "text", "index": false},
        "heavy": {"type": "text", "boost": 2.0},
        "k": {"type": "keyword"},
        "low": {"type": "keyword", "normalizer": "lowercase"},
        "split": {"type": "keyword", "split_queries_on_whitespace": true},
        "similar": {"type": "keyword", "use_similarity": true},
        "column": {"type": "keyword", "index": false},
        "none": {"type": "keyword", "index": false, "doc_values": false},
        "l": {"type": "long"}, "i": {"type": "integer"}, "u": {"type": "unsigned_long"}, "b": {"type": "byte"},
        "d": {"type": "double"}, "f": {"type": "float"}, "h": {"type": "half_float"},
        "s": {"type": "scaled_float", "scaling_factor": 100},
        "bare": {"type": "long", "doc_values": false},
        "flag": {"type": "boolean"},
        "day": {"type": "date"}, "nano": {"type": "date_nanos"}, "dotted": {"type": "date", "format": "yyyy.MM.dd||epoch_second"},
        "ip": {"type": "ip"}, "blob": {"type": "binary"},
        "o": {"properties": {"a": {"type": "keyword"}, "n": {"properties": {"x": {"type": "long"}}}}},
        "labels": {"type": "flat_object"},
        "other": {"type": "alias", "path": "k"},
    }})
}

fn context() -> BindContext {
    let analysis = json!({"analyzer": {"stopped": {"tokenizer": "standard", "filter": ["lowercase", "stop"]}}});
    BindContext {
        index: IndexRef { name: "films".into(), uuid: IndexUuid("uuid".into()) },
        mapping: Arc::new(Mapping::parse(&mapping()).expect("a mapping")),
        analysis: Arc::new(analysis::Registry::from_settings(&analysis).expect("an analyzer")),
        now_ms: NOW_MS,
        settings: BindSettings::default(),
        read_query: |_| Ok(model::query::Query::match_all()),
    }
}

/// The query in Lucene's notation, or the refusal with its causes.
fn shown(kind: Kind) -> String {
    shown_by(&context(), &Query::new(kind))
}

fn shown_by(context: &BindContext, query: &Query) -> String {
    match bind(query, context) {
        Ok(bound) => lucene(&bound),
        Err(error) => refusal(&error),
    }
}

/// `type [reason] < cause's type ..`
fn refusal(error: &Error) -> String {
    let mut text = format!("{} [{}]", error.kind.row().name, error.reason);
    let mut cause = error.cause.as_deref();
    while let Some(inner) = cause {
        text.push_str(&format!(" < {}", inner.kind.row().name));
        cause = inner.cause.as_deref();
    }
    text
}
