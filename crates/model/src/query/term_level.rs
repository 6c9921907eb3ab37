//! Queries on whole values.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::full_text::{Fuzziness, FuzzyOptions};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Term {
    pub field: String,
    #[serde(with = "crate::wire::json")]
    pub value: Value,
    pub case_insensitive: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Terms {
    pub field: String,
    #[serde(with = "crate::wire::json")]
    pub values: Vec<Value>,
    /// Where the values are to be taken from first; whoever binds the query has taken them.
    pub lookup: Option<Lookup>,
    /// The one value is a Roaring bitmap in base64, whose numbers are meant.
    pub bitmap: bool,
}

/// Values that stand in a document: `{"index": .., "id": .., "path": ..}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lookup {
    pub index: String,
    pub id: String,
    /// Dotted path into the document's source.
    pub path: String,
    pub routing: Option<String>,
}

/// `range`. Bounds are strings (dates with math, numbers, words), numbers or booleans.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Range {
    pub field: String,
    pub lower: Option<Bound>,
    pub upper: Option<Bound>,
    /// Format of the bounds of a date field.
    pub format: Option<String>,
    /// Zone of bounds that have none: an IANA name or an offset.
    pub time_zone: Option<String>,
    /// `intersects`, `contains`, `within`: for range fields.
    pub relation: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bound {
    #[serde(with = "crate::wire::json")]
    pub value: Value,
    pub inclusive: bool,
}

/// `prefix`, `wildcard`, `regexp`: one pattern over the terms of a field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pattern {
    pub field: String,
    pub pattern: String,
    pub case_insensitive: bool,
    pub rewrite: Option<String>,
    /// `regexp`: enabled operators (`ALL`, `INTERVAL|COMPLEMENT` ..); `None`: all.
    pub flags: Option<String>,
    pub max_determinized_states: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fuzzy {
    pub field: String,
    #[serde(with = "crate::wire::json")]
    pub value: Value,
    pub fuzziness: Fuzziness,
    pub options: FuzzyOptions,
}
