//! A search and its answer.

mod queries;
mod sort;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::aggregation::answer::Answer;
use crate::aggregation::request::Aggregation;
use crate::document::Source;
use crate::error::Error;
use crate::id::{PrimaryTerm, SeqNo, ShardNumber, Version};
use crate::point::{PointInTime, Slice};
use crate::profile::Profile;
use crate::query::Query;
use crate::ranking::{Collapse, IndexBoost, Rescore};
use crate::script::Script;
use crate::suggest::{Suggested, Suggestion};
use crate::target::Target;

pub use sort::{GeoDistanceSort, Missing, NestedSort, ScriptSort, SortKey, SortMode, SortValue};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SearchRequest {
    pub target: Target,
    pub query: Query,
    pub post_filter: Option<Query>,
    pub from: u64,
    pub size: u64,
    /// Empty: by score, best first.
    pub sort: Vec<SortKey>,
    /// One value a sort key.
    #[serde(with = "crate::wire::json")]
    pub search_after: Option<Vec<Value>>,
    /// As `search_after`, with the values as shards gave them.
    pub continues: Option<Vec<SortValue>>,
    /// As many hits as are wanted are known to score so much: shards need not show what scores less.
    pub least_score: Option<f32>,
    /// `None`: over what the indexes hold now.
    pub point: Option<PointInTime>,
    pub slice: Option<Slice>,
    pub collapse: Option<Box<Collapse>>,
    /// One after the other.
    pub rescores: Vec<Rescore>,
    /// The first that names an index counts.
    pub indices_boost: Vec<IndexBoost>,
    /// What is found now is kept for so many milliseconds, to be gone through page by page.
    pub scroll_ms: Option<u64>,
    pub track_scores: bool,
    pub track_total_hits: TrackTotal,
    pub min_score: Option<f32>,
    pub terminate_after: Option<u64>,
    pub timeout_ms: Option<u64>,
    pub allow_partial_search_results: Option<bool>,
    /// Routing values; empty: every shard (aliases may add their own).
    pub routing: Vec<String>,
    pub preference: Option<String>,
    pub explain: bool,
    pub fetch: Fetch,
    /// In the order given.
    pub aggregations: Vec<Aggregation>,
    /// In the order given.
    pub suggest: Vec<Suggestion>,
    /// Names of aggregations are written with their types: `sterms#genres`.
    pub typed_keys: bool,
    /// `None`: as the index says.
    pub request_cache: Option<bool>,
    /// The groups under which the search is counted, too.
    pub stats: Vec<String>,
    /// `None`: as the settings of its indexes say.
    pub pipeline: Option<PipelineChoice>,
    /// How many shards of one node are searched at a time.
    pub max_concurrent_shard_requests: u32,
    /// Shards first publish what has been written and not been refreshed; costs nothing where nothing has.
    pub publish_pending: bool,
    /// How the lists of shards become one; `None`: as they are sorted.
    pub merge: Option<MergeStrategy>,
    /// With more shards than this, those that cannot match are passed over; `None`: 128, or 1 when the first sort key is a field.
    pub pre_filter_shard_size: Option<u32>,
    /// The answer tells what the search spent its time on.
    pub profile: bool,
    /// The answer tells how long its phases took. The node that was asked measures them.
    #[serde(skip)]
    pub phase_took: bool,
    /// After so many milliseconds the search is cancelled, by the node that was asked.
    #[serde(skip)]
    pub cancel_after_ms: Option<u64>,
    /// The body, as it was sent: what slow logs show.
    #[serde(skip)]
    pub source: Option<Arc<str>>,
}

impl SearchRequest {
    /// A search for everything in `target`, ten hits, with every other option at its default.
    pub fn new(target: Target) -> Self {
        Self {
            target,
            query: Query::match_all(),
            post_filter: None,
            from: 0,
            size: 10,
            sort: Vec::new(),
            search_after: None,
            continues: None,
            least_score: None,
            point: None,
            slice: None,
            collapse: None,
            rescores: Vec::new(),
            indices_boost: Vec::new(),
            scroll_ms: None,
            track_scores: false,
            track_total_hits: TrackTotal::UpTo(10_000),
            min_score: None,
            terminate_after: None,
            timeout_ms: None,
            allow_partial_search_results: None,
            routing: Vec::new(),
            preference: None,
            explain: false,
            fetch: Fetch::default(),
            aggregations: Vec::new(),
            suggest: Vec::new(),
            typed_keys: false,
            request_cache: None,
            stats: Vec::new(),
            pipeline: None,
            max_concurrent_shard_requests: 5,
            publish_pending: false,
            merge: None,
            pre_filter_shard_size: None,
            profile: false,
            phase_took: false,
            cancel_after_ms: None,
            source: None,
        }
    }
}

/// How the best of each shard become one list. Every strategy takes as many from each shard as the page reaches; ties go to the lower `_id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MergeStrategy {
    /// Highest first, whatever they are sorted by.
    Score,
    /// By the sort of the request.
    Field,
    /// Shard after shard, in the order of their indexes and numbers; each as it is sorted.
    ShardOrder,
    /// The first of each shard, the second of each, and so on.
    RoundRobin,
    /// By `_id`.
    Id,
    /// By 1 / (60 + place in its shard): Cormack, Clarke and Büttcher (2009) over lists that have nothing in common.
    ReciprocalRank,
}

impl MergeStrategy {
    /// By its name in requests.
    pub fn of(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "score" => Self::Score,
            "field" => Self::Field,
            "node_order" => Self::ShardOrder,
            "round_robin" => Self::RoundRobin,
            "id" => Self::Id,
            "reciprocal_rank" => Self::ReciprocalRank,
            _ => return None,
        })
    }

    /// The names, for those who gave another.
    pub const NAMES: &str = "score, field, node_order, round_robin, id, reciprocal_rank";
}

/// The search pipeline that a request goes through.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum PipelineChoice {
    /// `_none`: none, whatever settings say.
    Named(String),
    /// Its definition.
    Inline(#[serde(with = "crate::wire::json")] Value),
}

/// How far matches are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TrackTotal {
    /// Exactly.
    All,
    /// Exactly up to this many; beyond, "at least".
    UpTo(u64),
    /// Not at all: the answer has no total.
    No,
}

/// What to show of each hit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Fetch {
    /// `None`: everything, unless stored fields are asked for.
    pub source: Option<SourceFilter>,
    pub fields: Vec<FieldSpec>,
    pub docvalue_fields: Vec<FieldSpec>,
    /// `None`: not given; `["_none_"]`: neither `_id` nor `_source`.
    pub stored_fields: Option<Vec<String>>,
    pub highlight: Option<Box<Highlight>>,
    pub version: bool,
    pub seq_no_primary_term: bool,
    pub script_fields: Vec<ScriptField>,
    /// The queries with names are told with their scores.
    pub named_scores: bool,
}

/// A field that a script makes of each hit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScriptField {
    pub name: String,
    pub script: Script,
    /// Where the script fails, the field is not there; otherwise the search fails.
    pub ignore_failure: bool,
}

/// Which parts of the source to return. Patterns are dotted paths with `*`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SourceFilter {
    /// False: no `_source` at all.
    pub enabled: bool,
    /// Empty: everything.
    pub includes: Vec<String>,
    pub excludes: Vec<String>,
}

impl SourceFilter {
    /// All of it.
    pub fn everything() -> Self {
        Self { enabled: true, includes: Vec::new(), excludes: Vec::new() }
    }

    /// None of it.
    pub fn nothing() -> Self {
        Self { enabled: false, includes: Vec::new(), excludes: Vec::new() }
    }
}

/// A field or pattern of fields to return, with a format for dates and numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FieldSpec {
    pub field: String,
    pub format: Option<String>,
    pub include_unmapped: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Highlight {
    pub fields: Vec<HighlightField>,
}

/// One field (or pattern), its options already merged with the request's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HighlightField {
    pub field: String,
    pub pre_tags: Vec<String>,
    pub post_tags: Vec<String>,
    /// In characters.
    pub fragment_size: u32,
    /// 0: the whole field, marked.
    pub number_of_fragments: u32,
    /// Without a match, this many characters from the beginning.
    pub no_match_size: u32,
    pub order_by_score: bool,
    /// Only words that the query sought in this very field (default).
    pub require_field_match: bool,
    pub highlight_query: Option<Query>,
    pub html_encoder: bool,
    pub boundary_scanner: BoundaryScanner,
    /// `unified` (default), `plain` or `fvh`.
    pub kind: HighlightKind,
    /// Longest analysed text, in characters.
    pub max_analyzed_offset: Option<u32>,
    pub fragmenter_simple: bool,
    /// Fields whose words are marked in this one, by `unified` and `fvh`. `fvh` marks them alone, as they stand there; empty: the field's own.
    pub matched_fields: Vec<String>,
    pub fast: FastHighlight,
}

/// What the highlighter `fvh` alone heeds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FastHighlight {
    /// Characters before the first match of a fragment, before it is centred; `None`: 6.
    pub margin: Option<i32>,
    /// Where fragments may begin and end, for the scanner `chars`.
    pub boundary_chars: String,
    /// How many characters the scanner `chars` looks at.
    pub boundary_max_scan: u32,
    /// At most so many places are marked.
    pub phrase_limit: u32,
}

impl Default for FastHighlight {
    fn default() -> Self {
        Self { margin: None, boundary_chars: ".,!? \t\n".to_owned(), boundary_max_scan: 20, phrase_limit: 256 }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BoundaryScanner {
    /// What the kind has by itself: sentences for `unified`, characters for `fvh`.
    Usual,
    Sentence,
    Word,
    /// Certain characters; of `fvh` alone.
    Chars,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HighlightKind {
    Unified,
    Plain,
    /// `fvh`: needs term vectors.
    Fast,
    /// None that there is: refused when there is something to highlight.
    Unknown(String),
}

#[derive(Clone, Debug, PartialEq)]
pub struct SearchResponse {
    pub took_ms: u64,
    pub timed_out: bool,
    pub terminated_early: Option<bool>,
    pub shards: Shards,
    /// `None`: not tracked.
    pub total: Option<Total>,
    pub max_score: Option<f32>,
    pub hits: Vec<Hit>,
    /// `None`: none were asked for.
    pub aggregations: Option<Vec<Answer>>,
    /// Empty: none were asked for.
    pub suggest: Vec<Suggested>,
    /// Where the next page is.
    pub scroll_id: Option<String>,
    /// The point in time that was searched.
    pub point_id: Option<String>,
    /// The sort values of the last hit, as its shard gave them.
    pub last: Option<Vec<SortValue>>,
    /// `None`: it was not asked for.
    pub profile: Option<Profile>,
    /// `None`: they were not asked for.
    pub phases: Option<Phases>,
}

/// How long the phases of a search took, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Phases {
    /// From counting terms until the best of all shards were known.
    pub query_ms: u64,
    /// Until what is shown of them was there.
    pub fetch_ms: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Total {
    pub value: u64,
    /// False: there are at least `value`.
    pub exact: bool,
}

/// Which of the asked shards answered. Nothing that is missing stays unsaid.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Shards {
    pub total: u32,
    pub successful: u32,
    pub skipped: u32,
    pub failures: Vec<ShardFailure>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShardFailure {
    pub index: Arc<str>,
    pub shard: ShardNumber,
    pub node: Option<Arc<str>>,
    pub error: Error,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    pub index: Arc<str>,
    pub id: Arc<str>,
    pub routing: Option<Arc<str>>,
    /// `None`: not computed (sorted by something else).
    pub score: Option<f32>,
    #[serde(with = "crate::wire::bytes")]
    pub source: Option<Source>,
    pub version: Option<Version>,
    pub seq_no: Option<(SeqNo, PrimaryTerm)>,
    /// As rendered, one a sort key; empty when sorted by score.
    #[serde(with = "crate::wire::json")]
    pub sort: Vec<Value>,
    /// `fields` and `docvalue_fields`: name, values.
    #[serde(with = "crate::wire::json")]
    pub fields: Vec<(String, Vec<Value>)>,
    /// Fields whose value was left out of the index.
    pub ignored: Vec<String>,
    pub highlight: Vec<(String, Vec<String>)>,
    /// By name: the queries that match, with their scores where these are told.
    pub matched_queries: Vec<(String, Option<f32>)>,
    pub explanation: Option<Box<Explanation>>,
    /// For `explain`: of which shard it is, and the id of the node whose copy was searched.
    pub shard: Option<(ShardNumber, Arc<str>)>,
    /// Which object inside of the document it is; `None`: the document.
    pub nested: Option<Box<NestedIdentity>>,
    /// By name: the objects inside that matched.
    pub inner_hits: Vec<(String, InnerFound)>,
}

/// Which object inside of a document, from outside in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NestedIdentity {
    /// Its path, from the object around it.
    pub field: String,
    /// Its place among those of this path.
    pub offset: u32,
    pub inner: Option<Box<NestedIdentity>>,
}

/// The objects inside of one hit that matched.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct InnerFound {
    pub total: u64,
    pub max_score: Option<f32>,
    /// Best first, as many as were asked for.
    pub hits: Vec<Hit>,
}

/// How a score came about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    /// False: did not match, and why.
    pub matched: bool,
    pub value: f32,
    /// Where the value is a number of documents: that, whole.
    pub count: Option<u64>,
    pub description: String,
    pub details: Vec<Explanation>,
}

impl Explanation {
    /// Of what matched.
    pub fn matched(value: f32, description: impl Into<String>, details: Vec<Self>) -> Self {
        Self { matched: true, value, count: None, description: description.into(), details }
    }

    /// Of what did not.
    pub fn unmatched(description: impl Into<String>, details: Vec<Self>) -> Self {
        Self { matched: false, value: 0.0, count: None, description: description.into(), details }
    }

    /// A number of documents.
    pub fn count(count: u64, description: impl Into<String>) -> Self {
        Self { count: Some(count), ..Self::matched(count as f32, description, Vec::new()) }
    }
}

/// `_count`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CountRequest {
    pub target: Target,
    pub query: Query,
    pub min_score: Option<f32>,
    pub terminate_after: Option<u64>,
    pub routing: Vec<String>,
    pub preference: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CountResponse {
    pub count: u64,
    pub terminated_early: Option<bool>,
    pub shards: Shards,
}

/// `_explain`: one document, one query.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExplainRequest {
    pub index: String,
    pub id: String,
    pub routing: Option<String>,
    pub query: Query,
    pub source: Option<SourceFilter>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExplainResponse {
    pub index: Arc<str>,
    pub id: Arc<str>,
    /// `None`: there is no such document.
    pub explanation: Option<Explanation>,
    #[serde(with = "crate::wire::bytes")]
    pub source: Option<Source>,
}

/// `_validate/query`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValidateRequest {
    pub target: Target,
    pub query: Query,
    pub explain: bool,
    pub rewrite: bool,
    pub all_shards: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValidateResponse {
    pub shards: Shards,
    pub valid: bool,
    /// One an index: the bound query in Lucene's notation, or why it is refused.
    pub explanations: Vec<Validation>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Validation {
    pub index: Arc<str>,
    pub result: Result<String, Error>,
}

/// `GET /{index}/_doc/{id}` and its kin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GetRequest {
    pub index: String,
    pub id: String,
    pub routing: Option<String>,
    /// Read what was written, refreshed or not (default).
    pub realtime: bool,
    pub refresh: bool,
    pub source: Option<SourceFilter>,
    pub stored_fields: Vec<String>,
    pub version: Option<(Version, crate::write::VersionType)>,
}

impl GetRequest {
    /// The newest version of a document, all of it.
    pub fn new(index: impl Into<String>, id: impl Into<String>) -> Self {
        Self {
            index: index.into(),
            id: id.into(),
            routing: None,
            realtime: true,
            refresh: false,
            source: None,
            stored_fields: Vec::new(),
            version: None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GetResponse {
    pub index: Arc<str>,
    pub id: Arc<str>,
    /// `None`: no such document.
    pub found: Option<Box<Found>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Found {
    pub routing: Option<Arc<str>>,
    pub version: Version,
    pub seq_no: SeqNo,
    pub primary_term: PrimaryTerm,
    #[serde(with = "crate::wire::bytes")]
    pub source: Option<Source>,
    #[serde(with = "crate::wire::json")]
    pub fields: Vec<(String, Vec<Value>)>,
}
