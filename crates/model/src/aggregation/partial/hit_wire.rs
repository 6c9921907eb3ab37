//! A hit between nodes. JSON values inside it travel as a tree of their own: the wire does not describe itself, which serde_json's
//! values would need.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Number, Value};

use crate::id::{PrimaryTerm, SeqNo, ShardNumber, Version};
use crate::search::{Explanation, Hit};

/// [`Hit`], field by field.
#[derive(Serialize, Deserialize)]
pub(super) struct WireHit {
    index: Arc<str>,
    id: Arc<str>,
    routing: Option<Arc<str>>,
    score: Option<f32>,
    source: Option<Arc<[u8]>>,
    version: Option<Version>,
    seq_no: Option<(SeqNo, PrimaryTerm)>,
    sort: Vec<WireJson>,
    fields: Vec<(String, Vec<WireJson>)>,
    ignored: Vec<String>,
    highlight: Vec<(String, Vec<String>)>,
    matched_queries: Vec<String>,
    explanation: Option<Box<Explanation>>,
    shard: Option<ShardNumber>,
}

#[derive(Serialize, Deserialize)]
enum WireJson {
    Null,
    Bool(bool),
    Long(i64),
    Unsigned(u64),
    Double(f64),
    Text(String),
    List(Vec<WireJson>),
    Object(Vec<(String, WireJson)>),
}

impl WireHit {
    pub(super) fn serialize<S: Serializer>(hit: &Hit, serializer: S) -> Result<S::Ok, S::Error> {
        let list = |values: &[Value]| values.iter().map(WireJson::from).collect::<Vec<_>>();
        let wire = Self {
            index: hit.index.clone(),
            id: hit.id.clone(),
            routing: hit.routing.clone(),
            score: hit.score,
            source: hit.source.clone(),
            version: hit.version,
            seq_no: hit.seq_no,
            sort: list(&hit.sort),
            fields: hit.fields.iter().map(|(name, values)| (name.clone(), list(values))).collect(),
            ignored: hit.ignored.clone(),
            highlight: hit.highlight.clone(),
            matched_queries: hit.matched_queries.clone(),
            explanation: hit.explanation.clone(),
            shard: hit.shard,
        };
        Serialize::serialize(&wire, serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Hit, D::Error> {
        let wire = <Self as Deserialize>::deserialize(deserializer)?;
        let list = |values: Vec<WireJson>| values.into_iter().map(Value::from).collect::<Vec<_>>();
        Ok(Hit {
            index: wire.index,
            id: wire.id,
            routing: wire.routing,
            score: wire.score,
            source: wire.source,
            version: wire.version,
            seq_no: wire.seq_no,
            sort: list(wire.sort),
            fields: wire.fields.into_iter().map(|(name, values)| (name, list(values))).collect(),
            ignored: wire.ignored,
            highlight: wire.highlight,
            matched_queries: wire.matched_queries,
            explanation: wire.explanation,
            shard: wire.shard,
        })
    }
}

impl From<&Value> for WireJson {
    fn from(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(truth) => Self::Bool(*truth),
            Value::String(text) => Self::Text(text.clone()),
            Value::Array(list) => Self::List(list.iter().map(Self::from).collect()),
            Value::Object(map) => Self::Object(map.iter().map(|(name, value)| (name.clone(), value.into())).collect()),
            Value::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(number), _) => Self::Long(number),
                (None, Some(number)) => Self::Unsigned(number),
                (None, None) => Self::Double(number.as_f64().unwrap_or(f64::NAN)),
            },
        }
    }
}

impl From<WireJson> for Value {
    fn from(json: WireJson) -> Self {
        match json {
            WireJson::Null => Self::Null,
            WireJson::Bool(truth) => truth.into(),
            WireJson::Long(number) => number.into(),
            WireJson::Unsigned(number) => number.into(),
            WireJson::Double(number) => Number::from_f64(number).map_or(Self::Null, Self::Number),
            WireJson::Text(text) => text.into(),
            WireJson::List(list) => Self::Array(list.into_iter().map(Self::from).collect()),
            WireJson::Object(pairs) => {
                Self::Object(pairs.into_iter().map(|(name, value)| (name, value.into())).collect::<Map<_, _>>())
            }
        }
    }
}
