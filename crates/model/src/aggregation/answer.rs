//! What aggregations answer, in a form that every dialect can write.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::key::Key;
use crate::search::{Hit, Total};

/// One aggregation's answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub name: Arc<str>,
    /// As OpenSearch names the type of the answer: `sterms`, `date_histogram`, `avg` ..
    pub kind: &'static str,
    pub meta: Option<Map<String, Value>>,
    pub body: Body,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// `value`, and `value_as_string` where a format asks for it.
    Value {
        value: Number,
        text: Option<String>,
    },
    /// Several numbers.
    Metric(Metric),
    /// One bucket: `filter`, `global` ..
    Bucket(Bucket),
    Buckets(Buckets),
    TopHits(TopHits),
    /// `value`, whatever a script made it.
    Made(Value),
}

/// A number as it is written: whole, or with a fraction; what is not finite is null.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    Whole(i64),
    Float(f64),
}

/// Numbers by name, and how they are shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metric {
    /// What paths can name: `avg`, `std_deviation`, `99.0`.
    pub numbers: Vec<(Arc<str>, f64)>,
    pub shown: Map<String, Value>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Buckets {
    pub list: Vec<Bucket>,
    /// As an object by key rather than as a list.
    pub keyed: bool,
    /// What stands beside `buckets`: `sum_other_doc_count`, `after_key`, `interval` ..
    pub beside: Vec<(&'static str, Value)>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bucket {
    /// What paths and orders compare; `Null` for buckets without a key.
    pub key: Key,
    /// `key` as written: number, text, list or object; `None`: there is none.
    pub shown_key: Option<Value>,
    /// `key_as_string`; the name of a keyed bucket.
    pub text: Option<String>,
    /// Whether `text` is written as `key_as_string`, too.
    pub shows_text: bool,
    pub doc_count: u64,
    /// What else: `from`, `to`, `score`, `bg_count`, `doc_count_error_upper_bound` ..
    pub beside: Vec<(&'static str, Value)>,
    pub answers: Vec<Answer>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct TopHits {
    /// `stored_fields: _none_`: ids are not shown.
    pub without_ids: bool,
    pub total: Total,
    pub max_score: Option<f32>,
    pub hits: Vec<Hit>,
}

impl Number {
    pub fn as_f64(self) -> f64 {
        match self {
            Self::Whole(number) => number as f64,
            Self::Float(number) => number,
        }
    }

    /// As JSON; null for what is not finite.
    pub fn json(self) -> Value {
        match self {
            Self::Whole(number) => number.into(),
            Self::Float(number) => number.into(),
        }
    }
}
