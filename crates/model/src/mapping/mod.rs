//! What an index knows about its fields.
//!
//! A [`Mapping`] is plain data. `parse` makes it from JSON, `merge` adds to it (and refuses what contradicts), `render`
//! writes it as JSON again, `lookup` finds fields by path. How fields lie on disk is the shard's business.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

mod context;
pub mod dynamic;
mod geo_point;
mod geo_shape;
mod join;
pub mod limits;
mod lookup;
mod merge;
mod names;
mod nested;
mod parameter;
mod parse;
pub mod range;
mod render;
mod template;
mod text;
pub mod timestamp;
mod validate;
mod value;
mod variant;
pub mod vector;

#[cfg(test)]
mod tests;

pub use context::{Context, ContextKind};
pub use lookup::Found;
pub use parse::creation_failure;
pub use template::matches as simple_match;
use timestamp::Timestamp;

use crate::search::SourceFilter;

/// The mapping of one index. Equal to what a client reads with `GET /{index}/_mapping`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mapping {
    pub root: ObjectNode,
    pub date_detection: Option<bool>,
    pub numeric_detection: Option<bool>,
    /// `None`: `strict_date_optional_time` and `yyyy/MM/dd HH:mm:ss Z||yyyy/MM/dd Z`.
    pub dynamic_date_formats: Option<Vec<String>>,
    /// `None`: none given, so that an update leaves the existing ones.
    pub dynamic_templates: Option<Vec<DynamicTemplate>>,
    pub routing_required: Option<bool>,
    /// `None`: nothing is said, so that an update leaves what there is.
    pub timestamp: Option<Timestamp>,
    pub source: SourceOptions,
    pub meta: Option<Value>,
}

/// An object: the root, or a field of type `object`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ObjectNode {
    /// `None`: as the parent says (the root: [`Dynamic::True`]).
    pub dynamic: Option<Dynamic>,
    /// False: kept in the source, never parsed.
    pub enabled: Option<bool>,
    /// Each of its objects is a document of its own, inside the one that has it.
    pub nested: Option<Nested>,
    pub properties: BTreeMap<Arc<str>, Node>,
}

/// What documents inside of documents leave with those around them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Nested {
    /// Their fields are the enclosing document's, too.
    pub include_in_parent: bool,
    /// Their fields are the outermost document's, too.
    pub include_in_root: bool,
}

/// One name below an object.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    Object(ObjectNode),
    Field(Arc<Field>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dynamic {
    True,
    False,
    Strict,
    /// `strict_allow_templates` and `false_allow_templates` of OpenSearch.
    StrictAllowTemplates,
    FalseAllowTemplates,
}

#[derive(Clone, Debug, PartialEq)]
pub struct SourceOptions {
    pub enabled: bool,
    pub includes: Vec<String>,
    pub excludes: Vec<String>,
}

impl Default for SourceOptions {
    fn default() -> Self {
        Self { enabled: true, includes: Vec::new(), excludes: Vec::new() }
    }
}

impl SourceOptions {
    /// What readers see of a source that is kept; `None`: all of it.
    pub fn shown(&self) -> Option<SourceFilter> {
        let (includes, excludes) = (self.includes.clone(), self.excludes.clone());
        (!includes.is_empty() || !excludes.is_empty()).then_some(SourceFilter { enabled: true, includes, excludes })
    }
}

/// A leaf: its type, its parameters with defaults filled in, its multi-fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Full dotted path.
    pub path: Arc<str>,
    pub kind: FieldKind,
    /// What its type has beside its kind.
    pub variant: Variant,
    pub index: bool,
    pub doc_values: bool,
    pub store: bool,
    /// Text: whether lengths count in scores. Keyword: false unless asked for.
    pub norms: bool,
    pub index_options: IndexOptions,
    pub null_value: Option<Value>,
    pub ignore_above: Option<u32>,
    pub ignore_malformed: bool,
    pub coerce: bool,
    pub copy_to: Vec<Arc<str>>,
    pub analyzer: Option<Arc<str>>,
    pub search_analyzer: Option<Arc<str>>,
    pub search_quote_analyzer: Option<Arc<str>>,
    pub normalizer: Option<Arc<str>>,
    /// Date patterns, separated by `||`; `None`: `strict_date_optional_time||epoch_millis`.
    pub format: Option<Arc<str>>,
    pub scaling_factor: Option<f64>,
    /// Positions between the values of an array (text), default 100.
    pub position_increment_gap: u32,
    pub similarity: Option<Arc<str>>,
    /// Factor of the scores of queries on this field, default 1.
    pub boost: f32,
    /// Text: may be sorted and aggregated on, by its terms.
    pub fielddata: bool,
    /// Keyword: queries of several words are split at white space.
    pub split_queries_on_whitespace: bool,
    /// Of a field of vectors.
    pub vector: Option<Box<vector::VectorField>>,
    /// Multi-fields: the same value, indexed in other ways.
    pub fields: BTreeMap<Arc<str>, Arc<Field>>,
    /// The parameters as given, for rendering: without `type`, `fields`, and those equal to defaults that OpenSearch hides.
    pub explicit: Map<String, Value>,
}

/// Types that hold what a kind holds, with something more or something less to them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Variant {
    #[default]
    Plain,
    /// Of keywords: inputs with weights, found by how they begin.
    Completion,
    /// Of texts: matches without scores.
    MatchOnlyText,
    /// Of keywords: no more than they are.
    Wildcard,
    /// Of keywords: one value, which every document has.
    Constant,
    /// Of keywords: which kind of document it is among those that belong to one another.
    Join,
    /// Of keywords, below a [`Variant::Join`]: the parent of a document, of one kind; its own id where it is of that kind.
    Parent,
    /// Of integers: how many words a text has.
    TokenCount,
    /// Of texts: found by the beginnings of words and of several words.
    SearchAsYouType,
    /// Of texts, below a [`Variant::SearchAsYouType`]: so many words as one.
    Shingles(u8),
    /// Of texts, below a [`Variant::SearchAsYouType`]: the beginnings of up to so many words as one.
    Beginnings(u8),
}

impl Variant {
    /// As in `"type"`, where it is not its kind's.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Completion => Some("completion"),
            Self::MatchOnlyText => Some("match_only_text"),
            Self::Wildcard => Some("wildcard"),
            Self::Constant => Some("constant_keyword"),
            Self::Join => Some("join"),
            Self::Parent => Some("parent"),
            Self::TokenCount => Some("token_count"),
            Self::SearchAsYouType | Self::Shingles(_) | Self::Beginnings(_) => Some("search_as_you_type"),
        }
    }
}

impl Field {
    /// As in `"type"`.
    pub fn type_name(&self) -> &'static str {
        self.variant.name().unwrap_or_else(|| self.kind.name())
    }
}

/// Which kind of value a field holds.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldKind {
    Text,
    Keyword,
    Number(NumberKind),
    Boolean,
    Date,
    DateNanos,
    Ip,
    Binary,
    FlatObject,
    /// Places on the earth: one column of [`crate::geo::encode`].
    GeoPoint,
    /// Queries, each found by the documents that it matches.
    Percolator,
    /// Points, lines and polygons on the earth ([`crate::geo::shape`]).
    GeoShape,
    /// Ranges of values, each one term.
    Range(range::RangeKind),
    /// Numbers above zero that add to scores: one by itself, or (`many`) any number of them by name.
    Features {
        many: bool,
    },
    /// Vectors ([`Field::vector`] says which), in OpenSearch's and in Elasticsearch's words.
    KnnVector,
    DenseVector,
    /// Another name for the field at this path.
    Alias(Arc<str>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NumberKind {
    Long,
    Integer,
    Short,
    Byte,
    UnsignedLong,
    Double,
    Float,
    HalfFloat,
    ScaledFloat,
}

impl FieldKind {
    /// Whether it holds places or shapes on the earth.
    pub fn is_geo(&self) -> bool {
        matches!(self, Self::GeoPoint | Self::GeoShape)
    }

    /// As in `"type"`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Keyword => "keyword",
            Self::Number(kind) => kind.name(),
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::DateNanos => "date_nanos",
            Self::Ip => "ip",
            Self::Binary => "binary",
            Self::FlatObject => "flat_object",
            Self::GeoPoint => "geo_point",
            Self::Percolator => "percolator",
            Self::GeoShape => "geo_shape",
            Self::Range(kind) => kind.name(),
            Self::Features { many: false } => "rank_feature",
            Self::Features { many: true } => "rank_features",
            Self::KnnVector => "knn_vector",
            Self::DenseVector => "dense_vector",
            Self::Alias(_) => "alias",
        }
    }
}

impl NumberKind {
    /// As in `"type"`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Long => "long",
            Self::Integer => "integer",
            Self::Short => "short",
            Self::Byte => "byte",
            Self::UnsignedLong => "unsigned_long",
            Self::Double => "double",
            Self::Float => "float",
            Self::HalfFloat => "half_float",
            Self::ScaledFloat => "scaled_float",
        }
    }

    /// Whether values may have a fraction (scaled floats are stored as integers).
    pub fn is_float(self) -> bool {
        matches!(self, Self::Double | Self::Float | Self::HalfFloat)
    }
}

/// How much of each posting is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum IndexOptions {
    Docs,
    Freqs,
    Positions,
    Offsets,
}

/// A rule for fields that appear first in a document.
#[derive(Clone, Debug, PartialEq)]
pub struct DynamicTemplate {
    pub name: String,
    /// The rule as given: `match`, `path_match`, `match_mapping_type`, `mapping` ..
    pub rule: Map<String, Value>,
}
